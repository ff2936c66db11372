//! Numbers that are none any more, where they would become texts: behind `~` and in what is captured nobody could tell
//! them from a word. Sources that reckon have what they join looked at; the others have no such numbers.

use std::ops::Range;

use super::super::complaints::own;
use super::super::output::no_number;
use super::super::parts::{What, keyword, parts};
use super::{MAX_DEPTH, Token, tokens};
use tera::{Kwargs, State, Tera, Value};

/// Lets through what holds no number that is none.
pub(super) const FINITE: &str = "__finite";

pub(super) fn register(tera: &mut Tera) {
    tera.register_filter(FINITE, |value: &Value, _: Kwargs, _: &State| {
        finite(value)?;
        Ok::<Value, tera::Error>(value.clone())
    });
    tera.register_filter("str", |value: &Value, _: Kwargs, _: &State| {
        finite(value)?;
        Ok::<String, tera::Error>(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    });
}

/// Refuses a number that is none, and what holds one.
pub(in crate::expression) fn finite(value: &Value) -> Result<(), tera::Error> {
    within(value, MAX_DEPTH)
}

fn within(value: &Value, depth: u8) -> Result<(), tera::Error> {
    if let Some(number) = value.as_number() {
        return no_number(number.as_float()).map_or(Ok(()), |why| Err(own(why)));
    }
    if value.as_array().is_none() && value.as_map().is_none() {
        return Ok(());
    }
    let Some(depth) = depth.checked_sub(1) else { return Err(own("lists are nested too deeply")) };
    if let Some(items) = value.as_array() {
        items.iter().try_for_each(|item| within(item, depth))?;
    }
    value.as_map().map_or(Ok(()), |map| map.values().try_for_each(|item| within(item, depth)))
}

/// Whether a stretch of a source may make a number that is none.
pub(super) fn reckons(source: &str, code: &[Range<usize>]) -> bool {
    code.iter().flat_map(|range| tokens(source, range.clone())).any(|(token, place)| match token {
        Token::Sign("*" | "**" | "/" | "//" | "%" | "+" | "-") | Token::Word("round") => true,
        Token::Constant => {
            let number = source.get(place).and_then(|text| text.parse::<f64>().ok());
            number.is_some_and(|number| !number.is_finite())
        }
        _ => false,
    })
}

/// Whether what is written may be set aside, or go through a filter as a text.
pub(super) fn captures(source: &str) -> bool {
    let tag = |inner: Range<usize>| keyword(source.get(inner).unwrap_or_default());
    let mut all = parts(source).into_iter().filter(|part| part.what == What::Tag);
    all.any(|part| matches!(tag(part.inner), "endset" | "endfilter"))
}

type Tokens<'s> = [(Token<'s>, Range<usize>)];

/// What stands on either side of each `~`, in bytes. What a `~` has made is a text, and needs no second look.
pub(super) fn joined(found: &Tokens<'_>) -> Vec<Range<usize>> {
    let mut operands = Vec::new();
    for at in (0..found.len()).filter(|&at| is_sign(found, at, "~")) {
        let start = begin(found, at);
        let has_join = start.checked_sub(1).is_some_and(|before| is_sign(found, before, "~"));
        for tokens in [(!has_join).then_some(start..at), Some(at + 1..end(found, at + 1))] {
            let ends = tokens.and_then(|at| Some((found.get(at.start)?, found.get(at.end.checked_sub(1)?)?)));
            operands.extend(ends.map(|((_, first), (_, last))| first.start..last.end));
        }
    }
    operands
}

fn is_sign(found: &Tokens<'_>, at: usize, sign: &str) -> bool {
    matches!(found.get(at), Some((Token::Sign(one), _)) if *one == sign)
}

/// Whether this binds less than `~` does, or ends what it stands in.
fn parts_operands(found: &Tokens<'_>, at: usize) -> bool {
    match found.get(at).map(|(token, _)| *token) {
        Some(Token::Sign("-")) => follows_value(found, at),
        Some(Token::Sign(sign)) => {
            matches!(sign, "~" | "+" | "," | ":" | "=" | "..." | "==" | "!=" | "<" | ">" | "<=" | ">=")
        }
        Some(Token::Word(word)) => is_between(word) && !is_named(found, at),
        Some(Token::Constant) => false,
        None => true,
    }
}

fn is_between(word: &str) -> bool {
    matches!(word, "and" | "or" | "not" | "in" | "is" | "if" | "elif" | "else" | "for")
}

/// Whether a word is a member or a filter, whatever it says.
fn is_named(found: &Tokens<'_>, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| found.get(before));
    matches!(before, Some((Token::Sign("." | "?." | "|"), _)))
}

/// Whether a value ends before this token: a minus there takes away, and one elsewhere is a sign.
fn follows_value(found: &Tokens<'_>, at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return false };
    match found.get(before).map(|(token, _)| *token) {
        Some(Token::Constant | Token::Sign(")" | "]" | "}")) => true,
        Some(Token::Word(word)) => !is_between(word) || is_named(found, before),
        _ => false,
    }
}

/// The token with which begins what stands before the `~` at `at`.
fn begin(found: &Tokens<'_>, at: usize) -> usize {
    let mut depth = 0_usize;
    for before in (0..at).rev() {
        match found.get(before).map(|(token, _)| *token) {
            Some(Token::Sign(")" | "]" | "}")) => depth += 1,
            Some(Token::Sign("(" | "[" | "{" | "?[")) if depth == 0 => return before + 1,
            Some(Token::Sign("(" | "[" | "{" | "?[")) => depth -= 1,
            _ if depth == 0 && parts_operands(found, before) => return before + 1,
            _ => {}
        }
    }
    0
}

/// The token behind what begins at `from`, behind a `~`: products bind as it does, and end it as well.
fn end(found: &Tokens<'_>, from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, (token, _)) in found.iter().enumerate().skip(from) {
        match token {
            Token::Sign("(" | "[" | "{" | "?[") => depth += 1,
            Token::Sign(")" | "]" | "}") if depth == 0 => return at,
            Token::Sign(")" | "]" | "}") => depth -= 1,
            Token::Sign("*" | "/" | "//" | "%") if depth == 0 => return at,
            _ if depth == 0 && parts_operands(found, at) => return at,
            _ => {}
        }
    }
    found.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_are_found_as_tera_reads_them() {
        let found = |source: &'static str| -> Vec<&str> {
            joined(&tokens(source, 0..source.len())).into_iter().map(|at| &source[at]).collect()
        };
        assert_eq!(found("a ~ b"), ["a", "b"]);
        assert_eq!(
            found("1 + a * -b ~ c.x(d=1, e=2) | f(g='h') ~ 2 ** -3 + 4"),
            ["a * -b", "c.x(d=1, e=2) | f(g='h')", "2 ** -3"]
        );
        assert_eq!(found("x - -a[1:2] ~ b if c ~ d else e"), ["-a[1:2]", "b", "c", "d"]);
        assert_eq!(found("set x = (a ~ b) ~ c"), ["a", "b", "(a ~ b)", "c"]);
        assert_eq!(found("if a.is ~ b == c"), ["a.is", "b"]);
    }
}
