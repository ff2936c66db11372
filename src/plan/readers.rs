//! Who reads which of a campaign's texts: how many each has, and how many read another language than their row says.

use std::collections::BTreeMap;

use crate::message::{Found, WordingId};

/// So many unknown languages are told apart: memory, and nobody reads on.
const MOST: usize = 64;

/// What one text comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Messages.
    pub messages: u64,
    /// Their parts.
    pub segments: u64,
}

/// Readers of all texts of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readers {
    shares: Vec<Share>,
    /// Messages in the language of the row, written for another country than its.
    pub by_language: u64,
    /// Messages in the default language, to whoever's row names none.
    pub unsaid: u64,
    /// Messages in the default language, to whoever's row names one in which there is no text.
    pub unknown: u64,
    odd: BTreeMap<String, u64>,
    /// Messages whose row names one that is not among those.
    pub others: u64,
}

impl Readers {
    /// What each text comes to, by its number; those after the last that anybody reads are not there.
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// What rows name that is no language of a text, as it stands there, most first.
    pub fn odd(&self) -> Vec<(&str, u64)> {
        let mut odd: Vec<(&str, u64)> =
            self.odd.iter().map(|(said, count)| (said.as_str(), *count)).collect();
        odd.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        odd
    }

    /// Somebody reads this text, of so many parts. `odd` is what the row names, where there is no text for it.
    pub(super) fn add(&mut self, wording: WordingId, parts: u16, found: Found, odd: Option<&str>) {
        let at = usize::from(wording);
        if self.shares.len() <= at {
            self.shares.resize(at + 1, Share::default());
        }
        if let Some(share) = self.shares.get_mut(at) {
            share.messages += 1;
            share.segments += u64::from(parts);
        }
        match found {
            Found::Exactly => {}
            Found::ByLanguage => self.by_language += 1,
            Found::Unsaid => self.unsaid += 1,
            Found::Unknown => self.unknown += 1,
        }
        let Some(odd) = odd else { return };
        if let Some(count) = self.odd.get_mut(odd) {
            *count += 1;
        } else if self.odd.len() < MOST {
            self.odd.insert(odd.to_owned(), 1);
        } else {
            self.others += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_languages_than_are_told_apart_are_counted_all_the_same() {
        let mut readers = Readers::default();
        (0..MOST + 3).for_each(|number| readers.add(0, 1, Found::Unknown, Some(&format!("x{number}"))));
        readers.add(0, 1, Found::Unknown, Some("x0"));
        assert_eq!((readers.odd().len(), readers.odd()[0], readers.others), (MOST, ("x0", 2), 3));
        assert_eq!(
            readers.unknown,
            readers.odd().iter().map(|(_, count)| count).sum::<u64>() + readers.others
        );
    }
}
