//! The plan as it is shown: for people, and as the frozen JSON of `plan --format json`.

mod comment;

use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::alphabet::Alphabet;
use super::approval::Against;
use super::campaign::minute;
use super::flaws::{self, FlawLine};
use super::layout::{Table, count, duration, next, wrapped};
use super::readers::{self, Languages, TextReaders};
use crate::audience::Place;
use crate::schedule::Zone;
use crate::units::thousands;

/// `plan --format json`, version 1. `recipients` are the rows of the file, so that `recipients` is the sum of
/// `rejected`, `suppressed`, `filtered`, `duplicates` and those who get a message: one each, unless the gateway leaves it
/// to us to cut long texts; then each part is a message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanReport {
    /// The version of this form: 1.
    pub version: u32,
    /// The campaign's name.
    pub campaign: String,
    /// `sha256:…` over every recipient, address and text, in order.
    pub digest: String,
    /// Rows of the file.
    pub recipients: u64,
    /// Rows without anything in any cell, which are passed over and counted nowhere else; absent where there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub empty_rows: u64,
    /// Rows that are unusable.
    pub rejected: u64,
    /// Rows on a suppression list.
    pub suppressed: u64,
    /// How many rows each reason leaves out, in the order in which a row is checked; reasons that leave out nobody are
    /// absent. Their sum is that of `rejected`, `suppressed`, `filtered` and `duplicates`.
    pub left_out_by: Vec<ReasonLine>,
    /// How many each list leaves out, those that leave out nobody as well; whoever is on several counts with the first of
    /// them. Absent without lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressed_by: Vec<ListLine>,
    /// Rows that `where`, `allow_types` or `sample` leaves out.
    pub filtered: u64,
    /// Rows whose person is in the plan already.
    pub duplicates: u64,
    /// Messages that will be sent, but for those who are left out at the last moment.
    pub messages: u64,
    /// Who of them would be left out at the last moment; `null` without a state. They are counted in everything else
    /// here: when it is sent the state may know another answer.
    pub left_out_now: Option<LeftOut>,
    /// SMS segments of all of them; `null` where the gateway has none.
    pub segments: Option<u64>,
    /// Messages by encoding; `null` where the gateway has none.
    pub encodings: Option<Encodings>,
    /// Which characters make messages UCS-2; absent where none do.
    #[serde(skip_serializing_if = "Alphabet::is_empty")]
    pub alphabet: Alphabet,
    /// What looks wrong in texts, that of the most messages first; absent where nothing does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flaws: Vec<FlawLine>,
    /// Texts that do not say how to opt out, where `opt_out_text` asks for that; absent where all do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_opt_out: Option<WithoutOptOut>,
    /// Who reads which text; absent where there is one text for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<TextReaders>,
    /// How the languages that rows name were met; absent where everybody reads what their row names.
    #[serde(skip_serializing_if = "Languages::is_empty")]
    pub languages: Languages,
    /// What it costs; `null` where no prices are known.
    pub cost: Option<String>,
    /// When the first goes out, RFC 3339; `null` for whenever it is sent.
    pub starts_at: Option<String>,
    /// When the last goes out at the campaign's rate or the gateway's limits, in the openings of its window; `null`
    /// without a start or a rate, or where each recipient's own clock counts.
    pub ends_at: Option<String>,
    /// When a series goes out from then on, at most five times, RFC 3339; absent where it is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub occurrences: Vec<String>,
    /// Messages that will be held until somebody decides: by whose clock they go is not known.
    pub held: u64,
    /// Where recipients are, where they go by their own clocks; absent where they do not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<ZoneLine>,
    /// What is worth a look.
    pub warnings: Vec<String>,
    /// How it differs from an approved plan; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A reason for which rows are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonLine {
    /// Its stable name, as in the column `reason` of `plan --rejects`.
    pub reason: &'static str,
    /// Rows that it leaves out.
    pub rows: u64,
}

/// Texts that do not say how to opt out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithoutOptOut {
    /// Messages.
    pub messages: u64,
    /// The line of the first.
    pub first_line: u64,
    /// The file of the first; absent where there is but one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_file: Option<String>,
}

/// A suppression list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListLine {
    /// Its file.
    pub list: String,
    /// Rows of the audience that it leaves out.
    pub rows: u64,
}

/// Recipients who may be in the same zones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ZoneLine {
    /// What people are told for the zones.
    #[serde(skip)]
    pub name: String,
    /// The zones, by their IANA names: what goes out is right in all of them.
    pub zones: Vec<String>,
    /// Messages.
    pub messages: u64,
    /// When the first of them goes out, RFC 3339; `null` where it is too late for them.
    pub begins_at: Option<String>,
    /// The same on the first zone's clock.
    #[serde(skip)]
    pub begins: String,
}

/// Messages that are held, for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLine {
    /// Why.
    pub why: &'static str,
    /// How many.
    pub messages: u64,
    /// Where the first stands.
    pub first: Place,
    /// The zone that the first may have meant.
    pub near: Option<Zone>,
}

/// People whom the state says to leave out, by the first reason that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The moment it is counted for, RFC 3339: when the campaign goes out, as far as that is known, else now.
    pub as_of: String,
    /// Opted out, as the state was told by gateways and people.
    pub opted_out: u64,
    /// Got one already of which nobody gets a second (`audience.once_per`), or one that
    /// leaves them out (`audience.exclude_campaign`).
    pub already_got: u64,
    /// Got as many messages as the cap allows (`audience.cap`).
    pub capped: u64,
    /// Whether the moment is still to come.
    #[serde(skip)]
    pub is_ahead: bool,
}

impl LeftOut {
    /// Nobody yet.
    pub fn new(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let as_of = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        Self { as_of, opted_out: 0, already_got: 0, capped: 0, is_ahead: at > now }
    }

    /// All of them.
    pub fn sum(&self) -> u64 {
        self.opted_out + self.already_got + self.capped
    }
}

/// What the campaign asks of the state, in words; nothing where it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Nobody gets a second one.
    pub once: Option<String>,
    /// Nobody gets more than so many in a time.
    pub cap: Option<String>,
}

/// Messages by encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Encodings {
    /// In the GSM 7-bit alphabet.
    pub gsm7: u64,
    /// In UCS-2, because a character is outside that alphabet.
    pub ucs2: u64,
}

/// What only people are shown.
#[derive(Debug, Clone, Default)]
pub struct Aside {
    /// The recipients' file.
    pub file: String,
    /// Excluded rows by reason, in the order in which they are checked; what is indented is a part of the reason above.
    pub reasons: Vec<(String, u64)>,
    /// Where a text cannot be rendered or `where` cannot be decided: in words, and the first row with why. Nothing else
    /// tells that without `--rejects`.
    pub undone: Vec<(&'static str, String)>,
    /// The longest message: its segments, and where it stands.
    pub longest: Option<(u16, Place)>,
    /// What the campaign asks of the state.
    pub rules: Rules,
    /// The hours in which messages may go out.
    pub window: Option<String>,
    /// When it starts, in the campaign's zone.
    pub starts: Option<String>,
    /// When a series goes out from then on, line by line.
    pub occurrences: String,
    /// Messages that will be held, by reason.
    pub held: Vec<HeldLine>,
    /// How long it takes at the campaign's rate.
    pub takes: Option<(Duration, String)>,
    /// When the last goes out, where that is not plain from the start and the time it takes.
    pub ends: Option<String>,
    /// Messages by country, most first.
    pub countries: Vec<(String, u64)>,
    /// Messages that have flaws.
    pub flawed: u64,
    /// Messages whose price is not known.
    pub unpriced: u64,
    /// The gateway.
    pub gateway: String,
    /// The version of the time zone data.
    pub tz_version: &'static str,
    /// Why the plan is refused, where it is.
    pub refused: Vec<String>,
    /// When it was finished already, RFC 3339.
    pub finished: Option<String>,
    /// The next command to type.
    pub next: Vec<String>,
}

impl PlanReport {
    /// The JSON of machines.
    pub fn json(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }

    /// When it is time in which zones: the first ones, and the last.
    fn clocks(&self) -> String {
        const SHOWN: usize = 12;
        let mut table = Table::new(&[1]);
        let row = |table: &mut Table, line: &ZoneLine| {
            let begins = if line.begins_at.is_some() { &*line.begins } else { "too late: they expire" };
            table.row([&line.name, &thousands(line.messages), begins]);
        };
        match self.zones.split_last() {
            Some((last, others)) if others.len() > SHOWN => {
                others.iter().take(SHOWN - 1).for_each(|line| row(&mut table, line));
                let between = others.get(SHOWN - 1..).unwrap_or_default();
                let messages = between.iter().map(|line| line.messages).sum();
                table.row([&format!("… {} others", between.len()), &thousands(messages), ""]);
                row(&mut table, last);
            }
            _ => self.zones.iter().for_each(|line| row(&mut table, line)),
        }
        table.show()
    }

    /// The text of people.
    pub fn human(&self, aside: &Aside) -> String {
        let mut out = format!("Plan of {}: nothing is sent.\n\n", self.campaign);
        out.push_str(&self.rows(aside));
        for (reason, first) in &aside.undone {
            out.push_str(&wrapped(&format!("\n  {reason}, first for {first}\n"), 4));
        }
        out.push('\n');
        out.push_str(&self.terms(aside));
        out.push_str(&readers::human(&self.texts, &self.languages));
        out.push_str(&flaws::human(&self.flaws, aside.flawed));
        out.push_str(&self.alphabet.human(self.encodings.map_or(0, |encodings| encodings.ucs2)));
        if !self.zones.is_empty() {
            let _ = write!(out, "\nBy their own clocks:\n\n{}", self.clocks());
        }
        if !aside.occurrences.is_empty() {
            let _ = write!(out, "\nIt goes out each time:\n{}", aside.occurrences);
        }
        if let Some(at) = &aside.finished {
            let _ =
                writeln!(out, "\nIt was sent already, and finished {}: `send` sends nothing.", minute(at));
        }
        for warning in &self.warnings {
            let _ = write!(out, "\nwarning: {warning}");
        }
        if !self.warnings.is_empty() {
            out.push('\n');
        }
        if let Some(against) = &self.against {
            let _ = write!(out, "\n{}", against.human());
        }
        if !aside.next.is_empty() {
            let _ = write!(out, "\n{}", next(&aside.next));
        }
        out
    }

    /// What becomes of how many rows.
    fn rows(&self, aside: &Aside) -> String {
        let mut table = Table::new(&[1]);
        table.row([&aside.file, &thousands(self.recipients), "rows"]);
        if self.empty_rows > 0 {
            table.row(["empty rows", &thousands(self.empty_rows), "passed over"]);
        }
        table.row(["messages", &thousands(self.messages), &self.makeup(aside, &ToString::to_string)]);
        self.left_out_now(aside, &mut table);
        if self.held > 0 {
            table.row(["held", &thousands(self.held), "not sent until somebody decides"]);
        }
        for line in &aside.held {
            let near = line.near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let first = format!("first in {}{near}", line.first);
            table.row([&format!("  {}", line.why), &thousands(line.messages), &first]);
        }
        let left_out = self.rejected + self.suppressed + self.filtered + self.duplicates;
        table.row(["left out", &thousands(left_out), ""]);
        for (reason, number) in &aside.reasons {
            table.row([&format!("  {reason}"), &thousands(*number), ""]);
        }
        table.show()
    }

    /// When, where to, through what, and at what price.
    fn terms(&self, aside: &Aside) -> String {
        let mut facts = Table::new(&[]);
        let starts = aside.starts.as_deref();
        facts.row(["starts", starts.unwrap_or("when it is sent: the manifest names no time")]);
        if let Some(window) = &aside.window {
            facts.row(["window", window]);
        }
        if let Some((takes, rate)) = &aside.takes {
            facts.row(["takes", &format!("{} at {rate}", duration(*takes))]);
        }
        if let Some(ends) = &aside.ends {
            facts.row(["through", ends]);
        }
        if !aside.countries.is_empty() {
            facts.row(["countries", &countries(&aside.countries)]);
        }
        if let Some(cost) = &self.cost {
            let unpriced = match aside.unpriced {
                0 => String::new(),
                some => format!(", and {} whose price is not known", count(some, "message")),
            };
            facts.row(["cost", &format!("{cost}{unpriced}")]);
        }
        facts.row(["gateway", &aside.gateway]);
        facts.row(["digest", &self.digest]);
        facts.row(["zones", &format!("tzdb {}", aside.tz_version)]);
        facts.show()
    }

    /// What the state says, where it says something or is asked.
    fn left_out_now(&self, aside: &Aside, table: &mut Table) {
        let Some(left_out) = &self.left_out_now else { return };
        let rules = &aside.rules;
        if left_out.sum() == 0 && rules.once.is_none() && rules.cap.is_none() {
            return;
        }
        let people = if left_out.sum() == 1 { "person" } else { "people" };
        let moment = match (&aside.starts, left_out.is_ahead) {
            (Some(starts), true) => format!("{people}, by what the state knows today of {starts}"),
            _ => format!("{people}, by what the state knows now"),
        };
        table.row(["  would be left out", &thousands(left_out.sum()), &moment]);
        let told = (left_out.opted_out > 0).then_some("opted out");
        let reasons = [
            (told, left_out.opted_out),
            (rules.once.as_deref(), left_out.already_got),
            (rules.cap.as_deref(), left_out.capped),
        ];
        for (reason, number) in reasons.into_iter().filter_map(|(reason, number)| Some((reason?, number))) {
            table.row([&format!("    {reason}"), &thousands(number), ""]);
        }
    }

    /// What the messages are made of, in a few words.
    /// What the messages are made of; `shown` is how the place of the longest is told.
    fn makeup(&self, aside: &Aside, shown: &dyn Fn(&Place) -> String) -> String {
        let (Some(segments), Some(encodings)) = (self.segments, self.encodings) else { return String::new() };
        let mut text = count(segments, "segment");
        if encodings.ucs2 > 0 {
            let _ = write!(
                text,
                "; {} in GSM-7, {} in UCS-2",
                thousands(encodings.gsm7),
                thousands(encodings.ucs2)
            );
        }
        if let Some((longest, place)) = aside.longest.as_ref().filter(|(segments, _)| *segments > 1) {
            let _ = write!(text, "; the longest has {longest} ({})", shown(place));
        }
        text
    }
}

/// Messages by country, the first ones.
fn countries(countries: &[(String, u64)]) -> String {
    const SHOWN: usize = 6;
    let text = |(country, count): &(String, u64)| format!("{country} {}", thousands(*count));
    let mut shown: Vec<String> = countries.iter().take(SHOWN).map(text).collect();
    if countries.len() > SHOWN {
        shown.push(format!("and {} more", countries.len() - SHOWN));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plan of one message.
    pub(super) fn report() -> PlanReport {
        PlanReport {
            version: 1,
            campaign: "c".to_owned(),
            digest: "sha256:0".to_owned(),
            recipients: 2,
            empty_rows: 0,
            rejected: 1,
            suppressed: 0,
            left_out_by: Vec::new(),
            suppressed_by: Vec::new(),
            filtered: 0,
            duplicates: 0,
            messages: 1,
            left_out_now: None,
            segments: Some(1),
            encodings: Some(Encodings { gsm7: 1, ucs2: 0 }),
            alphabet: Alphabet::default(),
            flaws: Vec::new(),
            without_opt_out: None,
            texts: Vec::new(),
            languages: Languages::default(),
            cost: None,
            starts_at: None,
            ends_at: None,
            occurrences: Vec::new(),
            held: 0,
            zones: Vec::new(),
            warnings: Vec::new(),
            against: None,
        }
    }

    /// What people are shown beside it.
    pub(super) fn aside() -> Aside {
        Aside {
            file: "r.csv".to_owned(),
            reasons: vec![("no valid address".to_owned(), 1)],
            ..Aside::default()
        }
    }

    #[test]
    fn a_plan_is_told_with_what_is_left_out() {
        let human = report().human(&aside());
        assert!(human.contains("r.csv               2  rows\n"), "{human}");
        assert!(human.contains("  left out            1\n    no valid address  1\n"), "{human}");
    }
}
