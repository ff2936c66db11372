//! A gateway made of examples: it finds, by their values, where in the exchanges of a profile the addresses,
//! the texts, the ids and the tokens stand, and answers other requests of the same form in the same way. It
//! knows no provider. No clock and no network: the sandbox serves it, a rehearsal calls it.

mod arrival;
mod door;
mod error;
mod ids;
mod learn;
mod ledger;
mod pattern;
mod place;
mod prove;
mod route;
mod time;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};

use crate::provider::exchange::Response;
use crate::provider::mimic::arrival::Arrival;
use crate::provider::mimic::learn::Learner;
use crate::provider::mimic::ledger::{Ledger, Taken};
use crate::provider::mimic::pattern::{Answer, Fill};
use crate::provider::mimic::place::Place;
use crate::provider::mimic::route::{Inquiry, Learned, Route, Shape, Task};
use crate::provider::profile::Profile;

pub use crate::provider::mimic::arrival::Incoming;
pub use crate::provider::mimic::error::MimicError;

/// The most messages in an answer that lists them.
const MOST_LISTED: usize = 1_000;

/// The gateway.
#[derive(Debug)]
pub struct Mimic {
    learned: Learned,
    ledger: Ledger,
    /// Whether every id of the right form counts as given out.
    believes: bool,
    next_token: AtomicU64,
    accepted: AtomicU64,
    requests: AtomicU64,
}

impl Mimic {
    /// Learns from the examples of a profile.
    ///
    /// # Errors
    /// [`MimicError`]: they do not suffice.
    pub fn of(profile: &Profile) -> Result<Self, MimicError> {
        let mimic = Self::new(Learner::new(profile).learn()?);
        prove::prove(&|incoming, now| mimic.answer(incoming, now), profile)?;
        Ok(Self::new(mimic.learned))
    }

    fn new(learned: Learned) -> Self {
        let asked = |route: &Route| {
            matches!(route.task, Task::Status { .. } | Task::Cancel { .. } | Task::List { .. })
        };
        let ledger = Ledger::new(learned.routes.iter().any(asked));
        let count = |from| AtomicU64::new(from);
        Self {
            learned,
            ledger,
            believes: false,
            next_token: count(1),
            accepted: count(0),
            requests: count(0),
        }
    }

    /// The same gateway on another day: it has forgotten what it accepted, and believes every id that it might
    /// have given out.
    #[must_use]
    pub fn on_another_day(self) -> Self {
        Self { believes: true, ..self }
    }

    /// How many messages it has accepted: recipients, not requests.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// How many requests it has answered.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Answers a request that arrives at `now`.
    pub fn answer(&self, incoming: &Incoming<'_>, now: DateTime<Utc>) -> Response {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut refusal = None;
        // Several exchanges may share a path; the first that finds what it needs is meant.
        for route in self.learned.routes.iter().filter(|route| route.door.fits(incoming)) {
            let Some(arrival) = route.door.enter(incoming) else {
                refusal.get_or_insert_with(|| status(400));
                continue;
            };
            let open = self.is_open(route, &arrival);
            if let Some(answer) = self.carry_out(route, &arrival, open, now) {
                return answer;
            }
            refusal.get_or_insert_with(|| if open { status(400) } else { self.refused(&route.task) });
        }
        refusal.unwrap_or_else(|| status(404))
    }

    /// Whether a request shows the credentials that the recorded one shows.
    fn is_open(&self, route: &Route, arrival: &Arrival<'_>) -> bool {
        let known = |token: Option<Cow<'_, str>>| {
            let number = token.and_then(|token| self.learned.access.number(&token));
            number.is_some_and(|number| self.is_given_out(number))
        };
        route.door.shows_secrets(arrival) && route.door.token(arrival).is_none_or(known)
    }

    /// Tokens are numbered, so none needs to be remembered.
    fn is_given_out(&self, number: u64) -> bool {
        (1..self.next_token.load(Ordering::Relaxed)).contains(&number)
    }

    fn refused(&self, task: &Task) -> Response {
        match task {
            Task::Login { .. } => self.learned.refused_login.clone(),
            Task::Refresh { .. } => self.learned.refused_refresh.clone(),
            _ => self.learned.unauthorised.clone(),
        }
    }

    /// The answer; nothing where the request has not what such requests have.
    fn carry_out(
        &self,
        route: &Route,
        arrival: &Arrival<'_>,
        open: bool,
        now: DateTime<Utc>,
    ) -> Option<Response> {
        // What it has comes first: of requests that share a path it tells which one is meant.
        let if_open = |answer: &dyn Fn() -> Response| if open { answer() } else { self.refused(&route.task) };
        Some(match &route.task {
            Task::Send { shapes } => {
                let (shape, addresses) =
                    shapes.iter().find_map(|shape| Some((shape, addresses(shape, arrival)?)))?;
                let alone = shapes.iter().find(|shape| shape.single && addresses.len() == 1);
                let answered = &alone.unwrap_or(shape).answer;
                if_open(&|| self.accept(shape, answered, &addresses, arrival, now))
            }
            Task::Status { about, cancelled } => {
                let (id, address) = asked(about, arrival)?;
                if_open(&|| self.tell(about, cancelled.as_ref(), &id, address.as_deref()))
            }
            Task::Cancel { about } => {
                let (id, address) = asked(about, arrival)?;
                if_open(&|| self.call_back(about, &id, address.as_deref()))
            }
            Task::List { recipient, page, answer } => {
                let address = read_one(recipient.as_ref(), arrival)?;
                let is_first = |(place, first): &(Place, String)| {
                    place.read(arrival).is_some_and(|page| page.first().is_some_and(|page| page == first))
                };
                let first = page.as_ref().is_none_or(is_first);
                if_open(&|| self.list(answer, address.as_deref(), first))
            }
            Task::Login { answer } => {
                route.door.has_places(arrival).then_some(())?;
                if_open(&|| self.give_token(answer, now))
            }
            Task::Refresh { renews, answer } => {
                let shown = renews.read(arrival)?;
                let number = shown.first().and_then(|token| self.learned.refresh.number(token));
                let known = number.is_some_and(|number| self.is_given_out(number));
                if_open(&|| if known { self.give_token(answer, now) } else { self.refused(&route.task) })
            }
        })
    }

    fn give_token(&self, answer: &Answer, now: DateTime<Utc>) -> Response {
        let number = self.next_token.fetch_add(1, Ordering::Relaxed);
        let (access, refresh) =
            (self.learned.access.mint(number, now), self.learned.refresh.mint(number, now));
        let fill = Fill { access: Some(&access), refresh: Some(&refresh), at: Some(now), ..Fill::default() };
        answer.write(&[fill])
    }

    fn accept(
        &self,
        shape: &Shape,
        answer: &Answer,
        addresses: &[Cow<'_, str>],
        arrival: &Arrival<'_>,
        now: DateTime<Utc>,
    ) -> Response {
        let (texts, keys) = (values(shape.text.as_ref(), arrival), values(shape.key.as_ref(), arrival));
        let one_id = !answer.tells_ids_apart() && addresses.len() > 1;
        let shared: Option<Arc<str>> = match &texts[..] {
            [text] => Some(Arc::from(&**text)),
            _ => None,
        };
        let message = |first: u64, at: usize| Taken {
            address: Box::from(addresses.get(at).map_or("", |address| &**address)),
            text: shared.clone().or_else(|| texts.get(at).map(|text| Arc::from(&**text))),
            at: now,
            id: if one_id { first } else { first + at as u64 },
            cancelled: false,
        };
        let first = self.ledger.take(addresses.len(), message);
        self.accepted.fetch_add(addresses.len() as u64, Ordering::Relaxed);
        let mint = |number| self.learned.ids.as_ref().map(|ids| ids.mint(number));
        let ids: Vec<Option<String>> =
            (first..).take(if one_id { 1 } else { addresses.len() }).map(mint).collect();
        let fills: Vec<Fill<'_>> = addresses
            .iter()
            .enumerate()
            .map(|(at, address)| Fill {
                address: Some(address),
                id: ids.get(if one_id { 0 } else { at }).and_then(Option::as_deref),
                text: nth(&texts, at),
                key: nth(&keys, at),
                at: Some(now),
                ..Fill::default()
            })
            .collect();
        answer.write(&fills)
    }

    /// What became of a message.
    fn tell(&self, about: &Inquiry, cancelled: Option<&Answer>, id: &str, address: Option<&str>) -> Response {
        let Some(known) = self.known(id, address, |_| {}) else { return status(404) };
        let called_back = known.as_ref().is_some_and(|taken| taken.cancelled);
        let answer = cancelled.filter(|_| called_back).unwrap_or(&about.answer);
        answer.write(&[about_one(id, address, known.as_ref())])
    }

    fn call_back(&self, about: &Inquiry, id: &str, address: Option<&str>) -> Response {
        match self.known(id, address, |taken| taken.cancelled = true) {
            Some(known) => about.answer.write(&[about_one(id, address, known.as_ref())]),
            None => status(404),
        }
    }

    /// A message by its id, if that was given out: inside, as far as it is remembered.
    #[allow(clippy::option_option, reason = "unknown, forgotten and remembered are three things")]
    fn known(&self, id: &str, address: Option<&str>, change: impl Fn(&mut Taken)) -> Option<Option<Taken>> {
        let number = self
            .learned
            .ids
            .as_ref()?
            .number(id)
            .filter(|number| self.believes || self.ledger.has(*number))?;
        let asked = |taken: &Taken| address.is_none_or(|address| *taken.address == *address);
        let found = self.ledger.look(number, |taken| {
            let own = asked(taken);
            own.then(|| change(taken));
            own.then(|| taken.clone())
        });
        // An id of somebody else is none.
        let of_others = found.is_none() && self.ledger.look(number, |_| Some(())).is_some();
        (!of_others).then_some(found)
    }

    /// The messages that were accepted for an address, or for everybody; none on pages behind the first.
    fn list(&self, answer: &Answer, address: Option<&str>, first: bool) -> Response {
        let fits = |taken: &Taken| first && address.is_none_or(|address| *taken.address == *address);
        let found = self.ledger.newest(MOST_LISTED, fits);
        let mint = |taken: &Taken| self.learned.ids.as_ref().map(|ids| ids.mint(taken.id));
        let ids: Vec<Option<String>> = found.iter().map(mint).collect();
        let records = found.iter().zip(&ids);
        let fills: Vec<Fill<'_>> = records
            .map(|(taken, id)| Fill {
                at: Some(taken.at),
                ..about_one(id.as_deref().unwrap_or_default(), None, Some(taken))
            })
            .collect();
        answer.write(&fills)
    }
}

/// The addresses of a sending: none of them is empty.
fn addresses<'r>(shape: &Shape, arrival: &'r Arrival<'_>) -> Option<Vec<Cow<'r, str>>> {
    let found = shape.recipients.read(arrival)?;
    (!found.is_empty() && found.iter().all(|address| !address.is_empty())).then_some(found)
}

fn values<'r>(place: Option<&Place>, arrival: &'r Arrival<'_>) -> Vec<Cow<'r, str>> {
    place.and_then(|place| place.read(arrival)).unwrap_or_default()
}

/// The value of a message: its own, or the one of all.
fn nth<'v>(values: &'v [Cow<'_, str>], at: usize) -> Option<&'v str> {
    let at = if values.len() == 1 { 0 } else { at };
    values.get(at).map(|value| &**value)
}

/// The id in a question, and the address where there is one.
fn asked<'r>(about: &Inquiry, arrival: &'r Arrival<'_>) -> Option<(Cow<'r, str>, Option<Cow<'r, str>>)> {
    let id = about.id.read(arrival)?.into_iter().next()?;
    Some((id, read_one(about.recipient.as_ref(), arrival)?))
}

/// What stands in a place, if there is such a place; nothing where it should stand and does not.
#[allow(clippy::option_option, reason = "lacking, not wanted and there are three things")]
fn read_one<'r>(place: Option<&Place>, arrival: &'r Arrival<'_>) -> Option<Option<Cow<'r, str>>> {
    match place {
        Some(place) => Some(Some(place.read(arrival)?.into_iter().next()?)),
        None => Some(None),
    }
}

fn about_one<'a>(id: &'a str, address: Option<&'a str>, taken: Option<&'a Taken>) -> Fill<'a> {
    Fill {
        id: Some(id),
        address: taken.map(|taken| &*taken.address).or(address),
        text: taken.and_then(|taken| taken.text.as_deref()),
        ..Fill::default()
    }
}

fn status(status: u16) -> Response {
    Response { status, ..Response::default() }
}
