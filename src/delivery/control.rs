//! What people say to a run from beside it while it goes on: it is to wait, to go on or to end, or somebody opted out.

use std::collections::BTreeMap;
use std::fmt;

use chrono::DateTime;

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
