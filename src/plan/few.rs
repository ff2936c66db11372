//! Which of the things that were found in a batch are of one message.

use std::ops::Range;

/// See the module; in few bytes: there are as many as rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Few {
    first: u32,
    count: u16,
}

impl Few {
    /// Those from one to another.
    pub(super) fn new(range: &Range<usize>) -> Self {
        let first = u32::try_from(range.start).unwrap_or(u32::MAX);
        Self { first, count: u16::try_from(range.len()).unwrap_or(u16::MAX) }
    }

    /// These of all.
    pub(super) fn of<T>(self, all: &[T]) -> &[T] {
        let first = usize::try_from(self.first).unwrap_or(usize::MAX);
        all.get(first..first.saturating_add(usize::from(self.count))).unwrap_or_default()
    }
}
