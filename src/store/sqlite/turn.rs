//! Whose turn it is to write, among the connections of one process: SQLite lets one write at a time and gives the others
//! up after a while, so they wait for each other here, however long a run takes to be written into the state.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use crate::store::StoreError;

/// See the module.
#[derive(Debug, Default)]
pub struct Turn {
    writing: Mutex<()>,
    /// The failure after which nothing is written any more, by no connection: a failed fsync must not be tried again,
    /// because the kernel may have dropped the pages and would then report success.
    broken: Mutex<Option<StoreError>>,
}

/// Lasts as long as the writing does.
pub type Taken<'t> = MutexGuard<'t, ()>;

impl Turn {
    /// Waits until nobody else of this process writes.
    ///
    /// # Errors
    /// What broke the disk, also while we waited.
    pub fn take(&self) -> Result<Taken<'_>, StoreError> {
        let taken = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.check().map(|()| taken)
    }

    /// The turn, if nobody else of this process writes at this moment.
    ///
    /// # Errors
    /// What broke the disk.
    pub fn take_now(&self) -> Result<Option<Taken<'_>>, StoreError> {
        self.check()?;
        match self.writing.try_lock() {
            Ok(taken) => Ok(Some(taken)),
            Err(TryLockError::Poisoned(taken)) => Ok(Some(taken.into_inner())),
            Err(TryLockError::WouldBlock) => Ok(None),
        }
    }

    /// Whether anything can be written.
    ///
    /// # Errors
    /// What broke the disk.
    pub fn check(&self) -> Result<(), StoreError> {
        self.broken().clone().map_or(Ok(()), Err)
    }

    /// Remembers a failure, if it is one of the disk's.
    pub fn note(&self, error: &StoreError) {
        if matches!(error, StoreError::Io { .. } | StoreError::Corrupt { .. }) {
            self.give_up(error);
        }
    }

    /// Nothing is written any more.
    pub fn give_up(&self, error: &StoreError) {
        *self.broken() = Some(error.clone());
    }

    fn broken(&self) -> MutexGuard<'_, Option<StoreError>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
