//! `delivery` and `limits` as they are written: how fast, how often, and how much at most.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::units::{Rate, Span};
use crate::yaml::Spanned;

/// Pace and patience.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The most messages in a second, minute or hour. Without it, as fast as the gateway answers.
    #[serde(default)]
    #[schemars(with = "Option<Rate>")]
    pub rate: Option<Spanned<String>>,
    /// The most SMS segments in a second, minute or hour.
    #[serde(default)]
    #[schemars(with = "Option<Rate>")]
    pub segments: Option<Spanned<String>>,
    /// The most requests under way at once. 16 where nothing is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1024), example = 16)]
    pub concurrency: Option<Spanned<u16>>,
    /// What happens to a message that provably was not sent.
    #[serde(default)]
    pub retry: Option<Retry>,
    /// What happens to a message whose outcome is not known.
    #[serde(default)]
    pub unknown: Option<Spanned<Unknown>>,
}

/// Attempts and the pauses between them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// The most attempts a message gets, the first included. 5 where nothing is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100), example = 5)]
    pub attempts: Option<Spanned<u16>>,
    /// The pause before the second attempt; it doubles from then on. 1s where nothing is said.
    #[serde(default)]
    #[schemars(with = "Option<Span>")]
    pub backoff: Option<Spanned<String>>,
    /// The longest pause, and the longest that a gateway's own wish is heeded. 5m where nothing is said.
    #[serde(default)]
    #[schemars(with = "Option<Span>")]
    pub max_backoff: Option<Spanned<String>>,
}

/// A message that may or may not have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// It is listed, and never sent again by itself.
    Hold,
    /// It is sent again: somebody may get two. Only sane where the gateway honours an idempotency key.
    Resend,
}

/// Caps on the whole plan.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The most messages.
    #[serde(default)]
    #[schemars(range(min = 1), example = 100_000)]
    pub recipients: Option<Spanned<u64>>,
    /// The most SMS segments, all messages together.
    #[serde(default)]
    #[schemars(range(min = 1), example = 250_000)]
    pub segments: Option<Spanned<u64>>,
    /// The most that all messages together may cost, by the gateway's prices.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]{1,6})? [A-Z]{3}$"), example = &"5000 KES")]
    pub cost: Option<Spanned<String>>,
}
