//! By whose clocks the people of a run go who are still to be written to.

use chrono::{DateTime, Utc};

use crate::campaign::Delivery;
use crate::delivery::clock::Clock;
use crate::delivery::clocks::Clocks;
use crate::schedule::{Moment, Zone};
use crate::store::{Run, RunClock, Store, StoreError};

/// The clocks of a run as it stands: one, where all go by the campaign's, and else those of whom messages are pending.
///
/// # Errors
/// The state's; [`StoreError::Internal`] for a zone that this sendplan does not know, and a later one does.
pub fn clocks(store: &impl Store, run: &Run, delivery: &Delivery) -> Result<Clocks, StoreError> {
    if delivery.recipients.is_none() {
        return Ok(Clocks::new(vec![Clock::of_all(delivery.hours())]));
    }
    let all = their_clocks(store, run, delivery)?;
    Ok(Clocks::new(all.into_iter().filter(|(one, _)| one.pending > 0).map(|(_, clock)| clock).collect()))
}

/// The clocks by which recipients of a run go, all of them; none where all go by the campaign's.
///
/// # Errors
/// As of [`clocks`].
pub fn their_clocks(
    store: &impl Store,
    run: &Run,
    delivery: &Delivery,
) -> Result<Vec<(RunClock, Clock)>, StoreError> {
    if delivery.recipients.is_none() {
        return Ok(Vec::new());
    }
    let clock = |one: RunClock| {
        let clock = Clock { id: Some(one.id), ..clock_in(&zones(&one)?, run, delivery) };
        Ok((one, clock))
    };
    store.clocks(run.id)?.into_iter().map(clock).collect()
}

/// The clock of somebody in a run who may be in these zones.
pub fn clock_in(zones: &[Zone], run: &Run, delivery: &Delivery) -> Clock {
    let moment: Option<Moment> = run.pinned.occurrence.parse().ok();
    let begun = DateTime::<Utc>::from_timestamp_millis(run.pinned.created_at_ms).unwrap_or_default();
    let hours = delivery.hours_in(moment, zones);
    let missed = delivery.recipients.is_some_and(|recipients| recipients.is_missed(&hours, begun));
    Clock { id: None, hours, missed, zone: zones.first().copied().unwrap_or(Zone::UTC) }
}

fn zones(clock: &RunClock) -> Result<Vec<Zone>, StoreError> {
    let unknown = |name: &str| {
        StoreError::internal(format!("the run has people in `{name}`, which is no zone any more"))
    };
    clock.zones.iter().map(|name| Zone::named(name).ok_or_else(|| unknown(name))).collect()
}
