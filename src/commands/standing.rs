//! Where a run and its messages stand, from the state's words to the report's.

use chrono::{DateTime, SecondsFormat};

use crate::delivery::control::{Hold, Teller};
use crate::delivery::state::State;
use crate::report::control::OptOutLine;
use crate::report::messages::MessageLine;
use crate::report::status::{HoldLine, RunLine};
use crate::store::control::OptOut;
use crate::store::{Listed, Run};

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
        pruned_at: run.pruned_at_ms.map(time),
    }
}

/// A hold as it is shown.
pub fn hold(campaign: &str, hold: &Hold) -> HoldLine {
    HoldLine {
        campaign: campaign.to_owned(),
        what: hold.what.name(),
        who: hold.who.clone(),
        since: time(hold.at_ms),
    }
}

/// An opt-out as it is shown.
pub fn opt_out(one: &OptOut) -> OptOutLine<'_> {
    let told = match one.teller {
        Teller::Gateway => format!("by a gateway, in {}", one.source),
        Teller::Person if one.source.is_empty() => "by somebody".to_owned(),
        Teller::Person => format!("by {}", one.source),
    };
    let at = DateTime::from_timestamp_millis(one.at_ms).unwrap_or_default();
    OptOutLine { address: &one.address, at, told, reason: one.reason.as_deref() }
}

/// A time as reports say it, RFC 3339.
pub fn time(at_ms: i64) -> String {
    DateTime::from_timestamp_millis(at_ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A message as it is shown, by the same rule.
pub fn message(message: &Listed, live: bool) -> MessageLine<'_> {
    let lost = message.state == State::Intent && !live;
    let state = match (message.receipt, message.state) {
        (Some(receipt), State::Accepted) => receipt.name(),
        (_, State::Intent) if live => State::Pending.name(),
        (_, State::Intent) => State::Unknown.name(),
        (_, state) => state.name(),
    };
    let changed_at = DateTime::from_timestamp_millis(message.changed_at_ms).unwrap_or_default();
    MessageLine {
        recipient: &message.recipient,
        address: &message.address,
        state,
        provider_id: message.provider_id.as_deref(),
        attempts: message.attempts,
        segments: message.segments,
        sent_at: (message.state == State::Accepted).then_some(changed_at),
        changed_at,
        // The next process that sends says the same of what this one left behind.
        error: message.reason.as_deref().or(lost.then_some("interrupted")),
    }
}
