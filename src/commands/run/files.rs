//! What has changed about the files of the campaigns, and what the state says of those that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::Watch;
use super::passes;
use super::words::waits;
use crate::commands::exit::{Code, Failure};
use crate::delivery::engine::Now;
use crate::delivery::roster::FIRST_PAUSE;
use crate::executor::facts::{last_of, open_runs};
use crate::report::events::What;
use crate::world::campaigns::{Change, Found};

impl Watch {
    /// What has changed about the files.
    pub(super) fn look(&mut self) -> Result<(), Failure> {
        let changes = self.campaigns.look();
        if changes.is_empty() {
            return Ok(());
        }
        let mut places: BTreeMap<String, PathBuf> = BTreeMap::new();
        for (path, found) in self.campaigns.all() {
            if let Some(name) = found.name.as_ref().filter(|_| !is_twin(found)) {
                places.insert(name.clone(), path.to_owned());
            }
        }
        let gone: Vec<String> =
            self.places.keys().filter(|name| !places.contains_key(*name)).cloned().collect();
        gone.iter().for_each(|name| self.roster.remove(name));
        self.places = places;
        for change in &changes {
            self.take(change)?;
        }
        self.roster.set_holds(&self.holds);
        let mut twins = BTreeSet::new();
        for change in &changes {
            // Each of two campaigns with one name is broken by the other: that is one thing to tell.
            if !matches!(change, Change::Broken(found) if is_twin(found) && !twins.insert(found.name.clone()))
            {
                self.tell(change);
            }
        }
        self.tell_strays()
    }

    pub(super) fn take(&mut self, change: &Change) -> Result<(), Failure> {
        let (Change::New(found) | Change::Edited(found) | Change::Mended(found) | Change::Broken(found)) =
            change
        else {
            return Ok(());
        };
        let Some(name) = found.name.clone().filter(|_| !is_twin(found)) else { return Ok(()) };
        self.roster.set_campaign(&name, found.plan.clone().ok());
        self.refresh(&name)
    }

    /// Tells the roster what the state says of a campaign.
    pub(super) fn refresh(&mut self, name: &str) -> Result<(), Failure> {
        let last = self.last.get(name).copied().map_or_else(|| last_of(&self.store, name), Ok);
        let read = last.and_then(|last| Ok((last, open_runs(&self.store, name, self.shared.now())?)));
        let error = match read {
            Ok((last, Ok(open))) => {
                self.last.insert(name.to_owned(), last);
                self.unread.remove(name);
                self.roster.set_runs(name, last, open);
                return Ok(());
            }
            // Its terms cannot be read by this program: only its own campaign stops.
            Ok((_, Err(error))) => error.to_string(),
            Err(error) => {
                passes(error.clone())?;
                error.to_string()
            }
        };
        self.ledger.note(name, Code::State, &error);
        self.roster.remove(name);
        if self.unread.insert(name.to_owned(), self.now().elapsed + FIRST_PAUSE).is_none() {
            self.say(What::Failed, Some(name), error);
        }
        Ok(())
    }

    /// Asks the state again about campaigns of which it could not be read.
    pub(super) fn read_again(&mut self, now: Now) -> Result<(), Failure> {
        let due =
            self.unread.iter().filter(|(name, at)| **at <= now.elapsed && !self.busy.contains_key(*name));
        let due: Vec<String> = due.map(|(name, _)| name.clone()).collect();
        for name in due {
            let is_it = |found: &&Found| found.name.as_deref() == Some(name.as_str()) && !is_twin(found);
            let found = self.campaigns.all().map(|(_, found)| found).find(is_it).cloned();
            match found {
                Some(found) => {
                    self.roster.set_campaign(&name, found.plan.ok());
                    self.refresh(&name)?;
                    self.roster.set_holds(&self.holds);
                }
                None => drop(self.unread.remove(&name)),
            }
        }
        Ok(())
    }

    fn tell(&mut self, change: &Change) {
        let now = self.now();
        let (Change::New(found)
        | Change::Edited(found)
        | Change::Mended(found)
        | Change::Broken(found)
        | Change::Gone(found)) = change;
        let name = found.name.as_deref().unwrap_or(&found.shown);
        let mut next = || waits(self.roster.waiting(now).get(name).copied(), now.utc);
        let (what, text) = match change {
            Change::New(_) => (What::Found, format!("{}: {}", found.shown, next())),
            Change::Edited(_) => (What::Changed, format!("its files were changed: {}", next())),
            Change::Mended(_) => (What::Mended, format!("is sound again: {}", next())),
            Change::Gone(_) => (What::Removed, "its manifest is gone: nothing of it is begun".to_owned()),
            Change::Broken(_) => {
                let text = found.plan.as_ref().err().map(|wrong| wrong.problems.render(false));
                let text = text.unwrap_or_default();
                (What::Broken, format!("is broken, and nothing of it is begun\n{}", text.trim_end()))
            }
        };
        match change {
            Change::Broken(_) => self.ledger.broken(name),
            _ => self.ledger.sound(name),
        }
        self.say(what, Some(name), text);
    }
}

fn is_twin(found: &Found) -> bool {
    found.plan.as_ref().is_err_and(|wrong| wrong.is_twin)
}
