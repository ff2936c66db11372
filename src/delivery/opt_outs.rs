//! Who must not be written to any more: the campaign's lists, and whoever a gateway has said to have opted out.

use std::collections::HashSet;

use super::message::Batch;
use crate::audience::{Address, AddressKind, Suppression};

/// Both, as they are at this moment.
#[derive(Debug)]
pub struct OptOuts {
    lists: Suppression,
    kind: AddressKind,
    /// Told by a gateway, in this process or before it.
    told: HashSet<Address>,
    /// Told in this process, in the words of the messages.
    recent: HashSet<String>,
    /// Whether batches that wait have not been looked through for the recent ones.
    unsifted: bool,
}

impl OptOuts {
    /// The lists of a run whose addresses are of this kind.
    pub fn new(lists: Suppression, kind: AddressKind) -> Self {
        Self { lists, kind, told: HashSet::new(), recent: HashSet::new(), unsifted: false }
    }

    /// The lists as they are now.
    pub fn set_lists(&mut self, lists: Suppression) {
        self.lists = lists;
    }

    /// Somebody whom a gateway told of, by canonical address.
    pub fn add(&mut self, address: String) {
        // What is no address of this run's kind is nobody in it; it is kept as it is.
        let read = self.kind.read(&address);
        self.told.insert(read.unwrap_or_else(|_| Address::Opaque(address.into())));
    }

    /// Somebody whom this run's gateway has just told of.
    pub fn learn(&mut self, address: &str) {
        self.add(address.to_owned());
        self.recent.insert(address.to_owned());
        self.unsifted = true;
    }

    /// Why nothing goes to this address, if so.
    pub fn reason(&self, address: &Address) -> Option<String> {
        if self.told.contains(address) {
            return Some("opted out at the gateway".to_owned());
        }
        self.lists.contains(address).map(|list| format!("on {list}"))
    }

    /// More batches wait: those who were told of meanwhile may be in them.
    pub fn more_wait(&mut self) {
        self.unsifted = !self.recent.is_empty();
    }

    /// Whether the batches that wait are to be looked through; once for each time.
    pub fn must_sift(&mut self) -> bool {
        std::mem::take(&mut self.unsifted)
    }

    /// Whether a batch has somebody who opted out after it was formed.
    pub fn has_come_between(&self, batch: &Batch) -> bool {
        batch.parcels.iter().any(|parcel| self.recent.contains(&parcel.message.address))
    }
}
