//! Where texts are written to: with an end, and without numbers that are none.

use std::fmt;
use std::io;

/// The longest text one evaluation may produce, in bytes: far beyond ten SMS parts, far below trouble.
pub const MAX_RENDERED_BYTES: usize = 64 * 1024;

/// What is said of a number beyond those that can be written.
pub(super) const TOO_GREAT: &str = "a number is greater than can be written";

/// Bytes, up to a limit.
pub(super) struct Capped<'a> {
    pub bytes: &'a mut Vec<u8>,
    pub limit: usize,
}

impl io::Write for Capped<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + buf.len() > self.limit {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.bytes.extend_from_slice(buf);
        Ok(buf.len())
    }

    /// Tera formats numbers, and writes texts as they are: a cell that says `inf` is not one that became it.
    fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> io::Result<()> {
        let start = self.bytes.len();
        self.bytes.write_fmt(arguments)?;
        if self.bytes.len() > self.limit {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        match self.bytes.get(start..) {
            Some(b"inf" | b"-inf" | b"NaN") => Err(io::Error::from(io::ErrorKind::InvalidData)),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a number that is none seems to stand in a text: as it is written, unless a word goes on behind it, or as filters
/// may have changed it, beside no letter.
pub(super) fn has_no_number(text: &str) -> bool {
    let around = |at: usize, word: &str| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        (before, text.get(at + word.len()..).and_then(|behind| behind.chars().next()))
    };
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let found = |word: &'static str| text.match_indices(word).map(move |(at, word)| around(at, word));
    let as_written = ["inf", "NaN"].into_iter().flat_map(found);
    let changed = ["INF", "Inf", "NAN", "Nan"].into_iter().flat_map(found);
    as_written.into_iter().any(|(_, behind)| !behind.is_some_and(char::is_lowercase))
        || changed.into_iter().any(|(before, behind)| !is_letter(before) && !is_letter(behind))
}
