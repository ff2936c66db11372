//! The state in one SQLite file: WAL, `synchronous=FULL`, one writer. SQL stays below this folder.

mod change;
mod fault;
mod migrate;
mod open;
mod pin;
mod read;
mod receipt;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use crate::delivery::state::State;
use crate::store::sqlite::fault::Fault;
use crate::store::{
    Change, Claimed, Counts, Listed, MessageKey, NewRun, Pinning, Receipt, Run, RunId, Store, StoreError,
    UnknownMessage,
};

pub use crate::store::sqlite::open::OpenMode;

/// The state in a SQLite file. Closing it folds the write-ahead log into the file.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
    path: PathBuf,
    /// Which file it is: its device and its number.
    file: Option<(u64, u64)>,
    /// Where the file as it was lies, if opening it brought it to a newer version.
    copy: Option<PathBuf>,
    /// The failure of the disk after which nothing is written any more.
    broken: Option<StoreError>,
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
        Ok(Self { connection, path: path.to_owned(), file: identity(path), copy, broken: None })
    }

    /// The copy of the file as it was, if opening has brought it to a newer version.
    pub fn copy_of_older(&self) -> Option<&Path> {
        self.copy.as_deref()
    }

    /// Runs one transaction. A failure of the disk is remembered: a failed fsync must not be tried
    /// again, because the kernel may have dropped the pages and would then report success.
    fn write<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        self.check_broken()?;
        if identity(&self.path) != self.file {
            // Written on, it would be a state that nobody can find again.
            let detail =
                "the file is not the one that was opened: it was moved, replaced or deleted".to_owned();
            let error = StoreError::Io { path: self.path.clone(), detail };
            self.broken = Some(error.clone());
            return Err(error);
        }
        let result = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(Fault::from)
            .and_then(|transaction| {
                let value = work(&transaction)?;
                transaction.commit()?;
                Ok(value)
            });
        result.map_err(|fault| {
            let error = fault.at(&self.path);
            if matches!(error, StoreError::Io { .. } | StoreError::Corrupt { .. }) {
                self.broken = Some(error.clone());
            }
            error
        })
    }

    fn check_broken(&self) -> Result<(), StoreError> {
        self.broken.clone().map_or(Ok(()), Err)
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
        self.check_broken()?;
        let pin = pin::Pin::begin(&self.connection, &self.path, &mut self.broken, run)?;
        Ok(Box::new(pin))
    }

    fn run(&self, campaign: &str, occurrence: &str) -> Result<Option<Run>, StoreError> {
        self.read(|sql| read::run(sql, campaign, occurrence))
    }

    fn runs(&self, campaign: Option<&str>) -> Result<Vec<Run>, StoreError> {
        self.read(|sql| read::runs(sql, campaign, false))
    }

    fn unfinished(&self, campaign: &str) -> Result<Vec<Run>, StoreError> {
        self.read(|sql| read::runs(sql, Some(campaign), true))
    }

    fn claim(&self, run: RunId, after: Option<MessageKey>, n: usize) -> Result<Vec<Claimed>, StoreError> {
        self.read(|sql| read::claim(sql, run, after, n))
    }

    fn commit(&mut self, run: RunId, changes: &[Change]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return self.check_broken();
        }
        self.write(|sql| change::commit(sql, run, changes))
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
            return self.check_broken().map(|()| 0);
        }
        self.write(|sql| receipt::record(sql, run, receipts))
    }

    fn known_ids(&self, ids: &[&str]) -> Result<Vec<(String, RunId, MessageKey)>, StoreError> {
        self.read(|sql| read::known_ids(sql, ids))
    }

    fn finish(&mut self, run: RunId, at_ms: i64) -> Result<(), StoreError> {
        self.write(|sql| change::finish(sql, run, at_ms))
    }
}

#[cfg(test)]
mod tests;
