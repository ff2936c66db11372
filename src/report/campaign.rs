//! What became of a campaign: for people, and as the frozen JSON of `report --format json`.

mod junit;
mod page;
pub mod seen;

use std::collections::HashMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::delivery::{Work, summary};
use super::layout::{Table, count, second};
use super::left_out::LeftOut;
use super::mask::without_address;
use super::status::{HoldLine, RunLine};
use super::texts::{self, TextLine};
use crate::audience::masked::without_contacts;
use crate::units::thousands;

pub use page::{Decisions, Setting};

/// Reasons that are shown, most first.
const SHOWN: usize = 10;
/// Reasons that are told apart; a gateway that gives each message one of its own must not fill the memory.
const TOLD_APART: usize = 1000;

/// `report --format json`, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CampaignReport {
    /// The version of this form: 1.
    pub version: u32,
    /// The campaign's name.
    pub campaign: String,
    /// Its runs, oldest first.
    pub runs: Vec<RunReport>,
    /// What keeps it from going on; left out where nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldLine>,
}

/// A run: where it stands, as in `status`, and why what did not arrive did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunReport {
    /// Where it stands.
    #[serde(flatten)]
    pub run: RunLine,
    /// When it began, RFC 3339.
    pub begun_at: String,
    /// When it was finished, RFC 3339; null while something may still be sent.
    pub finished_at: Option<String>,
    /// Rows of the recipients' file that are no message.
    pub left_out: LeftOut,
    /// Why messages were rejected, suppressed or failed, most first, at most ten.
    pub reasons: Vec<Reason>,
    /// Messages that were rejected, suppressed or failed for other reasons than these; of a pruned run, all that did.
    pub other_reasons: u64,
    /// What became of each of its texts; left out where there is one for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<TextLine>,
    /// Who cancelled it; left out where nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Said>,
}

/// Somebody's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Who: a person and a machine.
    pub who: String,
    /// When, RFC 3339.
    pub at: String,
    /// Why; null where nothing was said.
    pub reason: Option<String>,
}

impl std::fmt::Display for Said {
    /// `by root@shop-1 at 2026-12-01 09:00:00 UTC (wrong text)`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "by {} at {}", self.who, second(&self.at))?;
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, " ({reason})"))
    }
}

/// A reason, and of how many messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// `rejected`, `suppressed` or `failed`.
    pub state: &'static str,
    /// Why, without addresses.
    pub reason: String,
    /// How many.
    pub messages: u64,
}

/// Reasons being counted.
#[derive(Debug, Default)]
pub struct Reasons {
    counts: HashMap<(&'static str, String), u64>,
    others: u64,
}

impl Reasons {
    /// One more message. Addresses are taken out of the words: one reason is one, whomever it is about.
    pub fn add(&mut self, state: &'static str, reason: Option<&str>, address: &str) {
        let words = reason.unwrap_or("no reason given");
        let reason = without_contacts(&without_address(beside_state(state, words), address, "…"));
        let key = (state, reason);
        if let Some(known) = self.counts.get_mut(&key) {
            *known += 1;
        } else if self.counts.len() < TOLD_APART {
            self.counts.insert(key, 1);
        } else {
            self.others += 1;
        }
    }

    /// The most frequent ones, and how many messages have others.
    pub fn most(self) -> (Vec<Reason>, u64) {
        let reason = |((state, reason), messages)| Reason { state, reason, messages };
        let mut all: Vec<Reason> = self.counts.into_iter().map(reason).collect();
        all.sort_by(|a, b| {
            b.messages.cmp(&a.messages).then_with(|| (a.state, &a.reason).cmp(&(b.state, &b.reason)))
        });
        let rest = all.split_off(all.len().min(SHOWN));
        (all, self.others + rest.iter().map(|one| one.messages).sum::<u64>())
    }
}

/// A reason where the state stands beside it.
fn beside_state<'w>(state: &str, words: &'w str) -> &'w str {
    words.strip_prefix(state).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(words)
}

impl CampaignReport {
    /// The JSON of machines.
    pub fn json(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }

    /// The text of people. `live` says who is sending right now, `next` is what to type then,
    /// `flags` what commands about this state need.
    pub fn human(&self, live: Option<&str>, next: &[String], flags: &str) -> String {
        let mut out = String::new();
        for run in &self.runs {
            let _ = writeln!(out, "{}\n", run.title());
            out.push_str(&summary(&run.run, &run.work()));
            if let Some(at) = &run.run.pruned_at {
                let _ =
                    writeln!(out, "\n  Its messages were pruned {}: only these counts are left.", minute(at));
            }
            if let Some(said) = &run.cancelled {
                let _ = writeln!(out, "\n  It was cancelled {said}.");
            }
            out.push_str(&texts::human(&run.texts));
            out.push_str(&run.why());
            out.push('\n');
        }
        if let Some(live) = live {
            let _ = writeln!(out, "sending right now: {live}\n");
        }
        if let Some(hold) = &self.hold {
            let _ = writeln!(out, "{}", hold.human(flags).trim_start());
        }
        out.push_str(&super::layout::next(next));
        out
    }
}

impl RunReport {
    fn title(&self) -> String {
        let ended = match &self.finished_at {
            Some(at) => format!("finished {}", minute(at)),
            None => "not finished".to_owned(),
        };
        format!("{} ({}), begun {}, {ended}", self.run.campaign, self.run.occurrence, minute(&self.begun_at))
    }

    fn work(&self) -> Work {
        Work { left_out: self.left_out, ..Work::default() }
    }

    fn why(&self) -> String {
        if self.reasons.is_empty() {
            return String::new();
        }
        let mut table = Table::new(&[1]);
        for one in &self.reasons {
            table.row([one.state, &thousands(one.messages), &one.reason]);
        }
        let mut out = format!("\nWhy:\n{}", table.show());
        if self.other_reasons > 0 {
            let _ = writeln!(out, "  and {} for other reasons", count(self.other_reasons, "message"));
        }
        out
    }
}

/// `2026-01-01T09:00:17Z` as people write it.
pub fn minute(at: &str) -> String {
    match at.get(..16) {
        Some(minute) => format!("{} UTC", minute.replace('T', " ")),
        None => at.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_without_addresses_and_in_bounds() {
        let mut reasons = Reasons::default();
        for number in 0..3 {
            let address = format!("+25470000000{number}");
            reasons.add("rejected", Some(&format!("no such number {address}")), &address);
        }
        reasons.add("failed", None, "+254700000009");
        (0..20_000).for_each(|number| reasons.add("failed", Some(&format!("error {number}")), "x"));
        assert!(reasons.counts.len() <= TOLD_APART);
        let (most, others) = reasons.most();
        assert_eq!(most.len(), SHOWN);
        let first = Reason { state: "rejected", reason: "no such number …".to_owned(), messages: 3 };
        assert_eq!(most[0], first);
        assert_eq!(most.iter().map(|one| one.messages).sum::<u64>() + others, 20_004);
    }
}
