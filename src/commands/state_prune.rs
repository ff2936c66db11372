//! `sendplan state prune`: the messages of runs that were finished long ago go, one run a transaction; killed anywhere,
//! each run is whole or pruned.

use std::path::Path;

use chrono::SecondsFormat;

use super::exit::{Code, Failure};
use super::flags::Flags;
use super::standing::time;
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::cli::{Global, Prune};
use crate::delivery::state::State;
use crate::report::keeping::{PruneReport, PrunedLine};
use crate::store::sqlite::Sqlite;
use crate::store::{Run, Store};
use crate::world::clock::Clock;

pub fn run(args: &Prune, global: &Global, terminal: &Terminal) -> Outcome {
    let clock = Clock::start();
    let now = clock.now().utc;
    let path = state::path(global, args.sandbox, None)?;
    let before_ms = now.timestamp_millis().saturating_sub_unsigned(args.older_than.get().as_millis() as u64);
    let mut report = PruneReport {
        older_than: args.older_than.to_string(),
        dry_run: args.dry_run,
        ..PruneReport::default()
    };
    if args.dry_run {
        let (store, _) = state::look_at_all(&path, args.sandbox)?;
        sort(&store, before_ms, &mut report)?;
    } else {
        let since = now.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut held = state::take(path.clone(), args.sandbox, "state prune", &since, terminal)?;
        prune(&mut held.store, before_ms, now.timestamp_millis(), &mut report, terminal)?;
    }
    report.copies = copies(&path);
    terminal.data(&report.human());
    let Some(first) = report.left.first() else { return Ok(Code::Done) };
    let flags = Flags::new(global, args.sandbox, &path);
    terminal.note(&format!("\nNext:\n  sendplan resolve {}{flags}", first.campaign));
    Ok(Code::Unknown)
}

fn prune(
    store: &mut Sqlite,
    before_ms: i64,
    now_ms: i64,
    report: &mut PruneReport,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let room = store.room()?.file;
    for run in sort(store, before_ms, report)? {
        store.prune(run.id, now_ms)?;
    }
    if !report.pruned.is_empty()
        && let Err(error) = store.compact()
    {
        // What was to be deleted is deleted, and overwritten; only the room is not given back.
        terminal.say(&format!("The file could not be made smaller: {error}."));
    }
    let after = store.room()?;
    (report.room, report.free) = ((room, after.file), after.free);
    Ok(())
}

/// The runs that were finished before this moment and are there still: those to prune, which it answers with, and those
/// that are left because nobody knows of some of their messages.
fn sort(store: &Sqlite, before_ms: i64, report: &mut PruneReport) -> Result<Vec<Run>, Failure> {
    let old = |run: &Run| {
        run.pruned_at_ms.is_none() && run.finished_at_ms.is_some_and(|finished| finished < before_ms)
    };
    let runs: Vec<Run> = store.runs(None)?.into_iter().filter(old).collect();
    let line = |run: &Run| PrunedLine {
        campaign: run.pinned.campaign.clone(),
        occurrence: run.pinned.occurrence.clone(),
        finished_at: run.finished_at_ms.map(time).unwrap_or_default(),
        messages: run.counts.planned,
        unknown: run.counts.of(State::Unknown),
    };
    let (left, old): (Vec<Run>, Vec<Run>) =
        runs.into_iter().partition(|run| run.counts.of(State::Unknown) > 0);
    report.left = left.iter().map(line).collect();
    report.pruned = old.iter().map(line).collect();
    Ok(old)
}

/// The copies of older versions beside a state.
fn copies(state: &Path) -> Vec<String> {
    let folder = state.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = state.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_copy = |other: &str| {
        let rest = other.strip_prefix(&name).and_then(|rest| rest.strip_prefix(".v"));
        let rest = rest.map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        rest.is_some_and(|rest| rest.starts_with(".bak"))
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut found: Vec<String> = names
        .filter(|name| is_copy(name))
        .map(|name| state.with_file_name(name).display().to_string())
        .collect();
    found.sort();
    found
}
