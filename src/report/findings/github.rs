//! What `check` found as commands of GitHub Actions, which mark lines of a pull request.

use std::fmt::Write as _;

use super::{Finding, Findings, Place};

impl Findings {
    /// A line a problem, and nothing else: whatever stands in a file stays inside the line that tells of it.
    pub fn github(&self) -> String {
        self.problems.iter().map(Finding::command).collect()
    }
}

impl Finding {
    fn command(&self) -> String {
        let mut out = format!("::{} ", self.severity);
        if let Some(place) = self.place.as_ref().filter(|place| place.is_inside) {
            let _ = write!(out, "{},", place.properties());
        }
        let _ =
            writeln!(out, "title={}::{}", property(&format!("sendplan {}", self.rule)), data(&self.words()));
        out
    }
}

impl Place {
    /// Columns are only understood where they are on one line; the last one is that of the last character.
    fn properties(&self) -> String {
        let mut out = format!("file={},line={}", property(&self.file), self.line);
        let _ = if self.line == self.end_line {
            let last = self.end_column.saturating_sub(1).max(self.column);
            write!(out, ",col={},endLine={},endColumn={last}", self.column, self.end_line)
        } else {
            write!(out, ",endLine={}", self.end_line)
        };
        out
    }
}

/// A message as a command holds it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property as a command holds it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
