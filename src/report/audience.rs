//! The columns of the recipients' files as they are shown: for people, and as the frozen JSON of `audience --format json`.

use std::fmt::Write as _;

use serde::Serialize;

use super::layout::{Table, count};
use crate::units::thousands;
use crate::unseen::unseen;

/// Characters of a sample that people are shown.
const SHOWN: usize = 28;

/// `audience --format json`, version 1. Whatever looks like an address, a number or an e-mail address is masked, unless it
/// was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AudienceReport {
    /// The version of this form: 1.
    pub version: u32,
    /// The campaign's name, or that of the file.
    pub name: String,
    /// Rows of all files, headers not counted.
    pub rows: u64,
    /// Rows without anything in any cell: they are passed over, and no rows; absent where there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub empty_rows: u64,
    /// Rows with too many or too few cells: they count in no column.
    pub ragged: u64,
    /// The files.
    pub files: Vec<FileLine>,
    /// The columns, in the order of the files.
    pub columns: Vec<ColumnLine>,
    /// What is worth a look; absent where nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Columns that the manifest names and the files have not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileLine {
    /// Its name.
    pub file: String,
    /// How it is written, in words.
    pub written: String,
    /// Its rows.
    pub rows: u64,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnLine {
    /// Its name.
    pub name: String,
    /// What it is in the manifest: `address`, `id`, `timezone` or `locale`, if any of them.
    pub is: Vec<&'static str>,
    /// Cells with something in them.
    pub filled: u64,
    /// Values that differ.
    pub distinct: u64,
    /// Whether that is their number; where it is not, there are more.
    pub distinct_is_exact: bool,
    /// Characters of the longest.
    pub longest: u64,
    /// The first few that differ.
    pub samples: Vec<String>,
}

/// A column that is named and not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The key that names it, below `audience`.
    pub key: &'static str,
    /// Its name.
    pub column: String,
    /// The column that may be meant.
    pub near: Option<String>,
}

impl AudienceReport {
    /// The JSON of machines.
    pub fn json(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }

    /// The text of people.
    pub fn human(&self) -> String {
        let mut out = format!("Recipients of {}: nothing is sent.\n\n", self.name);
        let mut files = Table::new(&[1]);
        for file in &self.files {
            files.row([&file.file, &thousands(file.rows), "rows", &file.written]);
        }
        out.push_str(&files.show());
        if self.empty_rows > 0 {
            let are = if self.empty_rows == 1 { "is" } else { "are" };
            let _ = writeln!(out, "\n{} {are} empty, and passed over.", count(self.empty_rows, "row"));
        }
        if self.ragged > 0 {
            let (rows, have) = (count(self.ragged, "row"), if self.ragged == 1 { "has" } else { "have" });
            let _ = writeln!(
                out,
                "\n{rows} {have} too many or too few cells, and {have} no part in what follows."
            );
        }
        out.push('\n');
        out.push_str(&self.table());
        for one in &self.missing {
            let near = one.near.as_ref().map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
            let _ = write!(out, "\n`audience.{}` names `{}`, which is no column{near}", one.key, one.column);
        }
        if !self.missing.is_empty() {
            out.push('\n');
        }
        for warning in &self.warnings {
            let _ = write!(out, "\nwarning: {warning}");
        }
        if !self.warnings.is_empty() {
            out.push('\n');
        }
        out
    }

    fn table(&self) -> String {
        let mut table = Table::new(&[2, 3, 4, 5]);
        table.row(["column", "", "filled", "", "different", "longest", "for example"]);
        let rows = self.rows - self.ragged;
        for column in &self.columns {
            let different = match column.distinct_is_exact {
                true => thousands(column.distinct),
                false => format!("more than {}", thousands(column.distinct)),
            };
            let samples: Vec<String> = column.samples.iter().map(|sample| plain(sample)).collect();
            table.row([
                &plain(&column.name),
                &column.is.join(", "),
                &thousands(column.filled),
                &share(column.filled, rows),
                &different,
                &thousands(column.longest),
                &samples.join(" | "),
            ]);
        }
        table.show()
    }
}

/// A text on one line, as long as fits: what cannot be seen is a point.
fn plain(text: &str) -> String {
    let mut shown: String =
        text.chars().take(SHOWN).map(|c| if unseen(c).is_some() { '·' } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// A share in whole percent; all and nothing are said only where they are meant.
fn share(part: u64, whole: u64) -> String {
    match (part, whole) {
        (0, _) => "0%".to_owned(),
        (part, whole) if part >= whole => "100%".to_owned(),
        (part, whole) => {
            let percent = u128::from(part) * 100 / u128::from(whole);
            if percent == 0 { "less than 1%".to_owned() } else { format!("{percent}%") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_never_rounded_to_all_or_nothing() {
        let all =
            [(0, 0), (0, 9), (1, 1000), (1, 3), (999, 1000), (5, 5)].map(|(part, whole)| share(part, whole));
        assert_eq!(all, ["0%", "0%", "less than 1%", "33%", "99%", "100%"]);
    }

    #[test]
    fn samples_stay_on_their_line() {
        assert_eq!(plain("a\nb\u{202e}c"), "a·b·c");
        assert_eq!(plain(&"x".repeat(29)), format!("{}…", "x".repeat(28)));
    }
}
