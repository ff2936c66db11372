//! From one version of the state to the next: steps in SQL, one transaction, and before it a copy of the file as it
//! was. A file that is only read is seen as the newest version and stays as it is.
#![allow(clippy::disallowed_methods)]

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::store::private;
use crate::store::sqlite::fault::{Fault, refused};

/// The version of the schema that this code writes and reads.
pub const VERSION: i64 = 3;

/// The steps: the first makes version 1 out of nothing, each other one makes its version out of the one before.
/// A step that was released is never edited.
const STEPS: [(i64, &str); 3] =
    [(1, include_str!("version1.sql")), (2, include_str!("version2.sql")), (3, include_str!("version3.sql"))];

/// Older versions seen as the one after, by a connection that only reads: names of the temporary schema come first.
const VIEWS: [(i64, &str); 2] = [
    (
        1,
        "CREATE TEMP VIEW messages AS SELECT run, text, seq, state, attempts, segments, changed_at_ms, \
         recipient, address, provider_id, reason, NULL AS part, NULL AS receipt, NULL AS receipt_at_ms \
         FROM main.messages; \
         CREATE TEMP TABLE receipt_counts (run INTEGER, receipt INTEGER, n INTEGER); \
         CREATE TEMP TABLE opt_outs (address TEXT, source TEXT, at_ms INTEGER);",
    ),
    (
        2,
        "CREATE TEMP VIEW runs AS SELECT *, NULL AS pruned_at_ms FROM main.runs; \
         CREATE TEMP TABLE decisions (id INTEGER, at_ms INTEGER, who TEXT, what TEXT, campaign TEXT, \
         run INTEGER, text INTEGER, seq INTEGER, recipient TEXT, reason TEXT); \
         CREATE TEMP TABLE holds (campaign TEXT, what TEXT, who TEXT, at_ms INTEGER); \
         CREATE TEMP TABLE heard (one INTEGER, decision INTEGER); \
         CREATE TEMP TABLE contacts (run INTEGER, address TEXT, at_ms INTEGER);",
    ),
];

/// The most copies of one version that are kept beside a state.
const MOST_COPIES: u32 = 100;

/// Takes every step after `from`, inside the caller's transaction, and names the version in the file.
pub fn steps(sql: &Connection, from: i64) -> Result<(), Fault> {
    for (_, step) in STEPS.iter().filter(|(version, _)| *version > from) {
        sql.execute_batch(step)?;
    }
    sql.pragma_update(None, "user_version", VERSION)?;
    Ok(())
}

/// Brings an older file to this version: all of it or nothing, whenever the process dies.
pub fn migrate(sql: &Connection, from: i64) -> Result<(), Fault> {
    sql.execute_batch("BEGIN IMMEDIATE")?;
    let result = steps(sql, from).and_then(|()| Ok(sql.execute_batch("COMMIT")?));
    if result.is_err() && !sql.is_autocommit() {
        // The error is what matters; closing the connection undoes the rest as well.
        let _ = sql.execute_batch("ROLLBACK");
    }
    result
}

/// Lets a connection that only reads see an older file as one of this version.
pub fn look_through(sql: &Connection, version: i64) -> Result<(), Fault> {
    for (_, view) in VIEWS.iter().filter(|(of, _)| *of >= version) {
        sql.execute_batch(view)?;
    }
    Ok(())
}

/// Copies the whole state as it is, its log included, to `<state>.v<version>.bak`, readable by its owner alone, and
/// answers with the copy's place. A copy that is there is never overwritten: where it has the same content, from
/// a migration that was cut short, it serves again; otherwise the new one is called `.bak2`, and so on.
///
/// `resolved` is the state's file, `path` what errors call it.
pub fn keep_copy(sql: &Connection, resolved: &Path, path: &Path, version: i64) -> Result<PathBuf, Fault> {
    let io = |error: io::Error| Fault::from(refused(path, &error));
    let draft = beside(resolved, &format!(".v{version}.bak.new"));
    let file = begin_draft(&draft).map_err(io)?;
    let result =
        write_copy(sql, &draft, &file, path).and_then(|()| place(&draft, resolved, version).map_err(io));
    if result.is_err() {
        let _ = fs::remove_file(&draft);
    }
    result
}

/// An empty file, private from its first byte on. What a crash left of an earlier one is thrown away; the lock of
/// the state says that nobody is at work on it.
fn begin_draft(draft: &Path) -> io::Result<File> {
    match fs::remove_file(draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => private::create_new(draft),
    }
}

/// One snapshot of the whole database, with its number of version and its application, durable on return.
fn write_copy(sql: &Connection, draft: &Path, file: &File, path: &Path) -> Result<(), Fault> {
    let io = |error: io::Error| Fault::from(refused(path, &error));
    let name = draft.to_str().ok_or_else(|| io(io::Error::from(ErrorKind::InvalidFilename)))?;
    sql.execute("VACUUM INTO ?1", [name])?;
    file.sync_all().map_err(io)
}

/// Gives the draft the first name that is free, unless the copy is there already.
fn place(draft: &Path, state: &Path, version: i64) -> io::Result<PathBuf> {
    for number in 1..=MOST_COPIES {
        let count = if number == 1 { String::new() } else { number.to_string() };
        let copy = beside(state, &format!(".v{version}.bak{count}"));
        match private::open_plain(&copy, false) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                private::put_in_place(draft, &copy)?;
                return Ok(copy);
            }
            Ok(there) if same(&there, &File::open(draft)?)? => {
                fs::remove_file(draft)?;
                private::sync_folder(&copy)?;
                return Ok(copy);
            }
            _ => {}
        }
    }
    Err(io::Error::new(ErrorKind::AlreadyExists, "too many copies of older versions lie beside the state"))
}

fn same(mut one: &File, mut other: &File) -> io::Result<bool> {
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let count = one.read(&mut left)?;
        if count == 0 {
            return Ok(true);
        }
        let (left, right) = (left.get(..count), right.get_mut(..count));
        let Some(right) = right else { return Ok(false) };
        other.read_exact(right)?;
        if left != Some(&*right) {
            return Ok(false);
        }
    }
}

fn beside(state: &Path, suffix: &str) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
