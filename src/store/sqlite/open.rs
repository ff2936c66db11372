//! Opening a state: creating it whole or not at all, and refusing what is not ours, not whole or not
//! writable before anything depends on it. A refused file stays as it is, byte for byte.
#![allow(clippy::disallowed_methods)]

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::store::error::StoreError;
use crate::store::private;
use crate::store::sqlite::copy;
use crate::store::sqlite::fault::{Fault, refused};
use crate::store::sqlite::migrate::{self, VERSION};

/// "sndp" in ASCII: tells our files from those of other programs. Frozen.
const APPLICATION_ID: i64 = 0x736e_6470;

/// What to do when there is no state, and whether to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Write; a missing state is created, folder (0700) and file (0600).
    Create,
    /// Write; a missing state is an error.
    Existing,
    /// Read only, also while another process writes; a missing state is an error.
    ReadOnly,
    /// Write small things beside the process that has the lock; a missing state is an error, and so is an older one.
    /// Not every page is looked at, and the log stays for the other process to fold in.
    Beside,
}

/// The cache of a connection that has the state to itself, and of one that writes a whole run into it, in KiB.
pub const CACHE: u32 = 64 * 1024;
/// That of each of many connections of one process: a run is read and written in the order of its pages.
pub const SMALL_CACHE: u32 = 8 * 1024;

/// A state that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The database, of the version that this code writes.
    pub connection: Connection,
    /// The copy of the file as it was, where it had an older version.
    pub copy: Option<PathBuf>,
}

/// Opens the database of a state after all checks. An older version is brought to ours by whoever writes; whoever
/// reads leaves it as it is.
pub fn open(path: &Path, mode: OpenMode) -> Result<Opened, StoreError> {
    let io = |error: io::Error| refused(path, &error);
    if mode == OpenMode::Create {
        private::create_parent(path).map_err(io)?;
    }
    let resolved = match private::resolve(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing(path)),
        other => other.map_err(io)?,
    };
    match fs::symlink_metadata(&resolved) {
        Err(error) if error.kind() == ErrorKind::NotFound && mode == OpenMode::Create => {
            create(&resolved, path).map_err(|fault| fault.at(path))?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing(path)),
        Err(error) => return Err(io(error)),
        Ok(metadata) => match private::not_plain(&metadata) {
            Some(found) => return Err(StoreError::NotAFile { path: path.to_owned(), found }),
            None if metadata.len() == 0 => return Err(corrupt(path, "the file is empty")),
            None => {}
        },
    }
    check_and_set_up(&resolved, path, mode).map_err(|fault| fault.at(path))
}

fn check_and_set_up(resolved: &Path, path: &Path, mode: OpenMode) -> Result<Opened, Fault> {
    let connection = connect(resolved, mode == OpenMode::ReadOnly)?;
    let version = inspect(&connection, path, mode)?;
    if mode == OpenMode::ReadOnly {
        migrate::look_through(&connection, version)?;
        return Ok(Opened { connection, copy: None });
    }
    if mode == OpenMode::Beside {
        if version < VERSION {
            let (path, found) = (path.to_owned(), version);
            return Err(StoreError::Older { path, found, known: VERSION }.into());
        }
        set_up(&connection)?;
        cache(&connection, SMALL_CACHE)?;
        return Ok(Opened { connection, copy: None });
    }
    prepare(&connection, version)?;
    let copy = if version < VERSION {
        let copy = copy::keep_copy(&connection, resolved, path, version)?;
        migrate::migrate(&connection, version)?;
        Some(copy)
    } else {
        None
    };
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(Opened { connection, copy })
}

fn missing(path: &Path) -> StoreError {
    StoreError::Missing { path: path.to_owned() }
}

fn corrupt(path: &Path, detail: &str) -> StoreError {
    StoreError::Corrupt { path: path.to_owned(), detail: detail.to_owned() }
}

/// Makes a whole state beside its place and puts it there: a crash leaves no half of one, and an
/// empty file in its place is never ours. What a crash left of such a draft is thrown away first;
/// the lock of the state says that nobody is at work on it.
fn create(resolved: &Path, path: &Path) -> Result<(), Fault> {
    let io = |error: io::Error| Fault::from(refused(path, &error));
    let beside = |suffix: &str| {
        let mut name = resolved.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    for left in [".new", ".new-journal", ".new-wal", ".new-shm"] {
        match fs::remove_file(beside(left)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
    }
    let draft = beside(".new");
    private::create_new(&draft).map_err(io)?;
    let result = write_schema(&draft).and_then(|()| private::put_in_place(&draft, resolved).map_err(io));
    if result.is_err() {
        let _ = fs::remove_file(&draft);
    }
    result
}

fn write_schema(draft: &Path) -> Result<(), Fault> {
    let connection = connect(draft, false)?;
    connection.execute_batch(&format!("BEGIN; PRAGMA application_id = {APPLICATION_ID};"))?;
    migrate::steps(&connection, 0)?;
    connection.execute_batch("COMMIT")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    connection.close().map_err(|(_, error)| error.into())
}

/// Connects without changing the file: a log beside it is not folded in on closing until all checks
/// have passed.
pub fn connect(path: &Path, read_only: bool) -> Result<Connection, Fault> {
    let access = if read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
    let flags = access | OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Statements are planned once, not anew for every value that is bound to them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.execute_batch(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;",
    )?;
    cache(&connection, CACHE)?;
    Ok(connection)
}

/// Sets how much of the file a connection keeps in memory at most, in KiB.
pub fn cache(sql: &Connection, kib: u32) -> Result<(), Fault> {
    Ok(sql.execute_batch(&format!("PRAGMA cache_size = -{kib};"))?)
}

/// A database in a file of SQLite's own making, without a name. Of such a file pages are written when a quarter of the
/// cache has changed, and every commit goes through those that have: so the cache is small. The system has its own.
pub fn passing() -> Result<Connection, Fault> {
    let connection = Connection::open("")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.execute_batch(
        "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; \
         PRAGMA cache_size = -4096; BEGIN;",
    )?;
    migrate::steps(&connection, 0)?;
    connection.execute_batch("COMMIT")?;
    Ok(connection)
}

/// Whose file is it, and is it whole? Answers with its version, ours or an older one.
fn inspect(sql: &Connection, path: &Path, mode: OpenMode) -> Result<i64, Fault> {
    let number = |name| sql.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let found = number("application_id")?;
    if found != APPLICATION_ID {
        return Err(StoreError::Foreign { path: path.to_owned(), found }.into());
    }
    let version = number("user_version")?;
    if version > VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found: version, known: VERSION }.into());
    }
    if version < 1 {
        return Err(corrupt(path, &format!("no sendplan wrote a version {version}")).into());
    }
    if mode == OpenMode::Beside {
        return Ok(version);
    }
    let verdict: String = sql.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(version) } else { Err(corrupt(path, verdict.trim()).into()) }
}

/// Sets the connection up for writing, and writes once, durably, so that a state that cannot be
/// written is found out before anything is sent. What it writes is the version that the file has.
pub fn prepare(sql: &Connection, version: i64) -> Result<(), Fault> {
    set_up(sql)?;
    sql.execute_batch(&format!("BEGIN IMMEDIATE; PRAGMA user_version = {version}; COMMIT;"))?;
    Ok(())
}

/// What holds for every connection that writes. The log is folded in every 16 MB, a quarter as often as SQLite would: a
/// sender waits for the disk meanwhile.
fn set_up(sql: &Connection) -> Result<(), Fault> {
    sql.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; \
         PRAGMA checkpoint_fullfsync = ON; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; \
         PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000;",
    )?;
    Ok(())
}
