//! From a path on the command line to a campaign, for the verbs that need a whole one.

use std::path::Path;

use super::exit::Failure;
use super::terminal::Terminal;
use crate::world::workspace::{self, Loaded};

/// Loads the campaign, tells the warnings, fails with the errors.
pub fn campaign(path: &Path, terminal: &Terminal) -> Result<Loaded, Failure> {
    let opened = workspace::open(path)?;
    let what = opened.source.name.clone();
    let (loaded, problems) = opened.load();
    match loaded {
        Some(loaded) => {
            terminal.problems(&problems);
            loaded.told.iter().for_each(|told| terminal.note(told));
            Ok(loaded)
        }
        None => Err(Failure::Invalid { what, problems }),
    }
}
