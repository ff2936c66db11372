//! `sendplan send`: sends what is due, takes up what was interrupted, and never begins twice.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use indicatif::ProgressBar;

use super::drive::{Driven, drive};
use super::exit::{Code, Failure};
use super::pin::pin;
use super::state::{Held, hold};
use super::status::line;
use super::terminal::Terminal;
use super::{Outcome, load};
use crate::audience::Suppression;
use crate::campaign::Campaign;
use crate::cli::{Global, Send};
use crate::delivery::engine::{End, Engine, Tally};
use crate::delivery::pinned::Pinned;
use crate::provider::Profile;
use crate::report::delivery::{Work, summary};
use crate::report::layout::{count, duration};
use crate::store::journal::Journal;
use crate::store::sqlite::Sqlite;
use crate::store::{Run, RunId, Store};
use crate::units::thousands;
use crate::world::clock::Clock;
use crate::world::gateway::Gateway;
use crate::world::http::{Http, HttpOptions};
use crate::world::sandbox::Sandbox;
use crate::world::{secrets, workspace};

const BAR: &str = "  {prefix} {bar:32} {human_pos} of {human_len}  {msg}";

pub fn run(args: &Send, global: &Global, terminal: &Terminal) -> Outcome {
    let clock = Clock::start();
    let now = args.now.unwrap_or_else(|| clock.now().utc);
    let opened = workspace::open(&args.campaign)?;
    let Some(name) = opened.name().map(str::to_owned) else {
        return Err(Failure::Invalid { what: opened.source.name.clone(), problems: opened.load().1 });
    };
    let since = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut held = hold(global, args.sandbox, args.new_state, &format!("send {name}"), &since)?;
    let begun = held.store.unfinished(&name)?.into_iter().next();
    let job = match begun {
        Some(run) => resume(opened, run, &mut held, now, terminal)?,
        None => match begin(args, &name, &mut held, now, terminal)? {
            Begun::Job(job) => job,
            Begun::Nothing(code) => return Ok(code),
        },
    };
    deliver(job, args, held, clock, terminal)
}

/// A run that is ready to be delivered.
struct Job {
    run: RunId,
    pinned: Pinned,
    suppression: Suppression,
}

/// What came of the attempt to begin.
enum Begun {
    Job(Job),
    /// Nothing is to be sent; the process ends like this.
    Nothing(Code),
}

fn resume(
    opened: workspace::Opened,
    run: Run,
    held: &mut Held,
    now: DateTime<Utc>,
    terminal: &Terminal,
) -> Result<Job, Failure> {
    let pinned = Pinned::from_json(&run.pinned.pinned).map_err(|error| Failure::State(error.to_string()))?;
    let what = opened.source.name.clone();
    let suppression = opened
        .load_suppression(pinned.address_kind(), &pinned.address_column)
        .map_err(|problems| Failure::Invalid { what, problems })?;
    let lost = held.store.recover(run.id, now.timestamp_millis())?;
    let open = held.store.counts(run.id)?.open();
    terminal.note(&format!(
        "Taking up {} of {}: {} left, as it was when it began; later edits of its files change nothing in it.",
        run.pinned.campaign,
        run.pinned.occurrence,
        count(open, "message")
    ));
    if lost > 0 {
        terminal.say(&format!(
            "{} under way when it was interrupted: unknown from now on, not sent again.",
            count(lost, "message")
        ));
    }
    Ok(Job { run: run.id, pinned, suppression })
}

fn begin(
    args: &Send,
    name: &str,
    held: &mut Held,
    now: DateTime<Utc>,
    terminal: &Terminal,
) -> Result<Begun, Failure> {
    let loaded = load::campaign(&args.campaign, terminal)?;
    let campaign = &loaded.campaign;
    if let Some(code) = already(campaign, name, &held.store, terminal)? {
        return Ok(Begun::Nothing(code));
    }
    if let Some(at) = campaign.at.filter(|at| at.instant() > now && !args.sandbox) {
        let wait = (at.instant() - now).to_std().unwrap_or_default();
        terminal.data(&format!(
            "Nothing is due: {name} goes out at {}, in {}.\n",
            at.zone.show(at.instant()),
            duration(wait)
        ));
        return Ok(Begun::Nothing(Code::Done));
    }
    if !args.sandbox {
        // Before anything is pinned: a run that cannot log in should not have begun.
        secrets::resolve(&campaign.profile).map_err(|error| Failure::Refused(error.to_string()))?;
    }
    let run = pin(&mut held.store, &loaded, args.sandbox, now.timestamp_millis(), terminal)?;
    let pinned = Pinned::of(campaign, &loaded.profile_source, args.sandbox);
    Ok(Begun::Job(Job { run, pinned, suppression: loaded.suppression }))
}

/// Whether this campaign went out before. The same occurrence sends nothing again; another one under the same
/// name would send everybody a second copy, and is refused.
fn already(
    campaign: &Campaign,
    name: &str,
    store: &Sqlite,
    terminal: &Terminal,
) -> Result<Option<Code>, Failure> {
    let runs = store.runs(Some(name))?;
    let occurrence = campaign.occurrence();
    if let Some(run) = runs.iter().find(|run| run.pinned.occurrence == occurrence) {
        let shown = line(run, false);
        terminal.data(&format!(
            "{name} ({occurrence}) is finished already: nothing was sent.\n\n{}",
            summary(&shown, &Work::default())
        ));
        return Ok(Some(settled(&shown)));
    }
    match runs.first() {
        Some(earlier) => Err(Failure::Input(format!(
            "`{name}` was sent already, as {}; as {occurrence} everybody would get it a second time. If that is \
             meant, give the campaign a new name",
            earlier.pinned.occurrence
        ))),
        None => Ok(None),
    }
}

fn deliver(job: Job, args: &Send, held: Held, clock: Clock, terminal: &Terminal) -> Outcome {
    let profile = job.pinned.profile().map_err(|error| Failure::State(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Internal(format!("no threads for sending: {error}")))?;
    let Held { store, lock, path } = held;
    let (driven, tally, mut store) =
        runtime.block_on(send_all(&job, profile, args.sandbox, store, clock, terminal))?;
    let (run, work) = conclude(&mut store, job.run, tally, clock)?;
    terminal.data(&summary(&run, &work));
    drop(lock);
    let code = ending(&driven, &run, terminal);
    next_steps(code, &run, args, &path, terminal);
    Ok(code)
}

/// Sends until the engine is done, and gives the store back.
async fn send_all(
    job: &Job,
    mut profile: Profile,
    sandbox: bool,
    store: Sqlite,
    clock: Clock,
    terminal: &Terminal,
) -> Result<(Driven, Tally, Sqlite), Failure> {
    let mut local = None;
    let secrets = if sandbox {
        let gateway =
            Sandbox::start(&profile).map_err(|error| Failure::Internal(format!("no sandbox: {error}")))?;
        let local_url = profile.with(Some(&gateway.url()), &serde_json::Map::new());
        profile = local_url.map_err(|error| Failure::Internal(error.to_string()))?;
        terminal.note(&format!(
            "Sandbox: a gateway on this machine ({}) that speaks {}. Nothing leaves the machine.\n",
            gateway.url(),
            profile.name()
        ));
        local = Some(gateway);
        profile.sandbox_secrets()
    } else {
        secrets::resolve(&profile).map_err(|error| Failure::Refused(error.to_string()))?
    };
    let profile = Arc::new(profile);
    let delivery = job.pinned.delivery();
    let counts = store.counts(job.run)?;
    let bar = terminal.bar(counts.planned, BAR);
    bar.set_prefix("sending");
    bar.set_position(counts.planned - counts.open());
    let begun = bar.position();
    let http = Http::new(&HttpOptions::default()).map_err(|error| Failure::Internal(error.to_string()))?;
    let gateway = Arc::new(Gateway {
        profile: Arc::clone(&profile),
        sender: job.pinned.sender.clone(),
        secrets,
        http,
        clock,
    });
    let mut engine =
        Engine::new(profile, delivery, job.suppression.clone(), job.pinned.address_kind(), clock.now());
    let journal = Journal::start(store, job.run)?;
    let driven = drive(&mut engine, &journal, &gateway, clock, &mut |engine, now| {
        show(&bar, begun, &engine.tally(), engine.waiting_for(now));
    })
    .await?;
    bar.finish_and_clear();
    drop(local);
    Ok((driven, engine.tally(), journal.close()?))
}

fn show(bar: &ProgressBar, begun: u64, tally: &Tally, waiting: Option<&str>) {
    bar.set_position(begun + tally.accepted + tally.rejected + tally.unknown + tally.suppressed);
    let mut message = String::new();
    for (number, word) in
        [(tally.rejected, "rejected"), (tally.unknown, "unknown"), (tally.retried, "tried again")]
    {
        if number > 0 {
            message.push_str(&format!("{} {word}  ", thousands(number)));
        }
    }
    if let Some(waiting) = waiting {
        message.push_str(&format!("waiting: {waiting}"));
    }
    bar.set_message(message);
}

/// Where the run stands now; one in which nothing is left to do is marked finished.
fn conclude(
    store: &mut Sqlite,
    run: RunId,
    tally: Tally,
    clock: Clock,
) -> Result<(crate::report::status::RunLine, Work), Failure> {
    if store.counts(run)?.open() == 0 {
        store.finish(run, clock.now().utc.timestamp_millis())?;
    }
    let found = store.runs(None)?.into_iter().find(|one| one.id == run);
    let run = found.ok_or_else(|| Failure::Internal("the run is gone from the state".to_owned()))?;
    let work = Work {
        requests: tally.requests,
        credentials: tally.credentials,
        retried: tally.retried,
        took: clock.now().elapsed,
        settled: tally.accepted + tally.rejected,
    };
    Ok((line(&run, false), work))
}

fn ending(driven: &Driven, run: &crate::report::status::RunLine, terminal: &Terminal) -> Code {
    let say = |text: &str| terminal.say(&format!("\u{1b}[1;33mstopped\u{1b}[0m: {text}"));
    match driven {
        Driven::Ended(End::Finished) => settled(run),
        Driven::Ended(End::Refused(why)) => {
            terminal.say(&format!("\u{1b}[1;31mrefused\u{1b}[0m: {why}"));
            Code::Refused
        }
        Driven::Ended(End::Paused(why)) => {
            say(why);
            Code::Stopped
        }
        Driven::Ended(End::Interrupted) if run.pending == 0 => settled(run),
        Driven::Ended(End::Interrupted) => {
            say("as asked, in order; what was under way has been heard out");
            Code::Stopped
        }
        Driven::Cut => {
            say("at once; what was under way is unknown");
            Code::Stopped
        }
    }
}

/// How a finished run ends the process.
fn settled(run: &crate::report::status::RunLine) -> Code {
    match (run.unknown, run.rejected) {
        (0, 0) => Code::Done,
        (0, _) => Code::Rejected,
        _ => Code::Unknown,
    }
}

fn next_steps(
    code: Code,
    run: &crate::report::status::RunLine,
    args: &Send,
    path: &std::path::Path,
    terminal: &Terminal,
) {
    let sandbox = if args.sandbox { " --sandbox" } else { "" };
    let shown = args.campaign.display();
    match code {
        Code::Stopped | Code::Refused => {
            terminal.note(&format!("\nNext, once that is mended:\n  sendplan send {shown}{sandbox}"));
        }
        Code::Unknown => terminal.note(&format!(
            "\n{} may or may not have arrived. They are kept as unknown in {} and are not sent again.",
            count(run.unknown, "message"),
            path.display()
        )),
        _ if args.sandbox => terminal.note(
            "\nNothing left this machine: the gateway was a sandbox, and nobody counts as sent to.\n\nNext, with the \
             gateway's credentials in the environment:\n  sendplan send {shown}"
                .replace("{shown}", &shown.to_string())
                .as_str(),
        ),
        _ => {}
    }
}
