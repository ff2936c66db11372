//! How a message that waits for a decision is taken out of there by somebody's word.

use super::state::{Event, State};

/// What was decided about messages of which nobody knew whether they were sent, or by whose clock they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// They count as sent.
    AssumeSent,
    /// They may be sent again: somebody may get two.
    Resend,
    /// They were found in the gateway's own list.
    Reconciled,
    /// They were held, and go by the clock of a zone.
    Placed,
    /// They were held, and are not sent.
    GivenUp,
}

impl Resolution {
    /// The word for it, on disk and in public output; frozen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AssumeSent => "assumed sent",
            Self::Resend => "resend",
            Self::Reconciled => "reconciled",
            Self::Placed => "time zone",
            Self::GivenUp => "given up",
        }
    }

    /// Which messages it is about.
    pub const fn about(self) -> State {
        match self {
            Self::AssumeSent | Self::Resend | Self::Reconciled => State::Unknown,
            Self::Placed | Self::GivenUp => State::Held,
        }
    }

    /// What it does to such a message.
    pub const fn event(self) -> Event {
        match self {
            Self::AssumeSent => Event::AssumeSent,
            Self::Resend => Event::Resend,
            Self::Reconciled => Event::FoundAccepted,
            Self::Placed => Event::Release,
            Self::GivenUp => Event::Expire,
        }
    }
}
