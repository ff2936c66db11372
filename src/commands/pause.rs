//! `sendplan pause`: nothing new of a campaign goes out until `resume`. A process that sends it stays and waits.

use super::beside::{Beside, Heeded, word};
use super::exit::{Code, Failure};
use super::flags::Flags;
use super::named::Named;
use super::standing::last_cancelled;
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::campaign::ONCE;
use crate::cli::{Global, Say};
use crate::delivery::control::{Hold, HoldKind};
use crate::report::control::paused;
use crate::store::Run;
use crate::store::control::Control;
use crate::store::sqlite::Sqlite;

pub fn run(args: &Say, global: &Global, terminal: &Terminal) -> Outcome {
    let named = Named::read(&args.campaign)?;
    let path = state::path(global, args.sandbox, named.repository.as_ref())?;
    let is_there = named.candidate().is_some();
    let what = format!("pause {}", named.name);
    let mut beside = Beside::open(&path, args.sandbox, is_there, &what, terminal)?;
    // A campaign that lies there may be paused before anything of it was sent; a mere name may be a slip.
    if !is_there && beside.store.hold_on(&named.name)?.is_none() {
        let runs = named
            .runs(&beside.store)
            .map_err(|failure| named.only_in_sandbox(failure, args.sandbox, global))?;
        over(&named.name, &runs, &beside.store)?;
    }
    let word = word(args.reason.as_deref());
    let hold = Hold { what: HoldKind::Paused, who: word.who, at_ms: word.at_ms };
    let flags = Flags::new(global, args.sandbox, &path);
    let said = beside.write(|store| store.hold(&named.name, &hold, args.reason.as_deref()))?;
    let mark = match said {
        Ok(mark) => mark,
        Err(before) if before.what == HoldKind::Paused => {
            terminal.data(&format!("{} is {before} already.\n", named.name));
            return Ok(Code::Done);
        }
        Err(before) => {
            return Err(Failure::Input(format!(
                "{} was {before}: nothing of it goes out anyway. `sendplan cancel {}{flags}` closes it",
                named.name,
                named.shown()
            )));
        }
    };
    let heeded = beside.until_heeded(mark)?;
    let sender = beside.sender_of(&named.name)?;
    let sender = sender.map(|holder| holder.to_string());
    terminal.data(&paused(&named.name, sender.as_deref(), heeded != Heeded::NotYet));
    terminal.note(&format!("\nNext:\n  sendplan resume {}{flags}", named.shown()));
    Ok(Code::Done)
}

/// Of what goes out but once and is through, there is nothing to pause. What has a time may be a series, whose manifest
/// lies somewhere else.
fn over(name: &str, runs: &[Run], store: &Sqlite) -> Result<(), Failure> {
    if runs.iter().any(|run| run.finished_at_ms.is_none() || run.pinned.occurrence != ONCE) {
        return Ok(());
    }
    let what = match last_cancelled(store, name)? {
        Some(said) => format!("was cancelled {said}"),
        None => "is finished".to_owned(),
    };
    Err(Failure::Standing(format!(
        "{name} {what}, and no manifest of that name lies here: there is nothing to pause"
    )))
}
