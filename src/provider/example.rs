//! Recorded exchanges of a profile: proof of the profile, and what the sandbox answers from.

use crate::provider::class::Class;
use crate::provider::exchange::{Method, Response};

pub use crate::provider::raw_example::Exchange;

/// The value every secret has in examples and in the sandbox.
pub const SANDBOX_SECRET: &str = "sandbox";

/// A recorded exchange.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Which request it is.
    pub exchange: Exchange,
    /// What was to be sent; for sendings.
    pub message: Option<Message>,
    /// The request as it must come out.
    pub request: Option<RecordedRequest>,
    /// The answer.
    pub response: RecordedResponse,
    /// What the answer means: a class and an id for each recipient, or one class for a log-in.
    pub expect: Vec<(Class, Option<String>)>,
}

/// What was to be sent in an example.
#[derive(Debug, Clone)]
pub struct Message {
    /// The text.
    pub text: String,
    /// Canonical addresses.
    pub recipients: Vec<String>,
    /// The sender.
    pub sender: serde_json::Value,
}

/// A recorded request.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    /// The verb.
    pub method: Method,
    /// The path under the base URL.
    pub path: String,
    /// Headers that must be there.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub json: Option<serde_json::Value>,
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
