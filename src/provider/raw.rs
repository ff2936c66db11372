//! The profile as it stands in its file: the mirror that the schema is made from. Everything is
//! optional to serde, so that one pass reports all that is wrong; the schema marks what is required.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::provider::class::{Class, Outcome};
use crate::provider::cost::PaidBy;
use crate::provider::raw_example::Example;
use crate::provider::wire::{AddressKind, Wire};
use crate::units;
use crate::yaml::{Node, Several, Spanned};

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

/// How requests are authorised. Credentials in a body are written there, as `{{ secrets.NAME }}`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// A user name and a password with every request (RFC 7617).
    #[serde(default)]
    pub basic: Option<Basic>,
    /// Headers of every request but the log-in.
    #[serde(default)]
    #[schemars(example = serde_json::json!({"Authorization": "Bearer {{ token.access }}"}))]
    pub headers: Option<BTreeMap<String, Spanned<String>>>,
    /// Parameters in the query of every request but the log-in.
    #[serde(default)]
    pub query: Option<BTreeMap<String, Node>>,
    /// By a token that a log-in gives and that lives for a while.
    #[serde(default)]
    pub token: Option<TokenAuth>,
}

/// A user name and a password with every request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// Who.
    #[schemars(required, extend("examples" = ["{{ secrets.username }}"]))]
    pub username: Option<Spanned<String>>,
    /// The password.
    #[schemars(required, extend("examples" = ["{{ secrets.password }}"]))]
    pub password: Option<Spanned<String>>,
}

/// A token: how it is had, renewed and read. Requests use it as `token.access`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenAuth {
    /// The request that logs in; of several, the first whose secrets are all there.
    #[schemars(required)]
    pub login: Option<Several<Call>>,
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
    /// Its end, in seconds since 1970, by the gateway's clock; where the expression comes to nothing,
    /// `expires_in` counts.
    #[serde(default)]
    #[schemars(example = &"{{ response.json.access_token | jwt(claim='exp') }}")]
    pub expires_at: Option<Spanned<String>>,
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

/// A request. It has one body at most. In `query`, `form`, `headers` and the objects of `json` a name that ends
/// in `?` is left out where its value comes to nothing (none, empty, zero or false).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The verb; an expression over `vars` may choose it.
    #[schemars(
        required,
        regex(pattern = r"^(GET|POST|PUT|PATCH|DELETE|\{\{.*\}\})$"),
        extend("examples" = ["POST"])
    )]
    pub method: Option<Spanned<String>>,
    /// The path under `base_url`. Expressions in it are percent-encoded, but for one that ends in `| path`:
    /// that keeps its slashes.
    #[schemars(required, extend("examples" = ["/api/auth"]))]
    pub path: Option<Spanned<String>>,
    /// Headers.
    #[serde(default)]
    pub headers: Option<BTreeMap<String, Spanned<String>>>,
    /// Parameters behind the path.
    #[serde(default)]
    pub query: Option<BTreeMap<String, Node>>,
    /// The body, as JSON.
    #[serde(default)]
    pub json: Option<Node>,
    /// The body, as a form (`application/x-www-form-urlencoded`). A list repeats its name.
    #[serde(default)]
    pub form: Option<BTreeMap<String, Node>>,
    /// The body, as plain text; a `Content-Type` among the headers says otherwise.
    #[serde(default)]
    pub text: Option<Spanned<String>>,
    /// How long the exchange may take; 30 s if unsaid.
    #[serde(default)]
    #[schemars(with = "Option<units::Span>")]
    pub timeout: Option<Spanned<String>>,
}

/// The request that sends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The verb; an expression over `vars` may choose it.
    #[schemars(
        required,
        regex(pattern = r"^(GET|POST|PUT|PATCH|DELETE|\{\{.*\}\})$"),
        extend("examples" = ["POST"])
    )]
    pub method: Option<Spanned<String>>,
    /// The path under `base_url`. Expressions in it are percent-encoded, but for one that ends in `| path`:
    /// that keeps its slashes.
    #[schemars(required, extend("examples" = ["/messages"]))]
    pub path: Option<Spanned<String>>,
    /// Headers.
    #[serde(default)]
    pub headers: Option<BTreeMap<String, Spanned<String>>>,
    /// Parameters behind the path.
    #[serde(default)]
    pub query: Option<BTreeMap<String, Node>>,
    /// The body, as JSON.
    #[serde(default)]
    pub json: Option<Node>,
    /// The body, as a form (`application/x-www-form-urlencoded`). A list repeats its name.
    #[serde(default)]
    pub form: Option<BTreeMap<String, Node>>,
    /// The body, as plain text; a `Content-Type` among the headers says otherwise.
    #[serde(default)]
    pub text: Option<Spanned<String>>,
    /// How long the exchange may take; 30 s if unsaid.
    #[serde(default)]
    #[schemars(with = "Option<units::Span>")]
    pub timeout: Option<Spanned<String>>,
    /// How many recipients share a request.
    #[schemars(required)]
    pub batch: Option<Batch>,
    /// Who cuts a text that is longer than one SMS; `provider` if unsaid.
    #[serde(default)]
    pub segmentation: Option<Spanned<Segmentation>>,
    /// That the gateway carries a request out once however often it comes, and by what it knows it. Only where
    /// its documentation says so: messages with an unknown outcome are then sent again by themselves.
    #[serde(default)]
    pub idempotency: Option<Idempotency>,
}

/// Who cuts a text that is longer than one SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Segmentation {
    /// The gateway.
    Provider,
    /// We: one request a part, with the part's header in `part.udh` (3GPP TS 23.040 §9.2.3.24.1).
    Client,
}

/// By what the gateway knows a request again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Idempotency {
    /// The header that carries the message's key. The key comes from the run and the recipient: it is the same
    /// however often the message is sent.
    #[schemars(required, extend("examples" = ["Idempotency-Key"]))]
    pub header: Option<Spanned<String>>,
}

/// The most a gateway takes in a second, minute or hour.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests of every kind.
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

/// A question about one message, or a wish: the request uses `recipient` and `id`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inquiry {
    /// The request.
    #[schemars(required)]
    pub request: Option<Call>,
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
    /// Which of them count, where the list holds others too (sent ones).
    #[serde(default)]
    pub when: Option<Spanned<String>>,
    /// The address it came from, however it is written.
    #[schemars(required, extend("examples" = ["{{ result.from }}"]))]
    pub address: Option<Spanned<String>>,
    /// Its text.
    #[schemars(required, extend("examples" = ["{{ result.text }}"]))]
    pub text: Option<Spanned<String>>,
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

/// How many recipients share a request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// In which way.
    #[schemars(required)]
    pub mode: Option<Spanned<BatchMode>>,
    /// The most recipients of one request; not for `single`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10000), extend("examples" = [100]))]
    pub max: Option<Spanned<u32>>,
}

/// In which way recipients share a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchMode {
    /// Not at all: one request a message, with `recipient`, `text` and `key`.
    Single,
    /// One text for many, with `recipients` and `text`.
    Shared,
    /// A text for each, with `messages`: a list whose items have `address`, `text`, `key` and `encoding`.
    Personalised,
}

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
