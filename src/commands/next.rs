//! The one command to type next, by where the runs of a campaign stand.

use std::path::Path;

use super::ask::read;
use super::flags::{Flags, quoted};
use super::named::Named;
use crate::report::status::RunLine;
use crate::store::{Run, Store};

/// The first of these that has something to do: send what is left, see to what is unknown, ask what became of the
/// others; else the list of all.
pub fn next(store: &impl Store, named: &Named, runs: &[(Run, RunLine)], live: bool, flags: &Flags) -> String {
    let name = named.shown();
    if live {
        return format!("sendplan status {name}{flags}");
    }
    let find = |wanted: &dyn Fn(&RunLine) -> bool| runs.iter().find(|(_, line)| wanted(line));
    if let Some((run, _)) = find(&|line| line.pending > 0) {
        return format!("sendplan send {}{}", place(named, run), flags.taking_up());
    }
    if find(&|line| line.held > 0 && line.unknown == 0).is_some() {
        return format!("sendplan resolve {name}{flags}");
    }
    let profile = |run: &Run| read(run).ok().and_then(|pinned| pinned.profile().ok());
    if let Some((run, _)) = find(&|line| line.unknown > 0)
        && profile(run).is_some_and(|profile| profile.can_list())
    {
        return format!("sendplan resolve {name} --reconcile{flags}");
    }
    // Of an accepted message without an id no gateway tells anything: one that somebody assumed to be sent, for one.
    let is_open = |run: &Run, line: &RunLine| {
        line.pruned_at.is_none()
            && line.accepted > line.delivered + line.failed
            && store.awaiting_receipt(run.id, None, 1).is_ok_and(|open| !open.is_empty())
    };
    if let Some((run, _)) = runs.iter().find(|(run, line)| is_open(run, line))
        && profile(run).is_some_and(|profile| profile.can_ask())
    {
        return format!("sendplan report {name} --refresh{flags}");
    }
    if runs.iter().all(|(run, _)| run.pruned_at_ms.is_some()) {
        return format!("sendplan status {name}{flags}");
    }
    format!("sendplan report {name} --format csv{flags}")
}

/// Where `send` finds the campaign, as seen from the repository's folder if it was given by its name.
pub fn place(named: &Named, run: &Run) -> String {
    place_of(Some(named), run)
}

/// The same, where no campaign may have been given.
pub fn place_of(named: Option<&Named>, run: &Run) -> String {
    if let Some(named) = named.filter(|named| named.repository.is_some()) {
        return named.shown();
    }
    let manifest = read(run).map(|pinned| pinned.manifest).unwrap_or_default();
    match Path::new(&manifest).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => quoted(&folder.display().to_string()),
        _ => quoted(&run.pinned.campaign),
    }
}
