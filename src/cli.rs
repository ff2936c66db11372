//! The command line as people type it. Only words and types: what they do stands in `commands`.

mod examples;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use examples::{EXAMPLES, command};

use crate::units::Span;

/// Campaigns as files in git, sent to people exactly as reviewed.
#[derive(Debug, Parser)]
#[command(name = "sendplan", version, about, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 our own failure, 2 usage, 3 invalid input, 4 stopped and resumable, \
    5 finished with rejections, 6 unknown outcomes to decide, 7 state locked, corrupt or missing, \
    8 refused by the provider, 9 not what the plan file says."
)]
pub struct Cli {
    /// What holds for every verb.
    #[command(flatten)]
    pub global: Global,
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What holds for every verb.
#[derive(Debug, Args)]
pub struct Global {
    /// The state file: who was sent what. `SENDPLAN_STATE`, else .sendplan/state.db; a sandbox has its own beside it
    #[arg(long, global = true, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Say only what was asked for, and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A verb.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Begin a campaign: a folder with a manifest, a text and a list, which can be sent to the sandbox as they are
    Init(Init),
    /// Show every error of manifests and the files they name, all at once
    Check(Check),
    /// Show what stands in the columns of the recipients' files, whatever else is wrong with the campaign
    Audience(Audience),
    /// Show what recipients will read
    Preview(Preview),
    /// Rehearse the whole audience: who gets what, who is left out and why. Sends nothing
    Plan(Plan),
    /// Play the whole campaign on a virtual clock, with faults: when who gets what, and a proof that nobody gets two. Sends nothing
    Rehearse(Rehearse),
    /// Send what is due; take up what was interrupted
    Send(Send),
    /// Send every campaign on its schedule, for as long as the process lives; or once, whatever is due
    Run(Run),
    /// Show runs, where their messages stand and what they wait for, and when campaigns go out next
    Status(Status),
    /// Show what became of a campaign's messages, and why; ask the gateway first if wished
    Report(Report),
    /// Let nothing new of a campaign go out until it is resumed, also while it is being sent
    Pause(Say),
    /// Let a paused campaign go on
    Resume(Say),
    /// Send nothing more of a campaign, also while it is being sent, and call back what the gateway has not delivered yet, where it can
    Cancel(Say),
    /// Record that people want no more messages: nobody of them is sent to from then on
    Optout(Optout),
    /// Show messages of which nobody can tell whether they were sent; look for them at the gateway, or decide
    Resolve(Resolve),
    /// Copy the state, prove that it is sound, or delete messages of old runs from it
    #[command(subcommand)]
    State(State),
    /// Show gateway profiles
    #[command(subcommand)]
    Provider(Provider),
    /// Print a JSON Schema, for editors
    Schema(Schema),
    /// Print what lets a shell complete the words of this program
    Completions(Completions),
    /// Print the manual page, or write those of all verbs into a folder
    Man(Man),
}

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

/// `sendplan check`
#[derive(Debug, Args)]
pub struct Check {
    /// Campaign folders, manifests or folders of campaigns
    #[arg(value_name = "PATH", default_value = "campaigns")]
    pub paths: Vec<PathBuf>,
    /// How to print what is wrong; `github` marks lines of a pull request, `sarif` is read by code scanners
    #[arg(long, value_enum, default_value_t = CheckFormat::Human, value_name = "FORMAT")]
    pub format: CheckFormat,
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
    /// Begin a new state where there is none, even when `CI` is set
    #[arg(long)]
    pub new_state: bool,
    /// Show `/healthz`, `/metrics` and `/status.json` here, such as `127.0.0.1:9464`
    #[arg(long, value_name = "ADDRESS", conflicts_with = "once")]
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

/// `sendplan pause`, `resume` and `cancel`: a person's word about a campaign.
#[derive(Debug, Args)]
pub struct Say {
    /// A campaign's name, folder or manifest
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: PathBuf,
    /// Why, recorded with your name
    #[arg(long, value_name = "TEXT", value_parser = a_reason)]
    pub reason: Option<String>,
    /// The sandbox's state instead of the real one
    #[arg(long)]
    pub sandbox: bool,
}

/// `sendplan optout`
#[derive(Debug, Args)]
pub struct Optout {
    /// Phone numbers, or `-` for one in each line of standard input
    #[arg(value_name = "ADDRESS", required_unless_present = "list", conflicts_with = "list")]
    pub addresses: Vec<String>,
    /// For numbers written without a country code, as in `KE`
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// They are no phone numbers but ids of a gateway's, taken as they stand
    #[arg(long, conflicts_with = "region")]
    pub opaque: bool,
    /// Take opt-outs back that are recorded here
    #[arg(long, conflicts_with = "list")]
    pub take_back: bool,
    /// Why, recorded with your name
    #[arg(long, value_name = "TEXT", value_parser = a_reason)]
    pub reason: Option<String>,
    /// Show who is recorded, and since when
    #[arg(long)]
    pub list: bool,
    /// Show addresses in full
    #[arg(long)]
    pub show_addresses: bool,
    /// The sandbox's state instead of the real one
    #[arg(long)]
    pub sandbox: bool,
}

/// A reason in people's words, without the spaces around it.
fn a_reason(text: &str) -> Result<String, &'static str> {
    // What breaks lines or turns the direction of writing would change how the decisions of others read.
    let unruly = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let text = text.trim();
    match (text.is_empty(), text.chars().any(unruly)) {
        (true, _) => Err("a reason says something"),
        (_, true) => Err("a reason is one line of plain text"),
        _ => Ok(text.to_owned()),
    }
}

/// A moment, with the form that is wanted where it is none.
fn a_moment(text: &str) -> Result<chrono::DateTime<chrono::Utc>, &'static str> {
    const WANTED: &str = "a day, a time and its offset from UTC, such as `2026-12-01T09:00:00Z` or `2026-12-01T09:00:00+03:00`";
    text.parse().map_err(|_| WANTED)
}

/// How long ago, with the range and the units where it is none.
fn an_age(text: &str) -> Result<Span, &'static str> {
    text.parse().map_err(|_| "a time from 1ms to 366d, in ms, s, m, h or d, such as `90d`")
}

/// `sendplan resolve`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("decision").args(["assume_sent", "resend", "timezone", "give_up"]))]
pub struct Resolve {
    /// A campaign's name, folder or manifest
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: PathBuf,
    /// Look for them in the gateway's own list of what it sent
    #[arg(long, group = "deed")]
    pub reconcile: bool,
    /// Decide that they were sent: they count as accepted, for good
    #[arg(long, group = "deed")]
    pub assume_sent: bool,
    /// Decide that they are sent again, with the next `send`: who got the first copy gets two
    #[arg(long, group = "deed", requires = "reason")]
    pub resend: bool,
    /// Decide that held ones go out by the clock of this time zone, with the next `send`
    #[arg(long, group = "deed", requires = "reason", value_name = "ZONE")]
    pub timezone: Option<String>,
    /// Decide that held ones are not sent: they expire, for good
    #[arg(long, group = "deed", requires = "reason")]
    pub give_up: bool,
    /// Why it is decided so, recorded with your name
    #[arg(long, value_name = "TEXT", value_parser = a_reason, requires = "decision")]
    pub reason: Option<String>,
    /// Decide only about this recipient, by id or address; may be repeated. All of the campaign otherwise
    #[arg(long, value_name = "ID", requires = "decision")]
    pub recipient: Vec<String>,
    /// Show who decided what, when and why
    #[arg(long, group = "deed")]
    pub decisions: bool,
    /// How to print the decisions
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT", requires = "decisions")]
    pub format: Format,
    /// Show addresses in full
    #[arg(long)]
    pub show_addresses: bool,
    /// The sandbox's state instead of the real one
    #[arg(long)]
    pub sandbox: bool,
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

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// For machines: a frozen, versioned form
    Json,
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
