//! What only the order of the files decides: sums and the digest, and what the caller is told of each row.

use std::ops::Range;
use std::sync::Arc;

use crate::audience::dedupe::Duplicate;
use crate::audience::exclusion::Exclusion;
use crate::audience::keep::Standing;
use crate::message::Spelling;
use crate::plan::batch::{Batch, Candidate, Item, Message, Verdict};
use crate::plan::digest::Fold;
use crate::plan::totals::Totals;
use crate::plan::tracing::WrittenRow;
use crate::plan::{Entry, PlanError, Recipe};
use crate::provider::Cost;

/// Who gets which message, or why nobody does.
type Decision<'i> = Result<(&'i Candidate, &'i Message), Exclusion>;

/// See the module.
pub(super) struct Collector<'s, E> {
    sink: &'s mut dyn FnMut(Entry<'_>) -> Result<(), E>,
    cost: Option<&'s Cost>,
    totals: Totals,
    names: &'s [Arc<str>],
    digest: Fold,
    row: csv::ByteRecord,
}

impl<'s, E> Collector<'s, E> {
    pub(super) fn new(
        recipe: &'s Recipe,
        names: &'s [Arc<str>],
        mut totals: Totals,
        sink: &'s mut dyn FnMut(Entry<'_>) -> Result<(), E>,
    ) -> Self {
        totals.name_lists(recipe.suppression.lists());
        let (cost, digest) = (recipe.cost.as_ref(), Fold::default());
        Self { sink, cost, totals, names, digest, row: csv::ByteRecord::new() }
    }

    /// Takes the next batch.
    ///
    /// # Errors
    /// The sink refuses an entry, or the files have changed between two readings.
    pub(super) fn take(&mut self, batch: &Batch) -> Result<(), PlanError<E>> {
        if let Some(name) = self.names.get(batch.file) {
            self.totals.files.begin(batch.base, name);
        }
        self.totals.odd.add(&batch.odd, batch.base);
        let mut standings = batch.standings.iter().copied();
        batch.items.iter().try_for_each(|item| self.item(item, batch, &mut standings))
    }

    /// The sums of all that was taken.
    pub(super) fn finish(mut self) -> Totals {
        self.totals.digest = self.digest.finish();
        self.totals
    }

    fn item(
        &mut self,
        item: &Item,
        batch: &Batch,
        standings: &mut impl Iterator<Item = Option<Standing>>,
    ) -> Result<(), PlanError<E>> {
        let line = batch.base + item.line;
        match self.decide(item, standings)? {
            Ok((candidate, message)) => self.include(line, (item, candidate, message), batch),
            Err(reason) => self.exclude(item, batch, &reason),
        }
        .map_err(PlanError::Sink)
    }

    fn include(
        &mut self,
        line: u64,
        (item, candidate, message): (&Item, &Candidate, &Message),
        batch: &Batch,
    ) -> Result<(), E> {
        self.totals.include(line, &candidate.address, &message.measure);
        if let (Some(cost), Some(bill)) = (self.cost, &mut self.totals.cost) {
            bill.add(cost.of(candidate.address.digits(), message.measure.parts));
        }
        let odd = candidate.odd.as_deref();
        let said = |range: &Option<Range<usize>>| batch.texts.get(range.clone()?);
        let odd_locale = odd.and_then(|odd| said(&odd.locale));
        self.totals.readers.add(message.wording, message.measure.parts, message.found, odd_locale);
        self.spell(line, candidate, message, batch);
        if let Some(whereabouts) = candidate.whereabouts {
            self.totals.locate(whereabouts, line, odd.and_then(|odd| said(&odd.zone)));
        }
        if message.marked.lacks_opt_out {
            self.totals.lack_opt_out(line);
        }
        let flaws = message.marked.flaws.of(&batch.marks.flaws);
        if !flaws.is_empty() {
            let text = batch.texts.get(message.text.clone()).unwrap_or_default();
            self.totals.flaws.add(line, text, flaws);
        }
        self.digest.add(&message.digest);
        (self.sink)(Entry::Planned {
            place: self.totals.files.place(line),
            id: batch.texts.get(candidate.id.clone()).unwrap_or_default(),
            address: &candidate.address,
            text: batch.texts.get(message.text.clone()).unwrap_or_default(),
            wording: message.wording,
            measure: message.measure,
            whereabouts: candidate.whereabouts,
            digest: &message.digest,
            flaws,
            row: WrittenRow { bytes: bytes(item, batch), dialect: batch.block.dialect },
        })
    }

    /// Counts how a message is spelled.
    fn spell(&mut self, line: u64, candidate: &Candidate, message: &Message, batch: &Batch) {
        let alphabet = &mut self.totals.alphabet;
        alphabet.respelled += u64::from(message.spelling == Spelling::Gsm7);
        let Some(foreign) = &message.foreign else { return };
        let parts = message.measure.parts;
        alphabet.add(line, &batch.marks.characters, parts, foreign);
        let prices = self.cost.zip(foreign.in_gsm7).and_then(|(cost, fewer)| {
            let digits = candidate.address.digits();
            Some((cost.of(digits, parts)?, cost.of(digits, fewer)?))
        });
        if let Some((price, lower)) = prices {
            alphabet.money = alphabet.money.plus(price.minus(lower));
        }
    }

    /// The message of a row, or why there is none.
    fn decide<'i>(
        &self,
        item: &'i Item,
        standings: &mut impl Iterator<Item = Option<Standing>>,
    ) -> Result<Decision<'i>, PlanError<E>> {
        let candidate = match &item.verdict {
            Verdict::Out(reason) => return Ok(Err(reason.clone())),
            Verdict::In(candidate) => candidate,
        };
        let standing = standings.next().flatten().ok_or(PlanError::Changed)?;
        let place = |line| self.totals.files.place(line);
        Ok(match standing {
            Standing::Taken(Duplicate::Address(line)) => {
                Err(Exclusion::DuplicateAddress { kept: place(line) })
            }
            Standing::Taken(Duplicate::Id(line)) => Err(Exclusion::DuplicateId { kept: place(line) }),
            Standing::Kept | Standing::Free => match &candidate.message {
                Ok(message) => Ok((candidate, message)),
                Err(reason) => Err(reason.clone()),
            },
        })
    }

    fn exclude(&mut self, item: &Item, batch: &Batch, reason: &Exclusion) -> Result<(), E> {
        self.totals.exclude(reason);
        self.row.clear();
        let row = WrittenRow { bytes: bytes(item, batch), dialect: batch.block.dialect };
        row.read(|row| row.iter().for_each(|cell| self.row.push_field(cell.as_bytes())));
        let place = self.totals.files.place(batch.base + item.line);
        (self.sink)(Entry::Excluded { place, reason, row: &self.row })
    }
}

/// A row as it stands in the text.
fn bytes<'b>(item: &Item, batch: &'b Batch) -> &'b [u8] {
    batch.block.bytes.get(item.range.clone()).unwrap_or_default()
}
