//! Why a text is no address, in words for the owner of the file.

use rlibphonenumber::enums::Region;

use crate::audience::length::Length;

/// The longest opaque address, in bytes.
pub const MAX_OPAQUE_BYTES: usize = 128;

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing is there.
    #[error("the address is empty")]
    Empty,
    /// A spreadsheet has rounded the number away.
    #[error(
        "`{0}` is how a spreadsheet shortens a long number; its last digits are lost: format the column as text and export it again"
    )]
    Scientific(String),
    /// A spreadsheet has made a decimal of it.
    #[error(
        "`{0}` ends like a decimal number; a spreadsheet did that: format the column as text and export it again"
    )]
    Decimal(String),
    /// A character that cannot be seen.
    #[error("the address has a hidden character in it (U+{code:04X}); type it anew", code = u32::from(*.0))]
    Hidden(char),
    /// Local spelling, and no country to read it by.
    #[error("the number has no country code, and the audience names no `region`")]
    NoCountry,
    /// No country has this code.
    #[error("the number begins with no country code in use")]
    UnknownCountry,
    /// Too few digits.
    #[error("the number is too short{}", by(.0.as_ref()))]
    TooShort(Option<Length>),
    /// Too many digits.
    #[error("the number is too long{}", by(.0.as_ref()))]
    TooLong(Option<Length>),
    /// Numbers there have more digits, or fewer.
    #[error("no number has so many digits{}", by(.0.as_ref()))]
    WrongLength(Option<Length>),
    /// Right length at best, but nobody has such a number.
    #[error("the number is not a valid one{}", of(*.0))]
    Invalid(Option<Region>),
    /// With a zero in front it would be a number.
    #[error(
        "the number is none{}, and would be one with a 0 in front; a spreadsheet takes that away: format the column as text and export it again",
        of(Some(*.0))
    )]
    LostZero(Region),
    /// With a plus in front it would be a number.
    #[error("the number would be one{} with a `+` in front: write it so", of(Some(*.0)))]
    LostPlus(Region),
    /// It begins with the zeros that other countries dial before a country code.
    #[error("{}: write it as `+{code}…`", zeros(*.region))]
    OtherPrefix {
        /// The country by which it is read, where one is named.
        region: Option<Region>,
        /// The country code behind the zeros.
        code: i32,
    },
    /// A number behind a switchboard cannot be sent to.
    #[error("the number has an extension")]
    Extension,
    /// Letters, which a keypad would turn into digits: somebody else's number.
    #[error("`{0}` has letters in it: is an O meant as a zero?")]
    Letters(String),
    /// No number at all.
    #[error("`{0}` is not a phone number")]
    NotANumber(String),
    /// An opaque address beyond [`MAX_OPAQUE_BYTES`].
    #[error("the address has {0} bytes; {MAX_OPAQUE_BYTES} are the most")]
    TooManyBytes(usize),
}

fn of(region: Option<Region>) -> String {
    match region {
        Some(Region::World) | None => String::new(),
        Some(region) => format!(" for {region}"),
    }
}

fn zeros(region: Option<Region>) -> String {
    match region {
        Some(region) => format!("`00` is not the international prefix of {region}"),
        None => "`00` is the international prefix of some countries only, and the audience names no `region`"
            .to_owned(),
    }
}

fn by(length: Option<&Length>) -> String {
    length.map_or_else(String::new, |length| format!("{}: {length}", of(Some(length.region))))
}
