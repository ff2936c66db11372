//! What the clauses of the contract begin with: a state that can be opened again, small runs, and words for what
//! happens to them.

use crate::delivery::state::{Event, State};
use crate::store::control::Control;
use crate::store::{
    Change, Claimed, Excluded, MessageKey, NewRun, PinnedClock, PinnedMessage, Receipt, ReceiptStatus, RunId,
    Store,
};

/// One state, empty at first, that can be opened again and again.
pub trait Harness {
    type Store: Store + Control;
    fn new() -> Self;
    fn open(&self) -> Self::Store;
}

pub fn new_run(campaign: &str, occurrence: &str) -> NewRun {
    NewRun {
        campaign: campaign.to_owned(),
        occurrence: occurrence.to_owned(),
        pinned: r#"{"sender":1}"#.to_owned(),
        created_at_ms: 1_000,
    }
}

/// What every plan of the contract came to.
pub const EXCLUDED: Excluded = Excluded { rejected: 1, suppressed: 2, filtered: 3, duplicates: 4 };

/// Of whom nobody knows where they are.
pub const NOWHERE: PinnedClock<'static> = PinnedClock::Held("nobody knows");

pub fn message<'a>(recipient: &'a str, text: &'a str) -> PinnedMessage<'a> {
    PinnedMessage {
        recipient,
        address: recipient,
        text,
        segments: 1,
        part: None,
        clock: PinnedClock::Campaign,
        wording: None,
    }
}

/// Pins messages given as (recipient, text).
pub fn pin(store: &mut impl Store, campaign: &str, messages: &[(&str, &str)]) -> RunId {
    let mut pin = store.pin(&new_run(campaign, "once")).unwrap();
    for (recipient, text) in messages {
        pin.add(&message(recipient, text)).unwrap();
    }
    pin.seal("d1", &EXCLUDED).unwrap()
}

pub fn change(key: MessageKey, event: Event) -> Change {
    Change { key, event, provider_id: None, reason: None, opted_out: false, at_ms: 2_000 }
}

pub fn changes(keys: impl IntoIterator<Item = MessageKey>, event: Event) -> Vec<Change> {
    keys.into_iter().map(|key| change(key, event)).collect()
}

pub fn keys(claimed: &[Claimed]) -> Vec<MessageKey> {
    claimed.iter().map(|one| one.key).collect()
}

pub fn recipients(claimed: &[Claimed]) -> Vec<&str> {
    claimed.iter().map(|one| &*one.recipient).collect()
}

pub fn states(store: &impl Store, run: RunId) -> Vec<State> {
    let mut all = store.messages(run, None, None, usize::MAX).unwrap();
    all.sort_by_key(|one| one.key.seq);
    all.iter().map(|one| one.state).collect()
}

pub fn receipt(key: MessageKey, status: ReceiptStatus) -> Receipt {
    Receipt { key, status, reason: None, at_ms: 7_000 }
}

/// Accepts messages, with a provider's id.
pub fn accept(store: &mut impl Store, run: RunId, keys: &[MessageKey]) {
    store.commit(run, &changes(keys.iter().copied(), Event::Intend)).unwrap();
    let accepted = keys.iter().map(|key| {
        let provider_id = Some(format!("id {}", key.seq));
        Change { provider_id, ..change(*key, Event::Accept) }
    });
    store.commit(run, &accepted.collect::<Vec<_>>()).unwrap();
}
