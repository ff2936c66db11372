//! The time zones a phone number may be in, by its first digits. The data are libphonenumber's
//! (`phone_zones/phone_timezones.txt`, Apache-2.0, the licence at its head): `prefix|Zone&Zone`, the longest prefix
//! counts.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::moment::Zone;

/// Prefixes and their zones, as libphonenumber has them.
const DATA: &str = include_str!("phone_zones/phone_timezones.txt");

/// Empty if the data were faulty, so that no number would have a zone; a test keeps that out.
static TABLE: LazyLock<Table> = LazyLock::new(|| parse(DATA).unwrap_or_default());

/// More digits than this an international number does not have (ITU-T E.164).
const DIGITS: usize = 15;

/// The zones in which a number may be: one at least. What is to be right for the number must be so in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ZoneSet {
    id: u16,
}

impl ZoneSet {
    /// The zones, in the order of the data.
    pub fn zones(self) -> &'static [Zone] {
        TABLE.sets.get(usize::from(self.id)).map_or(&[], Vec::as_slice)
    }
}

/// The zones of an international number, with its `+` or without; `None` for a prefix that nobody has, and for what
/// is no number: anything else than 1 to 15 digits. Allocates nothing.
///
/// Of mobile numbers that say nothing about a place the data give the zone in which most of them are: Moscow for all
/// of Russia (`79`), Sydney for all of Australia (`614`), Jakarta for all of Indonesia (`628`). Who must be right for
/// everybody asks [`country_zones_of`] for such numbers.
pub fn zones_of(number: &str) -> Option<ZoneSet> {
    TABLE.candidates(digits_of(number)?).rev().find_map(|key| TABLE.at(key))
}

/// The zones of the country that an international number belongs to, whatever follows: the entry of the shortest
/// prefix. `None` as in [`zones_of`]. Allocates nothing.
pub fn country_zones_of(number: &str) -> Option<ZoneSet> {
    TABLE.candidates(digits_of(number)?).find_map(|key| TABLE.at(key))
}

fn digits_of(number: &str) -> Option<&str> {
    let digits = number.strip_prefix('+').unwrap_or(number);
    key(digits).map(|_| digits)
}

/// Prefixes in the order of their keys, and the zones that they share.
#[derive(Debug, Default)]
struct Table {
    prefixes: Vec<(u64, ZoneSet)>,
    sets: Vec<Vec<Zone>>,
    /// The digits of the longest prefix.
    longest: usize,
}

impl Table {
    /// The keys of a number's prefixes, from the shortest on.
    fn candidates<'a>(&self, digits: &'a str) -> impl DoubleEndedIterator<Item = u64> + use<'a> {
        (1..=digits.len().min(self.longest)).filter_map(|length| digits.get(..length).and_then(key))
    }

    fn at(&self, key: u64) -> Option<ZoneSet> {
        let at = self.prefixes.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        self.prefixes.get(at).map(|(_, set)| *set)
    }
}

/// Digits as a number that keeps their count, behind a 1: `254` is 1254. `None` for none, and for anything else.
fn key(digits: &str) -> Option<u64> {
    if digits.is_empty() || digits.len() > DIGITS {
        return None;
    }
    digits
        .bytes()
        .try_fold(1, |key: u64, byte| byte.is_ascii_digit().then(|| key * 10 + u64::from(byte - b'0')))
}

fn parse(text: &'static str) -> Result<Table, String> {
    let mut table = Table::default();
    let mut known: BTreeMap<&str, u16> = BTreeMap::new();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        let wrong = || format!("`{line}` is not a prefix and its zones");
        let (prefix, names) = line.split_once('|').ok_or_else(wrong)?;
        let id = match known.get(names) {
            Some(id) => *id,
            None => {
                let zones: Result<Vec<Zone>, _> = names.split('&').map(str::parse).collect();
                let id = u16::try_from(table.sets.len()).map_err(|_| wrong())?;
                table.sets.push(zones.map_err(|error| format!("`{line}`: {error}"))?);
                known.insert(names, id);
                id
            }
        };
        table.longest = table.longest.max(prefix.len());
        table.prefixes.push((key(prefix).ok_or_else(wrong)?, ZoneSet { id }));
    }
    table.prefixes.sort_unstable_by_key(|(key, _)| *key);
    if let Some([(twice, _), _]) = table.prefixes.array_windows().find(|[one, other]| one.0 == other.0) {
        return Err(format!("the prefix {twice} (behind a 1) is there twice"));
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(number: &str) -> Vec<String> {
        zones_of(number).map_or(Vec::new(), |set| set.zones().iter().map(Zone::to_string).collect())
    }

    /// The longest prefix, by looking at every line.
    fn naive(digits: &str) -> Option<(&'static str, Vec<String>)> {
        let candidates = lines().filter(|(prefix, _)| digits.starts_with(prefix));
        let (prefix, zones) = candidates.max_by_key(|(prefix, _)| prefix.len())?;
        Some((prefix, zones.split('&').map(str::to_owned).collect()))
    }

    fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
        DATA.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('|'))
    }

    #[test]
    fn the_data_parse_and_every_zone_is_known() {
        let table = parse(DATA).unwrap();
        assert_eq!(table.prefixes.len(), lines().count());
        assert!(table.prefixes.len() > 3000 && table.sets.len() < 500 && table.longest <= DIGITS);
        for (_, zones) in lines() {
            for zone in zones.split('&') {
                assert!(zone.parse::<Zone>().is_ok(), "{zone}");
            }
        }
    }

    #[test]
    fn every_prefix_leads_to_its_own_zones() {
        for (prefix, zones) in lines() {
            assert_eq!(names(prefix).join("&"), zones, "{prefix}");
        }
    }

    #[test]
    fn the_license_stays_with_the_data() {
        assert!(DATA.starts_with("# Copyright (C) 2012 The Libphonenumber Authors"));
        assert!(DATA.contains("# Licensed under the Apache License, Version 2.0"));
    }

    #[test]
    fn numbers_are_where_they_are() {
        for (number, zone) in [
            ("+254712345678", "Africa/Nairobi"),
            ("254712345678", "Africa/Nairobi"),
            ("+2348031234567", "Africa/Lagos"),
            ("+27821234567", "Africa/Johannesburg"),
            ("+919812345678", "Asia/Calcutta"),
            ("+4915112345678", "Europe/Berlin"),
            ("+33612345678", "Europe/Paris"),
            ("+12082010000", "America/Denver"),
            ("+12082150000", "America/Los_Angeles"),
            ("+12125551234", "America/New_York"),
            ("+13125551234", "America/Chicago"),
            ("+16025551234", "America/Phoenix"),
            ("+18085551234", "Pacific/Honolulu"),
            ("+12045551234", "America/Winnipeg"),
            ("+18765551234", "America/Jamaica"),
            ("+74951234567", "Europe/Moscow"),
            ("+74232123456", "Asia/Vladivostok"),
            ("+73432123456", "Asia/Yekaterinburg"),
            ("+77272123456", "Asia/Almaty"),
            ("+61281234567", "Australia/Sydney"),
            ("+61851090000", "Australia/Perth"),
            ("+5511912345678", "America/Sao_Paulo"),
            ("+5592912345678", "America/Manaus"),
            ("+5568912345678", "America/Rio_Branco"),
            ("+819012345678", "Asia/Tokyo"),
        ] {
            assert_eq!(names(number), [zone], "{number}");
        }
    }

    #[test]
    fn where_only_the_country_is_known_there_are_all_its_zones() {
        assert!(names("+18005551234").len() > 30, "{:?}", names("+18005551234"));
        // Two zones of one area are narrower than the country.
        assert_eq!(names("+12082990000"), ["America/Boise", "America/Los_Angeles"]);
    }

    #[test]
    fn the_country_is_wider_than_the_zone_in_which_most_mobile_numbers_are() {
        for (mobile, most, also) in [
            ("+61412345678", "Australia/Sydney", "Australia/Perth"),
            ("+79161234567", "Europe/Moscow", "Asia/Vladivostok"),
            ("+628123456789", "Asia/Jakarta", "Asia/Jayapura"),
            ("+34612345678", "Europe/Madrid", "Atlantic/Canary"),
        ] {
            assert_eq!(names(mobile), [most]);
            let country = country_zones_of(mobile).unwrap();
            assert!(
                country.zones().len() > 1 && country.zones().contains(&also.parse().unwrap()),
                "{mobile}"
            );
        }
        let kenya = country_zones_of("+254712345678").unwrap();
        assert_eq!(kenya.zones().len(), 1);
    }

    #[test]
    fn what_is_no_number_has_no_zone() {
        for bad in ["", "+", "++254", "0712345678", "254 712", "2547x", "1234567890123456", "٢٥٤", "-254"]
        {
            assert_eq!((zones_of(bad), country_zones_of(bad)), (None, None), "{bad}");
        }
    }

    #[test]
    fn faulty_data_are_refused() {
        for bad in ["254", "254|", "254|Mars/Base", "2x|UTC", "|UTC", "1|UTC\n1|UTC"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_lookup_is_the_longest_prefix(
            at in 0usize..4000, tail in "[0-9]{0,9}", random in "[1-9][0-9]{0,14}", near in any::<bool>(),
        ) {
            // Half of them begin like a line of the data; few random ones would.
            let line = lines().nth(at % lines().count()).unwrap().0;
            let mut digits = if near { format!("{line}{tail}") } else { random };
            digits.truncate(DIGITS);
            let found = zones_of(&digits).map(|_| names(&digits));
            let expected = naive(&digits).map(|(_, zones)| zones);
            prop_assert_eq!(found, expected);
        }
    }
}
