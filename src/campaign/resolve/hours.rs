//! The hours of the day in which messages may go out, by whose clock, and whether they fit the times at which the
//! campaign does.

use chrono::{NaiveDate, TimeDelta};

use super::resolver::Resolver;
use crate::audience::{AddressKind, Header};
use crate::campaign::raw;
use crate::diagnostic::{Diagnostic, Span};
use crate::message::Wordings;
use crate::schedule::{Day, Days, Moment, Preset, Series, When, Window, Zone};
use crate::yaml::{Spanned, TextOr, all};

/// How many openings of the window a series is held against: more than a year's.
const OPENINGS: usize = 400;

impl Resolver<'_> {
    /// The window, by its own clock or by that of the schedule.
    pub(super) fn window(&mut self, window: &Spanned<raw::WindowRef>, zone: Option<Zone>) -> Option<Window> {
        let hours = match &window.value {
            TextOr::Text(name) => return self.preset(name, &window.span, zone?),
            TextOr::Other(hours) => hours,
        };
        let from = hours.from.as_ref().and_then(|from| self.quantity("schedule.window.from", from));
        let to = hours.to.as_ref().and_then(|to| self.quantity("schedule.window.to", to));
        let days = hours.days.as_ref().map(|days| {
            let read: Vec<Option<Day>> =
                days.iter().map(|day| self.quantity("schedule.window.days", day)).collect();
            read.into_iter().collect::<Option<Days>>()
        });
        let zone = hours.timezone.as_ref().map_or(zone, |own| self.zone("schedule.window.timezone", own));
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
    pub(super) fn preset_without_a_zone(&mut self, schedule: &raw::Schedule) {
        if let Some(Spanned { value: TextOr::Text(name), span }) = &schedule.window
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

    /// Recipients' clocks must be known from somewhere, and where somebody says which they are they must be asked for, by
    /// the schedule or by the text.
    pub(super) fn whose_clock(
        &mut self,
        manifest: &raw::Campaign,
        kind: Option<AddressKind>,
        wordings: Option<&Wordings>,
        header: Option<&Header>,
    ) {
        let schedule = manifest.schedule.as_ref().map(|schedule| &schedule.value);
        let window = schedule.and_then(|schedule| match &schedule.window.as_ref()?.value {
            TextOr::Other(hours) => hours.timezone.as_ref(),
            TextOr::Text(_) => None,
        });
        let zones = [schedule.and_then(|schedule| schedule.timezone.as_ref()), window];
        let asked = zones.into_iter().flatten().find(|zone| zone.value == "recipient");
        let column = manifest.audience.as_ref().and_then(|audience| audience.value.timezone.as_ref());
        let (title, span, help) = match (asked, column) {
            (Some(asked), None) if kind == Some(AddressKind::Opaque) => (
                "`recipient`: this gateway's addresses are no phone numbers, and do not say where anybody is",
                &asked.span,
                "name the column of their time zones: `audience.timezone`",
            ),
            (None, Some(column))
                if Self::there(Some(column), header).is_some()
                    && wordings.is_some_and(|wordings| !wordings.tell_times()) =>
            {
                (
                    "`audience.timezone` says where recipients are, and nothing goes by their clocks",
                    &column.span,
                    "say `schedule.timezone: recipient`, tell a time in the text by the filter `date`, or remove it",
                )
            }
            _ => return,
        };
        self.problems.push(Diagnostic::error(title).at(self.source, span.clone(), "").help(help));
    }

    /// Moments at which nothing may go out contradict themselves.
    pub(super) fn shut_when_due(
        &mut self,
        schedule: &raw::Schedule,
        when: &When,
        window: Option<Window>,
    ) -> Option<()> {
        let (Some(window), Some(at)) = (window, schedule.at.as_ref().or(schedule.cron.as_ref())) else {
            return Some(());
        };
        let (key, first) = match when {
            When::Once => return Some(()),
            When::At(at) => ("at", Some(*at)),
            When::Series(series) => ("cron", first_if_all_shut(series, window)),
        };
        // Of a time that is the campaign's and hours that are each recipient's, or the other way round, nobody can tell.
        let first = first.filter(|at| at.zone.is_recipient() == window.zone().is_recipient());
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
pub(super) fn preset_of(manifest: &raw::Campaign) -> Option<&'static Preset> {
    match &manifest.schedule.as_ref()?.value.window.as_ref()?.value {
        TextOr::Text(name) => Preset::named(name),
        TextOr::Other(_) => None,
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
