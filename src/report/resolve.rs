//! Unknown messages, and what a look into the gateway's list came to, for people.

use super::layout::{Table, count};
use super::mask::Mask;
use super::messages::MessageLine;
use crate::delivery::resolution::Resolution;
use crate::units::thousands;

/// The title of a run's list.
pub fn title(campaign: &str, occurrence: &str, unknown: u64, held: u64) -> String {
    let what = match unknown {
        0 => "nothing is unknown".to_owned(),
        1 => "1 unknown message: nobody can tell whether it was sent".to_owned(),
        some => format!("{}: nobody can tell whether they were sent", count(some, "unknown message")),
    };
    let held = match held {
        0 => String::new(),
        1 => "; 1 held message: nobody can tell by whose clock it goes".to_owned(),
        some => format!("; {}: nobody can tell by whose clock they go", count(some, "held message")),
    };
    format!("{campaign} ({occurrence}): {what}{held}\n")
}

/// A page of unknown messages, its columns aligned by itself.
pub fn page<'a>(messages: impl IntoIterator<Item = MessageLine<'a>>, mask: Mask) -> String {
    let mut table = Table::new(&[2]);
    for one in messages {
        table.row([
            &*mask.recipient(one.recipient, one.address),
            &*mask.address(one.address),
            &count(one.attempts.into(), "attempt"),
            &one.changed_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
            &mask.words(one.error.unwrap_or_default(), one.address),
        ]);
    }
    table.show()
}

/// What a decision came to in a run, in a line. `late` says why its messages cannot go out any more, if so.
pub fn decided(
    what: Resolution,
    campaign: &str,
    occurrence: &str,
    messages: u64,
    late: Option<&str>,
) -> String {
    let text = count(messages, "message");
    let (is, it) = if messages == 1 { ("is", "counts") } else { ("are", "count") };
    let what = match what {
        _ if messages == 0 => return format!("{campaign} ({occurrence}): nothing to decide"),
        Resolution::AssumeSent => format!("{text} {is} assumed to be sent, and {it} as accepted"),
        Resolution::Resend => format!("{text} will be sent again; who got the first copy gets two"),
        Resolution::Placed if let Some(why) = late => {
            let expire = if messages == 1 { "it expires" } else { "they expire" };
            format!(
                "{text} {is} too late by the clock of that zone ({why}): the next `send` sends nothing of it, {expire}"
            )
        }
        Resolution::Placed => format!("{text} will be sent by the clock of that zone"),
        Resolution::GivenUp => format!("{text} {is} given up, and {it} as expired"),
        Resolution::Reconciled => format!("{text} {is} found at the gateway, and {it} as accepted"),
    };
    format!("{campaign} ({occurrence}): {what}")
}

/// How a person decides about what is left.
pub fn choices(campaign: &str, flag: &str) -> String {
    let mut table = Table::new(&[]);
    table.row([&format!("sendplan resolve {campaign} --assume-sent{flag}"), "they count as accepted"]);
    table.row([
        &format!("sendplan resolve {campaign} --resend --reason TEXT{flag}"),
        "the next `send` sends them again; who got the first copy gets two",
    ]);
    format!(
        "They are not sent again by themselves. Whoever knows more of them decides, about all or with --recipient ID:\n{}",
        table.show()
    )
}

/// How a person decides about those who are held.
pub fn choices_of_held(campaign: &str, flag: &str) -> String {
    let mut table = Table::new(&[]);
    let zone = format!("sendplan resolve {campaign} --timezone ZONE --reason TEXT{flag}");
    table.row([&zone, "the next `send` sends them by the clock of that zone"]);
    let give_up = format!("sendplan resolve {campaign} --give-up --reason TEXT{flag}");
    table.row([&give_up, "they are never sent: they expire"]);
    format!(
        "Those that are held are not sent before somebody decides, about all or with --recipient ID:\n{}",
        table.show()
    )
}

/// What a look into the gateway's list came to, in messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Found: the gateway took them.
    pub found: u64,
    /// Nothing of the kind is listed.
    pub not_listed: u64,
    /// Something is, and it cannot be told whose it is.
    pub ambiguous: u64,
    /// Nobody could look, or not to the end.
    pub not_seen: u64,
}

impl Reconciled {
    /// The text of people.
    pub fn human(&self) -> String {
        let mut table = Table::new(&[1]);
        let lines = [
            ("found", self.found, "the gateway took them: accepted"),
            ("not listed", self.not_listed, "that proves nothing: still unknown"),
            ("ambiguous", self.ambiguous, "it cannot be told whose record it is: still unknown"),
            ("not looked up", self.not_seen, "the gateway did not answer to the end: still unknown"),
        ];
        for (word, number, meaning) in lines {
            if number > 0 || word == "found" {
                table.row([word, &thousands(number), meaning]);
            }
        }
        table.show()
    }
}
