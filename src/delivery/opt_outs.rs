//! Who must not be written to any more: the campaign's lists, and whoever a gateway or a person has said to have opted
//! out.

use std::collections::{HashMap, HashSet};

use super::control::Teller;
use super::message::Batch;
use crate::audience::{Address, AddressKind, Suppression};

/// Both, as they are at this moment.
#[derive(Debug)]
pub struct OptOuts {
    lists: Suppression,
    kind: AddressKind,
    /// Told by a gateway or a person, in this process or before it.
    told: HashMap<Address, Teller>,
    /// Told in this process, in the words of the messages.
    recent: HashSet<String>,
    /// Whether batches that wait have not been looked through for the recent ones.
    unsifted: bool,
}

impl OptOuts {
    /// The lists of a run whose addresses are of this kind.
    pub fn new(lists: Suppression, kind: AddressKind) -> Self {
        Self { lists, kind, told: HashMap::new(), recent: HashSet::new(), unsifted: false }
    }

    /// The lists as they are now. Whoever stood on one is not sent to by this process, whatever became of the list: a file
    /// that is being written has only some of its lines.
    pub fn set_lists(&mut self, mut lists: Suppression) {
        lists.keep(std::mem::take(&mut self.lists));
        self.lists = lists;
    }

    /// Somebody whom we were told of, by canonical address.
    pub fn add(&mut self, address: String, teller: Teller) {
        self.told.insert(self.read(&address), teller);
    }

    /// Somebody whom we have just been told of: batches that wait may have them.
    pub fn learn(&mut self, address: &str, teller: Teller) {
        self.add(address.to_owned(), teller);
        self.recent.insert(address.to_owned());
        self.unsifted = true;
    }

    /// Somebody whose opt-out was taken back. The lists are not touched.
    pub fn forget(&mut self, address: &str) {
        self.told.remove(&self.read(address));
        self.recent.remove(address);
    }

    /// What is no address of this run's kind is nobody in it; it is kept as it is.
    fn read(&self, address: &str) -> Address {
        self.kind.read(address).unwrap_or_else(|_| Address::Opaque(address.into()))
    }

    /// Why nothing goes to this address, if so.
    pub fn reason(&self, address: &Address) -> Option<String> {
        match self.told.get(address) {
            Some(Teller::Gateway) => return Some("opted out at the gateway".to_owned()),
            Some(Teller::Person) => return Some("opted out".to_owned()),
            None => {}
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
        batch.parcels.iter().any(|parcel| self.recent.contains(&*parcel.message.address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_71_who_once_stood_on_a_list_is_not_let_go_of() {
        let kind = AddressKind::Phone { region: None };
        let list = |text: &str| {
            let mut list = Suppression::default();
            list.add_list("out.csv", text.as_bytes(), kind, "phone").unwrap();
            list
        };
        let [one, other] = ["+254712345678", "+254712345679"].map(|number| kind.read(number).unwrap());
        let mut opt_outs = OptOuts::new(list("phone\n+254712345678\n"), kind);
        for now in ["phone\n+254712345678\n+254712345679\n", "phone\n+254712345679\n", "phone\n"] {
            opt_outs.set_lists(list(now));
            for address in [&one, &other] {
                assert_eq!(opt_outs.reason(address).as_deref(), Some("on out.csv"), "{now}");
            }
        }
    }
}
