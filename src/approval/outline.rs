//! Groups of people, each with sketches of who they are and of what they read: what is sealed of a crowd.

use super::change::{Change, Number};
use super::sketch::{Exchange, Sketch};

/// The most points of a sketch: that many differences in a group are not counted any more.
const MOST_POINTS: usize = 33;
/// The most groups: a file has some 90 kB of them.
const MOST_GROUPS: usize = 128;
/// The most people of a group: more than there are on earth, and few enough to be added up.
const MOST_MEMBERS: u64 = 1 << 34;
/// People for each point, at which there are two numbers: one of who they are, one of what they read.
const PEOPLE_PER_POINT: u64 = 4;
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

/// Groups and points for so many people.
fn division(people: u64) -> (usize, usize) {
    let points = usize::try_from(people / PEOPLE_PER_POINT).unwrap_or(usize::MAX).min(MOST_POINTS);
    let full = people / (MOST_POINTS as u64 * PEOPLE_PER_POINT);
    let groups = usize::try_from(full).unwrap_or(usize::MAX).clamp(1, MOST_GROUPS);
    (1 << groups.ilog2(), points)
}

/// What is told of people: groups of them, a power of two, all with as many points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outline(Vec<Group>);

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

impl Outline {
    /// Of nobody.
    pub(super) fn new() -> Self {
        Self(vec![Group::new(MOST_POINTS); MOST_GROUPS])
    }

    /// Adds somebody, by the places of who they are and of what they read.
    pub(super) fn add(&mut self, place: u64, text: u64) {
        // The highest bits say which group: those of a coarser division are a part of these.
        let group = place >> (u64::BITS - MOST_GROUPS.ilog2());
        if let Some(group) = usize::try_from(group).ok().and_then(|at| self.0.get_mut(at)) {
            group.members += 1;
            group.people.add(place);
            group.texts.add(text);
        }
    }

    /// How many people there are.
    pub(super) fn people(&self) -> u64 {
        self.0.iter().map(|group| group.members).sum()
    }

    /// In as many groups, at as many points, as are told of so many people.
    pub(super) fn finish(self) -> Self {
        let (groups, points) = division(self.people());
        self.coarser(groups, points)
    }

    /// How many points the groups have, and then each of them.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let points = u8::try_from(self.points()).unwrap_or_default();
        std::iter::once(points).chain(self.0.iter().flat_map(Group::bytes)).collect()
    }

    /// From those; nothing where they are none of ours.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (points, groups) = bytes.split_first()?;
        let length = (1 + 2 * usize::from(*points)) * size_of::<u64>();
        let groups: Vec<Group> = groups.chunks(length).map(Group::from_bytes).collect::<Option<_>>()?;
        let sound = groups.len().is_power_of_two()
            && groups.len() <= MOST_GROUPS
            && groups.iter().all(|group| group.points() == usize::from(*points));
        sound.then_some(Self(groups))
    }

    /// How it differs from a later one of the same campaign.
    pub(super) fn change(&self, later: &Self) -> Change {
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
    use super::*;
    use crate::lot::Lot;

    fn outline(people: u64) -> Outline {
        let lot = Lot::new("test", "c");
        let mut outline = Outline::new();
        (0..people).for_each(|one| outline.add(lot.place(&one.to_string()), one));
        outline.finish()
    }

    #[test]
    fn more_people_are_in_more_groups() {
        let groups = |people: u64| outline(people).0.len();
        assert_eq!([0, 3, 263, 264, 1055, 1056, 40_000].map(groups), [1, 1, 1, 2, 4, 8, 128]);
    }

    #[test]
    fn other_bytes_are_refused() {
        let ours = outline(128).bytes();
        assert!(Outline::from_bytes(&ours).is_some());
        let three = [&ours[..], &ours[1..], &ours[1..]].concat();
        for bad in [&ours[1..], &ours[..9], &[], &[0], &[40], &[33, 0], &three[..], &[0; 9][..5]] {
            assert_eq!(Outline::from_bytes(bad), None, "{bad:?}");
        }
    }
}
