//! The contract's clauses about runs whose messages are pruned, and about the proof of the whole state.

use crate::delivery::state::{Event, State};
use crate::store::contract::decisions::decision;
use crate::store::contract::given::{
    EXCLUDED, Harness, change, changes, keys, message, new_run, pin, receipt,
};
use crate::store::{
    Change, Claim, Counts, PinnedMessage, Pruned, ReceiptStatus, Resolution, RunId, Store, StoreError,
};

fn reached(store: &impl Store, run: RunId) -> Vec<(String, i64)> {
    let mut all = Vec::new();
    store.contacts(run, 0, &mut |address, at_ms| all.push((address.to_owned(), at_ms))).unwrap();
    all.sort();
    all
}

/// A run in which `a` was sent to twice, `b` assumed, `c` refused for good after an opt-out, `d` opted out before, and
/// one more that got a receipt.
fn mixed(store: &mut impl Store) -> RunId {
    let mut started = store.pin(&new_run("spring", "once")).unwrap();
    for (recipient, address) in
        [("1", "+a"), ("2", "+b"), ("3", "+c"), ("4", "+d"), ("5", "+a"), ("+e", "+e")]
    {
        started.add(&PinnedMessage { address, ..message(recipient, "text") }).unwrap();
    }
    let run = started.seal("d1", &EXCLUDED).unwrap();
    let key = keys(&store.claim(run, &Claim::next(None, 9)).unwrap());
    store.commit(run, &changes([0, 1, 2, 4, 5].map(|at| key[at]), Event::Intend)).unwrap();
    let at = |at_ms, key| Change { at_ms, ..change(key, Event::Accept) };
    let opted_out = Change { opted_out: true, ..change(key[2], Event::Reject) };
    let lost = [change(key[1], Event::LoseTrack), change(key[3], Event::Suppress)];
    store.commit(run, &[at(50, key[0]), at(40, key[4]), at(30, key[5]), opted_out]).unwrap();
    store.commit(run, &lost).unwrap();
    store.record_receipts(run, &[receipt(key[5], ReceiptStatus::Failed)]).unwrap();
    run
}

pub fn a_pruned_run_keeps_its_counts_and_whom_it_reached<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = mixed(&mut store);
    let other = pin(&mut store, "autumn", &[("1", "a")]);
    let needed = |why| StoreError::StillNeeded { run: run.0, why };
    assert_eq!(store.prune(run, 100).unwrap_err(), needed("it is not finished"));
    store.finish(run, 60).unwrap();
    let unknown = "nobody knows of some of its messages whether they were sent";
    assert_eq!(store.prune(run, 100).unwrap_err(), needed(unknown));
    let lost = store.messages(run, Some(State::Unknown), None, 9).unwrap()[0].key;
    let assumed = Change { at_ms: 20, ..change(lost, Event::AssumeSent) };
    store.decide(run, &[assumed], &decision(Resolution::AssumeSent)).unwrap();
    let before = store.counts(run).unwrap();
    let said = store.decisions("spring", None, 9).unwrap();
    assert_eq!(store.prune(run, 100).unwrap(), Pruned { messages: 6, contacts: 3 });
    assert_eq!(store.prune(run, 200).unwrap(), Pruned::default(), "once is enough");
    drop(store);
    let mut store = harness.open();
    assert_eq!(store.counts(run).unwrap(), before);
    assert_eq!(store.messages(run, None, None, 9).unwrap(), []);
    assert_eq!(store.claim(run, &Claim::next(None, 9)).unwrap(), []);
    let found = store.run("spring", "once").unwrap().unwrap();
    assert_eq!((found.finished_at_ms, found.pruned_at_ms, found.counts), (Some(60), Some(100), before));
    assert_eq!(reached(&store, run), [("+a".into(), 50), ("+b".into(), 20), ("+e".into(), 30)]);
    assert_eq!(store.opt_outs().unwrap(), ["+c"]);
    let kept = store.decisions("spring", None, 9).unwrap();
    assert_eq!((&kept[0].recipient, &kept[0].who), (&said[0].recipient, &said[0].who));
    assert_eq!(kept[0].address, None, "the message is gone");
    // The occurrence is taken for ever, and what is proven of other runs is proven of it.
    let again = store.pin(&new_run("spring", "once")).err().unwrap();
    assert_eq!(again, StoreError::RunExists { campaign: "spring".into(), occurrence: "once".into() });
    assert_eq!(store.recover(run, 1).unwrap(), 0);
    store.finish(run, 300).unwrap();
    assert_eq!(store.run("spring", "once").unwrap().unwrap().finished_at_ms, Some(60));
    assert_eq!(store.counts(other).unwrap().of(State::Pending), 1);
    assert_eq!(store.claim(other, &Claim::next(None, 9)).unwrap().len(), 1);
    assert_eq!(reached(&store, other), []);
    let verified = store.verify().unwrap();
    assert_eq!((verified.wrong, verified.runs.len()), (Vec::new(), 2));
    assert_eq!(store.prune(RunId(99), 1).unwrap_err(), StoreError::NoSuchRun { run: 99 });
}

pub fn an_empty_run_is_pruned_too<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = store.pin(&new_run("spring", "once")).unwrap().seal("d1", &EXCLUDED).unwrap();
    store.finish(run, 5).unwrap();
    assert_eq!(store.prune(run, 6).unwrap(), Pruned::default());
    assert_eq!(store.run("spring", "once").unwrap().unwrap().pruned_at_ms, Some(6));
    assert_eq!(store.counts(run).unwrap(), Counts::default());
    assert_eq!(store.verify().unwrap().wrong, [""; 0]);
}

pub fn texts_are_counted_apart_also_when_a_run_is_pruned<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let plain = pin(&mut store, "autumn", &[("1", "a")]);
    assert_eq!(store.by_wording(plain).unwrap(), []);
    let mut started = store.pin(&new_run("spring", "once")).unwrap();
    for (recipient, wording) in [("1", 0), ("2", 2), ("3", 0), ("4", 2), ("5", 2)] {
        started.add(&PinnedMessage { wording: Some(wording), ..message(recipient, "text") }).unwrap();
    }
    let run = started.seal("d1", &EXCLUDED).unwrap();
    let listed = store.messages(run, None, None, 9).unwrap();
    assert_eq!(listed.iter().map(|one| one.wording).collect::<Vec<_>>(), [0, 2, 0, 2, 2].map(Some));
    let key = keys(&store.claim(run, &Claim::next(None, 9)).unwrap());
    store.commit(run, &changes(key.iter().copied(), Event::Intend)).unwrap();
    store.commit(run, &changes([0, 1, 2, 3].map(|at| key[at]), Event::Accept)).unwrap();
    store.commit(run, &[change(key[4], Event::Reject)]).unwrap();
    store.record_receipts(run, &[receipt(key[3], ReceiptStatus::Delivered)]).unwrap();
    let texts = store.by_wording(run).unwrap();
    let shown: Vec<_> = texts
        .iter()
        .map(|(wording, counts)| {
            let of = |state| counts.of(state);
            (*wording, counts.planned, of(State::Accepted), of(State::Rejected), counts.delivered)
        })
        .collect();
    assert_eq!(shown, [(0, 2, 2, 0, 0), (2, 3, 2, 1, 1)]);
    store.finish(run, 60).unwrap();
    store.prune(run, 100).unwrap();
    assert_eq!(store.by_wording(run).unwrap(), texts);
}
