//! `sendplan status`: runs, where their messages stand and what they wait for; and when campaigns go out next.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::approval::flag_beside;
use super::beside::{is_sender, sends, sends_all};
use super::campaigns::{self, Candidate};
use super::exit::{Code, Failure};
use super::flags::{Flags, quoted};
use super::named::Named;
use super::outlook::{Outlook, Standing};
use super::standing::{held, rfc3339};
use super::terminal::Terminal;
use super::unfinished::waits;
use super::waits::Scene;
use super::{Outcome, state};
use crate::cli::{Format, Global, Status};
use crate::delivery::control::{Hold, HoldKind};
use crate::report::layout::second;
use crate::report::occurrences::UPCOMING;
use crate::report::status::{CampaignLine, Doing, HoldLine, StatusReport, Upcoming};
use crate::schedule::{Moment, Zone};
use crate::store::control::{Control, Waiting};
use crate::store::lock::{Holder, Lock};
use crate::store::{Run, RunId, Store, StoreError};
use crate::world::clock::Clock;

pub fn run(args: &Status, global: &Global, terminal: &Terminal) -> Outcome {
    let now = args.now.unwrap_or_else(|| Clock::start().now().utc);
    let named = args.campaign.as_deref().map(Named::read).transpose()?;
    let repository = named.as_ref().and_then(|named| named.repository.as_ref());
    let path = state::path(global, args.sandbox, repository)?;
    let holder = Lock::holder(&path).map_err(|error| Failure::State(error.to_string()))?;
    let known = match state::look(&path)? {
        Some(store) => Known::read(&store, named.as_ref(), now)?,
        // One that was named by hand was meant to be there.
        None if global.state.is_some() => return Err(StoreError::Missing { path }.into()),
        None => Known::default(),
    };
    // A sandbox does not look at the schedule.
    let found = if args.sandbox { Vec::new() } else { candidates(args, named.as_ref()) };
    if let Some(named) = named.as_ref().filter(|named| named.repository.is_none())
        && known.says_nothing()
        && found.is_empty()
    {
        let names = names(args, &known);
        return Err(named.unknown(names.iter().map(String::as_str)));
    }
    let flags = Flags::new(global, args.sandbox, &path);
    let scene = Scene {
        holder: holder.as_ref(),
        holds: &known.holds,
        shut: &known.shut,
        waiting: &known.waiting,
        named: named.as_ref(),
        flags: &flags,
        now,
        sandbox: args.sandbox,
    };
    let is_run = holder.as_ref().is_some_and(sends_all);
    let report = StatusReport {
        version: 1,
        runs: known.runs.iter().map(|run| scene.run(run)).collect(),
        campaigns: found.iter().map(|one| campaign(one, &known.runs, &flags, is_run, now)).collect(),
        holds: known.lines.clone(),
    };
    let live = holder.as_ref().map(|holder| (told(holder), doing(holder, &known.holds)));
    terminal.data(&match args.format {
        Format::Json => report.json(),
        Format::Human => report.human(
            named.as_ref().map(|named| named.name.as_str()),
            live.as_ref().map(|(holder, doing)| (holder.as_str(), *doing)),
            &flags.to_string(),
        ),
    });
    let unknown = report.runs.iter().any(|run| run.run.unknown + run.run.held > 0);
    Ok(if unknown { Code::Unknown } else { Code::Done })
}

/// What the state says.
#[derive(Debug, Default)]
struct Known {
    runs: Vec<Run>,
    holds: Vec<(String, Hold)>,
    lines: Vec<HoldLine>,
    /// Runs of which nothing may go out before a time, and why.
    shut: BTreeMap<RunId, (DateTime<Utc>, String)>,
    waiting: Vec<(RunId, Waiting)>,
    /// Every campaign that has a run.
    names: Vec<String>,
}

impl Known {
    fn read<S: Store + Control>(
        store: &S,
        named: Option<&Named>,
        now: DateTime<Utc>,
    ) -> Result<Self, Failure> {
        let wanted = |name: &str| named.is_none_or(|named| named.name == name);
        let mut holds = store.holds()?;
        holds.retain(|(name, _)| wanted(name));
        let all = store.runs(None)?;
        let names = all.iter().map(|run| run.pinned.campaign.clone()).collect();
        let runs: Vec<Run> = all.into_iter().filter(|run| wanted(&run.pinned.campaign)).collect();
        // Terms that this sendplan cannot read say nothing here; whoever sends is told.
        let open = runs.iter().filter(|run| run.finished_at_ms.is_none());
        let shut = open.filter_map(|run| Some((run.id, waits(store, run, now).ok()??))).collect();
        let lines = holds.iter().map(|(name, _)| held(store, name)).collect::<Result<Vec<_>, _>>()?;
        let lines = lines.into_iter().flatten().collect();
        Ok(Self { runs, holds, lines, shut, waiting: store.waiting()?, names })
    }

    fn says_nothing(&self) -> bool {
        self.runs.is_empty() && self.holds.is_empty()
    }
}

/// The campaigns that are asked for: the one at the place that was given, those of its name, or all.
fn candidates(args: &Status, named: Option<&Named>) -> Vec<Candidate> {
    match (&args.campaign, named) {
        (Some(place), Some(Named { repository: Some(_), .. })) => vec![campaigns::one(place)],
        (_, Some(named)) => {
            let mut found = campaigns::here();
            found.retain(|one| one.name.as_ref() == Some(&named.name));
            found
        }
        (_, None) => campaigns::here(),
    }
}

/// Every name that could have been meant.
fn names(args: &Status, known: &Known) -> Vec<String> {
    let found = if args.sandbox { Vec::new() } else { campaigns::here() };
    known.names.iter().cloned().chain(found.into_iter().filter_map(|one| one.name)).collect()
}

fn told(holder: &Holder) -> String {
    format!("{} (process {}, since {})", holder.what, holder.pid, second(&holder.since))
}

fn doing(holder: &Holder, holds: &[(String, Hold)]) -> Doing {
    let waits = holds.iter().any(|(name, one)| one.what == HoldKind::Paused && sends(holder, name));
    match waits {
        _ if !is_sender(holder) => Doing::OtherThings,
        true => Doing::Waiting,
        false => Doing::Sending,
    }
}

/// When a campaign goes out next. `is_run` says whether a process sends all of them by itself.
fn campaign(
    found: &Candidate,
    runs: &[Run],
    flags: &Flags,
    is_run: bool,
    now: DateTime<Utc>,
) -> CampaignLine {
    let place = found.place.display().to_string();
    let shown = quoted(&place);
    let blank = CampaignLine { campaign: found.name.clone(), place, ..CampaignLine::default() };
    match &found.campaign {
        Err(problem) => CampaignLine { standing: "unreadable", problem: Some(problem.clone()), ..blank },
        Ok(campaign) => {
            let own: Vec<Run> =
                runs.iter().filter(|run| run.pinned.campaign == campaign.name).cloned().collect();
            let outlook = Outlook::of(campaign, &own, now, UPCOMING);
            // What has begun is taken up as it was begun.
            let plan = match outlook.standing {
                Standing::Begun => String::new(),
                _ => flag_beside(&found.place),
            };
            let command = match is_run {
                true => "the process that is running".to_owned(),
                false => format!("`sendplan send {shown}{plan}{flags}`"),
            };
            CampaignLine {
                standing: word(outlook.standing),
                due_at: due(outlook.standing).map(|at| rfc3339(at.instant())),
                late_s: outlook.late.and_then(|late| late.to_std().ok()).map(|late| late.as_secs()),
                next: outlook.next.iter().map(|at| upcoming(*at)).collect(),
                timezone: campaign.timetable.zone().map(|zone| zone.to_string()),
                due: due(outlook.standing).map(upcoming),
                command,
                ..blank
            }
        }
    }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Begun => "begun",
        Standing::Due(_) => "due",
        Standing::Missed(_) => "missed",
        Standing::Scheduled(_) => "scheduled",
        Standing::ByHand => "by_hand",
        Standing::Over => "over",
        Standing::SentBefore => "sent_before",
    }
}

fn due(standing: Standing) -> Option<Moment> {
    match standing {
        Standing::Due(at) | Standing::Missed(at) => Some(at),
        _ => None,
    }
}

fn upcoming(at: Moment) -> Upcoming {
    let instant = at.instant();
    Upcoming { at: rfc3339(instant), local: at.zone.show(instant), utc: Zone::UTC.show(instant) }
}
