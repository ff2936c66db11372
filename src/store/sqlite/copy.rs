//! Whole copies of a state: what a migration keeps of the version before, and backups. A copy is one snapshot, private
//! from its first byte on, durable when it has its name, and never in the place of anything else.
#![allow(clippy::disallowed_methods)]

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};

use crate::store::StoreError;
use crate::store::private;
use crate::store::sqlite::fault::{Fault, refused};

/// The most copies of one version that are kept beside a state.
const MOST_COPIES: u32 = 100;

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

/// Copies the whole state as it is, its log included, to a file that is not there yet. `check` looks at the copy before
/// it gets its name; what it refuses is thrown away.
///
/// # Errors
/// [`StoreError::Copy`] where the copy is to lie, and what `check` says.
pub fn back_up(
    sql: &Connection,
    file: &Path,
    check: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<(), Fault> {
    let refused = |detail: String| Fault::from(StoreError::Copy { path: file.to_owned(), detail });
    let io = |error: io::Error| refused(error.to_string());
    if fs::symlink_metadata(file).is_ok() {
        return Err(refused("something is there already, and is never overwritten".to_owned()));
    }
    // Whatever else has such a name is somebody's: it is not touched.
    let draft = beside(file, &format!(".{}.part", std::process::id()));
    let opened = private::create_new(&draft).map_err(io)?;
    let written = write_copy(sql, &draft, &opened, file).map_err(|fault| match fault {
        Fault::Sql(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
            refused("no room left there".to_owned())
        }
        Fault::Sql(error) if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) => {
            refused(error.to_string())
        }
        Fault::Store(error) => refused(error.to_string()),
        other => other,
    });
    let result = written
        .and_then(|()| Ok(check(&draft)?))
        .and_then(|()| private::put_in_place(&draft, file).map_err(io));
    if result.is_err() {
        let _ = fs::remove_file(&draft);
    }
    result
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
