//! What became of each text of a run: by variant and by language, for whoever compares them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::layout::Table;
use super::status::RunLine;
use crate::units::thousands;

/// A text of a run, with counts as those of the run: all texts together come to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextLine {
    /// Its variant; null where there is one text for all.
    pub variant: Option<String>,
    /// Its language; null where that is not said.
    pub locale: Option<String>,
    /// All messages with this text.
    pub planned: u64,
    /// Not sent yet, or being sent right now.
    pub pending: u64,
    /// Taken by the gateway.
    pub accepted: u64,
    /// Refused by the gateway for good.
    pub rejected: u64,
    /// Nobody can tell.
    pub unknown: u64,
    /// Waiting for their window or zone.
    pub held: u64,
    /// Left out after planning.
    pub suppressed: u64,
    /// Never sent.
    pub expired: u64,
    /// Known to have arrived.
    pub delivered: u64,
    /// Known not to have arrived.
    pub failed: u64,
}

const COLUMNS: [&str; 10] = [
    "planned",
    "accepted",
    "delivered",
    "failed",
    "rejected",
    "unknown",
    "suppressed",
    "expired",
    "held",
    "pending",
];

impl TextLine {
    /// A text with the counts of `line`.
    pub fn new(variant: Option<&str>, locale: Option<&str>, line: &RunLine) -> Self {
        Self {
            variant: variant.map(str::to_owned),
            locale: locale.map(str::to_owned),
            planned: line.planned,
            pending: line.pending,
            accepted: line.accepted,
            rejected: line.rejected,
            unknown: line.unknown,
            held: line.held,
            suppressed: line.suppressed,
            expired: line.expired,
            delivered: line.delivered,
            failed: line.failed,
        }
    }

    /// In the order of [`COLUMNS`].
    fn counts(&self) -> [u64; COLUMNS.len()] {
        [
            self.planned,
            self.accepted,
            self.delivered,
            self.failed,
            self.rejected,
            self.unknown,
            self.suppressed,
            self.expired,
            self.held,
            self.pending,
        ]
    }
}

/// The texts of a run for people: a table by variant, and one by language, each where there are several.
pub fn human(texts: &[TextLine]) -> String {
    let mut out = String::new();
    for (title, rows) in tables(texts) {
        let columns = rows.first().map_or(0, Vec::len);
        let right: Vec<usize> = (1..columns).collect();
        let mut table = Table::new(&right);
        rows.into_iter().for_each(|row| table.cells(row));
        let _ = write!(out, "\n{title}:\n{}", table.show());
    }
    out
}

/// The same tables with their titles: a row of heads, and one for each variant or language.
pub fn tables(texts: &[TextLine]) -> Vec<(&'static str, Vec<Vec<String>>)> {
    let split = |by: fn(&TextLine) -> Option<&str>| {
        let mut groups: BTreeMap<&str, [u64; COLUMNS.len()]> = BTreeMap::new();
        for text in texts {
            let counts = groups.entry(by(text).unwrap_or("–")).or_default();
            counts.iter_mut().zip(text.counts()).for_each(|(sum, n)| *sum = sum.saturating_add(n));
        }
        groups
    };
    let by_variant = split(|text| text.variant.as_deref());
    let by_locale = split(|text| text.locale.as_deref());
    [("By variant", "variant", by_variant), ("By language", "language", by_locale)]
        .into_iter()
        .filter(|(_, _, groups)| groups.len() > 1)
        .map(|(title, word, groups)| (title, table(word, &groups)))
        .collect()
}

/// Columns in which nobody is are left out, but for the first two.
fn table(word: &str, groups: &BTreeMap<&str, [u64; COLUMNS.len()]>) -> Vec<Vec<String>> {
    let shown: Vec<usize> = (0..COLUMNS.len())
        .filter(|at| *at < 2 || groups.values().any(|counts| counts.get(*at).is_some_and(|n| *n > 0)))
        .collect();
    let head = std::iter::once(word).chain(shown.iter().filter_map(|at| COLUMNS.get(*at).copied()));
    let mut rows = vec![head.map(str::to_owned).collect()];
    for (name, counts) in groups {
        let numbers = shown.iter().filter_map(|at| counts.get(*at)).map(|n| thousands(*n));
        rows.push(std::iter::once((*name).to_owned()).chain(numbers).collect());
    }
    rows
}
