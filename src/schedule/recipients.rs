//! Recipients' own clocks: when somebody may be written to who is in one of some zones. What is right must be right in
//! all of them.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::{Hours, LocalTime, Moment, Window, Zone};

/// What of a schedule goes by recipients' clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipients {
    /// Whether the time at which the campaign goes out does, and its last day.
    pub moment: bool,
    /// The window, where it does; its zone says nothing.
    pub window: Option<Window>,
    /// The last day on which something goes out, where `moment` does.
    pub until: Option<NaiveDate>,
    /// By how much a recipient's time may have gone by when the run begins; any time without.
    pub late_after: Option<TimeDelta>,
}

impl Recipients {
    /// The hours of somebody who is in one of these zones; `common` are those of the campaign's own clock.
    pub fn hours(&self, moment: Option<Moment>, zones: &[Zone], common: &Hours) -> Hours {
        let moment = moment.filter(|_| self.moment);
        let mut hours = common.clone();
        hours.starts = moment.and_then(|moment| last(moment, zones)).or(hours.starts);
        if let Some(window) = self.window {
            hours.windows.extend(zones.iter().map(|zone| window.by(*zone)));
        }
        if let Some(until) = self.until {
            let ends = zones.iter().map(|zone| end_of(until, *zone)).min();
            hours.until = ends.into_iter().chain(hours.until).min();
        }
        hours
    }

    /// Whether the time of somebody with these hours had gone by when the run was begun.
    pub fn is_missed(&self, hours: &Hours, begun: DateTime<Utc>) -> bool {
        let late = hours.starts.zip(self.late_after).filter(|_| self.moment);
        late.is_some_and(|(starts, late_after)| begun - starts > late_after)
    }
}

/// When a time has come in all of these zones; nothing without a zone.
fn last(moment: Moment, zones: &[Zone]) -> Option<DateTime<Utc>> {
    zones.iter().map(|zone| moment.by(*zone).instant()).max()
}

/// The end of a day in a zone.
pub fn end_of(day: NaiveDate, zone: Zone) -> DateTime<Utc> {
    let next = day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN);
    Moment { local: LocalTime::from(next), zone }.instant()
}

/// When a moment comes: for the first people, and for the last ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// For the first ones.
    pub first: DateTime<Utc>,
    /// For the last ones.
    pub last: DateTime<Utc>,
}

impl Spread {
    /// Of a moment for people in these zones, a set for each of them; where they are not known, anywhere on earth. A
    /// moment in a zone comes once for all.
    pub fn of(moment: Moment, people: &[Vec<Zone>]) -> Self {
        if !moment.zone.is_recipient() {
            return Self { first: moment.instant(), last: moment.instant() };
        }
        let times = || people.iter().filter_map(|zones| last(moment, zones));
        let (first, last) = (moment.instant(), moment.by(Zone::LAST).instant());
        Self { first: times().min().unwrap_or(first), last: times().max().unwrap_or(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn zones(names: &[&str]) -> Vec<Zone> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn nine() -> Moment {
        "2026-12-01T09:00[recipient]".parse().unwrap()
    }

    #[test]
    fn a_time_comes_to_each_by_their_own_clock() {
        let all = Recipients { moment: true, window: None, until: None, late_after: None };
        let starts =
            |names: &[&str]| all.hours(Some(nine()), &zones(names), &Hours::default()).starts.unwrap();
        assert_eq!(starts(&["Africa/Nairobi"]), at("2026-12-01T06:00:00Z"));
        assert_eq!(starts(&["Asia/Tokyo"]), at("2026-12-01T00:00:00Z"));
        // Too late for some is better than too early for others.
        assert_eq!(starts(&["America/New_York", "America/Chicago"]), at("2026-12-01T15:00:00Z"));
    }

    #[test]
    fn a_window_and_a_last_day_count_where_they_are() {
        let window = Window::new("08:00".parse().unwrap(), "20:00".parse().unwrap(), Zone::UTC).unwrap();
        let until = NaiveDate::from_ymd_opt(2026, 12, 1);
        let rule = Recipients { moment: true, window: Some(window), until, late_after: None };
        let hours = rule.hours(Some(nine()), &zones(&["Asia/Tokyo"]), &Hours::default());
        assert_eq!(hours.open_until(at("2026-12-01T00:00:00Z")), Some(at("2026-12-01T10:59:00.001Z")));
        assert_eq!(hours.until, Some(at("2026-12-01T15:00:00Z")));
    }

    #[test]
    fn who_was_slept_through_is_missed_and_others_are_not() {
        let late_after = Some(TimeDelta::hours(1));
        let rule = Recipients { moment: true, window: None, until: None, late_after };
        let missed = |name: &str| {
            let hours = rule.hours(Some(nine()), &zones(&[name]), &Hours::default());
            rule.is_missed(&hours, at("2026-12-01T07:00:01Z"))
        };
        assert!(missed("Africa/Nairobi") && missed("Asia/Tokyo"));
        assert!(!missed("Africa/Lagos") && !missed("America/New_York"));
    }

    #[test]
    fn a_moment_spreads_over_the_earth_or_over_those_who_are_there() {
        assert_eq!(
            Spread::of(nine(), &[]),
            Spread { first: at("2026-11-30T19:00:00Z"), last: at("2026-12-01T21:00:00Z") }
        );
        let people = [zones(&["Asia/Tokyo"]), zones(&["America/New_York", "America/Chicago"])];
        assert_eq!(
            Spread::of(nine(), &people),
            Spread { first: at("2026-12-01T00:00:00Z"), last: at("2026-12-01T15:00:00Z") }
        );
        let fixed: Moment = "2026-12-01T09:00[Africa/Nairobi]".parse().unwrap();
        assert_eq!(Spread::of(fixed, &people).last, fixed.instant());
    }
}
