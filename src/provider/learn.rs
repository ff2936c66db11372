//! What there is to learn from recorded exchanges: where the addresses, the text, the ids, the tokens
//! and the secrets stand in them, found by their values.

use secrecy::ExposeSecret;
use serde_json::Value;

use crate::provider::example::{Example, Exchange, Message, RecordedRequest, SANDBOX_SECRET};
use crate::provider::exchange::{Method, Response};
use crate::provider::pattern::{Pattern, Slot, find, pointers_to};
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

#[derive(Debug)]
pub(super) struct Door {
    pub method: Method,
    pub path: String,
    /// Where the recorded request has a secret: lower-case header names and pointers into the body.
    pub secret_headers: Vec<(String, String)>,
    pub secret_pointers: Vec<String>,
}

#[derive(Debug)]
pub(super) struct TokenRoute {
    pub door: Door,
    /// Where the request has the token that renews.
    pub renews: Vec<String>,
    pub pattern: Pattern,
    pub response: Response,
}

#[derive(Debug)]
pub(super) struct SendRoute {
    pub door: Door,
    /// The header that shows the token, with what stands before and behind it.
    pub token: Option<(String, String, String)>,
    pub recipients: String,
    pub text: Option<String>,
    pub pattern: Pattern,
    pub response: Response,
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
        let secret_pointers = request.body.json().map_or_else(Vec::new, |json| pointers_to(json, &secret));
        Self { method: request.method, path: request.path.clone(), secret_headers, secret_pointers }
    }
}

pub(super) fn token_route(profile: &Profile, exchange: Exchange, token: &Token) -> Option<TokenRoute> {
    let (example, request, json) = accepted(profile, exchange).next()?;
    let access = Value::from(token.access.expose_secret());
    let refresh = token.refresh.as_ref().map(|refresh| Value::from(refresh.expose_secret()));
    let renews = match (&refresh, request.body.json(), exchange) {
        (Some(refresh), Some(json), Exchange::Refresh) => pointers_to(json, refresh),
        _ => Vec::new(),
    };
    let mut slots: Vec<(Value, Slot)> = vec![(access, Slot::Access)];
    slots.extend(refresh.map(|refresh| (refresh, Slot::Refresh)));
    let pattern = Pattern::whole(json, &slots);
    Some(TokenRoute { door: Door::new(request), renews, pattern, response: example.response.to_response() })
}

pub(super) fn send_route(profile: &Profile, token: Option<&Token>) -> Result<SendRoute, MimicError> {
    let (example, request, json) =
        accepted(profile, Exchange::Send).next().ok_or(MimicError::NoExample("send"))?;
    let (Some(message), Some(body)) = (&example.message, request.body.json()) else {
        return Err(MimicError::NoExample("send"));
    };
    let recipients = find_recipients(profile, message, body)
        .ok_or_else(|| MimicError::NoRecipients(example.name.clone()))?;
    let text = pointers_to(body, &Value::from(message.text(0))).into_iter().next();
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
        .filter(|example| example.is_accepted())
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
        let id = example.expect.first().and_then(|one| one.id.clone()).unwrap_or_default();
        slots.push((Value::from(id.as_str()), Slot::Id));
        slots.extend(id.parse::<u64>().ok().map(|number| (Value::from(number), Slot::Id)));
        slots.push((Value::from(message.text(0)), Slot::Text));
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

pub(super) fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
