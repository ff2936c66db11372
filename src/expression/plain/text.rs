//! Texts of nothing but plain expressions and what stands around them: JSON, forms, paths and headers are such.

use tera::Context;

use super::parse::Parser;
use super::tokens::{Token, tokens};
use super::{Expr, Scope};
use crate::expression::filters;

/// A text in pieces.
#[derive(Debug, Clone)]
pub(in crate::expression) struct Template(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Value(Expr, Filter),
    /// `{% if … %}` up to its `{% endif %}`.
    When(Expr, Vec<Piece>),
}

/// What a value goes through on its way into a text.
#[derive(Debug, Clone)]
enum Filter {
    None,
    Json,
    Segment,
    Path,
    /// With the name of the pair.
    Pair(String),
}

impl Template {
    /// The pieces of a source that Tera has accepted, if it is plain.
    pub fn parse(source: &str) -> Option<Self> {
        let (pieces, rest) = pieces(source, false)?;
        rest.is_empty().then_some(Self(pieces))
    }

    /// Appends the text to `out`; nothing where Tera would fail, or do what is not done here. `out` then holds
    /// nothing of use.
    pub fn render(&self, context: &Context, out: &mut Vec<u8>) -> Option<()> {
        render(&self.0, Scope::of(context), out)
    }
}

/// The pieces up to the end, or up to an `{% endif %}`, and what stands behind it.
fn pieces(source: &str, inside: bool) -> Option<(Vec<Piece>, &str)> {
    let mut found = Vec::new();
    let mut rest = source;
    loop {
        let tag = ["{{", "{%", "{#"].iter().filter_map(|tag| rest.find(tag)).min();
        let (text, tag) = tag.and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
        if !text.is_empty() {
            found.push(Piece::Text(text.to_owned()));
        }
        if tag.is_empty() {
            return (!inside).then_some((found, tag));
        }
        if let Some(tag) = tag.strip_prefix("{{") {
            let (inner, behind) = tokens(tag, Some("}}"))?;
            found.push(value(&inner)?);
            rest = behind;
            continue;
        }
        let (inner, behind) = tokens(tag.strip_prefix("{%")?, Some("%}"))?;
        match inner.as_slice() {
            [Token::Word("if"), when @ ..] => {
                let (then, behind) = pieces(behind, true)?;
                found.push(Piece::When(Parser::new(when).whole()?, then));
                rest = behind;
            }
            [Token::Word("endif")] if inside => return Some((found, behind)),
            _ => return None,
        }
    }
}

/// An expression, or one value through a filter: a filter binds more tightly than anything else.
fn value(tokens: &[Token<'_>]) -> Option<Piece> {
    if let Some(expr) = Parser::new(tokens).whole() {
        return Some(Piece::Value(expr, Filter::None));
    }
    let mut parser = Parser::new(tokens);
    let value = parser.value()?;
    let filter = match parser.rest {
        [Token::Sign("|"), Token::Word("json")] => Filter::Json,
        [Token::Sign("|"), Token::Word("segment")] => Filter::Segment,
        [Token::Sign("|"), Token::Word("path")] => Filter::Path,
        [
            Token::Sign("|"),
            Token::Word(filters::PAIR),
            Token::Sign("("),
            Token::Word("name"),
            Token::Sign("="),
            Token::Text(name),
            Token::Sign(")"),
        ] => Filter::Pair((*name).to_owned()),
        _ => return None,
    };
    Some(Piece::Value(value, filter))
}

fn render(pieces: &[Piece], scope: Scope<'_>, out: &mut Vec<u8>) -> Option<()> {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
            Piece::Value(expr, Filter::Json) => expr.write_json(scope, out)?,
            Piece::Value(expr, filter) => {
                let value = expr.eval(scope)?;
                let text = match filter {
                    Filter::Segment => filters::segment(&value).ok()?,
                    Filter::Path => filters::path(&value).ok()?,
                    Filter::Pair(name) => filters::pair(&value, name).ok()?,
                    Filter::None | Filter::Json if value.is_undefined() => return None,
                    Filter::None | Filter::Json => match value.as_str() {
                        Some(text) => {
                            out.extend_from_slice(text.as_bytes());
                            continue;
                        }
                        None => value.to_string(),
                    },
                };
                out.extend_from_slice(text.as_bytes());
            }
            Piece::When(when, then) => {
                if when.eval(scope)?.is_truthy() {
                    render(then, scope, out)?;
                }
            }
        }
    }
    Some(())
}
