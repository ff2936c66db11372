//! Which unknown messages the gateway's own list proves to have been sent. A record counts only when it can be
//! nobody else's; that none is listed proves nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::message::MessageKey;
use crate::provider::lists::Sent;

/// An unknown message as it is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Its place in its run.
    pub key: MessageKey,
    /// The canonical address.
    pub address: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
    /// The earliest time at which the gateway can have taken it.
    pub from: DateTime<Utc>,
    /// The latest.
    pub until: DateTime<Utc>,
    /// Whether a record that fits may be another message's that is not among these: one that is unknown too, or
    /// was accepted without an id.
    pub contested: bool,
}

/// What the lists say of an unknown message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The gateway took it.
    Sent {
        /// The gateway's id.
        id: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// No record fits. That proves nothing.
    NotListed,
    /// Something fits, and it cannot be told whose it is.
    Ambiguous,
    /// Nobody could look, or not to the end.
    NotSeen,
}

/// Holds messages against what the gateway lists, by address; an address without a list was not looked up whole.
/// `is_known` says whether an id is known already for another message than the one named. One finding a doubt, in
/// their order.
pub fn reconcile(
    doubts: &[Doubt],
    lists: &BTreeMap<Arc<str>, Vec<Sent>>,
    is_known: &dyn Fn(&str, MessageKey) -> bool,
) -> Vec<Finding> {
    let mut twins: HashMap<(&str, &str), u32> = HashMap::new();
    for doubt in doubts {
        *twins.entry((&doubt.address, &doubt.text)).or_default() += 1;
    }
    let fitting: Vec<Option<BTreeMap<&str, DateTime<Utc>>>> = doubts
        .iter()
        .map(|doubt| {
            let fits = lists.get(&doubt.address)?.iter().filter(|sent| fits(doubt, sent));
            // A page may repeat the end of the one before: one id is one record.
            let news = fits.filter(|sent| !is_known(&sent.id, doubt.key));
            Some(news.map(|sent| (sent.id.as_str(), sent.at)).collect())
        })
        .collect();
    let mut claims: HashMap<&str, u32> = HashMap::new();
    for id in fitting.iter().flatten().flat_map(BTreeMap::keys) {
        *claims.entry(id).or_default() += 1;
    }
    let finding = |(doubt, fits): (&Doubt, &Option<BTreeMap<&str, DateTime<Utc>>>)| {
        let Some(fits) = fits else { return Finding::NotSeen };
        let mut each = fits.iter();
        match (each.next(), each.next()) {
            (None, _) => Finding::NotListed,
            (Some((id, at)), None) => {
                let alone = twins.get(&(&*doubt.address, &*doubt.text)) == Some(&1);
                if alone && !doubt.contested && claims.get(id) == Some(&1) {
                    Finding::Sent { id: (*id).to_owned(), at: *at }
                } else {
                    Finding::Ambiguous
                }
            }
            (Some(_), Some(_)) => Finding::Ambiguous,
        }
    };
    doubts.iter().zip(&fitting).map(finding).collect()
}

/// Whether a record can be this message at all.
pub fn fits(doubt: &Doubt, sent: &Sent) -> bool {
    sent.text == *doubt.text && doubt.from <= sent.at && sent.at <= doubt.until
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn doubt(seq: i64, address: &str, text: &str) -> Doubt {
        Doubt {
            key: MessageKey { text: 1, seq },
            address: address.into(),
            text: text.into(),
            from: time(100),
            until: time(200),
            contested: false,
        }
    }

    fn sent(id: &str, text: &str, at: i64) -> Sent {
        Sent { id: id.to_owned(), text: text.to_owned(), at: time(at) }
    }

    fn lists(all: &[(&str, &[Sent])]) -> BTreeMap<Arc<str>, Vec<Sent>> {
        all.iter().map(|(address, list)| (Arc::from(*address), list.to_vec())).collect()
    }

    fn nobody(_: &str, _: MessageKey) -> bool {
        false
    }

    fn found(id: &str, at: i64) -> Finding {
        Finding::Sent { id: id.to_owned(), at: time(at) }
    }

    #[test]
    fn one_record_that_can_be_nobody_elses_is_the_message() {
        let one = [doubt(1, "+1", "Hi")];
        let look = |list: &[Sent]| reconcile(&one, &lists(&[("+1", list)]), &nobody).remove(0);
        assert_eq!(look(&[sent("a", "Hi", 150)]), found("a", 150));
        assert_eq!(look(&[sent("a", "Hi", 100), sent("b", "Hi", 99), sent("c", "Hi", 201)]), found("a", 100));
        assert_eq!(look(&[sent("a", "Hi", 150), sent("a", "Hi", 150)]), found("a", 150));
        assert_eq!(look(&[sent("a", "Hi ", 150), sent("b", "hi", 150)]), Finding::NotListed);
        assert_eq!(look(&[sent("a", "Hi", 150), sent("b", "Hi", 151)]), Finding::Ambiguous);
        assert_eq!(look(&[]), Finding::NotListed);
        assert_eq!(reconcile(&one, &BTreeMap::new(), &nobody), [Finding::NotSeen]);
    }

    #[test]
    fn a_record_that_is_known_is_nobody_elses() {
        let one = [doubt(1, "+1", "Hi")];
        let all = lists(&[("+1", &[sent("a", "Hi", 150), sent("b", "Hi", 151)])]);
        assert_eq!(reconcile(&one, &all, &|id, _| id == "a"), [found("b", 151)]);
        assert_eq!(reconcile(&one, &all, &|_, _| true), [Finding::NotListed]);
    }

    #[test]
    fn what_may_be_anothers_proves_nothing() {
        let all = lists(&[("+1", &[sent("a", "Hi", 150)]), ("+2", &[sent("a", "Hi", 150)])]);
        let twins = [doubt(1, "+1", "Hi"), doubt(2, "+1", "Hi")];
        assert_eq!(reconcile(&twins, &all, &nobody), [Finding::Ambiguous, Finding::Ambiguous]);
        let two = [doubt(1, "+1", "Hi"), doubt(2, "+2", "Hi")];
        assert_eq!(reconcile(&two, &all, &nobody), [Finding::Ambiguous, Finding::Ambiguous]);
        let contested = [Doubt { contested: true, ..doubt(1, "+1", "Hi") }];
        assert_eq!(reconcile(&contested, &all, &nobody), [Finding::Ambiguous]);
    }

    fn some_doubts() -> impl Strategy<Value = Vec<Doubt>> {
        let one = (0..3_u8, 0..2_u8, 0..6_i64, 0..6_i64, prop::bool::weighted(0.1));
        prop::collection::vec(one, 0..6).prop_map(|all| {
            let number = |(seq, (address, text, from, length, contested))| Doubt {
                from: time(from),
                until: time(from + length),
                contested,
                ..doubt(seq, &format!("+{address}"), &format!("text {text}"))
            };
            (1..).zip(all).map(number).collect()
        })
    }

    fn some_lists() -> impl Strategy<Value = BTreeMap<Arc<str>, Vec<Sent>>> {
        let record = (0..8_u8, 0..2_u8, 0..10_i64)
            .prop_map(|(id, text, at)| sent(&format!("id {id}"), &format!("text {text}"), at));
        let list = prop::collection::vec(record, 0..5);
        prop::collection::btree_map((0..3_u8).prop_map(|one| Arc::from(format!("+{one}"))), list, 0..4)
    }

    proptest! {
        #[test]
        fn nothing_ambiguous_is_ever_accepted(
            doubts in some_doubts(), lists in some_lists(), known in prop::collection::hash_set(0..8_u8, 0..3)
        ) {
            let is_known = |id: &str, _: MessageKey| known.iter().any(|one| id == format!("id {one}"));
            let findings = reconcile(&doubts, &lists, &is_known);
            prop_assert_eq!(findings.len(), doubts.len());
            let mut used = std::collections::HashSet::new();
            for (doubt, finding) in doubts.iter().zip(&findings) {
                let Finding::Sent { id, at } = finding else { continue };
                prop_assert!(used.insert(id.clone()), "{id} is two messages");
                prop_assert!(!is_known(id, doubt.key) && !doubt.contested);
                let list = &lists[&doubt.address];
                let exact = Sent { id: id.clone(), text: doubt.text.to_string(), at: *at };
                prop_assert!(list.contains(&exact) && doubt.from <= *at && *at <= doubt.until);
                let others = list.iter().filter(|sent| fits(doubt, sent) && sent.id != *id);
                prop_assert!(others.clone().all(|sent| is_known(&sent.id, doubt.key)), "{doubt:?}");
                let twin = |other: &&Doubt| other.key != doubt.key && other.address == doubt.address
                    && other.text == doubt.text;
                prop_assert!(!doubts.iter().any(|other| twin(&other)), "a twin of {doubt:?}");
            }
        }

        #[test]
        fn the_order_changes_nothing(doubts in some_doubts(), lists in some_lists()) {
            let straight = reconcile(&doubts, &lists, &nobody);
            let mut turned = doubts;
            turned.reverse();
            let mut back = reconcile(&turned, &lists, &nobody);
            back.reverse();
            let kind = |finding: &Finding| match finding {
                Finding::Sent { id, .. } => id.clone(),
                other => format!("{other:?}"),
            };
            prop_assert_eq!(
                straight.iter().map(kind).collect::<Vec<_>>(), back.iter().map(kind).collect::<Vec<_>>()
            );
        }
    }
}
