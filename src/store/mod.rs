//! The state: which runs were begun, who is in them, and where each message stands. This file is the
//! contract, [`Store`] and its plain types; what keeps it lives beside: `sqlite`, `lock`, `journal`.

#[cfg(test)]
mod contract;
pub mod control;
pub mod decision;
pub mod ears;
pub mod error;
pub mod journal;
pub mod lock;
mod private;
pub mod sqlite;

use std::fmt;

pub use crate::delivery::clock::ClockId;
pub use crate::delivery::message::{Change, Claim, Claimed, MessageKey};
pub use crate::delivery::receipt::{Receipt, ReceiptStatus};
pub use crate::delivery::resolution::Resolution;
use crate::delivery::state::State;
use crate::message::{Part, WordingId};
pub use crate::store::decision::{Decided, Decision};
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
    /// Not asked for: left out by `where`, `allow_types` or `sample`.
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
    /// The recipient's identity: with one whole message in the run, or with each part of one text.
    pub recipient: &'a str,
    /// The address in canonical text.
    pub address: &'a str,
    /// The rendered text.
    pub text: &'a str,
    /// How many parts the text takes.
    pub segments: u16,
    /// Which part of a longer text it is. The parts of one text are added one after the other, the first one first.
    pub part: Option<Part>,
    /// By whose clock it goes out.
    pub clock: PinnedClock<'a>,
    /// Which of its campaign's texts it is, where there are several.
    pub wording: Option<WordingId>,
}

/// By whose clock a message goes out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PinnedClock<'a> {
    /// By the campaign's.
    #[default]
    Campaign,
    /// By this one of the run's.
    Own(ClockId),
    /// By none, for this reason: it is held.
    Held(&'a str),
}

/// A clock of a run by which some of its people go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunClock {
    /// Its number.
    pub id: ClockId,
    /// The zones in which they may be, by their names.
    pub zones: Vec<String>,
    /// How many of their messages are pending.
    pub pending: u64,
}

/// A pin in progress: all of it becomes durable with [`Pinning::seal`], or nothing does. Dropping it
/// undoes it.
pub trait Pinning {
    /// The number of the clock of people who may be in these zones; the same each time for the same zones.
    ///
    /// # Errors
    /// Whatever the disk does; the pin is lost then.
    fn clock(&mut self, zones: &[&str]) -> Result<ClockId, StoreError>;

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
    /// How many of the accepted ones are known to have arrived.
    pub delivered: u64,
    /// How many of the accepted ones are known not to have arrived.
    pub failed: u64,
    by_state: [u64; State::ALL.len()],
}

impl Counts {
    /// Adds `n` messages in a state; `planned` stays. A damaged state may say anything: what is too much for a number
    /// stays at the largest one, which is never what was planned.
    pub fn add(&mut self, state: State, n: u64) {
        let count = &mut self.by_state[state as usize];
        *count = count.saturating_add(n);
    }

    /// Adds `n` messages with a receipt; their state stays.
    pub fn add_receipts(&mut self, status: ReceiptStatus, n: u64) {
        match status {
            ReceiptStatus::Delivered => self.delivered = self.delivered.saturating_add(n),
            ReceiptStatus::Failed => self.failed = self.failed.saturating_add(n),
        }
    }

    /// How many are in this state.
    pub fn of(&self, state: State) -> u64 {
        self.by_state[state as usize]
    }

    /// The sum of the states.
    pub fn sum(&self) -> u64 {
        self.by_state.iter().fold(0, |sum, n| sum.saturating_add(*n))
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
    /// When its messages were pruned, in Unix milliseconds: only its counts are left, and whom it reached.
    pub pruned_at_ms: Option<i64>,
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
    /// Whether it waits to be sent again although nobody knows of an earlier copy, which may have arrived.
    pub second_copy: bool,
    /// How many parts the text takes.
    pub segments: u16,
    /// Which part of a longer text it is; `None` for a whole one.
    pub part: Option<Part>,
    /// Which of its campaign's texts it is, where there are several.
    pub wording: Option<WordingId>,
    /// The provider's id.
    pub provider_id: Option<String>,
    /// The reason of the last change, or of the receipt.
    pub reason: Option<String>,
    /// When its state last changed, in Unix milliseconds.
    pub changed_at_ms: i64,
    /// What became of an accepted one, as far as the gateway told.
    pub receipt: Option<ReceiptStatus>,
    /// When that happened, or we were told, in Unix milliseconds.
    pub receipt_at_ms: Option<i64>,
}

/// A message of which nobody can tell whether it was sent, with what it said: enough to ask the gateway about it, or
/// to send it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMessage {
    /// As a report lists it.
    pub listed: Listed,
    /// The text; it is kept until the outcome is definite.
    pub text: String,
}

/// What pruning a run came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Messages that were deleted.
    pub messages: u64,
    /// People whom they may have reached, who are kept.
    pub contacts: u64,
}

/// What a proof of the whole state came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// The runs that could be read, oldest first.
    pub runs: Vec<Run>,
    /// What is wrong, in words; nothing in a sound state.
    pub wrong: Vec<String>,
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

    /// The occurrences of a campaign that were begun, in the order in which they were: all that is needed of many runs
    /// to know what comes next.
    ///
    /// # Errors
    /// Those of the disk.
    fn occurrences(&self, campaign: &str) -> Result<Vec<String>, StoreError>;

    /// The counts of all runs of each campaign together, by its name.
    ///
    /// # Errors
    /// Those of the disk.
    fn totals(&self) -> Result<Vec<(String, Counts)>, StoreError>;

    /// The next pending messages that a claim is for, in the order of keys. Reads only: what is done with them is said
    /// with [`Store::commit`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a pending message has lost its text.
    fn claim(&self, run: RunId, claim: &Claim) -> Result<Vec<Claimed>, StoreError>;

    /// Where the messages of each of a run's texts stand, by its number; nothing where there is one text only. Looks at
    /// every message of the run once, where there are several.
    ///
    /// # Errors
    /// Those of the disk.
    fn by_wording(&self, run: RunId) -> Result<Vec<(WordingId, Counts)>, StoreError>;

    /// The clocks by which the people of a run go, in the order of their numbers; none where all go by one. Looks at every
    /// message of the run once, where there are some (some 0.1 s a million).
    ///
    /// # Errors
    /// Those of the disk.
    fn clocks(&self, run: RunId) -> Result<Vec<RunClock>, StoreError>;

    /// Records changes, in order, all or none, durable on return: one transaction, one fsync. The
    /// text of a message is erased with the last message that needs it. A change that makes a
    /// message pending again reopens a finished run.
    ///
    /// # Errors
    /// [`StoreError::Illegal`], [`StoreError::NoSuchMessage`], [`StoreError::Full`].
    fn commit(&mut self, run: RunId, changes: &[Change]) -> Result<(), StoreError>;

    /// Records changes as [`Store::commit`] does, and with them, in the same transaction, who decided so: a row for
    /// each change ([`Store::decisions`]).
    ///
    /// # Errors
    /// As of [`Store::commit`]; nothing is recorded then, neither the changes nor the decision.
    fn decide(&mut self, run: RunId, changes: &[Change], decision: &Decision) -> Result<(), StoreError>;

    /// Records changes as [`Store::decide`] does, and that these messages go by the clock of people in these zones.
    ///
    /// # Errors
    /// As of [`Store::commit`]; nothing is recorded then.
    fn place(
        &mut self,
        run: RunId,
        changes: &[Change],
        zones: &[&str],
        decision: &Decision,
    ) -> Result<(), StoreError>;

    /// The next `n` decisions about a campaign, its messages or itself, after the one of this number, oldest first.
    ///
    /// # Errors
    /// Those of the disk.
    fn decisions(&self, campaign: &str, after: Option<i64>, n: usize) -> Result<Vec<Decided>, StoreError>;

    /// Who has opted out, in any run of this state, as gateways and people have said: canonical addresses, in order.
    /// Recorded with the changes that say so ([`Change::opted_out`]), or by [`control::Control::opt_out`].
    ///
    /// # Errors
    /// Those of the disk.
    fn opt_outs(&self) -> Result<Vec<String>, StoreError>;

    /// Records canonical addresses as opted out, durable on return; `source` is the campaign in which we were told.
    /// Answers how many were not known yet.
    ///
    /// # Errors
    /// Those of the disk.
    fn record_opt_outs(&mut self, addresses: &[String], source: &str, at_ms: i64) -> Result<u64, StoreError>;

    /// Calls `each` with everybody whom a run may have reached after `since_ms`: the canonical address, and the time
    /// that is known for it. Messages that were accepted or are unknown count, intents, which may have left, and those
    /// that wait to be sent again while nobody knows of the first copy; the parts of one text come one by one; a pruned
    /// run tells what is left of it. The time is that of the state, which a receipt does not change, and never later
    /// than the end of the run: who decides about an unknown message afterwards sends nothing. Looks at every message of
    /// the run once (some 0.4 s a million).
    ///
    /// # Errors
    /// Those of the disk.
    fn contacts(&self, run: RunId, since_ms: i64, each: &mut dyn FnMut(&str, i64)) -> Result<(), StoreError>;

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

    /// The next `n` unknown messages after a key, in the order of keys, with their texts.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when one has lost its text.
    fn unknowns(
        &self,
        run: RunId,
        after: Option<MessageKey>,
        n: usize,
    ) -> Result<Vec<UnknownMessage>, StoreError>;

    /// The next `n` messages after a key, in the order of keys, that were accepted under a provider's id and have no
    /// receipt yet. Looks at every message after the key until it has them (some 0.1 s a million).
    ///
    /// # Errors
    /// Those of the disk.
    fn awaiting_receipt(
        &self,
        run: RunId,
        after: Option<MessageKey>,
        n: usize,
    ) -> Result<Vec<Listed>, StoreError>;

    /// Records receipts, in order, all or none, durable on return, and says how many told something new. No state
    /// changes by it, and one that was delivered stays so ([`ReceiptStatus::after`]). A finished run takes them too.
    ///
    /// # Errors
    /// [`StoreError::NotAccepted`], [`StoreError::NoSuchMessage`], [`StoreError::Full`].
    fn record_receipts(&mut self, run: RunId, receipts: &[Receipt]) -> Result<u64, StoreError>;

    /// Which messages, of any run, are known under one of these ids of a provider. Looks at every message of the
    /// state once, however many ids there are (some 0.1 s a million).
    ///
    /// # Errors
    /// Those of the disk.
    fn known_ids(&self, ids: &[&str]) -> Result<Vec<(String, RunId, MessageKey)>, StoreError>;

    /// Marks a run finished. Unknown outcomes may remain in it. Once is enough; again is nothing.
    ///
    /// # Errors
    /// [`StoreError::StillOpen`] while something may still be sent.
    fn finish(&mut self, run: RunId, at_ms: i64) -> Result<(), StoreError>;

    /// Deletes the messages of a finished run, all or none, durable on return. What stays is the run with its counts,
    /// decisions, opt-outs, and whom it reached ([`Store::contacts`]). Once is enough; again is nothing.
    ///
    /// # Errors
    /// [`StoreError::StillNeeded`] while it is not finished or has unknown messages.
    fn prune(&mut self, run: RunId, at_ms: i64) -> Result<Pruned, StoreError>;

    /// Proves the whole state as it is at one moment: every run's books, its receipts and its texts (some 1 s a million
    /// messages). What is wrong is told and left as it is.
    ///
    /// # Errors
    /// Those of the disk, also where it cannot be read that far.
    fn verify(&self) -> Result<Verified, StoreError>;
}
