//! `sendplan status`: runs and where their messages stand.

use std::path::Path;

use super::exit::{Code, Failure};
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::cli::{Format, Global, Status};
use crate::delivery::state::State;
use crate::report::status::{RunLine, StatusReport};
use crate::store::lock::Lock;
use crate::store::{Run, Store};
use crate::world::workspace;

pub fn run(args: &Status, global: &Global, terminal: &Terminal) -> Outcome {
    let path = state::path(global, args.sandbox);
    let campaign = args.campaign.as_deref().map(name).transpose()?;
    let holder = Lock::holder(&path).map_err(|error| Failure::State(error.to_string()))?;
    let runs = match state::look(&path)? {
        Some(store) => store.runs(campaign.as_deref())?,
        None => Vec::new(),
    };
    let live = holder.is_some();
    let report = StatusReport { version: 1, runs: runs.iter().map(|run| line(run, live)).collect() };
    let holder =
        holder.map(|holder| format!("{} (process {}, since {})", holder.what, holder.pid, holder.since));
    terminal.data(&match args.format {
        Format::Json => report.json(),
        Format::Human => report.human(holder.as_deref()),
    });
    let unknown = report.runs.iter().any(|run| run.unknown > 0);
    Ok(if unknown { Code::Unknown } else { Code::Done })
}

/// A run as it is shown. Intents of a process that is gone are unknown; those of a live one are on their way.
pub fn line(run: &Run, live: bool) -> RunLine {
    let counts = &run.counts;
    let intents = counts.of(State::Intent);
    let (on_their_way, lost) = if live { (intents, 0) } else { (0, intents) };
    RunLine {
        campaign: run.pinned.campaign.clone(),
        occurrence: run.pinned.occurrence.clone(),
        planned: counts.planned,
        pending: counts.of(State::Pending) + on_their_way,
        accepted: counts.of(State::Accepted),
        rejected: counts.of(State::Rejected),
        unknown: counts.of(State::Unknown) + lost,
        held: counts.of(State::Held),
        suppressed: counts.of(State::Suppressed),
        expired: counts.of(State::Expired),
        delivered: 0,
        failed: 0,
    }
}

/// A campaign's name, given as a name or as the place of its manifest.
fn name(given: &Path) -> Result<String, Failure> {
    if !given.exists() {
        return Ok(given.display().to_string());
    }
    let opened = workspace::open(given)?;
    match opened.name() {
        Some(name) => Ok(name.to_owned()),
        None => Err(Failure::Invalid { what: opened.source.name.clone(), problems: opened.problems }),
    }
}
