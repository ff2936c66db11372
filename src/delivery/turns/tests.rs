//! Runs whose people go by many clocks, over a state in memory and on a clock that is only ever told.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::audience::{AddressKind, Suppression};
use crate::campaign::{Delivery, Retry};
use crate::delivery::answer::Answer;
use crate::delivery::clock::{Clock, ClockId};
use crate::delivery::engine::Step;
use crate::delivery::message::Claim;
use crate::delivery::state::{State, next};
use crate::provider::{Class, Profile, Reading, Token, Verdict};
use crate::schedule::{Hours, Window, Zone};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn window(from: &str, to: &str, zone: &str) -> Window {
    Window::new(from.parse().unwrap(), to.parse().unwrap(), zone.parse().unwrap()).unwrap()
}

fn clock(id: u32, hours: Hours) -> Clock {
    Clock { id: Some(ClockId(id)), hours, missed: false, zone: Zone::UTC }
}

fn token(now: Now) -> Token {
    Token {
        access: "a".to_owned().into(),
        refresh: None,
        expires_at: now.utc + TimeDelta::days(4000),
        refresh_expires_at: None,
        renew_at: now.utc + TimeDelta::days(3999),
    }
}

/// A run: its messages with their clocks and states, and what happened to each when.
struct Run {
    clocks: Vec<Clock>,
    messages: BTreeMap<MessageKey, (Option<ClockId>, State)>,
    sent: Vec<(MessageKey, DateTime<Utc>)>,
    /// How many were in each request.
    requests: Vec<usize>,
    /// After whom messages were claimed.
    claims: Vec<Option<MessageKey>>,
    now: Now,
    answers: u64,
    batch_max: u32,
    /// The most that are claimed at once.
    most: usize,
}

impl Run {
    fn new(clocks: Vec<Clock>, people: &[u32], from: DateTime<Utc>) -> Self {
        let place = |seq: usize| MessageKey { text: 1, seq: i64::try_from(seq).unwrap() + 1 };
        let messages = people.iter().enumerate();
        let messages =
            messages.map(|(seq, clock)| (place(seq), (Some(ClockId(*clock)), State::Pending))).collect();
        let now = Now { elapsed: Duration::ZERO, utc: from };
        let (sent, requests, claims) = (Vec::new(), Vec::new(), Vec::new());
        Self { clocks, messages, sent, requests, claims, now, answers: 0, batch_max: 2, most: 3 }
    }

    /// One process; how it ended.
    fn live(&mut self) -> End {
        let profile = Profile::builtin("sinch").unwrap().unwrap().with_batch_max(self.batch_max).unwrap();
        let retry = Retry { backoff: Duration::from_secs(1), ..Retry::default() };
        let delivery = Delivery { concurrency: 2, retry, ..Delivery::default() };
        let kind = AddressKind::Phone { region: None };
        let mut engine = Engine::new(profile.into(), delivery, Suppression::default(), kind, self.now);
        engine.begin_with(token(self.now));
        let waits = |clock: &Clock| {
            self.messages.values().any(|(one, state)| *one == clock.id && *state == State::Pending)
        };
        engine.set_clocks(Clocks::new(self.clocks.iter().filter(|clock| waits(clock)).cloned().collect()));
        let mut in_air = Vec::new();
        loop {
            match engine.next(self.now) {
                Step::Commit(order) => {
                    for change in &order.changes {
                        let (_, state) = self.messages.get_mut(&change.key).unwrap();
                        *state = next(*state, change.event).unwrap();
                    }
                    self.claims.extend(order.claim.as_ref().map(|claim| claim.after));
                    let claimed = order.claim.map(|claim| self.claim(&claim));
                    engine.committed(claimed);
                }
                Step::Send(batch) => {
                    self.requests.push(batch.len());
                    for parcel in &batch.parcels {
                        self.sent.push((parcel.message.key, self.now.utc));
                        let clock =
                            self.clocks.iter().find(|clock| clock.id == parcel.message.clock).unwrap();
                        assert_eq!(batch.closes, clock.hours.closes(self.now.utc), "what a gateway is told");
                    }
                    in_air.push(batch);
                }
                Step::Wait(until) => {
                    let Some(batch) = in_air.pop() else {
                        self.pass(until.expect("it waits for something") - self.now.elapsed);
                        continue;
                    };
                    self.pass(Duration::from_secs(20));
                    self.answer(&mut engine, &batch);
                }
                Step::Done(end) => return end,
                Step::Authenticate(_) => engine.authenticated(Ok(token(self.now)), self.now),
            }
        }
    }

    /// One answer in five says that nothing was processed.
    fn answer(&mut self, engine: &mut Engine, batch: &crate::delivery::message::Batch) {
        self.answers += 1;
        let class = if self.answers.is_multiple_of(5) { Class::Transient } else { Class::Accepted };
        let verdict = Verdict { class, provider_id: None, reason: None };
        if class == Class::Transient {
            let again = batch.parcels.iter().map(|parcel| parcel.message.key);
            let again: Vec<MessageKey> = again.collect();
            self.sent.retain(|(key, _)| !again.contains(key));
        }
        let reading = Reading::all(batch.len(), &verdict);
        engine.answered(Answer { number: batch.number, reading, unreached: false }, self.now);
    }

    fn pass(&mut self, time: Duration) {
        self.now.elapsed += time;
        self.now.utc += TimeDelta::from_std(time).unwrap();
    }

    fn claim(&self, claim: &Claim) -> Vec<Claimed> {
        let after = claim.after.unwrap_or(MessageKey { text: 0, seq: 0 });
        let open = self.messages.range(after..).filter(|(key, (clock, state))| {
            let theirs =
                claim.clocks.as_ref().is_none_or(|clocks| clock.is_some_and(|one| clocks.contains(&one)));
            **key > after && *state == State::Pending && theirs
        });
        let claimed = open.take(claim.most.min(self.most)).map(|(key, (clock, _))| Claimed {
            key: *key,
            recipient: key.seq.to_string().into(),
            address: format!("+25470000{:04}", key.seq).into(),
            text: "t".into(),
            segments: 1,
            part: None,
            attempts: 0,
            second_copy: false,
            clock: *clock,
        });
        claimed.collect()
    }

    /// To its end, however often it has to wait; the times at which it went on.
    fn finish(&mut self) -> Vec<DateTime<Utc>> {
        let mut waits = Vec::new();
        loop {
            match self.live() {
                End::Finished => return waits,
                End::Waits { until, .. } => {
                    assert!(until > self.now.utc, "it does not wait for what is past");
                    assert!(waits.len() < 1000, "it comes to an end");
                    waits.push(until);
                    self.pass((until - self.now.utc).to_std().unwrap());
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn sent_to(&self, clock: u32) -> Vec<DateTime<Utc>> {
        let theirs = self.sent.iter().filter(|(key, _)| self.messages[key].0 == Some(ClockId(clock)));
        theirs.map(|(_, at)| *at).collect()
    }
}

#[test]
fn everybody_is_written_to_by_their_own_clock() {
    let nine = |text: &str| Hours { starts: Some(at(text)), ..Hours::default() };
    let clocks = vec![
        clock(1, nine("2026-12-01T14:00:00Z")),
        clock(2, nine("2026-12-01T00:00:00Z")),
        clock(3, nine("2026-12-01T06:00:00Z")),
    ];
    let mut run = Run::new(clocks, &[1, 2, 3, 1, 2, 3], at("2026-12-01T00:00:00Z"));
    assert_eq!(run.finish(), [at("2026-12-01T06:00:00Z"), at("2026-12-01T14:00:00Z")]);
    for (clock, from, to) in [
        (2, "2026-12-01T00:00:00Z", "2026-12-01T00:02:00Z"),
        (3, "2026-12-01T06:00:00Z", "2026-12-01T06:02:00Z"),
        (1, "2026-12-01T14:00:00Z", "2026-12-01T14:02:00Z"),
    ] {
        let sent = run.sent_to(clock);
        assert_eq!(sent.len(), 2);
        assert!(sent.iter().all(|one| at(from) <= *one && *one < at(to)), "{clock}: {sent:?}");
    }
}

#[test]
fn whose_time_is_over_gets_nothing_any_more_and_the_others_do() {
    let until = |text: &str| Hours { until: Some(at(text)), ..Hours::default() };
    let missed = Clock { missed: true, ..clock(3, Hours::default()) };
    let clocks =
        vec![clock(1, until("2026-12-01T00:00:00Z")), clock(2, until("2026-12-02T00:00:00Z")), missed];
    let mut run = Run::new(clocks, &[1, 2, 3, 1, 2], at("2026-12-01T00:00:00Z"));
    assert!(run.finish().is_empty());
    let states: Vec<State> = run.messages.values().map(|(_, state)| *state).collect();
    let (expired, accepted) = (State::Expired, State::Accepted);
    assert_eq!(states, [expired, accepted, expired, expired, accepted]);
    assert_eq!(run.sent.len(), 2);
}

#[test]
fn a_clock_that_closes_in_the_middle_keeps_its_people_until_it_opens() {
    // Each request takes twenty seconds; the first window has three minutes left.
    let early = Hours { windows: vec![window("08:00", "09:00", "UTC")], ..Hours::default() };
    let late = Hours { windows: vec![window("08:00", "20:00", "UTC")], ..Hours::default() };
    let people: Vec<u32> = (0..60).map(|one| 1 + one % 2).collect();
    let mut run = Run::new(vec![clock(1, early), clock(2, late)], &people, at("2026-12-01T08:57:00Z"));
    assert_eq!(run.finish(), [at("2026-12-02T08:00:00Z")]);
    let sent = run.sent_to(1);
    assert!(sent.iter().any(|one| *one < at("2026-12-01T09:00:00Z")), "some went out before");
    assert!(sent.iter().all(|one| *one <= at("2026-12-01T08:59:00Z") || *one >= at("2026-12-02T08:00:00Z")));
    assert!(run.sent_to(2).iter().all(|one| *one < at("2026-12-01T20:00:00Z")));
    assert_eq!(run.sent.len(), 60);
}

#[test]
fn a_turn_begins_where_those_of_the_one_before_were_left() {
    let early = Hours { windows: vec![window("08:00", "09:00", "UTC")], ..Hours::default() };
    let late = Hours { windows: vec![window("08:00", "20:00", "UTC")], ..Hours::default() };
    let people: Vec<u32> = (0..60).map(|one| 1 + one % 2).collect();
    let mut run = Run::new(vec![clock(1, early), clock(2, late)], &people, at("2026-12-01T08:57:00Z"));
    assert!(matches!(run.live(), End::Waits { .. }));
    let from_the_start = run.claims.iter().filter(|after| after.is_none()).count();
    assert_eq!(from_the_start, 1, "{:?}", run.claims);
    assert!(run.claims.array_windows().any(|[one, other]| other < one), "who was left is looked for again");
    assert_eq!(run.sent_to(2).len(), 30);
}

/// How many messages were in each request to so many people, by twelve clocks that lie mixed and close at these hours, in
/// batches of a hundred.
fn requests_to(people: u32, closing: impl Fn(u32) -> u32) -> Vec<usize> {
    let clocks = (1..=12).map(|id| {
        let windows = vec![window("06:00", &format!("{:02}:00", closing(id)), "UTC")];
        clock(id, Hours { windows, ..Hours::default() })
    });
    let people: Vec<u32> = (0..people).map(|one| 1 + one * 7 % 12).collect();
    let mut run = Run::new(clocks.collect(), &people, at("2026-12-01T08:00:00Z"));
    (run.batch_max, run.most) = (100, usize::MAX);
    assert!(run.finish().is_empty());
    assert_eq!(run.sent.len(), people.len());
    run.requests
}

#[test]
fn batches_for_a_gateway_that_is_told_an_expiry_are_full_though_clocks_lie_mixed() {
    // One answer in five is that nothing was processed: a quarter more than twelve.
    let requests = requests_to(1200, |id| 11 + id);
    assert!((12..=18).contains(&requests.len()), "{requests:?}");
    assert!(requests.iter().all(|one| *one == 100), "{requests:?}");
    // Of twelve thousand not all are in sight at once.
    let requests = requests_to(12_000, |id| 11 + id);
    assert!((120..=160).contains(&requests.len()), "{}", requests.len());
}

#[test]
fn people_of_several_clocks_share_a_request_where_those_close_at_one_time() {
    assert_eq!(requests_to(120, |_| 20), [100, 20]);
    let requests = requests_to(1200, |id| 18 + id % 3);
    assert!((12..=18).contains(&requests.len()), "{requests:?}");
}

fn any_clock() -> impl Strategy<Value = (u32, u32, i64, Option<i64>, bool)> {
    (0_u32..24, 1_u32..24, 0_i64..40, prop::option::of(10_i64..100), prop::bool::weighted(0.1))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nobody_twice_nobody_lost_nobody_at_the_wrong_time(
        clocks in prop::collection::vec(any_clock(), 1..6),
        people in prop::collection::vec(1_u32..6, 1..60),
    ) {
        let start = at("2026-12-01T00:00:00Z");
        let clocks: Vec<Clock> = (1..).zip(clocks).map(|(id, (from, length, starts, until, missed))| {
            let hours = Hours {
                starts: Some(start + TimeDelta::hours(starts)),
                windows: vec![window(&format!("{from:02}:00"), &format!("{:02}:00", (from + length) % 24), "UTC")],
                until: until.map(|until| start + TimeDelta::hours(until)),
            };
            Clock { missed, ..clock(id, hours) }
        }).collect();
        let people: Vec<u32> = people.into_iter().map(|one| 1 + one % u32::try_from(clocks.len()).unwrap()).collect();
        let mut run = Run::new(clocks.clone(), &people, start);
        run.finish();
        let mut keys: Vec<MessageKey> = run.sent.iter().map(|(key, _)| *key).collect();
        keys.sort_unstable();
        prop_assert!(keys.array_windows().all(|[one, other]| one != other), "somebody twice");
        for (key, (clock, state)) in &run.messages {
            let hours = clocks.iter().find(|one| one.id == *clock).unwrap();
            match state {
                State::Accepted => {
                    let (_, when) = run.sent.iter().find(|(sent, _)| sent == key).unwrap();
                    prop_assert!(hours.opens_next(*when) == Some(*when), "{clock:?} at {when}");
                }
                State::Expired => prop_assert_eq!(hours.opens_next(run.now.utc), None),
                other => prop_assert!(false, "{other}"),
            }
        }
    }
}
