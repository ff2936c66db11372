//! Links that end where something is missing.

use super::{Flaw, Kind, add};

pub(super) fn look(text: &str, found: &mut Vec<Flaw>) {
    let from = found.len();
    let mark = "://";
    for at in memchr::memchr_iter(b':', text.as_bytes()) {
        if !text.get(at..).is_some_and(|rest| rest.starts_with(mark)) {
            continue;
        }
        let start = start(text, at);
        let rest = text.get(at + mark.len()..).unwrap_or_default();
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let link = rest.get(..length).unwrap_or_default();
        if start < at && is_broken(link) {
            add(found, from, Kind::Link, start..at + mark.len() + length);
        }
    }
}

/// Where the word begins that stands before `://`.
fn start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    at - before.bytes().rev().take_while(u8::is_ascii_alphabetic).count()
}

/// Whether something is missing behind `://`: the host, a value at the end, a part of the path.
fn is_broken(link: &str) -> bool {
    let link = link.trim_end_matches(['.', ',', '!', ')', '"', '\'', '»', '”']);
    let starts = link.starts_with(|c: char| c.is_alphanumeric() || c == '[');
    let host = link.find(['/', '?', '#']).and_then(|at| link.get(at..)).unwrap_or_default();
    // An address may hold another one, as archives have them.
    let gap =
        host.match_indices("//").any(|(at, _)| !host.get(..at).is_some_and(|before| before.ends_with(':')));
    !starts || link.ends_with(['=', '&']) || gap
}

/// Whether a text ends within a link: what is put behind it becomes a part of that.
pub(super) fn ends_within(text: &str) -> bool {
    let last = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    last.contains("://")
}
