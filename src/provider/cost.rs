//! What a gateway takes for a message, by the country code it goes to.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::units::{Amount, UnitError};

/// What is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaidBy {
    /// Each SMS segment.
    Segment,
    /// Each message, however long.
    Message,
}

/// Prices.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    pub(super) currency: String,
    pub(super) per: PaidBy,
    /// By the first digits of a number.
    pub(super) prices: HashMap<u64, Amount>,
    pub(super) default: Option<Amount>,
}

/// Prices that are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// Not an amount.
    #[error("{0}")]
    Amount(#[from] UnitError),
    /// Not a currency.
    #[error("`{0}` is no currency such as `KES`")]
    Currency(String),
    /// Not the beginning of a number.
    #[error("`{0}` is neither the first digits of numbers, such as `254`, nor `default`")]
    Prefix(String),
}

impl Cost {
    /// The currency, by its three letters (ISO 4217).
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// What a message of so many segments costs that goes to a number; to something that is no number, where
    /// there is none. Nothing where no price is known.
    pub fn of(&self, number: Option<u64>, segments: u16) -> Option<Amount> {
        let mut prefix = number.unwrap_or(0);
        let price = loop {
            match self.prices.get(&prefix) {
                Some(price) => break *price,
                None if prefix == 0 => break self.default?,
                None => prefix /= 10,
            }
        };
        Some(match self.per {
            PaidBy::Message => price,
            PaidBy::Segment => price.times(u64::from(segments.max(1))),
        })
    }
}
