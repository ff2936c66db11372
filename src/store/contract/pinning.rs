//! What is pinned reads back as given, once, or not at all.

use crate::delivery::state::{Event, State};
use crate::message::{Encoding, Part};
use crate::store::contract::given::*;
use crate::store::{Claim, PinnedClock, PinnedMessage, Store, StoreError};

pub fn a_pinned_run_reads_back_as_given<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let new = new_run("spring", "2026-12-01T09:00[Africa/Nairobi]");
    let mut pin = store.pin(&new).unwrap();
    let given = PinnedMessage {
        recipient: "customer 7",
        address: "+254700000001",
        text: "Hej 👋 “ça”\n{}",
        segments: 3,
        part: None,
        clock: PinnedClock::Campaign,
        wording: None,
    };
    pin.add(&given).unwrap();
    pin.add(&message("+254700000002", "")).unwrap();
    let id = pin.seal("d1", &EXCLUDED).unwrap();
    drop(store);

    let store = harness.open();
    let run = store.run("spring", "2026-12-01T09:00[Africa/Nairobi]").unwrap().unwrap();
    assert_eq!((run.id, &run.pinned, run.finished_at_ms), (id, &new, None));
    assert_eq!((&*run.digest, run.excluded), ("d1", EXCLUDED));
    assert_eq!((run.counts.planned, run.counts.of(State::Pending), run.counts.sum()), (2, 2, 2));
    assert_eq!(store.runs(None).unwrap(), std::slice::from_ref(&run));
    assert_eq!(store.runs(Some("spring")).unwrap(), std::slice::from_ref(&run));
    assert_eq!(store.unfinished("spring").unwrap(), [run]);
    assert_eq!(store.run("spring", "once").unwrap(), None);
    assert_eq!(store.runs(Some("autumn")).unwrap(), []);

    let claimed = store.claim(id, &Claim::next(None, 10)).unwrap();
    let [first, second] = claimed.as_slice() else { panic!("{claimed:?}") };
    assert_eq!((&*first.recipient, &*first.address, &*first.text), ("customer 7", given.address, given.text));
    assert_eq!((first.segments, first.attempts), (3, 0));
    assert_eq!((&*second.recipient, &*second.address), ("+254700000002", "+254700000002"));
    assert_eq!(&*second.text, "");
}

pub fn an_occurrence_is_pinned_once<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("1", "a")]);
    let error = store.pin(&new_run("spring", "once")).err().unwrap();
    assert_eq!(error, StoreError::RunExists { campaign: "spring".into(), occurrence: "once".into() });
    assert_eq!(store.counts(run).unwrap().planned, 1);
    let empty = store.pin(&new_run("spring", "twice")).unwrap().seal("d1", &EXCLUDED).unwrap();
    assert_eq!(store.counts(empty).unwrap().sum(), 0);
    assert_eq!(store.runs(None).unwrap().iter().map(|one| one.id).collect::<Vec<_>>(), [run, empty]);
    store.finish(empty, 5).unwrap();
}

pub fn a_pin_that_is_dropped_leaves_nothing<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let mut started = store.pin(&new_run("spring", "once")).unwrap();
    started.add(&message("1", "a")).unwrap();
    drop(started);
    assert_eq!(store.runs(None).unwrap(), []);
    drop(store);
    let mut store = harness.open();
    assert_eq!(store.runs(None).unwrap(), []);
    pin(&mut store, "spring", &[("1", "a")]);
}

pub fn a_recipient_is_in_a_run_once<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let mut started = store.pin(&new_run("spring", "once")).unwrap();
    started.add(&message("1", "a")).unwrap();
    started.add(&message("2", "a")).unwrap();
    let error = started.add(&message("1", "b")).unwrap_err();
    assert_eq!(error, StoreError::DuplicateRecipient { recipient: "1".into() });
    drop(started);
    assert_eq!(store.runs(None).unwrap(), []);
    pin(&mut store, "spring", &[("1", "a")]);
    pin(&mut store, "autumn", &[("1", "a")]);
}

fn part(number: u16, count: u16) -> Part {
    Part::new(number, count, 9, Encoding::Ucs2).unwrap()
}

pub fn parts_of_a_text_stand_together<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let mut started = store.pin(&new_run("spring", "once")).unwrap();
    // Parts that begin alike, and a whole text that is one of them.
    for (recipient, texts) in [("1", ["same", "a"]), ("2", ["same", "b"])] {
        for (number, text) in (1..).zip(texts) {
            started.add(&PinnedMessage { part: Some(part(number, 2)), ..message(recipient, text) }).unwrap();
        }
        started.add(&message(&format!("{recipient}, whole"), "same")).unwrap();
    }
    let run = started.seal("d1", &EXCLUDED).unwrap();
    drop(store);
    let mut store = harness.open();
    assert_eq!(store.counts(run).unwrap().planned, 6);
    let claimed = store.claim(run, &Claim::next(None, 10)).unwrap();
    let seen: Vec<_> = claimed.iter().map(|one| (&*one.recipient, one.part, &*one.text)).collect();
    let (first, second) = (Some(part(1, 2)), Some(part(2, 2)));
    assert_eq!(
        seen,
        [
            ("1", first, "same"),
            ("1", second, "a"),
            ("1, whole", None, "same"),
            ("2, whole", None, "same"),
            ("2", first, "same"),
            ("2", second, "b"),
        ]
    );
    let listed = store.messages(run, None, None, 10).unwrap();
    assert!(listed.iter().zip(&claimed).all(|(one, other)| (one.key, one.part) == (other.key, other.part)));
    // Each has a state and a text of its own.
    let lost = claimed[0].key;
    store.commit(run, &changes(keys(&claimed), Event::Intend)).unwrap();
    store.commit(run, &changes([lost], Event::LoseTrack)).unwrap();
    store.commit(run, &changes(keys(&claimed[1..]), Event::Accept)).unwrap();
    store.commit(run, &changes([lost], Event::Resend)).unwrap();
    let left = store.claim(run, &Claim::next(None, 10)).unwrap();
    assert_eq!((left.len(), left[0].part, &*left[0].text), (1, first, "same"));
}

pub fn a_part_is_in_a_run_once<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let part = |number| PinnedMessage { part: Some(part(number, 3)), ..message("1", "a") };
    let twice = Some(StoreError::DuplicateRecipient { recipient: "1".into() });
    for (second, error) in [(part(2), None), (part(1), twice.clone()), (message("1", "b"), twice.clone())] {
        let mut started = store.pin(&new_run("spring", "once")).unwrap();
        started.add(&part(1)).unwrap();
        assert_eq!(started.add(&second).err(), error);
    }
    let mut started = store.pin(&new_run("spring", "once")).unwrap();
    started.add(&message("1", "a")).unwrap();
    assert_eq!(started.add(&part(1)).err(), twice);
}
