//! The people of a plan and what each of them reads, so far as a file may say it that anybody may see: sketches of groups,
//! locked up ([`super::sealed`]). Of a few people there is nothing at all.

use super::anchors::Anchors;
use super::change::{Change, Untold};
use super::outline::Outline;
use super::sealed::Sealed;
use crate::lot::Lot;

/// People by lot.
#[derive(Debug, Clone)]
pub struct Crowd {
    people: Lot,
    texts: Lot,
    outline: Outline,
    anchors: Anchors,
    key: String,
}

impl Crowd {
    /// Nobody yet, of a campaign. Only crowds of one campaign can be held against each other.
    pub fn new(campaign: &str) -> Self {
        let lot = |of: &str| Lot::new(&format!("approval {of}"), campaign);
        Self {
            people: lot("people"),
            texts: lot("texts"),
            outline: Outline::new(),
            anchors: Anchors::new(campaign),
            key: String::new(),
        }
    }

    /// Adds somebody: who it is, where they are reached, and the digest of all that with their text.
    pub fn add(&mut self, id: &str, address: &str, message: &[u8; 32]) {
        self.key.clear();
        // Neither has a zero byte.
        self.key.extend([id, "\0", address]);
        let place = self.people.place(&self.key);
        self.anchors.add(place);
        self.outline.add(place, self.texts.place_of(message));
    }

    /// All of them are there.
    pub fn finish(self) -> Everybody {
        Everybody { people: self.outline.people(), outline: self.outline.finish(), anchors: self.anchors }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::super::change::Number;
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
