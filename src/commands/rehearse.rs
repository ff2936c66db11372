//! `sendplan rehearse`: the whole campaign on a virtual clock, against a gateway in memory and with what people want to
//! go wrong. Nothing is sent, no credentials are needed, and nothing is left behind.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::contacts::{Asking, known};
use super::exit::{Code, Failure};
use super::flags::{Flags, quoted};
use super::occasion::Occasion;
use super::pin::pin;
use super::terminal::Terminal;
use super::{Outcome as Verdict, load, page_file, state};
use crate::campaign::Campaign;
use crate::cli::{Format, Global, Rehearse};
use crate::delivery::contacts::Contacts;
use crate::delivery::paces::limits;
use crate::delivery::state::State;
use crate::report::layout::duration;
use crate::report::rehearsal::{Hour, Proof, RehearsalReport, Setting, Times};
use crate::schedule::{When, Zone};
use crate::simulation::rehearsal::book::Quarter;
use crate::simulation::rehearsal::weather::Weather;
use crate::simulation::rehearsal::world::{ANSWER, COMMIT, TIME_OUT};
use crate::simulation::rehearsal::{
    Ending, LONGEST_WISH, MENDED, Outcome, Piece, RESTARTED, RehearsalError, rehearse,
};
use crate::store::sqlite::Sqlite;
use crate::store::{Run, Store};
use crate::units::thousands;
use crate::world::clock::Clock;
use crate::world::workspace::{self, Loaded};

const BAR: &str = "  {prefix} {bar:32} {human_pos} of {human_len}";

pub fn run(args: &Rehearse, global: &Global, terminal: &Terminal) -> Verdict {
    let weather: Weather = match args.fault.as_deref().unwrap_or_default().parse() {
        Ok(weather) => weather,
        Err(error) => return Err(Failure::Input(format!("--fault: {error}"))),
    };
    args.html.as_deref().map_or(Ok(()), page_file::check)?;
    let loaded = load::campaign(&args.campaign, terminal)?;
    let opened = workspace::open(&args.campaign)?;
    let path = state::path(global, false, Some(opened.repository()))?;
    let real = state::look(&path)?;
    let start = Start::of(args, &loaded.campaign, real.as_ref())?;
    let (opt_outs, contacts) = said_before(real, &loaded.campaign, &start)?;
    let mut store = Sqlite::passing()?;
    let (at_ms, occurrence) = (start.at.timestamp_millis(), start.occasion.occurrence());
    let run = pin(&mut store, &loaded, &occurrence, &opened.place(), true, at_ms, terminal)?;
    let pinned = store.runs(None)?.into_iter().find(|one| one.id == run);
    let pinned = pinned.ok_or_else(|| Failure::Internal("the run is gone from the state".to_owned()))?;
    let piece = Piece {
        profile: Arc::clone(&loaded.campaign.profile),
        delivery: loaded.campaign.delivery,
        kind: loaded.campaign.audience.rules.kind,
        suppression: loaded.suppression.clone(),
        opt_outs,
        contacts,
        starts: start.at,
        weather,
        seed: args.seed,
    };
    let bar = terminal.bar(pinned.counts.planned, BAR);
    bar.set_prefix("rehearsing");
    let outcome = rehearse(&piece, store, run, &mut |left| bar.set_position(left));
    bar.finish_and_clear();
    let outcome = outcome.map_err(|error| match error {
        RehearsalError::Store(error) => Failure::Store(error),
        RehearsalError::Standstill(_) => Failure::Internal(error.to_string()),
    })?;
    let zone = zone(&loaded.campaign, &start);
    let report = report(&piece, &loaded, &outcome, zone);
    let flags = Flags::new(global, false, &path);
    let setting = setting(args, &flags, &start, &loaded, &pinned, &outcome, zone);
    terminal.data(&match args.format {
        Format::Json => report.json(),
        Format::Human => report.human(&setting),
    });
    if let Some(path) = &args.html {
        page_file::write(path, &report.page(&setting))?;
        terminal.note(&format!("the page is in {}", path.display()));
    }
    let broken: Vec<String> =
        report.proofs.iter().filter(|one| !one.holds).map(|one| one.law.replace('_', " ")).collect();
    match (broken.is_empty(), outcome.ending) {
        (false, _) => {
            Err(Failure::Internal(format!("our own failure: this does not hold: {}", broken.join("; "))))
        }
        (true, Ending::Finished) => Ok(Code::Done),
        (true, Ending::GivenUp | Ending::TooLong) => Ok(Code::Stopped),
    }
}

/// When it begins, and by whose word.
struct Start {
    at: DateTime<Utc>,
    occasion: Occasion,
    why: &'static str,
}

impl Start {
    fn of(args: &Rehearse, campaign: &Campaign, real: Option<&Sqlite>) -> Result<Self, Failure> {
        let now = args.now.unwrap_or_else(|| Clock::start().now().utc);
        let occasion = match real {
            Some(real) => Occasion::read(real, campaign, now)?,
            None => Occasion::first(campaign, now),
        };
        let (at, why) = match (&campaign.timetable.when, occasion.at(), args.now) {
            (When::At(at), ..) => (at.instant(), "as the manifest says"),
            (When::Series(_), Some(at), _) => (at.instant(), "the next of its series"),
            (_, _, Some(_)) => (now, "as --now says"),
            _ => (now, "now: the manifest names no time; --now TIME makes it the same each time"),
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

/// By whose clock people are told.
fn zone(campaign: &Campaign, start: &Start) -> Zone {
    let window = campaign.delivery.window.map(|window| window.zone());
    start.occasion.at().map(|at| at.zone).or(window).unwrap_or(Zone::UTC)
}

fn report(piece: &Piece, loaded: &Loaded, outcome: &Outcome, zone: Zone) -> RehearsalReport {
    let counts = &outcome.counts;
    let times = |(what, times): (String, u64)| Times { what, times };
    RehearsalReport {
        version: 1,
        campaign: loaded.campaign.name.clone(),
        seed: piece.seed,
        faults: piece.weather.to_string(),
        zone: zone.to_string(),
        starts_at: zone.at(piece.starts),
        first_at: outcome.book.left.map(|(first, _)| zone.at(first)),
        last_at: outcome.book.left.map(|(_, last)| zone.at(last)),
        ends_at: zone.at(outcome.ended),
        ended: match outcome.ending {
            Ending::Finished => "finished",
            Ending::GivenUp => "given_up",
            Ending::TooLong => "too_long",
        },
        planned: counts.planned,
        accepted: counts.of(State::Accepted),
        rejected: counts.of(State::Rejected),
        held: counts.of(State::Held),
        expired: counts.of(State::Expired),
        unknown: counts.of(State::Unknown) + counts.of(State::Intent),
        unknown_taken: outcome.audit.unknown_taken,
        suppressed: counts.of(State::Suppressed),
        pending: counts.of(State::Pending),
        requests: outcome.requests,
        retried: outcome.retried,
        log_ins: outcome.credentials,
        held_up_by_window: outcome.held_up,
        window_waits: outcome.waits,
        window_waited_s: outcome.waited.as_secs(),
        crashes: outcome.crashes,
        stops: outcome.stops.clone().into_iter().map(times).collect(),
        happened: outcome.befell.listed().map(|(word, number)| times((word.to_owned(), number))).collect(),
        at_work_ms: u64::try_from(outcome.at_work.as_millis()).unwrap_or(u64::MAX),
        busiest_second: outcome.book.busiest,
        hours: hours(outcome, zone),
        proofs: proofs(piece, outcome),
    }
}

/// Quarters of an hour as hours of the zone.
fn hours(outcome: &Outcome, zone: Zone) -> Vec<Hour> {
    let mut hours: Vec<Hour> = Vec::new();
    for (at, quarter) in outcome.book.quarters() {
        let local = zone.at(at);
        let minutes = local.timestamp() + i64::from(local.offset().local_minus_utc());
        let from = local - chrono::TimeDelta::seconds(minutes.rem_euclid(3600));
        match hours.last_mut().filter(|last| last.from == from) {
            Some(last) => add(last, &quarter),
            None => {
                let mut hour = Hour { from, sent: 0, taken: 0, accepted: 0, rejected: 0, unknown: 0 };
                add(&mut hour, &quarter);
                hours.push(hour);
            }
        }
    }
    hours
}

fn add(hour: &mut Hour, quarter: &Quarter) {
    hour.sent += quarter.sent;
    hour.taken += quarter.taken;
    hour.accepted += quarter.accepted;
    hour.rejected += quarter.rejected;
    hour.unknown += quarter.unknown;
}

/// What must be true, held against what was seen.
fn proofs(piece: &Piece, outcome: &Outcome) -> Vec<Proof> {
    let (counts, audit, book) = (&outcome.counts, &outcome.audit, &outcome.book);
    let mut sum = format!("{} = ", thousands(counts.planned));
    let words = [State::Accepted, State::Rejected, State::Held, State::Expired, State::Unknown];
    for (at, state) in words.into_iter().chain([State::Suppressed]).enumerate() {
        let plus = if at == 0 { "" } else { " + " };
        let _ = write!(sum, "{plus}{} {state}", thousands(counts.of(state)));
    }
    if counts.open() > 0 {
        let _ = write!(sum, " + {} pending", thousands(counts.open()));
    }
    let recounted =
        State::ALL.iter().map(|state| counts.of(*state).abs_diff(audit.counted.of(*state))).sum::<u64>();
    let lost = counts.planned.abs_diff(counts.sum()) + counts.planned.abs_diff(audit.counted.planned);
    let proof = |law, against: u64, seen: String| Proof { law, holds: against == 0, seen, against };
    let mut proofs = vec![
        proof("everybody_is_somewhere", lost + recounted, sum),
        proof(
            "nobody_twice",
            book.twice,
            format!("{} of {} taken more than once", thousands(book.twice), thousands(book.taken)),
        ),
        proof(
            "written_as_it_was",
            audit.never_taken + audit.taken_after_all,
            format!(
                "{} accepted that the gateway never had, {} not sent that it had",
                thousands(audit.never_taken),
                thousands(audit.taken_after_all)
            ),
        ),
    ];
    if piece.delivery.window.is_some() {
        let seen = format!("{} taken outside of it", thousands(book.outside));
        proofs.push(proof("only_in_the_window", book.outside, seen));
    }
    proofs
}

fn setting(
    args: &Rehearse,
    flags: &Flags,
    start: &Start,
    loaded: &Loaded,
    pinned: &Run,
    outcome: &Outcome,
    zone: Zone,
) -> Setting {
    let campaign = &loaded.campaign;
    let excluded = pinned.excluded;
    let shown = quoted(&args.campaign.display().to_string());
    Setting {
        starts: format!("{}, {}", zone.show(start.at), start.why),
        left: outcome.book.left.map(|(first, last)| (zone.show(first), zone.show(last))),
        ends: zone.show(outcome.ended),
        window: campaign.delivery.window.map(|window| window.to_string()),
        pace: pace(campaign),
        gateway: super::plan::gateway(campaign),
        assumed: assumed(),
        left_out: [
            (excluded.rejected, "unusable"),
            (excluded.suppressed, "on a suppression list"),
            (excluded.duplicates, "in it already"),
            (excluded.filtered, "left out by `where`"),
        ],
        next: vec![format!("sendplan send {shown} --sandbox{}", flags.without_sandbox())],
    }
}

fn pace(campaign: &Campaign) -> String {
    let limits = limits(&campaign.delivery, campaign.profile.limits());
    let rates = [(limits.messages, "messages"), (limits.segments, "segments"), (limits.requests, "requests")];
    let mut pace = String::new();
    for (rate, of) in rates {
        if let Some(rate) = rate {
            let _ = write!(pace, "{rate} ({of}), ");
        }
    }
    let most = campaign.delivery.concurrency;
    let plural = if most == 1 { "" } else { "s" };
    format!("{pace}{most} request{plural} at once at most")
}

fn assumed() -> Vec<String> {
    let ms = |time: Duration| time.as_millis();
    vec![
        format!(
            "an answer takes {} to {} ms, {} where it does not come; a commit {} to {} ms",
            ms(ANSWER.0),
            ms(ANSWER.1),
            duration(TIME_OUT),
            ms(COMMIT.0),
            ms(COMMIT.1)
        ),
        format!("a 429 that says when to come back says {LONGEST_WISH} s or less"),
        format!(
            "taken up again {} s after a crash, {} min after it stops by itself, when the window opens",
            RESTARTED.as_secs(),
            MENDED.as_secs() / 60
        ),
    ]
}
