//! From prices as they are written to prices.

use std::collections::HashMap;

use crate::diagnostic::Span;
use crate::provider::cost::{Cost, CostError};
use crate::provider::raw;
use crate::units::Amount;
use crate::yaml::Spanned;

impl Cost {
    /// From what is written, or everything that is wrong with it, each with its place.
    ///
    /// # Errors
    /// [`CostError`]s. Nothing but errors where a required part was missing, which is told elsewhere.
    pub fn read(raw: &raw::Cost) -> Result<Self, Vec<(CostError, Span)>> {
        let mut errors = Vec::new();
        let currency = raw.currency.as_ref().and_then(|currency| {
            let fits =
                currency.value.len() == 3 && currency.value.bytes().all(|byte| byte.is_ascii_uppercase());
            if !fits {
                errors.push((CostError::Currency(currency.value.clone()), currency.span.clone()));
            }
            fits.then(|| currency.value.clone())
        });
        let (mut prices, mut default) = (HashMap::new(), None);
        for (prefix, text) in raw.prices.iter().flatten() {
            match read_price(prefix, text) {
                Ok((Some(prefix), price)) => _ = prices.insert(prefix, price),
                Ok((None, price)) => default = Some(price),
                Err(error) => errors.push((error, text.span.clone())),
            }
        }
        match (currency, raw.per.as_ref()) {
            (Some(currency), Some(per)) if errors.is_empty() => {
                Ok(Self { currency, per: per.value, prices, default })
            }
            _ => Err(errors),
        }
    }
}

fn read_price(prefix: &str, text: &Spanned<String>) -> Result<(Option<u64>, Amount), CostError> {
    let price = text.value.parse()?;
    if prefix == "default" {
        return Ok((None, price));
    }
    let wrong = || CostError::Prefix(prefix.to_owned());
    // E.164 numbers have 15 digits at most and do not begin with 0.
    let fits = (1..=15).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_digit());
    if !fits || prefix.starts_with('0') {
        return Err(wrong());
    }
    Ok((Some(prefix.parse().map_err(|_| wrong())?), price))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::cost::PaidBy;

    fn cost(per: PaidBy, prices: &[(&str, &str)]) -> Cost {
        let spanned = |text: &str| Spanned { value: text.to_owned(), span: 0..0 };
        let raw = raw::Cost {
            currency: Some(spanned("KES")),
            per: Some(Spanned { value: per, span: 0..0 }),
            prices: Some(
                prices.iter().map(|(prefix, price)| ((*prefix).to_owned(), spanned(price))).collect(),
            ),
        };
        Cost::read(&raw).unwrap()
    }

    #[test]
    fn the_longest_prefix_counts() {
        let cost = cost(PaidBy::Segment, &[("254", "0.80"), ("25471", "0.50"), ("default", "3")]);
        let of = |number, segments| cost.of(number, segments).map(|amount| amount.to_string());
        assert_eq!(of(Some(254_720_000_000), 1).as_deref(), Some("0.80"));
        assert_eq!(of(Some(254_710_000_000), 2).as_deref(), Some("1.00"));
        assert_eq!(of(Some(2), 1).as_deref(), Some("3.00"));
        assert_eq!(of(None, 0).as_deref(), Some("3.00"));
        let partial = super::tests::cost(PaidBy::Message, &[("1", "0.0079")]);
        assert_eq!(
            partial.of(Some(12_025_550_100), 9).map(|amount| amount.to_string()).as_deref(),
            Some("0.0079")
        );
        assert_eq!(partial.of(Some(254_720_000_000), 1), None);
        assert_eq!(partial.of(None, 1), None);
    }

    #[test]
    fn what_is_no_price_is_told() {
        let spanned = |text: &str| Spanned { value: text.to_owned(), span: 0..0 };
        let prices = [("0254", "1"), ("x", "1"), ("254", "one")]
            .map(|(prefix, price)| (prefix.to_owned(), spanned(price)));
        let raw = raw::Cost {
            currency: Some(spanned("Ksh")),
            per: Some(Spanned { value: PaidBy::Segment, span: 0..0 }),
            prices: Some(prices.into_iter().collect()),
        };
        assert_eq!(Cost::read(&raw).unwrap_err().len(), 4);
    }
}
