//! Whom the other runs of a state have reached, as far as a rule of this run asks for it: everybody once
//! (`once_per`), nobody who got one of certain campaigns (`exclude_campaign`), or nobody more than so often in
//! a time (`cap`). People are canonical addresses here.
//!
//! It is gathered once, when a run is begun or taken up: whoever sends holds the state, so nobody else adds to it
//! meanwhile, and a run sends one message to each of its people. After that only the clock moves, which frees people of
//! a cap and never adds one. So of everybody only the newest contact matters to the first two, and to a cap of `n` the
//! n-th newest: while that one lies within the cap's time, so do n.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use chrono::DateTime;

use super::message::Claimed;
use crate::campaign::{Cap, Frequency};

/// Contacts that are added before they are folded again: 8 MB of memory.
const ROOM: usize = 1 << 19;

/// What is gathered from the runs, in any order.
#[derive(Debug)]
pub struct Gathering {
    hasher: RandomState,
    cap: Option<Cap>,
    /// When the cap's time begins, in Unix seconds.
    since_s: u32,
    campaigns: Vec<String>,
    once: Newest,
    capped: Newest,
    begun: Vec<Person>,
    left_out: HashMap<Person, Why>,
}

/// A run that is counted.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    number: u32,
    once: bool,
    capped: bool,
}

impl Gathering {
    /// Nothing yet, for these rules at this time, in Unix milliseconds.
    pub fn new(frequency: &Frequency, now_ms: i64) -> Self {
        Self {
            hasher: RandomState::new(),
            cap: frequency.cap,
            since_s: frequency.cap.map_or(0, |cap| seconds(now_ms.saturating_sub(length_ms(cap)))),
            campaigns: Vec::new(),
            once: Newest::of(1),
            capped: Newest::of(frequency.cap.map_or(1, |cap| usize::from(cap.messages))),
            begun: Vec::new(),
            left_out: HashMap::new(),
        }
    }

    /// From when on contacts matter to the cap, in Unix milliseconds: those before change nothing.
    pub fn since_ms(&self) -> i64 {
        // Contacts are kept to the second above.
        i64::from(self.since_s).saturating_sub(1) * 1000
    }

    /// Another run of the state, of this campaign; `once` and `capped` say which rules count it.
    pub fn count(&mut self, campaign: &str, once: bool, capped: bool) -> Counted {
        let number = u32::try_from(self.campaigns.len()).unwrap_or(u32::MAX);
        self.campaigns.push(campaign.to_owned());
        Counted { number, once, capped: capped && self.cap.is_some() }
    }

    /// Somebody whom that run may have reached, by canonical address, at this time in Unix milliseconds. Once is
    /// enough for the parts of one text; more is nothing.
    pub fn add(&mut self, run: Counted, address: &str, at_ms: i64) {
        let contact =
            Contact { person: person(&self.hasher, address), at_s: seconds(at_ms), run: run.number };
        if run.once {
            self.once.add(contact);
        }
        if run.capped && contact.at_s >= self.since_s {
            self.capped.add(contact);
        }
    }

    /// Somebody of whose text this run has sent a part: the others follow it, whatever was sent between them.
    pub fn begun(&mut self, address: &str) {
        self.begun.push(person(&self.hasher, address));
    }

    /// Somebody of whose text this run has left out a part: the others are left out as well.
    pub fn left_out(&mut self, address: &str) {
        self.left_out.insert(person(&self.hasher, address), Why::Torn);
    }

    /// What there is to know of it.
    pub fn seal(mut self) -> Contacts {
        self.begun.sort_unstable();
        self.begun.dedup();
        Contacts {
            hasher: self.hasher,
            cap: self.cap,
            campaigns: self.campaigns,
            once: self.once.last(),
            capped: self.capped.last(),
            begun: self.begun,
            left_out: self.left_out,
        }
    }
}

/// See the module. Without any rule it knows nobody.
#[derive(Debug, Clone, Default)]
pub struct Contacts {
    hasher: RandomState,
    cap: Option<Cap>,
    campaigns: Vec<String>,
    /// Everybody's newest contact.
    once: Vec<Contact>,
    /// The contact that frees somebody of the cap as it ages; only of those who have as many as the cap allows.
    capped: Vec<Contact>,
    /// Whose text was begun before this process.
    begun: Vec<Person>,
    /// Whose text was left out in part.
    left_out: HashMap<Person, Why>,
}

/// Why somebody is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Got one of those of which nobody gets a second one.
    Got {
        /// The run, by its place among those that were counted.
        run: u32,
        /// When, in Unix seconds.
        at_s: u32,
    },
    /// Got as many messages as the cap allows.
    Capped,
    /// Another part of the same text was left out.
    Torn,
}

impl Contacts {
    /// Whether nobody is known at all.
    pub fn is_empty(&self) -> bool {
        self.once.is_empty() && self.capped.is_empty()
    }

    /// Why nothing goes to this canonical address at this time, in Unix milliseconds.
    pub fn why(&self, address: &str, now_ms: i64) -> Option<Why> {
        if self.is_empty() {
            return None;
        }
        self.why_of(person(&self.hasher, address), now_ms)
    }

    fn why_of(&self, person: Person, now_ms: i64) -> Option<Why> {
        if let Some(got) = find(&self.once, person) {
            return Some(Why::Got { run: got.run, at_s: got.at_s });
        }
        let oldest = find(&self.capped, person)?;
        let frees_ms = i64::from(oldest.at_s) * 1000 + length_ms(self.cap?);
        (frees_ms > now_ms).then_some(Why::Capped)
    }

    /// The same for a message on its way, in words. The parts of a text share one fate: what was decided for the first
    /// of them, here or before this process, holds for the others.
    pub fn reason(&mut self, message: &Claimed, now_ms: i64) -> Option<String> {
        if message.part.is_none() {
            return Some(self.words(self.why(&message.address, now_ms)?));
        }
        let person = person(&self.hasher, &message.address);
        if self.begun.binary_search(&person).is_ok() {
            return None;
        }
        let why = match self.left_out.get(&person) {
            Some(why) => *why,
            None => {
                let why = self.why_of(person, now_ms)?;
                self.left_out.insert(person, why);
                why
            }
        };
        Some(self.words(why))
    }

    /// A reason as reports list it. Days are those of UTC.
    fn words(&self, why: Why) -> String {
        match why {
            Why::Got { run, at_s } => {
                let campaign = usize::try_from(run).ok().and_then(|run| self.campaigns.get(run));
                let campaign = campaign.map(String::as_str).unwrap_or_default();
                let day = DateTime::from_timestamp(i64::from(at_s), 0).unwrap_or_default();
                format!("already got `{campaign}` on {}", day.format("%Y-%m-%d"))
            }
            Why::Capped => self.cap.map(|cap| format!("already got {cap}")).unwrap_or_default(),
            Why::Torn => "another part of the text was left out".to_owned(),
        }
    }
}

/// Who somebody is: a phone number is its own digits; other addresses are known by 63 bits of a hash, keyed anew in
/// each process. That any of a million of them is taken for another, and left out, has a chance of one in ten million.
type Person = u64;

const HASHED: Person = 1 << 63;

fn person(hasher: &RandomState, address: &str) -> Person {
    // E.164 has 15 digits at most, and none of them leads with a zero.
    let digits = address.strip_prefix('+').filter(|digits| (1..=15).contains(&digits.len()));
    let plain =
        digits.filter(|digits| !digits.starts_with('0') && digits.bytes().all(|one| one.is_ascii_digit()));
    match plain.and_then(|digits| digits.parse().ok()) {
        Some(number) => number,
        None => hasher.hash_one(address) | HASHED,
    }
}

/// A time of the state in whole seconds, the next one above: nobody is free of a cap too early.
fn seconds(at_ms: i64) -> u32 {
    let whole = at_ms.div_euclid(1000) + i64::from(at_ms.rem_euclid(1000) > 0);
    u32::try_from(whole.max(0)).unwrap_or(u32::MAX)
}

fn length_ms(cap: Cap) -> i64 {
    i64::try_from(cap.per.get().as_millis()).unwrap_or(i64::MAX)
}

/// Somebody was reached by a run: 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Contact {
    person: Person,
    at_s: u32,
    run: u32,
}

fn find(contacts: &[Contact], person: Person) -> Option<Contact> {
    let at = contacts.binary_search_by_key(&person, |one| one.person).ok()?;
    contacts.get(at).copied()
}

/// The newest contacts of everybody, so many at most, each from another run. Memory: those, and the room.
#[derive(Debug)]
struct Newest {
    contacts: Vec<Contact>,
    most: usize,
    fold_at: usize,
}

impl Newest {
    fn of(most: usize) -> Self {
        Self { contacts: Vec::new(), most, fold_at: ROOM }
    }

    fn add(&mut self, contact: Contact) {
        if self.contacts.len() >= self.fold_at {
            self.fold();
            self.fold_at = self.contacts.len() + ROOM;
            self.contacts.reserve_exact(ROOM);
        }
        self.contacts.push(contact);
    }

    /// Brings them in order, newest first, and forgets what no rule can ask for.
    fn fold(&mut self) {
        self.contacts.sort_unstable_by_key(|one| (one.person, Reverse(one.at_s), one.run));
        let (mut person, mut runs) = (None, Vec::new());
        let most = self.most;
        self.contacts.retain(|one| {
            if person != Some(one.person) {
                person = Some(one.person);
                runs.clear();
            }
            let kept = runs.len() < most && !runs.contains(&one.run);
            if kept {
                runs.push(one.run);
            }
            kept
        });
    }

    /// The last of the newest, of everybody who has that many.
    fn last(mut self) -> Vec<Contact> {
        self.fold();
        let (mut person, mut number, most) = (None, 0, self.most);
        self.contacts.retain(|one| {
            number = if person == Some(one.person) { number + 1 } else { 1 };
            person = Some(one.person);
            number == most
        });
        self.contacts.shrink_to_fit();
        self.contacts
    }
}

#[cfg(test)]
mod tests;
