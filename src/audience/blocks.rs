//! A file in blocks of whole records, read once from front to back with bounded memory.

use std::io::Read;

use crate::audience::decode::{Decoded, Fault};
use crate::audience::detect;
use crate::audience::dialect::{Dialect, Numbering};
use crate::audience::oddities::hides_somebody;
use crate::audience::read::ReadError;
use crate::audience::record::{self, End, MAX_RECORD_BYTES};
use crate::audience::rows::Block;

/// What a block holds at least, but for the last one.
pub const BLOCK_BYTES: usize = 64 * 1024;

/// Blocks of a file.
pub struct Blocks<R> {
    input: Decoded<R>,
    dialect: Dialect,
    /// Text that was read behind the last whole record.
    rest: Vec<u8>,
    line: u64,
    offset: u64,
    at_end: bool,
}

/// Whole records at the front of what is at hand.
struct Whole {
    bytes: usize,
    /// Their lines, where those are not the line breaks among the bytes.
    rows: u64,
}

/// The first record of what is at hand.
enum First {
    /// The file has ended.
    None,
    /// Nothing stands in its cells.
    Blank,
    /// What stands in them.
    Names(Names),
}

/// The first record of a file in which anything stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Its physical line, from 1.
    pub line: u64,
    /// Its cells.
    pub cells: Vec<String>,
    /// As it stands there, and where that is: the line, and the character in it.
    record: String,
    begins: (u64, u64),
    delimiter: u8,
}

impl Names {
    /// The physical line and the character in it at which a cell begins, both from 1; of the record, where its quotes
    /// leave that open. `cell` counts from 0.
    pub fn place(&self, cell: usize) -> (u64, u64) {
        let starts = record::starts(&self.record, self.delimiter);
        let before = starts.get(cell).and_then(|start| self.record.get(..*start)).unwrap_or_default();
        let (line, column) = self.begins;
        match record::line_breaks(before.as_bytes()) {
            0 => (line, column + before.chars().count() as u64),
            breaks => (line + breaks, record::column(before.as_bytes())),
        }
    }
}

impl<R: Read> Blocks<R> {
    /// Begins at the first byte.
    pub fn new(input: R, dialect: Dialect) -> Self {
        let input = Decoded::new(input, dialect.encoding);
        Self { input, dialect, rest: Vec::new(), line: 1, offset: 0, at_end: false }
    }

    /// How the file is written.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The line that comes next; at the end, at least the number of the last one.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Takes the first record, and before it the byte order mark and Excel's word about separators (`sep=;`); a file of
    /// nothing has none.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn header(&mut self) -> Result<Option<Names>, ReadError> {
        loop {
            match self.first_record()? {
                // Rows without anything in them may stand before it, as everywhere.
                First::Blank => {}
                First::Names(names) => return Ok(Some(names)),
                First::None => return Ok(None),
            }
        }
    }

    fn first_record(&mut self) -> Result<First, ReadError> {
        let mut wanted = 4 * 1024;
        let (start, end, next) = loop {
            self.fill(wanted)?;
            if self.offset == 0 {
                self.preface();
            }
            let start = record::skip_blank(&self.rest, 0);
            match record::find_end(&self.rest, start, self.dialect.delimiter, self.at_end) {
                End::At { end, next, .. } if next > start => break (start, end, next),
                End::At { .. } => return Ok(First::None),
                End::Open { quote } => self.may_go_on(start, quote)?,
            }
            wanted = self.rest.len() + BLOCK_BYTES;
        };
        let (line, offset) = (self.line, self.offset);
        let block = Block { bytes: self.rest[..next].to_vec(), line, offset, dialect: self.dialect };
        let mut rows = block.rows()?;
        let found = rows.next_row()?.map_or(First::Blank, |row| {
            let cells = row.iter().map(str::to_owned).collect();
            let before = &self.rest[..start];
            First::Names(Names {
                line: row.line(),
                cells,
                record: String::from_utf8_lossy(&self.rest[start..end]).into_owned(),
                begins: (self.line + record::line_breaks(before), record::column(before)),
                delimiter: self.dialect.delimiter,
            })
        });
        if let First::Names(names) = &found {
            let Names { line, cells, .. } = names;
            let hides = |cell: &String| hides_somebody(cell, self.dialect.delimiter);
            let like_rows = rows.oddities().first.map(|first| first.column);
            if let Some(column) = cells.iter().position(hides).or(like_rows) {
                let at = names.place(column);
                return Err(ReadError::SwallowingHeader { line: *line, column: column + 1, at });
            }
        }
        let (_, after) = rows.position();
        self.take(&Whole { bytes: next, rows: after - self.line });
        Ok(found)
    }

    /// Fills `block` with the next whole records; false at the end of the file.
    ///
    /// # Errors
    /// [`ReadError`]; nothing can be read after it.
    pub fn next_block(&mut self, block: &mut Block) -> Result<bool, ReadError> {
        let mut wanted = BLOCK_BYTES;
        loop {
            self.fill(wanted)?;
            let whole = self.whole_records()?;
            if whole.bytes > 0 {
                (block.line, block.offset, block.dialect) = (self.line, self.offset, self.dialect);
                block.bytes.clear();
                block.bytes.extend_from_slice(&self.rest[..whole.bytes]);
                self.take(&whole);
                return Ok(true);
            }
            if self.at_end {
                return Ok(false);
            }
            wanted = self.rest.len() + BLOCK_BYTES;
        }
    }

    /// How many of the bytes at hand are whole records.
    fn whole_records(&self) -> Result<Whole, ReadError> {
        let mut whole = Whole { bytes: 0, rows: 0 };
        loop {
            let start = record::skip_blank(&self.rest, whole.bytes);
            if start == self.rest.len() {
                // A `\r` at the very end may be half of a line break.
                let half = !self.at_end && self.rest.last() == Some(&b'\r');
                if !half {
                    whole.rows += self.blank(whole.bytes, start);
                    whole.bytes = start;
                }
                return Ok(whole);
            }
            match record::find_end(&self.rest, start, self.dialect.delimiter, self.at_end) {
                End::At { end, next, .. } => {
                    whole.rows += self.blank(whole.bytes, start) + u64::from(next > end);
                    whole.bytes = next;
                }
                End::Open { quote } => {
                    self.may_go_on(start, quote)?;
                    return Ok(whole);
                }
            }
        }
    }

    /// The empty rows of a sheet among line breaks.
    fn blank(&self, from: usize, to: usize) -> u64 {
        match self.dialect.numbering {
            Numbering::Lines => 0,
            Numbering::Rows => record::line_breaks(&self.rest[from..to]),
        }
    }

    /// Whether more bytes may end the record that begins at `start`.
    fn may_go_on(&self, start: usize, quote: Option<usize>) -> Result<(), ReadError> {
        if !self.at_end && self.rest.len() - start < MAX_RECORD_BYTES {
            return Ok(());
        }
        let line = |to: usize| self.line + record::line_breaks(&self.rest[..to]);
        Err(match quote {
            Some(quote) => {
                let column = record::column(&self.rest[..quote]);
                ReadError::UnclosedQuote { line: line(quote), column }
            }
            None => ReadError::RowTooLong { line: line(start) },
        })
    }

    fn take(&mut self, whole: &Whole) {
        self.line += match self.dialect.numbering {
            Numbering::Lines => record::line_breaks(&self.rest[..whole.bytes]),
            Numbering::Rows => whole.rows,
        };
        self.offset += whole.bytes as u64;
        self.rest.drain(..whole.bytes);
    }

    /// Takes what stands before the header and is no part of it.
    fn preface(&mut self) {
        // A program that takes the mark for a letter puts another one before it.
        while detect::is_marked(&self.rest) {
            self.take(&Whole { bytes: detect::MARK_BYTES, rows: 0 });
        }
        let end = record::find_end(&self.rest, 0, self.dialect.delimiter, self.at_end);
        let End::At { end, next, .. } = end else { return };
        let line = self.rest.get(..end).and_then(|line| std::str::from_utf8(line).ok());
        if self.dialect.numbering == Numbering::Lines
            && line.is_some_and(|line| detect::separator_line(line).is_some())
        {
            self.take(&Whole { bytes: next, rows: 1 });
        }
    }

    /// Reads until `wanted` bytes of text are at hand, or the file ends.
    fn fill(&mut self, wanted: usize) -> Result<(), ReadError> {
        if self.at_end {
            return Ok(());
        }
        match self.input.fill(&mut self.rest, wanted) {
            Ok(at_end) => {
                self.at_end = at_end;
                Ok(())
            }
            Err(Fault::Io(error)) => Err(error.into()),
            Err(Fault::Undecodable { offset }) => Err(ReadError::Undecodable {
                line: self.line + record::line_breaks(&self.rest),
                column: record::column(&self.rest),
                offset,
                encoding: self.dialect.encoding,
            }),
        }
    }
}
