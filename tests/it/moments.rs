//! The rows of time, for campaigns that go out once, at `schedule.at`: each goes out once, whatever clocks do.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sendplan::audience::{AddressKind, Suppression};
use sendplan::campaign::Delivery;
use sendplan::delivery::answer::Answer;
use sendplan::delivery::engine::{End, Engine, Now, Step};
use sendplan::delivery::message::{Batch, Claimed, MessageKey};
use sendplan::delivery::state::Event;
use sendplan::provider::{Class, Profile, Reading, RetryAfter, Verdict};

use crate::cut::token;
use crate::loopback::Loopback;
use crate::project::{Project, Said};

/// A campaign of five, to go out at this local time.
fn at(gateway: &Loopback, moment: &str, zone: &str) -> Project {
    let project = Project::personalised(&gateway.url(), 5);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    let schedule = format!("schedule: {{ at: {moment}, timezone: {zone} }}\n");
    project.write("campaigns/c/campaign.yaml", &format!("{manifest}{schedule}"));
    project
}

fn send(project: &Project, now: &str) -> Said {
    project.run(&["send", "campaigns/c", "--now", now])
}

/// Not a second before, then once, and never again at any of the other times.
#[track_caller]
fn once(moment: &str, zone: &str, before: &str, due: &str, later: &[&str]) {
    let gateway = Loopback::start();
    let project = at(&gateway, moment, zone);
    let early = send(&project, before);
    assert!(early.code == 0 && early.out.contains("Nothing is due"), "{early:?}");
    assert_eq!(gateway.requests().len(), 0);
    let sent = send(&project, due);
    assert_eq!((sent.code, gateway.accepted_once()), (0, 5), "{sent:?}");
    for now in later {
        let again = send(&project, now);
        assert_eq!(again.code, 0, "{again:?}");
        assert!(again.out.contains("finished already: nothing was sent"), "{again:?}");
    }
    assert_eq!(gateway.accepted_once(), 5);
}

#[test]
fn fault_65_a_time_that_a_change_of_clocks_leaves_out_is_the_first_after_it() {
    once(
        "2031-03-30T02:30",
        "Europe/Berlin",
        "2031-03-30T00:59:59Z",
        "2031-03-30T01:00:00Z",
        &["2031-03-30T01:30:00Z"],
    );
}

#[test]
fn fault_66_a_time_that_comes_twice_goes_out_once() {
    once(
        "2031-10-26T02:30",
        "Europe/Berlin",
        "2031-10-26T00:29:59Z",
        "2031-10-26T00:30:00Z",
        &["2031-10-26T01:30:00Z"],
    );
}

#[test]
fn fault_67_a_clock_that_is_set_back_sends_nothing_again() {
    once(
        "2031-03-20T09:00",
        "Africa/Nairobi",
        "2031-03-20T05:59:59Z",
        "2031-03-20T06:00:00Z",
        &["2031-03-20T05:00:00Z", "2031-03-20T06:00:00Z", "2030-01-01T00:00:00Z"],
    );
}

#[test]
fn fault_68_what_was_slept_through_is_late_for_a_day_and_then_refused() {
    for (now, code, people) in [("2031-03-21T05:59:59Z", 0, 5), ("2031-03-21T06:00:01Z", 3, 0)] {
        let gateway = Loopback::start();
        let project = at(&gateway, "2031-03-20T09:00", "Africa/Nairobi");
        let said = send(&project, now);
        assert_eq!((said.code, gateway.accepted_once()), (code, people), "{said:?}");
        assert!(code == 0 || said.err.contains("Set `schedule.at` anew"), "{said:?}");
    }
}

#[test]
fn fault_70_a_zone_that_is_not_known_is_refused_with_a_suggestion() {
    let gateway = Loopback::start();
    let project = at(&gateway, "2031-03-20T09:00", "Africa/Nairobbi");
    let said = send(&project, "2031-03-20T06:00:00Z");
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("did you mean `Africa/Nairobi`?"), "{said:?}");
    assert_eq!(gateway.requests().len(), 0);
}

#[test]
fn fault_72_leap_days_and_the_end_of_a_year_go_out_once() {
    once(
        "2032-02-29T09:00",
        "Africa/Nairobi",
        "2032-02-29T05:59:59Z",
        "2032-02-29T06:00:00Z",
        &["2032-02-29T23:59:59Z", "2032-03-01T06:00:00Z"],
    );
    once(
        "2031-12-31T23:59",
        "Pacific/Auckland",
        "2031-12-31T10:58:59Z",
        "2031-12-31T10:59:00Z",
        &["2031-12-31T11:00:00Z", "2032-01-01T10:58:00Z"],
    );
    // A leap second is still the day before.
    once(
        "2031-01-01T00:00",
        "UTC",
        "2030-12-31T23:59:60Z",
        "2031-01-01T00:00:00Z",
        &["2031-01-01T00:00:01Z"],
    );
}

/// The engine at a time of its day.
fn now(elapsed: u64) -> Now {
    let utc: DateTime<Utc> = "2031-03-20T19:00:00Z".parse().unwrap();
    Now { elapsed: Duration::from_secs(elapsed), utc: utc + Duration::from_secs(elapsed) }
}

/// An engine with a window that closes in an hour, a token, and so many messages claimed.
fn engine(messages: i64) -> Engine {
    let profile = Profile::builtin("mobiconnect").unwrap().unwrap().with_batch_max(1).unwrap();
    let window = sendplan::schedule::Window::new(
        "08:00".parse().unwrap(),
        "20:00".parse().unwrap(),
        "UTC".parse().unwrap(),
    )
    .unwrap();
    let delivery = Delivery { concurrency: 1, window: Some(window), ..Delivery::default() };
    let kind = AddressKind::Phone { region: None };
    let mut engine = Engine::new(Arc::new(profile), delivery, Suppression::default(), kind, now(0));
    engine.begin_with(token(now(0)));
    let Step::Commit(order) = engine.next(now(0)) else { panic!("it claims first") };
    assert!(order.claim.is_some());
    let claimed = (1..=messages).map(|n| Claimed {
        key: MessageKey { text: n, seq: n },
        recipient: n.to_string().into(),
        address: format!("+2547000000{n:02}").into(),
        text: "Hi".into(),
        segments: 1,
        part: None,
        attempts: 0,
        second_copy: false,
        clock: None,
    });
    engine.committed(Some(claimed.collect()));
    engine
}

/// The next batch that may go out now; every commit is durable at once. `intents` are those not taken back.
fn sent(engine: &mut Engine, now: Now, intents: &mut i64) -> Result<Arc<Batch>, Step> {
    loop {
        match engine.next(now) {
            Step::Commit(order) => {
                for change in &order.changes {
                    *intents += match change.event {
                        Event::Intend => 1,
                        Event::Withdraw | Event::ProvenNotSent => -1,
                        other => panic!("{other}"),
                    };
                }
                engine.committed(order.claim.map(|_| Vec::new()));
            }
            Step::Authenticate(_) => engine.authenticated(Ok(token(now)), now),
            Step::Send(batch) => return Ok(batch),
            other => return Err(other),
        }
    }
}

#[test]
fn fault_69_a_window_that_closes_while_throttled_holds_the_rest_until_it_opens() {
    let mut engine = engine(10);
    let mut intents = 0;
    let batch = sent(&mut engine, now(1), &mut intents).unwrap();
    let reading = Reading {
        retry_after: Some(RetryAfter::Seconds(240)),
        ..Reading::all(1, &Verdict::new(Class::Throttled, "HTTP 429"))
    };
    // Two minutes before the window closes, the gateway wants four to itself.
    let late = 58 * 60;
    engine.answered(Answer { number: batch.number, reading, unreached: false }, now(late));
    let Err(Step::Wait(Some(until))) = sent(&mut engine, now(late), &mut intents) else { panic!("it waits") };
    assert!(until <= Duration::from_secs(60 * 60), "it looks again before the window closes");
    let end = sent(&mut engine, now(60 * 60), &mut intents).unwrap_err();
    let Step::Done(End::Waits { why, .. }) = end else { panic!("{end:?}") };
    assert!(why.contains("is shut") && why.contains("2031-03-21 08:00"), "{why}");
    assert_eq!(intents, 0, "everybody who was not sent to is free again");
}
