//! What the file says about answers: results, rules, questions and lists.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::provider::class::{Class, Outcome};
use crate::provider::raw::Call;
use crate::yaml::Spanned;

/// What a successful answer says about each message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// The list of results, each then seen as `result`. Without it the answer as a whole is about one
    /// message, or about all with `by: batch`.
    #[serde(default)]
    pub each: Option<Spanned<String>>,
    /// By what a result is matched to its message, never by its position; `address` if unsaid, where there are
    /// results to match.
    #[serde(default)]
    pub by: Option<Spanned<Correlation>>,
    /// The address a result is about, however it is written.
    #[serde(default)]
    pub address: Option<Spanned<String>>,
    /// The key a result is about, as the request gave it in `key`.
    #[serde(default)]
    pub key: Option<Spanned<String>>,
    /// The gateway's id of the message.
    #[schemars(required, extend("examples" = ["{{ result.id }}"]))]
    pub id: Option<Spanned<String>>,
    /// A regular expression that takes the id out of that text: its first group.
    #[serde(default)]
    #[schemars(example = &"/messages/([0-9]+)$")]
    pub id_pattern: Option<Spanned<String>>,
    /// Rules over each result, the first that holds decides; where none holds, nobody can tell what
    /// became of the message. Without rules a result with an id is accepted.
    #[serde(default)]
    pub classify: Option<Vec<Rule>>,
}

/// By what a result is matched to its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Correlation {
    /// By the address; of phones the digits count.
    Address,
    /// By the key that the request gave it.
    Key,
    /// Not at all: the answer holds for the whole request.
    Batch,
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
    /// What of ours is to be looked at, where the answer shows it: `sender`, `base_url`, `secrets.NAME` or
    /// `vars.NAME`. For `auth`, `config` and `account`.
    #[serde(default)]
    #[schemars(example = &"sender")]
    pub field: Option<Spanned<String>>,
}

/// A question about one message, or a wish: the request uses `recipient` and `id`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inquiry {
    /// The request.
    #[schemars(required)]
    pub request: Option<Call>,
    /// The id of the message that the answer is about, where it names one: about another it says nothing.
    #[serde(default)]
    #[schemars(example = &"{{ response.json.results[0].id }}")]
    pub id: Option<Spanned<String>>,
    /// What the answer says of the message, the first that holds decides. Where none holds, nothing is known.
    #[schemars(required)]
    pub outcome: Option<Vec<OutcomeRule>>,
}

/// How the messages that were sent to an address are listed: the request uses `recipient`, `page` (from 1) and
/// `since` (a time, RFC 3339).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The request.
    #[schemars(required)]
    pub request: Option<Call>,
    /// The list of messages, each then seen as `result`.
    #[schemars(required, extend("examples" = ["{{ response.json.messages }}"]))]
    pub each: Option<Spanned<String>>,
    /// Whether there is another page; there is none if unsaid.
    #[serde(default)]
    pub next: Option<Spanned<String>>,
    /// Whether the gateway holds more than it can be asked for: then what is not in the list proves nothing.
    #[serde(default)]
    pub cut: Option<Spanned<String>>,
    /// Which of them count, where the list holds others too (received ones).
    #[serde(default)]
    pub when: Option<Spanned<String>>,
    /// The gateway's id of the message.
    #[schemars(required, extend("examples" = ["{{ result.id }}"]))]
    pub id: Option<Spanned<String>>,
    /// The address it went to; without it, the one that was asked about.
    #[serde(default)]
    pub address: Option<Spanned<String>>,
    /// Its text.
    #[schemars(required, extend("examples" = ["{{ result.text }}"]))]
    pub text: Option<Spanned<String>>,
    /// When the gateway took it: RFC 3339, or seconds since 1970.
    #[schemars(required, extend("examples" = ["{{ result.created_at }}"]))]
    pub at: Option<Spanned<String>>,
}

/// How what people have sent back is listed: the request uses `sender`, `page` (from 1) and `since` (a time,
/// RFC 3339).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inbound {
    /// The request.
    #[schemars(required)]
    pub request: Option<Call>,
    /// The list of messages, each then seen as `result`.
    #[schemars(required, extend("examples" = ["{{ response.json.messages }}"]))]
    pub each: Option<Spanned<String>>,
    /// Whether there is another page; there is none if unsaid.
    #[serde(default)]
    pub next: Option<Spanned<String>>,
    /// Whether the gateway holds more than it can be asked for: then what is not in the list proves nothing.
    #[serde(default)]
    pub cut: Option<Spanned<String>>,
    /// Which of them count, where the list holds others too (sent ones).
    #[serde(default)]
    pub when: Option<Spanned<String>>,
    /// The address it came from, however it is written.
    #[schemars(required, extend("examples" = ["{{ result.from }}"]))]
    pub address: Option<Spanned<String>>,
    /// Its text.
    #[schemars(required, extend("examples" = ["{{ result.text }}"]))]
    pub text: Option<Spanned<String>>,
    /// When it was sent: RFC 3339, RFC 2822, or seconds since 1970. What is older than the run says nothing.
    #[schemars(required, extend("examples" = ["{{ result.created_at }}"]))]
    pub at: Option<Spanned<String>>,
}

/// If that, then this became of the message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeRule {
    /// When it holds.
    #[schemars(required, extend("examples" = ["{{ response.json.status == 'delivered' }}"]))]
    pub when: Option<Spanned<String>>,
    /// What became of it then.
    #[schemars(required)]
    pub r#as: Option<Spanned<Outcome>>,
    /// Why, for people; may hold expressions.
    #[serde(default)]
    pub reason: Option<Spanned<String>>,
}
