//! What the state knows of and nobody is going to do: runs that were begun by campaigns whose manifests are gone, and
//! messages that wait for a decision.

use std::collections::{BTreeMap, BTreeSet};

use super::{Watch, passes};
use crate::commands::exit::{Code, Failure};
use crate::commands::flags::quoted;
use crate::delivery::control::HoldKind;
use crate::delivery::state::State;
use crate::report::events::What;
use crate::report::layout::count;
use crate::store::Store;

impl Watch {
    /// Tells, once each, of campaigns whose manifests are gone or called otherwise, and whose runs are not at their end.
    pub(super) fn tell_strays(&mut self) -> Result<(), Failure> {
        let runs = match self.store.runs(None) {
            Ok(runs) => runs,
            Err(error) => return passes(error),
        };
        let known: BTreeSet<String> =
            self.campaigns.all().filter_map(|(_, found)| found.name.clone()).collect();
        let mut gone: BTreeMap<String, (String, u64, (String, String))> = BTreeMap::new();
        for run in runs.into_iter().filter(|run| run.finished_at_ms.is_none()) {
            let name = &run.pinned.campaign;
            if known.contains(name) || self.busy.contains_key(name) {
                continue;
            }
            let Some(why) = self.strays.why(&run) else { continue };
            let left = gone.entry(run.pinned.campaign).or_insert((run.pinned.occurrence, 0, why));
            left.1 += run.counts.open();
        }
        self.strays.told.retain(|name| gone.contains_key(name));
        for (name, (occurrence, left, (why, mend))) in gone {
            if !self.strays.told.insert(name.clone()) {
                continue;
            }
            let (shown, flags) = (quoted(&name), &self.strays.flags);
            let text = format!(
                "{why}, and {occurrence} is not at its end, {} not sent: {mend}, or \
                 `sendplan cancel {shown}{flags}` closes it",
                count(left, "message")
            );
            self.ledger.note(&name, Code::Stopped, &text);
            self.say(What::Removed, Some(&name), text);
        }
        Ok(())
    }

    /// A campaign without a manifest can be cancelled all the same, and that is all.
    pub(super) fn close_strays(&mut self, holds: &BTreeMap<String, HoldKind>) {
        let is_cancelled = |name: &String| holds.get(name) == Some(&HoldKind::Cancelled);
        let over = |name: &String| !is_cancelled(name) || self.places.contains_key(name);
        let done: Vec<String> = self.strays.closing.iter().filter(|name| over(name)).cloned().collect();
        for name in done {
            self.strays.closing.remove(&name);
            if !self.places.contains_key(&name) {
                self.roster.remove(&name);
            }
        }
        for (name, _) in holds.iter().filter(|(name, _)| is_cancelled(name)) {
            if !self.places.contains_key(name) && self.strays.closing.insert(name.clone()) {
                self.roster.set_campaign(name, None);
            }
        }
    }

    /// For once, says what waits for a decision since earlier: nothing of that was to be done here.
    pub(super) fn tell_what_waits(&mut self) -> Result<(), Failure> {
        let totals = match self.store.totals() {
            Ok(totals) => totals,
            Err(error) => return passes(error),
        };
        for (name, counts) in totals {
            let waits = counts.of(State::Unknown) + counts.of(State::Held);
            if waits > 0 && self.ledger.code(&name) != Some(Code::Unknown) {
                let (shown, flags) = (quoted(&name), &self.strays.flags);
                let wait = if waits == 1 { "waits" } else { "wait" };
                let text = count(waits, "message");
                let text = format!(
                    "{text} of earlier runs {wait} for a decision: `sendplan resolve {shown}{flags}`"
                );
                self.say(What::Note, Some(&name), text);
            }
        }
        Ok(())
    }
}
