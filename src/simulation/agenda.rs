//! What is to come, in the order of (time, sequence): of two things at one time the one that was said first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// See the module.
#[derive(Debug)]
pub struct Agenda<T> {
    coming: BinaryHeap<Reverse<Timed<T>>>,
    sequence: u64,
}

#[derive(Debug)]
struct Timed<T> {
    at: Duration,
    sequence: u64,
    what: T,
}

impl<T> PartialEq for Timed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Timed<T> {}

impl<T> PartialOrd for Timed<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Timed<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { coming: BinaryHeap::new(), sequence: 0 }
    }
}

impl<T> Agenda<T> {
    /// Something will happen at its time.
    pub fn add(&mut self, at: Duration, what: T) {
        self.sequence += 1;
        self.coming.push(Reverse(Timed { at, sequence: self.sequence, what }));
    }

    /// What is next, and when.
    pub fn peek(&self) -> Option<(Duration, &T)> {
        self.coming.peek().map(|Reverse(one)| (one.at, &one.what))
    }

    /// What is next; it happens now.
    pub fn pop(&mut self) -> Option<T> {
        self.coming.pop().map(|Reverse(one)| one.what)
    }

    /// All that was to come, in no order.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.coming.drain().map(|Reverse(one)| one.what)
    }
}
