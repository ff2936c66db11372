//! What a worker makes of one block: verdicts in the order of the rows, their texts side by side in two
//! long strings. Buffers go round and are used again.

use std::ops::Range;
use std::sync::Arc;

use crate::audience::address::Address;
use crate::audience::dedupe::{AddressKey, TextKey, address_key, text_key};
use crate::audience::exclusion::Exclusion;
use crate::audience::keep::Standing;
use crate::audience::oddities::Oddities;
use crate::audience::read::ReadError;
use crate::audience::rows::{Block, Row};
use crate::audience::rules::Person;
use crate::expression::Context;
use crate::message::hygiene::Flaw;
use crate::message::recipient::Recipient;
use crate::message::segments::{Encoding, Measure, measure_by};
use crate::message::template::{Scratch, Spelling, Template};
use crate::message::{Found, WordingId};
use crate::plan::alphabet::{self, Foreign, Origin};
use crate::plan::digest::{self, Hash};
use crate::plan::few::Few;
use crate::plan::flaws;
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
    /// What decides who of its candidates is who, in their order.
    pub(super) claimants: Vec<Claimant>,
    /// What each of those is among the rows for one person; nothing where that cannot be, for the files have changed
    /// between two readings.
    pub(super) standings: Vec<Option<Standing>>,
    /// Identities and texts of all items, one after the other.
    pub(super) texts: String,
    pub(super) marks: Marks,
    /// What else stands among the rows.
    pub(super) odd: Oddities,
    /// Why the file is refused, behind the last item.
    pub(super) error: Option<ReadError>,
}

/// What was found in the texts of all items, one after the other.
#[derive(Default)]
pub(super) struct Marks {
    /// Characters that GSM-7 lacks.
    pub(super) characters: Vec<(char, Origin)>,
    /// Flaws.
    pub(super) flaws: Vec<(Flaw, Origin)>,
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
    /// The identity, in the batch's texts.
    pub(super) id: Range<usize>,
    /// The message, or why there is none. Told only after duplicates are, for a second copy of somebody
    /// is a duplicate whatever its text.
    pub(super) message: Result<Message, Exclusion>,
    /// Where that matters.
    pub(super) whereabouts: Option<Whereabouts>,
    /// What the row says that is of no use.
    pub(super) odd: Option<Box<Odd>>,
}

/// What decides whether somebody has a message already, apart from the rest: who asks reads nothing else.
pub(super) struct Claimant {
    /// In the file.
    pub(super) line: u64,
    pub(super) address: AddressKey,
    /// Where it is not the address.
    pub(super) id: Option<TextKey>,
    pub(super) has_message: bool,
}

/// What a row says for a zone or a language where that is none; in the batch's texts. Few rows have any.
#[derive(Default)]
pub(super) struct Odd {
    /// No zone.
    pub(super) zone: Option<Range<usize>>,
    /// No language in which there is a text.
    pub(super) locale: Option<Range<usize>>,
}

/// A rendered message.
pub(super) struct Message {
    /// In the batch's texts.
    pub(super) text: Range<usize>,
    pub(super) wording: WordingId,
    pub(super) found: Found,
    pub(super) measure: Measure,
    pub(super) spelling: Spelling,
    /// Where it is UCS-2, why.
    pub(super) foreign: Option<Foreign>,
    /// What is wrong with it.
    pub(super) marked: Marked,
    pub(super) digest: Hash,
}

/// What is wrong with a message.
#[derive(Clone, Copy)]
pub(super) struct Marked {
    /// Its flaws among those of its batch.
    pub(super) flaws: Few,
    /// It does not say how to opt out, and has to.
    pub(super) lacks_opt_out: bool,
}

/// One worker's tools.
pub(super) struct Worker<'r> {
    recipe: &'r Recipe,
    filter: Context,
    /// What each of the texts reuses, and its measure where it is the same for all.
    texts: Vec<(Scratch, Option<Measure>)>,
    address: String,
    text: String,
    spelled: String,
    flaws: Vec<Flaw>,
    hashed: Vec<u8>,
}

impl<'r> Worker<'r> {
    pub(super) fn new(recipe: &'r Recipe) -> Self {
        Self {
            recipe,
            filter: Context::new(),
            texts: recipe.wordings.all().iter().map(|one| reused(&one.template, recipe)).collect(),
            address: String::new(),
            text: String::new(),
            spelled: String::new(),
            flaws: Vec::new(),
            hashed: Vec::new(),
        }
    }

    /// Makes the verdicts of a block.
    pub(super) fn work(&mut self, batch: &mut Batch) {
        let Batch { block, items, claimants, texts, marks, odd, error, .. } = batch;
        items.clear();
        claimants.clear();
        texts.clear();
        marks.characters.clear();
        marks.flaws.clear();
        *odd = Oddities::default();
        *error = self.rows(block, (items, claimants), (texts, marks)).map(|found| *odd = found).err();
    }

    fn rows(
        &mut self,
        block: &Block,
        (items, claimants): (&mut Vec<Item>, &mut Vec<Claimant>),
        (texts, marks): (&mut String, &mut Marks),
    ) -> Result<Oddities, ReadError> {
        let mut rows = block.rows()?;
        while let Some(row) = rows.next_row()? {
            let verdict = match self.candidate(&row, texts, marks) {
                Ok(candidate) => {
                    claimants.push(self.claimant(row.line(), &candidate, texts));
                    Verdict::In(candidate)
                }
                Err(reason) => Verdict::Out(reason),
            };
            items.push(Item { line: row.line(), range: row.range(), verdict });
        }
        Ok(rows.oddities())
    }

    fn claimant(&self, line: u64, candidate: &Candidate, texts: &str) -> Claimant {
        let id = || texts.get(candidate.id.clone()).map(text_key);
        Claimant {
            line,
            address: address_key(&candidate.address),
            id: self.recipe.rules.id.and_then(|_| id()),
            has_message: candidate.message.is_ok(),
        }
    }

    fn candidate(
        &mut self,
        row: &Row<'_>,
        texts: &mut String,
        marks: &mut Marks,
    ) -> Result<Candidate, Exclusion> {
        let person = self.recipe.rules.person(row, &mut self.filter)?;
        if let Some(list) = self.recipe.suppression.contains(&person.address) {
            return Err(Exclusion::Suppressed { list: Arc::clone(list) });
        }
        person.address.write_to(&mut self.address);
        let id = person.id.unwrap_or(&self.address);
        let id_range = append(texts, id);
        let locate = || Whereabouts::of(person.timezone, &person.address, &self.address);
        let whereabouts = self.recipe.locates.then(locate);
        let message = self.message(row, (&person, whereabouts), &id_range, texts, marks);
        let no_zone = whereabouts == Some(Whereabouts::Nowhere(Lost::NoSuchZone));
        let no_locale = message.as_ref().is_ok_and(|message| message.found == Found::Unknown);
        let mut odd = |is_odd: bool, said| is_odd.then(|| append(texts, said));
        let odd = Odd { zone: odd(no_zone, person.timezone), locale: odd(no_locale, person.locale) };
        Ok(Candidate {
            whereabouts,
            odd: (no_zone || no_locale).then(|| Box::new(odd)),
            id: id_range,
            message,
            address: person.address,
        })
    }

    /// Renders the text that is for somebody, and measures it.
    fn message(
        &mut self,
        row: &Row<'_>,
        (person, whereabouts): (&Person<'_>, Option<Whereabouts>),
        id: &Range<usize>,
        texts: &mut String,
        marks: &mut Marks,
    ) -> Result<Message, Exclusion> {
        let Recipe { wordings, reference, .. } = self.recipe;
        let address = &self.address;
        let id = texts.get(id.clone()).unwrap_or_default();
        let pick = wordings.pick(id, person.locale);
        let recipient = Recipient { id, address, locale: pick.locale, timezone: person.timezone };
        let number = usize::from(pick.wording);
        let (Some(wording), Some((scratch, shared))) =
            (wordings.all().get(number), self.texts.get_mut(number))
        else {
            return Err(Exclusion::EmptyMessage);
        };
        let template = &wording.template;
        let spelling = template
            .render(|column| row.get(column), &recipient, scratch, &mut self.text)
            .map_err(|error| Exclusion::RenderFailed { message: error.to_string() })?;
        if self.text.trim_ascii().is_empty() || self.text.trim().is_empty() {
            return Err(Exclusion::EmptyMessage);
        }
        let flaws = match template.shared() {
            // It was looked at when it was compiled.
            Some(_) => 0..0,
            None => flaws::look(&self.text, template, row, (&mut marks.flaws, &mut self.flaws))?,
        };
        let marked = Marked { flaws: Few::new(&flaws), lacks_opt_out: template.lacks_opt_out(&self.text) };
        let measure = shared.unwrap_or_else(|| measure_by(&self.text, *reference));
        let foreign = (measure.encoding == Encoding::Ucs2).then(|| {
            let known = (&mut marks.characters, &mut self.spelled);
            alphabet::look((&self.text, *reference), template, row, known)
        });
        let digest = digest::message([id, address, &self.text], whereabouts, &mut self.hashed);
        let text = append(texts, &self.text);
        let (wording, found) = (pick.wording, pick.found);
        Ok(Message { text, wording, found, measure, spelling, foreign, marked, digest })
    }
}

/// What one text reuses on one thread, and its measure where it is the same for all.
fn reused(template: &Template, recipe: &Recipe) -> (Scratch, Option<Measure>) {
    let scratch = template.scratch().for_readers(clock(recipe.rules.kind), recipe.reference);
    (scratch, template.shared().map(|text| measure_by(text, recipe.reference)))
}

/// Appends a text and says where it is.
fn append(texts: &mut String, text: &str) -> Range<usize> {
    let start = texts.len();
    texts.push_str(text);
    start..texts.len()
}
