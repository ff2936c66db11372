//! What a plan comes to: every row is counted once, as a message or as an exclusion.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::audience::address::Address;
use crate::audience::exclusion::{Class, Exclusion};
use crate::audience::oddities::Oddities;
use crate::audience::phone::country_of;
use crate::audience::place::{Files, Place};
use crate::message::segments::{Encoding, Measure};
use crate::plan::alphabet::Alphabet;
use crate::plan::digest::Hash;
use crate::plan::flaws::Flaws;
use crate::plan::readers::Readers;
use crate::plan::whereabouts::Whereabouts;
use crate::schedule::Zone;
use crate::units::Amount;

/// Messages of one number of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartCount {
    /// Parts of each.
    pub parts: u16,
    /// How many there are.
    pub messages: u64,
    /// The line of the first, numbered through all files: [`Totals::place`] says where that is.
    pub first_line: u64,
}

/// Messages to recipients in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// Where they may be.
    pub place: Whereabouts,
    /// How many there are.
    pub messages: u64,
    /// The line of the first, numbered through all files: [`Totals::place`] says where that is.
    pub first_line: u64,
}

/// Messages that do not say how to opt out, although each has to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lacking {
    /// How many there are.
    pub messages: u64,
    /// The line of the first, numbered through all files: [`Totals::place`] says where that is.
    pub first_line: u64,
}

/// What a plan costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bill {
    /// The messages whose price is known, together.
    pub total: Amount,
    /// Messages without a price.
    pub unpriced: u64,
}

impl Bill {
    pub(super) fn add(&mut self, price: Option<Amount>) {
        match price {
            Some(price) => self.total = self.total.plus(price),
            None => self.unpriced += 1,
        }
    }
}

/// The sums of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows of the file, the header not counted.
    pub rows: u64,
    /// Messages, before any text is cut into parts.
    pub messages: u64,
    /// Parts of all messages.
    pub segments: u64,
    /// Messages in GSM-7.
    pub gsm7: u64,
    /// Messages in UCS-2.
    pub ucs2: u64,
    /// SHA-256 over all (identity, address, text), in the order of the file.
    pub digest: Hash,
    /// What they cost, where prices are known.
    pub cost: Option<Bill>,
    /// The files they come from.
    pub(super) files: Files,
    /// What else stands among the rows.
    pub odd: Oddities,
    /// Which characters make messages UCS-2.
    pub alphabet: Alphabet,
    /// What is wrong with texts.
    pub flaws: Flaws,
    /// Messages that do not say how to opt out; none where all do, or none has to.
    pub lacking: Option<Lacking>,
    /// Who reads which text.
    pub readers: Readers,
    excluded: [u64; Exclusion::KINDS.len()],
    /// How many rows each list has left out.
    by_list: Vec<(Arc<str>, u64)>,
    /// Messages by the first three digits of the number, which hold every country code.
    by_prefix: Vec<u64>,
    by_parts: Vec<PartCount>,
    /// Messages by where their recipients may be, where that matters.
    by_whereabouts: FxHashMap<Whereabouts, Located>,
    /// What the first row may have meant that says a zone which is none.
    near_zone: Option<Zone>,
}

impl Totals {
    /// Nothing yet; with a bill where prices are known.
    pub(super) fn new(priced: bool, files: Files) -> Self {
        Self { cost: priced.then(Bill::default), files, ..Self::default() }
    }

    /// Where a line stands that is numbered through all files.
    pub fn place(&self, line: u64) -> Place {
        self.files.place(line)
    }

    /// People who get a message: one each.
    pub fn recipients(&self) -> u64 {
        self.messages
    }

    /// Whether there are rows that become no message.
    pub fn leaves_out(&self) -> bool {
        self.messages < self.rows
    }

    /// Messages that go out: one each, or one for each part where the sender cuts texts.
    pub fn outgoing(&self, cut: bool) -> u64 {
        if !cut {
            return self.messages;
        }
        self.by_parts.iter().map(|count| u64::from(count.parts.max(1)) * count.messages).sum()
    }

    /// Rows with something wrong.
    pub fn rejected(&self) -> u64 {
        self.of(Class::Rejected)
    }

    /// Rows of people who must not be written to.
    pub fn suppressed(&self) -> u64 {
        self.of(Class::Suppressed)
    }

    /// Rows of people who were not asked for: by `where`, by `allow_types` or by `sample`.
    pub fn filtered(&self) -> u64 {
        self.of(Class::Filtered)
    }

    /// Rows of people who have a message already.
    pub fn duplicates(&self) -> u64 {
        self.of(Class::Duplicate)
    }

    fn of(&self, class: Class) -> u64 {
        let kinds = Exclusion::KINDS.iter().zip(self.excluded);
        kinds.filter(|((_, counted_as), _)| *counted_as == class).map(|(_, count)| count).sum()
    }

    /// How many rows were left out for each reason, by [`Exclusion::kind`], zeros as well.
    pub fn excluded(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Exclusion::KINDS.into_iter().map(|(kind, _)| kind).zip(self.excluded)
    }

    /// Messages by their number of parts, fewest parts first.
    pub fn by_parts(&self) -> &[PartCount] {
        &self.by_parts
    }

    /// The messages of most parts.
    pub fn longest(&self) -> Option<PartCount> {
        self.by_parts.last().copied()
    }

    pub(super) fn lack_opt_out(&mut self, line: u64) {
        self.lacking.get_or_insert(Lacking { messages: 0, first_line: line }).messages += 1;
    }

    pub(super) fn exclude(&mut self, reason: &Exclusion) {
        self.rows += 1;
        if let Some(count) = self.excluded.get_mut(reason.index()) {
            *count += 1;
        }
        if let Exclusion::Suppressed { list } = reason
            && let Some((_, count)) = self.by_list.iter_mut().find(|(name, _)| name == list)
        {
            *count += 1;
        }
    }

    /// There are these suppression lists.
    pub(super) fn name_lists(&mut self, lists: &[Arc<str>]) {
        self.by_list = lists.iter().map(|list| (Arc::clone(list), 0)).collect();
    }

    /// How many rows each suppression list has left out, in the order of the lists: whoever is on several counts with
    /// the first of them. Their sum is [`Totals::suppressed`].
    pub fn by_list(&self) -> &[(Arc<str>, u64)] {
        &self.by_list
    }

    /// Messages by country code and country, most first; nothing where addresses are no phone numbers. A
    /// wrong `region` shows here first.
    pub fn countries(&self) -> Vec<(String, u64)> {
        let mut countries: BTreeMap<String, u64> = BTreeMap::new();
        for (prefix, count) in (0..).zip(&self.by_prefix).filter(|(_, count)| **count > 0) {
            *countries.entry(country_of(prefix)).or_default() += count;
        }
        let mut countries: Vec<(String, u64)> = countries.into_iter().collect();
        countries.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        countries
    }

    /// Messages by where their recipients may be, in the order of names; nothing where that does not matter.
    pub fn whereabouts(&self) -> Vec<Located> {
        let mut places: Vec<Located> = self.by_whereabouts.values().copied().collect();
        places.sort_by_cached_key(|located| located.place.to_string());
        places
    }

    /// The zone that the first row may have meant whose own is none.
    pub fn near_zone(&self) -> Option<Zone> {
        self.near_zone
    }

    /// Somebody is there; `odd` is what their row says for a zone, where that is none.
    pub(super) fn locate(&mut self, place: Whereabouts, line: u64, odd: Option<&str>) {
        let first = Located { place, messages: 0, first_line: line };
        let located = self.by_whereabouts.entry(place).or_insert(first);
        located.messages += 1;
        if let Some(odd) = odd.filter(|_| located.messages == 1) {
            self.near_zone = Zone::near(odd);
        }
    }

    pub(super) fn include(&mut self, line: u64, address: &Address, measure: &Measure) {
        if let Some(digits) = address.digits() {
            let length = digits.checked_ilog10().map_or(1, |log| log + 1);
            if self.by_prefix.is_empty() {
                self.by_prefix = vec![0; 1000];
            }
            let prefix = usize::try_from(digits / 10_u64.pow(length.saturating_sub(3))).unwrap_or(0);
            if let Some(count) = self.by_prefix.get_mut(prefix) {
                *count += 1;
            }
        }
        self.rows += 1;
        self.messages += 1;
        self.segments += u64::from(measure.parts);
        match measure.encoding {
            Encoding::Gsm7 => self.gsm7 += 1,
            Encoding::Ucs2 => self.ucs2 += 1,
        }
        match self.by_parts.binary_search_by_key(&measure.parts, |count| count.parts) {
            Ok(at) => self.by_parts[at].messages += 1,
            Err(at) => {
                let first = PartCount { parts: measure.parts, messages: 1, first_line: line };
                self.by_parts.insert(at, first);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::segments::measure;

    #[test]
    fn where_texts_are_cut_each_part_goes_out() {
        let mut totals = Totals::default();
        for (line, length) in (2..).zip([0, 1, 160, 161, 307, 400]) {
            totals.include(line, &Address::Opaque("a".into()), &measure(&"x".repeat(length)));
        }
        assert_eq!((totals.messages, totals.outgoing(false), totals.outgoing(true)), (6, 6, 3 + 2 + 3 + 3));
    }
}
