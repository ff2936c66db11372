//! A request as it arrives, taken apart: where things stand in it, and what stands there.

use std::borrow::Cow;

use serde_json::Value;
use url::form_urlencoded;

/// A request as it arrives.
pub struct Incoming<'a> {
    /// The verb.
    pub method: &'a str,
    /// The path, without a query.
    pub path: &'a str,
    /// What stands behind the `?`, as it came; empty for none.
    pub query: &'a str,
    /// The value of a (lower-case) header.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

impl std::fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyKind {
    None,
    Json,
    Form,
    Text,
}

/// A place in a request that holds a text or a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A segment of the path, the one before the first slash being 0.
    Segment(usize),
    /// A parameter behind the path.
    Query(String),
    /// A header, by its lower-case name.
    Header(String),
    /// A field of a form.
    Field(String),
    /// A scalar of a JSON body, by the steps to it.
    Json(Vec<String>),
    /// A body that is a text.
    Body,
}

type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// A request, taken apart.
pub(super) struct Arrival<'a> {
    header: &'a dyn Fn(&str) -> Option<&'a str>,
    path: &'a str,
    query: Pairs<'a>,
    body: Body<'a>,
}

enum Body<'a> {
    None,
    Json(Value),
    Form(Pairs<'a>),
    Text(Cow<'a, str>),
}

impl<'a> Arrival<'a> {
    /// Takes a request apart; nothing where its body is not of the kind.
    pub fn of(incoming: &Incoming<'a>, kind: BodyKind) -> Option<Self> {
        let body = match kind {
            BodyKind::None => Body::None,
            BodyKind::Json => Body::Json(serde_json::from_slice(incoming.body).ok()?),
            BodyKind::Form => Body::Form(form_urlencoded::parse(incoming.body).collect()),
            BodyKind::Text => Body::Text(String::from_utf8_lossy(incoming.body)),
        };
        let query = form_urlencoded::parse(incoming.query.as_bytes()).collect();
        Some(Self { header: incoming.header, path: incoming.path, query, body })
    }

    /// What stands in a place.
    pub fn at(&self, source: &Source) -> Option<Cow<'_, str>> {
        match (source, &self.body) {
            (Source::Segment(at), _) => self.path.split('/').nth(*at).map(percent_decoded),
            (Source::Query(name), _) => first(&self.query, name),
            (Source::Header(name), _) => (self.header)(name).map(Cow::Borrowed),
            (Source::Field(name), Body::Form(fields)) => first(fields, name),
            (Source::Json(steps), Body::Json(json)) => scalar(follow(json, steps)?),
            (Source::Body, Body::Text(text)) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    /// All that stands in the places of one name.
    pub fn all(&self, source: &Source) -> Vec<Cow<'_, str>> {
        let pairs = match (source, &self.body) {
            (Source::Query(name), _) => (&self.query, name),
            (Source::Field(name), Body::Form(fields)) => (fields, name),
            _ => return self.at(source).into_iter().collect(),
        };
        let (pairs, name) = pairs;
        pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| Cow::Borrowed(&**value)).collect()
    }

    /// The items of a list in a JSON body.
    pub fn items(&self, list: &[String]) -> Option<&[Value]> {
        match &self.body {
            Body::Json(json) => follow(json, list)?.as_array().map(Vec::as_slice),
            _ => None,
        }
    }

    /// Every place with what stands there, but for headers.
    pub fn scalars(&self) -> Vec<(Source, String)> {
        let mut found = Vec::new();
        match &self.body {
            Body::None => {}
            Body::Json(json) => leaves(json, &mut Vec::new(), &mut found),
            Body::Form(fields) => {
                found.extend(
                    fields.iter().map(|(name, value)| (Source::Field(name.to_string()), value.to_string())),
                );
            }
            Body::Text(text) => found.push((Source::Body, text.to_string())),
        }
        found.extend(
            self.query.iter().map(|(name, value)| (Source::Query(name.to_string()), value.to_string())),
        );
        let segments = self.path.split('/').enumerate();
        found.extend(segments.map(|(at, text)| (Source::Segment(at), percent_decoded(text).into_owned())));
        found
    }
}

fn first<'s>(pairs: &'s Pairs<'_>, name: &str) -> Option<Cow<'s, str>> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| Cow::Borrowed(&**value))
}

/// The value to which steps lead: names of objects, numbers of lists.
pub(super) fn follow<'v>(json: &'v Value, steps: &[String]) -> Option<&'v Value> {
    steps.iter().try_fold(json, |value, step| match value {
        Value::Object(entries) => entries.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// A scalar as a text.
pub(super) fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

fn leaves(json: &Value, steps: &mut Vec<String>, found: &mut Vec<(Source, String)>) {
    let mut step = |name: String, value: &Value| {
        steps.push(name);
        leaves(value, steps, found);
        steps.pop();
    };
    match json {
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| step(at.to_string(), item)),
        Value::Object(entries) => entries.iter().for_each(|(name, value)| step(name.clone(), value)),
        other => found.extend(scalar(other).map(|text| (Source::Json(steps.clone()), text.into_owned()))),
    }
}

/// A segment of a path without its percent-encoding.
pub(super) fn percent_decoded(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return Cow::Borrowed(segment);
    }
    let half = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = segment.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let halves = (half(bytes.get(at + 1)), half(bytes.get(at + 2)));
        match (byte, halves) {
            (b'%', (Some(high), Some(low))) => {
                out.extend(u8::try_from(high * 16 + low));
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_goes_and_what_is_none_stays() {
        assert_eq!(percent_decoded("a%2Fb%20%C3%A9+"), "a/b é+");
        assert_eq!(percent_decoded("100%"), "100%");
        assert_eq!(percent_decoded("%zz%4"), "%zz%4");
    }
}
