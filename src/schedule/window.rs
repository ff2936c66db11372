//! The hours of the day, and the days of the week, in which messages may go out, by the clock of a zone.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::days::Days;
use super::moment::{LocalTime, Moment, Zone};

/// Nothing is begun in the last minute of a window.
pub const LAST: TimeDelta = TimeDelta::minutes(1);

/// The minutes of a day.
const DAY: u16 = 24 * 60;

/// How far ahead an opening is looked for, in days. The next named day may be a week away, and the clock may skip the
/// whole opening of that one: then it is the week after.
const AHEAD: usize = 22;

/// What is wrong with written hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Not a time of day.
    #[error("`{0}` is not a time of day such as `08:00`")]
    NotATime(String),
    /// It would never be open, or always.
    #[error("a window from {0} to {0} has no length")]
    Empty(TimeOfDay),
    /// Nothing is begun in its last minute.
    #[error("a window from {0} to {1} is too short: nothing is begun in its last minute")]
    TooShort(TimeOfDay, TimeOfDay),
    /// It would never be open.
    #[error("a window needs at least one day of the week")]
    NoDays,
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

/// The hours in which messages may go out: from one time until just before another, which may lie beyond
/// midnight; every day, or on some days of the week. What reaches beyond midnight belongs to the day on which it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: TimeOfDay,
    to: TimeOfDay,
    zone: Zone,
    days: Days,
}

impl Window {
    /// From a time until just before another, every day.
    ///
    /// # Errors
    /// [`WindowError::Empty`].
    pub fn new(from: TimeOfDay, to: TimeOfDay, zone: Zone) -> Result<Self, WindowError> {
        if from.0 % DAY == to.0 % DAY {
            return Err(WindowError::Empty(from));
        }
        if (to.0 + DAY - from.0 % DAY) % DAY < 2 {
            return Err(WindowError::TooShort(from, to));
        }
        Ok(Self { from, to, zone, days: Days::ALL })
    }

    /// The same hours, and it opens on these days only.
    ///
    /// # Errors
    /// [`WindowError::NoDays`].
    pub fn with_days(self, days: Days) -> Result<Self, WindowError> {
        if days.is_empty() { Err(WindowError::NoDays) } else { Ok(Self { days, ..self }) }
    }

    /// The same hours and days by the clock of a zone.
    pub fn by(self, zone: Zone) -> Self {
        Self { zone, ..self }
    }

    /// When it opens.
    pub fn from(self) -> TimeOfDay {
        self.from
    }

    /// When it closes.
    pub fn to(self) -> TimeOfDay {
        self.to
    }

    /// The days on which it opens.
    pub fn days(self) -> Days {
        self.days
    }

    /// Whose clock counts.
    pub fn zone(self) -> Zone {
        self.zone
    }

    /// When it closes, if it is open now: from then on nothing may go out.
    pub fn closes(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let day = self.zone.local(now).date();
        // The opening that holds now began today or, beyond midnight, yesterday.
        let days = [day.pred_opt(), Some(day)];
        let openings = days.into_iter().flatten().filter_map(|day| self.opening(day));
        openings.filter(|(opens, closes)| *opens <= now && now < *closes).map(|(_, closes)| closes).next()
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
        let days = self.zone.local(now).date().iter_days().take(AHEAD);
        let mut openings = days.filter_map(|day| self.opening(day));
        openings.find(|(opens, _)| *opens > now).map_or(now, |(opens, _)| opens)
    }

    /// The opening that begins on a day: none on other days than the named ones, and none that the clock skips whole.
    fn opening(self, day: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        if !self.days.contains(day.weekday()) {
            return None;
        }
        // Who writes 24:00 for the beginning means the day's own midnight.
        let from = TimeOfDay(self.from.0 % DAY);
        let end = if self.to > from { day } else { day.succ_opt()? };
        let (opens, closes) = (self.instant(day, from), self.instant(end, self.to));
        (opens < closes).then_some((opens, closes))
    }

    /// A time of a day in the zone; one that a clock change skips is the first valid one after it, of one that comes
    /// twice the first counts.
    fn instant(self, day: NaiveDate, at: TimeOfDay) -> DateTime<Utc> {
        let (day, minutes) = match at.0 {
            DAY => (day.succ_opt().unwrap_or(day), 0),
            minutes => (day, u32::from(minutes)),
        };
        let time = NaiveTime::from_num_seconds_from_midnight_opt(minutes * 60, 0).unwrap_or_default();
        Moment { local: LocalTime::from(day.and_time(time)), zone: self.zone }.instant()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}, ", self.from, self.to)?;
        if self.days != Days::ALL {
            write!(f, "{}, ", self.days)?;
        }
        if self.zone.is_recipient() {
            return f.write_str("by each recipient's clock");
        }
        write!(f, "{}", self.zone)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::days::Day;
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

    #[test]
    fn it_opens_on_the_named_days_only() {
        let week =
            window("08:00", "20:00", "Africa/Nairobi").with_days("mon to sat".parse().unwrap()).unwrap();
        assert_eq!(week.to_string(), "08:00 to 20:00, mon to sat, Africa/Nairobi");
        assert_eq!(window("08:00", "20:00", "UTC").to_string(), "08:00 to 20:00, UTC");
        // 5 December 2026 is a Saturday.
        assert_eq!(week.closes(at("2026-12-05T06:00:00Z")), Some(at("2026-12-05T17:00:00Z")));
        assert_eq!(week.closes(at("2026-12-06T06:00:00Z")), None);
        assert_eq!(week.opens(at("2026-12-05T17:00:00Z")), at("2026-12-07T05:00:00Z"));
        assert!(week.has_time(at("2026-12-05T16:59:00Z")) && !week.has_time(at("2026-12-06T12:00:00Z")));
        assert_eq!(week.opens_next(at("2026-12-05T16:59:30Z")), at("2026-12-07T05:00:00Z"));
    }

    #[test]
    fn the_only_day_may_be_a_week_away() {
        let sunday = window("08:00", "20:00", "UTC").with_days("sun".parse().unwrap()).unwrap();
        assert_eq!(sunday.opens(at("2026-12-06T20:00:00Z")), at("2026-12-13T08:00:00Z"));
        // On Sunday, 29 March 2026, the clock skips the hour from 02:00: a week later it is there again.
        let early = window("02:00", "03:00", "Europe/Berlin").with_days("sun".parse().unwrap()).unwrap();
        assert_eq!(early.opens(at("2026-03-22T02:00:00Z")), at("2026-04-05T00:00:00Z"));
        assert_eq!(early.closes(at("2026-03-29T01:00:00Z")), None);
    }

    #[test]
    fn what_reaches_beyond_midnight_belongs_to_the_day_on_which_it_began() {
        let night = window("22:00", "02:00", "UTC").with_days("fri".parse().unwrap()).unwrap();
        assert_eq!(night.closes(at("2026-12-05T01:00:00Z")), Some(at("2026-12-05T02:00:00Z")));
        assert_eq!(night.closes(at("2026-12-04T01:00:00Z")), None);
        assert_eq!(night.closes(at("2026-12-05T23:00:00Z")), None);
        let midnight = window("24:00", "02:00", "UTC").with_days("sat".parse().unwrap()).unwrap();
        assert_eq!(midnight.opens(at("2026-12-03T12:00:00Z")), at("2026-12-05T00:00:00Z"));
    }

    #[test]
    fn a_window_without_days_is_refused() {
        let none = [].into_iter().collect();
        assert_eq!(window("08:00", "20:00", "UTC").with_days(none), Err(WindowError::NoDays));
    }

    #[test]
    fn a_window_in_which_nothing_could_begin_is_refused() {
        for (from, to) in [("20:00", "20:01"), ("23:59", "24:00"), ("23:59", "00:00"), ("24:00", "00:01")] {
            let window = Window::new(from.parse().unwrap(), to.parse().unwrap(), Zone::UTC);
            assert!(matches!(window, Err(WindowError::TooShort(..))), "{from} to {to}");
        }
    }

    prop_compose! {
        fn any_window()(
            from in 0u16..DAY, length in 2u16..DAY, days in prop::collection::vec(0u8..7, 1..8),
            zone in prop::sample::select(vec!["UTC", "Africa/Nairobi", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
        ) -> Window {
            let days = days.into_iter().map(|day| Day::from(chrono::Weekday::try_from(day).unwrap())).collect();
            let (from, to) = (TimeOfDay(from), TimeOfDay((from + length) % DAY));
            Window::new(from, to, zone.parse().unwrap()).unwrap().with_days(days).unwrap()
        }
    }

    proptest! {
        #[test]
        fn an_opening_is_followed_by_its_closing(window in any_window(), seconds in 0i64..4_000_000_000) {
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            let opens = window.opens(now);
            prop_assert!(opens >= now && opens - now <= TimeDelta::days(15));
            let closes = window.closes(opens);
            prop_assert!(closes.is_some_and(|closes| closes > opens && closes - opens <= TimeDelta::hours(25)));
            match window.closes(now) {
                Some(closes) => prop_assert!(closes > now && opens == now),
                None => prop_assert!(opens > now),
            }
            prop_assert!(window.has_time(window.opens_next(now)));
        }

        #[test]
        fn it_is_never_open_but_on_the_named_days(
            window in any_window(), seconds in 0i64..4_000_000_000, part in 0i32..1000,
        ) {
            let opens = window.opens(DateTime::from_timestamp(seconds, 0).unwrap());
            let local = window.zone.local(opens + (window.closes(opens).unwrap() - opens) * part / 1000);
            let minute = u16::try_from(local.time().signed_duration_since(NaiveTime::MIN).num_minutes()).unwrap();
            // What reaches beyond midnight began yesterday. By how much a clock change moves the ends is for others.
            let over = window.to.0 <= window.from.0;
            let near = |end: TimeOfDay| minute.abs_diff(end.0) <= 60;
            if !(over && (near(window.from) || near(window.to))) {
                let yesterday = over && minute < window.from.0;
                let began = if yesterday { local.date().pred_opt().unwrap() } else { local.date() };
                prop_assert!(window.days.contains(began.weekday()), "{window} at {local}");
            }
        }
    }
}
