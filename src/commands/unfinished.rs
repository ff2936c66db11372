//! Runs of a campaign that were begun and are not finished: which of them can go on now, and what the others wait for.

use chrono::{DateTime, Utc};

use super::exit::Failure;
use super::terminal::Terminal;
use crate::delivery::pinned::Pinned;
use crate::executor::clocks::clocks;
use crate::store::{Run, Store};

/// See the module.
#[derive(Debug)]
pub struct Unfinished {
    /// The oldest one that can go on now.
    pub ready: Option<Run>,
    /// The others that are older, or all of them: with the time before which nothing of them may go out, and why.
    pub waiting: Vec<(Run, DateTime<Utc>, String)>,
}

impl Unfinished {
    /// Those of a campaign. A sandbox heeds no hours.
    pub fn of(store: &impl Store, name: &str, sandbox: bool, now: DateTime<Utc>) -> Result<Self, Failure> {
        let mut waiting = Vec::new();
        for run in store.unfinished(name)? {
            match waits(store, &run, now)?.filter(|_| !sandbox) {
                Some((until, why)) => waiting.push((run, until, why)),
                None => return Ok(Self { ready: Some(run), waiting }),
            }
        }
        Ok(Self { ready: None, waiting })
    }

    /// Tells people what they wait for.
    pub fn tell(&self, terminal: &Terminal) {
        for (run, _, why) in &self.waiting {
            let (name, occurrence) = (&run.pinned.campaign, &run.pinned.occurrence);
            terminal.say(&format!("\u{1b}[1;33mstopped\u{1b}[0m: {name} ({occurrence}) waits: {why}."));
        }
    }
}

/// Before when nothing of a run may go out, and why; nothing where something may.
pub fn waits(
    store: &impl Store,
    run: &Run,
    now: DateTime<Utc>,
) -> Result<Option<(DateTime<Utc>, String)>, Failure> {
    let unreadable = |error: crate::delivery::pinned::PinnedError| Failure::State(error.to_string());
    let delivery = Pinned::from_json(&run.pinned.pinned).and_then(|pinned| pinned.delivery());
    Ok(clocks(store, run, &delivery.map_err(unreadable)?)?.waits(now))
}
