//! The state while another process may be sending from it: small things are written beside it, and we wait until it says
//! that it heeds them.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::exit::Failure;
use super::state;
use super::terminal::Terminal;
use crate::delivery::control::Mark;
use crate::store::StoreError;
use crate::store::control::{Control, Word};
use crate::store::lock::{Holder, Lock};
use crate::store::sqlite::{OpenMode, Sqlite};
use crate::world::clock::Clock;
use crate::world::person::person;

/// How the lock's words begin while a campaign is sent.
const SEND: &str = "send ";
/// The lock's word while every campaign is sent on its schedule.
pub const RUN: &str = "run";
/// How long the process that sends may take to say that it has heard. It looks four times a second.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it may keep the state to itself, as it does while it writes a run into it.
const PINNING: Duration = Duration::from_secs(60);
/// How often we look.
const LOOK: Duration = Duration::from_millis(20);

/// What became of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heeded {
    /// The process that sends has heard it, and keeps to it.
    Yes,
    /// No process sends.
    NobodySends,
    /// It has not answered yet.
    NotYet,
}

/// A state in which we may write beside whoever has it.
#[derive(Debug)]
pub struct Beside {
    /// The state.
    pub store: Sqlite,
    path: PathBuf,
}

impl Beside {
    /// Opens it. A missing one is begun where `begin` says so; an older one is brought up to date where nobody has it.
    pub fn open(
        path: &Path,
        sandbox: bool,
        begin: bool,
        what: &str,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let since = Clock::start().now().utc.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        if begin && !sandbox && !path.exists() {
            state::create(path, what, &since)?;
        }
        // A log that is gone is found before a new one is begun.
        state::died_sending(path)?;
        let store = match Sqlite::open(path, OpenMode::Beside) {
            Err(StoreError::Older { .. }) if holder(path)?.is_none() => {
                drop(state::take(path.to_owned(), sandbox, what, &since, terminal)?);
                Sqlite::open(path, OpenMode::Beside)
            }
            other => other,
        }?;
        state::keep_apart(&store, path, sandbox)?;
        Ok(Self { store, path: path.to_owned() })
    }

    /// Writes something, however long the other process keeps the state to itself (up to a minute).
    pub fn write<T>(
        &mut self,
        mut work: impl FnMut(&mut Sqlite) -> Result<T, StoreError>,
    ) -> Result<T, Failure> {
        let until = Instant::now() + PINNING;
        loop {
            match work(&mut self.store) {
                Err(StoreError::Busy { .. }) if Instant::now() < until => {}
                other => return Ok(other?),
            }
        }
    }

    /// Whether anybody has the state.
    pub fn has_holder(&self) -> Result<bool, Failure> {
        Ok(holder(&self.path)?.is_some())
    }

    /// Who has the state, if it is to send this campaign.
    pub fn sender_of(&self, campaign: &str) -> Result<Option<Holder>, Failure> {
        Ok(holder(&self.path)?.filter(|holder| sends(holder, campaign) || sends_all(holder)))
    }

    /// Waits until the process that sends has heard a word, for a few seconds at most.
    pub fn until_heeded(&self, word: Mark) -> Result<Heeded, Failure> {
        let until = Instant::now() + PATIENCE;
        loop {
            if self.store.acknowledged()? >= word {
                return Ok(Heeded::Yes);
            }
            if holder(&self.path)?.is_none_or(|holder| !is_sender(&holder)) {
                return Ok(Heeded::NobodySends);
            }
            if Instant::now() >= until {
                return Ok(Heeded::NotYet);
            }
            sleep(LOOK);
        }
    }
}

impl Drop for Beside {
    /// The log is folded in, unless somebody has the state, or was killed with it, be it while we were there: what a
    /// killed process left in its log stays there, where the next one looks for it.
    fn drop(&mut self) {
        if matches!(holder(&self.path), Ok(None)) && matches!(state::died_sending(&self.path), Ok(false)) {
            // Best effort: a log that stays is read by the next process.
            let _ = self.store.fold_on_close();
        }
    }
}

/// Who has a state.
pub fn holder(path: &Path) -> Result<Option<Holder>, Failure> {
    Lock::holder(path).map_err(state::refused)
}

/// What the lock says of a process that sends this campaign.
pub fn sending(campaign: &str) -> String {
    format!("{SEND}{campaign}")
}

/// Whether a process is there to send this campaign.
pub fn sends(holder: &Holder, campaign: &str) -> bool {
    holder.what == sending(campaign)
}

/// Whether a process is there to send every campaign.
pub fn sends_all(holder: &Holder) -> bool {
    holder.what == RUN
}

/// Whether a process is there to send any.
pub fn is_sender(holder: &Holder) -> bool {
    holder.what.starts_with(SEND) || sends_all(holder)
}

/// Our word, as it is recorded.
pub fn word(reason: Option<&str>) -> Word {
    let at_ms = Clock::start().now().utc.timestamp_millis();
    Word { who: person(), reason: reason.map(str::to_owned), at_ms }
}
