//! Lines that stand under each other: labels left, numbers right, nothing shouting.

use std::fmt::Write as _;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

/// Rows of cells, aligned by column when shown; the columns of numbers to the right.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
    right: Vec<usize>,
}

impl Table {
    /// A table whose columns with these numbers (from 0) hold numbers.
    pub fn new(right: &[usize]) -> Self {
        Self { rows: Vec::new(), right: right.to_vec() }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.rows.push(cells.iter().map(|cell| (*cell).to_owned()).collect());
    }

    /// Adds a row of as many cells as there are.
    pub fn cells(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// As text, each line begun with two spaces.
    pub fn show(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let fill =
                    " ".repeat(widths.get(column).map_or(0, |width| width.saturating_sub(cell.width())));
                let _ = if self.right.contains(&column) {
                    write!(line, "  {fill}{cell}")
                } else {
                    write!(line, "  {cell}{fill}")
                };
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out
    }
}

/// A length of time as people say it: `19 s`, `1 h 7 min`, `3 d 4 h`.
pub fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) if seconds == 0 => format!("{} ms", length.as_millis()),
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// The width of a terminal, in columns.
const WIDTH: usize = 80;

/// Sentences in lines as wide as a terminal, those behind the first of each begun with so many spaces. A word that is wider
/// by itself is left whole.
pub fn wrapped(text: &str, indent: usize) -> String {
    text.split_inclusive('\n').map(|line| wrapped_line(line, indent)).collect()
}

fn wrapped_line(line: &str, indent: usize) -> String {
    let (mut out, mut width) = (String::new(), 0);
    for word in line.split_inclusive(' ') {
        let is_blank = word.trim().is_empty();
        if width > indent && !is_blank && width + word.trim_end().width() > WIDTH {
            out.truncate(out.trim_end().len());
            let _ = write!(out, "\n{:indent$}", "");
            width = indent;
        }
        out.push_str(word);
        width += word.width();
    }
    out
}

/// `1 message`, `2 messages`, `1,204 messages`.
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", crate::units::thousands(number))
}

/// What to type next; nothing where there is nothing.
pub fn next(commands: &[String]) -> String {
    if commands.is_empty() {
        return String::new();
    }
    let lines: String = commands.iter().map(|line| format!("  {line}\n")).collect();
    format!("Next:\n{lines}")
}

/// `2026-01-01T09:00:17Z` as people write it, where the second may matter.
pub fn second(at: &str) -> String {
    at.replace('T', " ").replace('Z', " UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let mut table = Table::new(&[1]);
        table.row(["messages", "931", "sent"]);
        table.row(["left out", "1,069"]);
        assert_eq!(table.show(), "  messages    931  sent\n  left out  1,069\n");
    }

    #[test]
    fn durations_as_people_say_them() {
        let seconds = |n| duration(Duration::from_secs(n));
        assert_eq!(seconds(19), "19 s");
        assert_eq!(seconds(4020), "1 h 7 min");
        assert_eq!(seconds(273_600), "3 d 4 h");
        assert_eq!(duration(Duration::from_millis(7)), "7 ms");
    }
}
