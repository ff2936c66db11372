//! Verbs by which people decide: what is asked of them.

use std::path::PathBuf;

use clap::Args;

use super::values::{Format, a_reason};

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
