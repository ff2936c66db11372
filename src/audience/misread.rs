//! What is wrong with a number that libphonenumber does not take, and whether a spreadsheet has taken something away
//! from it without which it is none.

use rlibphonenumber::enums::Region;
use rlibphonenumber::{PhoneNumber, PhoneNumberUtil};

use crate::audience::length::{Length, Misfit};
use crate::audience::unreadable::AddressError;

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
    match length.misfit() {
        None => AddressError::Invalid(Some(country)),
        Some(Misfit::TooShort) => AddressError::TooShort(Some(length)),
        Some(Misfit::TooLong) => AddressError::TooLong(Some(length)),
        Some(Misfit::Between) => AddressError::WrongLength(Some(length)),
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
