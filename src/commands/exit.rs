//! Exit codes, frozen, and which error is which.

use std::process::ExitCode;

use crate::diagnostic::Diagnostics;
use crate::store::StoreError;
use crate::world::workspace::NoCampaign;

/// How a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// All is done.
    Done = 0,
    /// Our own failure.
    Internal = 1,
    /// The command line is none, or asks for what cannot be.
    Usage = 2,
    /// Manifest, audience, template or profile are wrong, or the plan is refused.
    Invalid = 3,
    /// Stopped before the end; the same command goes on.
    Stopped = 4,
    /// Finished, but the provider refused some.
    Rejected = 5,
    /// Some outcomes are not known: a person has to decide.
    Unknown = 6,
    /// The state is locked, corrupt, missing or cannot be written.
    State = 7,
    /// The provider refuses us.
    Refused = 8,
    /// What would be sent is not what was approved.
    Unapproved = 9,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Why a verb could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Files are wrong; the diagnostics say where.
    #[error("{} in {what}", count(.problems))]
    Invalid {
        /// What was read.
        what: String,
        /// What is wrong.
        problems: Diagnostics,
    },
    /// What an option, or a name on the command line, says cannot be.
    #[error("{0}")]
    Usage(String),
    /// No folder for a file that is to be written.
    #[error("there is no folder `{folder}` for `{file}`")]
    NoFolder {
        /// The folder.
        folder: String,
        /// The file.
        file: String,
    },
    /// Wrong without a place in a file.
    #[error("{0}")]
    Input(String),
    /// No campaign there.
    #[error(transparent)]
    NoCampaign(#[from] NoCampaign),
    /// The state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The state, before it is opened.
    #[error("{0}")]
    State(String),
    /// A state that should be there is not: sending would begin again from nobody.
    #[error("{0}")]
    LostState(String),
    /// A job begins without a state, and there may have been one.
    #[error("{0}")]
    NoState(String),
    /// A plan that goes beyond its limits, or cannot be carried out as it is.
    #[error("the plan is refused{why}")]
    PlanRefused {
        /// Why, behind these words.
        why: String,
        /// Whether there are people who get nothing.
        leaves_out: bool,
    },
    /// What was sent or missed before does not let it.
    #[error("{0}")]
    Standing(String),
    /// What was asked for is in the sandbox's state alone.
    #[error("{words}")]
    OnlyInSandbox {
        /// What is said of it.
        words: String,
        /// Whether the real state is not there at all.
        is_missing: bool,
    },
    /// The provider, before anything is sent; or the credentials for it.
    #[error("{why}")]
    Refused {
        /// The profile's name, where it is about the gateway.
        provider: Option<String>,
        /// What is wrong.
        why: String,
    },
    /// What would be sent is not what the plan file says.
    #[error("{0}")]
    Unapproved(String),
    /// A file that was to be written could not be.
    #[error("cannot write `{path}`: {why}")]
    Output {
        /// The path.
        path: String,
        /// The system's words.
        why: String,
    },
    /// Somebody wanted an end before anything was sent, and nothing was written.
    #[error("asked to end before anything was sent")]
    Left,
    /// Ours.
    #[error("{0}")]
    Internal(String),
}

fn count(problems: &Diagnostics) -> String {
    match problems.errors() {
        1 => "1 error".to_owned(),
        many => format!("{many} errors"),
    }
}

impl Failure {
    /// The exit code it ends with.
    pub fn code(&self) -> Code {
        match self {
            Self::Usage(_) | Self::NoFolder { .. } => Code::Usage,
            Self::Invalid { .. }
            | Self::Input(_)
            | Self::NoCampaign(_)
            | Self::PlanRefused { .. }
            | Self::Standing(_)
            | Self::OnlyInSandbox { is_missing: false, .. } => Code::Invalid,
            Self::Store(_)
            | Self::State(_)
            | Self::LostState(_)
            | Self::NoState(_)
            | Self::OnlyInSandbox { .. } => Code::State,
            Self::Refused { .. } => Code::Refused,
            Self::Unapproved(_) => Code::Unapproved,
            Self::Left => Code::Stopped,
            Self::Output { .. } | Self::Internal(_) => Code::Internal,
        }
    }
}
