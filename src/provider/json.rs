//! JSON straight into the values of expressions, without a tree in between: answers to large batches
//! are the bulk of what is read.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::expression::{Key, Map, Value};

/// Reads a whole text as JSON.
pub(super) fn from_slice(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice::<Read>(bytes).map(|read| read.0)
}

struct Read(Value);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Read, E> {
        Ok(Read(Value::none()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Read, E> {
        Ok(Read(Value::from(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Read, E> {
        Ok(Read(Value::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Read, E> {
        Ok(Read(Value::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Read, E> {
        Ok(Read(Value::from(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Read, E> {
        Ok(Read(Value::from(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Read, A::Error> {
        let mut list = Vec::with_capacity(items.size_hint().unwrap_or(0).min(1024));
        while let Some(Read(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Read(Value::from(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Read, A::Error> {
        let mut map = Map::with_capacity(8);
        while let Some((Name(name), Read(value))) = entries.next_entry()? {
            map.insert(name, value);
        }
        Ok(Read(Value::from(map)))
    }
}

/// The name of a member, as maps of values have it.
struct Name(Key<'static>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameReader)
    }
}

struct NameReader;

impl Visitor<'_> for NameReader {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(Name(Key::String(Arc::from(name))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_members_with_one_name_the_last_counts() {
        let value = from_slice(br#"{"a": 1, "\u0061": 2}"#).unwrap();
        assert_eq!(serde_json::to_value(&value).unwrap(), serde_json::json!({"a": 2}));
    }

    #[test]
    fn every_kind_of_json_is_read() {
        let text = r#"{"a": [1, -2, 1.5, "x\u00e9", true, null, {}], "b c": 18446744073709551615}"#;
        let value = from_slice(text.as_bytes()).unwrap();
        let back: serde_json::Value = serde_json::to_value(&value).unwrap();
        assert_eq!(back, serde_json::from_str::<serde_json::Value>(text).unwrap());
        assert!(from_slice(b"{\"a\": [1, 2").is_err());
        assert!(from_slice(b"{} x").is_err());
        assert!(from_slice(&b"[".repeat(100_000)).is_err());
    }
}
