//! Why messages are UCS-2: which characters GSM-7 lacks, where they come from, what they cost, and what would spare it.

use rustc_hash::FxHashMap;

use crate::audience::rows::Row;
use crate::message::Template;
use crate::message::segments::{Reference, culprits, measure_by};
use crate::message::spelling::respell;
use crate::plan::few::Few;
use crate::units::Amount;

/// Of one text so many different characters are told at the most: one in another script has all of its own.
const MOST_OF_A_TEXT: usize = 8;

/// So many are told apart in a plan at the most: memory.
const MOST: usize = 4096;

/// Where a character of a message comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// From the text itself.
    Text,
    /// From the cell in this column, from 0.
    Column(usize),
}

/// A character that GSM-7 lacks, from one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Culprit {
    /// The character.
    pub character: char,
    /// Where it comes from.
    pub origin: Origin,
    /// Messages that have it.
    pub messages: u64,
    /// The physical line of the first.
    pub first_line: u64,
    /// Segments that those messages take beyond what they would take in GSM-7, as far as they could be spelled so. A
    /// message with several such characters counts for each.
    pub segments: u64,
}

/// What the alphabet of the messages of a plan comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alphabet {
    /// Messages that were spelled in GSM-7 because the manifest asks for it.
    pub respelled: u64,
    /// UCS-2 messages that could be spelled in GSM-7.
    pub spellable: u64,
    /// Segments that would spare.
    pub segments: u64,
    /// Money that would spare, where prices are known.
    pub money: Amount,
    culprits: FxHashMap<(char, Origin), Culprit>,
}

impl Alphabet {
    /// The characters that GSM-7 lacks, those in most messages first.
    pub fn culprits(&self) -> Vec<Culprit> {
        let mut all: Vec<Culprit> = self.culprits.values().copied().collect();
        all.sort_by_key(|one| (std::cmp::Reverse(one.messages), one.first_line, one.character, one.origin));
        all
    }

    /// Adds a UCS-2 message of so many parts.
    pub(super) fn add(&mut self, line: u64, found: &[(char, Origin)], parts: u16, foreign: &Foreign) {
        let more = foreign.in_gsm7.map_or(0, |spelled| u64::from(parts.saturating_sub(spelled)));
        if foreign.in_gsm7.is_some() {
            self.spellable += 1;
            self.segments += more;
        }
        for &(character, origin) in foreign.found.of(found) {
            let key = (character, origin);
            if self.culprits.len() >= MOST && !self.culprits.contains_key(&key) {
                continue;
            }
            let first = Culprit { character, origin, messages: 0, first_line: line, segments: 0 };
            let culprit = self.culprits.entry(key).or_insert(first);
            culprit.messages += 1;
            culprit.segments += more;
        }
    }
}

/// Whether a character only says how its neighbour is drawn: where there is one, that is the one to name.
fn joins(character: char) -> bool {
    matches!(character, '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

/// A UCS-2 message.
#[derive(Debug, Clone)]
pub(super) struct Foreign {
    /// Its characters that GSM-7 lacks, each once, among those of its block.
    found: Few,
    /// The parts it would have in GSM-7, where that could spell it.
    pub(super) in_gsm7: Option<u16>,
}

/// Looks at a UCS-2 message: `found` are the characters of its block so far.
pub(super) fn look(
    (text, reference): (&str, Reference),
    template: &Template,
    row: &Row<'_>,
    (found, spelled): (&mut Vec<(char, Origin)>, &mut String),
) -> Foreign {
    let start = found.len();
    for (_, character) in culprits(text) {
        let known = &found[start..];
        if known.iter().any(|(other, _)| *other == character) || (!known.is_empty() && joins(character)) {
            continue;
        }
        if known.len() == MOST_OF_A_TEXT {
            break;
        }
        let mut places = template.places().iter().map(|(_, column)| *column);
        let column = places.find(|column| row.get(*column).contains(character));
        found.push((character, column.map_or(Origin::Text, Origin::Column)));
    }
    let in_gsm7 = respell(text, spelled).then(|| measure_by(spelled, reference).parts);
    Foreign { found: Few::new(&(start..found.len())), in_gsm7 }
}
