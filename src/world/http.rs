//! Carries an exchange out over HTTP, and says how it failed. The one question that matters is whether
//! a byte of the request may have left: only a failed connection and a request that was cancelled before
//! it was dispatched prove that none has. Nothing is sent twice, nothing is sent elsewhere: no retries, no
//! redirects, no proxies from the environment.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, redirect, retry};

use crate::provider::exchange::{Fault, HeaderText, MAX_RESPONSE_BYTES, Method, Request, Response};

/// How long an idle connection is kept. Gateways keep theirs for 5 s and more; a connection that they
/// close just as we write into it turns a message into an UNKNOWN.
const POOL_IDLE: Duration = Duration::from_secs(4);

/// What can be set about connections.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(10) }
    }
}

/// The client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("HTTP cannot be set up: {0}")]
pub struct HttpError(String);

/// Connections to gateways, pooled. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
}

impl Http {
    /// A client of its own pool.
    ///
    /// # Errors
    /// [`HttpError`]: the TLS library refuses to start.
    pub fn new(options: &HttpOptions) -> Result<Self, HttpError> {
        // An error means that a provider is installed already; ours or another makes no difference.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = builder(options)
            .build()
            // A system without CA certificates can still reach a loopback gateway; every https
            // connection then fails for want of trust, which is right.
            .or_else(|_| builder(options).tls_certs_only([]).build())
            .map_err(|error| HttpError(chain(&error)))?;
        Ok(Self { client })
    }

    /// Sends a request, once, and reads the answer up to [`MAX_RESPONSE_BYTES`].
    ///
    /// # Errors
    /// [`Fault`], by what is proven about the request.
    pub async fn execute(&self, request: Request) -> Result<Response, Fault> {
        let request = self.prepare(request)?;
        let place = place(request.url());
        let answer = self.client.execute(request).await.map_err(|error| fault(&error, &place))?;
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let (body, truncated) = read_body(answer).await?;
        Ok(Response { status, headers, body, truncated })
    }

    /// What cannot be a request is found before anything is sent.
    fn prepare(&self, request: Request) -> Result<reqwest::Request, Fault> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self.client.request(method, &request.url).timeout(request.timeout);
        for (name, text) in &request.headers {
            let invalid =
                || Fault::Malformed(format!("the header {name} has a value that HTTP does not allow"));
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
            let mut value = HeaderValue::from_str(text.expose()).map_err(|_| invalid())?;
            value.set_sensitive(matches!(text, HeaderText::Secret(_)));
            builder = builder.header(header, value);
        }
        if !request.body.is_empty() {
            builder = builder.body(request.body);
        }
        builder.build().map_err(|error| Fault::Malformed(chain(&error.without_url())))
    }
}

fn builder(options: &HttpOptions) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("sendplan/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_proxy()
        .http1_only()
        .gzip(true)
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(POOL_IDLE)
}

/// The body, decompressed chunk by chunk, so that neither a giant nor a bomb is ever held whole.
async fn read_body(mut answer: reqwest::Response) -> Result<(Vec<u8>, bool), Fault> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| Fault::Lost(describe(&error)))? {
        let room = MAX_RESPONSE_BYTES - body.len();
        if chunk.len() > room {
            body.extend_from_slice(chunk.get(..room).unwrap_or_default());
            return Ok((body, true));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body, false))
}

/// The host and port of a URL: what else stands in it may be a credential.
fn place(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn fault(error: &reqwest::Error, place: &str) -> Fault {
    let reason = describe(error);
    let reason = if error.is_connect() { format!("{place}: {reason}") } else { reason };
    // Only while connecting is a TLS error proof of anything: later, the request may have been read.
    if error.is_connect() && any(error, |cause| cause.is::<rustls::Error>()) {
        let is_no_tls = |cause: &(dyn Error + 'static)| {
            use rustls::{Error, InvalidMessage};
            matches!(cause.downcast_ref(), Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)))
        };
        let hint =
            if any(error, is_no_tls) { "; what answers there speaks no TLS: is it `http://`?" } else { "" };
        return Fault::Tls(format!("{reason}{hint}"));
    }
    let cancelled = |cause: &(dyn Error + 'static)| {
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled)
    };
    if error.is_connect() || any(error, cancelled) { Fault::NotSent(reason) } else { Fault::Lost(reason) }
}

/// Whether the error or any of its causes is of a kind. An `io::Error` does not count what it wraps among
/// its causes, so that is looked into.
fn any(error: &(dyn Error + 'static), kind: impl Fn(&(dyn Error + 'static)) -> bool) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if kind(cause) {
            return true;
        }
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    false
}

fn describe(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return if error.is_connect() { "the connection took too long" } else { "no whole answer in time" }
            .to_owned();
    }
    chain(error)
}

/// An error with its causes, in one line; without the URL, whose query may hold credentials.
fn chain(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if parts.last() != Some(&text) {
            parts.push(text);
        }
        next = cause.source();
    }
    if parts.is_empty() { "the request failed".to_owned() } else { parts.join(": ") }
}
