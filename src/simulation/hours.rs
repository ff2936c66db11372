//! When somebody may be written to, as the oracle has it: by arithmetic on the seconds of the day, where clocks are a
//! number of seconds ahead of UTC and never change. Nothing of it comes from the schedule that the engine asks.

use chrono::{DateTime, TimeDelta, Utc};

const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// Windows that open each day are seen in two.
const AHEAD: TimeDelta = TimeDelta::days(3);

/// A window that opens each day: its clock is so many seconds ahead of UTC, and it is open from a second of the day until
/// just before another, which may lie beyond midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Daily {
    /// How far its clock is ahead of UTC, in seconds.
    pub ahead: i64,
    /// When it opens, in seconds of the day.
    pub from: i64,
    /// When it closes.
    pub to: i64,
}

/// See the module. Without anything, always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    /// Nothing before.
    pub starts: Option<DateTime<Utc>>,
    /// Nothing from then on.
    pub until: Option<DateTime<Utc>>,
    /// Only while all of these are open.
    pub windows: Vec<Daily>,
    /// Never: its time had gone by when the run began.
    pub missed: bool,
}

impl Daily {
    fn is_open(self, at: DateTime<Utc>) -> bool {
        let second = (at.timestamp() + self.ahead).rem_euclid(86_400);
        if self.from < self.to {
            self.from <= second && second < self.to
        } else {
            second >= self.from || second < self.to
        }
    }
}

impl Span {
    fn is_open(&self, at: DateTime<Utc>) -> bool {
        !self.missed
            && self.starts.is_none_or(|starts| at >= starts)
            && self.until.is_none_or(|until| at < until)
            && self.windows.iter().all(|window| window.is_open(at))
    }

    /// Whether something may leave: there is a minute left in which to arrive.
    pub fn may_leave(&self, at: DateTime<Utc>) -> bool {
        self.is_open(at) && self.is_open(at + MINUTE - TimeDelta::milliseconds(1))
    }

    /// Whether nothing may leave any more, now and ever.
    pub fn is_over(&self, at: DateTime<Utc>) -> bool {
        let first = self.starts.map_or(at, |starts| starts.max(at));
        if self.missed || self.until.is_some_and(|until| first >= until) {
            return true;
        }
        // Windows open at whole minutes.
        let whole = first - TimeDelta::milliseconds(first.timestamp_millis().rem_euclid(60_000)) + MINUTE;
        let minutes = (0..AHEAD.num_minutes()).map(|minute| whole + TimeDelta::minutes(minute));
        !std::iter::once(first).chain(minutes).any(|at| self.may_leave(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_minute_is_too_late_to_leave() {
        let nine_to_five = Daily { ahead: 3 * 3600, from: 9 * 3600, to: 17 * 3600 };
        let span = Span { windows: vec![nine_to_five], ..Span::default() };
        for (time, may) in [
            ("2026-12-01T05:59:59Z", false),
            ("2026-12-01T06:00:00Z", true),
            ("2026-12-01T13:59:00Z", true),
            ("2026-12-01T13:59:00.001Z", false),
            ("2026-12-01T14:00:00Z", false),
        ] {
            assert_eq!(span.may_leave(at(time)), may, "{time}");
        }
        assert!(!span.is_over(at("2026-12-01T14:00:00Z")));
        let night = Daily { ahead: 0, from: 22 * 3600, to: 6 * 3600 };
        let never = Span { windows: vec![nine_to_five, night], ..Span::default() };
        assert!(never.is_over(at("2026-12-01T00:00:00Z")));
    }

    #[test]
    fn it_is_over_when_nothing_is_left_before_the_end() {
        let morning = Daily { ahead: 0, from: 8 * 3600, to: 9 * 3600 };
        let until = Some(at("2026-12-02T00:00:00Z"));
        let span =
            Span { starts: Some(at("2026-12-01T08:30:00Z")), until, windows: vec![morning], missed: false };
        assert!(!span.is_over(at("2026-11-01T00:00:00Z")) && !span.is_over(at("2026-12-01T08:59:00Z")));
        assert!(span.is_over(at("2026-12-01T08:59:00.500Z")));
        assert!(Span { missed: true, ..Span::default() }.is_over(at("2026-12-01T00:00:00Z")));
        assert!(Span::default().may_leave(at("2026-12-01T00:00:00Z")));
    }
}
