//! Where a run stands, from the state's words to the report's.

use crate::delivery::state::State;
use crate::report::status::RunLine;
use crate::store::Run;

/// A run as it is shown. Intents of a process that is gone are unknown; those of a live one are on their way.
pub fn line(run: &Run, live: bool) -> RunLine {
    let counts = &run.counts;
    let intents = counts.of(State::Intent);
    let (on_their_way, lost) = if live { (intents, 0) } else { (0, intents) };
    RunLine {
        campaign: run.pinned.campaign.clone(),
        occurrence: run.pinned.occurrence.clone(),
        planned: counts.planned,
        pending: counts.of(State::Pending) + on_their_way,
        accepted: counts.of(State::Accepted),
        rejected: counts.of(State::Rejected),
        unknown: counts.of(State::Unknown) + lost,
        held: counts.of(State::Held),
        suppressed: counts.of(State::Suppressed),
        expired: counts.of(State::Expired),
        delivered: counts.delivered,
        failed: counts.failed,
    }
}
