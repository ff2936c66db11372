//! One part of a text that is longer than one SMS, as requests show it.

use std::collections::BTreeMap;

use crate::expression::Value;

/// One part of a text that is longer than one SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 1.
    pub number: u8,
    /// How many parts there are.
    pub count: u8,
    /// What all parts of one text share.
    pub reference: u8,
}

impl Part {
    /// The user data header of a concatenated short message with an 8-bit reference, in hexadecimal
    /// (3GPP TS 23.040 §9.2.3.24.1).
    pub fn udh(self) -> String {
        format!("050003{:02X}{:02X}{:02X}", self.reference, self.count, self.number)
    }

    /// The part as a variable of expressions.
    pub(super) fn scope(self) -> Value {
        Value::from(BTreeMap::from([
            ("number", Value::from(self.number)),
            ("count", Value::from(self.count)),
            ("reference", Value::from(self.reference)),
            ("udh", Value::from(self.udh())),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_a_part_is_that_of_the_standard() {
        assert_eq!(Part { number: 1, count: 3, reference: 0x4f }.udh(), "0500034F0301");
        assert_eq!(Part { number: 255, count: 255, reference: 0 }.udh(), "05000300FFFF");
    }
}
