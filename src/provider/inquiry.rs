//! Questions about one message that was sent: what became of it, and whether it can be called back. None of them
//! sends anything, so each may be asked again.

use crate::expression::Value;
use crate::provider::answer::Answer;
use crate::provider::class::{Class, Outcome, RetryAfter};
use crate::provider::exchange::{Fault, Request, Response};
use crate::provider::profile::{Inquiry, Profile};
use crate::provider::request::BuildError;
use crate::provider::secrets::Secrets;
use crate::provider::token::Token;

/// Which message is asked about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The canonical address.
    pub address: &'a str,
    /// The gateway's id.
    pub id: &'a str,
    /// The sender of the campaign.
    pub sender: &'a serde_json::Value,
}

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The credential was refused: renew, then ask again once.
    #[error("the gateway refuses the credentials")]
    Unauthorised,
    /// Too many questions: wait.
    #[error("the gateway asks to wait")]
    Throttled(Option<RetryAfter>),
    /// It will not answer: rights, account, address.
    #[error("the gateway refuses the question: {0}")]
    Refused(String),
    /// No answer, or one that says nothing of it. Nothing is known.
    #[error("{0}")]
    Silent(String),
}

impl Profile {
    /// The question what became of a message.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build_status(
        &self,
        about: &About<'_>,
        secrets: &Secrets,
        token: Option<&Token>,
    ) -> Result<Request, BuildError> {
        let inquiry = self.inner.status.as_ref().ok_or(BuildError::NoCall("status"))?;
        self.build_inquiry(inquiry, about, secrets, token)
    }

    /// The wish to call a message back.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build_cancel(
        &self,
        about: &About<'_>,
        secrets: &Secrets,
        token: Option<&Token>,
    ) -> Result<Request, BuildError> {
        let inquiry = self.inner.cancel.as_ref().ok_or(BuildError::NoCall("cancel"))?;
        self.build_inquiry(inquiry, about, secrets, token)
    }

    /// What became of a message, with the reason where there is one.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn read_status(
        &self,
        id: &str,
        secrets: &Secrets,
        answer: Result<&Response, &Fault>,
    ) -> Result<(Outcome, Option<String>), NoAnswer> {
        self.read_outcome(self.inner.status.as_ref(), id, secrets, answer)
    }

    /// Whether a message was called back: only [`Outcome::Cancelled`] says so.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn read_cancel(
        &self,
        id: &str,
        secrets: &Secrets,
        answer: Result<&Response, &Fault>,
    ) -> Result<(Outcome, Option<String>), NoAnswer> {
        self.read_outcome(self.inner.cancel.as_ref(), id, secrets, answer)
    }

    fn build_inquiry(
        &self,
        inquiry: &Inquiry,
        about: &About<'_>,
        secrets: &Secrets,
        token: Option<&Token>,
    ) -> Result<Request, BuildError> {
        let mut context = self.asking_context(secrets, token, about.sender)?;
        context.insert_value("recipient", self.recipient(about.address)?);
        context.insert_value("id", Value::from(about.id));
        self.request(&inquiry.call, &context, secrets)
    }

    pub(super) fn recipient(&self, address: &str) -> Result<Value, BuildError> {
        let wrong = |error| BuildError::Address { id: address.to_owned(), error };
        self.inner.wire.value(address).map_err(wrong)
    }

    fn read_outcome(
        &self,
        inquiry: Option<&Inquiry>,
        id: &str,
        secrets: &Secrets,
        answer: Result<&Response, &Fault>,
    ) -> Result<(Outcome, Option<String>), NoAnswer> {
        let Some(inquiry) = inquiry else {
            return Err(NoAnswer::Silent("the profile has no such question".to_owned()));
        };
        let response = heard(secrets, answer)?;
        let answer = Answer::new(self, response, 1);
        // Of what went wrong on the way, or at the gateway itself, no rule can tell what became of the message.
        if matches!(response.status, 300..400 | 500..)
            && let Some(refusal) = self.refusal(&answer, response, secrets)
        {
            return Err(refusal);
        }
        if response.status < 300
            && let Some(program) = &inquiry.id
            && self.text_of(program, &answer.context).ok().flatten().as_deref() != Some(id)
        {
            return Err(NoAnswer::Silent("the answer is not about this message".to_owned()));
        }
        for rule in &inquiry.outcomes {
            let holds = self.inner.program.eval(&rule.when, &answer.context);
            if holds.is_ok_and(|value| value.is_truthy()) {
                // Nothing arrived by an answer that is an error.
                if rule.outcome == Outcome::Delivered && !(200..300).contains(&response.status) {
                    break;
                }
                let reason = rule.reason.as_ref().and_then(|one| self.reason(one, &answer.context, secrets));
                return Ok((rule.outcome, reason));
            }
        }
        Err(self
            .refusal(&answer, response, secrets)
            .unwrap_or_else(|| NoAnswer::Silent("the answer does not say what became of it".to_owned())))
    }

    /// What an answer says about us: the rules of the profile first, then its status.
    pub(super) fn refusal(
        &self,
        answer: &Answer,
        response: &Response,
        secrets: &Secrets,
    ) -> Option<NoAnswer> {
        let status = response.status;
        let ruled = self.first_rule(&self.inner.rules, &answer.context, secrets).ok().flatten();
        // What rules say of sending to somebody says nothing here: an id that is not found is no wrong address of ours.
        let ruled = ruled.filter(|(class, _)| {
            matches!(class, Class::Auth | Class::Throttled | Class::Account | Class::Transient)
        });
        let (class, reason) = ruled.unwrap_or((
            match status {
                200..300 => return None,
                401 => Class::Auth,
                402 => Class::Account,
                403 | 300..=399 => Class::Config,
                429 => Class::Throttled,
                _ => Class::Unknown,
            },
            None,
        ));
        let reason = reason.unwrap_or_else(|| format!("HTTP {status}"));
        Some(match class {
            Class::Auth => NoAnswer::Unauthorised,
            Class::Throttled => NoAnswer::Throttled(RetryAfter::of(response)),
            Class::Config | Class::Account => NoAnswer::Refused(reason),
            _ => NoAnswer::Silent(reason),
        })
    }
}

/// An answer that can be read at all.
pub(super) fn heard<'a>(
    secrets: &Secrets,
    answer: Result<&'a Response, &Fault>,
) -> Result<&'a Response, NoAnswer> {
    match answer {
        Ok(response) if response.truncated => {
            Err(NoAnswer::Silent("the answer is larger than 1 MiB".to_owned()))
        }
        Ok(response) => Ok(response),
        Err(Fault::Tls(reason) | Fault::Malformed(reason)) => Err(NoAnswer::Refused(secrets.reason(reason))),
        Err(Fault::NotSent(reason) | Fault::Lost(reason)) => Err(NoAnswer::Silent(secrets.reason(reason))),
    }
}
