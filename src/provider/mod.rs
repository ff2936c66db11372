//! Providers as data: a profile says how a gateway is spoken to, this engine speaks it. Pure: it makes
//! requests as values and reads answers as values; no Rust names a provider.

pub mod auth;
pub mod class;
pub mod cost;
pub mod example;
pub mod exchange;
pub mod inquiry;
pub mod key;
pub mod mimic;
pub mod profile;
pub mod raw;
pub mod raw_example;
pub mod replay;
pub mod request;
pub mod response;
pub mod secrets;
pub mod token;
pub mod wire;

mod answer;
mod builtin;
mod compile;
mod json;
mod recorded;
mod resolve;
mod resolve_answer;
mod resolve_call;
mod resolve_example;
mod template;

pub use auth::{AuthError, AuthStep};
pub use builtin::builtin_names;
pub use class::{Class, Outcome, Reading, RetryAfter, Verdict};
pub use cost::Cost;
pub use exchange::{Fault, Request, Response};
pub use profile::{Limits, OverrideError, Profile};
pub use replay::{ExampleFailure, Gap, Problem};
pub use request::{Batch, BuildError, Member, Part};
pub use secrets::{SecretRef, Secrets};
pub use token::Token;

/// The published JSON Schema of profiles.
pub fn schema() -> serde_json::Value {
    crate::yaml::document::<raw::Profile>("provider.schema.json", "sendplan provider profile")
}
