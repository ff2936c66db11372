//! Requests as they stand in the file: those that send, and all others.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::units;
use crate::yaml::{Node, Spanned};

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
    /// How many bits the reference has that the parts of one text share: 8, or 16 where the gateway's documentation
    /// counts 152 characters (66 in UCS-2) a part in place of 153 (67). 8 if unsaid.
    #[serde(default)]
    #[schemars(range(min = 8, max = 16), extend("examples" = [16]))]
    pub reference_bits: Option<Spanned<u8>>,
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
