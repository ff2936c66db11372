//! The examples of a profile, replayed: each request must come out as recorded, each answer must be
//! read as recorded.

use chrono::{DateTime, Utc};

use crate::provider::auth::AuthError;
use crate::provider::class::Class;
use crate::provider::example::{Example, Exchange, Message, RecordedRequest};
use crate::provider::exchange::Request;
use crate::provider::profile::Profile;
use crate::provider::request::{Batch, Member};
use crate::provider::secrets::Secrets;
use crate::provider::token::Token;

/// An example that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("example `{example}`: {problem}")]
pub struct ExampleFailure {
    /// Its name.
    pub example: String,
    /// What differs.
    pub problem: String,
}

impl Profile {
    /// Replays every example, without any network; answers what differs.
    pub fn check_examples(&self) -> Vec<ExampleFailure> {
        let secrets = self.sandbox_secrets();
        let token = self.example_token(&secrets);
        let mut failures = Vec::new();
        for example in self.examples() {
            let problems = match &example.message {
                Some(message) => self.check_send(example, message, &secrets, token.as_ref()),
                None => self.check_token(example, &secrets, token.as_ref()),
            };
            let name = example.name.clone();
            failures.extend(
                problems.into_iter().map(|problem| ExampleFailure { example: name.clone(), problem }),
            );
        }
        failures
    }

    /// The token of the first log-in among the examples that gives one.
    pub fn example_token(&self, secrets: &Secrets) -> Option<Token> {
        self.examples().iter().filter(|example| example.exchange == Exchange::Login).find_map(|example| {
            self.read_token(secrets, Ok(&example.response.to_response()), DateTime::<Utc>::UNIX_EPOCH).ok()
        })
    }

    fn check_token(&self, example: &Example, secrets: &Secrets, token: Option<&Token>) -> Vec<String> {
        let request = match (example.exchange, token) {
            (Exchange::Refresh, Some(token)) => self.build_refresh(secrets, token),
            (Exchange::Refresh, None) => {
                return vec!["no log-in among the examples gives a token".to_owned()];
            }
            _ => self.build_login(secrets),
        };
        let mut problems = match request {
            Ok(request) => self.differences(example.request.as_ref(), &request),
            Err(error) => vec![error.to_string()],
        };
        let read = self.read_token(secrets, Ok(&example.response.to_response()), DateTime::<Utc>::UNIX_EPOCH);
        let class = match &read {
            Ok(_) => Class::Accepted,
            Err(AuthError::Throttled(_)) => Class::Throttled,
            Err(AuthError::Refused(_) | AuthError::Unsafe(_)) => Class::Auth,
            Err(AuthError::Unreadable(_) | AuthError::Lost(_)) => Class::Unknown,
        };
        if example.expect.iter().any(|(expected, _)| *expected != class) {
            let why = read.err().map_or_else(String::new, |error| format!(" ({error})"));
            problems.push(format!("the answer is read as {class:?}{why}"));
        }
        problems
    }

    fn check_send(
        &self,
        example: &Example,
        message: &Message,
        secrets: &Secrets,
        token: Option<&Token>,
    ) -> Vec<String> {
        let members: Vec<Member<'_>> =
            message.recipients.iter().map(|address| Member { id: address, address }).collect();
        let batch = Batch { text: &message.text, members: &members, sender: &message.sender };
        let mut problems = match self.build_send(&batch, secrets, token) {
            Ok(request) => self.differences(example.request.as_ref(), &request),
            Err(error) => vec![error.to_string()],
        };
        let reading = self.read_send(&batch, secrets, Ok(&example.response.to_response()));
        if example.expect.len() != message.recipients.len() {
            let (told, asked) = (example.expect.len(), message.recipients.len());
            problems.push(format!("{told} outcomes are expected for {asked} recipients"));
        }
        for ((verdict, (class, id)), address) in
            reading.verdicts.iter().zip(&example.expect).zip(&message.recipients)
        {
            if verdict.class != *class || (id.is_some() && verdict.provider_id != *id) {
                let found = (verdict.class, verdict.provider_id.as_deref(), verdict.reason.as_deref());
                problems.push(format!("{address}: read as {found:?}, recorded {:?}", (class, id)));
            }
        }
        problems
    }

    /// What differs between a recorded request and the one that came out. Headers may be more.
    fn differences(&self, recorded: Option<&RecordedRequest>, request: &Request) -> Vec<String> {
        let Some(recorded) = recorded else { return Vec::new() };
        let mut problems = Vec::new();
        let path = request.url.strip_prefix(&self.base_url).unwrap_or(&request.url);
        if (request.method, path) != (recorded.method, recorded.path.as_str()) {
            let (method, wanted) = (recorded.method, &recorded.path);
            problems.push(format!("the request is {} {path}, recorded {method} {wanted}", request.method));
        }
        for (name, value) in &recorded.headers {
            let found = request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            if found.map(|(_, text)| text.expose()) != Some(value) {
                problems.push(format!("the request's header {name} is not as recorded"));
            }
        }
        let body: Option<serde_json::Value> = serde_json::from_slice(&request.body).ok();
        if body != recorded.json {
            problems.push("the request's body is not as recorded".to_owned());
        }
        problems
    }
}
