//! Verbs about the state, gateways and the program itself: what is asked of them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::values::an_age;
use crate::units::Span;

/// `sendplan init`
#[derive(Debug, Args)]
pub struct Init {
    /// Its name: lower-case letters, digits and `-`. It goes to campaigns/NAME, from the top of the git repository, or from this
    /// folder where there is none. Nothing is overwritten
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The gateway: a built-in one (`sendplan provider list`), or the path of a profile of your own. Without it, and without
    /// somebody to ask, the first built-in one
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    /// A file of recipients of yours, CSV or .xlsx. Its columns are looked at; it is copied unless it lies in the repository
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Which of its columns has the addresses, where that cannot be seen
    #[arg(long, value_name = "COLUMN", requires = "from")]
    pub address: Option<String>,
    /// The country of numbers written without a country code, as in `KE`
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Who the messages are from, as the gateway wants it
    #[arg(long, value_name = "SENDER")]
    pub sender: Option<String>,
    /// The text
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    /// When it goes out, such as `2026-12-01T09:00`; whenever `send` is called, otherwise
    #[arg(long, value_name = "TIME", conflicts_with = "cron")]
    pub at: Option<String>,
    /// When it goes out again and again, as a line of crontab, such as `0 9 * * MON`
    #[arg(long, value_name = "LINE")]
    pub cron: Option<String>,
    /// The clock of that time, such as `Africa/Nairobi`
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// Ask nothing: what is not said here is as it usually is
    #[arg(short, long)]
    pub yes: bool,
}

/// `sendplan state`
#[derive(Debug, Subcommand)]
pub enum State {
    /// Copy the whole state as it is at this moment, also while something is being sent
    Backup(Backup),
    /// Prove that the state is sound: the file, every run's books, receipts and texts
    Verify(Verify),
    /// Delete the messages of runs that were finished long ago; counts, decisions, opt-outs and whom they reached stay
    Prune(Prune),
}

/// `sendplan state backup`
#[derive(Debug, Args)]
pub struct Backup {
    /// Where the copy is to be; nothing may be there
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The sandbox's state instead of the real one
    #[arg(long)]
    pub sandbox: bool,
}

/// `sendplan state verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// The sandbox's state instead of the real one
    #[arg(long)]
    pub sandbox: bool,
}

/// `sendplan state prune`
#[derive(Debug, Args)]
pub struct Prune {
    /// Runs that were finished longer ago than this, such as `90d`; a year at most
    #[arg(long, value_name = "TIME", value_parser = an_age)]
    pub older_than: Span,
    /// Show what would be deleted, and delete nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The sandbox's state instead of the real one
    #[arg(long)]
    pub sandbox: bool,
}

/// `sendplan provider`
#[derive(Debug, Subcommand)]
pub enum Provider {
    /// The built-in profiles
    List,
    /// What a profile needs and can
    Show {
        /// A built-in name or a path to a profile
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Whether a profile builds the requests and reads the answers of its examples as they were recorded
    Test {
        /// A built-in name or a path to a profile
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// `sendplan schema`
#[derive(Debug, Args)]
pub struct Schema {
    /// Of what
    #[arg(value_enum, value_name = "NAME")]
    pub name: SchemaName,
    /// How to print it
    #[arg(long, value_enum, default_value_t = SchemaFormat::Json, value_name = "FORMAT")]
    pub format: SchemaFormat,
}

/// How to print a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    /// As JSON Schema
    Json,
    /// As a page of reference
    Markdown,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// `campaign.yaml`
    Campaign,
    /// A gateway's profile
    Provider,
    /// A plan file, as `plan --out` writes it
    Plan,
}

/// `sendplan completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// Of which shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// `sendplan man`
#[derive(Debug, Args)]
pub struct Man {
    /// Where the pages go: `sendplan.1`, and `sendplan-send.1` and so on for each verb. Older ones there are replaced
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
