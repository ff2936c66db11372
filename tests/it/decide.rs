//! `sendplan resolve --assume-sent`, `--resend` and `--decisions`: what people decide about unknown messages.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::desk::{Act, Desk, both, number, without};
use crate::loopback::{Loopback, Reply};
use crate::project::{Project, Said, said};

const RESEND: [&str; 5] = ["resolve", "c", "--resend", "--reason", "the gateway's log has none"];

/// Runs the program as somebody.
fn as_root(project: &Project, arguments: &[&str]) -> Said {
    let mut command = project.command(arguments);
    command.env_remove("GITHUB_ACTOR").env_remove("GITLAB_USER_LOGIN").env("USER", "root");
    said(command.output().unwrap())
}

/// Without what the machine is called and the time it is.
fn golden(said: &Said) -> String {
    let host = regex::Regex::new(r"root@\S+").unwrap();
    let text = both(said);
    let place = regex::Regex::new(r" {2,}").unwrap();
    place.replace_all(&host.replace_all(&text, "root@host"), "  ").into_owned()
}

/// A run of ten that is finished: messages to 1, 3 and 5 may have been sent.
fn three_unknown(desk: &Desk) -> Project {
    let project = desk.project(10);
    assert_eq!(project.send().code, 6);
    project.status().is(&[("accepted", 7), ("unknown", 3), ("pending", 0)]);
    project
}

/// The first messages to 1, 3 and 5 get no answer, whatever became of them.
fn desk() -> Desk {
    Desk::with(|asked, book| {
        let lost = [1, 3, 5].into_iter().find(|one| asked.sends_to(&number(*one)))?;
        let first = book.asked.iter().filter(|one| one.sends_to(&number(lost))).count() == 1;
        first.then_some(if lost == 3 { Act::Close } else { Act::DoAndClose })
    })
}

#[test]
fn what_is_assumed_to_be_sent_counts_as_accepted() {
    let desk = desk();
    let project = three_unknown(&desk);
    without(&project, "list");
    let asked = desk.book(|book| book.asked.len());
    let one = as_root(&project, &["resolve", "c", "--assume-sent", "--recipient", "P-3"]);
    insta::assert_snapshot!("decide_assume_one", golden(&one));
    project.status().is(&[("accepted", 8), ("unknown", 2)]);
    assert_eq!(project.run(&["status"]).code, 6, "something is unknown still");
    let all =
        as_root(&project, &["resolve", "campaigns/c", "--assume-sent", "--reason", "0700000001 thanked us"]);
    assert_eq!(all.code, 0, "{all:?}");
    project.status().is(&[("accepted", 10), ("unknown", 0)]);
    assert_eq!(project.run(&["status"]).code, 0);
    assert_eq!(project.run(&["resolve", "c"]).code, 0);
    assert_eq!(project.send().code, 0);
    assert_eq!(desk.book(|book| book.asked.len()), asked, "nobody was asked and nothing was sent");
    let rows = project.run(&["report", "c", "--format", "csv"]).out;
    assert!(rows.contains(",accepted,,1,1,") && rows.contains(",assumed sent,once\n"), "{rows}");
    insta::assert_snapshot!("decide_decisions", golden(&project.run(&["resolve", "c", "--decisions"])));
    let again = as_root(&project, &["resolve", "c", "--assume-sent"]);
    assert!(again.code == 0 && again.out.contains("nothing to decide"), "{again:?}");
}

#[test]
fn nobody_is_sent_to_ask_a_gateway_that_has_nothing_to_tell() {
    let desk = desk();
    let project = desk.project(10);
    without(&project, "list");
    assert_eq!(project.send().code, 6);
    // What became of the accepted ones says nothing of the unknown ones.
    let listed = both(&project.run(&["resolve", "c"]));
    assert!(listed.contains("--assume-sent") && !listed.contains("--refresh"), "{listed}");
    assert_eq!(as_root(&project, &["resolve", "c", "--assume-sent"]).code, 0);
    let open = project.run(&["report", "c"]).out;
    assert!(open.contains("Next:\n  sendplan report c --refresh"), "{open}");
    desk.book(|book| book.records.iter_mut().for_each(|one| one.state = "delivered"));
    // Three are accepted and without an id: nobody can ask what became of them.
    let told = project.run(&["report", "c", "--refresh"]);
    assert!(told.out.contains("delivered   7") && told.out.contains("Next:"), "{told:?}");
    assert!(!told.out.contains("--refresh"), "{told:?}");
    let page = crate::report_forms::page(&project, &[]);
    assert!(!page.contains("--refresh"), "{page}");
}

#[test]
fn the_decisions_are_told_to_machines() {
    let desk = desk();
    let project = three_unknown(&desk);
    assert_eq!(as_root(&project, &RESEND).code, 0);
    let shown = project.run(&["resolve", "c", "--decisions", "--format", "json", "--show-addresses"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let mut report: Value = serde_json::from_str(&shown.out).unwrap();
    assert!(chrono::DateTime::parse_from_rfc3339(report["decisions"][2]["at"].as_str().unwrap()).is_ok());
    for one in report["decisions"].as_array_mut().unwrap() {
        one["at"] = json!("[time]");
        assert!(one["who"].as_str().unwrap().starts_with("root"));
        one["who"] = json!("root@host");
    }
    insta::assert_snapshot!("decide_decisions_json", format!("{report:#}"));
}

#[test]
fn what_is_sent_again_is_sent_by_the_next_send_and_only_then() {
    let desk = desk();
    let project = three_unknown(&desk);
    let records = || desk.book(|book| book.records.len());
    assert_eq!(records(), 9);
    let told = as_root(&project, &RESEND);
    insta::assert_snapshot!("decide_resend", golden(&told));
    assert_eq!(records(), 9);
    project.status().is(&[("accepted", 7), ("unknown", 0), ("pending", 3)]);
    let sent = project.send();
    assert_eq!(sent.code, 0, "{sent:?}");
    project.status().is(&[("accepted", 10), ("unknown", 0), ("pending", 0)]);
    let to = |person| desk.book(|book| book.records.iter().filter(|one| one.to == number(person)).count());
    assert_eq!([1, 3, 5, 7].map(to), [2, 1, 2, 1]);
    assert_eq!(project.send().code, 0);
    assert_eq!(records(), 12);
}

#[test]
fn only_those_who_are_named_are_sent_again_however_they_are_named() {
    let desk = desk();
    let project = three_unknown(&desk);
    let told = project.run(&[
        "resolve",
        "c",
        "--resend",
        "--reason",
        "r",
        "--recipient",
        "0700000001",
        "--recipient",
        "P-5",
    ]);
    assert_eq!(told.code, 6, "{told:?}");
    assert!(told.err.contains("sendplan send campaigns/c"), "{}", told.err);
    project.status().is(&[("unknown", 1), ("pending", 2)]);
    assert_eq!(project.send().code, 6);
    project.status().is(&[("accepted", 9), ("unknown", 1)]);
    assert_eq!(desk.book(|book| book.records.iter().filter(|one| one.to == number(3)).count()), 0);
}

#[test]
fn somebody_who_has_no_unknown_message_is_an_error_before_anything_changes() {
    let desk = desk();
    let project = three_unknown(&desk);
    let refused =
        project.run(&["resolve", "c", "--assume-sent", "--recipient", "P-1", "--recipient", "P-33"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("`P-33` has no unknown message; did you mean `P-3`?"), "{}", refused.err);
    project.status().is(&[("unknown", 3)]);
    assert!(project.run(&["resolve", "c", "--decisions"]).out.contains("Nobody has decided"));
    let nobody = project.run(&["resolve", "x", "--assume-sent"]);
    assert_eq!(nobody.code, 3, "{nobody:?}");
}

#[test]
fn a_decision_is_one_and_a_resend_has_a_reason() {
    let project = Project::empty();
    for wrong in [
        &["--assume-sent", "--resend", "--reason", "r"][..],
        &["--assume-sent", "--reconcile"],
        &["--resend", "--reason", "r", "--reconcile"],
        &["--assume-sent", "--decisions"],
        &["--resend"],
        &["--resend", "--reason", " "],
        &["--assume-sent", "--reason", ""],
        &["--assume-sent", "--reason", "two\nlines"],
        &["--assume-sent", "--reason", "turned \u{202e} around"],
        &["--reconcile", "--reason", "r"],
        &["--recipient", "P-1"],
        &["--format", "json"],
    ] {
        let refused = project.run(&[&["resolve", "c"], wrong].concat());
        assert_eq!(refused.code, 2, "{wrong:?}: {refused:?}");
    }
}

#[test]
fn who_opted_out_meanwhile_gets_no_second_copy_and_is_not_said_to_have_got_none() {
    let desk = desk();
    let project = desk.project(10);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write("campaigns/c/campaign.yaml", &manifest.replace("id: id", "id: id, suppress: [out.csv]"));
    project.write("campaigns/c/out.csv", "phone\n");
    assert_eq!(project.send().code, 6);
    assert_eq!(as_root(&project, &RESEND).code, 0);
    project.write("campaigns/c/out.csv", "phone\n0700000001\n");
    let sent = project.send();
    assert_eq!(sent.code, 6, "{sent:?}");
    project.status().is(&[("accepted", 9), ("unknown", 1), ("suppressed", 0)]);
    assert_eq!(desk.book(|book| book.records.iter().filter(|one| one.to == number(1)).count()), 1);
    let listed = project.run(&["resolve", "c"]).out;
    assert!(listed.contains("not sent again: on campaigns/c/out.csv"), "{listed}");
    assert_eq!(project.run(&["resolve", "c", "--assume-sent"]).code, 0);
}

#[test]
fn a_refusal_speaks_of_the_second_copy_only() {
    let desk = Desk::with(|asked, book| {
        let times = book.asked.iter().filter(|one| one.sends_to(&number(1))).count();
        let again = || Act::Json(400, json!({"error": "no such number"}));
        asked.sends_to(&number(1)).then(|| if times == 1 { Act::DoAndClose } else { again() })
    });
    let project = desk.project(3);
    assert_eq!(project.send().code, 6);
    assert_eq!(as_root(&project, &RESEND).code, 0);
    assert_eq!(project.send().code, 6);
    project.status().is(&[("accepted", 2), ("rejected", 0), ("unknown", 1)]);
    let listed = project.run(&["resolve", "c"]).out;
    assert!(listed.contains("refused when it was sent again") && listed.contains("2 attempts"), "{listed}");
}

#[test]
fn a_cancelled_second_copy_leaves_the_first_one_unknown() {
    let desk = desk();
    let project = three_unknown(&desk);
    assert_eq!(as_root(&project, &RESEND).code, 0);
    let told = project.run(&["cancel", "c"]);
    assert_eq!(told.code, 6, "{told:?}");
    project.status().is(&[("unknown", 3), ("expired", 0), ("pending", 0)]);
}

#[test]
fn what_a_dead_process_left_is_decided_about_and_a_live_one_is_left_alone() {
    let gateway = Loopback::with(|request| (request.send > 5).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 40);
    let mut child = project.command(&["send", "campaigns/c"]);
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    gateway.until_waiting(2);
    let refused = project.run(&["resolve", "c", "--assume-sent"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.err.contains(&format!("`send c` (process {}", child.id())), "{}", refused.err);
    child.kill().unwrap();
    child.wait().unwrap();
    gateway.release();
    let before = project.status();
    assert!(before.of("unknown") > 0, "{before:?}");
    let told = project.run(&["resolve", "c", "--assume-sent"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.err.contains("under way when it was interrupted"), "{}", told.err);
    project.status().is(&[("unknown", 0), ("accepted", before.of("accepted") + before.of("unknown"))]);
    assert_eq!(project.send().code, 0);
    project.status().is(&[("accepted", 40)]);
}

#[test]
fn what_is_found_at_the_gateway_is_recorded_too() {
    let desk = desk();
    let project = three_unknown(&desk);
    assert_eq!(as_root(&project, &["resolve", "c", "--reconcile"]).code, 6);
    let shown = project.run(&["resolve", "c", "--decisions"]).out;
    assert_eq!(shown.matches("reconciled").count(), 2, "{shown}");
    assert!(shown.contains("P-1\n") && shown.contains("P-5") && !shown.contains("P-3"), "{shown}");
}

#[test]
fn in_ci_the_decision_is_of_whoever_started_the_job() {
    let desk = desk();
    let project = three_unknown(&desk);
    let mut command = project.command(&RESEND);
    assert_eq!(said(command.env("GITHUB_ACTOR", "octocat").output().unwrap()).code, 0);
    let shown = project.run(&["resolve", "c", "--decisions"]).out;
    assert_eq!(shown.matches("octocat (GitHub Actions)").count(), 3, "{shown}");
}
