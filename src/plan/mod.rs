//! Who gets what: a file of recipients and a template become messages, in the order of the file, the same
//! bytes on any number of threads. Nothing is sent and nothing is stored here.

pub mod alphabet;
mod batch;
mod claims;
mod collector;
mod digest;
mod few;
pub mod flaws;
pub mod limits;
mod pipeline;
pub mod readers;
pub mod totals;
mod tracing;
mod whereabouts;

use std::sync::Arc;

use crate::audience::address::Address;
use crate::audience::dialect::Dialect;
use crate::audience::exclusion::Exclusion;
use crate::audience::place::Place;
use crate::audience::read::ReadError;
use crate::audience::rules::Rules;
use crate::audience::suppress::Suppression;
use crate::message::hygiene::Flaw;
use crate::message::segments::{Measure, Reference};
use crate::message::wording::{WordingId, Wordings};
use crate::provider::Cost;

pub use alphabet::{Alphabet, Culprit, Origin};
pub use flaws::{Excerpt, FlawCount, Flaws};
pub use limits::{Refusal, check};
pub use pipeline::{Last, last_rows, run, run_files, run_files_keeping};
pub use readers::Readers;
pub use totals::Bill;
pub use totals::{Located, PartCount, Totals};
pub use tracing::{Tracer, WrittenRow};
pub use whereabouts::{Lost, Whereabouts, clock};

/// Everything that decides what a file of recipients becomes.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// How rows are read.
    pub rules: Rules,
    /// What is said, and to whom.
    pub wordings: Wordings,
    /// Who must not be written to.
    pub suppression: Suppression,
    /// What the parts of one text share at the gateway.
    pub reference: Reference,
    /// What the gateway takes, where that is known.
    pub cost: Option<Cost>,
    /// Whether it matters where recipients are.
    pub locates: bool,
}

/// A file of recipients, opened.
#[derive(Debug)]
pub struct Input<R> {
    /// What people are shown for it.
    pub name: Arc<str>,
    /// Its bytes.
    pub reader: R,
    /// How it is written.
    pub dialect: Dialect,
    /// How many bytes of UTF-8 it has, about, where that is known: whoever reads it can make room at once.
    pub bytes: Option<u64>,
}

/// What became of a row, in the order of the file.
#[derive(Debug)]
pub enum Entry<'a> {
    /// A message.
    Planned {
        /// Where the row stands.
        place: Place,
        /// The identity; the canonical address where the audience has no column of identities.
        id: &'a str,
        /// Where to.
        address: &'a Address,
        /// The text.
        text: &'a str,
        /// Which of the campaign's texts it is.
        wording: WordingId,
        /// What the text takes on the air.
        measure: Measure,
        /// Where the recipient may be, where that matters.
        whereabouts: Option<Whereabouts>,
        /// SHA-256 over the identity, the address and the text.
        digest: &'a [u8; 32],
        /// What is wrong with the text, with where it comes from.
        flaws: &'a [(Flaw, Origin)],
        /// The row as it stands in the text, to be read by those who need it.
        row: WrittenRow<'a>,
    },
    /// No message.
    Excluded {
        /// Where the row stands.
        place: Place,
        /// Why.
        reason: &'a Exclusion,
        /// The row as it stands in the file.
        row: &'a csv::ByteRecord,
    },
}

/// A plan that was not made. What the sink has seen until then is void.
#[derive(Debug, thiserror::Error)]
pub enum PlanError<E> {
    /// A file is refused.
    #[error("{file}: {error}")]
    Read {
        /// Its name.
        file: Arc<str>,
        /// Why.
        error: ReadError,
    },
    /// The sink has refused an entry.
    #[error("{0}")]
    Sink(E),
    /// The files were others when they were read again.
    #[error("the recipients have changed between two readings")]
    Changed,
    /// A thread has died; a fault of ours.
    #[error("a worker of the plan has failed; please report this")]
    Worker,
}
