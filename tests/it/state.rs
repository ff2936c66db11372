//! The state's rows of the table of faults, through the whole program.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::loopback::{Loopback, Reply};
use crate::project::{Project, said, signal};

#[test]
fn the_state_is_private_and_texts_are_gone_when_all_is_definite() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 10);
    assert_eq!(project.send().code, 0);
    let mode = |name: &str| std::fs::metadata(project.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(".sendplan"), 0o700);
    assert_eq!(mode(".sendplan/state.db"), 0o600);
    assert_eq!(mode(".sendplan/state.db.lock"), 0o600);
    let bytes = std::fs::read(project.state()).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("Hi Name"), "a text outlived its message");
}

/// `send` after a line of bash; the signal that comes with a file that grew too large is ignored.
fn in_bash(project: &Project, line: &str) -> Command {
    let binary = env!("CARGO_BIN_EXE_sendplan");
    let mut shell = Command::new("bash");
    for (key, value) in project.command(&[]).get_envs() {
        match value {
            Some(value) => shell.env(key, value),
            None => shell.env_remove(key),
        };
    }
    let script = format!("trap '' XFSZ; {line}; exec '{binary}' send campaigns/c");
    shell.current_dir(project.path("")).args(["-c", &script]);
    shell
}

#[test]
fn fault_08_a_full_disk_at_an_intent_aborts_unsent() {
    // The first one is stopped at once, so that the next has only intents to write.
    let gateway =
        Loopback::with(|request| (request.send == 1).then_some(Reply::Json(403, serde_json::json!({}))));
    let project = Project::personalised(&gateway.url(), 400);
    assert_eq!(project.send().code, 8);
    let size = std::fs::metadata(project.state()).unwrap().len() / 1024 + 4;
    // No file may grow beyond what the state has now.
    let stopped = said(in_bash(&project, &format!("ulimit -f {size}")).output().unwrap());
    assert_eq!(stopped.code, 7, "{stopped:?}");
    let sent = gateway.accepted_once();
    let run = project.status();
    assert_eq!(run.of("planned"), 400);
    assert!(sent <= run.of("accepted") + run.of("unknown"), "{run:?}: {sent} were sent");
    let ended = project.send();
    assert!(matches!(ended.code, 0 | 6), "{ended:?}");
    gateway.accepted_once();
    let run = project.status();
    run.is(&[("pending", 0), ("rejected", 0)]);
    assert_eq!(run.of("accepted") + run.of("unknown"), 400);
}

#[test]
fn fault_09_a_disk_that_takes_no_outcome_stops_the_run_and_nobody_is_sent_to_again() {
    let gateway = Loopback::with(|request| (request.send > 0).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 60);
    let pipes = |mut shell: Command| shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let child = pipes(in_bash(&project, ":"));
    gateway.until_waiting(4);
    // Those that will go out next are durable as well: it writes nothing more before it has an answer.
    while project.messages_beside("intent") <= 4 {}
    // From here on no file may grow by a byte; the answers come after that.
    let pid = child.id().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, "--fsize=0"]).status().unwrap().success());
    gateway.release();
    let stopped = said(child.wait_with_output().unwrap());
    assert_eq!(stopped.code, 7, "{stopped:?}");
    let sent = gateway.accepted_once();
    let run = project.status();
    assert!(sent >= 4 && run.of("accepted") == 0 && run.of("unknown") >= sent, "{sent} were sent: {run:?}");
    let ended = project.send();
    assert_eq!(ended.code, 6, "{ended:?}");
    gateway.accepted_once();
    let ended = project.status();
    assert_eq!((ended.of("unknown"), ended.of("pending")), (run.of("unknown"), 0));
}

#[test]
fn fault_10_a_state_that_cannot_be_written_is_refused_before_anything_is_sent() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    // Not even root can write there.
    let refused = project.run(&["send", "campaigns/c", "--state", "/proc/sys/state.db"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.err.contains("/proc/sys/state.db"), "{}", refused.err);
    assert_eq!(gateway.requests().len(), 0);
}

#[test]
fn fault_11_a_corrupt_state_is_named_left_alone_and_never_begun_again() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    project.write(".sendplan/state.db", &"not a database ".repeat(500));
    let before = std::fs::read(project.state()).unwrap();
    for arguments in [&["send", "campaigns/c"][..], &["status"]] {
        let refused = project.run(arguments);
        assert_eq!(refused.code, 7, "{refused:?}");
        assert!(refused.err.contains("state.db"), "{}", refused.err);
    }
    assert_eq!(std::fs::read(project.state()).unwrap(), before);
    assert_eq!(gateway.requests().len(), 0);
}

#[test]
fn fault_12_a_newer_state_is_refused() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    assert_eq!(project.send().code, 0);
    let mut bytes = std::fs::read(project.state()).unwrap();
    // The user version of a SQLite file stands at byte 60, big-endian.
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    std::fs::write(project.state(), bytes).unwrap();
    let refused = project.send();
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.err.contains("999"), "{}", refused.err);
}

#[test]
fn fault_13_a_run_begun_by_an_older_sendplan_is_copied_migrated_and_taken_up() {
    let project = Project::empty();
    project.manifest("http://127.0.0.1:9", "batch_max: 1", "text: Hi", "");
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write(
        "campaigns/c/campaign.yaml",
        &manifest.replace("region: KE", "region: KE, suppress: [out.csv]"),
    );
    project.write("campaigns/c/out.csv", "phone\n0700000088\n");
    project.recipients(1);
    let old = include_bytes!("old/state-v1.db");
    let state = project.path("old.db");
    std::fs::write(&state, old).unwrap();

    // Who only looks changes nothing.
    let seen = project.run(&["status", "--state", "old.db", "--format", "json"]);
    assert_eq!(seen.code, 6, "{seen:?}");
    let seen: serde_json::Value = serde_json::from_str(&seen.out).unwrap();
    let of = |run: usize, state: &str| seen["runs"][run][state].as_u64().unwrap();
    assert_eq!([of(0, "planned"), of(0, "accepted")], [5, 5]);
    assert_eq!(["pending", "accepted", "unknown"].map(|state| of(1, state)), [29, 53, 8]);
    assert!(std::fs::read(&state).unwrap() == old, "the file was changed");

    let sent = project.run(&["send", "campaigns/c", "--sandbox", "--state", "old.db"]);
    assert_eq!(sent.code, 6, "{sent:?}");
    assert!(sent.err.contains("`old.db.v1.bak`"), "{}", sent.err);
    let seen = project.run(&["status", "--state", "old.db", "--format", "json", "c"]);
    let seen: serde_json::Value = serde_json::from_str(&seen.out).unwrap();
    let of = |state: &str| seen["runs"][0][state].as_u64().unwrap();
    assert_eq!(["planned", "pending", "accepted", "suppressed", "unknown"].map(of), [90, 0, 81, 1, 8]);
    let kept = project.path("old.db.v1.bak");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = project.run(&["status", "--state", "old.db.v1.bak"]);
    assert!(kept.out.contains("29"), "{}", kept.out);
}

#[test]
fn fault_14_in_ci_a_missing_state_is_refused_unless_a_new_one_is_wanted() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    let run = |arguments: &[&str]| said(project.command(arguments).env("CI", "true").output().unwrap());
    let refused = run(&["send", "campaigns/c"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.err.contains("--new-state"), "{}", refused.err);
    assert_eq!(gateway.requests().len(), 0);
    assert!(!project.state().exists());
    assert_eq!(run(&["send", "campaigns/c", "--new-state"]).code, 0);
    assert_eq!(run(&["send", "campaigns/c"]).code, 0);
    assert_eq!(gateway.accepted_once(), 5);
}

#[test]
fn fault_15_a_second_process_exits_and_names_the_holder() {
    let gateway = Loopback::with(|request| (request.send == 1).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 20);
    let child = project.start();
    gateway.until_waiting(1);
    let second = project.send();
    assert_eq!(second.code, 7, "{second:?}");
    assert!(second.err.contains(&child.id().to_string()), "{}", second.err);
    assert!(second.err.contains("send c"), "{}", second.err);
    // Somebody who only looks is let in.
    let looking = project.run(&["status"]);
    assert_eq!(looking.code, 0, "{looking:?}");
    assert!(looking.out.contains("sending right now: send c"), "{}", looking.out);
    gateway.release();
    assert_eq!(said(child.wait_with_output().unwrap()).code, 0);
    assert_eq!(gateway.accepted_once(), 20);
}

#[test]
fn fault_16_the_lock_of_a_dead_process_is_taken_over() {
    let gateway = Loopback::with(|request| (request.path == "/api/auth").then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 20);
    let mut child = project.start();
    gateway.until_waiting(1);
    signal(child.id(), "KILL");
    child.wait().unwrap();
    assert!(project.path(".sendplan/state.db.lock").exists());
    gateway.release();
    assert_eq!(project.send().code, 0);
    assert_eq!(gateway.accepted_once(), 20);
}

#[test]
fn a_killed_senders_log_must_not_be_lost() {
    let gateway = Loopback::with(|request| (request.send == 20).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 40);
    project.kill_when_waiting(&gateway, 1);
    let log = project.path(".sendplan/state.db-wal");
    let kept = std::fs::read(&log).unwrap();
    std::fs::remove_file(&log).unwrap();
    for _ in 0..2 {
        let refused = project.send();
        assert_eq!(refused.code, 7, "{refused:?}");
        assert!(refused.err.contains("state.db-wal"), "{}", refused.err);
        // Who only looks leaves an empty log behind; that is not the one that is gone.
        project.run(&["status"]);
    }
    std::fs::write(&log, kept).unwrap();
    assert_eq!(project.send().code, 6);
    gateway.accepted_once();
}

#[test]
fn a_state_that_vanishes_stops_the_run() {
    let gateway = Loopback::with(|request| (request.send == 5).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 60);
    project.manifest(&gateway.url(), "batch_max: 1", "text: \"Hi {{ name }}\"", "  rate: 50/s\n");
    let child = project.start();
    gateway.until_waiting(1);
    std::fs::rename(project.state(), project.path(".sendplan/elsewhere.db")).unwrap();
    gateway.release();
    let stopped = said(child.wait_with_output().unwrap());
    assert_eq!(stopped.code, 7, "{stopped:?}");
    assert!(gateway.accepted_once() < 60);
}

#[test]
fn resend_sends_what_a_kill_left_unknown() {
    let gateway = Loopback::with(|request| (request.send == 9).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 30);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    let resend = manifest.replace("concurrency: 4", "concurrency: 1\n  unknown: resend");
    project.write("campaigns/c/campaign.yaml", &resend);
    project.kill_when_waiting(&gateway, 1);
    let said = project.send();
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("they are sent again, as the campaign says"), "{}", said.err);
    project.status().is(&[("accepted", 30), ("unknown", 0)]);
    assert_eq!(gateway.accepted().len(), 30);
}

#[test]
fn the_next_command_names_the_state_that_was_named() {
    let project = Project::personalised("http://127.0.0.1:1", 5);
    let told = project.run(&["send", "campaigns/c", "--sandbox", "--state", "my own.db"]);
    assert_eq!(told.code, 0, "{told:?}");
    let told = project.run(&["report", "c", "--sandbox", "--state", "my own.db"]);
    assert!(told.out.contains(" --sandbox --state 'my own.db'\n"), "{}", told.out);
    let told = project.run(&["plan", "campaigns/c", "--state", "my own.db"]);
    assert!(
        told.out.contains("finished") && told.out.contains("sendplan report campaigns/c"),
        "{}",
        told.out
    );
    let none = project.run(&["status", "--state", "no.db"]);
    assert_eq!(none.code, 7, "{none:?}");
    let slip = project.run(&["status", "cc", "--sandbox", "--state", "my own.db"]);
    assert!(slip.code == 3 && slip.err.contains("did you mean `c`?"), "{slip:?}");
}
