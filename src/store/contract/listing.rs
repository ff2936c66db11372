//! What can be read again: runs, lists, opt-outs, contacts, texts, receipts, ids.

use crate::delivery::state::{Event, State};
use crate::store::contract::given::*;
use crate::store::{
    Change, Claim, Listed, MessageKey, PinnedMessage, Receipt, ReceiptStatus, RunId, Store, StoreError,
};

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
