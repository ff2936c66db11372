//! Where runs stand: for people, and as the frozen JSON of `status --format json`.

use serde::Serialize;

use super::campaign::second;
use super::layout::Table;
use crate::units::thousands;

/// `status --format json`, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusReport {
    /// The version of this form: 1.
    pub version: u32,
    /// Runs, oldest first.
    pub runs: Vec<RunLine>,
    /// Campaigns of which nothing may go out; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<HoldLine>,
}

/// What the process does that has the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It sends.
    Sending,
    /// It is to send, and waits until its campaign is resumed.
    Waiting,
    /// Something else: it prunes, decides or asks a gateway.
    OtherThings,
}

/// A campaign of which nothing may go out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldLine {
    /// Its name.
    pub campaign: String,
    /// `paused`, until it is resumed, or `cancelled`, until that is carried out.
    pub what: &'static str,
    /// Who said so.
    pub who: String,
    /// When, such as `2026-12-01T09:00:00Z`.
    pub since: String,
    /// Why; left out where nothing was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl HoldLine {
    /// A line of its own, and what to type, with this flag.
    pub fn human(&self, flag: &str) -> String {
        let (verb, does) =
            if self.what == "paused" { ("resume", "lets it go on") } else { ("cancel", "closes it") };
        let why = self.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        format!(
            "\n{what}: {name}, by {who}, since {since}{why}; `sendplan {verb} {name}{flag}` {does}\n",
            what = self.what,
            name = self.campaign,
            who = self.who,
            since = second(&self.since),
        )
    }
}

/// A run. `planned` is the sum of `pending`, `accepted`, `rejected`, `unknown`, `held`, `suppressed` and `expired`;
/// `delivered` and `failed` say what became of accepted ones, as far as the gateway told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunLine {
    /// The campaign's name.
    pub campaign: String,
    /// The occurrence: local time and zone, or `once`.
    pub occurrence: String,
    /// All messages of the run.
    pub planned: u64,
    /// Not sent yet, or being sent right now.
    pub pending: u64,
    /// Taken by the gateway.
    pub accepted: u64,
    /// Refused by the gateway for good.
    pub rejected: u64,
    /// Nobody can tell.
    pub unknown: u64,
    /// Waiting for their window or zone.
    pub held: u64,
    /// Left out after planning: opted out, or reached too often.
    pub suppressed: u64,
    /// Never sent: too late, or cancelled.
    pub expired: u64,
    /// Known to have arrived.
    pub delivered: u64,
    /// Known not to have arrived.
    pub failed: u64,
    /// When its messages were pruned, RFC 3339: only these counts are left of them. Null while they are there.
    pub pruned_at: Option<String>,
}

impl StatusReport {
    /// The JSON of machines.
    pub fn json(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }

    /// The text of people. `wanted` is the campaign asked for, `live` says who is at work right now, and at what;
    /// `flag` is what commands about this state need, such as ` --sandbox`.
    pub fn human(&self, wanted: Option<&str>, live: Option<(&str, Doing)>, flag: &str) -> String {
        let mut out = match wanted {
            Some(name) if self.runs.is_empty() => format!("No run of `{name}` in this state.\n"),
            None if self.runs.is_empty() => "No runs yet.\n\nNext:\n  sendplan plan CAMPAIGN\n".to_owned(),
            _ => self.table(),
        };
        if let Some((live, doing)) = live.filter(|_| !self.runs.is_empty()) {
            let doing = match doing {
                Doing::Sending => "sending",
                Doing::Waiting => "paused",
                Doing::OtherThings => "at work",
            };
            out.push_str(&format!("\n{doing} right now: {live}\n"));
        }
        out.extend(self.holds.iter().map(|hold| hold.human(flag)));
        out
    }

    fn table(&self) -> String {
        let mut table = Table::new(&[2, 3, 4, 5, 6]);
        table.row([
            "campaign",
            "occurrence",
            "planned",
            "pending",
            "accepted",
            "rejected",
            "unknown",
            "also",
        ]);
        for run in &self.runs {
            let others = [
                ("delivered", run.delivered),
                ("failed", run.failed),
                ("held", run.held),
                ("suppressed", run.suppressed),
                ("expired", run.expired),
            ];
            let pruned = run.pruned_at.as_ref().map(|_| "pruned".to_owned());
            let also: Vec<String> = others
                .iter()
                .filter(|(_, number)| *number > 0)
                .map(|(word, number)| format!("{} {word}", thousands(*number)))
                .chain(pruned)
                .collect();
            table.row([
                &run.campaign,
                &run.occurrence,
                &thousands(run.planned),
                &thousands(run.pending),
                &thousands(run.accepted),
                &thousands(run.rejected),
                &thousands(run.unknown),
                &also.join(", "),
            ]);
        }
        table.show()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_state_is_said_to_do_what_it_does() {
        let run = RunLine {
            campaign: "c".to_owned(),
            occurrence: "once".to_owned(),
            planned: 0,
            pending: 0,
            accepted: 0,
            rejected: 0,
            unknown: 0,
            held: 0,
            suppressed: 0,
            expired: 0,
            delivered: 0,
            failed: 0,
            pruned_at: None,
        };
        let report = StatusReport { version: 1, runs: vec![run], holds: Vec::new() };
        let told = |doing| report.human(None, Some(("it", doing)), "");
        assert!(told(Doing::Sending).ends_with("\nsending right now: it\n"));
        assert!(told(Doing::Waiting).ends_with("\npaused right now: it\n"));
        assert!(told(Doing::OtherThings).ends_with("\nat work right now: it\n"));
    }
}
