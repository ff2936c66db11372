//! Where the lot puts somebody: the same place on every machine and for ever, because it is made of names alone.

use sha2::{Digest, Sha256};

/// A drawing of lots for one purpose of one campaign. Lots for different purposes have nothing to do with each other.
#[derive(Debug, Clone)]
pub struct Lot(Sha256);

impl Lot {
    /// The drawing for `purpose`, a word of ours, in `campaign`.
    pub fn new(purpose: &str, campaign: &str) -> Self {
        let mut sha = Sha256::new();
        for word in [purpose, campaign] {
            sha.update(word.as_bytes());
            // No name has a zero byte, and whose lot it is comes last: no two drawings share their bytes.
            sha.update([0]);
        }
        Self(sha)
    }

    /// Somebody's place among 2^64: the first 64 bits of a SHA-256.
    pub fn place(&self, id: &str) -> u64 {
        self.place_of(id.as_bytes())
    }

    /// The same of what is named by bytes.
    pub fn place_of(&self, name: &[u8]) -> u64 {
        let mut sha = self.0.clone();
        sha.update(name);
        sha.finalize().iter().take(8).fold(0, |place, byte| (place << 8) | u64::from(*byte))
    }

    /// Somebody's place among so many, each as likely as the others.
    pub fn place_among(&self, id: &str, many: u64) -> u64 {
        let scaled = (u128::from(self.place(id)) * u128::from(many)) >> 64;
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frozen: another value here would be another text for people who are being written to.
    #[test]
    fn places_are_the_same_for_ever() {
        let lot = Lot::new("variant", "spring-sale");
        assert_eq!(
            ["C-1", "C-2", "+254712345678", ""].map(|id| lot.place_among(id, 1000)),
            [349, 353, 14, 577],
        );
    }

    #[test]
    fn purposes_campaigns_and_people_have_lots_of_their_own() {
        let place = |purpose, campaign, id| Lot::new(purpose, campaign).place(id);
        let all = [place("a", "b", "c"), place("ab", "", "c"), place("a", "", "bc"), place("", "ab", "c")];
        let different: std::collections::HashSet<u64> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
        assert_eq!(Lot::new("a", "b").place_among("c", 1), 0);
        assert!(Lot::new("a", "b").place_among("c", u64::MAX) < u64::MAX);
    }
}
