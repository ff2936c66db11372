//! `report --format junit`: a suite a run, a case for each thing that should be true when a run is through. A case fails where
//! `send` would end with exit code 5 or 6, and is skipped where it is too early to tell.

use std::fmt::Write as _;

use chrono::DateTime;

use super::seen::{Person, Seen};
use super::{CampaignReport, RunReport};
use crate::report::layout::count;
use crate::report::status::{RunLine, together};
use crate::report::xml::{escaped, open};
use crate::units::thousands;

/// Runs that have a suite of their own, newest first; the earlier ones have one together.
pub const OWN_SUITES: usize = 100;

/// What a case came to.
enum Verdict {
    Holds,
    TooEarly(String),
    Fails { kind: &'static str, message: String, lines: Vec<String> },
}

/// Something that should be true of a run.
struct Case {
    name: &'static str,
    verdict: Verdict,
}

/// The runs of a suite.
struct Suite<'a> {
    name: String,
    run: RunLine,
    /// Of one run alone.
    only: Option<(&'a RunReport, &'a Seen)>,
    cases: Vec<Case>,
}

impl CampaignReport {
    /// The XML of CI systems. `seen` is what was seen of each run, `next` what to type where something fails.
    pub fn junit(&self, seen: &[Seen], next: &[String]) -> String {
        let runs: Vec<(&RunReport, &Seen)> = self.runs.iter().zip(seen).rev().collect();
        let (own, earlier) = runs.split_at(runs.len().min(OWN_SUITES));
        let mut suites: Vec<Suite<'_>> = own.iter().map(|(run, seen)| Suite::of(run, seen, next)).collect();
        if let Some(run) = together(earlier.iter().map(|(run, _)| &run.run)) {
            let name = format!("{} ({})", self.campaign, count(earlier.len() as u64, "earlier run"));
            suites.push(Suite { name, cases: cases(&run, None, next), run, only: None });
        }
        let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        let sum = |of: fn(&Suite<'_>) -> usize| suites.iter().map(of).sum::<usize>().to_string();
        let (tests, failures) = (sum(|suite| suite.cases.len()), sum(|suite| suite.failures()));
        let attributes =
            [("name", &*self.campaign), ("tests", &tests), ("failures", &failures), ("errors", "0")];
        open(&mut out, 0, "testsuites", &attributes);
        out.push_str(">\n");
        suites.iter().for_each(|suite| suite.write(&mut out));
        out.push_str("</testsuites>\n");
        out
    }
}

impl<'a> Suite<'a> {
    fn of(run: &'a RunReport, seen: &'a Seen, next: &[String]) -> Self {
        Self {
            name: format!("{} ({})", run.run.campaign, run.run.occurrence),
            run: run.run.clone(),
            only: Some((run, seen)),
            cases: cases(&run.run, Some((run, seen)), next),
        }
    }

    fn failures(&self) -> usize {
        self.cases.iter().filter(|case| matches!(case.verdict, Verdict::Fails { .. })).count()
    }

    fn write(&self, out: &mut String) {
        let skipped = self.cases.iter().filter(|case| matches!(case.verdict, Verdict::TooEarly(_))).count();
        let numbers = [self.cases.len(), self.failures(), skipped].map(|number| number.to_string());
        let [tests, failures, skipped] = &numbers;
        let mut attributes = vec![
            ("name", self.name.as_str()),
            ("tests", tests),
            ("failures", failures),
            ("errors", "0"),
            ("skipped", skipped),
        ];
        let only = self.only.map(|(run, _)| run);
        // They want no zone there, and take it for UTC.
        let begun = only.map(|run| run.begun_at.trim_end_matches('Z'));
        attributes.extend(begun.map(|begun| ("timestamp", begun)));
        let took = only.and_then(took);
        attributes.extend(took.as_deref().map(|took| ("time", took)));
        open(out, 1, "testsuite", &attributes);
        out.push_str(">\n    <properties>\n");
        for (name, value) in self.properties() {
            open(out, 3, "property", &[("name", name), ("value", &value)]);
            out.push_str("/>\n");
        }
        out.push_str("    </properties>\n");
        self.cases.iter().for_each(|case| case.write(&self.run.campaign, out));
        out.push_str("  </testsuite>\n");
    }

    fn properties(&self) -> Vec<(&'static str, String)> {
        let mut all: Vec<(&'static str, String)> = Vec::new();
        all.extend(self.only.map(|(run, _)| ("occurrence", run.run.occurrence.clone())));
        let run = &self.run;
        let numbers = [
            ("planned", run.planned),
            ("accepted", run.accepted),
            ("delivered", run.delivered),
            ("failed", run.failed),
            ("rejected", run.rejected),
            ("unknown", run.unknown),
            ("held", run.held),
            ("suppressed", run.suppressed),
            ("expired", run.expired),
            ("pending", run.pending),
        ];
        all.extend(numbers.map(|(name, number)| (name, number.to_string())));
        all.extend(run.pruned_at.clone().map(|at| ("pruned_at", at)));
        all
    }
}

impl Case {
    fn write(&self, campaign: &str, out: &mut String) {
        open(out, 2, "testcase", &[("classname", campaign), ("name", self.name)]);
        match &self.verdict {
            Verdict::Holds => out.push_str("/>\n"),
            Verdict::TooEarly(message) => {
                out.push_str(">\n");
                open(out, 3, "skipped", &[("message", message)]);
                out.push_str("/>\n    </testcase>\n");
            }
            Verdict::Fails { kind, message, lines } => {
                out.push_str(">\n");
                open(out, 3, "failure", &[("type", kind), ("message", message)]);
                let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
                let _ = write!(out, ">{}</failure>\n    </testcase>\n", lines.join("\n"));
            }
        }
    }
}

/// What should be true when a run is through.
fn cases(run: &RunLine, only: Option<(&RunReport, &Seen)>, next: &[String]) -> Vec<Case> {
    let sum = run.states();
    let wrong = format!("the states add up to {}, not to {}", thousands(sum), thousands(run.planned));
    let accounted = Verdict::failing("accounts", sum != run.planned, wrong, Vec::new());
    let people = |of: fn(&Seen) -> &Vec<Person>, number: u64| {
        let mut lines: Vec<String> = only.iter().flat_map(|(_, seen)| of(seen)).map(told).collect();
        if let Some(more @ 1..) = number.checked_sub(lines.len() as u64).filter(|_| !lines.is_empty()) {
            lines.push(format!("and {} more", thousands(more)));
        }
        lines
    };
    let decide = || next.iter().map(|command| format!("Next: {command}"));
    let reasons = only.iter().flat_map(|(run, _)| &run.reasons).filter(|one| one.state == "rejected");
    let refused = reasons
        .map(|one| format!("{}: {}", count(one.messages, "message"), one.reason))
        .chain(people(|seen| &seen.rejected, run.rejected));
    let fails = |kind, number: u64, what: &str, lines| {
        Verdict::failing(kind, number > 0, format!("{} {what}", count(number, "message")), lines)
    };
    let lost = people(|seen| &seen.unknown, run.unknown).into_iter().chain(decide());
    let held = people(|seen| &seen.held, run.held).into_iter().chain(decide());
    let open = run.accepted.saturating_sub(run.delivered.saturating_add(run.failed));
    let silent = format!(
        "{} delivered, {} failed; of {} the gateway has not told",
        thousands(run.delivered),
        thousands(run.failed),
        thousands(open)
    );
    let unsent = format!("{} not sent yet", count(run.pending, "message"));
    [
        ("everybody is accounted for", accounted),
        ("everything was sent", Verdict::early(run.pending > 0, unsent)),
        (
            "the gateway refused nobody",
            fails("rejected", run.rejected, "refused by the gateway", refused.collect()),
        ),
        (
            "nothing is unknown",
            fails("unknown", run.unknown, "of which nobody knows whether they were sent", lost.collect()),
        ),
        (
            "nobody is held",
            fails("held", run.held, "held: nobody knows by whose clock they go", held.collect()),
        ),
        ("the gateway told what became of everybody", Verdict::early(open > 0, silent)),
    ]
    .into_iter()
    .map(|(name, verdict)| Case { name, verdict })
    .collect()
}

impl Verdict {
    fn failing(kind: &'static str, fails: bool, message: String, lines: Vec<String>) -> Self {
        if fails { Self::Fails { kind, message, lines } } else { Self::Holds }
    }

    fn early(is_early: bool, message: String) -> Self {
        if is_early { Self::TooEarly(message) } else { Self::Holds }
    }
}

/// Somebody, in a line.
fn told(person: &Person) -> String {
    let Person { recipient, address, at, why } = person;
    format!("{recipient}  {address}  {}  {why}", at.format("%Y-%m-%d %H:%M:%S UTC"))
}

/// How long a run took, in seconds.
fn took(run: &RunReport) -> Option<String> {
    let [begun, finished] = [Some(&run.begun_at), run.finished_at.as_ref()]
        .map(|at| DateTime::parse_from_rfc3339(at?).ok().map(|at| at.timestamp()));
    Some(format!("{}.000", finished?.saturating_sub(begun?).max(0)))
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::report::campaign::LeftOut;
    use crate::report::mask::Mask;
    use crate::report::messages::MessageLine;
    use crate::schedule::Zone;

    fn run(occurrence: &str, rejected: u64) -> RunReport {
        let run = RunLine {
            campaign: "c \u{1}<&\">".to_owned(),
            occurrence: occurrence.to_owned(),
            planned: rejected + 2,
            accepted: 2,
            rejected,
            delivered: 1,
            failed: 1,
            ..RunLine::default()
        };
        RunReport {
            run,
            begun_at: "2026-01-01T09:00:00Z".to_owned(),
            finished_at: Some("2026-01-01T09:00:17Z".to_owned()),
            left_out: LeftOut::default(),
            reasons: Vec::new(),
            other_reasons: 0,
            texts: Vec::new(),
            cancelled: None,
        }
    }

    fn report(runs: Vec<RunReport>) -> CampaignReport {
        CampaignReport { version: 1, campaign: "c".to_owned(), runs, hold: None }
    }

    #[test]
    fn a_million_refused_are_a_page_and_a_thousand_runs_are_a_hundred_suites() {
        let mut seen = Seen::new(Zone::UTC, Mask::Masked);
        let at = DateTime::<Utc>::from_timestamp(1_767_225_600, 0).unwrap();
        let line = MessageLine {
            recipient: "R\u{0}]]>-1",
            address: "+254700000001",
            state: "rejected",
            provider_id: None,
            attempts: 1,
            segments: 1,
            sent_at: None,
            changed_at: at,
            error: Some("</failure> \u{ffff} +254700000001"),
            variant: None,
            locale: None,
            occurrence: "once",
        };
        (0..1000).for_each(|_| seen.add(&line, None));
        let xml = report(vec![run("once", 1_000_000)]).junit(&[seen], &["sendplan report c".to_owned()]);
        assert!(xml.len() < 8_000, "{}", xml.len());
        assert!(xml.contains("and 999,980 more") && xml.contains("time=\"17.000\""), "{xml}");
        assert!(xml.contains("&lt;/failure&gt; \u{fffd} +2547•••••001"), "{xml}");
        assert!(!xml.contains(['\0', '\u{1}', '\u{ffff}']) && !xml.contains("700000001"), "{xml}");
        let many: Vec<RunReport> = (0..1000).map(|at| run(&at.to_string(), u64::from(at < 500))).collect();
        let seen: Vec<Seen> = many.iter().map(|_| Seen::new(Zone::UTC, Mask::Masked)).collect();
        let xml = report(many).junit(&seen, &[]);
        assert_eq!(xml.matches("<testsuite ").count(), OWN_SUITES + 1);
        assert!(xml.find("(999)").unwrap() < xml.find("(900)").unwrap(), "newest first");
        assert!(xml.contains("name=\"c (900 earlier runs)\" tests=\"6\" failures=\"1\""), "{xml}");
        assert!(xml.contains("message=\"500 messages refused by the gateway\""), "{xml}");
    }
}
