//! Phone numbers, read by libphonenumber's rules and by nothing of our own: a hand-made rule for local
//! spellings is wrong somewhere (Kenya's international prefix is 000, not 00).

use std::cell::Cell;

use rlibphonenumber::{
    NotANumberError, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberType, PhoneNumberUtil,
};

pub use rlibphonenumber::enums::Region;

use crate::audience::misread;
use crate::audience::number_type::NumberType;
use crate::audience::numbering;
use crate::audience::unreadable::AddressError;

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

/// So many questions of a thread go to the library that all threads share: compiling one's own takes longer (a twentieth
/// of a second) than waiting for each other.
const SHARED_QUESTIONS: u32 = 20_000;

thread_local! {
    static ASKED: Cell<u32> = const { Cell::new(0) };
    /// The library for this thread alone: its regular expressions keep their working memory in pools, and
    /// threads that share a pool spend a third of their time on taking turns.
    static LIBRARY: Option<PhoneNumberUtil> = PhoneNumberUtil::new().ok();
}

fn with_library<T>(ask: impl FnOnce(&PhoneNumberUtil) -> T) -> T {
    let asked = ASKED.get();
    if asked < SHARED_QUESTIONS {
        ASKED.set(asked + 1);
        return ask(&PHONE_NUMBER_UTIL);
    }
    LIBRARY.with(|own| ask(own.as_ref().unwrap_or(&PHONE_NUMBER_UTIL)))
}

/// Reads a trimmed text into the digits of its E.164 form.
pub(super) fn read(text: &str, region: Option<Region>) -> Result<u64, AddressError> {
    if let Some(number) = read_at_once(text, region) {
        return Ok(number);
    }
    spreadsheet(text)?;
    with_library(|library| read_with(library, text, region))
}

/// Countries, with their codes, where a zero in front of another digit is the national prefix and nothing else: no
/// international prefix begins so, and libphonenumber changes nothing of what follows. A test holds the short way and the
/// long one together for each; whoever adds one lets it run.
const ZERO_IS_A_PREFIX: [(Region, i32); 20] = [
    (Region::KE, 254),
    (Region::UG, 256),
    (Region::TZ, 255),
    (Region::RW, 250),
    (Region::ET, 251),
    (Region::GH, 233),
    (Region::NG, 234),
    (Region::ZA, 27),
    (Region::ZM, 260),
    (Region::ZW, 263),
    (Region::MW, 265),
    (Region::EG, 20),
    (Region::MA, 212),
    (Region::GB, 44),
    (Region::DE, 49),
    (Region::FR, 33),
    (Region::NL, 31),
    (Region::BE, 32),
    (Region::PK, 92),
    (Region::BD, 880),
];

/// The most characters of a spelling that goes the short way.
const MOST_AT_ONCE: usize = 24;

/// The same without the single spaces and hyphens between digits, which libphonenumber drops before anything else;
/// nothing for what has other characters.
fn close_up<'s>(text: &str, buffer: &'s mut [u8; MOST_AT_ONCE]) -> Option<&'s str> {
    let bytes = text.as_bytes();
    if bytes.len() > MOST_AT_ONCE {
        return None;
    }
    let (mut length, mut behind_digit) = (0, false);
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {}
            b'+' if at == 0 => {}
            b' ' | b'-' if behind_digit => {
                behind_digit = false;
                continue;
            }
            _ => return None,
        }
        behind_digit = byte != b'+';
        *buffer.get_mut(length)? = byte;
        length += 1;
    }
    // Behind the last separator has to be a digit, too.
    buffer.get(..length).filter(|_| behind_digit).and_then(|digits| std::str::from_utf8(digits).ok())
}

/// A short way for digits with nothing but spaces and hyphens between them, twenty times as fast: there is nothing to find out but where the
/// country code ends, unless the rest may begin with a national prefix, which libphonenumber would take off. Whatever is
/// not surely valid goes the long way. Tests hold both ways together, for every country code; they fail when new rules of a
/// country make the tables wrong.
fn read_at_once(text: &str, region: Option<Region>) -> Option<u64> {
    let mut buffer = [0; MOST_AT_ONCE];
    let text = close_up(text, &mut buffer)?;
    let (code, national) = match text.as_bytes() {
        [b'+', b'1'..=b'9', ..] => {
            let (code, national) = numbering::split(text.get(1..)?)?;
            if national.starts_with(|first| prefix_starts(code).contains(first)) {
                return None;
            }
            (code, national)
        }
        [b'0', b'1'..=b'9', ..] => {
            let (_, code) = ZERO_IS_A_PREFIX.iter().find(|(one, _)| region == Some(*one))?;
            (*code, text.get(1..)?)
        }
        _ => return None,
    };
    if !numbering::is_valid(code, national) {
        return None;
    }
    let digits = u32::try_from(national.len()).ok()?;
    let shifted = u64::try_from(code).ok()?.checked_mul(10_u64.checked_pow(digits)?)?;
    shifted.checked_add(national.parse().ok()?)
}

/// Digits with which a national prefix (or a carrier's code) can begin, as libphonenumber has them, for
/// the country codes where that is more than a zero.
const PREFIX_STARTS: [(i32, &str); 17] = [
    (1, "01"),
    (7, "08"),
    (44, "01"),
    (54, "0123456789"),
    (55, "09"),
    (61, "01"),
    (86, "01"),
    (261, "023456789"),
    (298, "01"),
    (352, "01"),
    (370, "08"),
    (375, "08"),
    (378, "089"),
    (423, "01"),
    (506, "01"),
    (672, "0258"),
    (692, "01"),
];

/// What a national prefix of this country can begin with.
fn prefix_starts(country_code: i32) -> &'static str {
    PREFIX_STARTS.iter().find(|(code, _)| *code == country_code).map_or("0", |(_, starts)| starts)
}

fn read_with(library: &PhoneNumberUtil, text: &str, region: Option<Region>) -> Result<u64, AddressError> {
    let number = library.parse(text, region).map_err(|error| parse_error(library, text, region, &error))?;
    if number.extension.is_some() {
        return Err(AddressError::Extension);
    }
    // libphonenumber reads letters as a keypad has them and drops others; in a list they are mistakes.
    let written = text.strip_prefix("tel:").unwrap_or(text);
    if written.chars().any(char::is_alphabetic) {
        return Err(AddressError::Letters(text.chars().take(40).collect()));
    }
    if !library.is_valid_number(&number) {
        return Err(misread::why(library, text, region, &number));
    }
    e164(&number).ok_or(AddressError::TooLong(None))
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

fn parse_error(
    library: &PhoneNumberUtil,
    text: &str,
    region: Option<Region>,
    error: &ParseError,
) -> AddressError {
    if let Some(lost) = misread::lost(library, text, region) {
        return lost;
    }
    match error {
        ParseError::InvalidCountryCode if region.is_none() && !text.starts_with(['+', '＋']) => {
            AddressError::NoCountry
        }
        ParseError::InvalidCountryCode => AddressError::UnknownCountry,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => AddressError::TooShort(None),
        ParseError::TooLongNsn | ParseError::NotANumber(NotANumberError::FailedToParseNumberAsInt(_)) => {
            AddressError::TooLong(None)
        }
        ParseError::NotANumber(_) => AddressError::NotANumber(text.chars().take(40).collect()),
    }
}

/// Mobile numbers of these countries carry the code of the area in which they were given out. Of the two others that
/// libphonenumber counts among them, Indonesia's say so only in part, and China has one time zone.
const MOBILES_WITH_AREAS: [i32; 3] = [52, 54, 55];

/// Whether the first digits of a number say where in its country it belongs, as libphonenumber's
/// `isNumberGeographical` has it.
pub fn says_where(digits: u64) -> bool {
    with_library(|library| {
        let Ok(number) = library.parse(format!("+{digits}"), None) else { return false };
        match library.get_number_type(&number) {
            PhoneNumberType::FixedLine | PhoneNumberType::FixedLineOrMobile => true,
            PhoneNumberType::Mobile => MOBILES_WITH_AREAS.contains(&number.country_code),
            _ => false,
        }
    })
}

/// What type of number it is, as libphonenumber has it.
pub fn number_type(digits: u64) -> NumberType {
    with_library(|library| match library.parse(format!("+{digits}"), None) {
        Ok(number) => library.get_number_type(&number).into(),
        Err(_) => NumberType::Unknown,
    })
}

/// The country that the first three digits of a number belong to, as `+254 KE`.
pub fn country_of(prefix: u64) -> String {
    let text = prefix.to_string();
    let found = (1..=3).find_map(|length| {
        let code: i32 = text.get(..length)?.parse().ok()?;
        PHONE_NUMBER_UTIL.get_region_for_country_code(code).map(|region| (code, region))
    });
    match found {
        Some((code, Region::World)) => format!("+{code}"),
        Some((code, region)) => format!("+{code} {region}"),
        None => format!("+{text}…"),
    }
}

/// Country code and national number as one number. Zeros that lead the national number (Italy) count.
pub(super) fn e164(number: &PhoneNumber) -> Option<u64> {
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

    /// So many digits at a time, the same for the same seed.
    fn digits(mut state: u64) -> impl FnMut(usize) -> String {
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        move |count| (0..count).map(|_| (b'0' + (random() % 10) as u8) as char).collect()
    }

    /// Both ways to read a plain number, side by side. The short one declines only what is not valid, what may begin with
    /// a national prefix, and what belongs to no country: tables that have grown old are seen.
    fn compare(text: &str, regions: &[Option<Region>]) -> bool {
        let short = read_at_once(text, None);
        let digits = text.strip_prefix('+').unwrap();
        let declines = numbering::split(digits)
            .is_none_or(|(code, national)| national.starts_with(|first| prefix_starts(code).contains(first)));
        with_library(|library| {
            for region in regions {
                // Where libphonenumber adds digits (Norfolk Island), the short way declines too.
                let long = read_with(library, text, *region).ok().filter(|long| long.to_string() == digits);
                let same = if declines { short.is_none() } else { short == long };
                assert!(same, "{text} {region:?}: {short:?} {long:?}");
            }
        });
        short.is_some()
    }

    #[test]
    fn the_short_way_agrees_with_the_long_one_for_every_country() {
        let mut digits = digits(1);
        let codes: Vec<i32> = PHONE_NUMBER_UTIL.get_supported_calling_codes().collect();
        assert!(codes.len() > 200);
        let (mut short, mut all) = (0, 0);
        for code in codes {
            for start in 0..100 {
                for length in 5..=11 {
                    let rest: String = digits(length - 2);
                    all += 1;
                    short += u32::from(compare(&format!("+{code}{start:02}{rest}"), &[Some(Region::KE)]));
                }
            }
        }
        // Most random numbers are valid nowhere; many must have taken the short way all the same.
        assert!(short > 8_000, "{short} of {all}");
    }

    #[test]
    fn the_short_way_agrees_on_numbers_of_every_region_and_their_neighbours() {
        let regions = [None, Some(Region::KE), Some(Region::US), Some(Region::AR), Some(Region::IT)];
        let mut short = 0;
        for region in PHONE_NUMBER_UTIL.get_supported_regions() {
            let Ok(example) = PHONE_NUMBER_UTIL.get_example_number(region) else { continue };
            let text = format!("+{}", e164(&example).unwrap());
            short += u32::from(compare(&text, &regions));
            for at in 1..text.len() {
                for digit in '0'..='9' {
                    let mut changed = text.clone();
                    changed.replace_range(at..=at, digit.encode_utf8(&mut [0; 4]));
                    compare(&changed, &regions[1..2]);
                    changed.insert(at, digit);
                    compare(&changed, &regions[1..2]);
                }
            }
        }
        assert!(short > 200, "{short}");
    }

    #[test]
    fn the_short_way_of_local_spellings_agrees_with_the_long_one() {
        let mut digits = digits(2);
        with_library(|library| {
            for (region, code) in ZERO_IS_A_PREFIX {
                assert_eq!(PHONE_NUMBER_UTIL.get_country_code_for_region(region), Some(code));
                let mut short = 0;
                for start in 10..=99 {
                    for length in 5..=12 {
                        for _ in 0..12 {
                            let rest: String = digits(length - 2);
                            let text = format!("0{start}{rest}");
                            let found = read_at_once(&text, Some(region));
                            short += u32::from(found.is_some());
                            let long = read_with(library, &text, Some(region));
                            assert!(
                                found.is_none() || found == long.clone().ok(),
                                "{region} {text}: {found:?} {long:?}"
                            );
                        }
                    }
                }
                assert!(short > 50, "{region}: {short}");
            }
        });
    }

    #[test]
    fn the_short_way_of_digits_in_groups_agrees_with_the_long_one() {
        let mut digits = digits(3);
        let mut short = 0;
        for _ in 0..30_000 {
            let random: usize = digits(3).parse().unwrap();
            let (first, region) = match random % 4 {
                0 => ("+2547", Some(Region::KE)),
                1 => ("07", Some(Region::KE)),
                2 => ("+44 7", None),
                _ => ("+1 201-", Some(Region::US)),
            };
            let mut text = format!("{first}{}", digits(6 + random % 5));
            for (at, separator) in digits(4).bytes().zip([" ", "-", " ", "-"]).skip(random % 4) {
                text.insert_str(usize::from(at - b'0').min(text.len()), separator);
            }
            let text = text.trim();
            let Some(found) = read_at_once(text, region) else { continue };
            short += 1;
            with_library(|library| assert_eq!(Ok(found), read_with(library, text, region), "{text}"));
        }
        assert!(short > 1_500, "{short}");
        for odd in
            ["+ 254712345678", "0712--345678", "0712345678-", "-0712345678", "07+12345678", "0712/345678"]
        {
            assert_eq!(read_at_once(odd, Some(Region::KE)), None, "{odd}");
        }
        assert_eq!(read_at_once("0712 345-678", Some(Region::KE)), Some(254_712_345_678));
    }

    #[test]
    fn kenyas_international_prefix_is_not_two_zeros() {
        assert!(read("00254712345678", Some(Region::KE)).is_err());
        assert_eq!(read("000254712345678", Some(Region::KE)), Ok(254_712_345_678));
    }
}
