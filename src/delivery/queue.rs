//! Messages waiting to be sent by this process: claimed ones in the order of the plan, and those that come
//! back for another attempt when their pause is over.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use super::message::{MessageKey, Parcel};

/// What messages of one request must have in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Alike {
    /// The text.
    pub text: bool,
    /// The time from which on they may not arrive any more, by whichever clock that is.
    pub closing: bool,
}

/// What waits.
#[derive(Debug, Default)]
pub struct Queue {
    ready: VecDeque<Parcel>,
    later: BinaryHeap<Reverse<Later>>,
}

#[derive(Debug)]
struct Later {
    at: Duration,
    parcel: Parcel,
}

impl Later {
    fn rank(&self) -> (Duration, MessageKey) {
        (self.at, self.parcel.message.key)
    }
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Later {}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Later {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl Queue {
    /// Adds what was claimed, behind what waits.
    pub fn push(&mut self, parcel: Parcel) {
        self.ready.push_back(parcel);
    }

    /// Adds one that may go again at `at`.
    pub fn push_later(&mut self, parcel: Parcel, at: Duration) {
        self.later.push(Reverse(Later { at, parcel }));
    }

    /// Moves those whose pause is over to the front.
    pub fn wake(&mut self, now: Duration) {
        let mut due = Vec::new();
        while self.later.peek().is_some_and(|Reverse(later)| later.at <= now) {
            due.extend(self.later.pop().map(|Reverse(later)| later.parcel));
        }
        due.sort_by_key(|parcel| Reverse(parcel.message.key));
        due.into_iter().for_each(|parcel| self.ready.push_front(parcel));
    }

    /// Takes all that waits out, in no order; those that were to go later with the time.
    pub fn clear(&mut self) -> impl Iterator<Item = (Parcel, Option<Duration>)> + '_ {
        let ready = self.ready.drain(..).map(|parcel| (parcel, None));
        ready.chain(self.later.drain().map(|Reverse(later)| (later.parcel, Some(later.at))))
    }

    /// When the next pause is over.
    pub fn next_wake(&self) -> Option<Duration> {
        self.later.peek().map(|Reverse(later)| later.at)
    }

    /// How many could go now.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// How many wait for anything.
    pub fn len(&self) -> usize {
        self.ready.len() + self.later.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes up to `max`: the first, and those behind it that have its text and its closing where `alike` says so. Texts
    /// are neighbours; clocks lie mixed, so those that close at another time are passed over, and keep their places. While
    /// more may be claimed (`open`), a group that reaches the end of the queue is left: its neighbours may be about to come.
    pub fn take_group(&mut self, max: usize, open: bool, alike: Alike) -> Vec<Parcel> {
        let Some(first) = self.ready.front() else { return Vec::new() };
        let (text, closes) = (first.message.key.text, first.closes);
        let of_text = |parcel: &&Parcel| !alike.text || parcel.message.key.text == text;
        let fits = |parcel: &Parcel| !alike.closing || parcel.closes == closes;
        let (mut seen, mut length) = (0, 0);
        for parcel in self.ready.iter().take_while(of_text) {
            if length == max {
                break;
            }
            seen += 1;
            length += usize::from(fits(parcel));
        }
        if open && length < max && seen == self.ready.len() {
            return Vec::new();
        }
        if seen == length {
            return self.ready.drain(..length).collect();
        }
        let (group, others): (Vec<_>, Vec<_>) = self.ready.drain(..seen).partition(fits);
        others.into_iter().rev().for_each(|parcel| self.ready.push_front(parcel));
        group
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::delivery::message::Claimed;

    const TEXT: Alike = Alike { text: true, closing: false };
    const BOTH: Alike = Alike { text: true, closing: true };

    fn parcel(text: i64, seq: i64) -> Parcel {
        Parcel::new(Claimed {
            key: MessageKey { text, seq },
            recipient: seq.to_string().into(),
            address: format!("+2547{seq:08}").into(),
            text: "t".into(),
            segments: 1,
            part: None,
            attempts: 0,
            second_copy: false,
            clock: None,
        })
    }

    fn seqs(parcels: &[Parcel]) -> Vec<i64> {
        parcels.iter().map(|parcel| parcel.message.key.seq).collect()
    }

    #[test]
    fn groups_have_one_text_and_wait_for_their_neighbours() {
        let mut queue = Queue::default();
        [parcel(1, 1), parcel(1, 2), parcel(2, 3), parcel(2, 4)].into_iter().for_each(|one| queue.push(one));
        assert_eq!(seqs(&queue.take_group(10, true, TEXT)), [1, 2]);
        assert_eq!(seqs(&queue.take_group(10, true, TEXT)), Vec::<i64>::new());
        assert_eq!(seqs(&queue.take_group(1, true, TEXT)), [3]);
        assert_eq!(seqs(&queue.take_group(10, false, TEXT)), [4]);
        assert!(queue.is_empty());
    }

    #[test]
    fn groups_that_close_at_one_time_pass_others_over_and_leave_them_in_order() {
        let (mut queue, closes) = (Queue::default(), |hour| DateTime::from_timestamp(hour * 3600, 0));
        for seq in 1..=9 {
            queue.push(Parcel { closes: closes(seq % 3), ..parcel(1, seq) });
        }
        queue.push(Parcel { closes: closes(1), ..parcel(2, 10) });
        assert_eq!(seqs(&queue.take_group(2, true, BOTH)), [1, 4]);
        assert_eq!(seqs(&queue.take_group(9, true, BOTH)), [2, 5, 8], "all of its text are here");
        assert_eq!(seqs(&queue.take_group(9, true, Alike { text: false, closing: true })), Vec::<i64>::new());
        assert_eq!(seqs(&queue.take_group(9, false, Alike { text: false, closing: true })), [3, 6, 9]);
        assert_eq!(seqs(&queue.take_group(9, false, Alike { text: false, closing: true })), [7, 10]);
    }

    #[test]
    fn groups_of_many_texts_wait_only_to_be_full() {
        let mut queue = Queue::default();
        [parcel(1, 1), parcel(2, 2), parcel(3, 3)].into_iter().for_each(|one| queue.push(one));
        assert_eq!(seqs(&queue.take_group(2, true, Alike::default())), [1, 2]);
        assert_eq!(seqs(&queue.take_group(2, true, Alike::default())), Vec::<i64>::new());
        assert_eq!(seqs(&queue.take_group(2, false, Alike::default())), [3]);
    }

    #[test]
    fn those_that_come_back_go_first_and_in_order() {
        let mut queue = Queue::default();
        queue.push(parcel(9, 9));
        queue.push_later(parcel(2, 2), Duration::from_secs(5));
        queue.push_later(parcel(1, 1), Duration::from_secs(6));
        queue.push_later(parcel(3, 3), Duration::from_secs(60));
        assert_eq!(queue.next_wake(), Some(Duration::from_secs(5)));
        queue.wake(Duration::from_secs(4));
        assert_eq!(queue.ready(), 1);
        queue.wake(Duration::from_secs(10));
        assert_eq!(queue.ready(), 3);
        assert_eq!(seqs(&queue.take_group(1, false, TEXT)), [1]);
        assert_eq!(seqs(&queue.take_group(1, false, TEXT)), [2]);
        assert_eq!(seqs(&queue.take_group(1, false, TEXT)), [9]);
        assert_eq!(queue.len(), 1);
    }
}
