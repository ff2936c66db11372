//! Each law complains when it is broken: histories made up for it. An oracle that nobody has seen complain proves
//! nothing by being silent.

use chrono::DateTime;

use crate::delivery::control::{Hold, HoldKind};
use crate::delivery::message::{Claimed, Parcel};

use super::*;

fn key(seq: i64) -> MessageKey {
    MessageKey { text: seq, seq }
}

fn address(seq: i64) -> String {
    format!("+25470000000{seq}")
}

/// Three people, a process that may send two requests at once and have two messages in doubt.
fn oracle() -> Oracle {
    let mut oracle = Oracle::default();
    (1..=3).for_each(|seq| oracle.planned(key(seq), &address(seq), 1));
    oracle.begins(Terms { window: 2, concurrency: 2, limits: Limits::default() }, &BTreeSet::new());
    oracle
}

fn change(seq: i64, event: Event) -> Change {
    Change { key: key(seq), event, provider_id: None, reason: None, opted_out: false, at_ms: 0 }
}

fn batch(number: u64, seqs: &[i64]) -> Batch {
    let parcel = |seq: &i64| {
        Parcel::new(Claimed {
            key: key(*seq),
            recipient: seq.to_string().into(),
            address: address(*seq).into(),
            text: "t".into(),
            segments: 1,
            part: None,
            attempts: 0,
            second_copy: false,
            clock: None,
        })
    };
    Batch { number, parcels: seqs.iter().map(parcel).collect(), closes: None }
}

fn at(seconds: f64) -> Now {
    let elapsed = Duration::from_secs_f64(seconds);
    Now { elapsed, utc: DateTime::UNIX_EPOCH + elapsed }
}

/// Commits at once.
fn commit(oracle: &mut Oracle, changes: &[Change]) {
    oracle.ordered(&Order { changes: changes.to_vec(), claim: None });
    oracle.durable(changes, None);
    oracle.proves(at(0.0));
}

fn broken(oracle: &Oracle) -> Option<Law> {
    oracle.broken().map(|broken| broken.law)
}

fn listed(seq: i64, state: State, attempts: u32) -> Listed {
    Listed {
        key: key(seq),
        recipient: seq.to_string(),
        address: address(seq),
        state,
        attempts,
        segments: 1,
        part: None,
        wording: None,
        provider_id: None,
        reason: None,
        changed_at_ms: 0,
        receipt: None,
        receipt_at_ms: None,
        second_copy: false,
    }
}

fn counts(states: &[(State, u64)]) -> Counts {
    let mut counts = Counts::default();
    counts.planned = 3;
    states.iter().for_each(|(state, n)| counts.add(*state, *n));
    counts
}

#[test]
fn a_life_without_fault_breaks_nothing() {
    let mut oracle = oracle();
    for seq in 1..=3 {
        commit(&mut oracle, &[change(seq, Event::Intend)]);
        oracle.sends(&batch(seq.unsigned_abs(), &[seq]), at(0.0));
        oracle.takes(key(seq));
        oracle.answered(seq.unsigned_abs(), None);
        commit(&mut oracle, &[change(seq, Event::Accept)]);
    }
    let all: Vec<Listed> = (1..=3).map(|seq| listed(seq, State::Accepted, 1)).collect();
    oracle.ends(&all, &counts(&[(State::Accepted, 3)]));
    oracle.was_calm();
    assert_eq!(oracle.broken(), None);
    assert_eq!((oracle.taken(), oracle.taken_twice(), oracle.lost()), (3, 0, 0));
}

#[test]
fn whatever_goes_out_before_its_intent_is_durable_is_seen() {
    let mut oracle = oracle();
    commit(&mut oracle, &[]);
    oracle.ordered(&Order { changes: vec![change(1, Event::Intend)], claim: None });
    oracle.sends(&batch(1, &[1]), at(0.0));
    assert_eq!(broken(&oracle), Some(Law::IntentFirst));
}

#[test]
fn whoever_is_taken_twice_is_seen() {
    let mut oracle = oracle();
    oracle.takes(key(1));
    assert_eq!(broken(&oracle), None);
    oracle.takes(key(1));
    assert_eq!((broken(&oracle), oracle.taken_twice()), (Some(Law::Once), 1));
}

#[test]
fn a_crash_that_frees_what_was_in_doubt_is_seen() {
    let mut oracle = oracle();
    commit(&mut oracle, &[change(1, Event::Intend)]);
    let pending = [listed(1, State::Pending, 0), listed(2, State::Pending, 0), listed(3, State::Pending, 0)];
    oracle.reopened(&pending, &[]);
    assert_eq!(broken(&oracle), Some(Law::Durable));
}

#[test]
fn a_commit_that_is_there_by_half_is_seen() {
    let under_way = [change(1, Event::Intend), change(2, Event::Intend)];
    let state =
        |seq, there| if there { listed(seq, State::Intent, 1) } else { listed(seq, State::Pending, 0) };
    for (first, second, law) in [(true, true, None), (false, false, None), (true, false, Some(Law::Durable))]
    {
        let mut oracle = oracle();
        oracle.reopened(&[state(1, first), state(2, second), state(3, false)], &under_way);
        assert_eq!(broken(&oracle), law);
    }
}

#[test]
fn what_is_written_against_what_happened_is_seen() {
    let written = |taken: bool, event, law| {
        let mut oracle = oracle();
        commit(&mut oracle, &[change(1, Event::Intend)]);
        if taken {
            oracle.takes(key(1));
        }
        commit(&mut oracle, &[change(1, event)]);
        assert_eq!(broken(&oracle), law, "{event}");
    };
    written(false, Event::Accept, Some(Law::AcceptedIsTaken));
    written(true, Event::Accept, None);
    written(true, Event::Reject, Some(Law::TakenIsKept));
    written(false, Event::Reject, None);
    written(false, Event::Intend, Some(Law::Transition));
}

#[test]
fn what_was_taken_and_is_given_back_is_seen_at_the_end() {
    let mut oracle = oracle();
    commit(&mut oracle, &[change(1, Event::Intend)]);
    oracle.takes(key(1));
    commit(&mut oracle, &[change(1, Event::Withdraw)]);
    let all = [listed(1, State::Pending, 0), listed(2, State::Pending, 0), listed(3, State::Pending, 0)];
    oracle.ends(&all, &counts(&[(State::Pending, 3)]));
    assert_eq!((broken(&oracle), oracle.lost()), (Some(Law::Settled), 1));
}

#[test]
fn opt_outs_are_heeded_and_not_invented() {
    let mut told = oracle();
    commit(&mut told, &[change(1, Event::Intend), change(2, Event::Intend)]);
    told.answered(1, [address(2)]);
    let mut sent = told;
    sent.sends(&batch(2, &[2]), at(0.0));
    assert_eq!(broken(&sent), Some(Law::OptOut));

    let mut from_a_list = oracle();
    from_a_list.lists(&BTreeSet::from([address(1)]));
    commit(&mut from_a_list, &[change(1, Event::Suppress)]);
    assert_eq!(broken(&from_a_list), None);
    from_a_list.lists(&BTreeSet::from([address(2)]));
    from_a_list.ordered(&Order { changes: vec![change(2, Event::Intend)], claim: None });
    assert_eq!(broken(&from_a_list), Some(Law::OptOut));

    let mut invented = oracle();
    commit(&mut invented, &[change(1, Event::Suppress)]);
    assert_eq!(broken(&invented), Some(Law::Suppression));
}

#[test]
fn too_much_in_doubt_is_seen() {
    let three: Vec<Change> = (1..=3).map(|seq| change(seq, Event::Intend)).collect();
    let mut oracle = oracle();
    commit(&mut oracle, &three[..2]);
    assert_eq!(broken(&oracle), None);
    commit(&mut oracle, &three[2..]);
    assert_eq!(broken(&oracle), Some(Law::Window));
}

#[test]
fn books_that_do_not_balance_are_seen() {
    let mut oracle = oracle();
    oracle.durable(&[], Some(&counts(&[(State::Pending, 3)])));
    assert_eq!(broken(&oracle), None);
    oracle.durable(&[], Some(&counts(&[(State::Pending, 2), (State::Accepted, 1)])));
    assert_eq!(broken(&oracle), Some(Law::Books));
    let mut oracle = self::oracle();
    oracle.recovered(1);
    assert_eq!(broken(&oracle), Some(Law::Books));
}

#[test]
fn haste_is_seen() {
    let limits = Limits { messages: Some("1/s".parse().unwrap()), ..Limits::default() };
    for (pause, law) in [(980_u16, None), (490, Some(Law::Pace))] {
        let mut oracle = oracle();
        oracle.begins(Terms { window: 3, concurrency: 3, limits }, &BTreeSet::new());
        let intents: Vec<Change> = (1..=3).map(|seq| change(seq, Event::Intend)).collect();
        commit(&mut oracle, &intents);
        for seq in 1..=3_i64 {
            let now = at(f64::from(pause) / 1e3 * (seq - 1) as f64);
            oracle.proves(now);
            oracle.sends(&batch(seq.unsigned_abs(), &[seq]), now);
        }
        assert_eq!(broken(&oracle), law, "{pause} ms");
    }
}

#[test]
fn more_at_once_more_after_the_end_and_two_commits_are_seen() {
    let mut crowd = oracle();
    crowd.begins(Terms { window: 3, concurrency: 2, limits: Limits::default() }, &BTreeSet::new());
    let intents: Vec<Change> = (1..=3).map(|seq| change(seq, Event::Intend)).collect();
    commit(&mut crowd, &intents);
    (1..=3).for_each(|seq: i64| crowd.sends(&batch(seq.unsigned_abs(), &[seq]), at(0.0)));
    assert_eq!(broken(&crowd), Some(Law::Concurrency));

    let mut stopped = oracle();
    commit(&mut stopped, &[change(1, Event::Intend)]);
    stopped.stops();
    stopped.sends(&batch(1, &[1]), at(0.0));
    assert_eq!(broken(&stopped), Some(Law::Stop));

    let mut twice = oracle();
    (0..2).for_each(|_| twice.ordered(&Order::default()));
    assert_eq!(broken(&twice), Some(Law::OneCommit));
}

#[test]
fn who_was_forgotten_and_what_took_too_long_are_seen() {
    let mut forgotten = oracle();
    forgotten.was_calm();
    assert_eq!(broken(&forgotten), Some(Law::Everybody));

    let limits = Limits { messages: Some("1/s".parse().unwrap()), ..Limits::default() };
    for (last, law) in [(1.5, Some(Law::Duration)), (2.0, None), (2.15, None), (2.3, Some(Law::Duration))] {
        let mut oracle = oracle();
        oracle.begins(Terms { window: 3, concurrency: 3, limits }, &BTreeSet::new());
        commit(&mut oracle, &[change(1, Event::Intend), change(2, Event::Intend), change(3, Event::Intend)]);
        oracle.sends(&batch(1, &[1]), at(0.0));
        oracle.proves(at(last));
        oracle.sends(&batch(3, &[3]), at(last));
        oracle.was_fast();
        assert_eq!(broken(&oracle), law, "{last} s");
    }
}

#[test]
fn what_goes_out_on_old_proof_or_against_a_word_is_seen() {
    for (later, held, law) in
        [(0.9, false, None), (1.1, false, Some(Law::Lease)), (0.9, true, Some(Law::Hold))]
    {
        let mut oracle = oracle();
        commit(&mut oracle, &[change(1, Event::Intend)]);
        let hold = Hold { what: HoldKind::Paused, who: "somebody".to_owned(), at_ms: 0 };
        oracle.hears(&News { hold: held.then_some(hold), ..News::default() });
        oracle.sends(&batch(1, &[1]), at(later));
        assert_eq!(broken(&oracle), law, "{later} s");
    }
}

/// The first of the three goes by a clock that is open in the first hour of 1970, the second by one that was missed, and
/// the third is held.
fn by_clocks() -> Oracle {
    let mut oracle = oracle();
    let until = Some(DateTime::UNIX_EPOCH + Duration::from_secs(3600));
    let missed = Span { missed: true, ..Span::default() };
    oracle.go_by(vec![Span { until, ..Span::default() }, missed]);
    oracle.goes_by(key(1), Some(0));
    oracle.goes_by(key(2), Some(1));
    oracle.goes_by(key(3), None);
    oracle
}

fn expires(seq: i64, at: Now) -> Change {
    Change { at_ms: at.utc.timestamp_millis(), ..change(seq, Event::Expire) }
}

#[test]
fn whoever_is_written_to_outside_their_hours_is_seen() {
    for (seq, seconds, law) in [
        (1, 3540.0, None),
        (1, 3540.5, Some(Law::Hours)),
        (1, 3600.0, Some(Law::Hours)),
        (2, 0.0, Some(Law::Hours)),
    ] {
        let mut oracle = by_clocks();
        commit(&mut oracle, &[change(seq, Event::Intend)]);
        oracle.proves(at(seconds));
        oracle.sends(&batch(1, &[seq]), at(seconds));
        assert_eq!(broken(&oracle), law, "{seq} at {seconds}");
    }
}

#[test]
fn whoever_expires_while_there_is_time_is_seen() {
    for (seq, seconds, law) in
        [(1, 3540.0, Some(Law::Over)), (1, 3541.0, None), (2, 0.0, None), (3, 5000.0, Some(Law::Held))]
    {
        let mut oracle = by_clocks();
        commit(&mut oracle, &[expires(seq, at(seconds))]);
        assert_eq!(broken(&oracle), law, "{seq} at {seconds}");
    }
    let mut oracle = by_clocks();
    oracle.cancels();
    commit(&mut oracle, &[expires(1, at(0.0)), expires(3, at(0.0))]);
    assert_eq!(broken(&oracle), None, "whoever is cancelled expires at any time");
    commit(&mut oracle, &[change(2, Event::Intend)]);
    oracle.sends(&batch(1, &[2]), at(0.0));
    assert!(broken(&oracle).is_some(), "nothing goes out any more");
}

#[test]
fn held_ones_stay_and_are_an_end() {
    let mut oracle = by_clocks();
    commit(&mut oracle, &[change(3, Event::Release)]);
    assert_eq!(broken(&oracle), Some(Law::Held));
    let mut oracle = by_clocks();
    commit(&mut oracle, &[expires(1, at(3600.0)), expires(2, at(0.0))]);
    let all = [listed(1, State::Expired, 0), listed(2, State::Expired, 0), listed(3, State::Held, 0)];
    oracle.ends(&all, &counts(&[(State::Expired, 2), (State::Held, 1)]));
    oracle.was_calm();
    assert_eq!(oracle.broken(), None);
}
