//! When a campaign goes out, and in which hours it may.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};

use super::Resolver;
use crate::campaign::raw;
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::schedule::{
    Cron, Day, Days, Holidays, LocalTime, Missed, Moment, Preset, Series, Timetable, When, Window, Zone,
};
use crate::units;
use crate::yaml::{Spanned, all};

/// How many openings of the window a series is held against: more than a year's.
const OPENINGS: usize = 400;

impl Resolver<'_> {
    /// The timetable, and the hours of the day.
    pub(super) fn schedule(
        &mut self,
        schedule: Option<&Spanned<raw::Schedule>>,
        holidays: Option<&Arc<Source>>,
    ) -> Option<(Timetable, Option<Window>)> {
        let Some(schedule) = schedule.map(|schedule| &schedule.value) else {
            return Some((Timetable::once(), None));
        };
        let zone = schedule
            .timezone
            .as_ref()
            .map_or(Some(Zone::UTC), |zone| self.quantity("schedule.timezone", zone));
        self.preset_without_a_zone(schedule);
        let when = self.when(schedule, zone, holidays);
        let window = schedule.window.as_ref().map(|one| self.window(one, zone));
        let late_after = schedule.late_after.as_ref().map(|late| self.late_after(late));
        let (when, window, late_after) = (when?, all(window)?, all(late_after)?);
        self.shut_when_due(schedule, &when, window)?;
        let (missed, late) = match when {
            When::Series(_) => (Missed::Skip, TimeDelta::hours(1)),
            When::At(_) | When::Once => (Missed::Fail, TimeDelta::hours(24)),
        };
        let missed = schedule.missed.as_ref().map_or(missed, |one| one.value.into());
        Some((Timetable { when, missed, late_after: late_after.unwrap_or(late) }, window))
    }

    fn when(
        &mut self,
        schedule: &raw::Schedule,
        zone: Option<Zone>,
        holidays: Option<&Arc<Source>>,
    ) -> Option<When> {
        self.only_for_a_series(schedule);
        match (&schedule.at, &schedule.cron) {
            (Some(_), Some(cron)) => {
                let problem =
                    Diagnostic::error("`schedule` has `at` and `cron`: it goes out once, or again and again");
                self.problems.push(problem.at(self.source, cron.span.clone(), "").help("remove one of them"));
                None
            }
            (Some(at), None) => {
                let local = self.quantity::<LocalTime>("schedule.at", at);
                Some(When::At(Moment { local: local?, zone: zone? }))
            }
            (None, Some(cron)) => self.series(schedule, cron, zone, holidays).map(Box::new).map(When::Series),
            (None, None) => Some(When::Once),
        }
    }

    fn series(
        &mut self,
        schedule: &raw::Schedule,
        line: &Spanned<String>,
        zone: Option<Zone>,
        holidays: Option<&Arc<Source>>,
    ) -> Option<Series> {
        let cron = self.quantity::<Cron>("schedule.cron", line);
        let until = schedule.until.as_ref().map(|until| self.date("schedule.until", until));
        let days: Vec<Option<NaiveDate>> =
            schedule.except.iter().flatten().map(|day| self.date("schedule.except", day)).collect();
        let except: Option<BTreeSet<NaiveDate>> = days.into_iter().collect();
        // A file that cannot be read was reported by whoever looked for it.
        let holidays = schedule.holidays.as_ref().map(|_| holidays.and_then(|file| self.holidays(file)));
        let (mut except, holidays) = (except?, all(holidays)?);
        except.extend(holidays.iter().flat_map(Holidays::iter).map(|(day, _)| day));
        Some(Series { cron: cron?, zone: zone?, until: all(until)?, except })
    }

    fn holidays(&mut self, file: &Arc<Source>) -> Option<Holidays> {
        match Holidays::read(&file.text) {
            Ok(holidays) => Some(holidays),
            Err(error) => {
                let lines = file.text.split_inclusive('\n');
                let before: usize =
                    lines.take(error.line().unwrap_or(1).saturating_sub(1)).map(str::len).sum();
                let line = file.text.get(before..).and_then(|rest| rest.lines().next()).unwrap_or_default();
                let problem = Diagnostic::error(format!("`schedule.holidays`: {error}"));
                self.problems.push(problem.at(file, before..before + line.len(), ""));
                None
            }
        }
    }

    /// What says something about a series says nothing without one.
    fn only_for_a_series(&mut self, schedule: &raw::Schedule) {
        if schedule.cron.is_some() {
            return;
        }
        let until = schedule.until.as_ref().map(|one| ("until", one.span.clone()));
        let except = schedule.except.as_ref().and_then(|days| Some(("except", days.first()?.span.clone())));
        let holidays = schedule.holidays.as_ref().map(|one| ("holidays", one.span.clone()));
        for (key, span) in [until, except, holidays].into_iter().flatten() {
            let problem = Diagnostic::error(format!("`schedule.{key}` is about `cron`, and there is none"));
            self.problems.push(problem.at(self.source, span, "").help("remove it, or say `cron`"));
        }
        if schedule.at.is_some() {
            return;
        }
        let missed = schedule.missed.as_ref().map(|one| ("missed", one.span.clone()));
        let late = schedule.late_after.as_ref().map(|one| ("late_after", one.span.clone()));
        for (key, span) in [missed, late].into_iter().flatten() {
            let problem = Diagnostic::error(format!(
                "`schedule.{key}` is about a time, and there is no `at` and no `cron`"
            ));
            self.problems.push(problem.at(self.source, span, "").help("remove it, or say when it goes out"));
        }
    }

    fn date(&mut self, key: &str, text: &Spanned<String>) -> Option<NaiveDate> {
        let date = NaiveDate::parse_from_str(&text.value, "%Y-%m-%d").ok().filter(|_| text.value.len() == 10);
        if date.is_none() {
            self.error(format!("`{key}`: `{}` is not a day such as `2026-12-31`", text.value), &text.span);
        }
        date
    }

    fn late_after(&mut self, text: &Spanned<String>) -> Option<TimeDelta> {
        let span = self.quantity::<units::Span>("schedule.late_after", text)?;
        TimeDelta::from_std(span.get()).ok()
    }

    fn window(&mut self, window: &Spanned<raw::WindowRef>, zone: Option<Zone>) -> Option<Window> {
        let hours = match &window.value {
            raw::WindowRef::Preset(name) => return self.preset(name, &window.span, zone?),
            raw::WindowRef::Hours(hours) => hours,
        };
        let from = hours.from.as_ref().and_then(|from| self.quantity("schedule.window.from", from));
        let to = hours.to.as_ref().and_then(|to| self.quantity("schedule.window.to", to));
        let days = hours.days.as_ref().map(|days| {
            let read: Vec<Option<Day>> =
                days.iter().map(|day| self.quantity("schedule.window.days", day)).collect();
            read.into_iter().collect::<Option<Days>>()
        });
        let (from, to, zone, days) = (from?, to?, zone?, all(days)?);
        match Window::new(from, to, zone).and_then(|one| one.with_days(days.unwrap_or(Days::ALL))) {
            Ok(window) => Some(window),
            Err(error) => {
                self.error(format!("`schedule.window`: {error}"), &window.span);
                None
            }
        }
    }

    /// Hours that we carry.
    fn preset(&mut self, name: &str, span: &Span, zone: Zone) -> Option<Window> {
        let window = Preset::named(name).and_then(|preset| preset.window(zone).ok());
        if window.is_none() {
            self.error(format!("`schedule.window`: there are no hours called `{name}`"), span);
        }
        window
    }

    /// Hours that a law has in mind are those of some place.
    fn preset_without_a_zone(&mut self, schedule: &raw::Schedule) {
        if let Some(Spanned { value: raw::WindowRef::Preset(name), span }) = &schedule.window
            && schedule.timezone.is_none()
        {
            let problem = Diagnostic::error(format!("`schedule.window: {name}` needs a `schedule.timezone`"));
            self.problems.push(
                problem
                    .at(self.source, span.clone(), "")
                    .help("it is by whose clock the hours count; UTC is nobody's"),
            );
        }
    }

    /// Moments at which nothing may go out contradict themselves.
    fn shut_when_due(&mut self, schedule: &raw::Schedule, when: &When, window: Option<Window>) -> Option<()> {
        let (Some(window), Some(at)) = (window, schedule.at.as_ref().or(schedule.cron.as_ref())) else {
            return Some(());
        };
        let (key, first) = match when {
            When::Once => return Some(()),
            When::At(at) => ("at", Some(*at)),
            When::Series(series) => ("cron", first_if_all_shut(series, window)),
        };
        let Some(first) = first.filter(|at| window.closes(at.instant()).is_none()) else { return Some(()) };
        let opens = first.zone.show(window.opens(first.instant()));
        let shown = first.zone.show(first.instant());
        let problem = match key {
            "at" => {
                Diagnostic::error("`schedule.at` lies outside `schedule.window`: nothing may go out then")
                    .help(format!("the window opens next at {opens}"))
            }
            _ => Diagnostic::error(
                "`schedule.cron` fires only outside `schedule.window`: nothing may go out then",
            )
            .help(format!("at {shown}, say, and the window opens next at {opens}")),
        };
        self.problems.push(problem.at(self.source, at.span.clone(), ""));
        None
    }
}

/// The hours that we carry and a manifest names.
pub(super) fn preset(manifest: &raw::Campaign) -> Option<&'static Preset> {
    match &manifest.schedule.as_ref()?.value.window.as_ref()?.value {
        raw::WindowRef::Preset(name) => Preset::named(name),
        raw::WindowRef::Hours(_) => None,
    }
}

/// The first occurrence of a series, if all of them are shut out by a window.
fn first_if_all_shut(series: &Series, window: Window) -> Option<Moment> {
    // A year will do: what a line and a window say comes again each year.
    let from = series.until.unwrap_or_default().checked_sub_days(chrono::Days::new(370)).unwrap_or_default();
    let from =
        from.max(NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default()).and_time(chrono::NaiveTime::MIN);
    let first = series.next_after(from.and_utc())?;
    let mut next = Some(first);
    for _ in 0..OPENINGS {
        let Some(shut) = next else { break };
        if window.closes(shut.instant()).is_some() {
            return None;
        }
        // What else fires before it opens is shut out as well.
        let opens = window.opens(shut.instant());
        next = series.next_after(opens - TimeDelta::milliseconds(1));
    }
    Some(first)
}

impl From<raw::Missed> for Missed {
    fn from(raw: raw::Missed) -> Self {
        match raw {
            raw::Missed::Skip => Self::Skip,
            raw::Missed::Send => Self::Send,
            raw::Missed::Fail => Self::Fail,
        }
    }
}
