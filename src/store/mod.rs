//! The state: which runs were begun, who is in them, and where each message stands. This file is the
//! contract, [`Store`] and its plain types; what keeps it lives beside: `sqlite`, `lock`, `journal`.

#[cfg(test)]
mod contract;
pub mod error;
pub mod journal;
pub mod lock;
mod private;
pub mod sqlite;

use std::fmt;

pub use crate::delivery::message::{Change, Claimed, MessageKey};
use crate::delivery::state::State;
pub use crate::store::error::StoreError;

/// The number of a run in its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Rows of the audience that are in no message, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Excluded {
    /// Unusable: no valid address and the like.
    pub rejected: u64,
    /// On a suppression list.
    pub suppressed: u64,
    /// Left out by `where`.
    pub filtered: u64,
    /// Already in the plan under the same identity.
    pub duplicates: u64,
}

/// A run about to be pinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// The campaign's name.
    pub campaign: String,
    /// The occurrence, such as `2026-12-01T09:00[Africa/Nairobi]`, or `once`.
    pub occurrence: String,
    /// What the sender needs to resume without the campaign's files, as JSON; not read here.
    pub pinned: String,
    /// When, in Unix milliseconds.
    pub created_at_ms: i64,
}

impl NewRun {
    /// What tells it from every other run.
    pub fn key(&self) -> String {
        run_key(&self.campaign, &self.occurrence)
    }
}

/// What tells a run from every other one, on every machine: keys of messages come from it. Frozen.
pub fn run_key(campaign: &str, occurrence: &str) -> String {
    format!("{campaign} {occurrence}")
}

/// A message as it will be sent, however the campaign's files change after this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinnedMessage<'a> {
    /// The recipient's identity, unique in the run.
    pub recipient: &'a str,
    /// The address in canonical text.
    pub address: &'a str,
    /// The rendered text.
    pub text: &'a str,
    /// How many parts the text takes.
    pub segments: u16,
}

/// A pin in progress: all of it becomes durable with [`Pinning::seal`], or nothing does. Dropping it
/// undoes it.
pub trait Pinning {
    /// Adds the next message.
    ///
    /// # Errors
    /// [`StoreError::DuplicateRecipient`], and whatever the disk does; the pin is lost then.
    fn add(&mut self, message: &PinnedMessage<'_>) -> Result<(), StoreError>;

    /// Makes the run durable and gives its number. `digest` and `excluded` are what the plan came to, known
    /// only at its end.
    ///
    /// # Errors
    /// [`StoreError::Full`] and other failures of the disk; nothing is pinned then.
    fn seal(self: Box<Self>, digest: &str, excluded: &Excluded) -> Result<RunId, StoreError>;
}

/// How many messages of a run are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them: always the sum of the states.
    pub planned: u64,
    by_state: [u64; State::ALL.len()],
}

impl Counts {
    /// Adds `n` messages in a state; `planned` stays.
    pub fn add(&mut self, state: State, n: u64) {
        self.by_state[state as usize] += n;
    }

    /// How many are in this state.
    pub fn of(&self, state: State) -> u64 {
        self.by_state[state as usize]
    }

    /// The sum of the states.
    pub fn sum(&self) -> u64 {
        self.by_state.iter().sum()
    }

    /// How many may still be sent without anybody deciding anything.
    pub fn open(&self) -> u64 {
        State::ALL.iter().filter(|state| state.is_open()).map(|state| self.of(*state)).sum()
    }
}

/// A run as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// As pinned.
    pub pinned: NewRun,
    /// The digest of its plan.
    pub digest: String,
    /// Who is not in it.
    pub excluded: Excluded,
    /// When it was finished, in Unix milliseconds.
    pub finished_at_ms: Option<i64>,
    /// Where its messages stand.
    pub counts: Counts,
}

/// A message as a report lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its place.
    pub key: MessageKey,
    /// The recipient's identity.
    pub recipient: String,
    /// The address in canonical text.
    pub address: String,
    /// Where it stands.
    pub state: State,
    /// How many requests it was in.
    pub attempts: u32,
    /// How many parts the text takes.
    pub segments: u16,
    /// The provider's id.
    pub provider_id: Option<String>,
    /// The reason of the last change.
    pub reason: Option<String>,
    /// When it last changed, in Unix milliseconds.
    pub changed_at_ms: i64,
}

/// What keeps the state. Every implementation passes the same contract tests. Times come in as
/// arguments; errors of any call can be those of the disk ([`StoreError`]).
pub trait Store {
    /// Begins to pin a run, unique by campaign and occurrence.
    ///
    /// # Errors
    /// [`StoreError::RunExists`].
    fn pin(&mut self, run: &NewRun) -> Result<Box<dyn Pinning + '_>, StoreError>;

    /// The run of an occurrence.
    ///
    /// # Errors
    /// Those of the disk.
    fn run(&self, campaign: &str, occurrence: &str) -> Result<Option<Run>, StoreError>;

    /// All runs, or those of one campaign, oldest first.
    ///
    /// # Errors
    /// Those of the disk.
    fn runs(&self, campaign: Option<&str>) -> Result<Vec<Run>, StoreError>;

    /// The runs of a campaign that are not finished, oldest first.
    ///
    /// # Errors
    /// Those of the disk.
    fn unfinished(&self, campaign: &str) -> Result<Vec<Run>, StoreError>;

    /// The next `n` pending messages after a key (or from the start), in the order of keys. Reads
    /// only: what is done with them is said with [`Store::commit`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a pending message has lost its text.
    fn claim(&self, run: RunId, after: Option<MessageKey>, n: usize) -> Result<Vec<Claimed>, StoreError>;

    /// Records changes, in order, all or none, durable on return: one transaction, one fsync. The
    /// text of a message is erased with the last message that needs it. A change that makes a
    /// message pending again reopens a finished run.
    ///
    /// # Errors
    /// [`StoreError::Illegal`], [`StoreError::NoSuchMessage`], [`StoreError::Full`].
    fn commit(&mut self, run: RunId, changes: &[Change]) -> Result<(), StoreError>;

    /// Turns every intent without an outcome into an unknown, with the reason `interrupted`, and
    /// says how many there were. For a process that has the lock, before it sends.
    ///
    /// # Errors
    /// Those of the disk.
    fn recover(&mut self, run: RunId, at_ms: i64) -> Result<u64, StoreError>;

    /// Where the messages of a run stand.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`].
    fn counts(&self, run: RunId) -> Result<Counts, StoreError>;

    /// The next `n` messages after a key, in the order of keys: all, or those in one state.
    ///
    /// # Errors
    /// Those of the disk.
    fn messages(
        &self,
        run: RunId,
        state: Option<State>,
        after: Option<MessageKey>,
        n: usize,
    ) -> Result<Vec<Listed>, StoreError>;

    /// Marks a run finished. Unknown outcomes may remain in it. Once is enough; again is nothing.
    ///
    /// # Errors
    /// [`StoreError::StillOpen`] while something may still be sent.
    fn finish(&mut self, run: RunId, at_ms: i64) -> Result<(), StoreError>;
}
