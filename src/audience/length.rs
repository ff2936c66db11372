//! How many digits a number has behind its country code, and how many mobile numbers have there.

use std::fmt;
use std::sync::OnceLock;

use rlibphonenumber::enums::Region;
use rlibphonenumber::{NumberLengthType, PhoneNumber, PhoneNumberType, PhoneNumberUtil};

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
    pub(super) fn of(library: &PhoneNumberUtil, number: &PhoneNumber, region: Region) -> Self {
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

    /// How it is none that a mobile number of the country has, as far as that is known.
    pub(super) fn misfit(&self) -> Option<Misfit> {
        let digits = u32::from(self.digits);
        if self.expected == 0 || self.expected & 1 << self.digits.min(MOST) != 0 {
            None
        } else if digits < self.expected.trailing_zeros() {
            Some(Misfit::TooShort)
        } else if digits > self.expected.ilog2() {
            Some(Misfit::TooLong)
        } else {
            Some(Misfit::Between)
        }
    }
}

/// How a number of digits is none that mobile numbers have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Misfit {
    /// The shortest has more.
    TooShort,
    /// The longest has fewer.
    TooLong,
    /// There are shorter and longer ones.
    Between,
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
