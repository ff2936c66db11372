//! Which state a verb works on, and how it comes by it.

use std::path::{Path, PathBuf};

use super::exit::Failure;
use crate::cli::Global;
use crate::delivery::pinned::Pinned;
use crate::store::Store;
use crate::store::lock::{Lock, LockError};
use crate::store::sqlite::{OpenMode, Sqlite};

const DEFAULT: &str = ".sendplan/state.db";
const VARIABLE: &str = "SENDPLAN_STATE";

/// A state in our hands: nobody else sends from it while we have it.
#[derive(Debug)]
pub struct Held {
    /// The state.
    pub store: Sqlite,
    /// Its lock.
    pub lock: Lock,
    /// Its file.
    pub path: PathBuf,
}

/// The state's file. A sandbox has one of its own, beside the real one, unless the command line names one.
pub fn path(global: &Global, sandbox: bool) -> PathBuf {
    if let Some(path) = &global.state {
        return path.clone();
    }
    let path = std::env::var_os(VARIABLE)
        .filter(|path| !path.is_empty())
        .map_or_else(|| PathBuf::from(DEFAULT), PathBuf::from);
    if sandbox { path.with_file_name("sandbox.db") } else { path }
}

/// Takes the state for sending: locks it, then opens it. A sandbox begins with an empty one.
pub fn hold(
    global: &Global,
    sandbox: bool,
    new_state: bool,
    what: &str,
    since: &str,
) -> Result<Held, Failure> {
    let path = path(global, sandbox);
    let throw_away = sandbox && global.state.is_none();
    if !path.exists() && !throw_away && !new_state && ci() {
        return Err(Failure::State(format!(
            "there is no state at `{}`, and CI is set: if an earlier job's state was lost, sending would begin again \
             from nobody. Restore it, or say --new-state",
            path.display()
        )));
    }
    let lock =
        Lock::acquire(&path, what, since).map_err(|error: LockError| Failure::State(error.to_string()))?;
    if throw_away {
        remove(&path)?;
    }
    let store = Sqlite::open(&path, OpenMode::Create)?;
    keep_apart(&store, &path, sandbox)?;
    Ok(Held { store, lock, path })
}

/// Opens the state for reading; `None` where there is none.
pub fn look(path: &Path) -> Result<Option<Sqlite>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(Sqlite::open(path, OpenMode::ReadOnly)?))
}

/// A rehearsal never marks anybody as sent to, and a real run never trusts a rehearsal's marks.
fn keep_apart(store: &Sqlite, path: &Path, sandbox: bool) -> Result<(), Failure> {
    for run in store.runs(None)? {
        let pinned =
            Pinned::from_json(&run.pinned.pinned).map_err(|error| Failure::State(error.to_string()))?;
        if pinned.sandbox != sandbox {
            let (is, wanted) =
                if pinned.sandbox { ("a sandbox's", "the real one") } else { ("a real one", "a sandbox's") };
            return Err(Failure::State(format!(
                "the state `{}` is {is}, not {wanted}: name another with --state",
                path.display()
            )));
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), Failure> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::State(format!(
                    "cannot throw away the last sandbox's state `{}`: {error}",
                    path.display()
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

fn ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}
