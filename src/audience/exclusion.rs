//! Why somebody on the file gets nothing. Every row that is not a message is one of these.

use crate::audience::number_type::NumberType;
use crate::audience::place::Place;
use crate::audience::unreadable::AddressError;
use std::sync::Arc;

/// The reason why a row is no message. Lines are physical lines of the file, from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Exclusion {
    /// More or fewer cells than the header has.
    #[error(
        "the row has {found} {}, the header has {expected}: column {} {}",
        if *.found == 1 { "cell" } else { "cells" },
        .found.min(.expected) + 1,
        if .found < .expected { "is missing" } else { "has no name" }
    )]
    Ragged {
        /// Cells of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// The address cannot be read.
    #[error("{0}")]
    InvalidAddress(#[from] AddressError),
    /// The number is none of the types that the campaign is meant for.
    #[error("the number is {0}, which `allow_types` leaves out")]
    NumberType(NumberType),
    /// The column of identities is empty here.
    #[error("the id is empty")]
    EmptyId,
    /// The message of another row goes to the same address.
    #[error("the same address as {kept}")]
    DuplicateAddress {
        /// Where that message comes from.
        kept: Place,
    },
    /// The message of another row goes to the same identity at another address.
    #[error("the same id as {kept}, with another address")]
    DuplicateId {
        /// Where that message comes from.
        kept: Place,
    },
    /// The address is on a suppression list.
    #[error("on the suppression list {list}")]
    Suppressed {
        /// The list's name.
        list: Arc<str>,
    },
    /// `where` is false for the row.
    #[error("`where` does not select the row")]
    Filtered,
    /// The person is not in the share of the people that is asked for.
    #[error("not in the share that `sample` keeps")]
    NotSampled,
    /// `where` cannot be decided for the row, so nobody can say whether the person is meant.
    #[error("`where` fails on the row: {message}")]
    FilterFailed {
        /// What went wrong.
        message: String,
    },
    /// The template cannot be rendered for the row.
    #[error("the message cannot be rendered: {message}")]
    RenderFailed {
        /// What went wrong.
        message: String,
    },
    /// The message has something that nobody means to send.
    #[error("the message has {what} at character {at}")]
    UnsoundText {
        /// What it has, in words.
        what: &'static str,
        /// Where, in characters from 1.
        at: usize,
    },
    /// The message has nothing but white space.
    #[error("the message is empty")]
    EmptyMessage,
}

/// What a reason counts as in the totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Something is wrong with the row; counts against `max_rejected`.
    Rejected,
    /// A second copy for somebody who has a message.
    Duplicate,
    /// Somebody who must not be written to.
    Suppressed,
    /// Somebody who was not asked for.
    Filtered,
}

impl Exclusion {
    /// The kind of those who are on a suppression list.
    pub const SUPPRESSED: &'static str = "suppressed";

    /// Every kind with what it counts as, in the order in which a row is checked. The names are stable:
    /// machines read them.
    pub const KINDS: [(&'static str, Class); 13] = [
        ("ragged", Class::Rejected),
        ("filter-failed", Class::Rejected),
        ("filtered", Class::Filtered),
        ("invalid-address", Class::Rejected),
        ("number-type", Class::Filtered),
        ("empty-id", Class::Rejected),
        ("not-sampled", Class::Filtered),
        (Self::SUPPRESSED, Class::Suppressed),
        ("duplicate-address", Class::Duplicate),
        ("duplicate-id", Class::Duplicate),
        ("render-failed", Class::Rejected),
        ("empty-message", Class::Rejected),
        ("unsound-text", Class::Rejected),
    ];

    /// The place of this reason in [`Exclusion::KINDS`].
    pub fn index(&self) -> usize {
        match self {
            Self::Ragged { .. } => 0,
            Self::FilterFailed { .. } => 1,
            Self::Filtered => 2,
            Self::InvalidAddress(_) => 3,
            Self::NumberType(_) => 4,
            Self::EmptyId => 5,
            Self::NotSampled => 6,
            Self::Suppressed { .. } => 7,
            Self::DuplicateAddress { .. } => 8,
            Self::DuplicateId { .. } => 9,
            Self::RenderFailed { .. } => 10,
            Self::EmptyMessage => 11,
            Self::UnsoundText { .. } => 12,
        }
    }

    /// The stable name of this reason for machines.
    pub fn kind(&self) -> &'static str {
        Self::KINDS[self.index()].0
    }

    /// The name of a kind in people's words.
    pub fn words(kind: &str) -> &str {
        match kind {
            "ragged" => "too many or too few cells",
            "filter-failed" => "`where` cannot be decided",
            "filtered" => "left out by `where`",
            "invalid-address" => "no valid address",
            "number-type" => "left out by `allow_types`",
            "empty-id" => "no id",
            "not-sampled" => "left out by `sample`",
            Self::SUPPRESSED => "on a suppression list",
            "duplicate-address" => "same address as another row",
            "duplicate-id" => "same id as another row",
            "render-failed" => "the text cannot be rendered",
            "empty-message" => "the text is empty",
            "unsound-text" => "control characters or braces in the text",
            other => other,
        }
    }

    /// What it counts as.
    pub fn class(&self) -> Class {
        Self::KINDS[self.index()].1
    }
}
