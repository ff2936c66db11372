//! The one expression language of manifests, messages and profiles: Tera 2, set up strictly. Sources
//! are compiled once into a [`Program`] and run many times. What a source may name is checked when it
//! is compiled, because Tera silently takes the else branch of `{% if typo %}`.

mod branches;
mod calls;
mod compared;
mod compile;
mod complaints;
mod errors;
mod filters;
mod names;
mod output;
pub mod parts;
mod plain;
mod program;
mod run;
mod source;
mod words;
mod work;

pub use tera::value::Key;
pub use tera::{Context, Map, Value};

pub use branches::{Branch, branches, taken};
pub use calls::{Choice, Filter, Options, applies_without, given_on_texts};
pub use compared::{Comparison, compared_with_numbers};
pub use errors::{EvalError, Problem};
pub use filters::{PAIR, percent_encoded, sha1_hex};
pub use names::{find_variable, may_read, members};
pub use output::MAX_RENDERED_BYTES;
pub use program::Program;
pub use source::{Kind, MAX_SOURCE_BYTES};
pub use words::{CUT, cut_at_word};

#[cfg(test)]
mod tests;
