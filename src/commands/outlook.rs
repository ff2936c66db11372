//! What is next of a campaign, and how late it is: by its timetable and the runs in the state.

use chrono::{DateTime, TimeDelta, Utc};

use super::occasion::Occasion;
use crate::campaign::{Announced, ONCE};
use crate::schedule::{Due, Moment, Spread, When};
use crate::store::Run;

/// Where a campaign stands in its timetable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A run of it was begun and is not finished: it is taken up before anything else.
    Begun,
    /// This is to be begun, and was not.
    Due(Moment),
    /// This was not begun in time, and nothing is begun for it until a person has decided.
    Missed(Moment),
    /// Nothing before this.
    Scheduled(Moment),
    /// It names no time: it goes out when it is first sent.
    ByHand,
    /// Nothing any more: its series is over, or it went out.
    Over,
    /// It went out under another time, and would reach everybody a second time: `send` refuses that.
    SentBefore,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// Where it stands now.
    pub standing: Standing,
    /// How long ago the moment was that is due or was missed; nothing, where nothing is late.
    pub late: Option<TimeDelta>,
    /// The latest occurrence that was missed since the last run, and is left out.
    pub left_out: Option<Moment>,
    /// The occurrences to come, at most so many as were asked for.
    pub next: Vec<Moment>,
}

impl Outlook {
    /// By these runs of the campaign, with at most so many occurrences.
    pub fn of(campaign: &Announced, runs: &[Run], now: DateTime<Utc>, most: usize) -> Self {
        // Where people are is not asked: where it goes by their clocks, it may be due to somebody on earth.
        let occasion = Occasion::after(&campaign.timetable, runs, now, &[]);
        let standing = standing(campaign, runs, occasion);
        let late = match standing {
            // By the last clock on earth, where everybody goes by their own.
            Standing::Due(at) | Standing::Missed(at) => Some(now - Spread::of(at, &[]).last),
            _ => None,
        };
        let last = runs.iter().filter_map(moment).map(Moment::instant).max();
        // What lies behind the last run is never begun, whatever the clock shows.
        let from = last.map_or(now, |last| last.max(now));
        let next = match standing {
            Standing::SentBefore => Vec::new(),
            _ => campaign.timetable.upcoming(from, most),
        };
        Self {
            standing,
            late: late.filter(|late| *late > TimeDelta::zero()),
            left_out: occasion.left_out,
            next,
        }
    }
}

fn standing(campaign: &Announced, runs: &[Run], occasion: Occasion) -> Standing {
    if runs.iter().any(|run| run.finished_at_ms.is_none()) {
        return Standing::Begun;
    }
    let occurrence = occasion.occurrence();
    let is_series = matches!(campaign.timetable.when, When::Series(_));
    if runs.iter().any(|run| run.pinned.occurrence == occurrence) {
        return Standing::Over;
    }
    if !is_series && !runs.is_empty() && campaign.frequency.once_per.is_none() {
        return Standing::SentBefore;
    }
    match occasion.due {
        Due::Now(Some(at)) => Standing::Due(at),
        Due::Now(None) => Standing::ByHand,
        Due::Later(at) => Standing::Scheduled(at),
        Due::Missed(at) => Standing::Missed(at),
        Due::Over(_) => Standing::Over,
    }
}

/// The moment of a run; nothing for one that was sent when somebody sent it.
pub fn moment(run: &Run) -> Option<Moment> {
    Some(run.pinned.occurrence.as_str()).filter(|name| *name != ONCE)?.parse().ok()
}
