//! `sendplan cancel`: what was not sent will not be, and the gateway is asked to give back what it still has. First
//! here, where it needs nobody, then there.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use chrono::SecondsFormat;
use tokio::sync::mpsc::UnboundedReceiver;

use super::ask::{read, stopped};
use super::beside::{Beside, holder, sends, sends_all, word};
use super::campaigns::one;
use super::exit::{Code, Failure};
use super::flags::Flags;
use super::later::Later;
use super::named::Named;
use super::next::next;
use super::recover::recover;
use super::standing::{last_cancelled, line};
use super::sweep::{Question, Swept, sweep};
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::cli::{Global, Say};
use crate::delivery::control::{Hold, HoldKind};
use crate::delivery::message::Change;
use crate::delivery::state::{Event, State};
use crate::executor::DRAIN;
use crate::report::cancel::{Cancelled, nothing_open, summary};
use crate::report::events::{What, standing as standing_words};
use crate::report::layout::{self, duration};
use crate::report::status::RunLine;
use crate::store::control::Control;
use crate::store::sqlite::Sqlite;
use crate::store::{Run, RunId, Store};
use crate::world::clock::Clock;

/// Messages of one commit.
const PAGE: usize = 1000;
/// How long a process that sends may take to stop: as long as it hears out what is under way, and some more.
const WAIT: Duration = DRAIN.saturating_add(Duration::from_secs(10));
/// How often we look whether it has.
const LOOK: Duration = Duration::from_millis(50);

pub fn run(args: &Say, global: &Global, terminal: &Terminal) -> Outcome {
    let clock = Clock::start();
    let named = Named::read(&args.campaign)?;
    let path = state::path(global, args.sandbox, named.repository.as_ref())?;
    let flags = Flags::new(global, args.sandbox, &path);
    let since = clock.now().utc.to_rfc3339_opts(SecondsFormat::Secs, true);
    let what = format!("cancel {}", named.name);
    if let Some(code) = leave_it_to_who_sends_all(&named, args, &path, &flags, terminal)? {
        return Ok(code);
    }
    let until = stop_the_sender(&named, args, &path, terminal)?;
    let mut held = loop {
        let waits = until.is_some_and(|until| Instant::now() < until);
        // Looked at before as well: whoever had it may end between our try and a look.
        let taken = waits && holder(&path)?.is_some();
        match state::take(path.clone(), args.sandbox, &what, &since, terminal) {
            // Whoever has it now may be about to end.
            Err(_) if taken || waits && holder(&path)?.is_some() => sleep(LOOK),
            other => break other?,
        }
    };
    let store = &mut held.store;
    let (reason, word) = (args.reason.as_deref(), word(args.reason.as_deref()));
    let runs = named.runs(store).map_err(|failure| {
        // It was cancelled while it was being planned, and nothing came of it.
        let _ = store.close(&named.name, true);
        nothing_begun(&named, failure, &flags)
    })?;
    if store.hold_on(&named.name)?.is_none()
        && let Some(said) = last_cancelled(store, &named.name)?
    {
        terminal.note(&format!("{} was cancelled already, {said}.", named.name));
    }
    let hold = Hold { what: HoldKind::Cancelled, who: word.who, at_ms: word.at_ms };
    let _already = store.hold(&named.name, &hold, reason)?;
    let mut done = Vec::new();
    for run in runs {
        let stopped = stop(store, &run, clock, terminal)?;
        done.push((run, stopped));
    }
    let later = Later::of(named.candidate(), done.last().map(|(run, _)| run));
    // The runs are finished. What comes after them is not cancelled.
    store.close(&named.name, later.goes_on())?;
    let called = all_back(store, &mut done, (args.sandbox, later.goes_on()), clock, terminal);
    let runs = done.iter().map(|(run, _)| standing(store, run.id)).collect::<Result<Vec<_>, _>>()?;
    if !args.sandbox {
        tell_later(&later, &named, &runs, store, &flags, terminal)?;
    }
    // What was stopped here is stopped, whatever the gateway says.
    if let Some(code) = called? {
        return Ok(code);
    }
    terminal.note(&format!("\n{}", layout::next(&[next(&*store, &named, &runs, false, &flags)]).trim_end()));
    let unknown = runs.iter().any(|(_, line)| line.unknown > 0);
    Ok(if unknown { Code::Unknown } else { Code::Done })
}

/// Asks the gateway for what it still has of each run, and says what was done to it. A code where the gateway, or a
/// person, ended that before its time. What of a series was through before is told in a word, if that is all there is.
fn all_back(
    store: &mut Sqlite,
    done: &mut [(Run, Cancelled)],
    (sandbox, goes_on): (bool, bool),
    clock: Clock,
    terminal: &Terminal,
) -> Result<Option<Code>, Failure> {
    let last = done.len().saturating_sub(1);
    let mut told = false;
    for (at, (run, cancelled)) in done.iter_mut().enumerate() {
        let called = call_back(store, run, sandbox, cancelled, clock, None, terminal);
        let now = standing(store, run.id)?.1;
        if run.finished_at_ms.is_none() || cancelled.called_back > 0 || at == last && !goes_on {
            terminal.data(&summary(cancelled, &now));
            told = true;
        } else if at == last && !told {
            terminal.data(&nothing_open(&now));
        }
        if let Some(code) = stopped(called?.end.as_ref(), terminal) {
            return Ok(Some(code));
        }
    }
    Ok(None)
}

/// What comes of a series after it was cancelled.
fn tell_later(
    later: &Later,
    named: &Named,
    runs: &[(Run, RunLine)],
    store: &Sqlite,
    flags: &Flags,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let runs: Vec<Run> = runs.iter().map(|(run, _)| run.clone()).collect();
    let hold = store.hold_on(&named.name)?;
    later.tell(named, &runs, hold.as_ref(), flags, Clock::start().now().utc, terminal);
    Ok(())
}

/// What a process does that sends every campaign, when one is cancelled: it closes what is open, and asks the gateway
/// to give back what it still has of it, or of the last run where none is open. `ends` says when to stop asking.
pub fn carry_out(
    store: &mut Sqlite,
    name: &str,
    manifest: &Path,
    clock: Clock,
    ends: &mut UnboundedReceiver<()>,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let mut runs = store.unfinished(name)?;
    let is_open = !runs.is_empty();
    if let (true, Some(last)) = (runs.is_empty(), store.occurrences(name)?.pop()) {
        runs.extend(store.run(name, &last)?);
    }
    let stopped = runs.iter().map(|run| stop(store, run, clock, terminal)).collect::<Result<Vec<_>, _>>()?;
    let later = Later::of(Some(one(manifest)), runs.last());
    for (run, mut cancelled) in runs.iter().zip(stopped) {
        let called = call_back(store, run, false, &mut cancelled, clock, Some(&mut *ends), terminal);
        let run = standing(store, run.id)?.1;
        let nothing = if is_open || cancelled.called_back > 0 { "" } else { "; nothing of it was under way" };
        let dates = if matches!(later, Later::Dates(_)) { "; its later dates are not" } else { "" };
        let text = format!("is cancelled, {}{nothing}{dates}", standing_words(&run));
        terminal.event(What::Cancelled, text, Some(&run));
        // What was stopped here is stopped, whatever the gateway says.
        let why = match called {
            Err(failure) => format!("nothing was called back from the gateway: {failure}"),
            Ok(Swept { end: Some(_), .. }) => {
                format!(
                    "not all of it was called back from the gateway: `sendplan cancel {name}` asks for the rest"
                )
            }
            Ok(_) => continue,
        };
        terminal.event(What::Note, why, None);
    }
    store.close(name, later.goes_on())?;
    Ok(())
}

/// Where a process has the state that sends every campaign, it carries a cancellation out: told so, it is waited for.
/// Nothing, where there is none, or it ended meanwhile.
fn leave_it_to_who_sends_all(
    named: &Named,
    args: &Say,
    path: &Path,
    flags: &Flags,
    terminal: &Terminal,
) -> Result<Option<Code>, Failure> {
    let Some(holder) = holder(path)?.filter(sends_all) else { return Ok(None) };
    let what = format!("cancel {}", named.name);
    let mut beside = Beside::open(path, args.sandbox, false, &what, terminal)?;
    let before = named.runs(&beside.store).map_err(|failure| nothing_begun(named, failure, flags))?;
    let word = word(args.reason.as_deref());
    let hold = Hold { what: HoldKind::Cancelled, who: word.who, at_ms: word.at_ms };
    let _already = beside.write(|store| store.hold(&named.name, &hold, args.reason.as_deref()))?;
    terminal.note(&format!(
        "{holder} is told to cancel it. Waiting until that is done, at most {}. Ctrl-C leaves; nothing more of what has \
         begun of {} goes out then either.",
        duration(WAIT),
        named.name
    ));
    let until = Instant::now() + WAIT;
    // A pause from before it holds again in its place.
    while beside.store.hold_on(&named.name)?.is_some_and(|hold| hold.what == HoldKind::Cancelled) {
        if beside.sender_of(&named.name)?.is_none() {
            return Ok(None);
        }
        if Instant::now() >= until {
            return Err(Failure::State(format!(
                "{holder} has not answered yet; nothing of {} goes out until it has. Look with `sendplan status`",
                named.name
            )));
        }
        sleep(LOOK);
    }
    let (mut runs, mut told) = (Vec::new(), false);
    for run in before {
        let (now, line) = standing(&beside.store, run.id)?;
        let was = self::line(&run, true);
        if run.finished_at_ms.is_none() || line.failed > was.failed {
            let profile = read(&run)?.profile().map_err(|error| Failure::State(error.to_string()))?;
            let cancelled = Cancelled {
                stopped: line.expired - was.expired.min(line.expired),
                called_back: line.failed - was.failed.min(line.failed),
                can_call_back: profile.can_cancel(),
                ..Cancelled::default()
            };
            terminal.data(&summary(&cancelled, &line));
            told = true;
        }
        runs.push((now, line));
    }
    if let Some((_, line)) = runs.last().filter(|_| !told) {
        terminal.data(&nothing_open(line));
    }
    let later = Later::of(named.candidate(), runs.last().map(|(run, _)| run));
    tell_later(&later, named, &runs, &beside.store, flags, terminal)?;
    terminal
        .note(&format!("\n{}", layout::next(&[next(&beside.store, named, &runs, false, flags)]).trim_end()));
    let unknown = runs.iter().any(|(_, line)| line.unknown > 0);
    Ok(Some(if unknown { Code::Unknown } else { Code::Done }))
}

/// Of a campaign that lies there and has not begun, there is nothing to cancel yet.
fn nothing_begun(named: &Named, failure: Failure, flags: &Flags) -> Failure {
    match (&failure, named.candidate()) {
        (Failure::Standing(_), Some(_)) => Failure::Standing(format!(
            "there is no run of `{}` in this state: nothing of it has begun. `sendplan pause {}{flags}` keeps it from \
             beginning",
            named.name,
            named.shown()
        )),
        _ => failure,
    }
}

/// Tells a process that sends this campaign to stop, and answers until when to wait for it. Whoever is at work on
/// something else is left alone; nothing of this campaign goes out from then on all the same.
fn stop_the_sender(
    named: &Named,
    args: &Say,
    path: &Path,
    terminal: &Terminal,
) -> Result<Option<Instant>, Failure> {
    let Some(holder) = holder(path)? else { return Ok(None) };
    let mut beside = Beside::open(path, args.sandbox, false, &format!("cancel {}", named.name), terminal)?;
    let ours = sends(&holder, &named.name);
    if !ours && named.runs(&beside.store)?.iter().all(|run| run.finished_at_ms.is_some()) {
        return Ok(None);
    }
    let word = word(args.reason.as_deref());
    let hold = Hold { what: HoldKind::Cancelled, who: word.who, at_ms: word.at_ms };
    let _already = beside.write(|store| store.hold(&named.name, &hold, args.reason.as_deref()))?;
    if !ours {
        return Err(Failure::State(format!(
            "the state {} is in use by {holder}, which goes on. {} is marked as cancelled, so nothing more of it goes \
             out; cancel it again once the state is free, to close it",
            path.display(),
            named.name
        )));
    }
    terminal.note(&format!(
        "{holder} is told to stop. Waiting until it has heard out what is under way, at most {}. Ctrl-C leaves; nothing \
         more of {} goes out then either.",
        duration(WAIT),
        named.name
    ));
    Ok(Some(Instant::now() + WAIT))
}

/// Takes everything that was not sent out of the run, and closes it.
fn stop(store: &mut Sqlite, run: &Run, clock: Clock, terminal: &Terminal) -> Result<Cancelled, Failure> {
    let at_ms = clock.now().utc.timestamp_millis();
    recover(store, run, clock, terminal)?;
    let mut stopped = 0;
    for state in [State::Pending, State::Held] {
        loop {
            // Those of the page before have left the state.
            let page = store.messages(run.id, Some(state), None, PAGE)?;
            if page.is_empty() {
                break;
            }
            let expired = page.iter().map(|one| Change {
                key: one.key,
                // Of one that was to be sent again, the first copy may have arrived.
                event: if one.second_copy { Event::Forgo } else { Event::Expire },
                provider_id: None,
                reason: Some("cancelled".to_owned()),
                opted_out: false,
                at_ms,
            });
            store.commit(run.id, &expired.collect::<Vec<_>>())?;
            stopped += page.iter().filter(|one| !one.second_copy).count() as u64;
        }
    }
    store.finish(run.id, at_ms)?;
    Ok(Cancelled { stopped, ..Cancelled::default() })
}

/// Asks the gateway for what it has accepted, where it can be asked.
fn call_back(
    store: &mut Sqlite,
    run: &Run,
    sandbox: bool,
    cancelled: &mut Cancelled,
    clock: Clock,
    ends: Option<&mut UnboundedReceiver<()>>,
    terminal: &Terminal,
) -> Result<Swept, Failure> {
    let profile = read(run)?.profile().map_err(|error| Failure::State(error.to_string()))?;
    cancelled.can_call_back = profile.can_cancel();
    if !cancelled.can_call_back {
        return Ok(Swept::default());
    }
    let swept = sweep(store, run, Question::CallBack, sandbox, clock, ends, terminal)?;
    cancelled.called_back = swept.failed;
    Ok(swept)
}

/// The run as it stands now.
fn standing(store: &Sqlite, id: RunId) -> Result<(Run, RunLine), Failure> {
    let found = store.runs(None)?.into_iter().find(|run| run.id == id);
    let run = found.ok_or_else(|| Failure::Internal("the run is gone from the state".to_owned()))?;
    let line = line(&run, false);
    Ok((run, line))
}
