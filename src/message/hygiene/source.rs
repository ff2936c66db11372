//! What can be told of a template before it is rendered: flaws of the text that it writes as it stands, and the columns
//! that become part of a link.

use super::{Flaw, Kind, links, look};
use crate::expression::parts::{Part, What, parts};

/// The flaws of the texts around the tags of a source, with their places there, in order.
pub fn literals(source: &str) -> Vec<Flaw> {
    let found = parts(source);
    let mut flaws = Vec::new();
    for (at, part) in found.iter().enumerate().filter(|(_, part)| matches!(part.what, What::Text | What::Raw))
    {
        let Some(text) = source.get(part.inner.clone()) else { continue };
        let mut of_part = Vec::new();
        look(text, false, &mut of_part);
        let is_whole = |flaw: &Flaw| stands_alone(&found, at, text, flaw);
        let placed = of_part.into_iter().filter(is_whole).map(|flaw| Flaw {
            span: flaw.span.start + part.inner.start..flaw.span.end + part.inner.start,
            ..flaw
        });
        flaws.extend(placed);
    }
    flaws.sort_by_key(|flaw| (flaw.span.start, flaw.kind));
    flaws
}

/// Whether a flaw is there whatever stands in the tags beside a text: at its edges they decide.
fn stands_alone(parts: &[Part], at: usize, text: &str, flaw: &Flaw) -> bool {
    if !matches!(flaw.kind, Kind::Spaces | Kind::Link | Kind::ZeroWidth | Kind::Invisible) {
        return true;
    }
    let begins = flaw.span.start > 0 || at == 0;
    let ends = flaw.span.end < text.len() || at + 1 == parts.len();
    begins && ends
}

/// The columns whose cells become part of a link wherever they are written: directly behind the text of one.
pub fn linked(source: &str, columns: &[String]) -> Vec<usize> {
    let found = parts(source);
    let mut linked: Vec<usize> = found
        .windows(2)
        .filter_map(|pair| match pair {
            [text, tag] if text.what == What::Text && tag.what == What::Output => {
                let name = source.get(tag.inner.clone())?.trim();
                links::ends_within(source.get(text.inner.clone())?)
                    .then(|| columns.iter().position(|column| column == name))?
            }
            _ => None,
        })
        .collect();
    linked.sort_unstable();
    linked.dedup();
    linked
}
