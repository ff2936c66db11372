//! What is to go wrong in a rehearsal, in the words of the command line: `429:5%,timeout:1%,crash:3`.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::{did_you_mean, listing};
use crate::simulation::dice::Dice;
use crate::simulation::faults::{Fault, Faults};
use crate::units::{Percent, UnitError};

/// How often something may go wrong that is counted, not weighed.
const MOST_CRASHES: u32 = 1000;
/// The word for those.
const CRASH: &str = "crash";

/// One thing that goes wrong, as people call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ill {
    /// The connection is refused: nothing was sent.
    Refused,
    /// The connection breaks, before or after the gateway took the request.
    Reset,
    /// No answer in time; the gateway took the request or did not.
    TimeOut,
    /// 429, with or without a wish when to come back.
    Throttled,
    /// 500, 502, 503 or 504; the gateway took the request or did not.
    ServerError,
    /// The request is taken, the answer cut short.
    Truncated,
    /// 401 to a good credential.
    Unauthorised,
    /// The gateway refuses a recipient.
    Rejected,
    /// The answer takes up to half a minute.
    Slow,
}

/// Every one with its word, in the order in which a request is asked.
const WORDS: [(Ill, &str); 9] = [
    (Ill::Refused, "refused"),
    (Ill::Reset, "reset"),
    (Ill::TimeOut, "timeout"),
    (Ill::Throttled, "429"),
    (Ill::ServerError, "5xx"),
    (Ill::Truncated, "truncated"),
    (Ill::Unauthorised, "401"),
    (Ill::Rejected, "rejected"),
    (Ill::Slow, "slow"),
];

/// What is wrong with written faults.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeatherError {
    /// No fault of ours is called so.
    #[error("there is no fault `{found}`; {}", suggestion.map_or_else(known, |near| format!("did you mean `{near}`?")))]
    Unknown {
        /// As written.
        found: String,
        /// The nearest word, if one is near.
        suggestion: Option<&'static str>,
    },
    /// A word without an amount.
    #[error("the fault `{0}` needs an amount: `{0}:5%`")]
    NoShare(String),
    /// Crashes are counted.
    #[error("crashes are counted, from 1 to {MOST_CRASHES}: `crash:3`, not `crash:{0}`")]
    NotANumber(String),
    /// No share.
    #[error("the fault `{0}`: {1}")]
    NotAShare(&'static str, UnitError),
    /// Named before.
    #[error("the fault `{0}` is named twice")]
    Twice(&'static str),
}

fn words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|row| row.1).chain([CRASH])
}

fn known() -> String {
    format!("there are {}", listing(words()).replace(" or ", " and "))
}

/// Shares of what goes wrong, and how many crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weather {
    shares: [Percent; WORDS.len()],
    /// How often the process crashes.
    pub crashes: u32,
}

impl Weather {
    /// Nothing goes wrong.
    const FINE: Self = Self { shares: [Percent::of_hundredths(0); WORDS.len()], crashes: 0 };

    /// What goes wrong with this request as a whole, if anything does. Those that come in two or three kinds come in
    /// each alike.
    pub fn of_a_request(&self, dice: &mut Dice) -> Option<(Ill, Fault)> {
        let whole = |ill: &Ill| !matches!(ill, Ill::Rejected | Ill::Slow);
        let ills = WORDS.iter().map(|row| row.0).filter(whole);
        let ill = ills.into_iter().find(|ill| dice.happens(self.share(*ill)))?;
        let kinds: &[Fault] = match ill {
            Ill::Refused => &[Fault::Unreached],
            Ill::Reset => &[Fault::Reset, Fault::ResetTaken],
            Ill::TimeOut => &[Fault::TimeOut, Fault::TimeOutTaken],
            Ill::Throttled => &[Fault::Throttled, Fault::ThrottledSeconds, Fault::ThrottledDate],
            Ill::ServerError => &[Fault::ServerError, Fault::ServerErrorTaken],
            Ill::Truncated => &[Fault::Truncated],
            Ill::Unauthorised => &[Fault::Unauthorised],
            Ill::Rejected | Ill::Slow => &[],
        };
        Some((ill, *dice.pick(kinds)?))
    }

    /// How likely one is.
    pub fn share(&self, ill: Ill) -> Percent {
        self.shares.get(ill as usize).copied().unwrap_or(Percent::of_hundredths(0))
    }

    /// What the gateway itself does to members of a request that it lets in.
    pub fn at_the_gateway(&self) -> Faults {
        Faults::NONE.with(Fault::Rejected, self.share(Ill::Rejected))
    }
}

impl FromStr for Weather {
    type Err = WeatherError;

    fn from_str(text: &str) -> Result<Self, WeatherError> {
        let mut weather = Self::FINE;
        for one in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            let (word, amount) = one.split_once(':').map_or((one, None), |(word, rest)| (word, Some(rest)));
            let (word, amount) = (word.trim(), amount.map(str::trim));
            let needs = || amount.ok_or_else(|| WeatherError::NoShare(word.to_owned()));
            if word == CRASH {
                let amount = needs()?;
                let number = amount.parse().ok().filter(|number| (1..=MOST_CRASHES).contains(number));
                let number = number.ok_or_else(|| WeatherError::NotANumber(amount.to_owned()))?;
                if std::mem::replace(&mut weather.crashes, number) > 0 {
                    return Err(WeatherError::Twice(CRASH));
                }
                continue;
            }
            let Some((ill, word)) = WORDS.iter().find(|row| row.1 == word) else {
                let suggestion = did_you_mean(word, words());
                return Err(WeatherError::Unknown { found: word.to_owned(), suggestion });
            };
            let share: Percent = needs()?.parse().map_err(|error| WeatherError::NotAShare(word, error))?;
            let slot = weather.shares.get_mut(*ill as usize);
            if slot.map(|slot| std::mem::replace(slot, share)).is_some_and(|before| before.hundredths() > 0) {
                return Err(WeatherError::Twice(word));
            }
        }
        Ok(weather)
    }
}

impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shares = WORDS.iter().zip(self.shares).filter(|(_, share)| share.hundredths() > 0);
        let mut parts: Vec<String> = shares.map(|((_, word), share)| format!("{word}:{share}")).collect();
        if self.crashes > 0 {
            parts.push(format!("{CRASH}:{}", self.crashes));
        }
        f.write_str(if parts.is_empty() { "none" } else { "" })?;
        f.write_str(&parts.join(", "))
    }
}

/// How often each of them happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Befell {
    times: [u64; WORDS.len()],
}

impl Befell {
    /// Once more, or several times.
    pub fn note(&mut self, ill: Ill, times: u64) {
        if let Some(slot) = self.times.get_mut(ill as usize) {
            *slot += times;
        }
    }

    /// Those that did happen, by their word.
    pub fn listed(&self) -> impl Iterator<Item = (&'static str, u64)> {
        WORDS.iter().zip(self.times).map(|(row, times)| (row.1, times)).filter(|(_, times)| *times > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_and_shown() {
        for (at, (ill, _)) in WORDS.iter().enumerate() {
            assert_eq!(*ill as usize, at);
        }
        let read = |text: &str| text.parse::<Weather>();
        assert_eq!(read(" timeout:1%, 429:5% ,crash:3").unwrap().to_string(), "timeout:1%, 429:5%, crash:3");
        assert_eq!(read("").unwrap().to_string(), "none");
        let wrong = |text: &str| read(text).unwrap_err().to_string();
        assert_eq!(wrong("time-out:1%"), "there is no fault `time-out`; did you mean `timeout`?");
        assert!(wrong("flood:1%").starts_with("there is no fault `flood`; there are `refused`, `reset`"));
        assert_eq!(wrong("429"), "the fault `429` needs an amount: `429:5%`");
        assert!(wrong("crash:5%").contains("crashes are counted"));
        assert!(wrong("429:5").contains("`5` is not a percentage"));
        assert_eq!(wrong("429:5%,429:6%"), "the fault `429` is named twice");
    }

    #[test]
    fn what_befalls_is_one_at_a_time_and_as_often_as_said() {
        let weather: Weather = "reset:10%,rejected:100%,slow:100%".parse().unwrap();
        let mut dice = Dice::new(1);
        let hits: Vec<Fault> =
            (0..10_000).filter_map(|_| weather.of_a_request(&mut dice)).map(|(_, fault)| fault).collect();
        assert!((900..1100).contains(&hits.len()));
        assert!(hits.contains(&Fault::Reset) && hits.contains(&Fault::ResetTaken));
        assert_eq!(weather.at_the_gateway().odds(Fault::Rejected).hundredths(), 10_000);
    }
}
