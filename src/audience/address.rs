//! Addresses as they are compared and sent to: one canonical form, whatever the file's spelling.

use std::fmt;

use crate::audience::phone::{self, Region};
use crate::audience::unreadable::{AddressError, MAX_OPAQUE_BYTES};
use crate::unseen::unseen;

/// How the texts of the address column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// Phone numbers; `region` is assumed for those written without a country code.
    Phone {
        /// The country of local spellings; without one, every number needs its country code.
        region: Option<Region>,
    },
    /// Identifiers of the provider (an endpoint, an order), compared byte by byte.
    Opaque,
}

impl AddressKind {
    /// Reads one cell into its canonical address. White space around it is ignored.
    ///
    /// # Errors
    /// Why the text is no address, in words for the owner of the file.
    pub fn read(&self, raw: &str) -> Result<Address, AddressError> {
        let text = raw.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        // None of them is ever meant, and two addresses that differ by one look the same to whoever reviews them.
        let is_plain = text.bytes().fold(true, |all, byte| all & (b' '..0x7f).contains(&byte));
        let hidden = || text.chars().find(|&c| unseen(c).is_some());
        if let Some(hidden) = (!is_plain).then(hidden).flatten() {
            return Err(AddressError::Hidden(hidden));
        }
        match *self {
            Self::Phone { region } => phone::read(text, region).map(Address::Phone),
            Self::Opaque if text.len() > MAX_OPAQUE_BYTES => Err(AddressError::TooManyBytes(text.len())),
            Self::Opaque => Ok(Address::Opaque(text.into())),
        }
    }

    /// Reads what an address of this kind was written as ([`Address`]'s own text), as it lies in the state: nothing
    /// of the rules for what people type, and so a hundred times as fast. Nothing for any other text.
    pub fn read_canonical(&self, text: &str) -> Option<Address> {
        match self {
            Self::Phone { .. } => {
                let digits = text.strip_prefix('+').filter(|digits| !digits.starts_with(['0', '+']))?;
                digits.parse().ok().map(Address::Phone)
            }
            Self::Opaque => Some(Address::Opaque(text.into())),
        }
    }
}

/// A canonical address. Two spellings of one destination are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// The digits of an E.164 number, country code first (ITU-T E.164: no leading zero, so the
    /// number is exact).
    Phone(u64),
    /// An identifier of the provider.
    Opaque(Box<str>),
}

impl Address {
    /// The digits of a phone number, without the plus; nothing for an opaque address.
    pub fn digits(&self) -> Option<u64> {
        match self {
            Self::Phone(digits) => Some(*digits),
            Self::Opaque(_) => None,
        }
    }

    /// A form that may be shown and logged: `+2547•••••678`.
    pub fn masked(&self) -> String {
        let text = self.to_string();
        let length = text.chars().count();
        let (head, tail) = match length {
            0..=4 => (0, 0),
            5..=8 => (2, 1),
            _ => (5, 3),
        };
        let masked = |(at, c)| if at < head || at + tail >= length { c } else { '•' };
        text.chars().enumerate().map(masked).collect()
    }
}

impl Address {
    /// Puts the canonical text in the place of what `out` holds: what formatting would, in a fifth of the time.
    pub fn write_to(&self, out: &mut String) {
        out.clear();
        match self {
            Self::Opaque(text) => out.push_str(text),
            Self::Phone(digits) => {
                // From behind: how many digits there are shows at the end.
                let mut buffer = [0; 1 + u64::MAX.ilog10() as usize + 1];
                let (mut rest, mut at) = (*digits, buffer.len());
                for place in buffer.iter_mut().rev() {
                    *place = b'0' + (rest % 10) as u8;
                    (rest, at) = (rest / 10, at - 1);
                    if rest == 0 {
                        break;
                    }
                }
                out.push('+');
                out.push_str(std::str::from_utf8(buffer.get(at..).unwrap_or_default()).unwrap_or_default());
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(digits) => write!(f, "+{digits}"),
            Self::Opaque(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_it_is_shown() {
        let mut out = "old".to_owned();
        for digits in [0, 7, 10, 254_712_345_678, 99_999_999_999_999_999, u64::MAX] {
            let address = Address::Phone(digits);
            address.write_to(&mut out);
            assert_eq!(out, address.to_string());
        }
    }

    const KENYA: AddressKind = AddressKind::Phone { region: Some(Region::KE) };
    const ANYWHERE: AddressKind = AddressKind::Phone { region: None };

    fn phone(text: &str) -> Address {
        KENYA.read(text).unwrap()
    }

    #[test]
    fn every_spelling_of_a_number_is_one_address() {
        let canonical = Address::Phone(254_712_345_678);
        for spelling in [
            "+254712345678",
            "0712345678",
            "712345678",
            " 0712 345 678 ",
            "+254 (0) 712-345-678",
            "254712345678",
            "000254712345678",
            "tel:+254-712-345-678",
            "+２５４712345678",
            "\u{a0}0712345678\u{a0}",
        ] {
            assert_eq!(phone(spelling), canonical, "{spelling}");
        }
        assert_eq!(canonical.to_string(), "+254712345678");
        assert_eq!(canonical.digits(), Some(254_712_345_678));
    }

    #[test]
    fn what_was_written_is_read_back_as_it_was() {
        for (kind, text) in
            [(KENYA, "0712345678"), (ANYWHERE, "+390612345678"), (AddressKind::Opaque, "ord-7")]
        {
            let address = kind.read(text).unwrap();
            assert_eq!(kind.read_canonical(&address.to_string()), Some(address), "{text}");
        }
        for strange in
            ["", "+", "0712345678", "+0712345678", "++254712345678", "+254 712345678", "nobody", "+-7"]
        {
            assert_eq!(KENYA.read_canonical(strange), None, "{strange}");
        }
        assert_eq!(KENYA.read_canonical("+99999999999999999999999"), None);
    }

    #[test]
    fn leading_zeros_of_a_national_number_are_part_of_it() {
        assert_eq!(ANYWHERE.read("+390612345678").unwrap().to_string(), "+390612345678");
    }

    #[test]
    fn masks_keep_little() {
        assert_eq!(phone("0712345678").masked(), "+2547•••••678");
        assert_eq!(Address::Opaque("abcd".into()).masked(), "••••");
        assert_eq!(Address::Opaque("endpoint-77".into()).masked(), "endpo•••-77");
        assert_eq!(Address::Opaque("order1".into()).masked(), "or•••1");
    }

    #[test]
    fn reasons_are_told_apart() {
        let why = |text: &str| KENYA.read(text).unwrap_err();
        assert_eq!(why("  "), AddressError::Empty);
        assert_eq!(why("2.547E+11"), AddressError::Scientific("2.547E+11".into()));
        assert_eq!(why("2,547e11"), AddressError::Scientific("2,547e11".into()));
        assert_eq!(why("254712345678.0"), AddressError::Decimal("254712345678.0".into()));
        assert_eq!(why("0712\u{200b}345678"), AddressError::Hidden('\u{200b}'));
        assert_eq!(why("\u{202a}0712345678\u{202c}"), AddressError::Hidden('\u{202a}'));
        assert_eq!(why("0712\t345678"), AddressError::Hidden('\t'));
        assert!(matches!(why("071234"), AddressError::TooShort(_)));
        assert!(matches!(why("07123456789012"), AddressError::TooLong(_)));
        assert_eq!(why("+254912345678"), AddressError::Invalid(Some(Region::KE)));
        assert_eq!(why("+999712345678"), AddressError::UnknownCountry);
        assert_eq!(why("nobody"), AddressError::NotANumber("nobody".into()));
        assert_eq!(why("0712345678 ext. 5"), AddressError::Extension);
        assert_eq!(ANYWHERE.read("0712345678"), Err(AddressError::NoCountry));
        assert!(why("07123").to_string().contains("KE"));
    }

    #[test]
    fn opaque_addresses_are_kept_as_they_are() {
        let read = |text: &str| AddressKind::Opaque.read(text);
        assert_eq!(read(" ord-7 ").unwrap().to_string(), "ord-7");
        assert_eq!(read("0012").unwrap(), Address::Opaque("0012".into()));
        assert_eq!(read(""), Err(AddressError::Empty));
        assert_eq!(read("a\u{7}b"), Err(AddressError::Hidden('\u{7}')));
        assert!(read(&"x".repeat(128)).is_ok());
        assert_eq!(read(&"x".repeat(129)), Err(AddressError::TooManyBytes(129)));
    }
}
