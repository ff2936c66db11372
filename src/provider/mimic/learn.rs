//! What there is to learn from the examples of a profile: the requests that it makes of them, in which the
//! addresses, texts, ids, tokens and secrets are found by their values, and the recorded answers.
//!
//! Requests are made anew from what was to be sent, not taken from what was recorded: a test holds them to be the
//! same, and constants that a campaign changes change them as well.

use secrecy::ExposeSecret;

use crate::provider::class::{Class, Outcome};
use crate::provider::example::replay::{example_time, exchange};
use crate::provider::example::{About, Example, Exchange, Message, SANDBOX_SECRET};
use crate::provider::exchange::{Request, Response};
use crate::provider::inquiry;
use crate::provider::lists::{Page, Sought};
use crate::provider::mimic::door::{Built, Door};
use crate::provider::mimic::error::MimicError;
use crate::provider::mimic::ids::{Ids, Tokens};
use crate::provider::mimic::pattern::{Answer, Slot, Values};
use crate::provider::mimic::place::Place;
use crate::provider::mimic::route::{Inquiry, Learned, Route, Shape, Task};
use crate::provider::profile::Profile;
use crate::provider::request::BuildError;
use crate::provider::secrets::Secrets;
use crate::provider::token::Token;

pub(super) struct Learner<'a> {
    profile: &'a Profile,
    secrets: Secrets,
    /// Other ones, to see where secrets are shown.
    others: Secrets,
    token: Option<Token>,
    sender: serde_json::Value,
}

impl<'a> Learner<'a> {
    pub fn new(profile: &'a Profile) -> Self {
        let secrets = profile.sandbox_secrets();
        let token = profile.example_token(&secrets).filter(|_| profile.needs_token());
        let names = profile.secret_references().iter().map(|(name, _)| name.clone());
        // Nothing in common with the other at either end.
        let others = Secrets::new(names.map(|name| (name, format!("no {SANDBOX_SECRET}.").into())));
        let sender = profile.example_sender();
        Self { profile, secrets, others, token, sender }
    }

    pub fn learn(&self) -> Result<Learned, MimicError> {
        if self.profile.needs_token() && self.token.is_none() {
            return Err(MimicError::no_login());
        }
        let (send, ids) = self.send()?;
        let mut routes = vec![send];
        if self.profile.can_ask() {
            routes.push(self.status()?);
        }
        if self.profile.can_cancel() {
            let (door, about) = self.inquiry(Exchange::Cancel, Outcome::Cancelled)?;
            routes.push(Route { door, task: Task::Cancel { about } });
        }
        if self.profile.can_list() {
            routes.push(self.list()?);
        }
        let (mut access, mut refresh) = (Tokens::Plain("access"), Tokens::Plain("refresh"));
        if let Some(token) = &self.token {
            access = Tokens::like(token.access.expose_secret(), "access");
            if let Some(recorded) = &token.refresh {
                refresh = Tokens::like(recorded.expose_secret(), "refresh");
            }
            routes.extend(self.credentials(token)?);
        }
        routes.sort_by_key(|route| route.door.vagueness());
        let refused = |exchange| self.refusal(exchange);
        let plain = || Response { status: 401, ..Response::default() };
        let unauthorised = refused(Exchange::Send).unwrap_or_else(plain);
        let refused_login = refused(Exchange::Login).unwrap_or_else(plain);
        let refused_refresh = refused(Exchange::Refresh).unwrap_or_else(|| refused_login.clone());
        Ok(Learned { routes, ids, access, refresh, unauthorised, refused_login, refused_refresh })
    }

    /// The first recorded refusal of credentials.
    fn refusal(&self, exchange: Exchange) -> Option<Response> {
        let auth = |example: &&Example| example.expect.iter().all(|one| one.class == Some(Class::Auth));
        Some(self.examples(exchange).find(auth)?.response.to_response())
    }

    fn examples(&self, exchange: Exchange) -> impl Iterator<Item = &'a Example> {
        self.profile.examples().iter().filter(move |example| example.exchange == exchange)
    }

    fn send(&self) -> Result<(Route, Option<Ids>), MimicError> {
        let accepted = self
            .examples(Exchange::Send)
            .filter(|one| one.is_accepted())
            .filter_map(|one| Some((one, one.message.as_ref()?)));
        let accepted: Vec<(&Example, &Message)> = accepted.collect();
        let with =
            |fits: fn(usize) -> bool| accepted.iter().find(|(_, message)| fits(message.recipients.len()));
        let (one, several) = (with(|count| count == 1), with(|count| count > 1));
        if self.profile.batch_max() > 1 && several.is_none() && one.is_some() {
            let what = "a sending to at least two recipients that accepts all of them";
            return Err(MimicError::NoExample { exchange: "send", what, expect: "every `class: accepted`" });
        }
        let mut door = None;
        let mut shapes = Vec::new();
        let mut ids = None;
        for (example, message) in several.into_iter().chain(one) {
            let (own, shape, id) = self.shape(example, message)?;
            door.get_or_insert(own);
            shapes.push(shape);
            ids = ids.or(id);
        }
        let what = "an accepted sending";
        let door =
            door.ok_or(MimicError::NoExample { exchange: "send", what, expect: "`class: accepted`" })?;
        Ok((Route { door, task: Task::Send { shapes } }, ids))
    }

    fn shape(&self, example: &Example, message: &Message) -> Result<(Door, Shape, Option<Ids>), MimicError> {
        let token = self.token.as_ref();
        let (built, reading) = exchange(self.profile, example, message, &self.secrets, token);
        let (other, _) = exchange(self.profile, example, message, &self.others, token);
        let count = message.recipients.len();
        let addresses: Vec<String> = message.recipients.iter().map(|one| self.bare(one)).collect();
        let texts: Vec<String> = (0..count).map(|at| message.text(at).to_owned()).collect();
        let keys: Vec<String> = (1..=count).map(|at| format!("example-{at}")).collect();
        let mut variables = [addresses.as_slice(), &texts, &keys].concat();
        variables.extend(plain(&message.sender));
        let (built, other) = self.built(example, built, other, &variables)?;
        let recipients = built
            .sample
            .place(&addresses)
            .ok_or_else(|| MimicError::not_in_request(example, "the recipients"))?;
        let place = |values: &[String]| built.sample.place(values).map(|place| place.beside(&recipients));
        let (text, key) = (place(&texts), place(&keys));
        let places: Vec<&Place> = std::iter::once(&recipients).chain(&text).chain(&key).collect();
        let door = built.door(other.as_ref(), self.token_place(example, &built)?, &places);
        let ids: Vec<Option<&str>> =
            reading.verdicts.iter().map(|verdict| verdict.provider_id.as_deref()).collect();
        let values = |at: usize| {
            Values::default()
                .with(addresses.get(at).map(String::as_str), Slot::Address)
                .with(ids.get(at).copied().flatten(), Slot::Id)
                .with(Some(message.text(at)), Slot::Text)
                .with(keys.get(at).map(String::as_str), Slot::Key)
        };
        let answer = Answer::of(&example.response, &(0..count).map(values).collect::<Vec<_>>());
        let id = ids.iter().flatten().next().map(|id| Ids::like(id)).or_else(|| {
            // Ids in a list that nobody can match with recipients are ids all the same.
            answer.recorded_id().map(Ids::like)
        });
        let shape = Shape { recipients, text, key, answer, single: count == 1 };
        Ok((door, shape, id))
    }

    fn status(&self) -> Result<Route, MimicError> {
        let (door, about) = self.inquiry(Exchange::Status, Outcome::Delivered)?;
        let cancelled = self.outcome(Exchange::Status, Outcome::Cancelled);
        let cancelled =
            cancelled.map(|(example, asked)| Answer::of(&example.response, &[self.values(asked)]));
        Ok(Route { door, task: Task::Status { about, cancelled } })
    }

    /// The first example with an outcome.
    fn outcome(&self, exchange: Exchange, outcome: Outcome) -> Option<(&'a Example, &'a About)> {
        let mut fitting = self
            .examples(exchange)
            .filter(|one| one.expect.iter().all(|expected| expected.outcome == Some(outcome)));
        fitting.find_map(|example| Some((example, example.about.as_ref()?)))
    }

    fn inquiry(&self, exchange: Exchange, outcome: Outcome) -> Result<(Door, Inquiry), MimicError> {
        let (what, expect) = match exchange {
            Exchange::Status => ("a message that was delivered", "`outcome: delivered`"),
            _ => ("a message that was called back", "`outcome: cancelled`"),
        };
        let lacking = MimicError::NoExample { exchange: exchange.name(), what, expect };
        let (example, asked) = self.outcome(exchange, outcome).ok_or(lacking)?;
        let id = asked.id.clone().unwrap_or_default();
        let about = inquiry::About { address: &asked.recipient, id: &id, sender: &self.sender };
        let token = self.token.as_ref();
        let build = |secrets: &Secrets| match exchange {
            Exchange::Status => self.profile.build_status(&about, secrets, token),
            _ => self.profile.build_cancel(&about, secrets, token),
        };
        let address = self.bare(&asked.recipient);
        let variables =
            [address.clone(), id.clone()].into_iter().chain(plain(&self.sender)).collect::<Vec<_>>();
        let (built, other) = self.built(example, build(&self.secrets), build(&self.others), &variables)?;
        let id = built.sample.place(&[id]).ok_or_else(|| MimicError::not_in_request(example, "the id"))?;
        let recipient = built.sample.place(&[address]);
        let places: Vec<&Place> = std::iter::once(&id).chain(&recipient).collect();
        let door = built.door(other.as_ref(), self.token_place(example, &built)?, &places);
        let answer = Answer::of(&example.response, &[self.values(asked)]);
        Ok((door, Inquiry { id, recipient, answer }))
    }

    /// What an answer about a message may hold of it.
    fn values(&self, asked: &About) -> Values {
        let known = self.examples(Exchange::Send).find_map(|example| {
            let at = example.expect.iter().position(|one| one.id.is_some() && one.id == asked.id)?;
            Some(example.message.as_ref()?.text(at))
        });
        Values::default()
            .with(Some(&self.bare(&asked.recipient)), Slot::Address)
            .with(asked.id.as_deref(), Slot::Id)
            .with(known, Slot::Text)
    }

    fn list(&self) -> Result<Route, MimicError> {
        let (what, expect) = ("the messages that were sent to somebody", "at least one `id`");
        let lacking = MimicError::NoExample { exchange: "list", what, expect };
        let read = |example: &'a Example| {
            let asked = example.about.as_ref()?;
            let sought = self.sought(asked, 1);
            let page =
                self.profile.read_page(&sought, &self.secrets, Ok(&example.response.to_response())).ok()?;
            (!page.sent.is_empty()).then_some((example, asked, page))
        };
        let mut found: Vec<(&Example, &About, Page)> =
            self.examples(Exchange::List).filter_map(read).collect();
        // The last page: there are no more of them here.
        found.sort_by_key(|(_, _, page)| page.more);
        let (example, asked, page) = found.into_iter().next().ok_or(lacking)?;
        let Some(sent) = page.sent.into_iter().next() else {
            return Err(MimicError::not_in_answer(example, "a message"));
        };
        let token = self.token.as_ref();
        let build =
            |number, secrets: &Secrets| self.profile.build_list(&self.sought(asked, number), secrets, token);
        let address = self.bare(&asked.recipient);
        let variables: Vec<String> = std::iter::once(address.clone()).chain(plain(&self.sender)).collect();
        let (built, other) =
            self.built(example, build(1, &self.secrets), build(1, &self.others), &variables)?;
        let (second, _) =
            self.built(example, build(2, &self.secrets), build(2, &self.secrets), &variables)?;
        let recipient = built.sample.place(std::slice::from_ref(&address));
        let page = built.differing(&second);
        let places: Vec<&Place> = recipient.iter().chain(page.as_ref().map(|(place, _)| place)).collect();
        let door = built.door(other.as_ref(), self.token_place(example, &built)?, &places);
        let mut values = Values::default()
            .with(Some(&address), Slot::Address)
            .with(Some(&sent.id), Slot::Id)
            .with(Some(&sent.text), Slot::Text);
        values.recorded = Some(sent.at);
        let answer = Answer::list(&example.response, &sent.id, &values)
            .ok_or_else(|| MimicError::not_in_answer(example, "the list with the id"))?;
        Ok(Route { door, task: Task::List { recipient, page, answer } })
    }

    fn sought(&self, asked: &'a About, page: u32) -> Sought<'_> {
        let since = example_time() - chrono::TimeDelta::days(1);
        Sought { address: &asked.recipient, sender: &self.sender, page, since }
    }

    /// The log-in and the renewal.
    fn credentials(&self, token: &Token) -> Result<Vec<Route>, MimicError> {
        let read = |example: &Example| {
            self.profile.read_token(&self.secrets, Ok(&example.response.to_response()), example_time()).ok()
        };
        let tokens = |exchange| {
            let accepted = self.examples(exchange).filter(|example| example.is_accepted());
            accepted.into_iter().find_map(|example| Some((example, read(example)?)))
        };
        let (login, given) = tokens(Exchange::Login).ok_or(MimicError::no_login())?;
        let profile = self.profile;
        let build = |secrets: &Secrets| profile.build_login(secrets);
        let (built, other) = self.built(login, build(&self.secrets), build(&self.others), &[])?;
        let door = built.door(other.as_ref(), None, &[]);
        let mut routes = vec![Route { door, task: Task::Login { answer: token_answer(login, &given) } }];
        let (Some(recorded), true) = (&token.refresh, self.renews()) else { return Ok(routes) };
        // Where no renewal was recorded, it is answered like a log-in.
        let (example, given) = tokens(Exchange::Refresh).unwrap_or((login, given));
        let build = |secrets: &Secrets| profile.build_refresh(secrets, token);
        let recorded = recorded.expose_secret().to_owned();
        let variables = [recorded.clone()];
        let (built, other) = self.built(example, build(&self.secrets), build(&self.others), &variables)?;
        let renews = built
            .sample
            .place(&[recorded])
            .ok_or_else(|| MimicError::not_in_request(example, "the token that renews"))?;
        let door = built.door(other.as_ref(), None, &[&renews]);
        routes.push(Route { door, task: Task::Refresh { renews, answer: token_answer(example, &given) } });
        Ok(routes)
    }

    fn renews(&self) -> bool {
        self.profile.inner.auth.token.as_ref().is_some_and(|token| token.refresh.is_some())
    }

    /// Where the token stands in a request.
    fn token_place(&self, example: &Example, built: &Built) -> Result<Option<Place>, MimicError> {
        let Some(token) = &self.token else { return Ok(None) };
        let place = built.sample.place(&[token.access.expose_secret().to_owned()]);
        Ok(Some(place.ok_or_else(|| MimicError::not_in_request(example, "the token"))?))
    }

    /// A request taken apart, and the same with other secrets.
    fn built(
        &self,
        example: &Example,
        request: Result<Request, BuildError>,
        other: Result<Request, BuildError>,
        variables: &[String],
    ) -> Result<(Built, Option<Built>), MimicError> {
        let no_request = |why: String| MimicError::no_request(example, why);
        let apart = |request: &Request| {
            let tokens =
                self.token.iter().flat_map(|token| std::iter::once(&token.access).chain(&token.refresh));
            let tokens = tokens.map(|token| token.expose_secret().to_owned());
            Built::of(request, self.profile.base_url(), variables.iter().cloned().chain(tokens).collect())
        };
        let request = request.map_err(|error| no_request(error.to_string()))?;
        let built = apart(&request).ok_or_else(|| no_request("its body cannot be read".to_owned()))?;
        Ok((built, other.ok().as_ref().and_then(apart)))
    }

    /// An address without a plus, as it stands in one form or another everywhere.
    fn bare(&self, canonical: &str) -> String {
        self.profile
            .inner
            .wire
            .key(canonical)
            .map_or_else(|_| canonical.to_owned(), std::borrow::Cow::into_owned)
    }
}

fn token_answer(example: &Example, token: &Token) -> Answer {
    let refresh = token.refresh.as_ref().map(|refresh| refresh.expose_secret());
    let mut values =
        Values::default().with(Some(token.access.expose_secret()), Slot::Access).with(refresh, Slot::Refresh);
    values.recorded = Some(example_time());
    Answer::of(&example.response, &[values])
}

fn plain(value: &serde_json::Value) -> Option<String> {
    crate::provider::mimic::arrival::scalar(value).map(std::borrow::Cow::into_owned)
}
