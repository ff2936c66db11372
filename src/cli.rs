//! The command line as people type it. Only words and types: what they do stands in `commands`.

mod deciding;
mod examples;
mod keeping;
mod looking;
mod sending;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use deciding::*;
pub use examples::{EXAMPLES, command};
pub use keeping::*;
pub use looking::*;
pub use sending::*;
pub use values::Format;

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
    /// Let nothing new of a campaign go out until it is resumed, also while it is being sent, and no later date of a series
    Pause(Say),
    /// Let a paused campaign go on
    Resume(Say),
    /// Send nothing more of what has begun of a campaign, also while it is being sent, and call back what the gateway has not delivered yet, where it can; later dates of a series go out all the same
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
