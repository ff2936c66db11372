//! Lists that gateways keep: what was sent to an address, and what people have sent back. What in them cannot be
//! read is told, for it may be the very thing that is looked for.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::expression::{Context, Value};
use crate::provider::answer::Answer;
use crate::provider::exchange::{Fault, Request, Response};
use crate::provider::inquiry::{NoAnswer, heard};
use crate::provider::profile::{Inbound, List, Profile};
use crate::provider::request::BuildError;
use crate::provider::secrets::Secrets;
use crate::provider::token::Token;

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
