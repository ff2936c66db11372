//! What people and machines are told. Each report is a type of its own: the machines' form is frozen and
//! versioned, and never a dump of internals.

pub mod alphabet;
pub mod approval;
pub mod audience;
pub mod begun;
pub mod campaign;
pub mod cancel;
pub mod control;
pub mod decisions;
pub mod delivery;
pub mod events;
pub mod findings;
pub mod flaws;
pub mod fleet;
pub mod hours;
pub mod html;
pub mod keeping;
pub mod layout;
pub mod left_out;
pub mod markdown;
pub mod mask;
pub mod messages;
pub mod occurrences;
pub mod oddities;
pub mod plan;
pub mod preview;
pub mod profile;
pub mod readers;
pub mod reference;
pub mod rehearsal;
pub mod rejects;
pub mod resolve;
pub mod status;
pub mod texts;
mod xml;
