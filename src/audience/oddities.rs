//! What stands among the rows of a file and is worth telling: rows without anything in them, which are passed over, and
//! cells in quotes that seem to have swallowed rows.

use crate::audience::masked::is_contact;
use crate::audience::record::{self, Bounds};

/// Lines like rows that a cell has at least before it is told of.
const MOST_LINES_LIKE_ROWS: usize = 2;

/// What was found, summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Oddities {
    /// Rows whose cells are all empty.
    pub empty: u64,
    /// Cells that hold lines like rows.
    pub swallowing: u64,
    /// The first of them.
    pub first: Option<Swallowing>,
}

/// A cell that holds lines like rows: a quote that opens it may have lost its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swallowing {
    /// The physical line on which it begins, from 1; numbered through where there are several files.
    pub line: u64,
    /// The column, from 0.
    pub column: usize,
    /// Lines that it runs over.
    pub lines: u64,
}

impl Oddities {
    /// Adds what was found behind it, in lines that begin behind `base`.
    pub fn add(&mut self, more: &Self, base: u64) {
        self.empty += more.empty;
        self.swallowing += more.swallowing;
        let shifted = more.first.map(|first| Swallowing { line: first.line + base, ..first });
        self.first = self.first.or(shifted);
    }

    /// Looks at the cells of a record over several lines, which begins on `line`. Lines are like rows where they have as
    /// many delimiters as the record itself.
    pub(super) fn look(&mut self, text: &str, cells: &[Bounds], delimiter: u8, line: u64) {
        let Some(delimiters) = cells.len().checked_sub(1).filter(|count| *count > 0) else { return };
        for (column, &(from, to)) in cells.iter().enumerate() {
            let cell = text.get(from..to).unwrap_or_default().as_bytes();
            let behind = cell.split(|byte| matches!(byte, b'\n' | b'\r')).skip(1);
            let like_rows = behind.filter(|line| memchr::memchr_iter(delimiter, line).count() == delimiters);
            if like_rows.take(MOST_LINES_LIKE_ROWS).count() == MOST_LINES_LIKE_ROWS {
                let before = record::line_breaks(text.as_bytes().get(..from).unwrap_or_default());
                let lines = record::line_breaks(cell) + 1;
                self.swallowing += 1;
                self.first.get_or_insert(Swallowing { line: line + before, column, lines });
            }
        }
    }
}

/// Whether somebody's number or e-mail address stands, as a cell of its own would, on a line of the cell behind its first.
pub(super) fn hides_somebody(cell: &str, delimiter: u8) -> bool {
    if memchr::memchr2(b'\n', b'\r', cell.as_bytes()).is_none() {
        return false;
    }
    let behind = cell.split(['\n', '\r']).skip(1);
    behind.flat_map(|line| line.split(char::from(delimiter))).any(|piece| is_contact(piece.trim_matches('"')))
}

/// Whether nothing stands in any of the cells but white space.
pub(super) fn is_blank(text: &str, cells: &[Bounds]) -> bool {
    cells.iter().all(|&(from, to)| text.get(from..to).is_none_or(|cell| cell.trim().is_empty()))
}
