//! The profile as it stands in its file: the mirror that the schema is made from. Everything is
//! optional to serde, so that one pass reports all that is wrong; the schema marks what is required.

mod answer;
mod auth;
mod call;
pub mod example;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::provider::cost::PaidBy;
use crate::provider::raw::example::Example;
use crate::provider::wire::{AddressKind, Wire};
use crate::units;
use crate::yaml::{Node, Spanned};

pub use answer::{Correlation, Inbound, Inquiry, List, OutcomeRule, Results, Rule};
pub use auth::{Auth, Basic, TokenAuth, TokenRead};
pub use call::{Batch, BatchMode, Call, Idempotency, Segmentation, Send};

/// A provider profile: how one gateway is spoken to, as data.
///
/// Scalars may hold expressions. One that is wholly `{{ … }}` keeps its type (a list stays a list); text
/// around an expression makes a text. What is undefined is an error in requests; in answers `?.` and `or`
/// deal with what may be missing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Version of this format: 1.
    #[schemars(required, range(min = 1, max = 1), extend("examples" = [1]))]
    pub version: Option<Spanned<u32>>,
    /// The name that campaigns use: lower-case letters, digits and dashes.
    #[schemars(required, extend("examples" = ["acme"]))]
    pub name: Option<Spanned<String>>,
    /// The name for people.
    #[schemars(required, extend("examples" = ["Acme bulk SMS"]))]
    pub title: Option<Spanned<String>>,
    /// Where the facts of this profile come from, and what a user should know.
    #[serde(default)]
    pub documentation: Option<Vec<String>>,
    /// Where the gateway is: https, with a path prefix if it has one. Plain http is for loopback only.
    #[schemars(required, extend("examples" = ["https://api.example.com"]))]
    pub base_url: Option<Spanned<String>>,
    /// The credentials by name, as references: `${env:NAME}` or `${file:path}`. Never values.
    #[serde(default)]
    pub secrets: Option<BTreeMap<String, Spanned<String>>>,
    /// What campaigns write as `sender`.
    #[schemars(required)]
    pub sender: Option<Sender>,
    /// What the addresses of recipients are.
    #[schemars(required)]
    pub address: Option<Address>,
    /// Constants for expressions (`vars.…`); a campaign may give others.
    #[serde(default)]
    pub vars: Option<BTreeMap<String, Node>>,
    /// How requests are authorised beyond what `send.headers` says.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// The most the gateway takes; a campaign may set less, or more where the account has more.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// What it takes; plans then tell what they come to. Prices are a matter of contracts: campaigns may give others.
    #[serde(default)]
    pub cost: Option<Cost>,
    /// The request that sends.
    #[schemars(required)]
    pub send: Option<Send>,
    /// What an answer that is a success says about each message.
    #[schemars(required)]
    pub results: Option<Results>,
    /// Rules over the whole answer, the first that holds decides. They come before what HTTP statuses
    /// mean by themselves; a rule that says `accepted` accepts every message of the request.
    #[serde(default)]
    pub classify: Option<Vec<Rule>>,
    /// How the delivery status of one message is asked for.
    #[serde(default)]
    pub status: Option<Inquiry>,
    /// How one message is called back that the gateway has taken and not delivered yet.
    #[serde(default)]
    pub cancel: Option<Inquiry>,
    /// How the messages that were sent to an address are listed: unknown outcomes are looked for there.
    #[serde(default)]
    pub list: Option<List>,
    /// How what people have sent back is listed: who writes STOP is not sent to again.
    #[serde(default)]
    pub inbound: Option<Inbound>,
    /// Recorded exchanges. They prove the profile, and the sandbox answers from them.
    #[serde(default)]
    pub examples: Option<Vec<Example>>,
}

/// What campaigns write as `sender`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// Its type.
    #[schemars(required)]
    pub r#type: Option<Spanned<SenderType>>,
    /// What it means at this gateway, for people.
    #[schemars(required, extend("examples" = ["the id of a registered sender name"]))]
    pub description: Option<Spanned<String>>,
}

/// The type of a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SenderType {
    /// A whole number, such as the id of a sender name.
    Integer,
    /// A text, such as a sender name or a number.
    String,
}

/// What addresses are, and how they are written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// What they are.
    #[schemars(required)]
    pub kind: Option<Spanned<AddressKind>>,
    /// How they are written in requests.
    #[schemars(required)]
    pub wire: Option<Spanned<Wire>>,
}

/// The most a gateway takes in a second, minute or hour.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests that send or ask, log-ins aside.
    #[serde(default)]
    #[schemars(with = "Option<units::Rate>")]
    pub requests: Option<Spanned<String>>,
    /// Messages.
    #[serde(default)]
    #[schemars(with = "Option<units::Rate>")]
    pub messages: Option<Spanned<String>>,
    /// SMS segments.
    #[serde(default)]
    #[schemars(with = "Option<units::Rate>")]
    pub segments: Option<Spanned<String>>,
}

/// What the gateway takes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// The currency, by its three letters.
    #[schemars(required, regex(pattern = "^[A-Z]{3}$"), extend("examples" = ["KES"]))]
    pub currency: Option<Spanned<String>>,
    /// What is paid for.
    #[schemars(required)]
    pub per: Option<Spanned<PaidBy>>,
    /// Prices by the first digits of the number, the longest that fit; `default` for all others, and for addresses
    /// that are no numbers. Prices are texts, so that they stay exact.
    #[schemars(required, extend("examples" = [{"254": "0.80", "default": "2.50"}]))]
    pub prices: Option<BTreeMap<String, Spanned<String>>>,
}
