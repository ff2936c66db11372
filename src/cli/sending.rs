//! Verbs that send, or say what became of it: what is asked of them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{Format, a_moment, an_address};

/// `sendplan send`
#[derive(Debug, Args)]
pub struct Send {
    /// The campaign's folder or manifest
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: PathBuf,
    /// Send to a gateway on this machine that answers as the real one does. Nothing leaves the machine
    #[arg(long)]
    pub sandbox: bool,
    /// Begin only what is exactly what this plan file says, as `plan --out` wrote it; else exit code 9
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Begin a new state where there is none, even when `CI` is set
    #[arg(long)]
    pub new_state: bool,
    /// Take this for the present time, as in `2026-12-01T09:00:00Z`; decides what is due, for tests
    #[arg(long, value_name = "TIME", value_parser = a_moment)]
    pub now: Option<chrono::DateTime<chrono::Utc>>,
}

/// `sendplan run`
#[derive(Debug, Args)]
pub struct Run {
    /// Folders of campaigns, campaign folders or manifests
    #[arg(value_name = "DIR", default_value = "campaigns")]
    pub dirs: Vec<PathBuf>,
    /// Send whatever is due, take up what can go on, and end
    #[arg(long)]
    pub once: bool,
    /// Begin a campaign that has a `plan.json` beside its manifest only as that file approves it (exit code 9)
    #[arg(long, requires = "once")]
    pub hold_to_plans: bool,
    /// Begin a new state where there is none, even when `CI` is set
    #[arg(long)]
    pub new_state: bool,
    /// Show `/healthz`, `/metrics` and `/status.json` here, such as `127.0.0.1:9464`
    #[arg(long, value_name = "ADDRESS", conflicts_with = "once", value_parser = an_address)]
    pub listen: Option<std::net::SocketAddr>,
    /// How to say what happens, on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Human, value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// Take this for the present time, as in `2026-12-01T09:00:00Z`; decides what is due, for tests
    #[arg(long, value_name = "TIME", value_parser = a_moment, requires = "once")]
    pub now: Option<chrono::DateTime<chrono::Utc>>,
}

/// How to say what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line an event, for people
    Human,
    /// A JSON object an event: a frozen, versioned form
    Json,
}

/// `sendplan status`
#[derive(Debug, Args)]
pub struct Status {
    /// A campaign's name, folder or manifest; all otherwise
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
    /// The sandbox's state instead of the real one
    #[arg(long)]
    pub sandbox: bool,
    /// Take this for the present time, as in `2026-12-01T09:00:00Z`, for tests
    #[arg(long, value_name = "TIME", value_parser = a_moment)]
    pub now: Option<chrono::DateTime<chrono::Utc>>,
}

/// `sendplan report`
#[derive(Debug, Args)]
pub struct Report {
    /// A campaign's name, folder or manifest
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: PathBuf,
    /// First ask the gateway what became of accepted messages
    #[arg(long)]
    pub refresh: bool,
    /// Of a series, only this run, such as `2026-12-01T09:00[Africa/Nairobi]`
    #[arg(long, value_name = "OCCURRENCE")]
    pub occurrence: Option<String>,
    /// How to print it; `csv` has a row for each message, `junit` is read by CI systems
    #[arg(long, value_enum, default_value_t = ReportFormat::Human, value_name = "FORMAT")]
    pub format: ReportFormat,
    /// Write it to this file as well, as a page to look at or to send on
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Show addresses in full
    #[arg(long)]
    pub show_addresses: bool,
    /// The sandbox's state instead of the real one
    #[arg(long)]
    pub sandbox: bool,
}

/// How to print a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    Human,
    /// For machines: a frozen, versioned form
    Json,
    /// For spreadsheets: a row for each message
    Csv,
    /// For CI systems: JUnit XML, a suite for each run
    Junit,
}
