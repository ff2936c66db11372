//! What people say to a run from beside it while it goes on: it is to wait, to go on or to end, or somebody opted out.
//! And how old the proof may be that the run is still ours when something goes out.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use chrono::DateTime;

use super::engine::{End, Engine, Now};

/// Nothing goes out on proof that is older than this: a process that slept looks first whether the state is still its
/// own, and what was said meanwhile.
pub const LEASE: Duration = Duration::from_secs(1);

/// The number of the last word of people that is known; later ones are greater.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub i64);

/// Why nothing of a campaign may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HoldKind {
    /// Until somebody says that it may go on.
    Paused,
    /// For good.
    Cancelled,
}

impl HoldKind {
    /// The word for it, in the state and in public output; frozen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
        }
    }

    /// What the word means; `None` for one that is not ours.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Paused, Self::Cancelled].into_iter().find(|kind| kind.name() == name)
    }
}

/// Somebody's word that nothing of a campaign may go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Why.
    pub what: HoldKind,
    /// Who said so.
    pub who: String,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
}

impl fmt::Display for Hold {
    /// `paused by root@shop-1 since 2026-12-01 09:00:00 UTC`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = DateTime::from_timestamp_millis(self.at_ms).unwrap_or_default();
        let since = if self.what == HoldKind::Paused { "since" } else { "at" };
        write!(f, "{} by {} {since} {}", self.what.name(), self.who, at.format("%Y-%m-%d %H:%M:%S UTC"))
    }
}

/// Who told us of an opt-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// A gateway.
    Gateway,
    /// A person, at the command line.
    Person,
}

/// What was said since the last look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// The last word among them.
    pub up_to: Mark,
    /// Whether somebody is opted out now, by canonical address; `None` was taken back.
    pub opt_outs: BTreeMap<String, Option<Teller>>,
    /// The hold on the run's campaign, as it is now.
    pub hold: Option<Hold>,
}

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
