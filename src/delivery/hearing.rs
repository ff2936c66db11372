//! How the engine hears what people say, and how old the proof may be that the run is still ours when something goes
//! out.

use std::time::Duration;

use super::control::{Hold, HoldKind, News};
use super::engine::{End, Engine, Now};

/// Nothing goes out on proof that is older than this: a process that slept looks first whether the state is still its
/// own, and what was said meanwhile.
pub const LEASE: Duration = Duration::from_secs(1);

impl Engine {
    /// What people have said. To be told before [`Engine::committed`], so that no intent is used that a word came
    /// before.
    pub fn hear(&mut self, news: News) {
        // Without durable intents nobody can have come between.
        let none_waits =
            self.ready.is_empty() && self.commit.as_ref().is_none_or(|commit| commit.batches.is_empty());
        for (address, teller) in news.opt_outs {
            match teller {
                None => self.opt_outs.forget(&address),
                Some(teller) if none_waits => self.opt_outs.add(address, teller),
                Some(teller) => self.opt_outs.learn(&address, teller),
            }
        }
        self.hold = news.hold;
        if let Some(hold) = self.hold.as_ref().filter(|hold| hold.what == HoldKind::Cancelled) {
            self.end.get_or_insert(End::Cancelled(hold.to_string()));
        } else if let Some(hold) = self.hold.as_ref().filter(|_| self.leaves_when_paused) {
            let end = End::Paused(hold.to_string());
            self.has_left |= self.end.get_or_insert_with(|| end.clone()) == &end;
        }
    }

    /// Whether it came to its end because somebody paused the campaign.
    pub fn left_when_paused(&self) -> bool {
        self.has_left
    }

    /// The hold that keeps the run from going on, if there is one.
    pub fn held(&self) -> Option<&Hold> {
        self.hold.as_ref()
    }

    /// Whether it has been too long since a commit proved that the state is still ours. A commit is as old as its
    /// beginning. The calendar counts too, because a machine that sleeps may stop the other clock.
    pub(super) fn is_unproven(&self, now: Now) -> bool {
        let Some(proven) = self.proven else { return true };
        let by_calendar = (now.utc - proven.utc).to_std().unwrap_or_default();
        now.elapsed.saturating_sub(proven.elapsed).max(by_calendar) > LEASE
    }
}

#[cfg(test)]
mod tests;
