//! A live run, told from another terminal to wait, to go on, to end or to leave somebody out. The gateway holds its
//! answers back until a test lets them go, so that every moment is exact.

use std::process::{Child, Stdio};

use sendplan::store::control::Control;
use sendplan::store::lock::Lock;
use sendplan::store::sqlite::{OpenMode, Sqlite};

use crate::loopback::{Loopback, Reply};
use crate::project::{Project, Said, said, signal};

/// A campaign of many whose every answer waits, with so many requests under way at once.
fn waiting(people: u32) -> (Loopback, Project, Child) {
    let gateway = Loopback::with(|request| (request.send > 0).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), people);
    let child = project.start();
    gateway.until_waiting(4);
    // Those that will go out next are durable as well: it has nothing to write any more.
    while project.messages_beside("intent") <= 4 {}
    (gateway, project, child)
}

/// Stops a process at a moment when it holds nothing of the state, so that others can write to it meanwhile.
fn freeze(child: &Child, project: &Project) {
    let sql = rusqlite::Connection::open(project.state()).unwrap();
    sql.busy_timeout(std::time::Duration::ZERO).unwrap();
    loop {
        signal(child.id(), "STOP");
        while !stands_still(child.id()) {}
        match sql.execute_batch("BEGIN IMMEDIATE; ROLLBACK") {
            Ok(()) => return,
            Err(_) => signal(child.id(), "CONT"),
        }
    }
}

/// Whether every thread of a process is stopped (proc_pid_stat(5)).
fn stands_still(pid: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    threads.flatten().all(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    })
}

fn end(child: Child) -> Said {
    said(child.wait_with_output().unwrap())
}

fn sends(gateway: &Loopback) -> usize {
    gateway.requests().iter().filter(|one| one.send > 0).count()
}

/// Lets the live process look at the state as often as it would in a while: each word of people's makes it look, hear
/// and answer.
fn let_it_look(project: &Project, times: u32) {
    for number in 0..times {
        let told = project.run(&["optout", &format!("+2547999999{number:02}")]);
        assert!(told.out.contains("nothing goes to them any more"), "{told:?}");
    }
}

#[test]
fn pause_lets_nothing_new_out_and_resume_lets_it_go_on() {
    let (gateway, project, child) = waiting(60);
    let told = project.run(&["pause", "c", "--reason", "the link is dead"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("c is paused: nothing new of it goes out"), "{}", told.out);
    assert!(told.err.contains("sendplan resume c"), "{}", told.err);
    // What is under way is answered; there would be room for the next ones.
    let under_way = sends(&gateway);
    gateway.release();
    let_it_look(&project, 6);
    assert_eq!(sends(&gateway), under_way);
    project.status().is(&[("accepted", under_way as u64), ("pending", 60 - under_way as u64)]);
    let seen = project.run(&["status"]);
    assert!(seen.out.contains("paused right now: send c (process"), "{}", seen.out);
    assert!(seen.out.contains("paused: c, by "), "{}", seen.out);
    let json: serde_json::Value =
        serde_json::from_str(&project.run(&["status", "--format", "json"]).out).unwrap();
    assert_eq!((&json["holds"][0]["campaign"], &json["holds"][0]["what"]), (&"c".into(), &"paused".into()));
    let again = project.run(&["pause", "campaigns/c"]);
    assert!(again.code == 0 && again.out.contains("already"), "{again:?}");

    let told = project.run(&["resume", "c"]);
    assert!(told.code == 0 && told.out.contains("c goes on: `send c`"), "{told:?}");
    let ended = end(child);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.err.contains("c is paused by ") && ended.err.contains("c goes on."), "{}", ended.err);
    assert_eq!(gateway.accepted_once(), 60);
    let told = project.run(&["resume", "c"]);
    assert!(told.out.contains("c is not paused"), "{told:?}");
    let json = project.run(&["status", "--format", "json"]).out;
    assert!(!json.contains("holds"), "{json}");
}

#[test]
fn a_paused_process_is_ended_in_order() {
    let (gateway, project, child) = waiting(40);
    assert_eq!(project.run(&["pause", "c"]).code, 0);
    gateway.release();
    let_it_look(&project, 2);
    signal(child.id(), "INT");
    let ended = end(child);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert!(ended.err.contains("Next:\n  sendplan resume campaigns/c\n  sendplan send"), "{}", ended.err);
    let run = project.status();
    run.is(&[("unknown", 0)]);
    assert!(run.of("pending") > 0);
    // It stays paused.
    let before = sends(&gateway);
    let refused = project.send();
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(
        refused.err.contains("c is paused by ") && refused.err.contains("sendplan resume"),
        "{}",
        refused.err
    );
    assert_eq!(sends(&gateway), before);
    assert_eq!(project.run(&["resume", "campaigns/c"]).code, 0);
    assert_eq!(project.send().code, 0);
    assert_eq!(gateway.accepted_once(), 40);
}

#[test]
fn a_campaign_is_paused_before_anything_of_it_was_sent() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    let unknown = project.run(&["pause", "d"]);
    assert_eq!(unknown.code, 7, "there is no state: {unknown:?}");
    let told = project.run(&["pause", "campaigns/c"]);
    assert_eq!(told.code, 0, "{told:?}");
    let unknown = project.run(&["pause", "d"]);
    assert_eq!(unknown.code, 3, "{unknown:?}");
    let refused = project.send();
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(project.run(&["status", "--format", "json"]).out.contains("\"runs\": []"));
    assert_eq!(gateway.requests().len(), 0);
    assert_eq!(project.run(&["resume", "c"]).code, 0);
    assert_eq!(project.send().code, 0);
    let slip = project.run(&["pause", "cc"]);
    assert!(slip.code == 3 && slip.err.contains("did you mean `c`?"), "{slip:?}");
}

#[test]
fn a_cancellation_that_finds_no_run_leaves_a_pause_as_it_is() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    assert_eq!(project.run(&["pause", "campaigns/c"]).code, 0);
    let nothing = project.run(&["cancel", "campaigns/c"]);
    assert!(nothing.code == 3 && nothing.err.contains("there is no run of `c`"), "{nothing:?}");
    let refused = project.send();
    assert!(refused.code == 4 && refused.err.contains("c is paused by "), "{refused:?}");
    assert_eq!(gateway.requests().len(), 0);
}

#[test]
fn many_who_opt_out_at_once_do_not_keep_the_state_from_the_process_that_sends() {
    let (gateway, project, child) = waiting(20);
    let many: String = (0..30_000).map(|number| format!("+25471{number:07}\n")).collect();
    project.write("many.txt", &many);
    let lines = std::fs::File::open(project.path("many.txt")).unwrap();
    let mut telling = project.command(&["optout", "-"]).stdin(lines).stdout(Stdio::null()).spawn().unwrap();
    let store = Sqlite::open(&project.state(), OpenMode::ReadOnly).unwrap();
    let is_there = |address: &str| {
        let next = store.listed_opt_outs(Some(&address[..address.len() - 1]), 1).unwrap();
        next.iter().any(|one| one.address == address)
    };
    // Some are recorded before all are: between two transactions the other process can write.
    let mut in_between = false;
    while telling.try_wait().unwrap().is_none() {
        in_between |= is_there("+254710000000") && !is_there("+254710029990");
    }
    assert!(in_between && is_there("+254710029990"));
    gateway.release();
    assert_eq!(end(child).code, 0);
    assert_eq!(gateway.accepted_once(), 20);
}

#[test]
fn fault_03_a_sender_that_is_killed_while_somebody_speaks_to_it_keeps_its_log() {
    let (gateway, project, mut child) = waiting(20);
    // It does not answer, so that whoever speaks is still there when it dies, and the last to close the state.
    freeze(&child, &project);
    let mut pause =
        project.command(&["pause", "c"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let store = Sqlite::open(&project.state(), OpenMode::ReadOnly).unwrap();
    while store.hold_on("c").unwrap().is_none() {
        assert!(pause.try_wait().unwrap().is_none());
    }
    drop(store);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(pause.wait().unwrap().success());
    gateway.release();
    assert_eq!(project.run(&["resume", "c"]).code, 0);
    let again = project.send();
    assert_eq!(again.code, 6, "{again:?}");
    project.status().is(&[("planned", 20), ("pending", 0)]);
    gateway.accepted_once();
}

#[test]
fn in_ci_no_word_begins_a_state() {
    let project = Project::personalised("http://127.0.0.1:1", 5);
    for words in [&["pause", "campaigns/c"][..], &["optout", "+254700000001"]] {
        let refused = said(project.command(words).env("CI", "true").output().unwrap());
        assert_eq!(refused.code, 7, "{refused:?}");
        assert!(!project.state().exists());
    }
}

#[test]
fn a_live_run_is_cancelled_from_beside_it() {
    let (gateway, project, child) = waiting(40);
    let cancel = project.command(&["cancel", "c"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    // The word is there as soon as `status` shows it; then the gateway answers.
    while !project.run(&["status"]).out.contains("cancelled: c, by ") {}
    let_it_look(&project, 1);
    let under_way = sends(&gateway);
    gateway.release();
    let ended = end(child);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert!(ended.err.contains("stopped: cancelled by "), "{}", ended.err);
    let told = end(cancel);
    assert!(told.err.contains("is told to stop"), "{}", told.err);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(sends(&gateway), under_way);
    let run = project.status();
    run.is(&[("accepted", under_way as u64), ("expired", 40 - under_way as u64), ("unknown", 0)]);
    let after = project.send();
    assert!(after.code == 0 && after.out.contains("was cancelled by"), "{after:?}");
    assert!(!project.run(&["status"]).out.contains("cancelled: c"));
}

#[test]
fn who_sends_another_campaign_is_left_alone_by_a_cancellation() {
    let (gateway, project, mut child) = waiting(40);
    child.kill().unwrap();
    child.wait().unwrap();
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write("campaigns/other/campaign.yaml", &manifest.replace("name: c", "name: other"));
    std::fs::copy(project.path("campaigns/c/r.csv"), project.path("campaigns/other/r.csv")).unwrap();
    let other = project
        .command(&["send", "campaigns/other"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    gateway.until_waiting(8);
    let refused = project.run(&["cancel", "c"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(
        refused.err.contains("`send other`") && refused.err.contains("marked as cancelled"),
        "{}",
        refused.err
    );
    gateway.release();
    assert_eq!(end(other).code, 0);
    let not_sent = project.send();
    assert_eq!(not_sent.code, 4, "{not_sent:?}");
    assert!(not_sent.err.contains("sendplan cancel"), "{}", not_sent.err);
    assert_eq!(project.run(&["resume", "c"]).code, 3);
    assert_eq!(project.run(&["cancel", "c"]).code, 6);
    assert!(!project.run(&["status"]).out.contains("cancelled: c"));
}

#[test]
fn fault_71_nobody_is_sent_to_after_their_opt_out_was_recorded() {
    let (gateway, project, child) = waiting(60);
    // Everybody who is not under way, in both spellings: among them those with an intent already.
    let sent: Vec<String> =
        gateway.requests().iter().flat_map(crate::loopback::Request::recipients).collect();
    let out: Vec<u32> = (0..60).filter(|number| !sent.contains(&format!("254700{number:06}"))).collect();
    let some: Vec<String> = out.iter().take(30).map(|number| format!("0700{number:06}")).collect();
    let rest: String = out.iter().skip(30).map(|number| format!("+254 700{number:06}\n")).collect();
    let mut words = vec!["optout", "--region", "KE", "--reason", "they wrote to us"];
    words.extend(some.iter().map(String::as_str));
    let told = project.run(&words);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(
        told.out.contains("30 addresses recorded as opted out: nothing goes to them any more"),
        "{}",
        told.out
    );
    project.write("out.txt", &rest);
    let lines = std::fs::File::open(project.path("out.txt")).unwrap();
    let told = said(project.command(&["optout", "-"]).stdin(lines).output().unwrap());
    assert_eq!(told.code, 0, "{told:?}");
    // One of them changes her mind before the run has come to her.
    let back = format!("+254700{:06}", out[40]);
    let told = project.run(&["optout", "--take-back", &back]);
    assert!(told.code == 0 && told.out.contains("1 opt-out taken back"), "{told:?}");
    gateway.release();
    let ended = end(child);
    assert_eq!(ended.code, 0, "{ended:?}");
    let accepted = gateway.accepted();
    let left_out = project.messages_that_are("suppressed");
    assert!(left_out.iter().all(|one| !accepted.contains_key(&one[1..])), "{left_out:?}");
    let sent_to = accepted.len();
    assert!((sent.len()..=sent.len() + 1).contains(&sent_to), "{} and {sent_to}", sent.len());
    let reasons = project.run(&["report", "c", "--format", "csv"]).out;
    assert_eq!(
        reasons.lines().filter(|row| row.ends_with(",opted out,once")).count(),
        left_out.len(),
        "{reasons}"
    );
}

#[test]
fn a_long_list_of_opt_outs_leaves_the_state_to_a_process_that_sends() {
    let (gateway, project, child) = waiting(40);
    let many: String = (0..20_001).map(|number| format!("person-{number}\n")).collect();
    project.write("out.txt", &many);
    let lines = std::fs::File::open(project.path("out.txt")).unwrap();
    let told = said(project.command(&["optout", "-", "--opaque"]).stdin(lines).output().unwrap());
    assert!(told.out.contains("20,001 addresses recorded as opted out: nothing goes"), "{told:?}");
    let lines = std::fs::File::open(project.path("out.txt")).unwrap();
    let told =
        said(project.command(&["optout", "-", "--opaque", "--take-back"]).stdin(lines).output().unwrap());
    assert!(told.out.contains("20,001 opt-outs taken back"), "{told:?}");
    gateway.release();
    let ended = end(child);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(gateway.accepted_once(), 40);
}

#[test]
fn an_opt_out_holds_for_every_later_campaign_and_is_listed_masked() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    let told = project.run(&["optout", "0700000002", "--region", "ke", "--reason", "rang"]);
    assert!(told.out.contains("1 address recorded as opted out: no campaign of this state"), "{told:?}");
    assert!(told.err.contains("was not there: it is a new state, by which nothing was sent yet"), "{told:?}");
    let again = project.run(&["optout", "+254700000002", "+254700000003"]);
    assert_eq!(again.err, "");
    assert!(again.out.contains("2 addresses recorded as opted out (1 of them known already)"), "{again:?}");
    assert_eq!(project.run(&["optout", "--take-back", "+254700000003"]).code, 0);
    let listed = project.run(&["optout", "--list"]);
    assert!(listed.out.contains("+2547•••••002") && !listed.out.contains("700000002"), "{}", listed.out);
    let listed = project.run(&["optout", "--list", "--show-addresses"]);
    let (out, back) = listed.out.split_once("\nTaken back:\n\n").unwrap();
    assert!(out.lines().count() == 1 && out.contains("+254700000002"), "{}", listed.out);
    assert!(back.lines().count() == 1 && back.contains("+254700000003"), "{}", listed.out);
    // A word without a reason takes none away; a newer one is shown.
    assert!(out.contains("rang"), "{out}");
    assert_eq!(project.run(&["optout", "+254700000002", "--reason", "wrote"]).code, 0);
    let listed = project.run(&["optout", "--list"]).out;
    assert!(listed.contains("wrote") && !listed.contains("rang"), "{listed}");
    assert_eq!(project.send().code, 0);
    assert_eq!(gateway.accepted_once(), 4);
    assert!(!gateway.accepted().contains_key("254700000002"));
}

#[test]
fn an_address_that_cannot_be_read_is_refused_and_nothing_recorded() {
    let project = Project::personalised("http://127.0.0.1:1", 5);
    let refused = project.run(&["optout", "+254700000001", "0700000002", "2.547E+11"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("`0700000002`") && refused.err.contains("`2.547E+11`"), "{}", refused.err);
    assert!(refused.err.contains("--region") && !refused.err.contains("`+254700000001`"), "{}", refused.err);
    assert!(!project.state().exists());
    let refused = project.run(&["optout", "abc"]);
    assert!(!refused.err.contains("`abc`: `abc`"), "{}", refused.err);
    assert_eq!(project.run(&["optout", "--opaque", "endpoint-7"]).code, 0);
    assert!(project.run(&["optout", "--list", "--show-addresses"]).out.contains("endpoint-7"));
}

#[test]
fn fault_17_a_process_that_slept_while_its_lock_was_taken_sends_nothing_more() {
    let (gateway, project, child) = waiting(40);
    freeze(&child, &project);
    let stopped = std::time::Instant::now();
    let before = sends(&gateway);
    std::fs::remove_file(project.path(".sendplan/state.db.lock")).unwrap();
    // Somebody else sends all that is left to send; what the sleeper had in hand is unknown.
    gateway.release();
    let second = project.send();
    assert_eq!(second.code, 6, "{second:?}");
    let after = sends(&gateway);
    assert!(after > before);
    // It has slept for longer than its proof holds.
    while stopped.elapsed() <= sendplan::delivery::hearing::LEASE {
        project.status();
    }
    signal(child.id(), "CONT");
    let woken = end(child);
    assert_eq!(woken.code, 7, "{woken:?}");
    assert!(woken.err.contains("the lock of the state"), "{}", woken.err);
    assert_eq!(sends(&gateway), after);
    gateway.accepted_once();
}

#[test]
fn fault_06_a_terminated_run_hears_a_slow_gateway_out() {
    let (gateway, project, child) = waiting(40);
    signal(child.id(), "TERM");
    // The word has come when the state has its intents back; the gateway answers only then.
    while project.messages_beside("intent") > 4 {}
    let under_way = sends(&gateway);
    gateway.release();
    let ended = end(child);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert_eq!(sends(&gateway), under_way);
    project.status().is(&[("accepted", 4), ("unknown", 0), ("pending", 36)]);
}

#[test]
fn fault_06_the_second_signal_ends_it_at_once_and_no_more_is_unknown_than_was_under_way() {
    let (gateway, project, child) = waiting(40);
    signal(child.id(), "INT");
    while project.messages_beside("intent") > 4 {}
    signal(child.id(), "TERM");
    let ended = end(child);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert!(ended.err.contains("at once; what was under way is unknown"), "{}", ended.err);
    project.status().is(&[("accepted", 0), ("unknown", 4), ("pending", 36)]);
    gateway.release();
    assert_eq!(project.send().code, 6);
    project.status().is(&[("accepted", 36), ("unknown", 4)]);
}

#[test]
fn fault_06_a_signal_before_anything_is_sent_ends_with_the_code_of_a_stop() {
    let gateway = Loopback::with(|request| request.path.starts_with("/api/auth").then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 40);
    let child = project.start();
    gateway.until_waiting(1);
    signal(child.id(), "TERM");
    let ended = end(child);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert!(ended.err.contains("before anything was sent"), "{}", ended.err);
    gateway.release();
    assert_eq!(project.send().code, 0);
    assert_eq!(gateway.accepted_once(), 40);
}

#[test]
fn a_word_never_stands_in_for_the_log_of_a_killed_sender() {
    let (gateway, project, mut child) = waiting(40);
    child.kill().unwrap();
    child.wait().unwrap();
    let log = project.path(".sendplan/state.db-wal");
    let aside = project.path("aside");
    std::fs::rename(&log, &aside).unwrap();
    let refused = project.run(&["optout", "+254700000039"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.err.contains("state.db-wal"), "{}", refused.err);
    assert!(!log.exists());
    std::fs::rename(&aside, &log).unwrap();
    let told = project.run(&["optout", "+254700000039"]);
    assert!(told.out.contains("no campaign of this state sends to them any more"), "{told:?}");
    assert!(std::fs::metadata(&log).unwrap().len() > 0, "what the sender did is in it");
    gateway.release();
    assert_eq!(project.send().code, 6);
    assert!(!gateway.accepted().contains_key("254700000039"));
    project.status().is(&[("suppressed", 1), ("pending", 0)]);
}

#[test]
fn an_older_state_that_is_refused_is_left_as_it_is() {
    let project = Project::personalised("http://127.0.0.1:1", 5);
    let old = std::fs::read(crate::project::root().join("tests/it/old/state-v1.db")).unwrap();
    std::fs::write(project.path("box.db"), &old).unwrap();
    for words in [&["send", "campaigns/c"][..], &["cancel", "c"]] {
        let refused = project.run(&[words, &["--state", "box.db"]].concat());
        assert_eq!(refused.code, 7, "{refused:?}");
        assert!(refused.err.contains("is a sandbox's, not the real one"), "{}", refused.err);
        assert!(std::fs::read(project.path("box.db")).unwrap() == old, "{words:?}");
        assert!(!project.path("box.db.v1.bak").exists(), "{words:?}");
    }
}

#[test]
fn a_word_brings_an_older_state_up_to_date_where_nobody_has_it() {
    let project = Project::personalised("http://127.0.0.1:1", 5);
    let old = crate::project::root().join("tests/it/old/state-v1.db");
    for name in ["free.db", "taken.db"] {
        std::fs::copy(&old, project.path(name)).unwrap();
    }
    let say = |words: &[&str], state: &str| project.run(&[words, &["--sandbox", "--state", state]].concat());
    let told = say(&["optout", "+254700000009"], "free.db");
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.err.contains("free.db.v1.bak"), "{}", told.err);
    assert!(say(&["optout", "--list", "--show-addresses"], "free.db").out.contains("+254700000009"));
    let _sender = Lock::acquire(&project.path("taken.db"), "send c", "now").unwrap();
    let refused = say(&["optout", "+254700000009"], "taken.db");
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.err.contains("version 1"), "{}", refused.err);
    assert!(
        refused.err.ends_with("\nNext:\n  sendplan status --sandbox --state taken.db\n"),
        "{}",
        refused.err
    );
    // Who has the state and sends nothing is not waited for.
    assert_eq!(say(&["pause", "c"], "free.db").code, 0);
    let _reader = Lock::acquire(&project.path("free.db"), "report c", "now").unwrap();
    let told = say(&["resume", "c"], "free.db");
    assert!(told.code == 0 && told.out.contains("nobody is sending it"), "{told:?}");
}

/// What a command says, as a page has it: times, processes and people are everybody's.
fn page(project: &Project, arguments: &[&str]) -> String {
    let said = said(project.command(arguments).env("GITHUB_ACTOR", "ann").output().unwrap());
    let text =
        format!("$ sendplan {}\n{}{}exit code {}\n\n", arguments.join(" "), said.out, said.err, said.code);
    let others = [
        (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d( UTC|Z)", "2027-03-20 09:00:00 UTC"),
        (r"process \d+", "process 4711"),
        (r" +\n", "\n"),
    ];
    others.iter().fold(text, |text, (pattern, with)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, *with).into_owned()
    })
}

#[test]
fn what_is_said_about_words() {
    let quiet = Project::personalised("http://127.0.0.1:1", 5);
    let mut pages: Vec<String> = [
        &["pause", "campaigns/c", "--reason", "the link is dead"][..],
        &["pause", "c"],
        &["status"],
        &["send", "campaigns/c"],
        &["resume", "campaigns/c"],
        &["resume", "campaigns/c"],
        &["optout", "+254700000002", "0700000003", "--region", "KE", "--reason", "they rang"],
        &["optout", "+254700000002", "0700000003"],
        &["optout", "--list"],
        &["optout", "--take-back", "+254700000002", "+254700000009"],
    ]
    .iter()
    .map(|arguments| page(&quiet, arguments))
    .collect();
    let (gateway, project, child) = waiting(20);
    pages.extend(
        [&["pause", "c"][..], &["optout", "+254700000019"], &["status"], &["resume", "c"]]
            .iter()
            .map(|arguments| page(&project, arguments)),
    );
    gateway.release();
    assert_eq!(end(child).code, 0);
    insta::assert_snapshot!("control", pages.concat());
}
