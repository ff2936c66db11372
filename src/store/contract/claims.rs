//! Who is claimed, what a commit takes, and what a crash leaves.

use std::sync::Arc;

use crate::delivery::state::{Event, State, next};
use crate::store::contract::given::*;
use crate::store::{
    Change, Claim, ClockId, Decision, Listed, MessageKey, PinnedClock, PinnedMessage, Resolution, RunClock,
    Store, StoreError,
};

pub fn claims_keep_equal_texts_together<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("1", "a"), ("2", "b"), ("3", "a"), ("4", "c"), ("5", "b")]);
    let claimed = store.claim(run, &Claim::next(None, 10)).unwrap();
    assert_eq!(recipients(&claimed), ["1", "3", "2", "5", "4"]);
    assert_eq!(claimed.iter().map(|one| &*one.text).collect::<String>(), "aabbc");
    assert_eq!(claimed.iter().map(|one| one.key.seq).collect::<Vec<_>>(), [1, 3, 2, 5, 4]);
    assert_eq!(claimed[0].key.text, claimed[1].key.text);
    assert!(Arc::ptr_eq(&claimed[0].text, &claimed[1].text));
    assert!(keys(&claimed).is_sorted());
}

pub fn claims_go_on_after_a_key_and_skip_what_is_not_pending<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let all: Vec<String> = (1..=9).map(|n| n.to_string()).collect();
    let run = pin(&mut store, "spring", &all.iter().map(|one| (one.as_str(), "a")).collect::<Vec<_>>());
    let first = store.claim(run, &Claim::next(None, 4)).unwrap();
    assert_eq!(store.claim(run, &Claim::next(None, 4)).unwrap(), first, "a claim changes nothing");
    store.commit(run, &changes(keys(&first), Event::Intend)).unwrap();
    assert_eq!(recipients(&store.claim(run, &Claim::next(None, 2)).unwrap()), ["5", "6"]);
    let last = first.last().map(|one| one.key);
    assert_eq!(recipients(&store.claim(run, &Claim::next(last, 2)).unwrap()), ["5", "6"]);
    let left_out = store.claim(run, &Claim::next(last, 1)).unwrap();
    store.commit(run, &changes(keys(&left_out), Event::Suppress)).unwrap();
    assert_eq!(recipients(&store.claim(run, &Claim::next(last, 100)).unwrap()), ["6", "7", "8", "9"]);
    assert_eq!(store.claim(run, &Claim::next(None, 0)).unwrap(), []);
    store.commit(run, &changes([first[1].key], Event::ProvenNotSent)).unwrap();
    assert_eq!(recipients(&store.claim(run, &Claim::next(None, 2)).unwrap()), ["2", "6"]);
}

pub fn a_commit_is_all_or_nothing<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("1", "a"), ("2", "b")]);
    let key = keys(&store.claim(run, &Claim::next(None, 2)).unwrap());
    let before = store.messages(run, None, None, 9).unwrap();
    let mut mixed = changes([key[0]], Event::Intend);
    mixed.extend(changes([key[0]], Event::Accept));
    mixed.extend(changes([key[1]], Event::Accept));
    let error = store.commit(run, &mixed).unwrap_err();
    let illegal = next(State::Pending, Event::Accept).unwrap_err();
    assert_eq!(error, StoreError::Illegal { run: run.0, key: key[1].to_string(), illegal });
    assert_eq!(store.messages(run, None, None, 9).unwrap(), before);
    assert_eq!(store.counts(run).unwrap().of(State::Pending), 2);
    assert_eq!(store.claim(run, &Claim::next(None, 2)).unwrap().len(), 2, "the text is still there");
    drop(store);
    assert_eq!(harness.open().messages(run, None, None, 9).unwrap(), before);
}

pub fn a_commit_takes_intents_and_outcomes_together<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("1", "a"), ("2", "b"), ("3", "c"), ("4", "d"), ("5", "e")]);
    let key = keys(&store.claim(run, &Claim::next(None, 5)).unwrap());
    store.commit(run, &changes(key[..3].iter().copied(), Event::Intend)).unwrap();
    let mut mixed = changes([key[0]], Event::Accept);
    mixed.extend(changes([key[3], key[4]], Event::Intend));
    mixed.extend(changes([key[1]], Event::Reject));
    mixed.extend(changes([key[2]], Event::LoseTrack));
    mixed.extend(changes([key[3]], Event::Accept));
    store.commit(run, &mixed).unwrap();
    store.commit(run, &[]).unwrap();
    drop(store);
    let store = harness.open();
    use State::{Accepted, Intent, Rejected, Unknown};
    assert_eq!(states(&store, run), [Accepted, Rejected, Unknown, Accepted, Intent]);
    let counts = store.counts(run).unwrap();
    assert_eq!([Accepted, Rejected, Unknown, Intent].map(|state| counts.of(state)), [2, 1, 1, 1]);
    assert_eq!((counts.planned, counts.sum(), counts.open()), (5, 5, 1));
}

pub fn attempts_ids_and_reasons_are_kept<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("1", "a")]);
    let key = store.claim(run, &Claim::next(None, 1)).unwrap()[0].key;
    let told = |event, provider_id: Option<&str>, reason: Option<&str>, at_ms| Change {
        provider_id: provider_id.map(str::to_owned),
        reason: reason.map(str::to_owned),
        at_ms,
        ..change(key, event)
    };
    let seen = |store: &H::Store| -> Listed { store.messages(run, None, None, 1).unwrap().remove(0) };
    store.commit(run, &[told(Event::Intend, None, None, 1), told(Event::Withdraw, None, None, 2)]).unwrap();
    assert_eq!((seen(&store).attempts, seen(&store).state), (0, State::Pending));
    store.commit(run, &[told(Event::Intend, None, None, 3)]).unwrap();
    store.commit(run, &[told(Event::ProvenNotSent, None, Some("429"), 4)]).unwrap();
    let now = seen(&store);
    assert_eq!((now.attempts, now.reason.as_deref(), now.changed_at_ms), (1, Some("429"), 4));
    assert_eq!(store.claim(run, &Claim::next(None, 1)).unwrap()[0].attempts, 1);
    store.commit(run, &[told(Event::Intend, None, None, 5)]).unwrap();
    assert_eq!(seen(&store).reason, None);
    store.commit(run, &[told(Event::LoseTrack, Some("id-9"), Some("timed out"), 6)]).unwrap();
    store.commit(run, &[told(Event::FoundAccepted, None, None, 7)]).unwrap();
    let now = seen(&store);
    assert_eq!((now.state, now.attempts, now.changed_at_ms), (State::Accepted, 2, 7));
    assert_eq!((now.provider_id.as_deref(), now.reason), (Some("id-9"), None));
}

pub fn recovery_makes_unknowns_of_intents<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("1", "a"), ("2", "b"), ("3", "c"), ("4", "d")]);
    let key = keys(&store.claim(run, &Claim::next(None, 4)).unwrap());
    store.commit(run, &changes(key[..3].iter().copied(), Event::Intend)).unwrap();
    store.commit(run, &changes([key[0]], Event::Accept)).unwrap();
    drop(store);
    let mut store = harness.open();
    assert_eq!(store.recover(run, 77).unwrap(), 2);
    assert_eq!(store.recover(run, 78).unwrap(), 0);
    use State::{Accepted, Pending, Unknown};
    assert_eq!(states(&store, run), [Accepted, Unknown, Unknown, Pending]);
    let unknown = store.messages(run, Some(Unknown), None, 9).unwrap();
    assert!(
        unknown.iter().all(|one| one.reason.as_deref() == Some("interrupted") && one.changed_at_ms == 77)
    );
    let counts = store.counts(run).unwrap();
    assert_eq!((counts.of(Unknown), counts.of(State::Intent), counts.open()), (2, 0, 1));
}

pub fn an_unknown_message_keeps_its_text<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("1", "kept")]);
    let key = store.claim(run, &Claim::next(None, 1)).unwrap()[0].key;
    store.commit(run, &changes([key], Event::Intend)).unwrap();
    store.recover(run, 5).unwrap();
    drop(store);
    let mut store = harness.open();
    assert_eq!(store.claim(run, &Claim::next(None, 9)).unwrap(), [], "an unknown is never claimed by itself");
    store.commit(run, &changes([key], Event::Resend)).unwrap();
    assert_eq!(&*store.claim(run, &Claim::next(None, 9)).unwrap()[0].text, "kept");
}

pub fn a_shared_text_lives_until_its_last_message<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("1", "a"), ("2", "a"), ("3", "a"), ("4", "a")]);
    let key = keys(&store.claim(run, &Claim::next(None, 4)).unwrap());
    store.commit(run, &changes(key[..2].iter().copied(), Event::Intend)).unwrap();
    store.commit(run, &changes([key[0]], Event::Accept)).unwrap();
    store.commit(run, &changes([key[2]], Event::Suppress)).unwrap();
    store.commit(run, &changes([key[1]], Event::ProvenNotSent)).unwrap();
    let left = store.claim(run, &Claim::next(None, 9)).unwrap();
    assert_eq!((recipients(&left), &*left[0].text), (vec!["2", "4"], "a"));
    let mut end = changes(keys(&left), Event::Intend);
    end.extend(changes(keys(&left), Event::Reject));
    store.commit(run, &end).unwrap();
    store.finish(run, 9).unwrap();
}

pub fn finishing_waits_for_what_is_open<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let mut pin = store.pin(&new_run("spring", "once")).unwrap();
    for (recipient, clock) in [("1", PinnedClock::Campaign), ("2", NOWHERE), ("3", PinnedClock::Campaign)] {
        pin.add(&PinnedMessage { clock, ..message(recipient, recipient) }).unwrap();
    }
    let run = pin.seal("d1", &EXCLUDED).unwrap();
    let all = store.messages(run, None, None, 3).unwrap();
    let key: Vec<MessageKey> = all.iter().map(|one| one.key).collect();
    store.commit(run, &changes([key[0]], Event::Intend)).unwrap();
    assert_eq!(store.finish(run, 9).unwrap_err(), StoreError::StillOpen { run: run.0, open: 2 });
    store.commit(run, &changes([key[0]], Event::LoseTrack)).unwrap();
    store.commit(run, &changes(key[1..].iter().copied(), Event::Expire)).unwrap();
    store.finish(run, 9).unwrap();
    store.finish(run, 10).unwrap();
    assert_eq!(store.run("spring", "once").unwrap().unwrap().finished_at_ms, Some(9));
    assert_eq!(store.unfinished("spring").unwrap(), []);
    store.commit(run, &changes([key[0]], Event::Resend)).unwrap();
    assert_eq!(store.unfinished("spring").unwrap().len(), 1, "it can be sent again, so it is not finished");
}

pub fn people_go_by_clocks_and_some_by_none<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let mut started = store.pin(&new_run("spring", "2026-12-01T09:00[recipient]")).unwrap();
    let (east, west) =
        (started.clock(&["Asia/Tokyo"]).unwrap(), started.clock(&["America/Lima", "UTC"]).unwrap());
    assert_eq!(started.clock(&["Asia/Tokyo"]).unwrap(), east);
    let timings = [PinnedClock::Own(east), NOWHERE, PinnedClock::Own(west), PinnedClock::Own(east)];
    for (recipient, timing) in ["1", "2", "3", "4"].into_iter().zip(timings) {
        started.add(&PinnedMessage { clock: timing, ..message(recipient, "a") }).unwrap();
    }
    let run = started.seal("d", &EXCLUDED).unwrap();
    let counts = store.counts(run).unwrap();
    assert_eq!((counts.of(State::Pending), counts.of(State::Held), counts.planned), (3, 1, 4));
    let clock = |id, zones: &[&str], pending| RunClock {
        id,
        zones: zones.iter().map(|zone| (*zone).to_owned()).collect(),
        pending,
    };
    let clocks = [clock(east, &["Asia/Tokyo"], 2), clock(west, &["America/Lima", "UTC"], 1)];
    assert_eq!(store.clocks(run).unwrap(), clocks);
    let claim = |clocks: &[ClockId]| Claim { after: None, most: 9, clocks: Some(clocks.into()) };
    let theirs = store.claim(run, &claim(&[east])).unwrap();
    assert_eq!(recipients(&theirs), ["1", "4"]);
    assert!(theirs.iter().all(|one| one.clock == Some(east)));
    assert_eq!(recipients(&store.claim(run, &claim(&[east, west])).unwrap()), ["1", "3", "4"]);
    assert_eq!(store.claim(run, &claim(&[])).unwrap(), []);
    assert_eq!(recipients(&store.claim(run, &Claim::next(None, 9)).unwrap()), ["1", "3", "4"]);
    // Who is held waits for a person, and not the run for them.
    let keys = keys(&store.claim(run, &Claim::next(None, 9)).unwrap());
    store.commit(run, &changes(keys, Event::Expire)).unwrap();
    store.finish(run, 9).unwrap();
    let held = store.messages(run, Some(State::Held), None, 9).unwrap();
    assert_eq!(held[0].reason.as_deref(), Some("nobody knows"));
    let decision = Decision {
        who: "ann@till".into(),
        what: Resolution::Placed,
        reason: Some("she moved".into()),
        at_ms: 10,
    };
    store.place(run, &changes([held[0].key], Event::Release), &["America/Lima", "UTC"], &decision).unwrap();
    assert_eq!(store.unfinished("spring").unwrap().len(), 1);
    assert_eq!(
        store.clocks(run).unwrap(),
        [clock(east, &["Asia/Tokyo"], 0), clock(west, &["America/Lima", "UTC"], 1)]
    );
    assert_eq!(recipients(&store.claim(run, &claim(&[west])).unwrap()), ["2"]);
    assert_eq!(store.decisions("spring", None, 9).unwrap()[0].what, "time zone");
}

pub fn runs_do_not_mix<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let one = pin(&mut store, "spring", &[("1", "a"), ("2", "b")]);
    let two = pin(&mut store, "autumn", &[("1", "a"), ("2", "b")]);
    let key = keys(&store.claim(one, &Claim::next(None, 9)).unwrap());
    store.commit(one, &changes(key.clone(), Event::Intend)).unwrap();
    assert_eq!(store.recover(two, 5).unwrap(), 0);
    store.commit(one, &changes(key, Event::Accept)).unwrap();
    assert_eq!(store.counts(two).unwrap().of(State::Pending), 2);
    assert_eq!(
        store.claim(two, &Claim::next(None, 9)).unwrap().iter().map(|one| &*one.text).collect::<String>(),
        "ab"
    );
    store.finish(one, 5).unwrap();
    assert_eq!(store.unfinished("autumn").unwrap().len(), 1);
}
