//! The contract's clauses about what people say to campaigns, also beside the process that sends.

use crate::delivery::control::{Hold, HoldKind, Mark, Teller};
use crate::delivery::state::Event;
use crate::store::contract::given::{Harness, change, changes, keys, pin};
use crate::store::control::{Control, Waiting, Word};
use crate::store::{Change, Claim, Store};

fn word(at_ms: i64) -> Word {
    Word { who: "ann@till".into(), reason: Some("they rang".into()), at_ms }
}

fn hold(what: HoldKind, at_ms: i64) -> Hold {
    Hold { what, who: "ann@till".into(), at_ms }
}

fn people(numbers: &[&str]) -> Vec<String> {
    numbers.iter().map(|number| (*number).to_owned()).collect()
}

pub fn the_stronger_hold_stays<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let (paused, cancelled) = (hold(HoldKind::Paused, 1), hold(HoldKind::Cancelled, 3));
    let first = store.hold("spring", &paused, None).unwrap().unwrap();
    assert_eq!(store.hold("spring", &hold(HoldKind::Paused, 2), None).unwrap(), Err(paused.clone()));
    assert_eq!(store.release("autumn", &word(2)).unwrap(), None);
    let last = store.hold("spring", &cancelled, Some("a slip")).unwrap().unwrap();
    assert!(last > first);
    assert_eq!(store.hold("spring", &paused, None).unwrap(), Err(cancelled.clone()));
    assert_eq!(store.release("spring", &word(4)).unwrap(), None, "a cancellation is not taken back");
    drop(store);
    let mut store = harness.open();
    assert_eq!(store.holds().unwrap(), [("spring".to_owned(), cancelled)]);
    store.close("spring", false).unwrap();
    assert_eq!(store.hold_on("spring").unwrap(), None);
    store.hold("spring", &paused, None).unwrap().unwrap();
    store.close("spring", false).unwrap();
    assert_eq!(store.hold_on("spring").unwrap(), Some(paused), "a pause is no cancellation");
    assert!(store.release("spring", &word(5)).unwrap().unwrap() > last);
    assert_eq!(store.holds().unwrap(), []);
    let recorded: Vec<String> = decided(&store, "spring");
    assert_eq!(recorded, ["paused", "cancelled", "paused", "resumed"]);
}

pub fn a_pause_outlives_a_cancellation_where_the_campaign_goes_on<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let cancelled = |at_ms| hold(HoldKind::Cancelled, at_ms);
    store.hold("daily", &cancelled(1), None).unwrap().unwrap();
    store.close("daily", true).unwrap();
    assert_eq!(store.hold_on("daily").unwrap(), None, "it was not paused");
    let paused = hold(HoldKind::Paused, 2);
    store.hold("daily", &paused, None).unwrap().unwrap();
    for at_ms in [3, 4] {
        store.hold("daily", &cancelled(at_ms), None).unwrap().unwrap();
        store.close("daily", true).unwrap();
        assert_eq!(store.hold_on("daily").unwrap(), Some(paused.clone()));
    }
    store.close("daily", true).unwrap();
    assert_eq!(store.hold_on("daily").unwrap(), Some(paused));
    assert!(store.release("daily", &word(5)).unwrap().is_some());
    store.hold("daily", &cancelled(6), None).unwrap().unwrap();
    store.close("daily", true).unwrap();
    assert_eq!(store.hold_on("daily").unwrap(), None, "it was resumed");
    assert_eq!(decided(&store, "daily").len(), 6);
}

fn decided(store: &impl Store, campaign: &str) -> Vec<String> {
    store.decisions(campaign, None, 99).unwrap().into_iter().map(|one| one.what).collect()
}

pub fn news_are_what_was_said_since<H: Harness>() {
    let harness = H::new();
    let mut sender = harness.open();
    let run = pin(&mut sender, "spring", &[("1", "a")]);
    assert_eq!(sender.news(run, Mark::default()).unwrap(), None);
    let mut beside = harness.open();
    beside.opt_out(&people(&["+254700000001", "+254700000002"]), &word(1)).unwrap();
    let (gone, _) = beside.take_back(&people(&["+254700000002", "+254700000009"]), &word(2)).unwrap();
    assert_eq!(gone, 1);
    let all = sender.news(run, Mark::default()).unwrap().unwrap();
    let expected = [("+254700000001".to_owned(), Some(Teller::Person)), ("+254700000002".to_owned(), None)];
    assert_eq!((&all.opt_outs, &all.hold), (&expected.into(), &None));
    assert_eq!(sender.news(run, all.up_to).unwrap(), None);
    // Another campaign's hold is no news of this one's, but that something was said.
    beside.hold("autumn", &hold(HoldKind::Paused, 3), None).unwrap().unwrap();
    let other = sender.news(run, all.up_to).unwrap().unwrap();
    assert_eq!((other.opt_outs.len(), other.hold), (0, None));
    let mark = beside.hold("spring", &hold(HoldKind::Paused, 4), None).unwrap().unwrap();
    let held = sender.news(run, other.up_to).unwrap().unwrap();
    assert_eq!((held.up_to, held.hold), (mark, Some(hold(HoldKind::Paused, 4))));
    // What was heard is seen from beside, and never becomes less.
    assert!(beside.acknowledged().unwrap() < mark);
    sender.acknowledge(mark).unwrap();
    sender.acknowledge(other.up_to).unwrap();
    assert_eq!(beside.acknowledged().unwrap(), mark);
}

pub fn what_is_waited_for_is_seen_from_beside<H: Harness>() {
    let harness = H::new();
    let mut sender = harness.open();
    let run = pin(&mut sender, "spring", &[("1", "a")]);
    let beside = harness.open();
    assert_eq!(beside.waiting().unwrap(), []);
    let other = pin(&mut sender, "autumn", &[("1", "a")]);
    sender.waits(other, &Waiting { until_ms: 3, why: "HTTP 429".to_owned() }).unwrap();
    let waiting = |until_ms, why: &str| Waiting { until_ms, why: why.to_owned() };
    sender.waits(run, &waiting(7, "HTTP 429")).unwrap();
    sender.waits(run, &waiting(9, "HTTP 503")).unwrap();
    let both = [(run, waiting(9, "HTTP 503")), (other, waiting(3, "HTTP 429"))];
    assert_eq!(beside.waiting().unwrap(), both, "the last word of each counts");
    let key = keys(&sender.claim(run, &Claim::next(None, 1)).unwrap())[0];
    sender.commit(run, &[change(key, Event::Suppress)]).unwrap();
    sender.finish(run, 10).unwrap();
    assert_eq!(beside.waiting().unwrap(), both[1..], "who is through waits for nothing");
}

pub fn opt_outs_say_who_told_us<H: Harness>() {
    let harness = H::new();
    let mut store = harness.open();
    let run = pin(&mut store, "spring", &[("+254700000003", "a")]);
    let key = keys(&store.claim(run, &Claim::next(None, 1)).unwrap())[0];
    let told = |event| vec![Change { opted_out: true, ..change(key, event) }];
    store.commit(run, &changes([key], crate::delivery::state::Event::Intend)).unwrap();
    store.commit(run, &told(crate::delivery::state::Event::Reject)).unwrap();
    let both = people(&["+254700000001", "+254700000003"]);
    assert_eq!(store.opt_out(&both, &word(7)).unwrap().0, 1, "one was known");
    drop(store);
    let mut store = harness.open();
    assert_eq!(store.opt_outs().unwrap(), both);
    let listed = store.listed_opt_outs(None, 9).unwrap();
    let seen: Vec<_> = listed.iter().map(|one| (one.teller, &*one.source, one.reason.as_deref())).collect();
    assert_eq!(seen, [(Teller::Person, "ann@till", Some("they rang")), (Teller::Gateway, "spring", None)]);
    assert_eq!(store.listed_opt_outs(Some(&both[0]), 9).unwrap(), listed[1..]);
    let news = store.news(run, Mark::default()).unwrap().unwrap();
    assert_eq!(news.opt_outs.get(&both[1]), Some(&Some(Teller::Gateway)));
    assert_eq!(store.take_back(&both, &word(8)).unwrap().0, 2);
    assert_eq!(store.opt_outs().unwrap(), people(&[]));
}
