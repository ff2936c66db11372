//! Whose turn it is. The people of a run go by one clock, or by many: each opens and closes at its own times. A run is
//! delivered in turns: in each, messages go to those whose clocks are open, until one opens or closes. Between two
//! turns nothing is under way and nothing is queued, so that the next one reads from the start whom it is for.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustc_hash::{FxHashMap, FxHashSet};

use super::engine::{End, Engine, Now, change};
use super::message::{Change, Claimed, MessageKey, Parcel};
use super::state::Event;
use crate::schedule::{Hours, Zone};

/// The number of a clock in its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockId(pub u32);

/// A clock by which some of a run's people go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// Its number; nothing where everybody goes by it.
    pub id: Option<ClockId>,
    /// When they may be written to.
    pub hours: Hours,
    /// Whether its time had gone by when the run was begun, by more than the campaign allows.
    pub missed: bool,
    /// How people are told times of it.
    pub zone: Zone,
}

/// The clocks of those who are still to be written to.
#[derive(Debug)]
pub struct Clocks {
    left: Vec<Clock>,
    turn: Turn,
    /// At how many different times those of this turn close.
    closings: usize,
    /// Up to here nobody who goes by the clock is pending any more: the next turn need not look there again.
    passed: FxHashMap<Option<ClockId>, MessageKey>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Turn {
    /// None yet, or the last one is over.
    Between,
    /// Messages go out to these.
    Sending { open: Open, from: DateTime<Utc>, until: DateTime<Utc> },
    /// The time of these is over: their messages expire.
    Expiring(Vec<Option<ClockId>>),
}

/// The clocks that are open, and when each closes: that does not change in a turn, and is asked for each message.
type Open = FxHashMap<Option<ClockId>, Option<DateTime<Utc>>>;

/// What comes after a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
enum After {
    /// Another one.
    Turn,
    /// Nobody's clock is open before this; why, for people.
    Nobody(DateTime<Utc>, String),
    /// Nothing: nobody is left.
    End,
}

impl Clock {
    /// One by which everybody goes.
    pub fn of_all(hours: Hours) -> Self {
        let zone = hours.windows.first().map_or(Zone::UTC, |window| window.zone());
        Self { id: None, hours, missed: false, zone }
    }

    /// When its people can be written to next, now or later; nothing where their time is over.
    pub fn opens_next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.missed { None } else { self.hours.opens_next(now) }
    }

    /// Why nothing goes out before it opens.
    fn why_shut(&self, opens: DateTime<Utc>) -> String {
        let at = self.zone.show(opens);
        match (self.id, &*self.hours.windows) {
            (None, [window]) => format!("the sending window ({window}) is shut; it opens at {at}"),
            (None, _) => format!("nothing may go out before {at}"),
            (Some(_), _) => {
                format!("by the clocks of all who are left nothing may go out now; the next opens at {at}")
            }
        }
    }

    /// Why its messages expire.
    pub fn why_over(&self) -> &'static str {
        if self.missed { "missed: its time had gone by when the run began" } else { "its time is over" }
    }
}

impl Clocks {
    /// These.
    pub fn new(clocks: Vec<Clock>) -> Self {
        Self { left: clocks, turn: Turn::Between, closings: 0, passed: FxHashMap::default() }
    }

    /// Before when nothing can be done, neither sent nor given up because its time is over, and why, for people. Nothing
    /// where something can, or nobody is left.
    pub fn waits(&self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, String)> {
        let opens = self.left.iter().map(|clock| (clock.opens_next(now).unwrap_or(now), clock));
        let (at, clock) = opens.min_by_key(|(at, _)| *at).filter(|(at, _)| *at > now)?;
        Some((at, clock.why_shut(at)))
    }

    /// Begins the next turn.
    fn begin(&mut self, now: DateTime<Utc>) -> After {
        self.turn = Turn::Between;
        let (mut over, mut open) = (Vec::new(), Open::default());
        let mut until = DateTime::<Utc>::MAX_UTC;
        for clock in &self.left {
            match clock.opens_next(now) {
                None => over.push(clock.id),
                Some(opens) if opens > now => until = until.min(opens),
                Some(_) => {
                    open.insert(clock.id, clock.hours.closes(now));
                    until = until.min(clock.hours.open_until(now).unwrap_or(now));
                }
            }
        }
        let always = self.left.iter().all(|clock| clock.hours.is_always());
        match (over.is_empty(), open.is_empty()) {
            (false, _) => self.turn = Turn::Expiring(over),
            (_, false) => {
                let from = if always { DateTime::<Utc>::MIN_UTC } else { now };
                self.closings = open.values().collect::<FxHashSet<_>>().len();
                self.turn = Turn::Sending { open, from, until };
            }
            _ => return self.waits(now).map_or(After::End, |(until, why)| After::Nobody(until, why)),
        }
        After::Turn
    }

    /// Whether this turn is over, or none has begun. A clock that is set back ends it too.
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        match &self.turn {
            Turn::Between => true,
            Turn::Sending { from, until, .. } => now < *from || now >= *until,
            Turn::Expiring(_) => false,
        }
    }

    /// Nobody of this turn is left.
    fn done(&mut self) {
        let turn = std::mem::replace(&mut self.turn, Turn::Between);
        self.left.retain(|clock| !turn.is_for(clock.id));
    }

    /// Nobody of this turn is pending up to here.
    fn pass(&mut self, up_to: MessageKey) {
        for clock in self.left.iter().filter(|clock| self.turn.is_for(clock.id)) {
            let passed = self.passed.entry(clock.id).or_insert(up_to);
            *passed = up_to.max(*passed);
        }
    }

    /// After whom this turn begins; nothing where that is the start.
    fn begins_after(&self) -> Option<MessageKey> {
        let theirs = self.left.iter().filter(|clock| self.turn.is_for(clock.id));
        theirs.map(|clock| self.passed.get(&clock.id).copied()).min().flatten()
    }

    /// Whom this turn is for; nothing where that is everybody who is left.
    pub(super) fn claims(&self) -> Option<Arc<[ClockId]>> {
        let all = self.left.iter().all(|clock| self.turn.is_for(clock.id));
        let theirs = self.left.iter().map(|clock| clock.id).filter(|id| self.turn.is_for(*id));
        (!all).then(|| theirs.flatten().collect())
    }

    /// Whether messages go out in this turn.
    pub(super) fn is_sending(&self) -> bool {
        matches!(self.turn, Turn::Sending { .. })
    }

    /// Why messages of this turn expire, if they do.
    fn why_over(&self, message: &Claimed) -> Option<&'static str> {
        let Turn::Expiring(_) = &self.turn else { return None };
        self.clock(message).map(Clock::why_over)
    }

    /// When this turn ends by itself.
    pub(super) fn ends(&self) -> Option<DateTime<Utc>> {
        match &self.turn {
            Turn::Sending { until, .. } if *until < DateTime::<Utc>::MAX_UTC => Some(*until),
            _ => None,
        }
    }

    /// From when on a message may not arrive any more that goes out in this turn.
    fn closes(&self, message: &Claimed) -> Option<DateTime<Utc>> {
        let Turn::Sending { open, .. } = &self.turn else { return None };
        open.get(&message.clock).or_else(|| open.get(&None)).copied().flatten()
    }

    /// At how many different times the clocks that were open last close.
    pub(super) fn closings(&self) -> usize {
        self.closings
    }

    fn clock(&self, message: &Claimed) -> Option<&Clock> {
        self.left.iter().find(|clock| clock.id == message.clock || clock.id.is_none())
    }
}

impl Turn {
    fn is_for(&self, clock: Option<ClockId>) -> bool {
        match self {
            Self::Between => false,
            Self::Sending { open, .. } => open.contains_key(&clock),
            Self::Expiring(clocks) => clocks.contains(&clock),
        }
    }
}

impl Engine {
    /// The clocks of those who are to be written to. To be said before the first step.
    pub fn set_clocks(&mut self, clocks: Clocks) {
        self.clocks = clocks;
    }

    /// Ends a turn when it is over, and begins the next one when nothing of it is left to be written or heard.
    pub(super) fn mind_the_clocks(&mut self, now: Now) {
        if self.end.is_some() {
            return;
        }
        self.turning |= self.clocks.is_over(now.utc);
        if !self.is_settled() {
            return;
        }
        if !self.turning && !self.more && self.queue.is_empty() {
            self.clocks.done();
            self.turning = true;
        }
        if self.turning {
            self.turn(now);
        }
    }

    fn turn(&mut self, now: Now) {
        self.turning = false;
        // All of them are pending in the state, and claimed again when it is their turn. Nobody else who was claimed is.
        let mut first: Option<MessageKey> = None;
        for (parcel, at) in self.queue.clear() {
            let key = parcel.message.key;
            first = Some(first.map_or(key, |first| first.min(key)));
            // The others are as they are in the state.
            if at.is_some() || parcel.failures > 0 || parcel.refused_once {
                self.set_aside.insert(key, (parcel, at));
            }
        }
        let before = |key: MessageKey| MessageKey { seq: key.seq - 1, ..key };
        if let Some(up_to) = first.map(before).or(self.cursor) {
            self.clocks.pass(up_to);
        }
        let after = self.clocks.begin(now.utc);
        self.cursor = self.clocks.begins_after();
        self.more = after == After::Turn;
        if let After::Nobody(until, why) = after {
            self.end = Some(End::Waits { until, why });
        }
    }

    /// A message of this turn was claimed.
    pub(super) fn receive(&mut self, message: Claimed, now: Now) {
        if let Some(reason) = self.clocks.why_over(&message) {
            let change = self.expire(&Parcel::new(message), reason, now);
            return self.outbox.push(change);
        }
        let closes = self.clocks.closes(&message);
        match self.set_aside.remove(&message.key) {
            Some((known, Some(at))) => self.queue.push_later(Parcel { message, closes, ..known }, at),
            Some((known, None)) => self.queue.push(Parcel { message, closes, ..known }),
            None => self.queue.push(Parcel { closes, ..Parcel::new(message) }),
        }
    }

    /// Never sent; of one that waits to be sent a second time the first copy may have arrived.
    fn expire(&mut self, parcel: &Parcel, reason: &str, now: Now) -> Change {
        if parcel.doubtful {
            self.tally.unknown += 1;
            return change(parcel, Event::Forgo, None, Some(format!("not sent again: {reason}")), now);
        }
        self.tally.expired += 1;
        change(parcel, Event::Expire, None, Some(reason.to_owned()), now)
    }
}

#[cfg(test)]
mod tests;
