//! The profile as it stands in its file: the mirror that the schema is made from. Everything is
//! optional to serde, so that one pass reports all that is wrong; the schema marks what is required.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::provider::class::Class;
use crate::provider::exchange::Method;
use crate::provider::raw_example::Example;
use crate::provider::wire::{AddressKind, Wire};
use crate::units;
use crate::yaml::{Node, Spanned};

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

/// How requests are authorised.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// By a token that a log-in gives and that lives for a while.
    #[schemars(required)]
    pub token: Option<TokenAuth>,
}

/// A token: how it is had, renewed and read. Requests use it as `token.access`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenAuth {
    /// The request that logs in.
    #[schemars(required)]
    pub login: Option<Call>,
    /// The request that renews; it may use `token.refresh`. Without it, a new log-in renews.
    #[serde(default)]
    pub refresh: Option<Call>,
    /// Rules over the answer of either, the first that holds decides: `accepted`, `throttled`,
    /// `transient` or `unknown` (try again), anything else is a refusal. By themselves, 2xx is accepted, 429
    /// is throttled, 5xx may be tried again and other statuses refuse.
    #[serde(default)]
    pub classify: Option<Vec<Rule>>,
    /// Where the token stands in the answer.
    #[schemars(required)]
    pub read: Option<TokenRead>,
}

/// Where a token stands in the answer of a log-in or of a renewal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRead {
    /// The token itself.
    #[schemars(required, extend("examples" = ["{{ response.json.access_token }}"]))]
    pub access: Option<Spanned<String>>,
    /// Its life, in seconds.
    #[schemars(required, extend("examples" = ["{{ response.json.expires_in or 3600 }}"]))]
    pub expires_in: Option<Spanned<String>>,
    /// The token that renews it.
    #[serde(default)]
    pub refresh: Option<Spanned<String>>,
    /// The life of that one, in seconds.
    #[serde(default)]
    pub refresh_expires_in: Option<Spanned<String>>,
}

/// A request that is no sending.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The verb.
    #[schemars(required)]
    pub method: Option<Spanned<Method>>,
    /// The path under `base_url`. Expressions in it are percent-encoded.
    #[schemars(required, extend("examples" = ["/api/auth"]))]
    pub path: Option<Spanned<String>>,
    /// Headers.
    #[serde(default)]
    pub headers: Option<BTreeMap<String, Spanned<String>>>,
    /// The body, as JSON.
    #[serde(default)]
    pub json: Option<Node>,
    /// How long the exchange may take; 30 s if unsaid.
    #[serde(default)]
    #[schemars(with = "Option<units::Span>")]
    pub timeout: Option<Spanned<String>>,
}

/// The request that sends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The verb.
    #[schemars(required)]
    pub method: Option<Spanned<Method>>,
    /// The path under `base_url`. Expressions in it are percent-encoded.
    #[schemars(required, extend("examples" = ["/messages"]))]
    pub path: Option<Spanned<String>>,
    /// Headers.
    #[serde(default)]
    pub headers: Option<BTreeMap<String, Spanned<String>>>,
    /// The body, as JSON.
    #[serde(default)]
    pub json: Option<Node>,
    /// How long the exchange may take; 30 s if unsaid.
    #[serde(default)]
    #[schemars(with = "Option<units::Span>")]
    pub timeout: Option<Spanned<String>>,
    /// How many recipients share a request.
    #[schemars(required)]
    pub batch: Option<Batch>,
}

/// How many recipients share a request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// In which way.
    #[schemars(required)]
    pub mode: Option<Spanned<BatchMode>>,
    /// The most recipients of one request; for `shared` only.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10000), extend("examples" = [100]))]
    pub max: Option<Spanned<u32>>,
}

/// In which way recipients share a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchMode {
    /// Not at all: one request a message, with `recipient` and `key`.
    Single,
    /// One text for many, with `recipients`.
    Shared,
}

/// What a successful answer says about each message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// The list of results, each then seen as `result`. Without it the answer as a whole is about one
    /// message.
    #[serde(default)]
    pub each: Option<Spanned<String>>,
    /// The address a result is about. Results are matched by it, never by their position.
    #[serde(default)]
    pub address: Option<Spanned<String>>,
    /// The gateway's id of the message.
    #[schemars(required, extend("examples" = ["{{ result.id }}"]))]
    pub id: Option<Spanned<String>>,
    /// Rules over each result, the first that holds decides; where none holds, nobody can tell what
    /// became of the message. Without rules a result with an id is accepted.
    #[serde(default)]
    pub classify: Option<Vec<Rule>>,
}

/// If that, then this.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// When it holds.
    #[schemars(required, extend("examples" = ["{{ response.status == 409 }}"]))]
    pub when: Option<Spanned<String>>,
    /// What it means then.
    #[schemars(required)]
    pub r#as: Option<Spanned<Class>>,
    /// Why, for people; may hold expressions.
    #[serde(default)]
    pub reason: Option<Spanned<String>>,
}
