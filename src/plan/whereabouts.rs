//! Where a recipient may be, by the zone in their row or else by their number.

use std::fmt;

use chrono::{DateTime, FixedOffset, Utc};

use crate::audience::AddressKind;
use crate::audience::address::Address;
use crate::audience::phone::says_where;
use crate::campaign::Delivery;
use crate::message::Clock;
use crate::schedule::{Hours, Moment, Zone, ZoneSet, country_zones_of, zones_of};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whereabouts {
    /// In this zone.
    In(Zone),
    /// In one of these.
    Among(ZoneSet),
    /// Nobody knows.
    Nowhere(Lost),
}

/// Why nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lost {
    /// What the row says is no zone.
    NoSuchZone,
    /// The row says nothing, and no number does.
    Nothing,
}

impl Lost {
    /// In words.
    pub const fn why(self) -> &'static str {
        match self {
            Self::NoSuchZone => "its time zone is not known",
            Self::Nothing => "nothing says in which time zone it is",
        }
    }
}

impl Whereabouts {
    /// Of a recipient with this text as zone, or an empty one, and this address, which is written as `text`.
    pub(super) fn of(zone: &str, address: &Address, text: &str) -> Self {
        if !zone.is_empty() {
            return Zone::named(zone).map_or(Self::Nowhere(Lost::NoSuchZone), Self::In);
        }
        match address.digits() {
            Some(digits) => Self::of_number(digits, text),
            None => Self::Nowhere(Lost::Nothing),
        }
    }

    fn of_number(digits: u64, text: &str) -> Self {
        let Some(country) = country_zones_of(text) else { return Self::Nowhere(Lost::Nothing) };
        // What lies in a country of one zone lies in that, and numbers are expensive to ask.
        let set = match country.zones() {
            [_] => Some(country),
            _ if says_where(digits) => zones_of(text),
            _ => Some(country),
        };
        match set.map(|set| (set, set.zones())) {
            Some((_, [zone])) => Self::In(*zone),
            Some((set, [_, ..])) => Self::Among(set),
            _ => Self::Nowhere(Lost::Nothing),
        }
    }

    /// Why messages to recipients there are held, if they are: nobody knows where that is, or no hour of the windows
    /// comes to all its zones at once.
    pub fn held(
        &self,
        delivery: &Delivery,
        moment: Option<Moment>,
        now: DateTime<Utc>,
    ) -> Option<&'static str> {
        match self {
            Self::Nowhere(lost) => Some(lost.why()),
            Self::In(_) | Self::Among(_) => {
                let hours = Hours { until: None, ..delivery.hours_in(moment, self.zones()) };
                hours
                    .opens_next(now)
                    .is_none()
                    .then_some("no hour of the window is right in all its time zones")
            }
        }
    }

    /// The zones: one at least where they are known.
    pub fn zones(&self) -> &[Zone] {
        match self {
            Self::In(zone) => std::slice::from_ref(zone),
            Self::Among(set) => set.zones(),
            Self::Nowhere(_) => &[],
        }
    }
}

/// How the clocks of recipients with such addresses are known, for texts that tell times.
pub fn clock(kind: AddressKind) -> Clock {
    match kind {
        AddressKind::Phone { .. } => |zone, number, at| {
            let digits = number.strip_prefix('+').and_then(|digits| digits.parse().ok());
            digits.map_or_else(|| by_row(zone, at), |digits| of_number(zone, digits, number, at))
        },
        AddressKind::Opaque => |zone, _, at| by_row(zone, at),
    }
}

fn of_number(
    zone: &str,
    digits: u64,
    number: &str,
    at: DateTime<Utc>,
) -> Result<Option<FixedOffset>, String> {
    if !zone.is_empty() {
        return by_row(zone, at);
    }
    let whereabouts = Whereabouts::of_number(digits, number);
    let mut offsets = whereabouts.zones().iter().map(|zone| zone.at(at).timezone());
    // Of several zones, one answer is right if it is right in all of them.
    let first = offsets.next();
    Ok(first.filter(|first| offsets.all(|other| other == *first)))
}

fn by_row(zone: &str, at: DateTime<Utc>) -> Result<Option<FixedOffset>, String> {
    match Zone::named(zone) {
        Some(zone) => Ok(Some(zone.at(at).timezone())),
        None if zone.is_empty() => Ok(None),
        None => Err(format!("`{zone}` is not a known time zone")),
    }
}

impl fmt::Display for Whereabouts {
    /// The names of the zones, joined by `&`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Nowhere(lost) = self {
            return f.write_str(lost.why());
        }
        for (at, zone) in self.zones().iter().enumerate() {
            write!(f, "{}{zone}", if at == 0 { "" } else { "&" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &str, number: &str) -> String {
        let address = AddressKind::Phone { region: None }.read(number).unwrap();
        Whereabouts::of(zone, &address, &address.to_string()).to_string()
    }

    #[test]
    fn the_row_counts_and_else_the_number() {
        assert_eq!(at("Asia/Tokyo", "+254712345678"), "Asia/Tokyo");
        assert_eq!(at("", "+254712345678"), "Africa/Nairobi");
        assert_eq!(at("", "+12125550123"), "America/New_York");
    }

    #[test]
    fn a_mobile_that_says_nothing_of_a_place_is_anywhere_in_its_country() {
        // The data name Moscow, Sydney and Jakarta for all mobiles.
        assert_eq!(at("", "+79161234567").split('&').count(), 16);
        assert!(at("", "+61412345678").contains("Australia/Perth"));
        assert!(at("", "+6281234567890").contains("Asia/Jayapura"));
        // Their numbers say where they were given out.
        assert_eq!(at("", "+5511961234567"), "America/Sao_Paulo");
        assert_eq!(at("", "+12125550123"), "America/New_York");
    }

    #[test]
    fn clocks_are_known_by_the_row_or_by_numbers_that_leave_no_doubt() {
        let phone = clock(AddressKind::Phone { region: None });
        let hours = |zone: &str, number: &str, at: &str| {
            let offset = phone(zone, number, at.parse().unwrap()).unwrap();
            offset.map(|offset| offset.local_minus_utc() / 3600)
        };
        let (winter, summer) = ("2026-01-20T09:00:00Z", "2026-07-20T09:00:00Z");
        assert_eq!(hours("Asia/Tokyo", "+254712345678", winter), Some(9));
        assert_eq!(hours("", "+254712345678", winter), Some(3));
        assert_eq!(hours("", "+12125550123", winter), Some(-5));
        assert_eq!(hours("", "+12125550123", summer), Some(-4));
        // Anywhere in Australia.
        assert_eq!(hours("", "+61412345678", winter), None);
        assert!(
            phone("Nairobi", "+254712345678", winter.parse().unwrap()).unwrap_err().contains("`Nairobi`")
        );
        let opaque = clock(AddressKind::Opaque);
        assert_eq!(opaque("", "+254712345678", winter.parse().unwrap()), Ok(None));
    }

    #[test]
    fn fault_70_what_is_no_zone_is_nowhere() {
        assert_eq!(at("Nairobi", "+254712345678"), "its time zone is not known");
        let note = AddressKind::Opaque.read("order-1").unwrap();
        let nowhere = Whereabouts::of("", &note, "order-1");
        assert_eq!(nowhere, Whereabouts::Nowhere(Lost::Nothing));
        assert!(nowhere.zones().is_empty());
    }
}
