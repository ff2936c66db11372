//! The proof of what was learned: the examples once more, each answered by the mimic and read by the profile.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::provider::auth::AuthStep;
use crate::provider::class::{Class, Outcome};
use crate::provider::example::replay::{example_time, exchange};
use crate::provider::example::{Example, Exchange, RecordedResponse};
use crate::provider::exchange::{Request, Response};
use crate::provider::inquiry::{About, NoAnswer};
use crate::provider::lists::Sought;
use crate::provider::mimic::arrival::Incoming;
use crate::provider::mimic::error::MimicError;
use crate::provider::profile::Profile;
use crate::provider::request::BuildError;
use crate::provider::secrets::Secrets;
use crate::provider::token::Token;

/// Somebody who answers requests that arrive at a time.
type Answering<'a> = dyn Fn(&Incoming<'_>, DateTime<Utc>) -> Response + 'a;

/// Whether the profile reads the answers of a mimic as it reads the recorded ones.
///
/// # Errors
/// [`MimicError::Misread`], [`MimicError::NotInAnswer`].
pub(super) fn prove(mimic: &Answering<'_>, profile: &Profile) -> Result<(), MimicError> {
    let proof = Proof { mimic, profile, secrets: profile.sandbox_secrets() };
    let token = if profile.needs_token() { Some(proof.token()?) } else { None };
    let sent = proof.sendings(token.as_ref())?;
    proof.questions(token.as_ref(), sent)
}

struct Proof<'a> {
    mimic: &'a Answering<'a>,
    profile: &'a Profile,
    secrets: Secrets,
}

/// A message that the mimic has accepted.
struct Sent<'a> {
    example: &'a Example,
    address: &'a str,
    id: String,
}

impl<'a> Proof<'a> {
    fn examples(&self, exchange: Exchange) -> impl Iterator<Item = &'a Example> {
        self.profile.examples().iter().filter(move |example| example.exchange == exchange)
    }

    fn answer(&self, request: &Request) -> Response {
        let header = |name: &str| {
            let found = request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.expose())
        };
        let tail = request.url.strip_prefix(self.profile.base_url()).unwrap_or(&request.url);
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let method = request.method.as_str();
        (self.mimic)(&Incoming { method, path, query, header: &header, body: &request.body }, example_time())
    }

    fn asked(&self, example: &Example, request: Result<Request, BuildError>) -> Result<Response, MimicError> {
        let no_request = |error: BuildError| MimicError::no_request(example, error.to_string());
        Ok(self.answer(&request.map_err(no_request)?))
    }

    /// A token that was given out, renewed where the profile renews.
    fn token(&self) -> Result<Token, MimicError> {
        let name = |exchange| self.examples(exchange).find(|example| example.is_accepted());
        let Some(login) = name(Exchange::Login) else { return Err(MimicError::no_login()) };
        let read = |example: &Example, request| {
            let answer = self.asked(example, request)?;
            let token = self.profile.read_token(&self.secrets, Ok(&answer), example_time());
            let token = token.map_err(|error| MimicError::misread(example, format!("no token: {error}")))?;
            match self.profile.auth_step(example_time(), Some(&token), false) {
                AuthStep::Use => Ok(token),
                _ => Err(MimicError::misread(example, "a token that has to be renewed at once".to_owned())),
            }
        };
        let token = read(login, self.profile.build_login(&self.secrets))?;
        match (self.profile.build_refresh(&self.secrets, &token), &token.refresh) {
            (Ok(request), Some(_)) => read(name(Exchange::Refresh).unwrap_or(login), Ok(request)),
            _ => Ok(token),
        }
    }

    /// Every accepted sending; answers a message that has an id, if any has.
    fn sendings(&self, token: Option<&Token>) -> Result<Option<Sent<'a>>, MimicError> {
        let mut first = None;
        let mut given = HashSet::new();
        // Twice: what is not counted up is given out twice.
        let accepted = || self.examples(Exchange::Send).filter(|example| example.is_accepted());
        for example in accepted().chain(accepted()) {
            let Some(message) = &example.message else { continue };
            let (request, recorded) = exchange(self.profile, example, message, &self.secrets, token);
            let answered = Example { response: recording(self.asked(example, request)?), ..example.clone() };
            let (_, reading) = exchange(self.profile, &answered, message, &self.secrets, token);
            let verdicts = reading.verdicts.iter().zip(&recorded.verdicts).zip(&message.recipients);
            let mut ids = HashSet::new();
            for ((verdict, recorded), address) in verdicts {
                if verdict.class != Class::Accepted {
                    let why = verdict.reason.as_deref().unwrap_or("no reason");
                    return Err(MimicError::misread(
                        example,
                        format!("{} ({why}) for {address}", verdict.class.name()),
                    ));
                }
                if recorded.provider_id.is_some() && verdict.provider_id.is_none() {
                    return Err(MimicError::not_in_answer(example, "an id"));
                }
                let Some(id) = verdict.provider_id.clone() else { continue };
                first.get_or_insert_with(|| Sent { example, address, id: id.clone() });
                ids.insert(id);
            }
            if ids.into_iter().any(|id| !given.insert(id)) {
                return Err(MimicError::misread(example, "an id that another message has too".to_owned()));
            }
        }
        Ok(first)
    }

    fn questions(&self, token: Option<&Token>, sent: Option<Sent<'a>>) -> Result<(), MimicError> {
        let (profile, secrets) = (self.profile, &self.secrets);
        if !profile.can_ask() && !profile.can_cancel() && !profile.can_list() {
            return Ok(());
        }
        let Some(Sent { example, address, id }) = sent else {
            return Err(MimicError::NoExample {
                exchange: "send",
                what: "an accepted sending whose answer has an id",
                expect: "`class: accepted` with an `id`",
            });
        };
        let sender = profile.example_sender();
        let about = About { address, id: &id, sender: &sender };
        if profile.can_ask() {
            let answer = self.asked(example, profile.build_status(&about, secrets, token))?;
            self.outcome(
                Exchange::Status,
                Outcome::Delivered,
                profile.read_status(&id, secrets, Ok(&answer)),
            )?;
        }
        if profile.can_list() {
            let since = example_time() - TimeDelta::days(1);
            let sought = Sought { address, sender: &sender, page: 1, since };
            let answer = self.asked(example, profile.build_list(&sought, secrets, token))?;
            let page = profile.read_page(&sought, secrets, Ok(&answer));
            let listed = page.as_ref().is_ok_and(|page| page.sent.iter().any(|one| one.id == id));
            if !listed {
                let why = page.err().map(|error| format!(" ({error})")).unwrap_or_default();
                let found = format!("a list without a message that was just sent{why}");
                return Err(MimicError::misread(
                    self.examples(Exchange::List).next().unwrap_or(example),
                    found,
                ));
            }
        }
        if profile.can_cancel() {
            let answer = self.asked(example, profile.build_cancel(&about, secrets, token))?;
            self.outcome(
                Exchange::Cancel,
                Outcome::Cancelled,
                profile.read_cancel(&id, secrets, Ok(&answer)),
            )?;
        }
        Ok(())
    }

    fn outcome(
        &self,
        exchange: Exchange,
        expected: Outcome,
        read: Result<(Outcome, Option<String>), NoAnswer>,
    ) -> Result<(), MimicError> {
        let found = match read {
            Ok((outcome, _)) if outcome == expected => return Ok(()),
            Ok((outcome, _)) => outcome.name().to_owned(),
            Err(error) => format!("nothing: {error}"),
        };
        let shown = |example: &&Example| example.expect.iter().all(|one| one.outcome == Some(expected));
        let example = self.examples(exchange).find(shown);
        Err(MimicError::Misread { example: example.map(|one| one.name.clone()).unwrap_or_default(), found })
    }
}

/// An answer as if it had been recorded.
fn recording(answer: Response) -> RecordedResponse {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    RecordedResponse { status: answer.status, headers: answer.headers, json: None, text: Some(text) }
}
