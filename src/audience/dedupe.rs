//! Who has a message already: one set of addresses and one of identities, exact or as good as exact. A phone number is
//! its own key. A text is known by 82 bits of two keyed hashes: that two of ten million people share theirs has a chance of
//! one in a hundred thousand million, and nobody can make up texts that do, because the hashes are this process's alone.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use crate::audience::address::Address;
use crate::audience::packed::Packed;

/// What a text is known by: the words of a number, the lowest first. As words because there is one in memory for each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextKey([u32; 3]);

impl TextKey {
    fn bits(self) -> u128 {
        self.0.iter().rev().fold(0, |bits, word| bits << 32 | u128::from(*word))
    }
}

/// What an address is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKey {
    /// The number itself.
    Phone(u64),
    /// An opaque address.
    Text(TextKey),
}

static HASHES: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);

/// The key of a text.
pub fn text_key(text: &str) -> TextKey {
    let [high, low] = &*HASHES;
    let low = low.hash_one(text);
    #[expect(clippy::cast_possible_truncation, reason = "words are wanted, and 18 bits of the last")]
    TextKey([low as u32, (low >> 32) as u32, high.hash_one(text) as u32])
}

/// The key of an address.
pub fn address_key(address: &Address) -> AddressKey {
    match address {
        Address::Phone(digits) if digits >> NUMBER_BITS == 0 => AddressKey::Phone(*digits),
        Address::Phone(digits) => AddressKey::Text(text_key(&digits.to_string())),
        Address::Opaque(text) => AddressKey::Text(text_key(text)),
    }
}

/// The bits of a number that are kept: 17 digits. None that is valid has more; one that had would be a text.
const NUMBER_BITS: u32 = Packed::<6>::BITS;

/// A number as a key that is spread evenly: every step can be undone, so no two numbers share theirs.
fn spread(number: u64) -> u128 {
    const MASK: u64 = (1 << NUMBER_BITS) - 1;
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) & MASK;
    let mixed = (mixed ^ (mixed >> (NUMBER_BITS / 2))).wrapping_mul(0xBF58_476D_1CE4_E5B9) & MASK;
    u128::from(mixed ^ (mixed >> (NUMBER_BITS / 2)))
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
    phones: Packed<6>,
    texts: Packed<9>,
    ids: Packed<9>,
}

impl Claimed {
    /// There will be messages to about so many people in the end: with phone numbers or without, and with identities or
    /// without. Whatever grows makes room for its share of them at once.
    pub fn expect(&mut self, people: u64, has_phones: bool, has_ids: bool) {
        match has_phones {
            true => self.phones.expect(people),
            false => self.texts.expect(people),
        }
        if has_ids {
            self.ids.expect(people);
        }
    }

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
            AddressKey::Phone(digits) => self.phones.get(spread(*digits)),
            AddressKey::Text(key) => self.texts.get(key.bits()),
        }
    }

    /// The line of the message to this identity.
    pub fn line_of_id(&self, id: &TextKey) -> Option<u64> {
        self.ids.get(id.bits())
    }

    /// Fetches what questions about these will need from memory. Asked one by one, with other work between them, each
    /// would wait for it alone. What is returned means nothing.
    pub fn fetch<'k>(&self, keys: impl Iterator<Item = (&'k AddressKey, Option<&'k TextKey>)>) -> u8 {
        keys.fold(0, |all, (address, id)| {
            let address = match address {
                AddressKey::Phone(digits) => self.phones.touch(spread(*digits)),
                AddressKey::Text(key) => self.texts.touch(key.bits()),
            };
            all ^ address ^ id.map_or(0, |id| self.ids.touch(id.bits()))
        })
    }

    /// How many addresses have a message.
    pub fn len(&self) -> u64 {
        (self.phones.len() + self.texts.len()) as u64
    }

    /// Whether nobody has one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Remembers a message that is planned, unless the address or the identity has one.
    ///
    /// # Errors
    /// As [`Claimed::duplicate`] says; nothing is remembered then.
    pub fn claim(&mut self, address: &AddressKey, id: Option<&TextKey>, line: u64) -> Result<(), Duplicate> {
        let at = match address {
            AddressKey::Phone(digits) => self.phones.seat(spread(*digits)),
            AddressKey::Text(key) => self.texts.seat(key.bits()),
        };
        let at = at.map_err(Duplicate::Address)?;
        if let Some(id) = id {
            let seat = self.ids.seat(id.bits()).map_err(Duplicate::Id)?;
            self.ids.take(seat, line);
        }
        match address {
            AddressKey::Phone(_) => self.phones.take(at, line),
            AddressKey::Text(_) => self.texts.take(at, line),
        }
        Ok(())
    }

    /// Remembers a message to an address that may have one: the earlier one is forgotten.
    pub fn claim_again(&mut self, address: &AddressKey, line: u64) {
        match address {
            AddressKey::Phone(digits) => self.phones.replace(spread(*digits), line),
            AddressKey::Text(key) => self.texts.replace(key.bits(), line),
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
        assert_eq!(claimed.claim(&one, Some(&a), 2), Ok(()));
        assert_eq!(claimed.claim(&one, Some(&b), 3), Err(Duplicate::Address(2)));
        assert_eq!(claimed.claim(&two, Some(&a), 4), Err(Duplicate::Id(2)));
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
    fn numbers_in_a_row_are_spread_and_stay_apart() {
        let spread: Vec<u128> = (0..100_000).map(|at| spread(254_712_000_000 + at)).collect();
        let different: std::collections::HashSet<u128> = spread.iter().copied().collect();
        assert_eq!(different.len(), spread.len());
        let in_part = |part| spread.iter().filter(|key| *key >> (NUMBER_BITS - 4) == part).count();
        assert!((0..16).all(|part| (5_600..6_900).contains(&in_part(part))));
    }

    #[test]
    fn a_number_beyond_all_is_a_text() {
        let key = |digits| address_key(&Address::Phone(digits));
        assert_ne!(key(u64::MAX), key(u64::MAX - (1 << NUMBER_BITS)));
        assert!(matches!(key(u64::MAX), AddressKey::Text(_)));
        assert_eq!(key(99_999_999_999_999_999), AddressKey::Phone(99_999_999_999_999_999));
    }

    #[test]
    fn all_bits_of_a_number_count() {
        let mut claimed = Claimed::default();
        claimed.claim(&AddressKey::Phone(5), None, 1).unwrap();
        assert_eq!(claimed.duplicate(&AddressKey::Phone(5 + (1 << 32)), None), None);
    }
}
