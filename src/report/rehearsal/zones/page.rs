//! The hours by where people are on a page: a table whose cells are the darker the more they hold.

use super::super::{Hour, gap, hours_long, lines};
use super::{Column, ZoneLine, columns, gather};
use crate::report::hours::named;
use crate::report::html::{Node, Shade, scrolling, section, shaded, table};
use crate::units::thousands;

/// The most columns, the sum not counted: the table can be moved.
const MOST_COLUMNS: usize = 24;

/// What is said of messages.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// Of all of them: `Messages that the gateway took`.
    pub messages: &'static str,
    /// Of their sum.
    pub sum: &'static str,
    /// Of when they were written to, or will be.
    pub when: &'static str,
}

impl Told {
    /// What happened.
    pub const TAKEN: Self = Self {
        messages: "Messages that the gateway took",
        sum: "taken",
        when: "Who is where, and when they were written to",
    };
    /// What may.
    pub const FORECAST: Self = Self {
        messages: "Messages that may leave",
        sum: "all",
        when: "Who is where, and when they may be written to",
    };
}

/// See the module. Nothing where all clocks show the same time, or nothing happened.
pub fn chart(zones: &[ZoneLine], hours: &[Hour], zone: &str, words: Told) -> Option<Node> {
    let columns = columns(zones);
    if columns.len() < 2 {
        return None;
    }
    let columns = gather(&columns, MOST_COLUMNS);
    let (step, all) = lines(hours)?;
    let per = if step == 1 { "an hour".to_owned() } else { format!("{step} hours") };
    let caption = format!(
        "{}, a line for {per} of {zone}, a column for people whose clocks show the same time",
        words.messages
    );
    let heads = columns.iter().map(|column| told(&column.head)).chain(["all".to_owned()]);
    let corner = Node::new("th", &[("scope", "col")], [Node::text(zone)]);
    let heads = std::iter::once(corner).chain(heads.map(head));
    let cells: Vec<_> = columns.iter().map(|column| column.stretches(step)).collect();
    let most = cells.iter().flat_map(|cells| cells.values()).copied().max().unwrap_or(0);
    let mut rows = Vec::new();
    for (at, one) in all.iter().enumerate() {
        let of = cells.iter().map(|cells| cells.get(&one.hour).copied().unwrap_or(0));
        let cells = of.map(|taken| shaded(&number(taken), Shade::of(taken, most)));
        let sum = shaded(&thousands(one.taken), Shade::default());
        rows.push(row(&named(one.hour), cells.chain([sum])));
        if let Some(two) = all.get(at..at + 2)
            && let silent @ 1.. = gap(two, step)
        {
            let width = (columns.len() + 1).to_string();
            let text = Node::text(format!("{} without any", hours_long(silent)));
            rows.push(row("…", [Node::new("td", &[("colspan", &width), ("class", "silent")], [text])]));
        }
    }
    let head = Node::new("thead", &[], [Node::new("tr", &[], heads)]);
    let foot = Node::new("tfoot", &[], [sums(&columns, words.sum), begins(&columns)]);
    let body = Node::new("tbody", &[], [rows.into_iter().collect()]);
    let grid = Node::new("table", &[("class", "grid")], [Node::with("caption", &caption), head, body, foot]);
    Some(section("By where people are", [scrolling(&caption, grid), people(&columns, words.when)]))
}

/// An offset as it is read without the others around it: `UTC+5:30`.
fn told(head: &str) -> String {
    if head.starts_with(['+', '-']) { format!("UTC{head}") } else { head.to_owned() }
}

fn head(text: String) -> Node {
    Node::new("th", &[("scope", "col"), ("class", "number")], [Node::text(text)])
}

fn row(name: &str, cells: impl IntoIterator<Item = Node>) -> Node {
    let name = Node::new("th", &[("scope", "row")], [Node::text(name)]);
    Node::new("tr", &[], std::iter::once(name).chain(cells))
}

/// Nothing is no number: what is there is seen at once.
fn number(number: u64) -> String {
    if number == 0 { String::new() } else { thousands(number) }
}

fn sums(columns: &[Column<'_>], name: &str) -> Node {
    let all: u64 = columns.iter().map(Column::taken).sum();
    let sums = columns.iter().map(Column::taken).chain([all]);
    row(name, sums.map(|sum| shaded(&thousands(sum), Shade::default())))
}

fn begins(columns: &[Column<'_>]) -> Node {
    let at = |column: &Column<'_>| column.first().map_or(String::new(), |at| at.format("%H:%M").to_string());
    let times = columns.iter().map(at).chain([String::new()]);
    row("begins there at", times.map(|time| shaded(&time, Shade::default())))
}

/// Who is in which column.
fn people(columns: &[Column<'_>], caption: &str) -> Node {
    let rows: Vec<Vec<String>> = columns
        .iter()
        .map(|column| vec![told(&column.head), column.names(), thousands(column.planned()), column.when()])
        .collect();
    table(caption, &["clock", "zones", "messages", "by it"], &[2], &rows)
}
