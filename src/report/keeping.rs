//! What was done with a whole state, for people: copied, proven, pruned.

use std::fmt::Write as _;

use super::campaign::minute;
use super::layout::{Table, count};
use super::status::RunLine;
use crate::units::thousands;

/// A state that was copied. `state` and `copy` are paths as people see them.
pub fn backed_up(state: &str, copy: &str, runs: &[RunLine]) -> String {
    let messages: u64 = messages(runs);
    format!(
        "Copied {state} to {copy}: {}, {}; sound.\n",
        count(runs.len() as u64, "run"),
        count(messages, "message")
    )
}

/// What such a copy is, and how to go back to it; `flags` are what commands about the state need.
pub fn about_copy(state: &str, copy: &str, flags: &str) -> String {
    format!(
        "\nIt holds addresses, and the texts of messages that are not settled: keep it as you keep the state. What is \
         sent from now on is not in it; sending from it would send that again.\n\n\
         To go back to it, stop whoever sends and move {state}, {state}-wal, {state}-shm and {state}.lock away. Then:\n  \
         cp -p {copy} {state}\n  sendplan state verify{flags}"
    )
}

/// The messages of runs that are there.
fn messages(runs: &[RunLine]) -> u64 {
    runs.iter().filter(|run| run.pruned_at.is_none()).map(|run| run.planned).sum()
}

/// The runs of a state that was proven, and the verdict. `live` says who is at work on it.
pub fn verified(state: &str, runs: &[RunLine], wrong: &[String], live: Option<&str>) -> String {
    let mut out = format!("{state}\n\n");
    if !runs.is_empty() {
        let mut table = Table::new(&[2, 3, 4, 5]);
        table.row(["campaign", "occurrence", "planned", "settled", "to send", "unknown", ""]);
        for run in runs {
            let settled = run.accepted + run.rejected + run.suppressed + run.expired;
            let pruned = run.pruned_at.as_deref().map(|at| format!("pruned {}", minute(at)));
            table.row([
                &run.campaign,
                &run.occurrence,
                &thousands(run.planned),
                &thousands(settled),
                &thousands(run.pending + run.held),
                &thousands(run.unknown),
                &pruned.unwrap_or_default(),
            ]);
        }
        let _ = writeln!(out, "{}", table.show());
    }
    if let Some(live) = live {
        let _ = writeln!(out, "{live} is at work on it: this is how it stood at one moment.\n");
    }
    for one in wrong {
        let _ = writeln!(out, "wrong: {one}");
    }
    if wrong.is_empty() {
        let _ =
            writeln!(out, "sound: {}, {}", count(runs.len() as u64, "run"), count(messages(runs), "message"));
    }
    out
}

/// A run that was pruned, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrunedLine {
    /// Its campaign.
    pub campaign: String,
    /// Its occurrence.
    pub occurrence: String,
    /// When it was finished, RFC 3339.
    pub finished_at: String,
    /// Its messages.
    pub messages: u64,
    /// Its messages that are unknown: it is left as it is.
    pub unknown: u64,
}

/// What pruning came to, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PruneReport {
    /// How long ago a run must have been finished, as it was said.
    pub older_than: String,
    /// Whether it was only a look.
    pub dry_run: bool,
    /// Runs whose messages went.
    pub pruned: Vec<PrunedLine>,
    /// Runs that have unknown messages.
    pub left: Vec<PrunedLine>,
    /// The room of the file before and after, in bytes; the same where nothing was done.
    pub room: (u64, u64),
    /// Room inside the file that the next runs use, in bytes.
    pub free: u64,
    /// Copies of older versions that lie beside the state.
    pub copies: Vec<String>,
}

impl PruneReport {
    /// The text of people.
    pub fn human(&self) -> String {
        let mut out = String::new();
        let messages: u64 = self.pruned.iter().map(|run| run.messages).sum();
        let of = count(self.pruned.len() as u64, "run");
        let _ = match (self.pruned.is_empty(), self.dry_run) {
            (true, _) => {
                writeln!(out, "Nothing to prune: no run was finished more than {} ago.", self.older_than)
            }
            (_, true) => {
                writeln!(out, "Would prune {} of {of}; nothing was changed.", count(messages, "message"))
            }
            (_, false) => writeln!(out, "Pruned {} of {of}.", count(messages, "message")),
        };
        if !self.pruned.is_empty() {
            out.push('\n');
            out.push_str(&lines(&self.pruned, |run| count(run.messages, "message")));
            out.push_str(
                "\nTheir counts stay, and whom they reached, so that nobody is sent to again by mistake; opt-outs and \
                 decisions stay too.\n",
            );
        }
        if !self.left.is_empty() {
            out.push_str("\nLeft as they are, until somebody decides about what is unknown:\n\n");
            out.push_str(&lines(&self.left, |run| format!("{} unknown", thousands(run.unknown))));
        }
        if !self.pruned.is_empty() && !self.dry_run {
            let (before, after) = self.room;
            let _ = write!(out, "\nThe file takes {}; before, {}.", bytes(after), bytes(before));
            if self.free > 0 {
                let _ = write!(out, " {} in it are free for the next runs.", bytes(self.free));
            }
            out.push('\n');
        }
        if !self.copies.is_empty() {
            out.push_str(
                "\nCopies of older versions hold what the state held then; delete them when you are sure:\n",
            );
            self.copies.iter().for_each(|copy| out.push_str(&format!("  {copy}\n")));
        }
        out
    }
}

fn lines(runs: &[PrunedLine], what: impl Fn(&PrunedLine) -> String) -> String {
    let mut table = Table::new(&[3]);
    for run in runs {
        let finished = format!("finished {}", minute(&run.finished_at));
        table.row([&*run.campaign, &run.occurrence, &finished, &what(run)]);
    }
    table.show()
}

/// Room as people say it.
fn bytes(number: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.into_iter().find(|(size, _)| number >= *size) {
        Some((size, unit)) => format!("{}.{} {unit}", number / size, number % size * 10 / size),
        None => format!("{number} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_as_people_say_it() {
        assert_eq!([0, 1023, 49_152, 1_572_864].map(bytes), ["0 bytes", "1023 bytes", "48.0 KiB", "1.5 MiB"]);
    }
}
