//! Parts of the page: its words and rows.

use std::collections::BTreeMap;

use super::super::RunReport;
use super::super::seen::{Person, Seen};
use super::{Decisions, second};
use crate::report::html::{Node, facts, lead, section, table};
use crate::report::layout::count;
use crate::report::status::RunLine;
use crate::schedule::Zone;
use crate::units::thousands;

/// People who are listed of each kind.
const LISTED: usize = 50;
/// Reasons of each kind that are shown.
const REASONS: usize = 10;
/// The longest reason that is shown whole, in characters.
const LONGEST: usize = 300;

/// What to do about messages that did not arrive, by where they stand.
pub const ADVICE: [(&str, &str); 3] = [
    (
        "rejected",
        "The gateway refused them for good, and they are not sent again. Where the reason is the number, mend it where your list \
         comes from; where it is the text or the sender, mend that before the next run.",
    ),
    (
        "failed",
        "The gateway took them and could not deliver them: a phone that is off, or a number that is no longer used. They are not \
         sent again. Who fails again and again is better taken off the list.",
    ),
    (
        "suppressed",
        "They were left out at the last moment, because they opted out or had got enough. There is nothing to do.",
    ),
];

/// The columns of a table of runs.
pub const RUN_HEADS: [&str; 8] =
    ["run", "planned", "accepted", "delivered", "failed", "rejected", "unknown", "ended"];

/// The people of a kind.
pub type Who = fn(&Seen) -> &Vec<Person>;

/// A row of a table of runs.
pub fn run_row(name: String, run: &RunLine, ended: String) -> Vec<String> {
    let numbers = [run.planned, run.accepted, run.delivered, run.failed, run.rejected, run.unknown];
    std::iter::once(name).chain(numbers.map(thousands)).chain([ended]).collect()
}

/// Where messages stand, in words.
pub fn states(run: &RunLine) -> [(&'static str, u64, &'static str); 10] {
    [
        ("planned", run.planned, "everybody who was to get one"),
        ("accepted", run.accepted, "the gateway took them"),
        ("delivered", run.delivered, "they arrived, as far as the gateway told"),
        ("failed", run.failed, "they did not arrive, as far as the gateway told"),
        ("rejected", run.rejected, "the gateway refused them"),
        ("unknown", run.unknown, "may or may not have been sent; never sent again by itself"),
        ("held", run.held, "nobody knows by whose clock they go"),
        ("suppressed", run.suppressed, "left out at the last moment"),
        ("expired", run.expired, "not sent: too late, or cancelled"),
        ("pending", run.pending, "not sent yet"),
    ]
}

/// How much of a whole, in percent; never all of it where some are lacking, and never none where some are there.
pub fn share(number: u64, whole: u64) -> String {
    let tenths = u128::from(number) * 1000 / u128::from(whole.max(1));
    match tenths {
        _ if number == 0 => "0%".to_owned(),
        0 => "< 0.1%".to_owned(),
        1000 => "100%".to_owned(),
        tenths => format!("{}.{}%", tenths / 10, tenths % 10),
    }
}

/// A command to type.
pub fn typed(command: &str) -> Node {
    Node::new("pre", &[("class", "type")], [Node::with("code", command)])
}

/// The first people of runs, newest run first, of so many.
pub fn people<'a>(
    kind: &str,
    runs: impl Iterator<Item = (&'a str, &'a Vec<Person>)>,
    of: u64,
    zone: Zone,
) -> Option<Node> {
    let all = runs.flat_map(|(run, people)| people.iter().map(move |one| (run, one)));
    let rows: Vec<Vec<String>> = all
        .take(LISTED)
        .map(|(run, one)| {
            let at = zone.show_second(one.at);
            vec![one.recipient.clone(), one.address.clone(), short(&one.why), at, run.to_owned()]
        })
        .collect();
    let caption = match rows.len() as u64 {
        0 => return None,
        shown if shown < of => format!("The first {} of {} {kind} messages", thousands(shown), thousands(of)),
        _ => format!("All {kind} messages"),
    };
    Some(table(&caption, &["recipient", "address", "why", "since", "run"], &[], &rows))
}

/// How many messages of runs are in a state, and why: a row for each of the most frequent reasons.
pub fn reasons(runs: &[RunReport], state: &str) -> (u64, Vec<Vec<String>>) {
    let number = |run: &RunReport| match state {
        "rejected" => run.run.rejected,
        "failed" => run.run.failed,
        _ => run.run.suppressed,
    };
    let all = runs.iter().map(number).fold(0, u64::saturating_add);
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    for one in runs.iter().flat_map(|run| &run.reasons).filter(|one| one.state == state) {
        *counted.entry(&one.reason).or_default() += one.messages;
    }
    let mut counted: Vec<(&str, u64)> = counted.into_iter().collect();
    counted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    counted.truncate(REASONS);
    let told = counted.iter().map(|(_, messages)| messages).sum::<u64>();
    let mut rows: Vec<Vec<String>> =
        counted.into_iter().map(|(why, messages)| vec![thousands(messages), short(why)]).collect();
    if let Some(rest @ 1..) = all.checked_sub(told) {
        let name = if told == 0 { "not known any more" } else { "other reasons" };
        rows.push(vec![thousands(rest), name.to_owned()]);
    }
    (all, rows)
}

/// What people decided so far, newest first. A line each and no table: a reason is as long as somebody made it.
pub fn decisions(decisions: &Decisions, zone: Zone) -> Option<Node> {
    let rows: Vec<(String, String)> = decisions
        .shown
        .iter()
        .map(|(one, messages)| {
            let about = match (*messages, &one.recipient) {
                (1, Some(recipient)) => recipient.clone(),
                (1, None) => one.occurrence.clone().unwrap_or_default(),
                (many, _) => count(many, "message"),
            };
            let about = if about.is_empty() { about } else { format!(", {about}") };
            let reason = one.reason.as_deref().map(|reason| format!(": {}", short(reason)));
            let said = format!("{}{about}, by {}{}", one.what, one.who, reason.unwrap_or_default());
            (second(&one.at, zone), said)
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let shown = facts(rows.iter().map(|(at, said)| (at.as_str(), said.as_str())));
    let earlier = (decisions.earlier > 0).then(|| {
        let text = format!(
            "And {}; `sendplan resolve --decisions` has all.",
            count(decisions.earlier, "earlier one")
        );
        lead(&text)
    });
    Some(section("Decisions", [lead("What people decided, newest first."), shown].into_iter().chain(earlier)))
}

/// A gateway's words, cut where they would fill the page.
fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_whole_only_where_it_is() {
        let shares = [(0, 5), (1, 10_000), (9_999, 10_000), (5, 5), (1, 3), (0, 0)];
        let told = shares.map(|(number, whole)| share(number, whole));
        assert_eq!(told, ["0%", "< 0.1%", "99.9%", "100%", "33.3%", "0%"]);
    }
}
