//! The one command to type next, by where the runs of a campaign stand.

use std::path::Path;

use super::ask::read;
use super::named::Named;
use crate::report::status::RunLine;
use crate::store::Run;

/// What commands need after them where they are about the sandbox's state.
pub fn flag(sandbox: bool) -> &'static str {
    if sandbox { " --sandbox" } else { "" }
}

/// The first of these that has something to do: send what is left, see to what is unknown, ask what became of the
/// others; else the list of all.
pub fn next(named: &Named, runs: &[(Run, RunLine)], live: bool, sandbox: bool) -> String {
    let name = named.shown();
    let flag = flag(sandbox);
    if live {
        return format!("sendplan status {name}{flag}");
    }
    let find = |wanted: &dyn Fn(&RunLine) -> bool| runs.iter().find(|(_, line)| wanted(line));
    if let Some((run, _)) = find(&|line| line.pending + line.held > 0) {
        return format!("sendplan send {}{flag}", place(named, run));
    }
    let profile = |run: &Run| read(run).ok().and_then(|pinned| pinned.profile().ok());
    if let Some((run, _)) = find(&|line| line.unknown > 0)
        && profile(run).is_some_and(|profile| profile.can_list())
    {
        return format!("sendplan resolve {name} --reconcile{flag}");
    }
    if let Some((run, _)) =
        find(&|line| line.pruned_at.is_none() && line.accepted > line.delivered + line.failed)
        && profile(run).is_some_and(|profile| profile.can_ask())
    {
        return format!("sendplan report {name} --refresh{flag}");
    }
    if runs.iter().all(|(run, _)| run.pruned_at_ms.is_some()) {
        return format!("sendplan status {name}{flag}");
    }
    format!("sendplan report {name} --format csv{flag}")
}

/// Where `send` finds the campaign, as seen from the repository's folder if it was given by its name.
fn place(named: &Named, run: &Run) -> String {
    if named.repository.is_some() {
        return named.shown();
    }
    let manifest = read(run).map(|pinned| pinned.manifest).unwrap_or_default();
    match Path::new(&manifest).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.display().to_string(),
        _ => named.shown(),
    }
}
