//! `sendplan status`: runs and where their messages stand.

use super::exit::{Code, Failure};
use super::named::Named;
use super::standing::line;
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::cli::{Format, Global, Status};
use crate::report::status::StatusReport;
use crate::store::Store;
use crate::store::lock::Lock;

pub fn run(args: &Status, global: &Global, terminal: &Terminal) -> Outcome {
    let named = args.campaign.as_deref().map(Named::read).transpose()?;
    let repository = named.as_ref().and_then(|named| named.repository.as_ref());
    let campaign = named.as_ref().map(|named| named.name.as_str());
    let path = state::path(global, args.sandbox, repository)?;
    let holder = Lock::holder(&path).map_err(|error| Failure::State(error.to_string()))?;
    let runs = match state::look(&path)? {
        Some(store) => store.runs(campaign)?,
        None => Vec::new(),
    };
    let live = holder.is_some();
    let report = StatusReport { version: 1, runs: runs.iter().map(|run| line(run, live)).collect() };
    let holder =
        holder.map(|holder| format!("{} (process {}, since {})", holder.what, holder.pid, holder.since));
    terminal.data(&match args.format {
        Format::Json => report.json(),
        Format::Human => report.human(campaign, holder.as_deref()),
    });
    let unknown = report.runs.iter().any(|run| run.unknown > 0);
    Ok(if unknown { Code::Unknown } else { Code::Done })
}
