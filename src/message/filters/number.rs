//! Numbers and money: what a cell says, decimal by decimal, as the recipient writes it. What can be read in two ways is
//! refused: `1,250` is one thing in London and another in Berlin.

use fixed_decimal::{Decimal, SignDisplay, SignedRoundingMode, UnsignedRoundingMode};

use super::currencies::Currency;
use super::locale::writing;
use crate::expression::Value;

/// More digits than any amount has.
const MOST_DIGITS: usize = 30;

/// A number as it is written under a tag; with so many decimals, rounded half away from zero, or with those it has.
pub fn number(value: &Value, decimals: Option<u8>, tag: &str) -> Result<String, String> {
    let (mut number, _) = read(value)?;
    if let Some(decimals) = decimals {
        let end = -i16::from(decimals);
        let half = SignedRoundingMode::Unsigned(UnsignedRoundingMode::HalfExpand);
        number.round_with_mode(end, half);
        number.pad_end(end);
    }
    // Nobody is owed minus nothing.
    number.apply_sign_display(SignDisplay::Negative);
    writing(tag).decimal(&number).ok_or_else(|| format!("`{value}` cannot be written as a number"))
}

/// An amount with its code, as `KES 1,250` or `1.250,00 EUR`. A whole one stays whole; another has all decimals of the
/// currency. Money is never rounded.
pub fn amount(value: &Value, currency: Currency, decimals: Option<u8>, tag: &str) -> Result<String, String> {
    let (mut number, is_whole) = read(value)?;
    let own = if is_whole { 0 } else { currency.decimals };
    let end = -i16::from(decimals.unwrap_or(own));
    number.trim_end();
    if number.nonzero_magnitude_end() < end {
        let decimals = decimals.unwrap_or(currency.decimals);
        return Err(format!("`{value}` does not go into {decimals} decimals of {}", currency.code));
    }
    number.pad_end(end);
    number.apply_sign_display(SignDisplay::Negative);
    let writing = writing(tag);
    let text = writing.decimal(&number).ok_or_else(|| format!("`{value}` cannot be written as an amount"))?;
    let code = currency.code;
    Ok(match text.strip_prefix('-') {
        _ if !writing.is_code_first() => format!("{text} {code}"),
        Some(digits) => format!("-{code} {digits}"),
        None => format!("{code} {text}"),
    })
}

/// A number exactly, and whether it is written without decimals.
fn read(value: &Value) -> Result<(Decimal, bool), String> {
    let text = match value.as_str() {
        Some(text) => text.trim().to_owned(),
        None if value.is_number() => value.to_string(),
        None => return Err(format!("a number is wanted, not `{value}`")),
    };
    if text.is_empty() {
        return Err(
            "a number is wanted, and the cell is empty: `default(value=0)` before it says what then".into()
        );
    }
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let (whole, decimals) =
        digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let only_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !only_digits(whole) || !decimals.is_none_or(only_digits) || digits.len() > MOST_DIGITS {
        let hint = if has_decimal_comma(&text) { POINTS } else { "" };
        return Err(format!(
            "`{text}` cannot be read for certain: write digits, and a point before decimals, as in `1234.50`{hint}"
        ));
    }
    let mut number = Decimal::try_from_str(&text).map_err(|_| format!("`{text}` is no number"))?;
    number.trim_start();
    Ok((number, decimals.is_none()))
}

/// What makes points of decimal commas.
const POINTS: &str = "; where all cells are written like this one, \
                      `replace(from=\".\", to=\"\") | replace(from=\",\", to=\".\")` before it does";

/// Whether a number surely has a comma before its decimals, and points between its digits at most: `1.250,12` or `12,5`.
/// `1,250` is one thing in London and another in Berlin.
fn has_decimal_comma(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((whole, decimals)) = text.strip_prefix('-').unwrap_or(text).split_once(',') else {
        return false;
    };
    let mut groups = whole.split('.');
    let first = groups.next().unwrap_or_default();
    let is_grouped = whole.contains('.');
    digits(first)
        && groups.all(|group| digits(group) && group.len() == 3)
        && digits(decimals)
        && if is_grouped { first.len() <= 3 } else { decimals.len() != 3 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::currencies::currency;
    use super::*;

    fn written(text: &str, decimals: Option<u8>, tag: &str) -> String {
        number(&Value::from(text), decimals, tag).unwrap_or_else(|error| error)
    }

    fn paid(text: &str, code: &str, tag: &str) -> String {
        let currency = currency(&Value::from(code)).unwrap();
        amount(&Value::from(text), currency, None, tag).unwrap_or_else(|error| error)
    }

    #[test]
    fn numbers_are_written_as_the_recipient_does() {
        for (text, tag, expected) in [
            ("1234567", "en", "1,234,567"),
            ("1234567.50", "de", "1.234.567,50"),
            ("1234567", "fr", "1 234 567"),
            ("1234567", "hi", "12,34,567"),
            ("1234567.5", "sw", "1,234,567.5"),
            ("1234", "es", "1234"),
            ("12345", "es", "12.345"),
            ("-0.50", "pt-BR", "-0,50"),
            ("0007", "en", "7"),
            (" 12 ", "en", "12"),
        ] {
            assert_eq!(written(text, None, tag), expected, "{tag}");
        }
        assert_eq!(number(&Value::from(1250), None, "en").unwrap(), "1,250");
        assert_eq!(number(&Value::from(0.1), Some(2), "en").unwrap(), "0.10");
    }

    #[test]
    fn decimals_are_exact_and_rounded_only_when_asked() {
        assert_eq!(written("0.1000000000000000055", None, "en"), "0.1000000000000000055");
        assert_eq!(written("1.005", Some(2), "en"), "1.01");
        assert_eq!(written("-1.005", Some(2), "en"), "-1.01");
        assert_eq!(written("2", Some(2), "de"), "2,00");
        assert_eq!(written("-0.4", Some(0), "en"), "0");
        assert_eq!(written("999.5", Some(0), "en"), "1,000");
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for text in [
            "1,250", "1,234.50", "1.234,50", "1 250", "1e5", "0x1F", "+5", "5%", "KES 5", ".5", "5.", "--5",
            "٣", "NaN",
        ] {
            let said = written(text, None, "en");
            assert!(said.contains(text) && said.contains("1234.50"), "{said}");
        }
        assert!(written(" ", None, "en").contains("default(value=0)"));
        for (text, is_told) in [
            ("1.250,12", true),
            ("-1.250,12", true),
            ("12,5", true),
            ("1.234.567,125", true),
            ("1,250", false),
            ("1,234.50", false),
            ("1.25,12", false),
            ("1234.567,12", false),
            ("1,2,3", false),
            (",5", false),
        ] {
            assert_eq!(written(text, None, "en").contains("replace(from"), is_told, "{text}");
        }
        assert!(written(&"9".repeat(31), None, "en").contains("cannot be read"));
        assert!(number(&Value::undefined(), None, "en").is_err());
    }

    #[test]
    fn money_has_its_code_and_its_decimals() {
        for (text, code, tag, expected) in [
            ("1250", "KES", "en", "KES 1,250"),
            ("1250.5", "KES", "sw-KE", "KES 1,250.50"),
            ("1250.00", "EUR", "de", "1.250,00 EUR"),
            ("1250", "EUR", "de-AT", "EUR 1 250"),
            ("1250.00", "JPY", "ja", "JPY 1,250"),
            ("1.5", "KWD", "ar", "1.500 KWD"),
            ("1250", "XOF", "fr-SN", "1 250 XOF"),
            ("1250.9", "BRL", "pt-BR", "BRL 1.250,90"),
            ("12500", "MXN", "es-MX", "MXN 12,500"),
            ("12500", "EUR", "es", "12.500 EUR"),
            ("-5", "KES", "en", "-KES 5"),
        ] {
            assert_eq!(paid(text, code, tag), expected, "{tag}");
        }
    }

    #[test]
    fn money_is_never_rounded() {
        assert_eq!(paid("1.005", "KES", "en"), "`1.005` does not go into 2 decimals of KES");
        assert_eq!(paid("1.5", "JPY", "en"), "`1.5` does not go into 0 decimals of JPY");
        let kes = currency(&Value::from("KES")).unwrap();
        let fixed = |text, decimals| amount(&Value::from(text), kes, Some(decimals), "en");
        assert_eq!(fixed("1250", 2).unwrap(), "KES 1,250.00");
        assert_eq!(fixed("1250.00", 0).unwrap(), "KES 1,250");
        assert!(fixed("1250.50", 0).is_err());
    }

    proptest! {
        /// English digits read back are the digits that were written.
        #[test]
        fn no_digit_is_lost(text in "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{0,8}[1-9])?") {
            let shown = written(&text, None, "en").replace(',', "");
            prop_assert_eq!(shown, if text == "-0" { "0".to_owned() } else { text });
        }
    }
}
