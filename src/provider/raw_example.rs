//! The recorded exchanges of a profile as they stand in its file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::provider::class::Class;
use crate::provider::exchange::Method;
use crate::yaml::{Node, Spanned};

/// A recorded exchange. Secrets in it read `sandbox`; the token is the one of the first accepted log-in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    #[schemars(required, extend("examples" = ["two people"]))]
    pub name: Option<Spanned<String>>,
    /// Which request it is.
    #[schemars(required)]
    pub exchange: Option<Spanned<Exchange>>,
    /// What was to be sent; for `send`.
    #[serde(default)]
    pub message: Option<ExampleMessage>,
    /// The request as it must come out; unchecked if absent.
    #[serde(default)]
    pub request: Option<ExampleRequest>,
    /// The answer.
    #[schemars(required)]
    pub response: Option<ExampleResponse>,
    /// What the answer means.
    #[schemars(required)]
    pub expect: Option<Vec<Expectation>>,
}

/// Which request of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exchange {
    /// The log-in.
    Login,
    /// The renewal of a token.
    Refresh,
    /// The sending.
    Send,
}

/// What was to be sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleMessage {
    /// The text.
    #[schemars(required)]
    pub text: Option<Spanned<String>>,
    /// The addresses in canonical form (phones: `+254…`).
    #[schemars(required)]
    pub recipients: Option<Vec<Spanned<String>>>,
    /// The sender.
    #[schemars(required)]
    pub sender: Option<Node>,
}

/// A request as it came out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleRequest {
    /// The verb.
    #[schemars(required)]
    pub method: Option<Spanned<Method>>,
    /// The path under the base URL, as on the wire.
    #[schemars(required)]
    pub path: Option<Spanned<String>>,
    /// Headers that must be there.
    #[serde(default)]
    pub headers: Option<BTreeMap<String, String>>,
    /// The body.
    #[serde(default)]
    pub json: Option<Node>,
}

/// An answer as it was recorded.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleResponse {
    /// The HTTP status.
    #[schemars(required, range(min = 100, max = 599))]
    pub status: Option<Spanned<u16>>,
    /// Its headers; `content-type: application/json` goes without saying beside `json`.
    #[serde(default)]
    pub headers: Option<BTreeMap<String, String>>,
    /// The body as JSON.
    #[serde(default)]
    pub json: Option<Node>,
    /// The body as text.
    #[serde(default)]
    pub text: Option<Spanned<String>>,
}

/// What an answer means for a message, in the order of the recipients; one for a log-in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The class.
    #[schemars(required)]
    pub class: Option<Spanned<Class>>,
    /// The gateway's id of the message.
    #[serde(default)]
    pub id: Option<Spanned<String>>,
}
