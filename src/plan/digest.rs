//! One number for a whole plan: SHA-256 over the SHA-256 of every message, in order. The inner ones are
//! made by the workers, so that putting them together is cheap.

use std::io::Write as _;

use sha2::{Digest, Sha256};

use super::Whereabouts;

/// A SHA-256.
pub type Hash = [u8; 32];

/// The digest of one message, and of the zones by whose clocks it goes, where those are its recipient's. Lengths go in
/// front, so that no two messages share their bytes; `bytes` is where they are put together, for one piece is hashed
/// faster than six.
pub(super) fn message(message: [&str; 3], whereabouts: Option<Whereabouts>, bytes: &mut Vec<u8>) -> Hash {
    bytes.clear();
    for part in message {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    for zone in whereabouts.iter().flat_map(Whereabouts::zones) {
        // Writing into memory does not fail, and no zone has a zero byte in its name. Who is nowhere has none.
        let _ = write!(bytes, "{zone}\0");
    }
    bytes.extend(whereabouts.map(|_| 0));
    Sha256::digest(bytes).into()
}

/// The digest of a plan in the making.
#[derive(Debug, Clone, Default)]
pub(super) struct Fold(Sha256);

impl Fold {
    /// Adds the next message.
    pub(super) fn add(&mut self, message: &Hash) {
        self.0.update(message);
    }

    /// The digest of all messages added.
    pub(super) fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_and_order_count() {
        let message = |id, address, text| message([id, address, text], None, &mut Vec::new());
        assert_ne!(message("ab", "c", "d"), message("a", "bc", "d"));
        assert_ne!(message("a", "b", ""), message("a", "", "b"));
        let zone = |name: &str| Some(Whereabouts::In(crate::schedule::Zone::named(name).unwrap()));
        let [nairobi, lagos] = ["Africa/Nairobi", "Africa/Lagos"]
            .map(|name| self::message(["a", "b", "c"], zone(name), &mut Vec::new()));
        assert_ne!(nairobi, lagos, "the same at another time");
        assert_ne!(nairobi, message("a", "b", "c"));
        let fold = |all: [Hash; 2]| {
            let mut fold = Fold::default();
            all.iter().for_each(|one| fold.add(one));
            fold.finish()
        };
        assert_ne!(fold([[1; 32], [2; 32]]), fold([[2; 32], [1; 32]]));
    }
}
