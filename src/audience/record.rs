//! Where a CSV record ends and what its cells are, over bytes in memory: RFC 4180 as the `csv` crate reads
//! it (a test holds the two together), plus what that crate does not tell: the physical line of
//! everything, and quotes that are never closed.

use memchr::{memchr, memchr_iter, memchr2_iter, memchr3, memrchr2};

/// The longest record, in bytes. A quote that is never closed is found after so many at the latest.
pub const MAX_RECORD_BYTES: usize = 1 << 20;

/// The end of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The record's bytes end at `end`, the next record begins at `next`.
    At { end: usize, next: usize, quoted: bool },
    /// The bytes end inside the record; with the place of the quote that is open, if one is.
    Open { quote: Option<usize> },
}

/// Skips the line breaks at `from`: empty lines are no records.
pub(super) fn skip_blank(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

/// Finds the end of the record that begins at `start`; `last` says that nothing follows `bytes`.
pub(super) fn find_end(bytes: &[u8], start: usize, delimiter: u8, last: bool) -> End {
    let mut quoted = false;
    let mut at = start;
    loop {
        let Some(found) = memchr3(b'\n', b'\r', b'"', &bytes[at..]).map(|found| at + found) else {
            let end = bytes.len();
            return if last { End::At { end, next: end, quoted } } else { End::Open { quote: None } };
        };
        match bytes[found] {
            b'\n' => return End::At { end: found, next: found + 1, quoted },
            b'\r' => {
                return match bytes.get(found + 1) {
                    Some(b'\n') => End::At { end: found, next: found + 2, quoted },
                    None if !last => End::Open { quote: None },
                    _ => End::At { end: found, next: found + 1, quoted },
                };
            }
            _ if found > start && bytes[found - 1] != delimiter => at = found + 1,
            _ => {
                quoted = true;
                match closing(bytes, found + 1, last) {
                    Some(close) => at = close + 1,
                    None => return End::Open { quote: Some(found) },
                }
            }
        }
    }
}

/// The quote that closes a cell whose text begins at `from`. A doubled quote stands for itself.
fn closing(bytes: &[u8], from: usize, last: bool) -> Option<usize> {
    let mut at = from;
    loop {
        let quote = at + memchr(b'"', &bytes[at..])?;
        match bytes.get(quote + 1) {
            Some(b'"') => at = quote + 2,
            None if !last => return None,
            _ => return Some(quote),
        }
    }
}

/// A cell: bytes of the record itself, or of the scratch text when quotes had to be taken out.
pub(super) type Bounds = (usize, usize);

/// Cuts a record without quotes: the cells are bytes of the record.
pub(super) fn cut_plain(record: &[u8], delimiter: u8, cells: &mut Vec<Bounds>) {
    let mut start = 0;
    for comma in memchr_iter(delimiter, record) {
        cells.push((start, comma));
        start = comma + 1;
    }
    cells.push((start, record.len()));
}

/// A quote that closes in the middle of a cell of several lines: byte offsets in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stray {
    pub(super) open: usize,
    pub(super) close: usize,
}

/// Cuts a record with quotes; the cells go to `scratch`, without their quotes.
pub(super) fn cut_quoted(
    record: &str,
    delimiter: u8,
    cells: &mut Vec<Bounds>,
    scratch: &mut String,
) -> Result<(), Stray> {
    let bytes = record.as_bytes();
    let mut at = 0;
    loop {
        let start = scratch.len();
        if bytes.get(at) == Some(&b'"') {
            at = unquote(record, at, delimiter, scratch)?;
        }
        let end = memchr(delimiter, &bytes[at..]).map_or(bytes.len(), |comma| at + comma);
        scratch.push_str(&record[at..end]);
        cells.push((start, scratch.len()));
        if end == bytes.len() {
            return Ok(());
        }
        at = end + 1;
    }
}

/// Where each cell of a record begins, as far as its quotes can be told apart.
pub(super) fn starts(record: &str, delimiter: u8) -> Vec<usize> {
    let bytes = record.as_bytes();
    let (mut starts, mut at, mut scratch) = (Vec::new(), 0, String::new());
    loop {
        starts.push(at);
        if bytes.get(at) == Some(&b'"') {
            let Ok(behind) = unquote(record, at, delimiter, &mut scratch) else { return starts };
            at = behind;
        }
        match memchr(delimiter, &bytes[at..]) {
            Some(comma) => at += comma + 1,
            None => return starts,
        }
    }
}

/// Copies the quoted text that opens at `open`; answers where the rest of the cell begins.
fn unquote(record: &str, open: usize, delimiter: u8, scratch: &mut String) -> Result<usize, Stray> {
    let bytes = record.as_bytes();
    let mut at = open + 1;
    while let Some(quote) = memchr(b'"', &bytes[at..]).map(|found| at + found) {
        scratch.push_str(&record[at..quote]);
        at = quote + 1;
        match bytes.get(at) {
            Some(b'"') => {
                scratch.push('"');
                at += 1;
            }
            Some(&next) if next != delimiter && line_breaks(&bytes[open..quote]) > 0 => {
                return Err(Stray { open, close: quote });
            }
            _ => return Ok(at),
        }
    }
    scratch.push_str(&record[at..]);
    Ok(bytes.len())
}

/// How many lines end in `bytes`: at `\n`, `\r\n` and a `\r` of its own.
pub(super) fn line_breaks(bytes: &[u8]) -> u64 {
    let ends = |&at: &usize| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n');
    memchr2_iter(b'\n', b'\r', bytes).filter(ends).map(|_| 1).sum()
}

/// The character of a line that follows `before`, from 1: those behind its last line break count.
pub(super) fn column(before: &[u8]) -> u64 {
    let line = memrchr2(b'\n', b'\r', before).map_or(before, |at| &before[at + 1..]);
    String::from_utf8_lossy(line).chars().count() as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_begins_where_it_is_cut() {
        for (record, expected) in [
            ("a,b,,c", vec![0, 2, 4, 5]),
            ("\"a,\"\"b\",c,\"d\"", vec![0, 8, 10]),
            ("\"a\"b,c", vec![0, 5]),
            ("", vec![0]),
            (",", vec![0, 1]),
        ] {
            let (mut cells, mut scratch) = (Vec::new(), String::new());
            cut_quoted(record, b',', &mut cells, &mut scratch).unwrap();
            assert_eq!(starts(record, b','), expected, "{record}");
            assert_eq!(cells.len(), expected.len(), "{record}");
        }
        assert_eq!(starts("a,\"b\n\"c,d", b','), [0, 2], "two quotes that do not belong together end it");
    }

    #[test]
    fn a_line_break_inside_quotes_does_not_end_the_record() {
        let bytes = b"a,\"b\nc\",d\nnext";
        assert_eq!(find_end(bytes, 0, b',', false), End::At { end: 9, next: 10, quoted: true });
        assert_eq!(find_end(bytes, 10, b',', false), End::Open { quote: None });
        assert_eq!(find_end(bytes, 10, b',', true), End::At { end: 14, next: 14, quoted: false });
    }

    #[test]
    fn what_the_next_bytes_decide_is_left_open() {
        assert_eq!(find_end(b"a\r", 0, b',', false), End::Open { quote: None });
        assert_eq!(find_end(b"\"a\"", 0, b',', false), End::Open { quote: Some(0) });
        assert_eq!(find_end(b"\"a\"", 0, b',', true), End::At { end: 3, next: 3, quoted: true });
        assert_eq!(find_end(b"x,\"a", 0, b',', true), End::Open { quote: Some(2) });
    }

    #[test]
    fn lines_are_counted_as_editors_do() {
        assert_eq!(line_breaks(b"a\nb\r\nc\rd"), 3);
        assert_eq!(line_breaks(b"\r\r\n\n"), 3);
        assert_eq!(line_breaks(b""), 0);
    }
}
