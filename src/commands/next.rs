//! The one command to type next, by where the runs of a campaign stand.

use std::path::Path;

use super::ask::read;
use super::flags::{Flags, quoted};
use super::named::Named;
use crate::report::status::RunLine;
use crate::store::{Run, Store};
use crate::world::confine::Repository;
use crate::world::workspace::{self, MANIFEST, NoCampaign};

/// The first of these that has something to do: send what is left, see to what is unknown, ask what became of the
/// others; else the list of all.
pub fn next(store: &impl Store, named: &Named, runs: &[(Run, RunLine)], live: bool, flags: &Flags) -> String {
    let name = named.shown();
    if live {
        return format!("sendplan status {name}{flags}");
    }
    let find = |wanted: &dyn Fn(&RunLine) -> bool| runs.iter().find(|(_, line)| wanted(line));
    if let Some((run, _)) = find(&|line| line.pending > 0) {
        return match Manifest::of(Some(named), run).place() {
            Some(place) => format!("sendplan send {place}{}", flags.taking_up()),
            // That says what became of its manifest.
            None => format!("sendplan status {name}{flags}"),
        };
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

/// Where the manifest is that a run was begun from, by whose name and place `send` goes on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manifest {
    /// There, as `send` is told it.
    There(String),
    /// Not there any more, or not in the repository in which we are.
    Gone(String),
    /// There, and called otherwise now: it is another campaign.
    Called {
        /// Its place.
        manifest: String,
        /// Its name now.
        name: String,
    },
}

impl Manifest {
    /// That of a run, as seen from the repository's folder if no place was given.
    pub fn of(named: Option<&Named>, run: &Run) -> Self {
        if let Some(named) = named.filter(|named| named.repository.is_some()) {
            return Self::There(named.shown());
        }
        let manifest = read(run).map(|pinned| pinned.manifest).unwrap_or_default();
        let Ok(here) = Repository::of(Path::new(".")) else { return Self::Gone(manifest) };
        let name = match workspace::open(&here.root().join(&manifest)) {
            Ok(opened) => opened.name().map(str::to_owned),
            Err(NoCampaign::NotFound(_)) => return Self::Gone(manifest),
            // Whoever goes on with it is told what is wrong.
            Err(_) => None,
        };
        match name.filter(|name| *name != run.pinned.campaign) {
            Some(name) => Self::Called { manifest, name },
            None => Self::There(typed(&manifest)),
        }
    }

    /// What `send` is told, where it can go on with the run.
    pub fn place(self) -> Option<String> {
        match self {
            Self::There(place) => Some(place),
            _ => None,
        }
    }
}

/// A manifest as it is typed: by its folder, where it has the name of all.
fn typed(manifest: &str) -> String {
    let path = Path::new(manifest);
    match path.parent() {
        Some(folder) if path.ends_with(MANIFEST) && !folder.as_os_str().is_empty() => {
            quoted(&folder.display().to_string())
        }
        _ => quoted(manifest),
    }
}
