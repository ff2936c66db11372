//! Messages of a run on their way: what is claimed from the state, sent together as a batch, and what is
//! written back.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::clock::ClockId;
use super::paces::Load;
use super::state::Event;
use crate::message::Part;

/// The place of a message in its run. The order of keys is the order of claims: equal texts are
/// neighbours, texts come in the order in which they were first pinned. A part has a text of its own, so that the
/// parts of one person are neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey {
    /// The number of its text in the run, from 1.
    pub text: i64,
    /// Its position in the plan, from 1.
    pub seq: i64,
}

impl fmt::Display for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (text {})", self.seq, self.text)
    }
}

/// A message ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its place.
    pub key: MessageKey,
    /// The recipient's identity.
    pub recipient: Arc<str>,
    /// The address in canonical text; shared with the identity where it is the same.
    pub address: Arc<str>,
    /// The text; messages with the same text share it.
    pub text: Arc<str>,
    /// How many parts the text takes.
    pub segments: u16,
    /// Which part of a longer text it is; `None` for a whole one.
    pub part: Option<Part>,
    /// How many requests it was in before.
    pub attempts: u32,
    /// Whether it is sent again although nobody knows of an earlier copy, which may have arrived.
    pub second_copy: bool,
    /// By whose clock it goes out; `None` where all of the run go by one.
    pub clock: Option<ClockId>,
}

/// Which messages are wanted of the state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    /// After this one; from the start without it.
    pub after: Option<MessageKey>,
    /// How many.
    pub most: usize,
    /// Of people who go by these clocks; of all of them without it.
    pub clocks: Option<Arc<[ClockId]>>,
}

impl Claim {
    /// The next messages of anybody.
    pub fn next(after: Option<MessageKey>, most: usize) -> Self {
        Self { after, most, clocks: None }
    }
}

/// Something that happened to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which message.
    pub key: MessageKey,
    /// What happened.
    pub event: Event,
    /// The provider's id; `None` leaves the one that is known.
    pub provider_id: Option<String>,
    /// Why; replaces the reason before, `None` clears it.
    pub reason: Option<String>,
    /// Whether the gateway says that this person wants nothing from us any more: kept with the change, for good.
    pub opted_out: bool,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
}

/// A message in the hands of the engine, with what was tried in this process.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// The message.
    pub message: Claimed,
    /// How often it failed for a reason of its own.
    pub failures: u16,
    /// How many messages of the run had been accepted when it failed first.
    pub accepted_before: u64,
    /// Whether an earlier request with it may have been carried out: what becomes of this one says nothing of that.
    pub doubtful: bool,
    /// Whether a renewed credential was refused for it before.
    pub refused_once: bool,
    /// From when on it may not arrive any more, by the turn in which it goes out; nothing where nothing closes.
    pub closes: Option<DateTime<Utc>>,
}

impl Parcel {
    /// Fresh from the state.
    pub fn new(message: Claimed) -> Self {
        Self {
            doubtful: message.second_copy,
            message,
            failures: 0,
            accepted_before: 0,
            refused_once: false,
            closes: None,
        }
    }
}

/// The messages of one request: all with the same text, unless the gateway takes a text for each.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Its number in this process, for matching answers.
    pub number: u64,
    /// At least one.
    pub parcels: Vec<Parcel>,
    /// From when on none of it may arrive any more.
    pub closes: Option<DateTime<Utc>>,
}

impl Batch {
    /// How many messages.
    pub fn len(&self) -> usize {
        self.parcels.len()
    }

    /// What it takes of the paces. A message without segments, such as a note, counts as one.
    pub fn load(&self) -> Load {
        let segments = self.parcels.iter().map(|parcel| usize::from(parcel.message.segments.max(1))).sum();
        Load { messages: self.len(), segments }
    }

    /// Never, for a batch that was formed; here for the sake of `len`.
    pub fn is_empty(&self) -> bool {
        self.parcels.is_empty()
    }
}
