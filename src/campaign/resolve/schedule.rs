//! When a campaign goes out, by whose clock, and until when.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::resolver::Resolver;
use crate::campaign::raw;
use crate::diagnostic::{Diagnostic, Source, did_you_mean};
use crate::schedule::{
    Cron, Holidays, LocalTime, Missed, Moment, Recipients, Series, Timetable, When, Window, Zone, as_iso,
    end_of,
};
use crate::units;
use crate::yaml::{Spanned, all};

/// When a campaign goes out, and when its messages may.
pub(super) struct Schedule {
    /// When it is begun.
    pub timetable: Timetable,
    /// The hours of the day, by the campaign's clock.
    pub window: Option<Window>,
    /// Nothing goes out from then on.
    pub until: Option<DateTime<Utc>>,
    /// What goes by recipients' clocks.
    pub recipients: Option<Recipients>,
}

/// How a line of a crontab is read.
const CRON: &str = "minute, hour, day of the month, month and day of the week, as in `0 9 * * MON-FRI`";

impl Resolver<'_> {
    /// The whole of it.
    pub(super) fn schedule(
        &mut self,
        schedule: Option<&Spanned<raw::Schedule>>,
        holidays: Option<&Arc<Source>>,
    ) -> Option<Schedule> {
        let Some(schedule) = schedule.map(|schedule| &schedule.value) else {
            return Some(Schedule {
                timetable: Timetable::once(),
                window: None,
                until: None,
                recipients: None,
            });
        };
        let zone =
            schedule.timezone.as_ref().map_or(Some(Zone::UTC), |zone| self.zone("schedule.timezone", zone));
        self.preset_without_a_zone(schedule);
        let until = schedule.until.as_ref().map(|until| self.date("schedule.until", until));
        let when = self.when(schedule, zone, all(until).flatten(), holidays);
        let window = schedule.window.as_ref().map(|one| self.window(one, zone));
        let late_after = schedule.late_after.as_ref().map(|late| self.late_after(late));
        let (when, window, late_after, until) = (when?, all(window)?, all(late_after)?, all(until)?);
        self.shut_when_due(schedule, &when, window)?;
        self.over_when_due(schedule, &when, until)?;
        let (missed, late) = match when {
            When::Series(_) => (Missed::Skip, TimeDelta::hours(1)),
            When::At(_) | When::Once => (Missed::Fail, TimeDelta::hours(24)),
        };
        let missed = schedule.missed.as_ref().map_or(missed, |one| one.value.into());
        let timetable = Timetable { when, missed, late_after: late_after.unwrap_or(late) };
        Some(by_their_clocks(timetable, zone?, window, until))
    }

    /// A zone, or the recipients' own.
    pub(super) fn zone(&mut self, key: &str, name: &Spanned<String>) -> Option<Zone> {
        if name.value == "recipient" {
            return Some(Zone::RECIPIENT);
        }
        if !name.value.contains('/') && did_you_mean(&name.value, ["recipient"]).is_some() {
            let problem = Diagnostic::error(format!("`{key}`: `{}` is not a known time zone", name.value));
            let problem = problem.at(self.source, name.span.clone(), "");
            self.problems.push(problem.help("did you mean `recipient`, each recipient's own?"));
            return None;
        }
        self.quantity(key, name)
    }

    fn when(
        &mut self,
        schedule: &raw::Schedule,
        zone: Option<Zone>,
        until: Option<NaiveDate>,
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
            (None, Some(cron)) => {
                let series = self.series(schedule, cron, zone, holidays)?;
                Some(When::Series(Box::new(Series { until, ..series })))
            }
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
        let cron = line.value.parse::<Cron>().map_err(|error| {
            let problem = Diagnostic::error(format!("`schedule.cron`: {error}"));
            self.problems.push(problem.at(self.source, line.span.clone(), "").help(CRON));
        });
        let days: Vec<Option<NaiveDate>> =
            schedule.except.iter().flatten().map(|day| self.date("schedule.except", day)).collect();
        let except: Option<BTreeSet<NaiveDate>> = days.into_iter().collect();
        // A file that cannot be read was reported by whoever looked for it.
        let holidays = schedule.holidays.as_ref().map(|_| holidays.and_then(|file| self.holidays(file)));
        let (mut except, holidays) = (except?, all(holidays)?);
        except.extend(holidays.iter().flat_map(Holidays::iter).map(|(day, _)| day));
        Some(Series { cron: cron.ok()?, zone: zone?, until: None, except })
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
                let problem = problem.at(file, before..before + line.len(), "");
                self.problems.push(match error.help() {
                    Some(help) => problem.help(help),
                    None => problem,
                });
                None
            }
        }
    }

    /// What says something about a series says nothing without one.
    fn only_for_a_series(&mut self, schedule: &raw::Schedule) {
        if schedule.cron.is_some() {
            return;
        }
        let except = schedule.except.as_ref().and_then(|days| Some(("except", days.first()?.span.clone())));
        let holidays = schedule.holidays.as_ref().map(|one| ("holidays", one.span.clone()));
        for (key, span) in [except, holidays].into_iter().flatten() {
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

    /// What is over before it begins contradicts itself.
    fn over_when_due(
        &mut self,
        schedule: &raw::Schedule,
        when: &When,
        until: Option<NaiveDate>,
    ) -> Option<()> {
        let (When::At(at), Some(until), Some(written)) = (when, until, &schedule.until) else {
            return Some(());
        };
        if at.local.date() <= until {
            return Some(());
        }
        let problem = Diagnostic::error("`schedule.until` lies before `schedule.at`: nothing could go out");
        self.problems.push(
            problem.at(self.source, written.span.clone(), "").help(format!("it goes out at {}", at.local)),
        );
        None
    }

    fn date(&mut self, key: &str, text: &Spanned<String>) -> Option<NaiveDate> {
        let date = NaiveDate::parse_from_str(&text.value, "%Y-%m-%d").ok().filter(|_| text.value.len() == 10);
        if date.is_none() {
            let problem =
                Diagnostic::error(format!("`{key}`: `{}` is not a day such as `2026-12-31`", text.value));
            let problem = problem.at(self.source, text.span.clone(), "");
            self.problems.push(match as_iso(&text.value) {
                Some(help) => problem.help(help),
                None => problem,
            });
        }
        date
    }

    fn late_after(&mut self, text: &Spanned<String>) -> Option<TimeDelta> {
        let span = self.quantity::<units::Span>("schedule.late_after", text)?;
        TimeDelta::from_std(span.get()).ok()
    }
}

/// What goes by the campaign's clock, and what by the recipients'.
fn by_their_clocks(
    timetable: Timetable,
    zone: Zone,
    window: Option<Window>,
    until: Option<NaiveDate>,
) -> Schedule {
    let (theirs, common) = window.map_or((None, None), |window| {
        if window.zone().is_recipient() { (Some(window), None) } else { (None, Some(window)) }
    });
    let moment = zone.is_recipient() && !matches!(timetable.when, When::Once);
    let mine = zone.is_recipient();
    let late_after = Some(timetable.late_after).filter(|_| timetable.missed == Missed::Skip);
    let recipients = (mine || theirs.is_some()).then_some(Recipients {
        moment,
        window: theirs,
        until: until.filter(|_| mine),
        late_after,
    });
    let until = until.filter(|_| !mine).map(|until| end_of(until, zone));
    Schedule { timetable, window: common, until, recipients }
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
