//! A file in blocks of whole records, read once from front to back with bounded memory.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::audience::read::ReadError;
use crate::audience::record::{self, End, MAX_RECORD_BYTES};
use crate::audience::rows::Block;

/// What a block holds at least, but for the last one.
pub const BLOCK_BYTES: usize = 64 * 1024;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Blocks of a file.
pub struct Blocks<'p, R> {
    input: R,
    progress: Option<&'p AtomicU64>,
    delimiter: u8,
    /// Bytes that were read behind the last whole record.
    rest: Vec<u8>,
    line: u64,
    offset: u64,
    at_end: bool,
}

impl<'p, R: Read> Blocks<'p, R> {
    /// Begins at the first byte. `progress` is told how many bytes were read so far.
    pub fn new(input: R, delimiter: u8, progress: Option<&'p AtomicU64>) -> Self {
        Self { input, progress, delimiter, rest: Vec::new(), line: 1, offset: 0, at_end: false }
    }

    /// Takes the first record and the byte order mark before it; a file of nothing has none.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn header(&mut self) -> Result<Option<(u64, Vec<String>)>, ReadError> {
        let mut wanted = 4 * 1024;
        let next = loop {
            self.fill(wanted)?;
            if self.offset == 0 {
                self.byte_order_mark()?;
            }
            let start = record::skip_blank(&self.rest, 0);
            match record::find_end(&self.rest, start, self.delimiter, self.at_end) {
                End::At { next, .. } if next > start => break next,
                End::At { .. } => return Ok(None),
                End::Open { quote } => self.may_go_on(start, quote)?,
            }
            wanted = self.rest.len() + BLOCK_BYTES;
        };
        let block = Block { bytes: self.rest[..next].to_vec(), line: self.line, offset: self.offset };
        let mut rows = block.rows(self.delimiter)?;
        let header = rows.next_row()?.map(|row| (row.line(), row.iter().map(str::to_owned).collect()));
        self.take(next);
        Ok(header)
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
            if whole > 0 {
                (block.line, block.offset) = (self.line, self.offset);
                block.bytes.clear();
                block.bytes.extend_from_slice(&self.rest[..whole]);
                self.take(whole);
                return Ok(true);
            }
            if self.at_end {
                return Ok(false);
            }
            wanted = self.rest.len() + BLOCK_BYTES;
        }
    }

    /// How many of the bytes at hand are whole records.
    fn whole_records(&self) -> Result<usize, ReadError> {
        let mut whole = 0;
        loop {
            let start = record::skip_blank(&self.rest, whole);
            if start == self.rest.len() {
                // A `\r` at the very end may be half of a line break.
                let half = !self.at_end && self.rest.last() == Some(&b'\r');
                return Ok(if half { whole } else { start });
            }
            match record::find_end(&self.rest, start, self.delimiter, self.at_end) {
                End::At { next, .. } => whole = next,
                End::Open { quote } => {
                    self.may_go_on(start, quote)?;
                    return Ok(whole);
                }
            }
        }
    }

    /// Whether more bytes may end the record that begins at `start`.
    fn may_go_on(&self, start: usize, quote: Option<usize>) -> Result<(), ReadError> {
        if !self.at_end && self.rest.len() - start < MAX_RECORD_BYTES {
            return Ok(());
        }
        let line = |to: usize| self.line + record::line_breaks(&self.rest[..to]);
        Err(match quote {
            Some(quote) => ReadError::UnclosedQuote { line: line(quote) },
            None => ReadError::RowTooLong { line: line(start) },
        })
    }

    fn take(&mut self, count: usize) {
        self.line += record::line_breaks(&self.rest[..count]);
        self.offset += count as u64;
        self.rest.drain(..count);
    }

    fn byte_order_mark(&mut self) -> Result<(), ReadError> {
        // A program that takes the mark for a letter puts another one before it.
        while self.rest.starts_with(BOM) {
            self.take(BOM.len());
        }
        if self.rest.starts_with(&[0xFF, 0xFE]) || self.rest.starts_with(&[0xFE, 0xFF]) {
            return Err(ReadError::Utf16);
        }
        Ok(())
    }

    /// Reads until `wanted` bytes are at hand, or the file ends.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        let mut filled = self.rest.len();
        if filled >= wanted || self.at_end {
            return Ok(());
        }
        self.rest.resize(wanted, 0);
        let result = loop {
            match self.input.read(&mut self.rest[filled..]) {
                Ok(0) if filled < wanted => {
                    self.at_end = true;
                    break Ok(());
                }
                Ok(count) => {
                    filled += count;
                    if let Some(progress) = self.progress {
                        progress.fetch_add(count as u64, Ordering::Relaxed);
                    }
                    if filled == wanted {
                        break Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        self.rest.truncate(filled);
        result
    }
}
