//! What examples of a profile lack, in people's words.

use crate::provider::example::Example;

/// A profile whose examples do not suffice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MimicError {
    /// No usable example of an exchange.
    #[error("the profile has no example of {what} (`exchange: {exchange}`, {expect}); add one")]
    NoExample {
        /// Which exchange.
        exchange: &'static str,
        /// In words.
        what: &'static str,
        /// What it has to expect.
        expect: &'static str,
    },
    /// The profile makes no request of an example.
    #[error("the profile makes no request of the example `{example}`: {why}")]
    NoRequest {
        /// Its name.
        example: String,
        /// Why not.
        why: String,
    },
    /// Something of an example cannot be found in its request.
    #[error(
        "in the example `{example}` {what} cannot be found in the request; give values that stand there as they \
         are and nowhere else, and each recipient another one"
    )]
    NotInRequest {
        /// Its name.
        example: String,
        /// What cannot be found.
        what: &'static str,
    },
    /// Something of an example cannot be found in its answer.
    #[error(
        "in the example `{example}` {what} cannot be found in the answer; record it there as it is sent back"
    )]
    NotInAnswer {
        /// Its name.
        example: String,
        /// What cannot be found.
        what: &'static str,
    },
    /// What the sandbox learned does not answer as the example did.
    #[error(
        "answered like the example `{example}`, the profile reads {found}; give the addresses, texts and ids in \
         it values of their own (at least six characters inside longer texts), the same in request and answer"
    )]
    Misread {
        /// Its name.
        example: String,
        /// What the profile reads.
        found: String,
    },
}

impl MimicError {
    pub(super) fn no_login() -> Self {
        Self::NoExample {
            exchange: "login",
            what: "a log-in that gives a token",
            expect: "`class: accepted`",
        }
    }

    pub(super) fn no_request(example: &Example, why: String) -> Self {
        Self::NoRequest { example: example.name.clone(), why }
    }

    pub(super) fn not_in_request(example: &Example, what: &'static str) -> Self {
        Self::NotInRequest { example: example.name.clone(), what }
    }

    pub(super) fn not_in_answer(example: &Example, what: &'static str) -> Self {
        Self::NotInAnswer { example: example.name.clone(), what }
    }

    pub(super) fn misread(example: &Example, found: String) -> Self {
        Self::Misread { example: example.name.clone(), found }
    }
}
