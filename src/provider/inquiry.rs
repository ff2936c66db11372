//! Questions about messages that were sent: what became of one, calling one back, and which were sent to an
//! address. None of them sends anything, so each may be asked again.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::expression::{Context, Value};
use crate::provider::answer::Answer;
use crate::provider::class::{Class, Outcome, RetryAfter};
use crate::provider::exchange::{Fault, Request, Response};
use crate::provider::profile::{Inquiry, List, Profile};
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

/// Which list of messages is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Sought<'a> {
    /// The canonical address.
    pub address: &'a str,
    /// The sender of the campaign.
    pub sender: &'a serde_json::Value,
    /// The page, from 1.
    pub page: u32,
    /// Nothing older than this is of use.
    pub since: DateTime<Utc>,
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

/// A message in the gateway's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub id: String,
    /// Its text.
    pub text: String,
    /// When the gateway took it.
    pub at: DateTime<Utc>,
}

/// A page of the gateway's list: those that went to the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The messages.
    pub sent: Vec<Sent>,
    /// Whether there is another page.
    pub more: bool,
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

    /// A page of the messages that were sent to an address.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build_list(
        &self,
        sought: &Sought<'_>,
        secrets: &Secrets,
        token: Option<&Token>,
    ) -> Result<Request, BuildError> {
        let list = self.inner.list.as_ref().ok_or(BuildError::NoCall("list"))?;
        let mut context = self.asking_context(secrets, token, sought.sender)?;
        context.insert_value("recipient", self.recipient(sought.address)?);
        context.insert_value("page", Value::from(sought.page));
        context.insert_value("since", Value::from(sought.since.to_rfc3339_opts(SecondsFormat::Secs, true)));
        self.request(&list.call, &context, secrets)
    }

    /// What became of a message, with the reason where there is one.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn read_status(
        &self,
        secrets: &Secrets,
        answer: Result<&Response, &Fault>,
    ) -> Result<(Outcome, Option<String>), NoAnswer> {
        self.read_outcome(self.inner.status.as_ref(), secrets, answer)
    }

    /// Whether a message was called back: only [`Outcome::Cancelled`] says so.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn read_cancel(
        &self,
        secrets: &Secrets,
        answer: Result<&Response, &Fault>,
    ) -> Result<(Outcome, Option<String>), NoAnswer> {
        self.read_outcome(self.inner.cancel.as_ref(), secrets, answer)
    }

    /// The messages in a page.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn read_page(
        &self,
        sought: &Sought<'_>,
        secrets: &Secrets,
        answer: Result<&Response, &Fault>,
    ) -> Result<Page, NoAnswer> {
        let Some(list) = &self.inner.list else { return Err(NoAnswer::Silent("it has no list".to_owned())) };
        let response = heard(secrets, answer)?;
        let mut answer = Answer::new(self, response, 1);
        if let Some(refusal) = self.refusal(&answer, response, secrets) {
            return Err(refusal);
        }
        answer.context.insert_value("page", Value::from(sought.page));
        let silent = || NoAnswer::Silent(answer.unreadable(secrets));
        let items = self.inner.program.eval(&list.each, &answer.context).map_err(|_| silent())?;
        let items = items.as_array().ok_or_else(silent)?;
        let mut context = answer.context.clone();
        let mut sent = Vec::new();
        for item in items {
            context.insert_value("result", item.clone());
            sent.extend(self.listed(list, sought, &context));
        }
        let more = list.next.as_ref().and_then(|next| self.inner.program.eval(next, &answer.context).ok());
        Ok(Page { sent, more: more.is_some_and(|more| more.is_truthy()) })
    }

    /// A message of the list, if it is one that was sent to the address and can be read whole: what cannot be
    /// read matches nobody.
    fn listed(&self, list: &List, sought: &Sought<'_>, context: &Context) -> Option<Sent> {
        let program = &self.inner.program;
        if let Some(when) = &list.when
            && !program.eval(when, context).is_ok_and(|value| value.is_truthy())
        {
            return None;
        }
        if let Some(address) = &list.address {
            let found = program.eval(address, context).ok()?;
            let wanted = self.inner.wire.key(sought.address).ok()?;
            if self.inner.wire.key_in_answer(&found)? != wanted {
                return None;
            }
        }
        let text = program.eval(&list.text, context).ok()?.as_str()?.to_owned();
        let at = time(&self.text_of(&list.at, context).ok()??)?;
        Some(Sent { id: self.text_of(&list.id, context).ok()??, text, at })
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

    fn recipient(&self, address: &str) -> Result<Value, BuildError> {
        let wrong = |error| BuildError::Address { id: address.to_owned(), error };
        self.inner.wire.value(address).map_err(wrong)
    }

    fn read_outcome(
        &self,
        inquiry: Option<&Inquiry>,
        secrets: &Secrets,
        answer: Result<&Response, &Fault>,
    ) -> Result<(Outcome, Option<String>), NoAnswer> {
        let Some(inquiry) = inquiry else {
            return Err(NoAnswer::Silent("the profile has no such question".to_owned()));
        };
        let response = heard(secrets, answer)?;
        let answer = Answer::new(self, response, 1);
        for rule in &inquiry.outcomes {
            let holds = self.inner.program.eval(&rule.when, &answer.context);
            if holds.is_ok_and(|value| value.is_truthy()) {
                let reason = rule.reason.as_ref().and_then(|one| self.reason(one, &answer.context, secrets));
                return Ok((rule.outcome, reason));
            }
        }
        Err(self
            .refusal(&answer, response, secrets)
            .unwrap_or_else(|| NoAnswer::Silent("the answer does not say what became of it".to_owned())))
    }

    /// What an answer says about us: the rules of the profile first, then its status.
    fn refusal(&self, answer: &Answer, response: &Response, secrets: &Secrets) -> Option<NoAnswer> {
        let status = response.status;
        let ruled = self.first_rule(&self.inner.rules, &answer.context, secrets).ok().flatten();
        let ruled = ruled.filter(|(class, _)| {
            matches!(
                class,
                Class::Auth | Class::Throttled | Class::Config | Class::Account | Class::Transient
            )
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
fn heard<'a>(secrets: &Secrets, answer: Result<&'a Response, &Fault>) -> Result<&'a Response, NoAnswer> {
    match answer {
        Ok(response) if response.truncated => {
            Err(NoAnswer::Silent("the answer is larger than 1 MiB".to_owned()))
        }
        Ok(response) => Ok(response),
        Err(Fault::Tls(reason) | Fault::Malformed(reason)) => Err(NoAnswer::Refused(secrets.reason(reason))),
        Err(Fault::NotSent(reason) | Fault::Lost(reason)) => Err(NoAnswer::Silent(secrets.reason(reason))),
    }
}

/// A time as gateways write it: RFC 3339, RFC 2822, without a zone (then UTC), or seconds since 1970.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text));
    let zoned = zoned.or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    let plain = || {
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
            .iter()
            .find_map(|form| chrono::NaiveDateTime::parse_from_str(text, form).ok())
    };
    let seconds = || text.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    zoned.ok().map(|time| time.to_utc()).or_else(|| plain().map(|time| time.and_utc())).or_else(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_common_form() {
        let moment = DateTime::from_timestamp(1_767_225_600, 0);
        for form in [
            "2026-01-01T00:00:00Z",
            "2026-01-01T01:00:00.000+0100",
            "2026-01-01T00:00:00.000+0000",
            "2026-01-01 00:00:00",
            "Thu, 01 Jan 2026 00:00:00 +0000",
            "1767225600",
        ] {
            assert_eq!(time(form), moment, "{form}");
        }
        assert_eq!(time("soon"), None);
    }
}
