//! Answers into verdicts. The rules of the profile speak first, then what HTTP says by itself; where
//! neither gives a definite answer the message is UNKNOWN. Results are matched by address, never by
//! position.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::expression::{Context, Value};
use crate::provider::answer::Answer;
use crate::provider::class::{Class, Reading, RetryAfter, Verdict};
use crate::provider::exchange::{Fault, Response};
use crate::provider::profile::{MatchBy, Profile};
use crate::provider::request::Batch;
use crate::provider::secrets::Secrets;

/// Finds what a result is known by in a value of it.
type Named<'a> = &'a dyn for<'v> Fn(&'v Value) -> Option<Cow<'v, str>>;

impl Profile {
    /// What the answer to a batch, or its absence, means for each member.
    pub fn read_send(
        &self,
        batch: &Batch<'_>,
        secrets: &Secrets,
        answer: Result<&Response, &Fault>,
    ) -> Reading {
        let members = batch.members.len();
        let response = match answer {
            Ok(response) => response,
            Err(fault) => return Reading::all(members, &of_fault(fault, secrets)),
        };
        let mut reading = self.read_response(batch, secrets, response);
        reading.retry_after = RetryAfter::of(response);
        reading
    }

    fn read_response(&self, batch: &Batch<'_>, secrets: &Secrets, response: &Response) -> Reading {
        let members = batch.members.len();
        let answer = Answer::new(self, response, members);
        // Half an answer may read as its contrary: a cut one is judged by its status alone.
        if !response.truncated {
            match self.first_rule(&self.inner.rules, &answer.context, secrets) {
                Err(error) => {
                    let reason = secrets.reason(&format!("a rule of the profile failed: {error}"));
                    return Reading::all(members, &Verdict::new(Class::Unknown, reason));
                }
                Ok(Some((class, reason))) if denies(class) && self.has_results(response, &answer) => {
                    let why = reason.unwrap_or_else(|| format!("HTTP {}", response.status));
                    let reason = format!("refused, and yet there are results: {why}");
                    return Reading::all(members, &Verdict::new(Class::Unknown, reason));
                }
                Ok(Some((class, reason))) => {
                    // A refusal of a whole request is about the request, not about each of many people: it
                    // must not use them up.
                    let about_one =
                        matches!(class, Class::Rejected | Class::InvalidRecipient | Class::OptedOut);
                    let class = if about_one && members > 1 { Class::Config } else { class };
                    return Reading::all(members, &self.ruled(class, reason, response, &answer, secrets));
                }
                Ok(None) => {}
            }
        }
        if let Some(verdict) = by_status(response.status, members) {
            let halt =
                (300..400).contains(&response.status).then(|| verdict.reason.clone().unwrap_or_default());
            return Reading { halt, ..Reading::all(members, &verdict) };
        }
        if response.truncated {
            return Reading::all(members, &Verdict::new(Class::Unknown, answer.unreadable(secrets)));
        }
        match &self.inner.results.match_by {
            // An id in a header does not make up for a body that is not the gateway's, or not whole.
            MatchBy::Whole if answer.is_foreign() && !self.inner.results.reads_text => {
                Reading::all(members, &Verdict::new(Class::Unknown, answer.unreadable(secrets)))
            }
            MatchBy::Whole => Reading::all(members, &self.read_result(&answer.context, &answer, secrets)),
            MatchBy::Address { list, address } => {
                let places = batch.members.iter().map(|member| self.inner.wire.key(member.address).ok());
                let of: Named = &|value| self.inner.wire.key_in_answer(value);
                self.read_list(list, address, &places.collect::<Vec<_>>(), of, secrets, &answer)
            }
            MatchBy::Key { list, key } => {
                let places = batch.members.iter().map(|member| Some(Cow::Borrowed(member.key)));
                let of: Named = &|value| value.as_str().map(Cow::Borrowed);
                self.read_list(list, key, &places.collect::<Vec<_>>(), of, secrets, &answer)
            }
        }
    }

    /// Whether a success holds results: whatever it says about the whole, somebody may have been sent to.
    fn has_results(&self, response: &Response, answer: &Answer) -> bool {
        let list = match &self.inner.results.match_by {
            MatchBy::Whole => return false,
            MatchBy::Address { list, .. } | MatchBy::Key { list, .. } => list,
        };
        let found = self.inner.program.eval(list, &answer.context).ok();
        response.status < 300 && found.is_some_and(|list| list.as_array().is_some_and(|all| !all.is_empty()))
    }

    /// What a rule over the whole answer says of each member. An id is told where the answer as a whole
    /// has one.
    fn ruled(
        &self,
        class: Class,
        reason: Option<String>,
        response: &Response,
        answer: &Answer,
        secrets: &Secrets,
    ) -> Verdict {
        let whole = matches!(self.inner.results.match_by, MatchBy::Whole) && class == Class::Accepted;
        let id = if whole { self.id_in(&answer.context).ok().flatten() } else { None };
        let provider_id = id.and_then(|id| secrets.clean_id(id));
        let reason = match (class, reason) {
            (Class::Accepted, reason) => reason,
            (_, reason) => reason.or_else(|| Some(format!("HTTP {}", response.status))),
        };
        Verdict { class, provider_id, reason }
    }

    /// The verdict over one result, which the context holds.
    fn read_result(&self, context: &Context, answer: &Answer, secrets: &Secrets) -> Verdict {
        let failed = |error: String| Verdict::new(Class::Unknown, secrets.reason(&error));
        let provider_id = match self.id_in(context) {
            Ok(id) => id,
            Err(_) if answer.no_json.is_some() => {
                return Verdict::new(Class::Unknown, answer.unreadable(secrets));
            }
            Err(error) => return failed(error.to_string()),
        };
        let rules = &self.inner.results.rules;
        let (class, reason) = match self.first_rule(rules, context, secrets) {
            Err(error) => return failed(error.to_string()),
            Ok(Some(found)) => found,
            Ok(None) if !rules.is_empty() => {
                let readable = answer.no_json.is_none() || self.inner.reads.text;
                let reason = if readable {
                    "no rule of the profile knows this result".to_owned()
                } else {
                    answer.unreadable(secrets)
                };
                (Class::Unknown, Some(reason))
            }
            Ok(None) if provider_id.is_some() => (Class::Accepted, None),
            Ok(None) => (Class::Unknown, Some(answer.lacks("results.id", secrets))),
        };
        let provider_id = provider_id.and_then(|id| secrets.clean_id(id));
        Verdict { class, provider_id, reason }
    }

    /// `names` are what the members are known by in the answer, `named` finds it in a result.
    fn read_list(
        &self,
        list: &str,
        named: &str,
        names: &[Option<Cow<'_, str>>],
        of: Named<'_>,
        secrets: &Secrets,
        answer: &Answer,
    ) -> Reading {
        let members = names.len();
        let list = self.inner.program.eval(list, &answer.context).ok();
        let Some(results) = list.as_ref().and_then(Value::as_array) else {
            let unreadable = Verdict::new(Class::Unknown, answer.lacks("results.each", secrets));
            return Reading::all(members, &unreadable);
        };
        let mut places: HashMap<&str, usize> = HashMap::with_capacity(members);
        for (at, name) in names.iter().enumerate() {
            places.extend(name.as_deref().map(|name| (name, at)));
        }
        let mut found: Vec<Option<Verdict>> = vec![None; members];
        let mut stray = false;
        let mut context = answer.context.clone();
        for result in results {
            context.insert_value("result", result.clone());
            // A result that names nobody speaks for nobody: its member stays without one.
            let Ok(name) = self.inner.program.eval(named, &context) else { continue };
            let Some(name) = of(&name) else { continue };
            let Some(slot) = places.get(&*name).and_then(|&at| found.get_mut(at)) else {
                stray = true;
                continue;
            };
            *slot = Some(match slot {
                None => self.read_result(&context, answer, secrets),
                Some(_) => Verdict::new(Class::Unknown, "the answer holds two results for this recipient"),
            });
        }
        let missing = || Verdict::new(Class::Unknown, "the answer holds no result for this recipient");
        let mut verdicts: Vec<Verdict> =
            found.into_iter().map(|verdict| verdict.unwrap_or_else(missing)).collect();
        doubt_shared_ids(&mut verdicts);
        Reading { verdicts, retry_after: None, stray, halt: None }
    }
}

/// Whether a class says that nothing was sent.
fn denies(class: Class) -> bool {
    !matches!(class, Class::Accepted | Class::Unknown)
}

/// One id for two messages, one of them accepted: nobody can tell which of them there is.
fn doubt_shared_ids(verdicts: &mut [Verdict]) {
    let mut ids: HashMap<&str, (usize, bool)> = HashMap::with_capacity(verdicts.len());
    for verdict in verdicts.iter() {
        if let Some(id) = &verdict.provider_id {
            let (count, accepted) = ids.entry(id).or_default();
            *count += 1;
            *accepted |= verdict.class == Class::Accepted;
        }
    }
    ids.retain(|_, (count, accepted)| *count > 1 && *accepted);
    if ids.is_empty() {
        return;
    }
    let doubtful: HashSet<String> = ids.into_keys().map(str::to_owned).collect();
    for verdict in verdicts {
        if verdict.provider_id.as_ref().is_some_and(|id| doubtful.contains(id)) {
            *verdict = Verdict::new(Class::Unknown, "the answer gives one id to two messages");
        }
    }
}

/// What a status means by itself; `None` for success, which the body has to explain. Statuses that do
/// not prove that nothing was sent are UNKNOWN.
fn by_status(status: u16, members: usize) -> Option<Verdict> {
    let class = match status {
        200..300 => return None,
        300..400 => {
            // 307 and 308 ask for the same request elsewhere (RFC 9110 §15.4.8); the others may well follow on
            // a request that was carried out.
            let class = if matches!(status, 307 | 308) { Class::Config } else { Class::Unknown };
            let reason =
                format!("HTTP {status}: a redirect, never followed because credentials must not travel");
            return Some(Verdict::new(class, reason));
        }
        401 => Class::Auth,
        402 => Class::Account,
        403 => Class::Config,
        // The gateway gave up on us or disagrees about a state: it may have begun.
        408 | 409 => Class::Unknown,
        429 => Class::Throttled,
        // Of several recipients not one can be "not found": the path is.
        // A verb that is not taken there is never about a recipient.
        405 => {
            let reason = "HTTP 405: the gateway takes no such request there; are method and base URL right?";
            return Some(Verdict::new(Class::Config, reason));
        }
        404 if members > 1 => {
            return Some(Verdict::new(
                Class::Config,
                format!("HTTP {status}: nothing is there; is the base URL right?"),
            ));
        }
        413 | 422 => Class::Rejected,
        // The address or the headers are too long: ours.
        414 | 431 => Class::Config,
        400..500 if members > 1 => Class::Config,
        400..500 => Class::Rejected,
        _ => Class::Unknown,
    };
    Some(Verdict::new(class, format!("HTTP {status}")))
}

fn of_fault(fault: &Fault, secrets: &Secrets) -> Verdict {
    let (class, reason) = match fault {
        Fault::NotSent(reason) => (Class::Transient, reason),
        Fault::Tls(reason) | Fault::Malformed(reason) => (Class::Config, reason),
        Fault::Lost(reason) => (Class::Unknown, reason),
    };
    Verdict::new(class, secrets.reason(reason))
}
