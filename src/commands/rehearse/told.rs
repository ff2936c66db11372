//! What came of a rehearsal, in its report's words: figures, hours, what was proved, and what was taken for granted.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::campaign::Campaign;
use crate::campaign::Delivery;
use crate::cli::Rehearse;
use crate::commands::connection::no_sandbox;
use crate::commands::flags::{Flags, quoted};
use crate::commands::places::name;
use crate::commands::standing::left_out;
use crate::delivery::paces::limits;
use crate::delivery::state::State;
use crate::report::layout::duration;
use crate::report::rehearsal::{Hour, Proof, RehearsalReport, Setting, Times, ZoneLine};
use crate::schedule::Zone;
use crate::simulation::rehearsal::book::Quarter;
use crate::simulation::rehearsal::world::{ANSWER, COMMIT, TIME_OUT};
use crate::simulation::rehearsal::{Ending, LONGEST_WISH, MENDED, Outcome, Piece, Place, RESTARTED};
use crate::store::Run;
use crate::units::thousands;
use crate::world::workspace::Loaded;

/// What came of it.
pub fn report(piece: &Piece, loaded: &Loaded, outcome: &Outcome, zone: Zone) -> RehearsalReport {
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
        hours: hours(outcome.book.quarters(None), zone),
        zones: zones(outcome, zone),
        held_for: outcome.audit.held.clone().into_iter().map(times).collect(),
        proofs: proofs(piece, outcome),
    }
}

/// Quarters of an hour as hours of the zone.
fn hours(quarters: Vec<(DateTime<Utc>, Quarter)>, zone: Zone) -> Vec<Hour> {
    let mut hours: Vec<Hour> = Vec::new();
    for (at, quarter) in quarters {
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

/// Those who go by clocks of their own, from the east to the west; their hours are told by one clock for all.
fn zones(outcome: &Outcome, common: Zone) -> Vec<ZoneLine> {
    let line = |place: &Place| {
        let zones: Vec<Zone> = place.zones.iter().filter_map(|name| Zone::named(name)).collect();
        let first = zones.first().copied().unwrap_or(Zone::UTC);
        let left = outcome.book.left(place.dial);
        let then = left.map_or(outcome.ended, |(first, _)| first);
        let offset = |zone: &Zone| zone.at(then).offset().local_minus_utc();
        let counts = &place.counts;
        ZoneLine {
            name: name(&zones),
            zones: place.zones.clone(),
            east_s: zones.iter().map(offset).max().unwrap_or(0),
            west_s: zones.iter().map(offset).min().unwrap_or(0),
            planned: counts.planned,
            accepted: counts.of(State::Accepted),
            rejected: counts.of(State::Rejected),
            expired: counts.of(State::Expired),
            unknown: counts.of(State::Unknown) + counts.of(State::Intent),
            suppressed: counts.of(State::Suppressed),
            pending: counts.of(State::Pending),
            first_at: left.map(|(at, _)| first.at(at)),
            last_at: left.map(|(_, at)| first.at(at)),
            hours: hours(outcome.book.quarters(Some(place.dial)), common),
        }
    };
    let mut lines: Vec<ZoneLine> = outcome.places.iter().map(line).collect();
    lines.sort_by(|one, other| {
        (other.east_s, other.west_s, &one.zones).cmp(&(one.east_s, one.west_s, &other.zones))
    });
    lines
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
    if piece.delivery.recipients.is_some() || !piece.delivery.hours().is_always() {
        let seen = format!("{} of {} taken outside of them", thousands(book.outside), thousands(book.taken));
        proofs.push(proof("only_in_their_hours", book.outside, seen));
    }
    if counts.of(State::Expired) > 0 {
        let early = audit.expired_early;
        let seen = format!("{} of {} had time left", thousands(early), thousands(counts.of(State::Expired)));
        proofs.push(proof("expired_when_it_was_over", early, seen));
    }
    proofs
}

/// What people are told beside it.
pub fn setting(
    args: &Rehearse,
    flags: &Flags,
    starts: String,
    loaded: &Loaded,
    pinned: &Run,
    outcome: &Outcome,
    zone: Zone,
) -> Setting {
    let campaign = &loaded.campaign;
    let shown = quoted(&args.campaign.display().to_string());
    Setting {
        starts,
        left: outcome.book.left.map(|(first, last)| (zone.show(first), zone.show(last))),
        ends: zone.show(outcome.ended),
        window: window(&campaign.delivery),
        until: until(&campaign.delivery, zone),
        pace: pace(campaign),
        gateway: crate::commands::planned::gateway(campaign),
        assumed: assumed(),
        left_out: left_out(pinned.excluded),
        next: match no_sandbox(&campaign.profile) {
            None => vec![format!("sendplan send {shown} --sandbox{}", flags.without_sandbox())],
            Some(_) => vec![format!("sendplan preview {shown}")],
        },
    }
}

/// The hours in which messages may go out, as people say them.
fn window(delivery: &Delivery) -> Option<String> {
    let theirs = delivery.recipients.and_then(|recipients| recipients.window);
    let theirs = theirs.map(|window| window.by(Zone::RECIPIENT).to_string());
    delivery.window.map(|window| window.to_string()).or(theirs)
}

/// After when nothing goes out.
fn until(delivery: &Delivery, zone: Zone) -> Option<String> {
    let theirs = delivery.recipients.and_then(|recipients| recipients.until);
    let theirs = theirs.map(|day| format!("{day}, by each recipient's clock"));
    delivery.until.map(|until| zone.show(until)).or(theirs)
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
            "an answer takes {} to {} ms, {} where it does not come",
            ms(ANSWER.0),
            ms(ANSWER.1),
            duration(TIME_OUT)
        ),
        format!("a commit takes {} to {} ms", ms(COMMIT.0), ms(COMMIT.1)),
        format!("a 429 that says when to come back says {LONGEST_WISH} s or less"),
        format!(
            "taken up again {} s after a crash, {} min after it stops by itself",
            RESTARTED.as_secs(),
            MENDED.as_secs() / 60
        ),
        "taken up again when the window opens".to_owned(),
    ]
}
