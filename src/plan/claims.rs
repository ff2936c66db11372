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
        /// How many bytes the files have, until the first batch is there, where that is known.
        bytes: Option<u64>,
    },
    /// The last, which is known before.
    Last(&'l LastRows),
}

impl Claims<'_> {
    /// The first one of files that have so many bytes.
    pub(super) fn first(bytes: Option<u64>) -> Self {
        Self::First { claimed: Claimed::default(), bytes }
    }

    /// Says what each row of a batch is; batches come in the order of the files.
    pub(super) fn decide(&mut self, batch: &mut Batch) {
        if let Self::First { claimed, bytes } = self {
            if let Some(bytes) = bytes.take() {
                expect(claimed, bytes, batch);
            }
            let keys = batch.claimants.iter().map(|one| (&one.address, one.id.as_ref()));
            std::hint::black_box(claimed.fetch(keys));
        }
        let Batch { claimants, standings, base, .. } = batch;
        standings.clear();
        standings.extend(claimants.iter().map(|one| self.standing(*base, one)));
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

/// Makes room for those in files of so many bytes, when the first batch is there: the rest will be much like it.
fn expect(claimed: &mut Claimed, bytes: u64, batch: &Batch) {
    let people = || batch.claimants.iter().filter(|one| one.has_message);
    let Some(one) = people().next() else { return };
    let (some, of_bytes) = (people().count() as u64, batch.block.bytes.len().max(1) as u64);
    let all = u128::from(some) * u128::from(bytes) / u128::from(of_bytes);
    let all = u64::try_from(all).unwrap_or(u64::MAX);
    claimed.expect(all, matches!(one.address, AddressKey::Phone(_)), one.id.is_some());
}
