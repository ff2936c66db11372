//! The clocks of those who are still to be written to, and whose turn it is: in each turn messages go to those whose
//! clocks are open, until one opens or closes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustc_hash::{FxHashMap, FxHashSet};

use super::clock::{Clock, ClockId};
use super::message::{Claimed, MessageKey};

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
pub(super) enum After {
    /// Another one.
    Turn,
    /// Nobody's clock is open before this; why, for people.
    Nobody(DateTime<Utc>, String),
    /// Nothing: nobody is left.
    End,
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
    pub(super) fn begin(&mut self, now: DateTime<Utc>) -> After {
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
    pub(super) fn is_over(&self, now: DateTime<Utc>) -> bool {
        match &self.turn {
            Turn::Between => true,
            Turn::Sending { from, until, .. } => now < *from || now >= *until,
            Turn::Expiring(_) => false,
        }
    }

    /// Nobody of this turn is left.
    pub(super) fn done(&mut self) {
        let turn = std::mem::replace(&mut self.turn, Turn::Between);
        self.left.retain(|clock| !turn.is_for(clock.id));
    }

    /// Nobody of this turn is pending up to here.
    pub(super) fn pass(&mut self, up_to: MessageKey) {
        for clock in self.left.iter().filter(|clock| self.turn.is_for(clock.id)) {
            let passed = self.passed.entry(clock.id).or_insert(up_to);
            *passed = up_to.max(*passed);
        }
    }

    /// After whom this turn begins; nothing where that is the start.
    pub(super) fn begins_after(&self) -> Option<MessageKey> {
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
    pub(super) fn why_over(&self, message: &Claimed) -> Option<&'static str> {
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
    pub(super) fn closes(&self, message: &Claimed) -> Option<DateTime<Utc>> {
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
