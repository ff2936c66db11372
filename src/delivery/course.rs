//! When how many of a run's messages leave, by the quarter of an hour and by whose clock: its rates and hours, worked
//! through as if every answer came at once. A forecast: what the gateway answers, and how fast, nobody knows before.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::schedule::Hours;

/// A quarter of an hour: every zone's hours begin with one.
const QUARTER: i64 = 900;
/// So many steps are followed, of a quarter of an hour at most: a hundred days without a break.
const MOST_STEPS: u32 = 10_000;

/// Those who go by one clock.
#[derive(Debug, Clone)]
pub struct Group {
    /// Their messages.
    pub messages: u64,
    /// When they may leave.
    pub hours: Hours,
}

/// What was worked through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    /// Of each group, how many leave in which quarter of an hour, by its beginning.
    pub quarters: Vec<BTreeMap<DateTime<Utc>, u64>>,
    /// Messages that never may leave, or later than is followed.
    pub left: u64,
}

/// From a start on, one message in such a time at most, whoever it is for; without that all leave at once who may. Those
/// who may leave share it by how many are left of them, as they lie mixed in their file.
pub fn course(starts: DateTime<Utc>, groups: &[Group], interval: Option<Duration>) -> Course {
    let mut left: Vec<u64> = groups.iter().map(|group| group.messages).collect();
    let mut quarters = vec![BTreeMap::new(); groups.len()];
    // The first may go at once; what may go at the very end of a stretch is one of the next.
    let nanos = interval.map_or(0, |interval| interval.as_nanos()).max(1);
    let mut credit = nanos - 1;
    let mut at = starts;
    for _ in 0..MOST_STEPS {
        let Some(step) = Step::at(at, groups, &left) else { break };
        at = step.until;
        let length = (step.until - step.from).to_std().unwrap_or_default().as_nanos();
        credit = credit.saturating_add(length);
        let fits =
            if interval.is_some() { u64::try_from(credit / nanos).unwrap_or(u64::MAX) } else { u64::MAX };
        let given = share(fits, &step.open, &mut left);
        credit -= nanos.saturating_mul(u128::from(given.iter().sum::<u64>())).min(credit);
        // What nobody was there for is not made up for later.
        credit = credit.min(nanos - 1);
        for (place, number) in step.open.iter().zip(given).filter(|(_, number)| *number > 0) {
            if let Some(quarters) = quarters.get_mut(*place) {
                *quarters.entry(quarter(step.from)).or_default() += number;
            }
        }
    }
    Course { quarters, left: left.iter().sum() }
}

/// A stretch in which the same groups may leave, in one quarter of an hour.
struct Step {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    open: Vec<usize>,
}

impl Step {
    /// The next one; nothing where nobody is left, or may leave ever again.
    fn at(now: DateTime<Utc>, groups: &[Group], left: &[u64]) -> Option<Self> {
        let waiting =
            || groups.iter().enumerate().zip(left).filter(|(_, left)| **left > 0).map(|(group, _)| group);
        let opens: Vec<(usize, DateTime<Utc>)> =
            waiting().filter_map(|(place, group)| Some((place, group.hours.opens_next(now)?))).collect();
        let from = opens.iter().map(|(_, opens)| *opens).min()?;
        let open: Vec<usize> =
            opens.iter().filter(|(_, opens)| *opens == from).map(|(place, _)| *place).collect();
        let closes = open.iter().filter_map(|place| groups.get(*place)?.hours.open_until(from));
        let others = opens.iter().map(|(_, opens)| *opens).filter(|opens| *opens > from);
        let next = quarter(from).checked_add_signed(TimeDelta::seconds(QUARTER))?;
        let until = closes.chain(others).chain([next]).min()?;
        Some(Self { from, until: until.max(from + TimeDelta::milliseconds(1)), open })
    }
}

fn quarter(at: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = at.timestamp().div_euclid(QUARTER) * QUARTER;
    DateTime::from_timestamp(seconds, 0).unwrap_or(at)
}

/// Shares so many places out among these groups, by how many are left of each, and takes them off.
fn share(places: u64, open: &[usize], left: &mut [u64]) -> Vec<u64> {
    let of = |left: &[u64], place: usize| left.get(place).copied().unwrap_or_default();
    let all: u64 = open.iter().map(|place| of(left, *place)).sum();
    let places = places.min(all);
    let (mut before, mut given) = (0_u128, Vec::with_capacity(open.len()));
    // Rounded by the sums up to each, so that together they are neither more nor fewer.
    let cut = |sum: u128| u64::try_from(sum * u128::from(places) / u128::from(all.max(1))).unwrap_or(places);
    for place in open {
        let after = before + u128::from(of(left, *place));
        given.push(cut(after) - cut(before));
        before = after;
    }
    for (place, number) in open.iter().zip(&given) {
        left.get_mut(*place).into_iter().for_each(|left| *left -= number);
    }
    given
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::delivery::forecast::passage;
    use crate::schedule::Window;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn group(messages: u64, from: &str, to: &str, zone: &str) -> Group {
        let window = Window::new(from.parse().unwrap(), to.parse().unwrap(), zone.parse().unwrap()).unwrap();
        Group { messages, hours: Hours { windows: vec![window], ..Hours::default() } }
    }

    fn listed(course: &Course, group: usize) -> Vec<(String, u64)> {
        course.quarters[group]
            .iter()
            .map(|(at, number)| (at.format("%d %H:%M").to_string(), *number))
            .collect()
    }

    fn pairs(all: &[(&str, u64)]) -> Vec<(String, u64)> {
        all.iter().map(|(at, number)| ((*at).to_owned(), *number)).collect()
    }

    #[test]
    fn without_hours_it_goes_at_its_rate() {
        let all = Group { messages: 2000, hours: Hours::default() };
        let course = course(at("2026-12-01T09:05:00Z"), &[all], Some(Duration::from_secs(1)));
        assert_eq!(listed(&course, 0), pairs(&[("01 09:00", 600), ("01 09:15", 900), ("01 09:30", 500)]));
        assert_eq!(course.left, 0);
    }

    #[test]
    fn without_a_rate_all_leave_who_may() {
        let groups = [group(5, "08:00", "20:00", "UTC"), group(7, "08:00", "20:00", "Africa/Nairobi")];
        let course = course(at("2026-12-01T00:00:00Z"), &groups, None);
        assert_eq!(listed(&course, 0), pairs(&[("01 08:00", 5)]));
        assert_eq!(listed(&course, 1), pairs(&[("01 05:00", 7)]));
    }

    #[test]
    fn those_who_may_leave_share_the_rate_and_the_others_wait() {
        let groups = [group(900, "08:00", "20:00", "UTC"), group(2700, "09:00", "20:00", "UTC")];
        let course = course(at("2026-12-01T08:45:00Z"), &groups, Some(Duration::from_secs(2)));
        assert_eq!(listed(&course, 0)[0], ("01 08:45".to_owned(), 450));
        let (a, b) = (listed(&course, 0)[1].1, listed(&course, 1)[0].1);
        assert_eq!((a + b, course.left), (450, 0));
        assert!((60..70).contains(&a), "{a} of 450 for 450 of 3150");
    }

    #[test]
    fn no_hour_holds_more_than_its_rate_also_after_a_night() {
        let groups = [group(100_000, "08:00", "20:00", "UTC")];
        let course = course(at("2026-12-01T00:00:00Z"), &groups, Some(Duration::from_secs(1)));
        assert!(course.quarters[0].values().all(|number| *number <= 900), "{:?}", course.quarters[0]);
        assert!(course.quarters[0].len() > 96);
    }

    #[test]
    fn who_never_may_is_left() {
        let mut shut = group(3, "08:00", "20:00", "UTC");
        shut.hours.until = Some(at("2026-11-01T00:00:00Z"));
        let course = course(at("2026-12-01T08:45:00Z"), &[shut], None);
        assert_eq!((course.quarters[0].len(), course.left), (0, 3));
    }

    proptest! {
        /// The forecast of a run as a whole says when the last of them leaves; so does this, to the quarter of an hour.
        #[test]
        fn it_ends_when_the_passage_does(messages in 1..20_000_u64, seconds in 1..20_u64, start in 0..86_400_i64, hour in 1..20_u32) {
            let starts = at("2026-12-01T00:00:00Z") + TimeDelta::seconds(start);
            let hours = group(0, "04:00", &format!("{:02}:30", 4 + hour % 19), "Africa/Nairobi").hours;
            let interval = Duration::from_secs(seconds);
            let ends = passage(starts, interval * u32::try_from(messages - 1).unwrap(), &hours).unwrap().ends;
            let course = course(starts, &[Group { messages, hours }], Some(interval));
            prop_assert_eq!(course.left, 0);
            prop_assert_eq!(course.quarters[0].values().sum::<u64>(), messages);
            let last = *course.quarters[0].keys().last().unwrap();
            prop_assert!((quarter(ends) - last).num_seconds().abs() <= QUARTER, "{} {}", ends, last);
        }
    }
}
