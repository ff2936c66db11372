//! Where texts are written to, with an end.

use std::io;

/// The longest text one evaluation may produce, in bytes: far beyond ten SMS parts, far below trouble.
pub const MAX_RENDERED_BYTES: usize = 64 * 1024;

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

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
