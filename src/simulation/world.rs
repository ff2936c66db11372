//! The world of one process, made of dice: a clock that nobody waits for, a heap of what is to come in the order of
//! (time, sequence), the real state behind it, and the gateway of the stage. What lasts longer than a process, and
//! is there again for the next one, is the [`Stage`].

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::audience::{AddressKind, Suppression};
use crate::delivery::access::Credential;
use crate::delivery::answer::Answer;
use crate::delivery::control::{Hold, HoldKind, Mark};
use crate::delivery::engine::{Now, Order};
use crate::delivery::message::Batch;
use crate::executor::{Happening, LOOK, World};
use crate::provider::{Class, Token};
use crate::simulation::agenda::Agenda;
use crate::simulation::dice::Dice;
use crate::simulation::faults::{Fault, Faults, Happened};
use crate::simulation::gateway::Gateway;
use crate::simulation::oracle::{Law, Oracle};
use crate::simulation::talk::{Flight, Said};
use crate::simulation::trace::Trace;
use crate::store::control::{Control, Word};
use crate::store::journal::{Recorded, Writer};
use crate::store::{RunId, Store, StoreError};

const MILLISECOND: Duration = Duration::from_millis(1);
/// As a profile's time-out usually is.
const TIME_OUT: Duration = Duration::from_secs(30);
/// A run of a few hundred people needs some thousands of events in a process; what needs more than this will need
/// more than anything.
const MOST_EVENTS: u64 = 200_000;
/// No process of a simulated run has more to do than this.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// The campaign of every simulated run, as its pin has to have it.
pub const CAMPAIGN: &str = "simulation";

/// How long things take when nothing is wrong with them: from, to.
#[derive(Debug, Clone, Copy)]
pub struct Latency {
    /// From a request to the gateway.
    pub there: (Duration, Duration),
    /// From the gateway back.
    pub back: (Duration, Duration),
    /// A commit.
    pub commit: (Duration, Duration),
}

impl Default for Latency {
    fn default() -> Self {
        let (none, some) = (Duration::ZERO, MILLISECOND * 10);
        Self { there: (none, some), back: (none, some), commit: (MILLISECOND / 10, MILLISECOND * 5) }
    }
}

/// What is there before a process and after it.
#[derive(Debug)]
pub struct Stage {
    /// Chance.
    pub dice: Dice,
    /// What can go wrong.
    pub faults: Faults,
    /// What did.
    pub happened: Happened,
    /// How long things take.
    pub latency: Latency,
    /// The gateway.
    pub gateway: Gateway,
    /// The laws.
    pub oracle: Oracle,
    /// What happened, in words.
    pub trace: Trace,
    /// Everybody's addresses, canonical, and of which kind.
    pub people: Vec<String>,
    /// How they are read.
    pub kind: AddressKind,
    /// Who is on the suppression list.
    pub list: BTreeSet<String>,
    /// The true time, since the simulation began.
    pub at: Duration,
    /// The true calendar when it began.
    pub epoch: DateTime<Utc>,
    /// How far the machine's calendar is ahead of the true one.
    pub skew: TimeDelta,
}

impl Stage {
    /// The true calendar.
    pub fn utc(&self) -> DateTime<Utc> {
        self.epoch + TimeDelta::from_std(self.at).unwrap_or_default()
    }

    /// The suppression list as it is now.
    pub fn suppression(&mut self) -> Suppression {
        let mut list = Suppression::default();
        let lines: Vec<&str> =
            std::iter::once("address").chain(self.list.iter().map(String::as_str)).collect();
        if let Err(error) = list.add_list("opted-out", lines.join("\n").as_bytes(), self.kind, "address") {
            self.oracle.complain(Law::State, error);
        }
        list
    }

    fn befalls(&mut self, fault: Fault) -> bool {
        let befalls = self.faults.befalls(fault, &mut self.dice);
        if befalls {
            self.happened.note(fault);
            self.trace.note(self.at, || format!("! {}", fault.name()));
        }
        befalls
    }

    fn time(&mut self, (low, high): (Duration, Duration)) -> Duration {
        self.dice.time(low, high)
    }
}

/// Something that will happen at its time.
#[derive(Debug)]
enum Coming {
    /// A request reaches the gateway.
    Arrives(u64),
    /// An answer reaches us.
    Answer(Answer),
    /// The commit under way is over.
    Committed(Option<Fault>),
    /// An answer to a log-in.
    Credential(Credential, Option<Arc<Token>>, Option<Fault>),
    /// Somebody looks at the lists again.
    Look,
    /// Somebody looks for what people have said.
    Listen,
    /// Somebody lets a paused run go on.
    Release,
}

/// How a process ended that did not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// It was killed.
    Crash,
    /// The power went: what was not durable is not there.
    PowerLoss,
    /// It broke a law, and there is no use in going on.
    Condemned,
}

/// The world of one process.
#[derive(Debug)]
pub struct Simulated<'s, S> {
    stage: &'s mut Stage,
    writer: Writer<S>,
    run: RunId,
    born: Duration,
    coming: Agenda<Coming>,
    events: u64,
    /// Requests that have not reached the gateway yet.
    flights: BTreeMap<u64, Flight>,
    /// Requests without an answer.
    in_air: BTreeMap<u64, Arc<Batch>>,
    writing: Option<Order>,
    /// When the commit under way began.
    begun: Now,
    /// Up to where the process has heard what people said.
    heard: Mark,
    signals: u8,
    looking: bool,
    gone: Option<Gone>,
}

impl<'s, S: Store + Control + Send> Simulated<'s, S> {
    /// A process begins now.
    pub fn new(stage: &'s mut Stage, store: S, run: RunId) -> Self {
        let born = stage.at;
        Self {
            stage,
            writer: Writer::new(store, run),
            run,
            born,
            coming: Agenda::default(),
            events: 0,
            flights: BTreeMap::new(),
            in_air: BTreeMap::new(),
            writing: None,
            begun: Now { elapsed: Duration::ZERO, utc: DateTime::UNIX_EPOCH },
            heard: Mark::default(),
            signals: 0,
            looking: false,
            gone: None,
        }
    }

    /// How it ended, if not by itself.
    pub fn gone(&self) -> Option<Gone> {
        self.gone
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The process is no more. Of the requests under way the gateway takes some; the commit under way is left to
    /// whoever has the disk, for it may be there or not.
    pub fn end(mut self) -> (S, Option<Order>) {
        let under_way: Vec<u64> = self
            .coming
            .drain()
            .filter_map(|coming| if let Coming::Arrives(number) = coming { Some(number) } else { None })
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        for number in under_way {
            if self.stage.dice.coin() {
                self.arrive(number);
            }
        }
        (self.writer.into_store(), self.writing)
    }

    fn schedule(&mut self, after: Duration, coming: Coming) {
        self.coming.add(self.stage.at + after, coming);
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let at = self.stage.at;
        self.stage.trace.note(at, line);
    }

    /// The next thing to happen; nothing when the process is no more.
    fn step(&mut self, until: Option<Duration>) -> Option<Happening> {
        if let Some(happening) = self.disturb() {
            return Some(happening);
        }
        while self.gone.is_none() {
            self.events += 1;
            if self.events > MOST_EVENTS || self.stage.at > self.born + LONGEST {
                let what = format!("{} events in {} s", self.events, (self.stage.at - self.born).as_secs());
                self.stage.oracle.complain(Law::Ends, what);
            }
            if self.stage.oracle.broken().is_some() {
                self.gone = Some(Gone::Condemned);
                break;
            }
            let wake = until.map(|until| self.born + until);
            let next = self.coming.peek().map(|(at, _)| at);
            match (next, wake) {
                (Some(next), wake) if wake.is_none_or(|wake| next <= wake) => {
                    self.stage.at = self.stage.at.max(next);
                    if let Some(happening) = self.come() {
                        return Some(happening);
                    }
                }
                (_, Some(wake)) => {
                    let late = if self.stage.befalls(Fault::LateTimer) {
                        self.stage.time((Duration::ZERO, MILLISECOND * 60))
                    } else {
                        Duration::ZERO
                    };
                    self.stage.at = self.stage.at.max(wake + late);
                    return Some(Happening::Time);
                }
                _ => {
                    self.stage.oracle.complain(Law::Ends, "it waits, and nothing will ever happen");
                }
            }
        }
        None
    }

    /// What goes wrong between two events, if something does.
    fn disturb(&mut self) -> Option<Happening> {
        let stage = &mut *self.stage;
        for (fault, gone) in [(Fault::Crash, Gone::Crash), (Fault::PowerLoss, Gone::PowerLoss)] {
            if stage.befalls(fault) {
                self.gone = Some(gone);
                return None;
            }
        }
        for (fault, sign) in [(Fault::ClockForward, 1), (Fault::ClockBack, -1)] {
            if stage.befalls(fault) {
                let seconds = stage.dice.between(1, 100_000);
                stage.skew += TimeDelta::seconds(sign * i64::try_from(seconds).unwrap_or(1));
            }
        }
        if stage.befalls(Fault::Suspended) {
            stage.at += stage.dice.time(MILLISECOND, Duration::from_secs(5000));
        }
        if stage.befalls(Fault::ListGrows)
            && let Some(person) = stage.dice.pick(&stage.people).cloned()
        {
            stage.trace.note(stage.at, || format!("  {person} opts out"));
            stage.list.insert(person);
            if !std::mem::replace(&mut self.looking, true) {
                let after = self.stage.dice.time(Duration::ZERO, Duration::from_secs(5));
                self.schedule(after, Coming::Look);
            }
        }
        if self.stage.befalls(Fault::OptOutSaid)
            && let Some(person) = self.stage.dice.pick(&self.stage.people).cloned()
        {
            let word = self.word();
            let said = self.writer.store().opt_out(std::slice::from_ref(&person), &word);
            self.stage.oracle.records(&person);
            self.say(said.map(|_| "opted out"));
        }
        if self.stage.befalls(Fault::PauseSaid) {
            let Word { who, at_ms, .. } = self.word();
            let hold = Hold { what: HoldKind::Paused, who, at_ms };
            let said = self.writer.store().hold(CAMPAIGN, &hold, None);
            self.say(said.map(|_| "paused"));
            let after = self.stage.dice.time(Duration::ZERO, Duration::from_secs(3600));
            self.schedule(after, Coming::Release);
        }
        if self.stage.befalls(Fault::ListUnreadable) {
            return Some(Happening::Lists(Err("the list cannot be read".to_owned())));
        }
        self.signal()
    }

    fn word(&self) -> Word {
        Word { who: "somebody".to_owned(), reason: None, at_ms: self.now().utc.timestamp_millis() }
    }

    /// People have said something beside the process, durably; it will hear of it with the next commit, or when it
    /// looks.
    fn say(&mut self, said: Result<&str, StoreError>) {
        match said {
            Ok(said) => self.note(|| format!("  somebody says: {said}")),
            Err(error) => self.stage.oracle.complain(Law::State, error),
        }
        let after = self.stage.dice.time(Duration::ZERO, LOOK);
        self.schedule(after, Coming::Listen);
    }

    fn listen(&mut self) -> Option<Happening> {
        match self.writer.record(&[], None, Some(self.heard)) {
            Ok(recorded) => {
                self.told(&recorded);
                recorded.news.map(|news| Happening::Told(Ok(news)))
            }
            Err(error) => {
                self.stage.oracle.complain(Law::State, &error);
                Some(Happening::Told(Err(error)))
            }
        }
    }

    /// What the process is about to hear.
    fn told(&mut self, recorded: &Recorded) {
        let Some(news) = &recorded.news else { return };
        self.heard = news.up_to;
        self.note(|| format!("< {news:?}"));
        self.stage.oracle.hears(news);
    }

    fn signal(&mut self) -> Option<Happening> {
        let fault = match self.signals {
            0 => Fault::Stop,
            1 => Fault::StopTwice,
            _ => return None,
        };
        if !self.stage.befalls(fault) {
            return None;
        }
        self.signals += 1;
        self.stage.oracle.stops();
        Some(Happening::Signal)
    }

    /// The next of what was to come.
    fn come(&mut self) -> Option<Happening> {
        match self.coming.pop()? {
            Coming::Arrives(number) => {
                if let Some((after, answer)) = self.arrive(number) {
                    self.schedule(after, Coming::Answer(answer));
                }
                None
            }
            Coming::Answer(answer) => {
                let mut answers = vec![answer];
                while self.next_is_an_answer()
                    && let Some(Coming::Answer(answer)) = self.coming.pop()
                {
                    answers.push(answer);
                }
                answers.iter().for_each(|answer| self.hear(answer));
                Some(Happening::Answered(answers))
            }
            Coming::Committed(fault) => Some(Happening::Durable(self.write(fault))),
            Coming::Credential(credential, shown, fault) => {
                let (at, utc) = (self.stage.at, self.now().utc);
                let Stage { gateway, dice, .. } = &mut *self.stage;
                let token = gateway.log_in((credential, shown.as_deref()), fault, (at, utc), dice);
                self.note(|| match &token {
                    Ok(_) => "< a credential".to_owned(),
                    Err(error) => format!("< no credential: {error}"),
                });
                Some(Happening::Authenticated(token))
            }
            Coming::Listen => self.listen(),
            Coming::Release => {
                let word = self.word();
                let released = self.writer.store().release(CAMPAIGN, &word);
                self.say(released.map(|_| "goes on"));
                None
            }
            Coming::Look => {
                self.looking = false;
                let list = self.stage.list.clone();
                self.stage.oracle.lists(&list);
                self.note(|| format!("< the list has {}", list.len()));
                Some(Happening::Lists(Ok(self.stage.suppression())))
            }
        }
    }

    /// Whether an answer is next that has come already.
    fn next_is_an_answer(&self) -> bool {
        let now = self.stage.at;
        self.coming.peek().is_some_and(|(at, coming)| at <= now && matches!(coming, Coming::Answer(_)))
    }

    /// A request reaches the gateway; when the answer will be here, and what it says.
    fn arrive(&mut self, number: u64) -> Option<(Duration, Answer)> {
        let flight = self.flights.remove(&number)?;
        let (at, utc) = (self.stage.at, self.stage.utc());
        let stage = &mut *self.stage;
        let oracle = &mut stage.oracle;
        let chance = (&stage.faults, &mut stage.dice, &mut stage.happened);
        let said = stage.gateway.receive(&flight, at, utc, chance, &mut |key| oracle.takes(key));
        let answer = stage.gateway.answer(&flight, &said, &mut stage.dice);
        stage.trace.note(at, || format!("  the gateway has {number}: {said:?}"));
        let after = match flight.fault {
            Some(Fault::TimeOutTaken) => TIME_OUT,
            _ if stage.befalls(Fault::SlowAnswer) => stage.dice.time(MILLISECOND, TIME_OUT),
            _ => stage.time(stage.latency.back),
        };
        Some((after, answer))
    }

    fn hear(&mut self, answer: &Answer) {
        let verdicts = &answer.reading.verdicts;
        self.note(|| {
            let classes: Vec<&str> = verdicts.iter().map(|one| one.class.name()).collect();
            format!("< answer to {}: {}", answer.number, classes.join(" "))
        });
        let Some(batch) = self.in_air.remove(&answer.number) else { return };
        let members = batch.parcels.iter().zip(verdicts);
        let told = members.filter(|(_, verdict)| verdict.class == Class::OptedOut);
        let told = told.map(|(parcel, _)| parcel.message.address.to_string());
        self.stage.oracle.answered(answer.number, told);
    }

    /// The commit under way comes to its end.
    fn write(&mut self, fault: Option<Fault>) -> Result<Recorded, StoreError> {
        let path = || std::path::PathBuf::from("simulated");
        match fault {
            Some(Fault::DiskFull) => {
                self.writing = None;
                self.stage.oracle.failed();
                return Err(StoreError::Full { path: path() });
            }
            // The order stays under way: it may be there or not.
            Some(_) => return Err(StoreError::Io { path: path(), detail: "simulated".to_owned() }),
            None => {}
        }
        let Some(order) = self.writing.take() else {
            return Err(StoreError::internal("a commit came to its end that never began"));
        };
        let recorded = self.writer.record(&order.changes, order.claim, None);
        match &recorded {
            Ok(recorded) => {
                let counts = self.writer.store().counts(self.run).ok();
                let begun = self.begun;
                self.stage.oracle.durable(&order.changes, counts.as_ref());
                self.stage.oracle.proves(begun);
                self.told(recorded);
                let (changes, claimed) = (order.changes.len(), recorded.claimed.as_ref().map(Vec::len));
                self.note(|| format!("< durable: {changes} changes, {claimed:?} claimed"));
            }
            Err(error) => self.stage.oracle.complain(Law::State, error),
        }
        recorded
    }
}

impl<S: Store + Control + Send> World for Simulated<'_, S> {
    fn now(&self) -> Now {
        Now { elapsed: self.stage.at - self.born, utc: self.stage.utc() + self.stage.skew }
    }

    fn commit(&mut self, order: Order) {
        self.note(|| {
            let changes: Vec<String> =
                order.changes.iter().map(|change| format!("{} {}", change.key.seq, change.event)).collect();
            format!("> commit {:?}, claim {:?}", changes, order.claim)
        });
        self.stage.oracle.ordered(&order);
        self.begun = self.now();
        self.writing = Some(order);
        let fault = [Fault::DiskFull, Fault::DiskFailed].into_iter().find(|fault| self.stage.befalls(*fault));
        let slow = self.stage.befalls(Fault::SlowCommit);
        let (low, high) = self.stage.latency.commit;
        let after = self.stage.time(if slow { (high, Duration::from_secs(10)) } else { (low, high) });
        self.schedule(after, Coming::Committed(fault));
    }

    fn authenticate(&mut self, credential: Credential, token: Option<Arc<Token>>) {
        self.note(|| format!("> {credential:?}"));
        let faults = [Fault::LoginRefused, Fault::LoginThrottled, Fault::LoginFailed];
        let fault = faults.into_iter().find(|fault| self.stage.befalls(*fault));
        let slow = self.stage.befalls(Fault::LoginSlow);
        let after = self.stage.time(if slow { (MILLISECOND, TIME_OUT) } else { self.stage.latency.back });
        self.schedule(after, Coming::Credential(credential, token, fault));
    }

    fn send(&mut self, batch: Arc<Batch>, token: Option<Arc<Token>>) {
        let (number, now) = (batch.number, self.now());
        let stage = &mut *self.stage;
        stage.oracle.sends(&batch, now);
        let fault = stage.faults.of_a_request(batch.len(), &mut stage.dice);
        fault.into_iter().for_each(|fault| stage.happened.note(fault));
        stage.trace.note(stage.at, || {
            let members: Vec<i64> = batch.parcels.iter().map(|parcel| parcel.message.key.seq).collect();
            format!("> request {number} of {members:?} {}", fault.map_or("", Fault::name))
        });
        self.in_air.insert(number, Arc::clone(&batch));
        let flight = Flight { batch, token, fault, sent: now.utc };
        let there = stage.time(stage.latency.there);
        let lost = match fault {
            Some(Fault::Unreached) => Some((there, Said::Unreached)),
            Some(Fault::Reset) => Some((there, Said::Lost)),
            Some(Fault::TimeOut) => Some((TIME_OUT, Said::Lost)),
            _ => None,
        };
        if let Some((after, said)) = lost {
            let answer = stage.gateway.answer(&flight, &said, &mut stage.dice);
            return self.schedule(after, Coming::Answer(answer));
        }
        self.flights.insert(number, flight);
        self.schedule(there, Coming::Arrives(number));
    }

    fn happening(&mut self, until: Option<Duration>) -> impl Future<Output = Happening> + Send {
        let next = self.step(until);
        async move {
            match next {
                Some(happening) => happening,
                // Nobody will ever ask again: the process is no more.
                None => std::future::pending().await,
            }
        }
    }
}
