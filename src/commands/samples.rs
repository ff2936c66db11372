//! Which messages of a plan are worth seeing: one of each text and of each branch in it first, then the unusual, then the
//! next ones in order.

use std::collections::BTreeSet;

use crate::message::WordingId;
use crate::message::hygiene::{Flaw, Kind};
use crate::message::segments::{Encoding, Measure};
use crate::plan::{Origin, Whereabouts};
use crate::report::preview::Sample;
use crate::units::Amount;

/// One of each text, branch, flaw and zone is shown however few are asked for, but no more than this.
pub const MOST_OF_EACH: usize = 200;

/// Why a message is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Its recipient was asked for.
    AskedFor,
    /// The first of all.
    First,
    /// The first with this text.
    FirstOfText,
    /// The first with a flaw of this kind.
    FirstFlawed(Kind),
    /// The first in UCS-2, or the first in GSM-7 after that.
    FirstIn(Encoding),
    /// The first that takes a branch.
    FirstOfBranch,
    /// The longest.
    Longest,
    /// The one that costs the most.
    Dearest,
    /// The shortest.
    Shortest,
    /// The first in its zone.
    FirstInZone,
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
            Self::FirstFlawed(kind) => kind.words(),
            Self::FirstIn(Encoding::Ucs2) => "first in UCS-2",
            Self::FirstIn(Encoding::Gsm7) => "first in GSM-7",
            Self::Longest => "longest",
            Self::Dearest => "dearest",
            Self::Shortest => "shortest",
            Self::FirstInZone => "first in its zone",
            Self::FirstOfBranch => "first of its branch",
            Self::Next => "next",
        }
    }

    fn is_of_text(self) -> bool {
        matches!(self, Self::AskedFor | Self::First | Self::FirstOfText)
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// So many, or one of each text, branch and flaw where those are more.
    pub most: usize,
    /// One of each zone as well, of so many zones.
    pub zones: usize,
    /// The extremes in any case, not only where there is room.
    pub extremes: bool,
}

/// A message to be judged.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// The text.
    pub text: &'a str,
    /// What it takes.
    pub measure: Measure,
    /// Which text it is.
    pub wording: WordingId,
    /// What is wrong with it.
    pub flaws: &'a [(Flaw, Origin)],
    /// What it costs, where that is known.
    pub price: Option<Amount>,
    /// Where its recipient may be, where that matters.
    pub whereabouts: Option<Whereabouts>,
}

/// Why a message is to be kept, and the ways that it takes through its text.
#[derive(Debug, Default)]
pub struct Choice {
    whys: Vec<Why>,
    wording: WordingId,
    ways: Vec<usize>,
}

impl Choice {
    /// Of a message whose recipient was asked for.
    pub fn asked_for() -> Self {
        Self { whys: vec![Why::AskedFor], ..Self::default() }
    }
}

/// A message that is kept until a better one comes.
struct Kept {
    choice: Choice,
    sample: Sample,
}

/// See the module.
pub struct Chooser {
    wish: Wish,
    kept: Vec<Kept>,
    next: usize,
    /// Bytes of the longest and of the shortest text so far.
    longest: usize,
    shortest: usize,
    dearest: Option<Amount>,
    encodings: [bool; 2],
    flaws: Vec<Kind>,
    zones: Vec<Whereabouts>,
    texts: Vec<bool>,
    /// How many ways each text has, and which of them somebody's message takes.
    ways: Vec<(usize, BTreeSet<usize>)>,
}

/// A message that is shown, with all that was said for it.
#[derive(Debug)]
pub struct Chosen {
    /// Why, the most important first.
    pub whys: Vec<Why>,
    /// Which text it is.
    pub wording: WordingId,
    /// The ways that no message before it takes.
    pub ways: Vec<usize>,
    /// The message.
    pub sample: Sample,
}

impl Chooser {
    /// Chooses among messages of texts with so many ways through each.
    pub fn new(wish: Wish, ways: impl IntoIterator<Item = usize>) -> Self {
        Self {
            wish,
            kept: Vec::new(),
            next: 0,
            longest: 0,
            shortest: usize::MAX,
            dearest: None,
            encodings: [false; 2],
            flaws: Vec::new(),
            zones: Vec::new(),
            texts: Vec::new(),
            ways: ways.into_iter().map(|ways| (ways, BTreeSet::new())).collect(),
        }
    }

    /// Why a message should be kept, if it should. `ways` says which ways it takes, and is asked only where that matters.
    pub fn consider(
        &mut self,
        candidate: &Candidate<'_>,
        ways: &mut dyn FnMut() -> Vec<usize>,
    ) -> Option<Choice> {
        let mut whys: Vec<Why> = Vec::new();
        let is_first = self.is_first_of(candidate.wording);
        whys.extend(is_first.then_some(if self.kept.is_empty() { Why::First } else { Why::FirstOfText }));
        whys.extend(self.flaw(candidate.flaws));
        whys.extend(self.encoding(candidate.measure.encoding).filter(|_| whys.is_empty()));
        self.extremes(candidate, &mut whys);
        whys.extend(self.zone(candidate.whereabouts));
        let at = usize::from(candidate.wording);
        let is_open = self.ways.get(at).is_some_and(|(all, taken)| taken.len() < *all);
        let ways = if is_open || !whys.is_empty() { ways() } else { Vec::new() };
        if let Some((_, taken)) = self.ways.get_mut(at)
            && ways.iter().filter(|way| taken.insert(**way)).count() > 0
        {
            whys.push(Why::FirstOfBranch);
        }
        if whys.is_empty() && self.next < self.wish.most {
            self.next += 1;
            whys.push(Why::Next);
        }
        (!whys.is_empty()).then_some(Choice { whys, wording: candidate.wording, ways })
    }

    fn is_first_of(&mut self, wording: WordingId) -> bool {
        let at = usize::from(wording);
        if self.texts.len() <= at {
            self.texts.resize(at + 1, false);
        }
        self.texts.get_mut(at).is_some_and(|seen| !std::mem::replace(seen, true))
    }

    /// A message with these flaws is shown in any case, with all of them.
    fn flaw(&mut self, flaws: &[(Flaw, Origin)]) -> Option<Why> {
        let new = flaws.iter().map(|(flaw, _)| flaw.kind).find(|kind| !self.flaws.contains(kind))?;
        self.flaws.extend(flaws.iter().map(|(flaw, _)| flaw.kind));
        self.flaws.sort_unstable();
        self.flaws.dedup();
        Some(Why::FirstFlawed(new))
    }

    fn encoding(&mut self, encoding: Encoding) -> Option<Why> {
        let seen = self.encodings.get_mut(usize::from(encoding == Encoding::Ucs2))?;
        (!std::mem::replace(seen, true)).then_some(Why::FirstIn(encoding))
    }

    /// The one before it of each extreme is none any more.
    fn extremes(&mut self, candidate: &Candidate<'_>, whys: &mut Vec<Why>) {
        let bytes = candidate.text.len();
        if bytes > self.longest {
            self.longest = bytes;
            whys.push(Why::Longest);
        }
        // That of which all have the same is no extreme.
        if candidate.price > self.dearest {
            if self.dearest.is_some() {
                whys.push(Why::Dearest);
            }
            self.dearest = candidate.price;
        }
        if bytes < self.shortest {
            if self.shortest < usize::MAX {
                whys.push(Why::Shortest);
            }
            self.shortest = bytes;
        }
        for extreme in [Why::Longest, Why::Dearest, Why::Shortest] {
            if whys.contains(&extreme) {
                self.kept.iter_mut().for_each(|kept| kept.choice.whys.retain(|why| *why != extreme));
            }
        }
        // What is nothing else is one like all others.
        for kept in self.kept.iter_mut().filter(|kept| kept.choice.whys.is_empty()) {
            if self.next < self.wish.most {
                self.next += 1;
                kept.choice.whys.push(Why::Next);
            }
        }
        self.kept.retain(|kept| !kept.choice.whys.is_empty());
    }

    fn zone(&mut self, whereabouts: Option<Whereabouts>) -> Option<Why> {
        let whereabouts = whereabouts?;
        if self.zones.len() >= self.wish.zones || self.zones.contains(&whereabouts) {
            return None;
        }
        self.zones.push(whereabouts);
        Some(Why::FirstInZone)
    }

    /// Keeps it.
    pub fn keep(&mut self, choice: Choice, sample: Sample) {
        self.kept.push(Kept { choice, sample });
    }

    /// The ways of each text that no message takes, by their numbers; nothing of a text that nobody reads.
    pub fn untaken(&self) -> Vec<(WordingId, usize)> {
        let is_read = |at: usize| self.texts.get(at).copied().unwrap_or_default();
        let texts = self.ways.iter().enumerate().filter(|(at, _)| is_read(*at));
        let ways = texts.flat_map(|(at, (all, taken))| {
            let untaken = (0..*all).filter(|way| !taken.contains(way));
            untaken.filter_map(move |way| Some((WordingId::try_from(at).ok()?, way)))
        });
        ways.collect()
    }

    /// One of each text, of each branch, of each kind of flaw, then the extremes, then the rest: as many as were asked
    /// for, and those of texts, branches and flaws at least, up to [`MOST_OF_EACH`].
    pub fn chosen(self) -> Vec<Chosen> {
        let Self { wish, kept, .. } = self;
        let mut shelf = Shelf { left: kept.into_iter().map(Some).collect(), ..Shelf::default() };
        shelf.take(usize::MAX, |why| why.is_of_text());
        shelf.take_branches();
        shelf.take(usize::MAX, |why| matches!(why, Why::FirstFlawed(_)));
        shelf.take(usize::MAX, |why| why == Why::FirstInZone);
        shelf.chosen.truncate(MOST_OF_EACH.max(wish.most));
        let extremes = if wish.extremes { usize::MAX } else { wish.most };
        for extreme in EXTREMES {
            shelf.take(extremes, |why| why == extreme);
        }
        shelf.take(wish.most, |why| why == Why::Next);
        // What was a branch's first and is not needed for it is a message as good as any other.
        shelf.take(wish.most, |_| true);
        shelf.chosen
    }
}

const EXTREMES: [Why; 5] =
    [Why::FirstIn(Encoding::Ucs2), Why::FirstIn(Encoding::Gsm7), Why::Longest, Why::Dearest, Why::Shortest];

/// What is kept, and what is chosen from it.
#[derive(Default)]
struct Shelf {
    left: Vec<Option<Kept>>,
    chosen: Vec<Chosen>,
    taken: BTreeSet<(WordingId, usize)>,
}

impl Shelf {
    /// Takes what is kept for such a reason, in the order of the file, while there are no more than so many.
    fn take(&mut self, most: usize, is_wanted: impl Fn(Why) -> bool) {
        for at in 0..self.left.len() {
            if self.chosen.len() < most
                && self.of(at).is_some_and(|choice| choice.whys.iter().any(|why| is_wanted(*why)))
            {
                self.choose(at);
            }
        }
    }

    /// Takes messages until each way that one of them takes is shown: the unusual ones first, for they are worth a look
    /// for themselves.
    fn take_branches(&mut self) {
        for is_unusual in [true, false] {
            for at in 0..self.left.len() {
                let is_new = |choice: &Choice| {
                    choice.ways.iter().any(|way| !self.taken.contains(&(choice.wording, *way)))
                };
                let unusual = |why: &Why| EXTREMES.contains(why) || matches!(why, Why::FirstFlawed(_));
                if self
                    .of(at)
                    .is_some_and(|choice| is_new(choice) && choice.whys.iter().any(unusual) == is_unusual)
                {
                    self.choose(at);
                }
            }
        }
    }

    fn of(&self, at: usize) -> Option<&Choice> {
        self.left.get(at)?.as_ref().map(|kept| &kept.choice)
    }

    fn choose(&mut self, at: usize) {
        let Some(Kept { choice, sample }) = self.left.get_mut(at).and_then(Option::take) else { return };
        let Choice { mut whys, wording, ways } = choice;
        let ways: Vec<usize> = ways.into_iter().filter(|way| self.taken.insert((wording, *way))).collect();
        // Whichever was the first in the file: it is the one that is shown of a branch.
        whys.retain(|why| *why != Why::FirstOfBranch);
        whys.extend((!ways.is_empty()).then_some(Why::FirstOfBranch));
        whys.sort_unstable();
        if whys.is_empty() {
            whys.push(Why::Next);
        }
        self.chosen.push(Chosen { whys, wording, ways, sample });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::segments::measure;

    /// Chooses among texts with the ways they take, all of one wording with `ways` ways; what is shown, and why.
    fn shown(most: usize, ways: usize, texts: &[(&str, &[usize])]) -> Vec<String> {
        let wish = Wish { most, zones: 0, extremes: false };
        let mut chooser = Chooser::new(wish, [ways]);
        for (text, taken) in texts {
            let candidate = Candidate {
                text,
                measure: measure(text),
                wording: 0,
                flaws: &[],
                price: None,
                whereabouts: None,
            };
            if let Some(choice) = chooser.consider(&candidate, &mut || taken.to_vec()) {
                chooser.keep(choice, Sample { text: (*text).to_owned(), ..Sample::default() });
            }
        }
        let told = |one: Chosen| format!("{} {} {:?}", one.sample.text, one.whys[0].words(), one.ways);
        chooser.chosen().into_iter().map(told).collect()
    }

    #[test]
    fn each_branch_is_shown_however_few_are_asked_for() {
        let texts: [(&str, &[usize]); 5] =
            [("aaa", &[0]), ("bbb", &[1]), ("ccc", &[0]), ("ddd", &[2, 0]), ("eee", &[1])];
        assert_eq!(
            shown(1, 4, &texts),
            ["aaa first [0]", "bbb first of its branch [1]", "ddd first of its branch [2]"]
        );
        assert_eq!(shown(4, 4, &texts)[3], "ccc next []");
    }

    #[test]
    fn what_is_unusual_stands_for_its_branch_as_well() {
        let texts: [(&str, &[usize]); 4] = [("aaa", &[0]), ("bbb", &[1]), ("łłł", &[1]), ("aaaaaaaa", &[0])];
        assert_eq!(shown(1, 2, &texts), ["aaa first [0]", "łłł first in UCS-2 [1]"]);
        assert_eq!(shown(3, 2, &texts)[2], "aaaaaaaa longest []");
        assert_eq!(shown(9, 2, &texts).len(), 4);
    }

    #[test]
    fn what_was_the_longest_once_is_not_called_so() {
        let texts: [(&str, &[usize]); 3] = [("aa", &[]), ("aaaa", &[]), ("aaaaaa", &[])];
        assert_eq!(shown(3, 0, &texts), ["aa first []", "aaaaaa longest []", "aaaa next []"]);
    }
}
