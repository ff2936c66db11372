//! Runs that were begun by campaigns whose manifests are gone, or are called otherwise now.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::delivery::pinned::Pinned;
use crate::store::Run;
use crate::world::workspace::open;

/// See the module.
#[derive(Debug, Default)]
pub struct Strays {
    /// Where the repository is.
    root: Option<PathBuf>,
    /// What a command needs to work on the same state.
    pub(super) flags: String,
    /// Of which campaigns that was told.
    pub(super) told: BTreeSet<String>,
    /// Campaigns without a manifest that are only there to be cancelled.
    pub(super) closing: BTreeSet<String>,
}

impl Strays {
    /// Nothing was told yet.
    pub fn new(root: Option<PathBuf>, flags: String) -> Self {
        Self { root, flags, ..Self::default() }
    }

    /// Why nothing goes on with a run: the manifest that it was begun from is not there any more, or is another
    /// campaign's now; and what mends that. Nothing for one that may only lie outside the folders that were named.
    pub(super) fn why(&self, run: &Run) -> Option<(String, String)> {
        let manifest = Pinned::from_json(&run.pinned.pinned).ok()?.manifest;
        // Without a root nobody can tell.
        let place = self.root.as_ref()?.join(manifest);
        if !place.exists() {
            return Some(("its manifest is gone".to_owned(), "put its folder back".to_owned()));
        }
        let campaign = &run.pinned.campaign;
        let name = open(&place).ok()?.name()?.to_owned();
        (name != *campaign)
            .then(|| (format!("its manifest is called `{name}` now"), format!("call it `{campaign}` again")))
    }
}
