//! Templates that are nothing but text and plain names, as a list of things to copy. Whatever is not
//! certainly plain is left to Tera.

use serde_json::{Map, Value as Json};

use crate::expression::{EvalError, MAX_RENDERED_BYTES};
use crate::message::recipient::Recipient;

/// Names that mean the same in every template, whatever the columns are called.
pub const RESERVED: [&str; 3] = ["vars", "campaign", "recipient"];

/// One thing to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Column(usize),
    RecipientId,
    RecipientAddress,
}

/// The pieces of a template that Tera has accepted and that uses the variables `used`; nothing when it
/// is not plain.
pub(super) fn pieces(
    source: &str,
    used: &[String],
    columns: &[String],
    constants: &Map<String, Json>,
    campaign: &str,
) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = source;
    while let Some((text, tail)) = rest.split_once("{{") {
        push_text(&mut pieces, text)?;
        let (name, tail) = tail.split_once("}}")?;
        pieces.push(piece(name.trim_matches(' '), used, columns, constants, campaign)?);
        rest = tail;
    }
    push_text(&mut pieces, rest)?;
    Some(pieces)
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) -> Option<()> {
    // Anything that could be the edge of a tag or a comment is Tera's business.
    if text.contains("{%") || text.contains("{#") || text.ends_with('{') || text.starts_with('}') {
        return None;
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
    Some(())
}

/// Whether Tera takes the text for a name.
pub(super) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn piece(
    name: &str,
    used: &[String],
    columns: &[String],
    constants: &Map<String, Json>,
    campaign: &str,
) -> Option<Piece> {
    match name {
        "recipient.id" => return Some(Piece::RecipientId),
        "recipient.address" => return Some(Piece::RecipientAddress),
        "campaign.name" => return Some(Piece::Text(campaign.to_owned())),
        _ => {}
    }
    if let Some(member) = name.strip_prefix("vars.") {
        let plain = |text: &Json| text.as_str().map(|text| Piece::Text(text.to_owned()));
        return is_name(member).then(|| constants.get(member).and_then(plain)).flatten();
    }
    if RESERVED.contains(&name) {
        return None;
    }
    // A name that Tera does not count among the variables (`true`, `none`) is not the column.
    let column = columns.iter().position(|column| column == name)?;
    used.iter().any(|variable| variable == name).then_some(Piece::Column(column))
}

/// What the pieces make where every cell is a letter; nothing where they say who gets it.
pub(super) fn of_letters(pieces: &[Piece]) -> Option<String> {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => Some(text.clone()),
        Piece::Column(_) => Some("x".to_owned()),
        Piece::RecipientId | Piece::RecipientAddress => None,
    };
    pieces.iter().map(text).collect()
}

/// Copies the pieces into `out`, which is cleared first.
pub(super) fn render<'r>(
    pieces: &[Piece],
    cell: impl Fn(usize) -> &'r str,
    recipient: &Recipient<'_>,
    out: &mut String,
) -> Result<(), EvalError> {
    out.clear();
    for piece in pieces {
        out.push_str(match piece {
            Piece::Text(text) => text,
            Piece::Column(column) => cell(*column),
            Piece::RecipientId => recipient.id,
            Piece::RecipientAddress => recipient.address,
        });
        if out.len() > MAX_RENDERED_BYTES {
            return Err(EvalError::TooLong { limit: MAX_RENDERED_BYTES });
        }
    }
    Ok(())
}
