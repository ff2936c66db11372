//! Places for values into which nothing was put: our own tags, and those of other programs.

use memchr::{memchr2_iter, memchr3_iter};

use super::{Flaw, Kind, add};

/// A name of a value has so many bytes at most.
const MOST: usize = 40;

pub(super) fn look(text: &str, found: &mut Vec<Flaw>) {
    let from = found.len();
    let bytes = text.as_bytes();
    for at in memchr3_iter(b'{', b'}', b'%', bytes) {
        let kind = match bytes.get(at..at + 2) {
            Some(b"{{" | b"{%") => Kind::Braces,
            // What is only closed may be the end of something else, such as JSON.
            Some(b"}}" | b"%}") => Kind::Placeholder,
            _ => continue,
        };
        // The three of `}}}` are one.
        if !found.iter().skip(from).any(|flaw| flaw.span.contains(&at)) {
            add(found, from, kind, at..braced(text, at));
        }
    }
    for at in memchr3_iter(b'{', b'[', b'%', bytes).chain(memchr2_iter(b'<', b'<', bytes)) {
        let is_known = found.iter().skip(from).any(|flaw| flaw.span.contains(&at));
        if let Some(end) = place(bytes, at).filter(|_| !is_known) {
            let start = if at > 0 && bytes.get(at - 1) == Some(&b'$') { at - 1 } else { at };
            add(found, from, Kind::Placeholder, start..end);
        }
    }
}

/// The end of a tag that begins here: behind what closes it, where that is near, else behind its two characters.
fn braced(text: &str, at: usize) -> usize {
    let rest = text.get(at + 2..).unwrap_or_default();
    let closing = match text.get(at..at + 2) {
        Some("{{") => "}}",
        Some("{%") => "%}",
        _ => return at + 2,
    };
    rest.find(closing).filter(|length| *length <= MOST).map_or(at + 2, |length| at + 2 + length + 2)
}

/// The end of a placeholder that begins here.
fn place(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let (opening, closing): (&[u8], &[u8]) = match rest {
        [b'[', b'[', ..] => (b"[[", b"]]"),
        [b'[', ..] => (b"[", b"]"),
        [b'{', ..] => (b"{", b"}"),
        [b'<', ..] => (b"<", b">"),
        // What stands behind a digit is a percentage.
        [b'%', ..] if at == 0 || !bytes.get(at - 1).is_some_and(u8::is_ascii_digit) => (b"%", b"%"),
        _ => return None,
    };
    let inner = rest.get(opening.len()..)?;
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let length = inner.iter().take(MOST).take_while(is_name).count();
    let name = inner.get(..length)?;
    let is_value = match opening {
        // People write `[STOP]` and `<3`.
        b"[" => name.contains(&b'_'),
        b"{" => length > 0,
        _ => length > 1 && name.first().is_some_and(u8::is_ascii_alphabetic),
    };
    (is_value && inner.get(length..)?.starts_with(closing))
        .then(|| at + opening.len() + length + closing.len())
}
