//! The recorded exchanges of a profile as they stand in its file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::provider::class::{Class, Outcome};
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
    /// The names of the secrets that were there, where a log-in has several ways; all if unsaid.
    #[serde(default)]
    pub secrets: Option<Vec<String>>,
    /// What was to be sent; for `send`.
    #[serde(default)]
    pub message: Option<ExampleMessage>,
    /// Which message was asked about; for `status`, `cancel` and `list`.
    #[serde(default)]
    pub about: Option<ExampleAbout>,
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
    /// The question what became of a message.
    Status,
    /// The wish to call a message back.
    Cancel,
    /// The list of messages sent to an address.
    List,
    /// The list of what people have sent back.
    Inbound,
}

impl Exchange {
    /// The word for it in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Refresh => "refresh",
            Self::Send => "send",
            Self::Status => "status",
            Self::Cancel => "cancel",
            Self::List => "list",
            Self::Inbound => "inbound",
        }
    }
}

/// What was to be sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleMessage {
    /// The text, of all recipients.
    #[serde(default)]
    pub text: Option<Spanned<String>>,
    /// The texts, one for each recipient, in their order; for `personalised`.
    #[serde(default)]
    pub texts: Option<Vec<Spanned<String>>>,
    /// The addresses in canonical form (phones: `+254…`).
    #[schemars(required)]
    pub recipients: Option<Vec<Spanned<String>>>,
    /// The sender.
    #[schemars(required)]
    pub sender: Option<Node>,
    /// Which part of a longer text it is, where we cut texts.
    #[serde(default)]
    pub part: Option<ExamplePart>,
    /// Until when it may be delivered, RFC 3339. Examples are sent on 2026-01-01 at 00:00 UTC.
    #[serde(default)]
    #[schemars(example = &"2026-01-01T01:00:00Z")]
    pub expires_at: Option<Spanned<String>>,
}

/// Which part of a longer text.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExamplePart {
    /// Its number, from 1.
    #[schemars(required, range(min = 1, max = 255))]
    pub number: Option<Spanned<u8>>,
    /// How many there are.
    #[schemars(required, range(min = 2, max = 255))]
    pub count: Option<Spanned<u8>>,
    /// The number that all parts of one text share.
    #[schemars(required)]
    pub reference: Option<Spanned<u8>>,
}

/// Which message was asked about.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleAbout {
    /// The address in canonical form.
    #[schemars(required)]
    pub recipient: Option<Spanned<String>>,
    /// The gateway's id of the message; not for `list`.
    #[serde(default)]
    pub id: Option<Spanned<String>>,
}

/// A request as it came out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleRequest {
    /// The verb.
    #[schemars(required, extend("examples" = ["POST"]))]
    pub method: Option<Spanned<String>>,
    /// The path under the base URL, as on the wire, without a query.
    #[schemars(required)]
    pub path: Option<Spanned<String>>,
    /// The parameters behind the path, decoded.
    #[serde(default)]
    pub query: Option<BTreeMap<String, String>>,
    /// Headers that must be there.
    #[serde(default)]
    pub headers: Option<BTreeMap<String, String>>,
    /// The body as JSON.
    #[serde(default)]
    pub json: Option<Node>,
    /// The body as a form, decoded.
    #[serde(default)]
    pub form: Option<BTreeMap<String, String>>,
    /// The body as text.
    #[serde(default)]
    pub text: Option<Spanned<String>>,
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

/// What an answer means for a message, in the order of the recipients; one for a log-in, a status or a
/// cancellation; one for each message of a list or of what came in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The class; for `login`, `refresh` and `send`.
    #[serde(default)]
    pub class: Option<Spanned<Class>>,
    /// The gateway's id of the message; for `send` and `list`.
    #[serde(default)]
    pub id: Option<Spanned<String>>,
    /// The address in canonical form that it came from; for `inbound`.
    #[serde(default)]
    pub address: Option<Spanned<String>>,
    /// What became of the message; for `status` and `cancel`.
    #[serde(default)]
    pub outcome: Option<Spanned<Outcome>>,
}
