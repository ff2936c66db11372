//! The pace of a provider: a virtual schedule (GCRA) over a given `now`. Nothing is ever sent before its
//! place in the schedule; what was late may catch up within the slack, and no more.
//!
//! What that promises: let `i` be the time between two messages at the rate, and `b` the largest request. A request
//! goes at `t` only once the schedule has come to `t`, and each one before it, from `t0` on, has moved the schedule by
//! `i` for each of its messages, from `t0 - SLACK` at the earliest. So all requests but the last of any span `s` hold
//! fewer than `(s + SLACK) / i` messages, and the span at most `ceil((s + SLACK) / i) - 1 + b`: the rate, 20 ms of it,
//! and one request ([`most_in`]).

use std::time::Duration;

use crate::units::Rate;

/// How much lateness may be caught up: timers wake late by a millisecond or a few.
pub const SLACK: Duration = Duration::from_millis(20);

/// A schedule of messages. Times are since the start of the process.
#[derive(Debug, Clone)]
pub struct Pace {
    interval: Duration,
    next: Duration,
}

impl Pace {
    /// At most `rate`; the first may go at once.
    pub fn new(rate: Rate, now: Duration) -> Self {
        Self { interval: rate.interval(), next: now }
    }

    /// When the next message may go.
    pub fn ready_at(&self) -> Duration {
        self.next
    }

    /// Whether a message may go now.
    pub fn is_ready(&self, now: Duration) -> bool {
        now >= self.next
    }

    /// Takes the place of `count` messages that go now, in one request.
    pub fn take(&mut self, count: u32, now: Duration) {
        let earliest = now.saturating_sub(SLACK);
        self.next = self.next.max(earliest) + self.interval * count;
    }

    /// How many messages the schedule has places for until `horizon` from now.
    pub fn places_within(&self, horizon: Duration, now: Duration) -> u64 {
        match (now + horizon).checked_sub(self.next) {
            None => 0,
            Some(room) => u64::try_from(room.as_nanos() / self.interval.as_nanos().max(1))
                .unwrap_or(u64::MAX)
                .saturating_add(1),
        }
    }

    /// When the schedule has places for `count` messages until `horizon` from then.
    pub fn places_at(&self, count: u32, horizon: Duration) -> Duration {
        (self.next + self.interval * count.saturating_sub(1)).saturating_sub(horizon)
    }
}

/// The most messages that go out in any `span` (half open) at `rate`, in requests of `at_once` at most. See the module.
pub fn most_in(rate: Rate, span: Duration, at_once: u64) -> u64 {
    let interval = rate.interval().as_nanos().max(1);
    let places = (span + SLACK).as_nanos().div_ceil(interval).saturating_sub(1);
    u64::try_from(places).unwrap_or(u64::MAX).saturating_add(at_once)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sends as fast as allowed, waking late by what `lateness` says, for ten seconds.
    fn sent_at(rate: &str, batch: u32, lateness: &[u64]) -> Vec<Duration> {
        let mut pace = Pace::new(rate.parse().unwrap(), Duration::ZERO);
        let mut now = Duration::ZERO;
        let mut times = Vec::new();
        let mut late = lateness.iter().cycle();
        while now < Duration::from_secs(10) {
            if pace.is_ready(now) {
                pace.take(batch, now);
                times.extend(std::iter::repeat_n(now, batch as usize));
            } else {
                now = pace.ready_at() + Duration::from_micros(*late.next().unwrap());
            }
        }
        times
    }

    proptest! {
        #[test]
        fn no_second_holds_more_than_the_rate_and_its_slack(
            rate in 1u32..2000, batch in 1u32..20, lateness in proptest::collection::vec(0u64..50_000, 1..20)
        ) {
            let times = sent_at(&format!("{rate}/s"), batch, &lateness);
            let second = Duration::from_secs(1);
            let allowed = most_in(format!("{rate}/s").parse().unwrap(), second, u64::from(batch));
            let mut from = 0;
            for (to, time) in times.iter().enumerate() {
                while *time >= times[from] + second {
                    from += 1;
                }
                prop_assert!((to - from + 1) as u64 <= allowed, "{} in a second at {rate}/s", to - from + 1);
            }
        }

        #[test]
        fn small_lateness_costs_nothing(rate in 10u32..2000, lateness in proptest::collection::vec(0u64..5_000, 1..20)) {
            let times = sent_at(&format!("{rate}/s"), 1, &lateness);
            prop_assert!(times.len() as f64 >= f64::from(rate) * 10.0 * 0.97, "{} at {rate}/s", times.len());
        }
    }

    #[test]
    fn a_pause_is_not_caught_up() {
        let mut pace = Pace::new("10/s".parse().unwrap(), Duration::ZERO);
        pace.take(1, Duration::from_secs(60));
        assert!(!pace.is_ready(Duration::from_secs(60)));
        assert!(pace.is_ready(Duration::from_millis(60_100)));
    }

    #[test]
    fn places_ahead() {
        let pace = Pace::new("10/s".parse().unwrap(), Duration::ZERO);
        assert_eq!(pace.places_within(Duration::from_secs(1), Duration::ZERO), 11);
        assert_eq!(pace.places_within(Duration::from_millis(1), Duration::ZERO), 1);
        let mut slow = Pace::new("20/h".parse().unwrap(), Duration::ZERO);
        slow.take(1, Duration::ZERO);
        assert_eq!(slow.places_within(Duration::from_secs(1), Duration::from_secs(4)), 0);
        assert_eq!(slow.places_at(1, Duration::from_secs(1)), Duration::from_secs(179));
    }
}
