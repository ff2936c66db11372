//! What can go wrong with the state: which file it is, whose fault it is, what to do. No exit codes.

use std::path::{Path, PathBuf};

use crate::delivery::state::IllegalTransition;

/// A failed operation on the state. Nothing was changed, unless the variant says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no state where one must be.
    #[error("there is no state at {}: check the path, or send something first", path.display())]
    Missing {
        /// The file looked for.
        path: PathBuf,
    },
    /// The file or its folder refuses writing; found out before anything is sent.
    #[error("the state {} cannot be written ({detail}): check its permissions and those of its folder", path.display())]
    NotWritable {
        /// The state file.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// The path leads somewhere else, or to something that is no plain file.
    #[error("the state {} is {found}, not a plain file: name the file itself", path.display())]
    NotAFile {
        /// The path as given.
        path: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// The file is damaged. It is left as it is: starting over would send to everybody again.
    #[error("the state {} is damaged ({detail}); it was left as it is. Restore a copy, or look into it with `sqlite3`: starting from nothing would send to everybody again", path.display())]
    Corrupt {
        /// The state file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The state was written by a newer sendplan.
    #[error("the state {} has version {found}, this sendplan knows up to {known}: use the newer sendplan", path.display())]
    Newer {
        /// The state file.
        path: PathBuf,
        /// The version in the file.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// A database of another program.
    #[error("{} is a database of another program (application id {found}): choose another path for the state", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its application id.
        found: i64,
    },
    /// The state is older than this sendplan, and cannot be brought up to date beside the process that sends from it.
    #[error("the state {} has version {found}, this sendplan writes version {known}: the next `sendplan send` brings it up to date", path.display())]
    Older {
        /// The state file.
        path: PathBuf,
        /// The version in the file.
        found: i64,
        /// The version written here.
        known: i64,
    },
    /// The lock file that says that the state is ours is not there any more, or is another one: somebody else may be
    /// sending from the state. Nothing more is sent.
    #[error("the lock of the state {} was deleted or replaced while we worked, so somebody else may be sending from it: nothing more was sent. Look with `sendplan status`, then run again", path.display())]
    LockLost {
        /// The state file.
        path: PathBuf,
    },
    /// What lies at the path is not the file that was opened. Nothing more is sent.
    #[error("the state {} was {what} while we worked, so nothing more was sent. Put the file that was there back, with what lay beside it (`{}-wal`), then run again; from an older copy, whoever was sent to since would be sent to again", path.display(), file_name(path))]
    Replaced {
        /// The state file.
        path: PathBuf,
        /// What became of it.
        what: &'static str,
    },
    /// The disk is full. Nothing of the transaction was written.
    #[error("no room left for the state {}: nothing of this step was recorded; free some space and run again", path.display())]
    Full {
        /// The state file.
        path: PathBuf,
    },
    /// Another process holds the database for longer than we wait.
    #[error("the state {} is in use by another program: close it and run again", path.display())]
    Busy {
        /// The state file.
        path: PathBuf,
    },
    /// The disk failed. What was being written may or may not be there; it is never tried again.
    #[error("the disk failed under the state {}, or another program wrote over the file ({detail}): check the disk, look at the state with `sendplan state verify`, then run again", path.display())]
    Io {
        /// The state file.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A copy of the state cannot be written where it was wanted.
    #[error("the copy {} cannot be written: {detail}", path.display())]
    Copy {
        /// Where it was to be.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A run whose messages are needed still.
    #[error("run {run} cannot be pruned: {why}")]
    StillNeeded {
        /// The run's number.
        run: i64,
        /// What it is needed for.
        why: &'static str,
    },
    /// This occurrence of the campaign was begun already.
    #[error("the run of `{campaign}` for {occurrence} exists already")]
    RunExists {
        /// The campaign's name.
        campaign: String,
        /// The occurrence.
        occurrence: String,
    },
    /// A run that is not in this state.
    #[error("there is no run number {run} in this state")]
    NoSuchRun {
        /// The number.
        run: i64,
    },
    /// A message that is not in this run.
    #[error("run {run} has no message {key}")]
    NoSuchMessage {
        /// The run's number.
        run: i64,
        /// The message's key, for people.
        key: String,
    },
    /// A receipt for a message that no gateway is known to have accepted; a fault of ours.
    #[error("message {key} of run {run} has a receipt and was not accepted")]
    NotAccepted {
        /// The run's number.
        run: i64,
        /// The message's key, for people.
        key: String,
    },
    /// One recipient twice in one run, or one part twice: the plan must have merged them.
    #[error("`{recipient}` is twice in one run")]
    DuplicateRecipient {
        /// The recipient's identity.
        recipient: String,
    },
    /// A run cannot be finished while it has messages that may still be sent.
    #[error("run {run} has {open} messages that are not settled yet")]
    StillOpen {
        /// The run's number.
        run: i64,
        /// How many are pending, in flight or held.
        open: u64,
    },
    /// An event that cannot happen; a fault of ours.
    #[error("message {key} of run {run}: {illegal}")]
    Illegal {
        /// The run's number.
        run: i64,
        /// The message's key, for people.
        key: String,
        /// What was tried.
        illegal: IllegalTransition,
    },
    /// The books do not balance, or the database refused a statement; a fault of ours.
    #[error("internal: {detail}")]
    Internal {
        /// What happened.
        detail: String,
    },
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl StoreError {
    /// A fault of ours.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::Internal { detail: detail.into() }
    }
}
