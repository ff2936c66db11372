//! A share of the people, for pilots: the same ones on every machine and each time, by a lot that each of them draws.
//! Whoever is in a share is in every greater one too; another campaign takes others.

use crate::audience::address::Address;
use crate::lot::Lot;
use crate::units::Percent;

/// What the lots are drawn for, so that no other drawing takes the same people.
const PURPOSE: &str = "sample";

/// Lots there are: one for each hundredth of a percent.
const LOTS: u64 = 10_000;

/// The share of one campaign.
#[derive(Debug, Clone)]
pub struct Sample {
    lot: Lot,
    share: Percent,
}

impl Sample {
    /// So many of a campaign's people.
    pub fn new(campaign: &str, share: Percent) -> Self {
        Self { lot: Lot::new(PURPOSE, campaign), share }
    }

    /// Whether somebody belongs to it, by identity; by address where the audience has no identities.
    pub fn has(&self, id: Option<&str>, address: &Address) -> bool {
        let place = match id {
            Some(id) => self.lot.place_among(id, LOTS),
            None => self.lot.place_among(&address.to_string(), LOTS),
        };
        self.takes(place)
    }

    fn takes(&self, place: u64) -> bool {
        place < u64::from(self.share.hundredths())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(campaign: &str, share: &str) -> Sample {
        Sample::new(campaign, share.parse().unwrap())
    }

    /// Made by another program: what was drawn once is drawn for ever.
    #[test]
    fn places_are_frozen() {
        for (campaign, id, expected) in [
            ("spring-sale", "+254712345678", 1929),
            ("spring-sale", "customer-1", 5491),
            ("spring-sale", "", 3892),
            ("autumn", "+254712345678", 9722),
            ("spring-sale", "Zoë", 9815),
        ] {
            assert_eq!(sample(campaign, "1%").lot.place_among(id, LOTS), expected, "{campaign} {id}");
        }
    }

    #[test]
    fn an_address_stands_for_who_has_no_identity() {
        let number = Address::Phone(254_712_345_678);
        let place =
            u32::try_from(sample("spring-sale", "1%").lot.place_among("+254712345678", LOTS)).unwrap();
        for (hundredths, is_in) in [(place, false), (place + 1, true), (1, false), (10_000, true)] {
            let sample = Sample::new("spring-sale", Percent::of_hundredths(hundredths));
            assert_eq!(sample.has(None, &number), is_in, "{hundredths}");
            assert_eq!(sample.has(Some("+254712345678"), &Address::Opaque("x".into())), is_in);
        }
    }

    #[test]
    fn a_share_of_many_is_that_share_and_lies_in_every_greater_one() {
        const PEOPLE: u64 = 1_000_000;
        let shares = [50, 500, 1000, 5000, 10_000];
        let samples = shares.map(|hundredths| Sample::new("pilot", Percent::of_hundredths(hundredths)));
        let mut kept = [0_u64; 5];
        for person in 0..PEOPLE {
            let place = samples[0].lot.place_among(&person.to_string(), LOTS);
            let taken = samples.each_ref().map(|sample| sample.takes(place));
            assert!(taken.is_sorted(), "{person}: {taken:?}");
            kept.iter_mut().zip(taken).for_each(|(kept, is_in)| *kept += u64::from(is_in));
        }
        for (kept, hundredths) in kept.into_iter().zip(shares) {
            let expected = PEOPLE * u64::from(hundredths) / LOTS;
            // Half a percent of those who are meant, where they are many; five of a few.
            let most = if hundredths >= 1000 { expected / 200 } else { expected / 20 };
            assert!(kept.abs_diff(expected) <= most, "{kept} of {expected}");
        }
    }
}
