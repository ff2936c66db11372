//! The engine's turns. The people of a run go by one clock, or by many: each opens and closes at its own times. A run is
//! delivered in turns: in each, messages go to those whose clocks are open, until one opens or closes. Between two
//! turns nothing is under way and nothing is queued, so that the next one reads from the start whom it is for.

use super::clocks::{After, Clocks};
use super::engine::{End, Engine, Now, change};
use super::message::{Change, Claimed, MessageKey, Parcel};
use super::state::Event;

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
