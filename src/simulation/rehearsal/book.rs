//! What the simulated gateway keeps of a whole rehearsal: a byte a message, and counts by the quarter of an hour. Every
//! zone's hours are made of such quarters.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::delivery::message::MessageKey;
use crate::delivery::state::State;
use crate::schedule::Window;

const SECOND: Duration = Duration::from_secs(1);
const QUARTER: i64 = 900;

/// What happened in a quarter of an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quarter {
    /// Messages that left.
    pub sent: u64,
    /// Messages that the gateway took.
    pub taken: u64,
    /// Messages of which the state came to know that they were accepted.
    pub accepted: u64,
    /// Messages of which it came to know that they were not, for good.
    pub rejected: u64,
    /// Messages that became unknown.
    pub unknown: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Book {
    /// How often each message was taken, by its place in the plan.
    times: Vec<u8>,
    window: Option<Window>,
    /// A stretch of time in which the window is known to be open.
    open: Option<(DateTime<Utc>, DateTime<Utc>)>,
    quarters: BTreeMap<i64, Quarter>,
    /// What left in the last second, and how many that were.
    recent: VecDeque<(Duration, u64)>,
    in_recent: u64,
    /// Messages that left, each as often as it did.
    pub sent: u64,
    /// Messages that were taken, once or more often.
    pub taken: u64,
    /// Messages that were taken more often than once.
    pub twice: u64,
    /// Messages that were taken outside the window.
    pub outside: u64,
    /// The most that left within any one second.
    pub busiest: u64,
    /// When the first request left, and the last.
    pub left: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Book {
    /// An empty one for so many messages, and the hours in which they may come.
    pub fn new(messages: usize, window: Option<Window>) -> Self {
        Self {
            times: vec![0; messages],
            window,
            open: None,
            quarters: BTreeMap::new(),
            recent: VecDeque::new(),
            in_recent: 0,
            sent: 0,
            taken: 0,
            twice: 0,
            outside: 0,
            busiest: 0,
            left: None,
        }
    }

    /// A request with so many messages leaves.
    pub fn sends(&mut self, messages: u64, at: Duration, utc: DateTime<Utc>) {
        self.quarter(utc).sent += messages;
        self.sent += messages;
        self.left = Some((self.left.map_or(utc, |(first, _)| first), utc));
        while let Some((_, gone)) = self.recent.front().copied().filter(|(then, _)| *then + SECOND <= at) {
            self.recent.pop_front();
            self.in_recent -= gone;
        }
        self.recent.push_back((at, messages));
        self.in_recent += messages;
        self.busiest = self.busiest.max(self.in_recent);
    }

    /// The gateway takes a message: it will be sent.
    pub fn takes(&mut self, key: MessageKey, utc: DateTime<Utc>) {
        self.quarter(utc).taken += 1;
        self.outside += u64::from(!self.is_open(utc));
        let place = key.seq.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        let Some(times) = place.and_then(|place| self.times.get_mut(place)) else { return };
        *times = times.saturating_add(1);
        match times {
            1 => self.taken += 1,
            2 => self.twice += 1,
            _ => {}
        }
    }

    /// The state came to know how a message ended.
    pub fn ends(&mut self, state: State, utc: DateTime<Utc>) {
        let quarter = self.quarter(utc);
        match state {
            State::Accepted => quarter.accepted += 1,
            State::Rejected => quarter.rejected += 1,
            State::Unknown => quarter.unknown += 1,
            _ => {}
        }
    }

    /// How often a message was taken.
    pub fn times(&self, key: MessageKey) -> u8 {
        let place = key.seq.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| self.times.get(place).copied()).unwrap_or(0)
    }

    /// The quarters of an hour in which something happened, by when they began.
    pub fn quarters(&self) -> impl Iterator<Item = (DateTime<Utc>, Quarter)> {
        let began = |at: &i64| DateTime::from_timestamp(at * QUARTER, 0).unwrap_or_default();
        self.quarters.iter().map(move |(at, quarter)| (began(at), *quarter))
    }

    fn quarter(&mut self, utc: DateTime<Utc>) -> &mut Quarter {
        self.quarters.entry(utc.timestamp().div_euclid(QUARTER)).or_default()
    }

    fn is_open(&mut self, utc: DateTime<Utc>) -> bool {
        let Some(window) = self.window else { return true };
        if self.open.is_some_and(|(from, to)| from <= utc && utc < to) {
            return true;
        }
        self.open = window.closes(utc).map(|closes| (utc, closes));
        self.open.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_who_was_taken_how_often_and_when() {
        let window =
            Window::new("08:00".parse().unwrap(), "09:00".parse().unwrap(), crate::schedule::Zone::UTC);
        let mut book = Book::new(2, Some(window.unwrap()));
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let key = |seq| MessageKey { text: 1, seq };
        book.takes(key(1), at("2026-12-01T08:10:00Z"));
        book.takes(key(2), at("2026-12-01T08:20:00Z"));
        assert_eq!((book.taken, book.twice, book.outside), (2, 0, 0));
        book.takes(key(2), at("2026-12-01T09:00:00Z"));
        assert_eq!((book.taken, book.twice, book.outside), (2, 1, 1));
        assert_eq!((book.times(key(1)), book.times(key(2)), book.times(key(3))), (1, 2, 0));
        assert_eq!(book.quarters().count(), 3);
        for millis in [0, 500, 999, 1400, 3000] {
            book.sends(10, Duration::from_millis(millis), at("2026-12-01T08:10:00Z"));
        }
        assert_eq!((book.sent, book.busiest), (50, 30));
    }
}
