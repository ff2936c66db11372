//! The spanned tree, and how text becomes it: by serde-saphyr, under a tight budget, with duplicate
//! keys let through so that they can be reported beside the other errors.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::complaints;
use super::spanned::Spanned;
use crate::diagnostic::{Diagnostic, Rule, Source, Span};

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Kind,
    /// Its bytes in the file.
    pub span: Span,
}

/// What a value can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Nothing written.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys with values, in file order; a key may stand twice until the shape check has spoken.
    Map(Vec<(Key, Node)>),
}

/// A key with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// As written.
    pub name: String,
    /// Its bytes in the file.
    pub span: Span,
}

impl Kind {
    /// In people's words.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a group of keys",
        }
    }
}

impl Node {
    /// The value under a key of a map.
    pub fn get(&self, name: &str) -> Option<&Node> {
        match &self.value {
            Kind::Map(entries) => entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The same as JSON, places dropped.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.value {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::from(*value),
            Kind::Int(value) => Value::from(*value),
            Kind::Float(value) => Value::from(*value),
            Kind::Text(value) => Value::from(value.as_str()),
            Kind::List(items) => items.iter().map(Node::to_json).collect(),
            Kind::Map(entries) => {
                entries.iter().map(|(key, node)| (key.name.clone(), node.to_json())).collect()
            }
        }
    }
}

/// Text to tree.
///
/// # Errors
/// What is no YAML, or more than a manifest can honestly need.
pub(super) fn parse(source: &Arc<Source>) -> Result<Node, Diagnostic> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: Some(1024 * 1024),
            max_events: 50_000,
            max_aliases: 200,
            max_anchors: 200,
            max_depth: 40,
            max_documents: 1,
            max_nodes: 25_000,
            max_total_scalar_bytes: 1024 * 1024,
        },
    };
    serde_saphyr::from_str_with_options::<Loaded>(&source.text, options).map(|loaded| loaded.0).map_err(
        |error| {
            let at = error.location().map_or(0, |place| offset(&source.text, place.line(), place.column()));
            let text = error.without_snippet().to_string();
            let text = text.split(" at line ").next().unwrap_or_default();
            let (title, advice) = complaints::told(text);
            let problem = Diagnostic::error(title).at(source, at..at, "here").of(Rule::Syntax);
            match advice {
                Some(advice) => problem.help(advice),
                None => problem,
            }
        },
    )
}

/// The byte offset of a line and column, both from 1.
fn offset(text: &str, line: u64, column: u64) -> usize {
    let line = usize::try_from(line).unwrap_or(1).max(1);
    let column = usize::try_from(column).unwrap_or(1).max(1);
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
}

/// A node as serde-saphyr gives it.
struct Loaded(Node);

impl<'de> Deserialize<'de> for Loaded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_saphyr::Spanned::<LoadedKind>::deserialize(deserializer)?;
        Ok(Self(Node { span: byte_span(&spanned.referenced), value: spanned.value.0 }))
    }
}

fn byte_span(place: &serde_saphyr::Location) -> Span {
    let number = |value: Option<u64>| value.and_then(|value| usize::try_from(value).ok()).unwrap_or(0);
    let start = number(place.span().byte_offset());
    start..start + number(place.span().byte_len())
}

struct LoadedKind(Kind);

impl<'de> Deserialize<'de> for LoadedKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(KindVisitor { element: |Loaded(node)| node, key: |Loaded(node)| key_of(node) })
            .map(Self)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Kind>::deserialize(deserializer)?;
        Ok(Self { value: spanned.value, span: spanned.span })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(KindVisitor { element: |node: Node| node, key: |node: Node| key_of(node) })
    }
}

fn key_of(node: Node) -> Key {
    let name = match node.value {
        Kind::Text(text) => text,
        Kind::Bool(value) => value.to_string(),
        Kind::Int(value) => value.to_string(),
        Kind::Float(value) => value.to_string(),
        other => other.noun().to_owned(),
    };
    Key { name, span: node.span }
}

/// Builds a [`Kind`] out of elements of type `E`, which carry their places in one of two ways.
struct KindVisitor<E> {
    element: fn(E) -> Node,
    key: fn(E) -> Key,
}

impl<'de, E: Deserialize<'de>> Visitor<'de> for KindVisitor<E> {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<R>(self, value: bool) -> Result<Kind, R> {
        Ok(Kind::Bool(value))
    }

    fn visit_i64<R>(self, value: i64) -> Result<Kind, R> {
        Ok(Kind::Int(value))
    }

    fn visit_u64<R>(self, value: u64) -> Result<Kind, R> {
        // What no i64 holds is no count of anything here; kept as text it fails where a number is wanted.
        Ok(i64::try_from(value).map_or_else(|_| Kind::Text(value.to_string()), Kind::Int))
    }

    fn visit_i128<R>(self, value: i128) -> Result<Kind, R> {
        Ok(i64::try_from(value).map_or_else(|_| Kind::Text(value.to_string()), Kind::Int))
    }

    fn visit_u128<R>(self, value: u128) -> Result<Kind, R> {
        Ok(i64::try_from(value).map_or_else(|_| Kind::Text(value.to_string()), Kind::Int))
    }

    fn visit_f64<R>(self, value: f64) -> Result<Kind, R> {
        Ok(Kind::Float(value))
    }

    fn visit_str<R>(self, value: &str) -> Result<Kind, R> {
        Ok(Kind::Text(value.to_owned()))
    }

    fn visit_unit<R>(self) -> Result<Kind, R> {
        Ok(Kind::Null)
    }

    fn visit_none<R>(self) -> Result<Kind, R> {
        Ok(Kind::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<E>()? {
            items.push((self.element)(item));
        }
        Ok(Kind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<E, E>()? {
            entries.push(((self.key)(key), (self.element)(value)));
        }
        Ok(Kind::Map(entries))
    }
}

impl JsonSchema for Node {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Anything".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!(true)
    }
}
