//! The people of a plan and what each of them reads, so far as a file may say it that anybody may see: sketches of groups,
//! locked up ([`super::sealed`]). Of a few people there is nothing at all.

use super::anchors::Anchors;
use super::sealed::Sealed;
use super::sketch::{Exchange, Sketch};
use crate::lot::Lot;

/// The most points of a sketch: that many differences in a group are not counted any more.
const MOST_POINTS: usize = 33;
/// The most groups: a file has some 90 kB of them.
const MOST_GROUPS: usize = 128;
/// The most people of a group: more than there are on earth, and few enough to be added up.
const MOST_MEMBERS: u64 = 1 << 34;
/// People for each point, at which there are two numbers: one of who they are, one of what they read.
const PEOPLE_PER_POINT: u64 = 4;
/// People in groups, by lot.
#[derive(Debug, Clone)]
pub struct Crowd {
    people: Lot,
    texts: Lot,
    groups: Vec<Group>,
    anchors: Anchors,
    key: String,
}

/// People whom the lot has put together.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    /// How many there are.
    members: u64,
    /// Who they are.
    people: Sketch,
    /// Who they are and what they read.
    texts: Sketch,
}

/// How many, as far as that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// So many.
    Exactly(u64),
    /// So many at least.
    AtLeast(u64),
}

/// Why it is not told how two crowds differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untold {
    /// There are too few people in one of them.
    Few,
    /// Too many came or went.
    Many,
}

/// How two crowds differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Why no more is told than how many there are of each.
    pub untold: Option<Untold>,
    /// People only the later one has.
    pub came: Number,
    /// People only the earlier one has.
    pub went: Number,
    /// People of both who read something else.
    pub texts: Number,
}

impl Change {
    /// None at all.
    pub const NONE: Self =
        Self { untold: None, came: Number::Exactly(0), went: Number::Exactly(0), texts: Number::Exactly(0) };

    /// Of crowds of which no more is known than how many people they have.
    fn untold(why: Untold, before: u64, after: u64) -> Self {
        let least = |more: u64, fewer: u64| Number::AtLeast(more.saturating_sub(fewer));
        Self {
            untold: Some(why),
            came: least(after, before),
            went: least(before, after),
            texts: Number::AtLeast(0),
        }
    }
}

impl Crowd {
    /// Nobody yet, of a campaign. Only crowds of one campaign can be held against each other.
    pub fn new(campaign: &str) -> Self {
        let lot = |of: &str| Lot::new(&format!("approval {of}"), campaign);
        let groups = vec![Group::new(MOST_POINTS); MOST_GROUPS];
        let anchors = Anchors::new(campaign);
        Self { people: lot("people"), texts: lot("texts"), groups, anchors, key: String::new() }
    }

    /// Adds somebody: who it is, where they are reached, and the digest of all that with their text.
    pub fn add(&mut self, id: &str, address: &str, message: &[u8; 32]) {
        self.key.clear();
        // Neither has a zero byte.
        self.key.extend([id, "\0", address]);
        let place = self.people.place(&self.key);
        let text = self.texts.place_of(message);
        self.anchors.add(place);
        // The highest bits say which group: those of a coarser division are a part of these.
        let group = place >> (u64::BITS - MOST_GROUPS.ilog2());
        if let Some(group) = usize::try_from(group).ok().and_then(|at| self.groups.get_mut(at)) {
            group.members += 1;
            group.people.add(place);
            group.texts.add(text);
        }
    }

    /// All of them are there.
    pub fn finish(self) -> Everybody {
        let people = self.groups.iter().map(|group| group.members).sum();
        let (groups, points) = division(people);
        Everybody { people, outline: Outline(self.groups).coarser(groups, points), anchors: self.anchors }
    }
}

/// All people of a plan.
#[derive(Debug, Clone)]
pub struct Everybody {
    people: u64,
    outline: Outline,
    anchors: Anchors,
}

impl Everybody {
    /// What a file may say of them, where they are not too few. `salt` is another one for every other plan.
    pub fn sealed(&self, salt: &str) -> Option<Sealed> {
        let first = Anchors::asked(self.people)?;
        Sealed::new(first, &self.anchors.clone().secrets(first)?, salt, &self.outline.bytes())
    }

    /// How they differ from those of an earlier plan, who were `before` people and were sealed by that salt.
    pub(super) fn change(&self, before: u64, sealed: Option<&Sealed>, salt: &str) -> Change {
        let Some((sealed, _)) = sealed.zip(Anchors::asked(self.people)) else {
            return Change::untold(Untold::Few, before, self.people);
        };
        let secrets = self.anchors.clone().secrets(sealed.first);
        let opened = secrets.and_then(|secrets| sealed.open(&secrets, salt));
        match opened.and_then(|bytes| Outline::from_bytes(&bytes)) {
            Some(outline) => outline.change(&self.outline),
            None => Change::untold(Untold::Many, before, self.people),
        }
    }
}

/// Groups and points for so many people.
fn division(people: u64) -> (usize, usize) {
    let points = usize::try_from(people / PEOPLE_PER_POINT).unwrap_or(usize::MAX).min(MOST_POINTS);
    let full = people / (MOST_POINTS as u64 * PEOPLE_PER_POINT);
    let groups = usize::try_from(full).unwrap_or(usize::MAX).clamp(1, MOST_GROUPS);
    (1 << groups.ilog2(), points)
}

/// What is told of people: groups of them, a power of two, all with as many points.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outline(Vec<Group>);

impl Group {
    fn new(points: usize) -> Self {
        Self { members: 0, people: Sketch::new(points), texts: Sketch::new(points) }
    }

    fn join(&mut self, other: &Self) {
        self.members += other.members;
        self.people.join(&other.people);
        self.texts.join(&other.texts);
    }

    fn shorten(&mut self, points: usize) {
        self.people.shorten(points);
        self.texts.shorten(points);
    }

    fn points(&self) -> usize {
        self.people.products().len()
    }

    /// How this group differs from a later one of the same lots.
    fn change(&self, later: &Self) -> Change {
        let more = later.members.cast_signed() - self.members.cast_signed();
        let [(came, went), (texts_came, _)] =
            [self.people.exchange(&later.people, more), self.texts.exchange(&later.texts, more)]
                .map(|found| numbers(found, more, self.points()));
        // Whoever came or went has a text that did; the others' came and went.
        let texts = match (came, texts_came) {
            (Number::Exactly(people), Number::Exactly(texts)) => {
                Number::Exactly(texts.saturating_sub(people))
            }
            (Number::Exactly(people), Number::AtLeast(texts)) => {
                Number::AtLeast(texts.saturating_sub(people))
            }
            (Number::AtLeast(_), _) => Number::AtLeast(0),
        };
        Change { untold: None, came, went, texts }
    }

    fn bytes(&self) -> Vec<u8> {
        let products = self.people.products().iter().chain(self.texts.products());
        std::iter::once(&self.members).chain(products).flat_map(|number| number.to_le_bytes()).collect()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (numbers, []) = bytes.as_chunks::<8>() else { return None };
        let (members, products) = numbers.split_first()?;
        let (people, texts) = products.split_at_checked(products.len() / 2)?;
        let sketch =
            |all: &[[u8; 8]]| Sketch::from_products(all.iter().copied().map(u64::from_le_bytes).collect());
        let group =
            Self { members: u64::from_le_bytes(*members), people: sketch(people)?, texts: sketch(texts)? };
        let sound =
            people.len() == texts.len() && people.len() <= MOST_POINTS && group.members <= MOST_MEMBERS;
        sound.then_some(group)
    }
}

/// Of an exchange that was found, or of one that is larger than could be found by so many points.
fn numbers(found: Option<Exchange>, more: i64, points: usize) -> (Number, Number) {
    if let Some(Exchange { came, went }) = found.filter(|_| points > 0) {
        return (Number::Exactly(came), Number::Exactly(went));
    }
    // As many differences as points at least, and as many as the numbers of members say.
    let least = (points as u64).max(more.unsigned_abs());
    let least = least + (least + more.unsigned_abs()) % 2;
    let [came, went] = [more, -more].map(|more| least.saturating_add_signed(more) / 2);
    (Number::AtLeast(came), Number::AtLeast(went))
}

impl Number {
    /// The least that it can be.
    pub fn least(self) -> u64 {
        match self {
            Self::Exactly(number) | Self::AtLeast(number) => number,
        }
    }

    /// Whether it is nobody, for sure.
    pub fn is_none(self) -> bool {
        self == Self::Exactly(0)
    }

    fn plus(self, other: Self) -> Self {
        let sum = self.least() + other.least();
        match (self, other) {
            (Self::Exactly(_), Self::Exactly(_)) => Self::Exactly(sum),
            _ => Self::AtLeast(sum),
        }
    }
}

impl Outline {
    /// How many points the groups have, and then each of them.
    fn bytes(&self) -> Vec<u8> {
        let points = u8::try_from(self.points()).unwrap_or_default();
        std::iter::once(points).chain(self.0.iter().flat_map(Group::bytes)).collect()
    }

    /// From those; nothing where they are none of ours.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (points, groups) = bytes.split_first()?;
        let length = (1 + 2 * usize::from(*points)) * size_of::<u64>();
        let groups: Vec<Group> = groups.chunks(length).map(Group::from_bytes).collect::<Option<_>>()?;
        let sound = groups.len().is_power_of_two()
            && groups.len() <= MOST_GROUPS
            && groups.iter().all(|group| group.points() == usize::from(*points));
        sound.then_some(Self(groups))
    }

    /// How it differs from a later one of the same campaign.
    pub fn change(&self, later: &Self) -> Change {
        let groups = self.0.len().min(later.0.len());
        let points = self.points().min(later.points());
        let [before, after] = [self, later].map(|one| one.clone().coarser(groups, points).0);
        before.iter().zip(&after).fold(Change::NONE, |sum, (before, after)| {
            let change = before.change(after);
            Change {
                untold: None,
                came: sum.came.plus(change.came),
                went: sum.went.plus(change.went),
                texts: sum.texts.plus(change.texts),
            }
        })
    }

    fn points(&self) -> usize {
        self.0.first().map_or(0, Group::points)
    }

    /// In fewer groups, at fewer points.
    fn coarser(mut self, groups: usize, points: usize) -> Self {
        self.0.iter_mut().for_each(|group| group.shorten(points));
        let together = self.0.len() / groups.max(1);
        let joined = self.0.chunks(together.max(1)).map(|chunk| {
            let mut group = Group::new(points);
            chunk.iter().for_each(|one| group.join(one));
            group
        });
        Self(joined.collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;

    fn everybody(people: impl IntoIterator<Item = (u64, u64)>) -> Everybody {
        let mut crowd = Crowd::new("spring-sale");
        for (person, text) in people {
            let (id, address) = (format!("C-{person}"), format!("+2547{person:08}"));
            let message = Sha256::digest(format!("{id}{address}{text}"));
            crowd.add(&id, &address, &message.into());
        }
        crowd.finish()
    }

    fn some(people: std::ops::Range<u64>) -> Everybody {
        everybody(people.map(|one| (one, 0)))
    }

    fn change(before: &Everybody, after: &Everybody) -> Change {
        after.change(before.people, before.sealed("salt").as_ref(), "salt")
    }

    fn exactly(came: u64, went: u64, texts: u64) -> Change {
        let [came, went, texts] = [came, went, texts].map(Number::Exactly);
        Change { untold: None, came, went, texts }
    }

    #[test]
    fn what_has_changed_is_counted() {
        let before = some(0..932);
        let after = everybody((3..944).map(|one| (one, u64::from((100..140).contains(&one)))));
        assert_eq!(change(&before, &after), exactly(12, 3, 40));
        assert_eq!(change(&after, &before), exactly(3, 12, 40));
        assert_eq!(change(&before, &before), exactly(0, 0, 0));
    }

    #[test]
    fn what_is_more_than_can_be_counted_is_told_as_that() {
        let before = some(0..932);
        let others = change(&before, &everybody((0..932).map(|one| (one, 1))));
        assert_eq!((others.came, others.went), (Number::Exactly(0), Number::Exactly(0)));
        assert!(matches!(others.texts, Number::AtLeast(64..=932)), "{others:?}");
        let strangers = change(&before, &some(5000..5900));
        assert_eq!(strangers, Change::untold(Untold::Many, 932, 900));
        assert_eq!((strangers.came, strangers.went), (Number::AtLeast(0), Number::AtLeast(32)));
    }

    #[test]
    fn of_few_people_nothing_is_told() {
        assert_eq!(some(0..127).sealed(""), None);
        assert_eq!(some(0..128).sealed("").unwrap().first, 64);
        for (before, after) in [(0..2, 0..3), (0..127, 0..128), (0..128, 0..127)] {
            let (many, more) = (before.end, after.end);
            assert_eq!(change(&some(before), &some(after)), Change::untold(Untold::Few, many, more));
        }
        let groups = |people: u64| some(0..people).outline.0.len();
        assert_eq!([0, 3, 263, 264, 1055, 1056, 40_000].map(groups), [1, 1, 1, 2, 4, 8, 128]);
    }

    /// Whoever has a list in which everybody is, and others, learns nothing of who is: nor does who has half of them.
    #[test]
    fn who_is_in_a_plan_is_not_found_by_trying_who_may_be() {
        let before = some(0..1000);
        for guess in [0..1200, 0..2000, 0..500, 200..1200] {
            assert_eq!(change(&before, &some(guess.clone())).untold, Some(Untold::Many), "{guess:?}");
        }
    }

    /// Whoever makes the plan again has nearly the same people: of a thousand, some twenty others.
    #[test]
    fn who_has_nearly_the_same_people_is_told() {
        for first in 0..20 {
            let (before, after) =
                (some(first * 2000..first * 2000 + 1000), some(first * 2000 + 8..first * 2000 + 1012));
            assert_eq!(change(&before, &after), exactly(12, 8, 0), "{first}");
        }
    }

    #[test]
    fn the_order_does_not_matter() {
        let (one, other) = (some(0..200), everybody((0..200).rev().map(|one| (one, 0))));
        assert_eq!(one.sealed("salt"), other.sealed("salt"));
    }

    /// Frozen: files in people's repositories say the same for ever. Made beside it in Python.
    #[test]
    fn what_is_sealed_is_the_same_for_ever() {
        let outline = some(0..128).outline.bytes();
        let sealed = some(0..128).sealed("salt").unwrap();
        let all: String = sealed.locks.iter().chain(&sealed.pieces).map(String::as_str).collect();
        let [outline, sealed] = [outline, all.into_bytes()]
            .map(|bytes| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        insta::assert_snapshot!(format!("{outline}\n{sealed}"), @"
        af7f5f4d6286d3e9e1b35c7dd9cb3a52964809ee2f10239602de42ace91c12ed
        d08c388a6afdee49e7c56dbc9b6bd91e8a776febdc7ffeab7811b0a174520953
        ");
    }

    #[test]
    fn other_bytes_are_refused() {
        let ours = some(0..128).outline.bytes();
        assert!(Outline::from_bytes(&ours).is_some());
        let three = [&ours[..], &ours[1..], &ours[1..]].concat();
        for bad in [&ours[1..], &ours[..9], &[], &[0], &[40], &[33, 0], &three[..], &[0; 9][..5]] {
            assert_eq!(Outline::from_bytes(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Whatever changes is never told as more than it is, and exactly where there are few changes in many people.
        #[test]
        fn nothing_is_told_that_is_not_so(
            people in 0_u64..600,
            (came, went, texts) in (0_u64..20, 0_u64..20, 0_u64..20),
        ) {
            let (went, texts) = (went.min(people), texts.min(people.saturating_sub(went)));
            let before = some(0..people);
            let later = (went..people).map(|one| (one, u64::from(one >= people - texts)));
            let after = everybody(later.chain((10_000..10_000 + came).map(|one| (one, 0))));
            let change = change(&before, &after);
            for (told, is) in [(change.came, came), (change.went, went), (change.texts, texts)] {
                prop_assert!(told == Number::Exactly(is) || matches!(told, Number::AtLeast(least) if least <= is), "{change:?}");
            }
            prop_assert_eq!(Outline::from_bytes(&before.outline.bytes()), Some(before.outline));
        }
    }
}
