//! What became of each campaign.

use std::collections::{BTreeMap, BTreeSet};

use super::words::waits;
use crate::commands::exit::Code;
use crate::commands::terminal::Terminal;
use crate::delivery::control::HoldKind;
use crate::delivery::engine::Now;
use crate::delivery::roster::{Roster, Waiting};
use crate::report::events::What;
use crate::report::layout::Table;

/// What became of each campaign.
#[derive(Debug, Default)]
pub struct Ledger {
    done: BTreeMap<String, (Code, String)>,
    broken: BTreeSet<String>,
}

/// From nothing to the worst: what goes on by itself, what is final, what a person has to decide or mend, and what stops
/// everything.
const WORSE: [Code; 9] = [
    Code::Done,
    Code::Stopped,
    Code::Rejected,
    Code::Unknown,
    Code::Invalid,
    Code::Unapproved,
    Code::Refused,
    Code::Internal,
    Code::State,
];

fn rank(code: Code) -> usize {
    WORSE.iter().position(|one| *one == code).unwrap_or(WORSE.len())
}

impl Ledger {
    /// What became of a campaign; the worse of two stays.
    pub fn note(&mut self, name: &str, code: Code, text: &str) {
        let before = self.done.get(name).map_or(0, |(code, _)| rank(*code));
        if rank(code) >= before {
            self.done.insert(name.to_owned(), (code, text.to_owned()));
        }
    }

    /// What became of a campaign, if anything did.
    pub fn code(&self, name: &str) -> Option<Code> {
        self.done.get(name).map(|(code, _)| *code)
    }

    /// Somebody has to decide about what was missed.
    pub fn notice(&mut self, name: &str, what: What, text: &str) {
        if what == What::Missed {
            self.note(name, Code::Invalid, text);
        }
    }

    /// Its manifest is broken.
    pub fn broken(&mut self, name: &str) {
        self.broken.insert(name.to_owned());
    }

    /// It is not, or not any more.
    pub fn sound(&mut self, name: &str) {
        self.broken.remove(name);
    }

    /// Those whose manifests are broken, by name, or by the place of one that has none.
    pub fn all_broken(&self) -> impl Iterator<Item = &String> {
        self.broken.iter()
    }

    /// The worst of all.
    pub fn worst(&self) -> Code {
        let broken = (!self.broken.is_empty()).then_some(Code::Invalid);
        let codes = self.done.values().map(|(code, _)| *code).chain(broken);
        codes.max_by_key(|code| rank(*code)).unwrap_or(Code::Done)
    }

    /// What each campaign did, or when it is next.
    pub fn tell(&mut self, roster: &mut Roster, now: Now, terminal: &Terminal) {
        let mut table = Table::new(&[]);
        let waiting = roster.waiting(now);
        let names: BTreeSet<&String> = waiting.keys().chain(self.done.keys()).chain(&self.broken).collect();
        for name in names {
            let next = waiting.get(name).copied();
            let text = match self.done.get(name) {
                _ if self.broken.contains(name) => "is broken".to_owned(),
                Some((_, text)) => text.clone(),
                None => waits(next, now.utc),
            };
            table.row([name, &text]);
        }
        terminal.data(&table.show());
    }

    /// Campaigns that have something to send and are paused: for once, that is as far as it goes.
    pub fn note_holds(&mut self, roster: &mut Roster, now: Now) {
        for (name, waiting) in roster.waiting(now) {
            if let Waiting::Held { kind: HoldKind::Paused, has_work: true } = waiting {
                self.note(&name, Code::Stopped, "is paused");
            }
        }
    }
}
