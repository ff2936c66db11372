//! Recorded answers with slots in them: serialised once, cut at the slots, and filled by joining texts. Slots
//! keep the JSON type of what was recorded in their place.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::provider::example::RecordedResponse;
use crate::provider::exchange::Response;
use crate::provider::mimic::arrival::scalar;
use crate::provider::mimic::place::{TELLING, stands_in};
use crate::provider::mimic::time::TimeForm;

/// What stands in a place of a recorded answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Slot {
    /// A recipient's address, without a plus.
    Address,
    /// The id of a message.
    Id,
    /// The text of a message.
    Text,
    /// The key of a message.
    Key,
    /// A token.
    Access,
    /// The token that renews.
    Refresh,
    /// A time.
    Time(TimeForm),
    /// The list of records of this number.
    Records(usize),
}

/// What goes into the slots; the recorded text where nothing does.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Fill<'a> {
    pub address: Option<&'a str>,
    pub id: Option<&'a str>,
    pub text: Option<&'a str>,
    pub key: Option<&'a str>,
    pub access: Option<&'a str>,
    pub refresh: Option<&'a str>,
    pub at: Option<DateTime<Utc>>,
}

/// The values of a recorded answer that become slots.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Values {
    values: Vec<(String, Slot)>,
    /// Times become slots too, where they were recorded at this time.
    pub recorded: Option<DateTime<Utc>>,
}

/// A recorded answer with slots; where it holds lists of records, with the pattern of a record of each.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<(String, Pieces)>,
    body: Pieces,
    lists: Vec<Pieces>,
}

#[derive(Debug, Default)]
struct Pieces {
    parts: Vec<Part>,
    tail: String,
}

/// A literal, then a slot.
#[derive(Debug)]
struct Part {
    literal: String,
    slot: Slot,
    style: Style,
    recorded: String,
}

/// How a slot is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// As it is.
    Plain,
    /// Inside the quotes of a JSON string.
    Quoted,
    /// As a JSON number.
    Number,
}

impl Values {
    /// Adds a value, if there is one.
    #[must_use]
    pub fn with(mut self, value: Option<&str>, slot: Slot) -> Self {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.values.push((value.to_owned(), slot));
            // Of two that begin alike the longer one is meant.
            self.values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        }
        self
    }

    /// Those that are the same in all.
    fn common(all: &[Self]) -> Self {
        let first = all.first().cloned().unwrap_or_default();
        let shared = |one: &(String, Slot)| all.iter().all(|other| other.values.contains(one));
        Self { values: first.values.into_iter().filter(shared).collect(), recorded: first.recorded }
    }

    /// Whether a JSON value is or holds one of those that tell messages apart.
    fn tell(&self, json: &Value) -> bool {
        let telling = |slot: &Slot| matches!(slot, Slot::Address | Slot::Id | Slot::Key);
        let whole = |text: &str| self.values.iter().any(|(value, slot)| telling(slot) && value == text);
        let inside = |text: &str| {
            let long = self.values.iter().filter(|(value, slot)| telling(slot) && value.len() >= TELLING);
            long.into_iter().any(|(value, _)| stands_in(value, text).is_some())
        };
        match json {
            Value::String(text) => whole(text) || inside(text),
            Value::Number(number) => whole(&number.to_string()),
            Value::Array(items) => items.iter().any(|item| self.tell(item)),
            Value::Object(entries) => entries.values().any(|value| self.tell(value)),
            _ => false,
        }
    }
}

impl Answer {
    /// A recorded answer about so many messages: a list with a record for each of several is cut into records, the
    /// rest is about all of them.
    pub fn of(recorded: &RecordedResponse, messages: &[Values]) -> Self {
        let mut lists = Vec::new();
        let around = Values::common(messages);
        let list = |json: &Value| -> Option<usize> {
            let items =
                json.as_array().filter(|items| messages.len() > 1 && items.len() == messages.len())?;
            let first = messages.first()?;
            // What all share tells nobody apart.
            let told = |one: &Values| items.iter().position(|item| one.without(&around).tell(item));
            match messages.iter().map(told).collect::<Option<Vec<usize>>>() {
                Some(_) => items.iter().position(|item| first.without(&around).tell(item)),
                None => are_ids(items).then_some(0),
            }
        };
        let record = messages.first().cloned().unwrap_or_default();
        Self::cut(recorded, &around, &record, &list, &mut lists)
    }

    /// A recorded list, of which the item that shows an id is the pattern of all.
    pub fn list(recorded: &RecordedResponse, id: &str, record: &Values) -> Option<Self> {
        let shows_id = Values::default().with(Some(id), Slot::Id);
        let list = |json: &Value| json.as_array()?.iter().position(|item| shows_id.tell(item));
        let mut lists = Vec::new();
        let answer = Self::cut(recorded, &Values::default(), record, &list, &mut lists);
        (!answer.lists.is_empty()).then_some(answer)
    }

    fn cut(
        recorded: &RecordedResponse,
        around: &Values,
        record: &Values,
        list: &dyn Fn(&Value) -> Option<usize>,
        lists: &mut Vec<Pieces>,
    ) -> Self {
        let mut body = Pieces::default();
        let mut cutter = Cutter { values: around, record, list, lists };
        match (&recorded.json, &recorded.text) {
            (Some(json), _) => cutter.json(json, &mut body),
            (None, Some(text)) => cutter.text(text, Style::Plain, &mut body),
            (None, None) => {}
        }
        let header = |(name, value): &(String, String)| {
            let mut pieces = Pieces::default();
            cutter.text(value, Style::Plain, &mut pieces);
            (name.clone(), pieces)
        };
        let headers = recorded.headers.iter().map(header).collect();
        Self { status: recorded.status, headers, body, lists: std::mem::take(lists) }
    }

    /// Whether each message has an id of its own here.
    pub fn tells_ids_apart(&self) -> bool {
        self.lists.iter().any(|list| list.shows(&Slot::Id))
    }

    /// The first id that was recorded in a list.
    pub fn recorded_id(&self) -> Option<&str> {
        let parts = self.lists.iter().flat_map(|list| &list.parts);
        parts.into_iter().find(|part| part.slot == Slot::Id).map(|part| part.recorded.as_str())
    }

    /// The answer about these messages.
    pub fn write(&self, fills: &[Fill<'_>]) -> Response {
        let lists: Vec<String> = self.lists.iter().map(|record| record.list(fills)).collect();
        let first = fills.first().copied().unwrap_or_default();
        let filled = |pieces: &Pieces| {
            let mut out =
                String::with_capacity(pieces.tail.len() + lists.iter().map(String::len).sum::<usize>() + 256);
            pieces.write(&first, &lists, &mut out);
            out
        };
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), filled(value))).collect();
        Response { status: self.status, headers, body: filled(&self.body).into_bytes(), truncated: false }
    }
}

impl Values {
    fn without(&self, others: &Self) -> Self {
        let own = |one: &&(String, Slot)| !others.values.contains(one);
        Self { values: self.values.iter().filter(own).cloned().collect(), recorded: self.recorded }
    }
}

/// A list of just texts, all different: ids that nothing else tells.
fn are_ids(items: &[Value]) -> bool {
    let texts: Option<Vec<String>> = items.iter().map(scalar_id).collect();
    texts.is_some_and(|texts| {
        let others = |(at, text): (usize, &String)| !texts.iter().skip(at + 1).any(|other| other == text);
        texts.iter().enumerate().all(others) && texts.iter().all(|text| text.len() >= TELLING)
    })
}

struct Cutter<'a> {
    values: &'a Values,
    record: &'a Values,
    /// Whether a value is a list of records, and which of them is the pattern.
    list: &'a dyn Fn(&Value) -> Option<usize>,
    lists: &'a mut Vec<Pieces>,
}

impl Cutter<'_> {
    fn json(&mut self, json: &Value, out: &mut Pieces) {
        match json {
            Value::Array(items) => match (self.list)(json).and_then(|at| items.get(at)) {
                Some(record) => self.records(record, out),
                None => self.items(items, out),
            },
            Value::Object(entries) => {
                out.tail.push('{');
                for (at, (name, value)) in entries.iter().enumerate() {
                    out.tail.push_str(if at > 0 { "," } else { "" });
                    out.tail.push_str(&Value::from(name.as_str()).to_string());
                    out.tail.push(':');
                    self.json(value, out);
                }
                out.tail.push('}');
            }
            Value::String(text) => {
                out.tail.push('"');
                self.text(text, Style::Quoted, out);
                out.tail.push('"');
            }
            Value::Number(number) => {
                let text = number.to_string();
                match self.whole(&text) {
                    Some(slot) => out.push(slot, Style::Number, &text),
                    None => out.tail.push_str(&text),
                }
            }
            scalar => out.tail.push_str(&scalar.to_string()),
        }
    }

    fn items(&mut self, items: &[Value], out: &mut Pieces) {
        out.tail.push('[');
        for (at, item) in items.iter().enumerate() {
            out.tail.push_str(if at > 0 { "," } else { "" });
            self.json(item, out);
        }
        out.tail.push(']');
    }

    fn records(&mut self, record: &Value, out: &mut Pieces) {
        let mut pieces = Pieces::default();
        let id = if self.record.tell(record) { None } else { scalar_id(record) };
        let values = self.record.clone().with(id.as_deref(), Slot::Id);
        let mut inner =
            Cutter { values: &values, record: &Values::default(), list: &|_| None, lists: &mut Vec::new() };
        inner.json(record, &mut pieces);
        out.push(Slot::Records(self.lists.len()), Style::Plain, "");
        self.lists.push(pieces);
    }

    fn whole(&self, text: &str) -> Option<Slot> {
        let known = self.values.values.iter().find(|(value, _)| value == text).map(|(_, slot)| slot.clone());
        known.or_else(|| TimeForm::of(text, self.values.recorded?).map(Slot::Time))
    }

    /// A text that is a value, or holds some.
    fn text(&self, text: &str, style: Style, out: &mut Pieces) {
        if let Some(slot) = self.whole(text) {
            out.push(slot, style, text);
            return;
        }
        let mut rest = text;
        while let Some((at, value, slot)) = self.first_inside(rest) {
            out.literal(rest.get(..at).unwrap_or_default(), style);
            out.push(slot, style, value);
            rest = rest.get(at + value.len()..).unwrap_or_default();
        }
        out.literal(rest, style);
    }

    fn first_inside(&self, text: &str) -> Option<(usize, &str, Slot)> {
        let plus = |value: &str| text.strip_prefix('+') == Some(value);
        let long = self.values.values.iter().filter(|(value, _)| value.len() >= TELLING || plus(value));
        long.filter_map(|(value, slot)| Some((stands_in(value, text)?, value.as_str(), slot.clone())))
            .min_by_key(|(at, ..)| *at)
    }
}

/// A record that is nothing but a text or a number.
fn scalar_id(record: &Value) -> Option<String> {
    scalar(record).map(Cow::into_owned)
}

impl Pieces {
    fn push(&mut self, slot: Slot, style: Style, recorded: &str) {
        let literal = std::mem::take(&mut self.tail);
        self.parts.push(Part { literal, slot, style, recorded: recorded.to_owned() });
    }

    fn literal(&mut self, text: &str, style: Style) {
        if style == Style::Quoted { escape(text, &mut self.tail) } else { self.tail.push_str(text) }
    }

    fn shows(&self, slot: &Slot) -> bool {
        self.parts.iter().any(|part| part.slot == *slot)
    }

    fn list(&self, fills: &[Fill<'_>]) -> String {
        let mut list = String::with_capacity(fills.len() * 256 + 2);
        list.push('[');
        for (at, fill) in fills.iter().enumerate() {
            list.push_str(if at > 0 { "," } else { "" });
            self.write(fill, &[], &mut list);
        }
        list.push(']');
        list
    }

    fn write(&self, fill: &Fill<'_>, lists: &[String], out: &mut String) {
        for part in &self.parts {
            out.push_str(&part.literal);
            let value = match &part.slot {
                Slot::Address => fill.address.map(Cow::Borrowed),
                Slot::Id => fill.id.map(Cow::Borrowed),
                Slot::Text => fill.text.map(Cow::Borrowed),
                Slot::Key => fill.key.map(Cow::Borrowed),
                Slot::Access => fill.access.map(Cow::Borrowed),
                Slot::Refresh => fill.refresh.map(Cow::Borrowed),
                Slot::Time(form) => fill.at.map(|at| Cow::Owned(form.write(at))),
                Slot::Records(number) => lists.get(*number).map(|list| Cow::Borrowed(list.as_str())),
            };
            let value = value.unwrap_or(Cow::Borrowed(part.recorded.as_str()));
            match part.style {
                Style::Plain => out.push_str(&value),
                Style::Quoted => escape(&value, out),
                // A number was recorded here; what is none is still JSON in quotes.
                Style::Number if is_number(&value) => out.push_str(&value),
                Style::Number => {
                    out.push('"');
                    escape(&value, out);
                    out.push('"');
                }
            }
        }
        out.push_str(&self.tail);
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|number| number.to_string() == text)
}

/// A text inside the quotes of a JSON string.
fn escape(text: &str, out: &mut String) {
    // Nearly every text here needs no escapes; the check is far cheaper than the serialiser.
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push_str(text);
    } else {
        let quoted = Value::from(text).to_string();
        out.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
    }
}
