//! What a cancellation leaves of a campaign: a series goes on with its next date, and whoever cancels it is told so.

use chrono::{DateTime, Utc};

use super::campaigns::Candidate;
use super::flags::Flags;
use super::named::Named;
use super::outlook::{Outlook, Standing};
use super::terminal::Terminal;
use crate::campaign::{Announced, ONCE};
use crate::delivery::control::{Hold, HoldKind};
use crate::schedule::When;
use crate::store::Run;

/// See the module.
#[derive(Debug)]
pub enum Later {
    /// Nothing: it goes out but once.
    Nothing,
    /// The later dates of a series.
    Dates(Box<Announced>),
    /// It had a time, and no manifest tells whether it has more of them.
    Unknown,
}

impl Later {
    /// By its manifest, where that is there and can be read, and its last run.
    pub fn of(found: Option<Candidate>, last: Option<&Run>) -> Self {
        match found.map(|found| found.campaign) {
            Some(Ok(campaign)) if matches!(campaign.timetable.when, When::Series(_)) => {
                Self::Dates(Box::new(campaign))
            }
            Some(Ok(_)) => Self::Nothing,
            _ if last.is_some_and(|run| run.pinned.occurrence == ONCE) => Self::Nothing,
            _ => Self::Unknown,
        }
    }

    /// Whether something of it may go out after the cancellation.
    pub fn goes_on(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    /// Tells people what goes out all the same, or what keeps it from that.
    pub fn tell(
        &self,
        named: &Named,
        runs: &[Run],
        hold: Option<&Hold>,
        flags: &Flags,
        now: DateTime<Utc>,
        terminal: &Terminal,
    ) {
        let (name, shown) = (&named.name, named.shown());
        let (what, dates) = match self {
            Self::Nothing => return,
            Self::Dates(campaign) => {
                let Some(next) = next(campaign, runs, now) else { return };
                (format!("{name} is a series"), format!("its next date, {next},"))
            }
            Self::Unknown => {
                (format!("no manifest here tells whether {name} is a series"), "a later date".to_owned())
            }
        };
        if hold.is_some_and(|hold| hold.what == HoldKind::Paused) {
            let text =
                format!("{what}. It stays paused: {dates} waits until `sendplan resume {shown}{flags}`.");
            return terminal.note(&text);
        }
        terminal.say(&format!(
            "\u{1b}[1;33mwarning\u{1b}[0m: {what}, and {dates} goes out all the same. `sendplan pause {shown}{flags}` \
             holds it; `schedule.until` in its manifest ends it."
        ));
    }
}

/// The date that is begun next, by the clock of its zone; it may be due already.
fn next(campaign: &Announced, runs: &[Run], now: DateTime<Utc>) -> Option<String> {
    let outlook = Outlook::of(campaign, runs, now, 1);
    let at = match outlook.standing {
        Standing::Due(at) => Some(at),
        _ => outlook.next.first().copied(),
    };
    at.map(|at| at.zone.show(at.instant()))
}
