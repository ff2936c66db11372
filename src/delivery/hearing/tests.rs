//! The engine, told from beside: on a clock that stands until a test moves it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};

use super::*;
use crate::audience::{AddressKind, Suppression};
use crate::campaign::Delivery;
use crate::delivery::answer::Answer;
use crate::delivery::control::Teller;
use crate::delivery::engine::{Order, Step};
use crate::delivery::message::{Batch, Claimed, MessageKey};
use crate::delivery::state::Event;
use crate::provider::{Class, Profile, Reading, Token, Verdict};

const START: Now = Now { elapsed: Duration::ZERO, utc: DateTime::UNIX_EPOCH };

fn after(seconds: u32) -> Now {
    Now { elapsed: Duration::from_secs(seconds.into()), utc: START.utc + TimeDelta::seconds(seconds.into()) }
}

fn message(seq: i64) -> Claimed {
    Claimed {
        key: MessageKey { text: seq, seq },
        recipient: seq.to_string().into(),
        address: format!("+25470000000{seq}").into(),
        text: "t".into(),
        segments: 1,
        part: None,
        attempts: 0,
        second_copy: false,
        clock: None,
    }
}

/// An engine with a credential that has claimed four messages, for one request at a time.
fn engine() -> Engine {
    let profile = Profile::builtin("mobiconnect").unwrap().unwrap().with_batch_max(1).unwrap();
    let delivery = Delivery { concurrency: 1, ..Delivery::default() };
    let kind = AddressKind::Phone { region: None };
    let mut engine = Engine::new(Arc::new(profile), delivery, Suppression::default(), kind, START);
    engine.begin_with(Token {
        access: "a".to_owned().into(),
        refresh: None,
        expires_at: START.utc + TimeDelta::hours(1),
        refresh_expires_at: None,
        renew_at: START.utc + TimeDelta::minutes(50),
    });
    assert!(commit(&mut engine, START).claim.is_some());
    engine.committed(Some((1..=4).map(message).collect()));
    engine
}

#[track_caller]
fn commit(engine: &mut Engine, now: Now) -> Order {
    match engine.next(now) {
        Step::Commit(order) => order,
        other => panic!("no commit but {other:?}"),
    }
}

#[track_caller]
fn send(engine: &mut Engine, now: Now) -> Arc<Batch> {
    match engine.next(now) {
        Step::Send(batch) => batch,
        other => panic!("nothing is sent but {other:?}"),
    }
}

/// Makes an order durable; nobody is left to claim.
fn settle(engine: &mut Engine, order: Order) -> Vec<(i64, Event)> {
    engine.committed(order.claim.as_ref().map(|_| Vec::new()));
    events(&order)
}

fn events(order: &Order) -> Vec<(i64, Event)> {
    order.changes.iter().map(|change| (change.key.seq, change.event)).collect()
}

fn accept(engine: &mut Engine, batch: &Batch, now: Now) {
    let verdict = Verdict { class: Class::Accepted, provider_id: None, reason: None };
    let reading = Reading::all(batch.len(), &verdict);
    engine.answered(Answer { number: batch.number, reading, unreached: false }, now);
}

/// Everything that is left goes out and is settled; answers with the messages that were sent.
fn finish(engine: &mut Engine, now: Now) -> (Vec<i64>, End) {
    let mut sent = Vec::new();
    let mut later = now;
    loop {
        match engine.next(later) {
            Step::Commit(order) => engine.committed(order.claim.map(|_| Vec::new())),
            Step::Send(batch) => {
                sent.extend(batch.parcels.iter().map(|one| one.message.key.seq));
                accept(engine, &batch, later);
            }
            Step::Wait(until) => later.elapsed = until.expect("it waits for something"),
            Step::Done(end) => return (sent, end),
            Step::Authenticate(_) => panic!("it has a credential"),
        }
    }
}

fn paused() -> News {
    let hold = Hold { what: HoldKind::Paused, who: "ann@till".to_owned(), at_ms: 0 };
    News { hold: Some(hold), ..News::default() }
}

#[test]
fn fault_17_nothing_goes_out_on_proof_that_is_old() {
    let asleep = [after(2), Now { utc: START.utc + TimeDelta::minutes(8), ..START }];
    for woken in asleep {
        // The intents are durable; the process sleeps before it sends the first one.
        let mut engine = engine();
        let order = commit(&mut engine, START);
        assert_eq!(settle(&mut engine, order), [(1, Event::Intend), (2, Event::Intend)]);
        let look = commit(&mut engine, woken);
        assert_eq!((events(&look), look.claim), (Vec::new(), None));
        assert!(matches!(engine.next(woken), Step::Wait(_)), "not before the proof is there");
        engine.committed(None);
        assert_eq!(send(&mut engine, woken).parcels[0].message.key.seq, 1);
    }
}

#[test]
fn fault_17_a_commit_is_as_old_as_its_beginning() {
    let mut engine = engine();
    let order = commit(&mut engine, START);
    // It slept in the middle of it, or the disk is slow: nobody can tell.
    settle(&mut engine, order);
    assert!(commit(&mut engine, after(3)).changes.is_empty());
    engine.committed(None);
    send(&mut engine, after(4));
}

#[test]
fn fault_17_a_second_request_needs_proof_of_its_own() {
    let mut engine = engine();
    let order = commit(&mut engine, START);
    settle(&mut engine, order);
    let first = send(&mut engine, START);
    accept(&mut engine, &first, after(30));
    let order = commit(&mut engine, after(30));
    assert_eq!(events(&order), [(1, Event::Accept), (3, Event::Intend)]);
    assert!(matches!(engine.next(after(30)), Step::Wait(_)));
    engine.committed(None);
    assert_eq!(send(&mut engine, after(30)).parcels[0].message.key.seq, 2);
}

#[test]
fn a_pause_gives_intents_back_and_hears_out_what_is_under_way() {
    let mut engine = engine();
    let order = commit(&mut engine, START);
    settle(&mut engine, order);
    let first = send(&mut engine, START);
    engine.hear(paused());
    assert_eq!(
        engine.held().map(Hold::to_string).unwrap(),
        "paused by ann@till since 1970-01-01 00:00:00 UTC"
    );
    assert_eq!(events(&commit(&mut engine, START)), [(2, Event::Withdraw)]);
    engine.committed(None);
    assert!(matches!(engine.next(START), Step::Wait(None)), "for as long as it takes");
    accept(&mut engine, &first, after(1));
    assert_eq!(events(&commit(&mut engine, after(1))), [(1, Event::Accept)]);
    engine.committed(None);
    // No credential is fetched meanwhile, though there is none any more.
    assert!(matches!(engine.next(after(7200)), Step::Wait(None)));
    assert!(matches!(engine.next(after(60)), Step::Wait(None)));
    engine.hear(News::default());
    assert_eq!(finish(&mut engine, after(61)), (vec![2, 3, 4], End::Finished));
}

#[test]
fn a_paused_run_ends_when_it_is_asked_to_and_when_it_is_done() {
    let mut stopped = engine();
    let order = commit(&mut stopped, START);
    stopped.hear(paused());
    settle(&mut stopped, order);
    stopped.stop();
    assert_eq!(finish(&mut stopped, START), (vec![], End::Interrupted));
    let mut done = engine();
    assert_eq!(finish(&mut done, START).1, End::Finished);
    done.hear(paused());
    assert_eq!(finish(&mut done, START).1, End::Finished);
}

#[test]
fn a_cancellation_ends_the_run_in_order() {
    let mut engine = engine();
    let order = commit(&mut engine, START);
    settle(&mut engine, order);
    let first = send(&mut engine, START);
    let hold = Hold { what: HoldKind::Cancelled, who: "ann@till".to_owned(), at_ms: 0 };
    engine.hear(News { hold: Some(hold), ..News::default() });
    assert_eq!(events(&commit(&mut engine, START)), [(2, Event::Withdraw)]);
    engine.committed(None);
    accept(&mut engine, &first, START);
    let (sent, end) = finish(&mut engine, START);
    let text = "cancelled by ann@till at 1970-01-01 00:00:00 UTC".to_owned();
    assert_eq!((sent, end), (vec![], End::Cancelled(text)));
}

#[test]
fn fault_71_an_opt_out_that_comes_with_the_commit_is_heeded_before_its_intents_are_used() {
    let news = |teller| News { opt_outs: [("+254700000001".to_owned(), teller)].into(), ..News::default() };
    let mut engine = engine();
    let order = commit(&mut engine, START);
    engine.hear(news(Some(Teller::Person)));
    settle(&mut engine, order);
    assert_eq!(finish(&mut engine, START), (vec![2, 3, 4], End::Finished));
    assert_eq!(engine.tally().suppressed, 1);
    // Who takes it back in time is sent to.
    let mut engine = self::engine();
    engine.hear(news(Some(Teller::Person)));
    engine.hear(news(None));
    assert_eq!(finish(&mut engine, START).0, [1, 2, 3, 4]);
}
