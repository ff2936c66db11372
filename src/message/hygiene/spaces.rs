//! Spaces that an empty cell leaves behind.

use super::{Flaw, Kind, add};

pub(super) fn look(text: &str, has_gaps: bool, found: &mut Vec<Flaw>) {
    let from = found.len();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(start) = bytes.get(at..).and_then(|rest| memchr::memchr(b' ', rest)).map(|next| at + next)
    {
        let length = bytes.get(start..).unwrap_or_default().iter().take_while(|byte| **byte == b' ').count();
        let end = start + length;
        let before = start.checked_sub(1).and_then(|before| bytes.get(before));
        if is_flaw(before, length, bytes.get(end..).unwrap_or_default(), has_gaps) {
            add(found, from, Kind::Spaces, start..end);
        }
        at = end;
    }
}

/// Whether so many spaces stand wrong between what is before and behind them. Those at the end of a line are not seen,
/// those at the beginning of one but the first are meant.
fn is_flaw(before: Option<&u8>, length: usize, behind: &[u8], has_gaps: bool) -> bool {
    let ends = |rest: &[u8]| rest.first().is_none_or(u8::is_ascii_whitespace);
    match (before, behind) {
        (_, []) | (_, [b'\n' | b'\r', ..]) | (Some(b'\n' | b'\r'), _) => false,
        (None, _) => true,
        (_, [b',' | b'.', rest @ ..]) if ends(rest) => true,
        (_, [b'!' | b'?' | b':' | b';', rest @ ..]) if has_gaps && ends(rest) => true,
        _ => length > 1,
    }
}
