//! What is said: templates over a row, and what the text costs on the air.

mod filters;
pub mod gsm7;
pub mod part;
mod plain;
pub mod recipient;
pub mod segments;
pub mod spelling;
pub mod template;

pub use filters::Clock;
pub use part::Part;
pub use recipient::{Names, Recipient};
pub use segments::{Encoding, Measure, culprits, measure, split};
pub use template::{Scratch, Spelling, Template};
