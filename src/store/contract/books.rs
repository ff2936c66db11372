//! The contract as one property: whatever happens to a run, in whatever order, with crashes between,
//! the store agrees with a model of a few lines, planned = Σ states, and nobody is accepted twice.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::delivery::state::{Event, State, next};
use crate::store::contract::given::{
    EXCLUDED, Harness, NOWHERE, change, changes, keys, message, new_run, receipt,
};
use crate::store::{Change, Claim, MessageKey, PinnedClock, PinnedMessage, ReceiptStatus, RunId, Store};

/// One step of an arbitrary life of a run.
#[derive(Debug, Clone)]
enum Step {
    /// Claim some and intend them all.
    Claim(usize),
    /// Say this of a message, whatever its state.
    Tell(usize, Event),
    /// Say this of several in one commit.
    Group(Vec<(usize, Event)>),
    /// The gateway tells what became of a message, whatever its state.
    Receipt(usize, ReceiptStatus),
    /// The process dies; the next one recovers.
    Crash,
    Finish,
}

fn step() -> impl Strategy<Value = Step> {
    let event = || prop::sample::select(Event::ALL.to_vec());
    prop_oneof![
        3 => (1..6_usize).prop_map(Step::Claim),
        6 => (0..12_usize, event()).prop_map(|(at, event)| Step::Tell(at, event)),
        2 => prop::collection::vec((0..12_usize, event()), 1..4).prop_map(Step::Group),
        2 => (0..12_usize, prop::sample::select(ReceiptStatus::ALL.to_vec()))
            .prop_map(|(at, status)| Step::Receipt(at, status)),
        1 => Just(Step::Crash),
        1 => Just(Step::Finish),
    ]
}

/// What the store must agree with: states by key, and how often each was accepted.
struct Model {
    states: BTreeMap<MessageKey, State>,
    accepted: BTreeMap<MessageKey, u32>,
    receipts: BTreeMap<MessageKey, ReceiptStatus>,
}

impl Model {
    /// Applies changes, all or none.
    fn commit(&mut self, changes: &[Change]) -> bool {
        let mut after = self.states.clone();
        for change in changes {
            match after.get(&change.key).map(|state| next(*state, change.event)) {
                Some(Ok(state)) => after.insert(change.key, state),
                _ => return false,
            };
        }
        for (key, state) in &after {
            if *state == State::Accepted && self.states.get(key) != Some(&State::Accepted) {
                *self.accepted.entry(*key).or_default() += 1;
            }
        }
        self.states = after;
        true
    }

    fn record(&mut self, key: MessageKey, status: ReceiptStatus) -> bool {
        let accepted = self.states.get(&key) == Some(&State::Accepted);
        if accepted {
            let known = self.receipts.get(&key).copied();
            self.receipts.insert(key, status.after(known));
        }
        accepted
    }

    fn recover(&mut self) -> u64 {
        let intents = self.states.values_mut().filter(|state| **state == State::Intent);
        intents.map(|state| *state = State::Unknown).count() as u64
    }
}

pub fn any_interleaving_keeps_the_books<H: Harness>() {
    let config = ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() };
    proptest!(config, |(texts in prop::collection::vec(0..4_u8, 1..12), steps in prop::collection::vec(step(), 1..40))| {
        let harness = H::new();
        let mut store = harness.open();
        let names: Vec<(String, String)> =
            texts.iter().enumerate().map(|(at, text)| (at.to_string(), text.to_string())).collect();
        let run = pin_some(&mut store, &names);
        let pinned = store.messages(run, None, None, 100).unwrap();
        let key: Vec<MessageKey> = pinned.iter().map(|one| one.key).collect();
        let state = |recipient: &str| if is_held(recipient) { State::Held } else { State::Pending };
        let mut model = Model {
            states: pinned.iter().map(|one| (one.key, state(&one.recipient))).collect(),
            accepted: BTreeMap::new(),
            receipts: BTreeMap::new(),
        };
        let told = |at: usize, event| change(key[at % key.len()], event);
        for step in steps {
            let wanted = match step {
                Step::Claim(n) => changes(keys(&store.claim(run, &Claim::next(None, n)).unwrap()), Event::Intend),
                Step::Tell(at, event) => vec![told(at, event)],
                Step::Group(group) => group.into_iter().map(|(at, event)| told(at, event)).collect(),
                Step::Receipt(at, status) => {
                    let key = key[at % key.len()];
                    let told = store.record_receipts(run, &[receipt(key, status)]);
                    prop_assert_eq!(told.is_ok(), model.record(key, status));
                    agrees(&store, run, &model, &names)?;
                    continue;
                }
                Step::Crash => {
                    drop(store);
                    store = harness.open();
                    prop_assert_eq!(store.recover(run, 3_000).unwrap(), model.recover());
                    continue;
                }
                Step::Finish => {
                    let open = model.states.values().filter(|state| state.is_open()).count();
                    prop_assert_eq!(store.finish(run, 4_000).is_ok(), open == 0);
                    continue;
                }
            };
            prop_assert_eq!(store.commit(run, &wanted).is_ok(), model.commit(&wanted));
            agrees(&store, run, &model, &names)?;
        }
        prop_assert_eq!(store.verify().unwrap().wrong, [""; 0]);
    });
}

/// Of every fourth nobody knows where they are.
fn is_held(recipient: &str) -> bool {
    recipient.parse::<u32>().is_ok_and(|number| number % 4 == 3)
}

fn pin_some(store: &mut impl Store, names: &[(String, String)]) -> RunId {
    let mut pin = store.pin(&new_run("spring", "once")).unwrap();
    for (recipient, text) in names {
        let clock = if is_held(recipient) { NOWHERE } else { PinnedClock::Campaign };
        pin.add(&PinnedMessage { clock, ..message(recipient, text) }).unwrap();
    }
    pin.seal("d1", &EXCLUDED).unwrap()
}

fn agrees(
    store: &impl Store,
    run: RunId,
    model: &Model,
    names: &[(String, String)],
) -> Result<(), TestCaseError> {
    let listed = store.messages(run, None, None, 100).unwrap();
    let found: BTreeMap<MessageKey, State> = listed.iter().map(|one| (one.key, one.state)).collect();
    prop_assert_eq!(&found, &model.states);
    let counts = store.counts(run).unwrap();
    prop_assert_eq!((counts.planned, counts.sum()), (names.len() as u64, names.len() as u64));
    for state in State::ALL {
        let n = model.states.values().filter(|one| **one == state).count() as u64;
        prop_assert_eq!(counts.of(state), n);
    }
    let receipts: BTreeMap<_, _> =
        listed.iter().filter_map(|one| one.receipt.map(|status| (one.key, status))).collect();
    prop_assert_eq!(&receipts, &model.receipts);
    let of = |status| receipts.values().filter(|one| **one == status).count() as u64;
    prop_assert_eq!(counts.delivered, of(ReceiptStatus::Delivered));
    prop_assert_eq!(counts.failed, of(ReceiptStatus::Failed));
    prop_assert!(model.accepted.values().all(|times| *times == 1));
    // Whoever can be claimed still has the text that was pinned.
    for one in store.claim(run, &Claim::next(None, 100)).unwrap() {
        let text = names.iter().find(|(recipient, _)| **recipient == *one.recipient).map(|(_, text)| &**text);
        prop_assert_eq!(Some(&*one.text), text);
    }
    Ok(())
}
