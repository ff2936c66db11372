//! Recorded JSON with slots in it: serialised once, cut at the slots, and filled by joining texts. Slots
//! keep the JSON type of what was recorded in their place.

use serde_json::Value;

/// What stands in a place of a recorded answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// A recipient's address, with or without its plus.
    Address { plus: bool },
    /// The id of a message.
    Id,
    /// The text of a message.
    Text,
    /// A token.
    Access,
    /// The token that renews.
    Refresh,
    /// The list of records.
    Records,
}

/// What goes into the slots.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Fill<'a> {
    pub address: &'a str,
    pub id: u64,
    pub text: &'a str,
    pub access: &'a str,
    pub refresh: &'a str,
}

/// A recorded answer with slots; where it holds a list of records, with the pattern of one of them.
#[derive(Debug)]
pub(super) struct Pattern {
    around: Pieces,
    record: Option<Pieces>,
}

#[derive(Debug)]
struct Pieces {
    /// A literal, then a slot and whether it is a JSON string; the last literal is `tail`.
    parts: Vec<(String, Slot, bool)>,
    tail: String,
}

impl Pattern {
    /// The whole answer is one record.
    pub fn whole(json: &Value, slots: &[(Value, Slot)]) -> Self {
        Self { around: Pieces::cut(json, slots), record: None }
    }

    /// The answer has a list at a pointer, whose items look like `record`.
    pub fn list(json: &Value, at: &str, record: &Value, slots: &[(Value, Slot)]) -> Self {
        let mut around = json.clone();
        let mark = Value::from("\u{1}records");
        if let Some(list) = around.pointer_mut(at) {
            *list = mark.clone();
        }
        Self {
            around: Pieces::cut(&around, &[(mark, Slot::Records)]),
            record: Some(Pieces::cut(record, slots)),
        }
    }

    /// One answer.
    pub fn once(&self, fill: &Fill<'_>) -> String {
        self.records(std::iter::once(*fill))
    }

    /// One answer with a record for each.
    pub fn records<'a>(&self, fills: impl Iterator<Item = Fill<'a>>) -> String {
        let mut fills = fills;
        let Some(record) = &self.record else {
            let mut out = String::new();
            self.around.write(&fills.next().unwrap_or_default(), "", &mut out);
            return out;
        };
        let mut list = String::with_capacity(fills.size_hint().0 * 256);
        list.push('[');
        for (at, fill) in fills.enumerate() {
            if at > 0 {
                list.push(',');
            }
            record.write(&fill, "", &mut list);
        }
        list.push(']');
        let mut out = String::with_capacity(list.len() + 128);
        self.around.write(&Fill::default(), &list, &mut out);
        out
    }
}

impl Pieces {
    fn cut(json: &Value, slots: &[(Value, Slot)]) -> Self {
        let mut pieces = Self { parts: Vec::new(), tail: String::new() };
        pieces.take(json, slots);
        pieces
    }

    fn take(&mut self, json: &Value, slots: &[(Value, Slot)]) {
        if let Some((_, slot)) = slots.iter().find(|(value, _)| value == json) {
            let literal = std::mem::take(&mut self.tail);
            self.parts.push((literal, *slot, json.is_string()));
            return;
        }
        match json {
            Value::Array(items) => {
                self.tail.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.tail.push_str(if at > 0 { "," } else { "" });
                    self.take(item, slots);
                }
                self.tail.push(']');
            }
            Value::Object(entries) => {
                self.tail.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    self.tail.push_str(if at > 0 { "," } else { "" });
                    self.tail.push_str(&Value::from(key.as_str()).to_string());
                    self.tail.push(':');
                    self.take(value, slots);
                }
                self.tail.push('}');
            }
            scalar => self.tail.push_str(&scalar.to_string()),
        }
    }

    fn write(&self, fill: &Fill<'_>, list: &str, out: &mut String) {
        for (literal, slot, quoted) in &self.parts {
            out.push_str(literal);
            match slot {
                Slot::Records => out.push_str(list),
                Slot::Id if *quoted => string(&fill.id.to_string(), out),
                Slot::Id => out.push_str(&fill.id.to_string()),
                Slot::Address { plus } => address(fill.address, *plus, *quoted, out),
                Slot::Text => string(fill.text, out),
                Slot::Access => string(fill.access, out),
                Slot::Refresh => string(fill.refresh, out),
            }
        }
        out.push_str(&self.tail);
    }
}

fn address(address: &str, plus: bool, quoted: bool, out: &mut String) {
    let digits = address.strip_prefix('+').unwrap_or(address);
    match (quoted, plus) {
        (true, true) => string(&format!("+{digits}"), out),
        (true, false) => string(digits, out),
        // A number was recorded here, and this is none: a string is still JSON.
        (false, _) if digits.parse::<u64>().is_err() => string(address, out),
        (false, _) => out.push_str(digits),
    }
}

fn string(text: &str, out: &mut String) {
    // Nearly every text here needs no escapes; the check is far cheaper than the serialiser.
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&Value::from(text).to_string());
    }
}

/// The pointer (RFC 6901) to the first value that holds, depth first.
pub(super) fn find(json: &Value, holds: &dyn Fn(&Value) -> bool) -> Option<String> {
    all(json, holds).into_iter().next()
}

/// The pointers to all values equal to one.
pub(super) fn pointers_to(json: &Value, wanted: &Value) -> Vec<String> {
    all(json, &|value| value == wanted)
}

fn all(json: &Value, holds: &dyn Fn(&Value) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    walk(json, &mut String::new(), holds, &mut found);
    found
}

fn walk(json: &Value, at: &mut String, holds: &dyn Fn(&Value) -> bool, found: &mut Vec<String>) {
    if holds(json) {
        found.push(at.clone());
    }
    let length = at.len();
    let mut step = |key: &str, value: &Value| {
        at.push('/');
        at.push_str(&key.replace('~', "~0").replace('/', "~1"));
        walk(value, at, holds, found);
        at.truncate(length);
    };
    match json {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| step(&index.to_string(), item))
        }
        Value::Object(entries) => entries.iter().for_each(|(key, value)| step(key, value)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_is_replicated_with_its_slots_filled() {
        let answer = json!({"ok": true, "data": [{"id": 8, "to": "254", "text": "hi", "n": null}], "x": [1]});
        let record = answer["data"][0].clone();
        let slots =
            [(json!(8), Slot::Id), (json!("254"), Slot::Address { plus: false }), (json!("hi"), Slot::Text)];
        let at = find(&answer, &|value| value == &json!([record.clone()])).unwrap();
        assert_eq!(at, "/data");
        let pattern = Pattern::list(&answer, &at, &record, &slots);
        let fills = [("+1", 1, "a\"b"), ("2", 2, "c")];
        let fills = fills.map(|(address, id, text)| Fill { address, id, text, ..Fill::default() });
        let out: Value = serde_json::from_str(&pattern.records(fills.into_iter())).unwrap();
        let expected = json!({"ok": true, "data": [
            {"id": 1, "to": "1", "text": "a\"b", "n": null},
            {"id": 2, "to": "2", "text": "c", "n": null},
        ], "x": [1]});
        assert_eq!(out, expected);
        let none: [Fill<'_>; 0] = [];
        let out: Value = serde_json::from_str(&pattern.records(none.into_iter())).unwrap();
        assert_eq!(out["data"], json!([]));
    }

    #[test]
    fn slots_keep_the_recorded_type() {
        let answer = json!({"id": "8", "to": 254, "a/b": {"t": "tok"}});
        let slots = [
            (json!("8"), Slot::Id),
            (json!(254), Slot::Address { plus: false }),
            (json!("tok"), Slot::Access),
        ];
        let fill = Fill { address: "255", id: 9, access: "new", ..Fill::default() };
        let out: Value = serde_json::from_str(&Pattern::whole(&answer, &slots).once(&fill)).unwrap();
        assert_eq!(out, json!({"id": "9", "to": 255, "a/b": {"t": "new"}}));
        assert_eq!(pointers_to(&answer, &json!("tok")), ["/a~1b/t"]);
    }
}
