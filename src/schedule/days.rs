//! Days of the week: one, and a set of them, as people write them.

use std::fmt;
use std::str::FromStr;

use chrono::Weekday;

use crate::diagnostic::did_you_mean;

/// The days as they are written, from Monday on.
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// How the set of all days is written.
const ALL: &str = "every day";

/// A word that names no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a day of the week{}", suggestion.map_or_else(|| "; days are mon, tue, wed, thu, fri, sat and sun".to_owned(), |near| format!(", did you mean `{near}`?")))]
pub struct DayError {
    /// As written.
    pub found: String,
    /// The day that is meant, if one is near.
    pub suggestion: Option<&'static str>,
}

/// A day of the week, written `mon` to `sun` in letters of any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(Weekday);

impl Day {
    fn at(index: usize) -> Self {
        // Seven names, seven days: Sunday is what is left.
        Self(u8::try_from(index).ok().and_then(|index| Weekday::try_from(index).ok()).unwrap_or(Weekday::Sun))
    }

    /// From Monday, 0, to Sunday, 6.
    fn index(self) -> usize {
        self.0.num_days_from_monday() as usize
    }
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        Self(day)
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        let lowered = text.trim().to_lowercase();
        if let Some(index) = NAMES.iter().position(|name| *name == lowered) {
            return Ok(Self::at(index));
        }
        // `Monday` and `tues` are longer than any word that is merely misspelt.
        let longer = NAMES.into_iter().find(|name| lowered.starts_with(name));
        Err(DayError { found: text.to_owned(), suggestion: longer.or_else(|| did_you_mean(&lowered, NAMES)) })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.get(self.index()).copied().unwrap_or_default())
    }
}

/// A set of days of the week, which may be empty. Its text can be read back: `mon to sat`, `mon, wed to fri`,
/// `every day`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(u8);

impl Days {
    /// All seven.
    pub const ALL: Self = Self(0b111_1111);

    /// Whether a day is among them.
    pub fn contains(self, day: impl Into<Day>) -> bool {
        self.0 & (1 << day.into().index()) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// From Monday on.
    pub fn iter(self) -> impl Iterator<Item = Day> {
        (0..NAMES.len()).map(Day::at).filter(move |day| self.contains(*day))
    }

    /// From one day to another, both with it; beyond Sunday it goes on with Monday.
    pub fn range(first: Day, last: Day) -> Self {
        let length = (last.index() + NAMES.len() - first.index()) % NAMES.len();
        (0..=length).map(|ahead| Day::at((first.index() + ahead) % NAMES.len())).collect()
    }

    /// Days that follow each other, within a week.
    fn runs(self) -> Vec<(Day, Day)> {
        let mut runs: Vec<(Day, Day)> = Vec::new();
        for day in self.iter() {
            match runs.last_mut() {
                Some((_, last)) if last.index() + 1 == day.index() => *last = day,
                _ => runs.push((day, day)),
            }
        }
        runs
    }
}

impl FromIterator<Day> for Days {
    fn from_iter<T: IntoIterator<Item = Day>>(days: T) -> Self {
        Self(days.into_iter().fold(0, |set, day| set | (1 << day.index())))
    }
}

impl FromStr for Days {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        if text.trim().eq_ignore_ascii_case(ALL) {
            return Ok(Self::ALL);
        }
        let mut set = 0;
        for part in text.split(',') {
            let (first, last) = part.split_once(" to ").unwrap_or((part, part));
            set |= Self::range(first.parse()?, last.parse()?).0;
        }
        Ok(Self(set))
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL {
            return f.write_str(ALL);
        }
        for (place, (first, last)) in self.runs().into_iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            match last.index() - first.index() {
                0 => write!(f, "{first}")?,
                1 => write!(f, "{first}, {last}")?,
                _ => write!(f, "{first} to {last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &str) -> Days {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_read_in_letters_of_any_case() {
        assert_eq!("Mon".parse::<Day>().unwrap(), Day(Weekday::Mon));
        assert_eq!(" SUN ".parse::<Day>().unwrap(), Day(Weekday::Sun));
        assert_eq!(days("Mon to SAT").iter().count(), 6);
        assert!(!days("mon to sat").contains(Weekday::Sun));
    }

    #[test]
    fn what_is_no_day_is_refused_with_the_one_that_is_meant() {
        let told = |text: &str| text.parse::<Day>().unwrap_err().to_string();
        assert_eq!(told("Monday"), "`Monday` is not a day of the week, did you mean `mon`?");
        assert_eq!(told("tues"), "`tues` is not a day of the week, did you mean `tue`?");
        assert_eq!(told("wde"), "`wde` is not a day of the week, did you mean `wed`?");
        assert_eq!(
            told("holiday"),
            "`holiday` is not a day of the week; days are mon, tue, wed, thu, fri, sat and sun"
        );
        for bad in ["", "mon,", "mon to", "mon to foo", "mon tue", "every"] {
            assert!(bad.parse::<Days>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_range_may_go_beyond_sunday() {
        assert_eq!(days("sat to mon"), days("mon, sat, sun"));
        assert_eq!(days("tue to tue"), days("tue"));
        assert_eq!(days("sat to fri"), Days::ALL);
    }

    #[test]
    fn every_set_reads_back_from_its_text() {
        for set in (1..=Days::ALL.0).map(Days) {
            assert_eq!(days(&set.to_string()), set, "{set}");
        }
        assert_eq!(days("sun, mon, tue, wed, sat").to_string(), "mon to wed, sat, sun");
        assert_eq!(days("every day").to_string(), "every day");
    }
}
