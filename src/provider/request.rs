//! Messages into requests: one render for the body, one for each header that is not constant.

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};

use crate::expression::{Context, Value};
use crate::provider::exchange::{HeaderText, Method, Request};
use crate::provider::part::Part;
use crate::provider::profile::{Body, Call, Header, Profile, Text};
use crate::provider::raw::BatchMode;
use crate::provider::secrets::Secrets;
use crate::provider::token::Token;
use crate::provider::wire::AddressError;

/// The longest body that is built, in bytes: ten thousand numbers and a long text fit with ease.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// One message of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// Who, as the campaign knows the person.
    pub id: &'a str,
    /// The canonical address.
    pub address: &'a str,
    /// The text; the same for all members where the batch mode is `shared`.
    pub text: &'a str,
    /// The message's [key](crate::provider::key), where the profile [uses it](Profile::uses_key).
    pub key: &'a str,
    /// `gsm7` or `ucs2`, where the profile [uses it](Profile::uses_encoding).
    pub encoding: &'a str,
    /// Which part of a longer text it is.
    pub part: Option<Part>,
}

/// Messages that go out in one request.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// At least one, at most [`Profile::batch_max`], no address twice.
    pub members: &'a [Member<'a>],
    /// The sender, of the type the profile wants.
    pub sender: &'a serde_json::Value,
    /// What time it is.
    pub now: DateTime<Utc>,
    /// Until when it may be delivered.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A request that cannot be made. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Nobody to send to, or too many.
    #[error("a request of {found} messages; this gateway takes 1 to {max}")]
    Size {
        /// How many there were.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// An address that cannot be written for this gateway.
    #[error("recipient {id}: {error}")]
    Address {
        /// Whose.
        id: String,
        /// What is wrong with it.
        error: AddressError,
    },
    /// Two messages of a batch to one address: their results could not be told apart.
    #[error("recipient {id} has the address of another recipient of the same request")]
    SameAddress {
        /// The second one.
        id: String,
    },
    /// The sender has the wrong type.
    #[error("{0}")]
    Sender(String),
    /// The profile needs a token and none was given.
    #[error("there is no token; log in first")]
    NoToken,
    /// The profile has no such request.
    #[error("the profile has no {0}")]
    NoCall(&'static str),
    /// An expression of the profile failed, or made something that cannot go out.
    #[error("{place}: {message}")]
    Expression {
        /// Where in the profile.
        place: String,
        /// What went wrong, secrets taken out.
        message: String,
    },
}

impl Profile {
    /// The request that sends a batch.
    ///
    /// # Errors
    /// [`BuildError`]; nothing was sent.
    pub fn build_send(
        &self,
        batch: &Batch<'_>,
        secrets: &Secrets,
        token: Option<&Token>,
    ) -> Result<Request, BuildError> {
        self.check_batch(batch)?;
        let mut context = self.asking_context(secrets, token, batch.sender)?;
        let until = batch.expires_at.map(|end| {
            let seconds = (end - batch.now).num_seconds().max(1);
            (Value::from(end.to_rfc3339_opts(SecondsFormat::Secs, true)), Value::from(seconds))
        });
        let (expires_at, expires_in) = until.unwrap_or_else(|| (Value::none(), Value::none()));
        context.insert_value("expires_at", expires_at);
        context.insert_value("expires_in", expires_in);
        self.insert_messages(batch, &mut context)?;
        let mut request = self.request(&self.inner.send, &context, secrets)?;
        if let (Some(header), [only]) = (&self.inner.idempotency, batch.members) {
            request.headers.push((header.clone(), HeaderText::Plain(only.key.to_owned())));
        }
        Ok(request)
    }

    fn insert_messages(&self, batch: &Batch<'_>, context: &mut Context) -> Result<(), BuildError> {
        let Some(first) = batch.members.first() else { return Ok(()) };
        let mode = self.inner.batch_mode;
        if mode != BatchMode::Personalised {
            context.insert_value("text", Value::from(first.text));
            context.insert_value("encoding", Value::from(first.encoding));
        }
        match mode {
            BatchMode::Single => {
                context.insert_value("recipient", self.address(first)?);
                context.insert_value("key", Value::from(first.key));
                context.insert_value("part", first.part.map_or_else(Value::none, Part::scope));
            }
            BatchMode::Shared => {
                let all: Vec<Value> =
                    batch.members.iter().map(|member| self.address(member)).collect::<Result<_, _>>()?;
                context.insert_value("recipients", Value::from(all));
            }
            BatchMode::Personalised => {
                let one = |member: &Member<'_>| {
                    Ok(Value::from(BTreeMap::from([
                        ("address", self.address(member)?),
                        ("text", Value::from(member.text)),
                        ("key", Value::from(member.key)),
                        ("encoding", Value::from(member.encoding)),
                    ])))
                };
                let all: Vec<Value> = batch.members.iter().map(one).collect::<Result<_, BuildError>>()?;
                context.insert_value("messages", Value::from(all));
            }
        }
        Ok(())
    }

    /// What requests with a credential may use.
    pub(super) fn asking_context(
        &self,
        secrets: &Secrets,
        token: Option<&Token>,
        sender: &serde_json::Value,
    ) -> Result<Context, BuildError> {
        if self.needs_token() && token.is_none() {
            return Err(BuildError::NoToken);
        }
        let mut context = self.request_context(secrets, token);
        let sender = Value::try_from_serializable(sender);
        context.insert_value("sender", sender.map_err(|error| BuildError::Sender(error.to_string()))?);
        Ok(context)
    }

    pub(super) fn request_context(&self, secrets: &Secrets, token: Option<&Token>) -> Context {
        let mut context = Context::new();
        context.insert_value("vars", self.vars_scope.clone());
        context.insert_value("secrets", secrets.scope());
        if let Some(token) = token {
            context.insert_value("token", token.scope());
        }
        context
    }

    fn check_batch(&self, batch: &Batch<'_>) -> Result<(), BuildError> {
        let (found, max) = (batch.members.len(), self.batch_max());
        if found == 0 || found > max {
            return Err(BuildError::Size { found, max });
        }
        self.check_sender(batch.sender).map_err(BuildError::Sender)?;
        if let [_] = batch.members {
            return Ok(());
        }
        let mut seen = HashSet::with_capacity(found);
        match batch.members.iter().find(|member| !seen.insert(member.address)) {
            Some(twice) => Err(BuildError::SameAddress { id: twice.id.to_owned() }),
            None => Ok(()),
        }
    }

    fn address(&self, member: &Member<'_>) -> Result<Value, BuildError> {
        let wrong = |error| BuildError::Address { id: member.id.to_owned(), error };
        self.inner.wire.value(member.address).map_err(wrong)
    }

    pub(super) fn request(
        &self,
        call: &Call,
        context: &Context,
        secrets: &Secrets,
    ) -> Result<Request, BuildError> {
        let place = |part: &str| format!("{}: {}.{part}", self.name(), call.name);
        let render = |text: &Text, part: &str| self.render(text, context, secrets, || place(part));
        let mut url = format!("{}{}", self.base_url, render(&call.path, "path")?);
        let auth = &self.inner.auth;
        let shown = if call.authorised { auth.query.as_ref() } else { None };
        let mut mark = '?';
        for query in shown.into_iter().chain(&call.query) {
            let pairs = render(query, "query")?;
            let pairs = pairs.trim_start_matches('&');
            if !pairs.is_empty() {
                url.push(mark);
                url.push_str(pairs);
                mark = '&';
            }
        }
        let mut headers = Vec::with_capacity(call.headers.len() + auth.headers.len() + 3);
        self.headers(&call.headers, context, secrets, &place, &mut headers)?;
        if call.authorised {
            self.headers(&auth.headers, context, secrets, &place, &mut headers)?;
            if let Some((username, password)) = &auth.basic {
                let (username, password) = (render(username, "auth.basic")?, render(password, "auth.basic")?);
                let encoded = basic(&username, &password);
                secrets.issued(encoded.trim_end_matches('='));
                let header = HeaderText::Secret(format!("Basic {encoded}").into());
                headers.push(("Authorization".to_owned(), header));
            }
        }
        let (kind, body) = self.body(call, context, secrets, &place)?;
        if let Some(kind) = kind {
            add_header(&mut headers, "Content-Type", kind);
        }
        add_header(&mut headers, "Accept", "application/json");
        Ok(Request {
            method: self.method(call)?,
            url,
            headers,
            body: body.into_bytes(),
            timeout: call.timeout,
        })
    }

    fn headers(
        &self,
        from: &[Header],
        context: &Context,
        secrets: &Secrets,
        place: &dyn Fn(&str) -> String,
        out: &mut Vec<(String, HeaderText)>,
    ) -> Result<(), BuildError> {
        for header in from {
            let place = || place(&format!("headers.{}", header.name));
            let value = self.render(&header.text, context, secrets, place)?;
            if header.optional && value.is_empty() {
                continue;
            }
            // A line break would begin another header.
            if value.chars().any(char::is_control) {
                let message = "a header cannot hold line breaks or other controls".to_owned();
                return Err(BuildError::Expression { place: place(), message });
            }
            let secret = matches!(header.text, Text::Program { secret: true, .. });
            let value = if secret { HeaderText::Secret(value.into()) } else { HeaderText::Plain(value) };
            out.push((header.name.clone(), value));
        }
        Ok(())
    }

    /// The body and what it is.
    fn body(
        &self,
        call: &Call,
        context: &Context,
        secrets: &Secrets,
        place: &dyn Fn(&str) -> String,
    ) -> Result<(Option<&'static str>, String), BuildError> {
        let (kind, part, text) = match &call.body {
            Body::None => return Ok((None, String::new())),
            Body::Json(program) => {
                let body = self.run(program, context, secrets, || place("json"))?;
                return Ok((Some("application/json"), body));
            }
            Body::Form(text) => ("application/x-www-form-urlencoded", "form", text),
            Body::Text(text) => ("text/plain; charset=utf-8", "text", text),
        };
        let body = self.render(text, context, secrets, || place(part))?;
        let body = if part == "form" { body.trim_start_matches('&').to_owned() } else { body };
        Ok((Some(kind), body))
    }

    /// The verb: a word, or what the constants say.
    pub(super) fn method(&self, call: &Call) -> Result<Method, BuildError> {
        let word = match &call.method {
            Text::Fixed(word) => word.clone(),
            Text::Program { .. } => {
                let context = self.request_context(&Secrets::new([]), None);
                self.render(&call.method, &context, &Secrets::new([]), || format!("{}.method", call.name))?
            }
        };
        Method::parse(word.trim()).ok_or_else(|| BuildError::Expression {
            place: format!("{}.method", call.name),
            message: format!("`{word}` is no HTTP method; one of GET, POST, PUT, PATCH and DELETE"),
        })
    }

    fn render(
        &self,
        text: &Text,
        context: &Context,
        secrets: &Secrets,
        place: impl Fn() -> String,
    ) -> Result<String, BuildError> {
        match text {
            Text::Fixed(text) => Ok(text.clone()),
            Text::Program { name, .. } => self.run(name, context, secrets, place),
        }
    }

    fn run(
        &self,
        program: &str,
        context: &Context,
        secrets: &Secrets,
        place: impl Fn() -> String,
    ) -> Result<String, BuildError> {
        let mut out = String::new();
        self.inner.program.render_capped(program, context, MAX_BODY_BYTES, &mut out).map_err(|error| {
            BuildError::Expression { place: place(), message: secrets.reason(&error.to_string()) }
        })?;
        Ok(out)
    }
}

/// The credentials of RFC 7617.
fn basic(username: &str, password: &str) -> String {
    STANDARD.encode(format!("{username}:{password}"))
}

/// Adds a header that the profile has not set itself.
fn add_header(headers: &mut Vec<(String, HeaderText)>, name: &str, value: &str) {
    if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
        headers.push((name.to_owned(), HeaderText::Plain(value.to_owned())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_those_of_the_standard() {
        // RFC 7617 §2.
        assert_eq!(basic("Aladdin", "open sesame"), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }
}
