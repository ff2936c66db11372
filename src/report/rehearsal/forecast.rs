//! When messages may leave, drawn as a rehearsal is: for pages that show a campaign before it goes.

use super::page::drawn;
use super::zones::page::{Told, chart};
use super::{Hour, Stretch, ZoneLine, named};
use crate::report::html::{Bars, Kind, Node, table};
use crate::report::layout::count;
use crate::units::thousands;

/// Fewer bars than this leave room beside them: one alone would be a wall.
const FEWEST_PLACES: u64 = 8;

const KINDS: [Kind; 1] = [Kind { name: "messages", class: "k1" }];

/// Bars by the hour and a table of the same, by the clock of `zone`; then a chart by where people are, where there are
/// several. Nothing where nothing leaves.
pub fn picture(hours: &[Hour], zones: &[ZoneLine], zone: &str) -> Vec<Node> {
    let Some((step, all)) = drawn(hours) else { return Vec::new() };
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return Vec::new() };
    let (first, last) = (first.hour, last.hour);
    let places = (last - first) / step + 1;
    let bar = |one: &Stretch| {
        let place = u64::try_from((one.hour - first) / step).unwrap_or(0);
        (place, format!("{}: {}", named(one.hour), count(one.taken, "message")), vec![one.taken])
    };
    let bars: Vec<(u64, String, Vec<u64>)> = all.iter().map(bar).collect();
    let most = all.iter().map(|one| one.taken).max().unwrap_or(0);
    let per = if step == 1 { "an hour".to_owned() } else { format!("{step} hours") };
    let told = format!("Messages that may leave, a bar for {per}; the table below has the numbers");
    let drawn = u64::try_from(places).unwrap_or(1).max(FEWEST_PLACES);
    // The last of them and the middle, where there are enough to fill the width.
    let is_full = |text: String| if u64::try_from(places) == Ok(drawn) { text } else { String::new() };
    let (middle, end) = (is_full(named(first + places / 2 * step)), is_full(named(last)));
    let bars = Bars {
        told: &told,
        kinds: &KINDS,
        places: drawn,
        bars: &bars,
        under: [&named(first), &middle, &end],
    };
    let rows: Vec<Vec<String>> = all.iter().map(|one| vec![named(one.hour), thousands(one.taken)]).collect();
    let caption = format!("Messages that may leave in {per}, by the clock of {zone}");
    let numbers = Node::new(
        "details",
        &[],
        [Node::with("summary", "The numbers"), table(&caption, &["from", "messages"], &[1], &rows)],
    );
    let height = format!("The highest bar is {} in {per}, by the clock of {zone}.", count(most, "message"));
    [bars.draw(&height), numbers].into_iter().chain(chart(zones, hours, zone, Told::FORECAST)).collect()
}
