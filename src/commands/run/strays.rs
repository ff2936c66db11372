//! Runs that were begun by campaigns whose manifests are gone.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::delivery::pinned::Pinned;
use crate::store::Run;

/// See the module.
#[derive(Debug, Default)]
pub struct Strays {
    /// Where the repository is.
    root: Option<PathBuf>,
    /// What a command needs to work on the same state.
    pub(super) flags: String,
    /// Of which campaigns it was told that they are gone.
    pub(super) told: BTreeSet<String>,
    /// Campaigns without a manifest that are only there to be cancelled.
    pub(super) closing: BTreeSet<String>,
}

impl Strays {
    /// Nothing was told yet.
    pub fn new(root: Option<PathBuf>, flags: String) -> Self {
        Self { root, flags, ..Self::default() }
    }

    /// Whether the manifest that a run was begun from is not there any more; it may only lie outside the folders that
    /// were named.
    pub(super) fn is_gone(&self, run: &Run) -> bool {
        let manifest = Pinned::from_json(&run.pinned.pinned).map(|pinned| pinned.manifest);
        match (&self.root, manifest) {
            (Some(root), Ok(manifest)) => !root.join(manifest).exists(),
            // Nobody can tell.
            _ => false,
        }
    }
}
