//! By whose clocks the people of a run go who are still to be written to.

use chrono::{DateTime, Utc};

use crate::campaign::Delivery;
use crate::delivery::clocks::{Clock, Clocks};
use crate::schedule::{Moment, Zone};
use crate::store::{Run, RunClock, Store, StoreError};

/// The clocks of a run as it stands: one, where all go by the campaign's, and else those of whom messages are pending.
///
/// # Errors
/// The state's; [`StoreError::Internal`] for a zone that this sendplan does not know, and a later one does.
pub fn clocks(store: &impl Store, run: &Run, delivery: &Delivery) -> Result<Clocks, StoreError> {
    let Some(recipients) = delivery.recipients else {
        return Ok(Clocks::new(vec![Clock::of_all(delivery.hours())]));
    };
    let moment: Option<Moment> = run.pinned.occurrence.parse().ok();
    let begun = DateTime::<Utc>::from_timestamp_millis(run.pinned.created_at_ms).unwrap_or_default();
    let clock = |one: &RunClock| {
        let zones = zones(one)?;
        let hours = delivery.hours_in(moment, &zones);
        let missed = recipients.is_missed(&hours, begun);
        let zone = zones.first().copied().unwrap_or(Zone::UTC);
        Ok(Clock { id: Some(one.id), hours, missed, zone })
    };
    let all = store.clocks(run.id)?;
    let clocks: Result<_, StoreError> = all.iter().filter(|one| one.pending > 0).map(clock).collect();
    clocks.map(Clocks::new)
}

fn zones(clock: &RunClock) -> Result<Vec<Zone>, StoreError> {
    let unknown = |name: &str| {
        StoreError::internal(format!("the run has people in `{name}`, which is no zone any more"))
    };
    clock.zones.iter().map(|name| Zone::named(name).ok_or_else(|| unknown(name))).collect()
}
