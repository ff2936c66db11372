//! The occurrences of a campaign that goes out again and again. An occurrence is a local time in a zone, and that is its
//! name: a time that a wall clock shows twice fires once, one that it skips fires at the first valid instant after
//! it, and a clock that is set back fires nothing anew.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Timelike, Utc};

use super::{Cron, LocalTime, Moment, Zone};

/// See the module.
#[derive(Debug, Clone)]
pub struct Series {
    /// When its clock shows what.
    pub cron: Cron,
    /// Whose clock.
    pub zone: Zone,
    /// The last day, by that clock; for ever without.
    pub until: Option<NaiveDate>,
    /// Days without an occurrence, by that clock.
    pub except: BTreeSet<NaiveDate>,
}

impl Series {
    /// The first occurrence after an instant; nothing, when there is none any more.
    pub fn next_after(&self, instant: DateTime<Utc>) -> Option<Moment> {
        let shown = self.zone.local(instant);
        // Nothing that the clock has shown before can lie after the instant.
        let minute = shown.with_second(0).and_then(|time| time.with_nanosecond(0)).unwrap_or(shown);
        let mut found = self.from(minute.into(), true)?;
        while found.instant() <= instant {
            found = self.from(found.local, false)?;
        }
        // Several of the times that a clock skips come to one instant: that is one occurrence, the last of them.
        while let Some(later) =
            self.from(found.local, false).filter(|later| later.instant() == found.instant())
        {
            found = later;
        }
        Some(found)
    }

    /// The occurrences after an instant, in order.
    pub fn after(&self, instant: DateTime<Utc>) -> impl Iterator<Item = Moment> {
        std::iter::successors(self.next_after(instant), |last| self.next_after(last.instant()))
    }

    /// The first time on the clock that is not excepted.
    fn from(&self, local: LocalTime, inclusive: bool) -> Option<Moment> {
        let mut found = self.cron.next(local.naive(), inclusive)?;
        while self.except.contains(&found.date()) {
            let next_day = found.date().succ_opt()?.and_hms_opt(0, 0, 0)?;
            found = self.cron.next(next_day, true)?;
        }
        let over = self.until.is_some_and(|until| found.date() > until);
        (!over).then(|| Moment { local: found.into(), zone: self.zone })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(line: &str, zone: &str) -> Series {
        Series {
            cron: line.parse().unwrap(),
            zone: zone.parse().unwrap(),
            until: None,
            except: BTreeSet::new(),
        }
    }

    fn shown(series: &Series, from: &str, n: usize) -> Vec<(String, String)> {
        let from: DateTime<Utc> = from.parse().unwrap();
        let pair = |moment: Moment| {
            (moment.local.to_string(), moment.instant().format("%Y-%m-%dT%H:%MZ").to_string())
        };
        series.after(from).take(n).map(pair).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(local, instant)| ((*local).to_owned(), (*instant).to_owned())).collect()
    }

    #[test]
    fn occurrences_follow_the_clock_of_the_zone() {
        let nairobi = series("0 9 * * MON-FRI", "Africa/Nairobi");
        let expected = [("2026-11-27T09:00", "2026-11-27T06:00Z"), ("2026-11-30T09:00", "2026-11-30T06:00Z")];
        assert_eq!(shown(&nairobi, "2026-11-26T06:00:00Z", 2), pairs(&expected));
        // A moment before nine, and a moment after.
        assert_eq!(shown(&nairobi, "2026-11-27T05:59:59.9Z", 1), pairs(&expected[..1]));
        assert_eq!(shown(&nairobi, "2026-11-27T06:00:00.1Z", 1), pairs(&expected[1..]));
    }

    #[test]
    fn fault_65_a_skipped_time_fires_once_at_the_first_valid_instant() {
        let daily = series("30 2 * * *", "Europe/Berlin");
        let expected = [
            ("2026-03-28T02:30", "2026-03-28T01:30Z"),
            ("2026-03-29T02:30", "2026-03-29T01:00Z"),
            ("2026-03-30T02:30", "2026-03-30T00:30Z"),
        ];
        assert_eq!(shown(&daily, "2026-03-28T00:00:00Z", 3), pairs(&expected));
        // What fires all the time does not fire several times at once.
        let often = series("*/30 * * * *", "Europe/Berlin");
        let expected = [
            ("2026-03-29T01:30", "2026-03-29T00:30Z"),
            ("2026-03-29T03:00", "2026-03-29T01:00Z"),
            ("2026-03-29T03:30", "2026-03-29T01:30Z"),
        ];
        assert_eq!(shown(&often, "2026-03-29T00:00:00Z", 3), pairs(&expected));
        // A whole day that was skipped.
        let samoa = series("0 9 * * *", "Pacific/Apia");
        let expected = [
            ("2011-12-29T09:00", "2011-12-29T19:00Z"),
            ("2011-12-30T09:00", "2011-12-30T10:00Z"),
            ("2011-12-31T09:00", "2011-12-30T19:00Z"),
        ];
        assert_eq!(shown(&samoa, "2011-12-29T18:00:00Z", 3), pairs(&expected));
    }

    #[test]
    fn fault_66_a_time_that_comes_twice_fires_once() {
        let daily = series("30 2 * * *", "Europe/Berlin");
        let expected = [("2026-10-25T02:30", "2026-10-25T00:30Z"), ("2026-10-26T02:30", "2026-10-26T01:30Z")];
        assert_eq!(shown(&daily, "2026-10-25T00:00:00Z", 2), pairs(&expected));
        for between in ["2026-10-25T00:30:00Z", "2026-10-25T01:15:00Z", "2026-10-25T01:30:00Z"] {
            assert_eq!(shown(&daily, between, 1), pairs(&expected[1..]), "{between}");
        }
    }

    #[test]
    fn a_series_ends_and_leaves_days_out() {
        let mut daily = series("0 9 * * *", "Africa/Nairobi");
        daily.until = NaiveDate::from_ymd_opt(2026, 12, 27);
        daily.except = (24..=26).filter_map(|day| NaiveDate::from_ymd_opt(2026, 12, day)).collect();
        let expected = [("2026-12-23T09:00", "2026-12-23T06:00Z"), ("2026-12-27T09:00", "2026-12-27T06:00Z")];
        assert_eq!(shown(&daily, "2026-12-23T00:00:00Z", 9), pairs(&expected));
    }
}
