//! How two crowds differ, so far as that can be told.

/// How many, as far as that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// So many.
    Exactly(u64),
    /// So many at least.
    AtLeast(u64),
}

/// Why it is not told how two crowds differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untold {
    /// There are too few people in one of them.
    Few,
    /// Too many came or went.
    Many,
}

/// How two crowds differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Why no more is told than how many there are of each.
    pub untold: Option<Untold>,
    /// People only the later one has.
    pub came: Number,
    /// People only the earlier one has.
    pub went: Number,
    /// People of both who read something else.
    pub texts: Number,
}

impl Change {
    /// None at all.
    pub const NONE: Self =
        Self { untold: None, came: Number::Exactly(0), went: Number::Exactly(0), texts: Number::Exactly(0) };

    /// Of crowds of which no more is known than how many people they have.
    pub(super) fn untold(why: Untold, before: u64, after: u64) -> Self {
        let least = |more: u64, fewer: u64| Number::AtLeast(more.saturating_sub(fewer));
        Self {
            untold: Some(why),
            came: least(after, before),
            went: least(before, after),
            texts: Number::AtLeast(0),
        }
    }
}

impl Number {
    /// The least that it can be.
    pub fn least(self) -> u64 {
        match self {
            Self::Exactly(number) | Self::AtLeast(number) => number,
        }
    }

    /// Whether it is nobody, for sure.
    pub fn is_none(self) -> bool {
        self == Self::Exactly(0)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        let sum = self.least() + other.least();
        match (self, other) {
            (Self::Exactly(_), Self::Exactly(_)) => Self::Exactly(sum),
            _ => Self::AtLeast(sum),
        }
    }
}
