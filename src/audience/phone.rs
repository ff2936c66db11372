//! Phone numbers, read by libphonenumber's rules and by nothing of our own: a hand-made rule for local
//! spellings is wrong somewhere (Kenya's international prefix is 000, not 00).

use rlibphonenumber::{
    NotANumberError, NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, ValidationError,
};

pub use rlibphonenumber::enums::Region;

use crate::audience::address::AddressError;

/// A text that names no country with phone numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a two-letter ISO 3166 code of a country with phone numbers, such as `KE`")]
pub struct RegionError {
    /// What was written.
    pub found: String,
}

/// Reads a two-letter ISO 3166 code, in capitals or not.
///
/// # Errors
/// [`RegionError`].
pub fn region(text: &str) -> Result<Region, RegionError> {
    let error = || RegionError { found: text.to_owned() };
    if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(error());
    }
    let region = Region::from_code(&text.to_ascii_uppercase()).map_err(|_| error())?;
    PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| region).ok_or_else(error)
}

/// Reads a trimmed text into the digits of its E.164 form.
pub(super) fn read(text: &str, region: Option<Region>) -> Result<u64, AddressError> {
    spreadsheet(text)?;
    let number = PHONE_NUMBER_UTIL.parse(text, region).map_err(|error| parse_error(text, region, &error))?;
    if number.extension.is_some() {
        return Err(AddressError::Extension);
    }
    if !PHONE_NUMBER_UTIL.is_valid_number(&number) {
        return Err(invalid(&number));
    }
    e164(&number).ok_or_else(|| AddressError::TooLong(country(&number)))
}

/// What a spreadsheet makes of a number must be caught first: libphonenumber would drop the letters
/// and the points, and find another number in what remains.
fn spreadsheet(text: &str) -> Result<(), AddressError> {
    let bytes = text.as_bytes();
    let digits = |from: &[u8]| !from.is_empty() && from.iter().all(u8::is_ascii_digit);
    let unsigned = |from: &[u8]| from.strip_prefix(b"+").or(from.strip_prefix(b"-")).unwrap_or(from).to_vec();
    let decimal = |from: &[u8]| match from.iter().position(|byte| matches!(byte, b'.' | b',')) {
        Some(point) => digits(&from[..point]) && digits(&from[point + 1..]),
        None => digits(from),
    };
    if let Some(at) = bytes.iter().position(|byte| matches!(byte, b'e' | b'E'))
        && decimal(&unsigned(&bytes[..at]))
        && digits(&unsigned(&bytes[at + 1..]))
    {
        return Err(AddressError::Scientific(text.to_owned()));
    }
    if let Some(point) = bytes.iter().position(|byte| *byte == b'.')
        && digits(&unsigned(&bytes[..point]))
        && point + 1 < bytes.len()
        && bytes[point + 1..].iter().all(|byte| *byte == b'0')
    {
        return Err(AddressError::Decimal(text.to_owned()));
    }
    Ok(())
}

fn parse_error(text: &str, region: Option<Region>, error: &ParseError) -> AddressError {
    match error {
        ParseError::InvalidCountryCode if region.is_none() && !text.starts_with(['+', '＋']) => {
            AddressError::NoCountry
        }
        ParseError::InvalidCountryCode => AddressError::UnknownCountry,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => AddressError::TooShort(region),
        ParseError::TooLongNsn | ParseError::NotANumber(NotANumberError::FailedToParseNumberAsInt(_)) => {
            AddressError::TooLong(region)
        }
        ParseError::NotANumber(_) => AddressError::NotANumber(text.chars().take(40).collect()),
    }
}

fn country(number: &PhoneNumber) -> Option<Region> {
    PHONE_NUMBER_UTIL.get_region_for_country_code(number.country_code)
}

fn invalid(number: &PhoneNumber) -> AddressError {
    let region = country(number);
    match PHONE_NUMBER_UTIL.is_possible_number_with_reason(number) {
        Err(ValidationError::TooShort) | Ok(NumberLengthType::IsPossibleLocalOnly) => {
            AddressError::TooShort(region)
        }
        Err(ValidationError::TooLong) => AddressError::TooLong(region),
        Err(ValidationError::InvalidCountryCode) => AddressError::UnknownCountry,
        Err(ValidationError::InvalidLength) | Ok(NumberLengthType::IsPossible) => {
            AddressError::Invalid(region)
        }
    }
}

/// Country code and national number as one number. Zeros that lead the national number (Italy) count.
fn e164(number: &PhoneNumber) -> Option<u64> {
    let zeros = if number.italian_leading_zero() { number.number_of_leading_zeros() } else { 0 };
    let digits = number.national_number.checked_ilog10().map_or(1, |log| log + 1);
    let shift = 10_u64.checked_pow(digits.checked_add(u32::try_from(zeros).ok()?)?)?;
    u64::try_from(number.country_code).ok()?.checked_mul(shift)?.checked_add(number.national_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_two_letter_codes_in_use() {
        assert_eq!(region("KE").unwrap(), Region::KE);
        assert_eq!(region("ke").unwrap(), Region::KE);
        for bad in ["", "K", "Kenya", "001", "ZZ", "KÉ", "é"] {
            let error = region(bad).unwrap_err().to_string();
            assert!(error.contains("two-letter ISO 3166 code"), "{bad}: {error}");
        }
    }

    #[test]
    fn kenyas_international_prefix_is_not_two_zeros() {
        assert!(read("00254712345678", Some(Region::KE)).is_err());
        assert_eq!(read("000254712345678", Some(Region::KE)), Ok(254_712_345_678));
    }
}
