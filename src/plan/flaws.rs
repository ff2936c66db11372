//! What is wrong with texts, counted by what it is and where it comes from.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::audience::exclusion::Exclusion;
use crate::audience::rows::Row;
use crate::message::Template;
use crate::message::hygiene::{self, Flaw, Kind};
use crate::plan::alphabet::Origin;

/// So many characters are shown on each side of a flaw.
const AROUND: usize = 24;

/// Flaws of one kind from one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlawCount {
    /// What is wrong.
    pub kind: Kind,
    /// Where it comes from, as far as that can be told.
    pub origin: Origin,
    /// Messages that have it.
    pub messages: u64,
    /// The physical line of the first, numbered through all files.
    pub first_line: u64,
    /// Where in the text of the first, in characters from 1.
    pub at: usize,
    /// That text around it.
    pub example: Excerpt,
}

/// A stretch of a text around a flaw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// What stands before it; whether that begins in the middle of the text.
    pub before: (bool, String),
    /// The flaw itself.
    pub flaw: String,
    /// What stands behind it; whether that ends in the middle of the text.
    pub behind: (bool, String),
}

/// The flaws of the texts of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flaws {
    /// Messages that have any.
    pub messages: u64,
    counts: FxHashMap<(Kind, Origin), FlawCount>,
}

impl Flaws {
    /// By kind and origin, those of the most messages first.
    pub fn counts(&self) -> Vec<&FlawCount> {
        let mut all: Vec<&FlawCount> = self.counts.values().collect();
        all.sort_by_key(|one| (std::cmp::Reverse(one.messages), one.first_line, one.kind, one.origin));
        all
    }

    /// Adds the flaws of a message.
    pub(super) fn add(&mut self, line: u64, text: &str, found: &[(Flaw, Origin)]) {
        self.messages += u64::from(!found.is_empty());
        for (at, (flaw, origin)) in found.iter().enumerate() {
            // A message counts once.
            let known = found.get(..at).unwrap_or_default();
            if known.iter().any(|(other, of)| (other.kind, of) == (flaw.kind, origin)) {
                continue;
            }
            let first = || FlawCount {
                kind: flaw.kind,
                origin: *origin,
                messages: 0,
                first_line: line,
                at: character(text, flaw.span.start),
                example: Excerpt::of(text, &flaw.span),
            };
            self.counts.entry((flaw.kind, *origin)).or_insert_with(first).messages += 1;
        }
    }
}

impl Excerpt {
    fn of(text: &str, span: &Range<usize>) -> Self {
        let (before, rest) = text.split_at_checked(span.start).unwrap_or((text, ""));
        let (flaw, behind) = rest.split_at_checked(span.len()).unwrap_or((rest, ""));
        let from = before.char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
        let to = behind.char_indices().nth(AROUND).map_or(behind.len(), |(at, _)| at);
        Self {
            before: (from > 0, before.get(from..).unwrap_or_default().to_owned()),
            flaw: flaw.to_owned(),
            behind: (to < behind.len(), behind.get(..to).unwrap_or_default().to_owned()),
        }
    }
}

/// Which character a byte of a text begins, from 1.
pub fn character(text: &str, at: usize) -> usize {
    text.get(..at).map_or(0, |before| before.chars().count()) + 1
}

/// Looks at the text of a row, which the template has made: its flaws are added to those of its block. What the template
/// itself has is told elsewhere.
///
/// # Errors
/// It has something that nobody means to send.
pub(super) fn look(
    text: &str,
    template: &Template,
    row: &Row<'_>,
    (found, spare): (&mut Vec<(Flaw, Origin)>, &mut Vec<Flaw>),
) -> Result<Range<usize>, Exclusion> {
    let start = found.len();
    let cells = || template.places().iter().map(|(_, column)| (*column, row.get(*column)));
    if template.is_tame() && cells().all(|(_, cell)| hygiene::is_tame(cell)) {
        return Ok(start..start);
    }
    let has_gaps = cells().any(|(_, cell)| cell.is_empty());
    hygiene::look(text, has_gaps, spare);
    if let Some(worst) = spare.iter().find(|flaw| flaw.kind.refuses()) {
        let at = character(text, worst.span.start);
        let what = worst.kind.words();
        spare.clear();
        return Err(Exclusion::UnsoundText { what, at });
    }
    for flaw in spare.drain(..) {
        // A gap in a link shows as that.
        let is_linked = |column: &usize| template.linked().contains(column);
        let loose = cells().filter(|(column, _)| !is_linked(column));
        let linked = cells().filter(|(column, _)| is_linked(column));
        let origin = origin(text, &flaw, loose.chain(linked));
        if origin != Origin::Text || !template.has_flaw(flaw.kind) {
            found.push((flaw, origin));
        }
    }
    for (column, cell) in cells().filter(|(_, cell)| hygiene::is_no_value(cell)) {
        let flaw = word(text, cell.trim()).map(|span| Flaw { kind: Kind::NoValue, span });
        found.extend(flaw.map(|flaw| (flaw, Origin::Column(column))));
    }
    links(text, template, row, found);
    Ok(start..found.len())
}

/// Where a cell stands in a text by itself, and not as a part of a word.
fn word(text: &str, cell: &str) -> Option<Range<usize>> {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(cell).map(|(at, _)| at..at + cell.len()).find(|span| {
        let before = text.get(..span.start).and_then(|before| before.chars().next_back());
        let behind = text.get(span.end..).and_then(|behind| behind.chars().next());
        let begins = !is_word(before) || !is_word(cell.chars().next());
        let ends = !is_word(behind) || !is_word(cell.chars().next_back());
        begins && ends
    })
}

/// Links into which an empty cell was put, or one with a space in it.
fn links(text: &str, template: &Template, row: &Row<'_>, found: &mut Vec<(Flaw, Origin)>) {
    for column in template.linked() {
        let cell = row.get(*column);
        if !cell.is_empty() && !cell.contains(char::is_whitespace) {
            continue;
        }
        // Where the cell is empty nothing of it is in the text; the first link is as good as another one.
        let at = if cell.is_empty() { None } else { text.find(cell) };
        let span = at.map_or_else(|| first_link(text), |at| at..at + cell.len());
        if !found.iter().any(|(flaw, _)| flaw.kind == Kind::Link && flaw.span.contains(&span.start)) {
            found.push((Flaw { kind: Kind::Link, span }, Origin::Column(*column)));
        }
    }
}

fn first_link(text: &str) -> Range<usize> {
    let mark = text.find("://").unwrap_or_default();
    let start = text.get(..mark).and_then(|before| before.rfind(char::is_whitespace)).map_or(0, |at| at + 1);
    let rest = text.get(mark..).unwrap_or_default();
    start..mark + rest.find(char::is_whitespace).unwrap_or(rest.len())
}

/// Where a flaw comes from: the cell that has it, or for what an empty cell leaves behind, that cell.
fn origin<'r>(text: &str, flaw: &Flaw, mut cells: impl Iterator<Item = (usize, &'r str)>) -> Origin {
    let part = text.get(flaw.span.clone()).unwrap_or_default();
    let leaves_gap = matches!(flaw.kind, Kind::Spaces | Kind::Link);
    let has = |cell: &str| if leaves_gap { cell.is_empty() } else { cell.contains(part) };
    let column = cells
        .find(|(_, cell)| has(cell) || (flaw.kind == Kind::Spaces && part.len() > 1 && cell.contains(part)));
    column.map_or(Origin::Text, |(column, _)| Origin::Column(column))
}
