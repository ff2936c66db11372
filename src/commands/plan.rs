//! `sendplan plan`: the whole audience, rehearsed. Nothing is sent, no credentials are needed.

mod landlines;
mod listeners;

use std::path::Path;

use chrono::{DateTime, Utc};

use self::listeners::{Heard, Listeners};
use super::ahead::Ahead;
use super::approval::{self, Approved};
use super::connection::no_sandbox;
use super::contacts::unheard_of;
use super::exit::{Code, Failure};
use super::flags::{Flags, quoted};
use super::occasion::Occasion;
use super::places::Places;
use super::planned::{Times, aside, report, swallowing};
use super::scan::{refusals, scan};
use super::standing::time;
use super::terminal::Terminal;
use super::timing::InTime;
use super::{Outcome, load, state};
use crate::approval::PlanFile;
use crate::cli::{Global, Plan, PlanFormat};
use crate::delivery::pinned::Pinned;
use crate::diagnostic::Diagnostics;
use crate::plan::Totals;
use crate::provider::Profile;
use crate::report::approval::Against;
use crate::report::plan::{Aside, PlanReport};
use crate::store::Store;
use crate::world::clock::Clock;
use crate::world::workspace::{self, Loaded};

pub fn run(args: &Plan, global: &Global, terminal: &Terminal) -> Outcome {
    let loaded = load::campaign(&args.campaign, terminal)?;
    let now = args.now.unwrap_or_else(|| Clock::start().now().utc);
    let State { ahead, occasion, flags, finished, is_sandbox, mut warnings } =
        state(args, global, &loaded, now)?;
    let approved = Approved::read(args.against.as_deref())?;
    args.out.as_deref().map_or(Ok(()), approval::check)?;
    let mut listeners = Listeners::new(args, &loaded, ahead)?;
    let totals = scan(&loaded, args.threads, terminal, &mut |entry| listeners.take(entry))?;
    let Heard { left_out_now, plan, undone, samples, landlines } = listeners.finish(&totals, terminal)?;
    let times = Times::of(&loaded.campaign, occasion, now);
    let timing = InTime::of(&loaded.campaign, &totals, times.starts, now);
    let places = Places::of(&loaded.campaign, &totals, times.starts, now);
    let report = PlanReport {
        zones: places.zones.clone(),
        held: places.held(),
        ..report(&loaded, &totals, &times, &timing)
    };
    warnings.extend_from_slice(&report.warnings);
    warnings.extend(swallowing(&loaded, &totals));
    warnings.extend(landlines);
    let against = approved.zip(plan.as_ref()).map(|(approved, now)| approved.against(now));
    let report = PlanReport { left_out_now, warnings, against, ..report };
    let late = timing.problem(&workspace::open(&args.campaign)?);
    let mut refused = refusals(&loaded, &totals);
    refused.extend(late.is_some().then(|| "it cannot be through in time".to_owned()));
    terminal.data(&match args.format {
        PlanFormat::Json => report.json(),
        PlanFormat::Markdown => {
            let aside = aside(&loaded, &totals, &times, &timing);
            report.comment(&Aside { held: places.held, refused: refused.clone(), ..aside }, &samples)
        }
        PlanFormat::Human => {
            let is_other = report.against.as_ref().is_some_and(|against| !against.same);
            // Of what cannot go on, what to do is told last, behind why.
            let next = match refused.is_empty() && !is_other {
                true => {
                    next(args, &flags, (is_sandbox, finished.is_some()), &totals, &loaded.campaign.profile)
                }
                false => Vec::new(),
            };
            let aside = aside(&loaded, &totals, &times, &timing);
            report.human(&Aside { finished, next, undone, held: places.held, ..aside })
        }
    });
    if let Some(problem) = late {
        let mut problems = Diagnostics::new();
        problems.push(problem);
        terminal.problems(&problems);
    }
    conclude(args, &refused, &totals, plan.map(|counted| counted.plan), report.against, terminal)
}

/// Writes the plan file of what is not refused, and says whether it is what was approved.
fn conclude(
    args: &Plan,
    refused: &[String],
    totals: &Totals,
    plan: Option<PlanFile>,
    against: Option<Against>,
    terminal: &Terminal,
) -> Outcome {
    if !refused.is_empty() {
        let why = format!(": {}", refused.join("; "));
        return Err(Failure::PlanRefused { why, leaves_out: totals.leaves_out() });
    }
    if let Some((path, plan)) = args.out.as_deref().zip(plan) {
        approval::write(path, &plan)?;
        terminal.note(&format!("the plan is in {}: commit it, for others to approve", path.display()));
    }
    match against {
        Some(against) if !against.same => {
            Err(Failure::Unapproved(format!("this is not what was approved: {}", against.summary)))
        }
        _ => Ok(Code::Done),
    }
}

/// What the state says.
struct State {
    /// Who would be left out, where there is a state.
    ahead: Option<Ahead>,
    /// Which occurrence it is about.
    occasion: Occasion,
    /// What commands about it need.
    flags: Flags,
    /// When the campaign's run was finished, if it was.
    finished: Option<String>,
    /// Whether a sandbox sent from it.
    is_sandbox: bool,
    /// What is worth a look.
    warnings: Vec<String>,
}

/// Asks the state, where there is one: it is only read.
fn state(args: &Plan, global: &Global, loaded: &Loaded, now: DateTime<Utc>) -> Result<State, Failure> {
    let opened = workspace::open(&args.campaign)?;
    let path = state::path(global, false, Some(opened.repository()))?;
    let campaign = &loaded.campaign;
    let mut known = State {
        ahead: None,
        occasion: Occasion::first(campaign, now),
        flags: Flags::new(global, false, &path),
        finished: None,
        is_sandbox: false,
        warnings: Vec::new(),
    };
    let Some(store) = state::look(&path)? else {
        known.warnings = unheard_of(campaign, &[]);
        return Ok(known);
    };
    known.warnings = unheard_of(campaign, &store.runs(None)?);
    known.occasion = Occasion::read(&store, campaign, now)?;
    known.ahead = Some(Ahead::read(&store, campaign, known.occasion, now)?);
    if let Some(run) = store.run(&campaign.name, &known.occasion.occurrence())? {
        known.finished = run.finished_at_ms.map(time);
        known.is_sandbox = Pinned::says_sandbox(&run.pinned.pinned) == Some(true);
    }
    if known.is_sandbox {
        known.flags = Flags::new(global, true, &path);
    }
    Ok(known)
}

/// What to type next. A sandbox has a state of its own, so that it is not told of a real one.
fn next(
    args: &Plan,
    flags: &Flags,
    (is_sandbox, is_finished): (bool, bool),
    totals: &Totals,
    profile: &Profile,
) -> Vec<String> {
    let shown = quoted(&args.campaign.display().to_string());
    let mut next = Vec::new();
    if totals.leaves_out() && args.rejects.is_none() {
        next.push(format!("sendplan plan {shown} --rejects rejects.csv{}", flags.without_sandbox()));
    }
    next.push(format!("sendplan preview {shown}"));
    let plan = |path: &Path| quoted(&path.display().to_string());
    let approved = args.out.as_deref().map(|path| format!(" --plan {}", plan(path))).unwrap_or_default();
    match (is_finished, is_sandbox) {
        (true, _) => return vec![format!("sendplan report {shown}{flags}")],
        (false, true) => next.push(format!("sendplan send {shown}{approved}{flags}")),
        (false, false) if no_sandbox(profile).is_some() => {}
        (false, false) => next.push(format!("sendplan send {shown}{approved} --sandbox")),
    }
    next
}
