//! `sendplan rehearse`: the whole campaign on a virtual clock, against a gateway in memory and with what people want to
//! go wrong. Nothing is sent, no credentials are needed, and nothing is left behind.

mod told;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use self::told::{report, setting};
use super::contacts::{Asking, known};
use super::exit::{Code, Failure};
use super::flags::Flags;
use super::occasion::Occasion;
use super::pin::{Subject, pin};
use super::places::whereabouts;
use super::terminal::Terminal;
use super::{Outcome as Verdict, load, page_file, state};
use crate::campaign::Campaign;
use crate::cli::{Format, Global, Rehearse};
use crate::delivery::contacts::Contacts;
use crate::report::rehearsal::RehearsalReport;
use crate::schedule::{Spread, When, Zone};
use crate::simulation::rehearsal::weather::Weather;
use crate::simulation::rehearsal::{Ending, Piece, RehearsalError, rehearse};
use crate::store::sqlite::Sqlite;
use crate::store::{Run, Store};
use crate::world::clock::Clock;
use crate::world::workspace::{self, Loaded};

const BAR: &str = "  {prefix} {bar:32} {human_pos} of {human_len}";

pub fn run(args: &Rehearse, global: &Global, terminal: &Terminal) -> Verdict {
    let weather: Weather = match args.fault.as_deref().unwrap_or_default().parse() {
        Ok(weather) => weather,
        Err(error) => return Err(Failure::Usage(format!("--fault: {error}"))),
    };
    args.html.as_deref().map_or(Ok(()), page_file::check)?;
    let loaded = load::campaign(&args.campaign, terminal)?;
    let opened = workspace::open(&args.campaign)?;
    let path = state::path(global, false, Some(opened.repository()))?;
    let real = state::look(&path)?;
    let start = Start::of(args, &loaded, real.as_ref(), terminal)?;
    let (opt_outs, contacts) = said_before(real, &loaded.campaign, &start)?;
    let mut store = Sqlite::passing()?;
    let pinned = planned(&mut store, &loaded, &start, &opened.place(), terminal)?;
    let piece = piece(weather, args.seed, &loaded, &start, (opt_outs, contacts));
    let bar = terminal.bar(pinned.counts.planned, BAR);
    bar.set_prefix("rehearsing");
    let outcome = rehearse(&piece, store, &pinned, &mut |left| bar.set_position(left));
    bar.finish_and_clear();
    let outcome = outcome.map_err(|error| match error {
        RehearsalError::Store(error) => Failure::Store(error),
        RehearsalError::Standstill(_) => Failure::Internal(error.to_string()),
    })?;
    let zone = zone(&loaded.campaign, &start);
    let report = report(&piece, &loaded, &outcome, zone);
    let flags = Flags::new(global, false, &path);
    let starts = format!("{}, {}", zone.show(start.at), start.why);
    let setting = setting(args, &flags, starts, &loaded, &pinned, &outcome, zone);
    terminal.data(&match args.format {
        Format::Json => report.json(),
        Format::Human => report.human(&setting),
    });
    if let Some(path) = &args.html {
        page_file::write(path, &report.page(&setting))?;
        terminal.note(&format!("the page is in {}", path.display()));
    }
    verdict(&report, outcome.ending)
}

/// The run of the rehearsal, pinned into a state of its own.
fn planned(
    store: &mut Sqlite,
    loaded: &Loaded,
    start: &Start,
    place: &str,
    terminal: &Terminal,
) -> Result<Run, Failure> {
    let occurrence = start.occasion.occurrence();
    let subject = Subject { loaded, occurrence: &occurrence, place, sandbox: true, approved: None };
    let run = pin(store, subject, start.at.timestamp_millis(), &mut || false, terminal)?;
    let pinned = store.runs(None)?.into_iter().find(|one| one.id == run);
    pinned.ok_or_else(|| Failure::Internal("the run is gone from the state".to_owned()))
}

fn piece(
    weather: Weather,
    seed: u64,
    loaded: &Loaded,
    start: &Start,
    (opt_outs, contacts): (Vec<String>, Contacts),
) -> Piece {
    let campaign = &loaded.campaign;
    Piece {
        profile: Arc::clone(&campaign.profile),
        delivery: campaign.delivery,
        kind: campaign.audience.rules.kind,
        suppression: loaded.suppression.clone(),
        opt_outs,
        contacts,
        starts: start.at,
        weather,
        seed,
    }
}

/// A law that does not hold is our own failure, whatever came of the campaign.
fn verdict(report: &RehearsalReport, ending: Ending) -> Verdict {
    let broken: Vec<String> =
        report.proofs.iter().filter(|one| !one.holds).map(|one| one.law.replace('_', " ")).collect();
    if !broken.is_empty() {
        let broken = broken.join("; ");
        return Err(Failure::Internal(format!("our own failure: this does not hold: {broken}")));
    }
    match ending {
        Ending::Finished => Ok(Code::Done),
        Ending::GivenUp | Ending::TooLong => Ok(Code::Stopped),
    }
}

/// When it begins, and by whose word.
struct Start {
    at: DateTime<Utc>,
    occasion: Occasion,
    why: String,
}

impl Start {
    /// Where each goes by their own clock, it begins when the first of them shows its time.
    fn of(
        args: &Rehearse,
        loaded: &Loaded,
        real: Option<&Sqlite>,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let campaign = &loaded.campaign;
        let now = args.now.unwrap_or_else(|| Clock::start().now().utc);
        let runs = real.map_or_else(|| Ok(Vec::new()), |real| real.runs(Some(&campaign.name)))?;
        let people = whereabouts(loaded, terminal)?;
        let occasion = Occasion::after(&campaign.timetable, &runs, now, &people);
        let (at, why) = match (&campaign.timetable.when, occasion.at(), args.now) {
            (When::At(_) | When::Series(_), Some(at), _) if at.zone.is_recipient() => {
                let why = format!("when the first recipient's clock shows {}", at.local);
                (Spread::of(at, &people).first, why.replace('T', " "))
            }
            (When::At(at), ..) => (at.instant(), "as the manifest says".to_owned()),
            (When::Series(_), Some(at), _) => (at.instant(), "the next of its series".to_owned()),
            (_, _, Some(_)) => (now, "as --now says".to_owned()),
            _ => (now, "now: the manifest names no time; --now TIME makes it the same each time".to_owned()),
        };
        Ok(Self { at, occasion, why })
    }
}

/// Whom the real state would leave out, where there is one: it is only read.
fn said_before(
    store: Option<Sqlite>,
    campaign: &Campaign,
    start: &Start,
) -> Result<(Vec<String>, Contacts), Failure> {
    let Some(store) = store else { return Ok((Vec::new(), Contacts::default())) };
    let run = store.run(&campaign.name, &start.occasion.occurrence())?.map(|run| run.id);
    let frequency = &campaign.audience.frequency;
    let asking = Asking { campaign: &campaign.name, frequency, run, cuts_texts: false };
    Ok((store.opt_outs()?, known(&store, asking, start.at)?))
}

/// By whose clock people are told: the campaign's, where it has one.
fn zone(campaign: &Campaign, start: &Start) -> Zone {
    let window = campaign.delivery.window.map(|window| window.zone());
    let zones = [start.occasion.at().map(|at| at.zone), window];
    zones.into_iter().flatten().find(|zone| !zone.is_recipient()).unwrap_or(Zone::UTC)
}
