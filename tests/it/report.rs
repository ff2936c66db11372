//! `sendplan report`: where messages stand and why; and what the gateway says of them when it is asked.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::desk::{Act, Desk, both, number, people_of, timeless, without};
use crate::loopback::Loopback;
use crate::project::{Project, said, signal};

const REFRESH: [&str; 3] = ["report", "c", "--refresh"];

/// A run of ten: four delivered, two failed, two queued still, one rejected, one unknown.
fn mixed() -> (Desk, Project) {
    let desk = Desk::with(|asked, _| match () {
        () if asked.sends_to(&number(3)) => {
            Some(Act::Json(422, json!({"error": "no such number: 254700000003"})))
        }
        () if asked.sends_to(&number(5)) => Some(Act::DoAndClose),
        () => None,
    });
    let project = desk.project(10);
    assert_eq!(project.send().code, 6);
    desk.book(|book| {
        book.records.iter_mut().take(4).for_each(|one| one.state = "delivered");
        book.records.iter_mut().skip(6).take(2).for_each(|one| one.state = "failed");
    });
    (desk, project)
}

#[test]
fn a_report_reads_like_this_before_and_after_the_gateway_was_asked() {
    let (desk, project) = mixed();
    let before = project.run(&["report", "c"]);
    insta::assert_snapshot!("report_before", both(&before));
    assert_eq!(desk.asked("GET"), 0);
    let after = project.run(&REFRESH);
    insta::assert_snapshot!("report_after", both(&after));
    assert_eq!(desk.log_ins(), 2, "one of the send, one of the refresh");
    project.status().is(&[("accepted", 8), ("delivered", 4), ("failed", 2), ("unknown", 1), ("rejected", 1)]);
    // Those that have a receipt are not asked about again.
    assert_eq!(desk.asked("GET"), 8);
    assert_eq!(project.run(&REFRESH).code, 0);
    assert_eq!(desk.asked("GET"), 10);
    let machine = project.run(&["report", "campaigns/c", "--format", "json"]);
    insta::assert_snapshot!("report_json", timeless(&machine.out));
    let report: Value = serde_json::from_str(&machine.out).unwrap();
    assert_eq!((&report["version"], &report["runs"][0]["reasons"][0]["messages"]), (&json!(1), &json!(2)));
}

#[test]
fn the_csv_has_a_row_for_each_message_and_masks_addresses() {
    let (_desk, project) = mixed();
    assert_eq!(project.run(&REFRESH).code, 0);
    let masked = project.run(&["report", "c", "--format", "csv"]);
    insta::assert_snapshot!("report_csv", timeless(&masked.out));
    assert!(!masked.out.contains("254700000"), "{}", masked.out);
    let shown = project.run(&["report", "c", "--format", "csv", "--show-addresses"]);
    assert!(shown.out.contains("P-3,+254700000003,rejected,"), "{}", shown.out);
    // The manifest is not needed: the run is pinned.
    std::fs::remove_dir_all(project.path("campaigns")).unwrap();
    assert_eq!(project.run(&["report", "c", "--format", "csv"]).out, masked.out);
}

#[test]
fn no_form_of_a_report_tells_of_others_whom_a_gateway_names() {
    let desk = Desk::with(|asked, _| {
        let who = (0..10).find(|one| asked.sends_to(&number(*one)))?;
        let why = format!("Jane Doe <jane{who}@example.org> or 0733 111 00{who} wants no more");
        Some(Act::Json(422, json!({"error": why})))
    });
    let project = desk.project(10);
    let profile = std::fs::read_to_string(project.path("providers/desk.yaml")).unwrap();
    let rule = r#"classify: [{ when: "{{ response.status == 422 }}", as: rejected, reason: "{{ response.json.error }}" }]"#;
    project.write("providers/desk.yaml", &format!("{profile}{rule}\n"));
    let sent = project.send();
    project.status().is(&[("rejected", 10)]);
    project.run(&["report", "c", "--html", "report.html"]);
    let page = std::fs::read_to_string(project.path("report.html")).unwrap();
    let form = |name| project.run(&["report", "c", "--format", name]).out;
    let grouped =
        [("human", form("human")), ("json", form("json")), ("junit", form("junit")), ("html", page)];
    for (name, text) in &grouped {
        let alike = text.replace("&lt;", "<").replace("&gt;", ">");
        assert!(alike.contains("Jane Doe <…> or … wants no more"), "{name}: {text}");
    }
    let others = [("csv", form("csv")), ("send", sent.out + &sent.err)];
    for (name, text) in grouped.iter().chain(&others) {
        assert!(text.contains("Jane Doe") || *name == "send", "{name}: {text}");
        for whole in ["example", "733 111", "733111"] {
            assert!(!text.contains(whole), "{name}: {text}");
        }
    }
}

#[test]
fn identities_that_are_numbers_are_masked_too() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 3);
    assert_eq!(project.send().code, 0);
    let rows = project.run(&["report", "c", "--format", "csv"]).out;
    assert!(rows.contains("+2547•••••001,+2547•••••001,accepted,"), "{rows}");
    let shown = project.run(&["report", "c", "--format", "csv", "--show-addresses"]).out;
    assert!(shown.contains("+254700000001,+254700000001,accepted,"), "{shown}");
}

#[test]
fn a_gateway_that_cannot_be_asked_is_not_asked() {
    let desk = Desk::start();
    let project = desk.project(3);
    without(&project, "status");
    assert_eq!(project.send().code, 0);
    let told = project.run(&REFRESH);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.err.contains("This gateway cannot be asked"), "{}", told.err);
    assert!(told.out.contains("accepted  3"), "{}", told.out);
}

#[test]
fn what_is_not_there_is_told() {
    let desk = Desk::start();
    let project = desk.project(3);
    let none = project.run(&["report", "c"]);
    assert_eq!(none.code, 7, "{none:?}");
    assert_eq!(project.send().code, 0);
    let stranger = project.run(&["report", "nothing-like-it"]);
    assert!(stranger.code == 3 && stranger.err.contains("it knows `c`\n"), "{stranger:?}");
    for verb in ["report", "cancel", "resolve"] {
        let slip = project.run(&[verb, "cc"]);
        assert_eq!(slip.code, 3, "{slip:?}");
        assert!(slip.err.contains("did you mean `c`?"), "{}", slip.err);
    }
}

#[test]
fn a_campaign_that_was_only_rehearsed_is_said_to_be() {
    let project = Project::personalised("http://127.0.0.1:1", 3);
    assert_eq!(project.run(&["send", "campaigns/c", "--sandbox"]).code, 0);
    for given in ["c", "campaigns/c"] {
        let rehearsed = project.run(&["report", given]);
        assert_eq!(rehearsed.code, 7, "{rehearsed:?}");
        assert!(rehearsed.err.contains("but in the sandbox's: say --sandbox"), "{}", rehearsed.err);
    }
}

#[test]
fn a_refresh_that_is_killed_goes_on_where_it_stopped() {
    // The first question of the second page waits until its asker is dead.
    let (asked, gate) = (Arc::new(AtomicU32::new(0)), Arc::new((Mutex::new((false, false)), Condvar::new())));
    let (count, inside) = (Arc::clone(&asked), Arc::clone(&gate));
    let desk = Desk::waiting(
        move |asked| {
            if asked.method == "GET" && count.fetch_add(1, Ordering::SeqCst) >= 500 {
                let mut open = inside.0.lock().unwrap();
                open.0 = true;
                inside.1.notify_all();
                let _open = inside.1.wait_while(open, |open| !open.1).unwrap();
            }
        },
        |_, _| None,
    );
    let project = desk.project(0);
    desk.campaign(&project, "c", 16);
    people_of(&project, "c", 600);
    assert_eq!(project.send().code, 0);
    desk.book(|book| book.records.iter_mut().for_each(|one| one.state = "delivered"));
    let mut child = project.command(&REFRESH).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    drop(gate.1.wait_while(gate.0.lock().unwrap(), |open| !open.0).unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    gate.0.lock().unwrap().1 = true;
    gate.1.notify_all();
    project.status().is(&[("accepted", 600), ("delivered", 500)]);
    let first: BTreeSet<String> = ids(&desk).into_iter().take(500).collect();
    assert_eq!(first.len(), 500);
    let from = ids(&desk).len();
    let again = project.run(&REFRESH);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(ids(&desk).iter().skip(from).all(|id| !first.contains(id)), "asked after its receipt");
    project.status().is(&[("accepted", 600), ("delivered", 600)]);
}

fn ids(desk: &Desk) -> Vec<String> {
    desk.book(|book| {
        let asked = book.asked.iter().filter(|one| one.method == "GET");
        asked.filter_map(|one| one.id().map(str::to_owned)).collect()
    })
}

#[test]
fn a_throttle_and_a_dead_token_in_the_middle_cost_nothing() {
    let questions = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&questions);
    let desk = Desk::with(move |asked, book| {
        if asked.method != "GET" {
            return None;
        }
        match counted.fetch_add(1, Ordering::SeqCst) {
            10 => Some(Act::Throttle(1)),
            20 => {
                book.forget_tokens();
                None
            }
            30 => Some(Act::Close),
            _ => None,
        }
    });
    let project = desk.project(0);
    desk.campaign(&project, "c", 4);
    people_of(&project, "c", 60);
    assert_eq!(project.send().code, 0);
    desk.book(|book| book.records.iter_mut().for_each(|one| one.state = "delivered"));
    let told = project.run(&REFRESH);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.err.contains("60 delivered, 0 failed, 0 still open."), "{}", told.err);
    project.status().is(&[("accepted", 60), ("delivered", 60)]);
    assert_eq!(desk.log_ins(), 3, "the send's, the refresh's, and one for all that were refused");
}

#[test]
fn a_gateway_that_only_puts_off_stops_the_refresh_and_keeps_what_it_said() {
    let desk =
        Desk::with(|asked, _| (asked.id().is_some_and(|id| id != "m-1")).then_some(Act::Throttle(86_400)));
    let project = desk.project(6);
    assert_eq!(project.send().code, 0);
    desk.book(|book| book.records[0].state = "delivered");
    let told = project.run(&REFRESH);
    assert_eq!(told.code, 4, "{told:?}");
    assert!(told.err.contains("5 tries in a row led nowhere"), "{}", told.err);
    assert!(told.out.contains("delivered  1"), "{}", told.out);
    project.status().is(&[("accepted", 6), ("delivered", 1)]);
}

#[test]
fn a_gateway_that_refuses_us_ends_the_refresh() {
    let desk = Desk::with(|asked, _| asked.id().is_some().then(|| Act::Json(403, json!({}))));
    let project = desk.project(6);
    assert_eq!(project.send().code, 0);
    let told = project.run(&REFRESH);
    assert_eq!(told.code, 8, "{told:?}");
    assert_eq!(desk.asked("GET"), 1);
    let mut command = project.command(&REFRESH);
    let lacking = said(command.env_remove("MOBICONNECT_APP_KEY").output().unwrap());
    assert_eq!(lacking.code, 8, "{lacking:?}");
}

#[test]
fn what_a_gateway_does_not_know_any_more_stays_as_it_is() {
    let desk = Desk::start();
    let project = desk.project(8);
    assert_eq!(project.send().code, 0);
    desk.book(|book| {
        book.records.truncate(1);
        book.records[0].state = "cancelled";
    });
    let told = project.run(&REFRESH);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.err.contains("of 7 the gateway said nothing (HTTP 404)"), "{}", told.err);
    assert!(told.out.contains("cancelled at the gateway"), "{}", told.out);
    project.status().is(&[("accepted", 8), ("failed", 1), ("delivered", 0)]);
}

#[test]
fn an_interrupt_hears_out_what_is_under_way() {
    let (sender, waits) = std::sync::mpsc::channel();
    let (release, gate) = std::sync::mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let desk = Desk::waiting(
        move |asked| {
            if asked.id() == Some("m-3") {
                sender.send(()).unwrap();
                let _ = gate.lock().unwrap().recv_timeout(Duration::from_secs(20));
            }
        },
        |_, _| None,
    );
    let project = desk.project(9);
    assert_eq!(project.send().code, 0);
    desk.book(|book| book.records.iter_mut().for_each(|one| one.state = "delivered"));
    let child = project.command(&REFRESH).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    waits.recv().unwrap();
    signal(child.id(), "INT");
    // The lock says when the signal has arrived: the refresh still holds it, and asks no more.
    let busy = project.run(&REFRESH);
    assert_eq!(busy.code, 7, "{busy:?}");
    assert!(busy.err.contains("`report c --refresh`"), "{}", busy.err);
    release.send(()).unwrap();
    let stopped = said(child.wait_with_output().unwrap());
    assert_eq!(stopped.code, 4, "{stopped:?}");
    let delivered = project.status().of("delivered");
    assert!((3..9).contains(&delivered), "{delivered}");
}

#[test]
fn whoever_answers_stop_is_not_sent_to_again() {
    let desk = Desk::start();
    let project = desk.project(6);
    desk.with_inbox(&project);
    assert_eq!(project.send().code, 0);
    let says = |at: u32, text: &str| (number(at), text.to_owned());
    desk.book(|book| {
        book.inbox =
            vec![says(0, "Stop."), says(1, "thank you"), says(2, "STOP"), says(2, "STOP"), says(4, "Arrêt")];
    });
    let refreshed = project.run(&REFRESH);
    assert_eq!(refreshed.code, 0, "{refreshed:?}");
    let told = "5 messages came in: 3 people opted out, and will not be sent to again.";
    assert!(refreshed.err.contains(told), "{refreshed:?}");
    assert!(project.run(&REFRESH).err.contains("5 messages came in.\n"));
    // The next campaign leaves them out at the last moment.
    desk.campaign(&project, "d", 1);
    crate::desk::people_of(&project, "d", 6);
    assert_eq!(project.run(&["send", "campaigns/d"]).code, 0);
    let again: BTreeSet<String> =
        desk.book(|book| book.records.iter().skip(6).map(|record| record.to.clone()).collect());
    assert_eq!(again, BTreeSet::from([number(1), number(3), number(5)]));
    let status = project.run(&["status", "d", "--format", "json"]);
    let status: Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(status["runs"][0]["suppressed"], 3);
}
