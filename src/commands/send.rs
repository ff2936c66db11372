//! `sendplan send`: sends what is due, takes up what was interrupted, and never begins twice.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::beside::sending;
use super::connection::{Connection, Place};
use super::deliver::{Job, deliver};
use super::ending::{next_steps, settled};
use super::exit::{Code, Failure};
use super::flags::{Flags, quoted};
use super::pin::pin;
use super::preparing::Preparing;
use super::standing::{cancelled, line, said};
use super::state::{self, Held, hold};
use super::terminal::Terminal;
use super::{Outcome, load};
use crate::campaign::{Campaign, Unknown};
use crate::cli::{Global, Send};
use crate::delivery::control::{Hold, HoldKind};
use crate::delivery::pinned::Pinned;
use crate::executor::resume::send_again;
use crate::report::delivery::{Work, summary};
use crate::report::layout::{count, duration};
use crate::schedule::{Moment, Window};
use crate::store::control::Control;
use crate::store::sqlite::Sqlite;
use crate::store::{Run, Store, run_key};
use crate::world::clock::Clock;
use crate::world::workspace::{self, Loaded, Opened};

/// A moment that has passed for longer than this is not simply late: nobody meant it to go out today.
const LATE: TimeDelta = TimeDelta::hours(24);

pub fn run(args: &Send, global: &Global, terminal: &Terminal) -> Outcome {
    let clock = Clock::start();
    let now = args.now.unwrap_or_else(|| clock.now().utc);
    let opened = workspace::open(&args.campaign)?;
    let Some(name) = opened.name().map(str::to_owned) else {
        return Err(Failure::Invalid { what: opened.source.name.clone(), problems: opened.load().1 });
    };
    let path = state::path(global, args.sandbox, Some(opened.repository()))?;
    let flags = Flags::new(global, args.sandbox, &path);
    let preparing = Preparing::begin(terminal)?;
    // A sandbox throws its last state away: not before it is known that there will be another.
    let ahead = if args.sandbox { Some(load::campaign(&args.campaign, terminal)?) } else { None };
    let since = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let what = sending(&name);
    let mut held = hold(global, path, args.sandbox, args.new_state, &what, &since, terminal)?;
    if let Some(hold) = held.store.hold_on(&name)? {
        on_hold(&name, &hold, args, &flags, terminal);
        return Ok(Code::Stopped);
    }
    let begun = held.store.unfinished(&name)?.into_iter().next();
    let job = match begun {
        Some(run) => resume(opened, run, &mut held, now, args.sandbox, clock, terminal)?,
        None => {
            let loaded = ahead.map_or_else(|| load::campaign(&args.campaign, terminal), Ok)?;
            match nothing_to_begin(&loaded, &opened, &held.store, args, now, terminal)? {
                Some(code) => return Ok(code),
                None => begin(loaded, &opened.place(), &mut held, args.sandbox, now, clock, terminal)?,
            }
        }
    };
    let delivered = deliver(job, preparing, held.store, &flags, clock, terminal)?;
    next_steps(&delivered, args, &flags, &held.path, terminal);
    drop(held.lock);
    Ok(delivered.code)
}

/// Somebody wants nothing of the campaign to go out.
fn on_hold(name: &str, hold: &Hold, args: &Send, flags: &Flags, terminal: &Terminal) {
    terminal.say(&format!("\u{1b}[1;33mstopped\u{1b}[0m: {name} is {hold}; nothing was sent."));
    let verb = if hold.what == HoldKind::Paused { "resume" } else { "cancel" };
    let shown = quoted(&args.campaign.display().to_string());
    terminal.note(&format!("\nNext:\n  sendplan {verb} {shown}{flags}"));
}

/// Takes up a run as it was when it began.
fn resume(
    opened: Opened,
    run: Run,
    held: &mut Held,
    now: DateTime<Utc>,
    sandbox: bool,
    clock: Clock,
    terminal: &Terminal,
) -> Result<Job, Failure> {
    let unreadable = |error: crate::delivery::pinned::PinnedError| Failure::State(error.to_string());
    let pinned = Pinned::from_json(&run.pinned.pinned).map_err(unreadable)?;
    same_manifest(&pinned, &opened, &run.pinned.campaign)?;
    let what = opened.source.name.clone();
    let (kind, column) = (pinned.address_kind().map_err(unreadable)?, pinned.address_column.clone());
    let (suppression, lists) = opened
        .load_suppression(kind, &column, &pinned.suppress)
        .map_err(|problems| Failure::Invalid { what, problems })?;
    let key = run.pinned.key();
    let profile = pinned.profile().map_err(unreadable)?;
    let mut delivery = pinned.delivery().map_err(unreadable)?;
    let frequency = pinned.frequency().map_err(unreadable)?;
    let connection =
        Connection::open(profile, key, &pinned.sender, delivery.window, Place::of(sandbox), clock, terminal)?;
    let lost = held.store.recover(run.id, now.timestamp_millis())?;
    if lost > 0 {
        let text = count(lost, "message");
        let then = match delivery.unknown {
            Unknown::Hold => "unknown from now on, not sent again",
            Unknown::Resend => "nobody knows of them, and they are sent again, as the campaign says",
        };
        terminal.say(&format!("{text} under way when it was interrupted: {then}."));
    }
    if sandbox {
        delivery.window = None;
    }
    if delivery.unknown == Unknown::Resend {
        send_again(&mut held.store, run.id, delivery.retry.attempts, now.timestamp_millis())?;
    }
    let open = held.store.counts(run.id)?.open();
    terminal.note(&format!(
        "Taking up `{}` ({}): {} left, as it was when it began; later edits of its files change nothing in it.",
        run.pinned.campaign,
        run.pinned.occurrence,
        count(open, "message")
    ));
    Ok(Job { run: run.id, frequency, delivery, kind, column, suppression, lists, connection })
}

/// Two campaigns of one name would take each other for sent.
fn same_manifest(pinned: &Pinned, opened: &Opened, name: &str) -> Result<(), Failure> {
    let here = opened.place();
    if pinned.manifest == here {
        return Ok(());
    }
    Err(Failure::Input(format!(
        "`{name}` was begun from `{}`, and this is `{here}`: two campaigns cannot share a name. Give this one another",
        pinned.manifest
    )))
}

/// Why there is nothing to begin, if so: it went out before, or it is not due. The same occurrence sends nothing
/// again; another one under the same name would send everybody a second copy, and is refused, unless the campaign says
/// that nobody gets two.
fn nothing_to_begin(
    loaded: &Loaded,
    opened: &Opened,
    store: &Sqlite,
    args: &Send,
    now: DateTime<Utc>,
    terminal: &Terminal,
) -> Result<Option<Code>, Failure> {
    let campaign = &loaded.campaign;
    let (name, occurrence) = (&campaign.name, campaign.occurrence());
    let runs = store.runs(Some(name))?;
    if let Some(run) = runs.iter().find(|run| run.pinned.occurrence == occurrence) {
        let pinned =
            Pinned::from_json(&run.pinned.pinned).map_err(|error| Failure::State(error.to_string()))?;
        same_manifest(&pinned, opened, name)?;
        let shown = line(run, false);
        let text = summary(&shown, &Work::default());
        let what = match cancelled(&said(store, name, HoldKind::Cancelled)?, run) {
            Some(said) => format!("was cancelled {said}"),
            None => "is finished already".to_owned(),
        };
        terminal.data(&format!("{name} ({occurrence}) {what}: nothing was sent.\n\n{text}"));
        terminal.note("\nWho was added to its files since gets nothing: that is another campaign, with a name of its own.");
        return Ok(Some(settled(&shown)));
    }
    if let Some(earlier) = runs.first().filter(|_| campaign.audience.frequency.once_per.is_none()) {
        return Err(Failure::Input(format!(
            "`{name}` was sent already, as {}; as {occurrence} everybody would get it a second time. If that is \
             meant, give the campaign a new name; if only those who did not get it are, say `audience.once_per: campaign`",
            earlier.pinned.occurrence
        )));
    }
    if let Some(earlier) = runs.first() {
        let pinned = Pinned::from_json(&earlier.pinned.pinned);
        same_manifest(&pinned.map_err(|error| Failure::State(error.to_string()))?, opened, name)?;
    }
    if args.sandbox {
        return Ok(None);
    }
    if let Some(at) = campaign.at
        && let Some(code) = due(campaign, at, now, terminal)?
    {
        return Ok(Some(code));
    }
    Ok(campaign.delivery.window.and_then(|window| shut(campaign, window, now, terminal)))
}

/// Outside the hours of the day nothing is begun.
fn shut(campaign: &Campaign, window: Window, now: DateTime<Utc>, terminal: &Terminal) -> Option<Code> {
    if window.has_time(now) {
        return None;
    }
    let opens = window.zone().show(window.opens_next(now));
    terminal.data(&format!(
        "Nothing may go out now: the window of {} ({window}) opens at {opens}.\n",
        campaign.name
    ));
    Some(Code::Done)
}

fn due(
    campaign: &Campaign,
    at: Moment,
    now: DateTime<Utc>,
    terminal: &Terminal,
) -> Result<Option<Code>, Failure> {
    let (name, shown) = (&campaign.name, at.zone.show(at.instant()));
    if now - at.instant() > LATE {
        return Err(Failure::Input(format!(
            "`{name}` was to go out at {shown}, {} ago: too late to send it by itself. Set `schedule.at` anew",
            duration((now - at.instant()).to_std().unwrap_or_default())
        )));
    }
    if at.instant() <= now {
        return Ok(None);
    }
    let wait = duration((at.instant() - now).to_std().unwrap_or_default());
    terminal.data(&format!("Nothing is due: {name} goes out at {shown}, in {wait}.\n"));
    Ok(Some(Code::Done))
}

/// Begins a run. The gateway is spoken to first: one that will have nothing of us should not find a run that
/// was pinned for it.
fn begin(
    loaded: Loaded,
    place: &str,
    held: &mut Held,
    sandbox: bool,
    now: DateTime<Utc>,
    clock: Clock,
    terminal: &Terminal,
) -> Result<Job, Failure> {
    let campaign = &loaded.campaign;
    let key = run_key(&campaign.name, &campaign.occurrence());
    let profile = (*campaign.profile).clone();
    let mut delivery = campaign.delivery;
    let window = delivery.window;
    let mut connection =
        Connection::open(profile, key, &campaign.sender, window, Place::of(sandbox), clock, terminal)?;
    // Nobody is woken by a sandbox.
    if sandbox {
        delivery.window = None;
    }
    connection.log_in()?;
    let run = pin(&mut held.store, &loaded, place, sandbox, now.timestamp_millis(), terminal)?;
    Ok(Job {
        run,
        frequency: campaign.audience.frequency.clone(),
        delivery,
        kind: campaign.audience.rules.kind,
        column: campaign.audience.address_column.clone(),
        suppression: loaded.suppression,
        lists: loaded.lists,
        connection,
    })
}
