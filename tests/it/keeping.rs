//! `sendplan state backup`, `verify` and `prune`: what is done with a whole state.

use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::Value;

use crate::desk::{Act, Desk, both, number, people_of};
use crate::loopback::{Loopback, Reply};
use crate::project::{Project, said};

const PRUNE: [&str; 4] = ["state", "prune", "--older-than", "1ms"];

/// What was said, without times, sizes and the room between columns.
fn golden(said: &crate::project::Said) -> String {
    let text = both(said);
    let times = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC").unwrap();
    let sizes = regex::Regex::new(r"\d+\.\d [KM]iB").unwrap();
    let process = regex::Regex::new(r"process \d+").unwrap();
    let text = sizes.replace_all(&text, "[size]").into_owned();
    times.replace_all(&process.replace_all(&text, "process [id]"), "[time]").into_owned()
}

#[test]
fn a_backup_is_taken_while_something_is_sent_and_is_a_state() {
    let gateway = Loopback::with(|request| (request.send == 12).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 20);
    let child = project.start();
    gateway.until_waiting(1);
    let told = project.run(&["state", "backup", "copy.db"]);
    insta::assert_snapshot!("keeping_backup", golden(&told));
    let verified = project.run(&["state", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    assert!(verified.out.contains("`send c` (process "), "{}", verified.out);
    let mode = std::fs::metadata(project.path("copy.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    gateway.release();
    assert_eq!(said(child.wait_with_output().unwrap()).code, 0);
    let again = project.run(&["state", "backup", "copy.db"]);
    assert_eq!(again.code, 2, "{again:?}");
    let nowhere = project.run(&["state", "backup", "no/folder/copy.db"]);
    assert!(nowhere.code == 2 && nowhere.err.contains("mkdir -p no/folder"), "{nowhere:?}");
    let verified = project.run(&["state", "verify", "--state", "copy.db"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let seen = project.run(&["status", "--state", "copy.db"]);
    assert_eq!(seen.code, 6, "what was under way then is unknown in the copy: {seen:?}");
    // Put in the place of the state, it goes on as after a kill.
    for name in ["state.db", "state.db-wal", "state.db-shm", "state.db.lock"] {
        drop(std::fs::remove_file(project.path(&format!(".sendplan/{name}"))));
    }
    std::fs::copy(project.path("copy.db"), project.state()).unwrap();
    let told = project.run(&["resolve", "c", "--assume-sent"]);
    assert_eq!(told.code, 0, "{told:?}");
}

#[test]
fn a_sound_state_is_said_to_be_sound() {
    let desk = Desk::with(|asked, _| asked.sends_to(&number(2)).then_some(Act::DoAndClose));
    let project = desk.project(5);
    assert_eq!(project.send().code, 6);
    let before = std::fs::read(project.state()).unwrap();
    insta::assert_snapshot!("keeping_verify", golden(&project.run(&["state", "verify"])));
    assert!(std::fs::read(project.state()).unwrap() == before);
}

#[test]
fn fault_11_a_damaged_state_is_named_with_what_is_wrong_and_left_alone() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 200);
    assert_eq!(project.send().code, 0);
    let sql = rusqlite::Connection::open(project.state()).unwrap();
    sql.execute("UPDATE messages SET state = 5 WHERE seq = 7", []).unwrap();
    sql.close().map_err(|(_, error)| error).unwrap();
    let before = std::fs::read(project.state()).unwrap();
    let told = project.run(&["state", "verify"]);
    insta::assert_snapshot!("keeping_verify_wrong", golden(&told));
    let refused = project.run(&["state", "backup", "copy.db"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(!project.path("copy.db").exists());
    assert!(std::fs::read(project.state()).unwrap() == before);
    // And a file that is not whole.
    let page = before.len() / 4096 / 2 * 4096;
    let mut broken = before.clone();
    broken[page..page + 4096].fill(0x5a);
    std::fs::write(project.state(), &broken).unwrap();
    for arguments in [&["state", "verify"][..], &["state", "backup", "copy.db"], &PRUNE] {
        let refused = project.run(arguments);
        assert_eq!(refused.code, 7, "{arguments:?}: {refused:?}");
        assert!(refused.err.contains("state.db is damaged"), "{}", refused.err);
    }
    assert!(std::fs::read(project.state()).unwrap() == broken);
}

#[test]
fn what_is_no_state_of_this_kind_is_refused() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 3);
    let all = |project: &Project, more: &[&str], word: &str| {
        for verb in [&["state", "backup", "copy.db"][..], &["state", "verify"], &PRUNE] {
            let refused = project.run(&[verb, more].concat());
            assert_eq!(refused.code, 7, "{verb:?} {more:?}: {refused:?}");
            assert!(refused.err.contains(word), "{}", refused.err);
            assert!(!project.path("copy.db").exists());
        }
    };
    all(&project, &[], "there is no state at");
    assert_eq!(project.send().code, 0);
    assert_eq!(project.run(&["send", "campaigns/c", "--sandbox"]).code, 0);
    all(&project, &["--state", ".sendplan/sandbox.db"], "is a sandbox's");
    all(&project, &["--state", ".sendplan/state.db", "--sandbox"], "is a real one");
    symlink(project.state(), project.path("link.db")).unwrap();
    all(&project, &["--state", "link.db"], "a symbolic link");
    assert_eq!(project.run(&["state", "verify", "--sandbox"]).code, 0);
    assert_eq!(project.run(&["state", "backup", "s.db", "--sandbox"]).code, 0);
    let mut bytes = std::fs::read(project.state()).unwrap();
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    std::fs::write(project.path("newer.db"), bytes).unwrap();
    all(&project, &["--state", "newer.db"], "999");
    for wrong in [&["state", "prune"][..], &["state", "prune", "--older-than", "soon"], &["state", "backup"]]
    {
        assert_eq!(project.run(wrong).code, 2, "{wrong:?}");
    }
}

#[test]
fn a_killed_senders_lost_log_is_told() {
    let gateway = Loopback::with(|request| (request.send == 5).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 10);
    project.kill_when_waiting(&gateway, 1);
    std::fs::remove_file(project.path(".sendplan/state.db-wal")).unwrap();
    for arguments in [&["state", "verify"][..], &["state", "backup", "copy.db"]] {
        let refused = project.run(arguments);
        assert_eq!(refused.code, 7, "{refused:?}");
        assert!(refused.err.contains("state.db-wal"), "{}", refused.err);
    }
}

/// Campaign `c` is finished; in `d`, sent to the same people, a message is unknown.
fn two_runs(desk: &Desk) -> Project {
    let project = desk.project(6);
    desk.campaign(&project, "d", 1);
    people_of(&project, "d", 1);
    assert_eq!(project.send().code, 0);
    assert_eq!(project.run(&["send", "campaigns/d"]).code, 6);
    project
}

/// The second message to number 0 never arrives.
fn desk() -> Desk {
    Desk::with(|asked, book| (asked.sends_to(&number(0)) && book.records.len() == 6).then_some(Act::Close))
}

#[test]
fn old_runs_are_pruned_and_those_with_unknown_messages_are_named() {
    let desk = desk();
    let project = two_runs(&desk);
    project.write(".sendplan/state.db.v2.bak", "somebody's");
    let before = std::fs::read(project.state()).unwrap();
    let mut dry = PRUNE.to_vec();
    dry.push("--dry-run");
    insta::assert_snapshot!("keeping_prune_dry_run", golden(&project.run(&dry)));
    assert!(std::fs::read(project.state()).unwrap() == before);
    let recent = project.run(&["state", "prune", "--older-than", "90d"]);
    assert!(recent.code == 0 && recent.out.contains("no run was finished more than 90d ago"), "{recent:?}");
    insta::assert_snapshot!("keeping_prune", golden(&project.run(&PRUNE)));
    let run = project.status();
    run.is(&[("planned", 6), ("accepted", 6)]);
    assert!(project.run(&["status"]).out.contains("pruned"));
    insta::assert_snapshot!("keeping_report", golden(&project.run(&["report", "c"])));
    let json: Value = serde_json::from_str(&project.run(&["report", "c", "--format", "json"]).out).unwrap();
    assert!(json["runs"][0]["pruned_at"].is_string() && json["runs"][0]["accepted"] == 6, "{json}");
    let csv = project.run(&["report", "c", "--format", "csv"]);
    assert_eq!(csv.out.lines().count(), 1, "{csv:?}");
    assert!(csv.err.contains("c (once) was pruned"), "{}", csv.err);
    assert_eq!(project.run(&["report", "c", "--refresh"]).code, 0);
    assert_eq!(project.run(&["cancel", "c"]).code, 0);
    assert_eq!(project.run(&["resolve", "c"]).code, 0);
    assert_eq!(project.run(&["state", "verify"]).code, 0);
    // The other one goes when somebody has decided about it.
    assert_eq!(project.run(&["resolve", "d", "--assume-sent"]).code, 0);
    let told = project.run(&PRUNE);
    assert!(told.code == 0 && told.out.contains("Pruned 1 message of 1 run."), "{told:?}");
    let shown = project.run(&["resolve", "d", "--decisions"]).out;
    assert!(shown.contains("assumed sent"), "decisions stay: {shown}");
    let again = project.run(&PRUNE);
    assert!(again.code == 0 && again.out.contains("Nothing to prune"), "{again:?}");
}

#[test]
fn what_was_pruned_is_not_sent_again_and_opt_outs_hold() {
    let desk = Desk::start();
    let project = desk.project(3);
    desk.with_inbox(&project);
    assert_eq!(project.send().code, 0);
    desk.book(|book| book.inbox.push((number(1), "STOP".to_owned())));
    let heard = project.run(&["report", "c", "--refresh"]);
    assert!(heard.err.contains("1 person opted out"), "{heard:?}");
    assert_eq!(project.run(&PRUNE).code, 0);
    let sent = desk.book(|book| book.records.len());
    let again = project.send();
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.out.contains("finished already: nothing was sent"), "{}", again.out);
    // Nor as another occurrence of the same campaign.
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    let later = format!("{manifest}schedule: {{ at: 2026-01-01T09:00, timezone: UTC }}\n");
    project.write("campaigns/c/campaign.yaml", &later);
    let other = project.run(&["send", "campaigns/c", "--now", "2026-01-01T09:00:00Z"]);
    assert_eq!(other.code, 3, "{other:?}");
    assert_eq!(desk.book(|book| book.records.len()), sent);
    desk.campaign(&project, "d", 1);
    people_of(&project, "d", 3);
    assert_eq!(project.run(&["send", "campaigns/d"]).code, 0);
    let to = |person| desk.book(|book| book.records.iter().filter(|one| one.to == number(person)).count());
    assert_eq!([0, 1, 2].map(to), [2, 1, 2]);
}

#[test]
fn a_record_of_a_pruned_message_is_not_taken_for_another_one() {
    let desk = desk();
    let project = two_runs(&desk);
    assert_eq!(project.run(&PRUNE).code, 6);
    // The gateway lists what `c` sent; nobody knows its id any more.
    let told = project.run(&["resolve", "d", "--reconcile"]);
    assert_eq!(told.code, 6, "{told:?}");
    assert!(told.out.contains("ambiguous  1"), "{}", told.out);
}

#[test]
fn a_live_sender_is_not_pruned_from_beside_it() {
    let gateway = Loopback::with(|request| (request.send == 3).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 10);
    let child = project.start();
    gateway.until_waiting(1);
    let refused = project.run(&PRUNE);
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.err.contains("`send c`"), "{}", refused.err);
    gateway.release();
    assert_eq!(said(child.wait_with_output().unwrap()).code, 0);
}

#[test]
fn fault_13_a_state_of_version_2_is_copied_proven_decided_about_and_goes_on() {
    let desk = Desk::start();
    let project = desk.project(1);
    let old = include_bytes!("old/state-v2.db");
    let state = project.path("old.db");
    std::fs::write(&state, old).unwrap();
    // Who only looks changes nothing.
    for arguments in [&["status"][..], &["resolve", "c"], &["report", "c"]] {
        let seen = project.run(&[arguments, &["--state", "old.db"]].concat());
        assert!(matches!(seen.code, 0 | 6), "{seen:?}");
    }
    let shown = project.run(&["resolve", "c", "--decisions", "--state", "old.db"]);
    assert!(shown.out.contains("Nobody has decided"), "{shown:?}");
    assert_eq!(project.run(&["state", "verify", "--state", "old.db"]).code, 0);
    assert_eq!(project.run(&["state", "backup", "copy.db", "--state", "old.db"]).code, 0);
    assert!(std::fs::read(&state).unwrap() == old, "the file was changed");
    // The gateway of then is not there any more; this one takes its place.
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    let url = manifest.split('"').nth(1).unwrap();
    let sql = rusqlite::Connection::open(&state).unwrap();
    sql.execute("UPDATE runs SET pinned = replace(pinned, 'http://127.0.0.1:45454', ?1)", [url]).unwrap();
    sql.close().map_err(|(_, error)| error).unwrap();
    let told = project.run(&[
        "resolve",
        "c",
        "--resend",
        "--reason",
        "r",
        "--recipient",
        "P-7",
        "--state",
        "old.db",
    ]);
    assert_eq!(told.code, 6, "{told:?}");
    assert!(told.err.contains("`old.db.v2.bak`"), "{}", told.err);
    let kept = std::fs::metadata(project.path("old.db.v2.bak")).unwrap().permissions().mode();
    assert_eq!(kept & 0o777, 0o600);
    let sent = project.run(&["send", "campaigns/c", "--state", "old.db"]);
    assert_eq!(sent.code, 6, "{sent:?}");
    let seen = project.run(&["status", "c", "--state", "old.db", "--format", "json"]);
    let seen: Value = serde_json::from_str(&seen.out).unwrap();
    let of = |state: &str| seen["runs"][0][state].as_u64().unwrap();
    let states = ["planned", "pending", "accepted", "rejected", "suppressed", "unknown"];
    assert_eq!(states.map(of), [14, 0, 10, 1, 1, 2]);
    assert_eq!(desk.book(|book| book.records.len()), 5);
    let decided = project.run(&["resolve", "c", "--assume-sent", "--state", "old.db"]);
    assert_eq!(decided.code, 0, "{decided:?}");
    let pruned = project.run(&["state", "prune", "--older-than", "1ms", "--state", "old.db"]);
    assert_eq!(pruned.code, 0, "{pruned:?}");
    assert!(
        pruned.out.contains("Pruned 17 messages of 2 runs.") && pruned.out.contains("old.db.v2.bak"),
        "{pruned:?}"
    );
    assert_eq!(project.run(&["state", "verify", "--state", "copy.db"]).code, 0);
}
