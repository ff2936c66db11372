//! Bars by the hour, or by as many hours as fit: what charts over time have in common.

use super::{Bars, Kind, Node, lead};
use crate::report::hours::named;
use crate::units::thousands;

/// Fewer bars than this leave room beside them: one alone would be a wall.
const FEWEST_PLACES: u64 = 8;

/// A chart over time, by hours of the local calendar.
pub struct Hours<'a> {
    /// What it shows, for those who do not see it.
    pub told: &'a str,
    /// What a bar is made of, the lowest first.
    pub kinds: &'a [Kind],
    /// The first hour and the last.
    pub range: (i64, i64),
    /// How many hours a bar stands for.
    pub step: i64,
}

impl Hours<'_> {
    /// The picture: bars by the hour with which they begin, and how much of each kind. `most` says what the height stands for.
    pub fn draw(&self, bars: &[(i64, Vec<u64>)], most: &str) -> Node {
        let Self { told, kinds, range: (first, last), step } = *self;
        let step = step.max(1);
        let place = |hour: i64| u64::try_from((hour - first) / step).unwrap_or(0);
        let places = place(last) + 1;
        let drawn = places.max(FEWEST_PLACES);
        let words = |hour: i64, numbers: &[u64]| {
            let told = kinds.iter().zip(numbers).filter(|(_, number)| **number > 0);
            let told: Vec<String> =
                told.map(|(kind, number)| format!("{} {}", thousands(*number), kind.name)).collect();
            format!("{}: {}", named(hour), told.join(", "))
        };
        // A bar alone is a wall, and says no more than its number.
        if let ([(hour, numbers)], 1) = (bars, places) {
            let length = if step == 1 { "one hour".to_owned() } else { format!("{step} hours") };
            return lead(&format!("All in {length}, from {}.", words(*hour, numbers)));
        }
        let bars: Vec<_> = bars
            .iter()
            .map(|(hour, numbers)| (place(*hour), words(*hour, numbers), numbers.clone()))
            .collect();
        // The last of them and the middle, where there are enough to fill the width.
        let is_full = |text: String| if places == drawn { text } else { String::new() };
        let middle = first + i64::try_from(places / 2).unwrap_or(0) * step;
        let (middle, end) = (is_full(named(middle)), is_full(named(last)));
        let under = [&*named(first), &*middle, &*end];
        Bars { told, kinds, places: drawn, bars: &bars, under }.draw(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(range: (i64, i64), step: i64, bars: &[(i64, Vec<u64>)]) -> String {
        let kinds = [Kind { name: "accepted", class: "k1" }, Kind { name: "unknown", class: "k2" }];
        Hours { told: "what", kinds: &kinds, range, step }.draw(bars, "most").0
    }

    #[test]
    fn one_bar_alone_is_said_and_two_leave_room_beside_them() {
        let said = draw((5, 5), 1, &[(5, vec![1_200, 0])]);
        assert_eq!(said, "<p class=\"lead\">All in one hour, from 1970-01-01 05:00: 1,200 accepted.</p>");
        let drawn = draw((5, 6), 1, &[(5, vec![1_200, 0])]);
        assert!(
            drawn.contains("viewBox=\"0 0 800 1000\"") && drawn.contains("1970-01-01 05:00: 1,200 accepted<"),
            "{drawn}"
        );
        assert!(!drawn.contains("0 unknown"), "{drawn}");
    }

    #[test]
    fn bars_stand_at_their_hours_and_ends_are_named_where_the_width_is_full() {
        let drawn = draw((-4, 14), 2, &[(-4, vec![1, 2]), (14, vec![3, 0])]);
        assert!(drawn.contains("viewBox=\"0 0 1000 1000\"") && drawn.contains("x=\"905\""), "{drawn}");
        for named in [
            "1969-12-31 20:00: 1 accepted, 2 unknown<",
            ">1969-12-31 20:00<",
            ">1970-01-01 06:00<",
            ">1970-01-01 14:00<",
        ] {
            assert!(drawn.contains(named), "{named}: {drawn}");
        }
    }
}
