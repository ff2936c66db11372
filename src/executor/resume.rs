//! What is done to an interrupted run before it is sent on.

use crate::delivery::message::Change;
use crate::delivery::state::{Event, State};
use crate::store::{RunId, Store, StoreError};

/// Frees unknown messages for another attempt, as `delivery.unknown: resend` wants, up to the most attempts.
///
/// # Errors
/// The state's.
pub fn send_again(store: &mut impl Store, run: RunId, attempts: u16, at_ms: i64) -> Result<(), StoreError> {
    const PAGE: usize = 1000;
    let mut after = None;
    loop {
        let page = store.messages(run, Some(State::Unknown), after, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.key);
        let again = page.iter().filter(|one| one.attempts < u32::from(attempts)).map(|one| Change {
            key: one.key,
            event: Event::Resend,
            provider_id: None,
            reason: one.reason.clone(),
            opted_out: false,
            at_ms,
        });
        store.commit(run, &again.collect::<Vec<_>>())?;
    }
}
