//! People who do not exist, for campaigns that are begun: names, and numbers that nobody should have.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType};

use crate::audience::phone::{self, Region};

/// First names. In GSM-7, so that a first text is one segment.
pub const NAMES: [&str; 4] = ["Amina", "Otieno", "Grace", "Baraka"];

/// Numbers that are kept free for films and examples, the first of four or more in a row. North America: 555-01XX;
/// Australia: ACMA; Germany: BNetzA; Sweden: PTS. Kenya's are the first ones of a prefix, as in all our
/// examples. Those of Britain (Ofcom) and France (ARCEP) are missing: libphonenumber knows that nobody has them, and so they
/// are no numbers to us.
const RESERVED: [(Region, u64); 6] = [
    (Region::AU, 61_491_570_156),
    (Region::CA, 15_065_550_101),
    (Region::DE, 491_713_920_001),
    (Region::KE, 254_700_000_001),
    (Region::SE, 46_701_740_605),
    (Region::US, 12_015_550_101),
];

/// As many numbers as there are [`NAMES`], with their country codes: those that the country keeps free for examples where
/// we know them, else the lowest valid ones of a mobile prefix. Without a country, those of the United States.
pub fn numbers(region: Option<Region>) -> Vec<String> {
    let region = region.unwrap_or(Region::US);
    let reserved = RESERVED.iter().find(|(one, _)| *one == region).map(|(_, first)| *first);
    let first = reserved.or_else(|| lowest(region)).unwrap_or(12_015_550_101);
    (0..).zip(NAMES).map(|(at, _)| format!("+{}", first + at)).collect()
}

/// The first of four valid numbers in a row, with as many zeros as the country's rules allow behind a mobile prefix.
fn lowest(region: Region) -> Option<u64> {
    let example = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, PhoneNumberType::Mobile);
    let example = example.or_else(|_| PHONE_NUMBER_UTIL.get_example_number(region)).ok()?;
    let digits = phone::e164(&example)?;
    let is_valid = |number: u64| phone::read(&format!("+{number}"), None).is_ok();
    [1_000_000, 100_000, 10_000, 1000, 100, 10, 1]
        .into_iter()
        .map(|zeros: u64| digits / zeros * zeros + u64::from(zeros > 1))
        .find(|first| (*first..*first + NAMES.len() as u64).all(is_valid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_numbers_that_are_numbers() {
        let all = PHONE_NUMBER_UTIL.get_supported_regions().map(|region| (region, numbers(Some(region))));
        let wrong: Vec<_> = all
            .filter(|(_, all)| all.len() != 4 || all.iter().any(|one| phone::read(one, None).is_err()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(numbers(Some(Region::KE))[0], "+254700000001");
        assert_eq!(numbers(None)[0], "+12015550101");
    }
}
