//! The people of a plan and what each of them reads, so far as a file may say it that anybody may see: sketches of groups.
//! In each group there are twice as many people as numbers about them, so whoever wants to tell one of them from it
//! has to know half of the others; and of fewer than 32 people there is no number at all.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::seed::Seed;
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
/// Of fewer people nothing is told: whoever has a list of a few thousand could try which of them they are.
const FEWEST: u64 = 32;

/// People in groups, by lot.
#[derive(Debug, Clone)]
pub struct Crowd {
    people: Lot,
    texts: Lot,
    groups: Vec<Group>,
    key: String,
}

/// People whom the lot has put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
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

/// How two crowds differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
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
        Self { came: Number::Exactly(0), went: Number::Exactly(0), texts: Number::Exactly(0) };
}

impl Crowd {
    /// Nobody yet, of a campaign. Only crowds of one seed can be held against each other.
    pub fn new(campaign: &str, seed: &Seed) -> Self {
        let lot = |of: &str| Lot::new(&format!("approval {of} {seed}"), campaign);
        let groups = vec![Group::new(MOST_POINTS); MOST_GROUPS];
        Self { people: lot("people"), texts: lot("texts"), groups, key: String::new() }
    }

    /// Adds somebody: who it is, where they are reached, and the digest of all that with their text.
    pub fn add(&mut self, id: &str, address: &str, message: &[u8; 32]) {
        self.key.clear();
        // Neither has a zero byte.
        self.key.extend([id, "\0", address]);
        let place = self.people.place(&self.key);
        let text = self.texts.place_of(message);
        // The highest bits say which group: those of a coarser division are a part of these.
        let group = place >> (u64::BITS - MOST_GROUPS.ilog2());
        if let Some(group) = usize::try_from(group).ok().and_then(|at| self.groups.get_mut(at)) {
            group.members += 1;
            group.people.add(place);
            group.texts.add(text);
        }
    }

    /// What may be told of them.
    pub fn finish(self) -> Outline {
        let members = self.groups.iter().map(|group| group.members).sum();
        let (groups, points) = division(members);
        Outline(self.groups).coarser(groups, points)
    }
}

/// Groups and points for so many people.
fn division(people: u64) -> (usize, usize) {
    let told = if people < FEWEST { 0 } else { people / PEOPLE_PER_POINT };
    let points = usize::try_from(told).unwrap_or(usize::MAX).min(MOST_POINTS);
    let full = people / (MOST_POINTS as u64 * PEOPLE_PER_POINT);
    let groups = usize::try_from(full).unwrap_or(usize::MAX).clamp(1, MOST_GROUPS);
    (1 << groups.ilog2(), points)
}

/// What may be told of people: groups of them, a power of two, all with as many points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline(Vec<Group>);

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
        Change { came, went, texts }
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
    /// A line for each group, for a file.
    pub fn lines(&self) -> Vec<String> {
        self.0.iter().map(|group| STANDARD.encode(group.bytes())).collect()
    }

    /// From the lines of a file; nothing where they are none of ours.
    pub fn from_lines(lines: &[String]) -> Option<Self> {
        let read = |line: &String| Group::from_bytes(&STANDARD.decode(line).ok()?);
        let groups: Vec<Group> = lines.iter().map(read).collect::<Option<_>>()?;
        let points = groups.first()?.points();
        let sound = groups.len().is_power_of_two()
            && groups.len() <= MOST_GROUPS
            && groups.iter().all(|group| group.points() == points);
        sound.then_some(Self(groups))
    }

    /// How many people there are.
    pub fn people(&self) -> u64 {
        self.0.iter().map(|group| group.members).fold(0, u64::saturating_add)
    }

    /// How it differs from a later one of the same campaign and the same seed.
    pub fn change(&self, later: &Self) -> Change {
        let groups = self.0.len().min(later.0.len());
        let points = self.points().min(later.points());
        let [before, after] = [self, later].map(|one| one.clone().coarser(groups, points).0);
        before.iter().zip(&after).fold(Change::NONE, |sum, (before, after)| {
            let change = before.change(after);
            Change {
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

    fn outline(people: impl IntoIterator<Item = (u64, u64)>) -> Outline {
        let mut crowd = Crowd::new("spring-sale", &Seed::of(&[], "", ""));
        for (person, text) in people {
            let (id, address) = (format!("C-{person}"), format!("+2547{person:08}"));
            let message = Sha256::digest(format!("{id}{address}{text}"));
            crowd.add(&id, &address, &message.into());
        }
        crowd.finish()
    }

    fn exactly(came: u64, went: u64, texts: u64) -> Change {
        let [came, went, texts] = [came, went, texts].map(Number::Exactly);
        Change { came, went, texts }
    }

    #[test]
    fn what_has_changed_is_counted() {
        let before = outline((0..932).map(|one| (one, 0)));
        let after = outline((3..944).map(|one| (one, u64::from((100..140).contains(&one)))));
        assert_eq!(before.change(&after), exactly(12, 3, 40));
        assert_eq!(after.change(&before), exactly(3, 12, 40));
        assert_eq!(before.change(&before), exactly(0, 0, 0));
    }

    #[test]
    fn what_is_more_than_can_be_counted_is_told_as_that() {
        let before = outline((0..932).map(|one| (one, 0)));
        let after = outline((0..932).map(|one| (one, 1)));
        let change = before.change(&after);
        assert_eq!((change.came, change.went), (Number::Exactly(0), Number::Exactly(0)));
        assert!(matches!(change.texts, Number::AtLeast(64..=932)), "{change:?}");
        let others = before.change(&outline((5000..5900).map(|one| (one, 0))));
        assert!(matches!(others.came, Number::AtLeast(48..=900)), "{others:?}");
        assert!(matches!(others.went, Number::AtLeast(80..=932)), "{others:?}");
        assert_eq!(others.texts, Number::AtLeast(0));
    }

    #[test]
    fn of_few_people_little_is_told() {
        let points = |people: u64| outline((0..people).map(|one| (one, 0))).points();
        assert_eq!([0, 1, 31, 32, 35, 36, 131, 132, 5000].map(points), [0, 0, 0, 8, 8, 9, 32, 33, 33]);
        let groups = |people: u64| outline((0..people).map(|one| (one, 0))).0.len();
        assert_eq!([0, 3, 263, 264, 1055, 1056, 40_000].map(groups), [1, 1, 1, 2, 4, 8, 128]);
        let change = outline([(1, 0), (2, 0)]).change(&outline([(1, 0), (2, 1), (3, 0)]));
        assert_eq!((change.came, change.went), (Number::AtLeast(1), Number::AtLeast(0)));
        assert_eq!(change.texts, Number::AtLeast(0));
    }

    /// From two files of one seed the one person that is in the second alone could be reckoned: the quotient of their products
    /// is that person's number, and whoever tries all numbers of a country finds whose it is.
    #[test]
    fn plans_of_other_files_have_no_number_in_common() {
        let of = |seed: &Seed, people: u64| {
            let mut crowd = Crowd::new("spring-sale", seed);
            (0..people).for_each(|one| crowd.add(&one.to_string(), "", &[0; 32]));
            crowd.finish()
        };
        let [one, other] = ["one", "other"].map(|renderer| Seed::of(&[], renderer, ""));
        assert_eq!(of(&one, 40).change(&of(&one, 41)), exactly(1, 0, 0));
        let numbers = |outline: &Outline| {
            let group = &outline.0[0];
            [group.people.products(), group.texts.products()].concat()
        };
        let (before, after) = (numbers(&of(&one, 40)), numbers(&of(&other, 40)));
        assert!(before.iter().zip(&after).all(|(before, after)| before != after));
    }

    #[test]
    fn the_order_does_not_matter() {
        assert_eq!(outline([(1, 0), (2, 0), (3, 0), (4, 0)]), outline([(4, 0), (2, 0), (1, 0), (3, 0)]));
    }

    /// Frozen: files in people's repositories say the same for ever. Made beside it in Python.
    #[test]
    fn the_lines_are_the_same_for_ever() {
        insta::assert_snapshot!(outline((0..32).map(|one| (one, 0))).lines().join("\n"), @"IAAAAAAAAABmW5NWkizVAZlLCA8mFjQLHxTXpWVSJwcfpAoNBAkREjX7kmZzlLIULWWycNWnOhrGNJh118xwFtOhXgBnTc8CEsAxlrSyyBfkBt9RNfQBCdW7i/NsdUkd/cAiGDEZpRkJSFBxT+zkHuMaM/5rexAbIvkhkajvJhpPHfQLbsP7HQ==");
    }

    #[test]
    fn other_lines_are_refused() {
        let line = outline((0..32).map(|one| (one, 0))).lines().remove(0);
        let short = STANDARD.encode(0_u64.to_le_bytes());
        assert!(Outline::from_lines(&[line.clone(), line.clone()]).is_some());
        for bad in [
            vec![],
            vec![line.clone(); 3],
            vec![line.clone(), short],
            vec!["AA==".to_owned()],
            vec!["?".to_owned()],
            vec![STANDARD.encode(u64::MAX.to_le_bytes())],
        ] {
            assert_eq!(Outline::from_lines(&bad), None, "{bad:?}");
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
            let before = outline((0..people).map(|one| (one, 0)));
            let later = (went..people).map(|one| (one, u64::from(one >= people - texts)));
            let after = outline(later.chain((10_000..10_000 + came).map(|one| (one, 0))));
            let change = before.change(&after);
            for (told, is) in [(change.came, came), (change.went, went), (change.texts, texts)] {
                prop_assert!(told == Number::Exactly(is) || matches!(told, Number::AtLeast(least) if least <= is), "{change:?}");
            }
            prop_assert_eq!(Outline::from_lines(&before.lines()), Some(before));
        }
    }
}
