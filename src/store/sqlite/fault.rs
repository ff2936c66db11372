//! From SQLite's result codes, and the system's, to what they mean for a run.

use std::io::{self, ErrorKind};
use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::store::error::StoreError;

/// A failure inside the store, before it knows its file: SQLite's, or one that is already in words.
#[derive(Debug)]
pub enum Fault {
    /// SQLite's.
    Sql(Error),
    /// In words.
    Store(StoreError),
    /// The content makes no sense, so somebody or something else has written to it.
    Content(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Fault {
    /// The error with the file it is about.
    pub fn at(self, path: &Path) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Sql(error) => from_sql(&error, path),
            Self::Content(detail) => StoreError::Corrupt { path: path.to_owned(), detail },
        }
    }
}

/// A refusal of the system while the file, or one beside it, is created or looked at.
pub fn refused(path: &Path, error: &io::Error) -> StoreError {
    let (path, detail) = (path.to_owned(), error.to_string());
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full { path },
        ErrorKind::IsADirectory => StoreError::NotAFile { path, found: "a folder" },
        ErrorKind::PermissionDenied
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::NotFound
        | ErrorKind::NotADirectory
        | ErrorKind::AlreadyExists => StoreError::NotWritable { path, detail },
        _ => StoreError::Io { path, detail },
    }
}

fn from_sql(error: &Error, path: &Path) -> StoreError {
    let (path, detail) = (path.to_owned(), error.to_string());
    let code = match error {
        // A value of a type that this column never has.
        Error::InvalidColumnType(..) | Error::FromSqlConversionFailure(..) | Error::Utf8Error(..) => {
            return StoreError::Corrupt { path, detail };
        }
        other => other.sqlite_error_code(),
    };
    match code {
        Some(ErrorCode::DiskFull) => StoreError::Full { path },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::NotWritable { path, detail }
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt { path, detail },
        Some(ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed) => {
            StoreError::Io { path, detail }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { path },
        _ => StoreError::internal(detail),
    }
}
