//! What became of a campaign as a page: as small for a million messages as for ten, and the same bytes for the same state.

mod parts;
mod times;

use chrono::DateTime;

use super::seen::{Known, Seen};
use super::{CampaignReport, RunReport, Said};
use crate::report::decisions::DecisionLine;
use crate::report::html::{Node, Step, facts, funnel, lead, page, section, table};
use crate::report::layout::count;
use crate::report::left_out::LeftOut;
use crate::report::status::{RunLine, together};
use crate::schedule::Zone;
use crate::units::thousands;

/// Runs that have a row of their own, newest first.
const OWN_ROWS: usize = 100;

/// What the page tells beside the report.
#[derive(Debug)]
pub struct Setting<'a> {
    /// What was seen of each run, in the order of the report's.
    pub seen: &'a [Seen],
    /// By whose clock all times are told.
    pub zone: Zone,
    /// What is sending right now, and since when, RFC 3339.
    pub live: Option<(&'a str, &'a str)>,
    /// Whether all of it happened in a sandbox.
    pub sandbox: bool,
    /// What people decided.
    pub decisions: &'a Decisions,
    /// What to type about what is unknown or held, and what it does.
    pub to_decide: &'a [(String, &'static str)],
    /// What to type next.
    pub next: &'a [String],
}

/// What people decided, newest first, as far as it is shown.
#[derive(Debug, Default)]
pub struct Decisions {
    /// A decision, and about how many messages; the recipient is the first one.
    pub shown: Vec<(DecisionLine, u64)>,
    /// How many earlier ones there are.
    pub earlier: u64,
}

impl CampaignReport {
    /// The page, complete in itself.
    pub fn page(&self, setting: &Setting<'_>) -> String {
        let title = format!("Report of {}", self.campaign);
        let all = together(self.runs.iter().map(|run| &run.run)).unwrap_or_default();
        let mut body = vec![Node::with("h1", &title), lead(&self.told(setting))];
        body.extend(verdicts(&all));
        body.push(self.funnel(&all));
        body.extend(self.to_decide(&all, setting));
        body.extend(times::over_time(&self.hours(setting), self.runs.iter().any(pruned)));
        body.extend(self.texts());
        body.extend(self.errors());
        body.extend(self.all_runs(&all, setting.zone));
        body.extend(parts::decisions(setting.decisions, setting.zone));
        body.push(section("Next", setting.next.iter().map(|command| parts::typed(command))));
        page(&title, body)
    }

    /// What it is about, in a few words.
    fn told(&self, setting: &Setting<'_>) -> String {
        let mut told = Vec::new();
        let minute = |at: &str| minute(at, setting.zone);
        if setting.sandbox {
            told.push("This was a sandbox: nobody was sent anything.".to_owned());
        }
        if let [only] = self.runs.as_slice() {
            told.push(format!("Begun {}, {}.", minute(&only.begun_at), ended(only, setting.zone)));
        } else if let (Some(first), Some(last)) = (self.runs.first(), self.runs.last()) {
            told.push(format!(
                "{} from {} to {}.",
                count(self.runs.len() as u64, "run"),
                minute(&first.begun_at),
                minute(&last.begun_at)
            ));
        }
        told.extend(setting.live.map(|(what, since)| match what {
            "" => "Right now: another process.".to_owned(),
            what => format!("Right now: `{what}`, since {}.", second(since, setting.zone)),
        }));
        told.extend(self.hold.as_ref().map(|hold| format!("It is {}, by {}.", hold.what, hold.who)));
        told.push(format!("All times are by the clock of {}.", setting.zone));
        told.join(" ")
    }

    /// From everybody who was planned to those whom it reached.
    fn funnel(&self, all: &RunLine) -> Node {
        // Of nobody it is known, which is not the same as that it did not arrive.
        let is_untold = all.delivered + all.failed == 0;
        let step = |name, number, class| Step { name, number, instead: None, class };
        let delivered = step("delivered", all.delivered, "arrived");
        let steps = [
            step("planned", all.planned, "planned"),
            step("accepted", all.accepted, "k1"),
            Step { instead: is_untold.then_some("not told"), ..delivered },
        ];
        let told = steps.map(|step| match step.instead {
            Some(words) => format!("{}: {words}", step.name),
            None => format!("{} {}", thousands(step.number), step.name),
        });
        let told = told.join(", ");
        let rows: Vec<Vec<String>> = parts::states(all)
            .into_iter()
            .filter(|(word, number, _)| *number > 0 || matches!(*word, "planned" | "accepted" | "delivered"))
            .map(|(word, number, meaning)| match word {
                "delivered" if is_untold => {
                    let meaning = "the gateway has not told of any yet";
                    vec![word.to_owned(), "–".to_owned(), String::new(), meaning.to_owned()]
                }
                _ => vec![
                    word.to_owned(),
                    thousands(number),
                    parts::share(number, all.planned),
                    meaning.to_owned(),
                ],
            })
            .collect();
        let heads = ["state", "messages", "share", "meaning"];
        let caption = "Where messages stand; delivered and failed are of the accepted ones";
        let drawn = funnel(&format!("{told}; the table below has the numbers"), &steps);
        let rows = table(caption, &heads, &[1, 2], &rows);
        section("From plan to phone", [drawn, rows].into_iter().chain(self.left_out()))
    }

    /// Who was in the files and is in no message.
    fn left_out(&self) -> Option<Node> {
        let left_out: LeftOut = self.runs.iter().map(|run| run.left_out).sum();
        left_out.words().map(|words| lead(&format!("Rows that were left out when it was planned: {words}.")))
    }

    fn hours(&self, setting: &Setting<'_>) -> std::collections::BTreeMap<i64, Known> {
        let mut hours = std::collections::BTreeMap::<i64, Known>::new();
        for (hour, known) in setting.seen.iter().flat_map(|seen| &seen.hours) {
            *hours.entry(*hour).or_default() += *known;
        }
        hours
    }

    /// What waits for a decision, and what to type.
    fn to_decide(&self, all: &RunLine, setting: &Setting<'_>) -> Option<Node> {
        if all.unknown + all.held == 0 {
            return None;
        }
        let kinds: [(&str, &str, u64, parts::Who); 2] = [
            ("unknown", "nobody knows whether they were sent", all.unknown, |seen| &seen.unknown),
            ("held", "nobody knows by whose clock they go", all.held, |seen| &seen.held),
        ];
        let mut body = Vec::new();
        for (kind, what, number, who) in kinds.into_iter().filter(|(_, _, number, _)| *number > 0) {
            body.push(Node::with("h3", format!("{}: {what}", count(number, &format!("{kind} message")))));
            let runs = self.runs.iter().zip(setting.seen).rev();
            body.extend(parts::people(
                kind,
                runs.map(|(run, seen)| (&*run.run.occurrence, who(seen))),
                number,
                setting.zone,
            ));
        }
        body.push(Node::with(
            "p",
            "They are not sent again by themselves. Whoever knows more of them decides:",
        ));
        for (command, does) in setting.to_decide {
            body.extend([parts::typed(command), lead(does)]);
        }
        Some(section("To decide", body))
    }

    /// Why messages did not arrive, and what to do about it.
    fn errors(&self) -> Option<Node> {
        let mut body = Vec::new();
        for (state, advice) in parts::ADVICE {
            let (number, rows) = parts::reasons(&self.runs, state);
            if number == 0 {
                continue;
            }
            body.push(Node::with("h3", count(number, &format!("{state} message"))));
            body.push(lead(advice));
            body.push(table(&format!("Why messages are {state}"), &["messages", "why"], &[], &rows));
        }
        (!body.is_empty()).then(|| section("Errors", body))
    }

    /// A table by variant, and one by language, each where there are several.
    fn texts(&self) -> Option<Node> {
        let texts: Vec<_> = self.runs.iter().flat_map(|run| run.texts.clone()).collect();
        let tables: Vec<Node> = crate::report::texts::tables(&texts)
            .into_iter()
            .map(|(title, rows)| {
                let heads: Vec<&str> = rows.first().into_iter().flatten().map(String::as_str).collect();
                let numbers: Vec<usize> = (1..heads.len()).collect();
                table(title, &heads, &numbers, rows.get(1..).unwrap_or_default())
            })
            .collect();
        (!tables.is_empty()).then(|| section("By text", tables))
    }

    /// The runs of a series, newest first.
    fn all_runs(&self, all: &RunLine, zone: Zone) -> Option<Node> {
        if self.runs.len() < 2 {
            let only = self.runs.first()?;
            let mut rows = vec![("occurrence", only.run.occurrence.clone())];
            rows.push(("begun", minute(&only.begun_at, zone)));
            rows.push(("ended", ended(only, zone)));
            rows.extend(only.cancelled.as_ref().map(|said| ("cancelled", told_by(said, zone))));
            return Some(section("Run", [facts(rows.iter().map(|(name, value)| (*name, value.as_str())))]));
        }
        let newest = self.runs.iter().rev().take(OWN_ROWS);
        let mut rows = vec![parts::run_row("all".to_owned(), all, String::new())];
        rows.extend(newest.map(|run| parts::run_row(run.run.occurrence.clone(), &run.run, ended(run, zone))));
        let earlier = self.runs.len().saturating_sub(OWN_ROWS);
        if let Some(run) = together(self.runs.iter().take(earlier).map(|run| &run.run)) {
            let name = count(earlier as u64, "earlier run");
            rows.push(parts::run_row(name, &run, String::new()));
        }
        let numbers: Vec<usize> = (1..=6).collect();
        Some(section("Runs", [table("Runs, newest first", &parts::RUN_HEADS, &numbers, &rows)]))
    }
}

/// In a line each: whether all is well, and what is not.
fn verdicts(all: &RunLine) -> Vec<Node> {
    let verdict = |class, text: String| Node::new("p", &[("class", class)], [Node::text(text)]);
    let mut verdicts = Vec::new();
    let sum = all.states();
    if sum != all.planned {
        let text = format!("The states add up to {}, not to {}.", thousands(sum), thousands(all.planned));
        verdicts.push(verdict("bad", text));
    } else if all.pending > 0 {
        verdicts.push(verdict("lead", format!("{} not sent yet.", count(all.pending, "message"))));
    } else {
        let text = format!("Everybody is accounted for: {} planned.", count(all.planned, "message"));
        verdicts.push(verdict("good", text));
    }
    let to_decide = all.unknown.saturating_add(all.held);
    if to_decide > 0 {
        let wait = if to_decide == 1 { "waits" } else { "wait" };
        verdicts.push(verdict("bad", format!("{} {wait} for a decision.", count(to_decide, "message"))));
    }
    if all.rejected > 0 {
        verdicts.push(verdict("bad", format!("{} refused by the gateway.", count(all.rejected, "message"))));
    }
    verdicts
}

fn pruned(run: &RunReport) -> bool {
    run.run.pruned_at.is_some()
}

/// A time of a report, RFC 3339, by the clock of a zone.
fn minute(at: &str, zone: Zone) -> String {
    DateTime::parse_from_rfc3339(at).map_or_else(|_| at.to_owned(), |at| zone.show(at.to_utc()))
}

/// The same to the second.
fn second(at: &str, zone: Zone) -> String {
    DateTime::parse_from_rfc3339(at).map_or_else(|_| at.to_owned(), |at| zone.show_second(at.to_utc()))
}

/// Somebody's word.
fn told_by(said: &Said, zone: Zone) -> String {
    let reason = said.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("by {} at {}{reason}", said.who, second(&said.at, zone))
}

fn ended(run: &RunReport, zone: Zone) -> String {
    let mut text = match &run.finished_at {
        Some(at) => format!("finished {}", minute(at, zone)),
        None => "not finished".to_owned(),
    };
    if let Some(at) = &run.run.pruned_at {
        text.push_str(&format!("; its messages were pruned {}", minute(at, zone)));
    }
    text
}
