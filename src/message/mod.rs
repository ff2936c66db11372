//! What is said: templates over a row, and what the text costs on the air.

pub mod assembled;
pub mod gsm7;
pub mod part;
mod plain;
pub mod recipient;
pub mod segments;
pub mod snippets;
pub mod spelling;
pub mod template;

pub use assembled::{Assembled, Slip};
pub use part::Part;
pub use recipient::{Names, Recipient};
pub use segments::{Encoding, Measure, culprits, measure, split};
pub use snippets::Snippets;
pub use template::{Scratch, Spelling, Template};
