//! What a gateway says, as bytes: the usual answer of a profile, as its examples have it, bent by a fault, and read
//! back through the profile as the answer of the real gateway is.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::delivery::access::Credential;
use crate::provider::mimic::{Incoming, Mimic, MimicError};
use crate::provider::{
    self, AuthError, Class, Fault as Lack, Profile, Reading, Request, Response, RetryAfter, Secrets, Token,
    Verdict,
};
use crate::simulation::dice::Dice;
use crate::simulation::faults::Fault;
use crate::simulation::talk::{Flight, Said};
use crate::world::gateway::{keys, members, unbuilt};

/// What tells the run from others, for keys of messages.
const RUN: &str = "simulation once";

/// A profile, and somebody who answers as its gateway does.
#[derive(Debug)]
pub struct Speech {
    profile: Profile,
    secrets: Secrets,
    sender: Value,
    mimic: Mimic,
}

impl Speech {
    /// Learns to speak from the examples of a profile.
    ///
    /// # Errors
    /// They do not suffice.
    pub fn of(profile: &Profile) -> Result<Self, MimicError> {
        let sender = Value::from("1");
        let sender = if profile.check_sender(&sender).is_ok() { sender } else { Value::from(1) };
        let secrets = profile.sandbox_secrets();
        Ok(Self { secrets, sender, mimic: Mimic::of(profile)?, profile: profile.clone() })
    }

    /// What the sender of a request makes of what was said to it.
    pub fn read(&self, flight: &Flight, said: &Said, dice: &mut Dice) -> Reading {
        let keys = keys(&self.profile, RUN, &flight.batch);
        let members = members(&self.profile, &flight.batch, &keys);
        let outgoing =
            provider::Batch { members: &members, sender: &self.sender, now: flight.sent, expires_at: None };
        let request = match self.profile.build_send(&outgoing, &self.secrets, flight.token.as_deref()) {
            Ok(request) => request,
            Err(error) => return unbuilt(&members, &error),
        };
        let exchanged = match said {
            Said::Unreached => Err(Lack::NotSent("connection refused".to_owned())),
            Said::Lost => Err(Lack::Lost("no answer".to_owned())),
            // No gateway's examples say in which words it would.
            Said::Status(0, _) => {
                return Reading::all(members.len(), &Verdict::new(Class::Transient, "not now"));
            }
            Said::Status(status, wish) => Ok(bare(*status, wish.as_ref())),
            Said::Results(_, fault) => {
                let usual = self.usual(&request, flight.sent);
                let stranger = flight.batch.parcels.first().map(|parcel| &*parcel.message.address);
                Ok(bend(usual, *fault, members.len(), stranger.unwrap_or_default(), dice))
            }
        };
        self.profile.read_send(&outgoing, &self.secrets, exchanged.as_ref())
    }

    /// Logs in, or renews.
    ///
    /// # Errors
    /// What the profile makes of the answer.
    pub fn log_in(
        &self,
        credential: Credential,
        shown: Option<&Token>,
        utc: DateTime<Utc>,
    ) -> Result<Token, AuthError> {
        let request = match (credential, shown) {
            (Credential::Refresh, Some(token)) => self.profile.build_refresh(&self.secrets, token),
            _ => self.profile.build_login(&self.secrets),
        };
        let request = request.map_err(|error| AuthError::Refused(error.to_string()))?;
        self.profile.read_token(&self.secrets, Ok(&self.usual(&request, utc)), utc)
    }

    /// The answer when nothing is wrong.
    fn usual(&self, request: &Request, now: DateTime<Utc>) -> Response {
        let rest = request.url.split_once("://").map_or(&*request.url, |(_, rest)| rest);
        let target = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let header = |name: &str| {
            let found = request.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, text)| text.expose())
        };
        let incoming =
            Incoming { method: request.method.as_str(), path, query, header: &header, body: &request.body };
        self.mimic.answer(&incoming, now)
    }
}

/// A status, and when to come back.
fn bare(status: u16, wish: Option<&RetryAfter>) -> Response {
    let date = |at: &DateTime<Utc>| at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut headers = Vec::new();
    match wish {
        Some(RetryAfter::Seconds(seconds)) => headers.push(("retry-after".to_owned(), seconds.to_string())),
        Some(RetryAfter::At { at, server_now }) => {
            headers.push(("retry-after".to_owned(), date(at)));
            headers.extend(server_now.as_ref().map(|now| ("date".to_owned(), date(now))));
        }
        None => {}
    }
    Response { status, headers, ..Response::default() }
}

/// The usual answer with something wrong with it. `known` is an address that was asked for.
fn bend(mut usual: Response, fault: Option<Fault>, members: usize, known: &str, dice: &mut Dice) -> Response {
    match fault {
        Some(Fault::Truncated) => {
            let last = usual.body.len().saturating_sub(1) as u64;
            usual.body.truncate(usize::try_from(dice.between(0, last)).unwrap_or(0));
        }
        Some(Fault::Page) => {
            usual.headers = vec![("content-type".to_owned(), "text/html".to_owned())];
            usual.body = b"<!doctype html><title>Sign in</title><p>Welcome back!</p>".to_vec();
        }
        Some(fault) if fault.is_of_a_list() => {
            if let Ok(mut json) = serde_json::from_slice(&usual.body)
                && let Some(list) = results_in(&mut json, members)
            {
                spoil(list, fault, known, dice);
                usual.body = json.to_string().into_bytes();
            }
        }
        _ => {}
    }
    usual
}

/// The list of results in an answer: the first one that has an object for each member.
fn results_in(json: &mut Value, members: usize) -> Option<&mut Vec<Value>> {
    match json {
        Value::Array(list) => {
            let is_it = list.len() == members && list.iter().all(Value::is_object);
            if is_it { Some(list) } else { list.iter_mut().find_map(|one| results_in(one, members)) }
        }
        Value::Object(fields) => fields.values_mut().find_map(|one| results_in(one, members)),
        _ => None,
    }
}

fn spoil(list: &mut Vec<Value>, fault: Fault, known: &str, dice: &mut Dice) {
    let at = usize::try_from(dice.between(0, list.len().saturating_sub(1) as u64)).unwrap_or(0);
    match fault {
        Fault::Disordered => dice.shuffle(list),
        Fault::MissingResult => drop(list.remove(at)),
        Fault::DoubleResult => list.extend(list.get(at).cloned()),
        _ => {
            let digits = known.trim_start_matches('+');
            let stranger = digits.get(..digits.len().saturating_sub(4)).map(|start| format!("{start}9999"));
            let copy = list.first().map(|one| one.to_string().replace(digits, &stranger.unwrap_or_default()));
            list.extend(copy.and_then(|copy| serde_json::from_str(&copy).ok()));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_list_of_results_is_found_and_spoilt() {
        let answer =
            json!({"data": {"ids": [1, 2], "all": [{"to": "254700000001"}, {"to": "254700000002"}]}});
        let spoilt = |fault| {
            let mut json = answer.clone();
            let list = results_in(&mut json, 2).unwrap();
            spoil(list, fault, "+254700000001", &mut Dice::new(1));
            list.clone()
        };
        assert_eq!(spoilt(Fault::Disordered).len(), 2);
        assert_eq!(spoilt(Fault::MissingResult).len(), 1);
        assert_eq!(spoilt(Fault::DoubleResult).len(), 3);
        assert_eq!(spoilt(Fault::StrayResult)[2], json!({"to": "254700009999"}));
        assert!(results_in(&mut answer.clone(), 3).is_none());
    }
}
