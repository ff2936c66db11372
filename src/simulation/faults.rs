//! What can go wrong, and how often: plain data. What each fault does is carried out by the gateway and the world.

use crate::simulation::dice::Dice;
use crate::units::Percent;

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the table of words below says what each is")]
pub enum Fault {
    Unreached,
    Reset,
    ResetTaken,
    TimeOut,
    TimeOutTaken,
    Throttled,
    ThrottledSeconds,
    ThrottledDate,
    ServerError,
    ServerErrorTaken,
    Truncated,
    Page,
    Unauthorised,
    Forbidden,
    Disordered,
    MissingResult,
    DoubleResult,
    StrayResult,
    Transient,
    Rejected,
    OptedOut,
    SlowAnswer,
    LoginRefused,
    LoginThrottled,
    LoginFailed,
    LoginSlow,
    SlowCommit,
    DiskFull,
    DiskFailed,
    Crash,
    PowerLoss,
    ClockForward,
    ClockBack,
    Suspended,
    LateTimer,
    ListGrows,
    ListUnreadable,
    OptOutSaid,
    PauseSaid,
    Stop,
    StopTwice,
}

/// Every fault with what it is, in the order of the enumeration.
const TABLE: [(Fault, &str); 41] = [
    (Fault::Unreached, "connection refused"),
    (Fault::Reset, "connection reset, nothing taken"),
    (Fault::ResetTaken, "taken, then connection reset"),
    (Fault::TimeOut, "no answer in time, nothing taken"),
    (Fault::TimeOutTaken, "taken, and no answer in time"),
    (Fault::Throttled, "429 without a wish"),
    (Fault::ThrottledSeconds, "429 with seconds"),
    (Fault::ThrottledDate, "429 with a date"),
    (Fault::ServerError, "5xx, nothing taken"),
    (Fault::ServerErrorTaken, "taken, and 5xx"),
    (Fault::Truncated, "taken, the answer cut short"),
    (Fault::Page, "taken or not, and a web page"),
    (Fault::Unauthorised, "401 to a good credential"),
    (Fault::Forbidden, "403"),
    (Fault::Disordered, "results in another order"),
    (Fault::MissingResult, "a result missing"),
    (Fault::DoubleResult, "a result twice"),
    (Fault::StrayResult, "a result for a stranger"),
    (Fault::Transient, "not processed, for now"),
    (Fault::Rejected, "a recipient refused"),
    (Fault::OptedOut, "opted out at the gateway"),
    (Fault::SlowAnswer, "a slow answer"),
    (Fault::LoginRefused, "log-in refused"),
    (Fault::LoginThrottled, "log-in throttled"),
    (Fault::LoginFailed, "log-in without an answer"),
    (Fault::LoginSlow, "log-in slow"),
    (Fault::SlowCommit, "a slow commit"),
    (Fault::DiskFull, "disk full at a commit"),
    (Fault::DiskFailed, "disk failure at a commit"),
    (Fault::Crash, "crash"),
    (Fault::PowerLoss, "power loss"),
    (Fault::ClockForward, "clock set forward"),
    (Fault::ClockBack, "clock set back"),
    (Fault::Suspended, "process suspended"),
    (Fault::LateTimer, "a timer too late"),
    (Fault::ListGrows, "opt-out on a list"),
    (Fault::ListUnreadable, "suppression list unreadable"),
    (Fault::OptOutSaid, "opt-out said beside the run"),
    (Fault::PauseSaid, "paused for a while"),
    (Fault::Stop, "asked to stop"),
    (Fault::StopTwice, "asked to stop at once"),
];

impl Fault {
    /// Every fault, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    /// What it is, in a few words.
    pub fn name(self) -> &'static str {
        TABLE.get(self as usize).map_or("", |row| row.1)
    }

    /// Whether it befalls a whole request: only one of these does at a time.
    const fn is_of_a_request(self) -> bool {
        (self as usize) < (Self::Transient as usize) + 1
    }

    /// Whether it needs several members to be seen.
    pub const fn is_of_a_list(self) -> bool {
        matches!(self, Self::Disordered | Self::MissingResult | Self::DoubleResult | Self::StrayResult)
    }
}

/// The odds of each fault: at each request, answer, log-in, commit or event, as is its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    odds: [Percent; TABLE.len()],
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self { odds: [Percent::of_hundredths(0); TABLE.len()] };

    /// The same, but for one.
    #[must_use]
    pub fn with(mut self, fault: Fault, odds: Percent) -> Self {
        if let Some(slot) = self.odds.get_mut(fault as usize) {
            *slot = odds;
        }
        self
    }

    /// How likely one is.
    pub fn odds(&self, fault: Fault) -> Percent {
        self.odds.get(fault as usize).copied().unwrap_or(Percent::of_hundredths(0))
    }

    /// Whether nothing at all can go wrong.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// Whether this one happens now.
    pub fn befalls(&self, fault: Fault, dice: &mut Dice) -> bool {
        dice.happens(self.odds(fault))
    }

    /// The first of the faults of a request that happens; those that need a list only where there is one.
    pub fn of_a_request(&self, members: usize, dice: &mut Dice) -> Option<Fault> {
        let fits = |fault: &Fault| fault.is_of_a_request() && (members > 1 || !fault.is_of_a_list());
        Fault::all().filter(fits).find(|fault| self.befalls(*fault, dice))
    }
}

/// How often each fault happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    times: [u64; TABLE.len()],
}

impl Default for Happened {
    fn default() -> Self {
        Self { times: [0; TABLE.len()] }
    }
}

impl Happened {
    /// Once more.
    pub fn note(&mut self, fault: Fault) {
        if let Some(times) = self.times.get_mut(fault as usize) {
            *times += 1;
        }
    }

    /// How often.
    pub fn times(&self, fault: Fault) -> u64 {
        self.times.get(fault as usize).copied().unwrap_or(0)
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        self.times.iter_mut().zip(&other.times).for_each(|(mine, theirs)| *mine += theirs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_stands_at_its_place() {
        for (at, fault) in Fault::all().enumerate() {
            assert_eq!(fault as usize, at, "{}", fault.name());
        }
        assert_eq!(Fault::all().count(), Fault::StopTwice as usize + 1);
        assert!(Fault::Transient.is_of_a_request() && !Fault::Rejected.is_of_a_request());
    }

    #[test]
    fn what_cannot_happen_does_not() {
        let mut dice = Dice::new(3);
        assert!((0..100).all(|_| Faults::NONE.of_a_request(5, &mut dice).is_none()));
        let always = Faults::NONE.with(Fault::StrayResult, "100%".parse().unwrap());
        assert_eq!(always.of_a_request(2, &mut dice), Some(Fault::StrayResult));
        assert_eq!(always.of_a_request(1, &mut dice), None);
        let mut happened = Happened::default();
        happened.note(Fault::Crash);
        happened.add(&happened.clone());
        assert_eq!((happened.times(Fault::Crash), happened.times(Fault::Stop)), (2, 0));
    }
}
