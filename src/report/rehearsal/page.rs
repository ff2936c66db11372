//! A rehearsal as a page.

use super::{Hour, RehearsalReport, Setting, Stretch, left_out, stretches, zones};
use crate::report::hours::{named, steps};
use crate::report::html::hours::Hours;
use crate::report::html::lead;
use crate::report::html::{Kind, Node, facts, page, section, table};
use crate::report::layout::count;
use crate::units::thousands;

/// The most places for bars in the picture.
const MOST_PLACES: i64 = 96;

const KINDS: [Kind; 3] = [
    Kind { name: "accepted", class: "k1" },
    Kind { name: "unknown", class: "k2" },
    Kind { name: "rejected", class: "k3" },
];

impl RehearsalReport {
    /// The page, complete in itself. The same rehearsal gives the same bytes.
    pub fn page(&self, setting: &Setting) -> String {
        let title = format!("Rehearsal of {}", self.campaign);
        let mut body = vec![Node::with("h1", &title), lead("Nothing is sent, the gateway is simulated.")];
        body.extend(self.verdicts());
        let lines: Vec<(&str, String)> =
            self.facts(setting).into_iter().map(|(name, lines)| (name, lines.join("; "))).collect();
        body.push(section("Setting", [facts(lines.iter().map(|(name, text)| (*name, text.as_str())))]));
        body.extend(self.picture());
        body.extend(zones::page::chart(&self.zones, &self.hours, &self.zone, zones::page::Told::TAKEN));
        body.push(self.messages(setting));
        let deeds = self.deeds(setting);
        let deeds = deeds.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        body.push(section("On the way", [facts(deeds)]));
        body.push(self.laws());
        page(&title, body)
    }

    /// In a line each: whether all is true that must be, and whether it came to its end.
    fn verdicts(&self) -> Vec<Node> {
        let (all, broken) = (self.proofs.len(), self.proofs.iter().filter(|one| !one.holds).count());
        let verdict = |is_good, text: String| {
            Node::new("p", &[("class", if is_good { "good" } else { "bad" })], [Node::text(text)])
        };
        let mut verdicts = vec![match broken {
            0 => verdict(true, format!("All {all} things that must be true hold.")),
            some => verdict(false, format!("{some} of {all} things that must be true do not hold.")),
        }];
        if self.ended != "finished" {
            let left = count(self.pending, "message");
            verdicts.push(verdict(false, format!("It was given up before its end, with {left} not sent.")));
        }
        verdicts
    }

    /// When what became of how many, as a picture and as a table. Nothing where nothing happened.
    fn picture(&self) -> Option<Node> {
        let (step, all) = drawn(&self.hours)?;
        let (first, last) = (all.first()?.hour, all.last()?.hour);
        let bar = |one: &Stretch| (one.hour, vec![one.accepted, one.unknown, one.rejected]);
        let bars: Vec<(i64, Vec<u64>)> = all.iter().map(bar).collect();
        let most = bars.iter().map(|(_, kinds)| kinds.iter().sum::<u64>()).max().unwrap_or(0);
        let per = if step == 1 { "an hour".to_owned() } else { format!("{step} hours") };
        let told =
            format!("Messages by what became of them, a bar for {per}; the table below has the numbers");
        let picture = Hours { told: &told, kinds: &KINDS, range: (first, last), step };
        let height = format!("The highest bar is {} in {per}.", count(most, "message"));
        let rows: Vec<Vec<String>> = all.iter().map(row).collect();
        let heads = ["from", "left", "taken", "accepted", "unknown", "rejected"];
        let caption = format!(
            "What left and what the gateway took in {per}, and of how many the outcome was known then"
        );
        let heading = format!("By the clock of {}", self.zone);
        Some(section(
            &heading,
            [picture.draw(&bars, &height), table(&caption, &heads, &[1, 2, 3, 4, 5], &rows)],
        ))
    }

    fn messages(&self, setting: &Setting) -> Node {
        let rows: Vec<Vec<String>> = self
            .ends()
            .into_iter()
            .map(|(word, number, meaning)| vec![word.to_owned(), thousands(number), meaning])
            .collect();
        let table = table("Where messages ended", &["state", "messages", "meaning"], &[1], &rows);
        let left_out = left_out(setting).map(|text| lead(&text));
        section("Messages", std::iter::once(table).chain(left_out))
    }

    fn laws(&self) -> Node {
        let row = |one: &super::Proof| {
            let holds = if one.holds { "holds" } else { "DOES NOT HOLD" };
            vec![one.law.replace('_', " "), holds.to_owned(), one.seen.clone()]
        };
        let rows: Vec<Vec<String>> = self.proofs.iter().map(row).collect();
        let heads = ["law", "", "seen by"];
        section("What must be true", [table("Held against what was seen", &heads, &[], &rows)])
    }
}

/// Bars of so many hours that they fit beside each other.
pub(super) fn drawn(hours: &[Hour]) -> Option<(i64, Vec<Stretch>)> {
    let fits = |(step, all): &(i64, Vec<Stretch>)| match (all.first(), all.last()) {
        (Some(first), Some(last)) => (last.hour - first.hour) / step < MOST_PLACES,
        _ => true,
    };
    steps().map(|step| (step, stretches(hours, step))).find(fits).filter(|(_, all)| !all.is_empty())
}

fn row(one: &Stretch) -> Vec<String> {
    let numbers = [one.sent, one.taken, one.accepted, one.unknown, one.rejected];
    std::iter::once(named(one.hour)).chain(numbers.map(thousands)).collect()
}
