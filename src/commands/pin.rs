//! Pinning a run: the audience is planned, and recipients and texts go into the state as they are, all in
//! one transaction. A plan that is refused leaves nothing behind.

use chrono::DateTime;

use super::exit::Failure;
use super::scan::{digest, refusals, scan, too_many_parts};
use super::terminal::Terminal;
use super::timing::Timing;
use crate::delivery::pinned::Pinned;
use crate::message::part;
use crate::message::segments::Measure;
use crate::plan::Entry;
use crate::store::{Excluded, NewRun, PinnedMessage, RunId, Store};
use crate::world::workspace::Loaded;

/// Pins an occurrence of the campaign and gives its run.
pub fn pin<S: Store>(
    store: &mut S,
    loaded: &Loaded,
    occurrence: &str,
    place: &str,
    sandbox: bool,
    at_ms: i64,
    terminal: &Terminal,
) -> Result<RunId, Failure> {
    let campaign = &loaded.campaign;
    let run = NewRun {
        campaign: campaign.name.clone(),
        occurrence: occurrence.to_owned(),
        pinned: Pinned::of(campaign, place, &loaded.profile_source, sandbox).to_json(),
        created_at_ms: at_ms,
    };
    let mut pinning = store.pin(&run)?;
    let counts_segments = campaign.counts_segments();
    let cuts_texts = campaign.profile.cuts_texts();
    let totals = scan(loaded, None, terminal, &mut |entry| match entry {
        Entry::Planned { line, id, address, text, measure } => {
            let address = address.to_string();
            if cuts_texts && measure.parts > 1 {
                let reference = part::reference(&run.campaign, &run.occurrence, id);
                let parts = part::cut(text, &measure, reference);
                let parts = parts.ok_or_else(|| Failure::Input(too_many_parts(measure.parts, line)))?;
                for (part, text) in parts {
                    let part = Some(part);
                    let message = PinnedMessage { recipient: id, address: &address, text, segments: 1, part };
                    pinning.add(&message)?;
                }
                return Ok(());
            }
            let segments = segments(counts_segments, measure);
            Ok(pinning.add(&PinnedMessage {
                recipient: id,
                address: &address,
                text,
                segments,
                part: None,
            })?)
        }
        Entry::Excluded { .. } => Ok(()),
    })?;
    let mut refused = refusals(loaded, &totals);
    // A sandbox and a rehearsal keep to no schedule.
    if let Some(starts) = occurrence.parse().ok().filter(|_| !sandbox) {
        let now = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
        refused.extend(Timing::of(campaign, &totals, Some(starts), now).too_slow);
    }
    if !refused.is_empty() {
        return Err(Failure::Input(format!("the plan is refused, nothing was sent: {}", refused.join("; "))));
    }
    let excluded = Excluded {
        rejected: totals.rejected(),
        suppressed: totals.suppressed(),
        filtered: totals.filtered(),
        duplicates: totals.duplicates(),
    };
    Ok(pinning.seal(&digest(&totals), &excluded)?)
}

fn segments(counted: bool, measure: Measure) -> u16 {
    if counted { measure.parts } else { 0 }
}
