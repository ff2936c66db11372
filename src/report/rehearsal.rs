//! A rehearsal as it is shown: for people, and as the frozen JSON of `rehearse --format json`.

pub(super) mod forecast;
mod page;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use serde::{Serialize, Serializer};

use super::hours::{named, steps};
use super::layout::{Table, count, duration, wrapped};
use super::left_out::LeftOut;
use crate::units::thousands;

mod zones;

pub use zones::ZoneLine;

/// The most lines of the time line.
const MOST_LINES: usize = 48;
/// The longest bar.
const WIDTH: u64 = 32;

/// `rehearse --format json`, version 1. `planned` is the sum of `accepted`, `rejected`, `held`, `expired`, `unknown`,
/// `suppressed` and `pending`. The same campaign, start, faults and seed give the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RehearsalReport {
    /// The version of this form: 1.
    pub version: u32,
    /// The campaign's name.
    pub campaign: String,
    /// What decided all chance.
    pub seed: u64,
    /// What was to go wrong, such as `429:5%, crash:3`; `none`.
    pub faults: String,
    /// The zone of the times.
    pub zone: String,
    /// When it began by the virtual clock, RFC 3339.
    #[serde(serialize_with = "rfc3339")]
    pub starts_at: DateTime<FixedOffset>,
    /// When the first request left; `null` where none did.
    #[serde(serialize_with = "rfc3339_if")]
    pub first_at: Option<DateTime<FixedOffset>>,
    /// When the last request left; `null` where none did.
    #[serde(serialize_with = "rfc3339_if")]
    pub last_at: Option<DateTime<FixedOffset>>,
    /// When it ended.
    #[serde(serialize_with = "rfc3339")]
    pub ends_at: DateTime<FixedOffset>,
    /// How it ended: `finished`, `given_up` after too many stops, or `too_long`.
    pub ended: &'static str,
    /// All messages of the run.
    pub planned: u64,
    /// Taken by the gateway.
    pub accepted: u64,
    /// Refused by the gateway for good, or given up.
    pub rejected: u64,
    /// Not sent: nobody can tell by whose clock they go.
    pub held: u64,
    /// Never sent: too late.
    pub expired: u64,
    /// Nobody can tell.
    pub unknown: u64,
    /// Those of the unknown ones that the gateway had taken.
    pub unknown_taken: u64,
    /// Left out at the last moment.
    pub suppressed: u64,
    /// Not sent, because the rehearsal ended before.
    pub pending: u64,
    /// Requests.
    pub requests: u64,
    /// Messages that got another attempt, each as often as it did.
    pub retried: u64,
    /// Log-ins and renewals.
    pub log_ins: u64,
    /// Messages that were open when it first waited for its window, or for somebody's clock.
    pub held_up_by_window: u64,
    /// How often it waited for that.
    pub window_waits: u64,
    /// How long it did so, in seconds.
    pub window_waited_s: u64,
    /// How often the process crashed; it was taken up each time.
    pub crashes: u64,
    /// Why it stopped by itself, and how often; it was taken up each time.
    pub stops: Vec<Times>,
    /// What went wrong, and how often.
    pub happened: Vec<Times>,
    /// How long processes were at work, in milliseconds.
    pub at_work_ms: u64,
    /// The most messages that left within any one second.
    pub busiest_second: u64,
    /// What happened in each hour in which something did.
    pub hours: Vec<Hour>,
    /// Those who go by clocks of their own, by where they are, from the east to the west; none where all go by one.
    /// Their sum and `held` is `planned`.
    pub zones: Vec<ZoneLine>,
    /// Why messages are held, and how many for each reason.
    pub held_for: Vec<Times>,
    /// What must be true, and whether it is.
    pub proofs: Vec<Proof>,
}

/// Something, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Times {
    /// What.
    pub what: String,
    /// How often.
    pub times: u64,
}

/// An hour by the clock of the zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hour {
    /// When it began, RFC 3339.
    #[serde(serialize_with = "rfc3339")]
    pub from: DateTime<FixedOffset>,
    /// Messages that left.
    pub sent: u64,
    /// Messages that the gateway took.
    pub taken: u64,
    /// Messages of which it became known in this hour that they were accepted.
    pub accepted: u64,
    /// Messages of which it became known that they were refused, or given up.
    pub rejected: u64,
    /// Messages that became unknown, which takes as long as the gateway is waited for.
    pub unknown: u64,
}

/// Something that must be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// What it is called; frozen.
    pub law: &'static str,
    /// Whether it is true.
    pub holds: bool,
    /// What it was seen by, in words.
    #[serde(skip)]
    pub seen: String,
    /// How many speak against it.
    pub against: u64,
}

/// What only people are told.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// When it starts, and why then.
    pub starts: String,
    /// When the first request leaves, and the last.
    pub left: Option<(String, String)>,
    /// When it ended.
    pub ends: String,
    /// The hours in which messages may go out.
    pub window: Option<String>,
    /// After when nothing goes out.
    pub until: Option<String>,
    /// Rates and requests at once.
    pub pace: String,
    /// The gateway's profile, and how many go into a request.
    pub gateway: String,
    /// What was taken for granted of the gateway and of people.
    pub assumed: Vec<String>,
    /// Rows of the file that are no message, with the reason.
    pub left_out: LeftOut,
    /// What to type next.
    pub next: Vec<String>,
}

fn rfc3339<S: Serializer>(at: &DateTime<FixedOffset>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

fn rfc3339_if<S: Serializer>(at: &Option<DateTime<FixedOffset>>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => rfc3339(at, to),
        None => to.serialize_none(),
    }
}

impl RehearsalReport {
    /// The JSON of machines.
    pub fn json(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }

    /// The text of people.
    pub fn human(&self, setting: &Setting) -> String {
        let mut out =
            format!("Rehearsal of {}: nothing is sent, the gateway is simulated.\n\n", self.campaign);
        out.push_str(&self.setting(setting));
        if let Some(chart) = zones::chart(&self.zones, &self.hours, &self.zone) {
            let _ = write!(
                out,
                "\nTaken by the gateway, by hours of {} and by where people are:\n\n{chart}",
                self.zone
            );
        } else if let Some(line) = time_line(&self.hours) {
            let _ = write!(out, "\nTaken by the gateway, by the clock of {}:\n\n{line}", self.zone);
        }
        let _ = write!(out, "\n{}", self.results(setting));
        let _ = write!(out, "\n{}", self.work(setting));
        let _ = write!(out, "\nWhat must be true:\n\n{}", self.proven());
        if !setting.next.is_empty() {
            let _ = write!(out, "\n{}", super::layout::next(&setting.next));
        }
        out
    }

    fn setting(&self, setting: &Setting) -> String {
        let mut table = Table::new(&[]);
        for (name, facts) in self.facts(setting) {
            for (at, fact) in facts.iter().enumerate() {
                table.row([if at == 0 { name } else { "" }, fact]);
            }
        }
        table.show()
    }

    /// What it was rehearsed with, each with one line or several.
    fn facts<'a>(&self, setting: &'a Setting) -> Vec<(&'static str, Vec<Cow<'a, str>>)> {
        let line = |text: &'a String| vec![Cow::Borrowed(text.as_str())];
        let mut facts = vec![("starts", line(&setting.starts))];
        facts.extend(setting.window.as_ref().map(|window| ("window", line(window))));
        facts.extend(setting.until.as_ref().map(|until| ("until", line(until))));
        facts.push(("pace", line(&setting.pace)));
        facts.push(("gateway", line(&setting.gateway)));
        facts.push(("faults", vec![self.faults.clone().into()]));
        facts.push(("seed", vec![self.seed.to_string().into()]));
        facts.push(("assumed", setting.assumed.iter().map(|text| text.as_str().into()).collect()));
        facts
    }

    fn results(&self, setting: &Setting) -> String {
        let mut table = Table::new(&[1]);
        for (at, (word, number, meaning)) in self.ends().iter().enumerate() {
            let indent = if at == 0 { "" } else { "  " };
            table.row([&format!("{indent}{word}"), &thousands(*number), meaning]);
        }
        let mut out = table.show();
        if let Some(left_out) = left_out(setting) {
            out.push_str(&wrapped(&format!("\n  {left_out}\n"), 4));
        }
        out
    }

    /// Where messages ended, all of them first: how many, and what that means.
    fn ends(&self) -> Vec<(&'static str, u64, String)> {
        let taken = match self.unknown_taken {
            0 => "the gateway took none of them".to_owned(),
            some => format!("the gateway took {} of them", thousands(some)),
        };
        let lines = [
            ("planned", self.planned, ""),
            ("accepted", self.accepted, "the gateway took them"),
            ("rejected", self.rejected, "the gateway refused them, or they were given up"),
            ("suppressed", self.suppressed, "left out at the last moment"),
            ("expired", self.expired, "not sent: too late"),
            ("held", self.held, self.held_for.first().map_or("", |one| &one.what)),
            ("unknown", self.unknown, &taken),
            ("pending", self.pending, "not sent: the rehearsal ended before"),
        ];
        let shown = lines
            .into_iter()
            .filter(|(word, number, _)| *number > 0 || matches!(*word, "planned" | "accepted"));
        let mut rows: Vec<(&'static str, u64, String)> =
            shown.map(|(word, number, meaning)| (word, number, meaning.to_owned())).collect();
        if let [_, _, ..] = &*self.held_for
            && let Some(at) = rows.iter().position(|(word, ..)| *word == "held")
        {
            "nobody can tell by whose clock they go".clone_into(&mut rows[at].2);
            let reasons = self.held_for.iter().map(|one| ("", one.times, one.what.clone()));
            rows.splice(at + 1..at + 1, reasons);
        }
        rows
    }

    fn work(&self, setting: &Setting) -> String {
        let mut table = Table::new(&[]);
        self.deeds(setting).iter().for_each(|(name, fact)| table.row([name, fact]));
        table.show()
    }

    /// What was done, and what happened meanwhile.
    fn deeds(&self, setting: &Setting) -> Vec<(String, String)> {
        let mut facts: Vec<(String, String)> = Vec::new();
        let mut fact = |name: &str, text: String| facts.push((name.to_owned(), text));
        if let Some((first, last)) = &setting.left {
            fact("first leaves", first.clone());
            fact("last leaves", last.clone());
        }
        let (ms, sent) = (Duration::from_millis(self.at_work_ms), count(self.requests, "request"));
        let mut work = format!("{sent} in {}", duration(ms));
        if self.at_work_ms >= 500 {
            let _ = write!(work, ", {}", self.pace());
        }
        fact("at work", format!("{work}; {} in the busiest second", thousands(self.busiest_second)));
        if self.log_ins > 0 {
            fact("log-ins", thousands(self.log_ins));
        }
        if self.retried > 0 {
            fact("tried again", count(self.retried, "time"));
        }
        if self.window_waits > 0 {
            let waited = duration(Duration::from_secs(self.window_waited_s));
            let (held_up, waits) =
                (count(self.held_up_by_window, "message"), count(self.window_waits, "time"));
            let what = if self.zones.is_empty() { "window shut" } else { "all shut" };
            fact(what, format!("{waits}, {waited} together; it held up {held_up}"));
        }
        for one in &self.happened {
            fact(&format!("fault {}", one.what), count(one.times, "time"));
        }
        if self.crashes > 0 {
            fact("crashed", format!("{}, and taken up again", count(self.crashes, "time")));
        }
        for one in &self.stops {
            fact("stopped", format!("{}: {}", count(one.times, "time"), one.what));
        }
        match self.ended {
            "finished" => {}
            "given_up" => fact("given up", format!("{}: it stopped too often", setting.ends)),
            _ => fact("given up", format!("{}: it would take longer than anybody waits", setting.ends)),
        }
        facts
    }

    /// Messages taken in the time at work: a second, or an hour where they are few.
    fn pace(&self) -> String {
        let taken = u128::from(self.accepted + self.unknown_taken);
        let a_second = taken * 1000 / u128::from(self.at_work_ms.max(1));
        let (number, time) = match a_second {
            0 => (taken * 3_600_000 / u128::from(self.at_work_ms.max(1)), "an hour"),
            some => (some, "a second"),
        };
        format!("{} {time}", count(u64::try_from(number).unwrap_or(u64::MAX), "message"))
    }

    fn proven(&self) -> String {
        let mut table = Table::new(&[]);
        for proof in &self.proofs {
            let holds = if proof.holds { "holds" } else { "DOES NOT HOLD" };
            table.row([&proof.law.replace('_', " "), holds, &proof.seen]);
        }
        table.show()
    }
}

/// Why rows of the file are no messages, if some are not.
fn left_out(setting: &Setting) -> Option<String> {
    setting.left_out.words().map(|words| format!("left out when it was planned: {words}"))
}

/// A stretch of the time line: its first hour by the local calendar, and what happened in it.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    hour: i64,
    sent: u64,
    taken: u64,
    accepted: u64,
    unknown: u64,
    rejected: u64,
}

/// The hours as lines: one an hour, or as many an hour as makes few lines. With how many hours a line is.
fn lines(hours: &[Hour]) -> Option<(i64, Vec<Stretch>)> {
    // What became unknown later left in an hour before.
    let busy = || hours.iter().filter(|hour| hour.sent > 0 || hour.taken > 0);
    let drawn = steps().map(|step| (step, stretches(busy(), step))).find(|(step, all)| {
        let gaps = all.windows(2).filter(|two| gap(two, *step) > 0).count();
        all.len() + gaps <= MOST_LINES
    });
    drawn.filter(|(_, all)| !all.is_empty())
}

/// What is said below the lines of how long they are.
fn length_of_lines(step: i64) -> String {
    if step > 1 { format!("\n  A line is {step} hours.\n") } else { String::new() }
}

/// A bar an hour; several hours a bar where there would be too many. Nothing where nothing happened.
fn time_line(hours: &[Hour]) -> Option<String> {
    let (step, all) = lines(hours)?;
    let most = all.iter().map(|one| one.taken).max().unwrap_or(0);
    let mut table = Table::new(&[2]);
    for (at, one) in all.iter().enumerate() {
        let (bar, lost) = (bar(one.taken, most), one.sent.saturating_sub(one.taken));
        let lost = if lost == 0 { String::new() } else { format!("{} not", thousands(lost)) };
        table.row([&named(one.hour), &bar, &thousands(one.taken), &lost]);
        if let Some(two) = all.get(at..at + 2)
            && let silent @ 1.. = gap(two, step)
        {
            table.row(["…", &format!("{} without any", hours_long(silent)), "", ""]);
        }
    }
    Some(table.show() + &length_of_lines(step))
}

/// `22 h`, `3 d 4 h`.
fn hours_long(hours: i64) -> String {
    match (hours / 24, hours % 24) {
        (0, hours) => format!("{hours} h"),
        (days, 0) => format!("{days} d"),
        (days, hours) => format!("{days} d {hours} h"),
    }
}

/// Hours between two stretches in which nothing happened.
fn gap(two: &[Stretch], step: i64) -> i64 {
    match two {
        [one, other] => other.hour - one.hour - step,
        _ => 0,
    }
}

fn stretches<'h>(hours: impl IntoIterator<Item = &'h Hour>, step: i64) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for hour in hours {
        let at = hour.from.naive_local().and_utc().timestamp().div_euclid(3600).div_euclid(step) * step;
        match all.last_mut().filter(|last| last.hour == at) {
            Some(last) => {
                last.sent += hour.sent;
                last.taken += hour.taken;
                last.accepted += hour.accepted;
                last.unknown += hour.unknown;
                last.rejected += hour.rejected;
            }
            None => all.push(Stretch {
                hour: at,
                sent: hour.sent,
                taken: hour.taken,
                accepted: hour.accepted,
                unknown: hour.unknown,
                rejected: hour.rejected,
            }),
        }
    }
    all
}

/// A bar of eighths.
fn bar(number: u64, most: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let length = u128::from(number) * u128::from(WIDTH) * 8 / u128::from(most.max(1));
    let length = usize::try_from(length).unwrap_or(0).max(usize::from(number > 0));
    format!("{}{}", "█".repeat(length / 8), EIGHTHS.get(length % 8).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(from: &[(i64, u64)]) -> Vec<Hour> {
        let begun: DateTime<FixedOffset> = "2026-12-01T00:00:00+03:00".parse().unwrap();
        let hour = |(at, taken): &(i64, u64)| Hour {
            from: begun + chrono::TimeDelta::hours(*at),
            sent: taken + 1,
            taken: *taken,
            accepted: *taken,
            rejected: 0,
            unknown: 0,
        };
        from.iter().map(hour).collect()
    }

    #[test]
    fn a_line_is_an_hour_and_silence_is_one_line() {
        let line = time_line(&hours(&[(9, 3200), (10, 100), (33, 0)])).unwrap();
        assert_eq!(
            line,
            "  2026-12-01 09:00  ████████████████████████████████  3,200  1 not\n  \
             2026-12-01 10:00  █                                   100  1 not\n  \
             …                 22 h without any\n  \
             2026-12-02 09:00                                        0  1 not\n"
        );
        assert_eq!(time_line(&[]), None);
    }

    #[test]
    fn a_long_run_gets_lines_of_several_hours() {
        for length in [49, 200, 5000, 100_000] {
            let all: Vec<(i64, u64)> = (0..length).map(|hour| (hour, 1)).collect();
            let line = time_line(&hours(&all)).unwrap();
            assert!(line.lines().count() <= MOST_LINES + 2 && line.contains("hours."), "{line}");
        }
    }
}
