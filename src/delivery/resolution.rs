//! How an unknown message is taken out of there by somebody's word.

use super::state::Event;

/// What was decided about messages of which nobody knew whether they were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// They count as sent.
    AssumeSent,
    /// They may be sent again: somebody may get two.
    Resend,
    /// They were found in the gateway's own list.
    Reconciled,
}

impl Resolution {
    /// The word for it, on disk and in public output; frozen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AssumeSent => "assumed sent",
            Self::Resend => "resend",
            Self::Reconciled => "reconciled",
        }
    }

    /// What it does to an unknown message.
    pub const fn event(self) -> Event {
        match self {
            Self::AssumeSent => Event::AssumeSent,
            Self::Resend => Event::Resend,
            Self::Reconciled => Event::FoundAccepted,
        }
    }
}
