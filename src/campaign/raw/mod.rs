//! The manifest as written: a serde mirror with places, from which the published JSON Schema is made.
//! Nothing here is trusted; [`resolve`](super::resolve) makes domain types of it. What the schema calls
//! required is optional to serde, so that a missing key hides no other error.

mod audience;
mod delivery;
mod message;
mod provider;
mod schedule;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::yaml::{Node, Spanned, TextOr};

pub use audience::{Audience, Cap, Files};
pub use delivery::{Delivery, Limits, Retry, Unknown};
pub use message::{Locales, Message, Text, Variant};
use provider::built_in;
pub use provider::{AdaptedProvider, ProviderRef};
pub use schedule::{Missed, Schedule, WindowRef};

/// A campaign: who gets which text, through which gateway, when and how fast.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// The version of this format: 1.
    #[schemars(required, range(min = 1, max = 1), example = 1)]
    pub version: Option<Spanned<u32>>,
    /// The campaign's name: lower-case letters, digits and `-`. It is the campaign's key in the state, so
    /// a campaign that was renamed is a new campaign.
    #[schemars(required, regex(pattern = "^[a-z0-9][a-z0-9-]{0,62}$"), example = &"spring-sale")]
    pub name: Option<Spanned<String>>,
    /// The gateway: a built-in profile's name, a path to a profile of your own, or an object that adapts one.
    #[schemars(required, example = built_in())]
    pub provider: Option<Spanned<ProviderRef>>,
    /// What the gateway needs as sender; `sendplan provider show` says what that is.
    #[schemars(required, example = 1)]
    pub sender: Option<Spanned<Sender>>,
    /// Who receives it.
    #[schemars(required)]
    pub audience: Option<Spanned<Audience>>,
    /// What they receive.
    #[schemars(required)]
    pub message: Option<Spanned<Message>>,
    /// When it goes out. Without it, whenever `sendplan send` is called for the first time.
    #[serde(default)]
    pub schedule: Option<Spanned<Schedule>>,
    /// How it is delivered.
    #[serde(default)]
    pub delivery: Option<Delivery>,
    /// Caps beyond which a plan is refused.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// Constants for the template, as `vars.NAME`. No secrets: they belong into the environment.
    #[serde(default)]
    #[schemars(example = serde_json::json!({"shop": "Acme"}))]
    pub vars: Option<BTreeMap<String, Node>>,
}

/// Text or a whole number: gateways want the one or the other.
pub type Sender = TextOr<i64>;
