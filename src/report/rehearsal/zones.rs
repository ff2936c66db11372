//! A rehearsal by where people are: hours beside each other for groups of zones whose clocks show the same time.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::{Hour, gap, hours_long, length_of_lines, lines, rfc3339_if, stretches};
use crate::report::hours::named;
use crate::report::layout::{Table, count};

pub mod page;

/// The most columns, the sum not counted.
const MOST_COLUMNS: usize = 12;
/// The widest chart, in characters.
const WIDEST: usize = 100;
/// The most zones of a column that are named.
const NAMED: usize = 2;

/// Those who go by one clock.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ZoneLine {
    /// What people are told for the zones.
    #[serde(rename = "zone")]
    pub name: String,
    /// The zones in which they may be, by their IANA names: what goes out is right in all of them.
    pub zones: Vec<String>,
    /// How far the first of their clocks is ahead of UTC, in seconds.
    #[serde(skip)]
    pub east_s: i32,
    /// How far the last one is.
    #[serde(skip)]
    pub west_s: i32,
    /// All messages of theirs.
    pub planned: u64,
    /// Taken by the gateway.
    pub accepted: u64,
    /// Refused by the gateway for good, or given up.
    pub rejected: u64,
    /// Never sent: too late.
    pub expired: u64,
    /// Nobody can tell.
    pub unknown: u64,
    /// Left out at the last moment.
    pub suppressed: u64,
    /// Not sent, because the rehearsal ended before.
    pub pending: u64,
    /// When the first request left with one of them, by the clock of the first zone; `null` where none did.
    #[serde(serialize_with = "rfc3339_if")]
    pub first_at: Option<DateTime<FixedOffset>>,
    /// When the last one did.
    #[serde(serialize_with = "rfc3339_if")]
    pub last_at: Option<DateTime<FixedOffset>>,
    /// What happened in each hour in which something did, by the clock of the whole report.
    pub hours: Vec<Hour>,
}

/// Those whose clocks show the same time.
#[derive(Debug, Clone)]
struct Column<'z> {
    head: String,
    zones: Vec<&'z ZoneLine>,
}

impl Column<'_> {
    fn planned(&self) -> u64 {
        self.zones.iter().map(|zone| zone.planned).sum()
    }

    fn taken(&self) -> u64 {
        self.zones.iter().flat_map(|zone| &zone.hours).map(|hour| hour.taken).sum()
    }

    /// How many were taken in each stretch.
    fn stretches(&self, step: i64) -> BTreeMap<i64, u64> {
        let mut all = BTreeMap::new();
        for one in self.zones.iter().flat_map(|zone| stretches(&zone.hours, step)) {
            *all.entry(one.hour).or_default() += one.taken;
        }
        all
    }

    fn first(&self) -> Option<DateTime<FixedOffset>> {
        self.zones.iter().filter_map(|zone| zone.first_at).min()
    }

    fn last(&self) -> Option<DateTime<FixedOffset>> {
        self.zones.iter().filter_map(|zone| zone.last_at).max()
    }

    /// From when to when something left, by the clocks there.
    fn when(&self) -> String {
        let at = |at: Option<DateTime<FixedOffset>>| at.map(|at| at.format("%Y-%m-%d %H:%M").to_string());
        match (at(self.first()), at(self.last())) {
            (Some(first), Some(last)) => format!("{first} to {last} there"),
            _ => "nothing left".to_owned(),
        }
    }

    fn names(&self) -> String {
        let mut zones = self.zones.clone();
        zones.sort_by_key(|zone| std::cmp::Reverse(zone.planned));
        let names: Vec<&str> = zones.iter().take(NAMED).map(|zone| &*zone.name).collect();
        match zones.len().saturating_sub(NAMED) {
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }
}

/// Hours beside each other by where people are, and who they are below. Nothing where all clocks show the same time, or
/// nothing happened.
pub(super) fn chart(zones: &[ZoneLine], hours: &[Hour], zone: &str) -> Option<String> {
    let columns = columns(zones);
    if columns.len() < 2 {
        return None;
    }
    let (step, all) = lines(hours)?;
    let mut most = MOST_COLUMNS;
    loop {
        let columns = gather(&columns, most);
        let drawn = draw(&columns, step, &all, zone);
        if most <= 2 || drawn.lines().all(|line| line.chars().count() <= WIDEST) {
            return Some(format!("{drawn}{}\n{}", length_of_lines(step), legend(&columns)));
        }
        most -= 1;
    }
}

fn columns(zones: &[ZoneLine]) -> Vec<Column<'_>> {
    let mut columns: Vec<Column<'_>> = Vec::new();
    for zone in zones {
        let head = head(zone);
        match columns.iter_mut().find(|column| column.head == head) {
            Some(column) => column.zones.push(zone),
            None => columns.push(Column { head, zones: vec![zone] }),
        }
    }
    columns
}

/// `+3`, `+5:30`; `-5/-8` of people who may be in several.
fn head(zone: &ZoneLine) -> String {
    let offset = |seconds: i32| {
        let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
        match minutes % 60 {
            0 => format!("{sign}{}", minutes / 60),
            rest => format!("{sign}{}:{rest:02}", minutes / 60),
        }
    };
    match (offset(zone.east_s), offset(zone.west_s)) {
        (east, west) if east == west => east,
        (east, west) => format!("{east}/{west}"),
    }
}

/// No more columns than so many: those with the fewest people become one, the last.
fn gather<'z>(columns: &[Column<'z>], most: usize) -> Vec<Column<'z>> {
    if columns.len() <= most {
        return columns.to_vec();
    }
    let mut by_size: Vec<usize> = (0..columns.len()).collect();
    by_size.sort_by_key(|at| std::cmp::Reverse(columns.get(*at).map(Column::planned)));
    let kept = by_size.get(..most - 1).unwrap_or_default();
    let mut rest = Column { head: "rest".to_owned(), zones: Vec::new() };
    let mut gathered = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        match kept.contains(&at) {
            true => gathered.push(column.clone()),
            false => rest.zones.extend(&column.zones),
        }
    }
    gathered.push(rest);
    gathered
}

fn draw(columns: &[Column<'_>], step: i64, all: &[super::Stretch], zone: &str) -> String {
    let cells: Vec<BTreeMap<i64, u64>> = columns.iter().map(|column| column.stretches(step)).collect();
    let most = cells.iter().flat_map(BTreeMap::values).copied().max().unwrap_or(0);
    let widths: Vec<usize> = columns.iter().map(|column| column.head.chars().count().max(5)).collect();
    let line = |label: &str, cells: &[String], sum: &str| {
        let mut line = format!("  {label:<16}");
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(line, " {cell:>width$}");
        }
        format!("{}\n", format!("{line} {sum:>5}").trim_end())
    };
    let of = |make: &dyn Fn(&Column<'_>) -> String| columns.iter().map(make).collect::<Vec<_>>();
    // Numbers leave a place for their bars.
    let mut out = line(zone, &of(&|column| format!("{} ", column.head)), "all");
    for (at, one) in all.iter().enumerate() {
        let number = |cell: &BTreeMap<i64, u64>| match cell.get(&one.hour) {
            None | Some(0) => String::new(),
            Some(taken) => format!("{}{}", short(*taken), height(*taken, most)),
        };
        let numbers: Vec<String> = cells.iter().map(number).collect();
        out.push_str(&line(&named(one.hour), &numbers, &short(one.taken)));
        if let Some(two) = all.get(at..at + 2)
            && let silent @ 1.. = gap(two, step)
        {
            let _ = writeln!(out, "  {:<16} {} without any", "…", hours_long(silent));
        }
    }
    let sum = columns.iter().map(Column::taken).sum();
    out.push_str(&line("taken", &of(&|column| format!("{} ", short(column.taken()))), &short(sum)));
    let begins =
        |column: &Column<'_>| column.first().map_or(String::new(), |at| at.format("%H:%M").to_string());
    out.push_str(&line("begins there at", &of(&begins), ""));
    out
}

/// Who is in which column.
fn legend(columns: &[Column<'_>]) -> String {
    let mut table = Table::new(&[2]);
    for column in columns {
        let (names, planned) = (column.names(), count(column.planned(), "message"));
        table.row([&column.head, &names, &planned, &column.when()]);
    }
    table.show()
}

/// Four characters at most: `812`, `8.1k`, `81k`, `8.1M`.
fn short(number: u64) -> String {
    let tenths = |unit: u64, word: char| match number / unit {
        0..=9 => format!("{}.{}{word}", number / unit, number % unit * 10 / unit),
        whole => format!("{whole}{word}"),
    };
    match number {
        0..=999 => number.to_string(),
        1_000..=999_999 => tenths(1_000, 'k'),
        1_000_000..=999_999_999 => tenths(1_000_000, 'M'),
        _ => tenths(1_000_000_000, 'G'),
    }
}

/// A bar of eighths that stands.
fn height(number: u64, most: u64) -> char {
    const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let step = u128::from(number) * 8 / u128::from(most.max(1) + 1);
    usize::try_from(step).ok().and_then(|step| EIGHTHS.get(step).copied()).unwrap_or('█')
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn hour(from: DateTime<FixedOffset>, taken: u64) -> Hour {
        Hour { from, sent: taken, taken, accepted: taken, rejected: 0, unknown: 0 }
    }

    fn zone(name: &str, offset_s: i32, planned: u64, begins: i64) -> ZoneLine {
        let begun: DateTime<FixedOffset> = "2026-12-01T00:00:00+00:00".parse().unwrap();
        let first = begun + TimeDelta::hours(begins);
        let local = first.with_timezone(&FixedOffset::east_opt(offset_s).unwrap());
        let taken = planned / 2;
        let in_an_hour = |at: i64| hour(first + TimeDelta::hours(at), taken);
        ZoneLine {
            name: name.to_owned(),
            zones: vec![name.to_owned()],
            east_s: offset_s,
            west_s: offset_s,
            planned,
            accepted: planned,
            rejected: 0,
            expired: 0,
            unknown: 0,
            suppressed: 0,
            pending: 0,
            first_at: Some(local),
            last_at: Some(local + TimeDelta::minutes(90)),
            hours: vec![in_an_hour(0), in_an_hour(1)],
        }
    }

    fn all(zones: &[ZoneLine]) -> Vec<Hour> {
        let mut hours: BTreeMap<DateTime<FixedOffset>, u64> = BTreeMap::new();
        for hour in zones.iter().flat_map(|zone| &zone.hours) {
            *hours.entry(hour.from).or_default() += hour.taken;
        }
        hours.into_iter().map(|(from, taken)| hour(from, taken)).collect()
    }

    #[test]
    fn the_wave_goes_round_the_earth() {
        let zones = [
            zone("Asia/Tokyo", 32_400, 2_000, 0),
            zone("Asia/Kolkata", 19_800, 160_000, 4),
            zone("Africa/Nairobi", 10_800, 40, 6),
            zone("Africa/Kampala", 10_800, 40, 6),
            ZoneLine { west_s: -28_800, ..zone("America/New_York or one of 3 others", -18_000, 8, 40) },
        ];
        let chart = chart(&zones, &all(&zones), "UTC").unwrap();
        insta::assert_snapshot!(chart);
    }

    #[test]
    fn many_zones_become_twelve_columns_that_fit() {
        let zones: Vec<ZoneLine> = (0..27_i32)
            .map(|at| {
                zone(
                    &format!("Zone/{at}"),
                    (14 - at) * 3600 - 900,
                    u64::from(at.unsigned_abs()) + 3,
                    i64::from(at),
                )
            })
            .collect();
        let chart = chart(&zones, &all(&zones), "UTC").unwrap();
        assert!(chart.lines().all(|line| line.chars().count() <= WIDEST), "{chart}");
        let head = chart.lines().next().unwrap();
        assert!(
            head.split_whitespace().count() <= MOST_COLUMNS + 2 && head.ends_with("rest    all"),
            "{chart}"
        );
    }

    #[test]
    fn clocks_that_show_the_same_time_need_no_chart() {
        let zones = [zone("Africa/Nairobi", 10_800, 40, 6), zone("Africa/Kampala", 10_800, 40, 6)];
        assert_eq!(super::chart(&zones, &all(&zones), "UTC"), None);
        assert_eq!(super::chart(&[], &[], "UTC"), None);
    }

    #[test]
    fn numbers_are_short_and_bars_stand() {
        let shown: Vec<String> =
            [0, 999, 1_000, 9_999, 10_000, 999_999, 1_500_000, 12_000_000_000].map(short).to_vec();
        assert_eq!(shown, ["0", "999", "1.0k", "9.9k", "10k", "999k", "1.5M", "12G"]);
        assert_eq!([1, 50, 100].map(|number| height(number, 100)), ['▁', '▄', '█']);
    }
}
