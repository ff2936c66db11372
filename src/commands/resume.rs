//! `sendplan resume`: a paused campaign goes on, at once where a process waits with it.

use super::approval::flag_beside;
use super::beside::{Beside, Heeded, word};
use super::exit::{Code, Failure};
use super::flags::Flags;
use super::named::Named;
use super::next::place;
use super::standing::last_cancelled;
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::cli::{Global, Say};
use crate::delivery::control::HoldKind;
use crate::report::control::resumed;
use crate::store::Store;
use crate::store::control::Control;

pub fn run(args: &Say, global: &Global, terminal: &Terminal) -> Outcome {
    let named = Named::read(&args.campaign)?;
    let path = state::path(global, args.sandbox, named.repository.as_ref())?;
    let mut beside = Beside::open(&path, args.sandbox, false, &format!("resume {}", named.name), terminal)?;
    let flags = Flags::new(global, args.sandbox, &path);
    let hold = beside.store.hold_on(&named.name)?;
    if let Some(hold) = hold.as_ref().filter(|hold| hold.what == HoldKind::Cancelled) {
        return Err(Failure::Input(format!(
            "{} was {hold}, and does not go on. `sendplan cancel {}{flags}` closes it",
            named.name,
            named.shown()
        )));
    }
    let word = word(args.reason.as_deref());
    // Who hears it may have sent all that is left before we see that it was heard.
    let sender = beside.sender_of(&named.name)?.map(|holder| holder.to_string());
    let Some(mark) = beside.write(|store| store.release(&named.name, &word))? else {
        if named.candidate().is_none() {
            named.runs(&beside.store)?;
        }
        if let Some(said) = last_cancelled(&beside.store, &named.name)? {
            return Err(Failure::Input(format!("{} was cancelled {said}: it does not go on", named.name)));
        }
        terminal.data(&format!("{} is not paused: there is nothing to resume.\n", named.name));
        return Ok(Code::Done);
    };
    let heeded = beside.until_heeded(mark)?;
    let sender = sender.filter(|_| heeded != Heeded::NobodySends);
    terminal.data(&resumed(&named.name, sender.as_deref(), heeded != Heeded::NotYet));
    if sender.is_none() {
        let runs = beside.store.runs(Some(&named.name))?;
        let place = runs.last().map_or_else(|| named.shown(), |run| place(&named, run));
        // A run that has begun is taken up as it was begun.
        let begins = runs.iter().all(|run| run.finished_at_ms.is_some());
        let plan = named.candidate().filter(|_| begins).map(|found| flag_beside(&found.place));
        terminal.note(&format!(
            "\nNext:\n  sendplan send {place}{}{}",
            plan.unwrap_or_default(),
            flags.taking_up()
        ));
    }
    Ok(Code::Done)
}
