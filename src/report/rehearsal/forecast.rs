//! When messages may leave, drawn as a rehearsal is: for pages that show a campaign before it goes.

use super::page::drawn;
use super::zones::page::{Told, chart};
use super::{Hour, ZoneLine};
use crate::report::hours::named;
use crate::report::html::hours::Hours;
use crate::report::html::{Kind, Node, table};
use crate::report::layout::count;
use crate::units::thousands;

const KINDS: [Kind; 1] = [Kind { name: "may leave", class: "k1" }];

/// Bars by the hour and a table of the same, by the clock of `zone`; then a chart by where people are, where there are
/// several. Nothing where nothing leaves.
pub fn picture(hours: &[Hour], zones: &[ZoneLine], zone: &str) -> Vec<Node> {
    let Some((step, all)) = drawn(hours) else { return Vec::new() };
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return Vec::new() };
    let (first, last) = (first.hour, last.hour);
    let bars: Vec<(i64, Vec<u64>)> = all.iter().map(|one| (one.hour, vec![one.taken])).collect();
    let most = all.iter().map(|one| one.taken).max().unwrap_or(0);
    let per = if step == 1 { "an hour".to_owned() } else { format!("{step} hours") };
    let told = format!("Messages that may leave, a bar for {per}; the table below has the numbers");
    let picture = Hours { told: &told, kinds: &KINDS, range: (first, last), step };
    let rows: Vec<Vec<String>> = all.iter().map(|one| vec![named(one.hour), thousands(one.taken)]).collect();
    let caption = format!("Messages that may leave in {per}, by the clock of {zone}");
    let numbers = Node::new(
        "details",
        &[],
        [Node::with("summary", "The numbers"), table(&caption, &["from", "messages"], &[1], &rows)],
    );
    let height = format!("The highest bar is {} in {per}, by the clock of {zone}.", count(most, "message"));
    [picture.draw(&bars, &height), numbers]
        .into_iter()
        .chain(chart(zones, hours, zone, Told::FORECAST))
        .collect()
}
