//! The contract's clauses about decisions of people, and about messages that are sent a second time.

use crate::delivery::state::{Event, State};
use crate::store::contract::given::{Harness, change, changes, keys, pin, states};
use crate::store::{Claim, Decided, Decision, MessageKey, Resolution, RunId, Store, StoreError};

pub fn decision(what: Resolution) -> Decision {
    Decision { who: "root@shop-1".into(), what, reason: Some("they rang".into()), at_ms: 9_000 }
}

/// A run whose messages are all unknown.
fn unknowns(store: &mut impl Store, campaign: &str) -> (RunId, Vec<MessageKey>) {
    let run = pin(store, campaign, &[("1", "a"), ("2", "b"), ("3", "a")]);
    let key = keys(&store.claim(run, &Claim::next(None, 9)).unwrap());
    store.commit(run, &changes(key.iter().copied(), Event::Intend)).unwrap();
    store.recover(run, 5).unwrap();
    store.finish(run, 6).unwrap();
    (run, key)
}

pub fn a_decision_and_its_changes_are_one<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let (run, key) = unknowns(&mut store, "spring");
    let (other, _) = unknowns(&mut store, "autumn");
    // Nothing of it, where a part of it cannot be.
    let nobody = MessageKey { text: 9, seq: 9 };
    let mixed = changes([key[0], nobody], Event::AssumeSent);
    let error = store.decide(run, &mixed, &decision(Resolution::AssumeSent)).unwrap_err();
    assert_eq!(error, StoreError::NoSuchMessage { run: run.0, key: nobody.to_string() });
    let twice = changes([key[0], key[0]], Event::AssumeSent);
    store.decide(run, &twice, &decision(Resolution::AssumeSent)).unwrap_err();
    assert_eq!(store.decisions("spring", None, 9).unwrap(), []);
    assert_eq!(store.counts(run).unwrap().of(State::Unknown), 3);
    store.decide(run, &changes([key[0]], Event::AssumeSent), &decision(Resolution::AssumeSent)).unwrap();
    let silent = Decision { reason: None, at_ms: 9_500, ..decision(Resolution::Resend) };
    store.decide(run, &changes([key[2], key[1]], Event::Resend), &silent).unwrap();
    store.decide(other, &[], &decision(Resolution::Resend)).unwrap();
    drop(store);
    let mut store = harness.open();
    assert_eq!(states(&store, run), [State::Accepted, State::Pending, State::Pending]);
    assert_eq!(store.unfinished("spring").unwrap().len(), 1, "it can be sent again, so it is not finished");
    let said = store.decisions("spring", None, 9).unwrap();
    let first = Decided {
        id: said[0].id,
        at_ms: 9_000,
        who: "root@shop-1".into(),
        what: "assumed sent".into(),
        occurrence: Some("once".into()),
        recipient: Some("1".into()),
        address: Some("1".into()),
        reason: Some("they rang".into()),
    };
    assert_eq!(said[0], first);
    let rest: Vec<_> =
        said[1..].iter().map(|one| (&*one.what, one.recipient.as_deref(), one.at_ms)).collect();
    assert_eq!(rest, [("resend", Some("2"), 9_500), ("resend", Some("3"), 9_500)]);
    assert_eq!(store.decisions("spring", None, 1).unwrap(), said[..1]);
    assert_eq!(store.decisions("spring", Some(said[0].id), 9).unwrap(), said[1..]);
    assert_eq!(store.decisions("autumn", None, 9).unwrap(), []);
    // A definite message is decided about no more.
    let again = changes([key[0]], Event::Resend);
    store.decide(run, &again, &decision(Resolution::Resend)).unwrap_err();
    assert_eq!(store.decisions("spring", None, 9).unwrap(), said);
    assert_eq!(store.recover(run, 1).unwrap(), 0, "the books are proven");
}

pub fn a_second_copy_is_told_from_a_first_one<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("1", "a"), ("2", "a"), ("3", "b")]);
    let key = keys(&store.claim(run, &Claim::next(None, 9)).unwrap());
    store.commit(run, &changes(key.iter().copied(), Event::Intend)).unwrap();
    store.commit(run, &changes([key[0], key[2]], Event::LoseTrack)).unwrap();
    store.commit(run, &changes([key[1]], Event::ProvenNotSent)).unwrap();
    store.decide(run, &changes([key[0]], Event::Resend), &decision(Resolution::Resend)).unwrap();
    store.commit(run, &changes([key[2]], Event::Resend)).unwrap();
    let seconds = |store: &H::Store| -> Vec<bool> {
        let claimed = store.claim(run, &Claim::next(None, 9)).unwrap();
        let listed = store.messages(run, None, None, 9).unwrap();
        assert!(claimed.iter().zip(&listed).all(|(one, other)| one.second_copy == other.second_copy));
        claimed.iter().map(|one| one.second_copy).collect()
    };
    drop(store);
    let mut store = harness.open();
    assert_eq!(seconds(&store), [true, false, true]);
    // It stays one when it goes back unsent, also after a restart.
    store.commit(run, &changes(key.iter().copied(), Event::Intend)).unwrap();
    store.commit(run, &changes(key.iter().copied(), Event::Withdraw)).unwrap();
    drop(store);
    let mut store = harness.open();
    assert_eq!(seconds(&store), [true, false, true]);
    // And keeps its text and its doubt when it is not sent again after all.
    store.commit(run, &[change(key[0], Event::Forgo), change(key[1], Event::Suppress)]).unwrap();
    assert_eq!(store.unknowns(run, None, 9).unwrap()[0].text, "a");
    assert!(!store.messages(run, None, None, 1).unwrap()[0].second_copy, "it does not wait to be sent");
}
