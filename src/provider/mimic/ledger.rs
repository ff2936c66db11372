//! The messages that the mimic has accepted, as far as somebody may ask for them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

/// How many messages are remembered: those accepted last.
const REMEMBERED: usize = 10_000;

/// An accepted message.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub address: Box<str>,
    pub text: Option<Arc<str>>,
    /// When it was accepted.
    pub at: DateTime<Utc>,
    /// The number of its id: that of the first message of its batch, where all share one.
    pub id: u64,
    pub cancelled: bool,
}

/// Numbers messages from 1, and remembers the last ones if it has to.
#[derive(Debug)]
pub(super) enum Ledger {
    /// Nobody can ask.
    Counting(AtomicU64),
    Remembering(Mutex<Pages>),
}

#[derive(Debug)]
pub(super) struct Pages {
    /// The number of the first that is remembered.
    first: u64,
    taken: VecDeque<Taken>,
}

impl Ledger {
    pub fn new(remember: bool) -> Self {
        if remember {
            Self::Remembering(Mutex::new(Pages { first: 1, taken: VecDeque::new() }))
        } else {
            Self::Counting(AtomicU64::new(1))
        }
    }

    /// Numbers so many messages and answers the first number; `message` makes them, given that number and which one.
    pub fn take(&self, count: usize, message: impl Fn(u64, usize) -> Taken) -> u64 {
        match self {
            Self::Counting(next) => next.fetch_add(count as u64, Ordering::Relaxed),
            Self::Remembering(pages) => {
                let mut pages = open(pages);
                let number = pages.next();
                pages.taken.extend((0..count).map(|at| message(number, at)));
                let surplus = pages.taken.len().saturating_sub(REMEMBERED);
                pages.taken.drain(..surplus);
                pages.first += surplus as u64;
                number
            }
        }
    }

    /// Whether there is a message of a number.
    pub fn has(&self, number: u64) -> bool {
        let next = match self {
            Self::Counting(next) => next.load(Ordering::Relaxed),
            Self::Remembering(pages) => open(pages).next(),
        };
        (1..next).contains(&number)
    }

    /// The messages whose id has a number, as far as they are remembered; `look` may change them.
    pub fn look<T>(&self, id: u64, look: impl Fn(&mut Taken) -> Option<T>) -> Option<T> {
        let Self::Remembering(pages) = self else { return None };
        let mut pages = open(pages);
        // Those that share an id follow the one that has its number, which may be forgotten.
        let from = usize::try_from(id.saturating_sub(pages.first)).ok()?;
        pages.taken.iter_mut().skip(from).take_while(|taken| taken.id == id).find_map(look)
    }

    /// The messages that fit, the newest first.
    pub fn newest(&self, most: usize, fits: impl Fn(&Taken) -> bool) -> Vec<Taken> {
        let Self::Remembering(pages) = self else { return Vec::new() };
        open(pages).taken.iter().rev().filter(|taken| fits(taken)).take(most).cloned().collect()
    }
}

impl Pages {
    fn next(&self) -> u64 {
        self.first + self.taken.len() as u64
    }
}

/// Nothing in here panics half-way.
fn open(pages: &Mutex<Pages>) -> MutexGuard<'_, Pages> {
    pages.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(id: u64, address: &str) -> Taken {
        Taken { address: address.into(), text: None, at: DateTime::UNIX_EPOCH, id, cancelled: false }
    }

    #[test]
    fn only_the_last_messages_are_remembered() {
        let ledger = Ledger::new(true);
        for _ in 0..3 {
            ledger.take(4_000, |first, at| taken(first + at as u64, &format!("{}", first + at as u64)));
        }
        assert!(ledger.has(1) && ledger.has(12_000) && !ledger.has(12_001) && !ledger.has(0));
        let address = |id| ledger.look(id, |taken| Some(taken.address.clone()));
        assert_eq!(address(2_000), None);
        assert_eq!(address(2_001).as_deref(), Some("2001"));
        assert_eq!(address(12_000).as_deref(), Some("12000"));
        let newest = ledger.newest(2, |taken| taken.address.ends_with('7'));
        assert_eq!(newest.iter().map(|taken| taken.id).collect::<Vec<_>>(), [11_997, 11_987]);
    }

    #[test]
    fn messages_of_a_batch_may_share_an_id() {
        let ledger = Ledger::new(true);
        ledger.take(1, |first, _| taken(first, "a"));
        ledger.take(2, |first, at| taken(first, ["b", "c"][at]));
        let found = ledger.look(2, |one| (&*one.address == "c").then_some(one.id));
        assert_eq!(found, Some(2));
        assert_eq!(ledger.look(1, |one| (&*one.address == "c").then_some(one.id)), None);
    }
}
