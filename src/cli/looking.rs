//! Verbs that look and send nothing: what is asked of them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{Format, a_moment};

/// `sendplan check`
#[derive(Debug, Args)]
pub struct Check {
    /// Campaign folders, manifests or folders of campaigns
    #[arg(value_name = "PATH", default_value = "campaigns")]
    pub paths: Vec<PathBuf>,
    /// How to print what is wrong; `github` marks lines of a pull request, `sarif` is read by code scanners
    #[arg(long, value_enum, default_value_t = CheckFormat::Human, value_name = "FORMAT")]
    pub format: CheckFormat,
    /// Name every file that the campaigns are made of instead, a line each, as seen from the repository's folder
    #[arg(long, conflicts_with = "format")]
    pub files: bool,
    /// Take this for the present time, as in `2026-12-01T09:00:00Z`, for tests
    #[arg(long, value_name = "TIME", value_parser = a_moment)]
    pub now: Option<chrono::DateTime<chrono::Utc>>,
}

/// `sendplan audience`
#[derive(Debug, Args)]
pub struct Audience {
    /// The campaign's folder or manifest; or a file of recipients, `-` for standard input
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: PathBuf,
    /// Show addresses, numbers and e-mail addresses in full
    #[arg(long)]
    pub show_addresses: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
}

/// `sendplan preview`
#[derive(Debug, Args)]
pub struct Preview {
    /// The campaign's folder or manifest
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: PathBuf,
    /// Only this recipient, by id or address
    #[arg(long, value_name = "ID", conflicts_with = "sample")]
    pub recipient: Option<String>,
    /// How many messages to show: 3 if nothing is said, 24 on a page; one of each text and branch in any case
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub sample: Option<u16>,
    /// Show addresses in full
    #[arg(long)]
    pub show_addresses: bool,
    /// Write a page to this file instead, to look at, to search and to approve from
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Take this for the present time, as in `2026-12-01T09:00:00Z`; decides which time of a series a page is about
    #[arg(long, value_name = "TIME", value_parser = a_moment)]
    pub now: Option<chrono::DateTime<chrono::Utc>>,
}

/// `sendplan plan`
#[derive(Debug, Args)]
pub struct Plan {
    /// The campaign's folder or manifest
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: PathBuf,
    /// Write every excluded row to this CSV file, with its line and the reason
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Write a plan file to commit and to review: digests and counts of all that decides what is sent, no personal data
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Say what has changed since this plan file was written; exit code 9 where anything has
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// How to print the plan; `markdown` is a comment for a pull request
    #[arg(long, value_enum, default_value_t = PlanFormat::Human, value_name = "FORMAT")]
    pub format: PlanFormat,
    /// The most threads to use; all cores otherwise
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// Take this for the present time, as in `2026-12-01T09:00:00Z`, for tests
    #[arg(long, value_name = "TIME", value_parser = a_moment)]
    pub now: Option<chrono::DateTime<chrono::Utc>>,
}

/// `sendplan rehearse`
#[derive(Debug, Args)]
pub struct Rehearse {
    /// The campaign's folder or manifest
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: PathBuf,
    /// What goes wrong, and how often: `429:5%,timeout:1%,crash:3`. Shares of requests: refused, reset, timeout, 429,
    /// 5xx, truncated, 401, slow; of messages: rejected; a number: crash
    #[arg(long, value_name = "FAULTS")]
    pub fault: Option<String>,
    /// Decides all chance: the same number, the same rehearsal
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Take this for the present time, as in `2026-12-01T09:00:00Z`: a rehearsal begins at the time that the manifest names,
    /// or at the next of its series, or now
    #[arg(long, value_name = "TIME", value_parser = a_moment)]
    pub now: Option<chrono::DateTime<chrono::Utc>>,
    /// Write it to this file as well, as a page to look at or to send on
    #[arg(long, value_name = "FILE")]
    pub html: Option<std::path::PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
}

/// How to print what is wrong with campaigns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people
    Human,
    /// For machines: a frozen, versioned form
    Json,
    /// For GitHub Actions: an annotation for each problem
    Github,
    /// For code scanners: SARIF 2.1.0
    Sarif,
}

/// How to print a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people
    Human,
    /// For machines: a frozen, versioned form
    Json,
    /// For a pull request: a comment of less than 60 kB
    Markdown,
}
