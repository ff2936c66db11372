//! The summary of a run after sending: every planned message stands in one line of it.

use std::fmt::Write as _;
use std::time::Duration;

use super::layout::{Table, count, duration, wrapped};
use super::left_out::LeftOut;
use super::status::RunLine;
use crate::units::thousands;

/// What this process did, beside where the run stands.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// Requests sent.
    pub requests: u64,
    /// Log-ins and renewals.
    pub credentials: u64,
    /// Messages that were tried again.
    pub retried: u64,
    /// How long it took.
    pub took: Duration,
    /// Messages that got a definite answer in this process.
    pub settled: u64,
    /// Rows of the file that are no message.
    pub left_out: LeftOut,
}

/// What became of the accepted ones, as far as the gateway told.
fn receipts(run: &RunLine, table: &mut Table) {
    for (word, number) in [("delivered", run.delivered), ("failed", run.failed)] {
        if number > 0 {
            table.row([&format!("    {word}"), &thousands(number), "of them"]);
        }
    }
}

/// The summary: the states of the run, their sum, and what this process did.
pub fn summary(run: &RunLine, work: &Work) -> String {
    let mut out = String::new();
    let mut table = Table::new(&[1]);
    table.row(["planned", &thousands(run.planned), ""]);
    let lines = [
        ("accepted", run.accepted, "the gateway took them"),
        ("rejected", run.rejected, "the gateway refused them"),
        ("suppressed", run.suppressed, "left out at the last moment; the report says why"),
        ("expired", run.expired, "not sent: too late, or cancelled"),
        ("held", run.held, ""),
        ("unknown", run.unknown, "may or may not have been sent; never sent again by itself"),
        ("pending", run.pending, "not sent yet"),
    ];
    for (word, number, meaning) in lines {
        if number > 0 || word == "accepted" {
            table.row([&format!("  {word}"), &thousands(number), meaning]);
        }
        if word == "accepted" {
            receipts(run, &mut table);
        }
    }
    out.push_str(&table.show());
    if let Some(words) = work.left_out.words() {
        out.push_str(&wrapped(&format!("\n  left out when it was planned: {words}\n"), 4));
    }
    let sum = run.states();
    if sum != run.planned {
        let _ = writeln!(
            out,
            "\nwarning: the states add up to {}, not to {}",
            thousands(sum),
            thousands(run.planned)
        );
    }
    if work.requests == 0 {
        return out;
    }
    let seconds = work.took.as_secs_f64();
    let _ = write!(out, "\n  {} in {}", count(work.requests, "request"), duration(work.took));
    if work.settled > 0 && seconds >= 0.5 {
        #[expect(clippy::cast_precision_loss, reason = "a count of messages is far below 2^53")]
        let rate = work.settled as f64 / seconds;
        let _ = write!(out, ", {rate:.0} messages a second");
    }
    if work.retried > 0 {
        let _ = write!(out, ", {} tried again", thousands(work.retried));
    }
    if work.credentials > 0 {
        let _ = write!(out, ", {}", count(work.credentials, "log-in"));
    }
    out.push('\n');
    out
}
