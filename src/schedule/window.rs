//! The hours of the day in which messages may go out, by the clock of a zone.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};

use super::moment::{LocalTime, Moment, Zone};

/// Nothing is begun in the last minute of a window.
pub const LAST: TimeDelta = TimeDelta::minutes(1);

/// The minutes of a day.
const DAY: u16 = 24 * 60;

/// What is wrong with written hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Not a time of day.
    #[error("`{0}` is not a time of day such as `08:00`")]
    NotATime(String),
    /// It would never be open, or always.
    #[error("a window from {0} to {0} has no length")]
    Empty(TimeOfDay),
}

/// A time of day to the minute, 00:00 to 24:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl FromStr for TimeOfDay {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let wrong = || WindowError::NotATime(text.to_owned());
        let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
        let number = |digits: &str| match digits.len() {
            2 if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse::<u16>().ok(),
            _ => None,
        };
        let (hours, minutes) = number(hours).zip(number(minutes)).ok_or_else(wrong)?;
        let whole = hours * 60 + minutes;
        if minutes < 60 && whole <= DAY { Ok(Self(whole)) } else { Err(wrong()) }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// The hours of every day in which messages may go out: from one time until just before another, which may
/// lie beyond midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: TimeOfDay,
    to: TimeOfDay,
    zone: Zone,
}

impl Window {
    /// From a time until just before another.
    ///
    /// # Errors
    /// [`WindowError::Empty`].
    pub fn new(from: TimeOfDay, to: TimeOfDay, zone: Zone) -> Result<Self, WindowError> {
        if from.0 % DAY == to.0 % DAY { Err(WindowError::Empty(from)) } else { Ok(Self { from, to, zone }) }
    }

    /// When it opens.
    pub fn from(self) -> TimeOfDay {
        self.from
    }

    /// When it closes.
    pub fn to(self) -> TimeOfDay {
        self.to
    }

    /// Whose clock counts.
    pub fn zone(self) -> Zone {
        self.zone
    }

    /// When it closes, if it is open now: from then on nothing may go out.
    pub fn closes(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (day, _) = self.local(now);
        // The opening that holds now began today or, beyond midnight, yesterday.
        let days = [day.checked_sub_days(Days::new(1)), Some(day)];
        days.into_iter().flatten().find_map(|day| {
            let (opens, closes) = self.opening(day);
            (opens <= now && now < closes).then_some(closes)
        })
    }

    /// Whether something may still be begun: it is open, and not for the last moments. A connection may take ten
    /// seconds to come about, and the shortest life that some gateways give a message is a minute.
    pub fn has_time(self, now: DateTime<Utc>) -> bool {
        self.closes(now).is_some_and(|closes| closes - now >= LAST)
    }

    /// When it opens the next time that something may be begun; now, if it may.
    pub fn opens_next(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self.closes(now) {
            Some(closes) if closes - now < LAST => self.opens(closes),
            _ => self.opens(now),
        }
    }

    /// When it opens next; now, if it is open.
    pub fn opens(self, now: DateTime<Utc>) -> DateTime<Utc> {
        if self.closes(now).is_some() {
            return now;
        }
        let (day, _) = self.local(now);
        let days = (0..3).filter_map(|ahead| day.checked_add_days(Days::new(ahead)));
        days.map(|day| self.opening(day).0).find(|opens| *opens > now).unwrap_or(now)
    }

    /// The opening that begins on a day.
    fn opening(self, day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
        let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
        let end = if self.to > self.from { day } else { next };
        (self.instant(day, self.from), self.instant(end, self.to))
    }

    /// A time of a day in the zone; one that a clock change skips is the first valid one after it, of one that comes
    /// twice the first counts.
    fn instant(self, day: NaiveDate, at: TimeOfDay) -> DateTime<Utc> {
        let (day, minutes) = match at.0 {
            DAY => (day.checked_add_days(Days::new(1)).unwrap_or(day), 0),
            minutes => (day, u32::from(minutes)),
        };
        let time = NaiveTime::from_num_seconds_from_midnight_opt(minutes * 60, 0).unwrap_or_default();
        Moment { local: LocalTime::from(day.and_time(time)), zone: self.zone }.instant()
    }

    fn local(self, now: DateTime<Utc>) -> (NaiveDate, u32) {
        let local = self.zone.local(now);
        (local.date(), local.time().num_seconds_from_midnight())
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}, {}", self.from, self.to, self.zone)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(from: &str, to: &str, zone: &str) -> Window {
        Window::new(from.parse().unwrap(), to.parse().unwrap(), zone.parse().unwrap()).unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_open_from_its_first_minute_to_just_before_its_last() {
        let day = window("08:00", "20:00", "Africa/Nairobi");
        assert_eq!(day.closes(at("2026-12-01T04:59:59Z")), None);
        assert_eq!(day.closes(at("2026-12-01T05:00:00Z")), Some(at("2026-12-01T17:00:00Z")));
        assert_eq!(day.closes(at("2026-12-01T17:00:00Z")), None);
        assert_eq!(day.opens(at("2026-12-01T17:00:00Z")), at("2026-12-02T05:00:00Z"));
        assert_eq!(day.opens(at("2026-12-01T01:00:00Z")), at("2026-12-01T05:00:00Z"));
        assert_eq!(day.opens(at("2026-12-01T06:00:00Z")), at("2026-12-01T06:00:00Z"));
    }

    #[test]
    fn nothing_is_begun_in_its_last_minute() {
        let day = window("08:00", "20:00", "UTC");
        assert!(day.has_time(at("2026-12-01T19:59:00Z")));
        assert!(!day.has_time(at("2026-12-01T19:59:01Z")));
        assert_eq!(day.opens_next(at("2026-12-01T19:59:30Z")), at("2026-12-02T08:00:00Z"));
        assert_eq!(day.opens_next(at("2026-12-01T12:00:00Z")), at("2026-12-01T12:00:00Z"));
    }

    #[test]
    fn it_may_reach_beyond_midnight_and_to_its_very_end() {
        let night = window("22:00", "02:00", "UTC");
        assert_eq!(night.closes(at("2026-12-31T23:00:00Z")), Some(at("2027-01-01T02:00:00Z")));
        assert_eq!(night.closes(at("2027-01-01T01:59:00Z")), Some(at("2027-01-01T02:00:00Z")));
        assert_eq!(night.closes(at("2027-01-01T02:00:00Z")), None);
        let evening = window("18:00", "24:00", "UTC");
        assert_eq!(evening.closes(at("2026-12-31T23:59:00Z")), Some(at("2027-01-01T00:00:00Z")));
    }

    #[test]
    fn clocks_that_change_move_its_ends() {
        let early = window("02:30", "04:00", "Europe/Berlin");
        // On 29 March 2026 the clock goes from 02:00 CET to 03:00 CEST: 02:30 is skipped.
        assert_eq!(early.opens(at("2026-03-29T00:00:00Z")), at("2026-03-29T01:00:00Z"));
        // On 25 October 2026 the hour from 02:00 comes twice: the first counts.
        assert_eq!(early.opens(at("2026-10-25T00:00:00Z")), at("2026-10-25T00:30:00Z"));
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for bad in ["8:00", "24:01", "08:60", "0800", "", "08:00:00", "-1:00", "+8:00"] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
        let time = |text: &str| text.parse::<TimeOfDay>().unwrap();
        assert!(Window::new(time("08:00"), time("08:00"), Zone::UTC).is_err());
        assert!(Window::new(time("00:00"), time("24:00"), Zone::UTC).is_err());
    }

    proptest! {
        #[test]
        fn an_opening_is_followed_by_its_closing(
            from in 0u16..DAY, length in 1u16..DAY, seconds in 0i64..4_000_000_000,
            zone in prop::sample::select(vec!["UTC", "Africa/Nairobi", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
        ) {
            let window = Window::new(TimeOfDay(from), TimeOfDay((from + length) % DAY), zone.parse().unwrap()).unwrap();
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            let opens = window.opens(now);
            prop_assert!(opens >= now && opens - now <= chrono::TimeDelta::days(2));
            match window.closes(now) {
                Some(closes) => prop_assert!(closes > now && opens == now),
                None => prop_assert!(opens > now),
            }
        }
    }
}
