//! What people say, heard by several runs of one process: the state keeps one number, up to which a word is heeded, so a
//! word counts as heard when every run that is being sent has heard it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::delivery::control::Mark;

/// All of them. Somebody has an ear of its own that lasts as long as the process: what is said while nothing is sent is
/// heard too.
#[derive(Debug, Clone, Default)]
pub struct Ears {
    all: Arc<Mutex<All>>,
}

#[derive(Debug, Default)]
struct All {
    next: u64,
    heard: BTreeMap<u64, Mark>,
}

/// That of one run, or of whoever watches over them; gone when it is dropped.
#[derive(Debug)]
pub struct Ear {
    all: Arc<Mutex<All>>,
    number: u64,
}

impl Ears {
    /// Somebody who has heard nothing yet: until it has, no word counts as heard that was said after the last one that
    /// did.
    pub fn another(&self) -> Ear {
        let mut all = lock(&self.all);
        all.next += 1;
        let number = all.next;
        all.heard.insert(number, Mark::default());
        Ear { all: Arc::clone(&self.all), number }
    }
}

impl Ear {
    /// All up to here was heard, and is heeded. Answers up to where everybody has heard; nothing, where somebody has not
    /// heard a word yet.
    pub fn hears(&self, up_to: Mark) -> Option<Mark> {
        let mut all = lock(&self.all);
        all.heard.insert(self.number, up_to);
        all.heard.values().min().copied().filter(|mark| *mark > Mark::default())
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        lock(&self.all).heard.remove(&self.number);
    }
}

fn lock(all: &Mutex<All>) -> MutexGuard<'_, All> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_heard_when_everybody_has_heard_it() {
        let ears = Ears::default();
        let (watch, one) = (ears.another(), ears.another());
        assert_eq!(watch.hears(Mark(5)), None);
        assert_eq!(one.hears(Mark(3)), Some(Mark(3)));
        let late = ears.another();
        assert_eq!(one.hears(Mark(5)), None);
        assert_eq!(late.hears(Mark(4)), Some(Mark(4)));
        drop(late);
        assert_eq!(watch.hears(Mark(5)), Some(Mark(5)), "who is gone keeps nobody waiting");
    }
}
