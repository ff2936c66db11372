//! Decisions of people about messages, recorded for good: who, when, what and why.

use crate::delivery::resolution::Resolution;

/// A decision, as it is recorded with every change that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Who: a person and a machine, as `world::person` says it.
    pub who: String,
    /// What.
    pub what: Resolution,
    /// Why, in that person's words.
    pub reason: Option<String>,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
}

/// A decision as it was recorded. What other verbs record of a campaign is among them, with words of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Its number; later ones are greater.
    pub id: i64,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// Who.
    pub who: String,
    /// What, such as [`Resolution::name`].
    pub what: String,
    /// The occurrence of the run, where it was about one.
    pub occurrence: Option<String>,
    /// The recipient's identity, or the address of an opt-out; `None` where it was about no one person.
    pub recipient: Option<String>,
    /// The recipient's address in canonical text, while the message is there.
    pub address: Option<String>,
    /// Why.
    pub reason: Option<String>,
}
