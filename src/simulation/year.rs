//! Many campaigns for a long time, on a clock that nobody waits for: the roster that `run` asks, the real engine,
//! executor and state, and a gateway in memory for each run. The machine sleeps, and crashes in the middle of runs; each
//! process reads from the state where the one before was. Whoever watches is told what happened, and judges it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::audience::{AddressKind, Suppression};
use crate::campaign::Delivery;
use crate::delivery::engine::{End, Engine, Now};
use crate::delivery::roster::{Ended, Notice, Plan, Roster, Turn};
use crate::delivery::state::State;
use crate::executor::facts::{last_of, open_runs};
use crate::executor::{Driven, execute};
use crate::provider::Profile;
use crate::schedule::Moment;
use crate::simulation::agenda::Agenda;
use crate::simulation::dice::Dice;
use crate::simulation::gateway::Gateway;
use crate::simulation::life::poll_once;
use crate::simulation::rehearsal::book::Book;
use crate::simulation::rehearsal::weather::Weather;
use crate::simulation::rehearsal::world::{Rehearsed, Scene};
use crate::store::control::Control;
use crate::store::{Counts, Excluded, NewRun, PinnedClock, PinnedMessage, RunId, Store, StoreError};

/// How long it takes until somebody, or something, starts the process again.
const RESTART: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(7200));
/// How long a machine sleeps.
const SLEEP: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3 * 86_400));

/// A campaign that is played.
#[derive(Debug, Clone)]
pub struct Played {
    /// Its name.
    pub name: String,
    /// What the roster knows of it.
    pub plan: Plan,
    /// Pace and patience.
    pub delivery: Delivery,
    /// The terms that its runs are pinned with.
    pub pinned: String,
    /// How many people it reaches.
    pub people: u32,
}

/// What is played.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The campaigns.
    pub campaigns: Vec<Played>,
    /// How their gateway is spoken to.
    pub profile: Arc<Profile>,
    /// When it begins.
    pub starts: DateTime<Utc>,
    /// When it ends.
    pub ends: DateTime<Utc>,
    /// How often the machine crashes.
    pub crashes: u32,
    /// How often it sleeps.
    pub sleeps: u32,
    /// What goes wrong with requests.
    pub weather: Weather,
    /// What decides all chance.
    pub seed: u64,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Tale {
    /// The process is at work from now on.
    Up(DateTime<Utc>),
    /// It is not any more: a crash, or sleep.
    Down(DateTime<Utc>),
    /// An occurrence was begun.
    Begun {
        /// The campaign, by its place.
        campaign: usize,
        /// The occurrence.
        at: Moment,
        /// When.
        when: DateTime<Utc>,
    },
    /// A run is finished.
    Finished {
        /// The campaign, by its place.
        campaign: usize,
        /// When.
        when: DateTime<Utc>,
        /// Where its messages stand.
        counts: Counts,
        /// How many the gateway took, and how many of them more often than once.
        taken: (u64, u64),
    },
    /// Something was missed.
    Notice(Notice),
}

/// Plays it, with its state, and gives that back. `tell` hears what happens, each thing with its time: what ends a run is
/// told when the run is carried out.
///
/// # Errors
/// The state's.
pub fn play<S: Store + Control + Send>(
    piece: &Piece,
    store: S,
    tell: &mut dyn FnMut(Tale),
) -> Result<S, StoreError> {
    let mut dice = Dice::new(piece.seed);
    let crashes = times(piece, piece.crashes, &mut dice);
    let sleeps = times(piece, piece.sleeps, &mut dice);
    let mut course =
        Course { piece, dice, sleeps, store: Some(store), scenes: BTreeMap::new(), at: piece.starts, tell };
    for dies in crashes.into_iter().chain([piece.ends]) {
        if course.at < dies {
            course.process(dies)?;
            course.at = dies + span(course.dice.time(RESTART.0, RESTART.1));
        }
    }
    course.store.ok_or_else(gone)
}

/// So many moments, in order.
fn times(piece: &Piece, many: u32, dice: &mut Dice) -> Vec<DateTime<Utc>> {
    let whole = (piece.ends - piece.starts).to_std().unwrap_or_default();
    let mut times: Vec<_> =
        (0..many).map(|_| piece.starts + span(dice.time(Duration::ZERO, whole))).collect();
    times.sort();
    times
}

fn span(length: Duration) -> TimeDelta {
    TimeDelta::from_std(length).unwrap_or_default()
}

fn gone() -> StoreError {
    StoreError::internal("the state of the year is gone")
}

struct Course<'p, S> {
    piece: &'p Piece,
    dice: Dice,
    /// When the machine falls asleep, in order.
    sleeps: Vec<DateTime<Utc>>,
    /// There between turns.
    store: Option<S>,
    /// The gateways of runs that are not finished.
    scenes: BTreeMap<RunId, Scene>,
    at: DateTime<Utc>,
    tell: &'p mut dyn FnMut(Tale),
}

/// A process at work.
struct Process {
    roster: Roster,
    /// Turns that go on, by when they end in time since the year began.
    busy: Agenda<(usize, Ended)>,
    born: DateTime<Utc>,
    /// How long the machine slept: the clock of the process stood still.
    slept: TimeDelta,
    /// When the latest occurrence of each campaign was due that was begun.
    last: Vec<Option<DateTime<Utc>>>,
}

impl Process {
    fn now(&self, utc: DateTime<Utc>) -> Now {
        Now { elapsed: (utc - self.born - self.slept).to_std().unwrap_or_default(), utc }
    }
}

impl<S: Store + Control + Send> Course<'_, S> {
    fn store(&mut self) -> Result<&mut S, StoreError> {
        self.store.as_mut().ok_or_else(gone)
    }

    /// One life of the process, until it dies.
    fn process(&mut self, dies: DateTime<Utc>) -> Result<(), StoreError> {
        let born = self.at;
        let mut process = Process {
            roster: Roster::new(false),
            busy: Agenda::default(),
            born,
            slept: TimeDelta::zero(),
            last: Vec::new(),
        };
        for number in 0..self.piece.campaigns.len() {
            let played = &self.piece.campaigns[number];
            process.roster.set_campaign(&played.name, Some(played.plan.clone()));
            let store = self.store.as_ref().ok_or_else(gone)?;
            process.last.push(last_of(store, &played.name)?);
            self.refresh(&mut process, number)?;
        }
        (self.tell)(Tale::Up(born));
        while self.at < dies {
            while let Some(turn) = process.roster.next(process.now(self.at)) {
                let (number, ends, how) = self.carry_out(&turn, dies)?;
                if let Turn::Begin { at, .. } = turn {
                    process.last[number] = Some(at.instant());
                }
                process.busy.add(self.since_start(ends), (number, how));
            }
            for notice in process.roster.notices() {
                (self.tell)(Tale::Notice(notice));
            }
            let next = self.next_event(&mut process).map_or(dies, |next| next.min(dies));
            if !self.sleeps_before(next, dies, &mut process) {
                self.at = next;
            }
            self.end_turns(&mut process, dies)?;
        }
        self.at = dies;
        (self.tell)(Tale::Down(dies));
        Ok(())
    }

    fn since_start(&self, at: DateTime<Utc>) -> Duration {
        (at - self.piece.starts).to_std().unwrap_or_default()
    }

    fn next_event(&self, process: &mut Process) -> Option<DateTime<Utc>> {
        let quiet = process.roster.quiet_for(process.now(self.at)).map(|quiet| self.at + span(quiet));
        let ends = process.busy.peek().map(|(at, _)| self.piece.starts + span(at));
        [quiet, ends].into_iter().flatten().min()
    }

    /// The machine falls asleep where nothing is being sent; whether it did.
    fn sleeps_before(&mut self, next: DateTime<Utc>, dies: DateTime<Utc>, process: &mut Process) -> bool {
        if process.busy.peek().is_some() || self.sleeps.first().is_none_or(|at| *at > next) {
            return false;
        }
        let from = self.sleeps.remove(0).max(self.at);
        let wakes = (from + span(self.dice.time(SLEEP.0, SLEEP.1))).min(dies);
        (self.tell)(Tale::Down(from));
        process.slept += wakes - from;
        self.at = wakes;
        if wakes < dies {
            (self.tell)(Tale::Up(wakes));
        }
        true
    }

    fn end_turns(&mut self, process: &mut Process, dies: DateTime<Utc>) -> Result<(), StoreError> {
        let now = self.since_start(self.at);
        while self.at < dies && process.busy.peek().is_some_and(|(at, _)| at <= now) {
            let Some((number, how)) = process.busy.pop() else { break };
            let clock = process.now(self.at);
            self.refresh(process, number)?;
            process.roster.ended(&self.piece.campaigns[number].name, how, clock);
        }
        Ok(())
    }

    /// Tells the roster what the state says, as `run` does.
    fn refresh(&mut self, process: &mut Process, number: usize) -> Result<(), StoreError> {
        let name = &self.piece.campaigns[number].name;
        let store = self.store.as_ref().ok_or_else(gone)?;
        let open =
            open_runs(store, name, self.at)?.map_err(|error| StoreError::internal(error.to_string()))?;
        process.roster.set_runs(name, process.last[number], open);
        Ok(())
    }

    /// Carries a turn out: whose, when it ends, and how. What the machine's death cuts ends with it.
    fn carry_out(
        &mut self,
        turn: &Turn,
        dies: DateTime<Utc>,
    ) -> Result<(usize, DateTime<Utc>, Ended), StoreError> {
        let name = turn.campaign();
        let all = &self.piece.campaigns;
        let number = all.iter().position(|one| one.name == name).ok_or_else(gone)?;
        let run = match turn {
            Turn::Begin { at, .. } => self.begin(number, *at)?,
            Turn::TakeUp { run, .. } => RunId(*run),
            Turn::Cancel { .. } => return Err(StoreError::internal("nobody cancels anything here")),
        };
        let (ends, how) = self.send(number, run, dies)?;
        Ok((number, ends, how))
    }

    fn begin(&mut self, number: usize, at: Moment) -> Result<RunId, StoreError> {
        let (piece, when) = (self.piece, self.at);
        let played = &piece.campaigns[number];
        let new = NewRun {
            campaign: played.name.clone(),
            occurrence: at.to_string(),
            pinned: played.pinned.clone(),
            created_at_ms: when.timestamp_millis(),
        };
        let store = self.store()?;
        let mut pinning = store.pin(&new)?;
        for person in 0..played.people {
            let address = format!("+2547{person:08}");
            let text = format!("Hello {person}");
            pinning.add(&PinnedMessage {
                recipient: &address,
                address: &address,
                text: &text,
                segments: 1,
                part: None,
                clock: PinnedClock::Campaign,
                wording: None,
            })?;
        }
        let run = pinning.seal("", &Excluded::default())?;
        let profile = &piece.profile;
        let people = usize::try_from(played.people).unwrap_or(usize::MAX);
        let gateway = Gateway::new(Arc::clone(profile), profile.is_idempotent()).compact(people);
        let book = Book::new(people, played.delivery.hours());
        let seed = piece.seed.wrapping_add(u64::try_from(run.0).unwrap_or(0));
        self.scenes.insert(run, Scene::new(gateway, book, piece.weather, seed, when));
        (self.tell)(Tale::Begun { campaign: number, at, when });
        Ok(run)
    }

    /// Sends until something ends it.
    fn send(
        &mut self,
        number: usize,
        run: RunId,
        dies: DateTime<Utc>,
    ) -> Result<(DateTime<Utc>, Ended), StoreError> {
        let played = &self.piece.campaigns[number];
        let (mut store, at) = (self.store.take().ok_or_else(gone)?, self.at);
        let scene = self.scenes.get_mut(&run).ok_or_else(gone)?;
        scene.at = scene.at.max((at - scene.epoch).to_std().unwrap_or_default());
        let stops = (dies - scene.epoch).to_std().unwrap_or_default();
        let mut engine = take_up(&mut store, run, &self.piece.profile, played.delivery, scene.utc())?;
        let mut world = Rehearsed::new(scene, store, run, None).stopping(stops);
        let driven = poll_once(execute(&mut engine, &mut world, &mut |_, _| {}));
        let (mut store, _) = world.end()?;
        let when = scene.utc();
        let moved = engine.tally().accepted > 0;
        let how = match driven.transpose()? {
            Some(Driven::Ended(End::Waits { .. })) => Ended::Waits,
            Some(Driven::Ended(End::Paused(_) | End::Refused(_))) => Ended::Trouble { moved },
            _ => Ended::Done,
        };
        let counts = store.counts(run)?;
        if counts.open() == 0 && counts.of(State::Intent) == 0 {
            store.finish(run, when.timestamp_millis())?;
            let taken = (scene.book.taken, scene.book.twice);
            self.scenes.remove(&run);
            (self.tell)(Tale::Finished { campaign: number, when, counts, taken });
        }
        self.store = Some(store);
        Ok((when, how))
    }
}

/// What `run` does before it sends.
fn take_up<S: Store>(
    store: &mut S,
    run: RunId,
    profile: &Arc<Profile>,
    delivery: Delivery,
    utc: DateTime<Utc>,
) -> Result<Engine, StoreError> {
    if store.counts(run)?.of(State::Intent) > 0 {
        store.recover(run, utc.timestamp_millis())?;
    }
    let now = Now { elapsed: Duration::ZERO, utc };
    let kind = AddressKind::Phone { region: None };
    Ok(Engine::new(Arc::clone(profile), delivery, Suppression::default(), kind, now))
}
