//! A share of the people, for pilots: the same ones on every machine and each time, by a hash of who they are. Whoever is in
//! a share is in every greater one too; another campaign takes others.

use std::fmt::{self, Write as _};

use sha2::{Digest, Sha256};

use crate::audience::address::Address;
use crate::units::Percent;

/// What the hash is made for, so that no other hash of the same people draws the same ones.
const PURPOSE: &str = "sample";

/// The share of one campaign.
#[derive(Debug, Clone)]
pub struct Sample {
    /// SHA-256 over the purpose and the campaign's name.
    begun: Sha256,
    share: Percent,
}

impl Sample {
    /// So many of a campaign's people.
    pub fn new(campaign: &str, share: Percent) -> Self {
        let mut begun = Sha256::new();
        for word in [PURPOSE, campaign] {
            // With its length, so that no two pairs are one text.
            begun.update((word.len() as u64).to_be_bytes());
            begun.update(word);
        }
        Self { begun, share }
    }

    /// Whether somebody belongs to it, by identity; by address where the audience has no identities.
    pub fn has(&self, id: Option<&str>, address: &Address) -> bool {
        let mut hash = Hashed(self.begun.clone());
        match id {
            Some(id) => hash.0.update(id),
            // Nothing that is written into a hash fails.
            None => drop(write!(hash, "{address}")),
        }
        self.takes(point(hash.0))
    }

    /// Whether a point is in the share of all points.
    fn takes(&self, point: u64) -> bool {
        u128::from(point) * 10_000 < u128::from(self.share.hundredths()) << 64
    }
}

/// The first eight bytes.
fn point(hash: Sha256) -> u64 {
    let hash: [u8; 32] = hash.finalize().into();
    hash.iter().take(8).fold(0, |point, byte| point << 8 | u64::from(*byte))
}

struct Hashed(Sha256);

impl fmt::Write for Hashed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(campaign: &str, share: &str) -> Sample {
        Sample::new(campaign, share.parse().unwrap())
    }

    fn point_of(campaign: &str, id: &str) -> u64 {
        let mut hash = sample(campaign, "1%").begun;
        hash.update(id);
        point(hash)
    }

    /// Made by another program: what was drawn once is drawn for ever.
    #[test]
    fn points_are_frozen() {
        for (campaign, id, expected) in [
            ("spring-sale", "+254712345678", 0x8550_643a_40e3_8fd1),
            ("spring-sale", "customer-1", 0x207a_0d75_43df_b0d1),
            ("spring-sale", "", 0x781a_5c9c_a927_f3a5),
            ("autumn", "+254712345678", 0x7c33_24dc_1a98_d7a7),
            ("a", "b", 0x54a5_f1b7_26d6_958e),
            ("ab", "", 0x04a2_4e22_8269_1272),
            ("spring-sale", "Zoë", 0x7786_e18a_7dad_bc0d),
        ] {
            assert_eq!(point_of(campaign, id), expected, "{campaign} {id}");
        }
    }

    #[test]
    fn an_address_stands_for_who_has_no_identity() {
        let number = Address::Phone(254_712_345_678);
        for (share, is_in) in [("52.07%", false), ("52.08%", true), ("0.01%", false), ("100%", true)] {
            let sample = sample("spring-sale", share);
            assert_eq!(sample.has(None, &number), is_in, "{share}");
            assert_eq!(sample.has(Some("+254712345678"), &Address::Opaque("x".into())), is_in, "{share}");
        }
    }

    #[test]
    fn a_share_of_many_is_that_share_and_lies_in_every_greater_one() {
        const PEOPLE: u64 = 1_000_000;
        let shares = [50, 500, 1000, 5000, 10_000];
        let samples = shares.map(|hundredths| Sample::new("pilot", Percent::of_hundredths(hundredths)));
        let mut kept = [0_u64; 5];
        for person in 0..PEOPLE {
            let point = point_of("pilot", &person.to_string());
            let taken: Vec<bool> = samples.iter().map(|sample| sample.takes(point)).collect();
            assert!(taken.is_sorted(), "{person}: {taken:?}");
            kept.iter_mut().zip(taken).for_each(|(kept, is_in)| *kept += u64::from(is_in));
        }
        for (kept, hundredths) in kept.into_iter().zip(shares) {
            let expected = PEOPLE * u64::from(hundredths) / 10_000;
            // Half a percent of all, and of those who are meant as far as chance allows.
            assert!(kept.abs_diff(expected) <= PEOPLE / 200 && kept.abs_diff(expected) <= expected / 20);
            assert!(hundredths < 1000 || kept.abs_diff(expected) <= expected / 200, "{kept} of {expected}");
        }
    }
}
