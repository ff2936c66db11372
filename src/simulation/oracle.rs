//! What must be true of a run whatever happens to it: the laws, held against everything that the process does, that
//! the gateway takes and that becomes durable. It believes nobody: it keeps books of its own and compares.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use chrono::DateTime;

use crate::delivery::control::News;
use crate::delivery::engine::{Now, Order};
use crate::delivery::hearing::LEASE;
use crate::delivery::message::{Batch, Change, MessageKey};
use crate::delivery::pace::{SLACK, most_in};
use crate::delivery::paces::Load;
use crate::delivery::state::{Event, State, next};
use crate::provider::Limits;
use crate::simulation::hours::Span;
use crate::store::{Counts, Listed};

const SECOND: Duration = Duration::from_secs(1);
/// The first and the last group of a run cost a commit and an answer that no other message pays for.
const SETTLING: Duration = Duration::from_millis(100);

/// The laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Law {
    /// Nobody is accepted twice.
    Once,
    /// An intent is durable before the first byte leaves.
    IntentFirst,
    /// Only what the table of states allows is ever written.
    Transition,
    /// planned = Σ states, in the state's counts as in these books, at every commit.
    Books,
    /// What is written as accepted was taken by the gateway.
    AcceptedIsTaken,
    /// What the gateway took is never written as anything that says it was not sent.
    TakenIsKept,
    /// Nobody is given an intent after the process knew that they had opted out, and nothing goes to whom the gateway
    /// itself has told of.
    OptOut,
    /// Only who opted out is written as such.
    Suppression,
    /// No more is in doubt than the window says, and no more becomes unknown by a crash.
    Window,
    /// No second holds more than the rates and their burst.
    Pace,
    /// No more requests at once than the campaign allows.
    Concurrency,
    /// Nothing is sent on proof that is older than the lease.
    Lease,
    /// Nothing is sent while somebody holds the campaign, once the process has heard of it.
    Hold,
    /// Nobody is sent anything outside their hours, or in the last minute of them, by what the machine's calendar shows.
    Hours,
    /// Only what nobody can be sent any more expires, or what was cancelled.
    Over,
    /// Who is held stays so, until somebody cancels the campaign.
    Held,
    /// Nothing is sent after somebody asked for an end.
    Stop,
    /// One commit at a time.
    OneCommit,
    /// After a crash the state holds what was durable, and the commit under way whole or not at all.
    Durable,
    /// It comes to an end.
    Ends,
    /// At the end nothing is left open.
    Settled,
    /// When nothing goes wrong everybody is accepted.
    Everybody,
    /// When nothing goes wrong it takes as long as the rate says, and little more.
    Duration,
    /// The state does what it is asked while nothing is wrong with it.
    State,
}

/// A law that was broken, by what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the law {law:?} is broken: {what}")]
pub struct Broken {
    /// Which.
    pub law: Law,
    /// How.
    pub what: String,
}

/// What a process has promised to keep to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms {
    /// The most messages in doubt.
    pub window: usize,
    /// The most requests at once.
    pub concurrency: usize,
    /// The rates.
    pub limits: Limits,
}

/// One message in the books.
#[derive(Debug, Clone)]
struct Fate {
    address: String,
    segments: u16,
    state: State,
    attempts: u32,
    taken: u32,
    /// The number of the clock by which it goes.
    clock: Option<usize>,
}

/// The books.
#[derive(Debug, Default)]
pub struct Oracle {
    fates: BTreeMap<MessageKey, Fate>,
    /// How many of them are in each state.
    standing: [usize; State::ALL.len()],
    /// The hours of each clock.
    spans: Vec<Span>,
    terms: Terms,
    /// Addresses that the process knows from lists.
    listed: BTreeSet<String>,
    /// Addresses that the gateway told this process of.
    told: BTreeSet<String>,
    /// Those of them that are durable.
    recorded: BTreeSet<String>,
    in_air: BTreeSet<u64>,
    /// What went out in the last second.
    recent: VecDeque<(Duration, Load)>,
    /// When the first and the last request of this process went out, and what the last one held.
    went: Option<(Duration, Duration, Load)>,
    /// When the last durable commit of this process began.
    proven: Option<Now>,
    held: bool,
    cancelled: bool,
    stopping: bool,
    committing: bool,
    broken: Option<Broken>,
}

impl Oracle {
    /// A message is pinned, pending.
    pub fn planned(&mut self, key: MessageKey, address: &str, segments: u16) {
        let address = address.to_owned();
        self.standing[State::Pending as usize] += 1;
        let state = State::Pending;
        self.fates.insert(key, Fate { address, segments, state, attempts: 0, taken: 0, clock: None });
    }

    /// These are the hours by which people go.
    pub fn go_by(&mut self, spans: Vec<Span>) {
        self.spans = spans;
    }

    /// A message that was planned goes by the clock of this number, from 0; without one it is held.
    pub fn goes_by(&mut self, key: MessageKey, clock: Option<usize>) {
        let Some(fate) = self.fates.get_mut(&key) else { return };
        fate.clock = clock;
        if clock.is_none() {
            self.standing[fate.state as usize] -= 1;
            self.standing[State::Held as usize] += 1;
            fate.state = State::Held;
        }
    }

    /// Somebody cancels the campaign, and closes its run: what was not sent expires, and nothing goes out any more.
    pub fn cancels(&mut self) {
        self.cancelled = true;
    }

    /// The first law that was broken, if one was.
    pub fn broken(&self) -> Option<&Broken> {
        self.broken.as_ref()
    }

    /// Notes that a law was broken; only the first one counts, for the rest follows from it.
    pub fn complain(&mut self, law: Law, what: impl fmt::Display) {
        self.broken.get_or_insert_with(|| Broken { law, what: what.to_string() });
    }

    /// A process begins, under these terms, and knows these addresses to have opted out.
    pub fn begins(&mut self, terms: Terms, listed: &BTreeSet<String>) {
        self.terms = terms;
        self.listed = listed.clone();
        self.told = self.recorded.clone();
        self.in_air.clear();
        self.recent.clear();
        self.went = None;
        self.proven = None;
        self.held = false;
        self.stopping = false;
        self.committing = false;
    }

    /// The process orders a commit.
    pub fn ordered(&mut self, order: &Order) {
        if std::mem::replace(&mut self.committing, true) {
            self.complain(Law::OneCommit, "a second commit was ordered while one is under way");
        }
        for change in order.changes.iter().filter(|change| change.event == Event::Intend) {
            let Some(fate) = self.fates.get(&change.key) else { continue };
            if self.listed.contains(&fate.address) || self.told.contains(&fate.address) {
                let what = format!("message {} to {} got an intent", change.key, fate.address);
                self.complain(Law::OptOut, what);
            }
        }
    }

    /// The commit under way is durable; `counts` are the state's own after it.
    pub fn durable(&mut self, changes: &[Change], counts: Option<&Counts>) {
        self.committing = false;
        for change in changes {
            self.apply(change);
        }
        if let Some(counts) = counts {
            self.compare(counts);
        }
        let doubtful = self.count(State::Intent);
        if doubtful > self.terms.window {
            let what = format!("{doubtful} in doubt, the window is {}", self.terms.window);
            self.complain(Law::Window, what);
        }
    }

    /// The commit under way failed: nothing of it is there.
    pub fn failed(&mut self) {
        self.committing = false;
    }

    fn apply(&mut self, change: &Change) {
        let (key, event) = (change.key, change.event);
        let Some(fate) = self.fates.get_mut(&key) else {
            return self.complain(Law::Books, format!("message {key} was never planned"));
        };
        let taken = fate.taken > 0;
        let (was, clock) = (fate.state, fate.clock);
        let Ok(after) = next(was, event) else {
            let what = format!("message {key} is {was} and took the event {event}");
            return self.complain(Law::Transition, what);
        };
        self.standing[fate.state as usize] -= 1;
        self.standing[after as usize] += 1;
        fate.state = after;
        fate.attempts = u32::try_from(i64::from(fate.attempts) + event.attempt()).unwrap_or(u32::MAX);
        let address = fate.address.clone();
        if change.opted_out {
            self.recorded.insert(address.clone());
        }
        if was == State::Held && !self.cancelled {
            self.complain(Law::Held, format!("message {key} was held and is {after}"));
        }
        if after == State::Expired && !self.cancelled {
            let at = DateTime::from_timestamp_millis(change.at_ms).unwrap_or_default();
            let span = clock.and_then(|clock| self.spans.get(clock));
            if span.is_none_or(|span| !span.is_over(at)) {
                self.complain(Law::Over, format!("message {key} expired at {at}, and {span:?} is not over"));
            }
        }
        let never_sent = matches!(after, State::Rejected | State::Suppressed | State::Expired);
        if after == State::Accepted && !taken {
            self.complain(
                Law::AcceptedIsTaken,
                format!("message {key} is accepted, the gateway never had it"),
            );
        } else if never_sent && taken {
            self.complain(
                Law::TakenIsKept,
                format!("message {key} is {after}, and the gateway has taken it"),
            );
        } else if after == State::Suppressed
            && !self.listed.contains(&address)
            && !self.told.contains(&address)
        {
            self.complain(
                Law::Suppression,
                format!("message {key} is suppressed, {address} never opted out"),
            );
        }
    }

    fn count(&self, state: State) -> usize {
        self.standing[state as usize]
    }

    fn compare(&mut self, counts: &Counts) {
        let planned = self.fates.len() as u64;
        if counts.planned != planned || counts.sum() != planned {
            let what =
                format!("{} planned, {} in the states, {planned} in truth", counts.planned, counts.sum());
            self.complain(Law::Books, what);
        }
        for state in State::ALL {
            let (theirs, ours) = (counts.of(state), self.count(state) as u64);
            if theirs != ours {
                self.complain(Law::Books, format!("{theirs} {state} by the state, {ours} in truth"));
            }
        }
    }

    /// A durable commit began then: as long ago the state was proven to be the process's own.
    pub fn proves(&mut self, begun: Now) {
        self.proven = Some(begun);
    }

    /// Somebody's opt-out is recorded, beside the process.
    pub fn records(&mut self, address: &str) {
        self.recorded.insert(address.to_owned());
    }

    /// The process hears what people said.
    pub fn hears(&mut self, news: &News) {
        for (address, teller) in &news.opt_outs {
            if teller.is_some() {
                self.told.insert(address.clone());
            }
        }
        self.held = news.hold.is_some();
    }

    /// A request goes out.
    pub fn sends(&mut self, batch: &Batch, now: Now) {
        let (elapsed, number) = (now.elapsed, batch.number);
        let age = self.proven.map(|proven| {
            let by_calendar = (now.utc - proven.utc).to_std().unwrap_or_default();
            elapsed.saturating_sub(proven.elapsed).max(by_calendar)
        });
        if age.is_none_or(|age| age > LEASE) {
            self.complain(Law::Lease, format!("request {number} went out on proof of {age:?} ago"));
        }
        if self.held || self.cancelled {
            self.complain(Law::Hold, format!("request {number} went out while the campaign was held"));
        }
        if self.stopping {
            self.complain(Law::Stop, format!("request {} went out after the stop", batch.number));
        }
        for parcel in &batch.parcels {
            let key = parcel.message.key;
            let Some(fate) = self.fates.get(&key) else { continue };
            let span = fate.clock.and_then(|clock| self.spans.get(clock));
            if let Some(span) = span.filter(|span| !span.may_leave(now.utc)) {
                let what = format!("message {key} went out at {}, outside of {span:?}", now.utc);
                self.complain(Law::Hours, what);
                continue;
            }
            if fate.state != State::Intent {
                let what = format!("message {key} went out, on the disk it is {}", fate.state);
                self.complain(Law::IntentFirst, what);
            } else if self.told.contains(&fate.address) {
                let what = format!("message {key} went out, {} has told the gateway to stop", fate.address);
                self.complain(Law::OptOut, what);
            }
        }
        self.in_air.insert(batch.number);
        if self.in_air.len() > self.terms.concurrency {
            let what = format!("{} requests at once, {} allowed", self.in_air.len(), self.terms.concurrency);
            self.complain(Law::Concurrency, what);
        }
        self.keeps_pace(batch, elapsed);
    }

    /// No span of a second, this request last in it, holds more than the rate, its slack and this one.
    fn keeps_pace(&mut self, batch: &Batch, now: Duration) {
        while self.recent.front().is_some_and(|(at, _)| *at + SECOND <= now) {
            self.recent.pop_front();
        }
        let before = self.recent.iter().fold((0, 0, 0), |(requests, messages, segments), (_, load)| {
            (requests + 1, messages + load.messages as u64, segments + load.segments as u64)
        });
        let Limits { requests, messages, segments } = self.terms.limits;
        for (rate, sent, what) in [
            (requests, before.0, "requests"),
            (messages, before.1, "messages"),
            (segments, before.2, "segments"),
        ] {
            let Some(rate) = rate else { continue };
            let most = most_in(rate, SECOND, 0);
            if sent > most {
                let what =
                    format!("{sent} {what} in a second before request {}, {most} allowed", batch.number);
                self.complain(Law::Pace, what);
            }
        }
        let load = self.load(batch);
        self.recent.push_back((now, load));
        let first = self.went.map_or(now, |(first, ..)| first);
        self.went = Some((first, now, load));
    }

    /// By these books, not by the batch's own account.
    fn load(&self, batch: &Batch) -> Load {
        let segments = |key| self.fates.get(&key).map_or(1, |fate| usize::from(fate.segments.max(1)));
        let segments = batch.parcels.iter().map(|parcel| segments(parcel.message.key)).sum();
        Load { messages: batch.parcels.len(), segments }
    }

    /// The gateway takes a message: it will be sent.
    pub fn takes(&mut self, key: MessageKey) {
        let Some(fate) = self.fates.get_mut(&key) else {
            return self.complain(Law::Once, format!("message {key} was never planned"));
        };
        fate.taken += 1;
        if fate.taken > 1 {
            let what = format!("message {key} to {} was taken {} times", fate.address, fate.taken);
            self.complain(Law::Once, what);
        }
    }

    /// The process hears the answer to a request, and that these addresses have opted out.
    pub fn answered(&mut self, number: u64, opted_out: impl IntoIterator<Item = String>) {
        self.in_air.remove(&number);
        self.told.extend(opted_out);
    }

    /// The process is told that these addresses are on its lists.
    pub fn lists(&mut self, listed: &BTreeSet<String>) {
        self.listed.clone_from(listed);
    }

    /// The process is asked to stop.
    pub fn stops(&mut self) {
        self.stopping = true;
    }

    /// The state is opened again: it must be what was durable, `uncertain` whole in it or not at all.
    pub fn reopened(&mut self, listed: &[Listed], uncertain: &[Change]) {
        if self.same_as(listed) {
            return;
        }
        let before = (self.fates.clone(), self.standing);
        uncertain.iter().for_each(|change| self.apply(change));
        if self.same_as(listed) {
            return;
        }
        (self.fates, self.standing) = before;
        let differ = listed.iter().find(|one| {
            self.fates
                .get(&one.key)
                .is_none_or(|fate| (fate.state, fate.attempts) != (one.state, one.attempts))
        });
        let what = match differ {
            Some(one) => {
                format!("message {} is {} after {} attempts", one.key, one.state, one.attempts)
            }
            None => format!("{} messages are there, {} were pinned", listed.len(), self.fates.len()),
        };
        self.complain(Law::Durable, format!("{what}; that was never durable"));
    }

    fn same_as(&self, listed: &[Listed]) -> bool {
        let same = |one: &Listed| {
            self.fates
                .get(&one.key)
                .is_some_and(|fate| (fate.state, fate.attempts) == (one.state, one.attempts))
        };
        listed.len() == self.fates.len() && listed.iter().all(same)
    }

    /// Intents without an outcome have become unknown, so many by the state's account.
    pub fn recovered(&mut self, lost: u64) {
        let mut doubtful = 0_u64;
        for fate in self.fates.values_mut().filter(|fate| fate.state == State::Intent) {
            fate.state = State::Unknown;
            doubtful += 1;
        }
        self.standing[State::Intent as usize] = 0;
        self.standing[State::Unknown as usize] += usize::try_from(doubtful).unwrap_or(usize::MAX);
        if lost != doubtful {
            self.complain(Law::Books, format!("{lost} became unknown, {doubtful} were in doubt"));
        }
        let window = self.terms.window as u64;
        if lost > window {
            self.complain(Law::Window, format!("{lost} became unknown by a crash, the window is {window}"));
        }
    }

    /// Unknown ones that were in fewer requests than `attempts` are free again.
    pub fn freed(&mut self, attempts: u16) {
        let again = |fate: &&mut Fate| fate.state == State::Unknown && fate.attempts < u32::from(attempts);
        for fate in self.fates.values_mut().filter(again) {
            fate.state = State::Pending;
            self.standing[State::Unknown as usize] -= 1;
            self.standing[State::Pending as usize] += 1;
        }
    }

    /// The run is over: what is on the disk is all there will be.
    pub fn ends(&mut self, listed: &[Listed], counts: &Counts) {
        self.reopened(listed, &[]);
        self.compare(counts);
        let settled = |state: State| !state.is_open();
        let open = self.fates.iter().find(|(_, fate)| !settled(fate.state));
        if let Some((key, fate)) = open {
            let what = format!("message {key} is {} at the end", fate.state);
            self.complain(Law::Settled, what);
        }
        let lost = self
            .fates
            .iter()
            .find(|(_, fate)| fate.taken > 0 && !matches!(fate.state, State::Accepted | State::Unknown));
        if let Some((key, fate)) = lost {
            let what = format!("message {key} is {} at the end, and the gateway has taken it", fate.state);
            self.complain(Law::TakenIsKept, what);
        }
    }

    /// Nothing went wrong: everybody must be accepted, but for those who are held, or whose time is over.
    pub fn was_calm(&mut self) {
        let accepted = self.count(State::Accepted);
        if accepted + self.count(State::Held) + self.count(State::Expired) != self.fates.len() {
            let what = format!("{accepted} of {} accepted, and nothing went wrong", self.fates.len());
            self.complain(Law::Everybody, what);
        }
    }

    /// One process has sent everything to a gateway that is never slower than the rate: it must have taken as long as
    /// the rate says, and at least 97 % of it must have been used. Says nothing where there are several rates: what
    /// waits for one of them does not use the other.
    pub fn was_fast(&mut self) {
        let Some((first, last, load)) = self.went else { return };
        let segments: usize = self.fates.values().map(|fate| usize::from(fate.segments.max(1))).sum();
        let (rate, volume, held) = match self.terms.limits {
            Limits { requests: None, messages: Some(rate), segments: None } => {
                (rate, self.fates.len(), load.messages)
            }
            Limits { requests: None, messages: None, segments: Some(rate) } => {
                (rate, segments, load.segments)
            }
            _ => return,
        };
        let took = last - first;
        let least = rate.interval() * u32::try_from(volume.saturating_sub(held)).unwrap_or(u32::MAX);
        let most = least.mul_f64(1.0 / 0.97) + SETTLING;
        if took + SLACK < least || took > most {
            self.complain(Law::Duration, format!("{volume} at {rate} took {took:?}: {least:?} to {most:?}"));
        }
    }

    /// How many are in a state.
    pub fn standing(&self, state: State) -> u64 {
        self.count(state) as u64
    }

    /// How many the gateway has taken.
    pub fn taken(&self) -> u64 {
        self.fates.values().filter(|fate| fate.taken > 0).count() as u64
    }

    /// How many the gateway has taken more than once.
    pub fn taken_twice(&self) -> u64 {
        self.fates.values().filter(|fate| fate.taken > 1).count() as u64
    }

    /// How many are where nothing says what became of them, or that they went: taken and written as never sent.
    pub fn lost(&self) -> u64 {
        let kept = |fate: &&Fate| matches!(fate.state, State::Accepted | State::Unknown);
        self.fates.values().filter(|fate| fate.taken > 0).filter(|fate| !kept(fate)).count() as u64
    }
}

#[cfg(test)]
#[path = "oracle_tests.rs"]
mod tests;
