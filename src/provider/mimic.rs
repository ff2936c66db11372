//! A gateway made of examples: it finds, by their values, where in a recorded exchange the addresses,
//! the text, the ids and the tokens stand, and answers other requests of the same form in the same way. It
//! knows no provider. No clock and no network: the sandbox serves it, a rehearsal calls it.

use std::sync::atomic::{AtomicU64, Ordering};

use secrecy::ExposeSecret;
use serde_json::Value;

use crate::provider::class::Class;
use crate::provider::example::{Example, Exchange, Message, RecordedRequest, SANDBOX_SECRET};
use crate::provider::exchange::{Method, Response};
use crate::provider::pattern::{Fill, Pattern, Slot, find, pointers_to};
use crate::provider::profile::Profile;
use crate::provider::token::Token;

/// A profile whose examples do not suffice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MimicError {
    /// No usable example of an exchange.
    #[error("the profile has no example of an accepted `{0}` with its request and a JSON answer")]
    NoExample(&'static str),
    /// The addresses of an example cannot be found in its request.
    #[error("in the example `{0}` the recipients cannot be found in the request")]
    NoRecipients(String),
    /// The records of an example cannot be found in its answer.
    #[error("in the example `{0}` the results of the recipients cannot be found in the answer")]
    NoResults(String),
}

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

#[derive(Debug)]
struct Door {
    method: Method,
    path: String,
    /// Where the recorded request has a secret: lower-case header names and pointers into the body.
    secret_headers: Vec<(String, String)>,
    secret_pointers: Vec<String>,
}

#[derive(Debug)]
struct TokenRoute {
    door: Door,
    /// Where the request has the token that renews.
    renews: Vec<String>,
    pattern: Pattern,
    response: Response,
}

#[derive(Debug)]
struct SendRoute {
    door: Door,
    /// The header that shows the token, with what stands before and behind it.
    token: Option<(String, String, String)>,
    recipients: String,
    text: Option<String>,
    pattern: Pattern,
    response: Response,
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
    fn new(request: &RecordedRequest) -> Self {
        let secret_headers = request
            .headers
            .iter()
            .filter(|(_, value)| value.contains(SANDBOX_SECRET))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect();
        let secret = Value::from(SANDBOX_SECRET);
        let secret_pointers = request.json.as_ref().map_or_else(Vec::new, |json| pointers_to(json, &secret));
        Self { method: request.method, path: request.path.clone(), secret_headers, secret_pointers }
    }

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

fn token_route(profile: &Profile, exchange: Exchange, token: &Token) -> Option<TokenRoute> {
    let (example, request, json) = accepted(profile, exchange).next()?;
    let access = Value::from(token.access.expose_secret());
    let refresh = token.refresh.as_ref().map(|refresh| Value::from(refresh.expose_secret()));
    let renews = match (&refresh, &request.json, exchange) {
        (Some(refresh), Some(json), Exchange::Refresh) => pointers_to(json, refresh),
        _ => Vec::new(),
    };
    let mut slots: Vec<(Value, Slot)> = vec![(access, Slot::Access)];
    slots.extend(refresh.map(|refresh| (refresh, Slot::Refresh)));
    let pattern = Pattern::whole(json, &slots);
    Some(TokenRoute { door: Door::new(request), renews, pattern, response: example.response.to_response() })
}

fn send_route(profile: &Profile, token: Option<&Token>) -> Result<SendRoute, MimicError> {
    let (example, request, json) =
        accepted(profile, Exchange::Send).next().ok_or(MimicError::NoExample("send"))?;
    let (Some(message), Some(body)) = (&example.message, &request.json) else {
        return Err(MimicError::NoExample("send"));
    };
    let recipients = find_recipients(profile, message, body)
        .ok_or_else(|| MimicError::NoRecipients(example.name.clone()))?;
    let text = pointers_to(body, &Value::from(message.text.as_str())).into_iter().next();
    let pattern = results(profile, example, message, json)
        .ok_or_else(|| MimicError::NoResults(example.name.clone()))?;
    let token = token.and_then(|token| {
        request.headers.iter().find_map(|(name, value)| {
            let (before, behind) = value.split_once(token.access.expose_secret())?;
            Some((name.to_ascii_lowercase(), before.to_owned(), behind.to_owned()))
        })
    });
    let response = example.response.to_response();
    Ok(SendRoute { door: Door::new(request), token, recipients, text, pattern, response })
}

/// The examples of an exchange in which all was accepted, with their request and their JSON answer.
fn accepted(
    profile: &Profile,
    exchange: Exchange,
) -> impl Iterator<Item = (&Example, &RecordedRequest, &Value)> {
    profile
        .examples()
        .iter()
        .filter(move |example| example.exchange == exchange)
        .filter(|example| example.expect.iter().all(|(class, _)| *class == Class::Accepted))
        .filter_map(|example| Some((example, example.request.as_ref()?, example.response.json.as_ref()?)))
}

/// Where the addresses stand in a recorded request: a list of just them, or the one address itself.
fn find_recipients(profile: &Profile, message: &Message, body: &Value) -> Option<String> {
    let wires: Vec<String> =
        message.recipients.iter().map(|address| profile.wire(address).ok()).collect::<Option<_>>()?;
    let all = |value: &Value| match value {
        Value::Array(items) => {
            items.len() == wires.len()
                && items.iter().zip(&wires).all(|(item, wire)| plain_text(item).as_ref() == Some(wire))
        }
        _ => false,
    };
    let only = |value: &Value| wires.len() == 1 && plain_text(value).as_ref() == wires.first();
    find(body, &all).or_else(|| find(body, &only))
}

/// The recorded answer as a pattern: the list that holds a record for each recipient, else the whole.
fn results(profile: &Profile, example: &Example, message: &Message, json: &Value) -> Option<Pattern> {
    let addresses: Vec<Vec<Value>> =
        message.recipients.iter().map(|address| forms(profile, address)).collect();
    let about =
        |record: &Value, forms: &[Value]| forms.iter().any(|form| !pointers_to(record, form).is_empty());
    let list = |value: &Value| match value {
        Value::Array(records) => {
            records.len() == addresses.len()
                && addresses.iter().all(|forms| records.iter().any(|record| about(record, forms)))
        }
        _ => false,
    };
    let first = addresses.first()?;
    let slots = |record: &Value| {
        let mut slots: Vec<(Value, Slot)> =
            first.iter().map(|form| (form.clone(), Slot::Address { plus: is_plus(form) })).collect();
        let id = example.expect.first().and_then(|(_, id)| id.clone()).unwrap_or_default();
        slots.push((Value::from(id.as_str()), Slot::Id));
        slots.extend(id.parse::<u64>().ok().map(|number| (Value::from(number), Slot::Id)));
        slots.push((Value::from(message.text.as_str()), Slot::Text));
        slots.retain(|(value, _)| !pointers_to(record, value).is_empty());
        slots
    };
    match find(json, &list) {
        Some(at) => {
            let records = json.pointer(&at)?.as_array()?;
            let record = records.iter().find(|record| about(record, first))?;
            Some(Pattern::list(json, &at, record, &slots(record)))
        }
        None if addresses.len() == 1 => Some(Pattern::whole(json, &slots(json))),
        None => None,
    }
}

/// The ways in which an answer may write an address.
fn forms(profile: &Profile, canonical: &str) -> Vec<Value> {
    let mut forms = vec![Value::from(canonical)];
    if let Ok(wire) = profile.wire(canonical) {
        forms.extend(wire.parse::<u64>().ok().map(Value::from));
        forms.push(Value::from(wire));
    }
    forms.dedup();
    forms
}

fn is_plus(form: &Value) -> bool {
    form.as_str().is_some_and(|text| text.starts_with('+'))
}

fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
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
