//! One process per state: a kernel lock on a file beside it, never on the database itself (SQLite
//! would lose its own locks when that handle is closed). The kernel drops the lock of a dead
//! process, so a restart takes over by itself. The file stays: deleting it would race.
#![allow(clippy::disallowed_methods)]

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::store::private;

/// Who holds a state, in words for people; read from the lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The process id; 0 when the file does not say.
    pub pid: u32,
    /// The verb it runs.
    pub what: String,
    /// When it began, as it wrote it.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            0 => write!(f, "another process"),
            pid => {
                let since = self.since.replace('T', " ").replace('Z', " UTC");
                write!(f, "`{}` (process {pid}, since {since})", self.what)
            }
        }
    }
}

/// Why a state could not be locked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("the state {} is in use by {holder}: wait for it, or stop it", path.display())]
    Held {
        /// The state.
        path: PathBuf,
        /// Who.
        holder: Holder,
    },
    /// The lock file cannot be made or read.
    #[error("the state {} cannot be locked ({detail}): check the permissions of its folder", path.display())]
    Refused {
        /// The state.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
}

/// The lock of a state, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
    witness: Witness,
    died_sending: bool,
    /// The bytes of the holder's name in the file; the note comes behind them.
    named: u64,
}

/// The note that a state is open ([`Lock::note_open`]).
#[derive(Debug)]
#[must_use = "it is taken back when the state is closed in order"]
pub struct Noted {
    file: File,
    named: u64,
}

impl Noted {
    /// Takes the note back. To be done when all of the log is in the state, and before the log goes: a process that is
    /// killed between the two must leave either the log or no note.
    pub fn take_back(self) {
        // If it stays, the next one asks for a log that is not there any more; nothing is lost by that.
        let _ = self.file.set_len(self.named).and_then(|()| self.file.sync_data());
    }
}

/// Tells whether a lock is still the one that others find at its path. A process that slept may wake with the lock of a
/// file that was deleted, while somebody else holds the one that took its place.
#[derive(Debug, Clone)]
pub struct Witness {
    path: PathBuf,
    file: (u64, u64),
}

impl Witness {
    /// Whether whoever looks for the lock finds ours.
    pub fn is_ours(&self) -> bool {
        let found = fs::symlink_metadata(&self.path);
        found.is_ok_and(|found| (found.dev(), found.ino()) == self.file)
    }
}

/// The line that says that the state is open.
const OPEN: &str = "open";

impl Drop for Lock {
    /// An orderly end leaves no name behind. Unlocking by word also works while a child process that
    /// is just being started has a copy of the handle; a failure changes nothing: closing unlocks too.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

impl Lock {
    /// Takes the lock of a state at once, or says who has it. The state itself need not exist yet;
    /// its folder is created (0700).
    ///
    /// # Errors
    /// [`LockError`].
    pub fn acquire(state: &Path, what: &str, since: &str) -> Result<Self, LockError> {
        let refused = |error: io::Error| refused(state, &error);
        private::create_parent(state).map_err(refused)?;
        let mut file = open_or_create(&lock_path(state)).map_err(refused)?;
        if let Some(holder) = taken_by(&mut file).map_err(refused)? {
            return Err(LockError::Held { path: state.to_owned(), holder });
        }
        let opened = file.metadata().map_err(refused)?;
        let witness = Witness { path: lock_path(state), file: (opened.dev(), opened.ino()) };
        if !witness.is_ours() {
            return Err(refused(io::Error::other("its lock file is being replaced")));
        }
        let died_sending = read_text(&mut file).lines().any(|line| line == OPEN);
        // The note of one who died stays until the log was read.
        let named = write_holder(&mut file, what, since, died_sending).map_err(refused)?;
        Ok(Self { file, witness, died_sending, named })
    }

    /// What tells whether the lock is still ours.
    pub fn witness(&self) -> Witness {
        self.witness.clone()
    }

    /// Whether the holder before had the state open when it died. Its log must be there then: without it
    /// the state has forgotten what that process did.
    pub fn holder_died_with_state_open(&self) -> bool {
        self.died_sending
    }

    /// Notes that the state is open from here on.
    ///
    /// # Errors
    /// [`LockError::Refused`].
    pub fn note_open(&mut self, state: &Path) -> Result<Noted, LockError> {
        writeln!(self.file, "{OPEN}")
            .and_then(|()| self.file.sync_data())
            .and_then(|()| self.file.try_clone())
            .map(|file| Noted { file, named: self.named })
            .map_err(|error| refused(state, &error))
    }

    /// Whether the holder before died with the state open, and nobody has taken it since; takes nothing.
    ///
    /// # Errors
    /// [`LockError::Refused`] when the lock file is there and cannot be read.
    pub fn was_left_open(state: &Path) -> Result<bool, LockError> {
        if Self::holder(state)?.is_some() {
            return Ok(false);
        }
        match private::open_plain(&lock_path(state), false) {
            Ok(mut file) => Ok(read_text(&mut file).lines().any(|line| line == OPEN)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(refused(state, &error)),
        }
    }

    /// Who holds a state at this moment, if anybody; takes nothing.
    ///
    /// # Errors
    /// [`LockError::Refused`] when the lock file is there and cannot be read.
    pub fn holder(state: &Path) -> Result<Option<Holder>, LockError> {
        let mut file = match private::open_plain(&lock_path(state), false) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(refused(state, &error)),
        };
        // A shared lock is refused exactly while somebody has the exclusive one.
        match taken(file.try_lock_shared()) {
            Ok(true) => file.unlock().map(|()| None).map_err(|error| refused(state, &error)),
            Ok(false) => Ok(Some(read_holder(&mut file))),
            Err(error) => Err(refused(state, &error)),
        }
    }
}

/// Whether a try got the lock.
fn taken(tried: Result<(), TryLockError>) -> io::Result<bool> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Takes the exclusive lock unless somebody has it. Someone who only asks ([`Lock::holder`]) has a
/// shared lock for a moment and must not look like a holder: where a shared lock is to be had,
/// nobody holds the state, and the next try may succeed.
fn lock_exclusively(file: &File) -> io::Result<bool> {
    const TRIES: u32 = 1000;
    for _ in 0..TRIES {
        if taken(file.try_lock())? {
            return Ok(true);
        }
        if !taken(file.try_lock_shared())? {
            return Ok(false);
        }
        file.unlock()?;
        std::thread::yield_now();
    }
    Ok(false)
}

/// Takes the lock, or says who has it. Whoever has just taken it writes its name a moment later, and until then
/// nothing stands in the file, or the name of one who was killed: neither is an answer yet.
fn taken_by(file: &mut File) -> io::Result<Option<Holder>> {
    const TRIES: u32 = 200;
    const PAUSE: Duration = Duration::from_millis(5);
    for _ in 0..TRIES {
        if lock_exclusively(file)? {
            return Ok(None);
        }
        let holder = read_holder(file);
        if holder.pid != 0 && is_alive(holder.pid) {
            return Ok(Some(holder));
        }
        std::thread::park_timeout(PAUSE);
    }
    Ok(Some(read_holder(file)))
}

/// Whether there is a process of this number; yes, where the system does not say.
fn is_alive(pid: u32) -> bool {
    !Path::new("/proc/self").exists() || Path::new("/proc").join(pid.to_string()).exists()
}

/// `<state>.lock`
fn lock_path(state: &Path) -> PathBuf {
    let mut path = state.as_os_str().to_owned();
    path.push(".lock");
    PathBuf::from(path)
}

fn refused(state: &Path, error: &io::Error) -> LockError {
    LockError::Refused { path: state.to_owned(), detail: error.to_string() }
}

fn open_or_create(path: &Path) -> io::Result<File> {
    match private::create_new(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => private::open_plain(path, true),
        other => other,
    }
}

/// Answers how many bytes the name takes; `open` adds the note behind it.
fn write_holder(file: &mut File, what: &str, since: &str, open: bool) -> io::Result<u64> {
    file.set_len(0)?;
    file.rewind()?;
    // One line each; a line break in a word would shift the others.
    let one_line = |text: &str| text.replace(['\n', '\r'], " ");
    let mut text = format!("{}\n{}\n{}\n", std::process::id(), one_line(what), one_line(since));
    let named = text.len() as u64;
    if open {
        text.push_str(&format!("{OPEN}\n"));
    }
    // At once: nobody should read half of it.
    file.write_all(text.as_bytes()).map(|()| named)
}

fn read_text(file: &mut File) -> String {
    const LONGEST: u64 = 4096;
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(LONGEST).read_to_string(&mut text));
    if read.is_err() {
        text.clear();
    }
    text
}

/// What the file says; a holder that has not written yet, or a strange file, is only "somebody".
fn read_holder(file: &mut File) -> Holder {
    let text = read_text(file);
    let mut lines = text.lines();
    let mut line = || lines.next().unwrap_or_default().to_owned();
    Holder { pid: line().parse().unwrap_or(0), what: line(), since: line() }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{BufRead, BufReader, stdin};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::{Command, Stdio};

    use super::*;
    use crate::store::sqlite::{OpenMode, Sqlite};

    fn state() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/state.db");
        (folder, path)
    }

    #[test]
    fn fault_15_the_second_is_told_who_holds_the_state() {
        let (_folder, path) = state();
        let lock = Lock::acquire(&path, "send spring\nsale", "2026-12-01T09:00:00Z").unwrap();
        let expected = Holder {
            pid: std::process::id(),
            what: "send spring sale".to_owned(),
            since: "2026-12-01T09:00:00Z".to_owned(),
        };
        let error = Lock::acquire(&path, "run", "later").unwrap_err();
        assert_eq!(error, LockError::Held { path: path.clone(), holder: expected.clone() });
        let text = error.to_string();
        assert!(text.contains("`send spring sale`") && text.contains("2026-12-01 09:00:00 UTC"), "{text}");
        assert_eq!(Lock::holder(&path).unwrap(), Some(expected));
        drop(lock);
        assert_eq!(Lock::holder(&path).unwrap(), None);
        assert_eq!(fs::read_to_string(lock_path(&path)).unwrap(), "", "the file stays, the name does not");
        drop(Lock::acquire(&path, "run", "later").unwrap());
    }

    #[test]
    fn fault_15_a_holder_that_has_only_just_begun_is_named_and_not_a_dead_one() {
        let (_folder, path) = state();
        drop(Lock::acquire(&path, "run", "then").unwrap());
        let mut dead = Command::new("true").spawn().unwrap();
        dead.wait().unwrap();
        let mut file = private::open_plain(&lock_path(&path), true).unwrap();
        assert!(taken(file.try_lock()).unwrap());
        for left in [String::new(), format!("{}\nsend old\nthen\nopen\n", dead.id())] {
            fs::write(lock_path(&path), left).unwrap();
            let (tell, told) = std::sync::mpsc::channel();
            let second = path.clone();
            let thread = std::thread::spawn(move || tell.send(Lock::acquire(&second, "send", "now")));
            assert!(told.recv_timeout(Duration::from_millis(30)).is_err(), "nobody was named yet");
            write_holder(&mut file, "send new", "now", false).unwrap();
            let Err(LockError::Held { holder, .. }) = told.recv().unwrap() else { panic!("it is held") };
            assert_eq!((holder.pid, &*holder.what), (std::process::id(), "send new"));
            thread.join().unwrap().unwrap();
        }
    }

    /// Runs itself as the process that dies: with [`CHILD`] set it only takes the lock and waits.
    #[test]
    fn fault_16_the_lock_of_a_dead_process_is_taken_over() {
        const CHILD: &str = "SENDPLAN_TEST_LOCK_CHILD";
        if let Some(path) = std::env::var_os(CHILD) {
            let _lock = Lock::acquire(Path::new(&path), "send spring-sale", "then").unwrap();
            writeln!(io::stdout(), "\nheld").unwrap();
            stdin().read_line(&mut String::new()).unwrap();
            return;
        }
        let (_folder, path) = state();
        let me = std::env::current_exe().unwrap();
        let mut child = Command::new(me)
            .args(["--exact", "--nocapture"])
            .arg("store::lock::tests::fault_16_the_lock_of_a_dead_process_is_taken_over")
            .env(CHILD, &path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        assert!(output.lines().any(|line| line.unwrap() == "held"));
        let holder = Lock::holder(&path).unwrap().unwrap();
        assert_eq!((holder.pid, holder.what.as_str()), (child.id(), "send spring-sale"));
        assert!(matches!(Lock::acquire(&path, "run", "now"), Err(LockError::Held { .. })));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(fs::read_to_string(lock_path(&path)).unwrap().contains("send spring-sale"));
        assert_eq!(Lock::holder(&path).unwrap(), None);
        let _lock = Lock::acquire(&path, "run", "now").unwrap();
        assert_eq!(Lock::holder(&path).unwrap().unwrap().what, "run");
    }

    #[test]
    fn fault_16_whoever_is_killed_while_closing_leaves_the_log_or_no_note() {
        let (_folder, path) = state();
        let noted = || fs::read_to_string(lock_path(&path)).unwrap().lines().any(|line| line == OPEN);
        let mut lock = Lock::acquire(&path, "send", "now").unwrap();
        let mut store = Sqlite::open(&path, OpenMode::Create).unwrap();
        let note = lock.note_open(&path).unwrap();
        let log = PathBuf::from(format!("{}-wal", path.display()));
        let seen = log.clone();
        store.before_the_log_goes(move || {
            assert!(seen.exists(), "the note is taken back while the log is there");
            note.take_back();
        });
        assert!(noted());
        drop(store);
        assert!(!log.exists() && !noted() && Lock::holder(&path).unwrap().is_some());
        drop(lock);
        // Who is killed before the state was opened again keeps the note of the one before.
        fs::write(lock_path(&path), "1\nsend\nthen\nopen\n").unwrap();
        let lock = Lock::acquire(&path, "send", "later").unwrap();
        assert!(lock.holder_died_with_state_open() && noted());
        drop(lock);
        assert!(!noted());
    }

    #[test]
    fn someone_who_only_asks_does_not_keep_others_out() {
        let (_folder, path) = state();
        drop(Lock::acquire(&path, "run", "then").unwrap());
        let done = std::sync::atomic::AtomicBool::new(false);
        let asking = || {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                Lock::holder(&path).unwrap();
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(asking);
            scope.spawn(asking);
            let refused = (0..500).find_map(|_| Lock::acquire(&path, "send", "now").err());
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(refused, None);
        });
    }

    #[test]
    fn a_strange_lock_file_is_only_somebody() {
        let (_folder, path) = state();
        let _lock = Lock::acquire(&path, "run", "now").unwrap();
        fs::write(lock_path(&path), [0xff, 0xfe, 0]).unwrap();
        let holder = Lock::holder(&path).unwrap().unwrap();
        assert_eq!((holder.pid, holder.to_string().as_str()), (0, "another process"));
    }

    #[test]
    fn the_lock_file_is_its_owners_and_no_link() {
        let (folder, path) = state();
        assert_eq!(Lock::holder(&path).unwrap(), None);
        drop(Lock::acquire(&path, "run", "now").unwrap());
        let mode = fs::metadata(lock_path(&path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = folder.path().join("other.db");
        symlink(lock_path(&path), lock_path(&other)).unwrap();
        assert!(matches!(Lock::acquire(&other, "run", "now"), Err(LockError::Refused { .. })));
        assert!(matches!(Lock::holder(&other), Err(LockError::Refused { .. })));
        assert!(matches!(
            Lock::acquire(Path::new("/proc/self/state.db"), "run", "now"),
            Err(LockError::Refused { .. })
        ));
    }
}
