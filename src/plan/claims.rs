//! Which of several rows for one person gets the message, told of a batch at a time: most of the time that takes is waiting
//! for memory, because what is known of everybody is larger than any cache, and many can be waited for together.

use crate::audience::dedupe::{AddressKey, Claimed};
use crate::audience::keep::{LastRows, Standing};
use crate::plan::batch::{Batch, Claimant};

/// Which row of a person gets the message.
pub(super) enum Claims<'l> {
    /// The first, as the files are read.
    First {
        /// Who has one.
        claimed: Claimed,
        /// How much room that will take, where it is known how long the files are.
        outlook: Option<Outlook>,
    },
    /// The last, which is known before.
    Last(&'l LastRows),
}

impl Claims<'_> {
    /// The first one of files that have so many bytes.
    pub(super) fn first(bytes: Option<u64>) -> Self {
        let outlook = bytes.map(|bytes| Outlook { bytes, read: 0, people: 0, next: FIRST_LOOK });
        Self::First { claimed: Claimed::default(), outlook }
    }

    /// Says what each row of a batch is; batches come in the order of the files.
    pub(super) fn decide(&mut self, batch: &mut Batch) {
        if let Self::First { claimed, .. } = self {
            let keys = batch.claimants.iter().map(|one| (&one.address, one.id.as_ref()));
            std::hint::black_box(claimed.fetch(keys));
        }
        let Batch { claimants, standings, base, .. } = batch;
        standings.clear();
        standings.extend(claimants.iter().map(|one| self.standing(*base, one)));
        if let Self::First { claimed, outlook: Some(outlook) } = self {
            outlook.update(claimed, batch);
        }
    }

    /// What a row is, and nothing where that cannot be. One that is kept has its message from then on.
    fn standing(&mut self, base: u64, claimant: &Claimant) -> Option<Standing> {
        let Claimant { address, id, has_message, .. } = claimant;
        let (line, id) = (base + claimant.line, id.as_ref());
        let standing = match self {
            Self::First { claimed, .. } if *has_message => {
                claimed.claim(address, id, line).map_or_else(Standing::Taken, |()| Standing::Kept)
            }
            Self::First { claimed, .. } => {
                claimed.duplicate(address, id).map_or(Standing::Free, Standing::Taken)
            }
            Self::Last(rows) => rows.standing(line, address, id),
        };
        let can_be = match standing {
            Standing::Kept => *has_message,
            Standing::Free => !has_message,
            Standing::Taken(_) => true,
        };
        can_be.then_some(standing)
    }
}

/// How many people there will be, by how many there were in what was read so far: room for them is made at once, because
/// to grow is to put everybody anew. Never for many times as many as there are: the rows behind may be longer.
pub(super) struct Outlook {
    /// Of all files.
    bytes: u64,
    read: u64,
    people: u64,
    /// So many people are there when it is looked at again.
    next: u64,
}

/// So many people are there when room is made for the first time.
const FIRST_LOOK: u64 = 1 << 9;
/// For so many times as many people as there are room is made at the most.
const MOST_TIMES: u64 = 128;

impl Outlook {
    fn update(&mut self, claimed: &mut Claimed, batch: &Batch) {
        self.read += batch.block.bytes.len() as u64;
        self.people += batch.standings.iter().filter(|one| **one == Some(Standing::Kept)).count() as u64;
        if self.people < self.next {
            return;
        }
        self.next = self.people * 2;
        let all = u128::from(self.people) * u128::from(self.bytes) / u128::from(self.read.max(1));
        let all = u64::try_from(all).unwrap_or(u64::MAX).min(self.people.saturating_mul(MOST_TIMES));
        let Some(one) = batch.claimants.first() else { return };
        claimed.expect(all, matches!(one.address, AddressKey::Phone(_)), one.id.is_some());
    }
}
