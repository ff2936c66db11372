//! What a plan file says of people, locked up: it can be read by who has nearly the same people, as whoever makes the plan
//! again has, and by nobody else. There is a lock for each order of [`super::anchors`], and each of them opens all of it.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::pbkdf2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::anchors::{MOST, ORDERS};

/// What a key takes to be made of a guess: a thousand times the work of one digest, and less than a millisecond.
const ROUNDS: NonZeroU32 = NonZeroU32::new(1024).unwrap();
/// Bytes on a line of a file.
const PIECE: usize = 768;
/// More pieces than ours ever have.
const MOST_PIECES: usize = 256;

/// Bytes in a locked box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// How many people one has to know for a lock: the first of its order.
    #[schemars(range(min = 64, max = 96))]
    pub first: usize,
    /// What each order's people open: the key of the box.
    pub locks: Vec<String>,
    /// The box.
    pub pieces: Vec<String>,
}

type Key = [u8; 32];

impl Sealed {
    /// Locks up some bytes. `secrets` are the first people of each order, and `salt` is what no two plans that differ have
    /// in common: no key is used for two boxes.
    pub(super) fn new(first: usize, secrets: &[Vec<u8>], salt: &str, content: &[u8]) -> Option<Self> {
        let keys: Vec<Key> =
            secrets.iter().enumerate().map(|(order, secret)| key(secret, salt, order)).collect();
        // Nobody can say it who cannot say all of them.
        let of_the_box: Key =
            keys.iter().fold(Sha256::new(), |sha, key| sha.chain_update(key)).finalize().into();
        let locks = keys.iter().map(|key| Some(STANDARD.encode(shut(key, &of_the_box)?)));
        let pieces = shut(&of_the_box, content)?.chunks(PIECE).map(|piece| STANDARD.encode(piece)).collect();
        Some(Self { first, locks: locks.collect::<Option<_>>()?, pieces })
    }

    /// The bytes, for who has enough of the same people.
    pub(super) fn open(&self, secrets: &[Vec<u8>], salt: &str) -> Option<Vec<u8>> {
        let locks = self.locks.iter().zip(secrets).enumerate();
        let of_the_box = locks.into_iter().find_map(|(order, (lock, secret))| {
            Key::try_from(opened(&key(secret, salt, order), STANDARD.decode(lock).ok()?)?).ok()
        })?;
        opened(&of_the_box, self.bytes()?)
    }

    /// Whether it may be ours.
    pub(super) fn is_sound(&self) -> bool {
        let is_lock = |lock: &String| {
            STANDARD
                .decode(lock)
                .is_ok_and(|lock| lock.len() == size_of::<Key>() + CHACHA20_POLY1305.tag_len())
        };
        self.first <= MOST
            && self.locks.len() == ORDERS
            && self.locks.iter().all(is_lock)
            && self.pieces.len() <= MOST_PIECES
            && self.bytes().is_some()
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        let pieces =
            self.pieces.iter().map(|piece| STANDARD.decode(piece).ok().filter(|one| one.len() <= PIECE));
        Some(pieces.collect::<Option<Vec<_>>>()?.concat())
    }
}

/// What opens the lock of an order.
fn key(secret: &[u8], salt: &str, order: usize) -> Key {
    let mut key = Key::default();
    let salt = format!("sendplan people {salt} {order}");
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt.as_bytes(), secret, &mut key);
    key
}

fn shut(key: &Key, content: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = content.to_vec();
    cipher(key)?.seal_in_place_append_tag(never_again(), Aad::empty(), &mut bytes).ok()?;
    Some(bytes)
}

fn opened(key: &Key, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let length = cipher(key)?.open_in_place(never_again(), Aad::empty(), &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

fn cipher(key: &Key) -> Option<LessSafeKey> {
    UnboundKey::new(&CHACHA20_POLY1305, key).ok().map(LessSafeKey::new)
}

/// A key shuts one box in its life, and the same one with the same content: the salt has the digests of all that it is
/// made of.
fn never_again() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(of: &[usize]) -> Vec<Vec<u8>> {
        (0..ORDERS).map(|order| format!("{order} {}", of.contains(&order)).into_bytes()).collect()
    }

    #[test]
    fn one_secret_of_all_is_enough_and_without_any_it_is_shut() {
        let content: Vec<u8> = (0..2000_u32).map(|byte| byte as u8).collect();
        let sealed = Sealed::new(64, &secrets(&[]), "salt", &content).unwrap();
        assert!(sealed.is_sound() && sealed.pieces.len() == 3);
        let all_but = |one: usize| (0..ORDERS).filter(|order| *order != one).collect::<Vec<_>>();
        assert_eq!(sealed.open(&secrets(&all_but(63)), "salt").as_ref(), Some(&content));
        assert_eq!(sealed.open(&secrets(&all_but(ORDERS)), "salt"), None);
        assert_eq!(sealed.open(&secrets(&[]), "other salt"), None);
    }

    #[test]
    fn nothing_of_it_stands_in_another_one() {
        let [one, other] =
            ["one", "other"].map(|salt| Sealed::new(64, &secrets(&[]), salt, &[0; 2000]).unwrap());
        let mut all: Vec<&String> =
            [&one, &other].into_iter().flat_map(|sealed| sealed.locks.iter().chain(&sealed.pieces)).collect();
        let lines = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), lines);
    }

    #[test]
    fn what_was_edited_is_shut_or_is_none_of_ours() {
        let sealed = Sealed::new(64, &secrets(&[]), "salt", b"content").unwrap();
        let mut torn = sealed.clone();
        torn.pieces[0] = STANDARD.encode(b"another content of it");
        assert!(torn.is_sound() && torn.open(&secrets(&[]), "salt").is_none());
        for edit in [
            (|it: &mut Sealed| it.locks.truncate(63)) as fn(&mut Sealed),
            |it| it.locks[0] = "AA==".to_owned(),
            |it| it.pieces[0] = "?".to_owned(),
            |it| it.pieces = vec![String::new(); 257],
            |it| it.first = 97,
        ] {
            let mut other = sealed.clone();
            edit(&mut other);
            assert!(!other.is_sound(), "{other:?}");
        }
    }
}
