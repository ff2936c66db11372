//! Recorded exchanges of a profile: proof of the profile, and what the sandbox answers from.

mod recorded;
pub mod replay;

use chrono::{DateTime, Utc};

use crate::provider::class::{Class, Outcome};
use crate::provider::exchange::{Method, Response};
use crate::provider::part::Part;

pub use crate::provider::raw::example::Exchange;

/// The value every secret has in examples and in the sandbox.
pub const SANDBOX_SECRET: &str = "sandbox";

/// When every example was sent, in Unix seconds: 2026-01-01 at 00:00 UTC.
pub const EXAMPLE_TIME: i64 = 1_767_225_600;

/// A recorded exchange.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Which request it is.
    pub exchange: Exchange,
    /// The names of the secrets that were there; all where nothing is said.
    pub secrets: Option<Vec<String>>,
    /// What was to be sent; for sendings.
    pub message: Option<Message>,
    /// Which message was asked about; for questions about one.
    pub about: Option<About>,
    /// The request as it must come out.
    pub request: Option<RecordedRequest>,
    /// The answer.
    pub response: RecordedResponse,
    /// What the answer means.
    pub expect: Vec<Expected>,
}

impl Example {
    /// Whether everything in it was accepted.
    pub fn is_accepted(&self) -> bool {
        self.expect.iter().all(|one| one.class == Some(Class::Accepted))
    }
}

/// What an answer means for one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The class; for log-ins, renewals and sendings.
    pub class: Option<Class>,
    /// The gateway's id of the message; for sendings and lists.
    pub id: Option<String>,
    /// The canonical address it came from; for what came in.
    pub address: Option<String>,
    /// What became of it; for status and cancel.
    pub outcome: Option<Outcome>,
}

/// What was to be sent in an example.
#[derive(Debug, Clone)]
pub struct Message {
    /// The texts: one of all, or one for each recipient.
    pub texts: Vec<String>,
    /// Canonical addresses.
    pub recipients: Vec<String>,
    /// The sender.
    pub sender: serde_json::Value,
    /// Which part of a longer text.
    pub part: Option<Part>,
    /// Until when it may be delivered.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Message {
    /// The text of the recipient at a place.
    pub fn text(&self, at: usize) -> &str {
        self.texts.get(at).or(self.texts.first()).map_or("", String::as_str)
    }
}

/// Which message was asked about in an example.
#[derive(Debug, Clone)]
pub struct About {
    /// The canonical address.
    pub recipient: String,
    /// The gateway's id of the message.
    pub id: Option<String>,
}

/// A recorded request.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    /// The verb.
    pub method: Method,
    /// The path under the base URL, without a query.
    pub path: String,
    /// The parameters behind the path, decoded, sorted by name.
    pub query: Vec<(String, String)>,
    /// Headers that must be there.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: RecordedBody,
}

/// The body of a recorded request.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordedBody {
    /// None.
    None,
    /// JSON.
    Json(serde_json::Value),
    /// The fields of a form, decoded, sorted by name.
    Form(Vec<(String, String)>),
    /// Plain text.
    Text(String),
}

impl RecordedBody {
    /// The JSON, if it is JSON.
    pub fn json(&self) -> Option<&serde_json::Value> {
        match self {
            Self::Json(json) => Some(json),
            _ => None,
        }
    }
}

/// A recorded answer.
#[derive(Debug, Clone)]
pub struct RecordedResponse {
    /// The HTTP status.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body as JSON.
    pub json: Option<serde_json::Value>,
    /// The body as text, when it is no JSON.
    pub text: Option<String>,
}

impl RecordedResponse {
    /// The answer as it would come over the wire.
    pub fn to_response(&self) -> Response {
        let body = match (&self.json, &self.text) {
            (Some(json), _) => json.to_string(),
            (None, Some(text)) => text.clone(),
            (None, None) => String::new(),
        };
        Response {
            status: self.status,
            headers: self.headers.clone(),
            body: body.into_bytes(),
            truncated: false,
        }
    }
}
