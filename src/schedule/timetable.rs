//! Which occurrence of a campaign is to be begun now: one that is due, or one that was missed, by the campaign's rule.
//! An occurrence that lies before the last one that was begun is never begun, whatever the clock shows.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Moment, Series, Spread, Zone};

/// When a campaign goes out.
#[derive(Debug, Clone)]
pub enum When {
    /// Whenever it is first sent.
    Once,
    /// At one moment.
    At(Moment),
    /// Again and again.
    Series(Box<Series>),
}

/// What becomes of an occurrence that nobody began in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// It is left out.
    Skip,
    /// The last one goes out late.
    Send,
    /// Nothing is begun until a person has decided.
    Fail,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Timetable {
    /// When it goes out.
    pub when: When,
    /// What becomes of what was missed.
    pub missed: Missed,
    /// How long after its moment an occurrence is merely late, and begun; beyond that it was missed.
    pub late_after: TimeDelta,
}

/// What the timetable says about now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// This is to be begun; the campaign's only one, where there is no moment.
    Now(Option<Moment>),
    /// Nothing before this.
    Later(Moment),
    /// This was missed, and nothing is begun for it by itself.
    Missed(Moment),
    /// Nothing any more. This was missed last, if one was.
    Over(Option<Moment>),
}

/// How far back is looked for an occurrence.
const MEMORY: TimeDelta = TimeDelta::days(3660);

impl Timetable {
    /// Of a campaign without a moment: it goes out when it is first sent.
    pub fn once() -> Self {
        Self { when: When::Once, missed: Missed::Fail, late_after: TimeDelta::zero() }
    }

    /// What is to be begun at an instant. `last` is when the latest occurrence was due that was begun before, if one
    /// was; of several that came since, only the latest goes out. `people` are the zones of those who get it, a set
    /// for each, where that matters and is known.
    pub fn due(&self, now: DateTime<Utc>, last: Option<DateTime<Utc>>, people: &[Vec<Zone>]) -> Due {
        let series = match &self.when {
            When::Once => return Due::Now(None),
            When::At(at) => return self.due_once(*at, now, people),
            When::Series(series) => series,
        };
        let next = || {
            let from = last.map_or(now - ahead(series), |last| last.max(now - ahead(series)));
            let later = series.after(from).find(|one| Spread::of(*one, people).first > now);
            later.map_or(Due::Over(None), Due::Later)
        };
        let Some(latest) = latest(series, now, last, people) else { return next() };
        // What came before the first run was never ours to send.
        match (self.is_in_time(latest, now, people), self.missed, last) {
            (true, ..) | (false, Missed::Send, Some(_)) => Due::Now(Some(latest)),
            (false, Missed::Fail, Some(_)) => Due::Missed(latest),
            // Some of its people are still to come: that is nothing to be silent about.
            (false, Missed::Fail, None) if now - Spread::of(latest, people).last <= self.late_after => {
                Due::Missed(latest)
            }
            _ => next(),
        }
    }

    /// The latest occurrence that was missed since the last one was begun, where the rule is to leave it out.
    pub fn left_out(
        &self,
        now: DateTime<Utc>,
        last: Option<DateTime<Utc>>,
        people: &[Vec<Zone>],
    ) -> Option<Moment> {
        match &self.when {
            When::Series(series) if self.missed == Missed::Skip && last.is_some() => {
                latest(series, now, last, people).filter(|one| !self.is_in_time(*one, now, people))
            }
            _ => None,
        }
    }

    /// Whether it is not too late to begin an occurrence: for somebody, and the others go out late or are told to be
    /// missed. Where a person is to decide, it must be for everybody.
    fn is_in_time(&self, at: Moment, now: DateTime<Utc>, people: &[Vec<Zone>]) -> bool {
        let Spread { first, last } = Spread::of(at, people);
        now - if self.missed == Missed::Fail { first } else { last } <= self.late_after
    }

    fn due_once(&self, at: Moment, now: DateTime<Utc>, people: &[Vec<Zone>]) -> Due {
        match (Spread::of(at, people).first <= now, self.is_in_time(at, now, people), self.missed) {
            (false, ..) => Due::Later(at),
            (_, true, _) | (_, _, Missed::Send) => Due::Now(Some(at)),
            (_, _, Missed::Fail) => Due::Missed(at),
            (_, _, Missed::Skip) => Due::Over(Some(at)),
        }
    }

    /// By whose clock it goes out; nothing where it names no time.
    pub fn zone(&self) -> Option<Zone> {
        match &self.when {
            When::Once => None,
            When::At(at) => Some(at.zone),
            When::Series(series) => Some(series.zone),
        }
    }

    /// The next occurrences after an instant, at most so many; a moment that has passed is no occurrence any more.
    pub fn upcoming(&self, now: DateTime<Utc>, most: usize) -> Vec<Moment> {
        match &self.when {
            When::Once => Vec::new(),
            When::At(at) => Some(*at).filter(|at| at.instant() > now).into_iter().take(most).collect(),
            When::Series(series) => series.after(now).take(most).collect(),
        }
    }
}

/// How much later than the first on earth somebody's clock may show a time.
fn ahead(series: &Series) -> TimeDelta {
    if series.zone.is_recipient() { TimeDelta::hours(27) } else { TimeDelta::zero() }
}

/// The latest occurrence that has come to somebody at an instant, and lies after the last one.
fn latest(
    series: &Series,
    now: DateTime<Utc>,
    last: Option<DateTime<Utc>>,
    people: &[Vec<Zone>],
) -> Option<Moment> {
    let floor = last.map_or(now - MEMORY, |last| last.max(now - MEMORY));
    let mut back = TimeDelta::hours(1);
    // Twice as far each time: a line that fires each minute is not followed through years.
    loop {
        let from = (now - back).max(floor);
        let come = series.after(from).take_while(|one| one.instant() <= now);
        let found = come.filter(|one| Spread::of(*one, people).first <= now).last();
        if found.is_some() || from == floor {
            return found;
        }
        back = back * 2;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn daily(missed: Missed) -> Timetable {
        let series = Series {
            cron: "0 9 * * *".parse().unwrap(),
            zone: "Africa/Nairobi".parse().unwrap(),
            until: None,
            except: BTreeSet::new(),
        };
        Timetable { when: When::Series(Box::new(series)), missed, late_after: TimeDelta::hours(1) }
    }

    fn shown(due: Due) -> String {
        match due {
            Due::Now(Some(at)) => format!("now {}", at.local),
            Due::Now(None) => "now".to_owned(),
            Due::Later(at) => format!("later {}", at.local),
            Due::Missed(at) => format!("missed {}", at.local),
            Due::Over(at) => format!("over {}", at.map_or_else(String::new, |at| at.local.to_string())),
        }
    }

    #[test]
    fn an_occurrence_is_due_from_its_moment_until_it_is_missed() {
        let table = daily(Missed::Skip);
        let due = |now| shown(table.due(at(now), None, &[]));
        assert_eq!(due("2026-12-01T05:59:59Z"), "later 2026-12-01T09:00");
        assert_eq!(due("2026-12-01T06:00:00Z"), "now 2026-12-01T09:00");
        assert_eq!(due("2026-12-01T07:00:00Z"), "now 2026-12-01T09:00");
        assert_eq!(due("2026-12-01T07:00:01Z"), "later 2026-12-02T09:00");
    }

    #[test]
    fn what_was_begun_is_not_begun_again_whatever_the_clock_shows() {
        let table = daily(Missed::Send);
        let begun = Some(at("2026-12-01T06:00:00Z"));
        assert_eq!(shown(table.due(at("2026-12-01T06:00:00Z"), begun, &[])), "later 2026-12-02T09:00");
        // The clock was set back by a day: yesterday's was not begun, and is not begun now.
        assert_eq!(shown(table.due(at("2026-11-30T06:10:00Z"), begun, &[])), "later 2026-12-02T09:00");
    }

    #[test]
    fn what_was_missed_is_skipped_or_sent_late_once_or_left_to_a_person() {
        let (now, last) = (at("2026-12-08T12:00:00Z"), Some(at("2026-12-01T06:00:00Z")));
        let due = |missed, last| shown(daily(missed).due(now, last, &[]));
        let left_out = |missed, last| daily(missed).left_out(now, last, &[]).map(|one| one.local.to_string());
        assert_eq!(left_out(Missed::Skip, last).unwrap(), "2026-12-08T09:00");
        assert_eq!([left_out(Missed::Send, last), left_out(Missed::Skip, None)], [None, None]);
        assert_eq!(due(Missed::Skip, last), "later 2026-12-09T09:00");
        assert_eq!(due(Missed::Send, last), "now 2026-12-08T09:00", "the latest only");
        assert_eq!(due(Missed::Fail, last), "missed 2026-12-08T09:00");
        for missed in [Missed::Skip, Missed::Send, Missed::Fail] {
            assert_eq!(
                due(missed, None),
                "later 2026-12-09T09:00",
                "nothing was missed before the first run"
            );
        }
    }

    #[test]
    fn a_series_that_is_over_says_so() {
        let mut table = daily(Missed::Skip);
        if let When::Series(series) = &mut table.when {
            series.until = chrono::NaiveDate::from_ymd_opt(2026, 12, 1);
        }
        assert_eq!(shown(table.due(at("2026-12-01T06:30:00Z"), None, &[])), "now 2026-12-01T09:00");
        assert_eq!(shown(table.due(at("2026-12-01T08:30:00Z"), None, &[])), "over ");
        assert!(table.upcoming(at("2026-12-01T08:30:00Z"), 5).is_empty());
    }

    #[test]
    fn one_moment_is_late_for_as_long_as_it_may_be() {
        let moment =
            Moment { local: "2026-12-01T09:00".parse().unwrap(), zone: "Africa/Nairobi".parse().unwrap() };
        let table = |missed| Timetable { when: When::At(moment), missed, late_after: TimeDelta::hours(24) };
        let due = |missed, now| shown(table(missed).due(at(now), None, &[]));
        assert_eq!(due(Missed::Fail, "2026-12-01T05:00:00Z"), "later 2026-12-01T09:00");
        assert_eq!(due(Missed::Fail, "2026-12-02T06:00:00Z"), "now 2026-12-01T09:00");
        assert_eq!(due(Missed::Fail, "2026-12-02T06:00:01Z"), "missed 2026-12-01T09:00");
        assert_eq!(due(Missed::Send, "2026-12-09T06:00:00Z"), "now 2026-12-01T09:00");
        assert_eq!(due(Missed::Skip, "2026-12-09T06:00:00Z"), "over 2026-12-01T09:00");
    }

    #[test]
    fn a_line_that_fires_each_minute_is_looked_up_quickly_after_years() {
        let mut table = daily(Missed::Send);
        if let When::Series(series) = &mut table.when {
            series.cron = "* * * * *".parse().unwrap();
        }
        let last = Some(at("2020-01-01T00:00:00Z"));
        assert_eq!(shown(table.due(at("2026-12-01T06:00:30Z"), last, &[])), "now 2026-12-01T09:00");
        let leap = |now| {
            let mut table = daily(Missed::Send);
            if let When::Series(series) = &mut table.when {
                series.cron = "0 9 29 2 *".parse().unwrap();
            }
            shown(table.due(at(now), Some(at("2024-02-29T06:00:00Z")), &[]))
        };
        assert_eq!(leap("2029-01-01T00:00:00Z"), "now 2028-02-29T09:00");
    }
}
