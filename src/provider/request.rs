//! Messages into requests: one render for the body, one for each header that is not constant.

use std::collections::HashSet;

use crate::expression::{Context, Value};
use crate::provider::exchange::{HeaderText, Request};
use crate::provider::profile::{Call, Profile, Text};
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
}

/// Messages that go out in one request: one text, some people.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The text.
    pub text: &'a str,
    /// At least one, at most [`Profile::batch_max`], no address twice.
    pub members: &'a [Member<'a>],
    /// The sender, of the type the profile wants.
    pub sender: &'a serde_json::Value,
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
        if self.needs_token() && token.is_none() {
            return Err(BuildError::NoToken);
        }
        let mut context = self.request_context(secrets, token);
        context.insert_value("text", Value::from(batch.text));
        let sender = Value::try_from_serializable(batch.sender);
        context.insert_value("sender", sender.map_err(|error| BuildError::Sender(error.to_string()))?);
        let mut addresses = batch.members.iter().map(|member| self.address(member));
        match self.inner.batch_mode {
            BatchMode::Shared => {
                let all: Vec<Value> = addresses.collect::<Result<_, _>>()?;
                context.insert_value("recipients", Value::from(all));
            }
            BatchMode::Single => {
                if let Some(address) = addresses.next() {
                    context.insert_value("recipient", address?);
                }
            }
        }
        self.request(&self.inner.send, "send", &context, secrets)
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
        name: &str,
        context: &Context,
        secrets: &Secrets,
    ) -> Result<Request, BuildError> {
        let place = |part: &str| format!("{}: {name}.{part}", self.name());
        let path = self.render(&call.path, context, secrets, || place("path"))?;
        let mut headers = Vec::with_capacity(call.headers.len() + 2);
        for (header, text) in &call.headers {
            let value = self.render(text, context, secrets, || place(&format!("headers.{header}")))?;
            // A line break would begin another header.
            if value.chars().any(char::is_control) {
                let message = "a header cannot hold line breaks or other controls".to_owned();
                return Err(BuildError::Expression { place: place(&format!("headers.{header}")), message });
            }
            let secret = matches!(text, Text::Program { secret: true, .. });
            let value = if secret { HeaderText::Secret(value.into()) } else { HeaderText::Plain(value) };
            headers.push((header.clone(), value));
        }
        let json = HeaderText::Plain("application/json".to_owned());
        add_header(&mut headers, "Accept", &json);
        let mut body = String::new();
        if let Some(program) = &call.json {
            add_header(&mut headers, "Content-Type", &json);
            self.inner.program.render_capped(program, context, MAX_BODY_BYTES, &mut body).map_err(
                |error| BuildError::Expression {
                    place: place("json"),
                    message: secrets.reason(&error.to_string()),
                },
            )?;
        }
        Ok(Request {
            method: call.method,
            url: format!("{}{path}", self.base_url),
            headers,
            body: body.into_bytes(),
            timeout: call.timeout,
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
            Text::Program { name, .. } => {
                let mut out = String::new();
                self.inner.program.render(name, context, &mut out).map_err(|error| {
                    let message = secrets.reason(&error.to_string());
                    BuildError::Expression { place: place(), message }
                })?;
                Ok(out)
            }
        }
    }
}

/// Adds a header that the profile has not set itself.
fn add_header(headers: &mut Vec<(String, HeaderText)>, name: &str, value: &HeaderText) {
    if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
        headers.push((name.to_owned(), value.clone()));
    }
}
