//! What the simulated gateway keeps of a whole rehearsal: three bytes a message, and counts by the quarter of an hour and
//! the clock. Every zone's hours are made of such quarters. Whether a message came in its hours is asked here of the hours
//! themselves, when it arrives: not of the engine, which decides when it leaves.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::delivery::message::MessageKey;
use crate::delivery::state::State;
use crate::schedule::Hours;

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

impl Quarter {
    /// Adds another one.
    pub fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.taken += other.taken;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.unknown += other.unknown;
    }
}

/// The number of a clock in the book; 0 is the campaign's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dial(u16);

impl Dial {
    /// Its place among the clocks that were added, from 0; nothing for the campaign's.
    pub fn of_their_own(self) -> Option<usize> {
        usize::from(self.0).checked_sub(1)
    }
}

/// Those who go by one clock.
#[derive(Debug, Default)]
struct Theirs {
    hours: Hours,
    /// A stretch of time that is known to lie in them.
    open: Option<(DateTime<Utc>, DateTime<Utc>)>,
    left: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// See the module.
#[derive(Debug)]
pub struct Book {
    /// How often each message was taken, by its place in the plan.
    times: Vec<u8>,
    /// By whose clock it goes; nothing where all go by the campaign's.
    dials: Vec<Dial>,
    clocks: Vec<Theirs>,
    quarters: BTreeMap<(i64, Dial), Quarter>,
    /// What left in the last second, and how many that were.
    recent: VecDeque<(Duration, u64)>,
    in_recent: u64,
    /// Messages that left, each as often as it did.
    pub sent: u64,
    /// Messages that were taken, once or more often.
    pub taken: u64,
    /// Messages that were taken more often than once.
    pub twice: u64,
    /// Messages that were taken outside the hours of their clock.
    pub outside: u64,
    /// The most that left within any one second.
    pub busiest: u64,
    /// When the first request left, and the last.
    pub left: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Theirs {
    /// Whether something may arrive at a time.
    fn is_right(&mut self, utc: DateTime<Utc>) -> bool {
        if self.open.is_some_and(|(from, to)| from <= utc && utc < to) {
            return true;
        }
        self.open = stretch(&self.hours, utc);
        self.open.is_some()
    }
}

/// From a time until something ends the hours that it lies in, if it lies in them.
fn stretch(hours: &Hours, utc: DateTime<Utc>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    if hours.starts.is_some_and(|starts| utc < starts) {
        return None;
    }
    let mut ends = hours.until.unwrap_or(DateTime::<Utc>::MAX_UTC);
    for window in &hours.windows {
        ends = ends.min(window.closes(utc)?);
    }
    (utc < ends).then_some((utc, ends))
}

impl Book {
    /// An empty one for so many messages, with the hours of those who go by the campaign's clock.
    pub fn new(messages: usize, hours: Hours) -> Self {
        Self {
            times: vec![0; messages],
            dials: Vec::new(),
            clocks: vec![Theirs { hours, ..Theirs::default() }],
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

    /// Another clock with its hours; nothing where there are too many.
    pub fn add_clock(&mut self, hours: Hours) -> Option<Dial> {
        let dial = u16::try_from(self.clocks.len()).ok().map(Dial)?;
        self.clocks.push(Theirs { hours, ..Theirs::default() });
        Some(dial)
    }

    /// A message goes by a clock of its own.
    pub fn goes_by(&mut self, key: MessageKey, dial: Dial) {
        self.dials.resize(self.times.len(), Dial::default());
        if let Some(slot) = place(key).and_then(|place| self.dials.get_mut(place)) {
            *slot = dial;
        }
    }

    /// By whose clock a message goes.
    pub fn dial(&self, key: MessageKey) -> Dial {
        place(key).and_then(|place| self.dials.get(place).copied()).unwrap_or_default()
    }

    /// A request with these messages leaves.
    pub fn sends(&mut self, members: impl Iterator<Item = MessageKey>, at: Duration, utc: DateTime<Utc>) {
        let mut messages = 0;
        for key in members {
            let dial = self.dial(key);
            self.quarter(utc, dial).sent += 1;
            if let Some(theirs) = self.clocks.get_mut(usize::from(dial.0)) {
                theirs.left = Some((theirs.left.map_or(utc, |(first, _)| first), utc));
            }
            messages += 1;
        }
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
        let dial = self.dial(key);
        self.quarter(utc, dial).taken += 1;
        let right = self.clocks.get_mut(usize::from(dial.0)).is_some_and(|theirs| theirs.is_right(utc));
        self.outside += u64::from(!right);
        let Some(times) = place(key).and_then(|place| self.times.get_mut(place)) else { return };
        *times = times.saturating_add(1);
        match times {
            1 => self.taken += 1,
            2 => self.twice += 1,
            _ => {}
        }
    }

    /// The state came to know how a message ended.
    pub fn ends(&mut self, key: MessageKey, state: State, utc: DateTime<Utc>) {
        let dial = self.dial(key);
        let quarter = self.quarter(utc, dial);
        match state {
            State::Accepted => quarter.accepted += 1,
            State::Rejected => quarter.rejected += 1,
            State::Unknown => quarter.unknown += 1,
            _ => {}
        }
    }

    /// How often a message was taken.
    pub fn times(&self, key: MessageKey) -> u8 {
        place(key).and_then(|place| self.times.get(place).copied()).unwrap_or(0)
    }

    /// The quarters of an hour in which something happened, by when they began: of everybody, or of one clock.
    pub fn quarters(&self, only: Option<Dial>) -> Vec<(DateTime<Utc>, Quarter)> {
        let mut all: Vec<(DateTime<Utc>, Quarter)> = Vec::new();
        for ((at, dial), quarter) in &self.quarters {
            if only.is_some_and(|only| only != *dial) {
                continue;
            }
            let began = DateTime::from_timestamp(at * QUARTER, 0).unwrap_or_default();
            match all.last_mut().filter(|(last, _)| *last == began) {
                Some((_, sum)) => sum.add(*quarter),
                None => all.push((began, *quarter)),
            }
        }
        all
    }

    /// When the first request left with somebody who goes by a clock, and the last.
    pub fn left(&self, dial: Dial) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.clocks.get(usize::from(dial.0))?.left
    }

    fn quarter(&mut self, utc: DateTime<Utc>, dial: Dial) -> &mut Quarter {
        self.quarters.entry((utc.timestamp().div_euclid(QUARTER), dial)).or_default()
    }
}

fn place(key: MessageKey) -> Option<usize> {
    usize::try_from(key.seq.checked_sub(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Window, Zone};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn key(seq: i64) -> MessageKey {
        MessageKey { text: 1, seq }
    }

    fn morning(zone: Zone) -> Hours {
        let window = Window::new("08:00".parse().unwrap(), "09:00".parse().unwrap(), zone).unwrap();
        Hours { windows: vec![window], ..Hours::default() }
    }

    #[test]
    fn it_counts_who_was_taken_how_often_and_when() {
        let mut book = Book::new(2, morning(Zone::UTC));
        book.takes(key(1), at("2026-12-01T08:10:00Z"));
        book.takes(key(2), at("2026-12-01T08:20:00Z"));
        assert_eq!((book.taken, book.twice, book.outside), (2, 0, 0));
        book.takes(key(2), at("2026-12-01T09:00:00Z"));
        assert_eq!((book.taken, book.twice, book.outside), (2, 1, 1));
        assert_eq!((book.times(key(1)), book.times(key(2)), book.times(key(3))), (1, 2, 0));
        assert_eq!(book.quarters(None).len(), 3);
        for millis in [0, 500, 999, 1400, 3000] {
            let ten = std::iter::repeat_n(key(1), 10);
            book.sends(ten, Duration::from_millis(millis), at("2026-12-01T08:10:00Z"));
        }
        assert_eq!((book.sent, book.busiest), (50, 30));
    }

    #[test]
    fn each_message_is_held_against_its_own_clock() {
        let mut book = Book::new(3, Hours::default());
        let nairobi = book.add_clock(morning("Africa/Nairobi".parse().unwrap())).unwrap();
        let span = (Some(at("2026-12-01T07:00:00Z")), Some(at("2026-12-01T08:00:00Z")));
        let once = book.add_clock(Hours { starts: span.0, until: span.1, ..Hours::default() }).unwrap();
        book.goes_by(key(1), nairobi);
        book.goes_by(key(2), once);
        for (time, outside) in [
            ("2026-12-01T04:59:59Z", 2),
            ("2026-12-01T05:30:00Z", 3),
            ("2026-12-01T06:00:00Z", 5),
            ("2026-12-01T07:00:00Z", 6),
            ("2026-12-01T08:00:00Z", 8),
            // The last one goes by the campaign's clock, which never shuts.
        ] {
            (1..=3).for_each(|seq| book.takes(key(seq), at(time)));
            assert_eq!(book.outside, outside, "{time}");
        }
        book.sends([key(1), key(3)].into_iter(), Duration::ZERO, at("2026-12-01T05:30:00Z"));
        assert_eq!(book.left(nairobi), Some((at("2026-12-01T05:30:00Z"), at("2026-12-01T05:30:00Z"))));
        assert_eq!(book.left(once), None);
        let (quarters, theirs) = (book.quarters(None), book.quarters(Some(nairobi)));
        assert_eq!(
            (quarters[1].1, theirs[1].1),
            (
                Quarter { sent: 2, taken: 3, ..Quarter::default() },
                Quarter { sent: 1, taken: 1, ..Quarter::default() }
            )
        );
    }
}
