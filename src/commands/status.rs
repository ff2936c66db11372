//! `sendplan status`: runs and where their messages stand.

use super::beside::{is_sender, sends};
use super::exit::{Code, Failure};
use super::flags::Flags;
use super::named::Named;
use super::standing::{held, line};
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::cli::{Format, Global, Status};
use crate::delivery::control::HoldKind;
use crate::report::campaign::second;
use crate::report::status::{Doing, StatusReport};
use crate::store::control::Control;
use crate::store::lock::Lock;
use crate::store::{Store, StoreError};

pub fn run(args: &Status, global: &Global, terminal: &Terminal) -> Outcome {
    let named = args.campaign.as_deref().map(Named::read).transpose()?;
    let repository = named.as_ref().and_then(|named| named.repository.as_ref());
    let campaign = named.as_ref().map(|named| named.name.as_str());
    let path = state::path(global, args.sandbox, repository)?;
    let holder = Lock::holder(&path).map_err(|error| Failure::State(error.to_string()))?;
    let (runs, holds, lines) = match state::look(&path)? {
        Some(store) => {
            let mut holds = store.holds()?;
            holds.retain(|(name, _)| campaign.is_none_or(|wanted| name == wanted));
            let runs = store.runs(campaign)?;
            if let Some(named) = named.as_ref().filter(|named| named.repository.is_none() && holds.is_empty())
            {
                named.runs(&store)?;
            }
            let lines = holds.iter().map(|(name, _)| held(&store, name)).collect::<Result<Vec<_>, _>>()?;
            (runs, holds, lines.into_iter().flatten().collect())
        }
        // One that was named by hand was meant to be there.
        None if global.state.is_some() => return Err(StoreError::Missing { path }.into()),
        None => (Vec::new(), Vec::new(), Vec::new()),
    };
    let live = holder.is_some();
    let report =
        StatusReport { version: 1, runs: runs.iter().map(|run| line(run, live)).collect(), holds: lines };
    let waits = holder.as_ref().is_some_and(|holder| {
        holds.iter().any(|(name, one)| one.what == HoldKind::Paused && sends(holder, name))
    });
    let doing = match &holder {
        Some(holder) if !is_sender(holder) => Doing::OtherThings,
        _ if waits => Doing::Waiting,
        _ => Doing::Sending,
    };
    let holder = holder
        .map(|holder| format!("{} (process {}, since {})", holder.what, holder.pid, second(&holder.since)));
    let flags = Flags::new(global, args.sandbox, &path).to_string();
    terminal.data(&match args.format {
        Format::Json => report.json(),
        Format::Human => report.human(campaign, holder.as_deref().map(|holder| (holder, doing)), &flags),
    });
    let unknown = report.runs.iter().any(|run| run.unknown > 0);
    Ok(if unknown { Code::Unknown } else { Code::Done })
}
