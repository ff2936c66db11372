//! `sendplan resolve`: the messages of which nobody can tell whether they were sent, a look for them in the gateway's
//! own list, those of which nobody knows by whose clock they go, and what people decide about them.

use chrono::SecondsFormat;

use super::ask::{read, stopped};
use super::decide::{decide, show};
use super::exit::{Code, Failure};
use super::flags::Flags;
use super::named::Named;
use super::next::next;
use super::reconcile::reconcile;
use super::recover::recover;
use super::report::pages;
use super::standing::{line, message};
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::campaign::Unknown;
use crate::cli::{Global, Resolve};
use crate::delivery::engine::End;
use crate::delivery::state::State;
use crate::report::layout::{self};
use crate::report::mask::Mask;
use crate::report::resolve::{choices, choices_of_held, page, title};
use crate::report::status::RunLine;
use crate::store::lock::Lock;
use crate::store::sqlite::Sqlite;
use crate::store::{Run, Store, StoreError};
use crate::world::clock::Clock;

pub fn run(args: &Resolve, global: &Global, terminal: &Terminal) -> Outcome {
    let named = Named::read(&args.campaign)?;
    if args.decisions {
        return show(&named, args, global, terminal);
    }
    let path = state::path(global, args.sandbox, named.repository.as_ref())?;
    let flags = Flags::new(global, args.sandbox, &path);
    if let Some(deed) = deed(args) {
        let clock = Clock::start();
        let since = clock.now().utc.to_rfc3339_opts(SecondsFormat::Secs, true);
        let what = format!("resolve {} {deed}", named.name);
        let mut held = state::take(path, args.sandbox, &what, &since, terminal)?;
        let end = if args.reconcile {
            look_up(&named, args, &mut held.store, clock, terminal)?
        } else {
            decide(&named, args, &mut held.store, clock, terminal)?;
            None
        };
        let left = list(&named, args, &flags, &held.store, false, terminal)?;
        return Ok(stopped(end.as_ref(), terminal).unwrap_or(left));
    }
    let live = Lock::holder(&path).map_err(|error| Failure::State(error.to_string()))?.is_some();
    let store = state::look(&path)?.ok_or(StoreError::Missing { path })?;
    list(&named, args, &flags, &store, live, terminal)
}

/// What is to be done that changes anything.
fn deed(args: &Resolve) -> Option<&'static str> {
    match args {
        Resolve { reconcile: true, .. } => Some("--reconcile"),
        Resolve { assume_sent: true, .. } => Some("--assume-sent"),
        Resolve { resend: true, .. } => Some("--resend"),
        Resolve { timezone: Some(_), .. } => Some("--timezone"),
        Resolve { give_up: true, .. } => Some("--give-up"),
        _ => None,
    }
}

/// Looks for the unknown messages of every run. Why it stopped before the end, if so.
fn look_up(
    named: &Named,
    args: &Resolve,
    store: &mut Sqlite,
    clock: Clock,
    terminal: &Terminal,
) -> Result<Option<End>, Failure> {
    for run in named.runs(store)? {
        recover(store, &run, clock, terminal)?;
        let profile = read(&run)?.profile().map_err(|error| Failure::State(error.to_string()))?;
        if !profile.can_list() {
            terminal.note(&format!(
                "This gateway cannot be asked what it sent: the profile of {} ({}) has no `list`.\n",
                profile.name(),
                run.pinned.occurrence
            ));
            continue;
        }
        if store.counts(run.id)?.of(State::Unknown) == 0 {
            continue;
        }
        let (reconciled, end) = reconcile(store, &run, args.sandbox, clock, terminal)?;
        terminal.data(&format!("{}\n", reconciled.human()));
        if end.is_some() {
            return Ok(end);
        }
    }
    Ok(None)
}

/// Lists what is unknown, a page at a time, and says what to do about it.
fn list(
    named: &Named,
    args: &Resolve,
    flags: &Flags,
    store: &Sqlite,
    live: bool,
    terminal: &Terminal,
) -> Outcome {
    let mask = if args.show_addresses { Mask::Shown } else { Mask::Masked };
    let mut runs = Vec::new();
    for run in named.runs(store)? {
        let line = line(&run, live);
        terminal.data(&title(&line.campaign, &line.occurrence, line.unknown, line.held));
        // The intents of a live process are on their way; those of a dead one are lost.
        let states: &[State] = if live { &[State::Unknown] } else { &[State::Unknown, State::Intent] };
        for state in states.iter().chain(&[State::Held]) {
            pages(store, run.id, Some(*state), &mut |messages| {
                terminal.data(&page(messages.iter().map(|one| message(one, live)), mask));
            })?;
        }
        runs.push((run, line));
    }
    if runs.iter().all(|(_, line)| line.unknown + line.held == 0) {
        if (args.resend || args.timezone.is_some()) && runs.iter().any(|(_, line)| line.pending > 0) {
            say_next(store, named, flags, &runs, live, terminal);
        }
        return Ok(Code::Done);
    }
    let lists =
        |run: &Run| read(run).ok().and_then(|one| one.profile().ok()).is_some_and(|one| one.can_list());
    if args.reconcile && runs.iter().any(|(run, line)| line.unknown > 0 && lists(run)) {
        terminal.note("\nA gateway may list a message late: look again in a while.");
    }
    let (name, flag) = (named.shown(), flags.to_string());
    let unknown = runs.iter().any(|(_, line)| line.unknown > 0);
    if unknown && runs.iter().all(|(run, line)| line.unknown == 0 || holds(run)) {
        terminal.note(&format!("\n{}", choices(&name, &flag).trim_end()));
    }
    if runs.iter().any(|(_, line)| line.held > 0) {
        terminal.note(&format!("\n{}", choices_of_held(&name, &flag).trim_end()));
    }
    say_next(store, named, flags, &runs, live, terminal);
    Ok(Code::Unknown)
}

/// What to type next, unless that tells nothing of what waits for a decision: what to type about that stands above.
fn say_next(
    store: &Sqlite,
    named: &Named,
    flags: &Flags,
    runs: &[(Run, RunLine)],
    live: bool,
    terminal: &Terminal,
) {
    let next = next(store, named, runs, live, flags);
    if !next.starts_with("sendplan report ") {
        terminal.note(&format!("\n{}", layout::next(&[next]).trim_end()));
    }
}

/// Whether `send` leaves the unknown messages of a run alone.
fn holds(run: &Run) -> bool {
    let delivery = read(run).ok().and_then(|pinned| pinned.delivery().ok());
    run.finished_at_ms.is_some() || delivery.is_some_and(|delivery| delivery.unknown == Unknown::Hold)
}
