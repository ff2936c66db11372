//! `sendplan status`: runs and where their messages stand.

use std::path::Path;

use super::exit::{Code, Failure};
use super::standing::line;
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::cli::{Format, Global, Status};
use crate::report::status::StatusReport;
use crate::store::Store;
use crate::store::lock::Lock;
use crate::world::confine::Repository;
use crate::world::workspace;

pub fn run(args: &Status, global: &Global, terminal: &Terminal) -> Outcome {
    let (campaign, repository) = match args.campaign.as_deref() {
        Some(given) => name(given)?,
        None => (None, None),
    };
    let path = state::path(global, args.sandbox, repository.as_ref())?;
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
        Format::Human => report.human(campaign.as_deref(), holder.as_deref()),
    });
    let unknown = report.runs.iter().any(|run| run.unknown > 0);
    Ok(if unknown { Code::Unknown } else { Code::Done })
}

/// A campaign's name, given as a name or as the place of its manifest; and its repository, if that is known.
fn name(given: &Path) -> Result<(Option<String>, Option<Repository>), Failure> {
    if !given.exists() {
        return Ok((Some(given.display().to_string()), None));
    }
    let opened = workspace::open(given)?;
    match opened.name() {
        Some(name) => Ok((Some(name.to_owned()), Some(opened.repository().clone()))),
        None => Err(Failure::Invalid { what: opened.source.name.clone(), problems: opened.problems }),
    }
}
