//! Comparisons in bare expressions between what is known to be text and numbers, found without running them: a text is
//! never a number, and `"9"` comes after `"100"`.

use std::ops::Range;

use super::work::{Token, tokens};

/// A comparison of a text with what may have been meant as a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The name of the text.
    pub name: String,
    /// The number, without quotes.
    pub number: String,
    /// Whether it is quoted, and so a text itself.
    pub is_quoted: bool,
    /// Whether it asks which is less, not whether they are equal.
    pub is_order: bool,
    /// The three of them as a comparison of numbers.
    pub meant: String,
    /// All of it, in bytes of the source.
    pub span: Range<usize>,
}

/// Something that stands beside a sign of comparison, by itself.
enum Operand<'s> {
    Name(&'s str),
    Number { text: &'s str, is_quoted: bool },
}

const ORDER: [&str; 4] = ["<", ">", "<=", ">="];
const EQUALITY: [&str; 2] = ["==", "!="];

/// The comparisons of a `text` by name with a number, in order. A name that a filter follows is no longer the text.
pub fn compared_with_numbers(source: &str, is_text: impl Fn(&str) -> bool) -> Vec<Comparison> {
    let all = tokens(source, 0..source.len());
    let mut found = Vec::new();
    for (at, (token, _)) in all.iter().enumerate() {
        let Token::Sign(sign) = token else { continue };
        let is_order = ORDER.contains(sign);
        if !is_order && !EQUALITY.contains(sign) {
            continue;
        }
        let (Some((left, start)), Some((right, end))) = (before(source, &all, at), behind(source, &all, at))
        else {
            continue;
        };
        let (name, text, is_quoted, meant) = match (left, right) {
            (Operand::Name(name), Operand::Number { text, is_quoted }) => {
                (name, text, is_quoted, format!("{name} | {} {sign} {text}", made_by(text)))
            }
            (Operand::Number { text, is_quoted }, Operand::Name(name)) => {
                (name, text, is_quoted, format!("{text} {sign} {name} | {}", made_by(text)))
            }
            _ => continue,
        };
        if is_text(name) {
            let (name, number) = (name.to_owned(), text.to_owned());
            found.push(Comparison { name, number, is_quoted, is_order, meant, span: start..end });
        }
    }
    found
}

/// The filter that makes such a number.
fn made_by(number: &str) -> &'static str {
    if number.contains('.') { "float" } else { "int" }
}

type Tokens<'s> = [(Token<'s>, Range<usize>)];

/// What ends before the sign at `at`, with where it begins.
fn before<'s>(source: &'s str, all: &Tokens<'s>, at: usize) -> Option<(Operand<'s>, usize)> {
    let (token, place) = all.get(at.checked_sub(1)?)?;
    let start = match at.checked_sub(2).and_then(|earlier| all.get(earlier)) {
        None => place.start,
        Some((Token::Word("and" | "or" | "not" | "if" | "else") | Token::Sign("(" | "[" | ","), _)) => {
            place.start
        }
        Some((Token::Sign("-"), minus)) if is_number(source, token, place) && at < 3 => minus.start,
        Some(_) => return None,
    };
    Some((operand(source, token, start..place.end, place)?, start))
}

/// What begins behind the sign at `at`, with where it ends.
fn behind<'s>(source: &'s str, all: &Tokens<'s>, at: usize) -> Option<(Operand<'s>, usize)> {
    let (first, first_place) = all.get(at + 1)?;
    let (at, start) = match first {
        Token::Sign("-") => (at + 2, first_place.start),
        _ => (at + 1, first_place.start),
    };
    let (token, place) = all.get(at)?;
    match all.get(at + 1) {
        None | Some((Token::Word("and" | "or" | "if" | "else") | Token::Sign(")" | "]" | ","), _)) => {}
        Some(_) => return None,
    }
    Some((operand(source, token, start..place.end, place)?, place.end))
}

fn is_number(source: &str, token: &Token<'_>, place: &Range<usize>) -> bool {
    *token == Token::Constant
        && source.get(place.clone()).is_some_and(|text| text.starts_with(|c: char| c.is_ascii_digit()))
}

/// `whole` is the token with its minus, `place` without.
fn operand<'s>(
    source: &'s str,
    token: &Token<'s>,
    whole: Range<usize>,
    place: &Range<usize>,
) -> Option<Operand<'s>> {
    let is_negative = whole.start < place.start;
    match token {
        Token::Word(name) if !is_negative => Some(Operand::Name(name)),
        Token::Constant if is_number(source, token, place) => {
            Some(Operand::Number { text: source.get(whole)?, is_quoted: false })
        }
        Token::Constant if !is_negative => {
            let text = source.get(place.start + 1..place.end.checked_sub(1)?)?;
            let is_plain = text.strip_prefix('-').unwrap_or(text);
            let is_number = is_plain.starts_with(|c: char| c.is_ascii_digit())
                && is_plain.chars().all(|c| c.is_ascii_digit() || c == '.')
                && is_plain.parse::<f64>().is_ok();
            is_number.then_some(Operand::Number { text, is_quoted: true })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<(String, bool, bool)> {
        let all = compared_with_numbers(source, |name| ["points", "city"].contains(&name));
        all.into_iter().map(|one| (one.meant, one.is_quoted, one.is_order)).collect()
    }

    #[test]
    fn texts_beside_numbers_are_found_on_either_side() {
        let order = |meant: &str| vec![(meant.to_owned(), false, true)];
        assert_eq!(found("points > 100"), order("points | int > 100"));
        assert_eq!(found("100 <= points"), order("100 <= points | int"));
        assert_eq!(found("points>-1.5"), order("points | float > -1.5"));
        assert_eq!(found("city and (points < 5)"), order("points | int < 5"));
        assert_eq!(found("points == 120"), [("points | int == 120".to_owned(), false, false)]);
        assert_eq!(
            found("not city or points > '100' and points != \"7\""),
            [("points | int > 100".to_owned(), true, true), ("points | int != 7".to_owned(), true, false)]
        );
        let one = &compared_with_numbers("city and points > 100", |_| true)[0];
        assert_eq!(one.span, 9..21);
    }

    #[test]
    fn what_is_no_text_or_no_number_is_left() {
        for source in [
            "points | int > 100",
            "100 < points | int",
            "points | length > 3",
            "points[0] > 3",
            "other > 3",
            "a.points > 3",
            "points > '2026-01-01'",
            "points > 'x' and city == ''",
            "points > 1 + 2",
            "1 + points > 2",
            "'points > 5' == city",
            "points >",
            "> 5",
            "",
        ] {
            assert_eq!(found(source), [], "{source}");
        }
    }
}
