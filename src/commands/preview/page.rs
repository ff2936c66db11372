//! What the page of a preview is made of: the plan with its totals, whom it can be asked for, rows that are left out, and
//! when messages may leave. Without a state: what that would leave out, `plan` says.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::audience::Exclusion;
use crate::campaign::Campaign;
use crate::cli::Preview;
use crate::commands::occasion::Occasion;
use crate::commands::places::{Places, people};
use crate::commands::planned::{self, swallowing};
use crate::commands::scan::refusals;
use crate::commands::timing::InTime;
use crate::delivery::course::{Course, Group, course};
use crate::plan::{Entry, Totals};
use crate::report::layout::count;
use crate::report::mask::Mask;
use crate::report::plan::{Aside, PlanReport};
use crate::report::preview::book::Book;
use crate::report::preview::page::{self, Example, Times};
use crate::report::preview::{Sample, Unread};
use crate::report::rehearsal::{Hour, ZoneLine};
use crate::schedule::{Moment, Spread, Zone};
use crate::world::clock::Clock;
use crate::world::workspace::Loaded;

/// So many rows of each reason are pointed at.
const MOST_PLACES: usize = 3;

/// See the module.
pub struct Page<'a> {
    loaded: &'a Loaded,
    mask: Mask,
    /// Whom the page can be asked for; nothing where it is about one recipient.
    book: Option<Book>,
    /// Rows that are left out, by kind.
    places: BTreeMap<&'static str, Vec<String>>,
}

impl<'a> Page<'a> {
    /// Of a campaign.
    pub fn new(loaded: &'a Loaded, args: &Preview, mask: Mask) -> Self {
        let book = args.recipient.is_none().then(Book::default);
        Self { loaded, mask, book, places: BTreeMap::new() }
    }

    /// Takes what became of a row; `sample` makes the message ready to be shown.
    pub fn take(&mut self, entry: &Entry<'_>, sample: impl FnOnce() -> Sample) {
        match entry {
            Entry::Planned { .. } => {
                if let Some(book) = self.book.as_mut().filter(|book| book.has_room()) {
                    book.add(sample());
                }
            }
            Entry::Excluded { place, reason, .. } => {
                let places = self.places.entry(reason.kind()).or_default();
                if places.len() < MOST_PLACES {
                    let why = told(reason, self.mask).map_or_else(String::new, |why| format!(": {why}"));
                    places.push(format!("{place}{why}"));
                }
            }
        }
    }

    /// The page.
    pub fn finish(&self, args: &Preview, totals: &Totals, samples: &[Sample], unread: &[Unread]) -> String {
        let campaign = &self.loaded.campaign;
        let now = args.now.unwrap_or_else(|| Clock::start().now().utc);
        let times = planned::Times::of(campaign, Occasion::first(campaign, now), now);
        let timing = InTime::of(campaign, totals, times.starts, now);
        let places = Places::of(campaign, totals, times.starts, now);
        let mut report =
            PlanReport { held: places.held(), ..planned::report(self.loaded, totals, &times, &timing) };
        report.warnings.extend(swallowing(self.loaded, totals));
        let aside = Aside { held: places.held, ..planned::aside(self.loaded, totals, &times, &timing) };
        let mut refusals = refusals(self.loaded, totals);
        refusals.extend(timing.too_slow.clone());
        let examples = self.examples(totals);
        let sender = match campaign.sender.as_str() {
            Some(sender) => sender.to_owned(),
            // What has a number at the gateway has another name on phones.
            None => format!("sender {}", campaign.sender),
        };
        let times =
            Forecast { campaign, totals, timing: &timing, starts: times.starts, asked: args.now, now }
                .times();
        let preview = page::Preview {
            report: &report,
            aside: &aside,
            sender: &sender,
            samples,
            unread,
            book: self.book.as_ref(),
            refusals: &refusals,
            examples: &examples,
            times: &times,
        };
        preview.page()
    }

    fn examples(&self, totals: &Totals) -> Vec<Example> {
        let left_out = totals.excluded().filter(|(_, rows)| *rows > 0);
        let example = |(kind, rows)| Example {
            reason: Exclusion::words(kind).to_owned(),
            rows,
            places: self.places.get(kind).cloned().unwrap_or_default(),
        };
        left_out.map(example).collect()
    }
}

/// What may be told of a reason: nothing that repeats a cell, unless everything is shown.
fn told(reason: &Exclusion, mask: Mask) -> Option<String> {
    let repeats = matches!(
        reason,
        Exclusion::InvalidAddress(_) | Exclusion::FilterFailed { .. } | Exclusion::RenderFailed { .. }
    );
    let says_more = !matches!(
        reason,
        Exclusion::Filtered | Exclusion::NotSampled | Exclusion::EmptyId | Exclusion::EmptyMessage
    );
    (says_more && (!repeats || mask == Mask::Shown)).then(|| reason.to_string())
}

/// When messages may leave, as far as that is known before.
struct Forecast<'a> {
    campaign: &'a Campaign,
    totals: &'a Totals,
    timing: &'a InTime,
    /// The time that the manifest names.
    starts: Option<Moment>,
    /// The time that was asked for.
    asked: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

impl Forecast<'_> {
    fn times(&self) -> Times {
        let Some(from) = self.from() else {
            let words = "The manifest names no time, so there is none to draw: `--now TIME` draws it as if it were sent then.";
            return Times { words: vec![words.to_owned()], ..Times::default() };
        };
        let zone = self.zone();
        let (places, groups): (Vec<Vec<Zone>>, Vec<Group>) = self.groups().into_iter().unzip();
        let course = course(from, &groups, self.interval());
        let quarters = course.quarters.iter();
        let mut all: BTreeMap<DateTime<Utc>, u64> = BTreeMap::new();
        for (at, number) in quarters.clone().flatten() {
            *all.entry(*at).or_default() += number;
        }
        let lines = places.iter().zip(&groups).zip(quarters);
        let mut zones: Vec<ZoneLine> = lines
            .filter(|((places, _), quarters)| !places.is_empty() && !quarters.is_empty())
            .map(|((places, group), quarters)| line(places, group.messages, quarters, zone))
            .collect();
        zones.sort_by(|one, other| {
            (other.east_s, other.west_s, &one.zones).cmp(&(one.east_s, one.west_s, &other.zones))
        });
        Times { hours: hours(&all, zone), zones, zone: zone.to_string(), words: self.words(&course, zone) }
    }

    fn words(&self, course: &Course, zone: Zone) -> Vec<String> {
        let mut words = Vec::new();
        if let (None, Some(asked)) = (self.starts, self.asked) {
            words.push(format!("As if it were sent {}: the manifest names no time.", zone.show(asked)));
        }
        words.push(match &self.timing.needed {
            Some(needed) => format!(
                "A forecast: at {needed}, in the hours in which messages may leave. What the gateway answers, and how fast, \
                 nobody knows before; `sendplan rehearse` plays it with faults."
            ),
            None => "A forecast: each message is drawn when it may leave first, for no rate is set. How fast the gateway \
                     takes them, nobody knows before."
                .to_owned(),
        });
        if course.left > 0 {
            let left = count(course.left, "message");
            words.push(format!(
                "{left} would not leave: it is too late for them, or too far ahead to follow."
            ));
        }
        words
    }

    /// When it begins: for the first of those who go by their own clocks.
    fn from(&self) -> Option<DateTime<Utc>> {
        let starts = self.starts.map(|starts| Spread::of(starts, &people(self.totals)).first);
        starts.or(self.asked)
    }

    fn zone(&self) -> Zone {
        let window = self.campaign.delivery.window.map(|window| window.zone());
        let zones = [self.starts.map(|starts| starts.zone), window].into_iter().flatten();
        zones.into_iter().find(|zone| !zone.is_recipient()).unwrap_or(Zone::UTC)
    }

    /// Who goes by which clock, and where they are; one for all where it is the campaign's.
    fn groups(&self) -> Vec<(Vec<Zone>, Group)> {
        let delivery = &self.campaign.delivery;
        if delivery.recipients.is_none() {
            return vec![(Vec::new(), Group { messages: self.totals.messages, hours: delivery.hours() })];
        }
        let places = self.totals.whereabouts().into_iter();
        places
            .filter(|located| located.place.held(delivery, self.starts, self.now).is_none())
            .map(|located| {
                let zones = located.place.zones().to_vec();
                let hours = delivery.hours_in(self.starts, &zones);
                (zones, Group { messages: located.messages, hours })
            })
            .collect()
    }

    /// How long one message takes at the slowest of the rates.
    fn interval(&self) -> Option<Duration> {
        let needed = self.timing.needed?;
        let gaps = self.totals.messages.saturating_sub(1).max(1);
        Some(u32::try_from(gaps).map_or(needed.time, |gaps| needed.time / gaps))
    }
}

/// Those who are in some zones, in the shape of a rehearsal.
fn line(zones: &[Zone], planned: u64, quarters: &BTreeMap<DateTime<Utc>, u64>, common: Zone) -> ZoneLine {
    let first = zones.first().copied().unwrap_or(Zone::UTC);
    let begins = quarters.keys().next().copied();
    let offset = |zone: &Zone| begins.map_or(0, |at| zone.at(at).offset().local_minus_utc());
    ZoneLine {
        name: crate::commands::places::name(zones),
        zones: zones.iter().map(Zone::to_string).collect(),
        east_s: zones.iter().map(offset).max().unwrap_or(0),
        west_s: zones.iter().map(offset).min().unwrap_or(0),
        planned,
        accepted: 0,
        rejected: 0,
        expired: 0,
        unknown: 0,
        suppressed: 0,
        pending: 0,
        first_at: begins.map(|at| first.at(at)),
        // By then at the latest.
        last_at: quarters.keys().next_back().map(|at| first.at(*at + TimeDelta::minutes(15))),
        hours: hours(quarters, common),
    }
}

/// Quarters of an hour as hours of the zone.
fn hours(quarters: &BTreeMap<DateTime<Utc>, u64>, zone: Zone) -> Vec<Hour> {
    let mut hours: Vec<Hour> = Vec::new();
    for (at, number) in quarters {
        let local = zone.at(*at);
        let minutes = local.timestamp() + i64::from(local.offset().local_minus_utc());
        let from = local - TimeDelta::seconds(minutes.rem_euclid(3600));
        match hours.last_mut().filter(|last| last.from == from) {
            Some(last) => (last.sent, last.taken) = (last.sent + number, last.taken + number),
            None => {
                hours.push(Hour { from, sent: *number, taken: *number, accepted: 0, rejected: 0, unknown: 0 })
            }
        }
    }
    hours
}
