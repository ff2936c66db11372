//! Providers as data: a profile says how a gateway is spoken to, this engine speaks it. Pure: it makes
//! requests as values and reads answers as values; no Rust names a provider.

pub mod auth;
pub mod class;
pub mod cost;
pub mod example;
pub mod exchange;
pub mod inquiry;
pub mod key;
pub mod lists;
pub mod mimic;
pub mod part;
pub mod profile;
pub mod raw;
pub mod request;
pub mod response;
pub mod secrets;
pub mod token;
pub mod wire;

mod answer;
mod builtin;
mod json;
mod resolve;

pub use auth::{AuthError, AuthStep};
pub use builtin::builtin_names;
pub use class::{Class, Outcome, Reading, RetryAfter, Verdict};
pub use cost::Cost;
pub use example::replay::{ExampleFailure, Gap, Problem};
pub use exchange::{Fault, Request, Response};
pub use part::Part;
pub use profile::{Limits, OverrideError, Profile};
pub use request::{Batch, BuildError, Member};
pub use secrets::{SecretRef, Secrets};
pub use token::Token;

/// The published JSON Schema of profiles.
pub fn schema() -> serde_json::Value {
    crate::yaml::document::<raw::Profile>("provider.schema.json", "sendplan provider profile")
}
