//! Which messages of a plan are worth seeing: one of each text first, then the unusual, then the next ones in order.

use crate::message::WordingId;
use crate::message::hygiene::{Flaw, Kind};
use crate::message::segments::{Encoding, Measure};
use crate::plan::Origin;
use crate::report::preview::Sample;

/// Why a message is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Its recipient was asked for.
    AskedFor,
    /// The first of all.
    First,
    /// The first with this text.
    FirstOfText,
    /// The first in UCS-2, or the first in GSM-7 after that.
    FirstIn(Encoding),
    /// The first with a flaw of this kind.
    FirstFlawed(Kind),
    /// The longest so far.
    Longest,
    /// The next one.
    Next,
}

impl Why {
    /// In people's words.
    pub fn words(self) -> &'static str {
        match self {
            Self::AskedFor => "asked for",
            Self::First => "first",
            Self::FirstOfText => "first of its text",
            Self::FirstIn(Encoding::Ucs2) => "first in UCS-2",
            Self::FirstIn(Encoding::Gsm7) => "first in GSM-7",
            Self::FirstFlawed(kind) => kind.words(),
            Self::Longest => "longest",
            Self::Next => "next",
        }
    }
}

/// Keeps the first message, the first of each text, the longest, the first in each encoding and with each flaw, then the next ones.
pub struct Chooser {
    most: usize,
    of_texts: Vec<Sample>,
    extremes: Vec<(Why, Sample)>,
    next: Vec<Sample>,
    units: usize,
    encodings: [bool; 2],
    flaws: Vec<Kind>,
    texts: Vec<bool>,
}

impl Chooser {
    /// Chooses so many, or one of each text where those are more.
    pub fn new(most: usize) -> Self {
        let (of_texts, next, texts) = (Vec::new(), Vec::new(), Vec::new());
        let (extremes, flaws) = (Vec::new(), Vec::new());
        Self { most, of_texts, extremes, next, units: 0, encodings: [false; 2], flaws, texts }
    }

    /// Why a message should be kept, if it should.
    pub fn consider(
        &mut self,
        text: &str,
        measure: &Measure,
        wording: WordingId,
        flaws: &[(Flaw, Origin)],
    ) -> Option<Why> {
        let encoding = usize::from(measure.encoding == Encoding::Ucs2);
        let new_encoding = !std::mem::replace(&mut self.encodings[encoding], true);
        let longest = text.len() > self.units;
        self.units = self.units.max(text.len());
        let wording = usize::from(wording);
        if self.texts.len() <= wording {
            self.texts.resize(wording + 1, false);
        }
        let new_flaw = flaws.iter().map(|(flaw, _)| flaw.kind).find(|kind| !self.flaws.contains(kind));
        let is_first = self.of_texts.is_empty();
        if self.texts.get_mut(wording).is_some_and(|seen| !std::mem::replace(seen, true)) {
            self.see(flaws);
            return Some(if is_first { Why::First } else { Why::FirstOfText });
        }
        match (new_flaw, new_encoding, longest) {
            // First, because these are shown in any case, and the others only where there is room.
            (Some(kind), _, _) => {
                self.see(flaws);
                Some(Why::FirstFlawed(kind))
            }
            (_, true, _) => Some(Why::FirstIn(measure.encoding)),
            (_, _, true) => Some(Why::Longest),
            _ => (self.next.len() < self.most).then_some(Why::Next),
        }
    }

    /// A message with these flaws is shown in any case, with all of them.
    fn see(&mut self, flaws: &[(Flaw, Origin)]) {
        self.flaws.extend(flaws.iter().map(|(flaw, _)| flaw.kind));
        self.flaws.sort_unstable();
        self.flaws.dedup();
    }

    /// Keeps it.
    pub fn keep(&mut self, why: Why, sample: Sample) {
        match why {
            Why::AskedFor | Why::First | Why::FirstOfText => self.of_texts.push(sample),
            Why::Longest => {
                self.extremes.retain(|(other, _)| *other != Why::Longest);
                self.extremes.push((why, sample));
            }
            Why::FirstIn(_) | Why::FirstFlawed(_) => self.extremes.push((why, sample)),
            Why::Next => self.next.push(sample),
        }
    }

    /// One of each text and of each kind of flaw, then the extremes, then the rest: as many as were asked for, and those
    /// of texts and flaws at least.
    pub fn samples(self) -> Vec<Sample> {
        let is_flawed = |(why, _): &(Why, Sample)| matches!(why, Why::FirstFlawed(_));
        let (flawed, extremes): (Vec<_>, Vec<_>) = self.extremes.into_iter().partition(is_flawed);
        let most = self.most.max(self.of_texts.len() + flawed.len());
        let extremes = flawed.into_iter().chain(extremes).map(|(_, sample)| sample);
        self.of_texts.into_iter().chain(extremes).chain(self.next).take(most).collect()
    }
}
