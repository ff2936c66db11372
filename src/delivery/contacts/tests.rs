//! Laws of the rules: never more than a cap over any stretch of time, nobody twice, whatever the order of reading.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::campaign::OncePer;
use crate::delivery::message::MessageKey;
use crate::message::{Encoding, Part};

const DAY: i64 = 86_400_000;
/// 2026-11-20T12:00:00Z.
const NOON: i64 = 1_795_176_000_000;

fn capped(messages: u16, per: &str) -> Frequency {
    Frequency { cap: Some(Cap { messages, per: per.parse().unwrap() }), ..Frequency::default() }
}

fn once() -> Frequency {
    Frequency { once_per: Some(OncePer::Group("spring".to_owned())), ..Frequency::default() }
}

/// What is known of one person, `A`, from runs of these times.
fn known(frequency: &Frequency, now_ms: i64, times: &[i64]) -> Contacts {
    let mut gathering = Gathering::new(frequency, now_ms);
    for (number, at) in times.iter().enumerate() {
        let run = gathering.count(&format!("c{number}"), frequency.once_per.is_some(), true);
        gathering.add(run, "+254700000001", *at);
    }
    gathering.seal()
}

fn message(address: &str, part: Option<u16>) -> Claimed {
    Claimed {
        key: MessageKey { text: 1, seq: 1 },
        recipient: "r".into(),
        address: address.into(),
        text: Arc::from("t"),
        segments: 1,
        part: part.and_then(|number| Part::new(number, 3, 7, Encoding::Gsm7)),
        attempts: 0,
        second_copy: false,
        clock: None,
    }
}

#[test]
fn without_a_rule_or_a_contact_nobody_is_left_out() {
    let mut none = Contacts::default();
    assert_eq!(none.reason(&message("+254700000001", None), NOON), None);
    assert_eq!(none.reason(&message("+254700000001", Some(1)), NOON), None);
    let mut some = known(&once(), NOON, &[]);
    assert_eq!(some.reason(&message("+254700000001", None), NOON), None);
}

#[test]
fn who_got_one_gets_no_second_and_the_newest_is_named() {
    let mut contacts = known(&once(), NOON, &[NOON - 900 * DAY, NOON - DAY, NOON - 5 * DAY]);
    let reason = contacts.reason(&message("+254700000001", None), NOON);
    assert_eq!(reason.as_deref(), Some("already got `c1` on 2026-11-19"));
    assert_eq!(contacts.reason(&message("+254700000002", None), NOON), None);
}

#[test]
fn a_cap_frees_people_as_the_clock_moves_and_not_a_moment_before() {
    let contacts = known(&capped(2, "7d"), NOON, &[NOON - 6 * DAY, NOON - 9 * DAY, NOON - DAY]);
    let why = |now| contacts.why("+254700000001", now);
    assert_eq!(why(NOON), Some(Why::Capped));
    assert_eq!(why(NOON + DAY - 1), Some(Why::Capped));
    assert_eq!(why(NOON + DAY), None);
    let mut contacts = contacts;
    let reason = contacts.reason(&message("+254700000001", None), NOON);
    assert_eq!(reason.as_deref(), Some("already got 2 messages in the last 7d"));
    let two = known(&capped(3, "7d"), NOON, &[NOON - 6 * DAY, NOON - DAY]);
    assert_eq!(two.why("+254700000001", NOON), None);
}

#[test]
fn times_are_rounded_to_the_second_above() {
    let contacts = known(&capped(1, "10s"), NOON + 9_000, &[NOON + 1]);
    assert_eq!(contacts.why("+254700000001", NOON + 10_999), Some(Why::Capped));
    assert_eq!(contacts.why("+254700000001", NOON + 11_000), None);
    // One that the second above brings into the time that matters.
    let contacts = known(&capped(1, "10s"), NOON + 10_500, &[NOON + 700]);
    assert_eq!(contacts.why("+254700000001", NOON + 10_500), Some(Why::Capped));
    let gathering = Gathering::new(&capped(1, "10s"), NOON + 10_500);
    assert!(gathering.since_ms() < NOON + 700);
}

#[test]
fn the_parts_of_one_text_are_one_message() {
    let mut gathering = Gathering::new(&capped(2, "7d"), NOON);
    let run = gathering.count("long", false, true);
    (0..5).for_each(|part| gathering.add(run, "+254700000001", NOON - DAY + part * 2000));
    assert_eq!(gathering.seal().why("+254700000001", NOON), None);
}

#[test]
fn the_parts_of_one_text_share_one_fate() {
    // The cap frees them between the first part and the second: the second is left out as well.
    let mut contacts = known(&capped(1, "1d"), NOON, &[NOON - DAY + 1000]);
    let reason = contacts.reason(&message("+254700000001", Some(1)), NOON);
    assert_eq!(reason.as_deref(), Some("already got 1 message in the last 1d"));
    assert_eq!(contacts.reason(&message("+254700000001", Some(2)), NOON + 5000), reason);
    assert_eq!(contacts.reason(&message("+254700000001", None), NOON + 5000), None);
    // Before this process, one was sent, or left out.
    let mut gathering = Gathering::new(&once(), NOON);
    let run = gathering.count("a", true, false);
    gathering.add(run, "+254700000001", NOON);
    gathering.begun("+254700000001");
    gathering.left_out("+254700000002");
    let mut contacts = gathering.seal();
    assert_eq!(contacts.reason(&message("+254700000001", Some(2)), NOON), None);
    let torn = contacts.reason(&message("+254700000002", Some(2)), NOON);
    assert_eq!(torn.as_deref(), Some("another part of the text was left out"));
}

#[test]
fn people_are_addresses_numbers_exactly_and_others_by_a_hash() {
    let hasher = RandomState::new();
    assert_eq!(person(&hasher, "+254700000001"), 254_700_000_001);
    for opaque in ["254700000001", "+0254700000001", "+", "order-7", "+2547000000012345", "+25470000000x"] {
        assert!(person(&hasher, opaque) & HASHED != 0, "{opaque}");
    }
}

#[test]
fn folding_early_changes_nothing_and_keeps_memory_small() {
    let mut newest = Newest::of(2);
    newest.fold_at = 8;
    for round in 0..1000_u32 {
        for person in 0..3 {
            newest.add(Contact { person, at_s: (round * 7919) % 1000, run: round });
            if newest.fold_at > ROOM {
                newest.fold_at = newest.contacts.len() + 2;
            }
        }
    }
    assert!(newest.contacts.len() <= 3 * 2 + 2, "{}", newest.contacts.len());
    let last: Vec<_> = newest.last().iter().map(|one| (one.person, one.at_s)).collect();
    assert_eq!(last, [(0, 998), (1, 998), (2, 998)]);
}

/// Runs of a test: when each begins, how long it takes, and who of four people is in it.
fn runs() -> impl Strategy<Value = Vec<(i64, i64, u8)>> {
    prop::collection::vec((0_i64..200_000, 0_i64..30_000, 0_u8..16), 1..25)
}

/// Sends the runs one after the other, each knowing what the earlier ones did, read in a shuffled order. What
/// everybody got, in the order of time.
fn lived(frequency: &Frequency, runs: &[(i64, i64, u8)], seed: u64) -> BTreeMap<u8, Vec<i64>> {
    let mut got: Vec<Vec<(u8, i64)>> = Vec::new();
    let mut now = NOON;
    for (number, (gap, takes, people)) in runs.iter().enumerate() {
        now += gap;
        let mut gathering = Gathering::new(frequency, now);
        let mut order: Vec<usize> = (0..got.len()).collect();
        order.sort_by_key(|run| (*run as u64 + 1).wrapping_mul(seed | 1));
        for run in order {
            let counted = gathering.count("c", frequency.once_per.is_some(), true);
            let since_ms = if frequency.cap.is_some() { gathering.since_ms() } else { i64::MIN };
            for (person, at) in got[run].iter().filter(|(_, at)| *at > since_ms) {
                gathering.add(counted, &address(*person), *at);
            }
        }
        let contacts = gathering.seal();
        let mut sent = Vec::new();
        for person in (0..4).filter(|person| people & (1 << person) != 0) {
            now += takes / 4;
            if contacts.why(&address(person), now).is_none() {
                sent.push((person, now));
            }
        }
        assert_eq!(number, got.len());
        got.push(sent);
    }
    let mut by_person: BTreeMap<u8, Vec<i64>> = BTreeMap::new();
    got.into_iter().flatten().for_each(|(person, at)| by_person.entry(person).or_default().push(at));
    by_person
}

fn address(person: u8) -> String {
    // One of them is no phone number.
    if person == 0 { "order-7".to_owned() } else { format!("+25470000000{person}") }
}

proptest! {
    #[test]
    fn a_cap_holds_over_any_stretch_of_time(
        runs in runs(), messages in 1_u16..5, per_s in 1_u32..400, seed in any::<u64>(),
    ) {
        let frequency = capped(messages, &format!("{per_s}s"));
        let most = usize::from(messages);
        for (person, times) in lived(&frequency, &runs, seed) {
            for stretch in times.windows(most + 1) {
                let length = stretch[most] - stretch[0];
                prop_assert!(length >= i64::from(per_s) * 1000, "{person}: {most} + 1 in {length} ms");
            }
        }
    }

    #[test]
    fn nobody_gets_two_of_those_of_which_nobody_gets_two(runs in runs(), seed in any::<u64>()) {
        for (person, times) in lived(&once(), &runs, seed) {
            prop_assert_eq!(times.len(), 1, "{}", person);
        }
    }

    #[test]
    fn a_cap_leaves_out_nobody_who_is_under_it(
        runs in runs(), messages in 1_u16..5, per_s in 1_i64..400, seed in any::<u64>(),
    ) {
        let frequency = capped(messages, &format!("{per_s}s"));
        // Everybody in every run gets it, where the cap is too high to matter.
        let wide = capped(1000, "1s");
        let all = lived(&wide, &runs, seed);
        for (person, got) in lived(&frequency, &runs, seed) {
            for at in all.get(&person).into_iter().flatten().filter(|at| !got.contains(at)) {
                // To the second, the person had as many.
                let within = got.iter().filter(|one| *one < at && *at - *one < per_s * 1000 + 1000).count();
                prop_assert!(within >= usize::from(messages), "{person} at {at}: only {within}");
            }
        }
    }
}
