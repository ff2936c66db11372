//! Trouble with the provider as a whole: it cannot be reached, or asks for less. All of it waits together,
//! because one request's throttle is every request's.

use std::time::Duration;

use super::patience;
use crate::campaign::Retry;

/// A pause of the whole provider, and how many there were without anything definite between them.
#[derive(Debug)]
pub struct Trouble {
    retry: Retry,
    until: Duration,
    rounds: u32,
    reason: String,
}

impl Trouble {
    /// None yet.
    pub fn new(retry: Retry) -> Self {
        Self { retry, until: Duration::ZERO, rounds: 0, reason: String::new() }
    }

    /// When the pause is over, or was.
    pub fn until(&self) -> Duration {
        self.until
    }

    /// Whether nothing may be sent now.
    pub fn holds(&self, now: Duration) -> bool {
        now < self.until
    }

    /// Why nothing is sent now.
    pub fn reason(&self, now: Duration) -> Option<&str> {
        self.holds(now).then_some(self.reason.as_str())
    }

    /// Something definite came back: the provider is there and listens.
    pub fn over(&mut self) {
        self.rounds = 0;
    }

    /// Begins a pause, or prolongs the one that is on. Requests that were under way together count as one
    /// round. A text when there were as many rounds as a message has attempts.
    pub fn begin(
        &mut self,
        wish: Option<Duration>,
        reason: &str,
        sent_at: Duration,
        now: Duration,
    ) -> Option<String> {
        if sent_at >= self.until {
            self.rounds += 1;
        }
        reason.clone_into(&mut self.reason);
        if self.rounds >= u32::from(self.retry.attempts) {
            return Some(format!("{} tries in a row led nowhere; the last: {reason}", self.rounds));
        }
        let salt = u64::try_from(now.as_nanos() & u128::from(u64::MAX)).unwrap_or(0);
        // A wish of no time at all, or one that has passed, is no wish.
        let ours = patience::pause(&self.retry, self.rounds.max(1), salt);
        let wait = wish
            .map_or(ours, |asked| if asked.is_zero() { ours } else { patience::wish(&self.retry, asked) });
        self.until = self.until.max(now + wait);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn one_wave_is_one_round_and_the_longest_wish_counts() {
        let mut trouble = Trouble::new(Retry::default());
        assert_eq!(trouble.begin(Some(SECOND * 7), "429", SECOND, SECOND * 2), None);
        assert_eq!(trouble.begin(Some(SECOND), "429", SECOND, SECOND * 2), None);
        assert_eq!(trouble.until(), SECOND * 9);
        assert!(trouble.holds(SECOND * 8));
        assert!(!trouble.holds(SECOND * 9));
        assert_eq!(trouble.rounds, 1);
    }

    #[test]
    fn as_many_rounds_as_attempts_end_it_unless_something_definite_came() {
        let mut trouble = Trouble::new(Retry::default());
        let mut stopped = false;
        for _ in 0..5 {
            let now = trouble.until() + SECOND;
            stopped = trouble.begin(None, "refused", now, now).is_some();
        }
        assert!(stopped);
        let mut trouble = Trouble::new(Retry::default());
        for _ in 0..20 {
            let now = trouble.until() + SECOND;
            assert_eq!(trouble.begin(None, "refused", now, now), None);
            trouble.over();
        }
    }
}
