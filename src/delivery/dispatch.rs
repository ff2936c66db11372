//! From waiting messages to requests: batches are formed, their intents go into the next transaction, and they
//! are let go when the pace, the concurrency and the provider allow.

use std::sync::Arc;
use std::time::Duration;

use super::engine::{End, Engine, HORIZON, InAir, Now, Order, UnderWay, change};
use super::message::{Batch, Change, Claim, Parcel};
use super::paces::Load;
use super::runway::LINGER;
use super::state::Event;

impl Engine {
    /// The next transaction: outcomes that wait, intents about to be needed, and a claim when the queue
    /// runs low. One at a time; what gathers meanwhile goes into the next.
    pub(super) fn order(&mut self, now: Now) -> Option<Order> {
        if self.commit.is_some() || self.lingers(now) {
            return None;
        }
        self.outbox_since = None;
        // They end their doubt in the very transaction in which the new intents begin theirs.
        let outcomes = self.outbox.iter().filter(|change| ends_an_intent(change.event)).count();
        self.in_doubt = self.in_doubt.saturating_sub(outcomes);
        // As many will come again as came; none, where nothing was written.
        let room = Vec::with_capacity(self.outbox.len());
        let mut order = Order { changes: std::mem::replace(&mut self.outbox, room), claim: None };
        let batches = self.form(&mut order.changes, now);
        if self.end.is_none() && !self.turning && self.wants_more() {
            let clocks = self.clocks.claims();
            order.claim = Some(Claim { after: self.cursor, most: self.wanted().max(256), clocks });
        }
        if order.changes.is_empty() && order.claim.is_none() && !self.must_prove(now) {
            return None;
        }
        self.runway.begin(self.tally.requests, now.elapsed);
        self.commit = Some(UnderWay { batches, begun: now });
        Some(order)
    }

    /// Whether the queue runs low while there is more.
    fn wants_more(&self) -> bool {
        self.more && self.queue.len() < self.wanted()
    }

    /// Whether a commit can wait for more to write: most of the intents that should be durable ahead are, and
    /// no outcome has waited for long.
    fn lingers(&self, now: Now) -> bool {
        let waited = self.outbox_since.is_some_and(|since| now.elapsed >= since + LINGER);
        self.end.is_none()
            && !self.turning
            && !waited
            && !self.must_prove(now)
            && self.ready.len() * 8 >= self.runway.batches() * 5
    }

    /// Groups waiting messages into batches and writes their intents, in the order of the state: neighbours are written
    /// together there.
    fn form(&mut self, changes: &mut Vec<Change>, now: Now) -> Vec<Batch> {
        let (mut formed, mut intents) = (Vec::new(), Vec::new());
        let waits = self.end.is_some() || self.hold.is_some() || self.turning || !self.clocks.is_sending();
        if waits || self.waits(now.elapsed) || !self.access.is_usable(now.utc) {
            return formed;
        }
        let waiting: Vec<Load> = self.ready.iter().map(Batch::load).collect();
        let mut room = self.paces.room(HORIZON, now.elapsed, &waiting);
        if let Some(account) = &self.account {
            room = room.and(account.room(HORIZON, now.elapsed, &waiting));
        }
        let slots = self.runway.batches();
        while self.end.is_none()
            && self.ready.len() + formed.len() < slots
            && self.in_doubt + self.batch_max <= self.window()
            && room.has(self.batch_max)
        {
            let mut group = self.queue.take_group(self.batch_max, self.wants_more(), self.alike);
            if group.is_empty() {
                break;
            }
            group.retain(|parcel| !self.leave_out(parcel, changes, now));
            if group.is_empty() {
                continue;
            }
            self.in_doubt += group.len();
            intents.extend(group.iter().map(|parcel| change(parcel, Event::Intend, None, None, now)));
            let closes = group.iter().filter_map(|parcel| parcel.closes).min();
            let batch = Batch { number: self.next_number, parcels: group, closes };
            room.take(batch.load());
            formed.push(batch);
            self.next_number += 1;
        }
        intents.sort_by_key(|intent| intent.key);
        changes.append(&mut intents);
        formed
    }

    /// Whether the recipient has opted out meanwhile, or was reached too often by other runs; if so, that is written
    /// down.
    fn leave_out(&mut self, parcel: &Parcel, changes: &mut Vec<Change>, now: Now) -> bool {
        let Some(address) = self.address_kind.read_canonical(&parcel.message.address) else {
            // Who cannot be looked up on the lists is not sent to; in the state the message stays pending.
            let place = parcel.message.key.seq;
            self.end.get_or_insert(End::Paused(format!(
                "the address of message {place} of the run cannot be read any more"
            )));
            return true;
        };
        let reason = self.opt_outs.reason(&address);
        let reason = reason.or_else(|| self.contacts.reason(&parcel.message, now.utc.timestamp_millis()));
        let Some(reason) = reason else { return false };
        if parcel.doubtful {
            // Nobody was left out: the first copy may have arrived.
            let reason = format!("not sent again: {reason}");
            changes.push(change(parcel, Event::Forgo, None, Some(reason), now));
            self.tally.unknown += 1;
        } else {
            changes.push(change(parcel, Event::Suppress, None, Some(reason), now));
            self.tally.suppressed += 1;
        }
        true
    }

    /// Whether a batch waits that could go now, but for the proof that the state is still ours: a commit without
    /// changes fetches it.
    fn must_prove(&self, now: Now) -> bool {
        !self.ready.is_empty()
            && !self.is_blocked(now)
            && self.is_unproven(now)
            && self.account.as_ref().is_none_or(|account| account.is_ready(now.elapsed))
    }

    /// Whether nothing may go at this moment.
    fn is_blocked(&self, now: Now) -> bool {
        self.end.is_some()
            || self.hold.is_some()
            || self.turning
            || self.waits(now.elapsed)
            || !self.access.is_usable(now.utc)
            || self.in_air.len() >= usize::from(self.delivery.concurrency)
            || !self.paces.is_ready(now.elapsed)
    }

    pub(super) fn dispatch(&mut self, now: Now) -> Option<Arc<Batch>> {
        if self.is_blocked(now) || self.ready.is_empty() {
            if let Some(account) = &mut self.account {
                account.step_out();
            }
            return None;
        }
        if self.is_unproven(now) {
            if let Some(account) = &mut self.account {
                account.line_up();
            }
            return None;
        }
        if let Some(account) = &mut self.account
            && !account.take(self.ready.front()?.load(), now.elapsed)
        {
            return None;
        }
        let batch = Arc::new(self.ready.pop_front()?);
        self.paces.take(batch.load(), now.elapsed);
        let in_air = InAir {
            batch: Arc::clone(&batch),
            sent_at: now.elapsed,
            generation: self.access.generation(),
            ticket: self.breaker.sends(),
        };
        self.in_air.insert(batch.number, in_air);
        self.tally.requests += 1;
        Some(batch)
    }

    /// Gives durable intents back that were never begun.
    pub(super) fn withdraw_ready(&mut self, now: Now) {
        let until = self.silent_until();
        std::mem::take(&mut self.ready).into_iter().for_each(|batch| self.withdraw(batch, until, now));
    }

    /// Gives back the intents of batches with somebody who opted out after they were formed, to be formed anew.
    pub(super) fn withdraw_opted_out(&mut self, now: Now) {
        let ready = std::mem::take(&mut self.ready);
        let (out, kept): (Vec<_>, Vec<_>) =
            ready.into_iter().partition(|one| self.opt_outs.has_come_between(one));
        self.ready.extend(kept);
        out.into_iter().for_each(|batch| self.withdraw(batch, now.elapsed, now));
    }

    /// Gives a batch back unsent, to be sent at `at` or later.
    fn withdraw(&mut self, batch: Batch, at: Duration, now: Now) {
        for parcel in batch.parcels {
            self.outbox.push(change(&parcel, Event::Withdraw, None, None, now));
            self.queue.push_later(parcel, at);
        }
    }
}

/// Whether an event ends the doubt that an intent began.
fn ends_an_intent(event: Event) -> bool {
    matches!(event, Event::Accept | Event::Reject | Event::ProvenNotSent | Event::Withdraw | Event::LoseTrack)
}
