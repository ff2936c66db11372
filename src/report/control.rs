//! What is said when campaigns are paused and resumed, and when people opt out.

use chrono::{DateTime, Utc};

use super::layout::{Table, count};
use super::mask::Mask;

/// How far a word has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is recorded, and no process sends.
    Recorded,
    /// The process that sends keeps to it.
    Heeded,
    /// It is recorded, and the process that sends has not answered.
    Unanswered,
}

/// Somebody who opted out.
#[derive(Debug, Clone)]
pub struct OptOutLine<'a> {
    /// The address in canonical text.
    pub address: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// Who told us, in words.
    pub told: String,
    /// Why, where somebody said so.
    pub reason: Option<&'a str>,
}

/// A campaign was paused. `sender` is who sends it, if somebody does, and `heard` whether that one has heard of it.
pub fn paused(campaign: &str, sender: Option<&str>, heard: bool) -> String {
    match (sender, heard) {
        (None, _) => format!("{campaign} is paused: nothing of it goes out until it is resumed.\n"),
        (Some(sender), true) => format!(
            "{campaign} is paused: nothing new of it goes out. What is under way is heard out, and\n{sender} waits \
             until it is resumed.\n"
        ),
        (Some(sender), false) => format!(
            "{campaign} is marked as paused; {sender} has not answered yet.\nIt looks again before it sends anything.\n"
        ),
    }
}

/// A campaign was resumed.
pub fn resumed(campaign: &str, sender: Option<&str>, heard: bool) -> String {
    match (sender, heard) {
        (None, _) => format!("{campaign} is not paused any more; nobody is sending it.\n"),
        (Some(sender), true) => format!("{campaign} goes on: {sender}.\n"),
        (Some(sender), false) => {
            format!("{campaign} is not paused any more; {sender} has not answered yet.\n")
        }
    }
}

/// People were recorded as opted out; `new` of them were not known yet.
pub fn opted_out(all: u64, new: u64, kept: Kept) -> String {
    let known = match all - new {
        0 => String::new(),
        _ if all == 1 => " (it was known already)".to_owned(),
        known => format!(" ({known} of them known already)"),
    };
    let then = match kept {
        Kept::Recorded => "no campaign of this state sends to them any more.",
        Kept::Heeded => "nothing goes to them any more; what was under way may have.",
        Kept::Unanswered => {
            "the process that sends has not answered yet; it looks again before it sends anything."
        }
    };
    format!("{} recorded as opted out{known}: {then}\n", addresses(all))
}

/// Opt-outs were taken back; `gone` of them were recorded.
pub fn taken_back(all: u64, gone: u64, kept: Kept) -> String {
    let then = match kept {
        Kept::Unanswered => " The process that sends has not answered yet.",
        _ => "",
    };
    let rest = match all - gone {
        0 => String::new(),
        rest => format!("; {rest} {} not recorded here", if rest == 1 { "was" } else { "were" }),
    };
    format!(
        "{} taken back{rest}.{then}\nMessages that were left out because of an opt-out stay so.\n",
        count(gone, "opt-out")
    )
}

fn addresses(number: u64) -> String {
    if number == 1 {
        "1 address".to_owned()
    } else {
        format!("{} addresses", crate::units::thousands(number))
    }
}

/// A page of the list of those who opted out.
pub fn listed(page: &[OptOutLine<'_>], mask: Mask) -> String {
    let mut table = Table::new(&[]);
    for line in page {
        let at = line.at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        let reason = line.reason.unwrap_or_default();
        table.row([&mask.address(line.address), &at, &line.told, &mask.words(reason, line.address)]);
    }
    table.show()
}
