//! When what became known of how many messages.

use std::collections::BTreeMap;

use super::Known;
use crate::report::hours::{named, steps};
use crate::report::html::hours::Hours;
use crate::report::html::{Kind, Node, lead, section, table};
use crate::report::layout::count;
use crate::units::thousands;

/// The most places for bars in a picture.
const MOST_PLACES: i64 = 96;

const OUTCOMES: [Kind; 3] = [
    Kind { name: "accepted", class: "k1" },
    Kind { name: "unknown", class: "k2" },
    Kind { name: "rejected", class: "k3" },
];

const RECEIPTS: [Kind; 2] =
    [Kind { name: "delivered", class: "arrived" }, Kind { name: "failed", class: "k3" }];

/// Stretches of time in which something became known, each of so many hours that they fit beside each other.
struct Stretches {
    step: i64,
    first: i64,
    last: i64,
    all: BTreeMap<i64, Known>,
}

impl Stretches {
    fn of(hours: &BTreeMap<i64, Known>) -> Option<Self> {
        let (first, last) = (*hours.first_key_value()?.0, *hours.last_key_value()?.0);
        let step = steps().find(|step| last.div_euclid(*step) - first.div_euclid(*step) < MOST_PLACES)?;
        let mut all = BTreeMap::<i64, Known>::new();
        for (hour, known) in hours {
            *all.entry(hour.div_euclid(step) * step).or_default() += *known;
        }
        Some(Self { step, first: first.div_euclid(step) * step, last: last.div_euclid(step) * step, all })
    }

    fn per(&self) -> String {
        if self.step == 1 { "an hour".to_owned() } else { format!("{} hours", self.step) }
    }

    /// A picture of these kinds; nothing where there is nothing of them.
    fn picture(&self, what: &str, kinds: &[Kind], of: &dyn Fn(&Known) -> Vec<u64>) -> Option<Node> {
        let numbers = self.all.iter().map(|(hour, known)| (*hour, of(known)));
        let bars: Vec<(i64, Vec<u64>)> =
            numbers.filter(|(_, numbers)| numbers.iter().any(|number| *number > 0)).collect();
        let most = bars.iter().map(|(_, numbers)| numbers.iter().sum::<u64>()).max()?;
        let per = self.per();
        let told = format!("{what}, a bar for {per}; the table below has the numbers");
        let range = (self.first, self.last);
        let hours = Hours { told: &told, kinds, range, step: self.step };
        Some(hours.draw(&bars, &format!("{what}. The highest bar is {} in {per}.", count(most, "message"))))
    }

    fn table(&self) -> Node {
        let row = |(hour, known): (&i64, &Known)| {
            let numbers =
                [known.accepted, known.unknown, known.rejected, known.delivered, known.failed].map(thousands);
            std::iter::once(named(*hour)).chain(numbers).collect()
        };
        let rows: Vec<Vec<String>> = self.all.iter().map(row).collect();
        let heads = ["from", "accepted", "unknown", "rejected", "delivered", "failed"];
        let caption = format!("Messages by when it became known, in {}", self.per());
        let table = table(&caption, &heads, &[1, 2, 3, 4, 5], &rows);
        let summary = Node::with("summary", "The numbers");
        Node::new("details", &[], [summary, table])
    }
}

/// Pictures of what became of messages and when, and a table of the same; nothing where nothing is known.
pub fn over_time(hours: &BTreeMap<i64, Known>, some_are_pruned: bool) -> Option<Node> {
    let stretches = Stretches::of(hours)?;
    let taken = stretches
        .picture("What the gateway took", &OUTCOMES, &|one| vec![one.accepted, one.unknown, one.rejected]);
    let arrived = stretches.picture("What arrived", &RECEIPTS, &|one| vec![one.delivered, one.failed]);
    let pruned = some_are_pruned
        .then(|| lead("Runs whose messages were pruned are not in it: only their counts are left."));
    let parts = [taken, arrived, Some(stretches.table()), pruned];
    Some(section("Over time", parts.into_iter().flatten()))
}
