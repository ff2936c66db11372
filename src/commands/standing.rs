//! Where a run and its messages stand, from the state's words to the report's.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::delivery::control::{Hold, HoldKind, Teller};
use crate::delivery::state::State;
use crate::report::campaign::Said;
use crate::report::control::OptOutLine;
use crate::report::left_out::LeftOut;
use crate::report::mask::Mask;
use crate::report::messages::MessageLine;
use crate::report::status::{HoldLine, RunLine};
use crate::store::control::{Control, OptOut};
use crate::store::{Decided, Excluded, Listed, Run, Store, StoreError};

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

/// Rows that are no message of a run.
pub fn left_out(excluded: Excluded) -> LeftOut {
    let Excluded { rejected, suppressed, filtered, duplicates } = excluded;
    LeftOut { unusable: rejected, suppressed, duplicates, filtered }
}

/// What was said about a campaign with this word, oldest first.
pub fn said(store: &impl Store, campaign: &str, what: HoldKind) -> Result<Vec<Decided>, StoreError> {
    const PAGE: usize = 1000;
    let (mut said, mut after) = (Vec::new(), None);
    loop {
        let page = store.decisions(campaign, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(said) };
        after = Some(last.id);
        said.extend(page.into_iter().filter(|one| one.what == what.name()));
    }
}

/// A reason may name an address.
fn masked(reason: &str) -> String {
    Mask::Masked.cell(reason)
}

/// Who cancelled a run, if somebody did: the last who said so before it was closed.
pub fn cancelled(said: &[Decided], run: &Run) -> Option<Said> {
    let open = run.pinned.created_at_ms..=run.finished_at_ms?;
    let one = said.iter().rev().find(|one| open.contains(&one.at_ms))?;
    Some(Said { who: one.who.clone(), at: time(one.at_ms), reason: one.reason.as_deref().map(masked) })
}

/// Who cancelled the last run of a campaign, if somebody did.
pub fn last_cancelled<S: Store>(store: &S, campaign: &str) -> Result<Option<Said>, StoreError> {
    let said = said(store, campaign, HoldKind::Cancelled)?;
    Ok(store.runs(Some(campaign))?.last().and_then(|run| cancelled(&said, run)))
}

/// The hold on a campaign, with the reason that was given.
pub fn held<S: Store + Control>(store: &S, campaign: &str) -> Result<Option<HoldLine>, StoreError> {
    let Some(found) = store.hold_on(campaign)? else { return Ok(None) };
    let last = said(store, campaign, found.what)?.pop();
    Ok(Some(HoldLine {
        reason: last.and_then(|one| one.reason).as_deref().map(masked),
        ..hold(campaign, &found)
    }))
}

/// A hold as it is shown.
fn hold(campaign: &str, hold: &Hold) -> HoldLine {
    HoldLine {
        campaign: campaign.to_owned(),
        what: hold.what.name(),
        who: hold.who.clone(),
        since: time(hold.at_ms),
        reason: None,
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
    rfc3339(DateTime::from_timestamp_millis(at_ms).unwrap_or_default())
}

/// A moment for machines, to the second, in UTC.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
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
        variant: None,
        locale: None,
        occurrence: "",
        error: message.reason.as_deref().or(lost.then_some("interrupted")),
    }
}
