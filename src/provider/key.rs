//! The key of a message: the same on every machine and however often the message is sent, different for every
//! other message. Gateways that honour an idempotency key carry a message out once by it.

use sha2::{Digest, Sha256};

/// The key of a message, as 32 hexadecimal digits: `run` is what tells the run from every other one, `recipient`
/// the identity, `part` the number of the part of a longer text, 0 for a whole one.
pub fn key(run: &str, recipient: &str, part: u8) -> String {
    let mut digest = Sha256::new();
    // Lengths first: no two pairs of texts are the same bytes.
    for text in [run, recipient] {
        digest.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(text.as_bytes());
    }
    digest.update([part]);
    digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_frozen_and_differ() {
        // Frozen: a resume after an update must find the same key.
        assert_eq!(key("sale once", "42", 0), "6f3274e8d641d6ea8353a8b7128f74a6");
        let others = [key("sale", "42", 1), key("sale", "4", 2), key("sal", "e42", 0), key("sale4", "2", 0)];
        assert!(others.iter().all(|one| one.len() == 32 && *one != key("sale", "42", 0)));
    }
}
