//! What the state says of a campaign's runs to whoever decides whose turn it is.

use chrono::{DateTime, Utc};

use super::clocks::clocks;
use crate::campaign::{Delivery, Frequency};
use crate::delivery::pinned::{Pinned, PinnedError};
use crate::delivery::roster::OpenRun;
use crate::schedule::Moment;
use crate::store::{Run, Store, StoreError};

/// When the latest of these occurrences was due.
pub fn latest<'o>(occurrences: impl Iterator<Item = &'o str>) -> Option<DateTime<Utc>> {
    occurrences.filter_map(|one| one.parse::<Moment>().ok()).map(Moment::instant).max()
}

/// When the latest occurrence of a campaign was due that was begun.
///
/// # Errors
/// The state's.
pub fn last_of(store: &impl Store, campaign: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(latest(store.occurrences(campaign)?.iter().map(String::as_str)))
}

/// The runs of a campaign that are not finished, oldest first, with what they wait for now: the campaign's hours, or
/// those of the people who are left.
///
/// # Errors
/// The state's; within, those of terms that cannot be read.
pub fn open_runs(
    store: &impl Store,
    campaign: &str,
    now: DateTime<Utc>,
) -> Result<Result<Vec<OpenRun>, PinnedError>, StoreError> {
    let terms = |run: &Run| -> Result<(Delivery, Frequency), PinnedError> {
        let pinned = Pinned::from_json(&run.pinned.pinned)?;
        Ok((pinned.delivery()?, pinned.frequency()?))
    };
    let mut open = Vec::new();
    for run in store.unfinished(campaign)? {
        let (delivery, frequency) = match terms(&run) {
            Ok(terms) => terms,
            Err(error) => return Ok(Err(error)),
        };
        let waits_until = clocks(store, &run, &delivery)?.waits(now).map(|(until, _)| until);
        open.push(OpenRun { id: run.id.0, frequency, waits_until });
    }
    Ok(Ok(open))
}
