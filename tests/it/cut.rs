//! A run cut at every boundary there is, and taken up again: the real engine over the real state, with a
//! gateway in memory that remembers whom it accepted. Nobody twice, nobody lost, wherever the cut falls.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::seasons::fast_folder;
use chrono::{DateTime, TimeDelta};
use sendplan::audience::{AddressKind, Suppression};
use sendplan::campaign::Delivery;
use sendplan::delivery::access::Credential;
use sendplan::delivery::answer::Answer;
use sendplan::delivery::engine::{End, Engine, Now, Order, Step};
use sendplan::delivery::message::Batch;
use sendplan::delivery::state::State;
use sendplan::executor::{self, Driven, Happening};
use sendplan::provider::{Class, Profile, Reading, Token, Verdict};
use sendplan::store::journal::Recorded;
use sendplan::store::sqlite::{OpenMode, Sqlite};
use sendplan::store::{Claim, Counts, Excluded, NewRun, PinnedClock, PinnedMessage, RunId, Store};

const PEOPLE: u32 = 16;

/// What a gateway in memory has accepted, by address.
type Accepted = BTreeMap<String, u32>;

/// How the world behaves.
#[derive(Clone, Copy)]
pub struct World {
    /// Messages of one text, so that batches are shared.
    pub shared: bool,
    /// Every so many requests are answered with a refusal of this class.
    pub every: u32,
    pub class: Class,
    pub concurrency: u16,
}

fn person(number: u32) -> String {
    format!("+2547000{number:05}")
}

fn pin(store: &mut Sqlite, world: World) -> RunId {
    let run = NewRun {
        campaign: "cut".to_owned(),
        occurrence: "once".to_owned(),
        pinned: "{}".to_owned(),
        created_at_ms: 0,
    };
    let mut pinning = store.pin(&run).unwrap();
    for number in 0..PEOPLE {
        let address = person(number);
        let text = if world.shared { format!("text {}", number % 2) } else { format!("text for {number}") };
        let message = PinnedMessage {
            recipient: &address,
            address: &address,
            text: &text,
            segments: 1,
            part: None,
            clock: PinnedClock::Campaign,
            wording: None,
        };
        pinning.add(&message).unwrap();
    }
    pinning.seal("sha256:0", &Excluded::default()).unwrap()
}

pub fn engine(world: World, now: Now) -> Engine {
    let profile = Profile::builtin("mobiconnect").unwrap().unwrap().with_batch_max(4).unwrap();
    let delivery = Delivery { concurrency: world.concurrency, ..Delivery::default() };
    Engine::new(Arc::new(profile), delivery, Suppression::default(), AddressKind::Phone { region: None }, now)
}

pub fn token(now: Now) -> Token {
    Token {
        access: "a".to_owned().into(),
        refresh: None,
        expires_at: now.utc + TimeDelta::hours(1),
        refresh_expires_at: None,
        renew_at: now.utc + TimeDelta::minutes(50),
    }
}

/// One life of the process: works until `cut` boundaries have passed (or to the end), then is gone. Requests
/// handed out are received by the gateway; the answer to the last ones may never be heard.
fn live(
    path: &Path,
    run: RunId,
    world: World,
    cut: usize,
    accepted: &mut Accepted,
    requests: &mut u32,
) -> (Option<End>, usize) {
    let mut store = Sqlite::open(path, OpenMode::Existing).unwrap();
    let mut elapsed = Duration::ZERO;
    let utc = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let at = |elapsed: Duration| Now { elapsed, utc: utc + TimeDelta::from_std(elapsed).unwrap() };
    store.recover(run, 1).unwrap();
    let mut engine = engine(world, at(elapsed));
    let mut under_way: VecDeque<Arc<Batch>> = VecDeque::new();
    // A commit that is being written: answers come meanwhile, and a cut loses it.
    let mut writing: Option<Order> = None;
    for boundary in 0..cut {
        let now = at(elapsed);
        match engine.next(now) {
            Step::Commit(order) => writing = Some(order),
            Step::Authenticate(_) => engine.authenticated(Ok(token(now)), now),
            Step::Send(batch) => {
                assert!(batch.len() <= 4);
                under_way.push_back(batch);
            }
            Step::Wait(until) => match (under_way.pop_front(), writing.take()) {
                (Some(batch), order) if order.is_none() || !boundary.is_multiple_of(3) => {
                    *requests += 1;
                    engine.answered(answer(&batch, world, *requests, accepted), now);
                    writing = order;
                }
                (batch, Some(order)) => {
                    batch.into_iter().for_each(|batch| under_way.push_front(batch));
                    store.commit(run, &order.changes).unwrap();
                    engine.committed(order.claim.map(|claim| store.claim(run, &claim).unwrap()));
                }
                (_, None) => elapsed = until.expect("it waits for something"),
            },
            Step::Done(end) => return (Some(end), boundary),
        }
        assert!(in_doubt(&store, run) <= engine.window() as u64, "more in doubt than the window");
    }
    // The cut: what was handed out reached the gateway all the same.
    for batch in under_way {
        *requests += 1;
        answer(&batch, world, *requests, accepted);
    }
    (None, cut)
}

fn in_doubt(store: &Sqlite, run: RunId) -> u64 {
    store.counts(run).unwrap().of(State::Intent)
}

fn answer(batch: &Batch, world: World, request: u32, accepted: &mut Accepted) -> Answer {
    // A credential expires once; a second refusal of a fresh one is another story.
    let refuse =
        if world.class == Class::Auth { request == world.every } else { request.is_multiple_of(world.every) };
    let verdicts = batch.parcels.iter().map(|parcel| {
        if refuse {
            return Verdict::new(world.class, "as told");
        }
        *accepted.entry(parcel.message.address.to_string()).or_default() += 1;
        Verdict { class: Class::Accepted, provider_id: Some("1".to_owned()), reason: None }
    });
    say(batch, verdicts.collect())
}

/// An answer of these verdicts.
pub fn say(batch: &Batch, verdicts: Vec<Verdict>) -> Answer {
    let reading = Reading { verdicts, retry_after: None, stray: false, halt: None };
    Answer { number: batch.number, reading, unreached: false }
}

/// Runs the campaign in lives of `cut` boundaries each, until one comes to its end.
fn in_pieces(world: World, cuts: impl Iterator<Item = usize>) -> (Accepted, Counts, usize) {
    let folder = fast_folder();
    let path = folder.path().join("state.db");
    let mut store = Sqlite::open(&path, OpenMode::Create).unwrap();
    let run = pin(&mut store, world);
    drop(store);
    let mut accepted = Accepted::new();
    let mut requests = 0;
    for cut in cuts {
        let (end, boundaries) = live(&path, run, world, cut, &mut accepted, &mut requests);
        if let Some(end) = end {
            assert_eq!(end, End::Finished);
            let store = Sqlite::open(&path, OpenMode::Existing).unwrap();
            return (accepted, store.counts(run).unwrap(), boundaries);
        }
    }
    panic!("it never came to an end");
}

fn proven(world: World, accepted: &Accepted, counts: &Counts, place: &str) {
    assert!(accepted.values().all(|times| *times == 1), "somebody twice, cut {place}: {accepted:?}");
    assert_eq!(counts.sum(), u64::from(PEOPLE), "cut {place}");
    assert_eq!(counts.of(State::Pending) + counts.of(State::Intent), 0, "cut {place}");
    let known = counts.of(State::Accepted) + counts.of(State::Unknown);
    assert!(accepted.len() as u64 <= known, "cut {place}: accepted ones are counted as something else");
    assert!(counts.of(State::Accepted) <= accepted.len() as u64, "cut {place}: accepted without a request");
    if world.class != Class::Rejected {
        assert_eq!(counts.of(State::Rejected), 0, "cut {place}");
        assert_eq!(known, u64::from(PEOPLE), "cut {place}: somebody is lost");
    }
}

/// Cuts once, at every boundary of the run; then twice, at every pair of early ones.
fn cut_everywhere(world: World) {
    let (accepted, counts, boundaries) = in_pieces(world, std::iter::once(10_000));
    proven(world, &accepted, &counts, "nowhere");
    assert_eq!(counts.of(State::Unknown), 0, "unknown without a cut");
    for cut in 0..=boundaries {
        let (accepted, counts, _) = in_pieces(world, [cut, 10_000].into_iter());
        proven(world, &accepted, &counts, &format!("at {cut} of {boundaries}"));
    }
    for first in (0..boundaries).step_by(9) {
        for second in (0..boundaries).step_by(8) {
            let (accepted, counts, _) = in_pieces(world, [first, second, 10_000].into_iter());
            proven(world, &accepted, &counts, &format!("at {first} and {second}"));
        }
    }
}

#[test]
fn fault_01_02_03_04_cut_anywhere_personalised() {
    cut_everywhere(World { shared: false, every: u32::MAX, class: Class::Accepted, concurrency: 2 });
}

#[test]
fn fault_01_02_03_04_cut_anywhere_shared_batches() {
    cut_everywhere(World { shared: true, every: u32::MAX, class: Class::Accepted, concurrency: 2 });
}

#[test]
fn cut_anywhere_while_refused_ones_are_tried_again() {
    cut_everywhere(World { shared: false, every: 3, class: Class::Transient, concurrency: 2 });
    cut_everywhere(World { shared: true, every: 2, class: Class::Throttled, concurrency: 1 });
    cut_everywhere(World { shared: false, every: 4, class: Class::Auth, concurrency: 2 });
}

#[test]
fn cut_anywhere_while_some_are_rejected() {
    cut_everywhere(World { shared: true, every: 3, class: Class::Rejected, concurrency: 2 });
}

/// Row 2 by itself: the intent is durable, not a byte was written.
#[test]
fn fault_02_intents_without_a_request_are_unknown_and_never_claimed_again() {
    let world = World { shared: false, every: u32::MAX, class: Class::Accepted, concurrency: 2 };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let mut store = Sqlite::open(&path, OpenMode::Create).unwrap();
    let run = pin(&mut store, world);
    let now = Now { elapsed: Duration::ZERO, utc: DateTime::from_timestamp(1_800_000_000, 0).unwrap() };
    let mut engine = engine(world, now);
    loop {
        match engine.next(now) {
            Step::Commit(order) => {
                store.commit(run, &order.changes).unwrap();
                engine.committed(order.claim.map(|claim| store.claim(run, &claim).unwrap()));
            }
            Step::Authenticate(_) => engine.authenticated(Ok(token(now)), now),
            Step::Send(_) => break,
            other => panic!("{other:?}"),
        }
    }
    let intents = in_doubt(&store, run);
    assert!(intents > 0);
    drop(store);
    let mut store = Sqlite::open(&path, OpenMode::Existing).unwrap();
    assert_eq!(store.recover(run, 1).unwrap(), intents);
    assert_eq!(store.counts(run).unwrap().of(State::Unknown), intents);
    assert_eq!(store.claim(run, &Claim::next(None, 1000)).unwrap().len() as u64, u64::from(PEOPLE) - intents);
}

/// Somebody who cannot be looked up on the lists of opt-outs is not sent to: the run stops, nobody is lost.
#[test]
fn an_address_that_cannot_be_read_any_more_stops_the_run() {
    let folder = fast_folder();
    let path = folder.path().join("state.db");
    let mut store = Sqlite::open(&path, OpenMode::Create).unwrap();
    let run =
        NewRun { campaign: "cut".into(), occurrence: "once".into(), pinned: "{}".into(), created_at_ms: 0 };
    let mut pinning = store.pin(&run).unwrap();
    for (recipient, address) in [("a", "+254700000001"), ("b", "nobody"), ("c", "+254700000003")] {
        pinning
            .add(&PinnedMessage {
                recipient,
                address,
                text: recipient,
                segments: 1,
                part: None,
                clock: PinnedClock::Campaign,
                wording: None,
            })
            .unwrap();
    }
    let run = pinning.seal("", &Excluded::default()).unwrap();
    drop(store);
    let world = World { shared: false, every: u32::MAX, class: Class::Accepted, concurrency: 2 };
    let (mut accepted, mut requests) = (Accepted::new(), 0);
    let (end, _) = live(&path, run, world, 1000, &mut accepted, &mut requests);
    assert!(matches!(&end, Some(End::Paused(why)) if why.contains("message 2 of the run")), "{end:?}");
    let counts = Sqlite::open(&path, OpenMode::Existing).unwrap().counts(run).unwrap();
    assert_eq!(counts.of(State::Pending) + counts.of(State::Accepted), 3);
    assert!(!accepted.contains_key("nobody"));
    assert_eq!(counts.of(State::Accepted), accepted.len() as u64);
}

/// A gateway that answers at once, and a disk that takes its time: nobody waits for the clock.
struct Slow {
    store: Sqlite,
    run: RunId,
    at: Duration,
    /// What is being written, and when that is done.
    commit: Option<(Order, Duration)>,
    under_way: VecDeque<Arc<Batch>>,
    token: bool,
    /// How long a commit takes from when it is asked to end.
    slow: Duration,
    is_asked: bool,
}

impl Slow {
    fn durable(&mut self) -> Happening {
        let (order, at) = self.commit.take().unwrap();
        self.at = self.at.max(at);
        self.store.commit(self.run, &order.changes).unwrap();
        let claimed = order.claim.map(|claim: Claim| self.store.claim(self.run, &claim).unwrap());
        Happening::Durable(Ok(Recorded { claimed, news: None }))
    }
}

impl executor::World for Slow {
    fn now(&self) -> Now {
        Now { elapsed: self.at, utc: DateTime::from_timestamp(1_800_000_000, 0).unwrap() }
    }

    fn commit(&mut self, order: Order) {
        let takes = if self.is_asked { self.slow } else { Duration::ZERO };
        self.commit = Some((order, self.at + takes));
    }

    fn authenticate(&mut self, _: Credential, _: Option<Arc<Token>>) {
        self.token = true;
    }

    fn send(&mut self, batch: Arc<Batch>, _: Option<Arc<Token>>) {
        self.under_way.push_back(batch);
    }

    async fn happening(&mut self, until: Option<Duration>) -> Happening {
        if std::mem::take(&mut self.token) {
            return Happening::Authenticated(Ok(token(executor::World::now(self))));
        }
        if !self.under_way.is_empty() && !std::mem::replace(&mut self.is_asked, true) {
            return Happening::Signal;
        }
        if let Some(batch) = self.under_way.pop_front() {
            let accepted = || Verdict { class: Class::Accepted, provider_id: None, reason: None };
            let verdicts = batch.parcels.iter().map(|_| accepted()).collect();
            return Happening::Answered(vec![say(&batch, verdicts)]);
        }
        match (&self.commit, until) {
            (Some((_, at)), until) if until.is_none_or(|until| *at <= until) => self.durable(),
            (_, until) => {
                self.at = self.at.max(until.expect("something is under way"));
                Happening::Time
            }
        }
    }
}

#[test]
fn what_was_answered_is_written_however_long_somebody_else_writes_before() {
    let folder = fast_folder();
    let mut store = Sqlite::open(&folder.path().join("state.db"), OpenMode::Create).unwrap();
    let shape = World { shared: false, every: u32::MAX, class: Class::Accepted, concurrency: 4 };
    let run = pin(&mut store, shape);
    let slow = executor::DRAIN * 3;
    let (at, under_way) = (Duration::ZERO, VecDeque::new());
    let mut world = Slow { store, run, at, commit: None, under_way, token: false, slow, is_asked: false };
    let mut engine = engine(shape, executor::World::now(&world));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let driven = runtime.block_on(executor::execute(&mut engine, &mut world, &mut |_, _| {})).unwrap();
    assert!(matches!(driven, Driven::Ended(End::Interrupted)), "{driven:?} at {:?}", world.at);
    let counts = world.store.counts(run).unwrap();
    assert!(counts.of(State::Accepted) > 0 && world.at >= slow, "{counts:?}");
    assert_eq!((counts.of(State::Intent), counts.of(State::Unknown)), (0, 0), "{counts:?}");
}
