//! `sendplan resolve`: what is unknown, and what the gateway's own list proves.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use chrono::{TimeDelta, Utc};
use serde_json::json;

use crate::desk::{Act, Asked, Book, Desk, both, number, people_of, without};
use crate::loopback::{Loopback, Reply};
use crate::project::Project;

const RECONCILE: [&str; 3] = ["resolve", "c", "--reconcile"];

/// What became of messages to these people: others are accepted.
fn fate(asked: &Asked, book: &mut Book) -> Option<Act> {
    let to = |person| asked.sends_to(&number(person));
    let text = asked.body["text"].as_str().unwrap_or_default().to_owned();
    let address = asked.body["to"].as_str().unwrap_or_default().to_owned();
    let mut enter = |text: &str, at| drop(book.enter(&address, text, at));
    match () {
        // Sent, and the answer was lost.
        () if to(1) || to(11) => return Some(Act::DoAndClose),
        // Never arrived.
        () if to(3) => {}
        // Sent twice, by whomever.
        () if to(5) => (0..2).for_each(|_| enter(&text, Utc::now())),
        // Something else was sent.
        () if to(7) => enter(&format!("{text} "), Utc::now()),
        // The same was sent, but not by us.
        () if to(9) => {
            enter(&text, Utc::now() - TimeDelta::minutes(11));
            enter(&text, Utc::now() + TimeDelta::minutes(11));
        }
        () => return None,
    }
    Some(Act::Close)
}

/// Whether it is the second page of a list.
fn is_second_page(asked: &Asked, person: u32) -> bool {
    asked.query.get("to") == Some(&number(person)) && asked.query["page"] == "2"
}

#[test]
fn only_what_can_be_nobody_elses_is_found() {
    let desk = Desk::with(|asked, book| {
        if asked.sends_to(&number(11)) {
            (0..2).for_each(|_| drop(book.enter(&number(11), "older", Utc::now())));
        }
        let broken = is_second_page(asked, 11).then(|| Act::Json(400, json!({})));
        broken.or_else(|| fate(asked, book))
    });
    let project = desk.project(14);
    assert_eq!(project.send().code, 6);
    insta::assert_snapshot!("resolve_list", both(&project.run(&["resolve", "c"])));
    assert_eq!(desk.log_ins(), 1, "a look into the state asks nobody");
    let told = project.run(&RECONCILE);
    insta::assert_snapshot!("resolve_reconcile", both(&told));
    project.status().is(&[("accepted", 9), ("unknown", 5)]);
    let record = desk.book(|book| book.records.iter().find(|one| one.to == number(1)).cloned().unwrap());
    let rows = project.run(&["report", "c", "--format", "csv"]).out;
    let at = record.at.format("%Y-%m-%dT%H:%M:%SZ");
    assert!(rows.contains(&format!("P-1,+2547•••••001,accepted,{},1,1,{at},,once\n", record.id)), "{rows}");
    // Again, and nothing else is found.
    let again = project.run(&RECONCILE);
    assert_eq!(again.code, 6, "{again:?}");
    assert!(again.out.contains("found          0"), "{}", again.out);
    project.status().is(&[("accepted", 9), ("unknown", 5)]);
}

#[test]
fn a_list_is_read_to_its_end_and_nothing_is_left_then() {
    let desk = Desk::with(|asked, book| {
        if asked.sends_to(&number(0)) {
            (0..5).for_each(|_| drop(book.enter(&number(0), "older", Utc::now())));
            return Some(Act::DoAndClose);
        }
        None
    });
    let project = desk.project(2);
    assert_eq!(project.send().code, 6);
    let told = project.run(&RECONCILE);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("nothing is unknown"), "{}", told.out);
    project.status().is(&[("accepted", 2), ("unknown", 0)]);
    assert_eq!(project.run(&["resolve", "c"]).code, 0);
    let pages = desk.book(|book| book.asked.iter().filter(|one| one.query.contains_key("page")).count());
    assert_eq!(pages, 3);
}

#[test]
fn a_list_without_an_end_is_left_after_twenty_pages() {
    let desk = Desk::with(|asked, book| match asked.query.contains_key("page") {
        true => Some(Act::Json(
            200,
            json!({"messages": book.records.iter().map(|one| json!({
            "id": one.id, "to": one.to, "text": one.text, "at": one.at.to_rfc3339()})).collect::<Vec<_>>(),
            "more": true}),
        )),
        false => asked.sends_to(&number(0)).then_some(Act::DoAndClose),
    });
    let project = desk.project(2);
    assert_eq!(project.send().code, 6);
    let told = project.run(&RECONCILE);
    assert_eq!(told.code, 6, "{told:?}");
    assert!(told.out.contains("not looked up  1"), "{}", told.out);
    let pages = desk.book(|book| book.asked.iter().filter(|one| one.query.contains_key("page")).count());
    assert_eq!(pages, 20);
}

/// Campaigns `c` and `d` with the same text for the same person.
fn two_campaigns(desk: &Desk) -> Project {
    let project = desk.project(1);
    desk.campaign(&project, "d", 1);
    people_of(&project, "d", 1);
    project
}

#[test]
fn a_record_of_another_message_is_not_taken_for_this_one() {
    // The first is accepted; the second never arrives.
    let desk = Desk::with(|asked, book| {
        (asked.sends_to(&number(0)) && book.records.len() == 1).then_some(Act::Close)
    });
    let project = two_campaigns(&desk);
    assert_eq!(project.run(&["send", "campaigns/c"]).code, 0);
    assert_eq!(project.run(&["send", "campaigns/d"]).code, 6);
    let told = project.run(&["resolve", "d", "--reconcile"]);
    assert_eq!(told.code, 6, "{told:?}");
    assert!(told.out.contains("not listed  1"), "{}", told.out);
}

#[test]
fn of_two_unknowns_alike_neither_gets_the_one_record() {
    let desk = Desk::with(|asked, book| match (asked.path.as_str(), book.records.len()) {
        ("/messages", 0) if asked.method == "POST" => Some(Act::DoAndClose),
        ("/messages", _) if asked.method == "POST" => Some(Act::Close),
        _ => None,
    });
    let project = two_campaigns(&desk);
    for name in ["c", "d"] {
        assert_eq!(project.run(&["send", &format!("campaigns/{name}")]).code, 6);
    }
    for name in ["c", "d"] {
        let told = project.run(&["resolve", name, "--reconcile"]);
        assert_eq!(told.code, 6, "{told:?}");
        assert!(told.out.contains("ambiguous  1"), "{}", told.out);
    }
}

#[test]
fn a_gateway_without_a_list_is_not_asked() {
    let desk = Desk::with(|asked, _| asked.sends_to(&number(1)).then_some(Act::DoAndClose));
    let project = desk.project(3);
    without(&project, "list");
    assert_eq!(project.send().code, 6);
    let told = project.run(&RECONCILE);
    assert_eq!(told.code, 6, "{told:?}");
    assert!(told.err.contains("cannot be asked what it sent"), "{}", told.err);
    assert_eq!(desk.log_ins(), 1);
}

#[test]
fn a_gateway_that_refuses_or_is_down_leaves_everything_as_it_is() {
    for (status, code) in [(403, 8), (503, 6)] {
        let desk = Desk::with(move |asked, _| match asked.query.contains_key("page") {
            true => Some(Act::Json(status, json!({}))),
            false => asked.sends_to(&number(1)).then_some(Act::DoAndClose),
        });
        let project = desk.project(3);
        assert_eq!(project.send().code, 6);
        let told = project.run(&RECONCILE);
        assert_eq!(told.code, code, "{told:?}");
        project.status().is(&[("accepted", 2), ("unknown", 1)]);
    }
}

#[test]
fn what_a_dead_process_left_behind_is_listed_and_found() {
    let gateway = Loopback::with(|request| (request.send > 5).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 40);
    project.kill_when_waiting(&gateway, 2);
    let listed = project.run(&["resolve", "c"]);
    assert_eq!(listed.code, 6, "{listed:?}");
    let unknown = project.status().of("unknown");
    assert_eq!(listed.out.matches("interrupted").count() as u64, unknown, "{}", listed.out);
}

#[test]
fn what_another_campaign_left_under_way_when_it_was_killed_contests_the_record() {
    // 0: nothing yet; 1: the first message is at the gateway; 2: it may go on.
    let gate = Arc::new((Mutex::new(0), Condvar::new()));
    let (inside, first) = (Arc::clone(&gate), AtomicBool::new(true));
    let desk = Desk::waiting(
        move |asked| {
            if asked.method == "POST" && asked.path == "/messages" && first.swap(false, Ordering::SeqCst) {
                let (stage, changed) = &*inside;
                *stage.lock().unwrap() = 1;
                changed.notify_all();
                drop(changed.wait_while(stage.lock().unwrap(), |stage| *stage < 2).unwrap());
            }
        },
        |asked, book| (asked.sends_to(&number(0)) && book.records.len() == 1).then_some(Act::Close),
    );
    let project = two_campaigns(&desk);
    let mut child = project.start();
    let (stage, changed) = &*gate;
    drop(changed.wait_while(stage.lock().unwrap(), |stage| *stage < 1).unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    *stage.lock().unwrap() = 2;
    changed.notify_all();
    while desk.book(|book| book.records.is_empty()) {
        std::thread::yield_now();
    }
    // The record is that of `c`, which nobody has counted as unknown yet; what `d` sent never arrived.
    assert_eq!(project.run(&["send", "campaigns/d"]).code, 6);
    let told = project.run(&["resolve", "d", "--reconcile"]);
    assert_eq!(told.code, 6, "{told:?}");
    assert!(told.out.contains("ambiguous  1"), "{}", told.out);
}
