//! The state in one SQLite file: WAL, `synchronous=FULL`, one writer. SQL stays below this folder.

mod change;
mod control;
mod copy;
mod decide;
mod fault;
mod intents;
mod migrate;
mod open;
mod pin;
mod prune;
mod read;
mod receipt;
mod turn;
mod verify;
mod wordings;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::delivery::control::{Hold, Mark, News};
use crate::delivery::state::State;
use crate::message::WordingId;
use crate::store::control::{Control, OptOut, Waiting, Word};
use crate::store::lock::Witness;
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::turn::Turn;
use crate::store::{
    Change, Claim, Claimed, Counts, Decided, Decision, Listed, MessageKey, NewRun, Pinning, Pruned, Receipt,
    Run, RunClock, RunId, Store, StoreError, UnknownMessage, Verified,
};

pub use crate::store::sqlite::open::OpenMode;
pub use crate::store::sqlite::prune::Room;

/// The state in a SQLite file. Closing it folds the write-ahead log into the file.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
    path: PathBuf,
    /// Which file it is: its device and its number.
    file: Option<(u64, u64)>,
    /// Where the file as it was lies, if opening it brought it to a newer version.
    copy: Option<PathBuf>,
    /// The lock under which we write, where we have one.
    lock: Option<Witness>,
    /// Shared by all connections of this process to the state.
    turn: Arc<Turn>,
    /// Whether it is one of many connections of this process, and has a small cache.
    is_another: bool,
    /// What is to be done before the log goes.
    closing: Option<Closing>,
}

struct Closing(Box<dyn FnOnce() + Send>);

impl std::fmt::Debug for Closing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Closing")
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        let Some(Closing(act)) = self.closing.take() else { return };
        if self.turn.check().is_ok() && self.fold().unwrap_or(false) {
            act();
        }
    }
}

impl Sqlite {
    /// Opens the state, with every check that can be made before something depends on it. Whoever
    /// writes holds the lock of the path ([`crate::store::lock`]), and brings a file of an older version to this
    /// one, after a copy of it was put beside it; whoever reads leaves it as it is.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::NotWritable`], [`StoreError::NotAFile`],
    /// [`StoreError::Corrupt`], [`StoreError::Newer`], [`StoreError::Foreign`] and those of the disk.
    /// The file is untouched then.
    pub fn open(path: &Path, mode: OpenMode) -> Result<Self, StoreError> {
        let open::Opened { connection, copy } = open::open(path, mode)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            file: identity(path),
            copy,
            lock: None,
            turn: Arc::default(),
            is_another: false,
            closing: None,
        })
    }

    /// A state for one process that nobody else ever sees: in a file without a name, which is gone with the process.
    /// Nothing of it is forced to the disk.
    ///
    /// # Errors
    /// Those of the disk with the system's folder for temporary files.
    pub fn passing() -> Result<Self, StoreError> {
        let path = std::env::temp_dir();
        let connection = open::passing().map_err(|fault| fault.at(&path))?;
        let file = identity(&path);
        Ok(Self {
            connection,
            path,
            file,
            copy: None,
            lock: None,
            turn: Arc::default(),
            is_another: false,
            closing: None,
        })
    }

    /// Another connection of this process to the same state, under the same lock: they write in turn, and what broke
    /// the disk for one has broken it for all. To be closed before this one.
    ///
    /// # Errors
    /// As of [`Sqlite::open`], and [`StoreError::LockLost`].
    pub fn another(&self) -> Result<Self, StoreError> {
        self.check_ours()?;
        let open::Opened { connection, .. } = open::open(&self.path, OpenMode::Beside)?;
        let other = Self {
            connection,
            path: self.path.clone(),
            file: self.file,
            copy: None,
            lock: self.lock.clone(),
            turn: Arc::clone(&self.turn),
            is_another: true,
            closing: None,
        };
        // What was opened is what is at the path now.
        other.check_ours()?;
        Ok(other)
    }

    /// Whether the terms of its runs say that they are a sandbox's, each answer once; nothing where they do not say.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn kinds(&self) -> Result<Vec<Option<bool>>, StoreError> {
        self.read(read::kinds)
    }

    /// As [`Control::acknowledge`], unless another connection of this process writes at this moment: whoever cannot wait
    /// comes again. Whether it was written.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn acknowledge_now(&mut self, up_to: Mark) -> Result<bool, StoreError> {
        Ok(self.write_now(|sql| control::acknowledge(sql, up_to))?.is_some())
    }

    /// Proves that the state can be written, by writing nothing that was not there; another's writing is proof as well,
    /// and is not waited for.
    ///
    /// # Errors
    /// Why not.
    pub fn prove_writable(&mut self) -> Result<(), StoreError> {
        let proof = self.write_now(|sql| Ok(sql.pragma_update(None, "user_version", migrate::VERSION)?))?;
        proof.map_or_else(|| self.check_ours(), Ok)
    }

    /// What to do on closing, when all of the log is in the file and before the log is deleted. Not done where it
    /// cannot be folded in: the log stays then.
    pub fn before_the_log_goes(&mut self, act: impl FnOnce() + Send + 'static) {
        self.closing = Some(Closing(Box::new(act)));
    }

    /// Writes the log into the file, durably, and leaves it there; whether all of it is in.
    fn fold(&self) -> rusqlite::Result<bool> {
        self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
            let (busy, pages, folded): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(busy == 0 && pages == folded)
        })
    }

    /// Nothing is written from here on unless this lock is still the one that others find.
    pub fn guard(&mut self, lock: Witness) {
        self.lock = Some(lock);
    }

    /// The log is folded into the file when this is closed and nobody else has it open. To be said
    /// right before, of a state that nobody has and that no killed process left a log beside.
    ///
    /// # Errors
    /// SQLite's.
    pub fn fold_on_close(&self) -> Result<(), StoreError> {
        self.read(|sql| {
            Ok(sql.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map(|_| ())?)
        })
    }

    /// The copy of the file as it was, if opening has brought it to a newer version.
    pub fn copy_of_older(&self) -> Option<&Path> {
        self.copy.as_deref()
    }

    /// Copies the whole state as it is at this moment to a file that is not there yet: private (0600), durable, and
    /// proven to be sound before it gets its name. Works while another process sends. Answers with what the copy holds.
    ///
    /// # Errors
    /// [`StoreError::Copy`], and [`StoreError::Corrupt`] where the state itself is damaged; nothing is left then.
    pub fn back_up(&self, file: &Path) -> Result<Verified, StoreError> {
        let mut verified = Verified::default();
        let check = |draft: &Path| {
            verified = Self::open(draft, OpenMode::ReadOnly)?.verify()?;
            match verified.wrong.first() {
                Some(detail) => Err(StoreError::Corrupt { path: self.path.clone(), detail: detail.clone() }),
                None => Ok(()),
            }
        };
        self.read(|sql| copy::back_up(sql, file, check))?;
        Ok(verified)
    }

    /// How much room the file takes.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn room(&self) -> Result<Room, StoreError> {
        self.read(prune::room)
    }

    /// Gives room that nothing uses back to the system, where that is worth writing all the rest anew.
    ///
    /// # Errors
    /// [`StoreError::Full`], also where the system's folder for temporary files has no room. The state is whole then,
    /// as it was.
    pub fn compact(&mut self) -> Result<(), StoreError> {
        let _turn = self.turn.take()?;
        self.check_ours().inspect_err(|error| self.turn.give_up(error))?;
        self.read(prune::compact).inspect_err(|error| self.turn.note(error))
    }

    /// Runs one transaction. A failure of the disk is remembered: a failed fsync must not be tried
    /// again, because the kernel may have dropped the pages and would then report success.
    fn write<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        let turn = Arc::clone(&self.turn);
        let _turn = turn.take()?;
        self.write_in_turn(work)
    }

    /// The same, unless another connection of this process writes at this moment.
    fn write_now<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<Option<T>, StoreError> {
        let turn = Arc::clone(&self.turn);
        let Some(_turn) = turn.take_now()? else { return Ok(None) };
        self.write_in_turn(work).map(Some)
    }

    fn write_in_turn<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let ours = || self.check_ours().inspect_err(|error| self.turn.give_up(error));
        let begun = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate);
        // Asked when nobody else can write any more: a process that slept between the question and its turn would write
        // over what somebody else has done meanwhile.
        ours()?;
        begun
            .map_err(Fault::from)
            .and_then(|transaction| {
                let value = work(&transaction)?;
                transaction.commit()?;
                Ok(value)
            })
            .map_err(|fault| fault.at(&self.path))
            .inspect_err(|error| self.turn.note(error))
    }

    /// Whether what we write is the state that others find, under the lock that keeps them away.
    fn check_ours(&self) -> Result<(), StoreError> {
        let now = identity(&self.path);
        if now != self.file {
            // Written on, it would be a state that nobody can find again.
            let what = if now.is_none() { "deleted or moved away" } else { "replaced by another file" };
            return Err(StoreError::Replaced { path: self.path.clone(), what });
        }
        match &self.lock {
            Some(lock) if !lock.is_ours() => Err(StoreError::LockLost { path: self.path.clone() }),
            _ => Ok(()),
        }
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        work(&self.connection).map_err(|fault| fault.at(&self.path))
    }
}

/// The device and number of the file at a path.
fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

impl Store for Sqlite {
    fn pin(&mut self, run: &NewRun) -> Result<Box<dyn Pinning + '_>, StoreError> {
        let turn = self.turn.take()?;
        let grows = self.is_another;
        let begun = pin::Pin::begin(&self.connection, &self.path, (&self.turn, turn), run, grows);
        self.check_ours().inspect_err(|error| self.turn.give_up(error))?;
        let pin = begun?;
        Ok(Box::new(pin))
    }

    fn run(&self, campaign: &str, occurrence: &str) -> Result<Option<Run>, StoreError> {
        self.read(|sql| read::run(sql, campaign, occurrence))
    }

    fn runs(&self, campaign: Option<&str>) -> Result<Vec<Run>, StoreError> {
        self.read(|sql| read::runs(sql, campaign))
    }

    fn unfinished(&self, campaign: &str) -> Result<Vec<Run>, StoreError> {
        self.read(|sql| read::unfinished(sql, campaign))
    }

    fn occurrences(&self, campaign: &str) -> Result<Vec<String>, StoreError> {
        self.read(|sql| read::occurrences(sql, campaign))
    }

    fn totals(&self) -> Result<Vec<(String, Counts)>, StoreError> {
        self.read(read::totals)
    }

    fn claim(&self, run: RunId, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        self.read(|sql| read::claim(sql, run, claim))
    }

    fn by_wording(&self, run: RunId) -> Result<Vec<(WordingId, Counts)>, StoreError> {
        self.read(|sql| wordings::by_wording(sql, run))
    }

    fn clocks(&self, run: RunId) -> Result<Vec<RunClock>, StoreError> {
        self.read(|sql| read::clocks(sql, run))
    }

    fn commit(&mut self, run: RunId, changes: &[Change]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return self.turn.check();
        }
        self.write(|sql| change::commit(sql, run, changes))
    }

    fn decide(&mut self, run: RunId, changes: &[Change], decision: &Decision) -> Result<(), StoreError> {
        self.write(|sql| decide::decide(sql, run, changes, decision))
    }

    fn place(
        &mut self,
        run: RunId,
        changes: &[Change],
        zones: &[&str],
        decision: &Decision,
    ) -> Result<(), StoreError> {
        self.write(|sql| decide::place(sql, run, changes, zones, decision))
    }

    fn decisions(&self, campaign: &str, after: Option<i64>, n: usize) -> Result<Vec<Decided>, StoreError> {
        self.read(|sql| decide::decisions(sql, campaign, after, n))
    }

    fn opt_outs(&self) -> Result<Vec<String>, StoreError> {
        self.read(read::opt_outs)
    }

    fn record_opt_outs(&mut self, addresses: &[String], source: &str, at_ms: i64) -> Result<u64, StoreError> {
        self.write(|sql| change::opt_out(sql, addresses, source, at_ms))
    }

    fn contacts(&self, run: RunId, since_ms: i64, each: &mut dyn FnMut(&str, i64)) -> Result<(), StoreError> {
        self.read(|sql| read::contacts(sql, run, since_ms, each))
    }

    fn recover(&mut self, run: RunId, at_ms: i64) -> Result<u64, StoreError> {
        self.write(|sql| change::recover(sql, run, at_ms))
    }

    fn counts(&self, run: RunId) -> Result<Counts, StoreError> {
        self.read(|sql| read::counts(sql, run))
    }

    fn messages(
        &self,
        run: RunId,
        state: Option<State>,
        after: Option<MessageKey>,
        n: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        self.read(|sql| read::messages(sql, run, state, after, n))
    }

    fn unknowns(
        &self,
        run: RunId,
        after: Option<MessageKey>,
        n: usize,
    ) -> Result<Vec<UnknownMessage>, StoreError> {
        self.read(|sql| read::unknowns(sql, run, after, n))
    }

    fn awaiting_receipt(
        &self,
        run: RunId,
        after: Option<MessageKey>,
        n: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        self.read(|sql| read::awaiting_receipt(sql, run, after, n))
    }

    fn record_receipts(&mut self, run: RunId, receipts: &[Receipt]) -> Result<u64, StoreError> {
        if receipts.is_empty() {
            return self.turn.check().map(|()| 0);
        }
        self.write(|sql| receipt::record(sql, run, receipts))
    }

    fn known_ids(&self, ids: &[&str]) -> Result<Vec<(String, RunId, MessageKey)>, StoreError> {
        self.read(|sql| read::known_ids(sql, ids))
    }

    fn finish(&mut self, run: RunId, at_ms: i64) -> Result<(), StoreError> {
        self.write(|sql| change::finish(sql, run, at_ms))
    }

    fn prune(&mut self, run: RunId, at_ms: i64) -> Result<Pruned, StoreError> {
        self.write(|sql| prune::prune(sql, run, at_ms))
    }

    fn verify(&self) -> Result<Verified, StoreError> {
        self.read(verify::verify)
    }
}

impl Control for Sqlite {
    fn news(&self, run: RunId, since: Mark) -> Result<Option<News>, StoreError> {
        self.check_ours()?;
        self.read(|sql| control::news(sql, run, since))
    }

    fn acknowledge(&mut self, up_to: Mark) -> Result<(), StoreError> {
        self.write(|sql| control::acknowledge(sql, up_to))
    }

    fn acknowledged(&self) -> Result<Mark, StoreError> {
        self.read(control::acknowledged)
    }

    fn waits(&mut self, run: RunId, waiting: &Waiting) -> Result<(), StoreError> {
        self.write(|sql| control::waits(sql, run, waiting))
    }

    fn waiting(&self) -> Result<Vec<(RunId, Waiting)>, StoreError> {
        self.read(control::waiting)
    }

    fn holds(&self) -> Result<Vec<(String, Hold)>, StoreError> {
        self.read(control::holds)
    }

    fn hold(
        &mut self,
        campaign: &str,
        hold: &Hold,
        reason: Option<&str>,
    ) -> Result<Result<Mark, Hold>, StoreError> {
        self.write(|sql| control::hold(sql, campaign, hold, reason))
    }

    fn release(&mut self, campaign: &str, word: &Word) -> Result<Option<Mark>, StoreError> {
        self.write(|sql| control::release(sql, campaign, word))
    }

    fn close(&mut self, campaign: &str, goes_on: bool) -> Result<(), StoreError> {
        self.write(|sql| control::close(sql, campaign, goes_on))
    }

    fn opt_out(&mut self, addresses: &[String], word: &Word) -> Result<(u64, Mark), StoreError> {
        self.write(|sql| control::opt_out(sql, addresses, word))
    }

    fn take_back(&mut self, addresses: &[String], word: &Word) -> Result<(u64, Mark), StoreError> {
        self.write(|sql| control::take_back(sql, addresses, word))
    }

    fn listed_opt_outs(&self, after: Option<&str>, n: usize) -> Result<Vec<OptOut>, StoreError> {
        self.read(|sql| control::listed(sql, after, n))
    }

    fn listed_taken_back(&self, after: Option<&str>, n: usize) -> Result<Vec<OptOut>, StoreError> {
        self.read(|sql| control::taken_back(sql, after, n))
    }
}

#[cfg(test)]
mod tests;
