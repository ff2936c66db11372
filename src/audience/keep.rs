//! Which of several rows for one person gets the message. The last one is found by reading the rows twice: what the
//! first decides from the front, the last decides from the back, and who stands there is known only at the end.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::audience::dedupe::{AddressKey, Claimed, Duplicate, TextKey};

/// The row that gets the message, of several for one person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// The one that stands first in the files.
    #[default]
    First,
    /// The one that stands last.
    Last,
}

/// Rows that are kept together: what is let go while the last rows are found is given back soon.
const CHUNK: usize = 1 << 14;

/// The rows that would be messages, in the order of the files. Memory: 48 bytes each where people have identities;
/// where they have none, what the addresses take that are found.
#[derive(Debug, Default)]
pub struct Seen {
    rows: Vec<Vec<Row>>,
    last: Claimed,
}

#[derive(Debug)]
struct Row {
    line: u32,
    address: AddressKey,
    id: TextKey,
}

/// Everybody who has a message, each by the last row that could have it. Exactly the rows that would have it if the
/// files were read backwards.
#[derive(Debug)]
pub struct LastRows {
    claimed: Claimed,
    rows: u64,
}

/// What a row is among those for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It gets the message.
    Kept,
    /// Another one gets it.
    Taken(Duplicate),
    /// Nobody gets it, as far as this row can tell.
    Free,
}

impl Seen {
    /// A row that would be a message. Either all rows have an identity or none has.
    pub fn add(&mut self, line: u64, address: AddressKey, id: Option<TextKey>) {
        let Some(id) = id else {
            // Nothing but addresses: whoever comes last has it, whatever the others are.
            self.last.claim_again(&address, line);
            return;
        };
        if self.rows.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.rows.push(Vec::with_capacity(CHUNK));
        }
        if let Some(chunk) = self.rows.last_mut() {
            chunk.push(Row { line: u32::try_from(line).unwrap_or(u32::MAX), address, id });
        }
    }

    /// Reads them backwards.
    pub fn last(mut self) -> LastRows {
        let mut claimed = self.last;
        while let Some(chunk) = self.rows.pop() {
            for Row { line, address, id } in chunk.into_iter().rev() {
                // Whoever has one already keeps it.
                let _ = claimed.claim(&address, Some(&id), u64::from(line));
            }
        }
        let rows = claimed.len();
        LastRows { claimed, rows }
    }
}

impl LastRows {
    /// What a row is, read backwards. The address is asked first, as it is forwards.
    pub fn standing(&self, line: u64, address: &AddressKey, id: Option<&TextKey>) -> Standing {
        let by_address = self.claimed.line_of(address);
        if by_address == Some(line) {
            return Standing::Kept;
        }
        if let Some(later) = by_address.filter(|later| *later > line) {
            return Standing::Taken(Duplicate::Address(later));
        }
        match id.and_then(|id| self.claimed.line_of_id(id)) {
            Some(later) if later > line => Standing::Taken(Duplicate::Id(later)),
            _ => Standing::Free,
        }
    }

    /// How many rows get a message.
    pub fn len(&self) -> u64 {
        self.rows
    }

    /// Whether nobody gets one.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audience::dedupe::text_key;

    /// Whether each row of (address, identity, would be a message) is kept, the first ones first.
    fn first(rows: &[(u64, Option<u8>, bool)]) -> Vec<Option<bool>> {
        let mut claimed = Claimed::default();
        let mut kept = Vec::new();
        for (line, &(address, id, is_message)) in rows.iter().enumerate() {
            let (address, id) = (AddressKey::Phone(address), id.map(|id| text_key(&id.to_string())));
            let is_taken = claimed.duplicate(&address, id.as_ref()).is_some();
            kept.push((!is_taken).then_some(is_message));
            if !is_taken && is_message {
                claimed.claim(&address, id.as_ref(), line as u64).unwrap();
            }
        }
        kept
    }

    fn last(rows: &[(u64, Option<u8>, bool)]) -> Vec<Option<bool>> {
        let keys = |&(address, id, _): &(u64, Option<u8>, bool)| {
            (AddressKey::Phone(address), id.map(|id| text_key(&id.to_string())))
        };
        let mut seen = Seen::default();
        for (line, row) in rows.iter().enumerate().filter(|(_, row)| row.2) {
            let (address, id) = keys(row);
            seen.add(line as u64, address, id);
        }
        let last = seen.last();
        let standing = |(line, row)| {
            let (address, id) = keys(row);
            match last.standing(line as u64, &address, id.as_ref()) {
                Standing::Kept => Some(true),
                Standing::Free => Some(false),
                Standing::Taken(_) => None,
            }
        };
        let all: Vec<_> = rows.iter().enumerate().map(standing).collect();
        assert_eq!(last.len(), all.iter().filter(|one| **one == Some(true)).count() as u64);
        all
    }

    proptest! {
        #[test]
        fn the_last_rows_are_the_first_of_the_list_read_backwards(
            mut rows in proptest::collection::vec((0..6_u64, 0..6_u8, any::<bool>()), 0..24),
            has_ids in any::<bool>(),
        ) {
            let with = |rows: &[(u64, u8, bool)]| -> Vec<_> {
                rows.iter().map(|&(address, id, is)| (address, has_ids.then_some(id), is)).collect()
            };
            let last = last(&with(&rows));
            rows.reverse();
            let mut mirrored = first(&with(&rows));
            mirrored.reverse();
            prop_assert_eq!(last, mirrored);
        }
    }
}
