//! `sendplan send`: sends what is due, takes up what was interrupted, and never begins twice.

use chrono::{DateTime, SecondsFormat, Utc};

use super::approval::Approved;
use super::beside::sending;
use super::connection::threads;
use super::deliver::deliver;
use super::ending::{decide_next, next_steps, settled};
use super::exit::{Code, Failure};
use super::flags::{Flags, quoted};
use super::job::{Beginning, Ground, begin, same_manifest, take_up};
use super::occasion::Occasion;
use super::places::whereabouts;
use super::preparing::Preparing;
use super::standing::{cancelled, line, said};
use super::state::{self, Held, hold};
use super::terminal::Terminal;
use super::unfinished::Unfinished;
use super::{Outcome, load};
use crate::campaign::Campaign;
use crate::cli::{Global, Send};
use crate::delivery::control::{Hold, HoldKind};
use crate::delivery::pinned::Pinned;
use crate::executor::facts::latest;
use crate::report::delivery::{Work, summary};
use crate::report::layout::duration;
use crate::schedule::{Due, LAST, Moment, Spread, When, Window, Zone};
use crate::store::control::Control;
use crate::store::sqlite::Sqlite;
use crate::store::{Run, Store};
use crate::world::clock::Clock;
use crate::world::workspace::{self, Loaded, Opened};

pub fn run(args: &Send, global: &Global, terminal: &Terminal) -> Outcome {
    let clock = Clock::start_at(args.now);
    let now = args.now.unwrap_or_else(|| clock.now().utc);
    let opened = workspace::open(&args.campaign)?;
    let Some(name) = opened.name().map(str::to_owned) else {
        return Err(Failure::Invalid { what: opened.source.name.clone(), problems: opened.load().1 });
    };
    let path = state::path(global, args.sandbox, Some(opened.repository()))?;
    let flags = Flags::new(global, args.sandbox, &path);
    let preparing = Preparing::begin(terminal)?;
    let approved = Approved::read(args.plan.as_deref())?;
    // A sandbox throws its last state away: not before it is known that there will be another.
    let ahead = if args.sandbox { Some(load::campaign(&args.campaign, terminal)?) } else { None };
    let begins_anew = args.sandbox && global.state.is_none();
    if let (true, Some(approved), Some(loaded)) = (begins_anew, &approved, &ahead) {
        approved.hold(loaded, terminal)?;
    }
    let since = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let what = sending(&name);
    let mut held = hold(global, path, args.sandbox, args.new_state, &what, &since, terminal)?;
    if let Some(hold) = held.store.hold_on(&name)? {
        on_hold(&name, &hold, args, &flags, terminal);
        return Ok(Code::Stopped);
    }
    let mut unfinished = Unfinished::of(&held.store, &name, args.sandbox, now)?;
    let job = match unfinished.ready.take() {
        Some(run) => {
            approved.as_ref().map_or(Ok(()), |approved| approved.hold_run(&run))?;
            take_up(opened, run, ground(&mut held, args, now, clock, terminal)?)?
        }
        None => {
            let loaded = ahead.map_or_else(|| load::campaign(&args.campaign, terminal), Ok)?;
            match choose(&loaded, &opened, &held.store, (args, &flags), now, terminal)? {
                Choice::Nothing(_) if !unfinished.waiting.is_empty() => {
                    unfinished.tell(terminal);
                    return Ok(Code::Stopped);
                }
                Choice::Nothing(code) => return Ok(code),
                Choice::NotNow(code) => {
                    // Whoever approved it learns before its time that it is another by now.
                    return approved
                        .map_or(Ok(()), |approved| approved.hold(&loaded, terminal))
                        .map(|()| code);
                }
                Choice::Begin(occurrence) => {
                    if let Some(approved) = approved.as_ref().filter(|_| !begins_anew) {
                        approved.hold(&loaded, terminal)?;
                    }
                    let approved = approved.map(|approved| approved.plan);
                    let beginning = Beginning { loaded, occurrence, place: opened.place(), approved };
                    begin(beginning, ground(&mut held, args, now, clock, terminal)?)?
                }
            }
        }
    };
    let delivered = deliver(job, preparing, held.store, &flags, clock, terminal)?;
    next_steps(&delivered, args, &flags, &held.path, terminal);
    drop(held.lock);
    Ok(delivered.code)
}

fn ground<'g>(
    held: &'g mut Held,
    args: &Send,
    now: DateTime<Utc>,
    clock: Clock,
    terminal: &'g Terminal,
) -> Result<Ground<'g>, Failure> {
    let (store, sandbox) = (&mut held.store, args.sandbox);
    Ok(Ground { store, sandbox, now, clock, runtime: threads()?, gauges: None, ends: None, terminal })
}

/// Somebody wants nothing of the campaign to go out.
fn on_hold(name: &str, hold: &Hold, args: &Send, flags: &Flags, terminal: &Terminal) {
    terminal.say(&format!("\u{1b}[1;33mstopped\u{1b}[0m: {name} is {hold}; nothing was sent."));
    let verb = if hold.what == HoldKind::Paused { "resume" } else { "cancel" };
    let shown = quoted(&args.campaign.display().to_string());
    terminal.note(&format!("\nNext:\n  sendplan {verb} {shown}{flags}"));
}

/// Whether a run is to be begun.
enum Choice {
    /// Of this occurrence.
    Begin(String),
    /// None; people were told why.
    Nothing(Code),
    /// None yet; people were told when.
    NotNow(Code),
}

/// What is to be begun, if anything is: not what went out before, or is not due. The same occurrence sends nothing
/// again; another one under the same name would send everybody a second copy, and is refused, unless the campaign says
/// that nobody gets two, or goes out again and again.
fn choose(
    loaded: &Loaded,
    opened: &Opened,
    store: &Sqlite,
    (args, flags): (&Send, &Flags),
    now: DateTime<Utc>,
    terminal: &Terminal,
) -> Result<Choice, Failure> {
    let campaign = &loaded.campaign;
    let name = &campaign.name;
    let runs = store.runs(Some(name))?;
    let last = latest(runs.iter().map(|run| run.pinned.occurrence.as_str()));
    let asked = occasion(loaded, last, now, terminal)?;
    let occurrence = asked.occasion.occurrence();
    if let Some(earlier) = runs.first() {
        let pinned = Pinned::from_json(&earlier.pinned.pinned);
        same_manifest(&pinned.map_err(|error| Failure::State(error.to_string()))?, opened, name)?;
    }
    if let Some(run) = runs.iter().find(|run| run.pinned.occurrence == occurrence) {
        if run.finished_at_ms.is_none() {
            // It waits; what for is told with all that wait.
            return Ok(Choice::Nothing(Code::Stopped));
        }
        return finished_already(run, store, args, flags, terminal).map(Choice::Nothing);
    }
    if let Some(earlier) = runs.first() {
        sent_already(campaign, earlier, &occurrence)?;
    }
    if args.sandbox {
        return Ok(Choice::Begin(occurrence));
    }
    if let Some(code) = not_due(campaign, &asked, now, terminal)? {
        return Ok(Choice::NotNow(code));
    }
    if let Some(until) = campaign.delivery.until.filter(|until| *until - now < LAST) {
        let shown = until.to_rfc3339_opts(SecondsFormat::Secs, true);
        terminal
            .data(&format!("Nothing is due: the time of {name} was over at {shown} (`schedule.until`).\n"));
        return Ok(Choice::Nothing(Code::Done));
    }
    let shut = campaign.delivery.window.and_then(|window| shut(campaign, window, now, terminal));
    Ok(shut.map_or(Choice::Begin(occurrence), Choice::NotNow))
}

/// Another occurrence under the same name would send everybody a second copy, unless the campaign says that nobody gets
/// two, or goes out again and again.
pub fn sent_already(campaign: &Campaign, earlier: &Run, occurrence: &str) -> Result<(), Failure> {
    let again = matches!(campaign.timetable.when, When::Series(_));
    if again || campaign.audience.frequency.once_per.is_some() {
        return Ok(());
    }
    Err(Failure::Standing(format!(
        "`{}` was sent already, as {}; as {occurrence} everybody would get it a second time. If that is meant, give \
         the campaign a new name; if only those who did not get it are, say `audience.once_per: campaign`",
        campaign.name, earlier.pinned.occurrence
    )))
}

/// Which occurrence it is, and whom it is for.
#[derive(Debug)]
pub struct Asked {
    /// The occurrence.
    pub occasion: Occasion,
    /// The zones of its people, a set for each, where that matters and was looked up.
    pub people: Option<Vec<Vec<Zone>>>,
}

impl Asked {
    /// When an occurrence comes to the first people.
    fn comes(&self, at: Moment) -> DateTime<Utc> {
        Spread::of(at, self.people.as_deref().unwrap_or_default()).first
    }
}

/// Which occurrence it is about, after the one that was due at `last`. Where each goes by their own clock, it begins when
/// the first of them shows its time: for that one must know where they are.
pub fn occasion(
    loaded: &Loaded,
    last: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    terminal: &Terminal,
) -> Result<Asked, Failure> {
    let campaign = &loaded.campaign;
    let anywhere = Occasion::since(&campaign.timetable, last, now, &[]);
    let theirs = campaign.delivery.recipients.is_some_and(|recipients| recipients.moment);
    if !theirs || matches!(anywhere.due, Due::Later(_)) {
        return Ok(Asked { occasion: anywhere, people: None });
    }
    let people = whereabouts(loaded, terminal)?;
    Ok(Asked { occasion: Occasion::since(&campaign.timetable, last, now, &people), people: Some(people) })
}

/// The same occurrence sends nothing again.
fn finished_already(
    run: &Run,
    store: &Sqlite,
    args: &Send,
    flags: &Flags,
    terminal: &Terminal,
) -> Result<Code, Failure> {
    let (name, occurrence) = (&run.pinned.campaign, &run.pinned.occurrence);
    let shown = line(run, false);
    let text = summary(&shown, &Work::default());
    let what = match cancelled(&said(store, name, HoldKind::Cancelled)?, run) {
        Some(said) => format!("was cancelled {said}"),
        None => "is finished already".to_owned(),
    };
    terminal.data(&format!("{name} ({occurrence}) {what}: nothing was sent.\n\n{text}"));
    terminal.note(
        "\nWho was added to its files since gets nothing: that is another campaign, with a name of its own.",
    );
    let code = settled(&shown);
    decide_next(code, args, flags, terminal);
    Ok(code)
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

/// Why nothing is due, if so.
fn not_due(
    campaign: &Campaign,
    asked: &Asked,
    now: DateTime<Utc>,
    terminal: &Terminal,
) -> Result<Option<Code>, Failure> {
    let (name, occasion) = (&campaign.name, asked.occasion);
    let shown = |at: Moment| at.zone.show(at.instant());
    let ago = |at: Moment| duration((now - asked.comes(at)).to_std().unwrap_or_default());
    if let Some(at) = occasion.left_out {
        terminal.say(&format!(
            "{name} was to go out at {}, {} ago: missed, and left out (`schedule.missed: skip`).",
            shown(at),
            ago(at)
        ));
    }
    match occasion.due {
        Due::Now(_) => return Ok(None),
        Due::Later(at) => {
            let wait = duration((asked.comes(at) - now).to_std().unwrap_or_default());
            terminal.data(&format!("Nothing is due: {name} goes out at {}, in {wait}.\n", shown(at)));
        }
        Due::Missed(at) => {
            let then = match campaign.timetable.when {
                When::Series(_) => "Say `schedule.missed: send` to send it late, or `skip` to leave it out",
                _ => "Set `schedule.at` anew",
            };
            return Err(Failure::Standing(format!(
                "`{name}` was to go out at {}, {} ago: too late to send it by itself. {then}",
                shown(at),
                ago(at)
            )));
        }
        Due::Over(Some(at)) => terminal.data(&format!(
            "Nothing is due: {name} was to go out at {}, {} ago; it was missed, and is left out.\n",
            shown(at),
            ago(at)
        )),
        Due::Over(None) => {
            terminal.data(&format!("Nothing is due: {name} does not go out any more, the series is over.\n"));
        }
    }
    Ok(Some(Code::Done))
}
