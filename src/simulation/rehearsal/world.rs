//! The world of one process of a rehearsal: a clock that nobody waits for, and a gateway that keeps little.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::delivery::access::Credential;
use crate::delivery::answer::Answer;
use crate::delivery::engine::{Now, Order};
use crate::delivery::message::{Batch, MessageKey};
use crate::executor::{Happening, World};
use crate::provider::Token;
use crate::simulation::agenda::Agenda;
use crate::simulation::dice::Dice;
use crate::simulation::faults::{Fault, Faults, Happened};
use crate::simulation::gateway::Gateway;
use crate::simulation::rehearsal::book::Book;
use crate::simulation::rehearsal::weather::{Befell, Ill, Weather};
use crate::simulation::talk::{Flight, Said};
use crate::store::control::Control;
use crate::store::journal::Writer;
use crate::store::{RunId, Store, StoreError};

const MILLISECOND: Duration = Duration::from_millis(1);
/// From us to the gateway, and from there back: so an answer takes [`ANSWER`].
const ONE_WAY: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(60));
/// How long an answer takes when nothing is wrong.
pub const ANSWER: (Duration, Duration) = (Duration::from_millis(40), Duration::from_millis(120));
/// How long a commit takes.
pub const COMMIT: (Duration, Duration) = (MILLISECOND, Duration::from_millis(3));
/// After which time nobody waits for an answer.
pub const TIME_OUT: Duration = Duration::from_secs(30);

/// What is there before a process and after it.
#[derive(Debug)]
pub struct Scene {
    /// Chance.
    pub dice: Dice,
    /// What goes wrong.
    pub weather: Weather,
    /// What did.
    pub befell: Befell,
    /// The gateway.
    pub gateway: Gateway,
    /// Its book.
    pub book: Book,
    /// Time since the rehearsal began.
    pub at: Duration,
    /// When it began.
    pub epoch: DateTime<Utc>,
    /// After which time it is stopped.
    pub longest: Duration,
    /// The next crash comes when so many messages have left; the last one is the next.
    pub crashes: Vec<u64>,
    /// What the gateway does to members.
    inside: Faults,
    happened: Happened,
}

impl Scene {
    /// Before the first process.
    pub fn new(gateway: Gateway, book: Book, weather: Weather, seed: u64, epoch: DateTime<Utc>) -> Self {
        Self {
            dice: Dice::new(seed),
            weather,
            befell: Befell::default(),
            gateway,
            book,
            at: Duration::ZERO,
            epoch,
            longest: Duration::MAX,
            crashes: Vec::new(),
            inside: weather.at_the_gateway(),
            happened: Happened::default(),
        }
    }

    /// The calendar.
    pub fn utc(&self) -> DateTime<Utc> {
        self.epoch + TimeDelta::from_std(self.at).unwrap_or_default()
    }

    /// Counts what the gateway did by itself.
    pub fn settle(&mut self) {
        let rejected = std::mem::take(&mut self.happened).times(Fault::Rejected);
        self.befell.note(Ill::Rejected, rejected);
    }

    fn befalls(&mut self, ill: Ill) -> bool {
        let befalls = self.dice.happens(self.weather.share(ill));
        self.befell.note(ill, u64::from(befalls));
        befalls
    }

    /// A request reaches the gateway: how long the answer takes, and what it says.
    fn arrive(&mut self, flight: &Flight) -> (Duration, Answer) {
        let (at, utc) = (self.at, self.utc());
        let book = &mut self.book;
        let chance = (&self.inside, &mut self.dice, &mut self.happened);
        let said = self.gateway.receive(flight, at, utc, chance, &mut |key| book.takes(key, utc));
        let answer = self.gateway.answer(flight, &said, &mut self.dice);
        let after = match flight.fault {
            Some(Fault::TimeOutTaken) => TIME_OUT,
            _ if self.befalls(Ill::Slow) => self.dice.time(Duration::from_secs(1), TIME_OUT),
            _ => self.dice.time(ONE_WAY.0, ONE_WAY.1),
        };
        (after, answer)
    }
}

/// Something that will happen at its time.
#[derive(Debug)]
enum Coming {
    Arrives(u64),
    Answer(Answer),
    Committed,
    Credential(Credential, Option<Arc<Token>>),
}

/// The world of one process.
#[derive(Debug)]
pub struct Rehearsed<'s, S> {
    scene: &'s mut Scene,
    writer: Writer<S>,
    run: RunId,
    born: Duration,
    coming: Agenda<Coming>,
    /// Requests that have not reached the gateway yet.
    flights: BTreeMap<u64, Flight>,
    writing: Option<Order>,
    /// Up to here there is nothing to claim.
    settled: Option<MessageKey>,
    /// The machine stops then.
    stops: Option<Duration>,
    crashed: bool,
    stopped: bool,
}

impl<'s, S: Store + Control + Send> Rehearsed<'s, S> {
    /// A process begins now. Nothing is pending up to `settled`.
    pub fn new(scene: &'s mut Scene, store: S, run: RunId, settled: Option<MessageKey>) -> Self {
        Self {
            born: scene.at,
            scene,
            writer: Writer::new(store, run),
            run,
            coming: Agenda::default(),
            flights: BTreeMap::new(),
            writing: None,
            settled,
            stops: None,
            crashed: false,
            stopped: false,
        }
    }

    /// The machine stops at this time, since the rehearsal began.
    #[must_use]
    pub fn stopping(self, at: Duration) -> Self {
        Self { stops: Some(at), ..self }
    }

    /// The process is no more. Of the requests under way the gateway takes some, and a commit under way is there, or
    /// not.
    ///
    /// # Errors
    /// The state's.
    pub fn end(mut self) -> Result<(S, bool), StoreError> {
        for flight in std::mem::take(&mut self.flights).values() {
            if self.scene.dice.coin() {
                self.scene.arrive(flight);
            }
        }
        if let Some(order) = self.writing.take()
            && self.scene.dice.coin()
        {
            self.writer.store().commit(self.run, &order.changes)?;
        }
        Ok((self.writer.into_store(), self.crashed))
    }

    fn add(&mut self, after: Duration, coming: Coming) {
        self.coming.add(self.scene.at + after, coming);
    }

    /// The next thing to happen; nothing when the process is no more, or nothing will ever happen.
    fn step(&mut self, until: Option<Duration>) -> Option<Happening> {
        let wake = until.map(|until| self.born + until);
        loop {
            if self.scene.crashes.last().is_some_and(|sent| self.scene.book.sent >= *sent) {
                self.scene.crashes.pop();
                self.crashed = true;
                return None;
            }
            if self.scene.at >= self.scene.longest && !self.stopped {
                self.stopped = true;
                return Some(Happening::Signal);
            }
            let next = [self.coming.peek().map(|(at, _)| at), wake].into_iter().flatten().min();
            if let Some(stops) = self.stops.filter(|stops| next.is_some_and(|next| next > *stops)) {
                self.scene.at = self.scene.at.max(stops);
                self.crashed = true;
                return None;
            }
            match (self.coming.peek().map(|(at, _)| at), wake) {
                (Some(next), wake) if wake.is_none_or(|wake| next <= wake) => {
                    self.scene.at = self.scene.at.max(next);
                    if let Some(happening) = self.come() {
                        return Some(happening);
                    }
                }
                (_, Some(wake)) => {
                    self.scene.at = self.scene.at.max(wake);
                    return Some(Happening::Time);
                }
                _ => return None,
            }
        }
    }

    fn come(&mut self) -> Option<Happening> {
        match self.coming.pop()? {
            Coming::Arrives(number) => {
                let flight = self.flights.remove(&number)?;
                let (after, answer) = self.scene.arrive(&flight);
                self.add(after, Coming::Answer(answer));
                None
            }
            Coming::Answer(answer) => Some(Happening::Answered(vec![answer])),
            Coming::Committed => {
                let order = self.writing.take()?;
                Some(Happening::Durable(self.writer.record(&order.changes, order.claim, None)))
            }
            Coming::Credential(credential, shown) => {
                let when = (self.scene.at, self.scene.utc());
                let Scene { gateway, dice, .. } = &mut *self.scene;
                let token = gateway.log_in((credential, shown.as_deref()), None, when, dice);
                Some(Happening::Authenticated(token))
            }
        }
    }
}

impl<S: Store + Control + Send> World for Rehearsed<'_, S> {
    fn now(&self) -> Now {
        Now { elapsed: self.scene.at - self.born, utc: self.scene.utc() }
    }

    fn commit(&mut self, mut order: Order) {
        if let Some(claim) = &mut order.claim {
            claim.after = claim.after.or(self.settled);
        }
        self.writing = Some(order);
        let after = self.scene.dice.time(COMMIT.0, COMMIT.1);
        self.add(after, Coming::Committed);
    }

    fn authenticate(&mut self, credential: Credential, token: Option<Arc<Token>>) {
        let after = self.scene.dice.time(ANSWER.0, ANSWER.1);
        self.add(after, Coming::Credential(credential, token));
    }

    fn send(&mut self, batch: Arc<Batch>, token: Option<Arc<Token>>) {
        let (number, utc) = (batch.number, self.scene.utc());
        let scene = &mut *self.scene;
        scene.book.sends(batch.parcels.iter().map(|parcel| parcel.message.key), scene.at, utc);
        let fault = scene.weather.of_a_request(&mut scene.dice);
        let fault = fault.map(|(ill, fault)| {
            scene.befell.note(ill, 1);
            fault
        });
        let there = scene.dice.time(ONE_WAY.0, ONE_WAY.1);
        let flight = Flight { batch, token, fault, sent: utc };
        let lost = match fault {
            Some(Fault::Unreached) => Some((there, Said::Unreached)),
            Some(Fault::Reset) => Some((there, Said::Lost)),
            Some(Fault::TimeOut) => Some((TIME_OUT, Said::Lost)),
            _ => None,
        };
        if let Some((after, said)) = lost {
            let answer = scene.gateway.answer(&flight, &said, &mut scene.dice);
            return self.add(after, Coming::Answer(answer));
        }
        self.flights.insert(number, flight);
        self.add(there, Coming::Arrives(number));
    }

    fn happening(&mut self, until: Option<Duration>) -> impl Future<Output = Happening> + Send {
        let next = self.step(until);
        async move {
            match next {
                Some(happening) => happening,
                None => std::future::pending().await,
            }
        }
    }
}
