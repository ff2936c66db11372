//! Addresses as gateways write them, and how one is known again in an answer. Canonical addresses come
//! from the audience: E.164 with its plus for phones, any text for opaque ids.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::expression::Value;

/// What the addresses of a provider are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// Phone numbers.
    Phone,
    /// Ids that mean something to the gateway alone (an endpoint, an order).
    Opaque,
}

/// How an address is written in requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// `+254700000001`.
    E164,
    /// `254700000001`.
    Digits,
    /// `254700000001`, as a JSON number.
    Integer,
    /// As it stands.
    Opaque,
}

/// An address that cannot be written for this gateway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no E.164 number: a plus, then 2 to 15 digits, the first not 0")]
pub struct AddressError(pub String);

impl Wire {
    /// In people's words.
    pub fn description(self) -> &'static str {
        match self {
            Self::E164 => "phone numbers, sent as +254700000001",
            Self::Digits => "phone numbers, sent as 254700000001",
            Self::Integer => "phone numbers, sent as the number 254700000001",
            Self::Opaque => "the gateway's own ids",
        }
    }

    /// The text on the wire of a canonical address.
    ///
    /// # Errors
    /// A phone number that is not in E.164 form (the audience should have seen to that).
    pub fn text(self, canonical: &str) -> Result<Cow<'_, str>, AddressError> {
        match self {
            Self::Opaque => Ok(Cow::Borrowed(canonical)),
            Self::E164 => digits(canonical).map(|_| Cow::Borrowed(canonical)),
            Self::Digits | Self::Integer => digits(canonical).map(Cow::Borrowed),
        }
    }

    /// The same with its type, for expressions.
    pub(super) fn value(self, canonical: &str) -> Result<Value, AddressError> {
        let text = self.text(canonical)?;
        match self {
            // Fifteen digits fit.
            Self::Integer => {
                text.parse::<u64>().map(Value::from).map_err(|_| AddressError(canonical.to_owned()))
            }
            _ => Ok(Value::from(text.as_ref())),
        }
    }

    /// The canonical address of one that stands in an answer, whatever way it is written there.
    pub(super) fn canonical(self, value: &Value) -> Option<String> {
        let key = self.key_in_answer(value)?;
        match self {
            Self::Opaque => Some(key.into_owned()),
            _ => Some(format!("+{key}")).filter(|number| digits(number).is_ok()),
        }
    }

    /// By what a canonical address is known again in an answer.
    pub(super) fn key(self, canonical: &str) -> Result<Cow<'_, str>, AddressError> {
        match self {
            Self::Opaque => Ok(Cow::Borrowed(canonical)),
            _ => digits(canonical).map(Cow::Borrowed),
        }
    }

    /// The same for an address that stands in an answer, whatever way it is written there.
    pub(super) fn key_in_answer(self, value: &Value) -> Option<Cow<'_, str>> {
        let key = match (self, value.as_str()) {
            (_, None) => Cow::Owned(value.as_u64()?.to_string()),
            (Self::Opaque, Some(text)) => Cow::Borrowed(text.trim()),
            (_, Some(text)) if text.bytes().all(|byte| byte.is_ascii_digit()) => Cow::Borrowed(text),
            (_, Some(text)) => Cow::Owned(text.chars().filter(char::is_ascii_digit).collect()),
        };
        (!key.is_empty()).then_some(key)
    }
}

/// The digits of an E.164 number (ITU-T E.164: at most 15, no leading zero).
fn digits(canonical: &str) -> Result<&str, AddressError> {
    let plain = canonical.strip_prefix('+').filter(|digits| {
        (2..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    });
    plain.ok_or_else(|| AddressError(canonical.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_in_every_form() {
        let number = "+254700000001";
        assert_eq!(Wire::E164.text(number).unwrap(), number);
        assert_eq!(Wire::Digits.text(number).unwrap(), "254700000001");
        assert_eq!(Wire::Integer.value(number).unwrap().as_u64(), Some(254_700_000_001));
        for bad in ["254700000001", "+0254", "+", "+2547x", "", "+1234567890123456"] {
            assert!(Wire::Digits.text(bad).is_err(), "{bad}");
        }
        assert_eq!(Wire::Opaque.text("order/7").unwrap(), "order/7");
    }

    #[test]
    fn an_address_is_known_again_however_it_is_written() {
        let key = Wire::Digits.key("+254700000001").unwrap();
        let forms =
            [Value::from("254700000001"), Value::from("+254 700-000 001"), Value::from(254_700_000_001_u64)];
        for form in forms {
            assert_eq!(Wire::Digits.key_in_answer(&form).as_deref(), Some(key.as_ref()));
        }
        assert_eq!(Wire::Digits.key_in_answer(&Value::from("n/a")), None);
        assert_eq!(Wire::Digits.key_in_answer(&Value::none()), None);
        assert_eq!(Wire::Opaque.key_in_answer(&Value::from(17)).as_deref(), Some("17"));
    }
}
