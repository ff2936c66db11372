//! What a worker makes of one block: verdicts in the order of the rows, their texts side by side in two
//! long strings. Buffers go round and are used again.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use crate::audience::address::Address;
use crate::audience::dedupe::{AddressKey, TextKey, address_key, text_key};
use crate::audience::exclusion::Exclusion;
use crate::audience::read::ReadError;
use crate::audience::rows::{Block, Row};
use crate::expression::Context;
use crate::message::recipient::Recipient;
use crate::message::segments::{Encoding, Measure, measure_by};
use crate::message::template::{Scratch, Spelling};
use crate::plan::alphabet::{self, Foreign, Origin};
use crate::plan::digest::{self, Hash};
use crate::plan::{Lost, Recipe, Whereabouts, clock};

/// A block and what became of its rows.
#[derive(Default)]
pub(super) struct Batch {
    /// Which file it is of, from 0.
    pub(super) file: usize,
    /// How many lines the files before it have.
    pub(super) base: u64,
    pub(super) block: Block,
    pub(super) items: Vec<Item>,
    /// Identities and texts of all items, one after the other.
    pub(super) texts: String,
    /// The characters of all items that GSM-7 lacks, one after the other.
    pub(super) found: Vec<(char, Origin)>,
    /// Why the file is refused, behind the last item.
    pub(super) error: Option<ReadError>,
}

/// A row of a block.
pub(super) struct Item {
    pub(super) line: u64,
    /// Its bytes in the block.
    pub(super) range: Range<usize>,
    pub(super) verdict: Verdict,
}

/// What one row alone decides.
pub(super) enum Verdict {
    Out(Exclusion),
    In(Candidate),
}

/// Somebody who gets a message unless somebody else has it.
pub(super) struct Candidate {
    pub(super) address: Address,
    pub(super) address_key: AddressKey,
    /// The identity, in the batch's texts.
    pub(super) id: Range<usize>,
    /// The identity's key, where it is not the address.
    pub(super) id_key: Option<TextKey>,
    /// The message, or why there is none. Told only after duplicates are, for a second copy of somebody
    /// is a duplicate whatever its text.
    pub(super) message: Result<Message, Exclusion>,
    /// Where that matters.
    pub(super) whereabouts: Option<Whereabouts>,
    /// What the row says for a zone, where that is none; in the batch's texts.
    pub(super) odd_zone: Option<Range<usize>>,
}

/// A rendered message.
pub(super) struct Message {
    /// In the batch's texts.
    pub(super) text: Range<usize>,
    pub(super) measure: Measure,
    pub(super) spelling: Spelling,
    /// Where it is UCS-2, why.
    pub(super) foreign: Option<Foreign>,
    pub(super) digest: Hash,
}

/// One worker's tools.
pub(super) struct Worker<'r> {
    recipe: &'r Recipe,
    filter: Context,
    scratch: Scratch,
    address: String,
    text: String,
    spelled: String,
    /// The measure of the text that all get.
    shared: Option<Measure>,
}

impl<'r> Worker<'r> {
    pub(super) fn new(recipe: &'r Recipe) -> Self {
        Self {
            recipe,
            filter: Context::new(),
            scratch: recipe.template.scratch().for_readers(clock(recipe.rules.kind), recipe.reference),
            address: String::new(),
            text: String::new(),
            spelled: String::new(),
            shared: recipe.template.shared().map(|text| measure_by(text, recipe.reference)),
        }
    }

    /// Makes the verdicts of a block.
    pub(super) fn work(&mut self, batch: &mut Batch) {
        let Batch { block, items, texts, found, error, .. } = batch;
        items.clear();
        texts.clear();
        found.clear();
        *error = self.rows(block, items, (texts, found)).err();
    }

    fn rows(
        &mut self,
        block: &Block,
        items: &mut Vec<Item>,
        (texts, found): (&mut String, &mut Vec<(char, Origin)>),
    ) -> Result<(), ReadError> {
        let mut rows = block.rows()?;
        while let Some(row) = rows.next_row()? {
            let verdict = match self.candidate(&row, texts, found) {
                Ok(candidate) => Verdict::In(candidate),
                Err(reason) => Verdict::Out(reason),
            };
            items.push(Item { line: row.line(), range: row.range(), verdict });
        }
        Ok(())
    }

    fn candidate(
        &mut self,
        row: &Row<'_>,
        texts: &mut String,
        found: &mut Vec<(char, Origin)>,
    ) -> Result<Candidate, Exclusion> {
        let person = self.recipe.rules.person(row, &mut self.filter)?;
        if let Some(list) = self.recipe.suppression.contains(&person.address) {
            return Err(Exclusion::Suppressed { list: Arc::clone(list) });
        }
        self.address.clear();
        let _ = write!(self.address, "{}", person.address);
        let id = person.id.unwrap_or(&self.address);
        let start = texts.len();
        texts.push_str(id);
        let id_range = start..texts.len();
        let (timezone, locale) = (person.timezone, person.locale);
        let recipient = Recipient { id, address: &self.address, locale, timezone };
        let cell = |column| row.get(column);
        let rendered = self.recipe.template.render(cell, &recipient, &mut self.scratch, &mut self.text);
        let message = match rendered {
            Err(error) => Err(Exclusion::RenderFailed { message: error.to_string() }),
            Ok(_) if self.text.trim_ascii().is_empty() || self.text.trim().is_empty() => {
                Err(Exclusion::EmptyMessage)
            }
            Ok(spelling) => {
                let start = texts.len();
                texts.push_str(&self.text);
                let reference = self.recipe.reference;
                let measure = self.shared.unwrap_or_else(|| measure_by(&self.text, reference));
                let foreign = (measure.encoding == Encoding::Ucs2).then(|| {
                    let known = (&mut *found, &mut self.spelled);
                    alphabet::look((&self.text, reference), &self.recipe.template, row, known)
                });
                let digest = digest::message(id, &self.address, &self.text);
                Ok(Message { text: start..texts.len(), measure, spelling, foreign, digest })
            }
        };
        let locate = || Whereabouts::of(person.timezone, &person.address, &self.address);
        let whereabouts = self.recipe.locates.then(locate);
        let is_odd = whereabouts == Some(Whereabouts::Nowhere(Lost::NoSuchZone));
        let odd_zone = is_odd.then(|| {
            let start = texts.len();
            texts.push_str(person.timezone);
            start..texts.len()
        });
        Ok(Candidate {
            whereabouts,
            odd_zone,
            address_key: address_key(&person.address),
            id_key: person.id.map(text_key),
            id: id_range,
            message,
            address: person.address,
        })
    }
}
