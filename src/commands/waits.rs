//! What a run that is not through waits for, and how late it is.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::beside::{sends, sends_all};
use super::flags::{Flags, quoted};
use super::named::Named;
use super::next::Manifest;
use super::outlook::moment;
use super::standing::line;
use crate::campaign::Delivery;
use crate::delivery::control::{Hold, HoldKind};
use crate::delivery::forecast::{Needed, needed, passage};
use crate::delivery::pinned::Pinned;
use crate::report::layout::{count, duration};
use crate::report::mask::Mask;
use crate::report::status::{RunLine, StatusRun, WaitLine};
use crate::schedule::Zone;
use crate::store::control::Waiting;
use crate::store::lock::Holder;
use crate::store::{Run, RunId};

/// Who is through less than this after the time is not late.
const PUNCTUAL: TimeDelta = TimeDelta::minutes(1);

/// What is known beside the runs.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'s> {
    /// Who has the state.
    pub holder: Option<&'s Holder>,
    /// Campaigns of which nothing may go out.
    pub holds: &'s [(String, Hold)],
    /// Runs of which nothing may go out before a time, and why.
    pub shut: &'s BTreeMap<RunId, (DateTime<Utc>, String)>,
    /// What is said of runs that are being sent.
    pub waiting: &'s [(RunId, Waiting)],
    /// The campaign that was asked for.
    pub named: Option<&'s Named>,
    /// What commands about this state need.
    pub flags: &'s Flags,
    /// The present time.
    pub now: DateTime<Utc>,
    /// Whether the state is a sandbox's, where no window holds.
    pub sandbox: bool,
}

/// What its terms say of a run, as far as they can be read.
struct Terms {
    pinned: Pinned,
    delivery: Delivery,
}

impl Terms {
    fn of(run: &Run, sandbox: bool) -> Option<Self> {
        let pinned = Pinned::from_json(&run.pinned.pinned).ok()?;
        let mut delivery = pinned.delivery().ok()?;
        if sandbox {
            delivery = delivery.at_any_hour();
        }
        Some(Self { pinned, delivery })
    }

    fn needed(&self, messages: u64) -> Option<Needed> {
        needed(self.pinned.limits().ok()?, self.pinned.volume(messages))
    }

    /// When so much time has passed in which it may go out; nothing where people go by clocks of their own.
    fn ends(&self, starts: DateTime<Utc>, needs: Duration) -> Option<DateTime<Utc>> {
        if self.delivery.recipients.is_some() {
            return None;
        }
        passage(starts, needs, &self.delivery.hours()).map(|passage| passage.ends)
    }

    /// By whose clock people are told.
    fn zone(&self, run: &Run) -> Zone {
        let window = self.delivery.window.map(|window| window.zone());
        moment(run).map(|at| at.zone).or(window).unwrap_or(Zone::UTC)
    }
}

impl Scene<'_> {
    /// A run with what it waits for.
    pub fn run(&self, run: &Run) -> StatusRun {
        let live = self.holder.is_some();
        let line = line(run, live);
        let terms = Terms::of(run, self.sandbox);
        let left = line.pending;
        let is_open = run.finished_at_ms.is_none() && left > 0;
        let mut waits_for = Vec::new();
        let mut late = None;
        if let Some(terms) = terms.as_ref().filter(|_| is_open) {
            late = self.late(run, terms, line.planned);
            self.open(run, terms, left, &mut waits_for);
        }
        waits_for.extend(self.held(&line));
        waits_for.extend(self.decision(&line));
        StatusRun { run: line, late_s: late.map(|late| late.as_secs()), waits_for }
    }

    fn is_sent(&self, run: &Run) -> bool {
        self.holder.is_some_and(|holder| sends(holder, &run.pinned.campaign) || sends_all(holder))
    }

    /// How long ago it would have been through at its rate and in its window. Of one that is being sent without a
    /// rate nobody knows.
    fn late(&self, run: &Run, terms: &Terms, planned: u64) -> Option<Duration> {
        let needed = terms.needed(planned);
        if needed.is_none() && self.is_sent(run) {
            return None;
        }
        let begun = DateTime::from_timestamp_millis(run.pinned.created_at_ms)?;
        let starts = moment(run).map_or(begun, |at| at.instant());
        let time = needed.map_or(Duration::ZERO, |needed| needed.time);
        Some(self.now - terms.ends(starts, time)?).filter(|late| *late >= PUNCTUAL)?.to_std().ok()
    }

    /// What keeps the rest of it from going out, in the order in which it would have to end.
    fn open(&self, run: &Run, terms: &Terms, left: u64, waits_for: &mut Vec<WaitLine>) {
        let zone = terms.zone(run);
        let name = &run.pinned.campaign;
        let hold = self.holds.iter().find(|(held, _)| held == name).map(|(_, hold)| hold);
        let shut = self.shut.get(&run.id).filter(|_| !self.sandbox);
        if let Some(hold) = hold {
            waits_for.push(wait("hold", None, format!("it is {hold}")));
        }
        if let Some((until, why)) = shut {
            waits_for.push(wait("window", Some(*until), why.clone()));
        }
        if self.is_sent(run) {
            if let Some((_, told)) = self.waiting.iter().find(|(of, _)| *of == run.id) {
                waits_for.extend(self.gateway(told, zone));
            }
            if hold.is_none() && shut.is_none() {
                waits_for.extend(self.rate(terms, left, zone));
            }
            return;
        }
        let cancelled = hold.is_some_and(|hold| hold.what == HoldKind::Cancelled);
        if !cancelled {
            waits_for.push(self.process(run, hold.is_some(), shut.is_some()));
            waits_for.extend(self.rate(terms, left, zone));
        }
    }

    fn gateway(&self, told: &Waiting, zone: Zone) -> Option<WaitLine> {
        let until = DateTime::from_timestamp_millis(told.until_ms).filter(|until| *until > self.now)?;
        let time = zone.at(until).format("%H:%M:%S %:z");
        // What a gateway says may name an address.
        let why = Mask::Masked.cell(&told.why);
        Some(wait("gateway", Some(until), format!("nothing goes to the gateway until {time}: {why}")))
    }

    fn rate(&self, terms: &Terms, left: u64, zone: Zone) -> Option<WaitLine> {
        let needed = terms.needed(left)?;
        let takes = format!("{} left: {} at {needed}", count(left, "message"), duration(needed.time));
        let ends = terms.ends(self.now, needed.time);
        let through = ends.map(|ends| format!(", through at {} at the earliest", zone.show(ends)));
        Some(wait("rate", ends, format!("{takes}{}", through.unwrap_or_default())))
    }

    fn process(&self, run: &Run, is_held: bool, is_shut: bool) -> WaitLine {
        let place = match Manifest::of(self.named, run) {
            Manifest::There(place) => place,
            Manifest::Gone(manifest) => {
                let text = format!("`{manifest}`, from which it was begun, is not there: put it back");
                return self.not_sent(run, &text);
            }
            Manifest::Called { manifest, name } => {
                let before = &run.pinned.campaign;
                let text = format!("`{manifest}` is called `{name}` now: call it `{before}` again");
                return self.not_sent(run, &text);
            }
        };
        let command = format!("`sendplan send {place}{}`", self.flags.taking_up());
        let text = match self.holder {
            Some(holder) => {
                format!("the state is in use by `{}`; after that, {command} goes on with it", holder.what)
            }
            None if is_held => format!("nobody sends it: once it may, {command} goes on with it"),
            None if is_shut => format!("nobody sends it: then, {command} goes on with it"),
            None => format!("nobody sends it: {command} goes on with it"),
        };
        wait("process", None, text)
    }

    /// `send` cannot go on with it as its manifest is now.
    fn not_sent(&self, run: &Run, why: &str) -> WaitLine {
        let (name, flags) = (quoted(&run.pinned.campaign), self.flags);
        wait(
            "process",
            None,
            format!("nobody sends it, and {why}, or `sendplan cancel {name}{flags}` closes it"),
        )
    }

    fn held(&self, line: &RunLine) -> Option<WaitLine> {
        let flags = self.flags;
        let text = format!(
            "{} held until somebody decides: nobody knows by whose clock; `sendplan resolve {}{flags}`",
            count(line.held, "message"),
            line.campaign
        );
        (line.held > 0).then(|| wait("held", None, text))
    }

    fn decision(&self, line: &RunLine) -> Option<WaitLine> {
        let flags = self.flags;
        let text = format!(
            "{} {} for a decision: `sendplan resolve {}{flags}`",
            count(line.unknown, "unknown message"),
            if line.unknown == 1 { "waits" } else { "wait" },
            line.campaign
        );
        (line.unknown > 0).then(|| wait("decision", None, text))
    }
}

fn wait(what: &'static str, until: Option<DateTime<Utc>>, text: String) -> WaitLine {
    let until = until.map(|until| until.to_rfc3339_opts(SecondsFormat::Secs, true));
    WaitLine { what, until, text }
}
