//! What a cancellation came to, for people.

use std::fmt::Write as _;

use super::layout::{Table, count};
use super::status::RunLine;
use crate::units::thousands;

/// What was done to one run.
#[derive(Debug, Clone, Default)]
pub struct Cancelled {
    /// Messages that were not sent yet and will not be.
    pub stopped: u64,
    /// Messages that the gateway gave back.
    pub called_back: u64,
    /// Messages that the gateway was asked for and did not give back, or did not speak of.
    pub kept: u64,
    /// Whether the gateway can be asked at all.
    pub can_call_back: bool,
}

/// The text of people where everything was through before; `run` is the last that was.
pub fn nothing_open(run: &RunLine) -> String {
    format!(
        "Nothing of {} was under way: {} was through, with {} accepted.\n",
        run.campaign,
        run.occurrence,
        thousands(run.accepted)
    )
}

/// The text of people; `run` is where it stands now.
pub fn summary(done: &Cancelled, run: &RunLine) -> String {
    let mut out = format!("Cancelled {} ({}).\n\n", run.campaign, run.occurrence);
    let mut table = Table::new(&[1]);
    table.row(["stopped here", &thousands(done.stopped), "not sent, and will not be"]);
    if done.can_call_back {
        table.row(["called back", &thousands(done.called_back), "the gateway took them back"]);
    }
    // What failed before will not arrive either.
    let late = run.accepted.saturating_sub(run.failed);
    let why = match done.can_call_back {
        true => "accepted, and not called back",
        false => "accepted; this gateway cannot call messages back",
    };
    if late > 0 {
        table.row(["too late", &thousands(late), why]);
    }
    if run.unknown > 0 {
        table.row(["unknown", &thousands(run.unknown), "may or may not have been sent"]);
    }
    out.push_str(&table.show());
    let open = run.pending + run.held;
    if open > 0 {
        let _ = writeln!(out, "\n{} left", count(open, "message"));
    }
    out
}
