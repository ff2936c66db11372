//! The campaigns of a repository, as far as their manifests can be read: for verbs that look at all of them, and end for
//! none of them.

use std::path::{Path, PathBuf};

use super::flags::quoted;
use super::state::near;
use crate::campaign::Announced;
use crate::report::layout::count;
use crate::world::confine::Repository;
use crate::world::workspace::{self, Opened};

/// The folder in which campaigns lie.
const FOLDER: &str = "campaigns";

/// A manifest that was found.
#[derive(Debug)]
pub struct Candidate {
    /// Its folder, or the manifest itself, as it is typed from here.
    pub place: PathBuf,
    /// Its name, as far as it says one.
    pub name: Option<String>,
    /// When it goes out; else what is wrong, in one line.
    pub campaign: Result<Announced, String>,
}

/// Those of a repository, in the order of their folders; none where it has no folder of campaigns.
pub fn all(repository: &Repository) -> Vec<Candidate> {
    let found = workspace::find(&near(&repository.root().join(FOLDER))).unwrap_or_default();
    found.iter().map(|place| one(place)).collect()
}

/// Those of the repository in which we are.
pub fn here() -> Vec<Candidate> {
    Repository::of(Path::new(".")).map(|here| all(&here)).unwrap_or_default()
}

/// The one at a place.
pub fn one(place: &Path) -> Candidate {
    match workspace::open(place) {
        Ok(opened) => of(opened, place),
        Err(error) => Candidate { place: place.to_owned(), name: None, campaign: Err(error.to_string()) },
    }
}

fn of(opened: Opened, place: &Path) -> Candidate {
    let name = opened.name().map(str::to_owned);
    let (campaign, problems) = opened.announced();
    let wrong = || {
        let errors = count(u64::try_from(problems.errors()).unwrap_or(u64::MAX), "error");
        format!("{errors}: `sendplan check {}` shows what is wrong", quoted(&place.display().to_string()))
    };
    Candidate { place: place.to_owned(), name, campaign: campaign.ok_or_else(wrong) }
}
