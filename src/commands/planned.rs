//! A plan in the words of its report, for every verb that shows one: figures, times, costs, and what people are told
//! beside them.

mod found;

use chrono::{DateTime, Utc};

use self::found::{alphabet, flaws, languages, texts, without_opt_out};
use super::occasion::Occasion;
use super::places::people;
use super::scan::digest;
use super::standing::rfc3339;
use super::timing::InTime;
use crate::audience::{Exclusion, Place};
use crate::campaign::{Campaign, Frequency, OncePer};
use crate::diagnostic::listing;
use crate::plan::Totals;
use crate::provider::raw::BatchMode;
use crate::report::occurrences::{UPCOMING, occurrences};
use crate::report::oddities::swallowed;
use crate::report::plan::{Aside, Encodings, ListLine, PlanReport, ReasonLine, Rules};
use crate::schedule::{Moment, Spread, When, Window};
use crate::world::workspace::Loaded;

/// When it goes out.
pub struct Times {
    /// The occurrence that the plan is about, if it has a moment.
    pub starts: Option<Moment>,
    /// What people are told of it, where the manifest names a time.
    words: Option<String>,
    /// The next ones of a series.
    series: Vec<Moment>,
}

impl Times {
    pub fn of(campaign: &Campaign, occasion: Occasion, now: DateTime<Utc>) -> Self {
        let starts = occasion.at();
        let shown = |at: Moment| at.zone.show(at.instant());
        let When::Series(_) = campaign.timetable.when else {
            return Self { starts, words: starts.map(shown), series: Vec::new() };
        };
        let series = campaign.timetable.upcoming(now, UPCOMING);
        let words = starts.map_or_else(|| "never again: the series is over".to_owned(), shown);
        Self { starts, words: Some(words), series }
    }
}

/// The plan as it is told, but for what the state says and where recipients are.
pub fn report(loaded: &Loaded, totals: &Totals, times: &Times, timing: &InTime) -> PlanReport {
    let campaign = &loaded.campaign;
    let starts = times.starts.map(|starts| Spread::of(starts, &people(totals)).first);
    let counted = campaign.counts_segments();
    PlanReport {
        version: 1,
        campaign: campaign.name.clone(),
        digest: digest(totals),
        recipients: totals.rows,
        empty_rows: totals.odd.empty,
        rejected: totals.rejected(),
        suppressed: totals.suppressed(),
        left_out_by: totals
            .excluded()
            .filter(|(_, rows)| *rows > 0)
            .map(|(reason, rows)| ReasonLine { reason, rows })
            .collect(),
        suppressed_by: totals
            .by_list()
            .iter()
            .map(|(list, rows)| ListLine { list: list.to_string(), rows: *rows })
            .collect(),
        filtered: totals.filtered(),
        duplicates: totals.duplicates(),
        messages: outgoing(loaded, totals),
        left_out_now: None,
        segments: counted.then_some(totals.segments),
        encodings: counted.then_some(Encodings { gsm7: totals.gsm7, ucs2: totals.ucs2 }),
        alphabet: alphabet(loaded, totals),
        without_opt_out: totals.lacking.map(|lacking| without_opt_out(totals, lacking)),
        flaws: flaws(loaded, totals),
        texts: texts(loaded, totals),
        languages: languages(totals),
        cost: cost(loaded, totals),
        starts_at: starts.map(rfc3339),
        ends_at: timing.passage.map(|passage| rfc3339(passage.ends)),
        occurrences: times.series.iter().map(|one| rfc3339(one.instant())).collect(),
        held: 0,
        zones: Vec::new(),
        warnings: timing.warnings.clone(),
        against: None,
    }
}

/// A cell that seems to hold rows, in words.
pub fn swallowing(loaded: &Loaded, totals: &Totals) -> Option<String> {
    let first = totals.odd.first?;
    let Place { line, file } = totals.place(first.line);
    let file = file.map_or_else(|| loaded.recipients.shown(), |file| file.to_string());
    swallowed(&totals.odd, &file, line, loaded.campaign.audience.rules.header.columns())
}

/// What it costs by the gateway's prices.
pub fn cost(loaded: &Loaded, totals: &Totals) -> Option<String> {
    let (cost, bill) = loaded.campaign.profile.cost().zip(totals.cost)?;
    Some(format!("{} {}", bill.total, cost.currency()))
}

/// Messages that go out, counted as the run will count them.
fn outgoing(loaded: &Loaded, totals: &Totals) -> u64 {
    totals.outgoing(loaded.campaign.profile.cuts_texts())
}

/// What the reasons of [`LeftOut`] are called: opted out, got one, and the cap.
fn rules(frequency: &Frequency) -> Rules {
    Rules { once: once(frequency), cap: frequency.cap.map(|cap| format!("already got {cap}")) }
}

/// Of what nobody gets this who got it already.
fn once(frequency: &Frequency) -> Option<String> {
    let own = frequency.once_per.as_ref().map(|once| match once {
        OncePer::Campaign => "this campaign".to_owned(),
        OncePer::Group(word) => format!("one of `{word}`"),
    });
    let named =
        (!frequency.exclude.is_empty()).then(|| listing(frequency.exclude.iter().map(String::as_str)));
    let all: Vec<String> = own.into_iter().chain(named).collect();
    (!all.is_empty()).then(|| format!("already got {}", all.join(", or ")))
}

/// Why rows are left out; lists are told even where they leave out nobody, so that a wrong one is seen.
fn reasons(totals: &Totals) -> Vec<(String, u64)> {
    let mut reasons = Vec::new();
    for (kind, count) in totals.excluded() {
        let lists = if kind == Exclusion::SUPPRESSED { totals.by_list() } else { &[] };
        if count > 0 || !lists.is_empty() {
            reasons.push((Exclusion::words(kind).to_owned(), count));
        }
        reasons.extend(lists.iter().map(|(list, rows)| (format!("  {list}"), *rows)));
    }
    reasons
}

/// What only people are told of it.
pub fn aside(loaded: &Loaded, totals: &Totals, times: &Times, timing: &InTime) -> Aside {
    let campaign = &loaded.campaign;
    Aside {
        file: loaded.recipients.shown(),
        reasons: reasons(totals),
        longest: totals
            .longest()
            .filter(|_| campaign.counts_segments())
            .map(|most| (most.parts, totals.place(most.first_line))),
        window: window(campaign).map(|window| window.to_string()),
        rules: rules(&campaign.audience.frequency),
        starts: times.words.clone(),
        occurrences: occurrences(&times.series),
        takes: timing.needed.map(|needed| (needed.time, needed.to_string())),
        ends: timing
            .passage
            .filter(|passage| passage.goes_on.is_some())
            .zip(times.starts)
            .map(|(passage, starts)| starts.zone.show(passage.ends)),
        countries: totals.countries(),
        flawed: totals.flaws.messages,
        unpriced: totals.cost.map_or(0, |bill| bill.unpriced),
        gateway: gateway(campaign),
        tz_version: crate::schedule::tz_version(),
        ..Aside::default()
    }
}

/// The hours of the day in which messages may go out, by whosever clock.
pub fn window(campaign: &Campaign) -> Option<Window> {
    let theirs = campaign.delivery.recipients.and_then(|recipients| recipients.window);
    campaign.delivery.window.or(theirs)
}

/// The profile's name, and how many messages go into a request.
pub fn gateway(campaign: &Campaign) -> String {
    let profile = &campaign.profile;
    match profile.batch_max() {
        1 => format!("{}, one message a request", profile.name()),
        most if profile.batch_mode() == BatchMode::Personalised => {
            format!("{}, up to {most} messages a request", profile.name())
        }
        most => format!("{}, up to {most} messages of one text a request", profile.name()),
    }
}
