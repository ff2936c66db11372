//! Who has a message already: one set of addresses and one of identities, exact or as good as exact.
//! An E.164 number is its own key, and so is a short text; longer ones are known by 120 bits of SHA-256,
//! never by a short hash, for a collision would cost somebody the message.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;
use sha2::{Digest, Sha256};

use crate::audience::address::Address;

/// What a text is known by: its bytes and their number where they fit, else the first 120 bits of its
/// SHA-256 under a mark of their own.
pub type TextKey = [u32; 4];

/// What an address is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKey {
    /// The number itself.
    Phone(u64),
    /// An opaque address.
    Text(TextKey),
}

/// The key of a text.
pub fn text_key(text: &str) -> TextKey {
    const INLINE: usize = 15;
    const HASHED: u8 = u8::MAX;
    let mut key = [0_u8; INLINE + 1];
    let bytes = text.as_bytes();
    if let Some(room) = key.get_mut(..bytes.len()).filter(|room| room.len() <= INLINE) {
        room.copy_from_slice(bytes);
        // At most 15, so never the mark.
        key[INLINE] = u8::try_from(bytes.len()).unwrap_or_default();
    } else {
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        key[..INLINE].copy_from_slice(&hash[..INLINE]);
        key[INLINE] = HASHED;
    }
    let word = |at: usize| u32::from_le_bytes([key[at], key[at + 1], key[at + 2], key[at + 3]]);
    [word(0), word(4), word(8), word(12)]
}

/// The key of an address.
pub fn address_key(address: &Address) -> AddressKey {
    match address {
        Address::Phone(digits) => AddressKey::Phone(*digits),
        Address::Opaque(text) => AddressKey::Text(text_key(text)),
    }
}

/// How many parts a set has. Each part grows on its own, so that growing never holds twice the memory.
const PARTS: usize = 64;

/// Keys with the line that has them, in parts. Keys are kept as 32-bit words: an entry of a phone
/// number takes 12 bytes instead of 16, one of a text 20 instead of 32.
#[derive(Debug)]
struct Lines<const WORDS: usize> {
    parts: Vec<HashMap<[u32; WORDS], u32, FxBuildHasher>>,
}

impl<const WORDS: usize> Default for Lines<WORDS> {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| HashMap::default()).collect() }
    }
}

impl<const WORDS: usize> Lines<WORDS> {
    fn part(key: &[u32; WORDS]) -> usize {
        // Spreads consecutive numbers and texts over the parts (Fibonacci hashing of all words).
        let mixed =
            key.iter().fold(0_u32, |mixed, word| (mixed.rotate_left(7) ^ word).wrapping_mul(0x9E37_79B9));
        (mixed >> 26) as usize % PARTS
    }

    fn get(&self, key: &[u32; WORDS]) -> Option<u64> {
        self.parts.get(Self::part(key))?.get(key).map(|line| u64::from(*line))
    }

    fn insert(&mut self, key: [u32; WORDS], line: u64) {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        if let Some(part) = self.parts.get_mut(Self::part(&key)) {
            part.entry(key).or_insert(line);
        }
    }

    fn replace(&mut self, key: [u32; WORDS], line: u64) {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        if let Some(part) = self.parts.get_mut(Self::part(&key)) {
            part.insert(key, line);
        }
    }

    fn len(&self) -> usize {
        self.parts.iter().map(HashMap::len).sum()
    }
}

/// Somebody who has a message by another row, by that one's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicate {
    /// At the same address.
    Address(u64),
    /// By the same identity, at another address.
    Id(u64),
}

/// Everybody who has a message so far. Only messages are remembered: a row that was left out claims
/// neither its address nor its identity.
#[derive(Debug, Default)]
pub struct Claimed {
    phones: Lines<2>,
    texts: Lines<4>,
    ids: Lines<4>,
}

fn halves(digits: u64) -> [u32; 2] {
    #[expect(clippy::cast_possible_truncation, reason = "the two halves are wanted")]
    [digits as u32, (digits >> 32) as u32]
}

impl Claimed {
    /// Whether the address or the identity has a message already. The address is asked first.
    /// Lines beyond 4,294,967,295 are told as that.
    pub fn duplicate(&self, address: &AddressKey, id: Option<&TextKey>) -> Option<Duplicate> {
        if let Some(line) = self.line_of(address) {
            return Some(Duplicate::Address(line));
        }
        self.line_of_id(id?).map(Duplicate::Id)
    }

    /// The line of the message to this address.
    pub fn line_of(&self, address: &AddressKey) -> Option<u64> {
        match address {
            AddressKey::Phone(digits) => self.phones.get(&halves(*digits)),
            AddressKey::Text(key) => self.texts.get(key),
        }
    }

    /// The line of the message to this identity.
    pub fn line_of_id(&self, id: &TextKey) -> Option<u64> {
        self.ids.get(id)
    }

    /// How many addresses have a message.
    pub fn len(&self) -> u64 {
        (self.phones.len() + self.texts.len()) as u64
    }

    /// Whether nobody has one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Remembers a message that is planned.
    pub fn claim(&mut self, address: &AddressKey, id: Option<&TextKey>, line: u64) {
        match address {
            AddressKey::Phone(digits) => self.phones.insert(halves(*digits), line),
            AddressKey::Text(key) => self.texts.insert(*key, line),
        }
        if let Some(id) = id {
            self.ids.insert(*id, line);
        }
    }

    /// Remembers a message to an address that may have one: the earlier one is forgotten.
    pub fn claim_again(&mut self, address: &AddressKey, line: u64) {
        match address {
            AddressKey::Phone(digits) => self.phones.replace(halves(*digits), line),
            AddressKey::Text(key) => self.texts.replace(*key, line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_or_an_identity_is_claimed_once() {
        let mut claimed = Claimed::default();
        let (one, two) = (AddressKey::Phone(254_712_345_678), AddressKey::Phone(254_712_345_679));
        let (a, b) = (text_key("a"), text_key("b"));
        assert_eq!(claimed.duplicate(&one, Some(&a)), None);
        claimed.claim(&one, Some(&a), 2);
        assert_eq!(claimed.duplicate(&one, Some(&b)), Some(Duplicate::Address(2)));
        assert_eq!(claimed.duplicate(&two, Some(&a)), Some(Duplicate::Id(2)));
        assert_eq!(claimed.duplicate(&two, Some(&b)), None);
        assert_eq!(claimed.duplicate(&two, None), None);
    }

    #[test]
    fn texts_of_every_length_have_keys_of_their_own() {
        let all: Vec<String> = (0..40).map(|length| "\0".repeat(length)).collect();
        let keys: std::collections::HashSet<TextKey> = all.iter().map(|text| text_key(text)).collect();
        assert_eq!(keys.len(), all.len());
        assert_ne!(text_key("customer-000001"), text_key("customer-000002"));
        assert_ne!(text_key("customer-0000000001"), text_key("customer-0000000002"));
    }

    #[test]
    fn ordinary_keys_are_spread_over_the_parts() {
        let numbers = (0..6400_u64).map(|at| Lines::<2>::part(&halves(254_712_000_000 + at)));
        let texts = (0..6400).map(|at| Lines::<4>::part(&text_key(&format!("customer-{at}"))));
        for parts in [numbers.collect::<Vec<_>>(), texts.collect::<Vec<_>>()] {
            let most = (0..PARTS).map(|part| parts.iter().filter(|one| **one == part).count()).max();
            assert!(most < Some(400), "{most:?} of 6,400 in one of {PARTS} parts");
        }
    }

    #[test]
    fn all_bits_of_a_number_count() {
        let mut claimed = Claimed::default();
        claimed.claim(&AddressKey::Phone(5), None, 1);
        assert_eq!(claimed.duplicate(&AddressKey::Phone(5 + (1 << 32)), None), None);
    }
}
