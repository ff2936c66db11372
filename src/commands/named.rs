//! The campaign that a verb is about when it needs its runs and not its files: the runs are pinned, so a name will
//! do, and the manifest may have changed or gone.

use std::path::{Path, PathBuf};

use super::campaigns::{self, Candidate};
use super::exit::{Code, Failure};
use super::flags::quoted;
use super::state;
use crate::cli::Global;
use crate::diagnostic::{did_you_mean, listing};
use crate::store::{Run, Store};
use crate::world::confine::Repository;
use crate::world::workspace;

/// A campaign by its name.
#[derive(Debug)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its repository, where it was given by its place.
    pub repository: Option<Repository>,
    given: PathBuf,
}

impl Named {
    /// Given as a name, or as the place of its manifest.
    pub fn read(given: &Path) -> Result<Self, Failure> {
        if !given.exists() {
            let name = given.display().to_string();
            return Ok(Self { name, repository: None, given: given.to_owned() });
        }
        let opened = workspace::open(given)?;
        match opened.name() {
            Some(name) => Ok(Self {
                name: name.to_owned(),
                repository: Some(opened.repository().clone()),
                given: given.to_owned(),
            }),
            None => Err(Failure::Invalid { what: opened.source.name.clone(), problems: opened.problems }),
        }
    }

    /// Its manifest as it lies there now, if it does: at the place that was given, or among those where we are.
    pub fn candidate(&self) -> Option<Candidate> {
        match self.repository {
            Some(_) => Some(campaigns::one(&self.given)),
            None => campaigns::here().into_iter().find(|one| one.name.as_ref() == Some(&self.name)),
        }
    }

    /// As it was typed, for what to type next.
    pub fn shown(&self) -> String {
        quoted(&self.given.display().to_string())
    }

    /// Its runs, oldest first; at least one.
    pub fn runs(&self, store: &impl Store) -> Result<Vec<Run>, Failure> {
        let runs = store.runs(Some(&self.name))?;
        if !runs.is_empty() {
            return Ok(runs);
        }
        let all = store.runs(None)?;
        let there = campaigns::here();
        let there = there.iter().filter_map(|one| one.name.as_deref());
        // Nobody means the one that was asked for.
        let there = there.filter(|name| *name != self.name);
        Err(self.unknown(all.iter().map(|run| run.pinned.campaign.as_str()).chain(there)))
    }

    /// The same failure, or that it is the sandbox's state that knows the campaign.
    pub fn only_in_sandbox(&self, failure: Failure, sandbox: bool, global: &Global) -> Failure {
        if sandbox || global.state.is_some() || !self.is_in_sandbox(global) {
            return failure;
        }
        let words =
            format!("there is no run of `{}` in this state, but in the sandbox's: say --sandbox", self.name);
        // A state that is not there stays what is wrong.
        Failure::OnlyInSandbox { words, is_missing: failure.code() == Code::State }
    }

    fn is_in_sandbox(&self, global: &Global) -> bool {
        let runs = || {
            let path = state::path(global, true, self.repository.as_ref()).ok()?;
            state::look(&path).ok()??.runs(Some(&self.name)).ok()
        };
        runs().is_some_and(|runs| !runs.is_empty())
    }

    /// Nothing is known of it; these are the names that are.
    pub fn unknown<'n>(&self, known: impl IntoIterator<Item = &'n str>) -> Failure {
        let mut names: Vec<&str> = known.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        let help = match (did_you_mean(&self.name, names.iter().copied()), names.is_empty()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, true) => "nothing was sent from it yet".to_owned(),
            (None, false) => format!("it knows {}", listing(names)),
        };
        Failure::Standing(format!("there is no run of `{}` in this state; {help}", self.name))
    }
}
