//! What a person decides about unknown messages and held ones, and what was decided before.

use chrono::{DateTime, Utc};

use super::ask::read;
use super::exit::{Code, Failure};
use super::named::Named;
use super::recover::recover;
use super::report::pages;
use super::standing::time;
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::audience::AddressKind;
use crate::cli::{Format, Global, Resolve};
use crate::delivery::message::Change;
use crate::delivery::resolution::Resolution;
use crate::delivery::state::State;
use crate::diagnostic::did_you_mean;
use crate::executor::clocks::clock_in;
use crate::report::decisions::{DecisionLine, DecisionsReport, shown};
use crate::report::layout::count;
use crate::report::mask::Mask;
use crate::report::resolve::decided;
use crate::schedule::Zone;
use crate::store::sqlite::Sqlite;
use crate::store::{Decision, Listed, Run, Store, StoreError};
use crate::world::clock::Clock;
use crate::world::person::person;

/// Decisions that are read at once.
const PAGE: usize = 1000;

/// Decides about the unknown messages that are meant: of each run all or none, with the decision in the same
/// transaction.
pub fn decide(
    named: &Named,
    args: &Resolve,
    store: &mut Sqlite,
    clock: Clock,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let runs = named.runs(store)?;
    runs.iter().try_for_each(|run| recover(store, run, clock, terminal))?;
    let what = match args {
        Resolve { resend: true, .. } => Resolution::Resend,
        Resolve { timezone: Some(_), .. } => Resolution::Placed,
        Resolve { give_up: true, .. } => Resolution::GivenUp,
        _ => Resolution::AssumeSent,
    };
    let zone = args.timezone.as_ref().map(|zone| zone.parse::<Zone>()).transpose();
    let zone = zone.map_err(|error| Failure::Usage(format!("--timezone: {error}")))?;
    let meant = meant(store, &runs, &args.recipient, what.about())?;
    let now = clock.now().utc;
    let decision =
        Decision { who: person(), what, reason: args.reason.clone(), at_ms: now.timestamp_millis() };
    let late = |run: &Run| zone.map_or(Ok(None), |zone| too_late(run, zone, now));
    if zone.is_some() {
        tell_backlog(&meant, &late, terminal)?;
    }
    for (run, messages) in &meant {
        let changes: Vec<Change> = messages.iter().map(|one| change(one, &decision)).collect();
        match zone {
            _ if changes.is_empty() => {}
            Some(zone) => store.place(run.id, &changes, &[&zone.to_string()], &decision)?,
            None => store.decide(run.id, &changes, &decision)?,
        }
        let (name, occurrence) = (&run.pinned.campaign, &run.pinned.occurrence);
        let line = decided(what, name, occurrence, changes.len() as u64, late(run)?);
        terminal.data(&format!("{line}\n"));
    }
    Ok(())
}

/// Why messages of a run would not go out any more by the clock of a zone, if so: they would expire.
fn too_late(run: &Run, zone: Zone, now: DateTime<Utc>) -> Result<Option<&'static str>, Failure> {
    let delivery = read(run)?.delivery().map_err(|error| Failure::State(error.to_string()))?;
    let clock = clock_in(&[zone], run, &delivery);
    Ok(clock.opens_next(now).is_none().then(|| clock.why_over()))
}

/// Tells, before it is done, that messages of several occurrences would go out: somebody may be held in each of them.
fn tell_backlog(
    meant: &[(&Run, Vec<Listed>)],
    late: &dyn Fn(&Run) -> Result<Option<&'static str>, Failure>,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let (mut messages, mut occurrences) = (0, 0);
    for (run, of_run) in meant {
        if !of_run.is_empty() && late(run)?.is_none() {
            messages += of_run.len() as u64;
            occurrences += 1;
        }
    }
    if occurrences > 1 {
        terminal.say(&format!("{} of {occurrences} occurrences go out then.", count(messages, "message")));
    }
    Ok(())
}

/// What the decision does to a message. One that is assumed to be sent was sent when we lost track of it, not now.
fn change(one: &Listed, decision: &Decision) -> Change {
    let (reason, at_ms) = match decision.what {
        Resolution::GivenUp => (Some(decision.what.name().to_owned()), decision.at_ms),
        Resolution::AssumeSent => (Some(decision.what.name().to_owned()), one.changed_at_ms),
        _ => (one.reason.clone(), decision.at_ms),
    };
    Change { key: one.key, event: decision.what.event(), provider_id: None, reason, opted_out: false, at_ms }
}

/// The messages of these runs that wait for a decision, those in one state: all, or those of the recipients that are named. Each of them must have one.
fn meant<'a>(
    store: &Sqlite,
    runs: &'a [Run],
    recipients: &[String],
    state: State,
) -> Result<Vec<(&'a Run, Vec<Listed>)>, Failure> {
    let mut found = vec![false; recipients.len()];
    let mut ids = Vec::new();
    let mut meant = Vec::new();
    for run in runs {
        let kind = read(run)?.address_kind().map_err(|error| Failure::State(error.to_string()))?;
        let mut of_run = Vec::new();
        pages(store, run.id, Some(state), &mut |page| {
            for one in page {
                let mut named = recipients.is_empty();
                for (id, found) in recipients.iter().zip(&mut found) {
                    if is(one, id, kind) {
                        (*found, named) = (true, true);
                    }
                }
                if named {
                    of_run.push(one.clone());
                } else if Mask::Masked.recipient(&one.recipient, &one.address) == one.recipient {
                    // An address would be nobody's business.
                    ids.push(one.recipient.clone());
                }
            }
        })?;
        meant.push((run, of_run));
    }
    let lacking: Vec<&String> =
        recipients.iter().zip(&found).filter(|(_, found)| !**found).map(|(id, _)| id).collect();
    match lacking.as_slice() {
        [] => Ok(meant),
        lacking => Err(Failure::Input(not_there(lacking, &ids, state))),
    }
}

/// Whether a message is somebody's who is named by id or address, however the address is written.
fn is(one: &Listed, id: &str, kind: AddressKind) -> bool {
    one.recipient == id
        || one.address == id
        || kind.read(id).is_ok_and(|address| address.to_string() == one.address)
}

fn not_there(lacking: &[&String], ids: &[String], state: State) -> String {
    let lines = lacking.iter().map(|id| match did_you_mean(id, ids.iter().map(String::as_str)) {
        Some(near) => format!("`{id}` has no {state} message; did you mean `{near}`?"),
        None => format!("`{id}` has no {state} message."),
    });
    format!("{} Nothing was decided", lines.collect::<Vec<_>>().join(" "))
}

/// Shows what was decided about a campaign.
pub fn show(named: &Named, args: &Resolve, global: &Global, terminal: &Terminal) -> Outcome {
    let path = state::path(global, args.sandbox, named.repository.as_ref())?;
    let store = state::look(&path)?.ok_or(StoreError::Missing { path })?;
    named.runs(&store)?;
    let mask = if args.show_addresses { Mask::Shown } else { Mask::Masked };
    let mut decisions = Vec::new();
    let mut after = None;
    loop {
        let page = store.decisions(&named.name, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        decisions.extend(page.into_iter().map(|one| {
            let (recipient, reason) =
                shown(mask, one.recipient.as_deref(), one.address.as_deref(), one.reason.as_deref());
            let (at, who, what) = (time(one.at_ms), one.who, one.what);
            DecisionLine { at, who, what, occurrence: one.occurrence, recipient, reason }
        }));
    }
    let report = DecisionsReport { version: 1, campaign: named.name.clone(), decisions };
    terminal.data(&if args.format == Format::Json { report.json() } else { report.human() });
    Ok(Code::Done)
}
