//! A whole campaign on a virtual clock: the real engine, executor and state, a gateway in memory, and what people want
//! to go wrong. The run is taken up again whenever something stopped it, as an operator's cron would; then the state
//! and the gateway's book are held against each other.

pub mod book;
pub mod weather;
pub mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::audience::{AddressKind, Suppression};
use crate::campaign::{Delivery, Unknown};
use crate::delivery::clock::{Clock, ClockId};
use crate::delivery::contacts::Contacts;
use crate::delivery::engine::{End, Engine, Now};
use crate::delivery::state::State;
use crate::executor::clocks::{clocks, their_clocks};
use crate::executor::resume::send_again;
use crate::executor::{Driven, execute};
use crate::provider::Profile;
use crate::simulation::gateway::Gateway;
use crate::simulation::life::poll_once;
use crate::simulation::rehearsal::book::{Book, Dial};
use crate::simulation::rehearsal::weather::{Befell, Weather};
use crate::simulation::rehearsal::world::{Rehearsed, Scene};
use crate::store::control::Control;
use crate::store::{Claim, Counts, MessageKey, Run, Store, StoreError};

/// How long somebody needs to take up a run that stopped by itself.
pub const MENDED: Duration = Duration::from_secs(900);
/// How long until a run is taken up after a crash.
pub const RESTARTED: Duration = Duration::from_secs(60);
/// A run that stops so often by itself, with nobody accepted between, would be given up by anybody.
pub const MOST_STOPS_IN_VAIN: u64 = 50;
/// A run that stops so often by itself would be as well.
pub const MOST_STOPS: u64 = 1000;
/// A rehearsal is over after so long, by its own clock.
pub const LONGEST: Duration = Duration::from_secs(400 * 86_400);
/// The longest that the gateway asks to wait with a 429, in seconds.
pub const LONGEST_WISH: u64 = 10;

/// What is rehearsed.
#[derive(Debug)]
pub struct Piece {
    /// How the gateway is spoken to.
    pub profile: Arc<Profile>,
    /// Pace and patience.
    pub delivery: Delivery,
    /// How addresses are read.
    pub kind: AddressKind,
    /// The suppression lists.
    pub suppression: Suppression,
    /// Who has opted out otherwise.
    pub opt_outs: Vec<String>,
    /// Whom other runs have reached.
    pub contacts: Contacts,
    /// When it begins.
    pub starts: DateTime<Utc>,
    /// What goes wrong.
    pub weather: Weather,
    /// What decides all chance.
    pub seed: u64,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Nobody is left to send to.
    Finished,
    /// It stopped by itself [`MOST_STOPS`] times, or [`MOST_STOPS_IN_VAIN`] times in a row without anybody accepted.
    GivenUp,
    /// It lasted for [`LONGEST`].
    TooLong,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// When, by the virtual clock.
    pub ended: DateTime<Utc>,
    /// What the gateway has seen.
    pub book: Book,
    /// What went wrong, how often.
    pub befell: Befell,
    /// How often the process crashed.
    pub crashes: u64,
    /// Why it stopped by itself, and how often for each reason.
    pub stops: BTreeMap<String, u64>,
    /// How often it waited for a window or a clock to open.
    pub waits: u64,
    /// How long it did so.
    pub waited: Duration,
    /// How many messages were open when it waited first.
    pub held_up: u64,
    /// How long processes were at work.
    pub at_work: Duration,
    /// How many processes there were.
    pub processes: u64,
    /// Requests.
    pub requests: u64,
    /// Messages that got another attempt.
    pub retried: u64,
    /// Log-ins and renewals.
    pub credentials: u64,
    /// Where messages stand, by the state's own account.
    pub counts: Counts,
    /// Those who go by clocks of their own, by clock; none where all go by the campaign's.
    pub places: Vec<Place>,
    /// What state and book say of each other.
    pub audit: Audit,
}

/// Those who go by one clock.
#[derive(Debug)]
pub struct Place {
    /// The zones in which they may be, by their names.
    pub zones: Vec<String>,
    /// What the book calls it.
    pub dial: Dial,
    /// Where their messages stand, and how many there are.
    pub counts: Counts,
    clock: Clock,
}

/// The state held against the gateway's book, message by message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// Messages by state, counted one by one.
    pub counted: Counts,
    /// Why messages are held, and how many for each reason.
    pub held: BTreeMap<String, u64>,
    /// Expired by the state, while there was still time.
    pub expired_early: u64,
    /// Accepted by the state, never taken by the gateway.
    pub never_taken: u64,
    /// Not sent by the state, taken by the gateway.
    pub taken_after_all: u64,
    /// Unknown to the state, taken by the gateway.
    pub unknown_taken: u64,
}

/// Why it could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The state's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It waits, and nothing will ever happen: ours.
    #[error("the rehearsal came to a standstill after {0:?}")]
    Standstill(Duration),
}

/// Carries the run out, with its state, until nobody is left to send to. `watch` is told now and then how many messages
/// have left.
///
/// # Errors
/// [`RehearsalError`].
pub fn rehearse<S: Store + Control + Send>(
    piece: &Piece,
    store: S,
    run: &Run,
    watch: &mut (dyn FnMut(u64) + Send),
) -> Result<Outcome, RehearsalError> {
    let planned = run.counts.planned;
    let messages = usize::try_from(planned).unwrap_or(usize::MAX);
    let profile = &piece.profile;
    let gateway =
        Gateway::new(Arc::clone(profile), profile.is_idempotent()).compact(messages).wishing(LONGEST_WISH);
    let mut book = Book::new(messages, piece.delivery.hours());
    let places = places(&mut book, &store, run, &piece.delivery)?;
    let mut scene = Scene::new(gateway, book, piece.weather, piece.seed, piece.starts);
    scene.longest = LONGEST;
    scene.crashes = crashes(&mut scene, planned);
    let (store, sum) = (Some(store), Sum::default());
    let mut course = Course { piece, scene, store, run, places, settled: None, sum };
    let ending = course.run(watch)?;
    course.finish(ending)
}

/// Tells the book by whose clock each message goes, as it was pinned.
fn places<S: Store>(
    book: &mut Book,
    store: &S,
    run: &Run,
    delivery: &Delivery,
) -> Result<Vec<Place>, StoreError> {
    const PAGE: usize = 4096;
    let mut dials: BTreeMap<ClockId, Dial> = BTreeMap::new();
    let mut places = Vec::new();
    for (one, clock) in their_clocks(store, run, delivery)? {
        let dial = book.add_clock(clock.hours.clone());
        let dial = dial.ok_or_else(|| StoreError::internal("the run goes by too many clocks"))?;
        dials.insert(one.id, dial);
        places.push(Place { zones: one.zones, dial, counts: Counts::default(), clock });
    }
    let mut after: Option<MessageKey> = None;
    // Nothing was sent yet: all that can be is pending.
    while !places.is_empty() {
        let page = store.claim(run.id, &Claim::next(after, PAGE))?;
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        for one in &page {
            let dial = one.clock.and_then(|clock| dials.get(&clock).copied());
            book.goes_by(one.key, dial.unwrap_or_default());
        }
    }
    Ok(places)
}

/// After how many messages the process crashes, the last one first: each somewhere in its share of the run.
fn crashes(scene: &mut Scene, planned: u64) -> Vec<u64> {
    let number = u64::from(scene.weather.crashes);
    let at = |crash: u64| (planned * crash / number.max(1)).max(1);
    (0..number).rev().map(|crash| scene.dice.between(at(crash), at(crash + 1).max(2) - 1)).collect()
}

#[derive(Debug, Default)]
struct Sum {
    crashes: u64,
    stops: BTreeMap<String, u64>,
    /// Stops since somebody was accepted.
    in_vain: u64,
    waits: u64,
    waited: Duration,
    held_up: u64,
    at_work: Duration,
    processes: u64,
    requests: u64,
    retried: u64,
    credentials: u64,
}

struct Course<'p, S> {
    piece: &'p Piece,
    scene: Scene,
    /// There between processes.
    store: Option<S>,
    run: &'p Run,
    places: Vec<Place>,
    /// Up to here nothing is pending any more.
    settled: Option<MessageKey>,
    sum: Sum,
}

impl<S: Store + Control + Send> Course<'_, S> {
    fn run(&mut self, watch: &mut (dyn FnMut(u64) + Send)) -> Result<Ending, RehearsalError> {
        loop {
            if self.scene.at >= LONGEST {
                return Ok(Ending::TooLong);
            }
            let why = match self.live(watch)? {
                None => {
                    self.sum.crashes += 1;
                    self.scene.at += RESTARTED;
                    continue;
                }
                Some(Driven::Ended(End::Finished)) => return Ok(Ending::Finished),
                Some(Driven::Ended(End::Waits { until, .. })) => {
                    self.wait(until)?;
                    continue;
                }
                // Nobody but the longest time asks it to stop.
                Some(Driven::Ended(End::Interrupted) | Driven::Cut) => return Ok(Ending::TooLong),
                Some(Driven::Ended(End::Paused(why) | End::Refused(why) | End::Cancelled(why))) => why,
            };
            *self.sum.stops.entry(why).or_default() += 1;
            self.sum.in_vain += 1;
            if self.sum.in_vain >= MOST_STOPS_IN_VAIN || self.sum.stops.values().sum::<u64>() >= MOST_STOPS {
                return Ok(Ending::GivenUp);
            }
            self.scene.at += MENDED;
        }
    }

    /// Nobody who is left can be written to before this: so it is taken up again then.
    fn wait(&mut self, until: DateTime<Utc>) -> Result<(), StoreError> {
        let wait = (until - self.scene.utc()).max(TimeDelta::zero()).to_std().unwrap_or_default();
        let wait = wait.min(LONGEST.saturating_sub(self.scene.at));
        if self.sum.waits == 0
            && let Some(store) = &self.store
        {
            self.sum.held_up = store.counts(self.run.id)?.open();
        }
        self.sum.waits += 1;
        self.sum.waited += wait;
        self.scene.at += wait;
        Ok(())
    }

    /// One process; nothing when it crashed.
    fn live(&mut self, watch: &mut (dyn FnMut(u64) + Send)) -> Result<Option<Driven>, RehearsalError> {
        let Some(mut store) = self.store.take() else {
            return Err(StoreError::internal("the state of the rehearsal is gone").into());
        };
        let mut engine = self.take_up(&mut store)?;
        self.skip_settled(&store)?;
        let born = self.scene.at;
        let left = self.scene.book.sent;
        let mut events = 0_u64;
        let mut told = |engine: &Engine, _: Now| {
            events += 1;
            if events.is_multiple_of(4096) {
                watch(left + engine.tally().accepted);
            }
        };
        let mut world = Rehearsed::new(&mut self.scene, store, self.run.id, self.settled);
        let driven = poll_once(execute(&mut engine, &mut world, &mut told));
        let (store, crashed) = world.end()?;
        self.store = Some(store);
        let (tally, sum) = (engine.tally(), &mut self.sum);
        sum.processes += 1;
        sum.requests += tally.requests;
        sum.retried += tally.retried;
        sum.credentials += tally.credentials;
        sum.at_work += self.scene.at - born;
        if tally.accepted > 0 {
            sum.in_vain = 0;
        }
        match driven {
            Some(driven) => Ok(Some(driven?)),
            None if crashed => Ok(None),
            None => Err(RehearsalError::Standstill(self.scene.at)),
        }
    }

    /// Every process reads on from the first message that is pending, past all that are not: a million of them, where
    /// there were many processes before. So that is remembered. Only what is sent again becomes pending before it.
    fn skip_settled(&mut self, store: &S) -> Result<(), StoreError> {
        if self.piece.delivery.unknown == Unknown::Resend {
            return Ok(());
        }
        if let Some(first) = store.claim(self.run.id, &Claim::next(self.settled, 1))?.first() {
            self.settled = Some(MessageKey { seq: first.key.seq - 1, ..first.key });
        }
        Ok(())
    }

    /// What `send` does before it sends.
    fn take_up(&self, store: &mut S) -> Result<Engine, StoreError> {
        let Piece { profile, delivery, suppression, kind, .. } = self.piece;
        let now = Now { elapsed: Duration::ZERO, utc: self.scene.utc() };
        let at_ms = now.utc.timestamp_millis();
        // It counts everybody again, which takes as long as a thousand requests; in the end that is done here anyway.
        if store.counts(self.run.id)?.of(State::Intent) > 0 {
            store.recover(self.run.id, at_ms)?;
        }
        if delivery.unknown == Unknown::Resend {
            send_again(store, self.run.id, delivery.retry.attempts, at_ms)?;
        }
        let mut engine = Engine::new(Arc::clone(profile), *delivery, suppression.clone(), *kind, now);
        engine.add_opt_outs(store.opt_outs()?);
        engine.add_opt_outs(self.piece.opt_outs.iter().cloned());
        engine.set_contacts(self.piece.contacts.clone());
        engine.set_clocks(clocks(store, self.run, delivery)?);
        Ok(engine)
    }

    fn finish(self, ending: Ending) -> Result<Outcome, RehearsalError> {
        let Self { mut scene, store, run, sum, mut places, piece, .. } = self;
        let Some(mut store) = store else {
            return Err(StoreError::internal("the state of the rehearsal is gone").into());
        };
        scene.settle();
        let ended = scene.utc();
        if store.counts(run.id)?.open() == 0 {
            store.finish(run.id, ended.timestamp_millis())?;
        }
        let counts = store.counts(run.id)?;
        let common = Clock::of_all(piece.delivery.hours());
        let audit = audit(&store, run, &mut scene.book, &common, &mut places)?;
        let Sum { crashes, stops, waits, waited, held_up, at_work, .. } = sum;
        let Sum { processes, requests, retried, credentials, .. } = sum;
        let (book, befell) = (scene.book, scene.befell);
        Ok(Outcome {
            ending,
            ended,
            book,
            befell,
            crashes,
            stops,
            waits,
            waited,
            held_up,
            at_work,
            processes,
            requests,
            retried,
            credentials,
            counts,
            places,
            audit,
        })
    }
}

/// Goes through the state message by message, and writes into the book when each came to its end. `common` is the
/// campaign's clock.
fn audit<S: Store>(
    store: &S,
    run: &Run,
    book: &mut Book,
    common: &Clock,
    places: &mut [Place],
) -> Result<Audit, StoreError> {
    const PAGE: usize = 4096;
    let mut audit = Audit::default();
    let mut after: Option<MessageKey> = None;
    loop {
        let page = store.messages(run.id, None, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(audit) };
        after = Some(last.key);
        for one in page {
            audit.counted.planned += 1;
            audit.counted.add(one.state, 1);
            let then = DateTime::from_timestamp_millis(one.changed_at_ms).unwrap_or_default();
            book.ends(one.key, one.state, then);
            let dial = book.dial(one.key);
            // Held ones go by no clock at all.
            let place = dial.of_their_own().and_then(|place| places.get_mut(place));
            let clock = place.as_ref().map_or(common, |place| &place.clock);
            let taken = book.times(one.key) > 0;
            match one.state {
                State::Accepted => audit.never_taken += u64::from(!taken),
                State::Unknown => audit.unknown_taken += u64::from(taken),
                // A copy that nobody knows of may have been taken; it waits to be sent again.
                State::Pending if one.second_copy => {}
                _ => audit.taken_after_all += u64::from(taken),
            }
            if one.state == State::Expired {
                audit.expired_early += u64::from(clock.opens_next(then).is_some());
            }
            if let Some(place) = place {
                place.counts.planned += 1;
                place.counts.add(one.state, 1);
            } else if one.state == State::Held {
                *audit.held.entry(one.reason.unwrap_or_default()).or_default() += 1;
            }
        }
    }
}
