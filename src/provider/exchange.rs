//! One exchange with a gateway as plain values: what to send, what came back, how it failed. The world
//! carries it out; nothing here opens a connection. No `Debug` in this file shows a secret: bodies,
//! secret headers and queries are never printed.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The largest answer that is read, in bytes, after decompression; what is larger is cut there.
pub const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// The verbs that gateways use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
pub enum Method {
    /// Ask.
    #[serde(rename = "GET")]
    Get,
    /// Create; not repeatable by itself.
    #[serde(rename = "POST")]
    Post,
    /// Put in place; repeatable.
    #[serde(rename = "PUT")]
    Put,
    /// Change.
    #[serde(rename = "PATCH")]
    Patch,
    /// Take away.
    #[serde(rename = "DELETE")]
    Delete,
}

impl Method {
    /// Every verb.
    pub const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// The verb of a word as it stands in a request line.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == word)
    }

    /// As it stands in a request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The value of a request header.
#[derive(Debug, Clone)]
pub enum HeaderText {
    /// May be logged.
    Plain(String),
    /// Carries a credential: never logged, marked sensitive on the wire.
    Secret(SecretString),
}

impl HeaderText {
    /// The text as it goes out.
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(text) => text.expose_secret(),
        }
    }
}

/// A request, whole and ready to go out.
#[derive(Clone)]
pub struct Request {
    /// The verb.
    pub method: Method,
    /// The absolute URL. Its query may carry credentials.
    pub url: String,
    /// Header names as written in the profile, with their values.
    pub headers: Vec<(String, HeaderText)>,
    /// The bytes of the body; empty for none. May carry credentials.
    pub body: Vec<u8>,
    /// How long the whole exchange may take, from the connection to the last byte of the answer.
    pub timeout: Duration,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split_once('?').map_or(self.url.clone(), |(path, _)| format!("{path}?…"));
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &url)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// An answer, as far as it was read.
#[derive(Clone, Default)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Header names in lower case, with their values; a name may stand several times.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Vec<u8>,
    /// Whether the body was cut at [`MAX_RESPONSE_BYTES`].
    pub truncated: bool,
}

impl Response {
    /// The first header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Log-in answers carry tokens, and gateways echo what they were sent: names only.
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .field("truncated", &self.truncated)
            .finish()
    }
}

/// An exchange without an answer. The texts are for people and hold no secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not one byte of the request was written: the name did not resolve, the connection was refused or
    /// took too long, or the request was cancelled before it was dispatched.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The other side could not be trusted; nothing was sent, and nothing will be until a person looks.
    #[error("no trusted connection: {0}")]
    Tls(String),
    /// The request is none that HTTP could carry: a fault of the profile or of a credential. Nothing was sent.
    #[error("cannot be sent: {0}")]
    Malformed(String),
    /// Bytes may have gone out and no whole answer came: reset, time-out, an answer cut short.
    #[error("outcome unknown: {0}")]
    Lost(String),
}
