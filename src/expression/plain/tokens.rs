//! Sources into the tokens that plain things are made of, as Tera cuts them.

/// A token, with what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'s> {
    Word(&'s str),
    Text(&'s str),
    Int(i64),
    Sign(&'static str),
}

/// The longer ones first: what is the beginning of another one stands behind it.
const SIGNS: [&str; 21] = [
    "==", "!=", "<=", ">=", "?.", "?[", "}}", "%}", "<", ">", ".", ",", "[", "]", "(", ")", "{", "}", ":",
    "|", "=",
];

/// The tokens of a source up to the end of its tag, and the bytes behind that; nothing where something else stands
/// there. Without a `closing` sign, the tag goes on to the end of the source.
pub(super) fn tokens<'s>(source: &'s str, closing: Option<&str>) -> Option<(Vec<Token<'s>>, &'s str)> {
    let mut found = Vec::new();
    let mut rest = skip_space(source);
    while !rest.is_empty() {
        let (token, length) = token(rest)?;
        rest = rest.get(length..)?;
        if let Token::Sign(sign @ ("}}" | "%}")) = token {
            return (Some(sign) == closing).then_some((found, rest));
        }
        found.push(token);
        rest = skip_space(rest);
    }
    closing.is_none().then_some((found, rest))
}

fn skip_space(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_ascii_whitespace())
}

/// The first token and its length in bytes.
fn token(rest: &str) -> Option<(Token<'_>, usize)> {
    let first = rest.chars().next()?;
    let length_of = |part: fn(&u8) -> bool| rest.bytes().take_while(part).count();
    Some(match first {
        '\'' | '"' | '`' => {
            let (text, _) = rest.get(1..)?.split_once(first)?;
            // Escapes are Tera's business.
            if text.contains('\\') {
                return None;
            }
            (Token::Text(text), text.len() + 2)
        }
        '0'..='9' => {
            let length = length_of(u8::is_ascii_digit);
            (Token::Int(rest.get(..length)?.parse().ok()?), length)
        }
        'a'..='z' | 'A'..='Z' | '_' => {
            let length = length_of(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            (Token::Word(rest.get(..length)?), length)
        }
        _ => {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
            (Token::Sign(sign), sign.len())
        }
    })
}
