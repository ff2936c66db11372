//! What became of messages that a gateway accepted, as far as it told: an overlay. No state changes by it.

use super::message::MessageKey;

/// What a gateway knows of an accepted message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReceiptStatus {
    /// It has arrived.
    Delivered,
    /// It will not arrive.
    Failed,
}

impl ReceiptStatus {
    /// Both, in the order of the codes.
    pub const ALL: [Self; 2] = [Self::Delivered, Self::Failed];

    /// The number that stands for it in the state; frozen.
    pub const fn code(self) -> u8 {
        match self {
            Self::Delivered => 1,
            Self::Failed => 2,
        }
    }

    /// The status of a code; `None` for a code that no version of ours wrote.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// The word for it in public output; frozen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// What is known after this was told. Receipts come late and out of order: what has arrived has arrived, and one
    /// that was given up may arrive after all.
    pub const fn after(self, known: Option<Self>) -> Self {
        match known {
            Some(Self::Delivered) => Self::Delivered,
            Some(Self::Failed) | None => self,
        }
    }
}

/// What a gateway told of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Which message.
    pub key: MessageKey,
    /// What became of it.
    pub status: ReceiptStatus,
    /// Why; takes the place of the reason before.
    pub reason: Option<String>,
    /// When it happened, or else when we were told, in Unix milliseconds.
    pub at_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::ReceiptStatus::{Delivered, Failed};
    use super::*;

    #[test]
    fn codes_and_names_are_frozen() {
        let written = ReceiptStatus::ALL.map(|one| (one.code(), one.name()));
        assert_eq!(written, [(1, "delivered"), (2, "failed")]);
        assert_eq!([0, 1, 2, 3].map(ReceiptStatus::from_code), [None, Some(Delivered), Some(Failed), None]);
    }

    #[test]
    fn what_was_delivered_never_fails_any_more() {
        assert_eq!(
            [None, Some(Failed), Some(Delivered)].map(|known| Failed.after(known)),
            [Failed, Failed, Delivered]
        );
        assert_eq!([None, Some(Failed), Some(Delivered)].map(|known| Delivered.after(known)), [Delivered; 3]);
    }
}
