//! Who may pass: the verb and the path of a recorded request, and the credentials that it shows.

use std::borrow::Cow;

use crate::provider::exchange::{Method, Request};
use crate::provider::mimic::arrival::{Arrival, BodyKind, Incoming, Source, percent_decoded};
use crate::provider::mimic::place::{Place, Sample};

/// The form of a request.
#[derive(Debug)]
pub(super) struct Door {
    method: Method,
    /// The segments of the path; nothing for those that differ from request to request.
    path: Vec<Option<String>>,
    kind: BodyKind,
    /// What shows a secret.
    secrets: Vec<(Source, String)>,
    /// What shows the token.
    token: Option<Place>,
}

/// A request that a profile has made, taken apart.
pub(super) struct Built {
    pub sample: Sample,
    method: Method,
    kind: BodyKind,
}

impl Built {
    /// Takes a request apart; `variables` are the values in it that differ from request to request.
    pub fn of(request: &Request, base_url: &str, variables: Vec<String>) -> Option<Self> {
        let header = |name: &str| -> Option<&str> {
            let found = request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.expose())
        };
        let tail = request.url.strip_prefix(base_url).unwrap_or(&request.url);
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let incoming =
            Incoming { method: request.method.as_str(), path, query, header: &header, body: &request.body };
        let kind = kind_of(&incoming);
        let mut scalars = Arrival::of(&incoming, kind)?.scalars();
        let headers = request.headers.iter();
        scalars.extend(
            headers
                .map(|(name, value)| (Source::Header(name.to_ascii_lowercase()), value.expose().to_owned())),
        );
        Some(Self { sample: Sample::new(scalars, variables), method: request.method, kind })
    }

    /// The first place that shows something else in another request, and what it shows here.
    pub fn differing(&self, other: &Self) -> Option<(Place, String)> {
        let (source, text) = self.sample.scalars.iter().find(|one| other.sample.shows_otherwise(one))?;
        Some((Place::whole(source.clone()), text.clone()))
    }

    /// The door of requests like this one. `other` is the same request with other secrets: what differs shows them.
    pub fn door(&self, other: Option<&Self>, token: Option<Place>, places: &[&Place]) -> Door {
        let differs = |one: &&(Source, String)| other.is_some_and(|other| other.sample.shows_otherwise(one));
        let secrets: Vec<(Source, String)> = self.sample.scalars.iter().filter(differs).cloned().collect();
        let segment = |(source, text): &(Source, String)| {
            let Source::Segment(at) = source else { return None };
            let differs = self.sample.varies(*at)
                || secrets.iter().any(|(secret, _)| secret == source)
                || token.iter().chain(places.iter().copied()).any(|place| place.segment() == Some(*at));
            Some((!differs).then(|| text.clone()))
        };
        let path = self.sample.scalars.iter().filter_map(segment).collect();
        Door { method: self.method, path, kind: self.kind, secrets, token }
    }
}

impl Door {
    /// Whether a request has the verb and the path.
    pub fn fits(&self, incoming: &Incoming<'_>) -> bool {
        let mut segments = incoming.path.split('/');
        let mut same = |own: &Option<String>| {
            let segment = segments.next();
            segment.is_some_and(|segment| own.as_ref().is_none_or(|own| *own == percent_decoded(segment)))
        };
        incoming.method == self.method.as_str()
            && self.path.iter().all(&mut same)
            && segments.next().is_none()
    }

    /// How much of the path differs from request to request.
    pub fn vagueness(&self) -> usize {
        self.path.iter().filter(|segment| segment.is_none()).count()
    }

    /// Takes a request apart, if it has such a body.
    pub fn enter<'a>(&self, incoming: &Incoming<'a>) -> Option<Arrival<'a>> {
        Arrival::of(incoming, self.kind)
    }

    /// Whether a request has something where secrets are shown.
    pub fn has_places(&self, arrival: &Arrival<'_>) -> bool {
        self.secrets.iter().all(|(source, _)| arrival.at(source).is_some())
    }

    /// Whether a request shows the secrets.
    pub fn shows_secrets(&self, arrival: &Arrival<'_>) -> bool {
        self.secrets
            .iter()
            .all(|(source, secret)| arrival.at(source).is_some_and(|shown| shown == secret.as_str()))
    }

    /// The token that a request shows; nothing to show is an outer nothing.
    #[allow(clippy::option_option, reason = "no token wanted, none shown and one shown are three things")]
    pub fn token<'r>(&self, arrival: &'r Arrival<'_>) -> Option<Option<Cow<'r, str>>> {
        let place = self.token.as_ref()?;
        Some(place.read(arrival).and_then(|shown| shown.into_iter().next()))
    }
}

fn kind_of(incoming: &Incoming<'_>) -> BodyKind {
    if incoming.body.is_empty() {
        return BodyKind::None;
    }
    let kind = (incoming.header)("content-type").unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/x-www-form-urlencoded" => BodyKind::Form,
        kind if kind == "application/json" || kind.ends_with("+json") => BodyKind::Json,
        _ => BodyKind::Text,
    }
}
