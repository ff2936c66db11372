//! An answer as expressions see it, and the first rule that holds over it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::expression::{Context, EvalError, Value};
use crate::provider::class::Class;
use crate::provider::exchange::Response;
use crate::provider::json;
use crate::provider::profile::{Profile, Rule, Text};
use crate::provider::secrets::{Secrets, with_word};

/// An answer, laid out for expressions.
pub(super) struct Answer {
    pub context: Context,
    /// Why there is no JSON, in a few words for people; `None` when there is.
    pub no_json: Option<String>,
    status: u16,
    empty: bool,
}

impl Answer {
    /// The answer to a request for so many messages.
    pub fn new(profile: &Profile, response: &Response, members: usize) -> Self {
        let (json, no_json) = match read_json(response) {
            Ok(json) => (json, None),
            Err(problem) => (Value::none(), Some(problem)),
        };
        let reads = profile.inner.reads;
        let text = || Value::from(String::from_utf8_lossy(&response.body));
        let scope = BTreeMap::from([
            ("status", Value::from(response.status)),
            ("headers", if reads.headers { headers(response) } else { Value::none() }),
            ("json", json),
            ("text", if reads.text { text() } else { Value::none() }),
        ]);
        let mut context = Context::new();
        context.insert_value("response", Value::from(scope));
        context.insert_value("vars", profile.vars_scope.clone());
        if reads.batch {
            context.insert_value("batch", Value::from(BTreeMap::from([("size", Value::from(members))])));
        }
        Self { context, no_json, status: response.status, empty: is_empty(response) }
    }

    /// Whether there is a body and it is no JSON: unless the profile reads texts, it comes from somebody else than
    /// the gateway's programme, or was cut.
    pub fn is_foreign(&self) -> bool {
        self.no_json.is_some() && !self.empty
    }

    /// Why a success says nothing we can read.
    pub fn unreadable(&self, secrets: &Secrets) -> String {
        // It names the content type, which is the gateway's to choose.
        secrets.reason(
            self.no_json.as_deref().unwrap_or("the answer has not the form this gateway's answers have"),
        )
    }

    /// The same where a place of the profile finds nothing in it: whoever writes one must know which.
    pub fn lacks(&self, place: &str, secrets: &Secrets) -> String {
        match self.no_json {
            Some(_) => self.unreadable(secrets),
            None => format!("HTTP {}, and `{place}` finds nothing in the answer", self.status),
        }
    }
}

fn headers(response: &Response) -> Value {
    let mut all: BTreeMap<String, Cow<'_, str>> = BTreeMap::new();
    for (name, value) in &response.headers {
        match all.get_mut(name) {
            // RFC 9110 §5.3: fields of one name are one list.
            Some(before) => *before = Cow::Owned(format!("{before}, {value}")),
            None => _ = all.insert(name.clone(), Cow::Borrowed(value)),
        }
    }
    Value::from(all)
}

fn is_empty(response: &Response) -> bool {
    response.body.iter().all(u8::is_ascii_whitespace)
}

/// The body as JSON, if it says that it is JSON (or says nothing) and is.
fn read_json(response: &Response) -> Result<Value, String> {
    if response.truncated {
        return Err("the answer is larger than 1 MiB".to_owned());
    }
    if is_empty(response) {
        return Err("the answer is empty".to_owned());
    }
    let kind = response.header("content-type").unwrap_or("application/json");
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json" || essence == "text/json" || essence.ends_with("+json");
    if !is_json {
        return Err(format!("the answer is {essence}, not JSON"));
    }
    json::from_slice(&response.body).map_err(|error| {
        let breaks_off = error.is_eof();
        (if breaks_off { "the answer breaks off" } else { "the answer is broken JSON" }).to_owned()
    })
}

impl Profile {
    /// The first rule that holds, with its reason. A rule that cannot be evaluated is an error: what
    /// it was to find out is then unknown.
    pub(super) fn first_rule(
        &self,
        rules: &[Rule],
        context: &Context,
        secrets: &Secrets,
    ) -> Result<Option<(Class, Option<String>)>, EvalError> {
        for rule in rules {
            if self.inner.program.eval(&rule.when, context)?.is_truthy() {
                let reason = rule.reason.as_ref().and_then(|reason| self.reason(reason, context, secrets));
                return Ok(Some((rule.class, self.with_field(reason, rule))));
            }
        }
        Ok(None)
    }

    /// The reason with the setting of ours that is to be looked at.
    fn with_field(&self, reason: Option<String>, rule: &Rule) -> Option<String> {
        let Some(field) = &rule.field else { return reason };
        let place = match field.split_once('.') {
            Some(("secrets", name)) => {
                let reference = self.inner.secrets.iter().find(|(known, _)| known == name);
                reference.map_or_else(|| field.clone(), |(_, reference)| reference.to_string())
            }
            Some(("vars", name)) => format!("provider.vars.{name}"),
            _ if field == "base_url" => "provider.base_url".to_owned(),
            _ => field.clone(),
        };
        let reason = reason.as_deref().unwrap_or("refused");
        Some(with_word(reason, &format!(" (look at `{place}`)")))
    }

    /// A reason is told when it can be; it decides nothing, so its absence is no error.
    pub(super) fn reason(&self, reason: &Text, context: &Context, secrets: &Secrets) -> Option<String> {
        let text = match reason {
            Text::Fixed(text) => text.clone(),
            Text::Program { name, .. } => {
                let mut out = String::new();
                self.inner.program.render(name, context, &mut out).ok()?;
                out
            }
        };
        let text = secrets.reason(&text);
        (!text.is_empty()).then_some(text)
    }

    /// The value of an expression as a text, if it is a text or a number and not empty.
    pub(super) fn text_of(&self, program: &str, context: &Context) -> Result<Option<String>, EvalError> {
        let value = self.inner.program.eval(program, context)?;
        let text = match value.as_str() {
            Some(text) => text.trim().to_owned(),
            None if value.is_number() => value.to_string(),
            None => return Ok(None),
        };
        Ok((!text.is_empty()).then_some(text))
    }

    /// The gateway's id of a message, taken out of its text where the profile has a pattern for it.
    pub(super) fn id_in(&self, context: &Context) -> Result<Option<String>, EvalError> {
        let results = &self.inner.results;
        let text = self.text_of(&results.id, context)?;
        let Some(pattern) = &results.id_pattern else { return Ok(text) };
        let found = text.as_deref().and_then(|text| pattern.captures(text)?.get(1));
        Ok(found.map(|id| id.as_str().trim().to_owned()).filter(|id| !id.is_empty()))
    }
}
