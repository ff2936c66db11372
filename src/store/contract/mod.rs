//! What every store must do, written once. An implementation says how it is opened ([`Harness`]) and
//! takes all of it with `contract!`.

mod books;
mod control;
mod decisions;
mod prune;

use std::sync::Arc;

use crate::delivery::state::{Event, State, next};
use crate::message::{Encoding, Part};
use crate::store::control::Control;
use crate::store::{
    Change, Claim, Claimed, ClockId, Decision, Excluded, Listed, MessageKey, NewRun, PinnedClock,
    PinnedMessage, Receipt, ReceiptStatus, Resolution, RunClock, RunId, Store, StoreError,
};

/// One state, empty at first, that can be opened again and again.
pub trait Harness {
    type Store: Store + Control;
    fn new() -> Self;
    fn open(&self) -> Self::Store;
}

/// A test for each clause of the contract.
macro_rules! contract {
    ($harness:ty, $($name:ident),+ $(,)?) => {
        $(#[test] fn $name() { $crate::store::contract::$name::<$harness>(); })+
    };
    ($harness:ty) => {
        contract!(
            $harness,
            a_pinned_run_reads_back_as_given,
            texts_are_counted_apart_also_when_a_run_is_pruned,
            an_occurrence_is_pinned_once,
            a_pin_that_is_dropped_leaves_nothing,
            a_recipient_is_in_a_run_once,
            parts_of_a_text_stand_together,
            a_part_is_in_a_run_once,
            claims_keep_equal_texts_together,
            claims_go_on_after_a_key_and_skip_what_is_not_pending,
            a_commit_is_all_or_nothing,
            a_commit_takes_intents_and_outcomes_together,
            attempts_ids_and_reasons_are_kept,
            recovery_makes_unknowns_of_intents,
            an_unknown_message_keeps_its_text,
            a_shared_text_lives_until_its_last_message,
            finishing_waits_for_what_is_open,
            runs_do_not_mix,
            many_runs_are_known_by_their_occurrences_and_their_sums,
            people_go_by_clocks_and_some_by_none,
            lists_are_paged_and_filtered,
            opt_outs_are_kept_with_their_rejection,
            contacts_are_whoever_may_have_been_reached,
            unknowns_come_with_their_texts,
            receipts_lie_over_accepted_messages,
            what_awaits_a_receipt_is_paged,
            ids_are_found_in_every_run,
            what_is_not_there_is_named,
            a_decision_and_its_changes_are_one,
            a_second_copy_is_told_from_a_first_one,
            a_pruned_run_keeps_its_counts_and_whom_it_reached,
            an_empty_run_is_pruned_too,
            the_stronger_hold_stays,
            what_is_waited_for_is_seen_from_beside,
            news_are_what_was_said_since,
            opt_outs_say_who_told_us,
            any_interleaving_keeps_the_books,
        );
    };
}
pub(crate) use contract;

pub use crate::store::contract::books::any_interleaving_keeps_the_books;
pub use crate::store::contract::control::*;
pub use crate::store::contract::decisions::*;
pub use crate::store::contract::prune::*;

pub fn new_run(campaign: &str, occurrence: &str) -> NewRun {
    NewRun {
        campaign: campaign.to_owned(),
        occurrence: occurrence.to_owned(),
        pinned: r#"{"sender":1}"#.to_owned(),
        created_at_ms: 1_000,
    }
}

/// What every plan of the contract came to.
pub const EXCLUDED: Excluded = Excluded { rejected: 1, suppressed: 2, filtered: 3, duplicates: 4 };

/// Of whom nobody knows where they are.
pub const NOWHERE: PinnedClock<'static> = PinnedClock::Held("nobody knows");

pub fn message<'a>(recipient: &'a str, text: &'a str) -> PinnedMessage<'a> {
    PinnedMessage {
        recipient,
        address: recipient,
        text,
        segments: 1,
        part: None,
        clock: PinnedClock::Campaign,
        wording: None,
    }
}

/// Pins messages given as (recipient, text).
pub fn pin(store: &mut impl Store, campaign: &str, messages: &[(&str, &str)]) -> RunId {
    let mut pin = store.pin(&new_run(campaign, "once")).unwrap();
    for (recipient, text) in messages {
        pin.add(&message(recipient, text)).unwrap();
    }
    pin.seal("d1", &EXCLUDED).unwrap()
}

pub fn change(key: MessageKey, event: Event) -> Change {
    Change { key, event, provider_id: None, reason: None, opted_out: false, at_ms: 2_000 }
}

pub fn changes(keys: impl IntoIterator<Item = MessageKey>, event: Event) -> Vec<Change> {
    keys.into_iter().map(|key| change(key, event)).collect()
}

pub fn keys(claimed: &[Claimed]) -> Vec<MessageKey> {
    claimed.iter().map(|one| one.key).collect()
}

fn recipients(claimed: &[Claimed]) -> Vec<&str> {
    claimed.iter().map(|one| &*one.recipient).collect()
}

fn states(store: &impl Store, run: RunId) -> Vec<State> {
    let mut all = store.messages(run, None, None, usize::MAX).unwrap();
    all.sort_by_key(|one| one.key.seq);
    all.iter().map(|one| one.state).collect()
}

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

pub fn many_runs_are_known_by_their_occurrences_and_their_sums<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    for (campaign, occurrence) in [("spring", "b"), ("autumn", "z"), ("spring", "a")] {
        let run = new_run(campaign, occurrence);
        let mut pinning = store.pin(&run).unwrap();
        pinning.add(&message("1", "x")).unwrap();
        pinning.add(&message("2", "y")).unwrap();
        pinning.seal("d", &EXCLUDED).unwrap();
    }
    assert_eq!(store.occurrences("spring").unwrap(), ["b", "a"]);
    assert!(store.occurrences("winter").unwrap().is_empty());
    let first = store.run("spring", "b").unwrap().unwrap().id;
    let key = keys(&store.claim(first, &Claim::next(None, 9)).unwrap());
    store.commit(first, &changes(key.clone(), Event::Intend)).unwrap();
    store.commit(first, &changes(key, Event::Accept)).unwrap();
    let open = |store: &H::Store| store.unfinished("spring").unwrap().len();
    assert_eq!(open(&store), 2);
    store.finish(first, 5).unwrap();
    assert_eq!(open(&store), 1);
    let totals = store.totals().unwrap();
    assert_eq!(totals.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["autumn", "spring"]);
    let spring = &totals[1].1;
    assert_eq!((spring.planned, spring.of(State::Accepted), spring.of(State::Pending)), (4, 2, 2));
}

pub fn lists_are_paged_and_filtered<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("1", "a"), ("2", "b"), ("3", "a"), ("4", "b"), ("5", "c")]);
    let all = store.messages(run, None, None, 100).unwrap();
    assert_eq!(all.iter().map(|one| &*one.recipient).collect::<String>(), "13245");
    let mut paged: Vec<Listed> = Vec::new();
    loop {
        let page = store.messages(run, None, paged.last().map(|last| last.key), 2).unwrap();
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, all);
    store.commit(run, &changes([all[1].key, all[4].key], Event::Suppress)).unwrap();
    let left_out = store.messages(run, Some(State::Suppressed), None, 100).unwrap();
    assert_eq!(left_out.iter().map(|one| &*one.recipient).collect::<String>(), "35");
    let after = Some(left_out[0].key);
    assert_eq!(store.messages(run, Some(State::Suppressed), after, 100).unwrap(), left_out[1..]);
    assert_eq!(store.messages(run, Some(State::Accepted), None, 100).unwrap(), []);
}

pub fn opt_outs_are_kept_with_their_rejection<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = {
        let mut started = store.pin(&new_run("spring", "once")).unwrap();
        for (recipient, address) in [("a", "+254700000003"), ("b", "+254700000001"), ("c", "+254700000002")] {
            started.add(&PinnedMessage { address, ..message(recipient, "text") }).unwrap();
        }
        started.add(&message("+254700000009", "text")).unwrap();
        started.seal("d1", &EXCLUDED).unwrap()
    };
    assert_eq!(store.opt_outs().unwrap(), [""; 0]);
    let key = keys(&store.claim(run, &Claim::next(None, 9)).unwrap());
    store.commit(run, &changes(key.clone(), Event::Intend)).unwrap();
    let opted_out = |key, event| Change { opted_out: true, ..change(key, event) };
    // All or nothing, this too.
    let illegal = [opted_out(key[0], Event::Reject), change(key[1], Event::Resend)];
    store.commit(run, &illegal).unwrap_err();
    assert_eq!(store.opt_outs().unwrap(), [""; 0]);
    let told =
        [opted_out(key[0], Event::Reject), change(key[1], Event::Reject), change(key[2], Event::LoseTrack)];
    store.commit(run, &told).unwrap();
    assert_eq!(store.opt_outs().unwrap(), ["+254700000003"]);
    store.commit(run, &[opted_out(key[2], Event::FoundRejected), opted_out(key[3], Event::Reject)]).unwrap();
    // Told again by another campaign: once is enough.
    let again = pin(&mut store, "autumn", &[("+254700000009", "b")]);
    let key = keys(&store.claim(again, &Claim::next(None, 1)).unwrap());
    store.commit(again, &[change(key[0], Event::Intend), opted_out(key[0], Event::Reject)]).unwrap();
    let told = ["+254700000003", "+254700000001"].map(str::to_owned);
    assert_eq!(store.record_opt_outs(&told, "autumn", 7).unwrap(), 1);
    assert_eq!(store.record_opt_outs(&[], "autumn", 7).unwrap(), 0);
    drop(store);
    let store = harness.open();
    let numbers = ["+254700000001", "+254700000002", "+254700000003", "+254700000009"];
    assert_eq!(store.opt_outs().unwrap(), numbers);
}

pub fn contacts_are_whoever_may_have_been_reached<H: Harness>() {
    use Event::{Accept, Forgo, FoundAccepted, Intend, LoseTrack, ProvenNotSent, Reject, Resend, Suppress};
    let harness = H::new();
    let mut store = harness.open();
    let people = ["accepted", "rejected", "unknown", "intent", "again", "suppressed", "pending"];
    let messages: Vec<(&str, &str)> = people.iter().map(|one| (*one, "a")).collect();
    let run = pin(&mut store, "spring", &messages);
    let other = pin(&mut store, "autumn", &[("elsewhere", "a")]);
    let keys = keys(&store.claim(run, &Claim::next(None, 10)).unwrap());
    let at = |key: usize, event, at_ms| Change { at_ms, ..change(keys[key], event) };
    let intents = (0..5).map(|key| at(key, Intend, 10)).collect::<Vec<_>>();
    store.commit(run, &intents).unwrap();
    let outcomes = [at(0, Accept, 20), at(1, Reject, 20), at(2, LoseTrack, 30), at(4, ProvenNotSent, 20)];
    store.commit(run, &outcomes).unwrap();
    store.commit(run, &[at(5, Suppress, 20)]).unwrap();
    let found = |store: &H::Store, run, since| {
        let mut found = Vec::new();
        store.contacts(run, since, &mut |address, at_ms| found.push(format!("{address} {at_ms}"))).unwrap();
        found.sort();
        found
    };
    assert_eq!(found(&store, run, i64::MIN), ["accepted 20", "intent 10", "unknown 30"]);
    assert_eq!(found(&store, run, 10), ["accepted 20", "unknown 30"]);
    assert_eq!(found(&store, run, 20), ["unknown 30"]);
    assert_eq!(found(&store, other, i64::MIN), [""; 0]);
    // Free to be sent again, the first copy may still have arrived.
    store.commit(run, &[at(2, Resend, 31)]).unwrap();
    assert_eq!(found(&store, run, i64::MIN), ["accepted 20", "intent 10", "unknown 31"]);
    store.commit(run, &[at(2, Forgo, 32)]).unwrap();
    // A receipt changes no time, and who decides after the end of the run sends nothing.
    store.record_receipts(run, &[receipt(keys[0], ReceiptStatus::Failed)]).unwrap();
    store.commit(run, &[at(3, Reject, 40), at(4, Suppress, 40), at(6, Suppress, 40)]).unwrap();
    store.finish(run, 50).unwrap();
    store.commit(run, &[at(2, FoundAccepted, 80)]).unwrap();
    assert_eq!(found(&store, run, i64::MIN), ["accepted 20", "unknown 50"]);
    assert_eq!(found(&store, run, 50), [""; 0]);
}

pub fn unknowns_come_with_their_texts<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("1", "a"), ("2", "b"), ("3", "a"), ("4", "b"), ("5", "a")]);
    let key = keys(&store.claim(run, &Claim::next(None, 9)).unwrap());
    store.commit(run, &changes(key.clone(), Event::Intend)).unwrap();
    store.commit(run, &changes([key[0]], Event::Accept)).unwrap();
    let told = Change { reason: Some("timed out".into()), ..change(key[1], Event::LoseTrack) };
    store.commit(run, &[told]).unwrap();
    store.recover(run, 5).unwrap();
    store.commit(run, &changes([key[4]], Event::FoundRejected)).unwrap();
    drop(store);
    let mut store = harness.open();
    let unknowns = store.unknowns(run, None, 9).unwrap();
    let listed: Vec<Listed> = unknowns.iter().map(|one| one.listed.clone()).collect();
    assert_eq!(listed, store.messages(run, Some(State::Unknown), None, 9).unwrap());
    let seen: Vec<_> = unknowns.iter().map(|one| (&*one.listed.recipient, &*one.text)).collect();
    assert_eq!(seen, [("3", "a"), ("5", "a"), ("2", "b")]);
    assert_eq!(store.unknowns(run, None, 1).unwrap(), unknowns[..1]);
    assert_eq!(store.unknowns(run, Some(key[1]), 9).unwrap(), unknowns[1..]);
    store.commit(run, &changes(key[1..4].iter().copied(), Event::FoundAccepted)).unwrap();
    assert_eq!(store.unknowns(run, None, 9).unwrap(), []);
}

pub fn receipt(key: MessageKey, status: ReceiptStatus) -> Receipt {
    Receipt { key, status, reason: None, at_ms: 7_000 }
}

/// Accepts messages, with a provider's id.
fn accept(store: &mut impl Store, run: RunId, keys: &[MessageKey]) {
    store.commit(run, &changes(keys.iter().copied(), Event::Intend)).unwrap();
    let accepted = keys.iter().map(|key| {
        let provider_id = Some(format!("id {}", key.seq));
        Change { provider_id, ..change(*key, Event::Accept) }
    });
    store.commit(run, &accepted.collect::<Vec<_>>()).unwrap();
}

pub fn receipts_lie_over_accepted_messages<H: Harness>() {
    use ReceiptStatus::{Delivered, Failed};
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("1", "a"), ("2", "a"), ("3", "a"), ("4", "a")]);
    let key = keys(&store.claim(run, &Claim::next(None, 9)).unwrap());
    accept(&mut store, run, &key[..3]);
    let counts = |store: &H::Store| {
        let counts = store.counts(run).unwrap();
        (counts.of(State::Accepted), counts.delivered, counts.failed, counts.sum())
    };
    // Only for an accepted one; all or none.
    let error =
        store.record_receipts(run, &[receipt(key[0], Delivered), receipt(key[3], Delivered)]).unwrap_err();
    assert_eq!(error, StoreError::NotAccepted { run: run.0, key: key[3].to_string() });
    let nobody = MessageKey { text: 9, seq: 9 };
    let error =
        store.record_receipts(run, &[receipt(key[0], Delivered), receipt(nobody, Failed)]).unwrap_err();
    assert_eq!(error, StoreError::NoSuchMessage { run: run.0, key: nobody.to_string() });
    assert_eq!(counts(&store), (3, 0, 0, 4));
    let why = Receipt { reason: Some("switched off".into()), at_ms: 8_000, ..receipt(key[1], Failed) };
    assert_eq!(store.record_receipts(run, &[receipt(key[0], Delivered), why]).unwrap(), 2);
    assert_eq!(counts(&store), (3, 1, 1, 4));
    // What was delivered stays delivered; what failed may arrive after all; twice is once.
    let late = [receipt(key[0], Failed), receipt(key[0], Delivered), receipt(key[1], Failed)];
    assert_eq!(store.record_receipts(run, &late).unwrap(), 0);
    let seen = |store: &H::Store| -> Vec<_> {
        let listed = store.messages(run, None, None, 3).unwrap();
        listed.into_iter().map(|one| (one.receipt, one.receipt_at_ms, one.reason)).collect()
    };
    let failed = (Some(Failed), Some(8_000), Some("switched off".to_owned()));
    assert_eq!(seen(&store), [(Some(Delivered), Some(7_000), None), failed, (None, None, None)]);
    let both = [receipt(key[1], Delivered), receipt(key[2], Failed), receipt(key[2], Delivered)];
    assert_eq!(store.record_receipts(run, &both).unwrap(), 3);
    assert_eq!(counts(&store), (3, 3, 0, 4));
    assert_eq!(seen(&store)[1], (Some(Delivered), Some(7_000), None));
    assert_eq!(store.record_receipts(run, &[]).unwrap(), 0);
    drop(store);
    let mut store = harness.open();
    assert_eq!(store.recover(run, 1).unwrap(), 0, "the books are proven");
    assert_eq!(counts(&store), (3, 3, 0, 4));
    assert_eq!(store.runs(None).unwrap()[0].counts.delivered, 3);
}

pub fn what_awaits_a_receipt_is_paged<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let all = [("1", "a"), ("2", "b"), ("3", "a"), ("4", "b"), ("5", "a"), ("6", "a")];
    let run = pin(&mut store, "spring", &all);
    let key = keys(&store.claim(run, &Claim::next(None, 9)).unwrap());
    accept(&mut store, run, &key[..4]);
    // Without an id there is nothing to ask for.
    store.commit(run, &changes([key[4]], Event::Intend)).unwrap();
    store.commit(run, &changes([key[4]], Event::Accept)).unwrap();
    let waiting = |store: &H::Store, after, n| -> Vec<MessageKey> {
        store.awaiting_receipt(run, after, n).unwrap().iter().map(|one| one.key).collect()
    };
    assert_eq!(waiting(&store, None, 9), key[..4]);
    assert_eq!(waiting(&store, None, 2), key[..2]);
    assert_eq!(waiting(&store, Some(key[1]), 9), key[2..4]);
    store.commit(run, &changes([key[5]], Event::Expire)).unwrap();
    store.finish(run, 5).unwrap();
    let told = [receipt(key[1], ReceiptStatus::Failed), receipt(key[2], ReceiptStatus::Delivered)];
    store.record_receipts(run, &told).unwrap();
    assert_eq!(waiting(&store, None, 9), [key[0], key[3]]);
    assert_eq!(store.unfinished("spring").unwrap(), [], "a receipt opens nothing");
}

pub fn ids_are_found_in_every_run<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let one = pin(&mut store, "spring", &[("1", "a"), ("2", "a")]);
    let two = pin(&mut store, "autumn", &[("1", "a"), ("2", "b")]);
    let (first, second) = (
        keys(&store.claim(one, &Claim::next(None, 9)).unwrap()),
        keys(&store.claim(two, &Claim::next(None, 9)).unwrap()),
    );
    accept(&mut store, one, &first);
    store.commit(two, &changes(second.iter().copied(), Event::Intend)).unwrap();
    // An id may be known of a message that is unknown itself; and gateways do not promise that ids are unique.
    let lost = |key, id: &str| Change { provider_id: Some(id.to_owned()), ..change(key, Event::LoseTrack) };
    store.commit(two, &[lost(second[0], "id 1"), lost(second[1], "o'clock \"1\"")]).unwrap();
    let known = |ids: &[&str]| store.known_ids(ids).unwrap();
    assert_eq!(known(&[]), []);
    assert_eq!(known(&["1", "id", "id 9"]), []);
    let id = |id: &str, run, key| (id.to_owned(), run, key);
    assert_eq!(known(&["id 1"]), [id("id 1", one, first[0]), id("id 1", two, second[0])]);
    assert_eq!(
        known(&["o'clock \"1\"", "id 2", "id 9"]),
        [id("id 2", one, first[1]), id("o'clock \"1\"", two, second[1])]
    );
}

pub fn what_is_not_there_is_named<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("1", "a")]);
    let none = RunId(run.0 + 1);
    let missing = StoreError::NoSuchRun { run: none.0 };
    assert_eq!(store.counts(none).unwrap_err(), missing);
    assert_eq!(store.recover(none, 1).unwrap_err(), missing);
    assert_eq!(store.finish(none, 1).unwrap_err(), missing);
    let key = MessageKey { text: 1, seq: 2 };
    let error = store.commit(run, &changes([key], Event::Intend)).unwrap_err();
    assert_eq!(error, StoreError::NoSuchMessage { run: run.0, key: key.to_string() });
}
