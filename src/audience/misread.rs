//! What is wrong with a number that libphonenumber does not take: how many digits it has and could have, and whether a
//! spreadsheet has taken something away from it without which it is none.

use std::fmt;
use std::sync::OnceLock;

use rlibphonenumber::enums::Region;
use rlibphonenumber::{NumberLengthType, PhoneNumber, PhoneNumberType, PhoneNumberUtil};

use crate::audience::unreadable::AddressError;

/// The digits of a number behind its country code, and how many there could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// The country.
    pub region: Region,
    /// Its code.
    pub code: i32,
    /// How many there are.
    pub digits: u8,
    /// How many mobile numbers have there, a bit for each.
    pub expected: u32,
}

/// The most digits behind a country code (ITU-T E.164 has 15 with it; libphonenumber looks at two more).
const MOST: u8 = 17;

impl Length {
    fn of(library: &PhoneNumberUtil, number: &PhoneNumber, region: Region) -> Self {
        let code = number.country_code;
        let expected = match usize::try_from(code).ok().and_then(|code| EXPECTED.get(code)) {
            Some(known) => *known.get_or_init(|| expected(library, code)),
            None => expected(library, code),
        };
        let zeros = if number.italian_leading_zero() { number.number_of_leading_zeros() } else { 0 };
        let digits = number.national_number.checked_ilog10().map_or(1, |log| log + 1);
        let digits = digits.saturating_add(u32::try_from(zeros).unwrap_or_default());
        Self { region, code, digits: u8::try_from(digits).unwrap_or(u8::MAX), expected }
    }
}

/// What [`expected`] says for each country code: lists have many wrong numbers of few countries.
static EXPECTED: [OnceLock<u32>; 1000] = [const { OnceLock::new() }; 1000];

/// How many digits mobile numbers have behind this country code, a bit for each.
fn expected(library: &PhoneNumberUtil, code: i32) -> u32 {
    let possible = |digits: u8| {
        let national_number = 10_u64.pow(u32::from(digits) - 1);
        let number = PhoneNumber { country_code: code, national_number, ..PhoneNumber::default() };
        library.is_possible_number_for_type_with_reason(&number, PhoneNumberType::Mobile)
            == Ok(NumberLengthType::IsPossible)
    };
    (1..=MOST).filter(|digits| possible(*digits)).fold(0, |all, digits| all | 1 << digits)
}

impl fmt::Display for Length {
    /// `8 digits after 254, mobile numbers have 9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.digits == 1 { "digit" } else { "digits" };
        write!(f, "{} {noun} after {}", self.digits, self.code)?;
        let all: Vec<String> =
            (1..=MOST).filter(|one| self.expected & 1 << one != 0).map(|one| one.to_string()).collect();
        match all.as_slice() {
            [] => Ok(()),
            [one] => write!(f, ", mobile numbers have {one}"),
            [few @ .., last] => write!(f, ", mobile numbers have {} or {last}", few.join(", ")),
        }
    }
}

/// Why libphonenumber, which has read it as `number`, takes none of the text.
pub(super) fn why(
    library: &PhoneNumberUtil,
    text: &str,
    region: Option<Region>,
    number: &PhoneNumber,
) -> AddressError {
    if let Some(lost) = lost(library, text, region) {
        return lost;
    }
    let Some(country) = library.get_region_for_country_code(number.country_code) else {
        return AddressError::UnknownCountry;
    };
    if country == Region::World {
        return AddressError::Invalid(None);
    }
    let length = Length::of(library, number, country);
    if length.expected == 0 || length.expected & 1 << length.digits.min(MOST) != 0 {
        AddressError::Invalid(Some(country))
    } else if u32::from(length.digits) < length.expected.trailing_zeros() {
        AddressError::TooShort(Some(length))
    } else if u32::from(length.digits) > length.expected.ilog2() {
        AddressError::TooLong(Some(length))
    } else {
        AddressError::WrongLength(Some(length))
    }
}

/// Whether it would be a number with the zero or the plus in front that spreadsheets take away.
pub(super) fn lost(library: &PhoneNumberUtil, text: &str, region: Option<Region>) -> Option<AddressError> {
    let valid = |text: String, region: Option<Region>| {
        let number = library.parse(text, region).ok()?;
        library.is_valid_number(&number).then_some(number.country_code)
    };
    let behind_zeros = text.strip_prefix("00").filter(|rest| !rest.starts_with('0'));
    if let Some(code) = behind_zeros.and_then(|rest| valid(format!("+{rest}"), None)) {
        return Some(AddressError::OtherPrefix { region, code });
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if let Some(region) = region.filter(|region| valid(format!("0{text}"), Some(*region)).is_some()) {
        return Some(AddressError::LostZero(region));
    }
    let code = valid(format!("+{text}"), None)?;
    library.get_region_for_country_code(code).map(AddressError::LostPlus)
}

#[cfg(test)]
mod tests {
    use crate::audience::{AddressKind, Region};

    fn said(text: &str, region: Option<Region>) -> String {
        AddressKind::Phone { region }.read(text).unwrap_err().to_string()
    }

    #[test]
    fn fault_53_the_reason_counts_the_digits() {
        let kenya = Some(Region::KE);
        assert_eq!(
            said("071234567", kenya),
            "the number is too short for KE: 8 digits after 254, mobile numbers have 9"
        );
        assert_eq!(
            said("+2547123456789", None),
            "the number is too long for KE: 10 digits after 254, mobile numbers have 9"
        );
        assert_eq!(said("+254912345678", None), "the number is not a valid one for KE");
        assert_eq!(
            said("+4915112345", None),
            "the number is too short for DE: 8 digits after 49, mobile numbers have 10 or 11"
        );
    }

    #[test]
    fn fault_57_what_a_spreadsheet_took_away_is_named() {
        // Landlines of Italy begin with a zero, also behind the country code.
        let italy = said("236618300", Some(Region::IT));
        assert!(italy.contains("with a 0 in front"), "{italy}");
        let abroad = said("447911123456", Some(Region::KE));
        assert_eq!(abroad, "the number would be one for GB with a `+` in front: write it so");
        assert_eq!(said("447911123456", None), abroad);
    }

    #[test]
    fn an_international_prefix_of_other_countries_is_named() {
        // Kenya dials 000.
        for text in ["00254712345678", "00 254 712-345-678"] {
            let said = said(text, Some(Region::KE));
            assert_eq!(said, "`00` is not the international prefix of KE: write it as `+254…`");
        }
        assert_eq!(
            said("00447911123456", None),
            "`00` is the international prefix of some countries only, and the audience names no `region`: write it as `+44…`"
        );
        assert!(AddressKind::Phone { region: Some(Region::KE) }.read("000254712345678").is_ok());
        assert!(AddressKind::Phone { region: Some(Region::DE) }.read("00254712345678").is_ok());
    }
}
