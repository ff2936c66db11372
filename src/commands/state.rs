//! Which state a verb works on, and how it comes by it.

use std::path::{Path, PathBuf};

use super::exit::Failure;
use super::standing::line;
use super::terminal::Terminal;
use crate::cli::Global;
use crate::report::layout::count;
use crate::store::lock::{Holder, Lock, LockError};
use crate::store::sqlite::{OpenMode, Sqlite};
use crate::store::{Store, StoreError};
use crate::units::thousands;
use crate::world::confine::Repository;

const DEFAULT: &str = ".sendplan/state.db";
const SANDBOX: &str = "sandbox.db";
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

/// The state's file: the one that is named, else `.sendplan/state.db` in the repository, whatever folder of it one
/// stands in. A sandbox has one of its own, beside the real one, unless the command line names one.
pub fn path(global: &Global, sandbox: bool, repository: Option<&Repository>) -> Result<PathBuf, Failure> {
    if let Some(path) = &global.state {
        return Ok(path.clone());
    }
    let real = match std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => match repository {
            Some(repository) => near(&repository.root().join(DEFAULT)),
            None => {
                let here =
                    Repository::of(Path::new(".")).map_err(|error| Failure::State(error.to_string()))?;
                near(&here.root().join(DEFAULT))
            }
        },
    };
    if !sandbox {
        return Ok(real);
    }
    let beside = real.with_file_name(SANDBOX);
    if beside == real {
        return Err(Failure::State(format!(
            "a real state cannot be called `{SANDBOX}`: that is a sandbox's name, thrown away"
        )));
    }
    Ok(beside)
}

/// A path as seen from here, where that is shorter.
pub fn near(path: &Path) -> PathBuf {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}

/// Takes the state for sending: locks it, then opens it. A sandbox begins with an empty one.
pub fn hold(
    global: &Global,
    path: PathBuf,
    sandbox: bool,
    new_state: bool,
    what: &str,
    since: &str,
    terminal: &Terminal,
) -> Result<Held, Failure> {
    let throw_away = sandbox && global.state.is_none();
    if !path.exists() && !throw_away && !new_state && ci() {
        return Err(Failure::NoState(format!(
            "there is no state at `{}`, and CI is set: if an earlier job's state was lost, sending would begin again \
             from nobody. Restore it, or say --new-state",
            path.display()
        )));
    }
    let lock = lock(&path, what, since, !throw_away)?;
    keep_out_of_git(&path);
    if throw_away && path.exists() {
        // Only what is surely a sandbox's is thrown away.
        let last = Sqlite::open(&path, OpenMode::ReadOnly)?;
        keep_apart(&last, &path, true)?;
        say_what_goes(&last, terminal)?;
        drop(last);
        remove(&path)?;
    }
    open(lock, path, OpenMode::Create, sandbox, terminal)
}

/// Takes a state that is there, for verbs that write into runs and begin none. A sandbox's is not thrown away.
pub fn take(
    path: PathBuf,
    sandbox: bool,
    what: &str,
    since: &str,
    terminal: &Terminal,
) -> Result<Held, Failure> {
    if !path.exists() {
        return Err(StoreError::Missing { path }.into());
    }
    let lock = lock(&path, what, since, true)?;
    open(lock, path, OpenMode::Existing, sandbox, terminal)
}

/// Locks a state. One that is kept must have its log, where the holder before died with it open.
fn lock(path: &Path, what: &str, since: &str, kept: bool) -> Result<Lock, Failure> {
    let mut lock = Lock::acquire(path, what, since).map_err(refused)?;
    if path.exists() && kept && lock.holder_died_with_state_open() && !has_log(path) {
        // The words stay in the lock file: the next try must find them as well.
        let _ = lock.note_open(path);
        std::mem::forget(lock);
        return Err(lost_log(path));
    }
    Ok(lock)
}

/// Whether the last process died with the state open, so that its log holds what it did.
///
/// # Errors
/// The log is gone.
pub fn died_sending(path: &Path) -> Result<bool, Failure> {
    let died = Lock::was_left_open(path).map_err(refused)?;
    if died && !has_log(path) { Err(lost_log(path)) } else { Ok(died) }
}

fn lost_log(path: &Path) -> Failure {
    Failure::LostState(format!(
        "the process before was killed while it sent, and its log `{}` is gone: the state does not know whom it sent \
         to. Restore the log beside the state (a copy needs both files). If nothing was lost because another \
         program folded the log into the state, as `sqlite3` does, delete `{}.lock` and run again",
        log_of(path).display(),
        path.display()
    ))
}

/// Begins an empty state, for verbs that say something about campaigns of which nothing was sent yet.
pub fn create(path: &Path, what: &str, since: &str) -> Result<(), Failure> {
    if ci() {
        // Whoever sends next would take it for the one that was lost.
        return Err(StoreError::Missing { path: path.to_owned() }.into());
    }
    let _lock = lock(path, what, since, true)?;
    keep_out_of_git(path);
    Sqlite::open(path, OpenMode::Create)?;
    Ok(())
}

pub fn refused(error: LockError) -> Failure {
    Failure::State(error.to_string())
}

/// Opens a locked state for writing.
fn open(
    mut lock: Lock,
    path: PathBuf,
    mode: OpenMode,
    sandbox: bool,
    terminal: &Terminal,
) -> Result<Held, Failure> {
    // One that is refused is not brought up to date before that. What is wrong with it is told by who opens it next.
    if path.exists() && matches!(Sqlite::open(&path, OpenMode::Beside), Err(StoreError::Older { .. })) {
        Sqlite::open(&path, OpenMode::ReadOnly).map_or(Ok(()), |look| keep_apart(&look, &path, sandbox))?;
    }
    let mut store = Sqlite::open(&path, mode)?;
    store.guard(lock.witness());
    if let Some(copy) = store.copy_of_older() {
        let copy = near(copy);
        terminal.note(&format!(
            "The state was written by an older sendplan and was brought up to date; as it was, it is kept in `{}`. It \
             holds addresses and texts: delete it when you are sure of the new one.",
            copy.display()
        ));
    }
    keep_apart(&store, &path, sandbox)?;
    let note = lock.note_open(&path).map_err(refused)?;
    store.before_the_log_goes(move || note.take_back());
    Ok(Held { store, lock, path })
}

/// Whether the log is there. An empty one is none: whoever only looks leaves one behind, and whoever sends writes
/// into it before anything else.
fn has_log(path: &Path) -> bool {
    std::fs::metadata(log_of(path)).is_ok_and(|log| log.len() > 0)
}

/// SQLite's log beside the state.
fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}

/// The default folder holds addresses: git is told to leave it alone. Best effort; the folder may be anywhere.
fn keep_out_of_git(path: &Path) {
    let Some(folder) = path.parent().filter(|folder| folder.ends_with(".sendplan")) else { return };
    let file = folder.join(".gitignore");
    if !file.exists() {
        let _ = std::fs::write(file, "*\n");
    }
}

/// Opens the state for reading; `None` where there is none.
pub fn look(path: &Path) -> Result<Option<Sqlite>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(Sqlite::open(path, OpenMode::ReadOnly)?))
}

/// Opens the whole state for reading, for what is done with all of it: it must be there, with its log, and be a
/// sandbox's or a real one as is wanted. Who is at work on it is told.
pub fn look_at_all(path: &Path, sandbox: bool) -> Result<(Sqlite, Option<Holder>), Failure> {
    let holder = Lock::holder(path).map_err(refused)?;
    // Before it is opened: that would begin a log anew.
    if path.exists() {
        died_sending(path)?;
    }
    let store = look(path)?.ok_or_else(|| StoreError::Missing { path: path.to_owned() })?;
    keep_apart(&store, path, sandbox)?;
    Ok((store, holder))
}

/// A rehearsal never marks anybody as sent to, and a real run never trusts a rehearsal's marks.
pub fn keep_apart(store: &Sqlite, path: &Path, sandbox: bool) -> Result<(), Failure> {
    for says in store.kinds()? {
        let Some(is_sandbox) = says else {
            let text = format!("the state `{}` has a run that this sendplan cannot read", path.display());
            return Err(Failure::State(text));
        };
        if is_sandbox != sandbox {
            let (is, wanted) =
                if is_sandbox { ("a sandbox's", "the real one") } else { ("a real one", "a sandbox's") };
            return Err(Failure::State(format!(
                "the state `{}` is {is}, not {wanted}: name another with --state",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Names the runs of a sandbox that are thrown away before their end.
fn say_what_goes(last: &Sqlite, terminal: &Terminal) -> Result<(), Failure> {
    for run in last.runs(None)? {
        let line = line(&run, false);
        let (open, unknown) = (line.pending + line.held, line.unknown);
        if open + unknown > 0 {
            terminal.say(&format!(
                "A sandbox begins anew: the last run of {} ({}) is thrown away, with {} not sent and {} unknown. \
                 --state FILE keeps one.",
                line.campaign,
                line.occurrence,
                count(open, "message"),
                thousands(unknown)
            ));
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
