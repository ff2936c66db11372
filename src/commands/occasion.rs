//! Which occurrence of a campaign a command is about, as its timetable and the runs in the state say.

use chrono::{DateTime, Utc};

use super::exit::Failure;
use crate::campaign::{Campaign, occurrence};
use crate::executor::facts::latest;
use crate::schedule::{Due, Moment, Timetable, Zone};
use crate::store::{Run, Store};

/// See the module.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// What the timetable says.
    pub due: Due,
    /// An occurrence that was missed since the last one, and is left out.
    pub left_out: Option<Moment>,
}

impl Occasion {
    /// Without a state: nothing was begun before.
    pub fn first(campaign: &Campaign, now: DateTime<Utc>) -> Self {
        Self::after(&campaign.timetable, &[], now, &[])
    }

    /// By the runs of the campaign in a state.
    pub fn read<S: Store>(store: &S, campaign: &Campaign, now: DateTime<Utc>) -> Result<Self, Failure> {
        Ok(Self::after(&campaign.timetable, &store.runs(Some(&campaign.name))?, now, &[]))
    }

    /// After these runs of the campaign. `people` are the zones of those who get it, a set for each, where it goes by
    /// their clocks and that is known; else they may be anywhere.
    pub fn after(table: &Timetable, runs: &[Run], now: DateTime<Utc>, people: &[Vec<Zone>]) -> Self {
        let last = latest(runs.iter().map(|run| run.pinned.occurrence.as_str()));
        Self::since(table, last, now, people)
    }

    /// After the occurrence that was due at `last`.
    pub fn since(
        table: &Timetable,
        last: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        people: &[Vec<Zone>],
    ) -> Self {
        Self { due: table.due(now, last, people), left_out: table.left_out(now, last, people) }
    }

    /// The moment of the occurrence that is begun now or next; nothing, where it has none or the series is over.
    pub fn at(self) -> Option<Moment> {
        match self.due {
            Due::Now(at) | Due::Over(at) => at,
            Due::Later(at) | Due::Missed(at) => Some(at),
        }
    }

    /// What names it.
    pub fn occurrence(self) -> String {
        occurrence(self.at())
    }
}
