//! Who tells the gateway to be left alone is left alone: at once, and in every later run of the state.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use sendplan::delivery::engine::{End, Now, Step};
use sendplan::delivery::message::{Batch, Change, Parcel};
use sendplan::delivery::state::{Event, State};
use sendplan::message::{Encoding, Part};
use sendplan::provider::{Class, Verdict};
use sendplan::store::sqlite::{OpenMode, Sqlite};
use sendplan::store::{Claim, Excluded, Listed, NewRun, PinnedClock, PinnedMessage, RunId, Store};

use crate::cut::{World, engine, say, token};
use crate::seasons::fast_folder;

/// Pins a campaign: (recipient, address, how many parts).
fn pin(store: &mut Sqlite, campaign: &str, people: &[(&str, &str, u16)]) -> RunId {
    let run = NewRun {
        campaign: campaign.into(),
        occurrence: "once".into(),
        pinned: "{}".into(),
        created_at_ms: 0,
    };
    let mut pinning = store.pin(&run).unwrap();
    for (recipient, address, parts) in people {
        for number in 1..=*parts {
            let part = Part::new(number, *parts, 1, Encoding::Gsm7);
            let text = format!("{recipient} {number}");
            pinning
                .add(&PinnedMessage {
                    recipient,
                    address,
                    text: &text,
                    segments: 1,
                    part,
                    clock: PinnedClock::Campaign,
                    wording: None,
                })
                .unwrap();
        }
    }
    pinning.seal("", &Excluded::default()).unwrap()
}

/// Delivers a run. Answers come when nothing else is left to do, one at a time; `opted_out` answers so itself.
fn deliver(store: &mut Sqlite, run: RunId, concurrency: u16, opted_out: &[&str]) -> Vec<Listed> {
    let now = Now { elapsed: Duration::ZERO, utc: DateTime::from_timestamp(1_800_000_000, 0).unwrap() };
    let world = World { shared: false, every: u32::MAX, class: Class::Accepted, concurrency };
    let mut engine = engine(world, now);
    engine.add_opt_outs(store.opt_outs().unwrap());
    let mut under_way: VecDeque<Arc<Batch>> = VecDeque::new();
    loop {
        match engine.next(now) {
            Step::Commit(order) => {
                store.commit(run, &order.changes).unwrap();
                engine.committed(order.claim.map(|claim| store.claim(run, &claim).unwrap()));
            }
            Step::Authenticate(_) => engine.authenticated(Ok(token(now)), now),
            Step::Send(batch) => {
                let told = store.opt_outs().unwrap();
                let is_told = |one: &Parcel| told.iter().any(|told| **told == *one.message.address);
                assert!(!batch.parcels.iter().any(is_told), "{batch:?}");
                under_way.push_back(batch);
            }
            Step::Wait(_) => {
                let batch = under_way.pop_front().expect("something is under way");
                let verdict = |address: &str| match opted_out.contains(&address) {
                    true => Verdict::new(Class::OptedOut, "STOP"),
                    false => Verdict { class: Class::Accepted, provider_id: None, reason: None },
                };
                let verdicts = batch.parcels.iter().map(|one| verdict(&one.message.address)).collect();
                engine.answered(say(&batch, verdicts), now);
            }
            Step::Done(end) => {
                assert_eq!(end, End::Finished);
                store.finish(run, 1).unwrap();
                return store.messages(run, None, None, 100).unwrap();
            }
        }
    }
}

fn states(listed: &[Listed]) -> Vec<State> {
    listed.iter().map(|one| one.state).collect()
}

#[test]
fn who_opts_out_at_the_second_copy_may_have_got_the_first() {
    let folder = fast_folder();
    let mut store = Sqlite::open(&folder.path().join("state.db"), OpenMode::Create).unwrap();
    let run = pin(&mut store, "spring", &[("a", "+254700000001", 1), ("b", "+254700000001", 1)]);
    let key = store.claim(run, &Claim::next(None, 1)).unwrap()[0].key;
    let told = |event| Change { key, event, provider_id: None, reason: None, opted_out: false, at_ms: 1 };
    store.commit(run, &[Event::Intend, Event::LoseTrack, Event::Resend].map(told)).unwrap();
    let listed = deliver(&mut store, run, 1, &["+254700000001"]);
    assert_eq!(states(&listed), [State::Unknown, State::Suppressed]);
    assert_eq!(listed[0].reason.as_deref(), Some("refused when it was sent again: opted out: STOP"));
    assert_eq!(store.opt_outs().unwrap(), ["+254700000001"]);
}

#[test]
fn fault_71_an_opt_out_at_the_gateway_stops_the_rest_and_every_later_run() {
    use State::{Accepted, Rejected, Suppressed};
    let folder = fast_folder();
    let path = folder.path().join("state.db");
    let mut store = Sqlite::open(&path, OpenMode::Create).unwrap();
    let people = [("a", "+254700000001", 4), ("b", "+254700000002", 1), ("c", "+254700000001", 1)];
    let spring = pin(&mut store, "spring", &people);
    // One request at a time: the second and third part have their intents when the first one is answered.
    let listed = deliver(&mut store, spring, 1, &["+254700000001"]);
    assert_eq!(states(&listed), [Rejected, Suppressed, Suppressed, Suppressed, Accepted, Suppressed]);
    assert_eq!(listed[0].reason.as_deref(), Some("opted out: STOP"));
    assert_eq!((listed[1].reason.as_deref(), listed[1].attempts), (Some("opted out at the gateway"), 0));
    drop(store);
    let mut store = Sqlite::open(&path, OpenMode::Existing).unwrap();
    let autumn = pin(&mut store, "autumn", &[("x", "+254700000003", 1), ("y", "+254700000001", 1)]);
    let listed = deliver(&mut store, autumn, 4, &[]);
    assert_eq!(states(&listed), [Accepted, Suppressed]);
    assert_eq!(listed[1].reason.as_deref(), Some("opted out at the gateway"));
}
