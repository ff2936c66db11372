//! `sendplan cancel`: nothing more goes out, and what the gateway still has is called back.

use serde_json::json;

use crate::desk::{Act, Desk, both, number, without};
use crate::loopback::{Loopback, Reply};
use crate::project::{Project, said};

/// A run of ten of which five were accepted, one is unknown, and four were never sent.
fn half_sent() -> (Desk, Project) {
    let desk = Desk::with(|asked, _| match () {
        () if asked.sends_to(&number(2)) => Some(Act::DoAndClose),
        () if asked.sends_to(&number(6)) => Some(Act::Json(403, json!({}))),
        () => None,
    });
    let project = desk.project(10);
    assert_eq!(project.send().code, 8);
    project.status().is(&[("accepted", 5), ("unknown", 1), ("pending", 4)]);
    (desk, project)
}

#[test]
fn a_half_sent_run_is_cancelled_here_and_there() {
    let (desk, project) = half_sent();
    desk.book(|book| book.records[0].state = "delivered");
    let told = project.run(&["cancel", "c"]);
    insta::assert_snapshot!("cancel", both(&told));
    project.status().is(&[("accepted", 5), ("failed", 4), ("expired", 4), ("unknown", 1), ("pending", 0)]);
    assert_eq!(desk.asked("DELETE"), 5);
    let rows = project.run(&["report", "c", "--format", "csv"]).out;
    assert_eq!(rows.lines().filter(|row| row.ends_with(",cancelled,once")).count(), 4, "{rows}");
    assert_eq!(rows.lines().filter(|row| row.contains(",failed,")).count(), 4, "{rows}");
    // The run is finished: sending again sends nothing.
    let sent = desk.book(|book| book.records.len());
    let again = project.send();
    assert_eq!(again.code, 6, "{again:?}");
    assert!(
        again.out.contains("c (once) was cancelled by ") && again.out.contains(": nothing was sent"),
        "{}",
        again.out
    );
    assert_eq!(desk.book(|book| book.records.len()), sent);
    // And cancelling again asks only for what may still be called back.
    let twice = project.run(&["cancel", "campaigns/c"]);
    assert!(twice.err.contains("c was cancelled already, by "), "{}", twice.err);
    let resumed = project.run(&["resume", "c"]);
    assert!(resumed.code == 3 && resumed.err.contains("c was cancelled by "), "{resumed:?}");
    assert!(project.run(&["report", "c"]).out.contains("It was cancelled by "));
    assert_eq!(twice.code, 6, "{twice:?}");
    assert_eq!(desk.asked("DELETE"), 6);
}

#[test]
fn what_is_stopped_here_needs_no_gateway() {
    let (desk, project) = half_sent();
    let mut command = project.command(&["cancel", "c"]);
    let told = said(command.env_remove("MOBICONNECT_APP_KEY").output().unwrap());
    assert_eq!(told.code, 8, "{told:?}");
    assert!(told.out.contains("stopped here  4"), "{}", told.out);
    assert!(told.err.contains("MOBICONNECT_APP_KEY"), "{}", told.err);
    project.status().is(&[("expired", 4), ("pending", 0), ("failed", 0)]);
    assert_eq!(project.run(&["cancel", "c"]).code, 6);
    assert_eq!(desk.asked("DELETE"), 5);
    project.status().is(&[("expired", 4), ("failed", 5)]);
}

#[test]
fn a_gateway_without_recall_keeps_what_it_has() {
    let desk = Desk::with(|asked, _| asked.sends_to(&number(3)).then(|| Act::Json(403, json!({}))));
    let project = desk.project(6);
    without(&project, "cancel");
    assert_eq!(project.send().code, 8);
    let mut command = project.command(&["cancel", "c"]);
    let told = said(command.env_remove("MOBICONNECT_APP_KEY").output().unwrap());
    assert_eq!(told.code, 0, "{told:?}");
    assert!(
        told.out.contains("too late      3  accepted; this gateway cannot call messages back"),
        "{}",
        told.out
    );
    project.status().is(&[("accepted", 3), ("expired", 3), ("failed", 0)]);
}

#[test]
fn a_cancellation_that_is_put_off_goes_on() {
    let desk = Desk::with(|asked, book| {
        let tries = book.asked.iter().filter(|one| one.method == "DELETE").count();
        (asked.method == "DELETE" && asked.id() != Some("m-1") && tries < 12).then_some(Act::Throttle(60))
    });
    let project = desk.project(4);
    assert_eq!(project.send().code, 0);
    let told = project.run(&["cancel", "c"]);
    assert_eq!(told.code, 4, "{told:?}");
    project.status().is(&[("accepted", 4), ("failed", 1)]);
    while project.run(&["cancel", "c"]).code == 4 {}
    project.status().is(&[("accepted", 4), ("failed", 4)]);
}

#[test]
fn a_run_whose_process_died_is_cancelled_with_its_unknowns_told() {
    let gateway = Loopback::with(|request| (request.send > 5).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 40);
    project.kill_when_waiting(&gateway, 2);
    let told = project.run(&["cancel", "c"]);
    assert_eq!(told.code, 6, "{told:?}");
    assert!(told.err.contains("under way when it was interrupted"), "{}", told.err);
    let run = project.status();
    run.is(&[("pending", 0), ("held", 0)]);
    assert!(run.of("unknown") > 0 && run.of("expired") > 0, "{run:?}");
    let before = gateway.accepted().len();
    assert_eq!(project.send().code, 6);
    assert_eq!(gateway.accepted().len(), before);
}
