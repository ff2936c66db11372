//! Where runs stand: for people, and as the frozen JSON of `status --format json`.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::layout::{Table, duration, second};
use crate::units::thousands;

/// `status --format json`, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusReport {
    /// The version of this form: 1.
    pub version: u32,
    /// Runs, oldest first.
    pub runs: Vec<StatusRun>,
    /// Campaigns, by their folders, and when they go out next; none of a sandbox's, which keeps to no schedule.
    pub campaigns: Vec<CampaignLine>,
    /// Campaigns of which nothing may go out; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<HoldLine>,
}

/// A run, and what it waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusRun {
    /// Where its messages stand.
    #[serde(flatten)]
    pub run: RunLine,
    /// How long ago it would have been through at its rate, in seconds; null where it is not late, or nobody can tell.
    pub late_s: Option<u64>,
    /// What it waits for, in the order in which that has to end; none where it is through, or goes on as it should.
    pub waits_for: Vec<WaitLine>,
}

/// Something that a run waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitLine {
    /// `hold`, `window`, `gateway` (which asked to wait, or does not answer), `process` (nobody sends it), `rate` (how
    /// long the rest takes), `held` (messages of which nothing says when they may go out) or `decision` (about unknown
    /// ones).
    pub what: &'static str,
    /// Until when, RFC 3339; of `rate`, when it is through. Null where nobody knows.
    pub until: Option<String>,
    /// The same for people; not frozen.
    pub text: String,
}

/// A campaign, and when it goes out next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CampaignLine {
    /// Its name; null where its manifest says none.
    pub campaign: Option<String>,
    /// Its folder or manifest.
    pub place: String,
    /// `begun`: a run of it is not through; `due`: to be begun now; `missed`: it was not begun in time, and a person has
    /// to decide; `scheduled`; `by_hand`: it names no time; `over`: nothing goes out any more; `sent_before`: it went out
    /// under another time; `unreadable`.
    pub standing: &'static str,
    /// What is wrong with its manifest, in one line; null where nothing is.
    pub problem: Option<String>,
    /// The zone of its times; null where it names none.
    pub timezone: Option<String>,
    /// The moment that is due or was missed, RFC 3339; null where none is.
    pub due_at: Option<String>,
    /// How long ago that was, in seconds.
    pub late_s: Option<u64>,
    /// When it goes out from then on, at most five times.
    pub next: Vec<Upcoming>,
    /// The moment that is due, as people are told it.
    #[serde(skip)]
    pub due: Option<Upcoming>,
    /// What begins it.
    #[serde(skip)]
    pub command: String,
}

/// A moment at which a campaign goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Upcoming {
    /// RFC 3339, in UTC.
    pub at: String,
    /// By the clock of its zone, such as `2026-12-01 09:00 EAT`.
    #[serde(skip)]
    pub local: String,
    /// By UTC, such as `2026-12-01 06:00 UTC`.
    #[serde(skip)]
    pub utc: String,
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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

impl RunLine {
    /// The sum of the states, which is what was planned.
    pub fn states(&self) -> u64 {
        let states = [
            self.pending,
            self.accepted,
            self.rejected,
            self.unknown,
            self.held,
            self.suppressed,
            self.expired,
        ];
        states.into_iter().fold(0, u64::saturating_add)
    }
}

/// Runs of a campaign as if they were one; nothing where there are none.
pub fn together<'a>(mut runs: impl Iterator<Item = &'a RunLine>) -> Option<RunLine> {
    let first = runs.next()?.clone();
    let all = runs.fold(first, |sum, run| RunLine {
        planned: sum.planned.saturating_add(run.planned),
        pending: sum.pending.saturating_add(run.pending),
        accepted: sum.accepted.saturating_add(run.accepted),
        rejected: sum.rejected.saturating_add(run.rejected),
        unknown: sum.unknown.saturating_add(run.unknown),
        held: sum.held.saturating_add(run.held),
        suppressed: sum.suppressed.saturating_add(run.suppressed),
        expired: sum.expired.saturating_add(run.expired),
        delivered: sum.delivered.saturating_add(run.delivered),
        failed: sum.failed.saturating_add(run.failed),
        ..sum
    });
    Some(RunLine { pruned_at: None, ..all })
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
            None if self.runs.is_empty() && self.campaigns.is_empty() => {
                "No runs yet.\n\nNext:\n  sendplan check\n".to_owned()
            }
            None if self.runs.is_empty() => "No runs yet.\n".to_owned(),
            _ => self.table(),
        };
        out.extend(self.runs.iter().map(StatusRun::human));
        if let Some((live, doing)) = live.filter(|_| !self.runs.is_empty()) {
            let doing = match doing {
                Doing::Sending => "sending",
                Doing::Waiting => "paused",
                Doing::OtherThings => "at work",
            };
            out.push_str(&format!("\n{doing} right now: {live}\n"));
        }
        out.extend(self.holds.iter().map(|hold| hold.human(flag)));
        out.push_str(&self.outlook(wanted.is_some()));
        out
    }

    /// When campaigns go out: the next time of each, or all that are known of one.
    fn outlook(&self, only_one: bool) -> String {
        if self.campaigns.is_empty() {
            return String::new();
        }
        let most = if only_one { usize::MAX } else { 1 };
        let rows: Vec<(&str, Row<'_>)> = self.campaigns.iter().flat_map(|one| one.rows(most)).collect();
        let names = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let locals = rows.iter().filter_map(|(_, row)| row.at.map(|at| at.local.chars().count()));
        let locals = locals.max().unwrap_or(0);
        let mut out = "\nGoing out:\n".to_owned();
        for (name, Row { at, note }) in rows {
            let times = at.map(|at| format!("{:<locals$}  {}  ", at.local, at.utc)).unwrap_or_default();
            let _ = writeln!(out, "{}", format!("  {name:<names$}  {times}{note}").trim_end());
        }
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
        for StatusRun { run, .. } in &self.runs {
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

/// A time at which a campaign goes out, and a word about it.
struct Row<'a> {
    at: Option<&'a Upcoming>,
    note: String,
}

impl StatusRun {
    /// What it waits for, and how late it is; nothing where there is nothing to say.
    fn human(&self) -> String {
        // A hold has a line of its own.
        if self.waits_for.iter().all(|wait| wait.what == "hold") && self.late_s.is_none() {
            return String::new();
        }
        let late = self.late_s.map(|late| format!(", late by {}", ago(late))).unwrap_or_default();
        let mut out = format!("\n{} ({}){late}:\n", self.run.campaign, self.run.occurrence);
        self.waits_for.iter().for_each(|wait| {
            let _ = writeln!(out, "  {}", wait.text);
        });
        out
    }
}

impl CampaignLine {
    /// What is due, and the next times, at most so many; else why there are none. Only the first row has a name.
    fn rows(&self, most: usize) -> Vec<(&str, Row<'_>)> {
        let note = |note: String| Row { at: None, note };
        let mut rows = Vec::new();
        rows.extend(self.due.as_ref().map(|due| Row { at: Some(due), note: self.overdue() }));
        rows.extend(self.next.iter().map(|next| Row { at: Some(next), note: String::new() }));
        rows.truncate(most);
        match &self.problem {
            Some(problem) => rows = vec![note(format!("{} has {problem}", self.place))],
            None if rows.is_empty() => rows.push(note(self.silence().to_owned())),
            None => {}
        }
        let name = self.campaign.as_deref().unwrap_or(&self.place);
        let names = std::iter::once(name).chain(std::iter::repeat(""));
        names.zip(rows).collect()
    }

    /// What is to be said of the moment that is due.
    fn overdue(&self) -> String {
        let late = self.late_s.filter(|late| *late >= 60).map(ago);
        match (self.standing, late) {
            ("missed", late) => {
                format!(
                    "missed{}: {} says what to decide",
                    late.map(|late| format!(", {late} ago")).unwrap_or_default(),
                    self.command
                )
            }
            (_, Some(late)) => format!("late by {late}, not begun: {} begins it", self.command),
            (_, None) => format!("due: {} begins it", self.command),
        }
    }

    /// Why there is no time.
    fn silence(&self) -> &'static str {
        match self.standing {
            "by_hand" => "when it is sent: its manifest names no time",
            "sent_before" => "not any more: it was sent under another time",
            "begun" => "its run is not through yet",
            _ => "not any more",
        }
    }
}

/// So many seconds, as people say them.
fn ago(seconds: u64) -> String {
    duration(Duration::from_secs(seconds))
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
        let run = StatusRun { run, late_s: None, waits_for: Vec::new() };
        let report = StatusReport { version: 1, runs: vec![run], campaigns: Vec::new(), holds: Vec::new() };
        let told = |doing| report.human(None, Some(("it", doing)), "");
        assert!(told(Doing::Sending).ends_with("\nsending right now: it\n"));
        assert!(told(Doing::Waiting).ends_with("\npaused right now: it\n"));
        assert!(told(Doing::OtherThings).ends_with("\nat work right now: it\n"));
    }
}
