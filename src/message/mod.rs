//! What is said: templates over a row, and what the text costs on the air.

pub mod assembled;
mod filters;
pub mod gsm7;
pub mod hygiene;
pub mod locale;
pub mod opt_out;
pub mod part;
mod plain;
pub mod recipient;
pub mod segments;
pub mod snippets;
pub mod spelling;
pub mod stop_words;
pub mod template;
pub mod wording;

pub use assembled::{Assembled, Slip};
pub use filters::Clock;
pub use locale::{Found, Locales, Tag};
pub use opt_out::OptOut;
pub use part::Part;
pub use recipient::{Names, Recipient};
pub use segments::{Encoding, Measure, culprits, measure, split};
pub use snippets::Snippets;
pub use template::{Scratch, Spelling, Template, Traced, Way};
pub use wording::{Texts, Variant, Wording, WordingId, Wordings};
