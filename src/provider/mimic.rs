//! A gateway made of examples: it finds, by their values, where in a recorded exchange the addresses,
//! the text, the ids and the tokens stand, and answers other requests of the same form in the same way. It
//! knows no provider. No clock and no network: the sandbox serves it, a rehearsal calls it.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use crate::provider::example::{Exchange, SANDBOX_SECRET};
use crate::provider::exchange::Response;
use crate::provider::learn::{Door, SendRoute, TokenRoute, plain_text, send_route, token_route};
use crate::provider::pattern::Fill;
use crate::provider::profile::Profile;

pub use crate::provider::learn::MimicError;

/// A request as it arrives.
pub struct Incoming<'a> {
    /// The verb.
    pub method: &'a str,
    /// The path, without a query.
    pub path: &'a str,
    /// The value of a (lower-case) header.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

impl std::fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The gateway.
#[derive(Debug)]
pub struct Mimic {
    login: Option<TokenRoute>,
    refresh: Option<TokenRoute>,
    send: SendRoute,
    unauthorised: Response,
    next: AtomicU64,
    accepted: AtomicU64,
    requests: AtomicU64,
}

impl Mimic {
    /// Learns from the examples of a profile.
    ///
    /// # Errors
    /// [`MimicError`]: they do not suffice.
    pub fn of(profile: &Profile) -> Result<Self, MimicError> {
        let token = profile.example_token(&profile.sandbox_secrets());
        let (login, refresh) = match (&token, profile.needs_token()) {
            (_, false) => (None, None),
            (None, true) => return Err(MimicError::NoExample("login")),
            (Some(token), true) => {
                let route = |exchange| token_route(profile, exchange, token);
                (
                    Some(route(Exchange::Login).ok_or(MimicError::NoExample("login"))?),
                    route(Exchange::Refresh),
                )
            }
        };
        let plain = || Response { status: 401, ..Response::default() };
        let unauthorised = profile
            .examples()
            .iter()
            .find(|example| example.exchange == Exchange::Send && example.response.status == 401)
            .map_or_else(plain, |example| example.response.to_response());
        Ok(Self {
            login,
            refresh,
            send: send_route(profile, token.as_ref())?,
            unauthorised,
            next: AtomicU64::new(1),
            accepted: AtomicU64::new(0),
            requests: AtomicU64::new(0),
        })
    }

    /// How many messages it has accepted: recipients, not requests.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// How many requests it has answered.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Answers a request.
    pub fn answer(&self, asked: &Incoming<'_>) -> Response {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let body: Value = match serde_json::from_slice(asked.body) {
            Ok(body) => body,
            Err(_) if asked.body.is_empty() => Value::Null,
            Err(_) => return status(400),
        };
        // Several exchanges may share a path; the one whose secrets are there is meant.
        for route in [&self.login, &self.refresh].into_iter().flatten() {
            if route.door.is_meant(asked) && route.renews.iter().all(|at| body.pointer(at).is_some()) {
                return self.give_token(route, asked, &body);
            }
        }
        if !self.send.door.is_meant(asked) {
            return status(404);
        }
        if !self.send.door.is_open(asked, &body) || !self.shows_token(asked) {
            return self.unauthorised.clone();
        }
        self.accept(&body).unwrap_or_else(|| status(400))
    }

    fn give_token(&self, route: &TokenRoute, asked: &Incoming<'_>, body: &Value) -> Response {
        let known = |at: &String| {
            body.pointer(at).and_then(Value::as_str).is_some_and(|text| self.is_issued(text, "refresh"))
        };
        if !route.door.is_open(asked, body) || !route.renews.iter().all(known) {
            return self.unauthorised.clone();
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (access, refresh) = (token("access", number), token("refresh", number));
        let fill = Fill { access: &access, refresh: &refresh, ..Fill::default() };
        filled(&route.response, route.pattern.once(&fill))
    }

    fn accept(&self, body: &Value) -> Option<Response> {
        let asked = body.pointer(&self.send.recipients)?;
        let recipients: Vec<String> = match asked {
            Value::Array(items) => items.iter().map(plain_text).collect::<Option<_>>()?,
            one => vec![plain_text(one)?],
        };
        let text = self.send.text.as_ref().and_then(|at| body.pointer(at)).and_then(Value::as_str);
        let count = u64::try_from(recipients.len()).ok()?;
        let first = self.next.fetch_add(count, Ordering::Relaxed);
        self.accepted.fetch_add(count, Ordering::Relaxed);
        let records = recipients.iter().zip(first..).map(|(address, id)| Fill {
            address,
            id,
            text: text.unwrap_or_default(),
            ..Fill::default()
        });
        Some(filled(&self.send.response, self.send.pattern.records(records)))
    }

    fn shows_token(&self, asked: &Incoming<'_>) -> bool {
        let Some((name, before, behind)) = &self.send.token else { return true };
        let shown =
            (asked.header)(name).and_then(|value| value.strip_prefix(before)?.strip_suffix(behind.as_str()));
        shown.is_some_and(|text| self.is_issued(text, "access"))
    }

    /// Tokens are numbered, so none needs to be remembered.
    fn is_issued(&self, text: &str, kind: &str) -> bool {
        let number = text.rsplit('-').next().and_then(|digits| digits.parse().ok());
        number.is_some_and(|number: u64| {
            (1..self.next.load(Ordering::Relaxed)).contains(&number) && token(kind, number) == text
        })
    }
}

impl Door {
    fn is_meant(&self, asked: &Incoming<'_>) -> bool {
        asked.method == self.method.as_str() && asked.path == self.path
    }

    /// Whether the request shows every secret that the recorded one shows.
    fn is_open(&self, asked: &Incoming<'_>, body: &Value) -> bool {
        self.secret_headers.iter().all(|(name, value)| (asked.header)(name) == Some(value))
            && self
                .secret_pointers
                .iter()
                .all(|at| body.pointer(at).and_then(Value::as_str) == Some(SANDBOX_SECRET))
    }
}

fn token(kind: &str, number: u64) -> String {
    format!("sandbox-{kind}-{number}")
}

fn filled(recorded: &Response, body: String) -> Response {
    Response { body: body.into_bytes(), headers: recorded.headers.clone(), ..*recorded }
}

fn status(status: u16) -> Response {
    Response { status, ..Response::default() }
}
