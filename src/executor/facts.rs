//! What the state says of a campaign's runs to whoever decides whose turn it is.

use chrono::{DateTime, Utc};

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

/// The runs of a campaign that are not finished, oldest first.
///
/// # Errors
/// The state's; within, those of terms that cannot be read.
pub fn open_runs(
    store: &impl Store,
    campaign: &str,
) -> Result<Result<Vec<OpenRun>, PinnedError>, StoreError> {
    let open = |run: Run| -> Result<OpenRun, PinnedError> {
        let pinned = Pinned::from_json(&run.pinned.pinned)?;
        let hours = pinned.delivery()?.hours();
        Ok(OpenRun { id: run.id.0, hours, frequency: pinned.frequency()?, waits_until: None })
    };
    Ok(store.unfinished(campaign)?.into_iter().map(open).collect())
}
