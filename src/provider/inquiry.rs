//! Questions about messages that were sent: what became of one, calling one back, and which were sent to an
//! address. None of them sends anything, so each may be asked again.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::expression::{Context, Value};
use crate::provider::answer::Answer;
use crate::provider::class::{Class, Outcome, RetryAfter};
use crate::provider::exchange::{Fault, Request, Response};
use crate::provider::profile::{Inbound, Inquiry, List, Profile};
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

/// Something that somebody has sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The canonical address it came from.
    pub address: String,
    /// Its text.
    pub text: String,
    /// When it was sent.
    pub at: DateTime<Utc>,
}

/// A page of what people have sent back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeardPage {
    /// The messages that can be read.
    pub heard: Vec<Heard>,
    /// How many cannot.
    pub unread: u64,
    /// Whether there is another page.
    pub more: bool,
    /// Whether the gateway holds more than it can be asked for.
    pub cut: bool,
}

/// A page of the gateway's list: those that went to the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The messages.
    pub sent: Vec<Sent>,
    /// Whether there is another page.
    pub more: bool,
    /// Whether the gateway holds more than it can be asked for.
    pub cut: bool,
}

/// An item of a list that cannot be read.
struct Unreadable;

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
        let (items, context) = self.items(&list.each, sought.page, secrets, answer)?;
        let mut scope = context.clone();
        let (mut sent, mut unread) = (Vec::new(), false);
        for item in items.as_array().into_iter().flatten() {
            scope.insert_value("result", item.clone());
            match self.listed(list, sought, &scope) {
                Ok(found) => sent.extend(found),
                Err(Unreadable) => unread = true,
            }
        }
        let (next, cut) = (list.next.as_deref(), list.cut.as_deref());
        // A record that cannot be read may be the very one.
        let cut = unread || self.says(cut, &context) || !self.can_say(next, &context);
        Ok(Page { sent, more: self.says(next, &context), cut })
    }

    /// A page of what people have sent back since a time; pages count from 1.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build_inbound(
        &self,
        sender: &serde_json::Value,
        page: u32,
        since: DateTime<Utc>,
        secrets: &Secrets,
        token: Option<&Token>,
    ) -> Result<Request, BuildError> {
        let inbound = self.inner.inbound.as_ref().ok_or(BuildError::NoCall("inbound"))?;
        let mut context = self.asking_context(secrets, token, sender)?;
        context.insert_value("page", Value::from(page));
        context.insert_value("since", Value::from(since.to_rfc3339_opts(SecondsFormat::Secs, true)));
        self.request(&inbound.call, &context, secrets)
    }

    /// The messages in a page of what came in.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn read_inbound(
        &self,
        page: u32,
        secrets: &Secrets,
        answer: Result<&Response, &Fault>,
    ) -> Result<HeardPage, NoAnswer> {
        let Some(inbound) = &self.inner.inbound else {
            return Err(NoAnswer::Silent("the profile has no such question".to_owned()));
        };
        let (items, context) = self.items(&inbound.each, page, secrets, answer)?;
        let mut scope = context.clone();
        let (mut heard, mut unread) = (Vec::new(), 0);
        for item in items.as_array().into_iter().flatten() {
            scope.insert_value("result", item.clone());
            match self.heard(inbound, &scope) {
                Ok(found) => heard.extend(found),
                Err(Unreadable) => unread += 1,
            }
        }
        let (next, cut) = (inbound.next.as_deref(), inbound.cut.as_deref());
        let cut = self.says(cut, &context) || !self.can_say(next, &context);
        Ok(HeardPage { heard, unread, more: self.says(next, &context), cut })
    }

    fn heard(&self, inbound: &Inbound, context: &Context) -> Result<Option<Heard>, Unreadable> {
        if !self.counts(inbound.when.as_deref(), context) {
            return Ok(None);
        }
        let value = |program: &str| self.inner.program.eval(program, context).map_err(|_| Unreadable);
        let address = self.inner.wire.canonical(&value(&inbound.address)?).ok_or(Unreadable)?;
        let text = value(&inbound.text)?.as_str().ok_or(Unreadable)?.to_owned();
        let at = self.text_of(&inbound.at, context).ok().flatten().ok_or(Unreadable)?;
        Ok(Some(Heard { address, text, at: time(&at).ok_or(Unreadable)? }))
    }

    /// The list in a page, and what expressions over its items may use beside them.
    fn items(
        &self,
        each: &str,
        page: u32,
        secrets: &Secrets,
        answer: Result<&Response, &Fault>,
    ) -> Result<(Value, Context), NoAnswer> {
        let response = heard(secrets, answer)?;
        let mut answer = Answer::new(self, response, 1);
        if let Some(refusal) = self.refusal(&answer, response, secrets) {
            return Err(refusal);
        }
        answer.context.insert_value("page", Value::from(page));
        let silent = || NoAnswer::Silent(answer.unreadable(secrets));
        let items = self.inner.program.eval(each, &answer.context).map_err(|_| silent())?;
        if items.as_array().is_none() {
            return Err(silent());
        }
        Ok((items, answer.context))
    }

    fn says(&self, what: Option<&str>, context: &Context) -> bool {
        what.is_some_and(|what| self.inner.program.eval(what, context).is_ok_and(|holds| holds.is_truthy()))
    }

    fn can_say(&self, what: Option<&str>, context: &Context) -> bool {
        what.is_none_or(|what| self.inner.program.eval(what, context).is_ok())
    }

    /// Whether an item is one of those that count.
    fn counts(&self, when: Option<&str>, context: &Context) -> bool {
        when.is_none_or(|when| self.inner.program.eval(when, context).is_ok_and(|holds| holds.is_truthy()))
    }

    /// A message of the list, if it is one that was sent to the address.
    fn listed(
        &self,
        list: &List,
        sought: &Sought<'_>,
        context: &Context,
    ) -> Result<Option<Sent>, Unreadable> {
        let program = &self.inner.program;
        if !self.counts(list.when.as_deref(), context) {
            return Ok(None);
        }
        if let Some(address) = &list.address {
            let found = program.eval(address, context).map_err(|_| Unreadable)?;
            let found = self.inner.wire.key_in_answer(&found).ok_or(Unreadable)?;
            if self.inner.wire.key(sought.address).is_ok_and(|wanted| found != wanted) {
                return Ok(None);
            }
        }
        let text = program.eval(&list.text, context).map_err(|_| Unreadable)?;
        let text = text.as_str().ok_or(Unreadable)?.to_owned();
        let word = |program: &str| self.text_of(program, context).ok().flatten().ok_or(Unreadable);
        let at = time(&word(&list.at)?).ok_or(Unreadable)?;
        Ok(Some(Sent { id: word(&list.id)?, text, at }))
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
    fn refusal(&self, answer: &Answer, response: &Response, secrets: &Secrets) -> Option<NoAnswer> {
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
