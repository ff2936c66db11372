//! What the state knows of the people of a plan: who of them would be left out at the last moment, were it sent.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::contacts::{Asking, known};
use super::exit::Failure;
use super::occasion::Occasion;
use crate::audience::{Address, Suppression};
use crate::campaign::Campaign;
use crate::delivery::contacts::{Contacts, Why};
use crate::delivery::control::Teller;
use crate::delivery::opt_outs::OptOuts;
use crate::report::plan::LeftOut;
use crate::store::Store;

/// See the module.
#[derive(Debug)]
pub struct Ahead {
    opt_outs: OptOuts,
    contacts: Contacts,
    at: DateTime<Utc>,
    address: String,
    left_out: LeftOut,
}

impl Ahead {
    /// What the state knows, for the moment the campaign goes out: `now`, or its time where that is still to come. Its
    /// own run does not count, if it was begun.
    pub fn read<S: Store>(
        store: &S,
        campaign: &Campaign,
        occasion: Occasion,
        now: DateTime<Utc>,
    ) -> Result<Self, Failure> {
        let at = occasion.at().map_or(now, |at| at.instant().max(now));
        let run = store.run(&campaign.name, &occasion.occurrence())?.map(|run| run.id);
        let frequency = &campaign.audience.frequency;
        let asking = Asking { campaign: &campaign.name, frequency, run, cuts_texts: false };
        // The lists of the manifest have had their say when a message is planned.
        let mut opt_outs = OptOuts::new(Suppression::default(), campaign.audience.rules.kind);
        store.opt_outs()?.into_iter().for_each(|address| opt_outs.add(address, Teller::Gateway));
        let contacts = known(store, asking, at)?;
        Ok(Self { opt_outs, contacts, at, address: String::new(), left_out: LeftOut::new(at, now) })
    }

    /// Counts somebody of the plan, by the first reason that holds, as it is asked when a message is sent.
    pub fn count(&mut self, address: &Address) {
        if self.opt_outs.reason(address).is_some() {
            self.left_out.opted_out += 1;
            return;
        }
        if self.contacts.is_empty() {
            return;
        }
        self.address.clear();
        let _ = write!(self.address, "{address}");
        match self.contacts.why(&self.address, self.at.timestamp_millis()) {
            Some(Why::Capped) => self.left_out.capped += 1,
            Some(Why::Got { .. } | Why::Torn) => self.left_out.already_got += 1,
            None => {}
        }
    }

    /// The counts.
    pub fn finish(self) -> LeftOut {
        self.left_out
    }
}
