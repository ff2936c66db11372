//! The delivery of one run in this process: engine, journal and gateway brought together, progress shown,
//! the run concluded.

use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;

use super::connection::Connection;
use super::contacts::{Asking, known};
use super::ending::ending;
use super::exit::{Code, Failure};
use super::flags::Flags;
use super::preparing::Preparing;
use super::standing::line;
use super::terminal::Terminal;
use crate::audience::{AddressKind, Suppression};
use crate::campaign::{Delivery, Frequency};
use crate::delivery::control::{Hold, HoldKind};
use crate::delivery::engine::{Engine, Now, Tally};
use crate::executor::clocks::clocks;
use crate::executor::live::Live;
use crate::executor::{Driven, execute};
use crate::report::delivery::{Work, summary};
use crate::report::status::RunLine;
use crate::store::control::Control;
use crate::store::journal::Journal;
use crate::store::sqlite::Sqlite;
use crate::store::{Run, RunId, Store};
use crate::units::thousands;
use crate::world::clock::Clock;
use crate::world::confine::Confined;
use crate::world::lists::Lists;

/// How often the bar is brought up to date.
const LOOK: Duration = Duration::from_millis(100);
const BAR: &str = "  {prefix} {bar:32} {human_pos} of {human_len}  {msg}";

/// A run that is ready to be delivered.
#[derive(Debug)]
pub struct Job {
    /// The run.
    pub run: RunId,
    /// Who is left out because of what was sent before.
    pub frequency: Frequency,
    /// Pace and patience.
    pub delivery: Delivery,
    /// How its addresses are read.
    pub kind: AddressKind,
    /// The column by which suppression lists are read.
    pub column: String,
    /// Who is never sent to, as of now.
    pub suppression: Suppression,
    /// The files it came from.
    pub lists: Vec<Confined>,
    /// The gateway.
    pub connection: Connection,
}

/// How a sending ended.
#[derive(Debug)]
pub struct Delivered {
    /// What ended it.
    pub driven: Driven,
    /// The exit code.
    pub code: Code,
    /// Where the run stands.
    pub run: RunLine,
    /// What keeps the campaign from going on, by somebody's word.
    pub hold: Option<Hold>,
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
    let run = job.run;
    let (driven, tally, mut store) = send_all(job, preparing, store, flags, clock, terminal)?;
    let (run, work) = conclude(&mut store, run, tally, clock)?;
    terminal.data(&summary(&run, &work));
    let code = ending(&driven, &run, terminal);
    let hold = store.hold_on(&run.campaign)?;
    Ok(Delivered { driven, code, run, hold })
}

/// Sends until the engine is done, and gives the store back.
fn send_all(
    job: Job,
    preparing: Preparing,
    store: Sqlite,
    flags: &Flags,
    clock: Clock,
    terminal: &Terminal,
) -> Result<(Driven, Tally, Sqlite), Failure> {
    let Connection { runtime, gateway, token, .. } = &job.connection;
    let counts = store.counts(job.run)?;
    let bar = terminal.bar(counts.planned, BAR);
    bar.set_prefix("sending");
    let begun = counts.planned - counts.open();
    let run = the_run(&store, job.run)?;
    let clocks = clocks(&store, &run, &job.delivery)?;
    let pinned = run.pinned;
    let flags = flags.to_string();
    let profile = Arc::clone(&gateway.profile);
    let cuts_texts = profile.cuts_texts();
    let asking =
        Asking { campaign: &pinned.campaign, frequency: &job.frequency, run: Some(job.run), cuts_texts };
    let mut engine = Engine::new(profile, job.delivery, job.suppression, job.kind, clock.now());
    engine.add_opt_outs(store.opt_outs()?);
    engine.set_clocks(clocks);
    engine.set_contacts(known(&store, asking, clock.now().utc)?);
    if let Some(token) = token.clone() {
        engine.begin_with(token);
    }
    let lists = Lists::watch(job.lists, job.kind, job.column);
    let journal = Journal::start(store, job.run)?;
    let inside = runtime.enter();
    let world = Live::new(journal, Arc::clone(gateway), lists, clock);
    let mut world = world.map_err(|error| Failure::Internal(format!("no signals: {error}")))?;
    drop(inside);
    // From here on signals are heard by who sends.
    drop(preparing);
    let (shown, words) = (bar.clone(), terminal.clone());
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
                shown.suspend(|| say_hold(held.as_ref(), &pinned.campaign, &flags, &words));
            }
        };
        let driven = execute(&mut engine, &mut world, &mut watch).await;
        (driven, engine.tally(), world.into_journal())
    });
    let died = |error| Failure::Internal(format!("our own failure while sending: {error}"));
    let (driven, tally, journal) = runtime.block_on(delivery).map_err(died)?;
    bar.finish_and_clear();
    Ok((driven?, tally, journal.close()?))
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
fn conclude(store: &mut Sqlite, run: RunId, tally: Tally, clock: Clock) -> Result<(RunLine, Work), Failure> {
    if store.counts(run)?.open() == 0 {
        store.finish(run, clock.now().utc.timestamp_millis())?;
    }
    let run = the_run(store, run)?;
    let excluded = run.excluded;
    let work = Work {
        requests: tally.requests,
        credentials: tally.credentials,
        retried: tally.retried,
        took: clock.now().elapsed,
        settled: tally.accepted + tally.rejected,
        left_out: [
            (excluded.rejected, "unusable"),
            (excluded.suppressed, "on a suppression list"),
            (excluded.duplicates, "in it already"),
            (excluded.filtered, "left out by `where`"),
        ],
    };
    Ok((line(&run, false), work))
}
