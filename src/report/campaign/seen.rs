//! What one look at every message of a run tells beside its counts: why, when, and who waits for a decision. It stays small
//! however many messages there are.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Reason, Reasons, beside_state};
use crate::report::mask::Mask;
use crate::report::messages::MessageLine;
use crate::schedule::Zone;

/// People who are named, of each kind.
const NAMED: usize = 20;

/// What became known in an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// Messages that the gateway took.
    pub accepted: u64,
    /// Messages of which nobody knows.
    pub unknown: u64,
    /// Messages that it refused.
    pub rejected: u64,
    /// Messages that arrived.
    pub delivered: u64,
    /// Messages that did not.
    pub failed: u64,
}

/// Somebody's message, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The recipient's identity.
    pub recipient: String,
    /// The address.
    pub address: String,
    /// When it last changed.
    pub at: DateTime<Utc>,
    /// Why it is where it is.
    pub why: String,
}

/// What was seen of a run.
#[derive(Debug)]
pub struct Seen {
    /// By hours of the clock on the wall, counted from 1970.
    pub hours: BTreeMap<i64, Known>,
    /// The first ones of whom nobody knows.
    pub unknown: Vec<Person>,
    /// The first ones that are held.
    pub held: Vec<Person>,
    /// The first ones that were refused.
    pub rejected: Vec<Person>,
    reasons: Reasons,
    zone: Zone,
    mask: Mask,
}

impl Seen {
    /// Nothing yet; hours are those of a zone.
    pub fn new(zone: Zone, mask: Mask) -> Self {
        Self {
            hours: BTreeMap::new(),
            unknown: Vec::new(),
            held: Vec::new(),
            rejected: Vec::new(),
            reasons: Reasons::default(),
            zone,
            mask,
        }
    }

    /// One more message, and when its receipt came.
    pub fn add(&mut self, one: &MessageLine<'_>, receipt_at: Option<DateTime<Utc>>) {
        if let Some(at) = one.sent_at {
            self.hour(at).accepted += 1;
        }
        let mut of_receipt = |known: fn(&mut Known) -> &mut u64| {
            if let Some(at) = receipt_at {
                *known(self.hour(at)) += 1;
            }
        };
        match one.state {
            "delivered" => of_receipt(|known| &mut known.delivered),
            "failed" => of_receipt(|known| &mut known.failed),
            "unknown" => self.hour(one.changed_at).unknown += 1,
            "rejected" => self.hour(one.changed_at).rejected += 1,
            _ => {}
        }
        if matches!(one.state, "rejected" | "suppressed" | "failed") {
            self.reasons.add(one.state, one.error, one.address);
        }
        let mask = self.mask;
        let named = match one.state {
            "unknown" => &mut self.unknown,
            "held" => &mut self.held,
            "rejected" => &mut self.rejected,
            _ => return,
        };
        if named.len() < NAMED {
            named.push(Person {
                recipient: mask.recipient(one.recipient, one.address).into_owned(),
                address: mask.address(one.address).into_owned(),
                at: one.changed_at,
                why: mask.words(beside_state(one.state, one.error.unwrap_or_default()), one.address),
            });
        }
    }

    /// The most frequent reasons, and how many messages have others.
    pub fn reasons(&mut self) -> (Vec<Reason>, u64) {
        std::mem::take(&mut self.reasons).most()
    }

    fn hour(&mut self, at: DateTime<Utc>) -> &mut Known {
        let local = self.zone.at(at).naive_local().and_utc();
        self.hours.entry(local.timestamp().div_euclid(3600)).or_default()
    }
}

impl std::ops::AddAssign for Known {
    fn add_assign(&mut self, more: Self) {
        self.accepted += more.accepted;
        self.unknown += more.unknown;
        self.rejected += more.rejected;
        self.delivered += more.delivered;
        self.failed += more.failed;
    }
}
