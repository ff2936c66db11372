//! Whether a campaign can go out in time: how long its messages need at the rates that hold for it, and what its window,
//! its end and the next time of its series leave of that.

use chrono::{DateTime, Utc};

use crate::campaign::{Campaign, Manifest};
use crate::delivery::forecast::{Kind, Needed, Passage, Volume, needed, passage};
use crate::delivery::paces::limits;
use crate::diagnostic::{Diagnostic, Span};
use crate::plan::Totals;
use crate::report::layout::{count, duration};
use crate::schedule::{Hours, Moment, When};
use crate::world::workspace::Opened;

/// How many occurrences of a series are held against each other.
const FOLLOWED: usize = 5;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InTime {
    /// How long it takes at the slowest of its rates; nothing without one.
    pub needed: Option<Needed>,
    /// How it goes through the openings of its window, from its start on; nothing without a start or a rate, or where
    /// each goes by their own clock.
    pub passage: Option<Passage>,
    /// What is worth a look.
    pub warnings: Vec<String>,
    /// Why it cannot be through in time, if so.
    pub too_slow: Option<String>,
}

impl InTime {
    /// Of what was planned, from a start on; without one, whenever it is first sent.
    pub fn of(campaign: &Campaign, totals: &Totals, starts: Option<Moment>, now: DateTime<Utc>) -> Self {
        let messages = totals.outgoing(campaign.profile.cuts_texts());
        let volume = Volume {
            segments: totals.segments.max(messages),
            ..Volume::of(messages, campaign.profile.batch_max())
        };
        let rates = limits(&campaign.delivery, campaign.profile.limits());
        let Some(needed) = needed(rates, volume) else { return Self::default() };
        // Where each goes by their own clock, the hours of all together say nothing.
        if campaign.delivery.recipients.is_some() {
            return Self { needed: Some(needed), ..Self::default() };
        }
        let course = Course { campaign, messages, needed, hours: campaign.delivery.hours() };
        let mut timing = Self { needed: Some(needed), ..Self::default() };
        match starts {
            Some(starts) => {
                timing.passage = course.from(starts.instant());
                timing.too_slow = course.too_slow(starts);
                timing.warnings.extend(course.several_openings(starts).filter(|_| timing.too_slow.is_none()));
                timing.warnings.extend(course.later_ones(starts).filter(|_| timing.too_slow.is_none()));
            }
            None => timing.warnings.extend(course.several_openings_at_any_time(now)),
        }
        timing
    }

    /// The same as an error with its place: the rate that decides, else the window or the line of the series.
    pub fn problem(&self, opened: &Opened) -> Option<Diagnostic> {
        let (title, manifest) = (self.too_slow.as_ref()?, opened.manifest.as_ref()?);
        let span = place(manifest, self.needed?.of).unwrap_or(0..0);
        Some(
            Diagnostic::error(title)
                .at(&opened.source, span, "")
                .help("raise the rate, widen the window, or let it go out less often, or to fewer people"),
        )
    }
}

fn place(manifest: &Manifest, of: Kind) -> Option<Span> {
    let delivery = manifest.delivery.as_ref();
    let schedule = manifest.schedule.as_ref().map(|schedule| &schedule.value);
    let rate = match of {
        Kind::Messages => delivery.and_then(|delivery| delivery.rate.as_ref()),
        Kind::Segments => delivery.and_then(|delivery| delivery.segments.as_ref()),
        Kind::Requests => None,
    };
    let window = || Some(schedule?.window.as_ref()?.span.clone());
    let line = || Some(schedule?.cron.as_ref().or(schedule?.at.as_ref())?.span.clone());
    rate.map(|rate| rate.span.clone()).or_else(window).or_else(line)
}

/// Messages on their way through hours.
struct Course<'c> {
    campaign: &'c Campaign,
    messages: u64,
    needed: Needed,
    hours: Hours,
}

impl Course<'_> {
    fn from(&self, starts: DateTime<Utc>) -> Option<Passage> {
        // Its end is held against it afterwards.
        passage(starts, self.needed.time, &Hours { until: None, ..self.hours.clone() })
    }

    /// `at 10/s 40,000 messages need 1 h 7 min`
    fn need(&self) -> String {
        let verb = if self.messages == 1 { "needs" } else { "need" };
        let time = duration(self.needed.time);
        format!("at {} {} {verb} {time}", self.needed, count(self.messages, "message"))
    }

    /// What it has to be through before, with what that is called.
    fn before(&self, starts: Moment) -> Option<(DateTime<Utc>, String)> {
        let shown = |at| starts.zone.show(at);
        let until = self.hours.until.map(|until| (until, format!("nothing goes out after {}", shown(until))));
        let When::Series(series) = &self.campaign.timetable.when else { return until };
        let next = series.next_after(starts.instant()).map(Moment::instant);
        let next = next.map(|next| (next, format!("the next time of its series is {}", shown(next))));
        [until, next].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn too_slow(&self, starts: Moment) -> Option<String> {
        let Some(passage) = self.from(starts.instant()) else {
            return Some(format!("{}: more than its window leaves in years", self.need()));
        };
        let (_, why) = self.before(starts).filter(|(before, _)| passage.ends > *before)?;
        let (from, until) = (starts.zone.show(passage.begins), starts.zone.show(passage.ends));
        Some(format!("{}: from {from} until {until}, and {why}", self.need()))
    }

    fn several_openings(&self, starts: Moment) -> Option<String> {
        let passage = self.from(starts.instant())?;
        let (leaves, goes_on) = (passage.leaves?, passage.goes_on?);
        let zone = self.hours.windows.first().map_or(starts.zone, |window| window.zone());
        let rest = match passage.openings {
            2 => format!("on {}", zone.at(goes_on).format("%Y-%m-%d from %H:%M")),
            more => format!(
                "from {} on, until {}, in {} openings",
                zone.show(goes_on),
                zone.show(passage.ends),
                more - 1
            ),
        };
        Some(format!("{}, the window leaves {}: the rest goes out {rest}", self.need(), duration(leaves)))
    }

    /// Of a campaign that goes out whenever it is sent: by its next whole opening.
    fn several_openings_at_any_time(&self, now: DateTime<Utc>) -> Option<String> {
        let closes = self.hours.open_until(now).filter(|closes| *closes < DateTime::<Utc>::MAX_UTC);
        let passage = self.from(closes.unwrap_or(now))?;
        let leaves = passage.leaves.filter(|_| passage.openings > 1)?;
        Some(format!(
            "{}, the window is open for {} at a time: it goes out in {} openings or more",
            self.need(),
            duration(leaves),
            passage.openings
        ))
    }

    /// The first of the following occurrences that is not through before the one after it.
    fn later_ones(&self, starts: Moment) -> Option<String> {
        let When::Series(series) = &self.campaign.timetable.when else { return None };
        let following: Vec<Moment> = series.after(starts.instant()).take(FOLLOWED).collect();
        let late = following.windows(2).find_map(|two| {
            let [one, next] = two else { return None };
            let ends = self.from(one.instant())?.ends;
            (ends > next.instant()).then_some((*one, ends, *next))
        });
        let (one, ends, next) = late?;
        let shown = |at: DateTime<Utc>| one.zone.show(at);
        Some(format!(
            "{}: what begins {} is through {}, and the next time is {}",
            self.need(),
            shown(one.instant()),
            shown(ends),
            shown(next.instant())
        ))
    }
}
