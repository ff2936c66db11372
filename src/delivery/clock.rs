//! A clock by which some of a run's people go, or all of them: when they may be written to, and what is said when not.

use chrono::{DateTime, Utc};

use crate::schedule::{Hours, Zone};

/// The number of a clock in its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockId(pub u32);

/// A clock by which some of a run's people go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// Its number; nothing where everybody goes by it.
    pub id: Option<ClockId>,
    /// When they may be written to.
    pub hours: Hours,
    /// Whether its time had gone by when the run was begun, by more than the campaign allows.
    pub missed: bool,
    /// How people are told times of it.
    pub zone: Zone,
}

impl Clock {
    /// One by which everybody goes.
    pub fn of_all(hours: Hours) -> Self {
        let zone = hours.windows.first().map_or(Zone::UTC, |window| window.zone());
        Self { id: None, hours, missed: false, zone }
    }

    /// When its people can be written to next, now or later; nothing where their time is over.
    pub fn opens_next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.missed { None } else { self.hours.opens_next(now) }
    }

    /// Why nothing goes out before it opens.
    pub(super) fn why_shut(&self, opens: DateTime<Utc>) -> String {
        let at = self.zone.show(opens);
        match (self.id, &*self.hours.windows) {
            (None, [window]) => format!("the sending window ({window}) is shut; it opens at {at}"),
            (None, _) => format!("nothing may go out before {at}"),
            (Some(_), _) => {
                format!("by the clocks of all who are left nothing may go out now; the next opens at {at}")
            }
        }
    }

    /// Why its messages expire.
    pub fn why_over(&self) -> &'static str {
        if self.missed { "missed: its time had gone by when the run began" } else { "its time is over" }
    }
}
