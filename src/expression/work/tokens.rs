//! What stands inside a tag, token by token, as far as counters have to know it.

use std::ops::Range;

use super::super::parts::quoted;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::expression) enum Token<'s> {
    Word(&'s str),
    /// A text or a number.
    Constant,
    Sign(&'s str),
}

/// The tokens of what stands at `range` of a source that Tera has accepted, each with its place.
pub(in crate::expression) fn tokens(source: &str, range: Range<usize>) -> Vec<(Token<'_>, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = range.start;
    while let Some(rest) = source.get(at..range.end).filter(|rest| !rest.is_empty()) {
        let space = rest.len() - rest.trim_start().len();
        if space > 0 {
            at += space;
            continue;
        }
        let (token, length) = token(rest);
        let length = length.clamp(1, rest.len());
        found.push((token, at..at + length));
        at += length;
    }
    found
}

fn token(rest: &str) -> (Token<'_>, usize) {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    if let Some(length) = quoted(rest.as_bytes()) {
        return (Token::Constant, length);
    }
    match rest.as_bytes() {
        [digit, ..] if digit.is_ascii_digit() => {
            (Token::Constant, rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count())
        }
        [first, ..] if is_word(first) => {
            let length = rest.bytes().take_while(is_word).count();
            (Token::Word(rest.get(..length).unwrap_or(rest)), length)
        }
        _ => {
            let length = match rest.get(..2) {
                _ if rest.starts_with("...") => 3,
                Some("==" | "!=" | "<=" | ">=" | "?." | "?[" | "**" | "//" | "</") => 2,
                _ => 1,
            };
            (Token::Sign(rest.get(..length).unwrap_or(rest)), length)
        }
    }
}
