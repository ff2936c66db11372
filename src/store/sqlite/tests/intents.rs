//! Intents that are written together come to what they come to one by one.

use proptest::prelude::*;

use super::*;
use crate::store::{Change, Claim, Listed, MessageKey, RunId};

/// Three people each have the texts 1 and 4, one each the others.
fn planned(store: &mut Sqlite) -> RunId {
    let texts = ["a", "a", "a", "b", "c", "d", "d", "d", "e", "f"];
    let numbers: Vec<String> = (1..=texts.len()).map(|n| n.to_string()).collect();
    let all: Vec<(&str, &str)> = numbers.iter().map(String::as_str).zip(texts).collect();
    pin(store, "spring", &all)
}

fn everything(store: &Sqlite, run: RunId) -> Vec<Listed> {
    store.messages(run, None, None, 100).unwrap()
}

fn some_changes() -> impl Strategy<Value = Vec<(usize, Event, bool)>> {
    let events = prop_oneof![
        8 => Just(Event::Intend),
        1 => Just(Event::Accept),
        1 => Just(Event::Suppress),
        1 => Just(Event::Withdraw),
    ];
    let stretch = (0usize..10, 1usize..10, events, any::<bool>()).prop_map(|(from, n, event, reason)| {
        (from..(from + n).min(10)).map(move |at| (at, event, reason)).collect()
    });
    prop::collection::vec(stretch, 1..6).prop_map(|all: Vec<Vec<_>>| all.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn together_or_one_by_one_is_the_same(some in some_changes(), shuffled in any::<bool>()) {
        let files = [File::new(), File::new()];
        let [mut together, mut singly] = files.each_ref().map(File::open);
        let run = planned(&mut together);
        prop_assert_eq!(planned(&mut singly), run);
        let keys: Vec<MessageKey> = keys(&together.claim(run, &Claim::next(None, 10)).unwrap());
        let told = |(at, event, reason): (usize, Event, bool)| Change {
            reason: (reason && event != Event::Intend).then(|| "why".to_owned()),
            at_ms: 7,
            ..change(keys[at], event)
        };
        let mut changes: Vec<Change> = some.into_iter().map(told).collect();
        if shuffled {
            changes.reverse();
        }
        let before = everything(&together, run);
        let one_by_one = changes.iter().try_for_each(|one| singly.commit(run, std::slice::from_ref(one)));
        prop_assert_eq!(together.commit(run, &changes), one_by_one.clone());
        let expected = if one_by_one.is_ok() { everything(&singly, run) } else { before };
        prop_assert_eq!(everything(&together, run), expected);
    }
}

#[test]
fn whoever_waits_between_two_intents_goes_on_waiting() {
    let file = File::new();
    let mut store = file.open();
    let run = planned(&mut store);
    let keys = keys(&store.claim(run, &Claim::next(None, 10)).unwrap());
    store.commit(run, &changes([keys[0], keys[1], keys[3], keys[4], keys[7]], Event::Intend)).unwrap();
    let intents: Vec<_> =
        everything(&store, run).iter().filter(|one| one.state == State::Intent).map(|one| one.key).collect();
    assert_eq!(intents, [keys[0], keys[1], keys[3], keys[4], keys[7]]);
}
