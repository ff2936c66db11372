//! `sendplan report`: what became of a campaign's messages, and why; asked of the gateway first, if wished.

mod look;
mod rows;

use chrono::SecondsFormat;

use super::ask::{read, stopped};
use super::exit::{Code, Failure};
use super::flags::Flags;
use super::hear::{Heard, hear};
use super::named::Named;
use super::next::next;
use super::standing::{cancelled, held, left_out, line, said, time};
use super::sweep::{Question, Swept, sweep};
use super::terminal::Terminal;
use super::{Outcome, page_file, state};
use crate::cli::{Global, Report, ReportFormat};
use crate::delivery::control::HoldKind;
use crate::delivery::pinned::{Pinned, PinnedWording};
use crate::delivery::state::State;
use crate::diagnostic::{did_you_mean, listing};
use crate::report::campaign::seen::Seen;
use crate::report::campaign::{CampaignReport, Reason, Reasons, RunReport, Setting};
use crate::report::layout::count;
use crate::report::mask::Mask;
use crate::report::status::RunLine;
use crate::report::texts::TextLine;
use crate::store::lock::{Holder, Lock};
use crate::store::sqlite::Sqlite;
use crate::store::{Listed, ReceiptStatus, Run, RunId, Store, StoreError};
use crate::world::clock::Clock;

/// Messages that are held in memory at once.
const PAGE: usize = 1000;

pub fn run(args: &Report, global: &Global, terminal: &Terminal) -> Outcome {
    args.html.as_deref().map_or(Ok(()), page_file::check)?;
    let named = Named::read(&args.campaign)?;
    let path = state::path(global, args.sandbox, named.repository.as_ref())?;
    let flags = Flags::new(global, args.sandbox, &path);
    if args.refresh {
        let clock = Clock::start();
        let since = clock.now().utc.to_rfc3339_opts(SecondsFormat::Secs, true);
        let what = format!("report {} --refresh", named.name);
        let mut held = state::take(path, args.sandbox, &what, &since, terminal)?;
        let code = refresh(&named, args, &mut held.store, clock, terminal)?;
        show(&named, args, &flags, &held.store, None, terminal)?;
        return Ok(code);
    }
    let holder = Lock::holder(&path).map_err(|error| Failure::State(error.to_string()))?;
    let elsewhere = |failure: Failure| named.only_in_sandbox(failure, args.sandbox, global);
    let store = state::look(&path)?.ok_or_else(|| elsewhere(StoreError::Missing { path }.into()))?;
    // Asked before anything is printed.
    chosen(&named, args, &store).map_err(elsewhere)?;
    show(&named, args, &flags, &store, holder.as_ref(), terminal)?;
    Ok(Code::Done)
}

/// The runs that are asked for, oldest first: all, or that of one occurrence.
fn chosen(named: &Named, args: &Report, store: &Sqlite) -> Result<Vec<Run>, Failure> {
    let mut runs = named.runs(store)?;
    let Some(wanted) = &args.occurrence else { return Ok(runs) };
    if !runs.iter().any(|run| run.pinned.occurrence == *wanted) {
        let known = runs.iter().map(|run| run.pinned.occurrence.as_str());
        let help = match did_you_mean(wanted, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has {}", listing(known)),
        };
        return Err(Failure::Standing(format!("`{}` has no run `{wanted}`; {help}", named.name)));
    }
    runs.retain(|run| run.pinned.occurrence == *wanted);
    Ok(runs)
}

/// Asks what became of the accepted messages of every run.
fn refresh(named: &Named, args: &Report, store: &mut Sqlite, clock: Clock, terminal: &Terminal) -> Outcome {
    for run in chosen(named, args, store)? {
        let profile = read(&run)?.profile().map_err(|error| Failure::State(error.to_string()))?;
        if profile.can_hear() && !args.sandbox {
            let heard = hear(store, &run, args.sandbox, clock, terminal)?;
            terminal.note(&heard_text(&heard));
            if let Some(code) = stopped(heard.end.as_ref(), terminal) {
                return Ok(code);
            }
        }
        if !profile.can_ask() {
            terminal.note(&format!(
                "This gateway cannot be asked: the profile of {} ({}) has no `status`.\n",
                profile.name(),
                run.pinned.occurrence
            ));
            continue;
        }
        if run.pruned_at_ms.is_some() {
            continue;
        }
        let swept = sweep(store, &run, Question::WhatBecame, args.sandbox, clock, None, terminal)?;
        terminal.note(&format!("{}\n", told(&swept)));
        if let Some(code) = stopped(swept.end.as_ref(), terminal) {
            return Ok(code);
        }
    }
    Ok(Code::Done)
}

/// What people have sent back, in a line.
fn heard_text(heard: &Heard) -> String {
    let mut text = format!("{} came in", count(heard.messages, "message"));
    if heard.opted_out > 0 {
        let text_of = count(heard.opted_out, "person").replace("persons", "people");
        text.push_str(&format!(": {text_of} opted out, and will not be sent to again"));
    }
    if heard.unread > 0 {
        text.push_str(&format!(
            "; {} could not be read: look at the gateway who sent them",
            count(heard.unread, "other")
        ));
    }
    if let Some(why) = &heard.why_silent {
        text.push_str(&format!("; not all of it could be read ({why})"));
    }
    text.push('.');
    text
}

/// What a refresh came to, in a line.
fn told(swept: &Swept) -> String {
    if swept.asked() == 0 && swept.end.is_some() {
        return "The gateway told nothing.".to_owned();
    }
    if swept.asked() == 0 {
        return "Nothing to ask the gateway about: every accepted message with an id has its receipt."
            .to_owned();
    }
    let mut parts = vec![
        format!("{} delivered", swept.delivered),
        format!("{} failed", swept.failed),
        format!("{} still open", swept.open),
    ];
    if swept.silent > 0 {
        let why = swept.why_silent.as_deref().unwrap_or("no reason");
        parts.push(format!("of {} the gateway said nothing ({why})", swept.silent));
    }
    format!("Asked about {}: {}.", count(swept.asked(), "message"), parts.join(", "))
}

fn show(
    named: &Named,
    args: &Report,
    flags: &Flags,
    store: &Sqlite,
    holder: Option<&Holder>,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let live = holder.is_some();
    let mask = if args.show_addresses { Mask::Shown } else { Mask::Masked };
    let runs = chosen(named, args, store)?;
    if args.format == ReportFormat::Csv {
        rows::print(store, &runs, live, mask, terminal)?;
        if args.html.is_none() {
            return Ok(());
        }
    }
    let looks = args.html.is_some() || args.format == ReportFormat::Junit;
    let mut seen = if looks { Some(look::look(store, &runs, live, mask)?) } else { None };
    let zone = look::zone_of(&runs);
    let report = gather(named, store, &runs, live, seen.as_deref_mut())?;
    let runs: Vec<_> =
        runs.into_iter().map(|run| (line(&run, live), run)).map(|(line, run)| (run, line)).collect();
    let next = next_steps(store, named, &runs, live, flags);
    let seen = seen.unwrap_or_default();
    match args.format {
        ReportFormat::Csv => {}
        ReportFormat::Json => terminal.data(&report.json()),
        ReportFormat::Junit => terminal.data(&report.junit(&seen, &next)),
        ReportFormat::Human => {
            let holder = holder.map(ToString::to_string);
            terminal.data(&report.human(holder.as_deref(), &next, &flags.to_string()));
        }
    }
    let Some(path) = &args.html else { return Ok(()) };
    let decisions = look::decisions(store, &named.name, mask)?;
    let page = report.page(&Setting {
        seen: &seen,
        zone,
        live: holder.map(|holder| (holder.what.as_str(), holder.since.as_str())),
        sandbox: args.sandbox,
        decisions: &decisions,
        to_decide: &to_decide(&named.shown(), &runs, &next, flags),
        next: &next,
    });
    page_file::write(path, &page)?;
    terminal.note(&format!("the page is in {}", path.display()));
    Ok(())
}

/// What there is to tell of every run. What was seen of messages says why, where they were looked at already.
fn gather(
    named: &Named,
    store: &Sqlite,
    runs: &[Run],
    live: bool,
    seen: Option<&mut [Seen]>,
) -> Result<CampaignReport, Failure> {
    let said = said(store, &named.name, HoldKind::Cancelled)?;
    let mut seen = seen.map(|seen| seen.iter_mut());
    let reports = runs.iter().map(|run| {
        let known = seen.as_mut().and_then(Iterator::next).filter(|_| run.pruned_at_ms.is_none());
        let (reasons, other_reasons) =
            known.map_or_else(|| reasons(store, run), |seen| Ok(seen.reasons()))?;
        Ok(RunReport {
            run: line(run, live),
            begun_at: time(run.pinned.created_at_ms),
            finished_at: run.finished_at_ms.map(time),
            left_out: left_out(run.excluded),
            texts: texts(store, run, live)?,
            reasons,
            other_reasons,
            cancelled: cancelled(&said, run),
        })
    });
    Ok(CampaignReport {
        version: 1,
        campaign: named.name.clone(),
        runs: reports.collect::<Result<Vec<_>, Failure>>()?,
        hold: held(store, &named.name)?,
    })
}

/// What to type about messages that wait for a decision, and what it does.
fn to_decide(
    name: &str,
    runs: &[(Run, RunLine)],
    next: &[String],
    flags: &Flags,
) -> Vec<(String, &'static str)> {
    let some = |of: fn(&RunLine) -> u64| runs.iter().any(|(_, line)| of(line) > 0);
    let list = next.iter().find(|command| command.contains(" --reconcile"));
    let mut all: Vec<(String, &'static str)> = list
        .map(|command| (command.clone(), "looks for them in the gateway's own list"))
        .into_iter()
        .collect();
    let typed = |what: &str| format!("sendplan resolve {name} {what}{flags}");
    if some(|line| line.unknown) {
        all.push((typed("--assume-sent"), "they count as accepted"));
        let again = "the next send sends them again; who got the first copy gets two";
        all.push((typed("--resend --reason TEXT"), again));
    }
    if some(|line| line.held) {
        let placed = "held ones go out by the clock of that zone, with the next send";
        all.push((typed("--timezone ZONE --reason TEXT"), placed));
        all.push((typed("--give-up --reason TEXT"), "held ones are never sent: they expire"));
    }
    all
}

/// The names of a run's texts, where there are several.
fn wordings(run: &Run) -> Vec<PinnedWording> {
    Pinned::says_wordings(&run.pinned.pinned)
}

/// What became of each text of a run.
fn texts(store: &Sqlite, run: &Run, live: bool) -> Result<Vec<TextLine>, Failure> {
    let names = wordings(run);
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let counted = store.by_wording(run.id)?.into_iter();
    let texts = counted.filter_map(|(number, counts)| {
        let name = names.get(usize::from(number))?;
        let line = line(&Run { counts, ..run.clone() }, live);
        Some(TextLine::new(name.variant.as_deref(), name.locale.as_deref(), &line))
    });
    Ok(texts.collect())
}

/// What to type next: first of all, what is unknown wants to be decided.
fn next_steps(
    store: &Sqlite,
    named: &Named,
    runs: &[(Run, RunLine)],
    live: bool,
    flags: &Flags,
) -> Vec<String> {
    let first = next(store, named, runs, live, flags);
    if live || runs.iter().all(|(_, line)| line.unknown == 0) || first.starts_with("sendplan resolve ") {
        return vec![first];
    }
    let resolve = format!("sendplan resolve {}{flags}", named.shown());
    if first.starts_with("sendplan send ") { vec![resolve, first] } else { vec![resolve] }
}

/// Why messages were rejected, left out or failed. Looks only where the counts say that there is something to find.
pub fn reasons(store: &Sqlite, run: &Run) -> Result<(Vec<Reason>, u64), Failure> {
    if run.pruned_at_ms.is_some() {
        // Nobody knows any more why.
        return Ok((
            Vec::new(),
            run.counts.of(State::Rejected) + run.counts.of(State::Suppressed) + run.counts.failed,
        ));
    }
    let mut reasons = Reasons::default();
    for state in [State::Rejected, State::Suppressed] {
        if run.counts.of(state) > 0 {
            pages(store, run.id, Some(state), &mut |page| {
                for one in page {
                    reasons.add(state.name(), one.reason.as_deref(), &one.address);
                }
            })?;
        }
    }
    if run.counts.failed > 0 {
        pages(store, run.id, Some(State::Accepted), &mut |page| {
            for one in page.iter().filter(|one| one.receipt == Some(ReceiptStatus::Failed)) {
                reasons.add(ReceiptStatus::Failed.name(), one.reason.as_deref(), &one.address);
            }
        })?;
    }
    Ok(reasons.most())
}

/// The messages of a run, a page at a time.
pub fn pages(
    store: &impl Store,
    run: RunId,
    only: Option<State>,
    each: &mut dyn FnMut(&[Listed]),
) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let page = store.messages(run, only, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.key);
        each(&page);
    }
}
