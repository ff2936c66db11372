//! The delivery of one run in this process: engine, journal and gateway brought together, progress shown,
//! the run concluded.

use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::sync::mpsc::UnboundedReceiver;

use super::connection::Connection;
use super::contacts::{Asking, known};
use super::ending::{Delivered, code, say_ending};
use super::exit::Failure;
use super::flags::Flags;
use super::job::Job;
use super::preparing::Preparing;
use super::standing::{left_out, line};
use super::terminal::Terminal;
use crate::audience::Suppression;
use crate::delivery::account::Accounts;
use crate::delivery::control::{Hold, HoldKind};
use crate::delivery::engine::{Engine, Now, Tally};
use crate::executor::clocks::clocks;
use crate::executor::live::Live;
use crate::executor::{Driven, execute};
use crate::report::delivery::{Work, summary};
use crate::report::status::RunLine;
use crate::store::control::Control;
use crate::store::ears::Ears;
use crate::store::journal::Journal;
use crate::store::sqlite::Sqlite;
use crate::store::{Run, RunId, Store};
use crate::units::thousands;
use crate::world::clock::Clock;
use crate::world::lists::Lists;
use crate::world::signals::{Ends, Signals};

/// How often the bar is brought up to date.
const LOOK: Duration = Duration::from_millis(100);
const BAR: &str = "  {prefix} {bar:32} {human_pos} of {human_len}  {msg}";

/// Whether a run is all that its process sends.
#[derive(Debug)]
pub enum Company {
    /// It is: signals end it, and a pause is waited for.
    Alone(Preparing),
    /// It is not.
    Others {
        /// Says when to end.
        ends: UnboundedReceiver<()>,
        /// Their gateways.
        accounts: Accounts,
        /// What people say to them.
        ears: Ears,
    },
}

/// Delivers until nothing is left to do, or something stops it; says how it went.
pub fn deliver(
    job: Job,
    preparing: Preparing,
    store: Sqlite,
    flags: &Flags,
    clock: Clock,
    terminal: &Terminal,
) -> Result<Delivered, Failure> {
    deliver_in(Company::Alone(preparing), job, store, &flags.to_string(), clock, terminal)
}

/// The same in any company. `flags` are those of a command that works on the same state.
pub fn deliver_in(
    company: Company,
    job: Job,
    store: Sqlite,
    flags: &str,
    clock: Clock,
    terminal: &Terminal,
) -> Result<Delivered, Failure> {
    let (id, begun) = (job.run, clock.now().elapsed);
    let alone = matches!(company, Company::Alone(_));
    let Sent { driven, tally, left, mut store } = send_all(company, job, store, flags, clock, terminal)?;
    let took = clock.now().elapsed - if alone { Duration::ZERO } else { begun };
    let (run, work) = conclude(&mut store, id, tally, took, clock)?;
    terminal.data(&summary(&run, &work));
    if alone {
        say_ending(&driven, &run, terminal);
    }
    let code = code(&driven, &run);
    let hold = store.hold_on(&run.campaign)?;
    Ok(Delivered { driven, code, run, hold, tally, left })
}

/// What is left when nothing is sent any more.
struct Sent {
    driven: Driven,
    tally: Tally,
    left: bool,
    store: Sqlite,
}

/// Sends until the engine is done, and gives the store back.
fn send_all(
    company: Company,
    mut job: Job,
    store: Sqlite,
    flags: &str,
    clock: Clock,
    terminal: &Terminal,
) -> Result<Sent, Failure> {
    let suppression = std::mem::take(&mut job.suppression);
    let entries = suppression.entries().to_vec();
    let Connection { runtime, gateway, .. } = &job.connection;
    let counts = store.counts(job.run)?;
    let bar = terminal.bar(counts.planned, BAR);
    bar.set_prefix("sending");
    let begun = counts.planned - counts.open();
    let run = the_run(&store, job.run)?;
    let mut engine = engine(&job, suppression, &run, &store, clock)?;
    let pinned = run.pinned;
    let lists = Lists::watch(job.lists, entries, job.kind, job.column);
    let inside = runtime.enter();
    let (journal, ends) = match company {
        Company::Alone(preparing) => {
            let signals = Signals::new();
            let signals = signals.map_err(|error| Failure::Internal(format!("no signals: {error}")))?;
            // From here on signals are heard by who sends.
            drop(preparing);
            (Journal::start(store, job.run)?, Ends::Signals(signals))
        }
        Company::Others { ends, accounts, ears } => {
            engine.share(accounts.join(&gateway.profile, &gateway.secrets, clock.now().elapsed));
            engine.leave_when_paused();
            (Journal::start_beside(store, job.run, ears.another())?, Ends::Told(ends))
        }
    };
    drop(inside);
    let mut world = Live::new(journal, Arc::clone(gateway), lists, clock, ends);
    let (shown, words, flags) = (bar.clone(), terminal.clone(), flags.to_owned());
    let delivery = runtime.spawn(async move {
        let mut shown_at = None;
        let mut held = None;
        let mut watch = |engine: &Engine, now: Now| {
            // Something happens ten thousand times a second, and nobody reads that fast.
            if shown_at.is_none_or(|at| now.elapsed >= at + LOOK) {
                shown_at = Some(now.elapsed);
                show(&shown, begun, engine, now);
            }
            if engine.held() != held.as_ref() {
                held = engine.held().cloned();
                if !engine.left_when_paused() {
                    shown.suspend(|| say_hold(held.as_ref(), &pinned.campaign, &flags, &words));
                }
            }
        };
        let driven = execute(&mut engine, &mut world, &mut watch).await;
        (driven, engine.tally(), engine.left_when_paused(), world.into_journal())
    });
    let died = |error| Failure::Internal(format!("our own failure while sending: {error}"));
    let (driven, tally, left, journal) = runtime.block_on(delivery).map_err(died)?;
    bar.finish_and_clear();
    let store = journal.close()?;
    Ok(Sent { driven: driven?, tally, left, store })
}

/// The engine of a run, told all that is known before it begins.
fn engine(
    job: &Job,
    suppression: Suppression,
    run: &Run,
    store: &Sqlite,
    clock: Clock,
) -> Result<Engine, Failure> {
    let profile = Arc::clone(&job.connection.gateway.profile);
    let cuts_texts = profile.cuts_texts();
    let campaign = run.pinned.campaign.as_str();
    let asking = Asking { campaign, frequency: &job.frequency, run: Some(job.run), cuts_texts };
    let mut engine = Engine::new(profile, job.delivery, suppression, job.kind, clock.now());
    engine.add_opt_outs(store.opt_outs()?);
    engine.set_clocks(clocks(store, run, &job.delivery)?);
    engine.set_contacts(known(store, asking, clock.now().utc)?);
    if let Some(token) = job.connection.token.clone() {
        engine.begin_with(token);
    }
    Ok(engine)
}

/// Says that somebody paused the campaign, or let it go on.
fn say_hold(hold: Option<&Hold>, campaign: &str, flag: &str, terminal: &Terminal) {
    match hold {
        None => terminal.say(&format!("{campaign} goes on.")),
        Some(hold) if hold.what == HoldKind::Cancelled => {}
        Some(hold) => terminal.say(&format!(
            "{campaign} is {hold}: nothing new goes out until `sendplan resume {campaign}{flag}`. Ctrl-C stops in order."
        )),
    }
}

fn show(bar: &ProgressBar, begun: u64, engine: &Engine, now: Now) {
    let tally = engine.tally();
    bar.set_position(
        begun + tally.accepted + tally.rejected + tally.unknown + tally.suppressed + tally.expired,
    );
    let mut message = String::new();
    for (number, word) in
        [(tally.rejected, "rejected"), (tally.unknown, "unknown"), (tally.retried, "tried again")]
    {
        if number > 0 {
            message.push_str(&format!("{} {word}  ", thousands(number)));
        }
    }
    if let Some(hold) = engine.held() {
        message.push_str(&hold.to_string());
    } else if let Some(waiting) = engine.waiting_for(now) {
        message.push_str(&format!("waiting: {waiting}"));
    }
    bar.set_message(message);
}

fn the_run(store: &Sqlite, run: RunId) -> Result<Run, Failure> {
    let found = store.runs(None)?.into_iter().find(|one| one.id == run);
    found.ok_or_else(|| Failure::Internal("the run is gone from the state".to_owned()))
}

/// Where the run stands now; one in which nothing is left to do is marked finished.
fn conclude(
    store: &mut Sqlite,
    run: RunId,
    tally: Tally,
    took: Duration,
    clock: Clock,
) -> Result<(RunLine, Work), Failure> {
    if store.counts(run)?.open() == 0 {
        store.finish(run, clock.now().utc.timestamp_millis())?;
    }
    let run = the_run(store, run)?;
    let work = Work {
        requests: tally.requests,
        credentials: tally.credentials,
        retried: tally.retried,
        took,
        settled: tally.accepted + tally.rejected,
        left_out: left_out(run.excluded),
    };
    Ok((line(&run, false), work))
}
