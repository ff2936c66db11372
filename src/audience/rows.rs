//! The rows of one block of a file: whole records, already in memory, cut without copying.

use std::ops::Range;

use crate::audience::dialect::{Dialect, Encoding, Numbering};
use crate::audience::oddities::{Oddities, is_blank};
use crate::audience::read::ReadError;
use crate::audience::record::{self, Bounds, End, Stray};

/// Whole records of a file, with where they stand in it.
#[derive(Debug, Default)]
pub struct Block {
    /// The bytes, from the beginning of a record to the end of one.
    pub bytes: Vec<u8>,
    /// The physical line of the first byte, from 1.
    pub line: u64,
    /// The offset of the first byte in the text.
    pub offset: u64,
    /// How the file is written.
    pub dialect: Dialect,
}

impl Block {
    /// The rows.
    ///
    /// # Errors
    /// [`ReadError::Undecodable`] and [`ReadError::Nul`].
    pub fn rows(&self) -> Result<Rows<'_>, ReadError> {
        let place = |at: usize| {
            let before = &self.bytes[..at];
            (self.line + record::line_breaks(before), record::column(before), self.offset + at as u64)
        };
        let text = std::str::from_utf8(&self.bytes).map_err(|error| {
            let (line, column, offset) = place(error.valid_up_to());
            ReadError::Undecodable { line, column, offset, encoding: Encoding::UTF_8 }
        })?;
        if let Some(at) = memchr::memchr(0, &self.bytes) {
            let (line, column, offset) = place(at);
            return Err(ReadError::Nul { line, column, offset });
        }
        Ok(Rows::new(text, self.line, self.dialect))
    }
}

/// An iterator, lending, over the rows of a block.
#[derive(Debug)]
pub struct Rows<'a> {
    text: &'a str,
    dialect: Dialect,
    at: usize,
    line: u64,
    cells: Vec<Bounds>,
    scratch: String,
    odd: Oddities,
}

/// A record that was cut: its bytes in the text, without the line break.
struct Cut {
    line: u64,
    start: usize,
    end: usize,
    /// Whether its cells are in the scratch text.
    quoted: bool,
}

/// One row. It lives until the next one is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    line: u64,
    start: usize,
    end: usize,
    text: &'r str,
    cells: &'r [Bounds],
}

impl<'r> Row<'r> {
    /// The physical line on which it begins, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The bytes it takes in its block, without the line break.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether it has no cells; no row of a file is so.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The text of a cell, quotes taken out; empty beyond the last one.
    pub fn get(&self, column: usize) -> &'r str {
        self.cells.get(column).and_then(|&(from, to)| self.text.get(from..to)).unwrap_or_default()
    }

    /// The cells.
    pub fn iter(&self) -> impl Iterator<Item = &'r str> {
        let row = *self;
        (0..row.len()).map(move |column| row.get(column))
    }
}

impl<'a> Rows<'a> {
    /// The rows of `text`, which begins at a record on physical line `line`.
    pub fn new(text: &'a str, line: u64, dialect: Dialect) -> Self {
        Self {
            text,
            dialect,
            at: 0,
            line,
            cells: Vec::new(),
            scratch: String::new(),
            odd: Oddities::default(),
        }
    }

    /// The next row with something in it, or nothing at the end. Spreadsheets leave rows of delimiters alone under a list.
    ///
    /// # Errors
    /// [`ReadError::UnclosedQuote`] and [`ReadError::StrayQuote`].
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, ReadError> {
        let Cut { line, start, end, quoted } = loop {
            let Some(cut) = self.next_cut()? else { return Ok(None) };
            if !is_blank(self.text_of(&cut), &self.cells) {
                break cut;
            }
            self.odd.empty += 1;
        };
        let text = if quoted { self.scratch.as_str() } else { &self.text[start..end] };
        Ok(Some(Row { line, start, end, text, cells: &self.cells }))
    }

    fn text_of(&self, cut: &Cut) -> &str {
        if cut.quoted { &self.scratch } else { &self.text[cut.start..cut.end] }
    }

    /// What was worth telling so far.
    pub fn oddities(&self) -> Oddities {
        self.odd
    }

    fn next_cut(&mut self) -> Result<Option<Cut>, ReadError> {
        let bytes = self.text.as_bytes();
        let Dialect { delimiter, numbering, .. } = self.dialect;
        let start = record::skip_blank(bytes, self.at);
        self.line += record::line_breaks(&bytes[self.at..start]);
        self.at = start;
        if start == bytes.len() {
            return Ok(None);
        }
        let (end, next, quoted) = match record::find_end(bytes, start, delimiter, true) {
            End::At { end, next, quoted } => (end, next, quoted),
            End::Open { quote } => {
                let before = &bytes[start..quote.unwrap_or(start)];
                let (line, column) = (self.line + record::line_breaks(before), record::column(before));
                return Err(ReadError::UnclosedQuote { line, column });
            }
        };
        let line = self.line;
        self.cells.clear();
        let record = &self.text[start..end];
        if quoted {
            self.scratch.clear();
            record::cut_quoted(record, delimiter, &mut self.cells, &mut self.scratch)
                .map_err(|stray| stray_quote(record, line, stray))?;
            self.line += match numbering {
                Numbering::Lines => record::line_breaks(&bytes[start..next]),
                Numbering::Rows => u64::from(next > end),
            };
            // In a workbook, no quote decides where a cell ends.
            if self.line - line >= 2 && numbering == Numbering::Lines {
                self.odd.look(&self.scratch, &self.cells, delimiter, line);
            }
        } else {
            record::cut_plain(record.as_bytes(), delimiter, &mut self.cells);
            self.line += u64::from(next > end);
        }
        self.at = next;
        Ok(Some(Cut { line, start, end, quoted }))
    }

    /// Where the next row is looked for: its offset in the text, and its physical line.
    pub fn position(&self) -> (usize, u64) {
        (self.at, self.line)
    }
}

fn stray_quote(record: &str, line: u64, stray: Stray) -> ReadError {
    let lines = |to: usize| line + record::line_breaks(&record.as_bytes()[..to]);
    let column = record::column(&record.as_bytes()[..stray.open]);
    ReadError::StrayQuote { line: lines(stray.open), column, closed: lines(stray.close) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Result<Vec<(u64, Vec<String>)>, ReadError> {
        let mut rows = Rows::new(text, 1, Dialect::PLAIN);
        let mut all = Vec::new();
        while let Some(row) = rows.next_row()? {
            all.push((row.line(), row.iter().map(str::to_owned).collect()));
        }
        Ok(all)
    }

    fn lines(text: &str) -> Vec<u64> {
        rows(text).unwrap().into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn physical_lines_count_every_kind_of_break() {
        assert_eq!(lines("a\r\nb\r\n\r\nc"), [1, 2, 4]);
        assert_eq!(lines("a,\"x\n\ny\"\nb\n"), [1, 4]);
        assert_eq!(lines("a,\"x\r\ny\"\r\nb"), [1, 3]);
        assert_eq!(lines("\n\na\rb"), [3, 4]);
    }

    #[test]
    fn an_unclosed_quote_is_refused_with_its_line() {
        let error = rows("a,b\n1,\"2\n3,4\n5,6\n").unwrap_err();
        assert!(matches!(error, ReadError::UnclosedQuote { line: 2, column: 3 }), "{error}");
    }

    #[test]
    fn two_quotes_that_do_not_belong_together_are_refused() {
        let error = rows("1,\"Ann,x\n2,Bob,y\n3,\"Cy\",z\n").unwrap_err();
        assert!(matches!(error, ReadError::StrayQuote { line: 1, column: 3, closed: 3 }), "{error}");
        assert_eq!(rows("1,\"Ann\" B,x\n").unwrap()[0].1, ["1", "Ann B", "x"]);
    }

    #[test]
    fn rows_of_nothing_are_passed_over_and_counted() {
        let text = "a,b\n,\n\n \t,\"\"\n  \n,b\n,\n";
        assert_eq!(lines(text), [1, 6]);
        let mut rows = Rows::new(text, 1, Dialect::PLAIN);
        while rows.next_row().unwrap().is_some() {}
        assert_eq!(rows.oddities().empty, 4);
    }

    fn swallowing(text: &str) -> Option<(u64, usize, u64)> {
        let mut rows = Rows::new(text, 1, Dialect::PLAIN);
        while rows.next_row().unwrap().is_some() {}
        rows.oddities().first.map(|first| (first.line, first.column, first.lines))
    }

    #[test]
    fn a_cell_that_holds_lines_like_rows_is_told() {
        assert_eq!(swallowing("1,a,x\n2,\"Ann\n3,b,x\n4,c,x\n\",y\n5,d,x\n"), Some((2, 1, 4)));
        assert_eq!(swallowing("\"1\n\n2\",\"a\r\n3,b,x\r\n4,c,x\",y\n"), Some((3, 1, 3)));
        for fine in [
            "1,\"Hello, Ann\nsee you, soon\",x\n",
            "1,\"Lake Road 3\nNairobi\nKenya\",x\n",
            "1,\"a\n3,b,x\n4,c\",y\n",
            "\"a\n3\n4\n5\"\n",
        ] {
            assert_eq!(swallowing(fine), None, "{fine}");
        }
    }

    proptest! {
        /// Cells are what the `csv` crate says, for every text we do not refuse.
        #[test]
        fn cells_agree_with_the_csv_crate(text in "[ab,\"\r\n é]{0,60}") {
            let Ok(ours) = rows(&text) else { return Ok(()) };
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            let theirs: Vec<Vec<String>> = reader
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                .filter(|cells: &Vec<String>| cells.iter().any(|cell| !cell.trim().is_empty()))
                .collect();
            let ours: Vec<Vec<String>> = ours.into_iter().map(|(_, cells)| cells).collect();
            prop_assert_eq!(ours, theirs);
        }

        /// Reading on from any row's end gives the rest.
        #[test]
        fn lines_are_where_the_row_begins(text in "[ab,\r\n]{0,60}") {
            for (line, cells) in rows(&text).unwrap() {
                let expected = text.replace("\r\n", "\n").replace('\r', "\n");
                let physical = expected.split('\n').nth(usize::try_from(line).unwrap() - 1).unwrap();
                prop_assert_eq!(physical, cells.join(","));
            }
        }
    }
}
