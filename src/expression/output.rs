//! Where texts are written to: with an end, and without numbers that are none.

use std::fmt;
use std::io;

/// The longest text one evaluation may produce, in bytes: far beyond ten SMS parts, far below trouble.
pub const MAX_RENDERED_BYTES: usize = 64 * 1024;

/// What is said of a number beyond those that can be written.
pub(super) const TOO_GREAT: &str = "a number is greater than can be written";

/// What is said of what was reckoned and is nothing, such as the square root of -4.
pub(super) const NO_NUMBER: &str = "what is reckoned here is no number";

/// Why a number cannot be written; nothing for one that can.
pub(super) fn no_number(number: f64) -> Option<&'static str> {
    match (number.is_nan(), number.is_infinite()) {
        (true, _) => Some(NO_NUMBER),
        (_, true) => Some(TOO_GREAT),
        _ => None,
    }
}

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
            Some(b"inf" | b"-inf") => Err(io::Error::from(io::ErrorKind::InvalidData)),
            Some(b"NaN") => Err(io::Error::from(io::ErrorKind::InvalidInput)),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
