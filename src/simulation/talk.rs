//! What goes between a sender and a gateway in memory: a request on its way, and what is said to it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::delivery::message::Batch;
use crate::provider::{RetryAfter, Token};
use crate::simulation::faults::Fault;

/// A request on its way.
#[derive(Debug, Clone)]
pub struct Flight {
    /// What it holds.
    pub batch: Arc<Batch>,
    /// The credential that it shows.
    pub token: Option<Arc<Token>>,
    /// What goes wrong with it.
    pub fault: Option<Fault>,
    /// What the sender's clock showed when it went out.
    pub sent: DateTime<Utc>,
}

/// What became of one member of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Result {
    /// Taken, under this id; now or before.
    Taken(u64),
    /// Refused.
    Rejected,
    /// Refused: the person wants nothing.
    OptedOut,
}

/// What a gateway says to a request as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It was never reached.
    Unreached,
    /// Nothing came back.
    Lost,
    /// A status without results.
    Status(u16, Option<RetryAfter>),
    /// A result a member; the fault is what is wrong with the answer.
    Results(Vec<Result>, Option<Fault>),
}
