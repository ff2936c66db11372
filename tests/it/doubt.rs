//! Messages that are sent again because nobody knew: what is said of the second copy says nothing of the first.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use sendplan::audience::{AddressKind, Suppression};
use sendplan::campaign::{Delivery, Unknown};
use sendplan::delivery::engine::{End, Engine, Now, Step};
use sendplan::delivery::message::{Change, Claimed, MessageKey};
use sendplan::delivery::state::Event;
use sendplan::provider::{Class, Verdict};

use crate::cut::say;
use crate::seasons::profile;

const ADDRESS: &str = "+254700000001";

/// Sends one message whose first request has no answer; `then` is what the later ones come to, the last of them
/// again and again; another message is accepted beside it. `opts_out`: a list has the person when the second one is about to be made.
fn sent_again(then: &[Class], opts_out: bool) -> Vec<Change> {
    let at = |elapsed| Now { elapsed, utc: DateTime::from_timestamp(1_800_000_000, 0).unwrap() };
    let delivery = Delivery { unknown: Unknown::Resend, ..Delivery::default() };
    let mut now = at(Duration::ZERO);
    let kind = AddressKind::Phone { region: None };
    let mut engine = Engine::new(Arc::new(profile("keyed")), delivery, Suppression::default(), kind, now);
    let message = |seq: i64, address: &str| Claimed {
        key: MessageKey { text: seq, seq },
        recipient: seq.to_string().into(),
        address: address.to_owned().into(),
        text: "t".into(),
        segments: 1,
        part: None,
        attempts: 0,
        second_copy: false,
        clock: None,
    };
    let mut claims = vec![vec![message(1, ADDRESS), message(2, "+254700000002")]];
    let mut changes = Vec::new();
    let mut answers = std::iter::once(&Class::Unknown).chain(then);
    loop {
        match engine.next(now) {
            Step::Commit(order) => {
                changes.extend(order.changes);
                engine.committed(order.claim.map(|_| claims.pop().unwrap_or_default()));
            }
            Step::Send(batch) if batch.parcels[0].message.key.seq == 2 => {
                engine.answered(say(&batch, vec![Verdict::new(Class::Accepted, "")]), now);
            }
            Step::Send(batch) => {
                let class = *answers.next().unwrap_or_else(|| then.last().expect("no more is sent"));
                engine.answered(say(&batch, vec![Verdict::new(class, "as told")]), now);
                if opts_out {
                    let mut list = Suppression::default();
                    list.add_list("stop.csv", ADDRESS.as_bytes(), kind, "phone").unwrap();
                    engine.set_opt_outs(list);
                }
            }
            Step::Wait(until) => now = at(until.expect("it waits for something")),
            Step::Authenticate(_) => unreachable!("it takes no token"),
            Step::Done(end) => {
                assert!(matches!(end, End::Finished | End::Paused(_)), "{end:?}");
                changes.retain(|change| change.key.seq == 1);
                return changes;
            }
        }
    }
}

fn events(changes: &[Change]) -> Vec<Event> {
    changes.iter().map(|change| change.event).collect()
}

const FIRST: [Event; 3] = [Event::Intend, Event::LoseTrack, Event::Resend];

#[test]
fn a_second_copy_that_is_refused_leaves_the_first_in_doubt() {
    for class in [Class::Rejected, Class::InvalidRecipient, Class::OptedOut] {
        let changes = sent_again(&[class], false);
        assert_eq!(events(&changes), [&FIRST[..], &[Event::Intend, Event::LoseTrack]].concat(), "{class:?}");
        let last = changes.last().unwrap();
        assert!(last.reason.as_ref().unwrap().starts_with("refused when it was sent again: "), "{last:?}");
        assert_eq!(last.opted_out, class == Class::OptedOut);
    }
}

#[test]
fn an_opt_out_before_the_second_copy_leaves_the_first_in_doubt() {
    let changes = sent_again(&[], true);
    assert_eq!(events(&changes), [&FIRST[..], &[Event::Forgo]].concat());
    assert_eq!(changes.last().unwrap().reason.as_deref(), Some("not sent again: on stop.csv"));
}

#[test]
fn attempts_that_are_used_up_leave_the_first_in_doubt() {
    let changes = sent_again(&[Class::Transient], false);
    let again = [Event::Intend, Event::ProvenNotSent];
    let expected = [&FIRST[..], &again, &again, &again, &[Event::Intend, Event::LoseTrack]].concat();
    assert_eq!(events(&changes), expected);
    assert!(changes.last().unwrap().reason.as_ref().unwrap().contains("given up after 5 attempts"));
}
