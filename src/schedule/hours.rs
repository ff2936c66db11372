//! When somebody may be written to: from a moment on, in windows that are open wherever they may be, until an end.

use chrono::{DateTime, TimeDelta, Utc};

use super::window::{LAST, Window};

/// How far ahead an opening is looked for: a year, after which the days of the week and the clocks come again.
const AHEAD: TimeDelta = TimeDelta::days(370);

/// See the module. Without anything, always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hours {
    /// Nothing before this.
    pub starts: Option<DateTime<Utc>>,
    /// Only while all of these are open.
    pub windows: Vec<Window>,
    /// Nothing from then on.
    pub until: Option<DateTime<Utc>>,
}

impl Hours {
    /// Whether any moment is as good as any other.
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }

    /// Until when something may be begun, if something may be begun now; [`DateTime::MAX_UTC`] where nothing ends it.
    pub fn open_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.starts.is_some_and(|starts| now < starts) {
            return None;
        }
        let mut end = self.until.map_or(DateTime::<Utc>::MAX_UTC, |until| until - LAST);
        for window in &self.windows {
            end = end.min(window.closes(now)? - LAST);
        }
        // The last moment itself is still one: so says `Window::has_time`.
        (now <= end).then(|| end.checked_add_signed(TimeDelta::milliseconds(1)).unwrap_or(end))
    }

    /// When something may be begun next, now or later; nothing where that is never again.
    pub fn opens_next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let first = self.starts.map_or(now, |starts| starts.max(now));
        let mut at = first;
        while at - first <= AHEAD && self.until.is_none_or(|until| until - at >= LAST) {
            let next = self.windows.iter().map(|window| window.opens_next(at)).max().unwrap_or(at);
            if next == at {
                return self.open_until(at).map(|_| at);
            }
            at = next;
        }
        None
    }

    /// From when on nothing may arrive any more that leaves now.
    pub fn closes(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.windows.iter().filter_map(|window| window.closes(now)).chain(self.until).min()
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
    fn without_anything_it_is_always() {
        let hours = Hours::default();
        let now = at("2026-12-01T03:00:00Z");
        assert!(hours.is_always());
        assert_eq!(hours.open_until(now), Some(DateTime::<Utc>::MAX_UTC));
        assert_eq!((hours.opens_next(now), hours.closes(now)), (Some(now), None));
    }

    #[test]
    fn where_somebody_may_be_in_several_places_it_must_be_right_in_all() {
        let windows = vec![
            window("08:00", "20:00", "America/New_York"),
            window("08:00", "20:00", "America/Los_Angeles"),
        ];
        let hours = Hours { windows, ..Hours::default() };
        // 08:00 in Los Angeles is 11:00 in New York, and 20:00 in New York is 17:00 in Los Angeles.
        assert_eq!(hours.opens_next(at("2026-12-01T13:00:00Z")), Some(at("2026-12-01T16:00:00Z")));
        assert_eq!(hours.open_until(at("2026-12-01T15:59:59Z")), None);
        assert_eq!(hours.open_until(at("2026-12-01T16:00:00Z")), Some(at("2026-12-02T00:59:00.001Z")));
        assert_eq!(hours.opens_next(at("2026-12-02T01:00:00Z")), Some(at("2026-12-02T16:00:00Z")));
        assert_eq!(hours.closes(at("2026-12-01T16:00:00Z")), Some(at("2026-12-02T01:00:00Z")));
    }

    #[test]
    fn hours_that_are_right_nowhere_at_once_never_come() {
        let windows = vec![window("09:00", "12:00", "Asia/Tokyo"), window("09:00", "12:00", "Europe/Paris")];
        assert_eq!(Hours { windows, ..Hours::default() }.opens_next(at("2026-12-01T00:00:00Z")), None);
    }

    #[test]
    fn it_has_a_beginning_and_an_end() {
        let (starts, until) = (Some(at("2026-12-01T09:00:00Z")), Some(at("2026-12-02T00:00:00Z")));
        let hours = Hours { starts, windows: Vec::new(), until };
        assert_eq!(hours.open_until(at("2026-12-01T08:59:59Z")), None);
        assert_eq!(hours.opens_next(at("2026-11-01T00:00:00Z")), starts);
        assert_eq!(hours.open_until(at("2026-12-01T09:00:00Z")), Some(at("2026-12-01T23:59:00.001Z")));
        assert_eq!(hours.opens_next(at("2026-12-01T23:59:00.001Z")), None);
    }

    proptest! {
        #[test]
        fn it_is_open_when_every_window_has_time_and_opens_at_the_first_such_minute(
            minute in 0_i64..60 * 24 * 400,
            hours in prop::collection::vec((0_u32..24, 1_u32..24, prop::sample::select(vec![
                "UTC", "Africa/Nairobi", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "Europe/Paris",
            ])), 1..4),
        ) {
            let windows: Vec<Window> = hours.iter().map(|(from, length, zone)| {
                window(&format!("{from:02}:00"), &format!("{:02}:00", (from + length) % 24), zone)
            }).collect();
            let now = at("2026-01-01T00:00:00Z") + TimeDelta::minutes(minute);
            let all = |at| windows.iter().all(|window| window.has_time(at));
            let hours = Hours { windows: windows.clone(), ..Hours::default() };
            prop_assert_eq!(hours.open_until(now).is_some(), all(now));
            let slow = (0..60 * 24 * 3).map(|after| now + TimeDelta::minutes(after)).find(|at| all(*at));
            match (hours.opens_next(now), slow) {
                (Some(opens), Some(slow)) => prop_assert_eq!(opens, slow),
                // What opens once a year, on a day on which the clocks change, is not looked for slowly.
                (Some(opens), None) => prop_assert!(all(opens)),
                (None, slow) => prop_assert_eq!(slow, None),
            }
        }
    }
}
