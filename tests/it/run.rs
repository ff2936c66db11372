//! `run`: every campaign on its schedule, side by side, in the real program against gateways on loopback. Nothing here
//! sleeps: each test waits for what it expects, with a deadline.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use sendplan::delivery::control::Mark;
use sendplan::store::control::Control;
use sendplan::store::sqlite::{OpenMode, Sqlite};
use serde_json::Value;

use crate::desk::Desk;
use crate::loopback::{Loopback, Reply};
use crate::project::{Project, Said, said, signal};

const DEADLINE: Duration = Duration::from_secs(30);

/// Waits until something holds.
#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?}");
        std::thread::yield_now();
    }
}

/// Each campaign has people of its own: their numbers begin with its number.
fn campaign(project: &Project, number: u32, url: &str, provider: &str, people: u32, schedule: &str) {
    project.write(
        &format!("campaigns/c{number}/campaign.yaml"),
        &format!(
            "version: 1\nname: c{number}\nprovider: {{ profile: mobiconnect, base_url: \"{url}\", batch_max: 1{provider} }}\n\
             sender: 1\naudience: {{ csv: r.csv, address: phone, region: KE }}\nmessage: {{ text: \"Hi {{{{ name }}}}\" }}\n\
             delivery:\n  concurrency: 4\n  retry: {{ attempts: 3, backoff: 20ms, max_backoff: 100ms }}\n{schedule}"
        ),
    );
    let mut csv = "phone,name\n".to_owned();
    (0..people).for_each(|person| csv.push_str(&format!("07{number:02}{person:06},Name{person}\n")));
    project.write(&format!("campaigns/c{number}/r.csv"), &csv);
}

/// A folder without any campaign.
fn empty() -> Project {
    let project = Project::empty();
    std::fs::remove_dir(project.path("campaigns/c")).unwrap();
    project
}

/// Due since a minute ago, and late for a day.
fn due() -> String {
    let at = chrono::Utc::now() - chrono::TimeDelta::minutes(1);
    format!("schedule: {{ at: {} }}\n", at.format("%Y-%m-%dT%H:%M"))
}

const DAILY: &str = "schedule: { cron: \"0 9 * * *\", timezone: Africa/Nairobi }\n";

/// A schedule on which nothing is due while a test lasts, at whatever hour it runs: once a day, half a day from now.
fn later() -> String {
    let hour = (chrono::Utc::now() + chrono::TimeDelta::hours(12)).format("%-H");
    format!("schedule: {{ cron: \"0 {hour} * * *\", timezone: UTC }}\n")
}

fn once(project: &Project, now: &str) -> Said {
    project.run(&["run", "--once", "--now", now])
}

fn accepted(gateway: &Loopback) -> u64 {
    gateway.accepted().values().map(|times| u64::from(*times)).sum()
}

/// A number of the runs of a state, as `status` has them.
fn sum(project: &Project, what: &str) -> u64 {
    let said = project.run(&["status", "--format", "json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
    report["runs"].as_array().unwrap().iter().map(|run| run[what].as_u64().unwrap()).sum()
}

#[test]
fn once_sends_what_is_due_and_says_when_the_rest_is() {
    let gateway = Loopback::start();
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 3, DAILY);
    campaign(
        &project,
        2,
        &gateway.url(),
        "",
        4,
        "schedule: { cron: \"30 9 * * *\", timezone: Africa/Nairobi }\n",
    );
    campaign(&project, 3, &gateway.url(), "", 5, "");
    let first = once(&project, "2026-12-01T06:00:00Z");
    assert_eq!(first.code, 0, "{first:?}");
    let expected = "  c1  2026-12-01T09:00[Africa/Nairobi], 3 messages: 3 accepted\n  \
                    c2  next at 2026-12-01 09:30 EAT, in 30 min 0 s\n  \
                    c3  has no schedule; `sendplan send` begins it\n";
    assert_eq!(first.out, expected);
    assert!(
        first.err.contains(" UTC  c1  begins 2026-12-01T09:00[Africa/Nairobi], 3 messages\n"),
        "{}",
        first.err
    );
    assert_eq!(gateway.accepted_once(), 3);
    let nothing = once(&project, "2026-12-01T06:10:00Z");
    assert_eq!((nothing.code, gateway.accepted_once()), (0, 3), "{nothing:?}");
    assert_eq!(once(&project, "2026-12-01T06:31:00Z").code, 0);
    assert_eq!(gateway.accepted_once(), 7);
    assert_eq!(once(&project, "2026-12-02T06:31:00Z").code, 0);
    assert_eq!(accepted(&gateway), 14, "both of the next day");
}

#[test]
fn once_ends_when_the_window_closes_meanwhile() {
    let gateway = Loopback::start();
    let project = empty();
    let schedule = "schedule: { cron: \"58 17 * * *\", timezone: Africa/Nairobi, missed: send, \
                    window: { from: \"08:00\", to: \"18:00\" } }\n";
    campaign(&project, 1, &gateway.url(), ", limits: { requests: 2/s }", 40, schedule);
    // Eight seconds before the last minute, in which nothing is begun any more.
    let mut command = project.command(&["run", "--once", "--now", "2026-12-01T14:58:52Z"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > DEADLINE {
            child.kill().unwrap();
            panic!("it goes on for ever");
        }
        std::thread::yield_now();
    }
    let ended = said(child.wait_with_output().unwrap());
    assert!(ended.code == 4 && ended.out.contains("not sent yet"), "{ended:?}");
    assert!((1..40).contains(&gateway.accepted_once()), "{}", gateway.accepted_once());
}

#[test]
fn once_in_ci_needs_the_state_of_the_job_before() {
    let gateway = Loopback::start();
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 3, DAILY);
    let job = |now: &str, more: &[&str]| {
        let mut arguments = vec!["run", "--once", "--now", now];
        arguments.extend(more);
        said(project.command(&arguments).env("CI", "true").output().unwrap())
    };
    let refused = job("2026-12-01T06:00:00Z", &[]);
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.err.contains("say --new-state"), "{}", refused.err);
    let first = job("2026-12-01T06:00:00Z", &["--new-state"]);
    assert_eq!((first.code, gateway.accepted_once()), (0, 3), "{first:?}");
    // What a job keeps for the next one, and nothing else: the log is folded into it.
    let kept = std::fs::read(project.state()).unwrap();
    std::fs::remove_dir_all(project.path(".sendplan")).unwrap();
    assert_eq!(job("2026-12-01T06:05:00Z", &[]).code, 7, "lost: nobody is sent to twice");
    let restored = |now| {
        std::fs::create_dir_all(project.path(".sendplan")).unwrap();
        std::fs::write(project.state(), &kept).unwrap();
        job(now, &[])
    };
    let second = restored("2026-12-01T06:30:00Z");
    assert_eq!((second.code, gateway.accepted_once()), (0, 3), "{second:?}");
    let third = restored("2026-12-02T06:00:00Z");
    assert_eq!((third.code, accepted(&gateway)), (0, 6), "{third:?}");
}

/// Two campaigns of three people a day: the gateway of the first refuses us, that of the second takes everybody.
fn one_of_two_is_refused() -> (Loopback, Loopback, Project) {
    let forbidden = || Reply::Json(403, serde_json::json!({"error": "not today"}));
    let shut = Loopback::with(move |request| (request.send > 0).then(forbidden));
    let gateway = Loopback::start();
    let project = empty();
    campaign(&project, 1, &shut.url(), "", 3, DAILY);
    campaign(&project, 2, &gateway.url(), "", 3, DAILY);
    (shut, gateway, project)
}

#[test]
fn once_ends_with_the_worst_that_happened() {
    let (shut, gateway, project) = one_of_two_is_refused();
    let refused = once(&project, "2026-12-01T06:00:00Z");
    assert_eq!(refused.code, 8, "{refused:?}");
    assert_eq!(gateway.accepted_once(), 3, "the other one is sent");
    project.write("campaigns/c3/campaign.yaml", "version: 1\nname: c3\n");
    project.write(
        "campaigns/c1/campaign.yaml",
        &std::fs::read_to_string(project.path("campaigns/c1/campaign.yaml"))
            .unwrap()
            .replace(&shut.url(), &gateway.url()),
    );
    let broken = once(&project, "2026-12-01T06:01:00Z");
    assert!(
        broken.code == 8 && broken.err.contains("c3  is broken, and nothing of it is begun"),
        "{broken:?}"
    );
    assert!(
        broken.err.contains("missing key `provider`") || broken.err.contains("provider"),
        "{}",
        broken.err
    );
    std::fs::remove_dir_all(project.path("campaigns/c1")).unwrap();
    let broken = once(&project, "2026-12-01T06:01:00Z");
    assert_eq!(broken.code, 3, "{broken:?}");
    assert!(broken.out.contains("  c3  is broken\n"), "{}", broken.out);
    assert_eq!(once(&empty(), "2026-12-01T06:01:00Z").code, 3, "no campaign at all: a slip");
}

#[test]
fn once_begins_a_campaign_that_was_approved_only_as_it_was() {
    let gateway = Loopback::start();
    let project = empty();
    let daily = |hour: u32| format!("schedule: {{ cron: \"0 {hour} * * *\", timezone: Africa/Nairobi }}\n");
    // The first two are approved, the third has no plan file.
    (1..=3).for_each(|number| campaign(&project, number, &gateway.url(), "", 2, &daily(9)));
    for number in 1..=2 {
        let folder = format!("campaigns/c{number}");
        let planned = project.run(&["plan", &folder, "--out", &format!("{folder}/plan.json")]);
        assert_eq!(planned.code, 0, "{planned:?}");
    }
    let add = |number: u32| {
        let people = project.path(&format!("campaigns/c{number}/r.csv"));
        let more = std::fs::read_to_string(&people).unwrap() + "0799000000,More\n";
        std::fs::write(people, more).unwrap();
    };
    add(2);
    let held = |now: &str| project.run(&["run", "--once", "--hold-to-plans", "--now", now]);
    let first = held("2026-12-01T06:00:00Z");
    assert_eq!((first.code, gateway.accepted_once()), (9, 4), "{first:?}");
    let refused = "c2  nothing was sent, for this is not what was approved: r.csv: ";
    assert!(first.out.contains(refused), "{first:?}");
    // Nothing of it was begun, so it is due still, and is not what was approved.
    let nothing = held("2026-12-01T06:10:00Z");
    assert_eq!((nothing.code, gateway.accepted_once()), (9, 4), "{nothing:?}");
    // A file that is no plan approves nothing; who does not ask for it is not held.
    project.write("campaigns/c2/plan.json", "{}");
    let broken = held("2026-12-01T06:11:00Z");
    assert_eq!((broken.code, gateway.accepted_once()), (3, 4), "{broken:?}");
    assert_eq!(once(&project, "2026-12-01T06:12:00Z").code, 0);
    assert_eq!(gateway.accepted_once(), 7);
}

#[test]
fn what_was_begun_as_approved_goes_on_whatever_becomes_of_its_files() {
    let (shut, gateway, project) = one_of_two_is_refused();
    let approve = || project.run(&["plan", "campaigns/c1", "--out", "campaigns/c1/plan.json"]).code;
    assert_eq!(approve(), 0);
    let held = |now: &str| project.run(&["run", "--once", "--hold-to-plans", "--now", now]);
    let refused = held("2026-12-01T06:00:00Z");
    assert_eq!((refused.code, gateway.accepted_once()), (8, 3), "{refused:?}");
    project.write("campaigns/c1/r.csv", "phone,name\n0799000000,Other\n");
    let again = held("2026-12-01T06:01:00Z");
    assert_eq!(again.code, 8, "the run is taken up, not refused for its files: {again:?}");
    assert!(shut.accepted().is_empty());
}

#[test]
fn campaigns_side_by_side_keep_to_the_limit_of_their_gateway() {
    let gateway = Loopback::start();
    let project = empty();
    let limits = ", limits: { requests: 50/s }";
    campaign(&project, 1, &gateway.url(), limits, 60, &due());
    campaign(&project, 2, &gateway.url(), limits, 60, &due());
    let sent = project.run(&["run", "--once"]);
    assert_eq!(sent.code, 0, "{sent:?}");
    assert_eq!(gateway.accepted_once(), 120);
    let sends: Vec<_> = gateway.requests().into_iter().filter(|one| one.send > 0).collect();
    let mut times: Vec<Instant> = sends.iter().map(|one| one.at).collect();
    times.sort();
    let second = Duration::from_secs(1);
    let most = (0..times.len())
        .map(|from| times[from..].iter().take_while(|at| **at < times[from] + second).count())
        .max();
    // The rate, its slack of 20 ms and one request; and what a busy machine delays between the sender and us.
    assert!(most.unwrap() <= 52 + 5, "{most:?} in a second");
    // Each had its turn all along.
    let first_half: Vec<String> = sends[..60].iter().flat_map(|one| one.recipients()).collect();
    for number in ["25470100", "25470200"] {
        let many = first_half.iter().filter(|one| one.starts_with(number)).count();
        assert!((20..=40).contains(&many), "{many} of 60 for {number}");
    }
}

/// A process that sends for ever, and what it has said so far.
struct Daemon {
    child: Child,
    said: std::sync::Arc<std::sync::Mutex<String>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Daemon {
    fn start(project: &Project, more: &[&str]) -> Self {
        let mut arguments = vec!["run"];
        arguments.extend(more);
        let mut command = project.command(&arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = std::sync::Arc::<std::sync::Mutex<String>>::default();
        let (err, words) = (child.stderr.take().unwrap(), std::sync::Arc::clone(&said));
        let reader = std::thread::spawn(move || {
            for line in std::io::BufRead::lines(std::io::BufReader::new(err)).map_while(Result::ok) {
                words.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Self { child, said, reader: Some(reader) }
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it says so.
    #[track_caller]
    fn until_said(&self, words: &str) {
        let begun = Instant::now();
        while !self.said().contains(words) {
            assert!(begun.elapsed() < DEADLINE, "`{words}` was not said:\n{}", self.said());
            std::thread::yield_now();
        }
    }

    /// Where it shows its pages.
    #[track_caller]
    fn address(&self) -> String {
        self.until_said("/status.json at http://");
        let said = self.said();
        let from = said.find("http://").unwrap() + 7;
        said[from..].lines().next().unwrap().to_owned()
    }

    fn hang_up(&self) {
        signal(self.child.id(), "HUP");
    }

    /// Asks it to end: its exit code, and all that it said.
    fn end(mut self) -> (i32, String) {
        signal(self.child.id(), "TERM");
        self.ended()
    }

    fn ended(&mut self) -> (i32, String) {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        self.reader.take().unwrap().join().unwrap();
        (code, self.said())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn campaigns_come_and_go_and_are_mended_while_others_are_sent() {
    let gateway = Loopback::start();
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 3, &due());
    project.write("campaigns/c2/campaign.yaml", "version: 1\nname: c2\n");
    let daemon = Daemon::start(&project, &[]);
    daemon.until_said("c1  2");
    daemon.until_said("is done, 3 messages: 3 accepted; nothing more is due");
    daemon.until_said("c2  is broken, and nothing of it is begun");
    assert_eq!(daemon.said().matches("is broken").count(), 1, "{}", daemon.said());
    campaign(&project, 2, &gateway.url(), "", 4, &due());
    daemon.hang_up();
    daemon.until_said("c2  is sound again");
    daemon.until_said("is done, 4 messages: 4 accepted");
    // A new one, by itself.
    campaign(&project, 3, &gateway.url(), "", 5, &due());
    daemon.until_said("c3  campaigns/c3/campaign.yaml: ");
    daemon.until_said("is done, 5 messages: 5 accepted");
    // Two of one name: neither, also where one of them was sound.
    project.write(
        "campaigns/c4/campaign.yaml",
        &std::fs::read_to_string(project.path("campaigns/c3/campaign.yaml")).unwrap(),
    );
    project.write("campaigns/c4/r.csv", "phone,name\n0700000001,A\n");
    daemon.hang_up();
    daemon.until_said("`campaigns/c3/campaign.yaml` and `campaigns/c4/campaign.yaml` are both called `c3`");
    assert_eq!(daemon.said().matches("are both called").count(), 1, "{}", daemon.said());
    std::fs::remove_dir_all(project.path("campaigns/c4")).unwrap();
    daemon.hang_up();
    daemon.until_said("c3  is sound again: nothing more is due");
    std::fs::remove_dir_all(project.path("campaigns/c1")).unwrap();
    daemon.hang_up();
    daemon.until_said("c1  its manifest is gone");
    let (code, said) = daemon.end();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("asked to end"), "{said}");
    assert_eq!(gateway.accepted_once(), 12);
    for secret in [crate::project::USERNAME, crate::project::PASSWORD, crate::project::APP_KEY, "2547"] {
        assert!(!said.contains(secret), "{said}");
    }
    assert!(!project.path(".sendplan/state.db-wal").exists(), "the log is folded in");
}

#[test]
fn what_a_stop_interrupts_the_next_process_finishes_and_nobody_gets_two() {
    let gateway = Loopback::with(|request| (request.send > 20).then_some(Reply::Wait));
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 40, &due());
    campaign(&project, 2, &gateway.url(), "", 40, &due());
    let daemon = Daemon::start(&project, &[]);
    gateway.until_waiting(8);
    signal(daemon.child.id(), "TERM");
    daemon.until_said("asked to end: nothing new goes out, what is under way of 2 campaigns is heard out");
    gateway.release();
    let mut daemon = daemon;
    let (code, said) = daemon.ended();
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.matches("stopped as asked, in order").count(), 2, "{said}");
    let before = gateway.accepted_once();
    assert!((20..=40).contains(&before), "{before}");
    assert_eq!((sum(&project, "accepted"), sum(&project, "unknown")), (before, 0));
    let daemon = Daemon::start(&project, &["--log-format", "json"]);
    daemon.until_said("\"event\":\"goes-on\",\"campaign\":\"c1\"");
    until("both are done", || daemon.said().matches("\"event\":\"ended\"").count() == 2);
    let (code, said) = daemon.end();
    assert_eq!(code, 0, "{said}");
    assert_eq!(gateway.accepted_once(), 80);
    for line in said.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(event["version"] == 1 && event["time"].is_string() && event["text"].is_string(), "{line}");
        if event["event"] == "ended" {
            assert_eq!((&event["run"]["accepted"], &event["run"]["planned"]), (&40.into(), &40.into()));
        }
    }
}

#[test]
fn a_second_signal_cuts() {
    let gateway = Loopback::with(|request| (request.send > 0).then_some(Reply::Wait));
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 40, &due());
    let mut daemon = Daemon::start(&project, &[]);
    gateway.until_waiting(4);
    signal(daemon.child.id(), "TERM");
    daemon.until_said("asked to end");
    signal(daemon.child.id(), "TERM");
    let (code, said) = daemon.ended();
    assert!(code == 4 && said.contains("stopped at once"), "{code} {said}");
    gateway.release();
    // What was under way is unknown, and nobody gets it twice.
    let daemon = Daemon::start(&project, &[]);
    daemon.until_said(" messages under way when it was interrupted: unknown from now on, not sent again.");
    daemon.until_said(" unknown; nothing more is due");
    let (accepted, unknown) = (sum(&project, "accepted"), sum(&project, "unknown"));
    assert!(accepted + unknown == 40 && (4..=16).contains(&unknown), "{accepted} and {unknown}");
    assert_eq!(daemon.end().0, 0);
    gateway.accepted_once();
}

#[test]
fn a_stop_while_a_run_is_planned_writes_nothing_of_it() {
    let gateway = Loopback::start();
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 100_000, &due());
    let mut daemon = Daemon::start(&project, &[]);
    until("it has logged in", || gateway.count("/api/auth") > 0);
    let sql = rusqlite::Connection::open(project.state()).unwrap();
    sql.busy_timeout(Duration::ZERO).unwrap();
    until("it is written", || sql.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_err());
    drop(sql);
    signal(daemon.child.id(), "TERM");
    let (code, said) = daemon.ended();
    assert!(code == 0 && said.contains("c1  stopped as asked while it was prepared"), "{code} {said}");
    let runs: Value = serde_json::from_str(&project.run(&["status", "--format", "json"]).out).unwrap();
    assert_eq!((runs["runs"].as_array().unwrap().len(), gateway.accepted_once()), (0, 0));
}

#[test]
fn people_have_a_word_with_a_process_that_sends_everything() {
    let gateway = Loopback::with(|request| {
        (request.recipients().iter().any(|one| one.starts_with("25470100"))).then_some(Reply::Wait)
    });
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 60, &due());
    let daemon = Daemon::start(&project, &[]);
    gateway.until_waiting(4);
    let told = project.run(&["pause", "c1", "--reason", "wait for the shop"]);
    assert!(told.code == 0 && told.out.contains("`run` (process") && told.out.contains("waits"), "{told:?}");
    gateway.release();
    daemon.until_said("c1  is paused by ");
    let paused = gateway.accepted_once();
    assert!(paused < 20, "{paused}");
    // Others go on beside it, and are paused before they begin.
    campaign(&project, 2, &gateway.url(), "", 5, &due());
    daemon.until_said("is done, 5 messages: 5 accepted");
    campaign(&project, 3, &gateway.url(), "", 5, &later());
    daemon.until_said("c3  campaigns/c3/campaign.yaml: next at");
    assert_eq!(project.run(&["pause", "campaigns/c3"]).code, 0);
    daemon.until_said("c3  is paused: nothing of it is begun");
    let out = project.run(&["optout", "+254701000059"]);
    assert!(out.out.contains("nothing goes to them any more"), "{out:?}");
    let told = project.run(&["resume", "c1"]);
    assert!(told.code == 0 && told.out.contains("c1 goes on: `run`"), "{told:?}");
    daemon.until_said("c1  is not paused any more");
    daemon.until_said("is done, 60 messages: 59 accepted, 1 left out");
    assert_eq!(daemon.end().0, 0);
    assert_eq!(gateway.accepted_once(), 64);
}

#[test]
fn a_cancellation_is_carried_out_by_who_sends() {
    let gateway = Loopback::with(|request| (request.send > 8).then_some(Reply::Wait));
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 60, &due());
    let daemon = Daemon::start(&project, &[]);
    gateway.until_waiting(4);
    let cancel =
        project.command(&["cancel", "c1"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("it is heard", || {
        let store = Sqlite::open(&project.state(), OpenMode::ReadOnly).unwrap();
        store.acknowledged().unwrap() > Mark::default()
    });
    gateway.release();
    let cancelled = said(cancel.wait_with_output().unwrap());
    assert_eq!(cancelled.code, 0, "{cancelled:?}");
    assert!(cancelled.out.contains("Cancelled c1"), "{}", cancelled.out);
    daemon.until_said("c1  is cancelled, 60 messages");
    let sent = gateway.accepted_once();
    assert!((8..20).contains(&sent), "{sent}");
    assert_eq!((sum(&project, "expired"), sum(&project, "accepted")), (60 - sent, sent));
    let (code, said) = daemon.end();
    assert_eq!(code, 0, "{said}");
    let again = project.run(&["run", "--once"]);
    assert_eq!((again.code, gateway.accepted_once()), (0, sent), "{again:?}");
}

#[test]
fn a_look_at_the_files_ends_no_cancellation() {
    let (held, count) =
        (std::sync::Arc::new(std::sync::Barrier::new(2)), std::sync::atomic::AtomicU32::new(0));
    let inside = std::sync::Arc::clone(&held);
    let desk = Desk::waiting(
        move |asked| {
            // The second one is on its way until we say so.
            if asked.method == "DELETE" && count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 1 {
                inside.wait();
                inside.wait();
            }
        },
        |_, _| None,
    );
    let project = desk.project(5);
    assert_eq!(project.send().code, 0);
    let daemon = Daemon::start(&project, &[]);
    daemon.until_said("c  campaigns/c/campaign.yaml: ");
    let mut command = project.command(&["cancel", "c"]);
    let cancel = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    held.wait();
    daemon.hang_up();
    // It has looked at them: a new one is found.
    campaign(&project, 2, "http://127.0.0.1:1", "", 1, &later());
    daemon.until_said("c2  campaigns/c2/campaign.yaml: ");
    held.wait();
    let told = said(cancel.wait_with_output().unwrap());
    assert!(told.code == 0 && told.out.contains("Cancelled c"), "{told:?}");
    assert_eq!((desk.asked("DELETE"), sum(&project, "failed")), (5, 5), "{}", daemon.said());
    assert_eq!(daemon.end().0, 0);
}

#[test]
fn a_run_of_a_gateway_that_refuses_us_is_tried_again_later_and_at_once_when_its_files_are_touched() {
    let forbidden = || Reply::Json(403, serde_json::json!({"error": "not today"}));
    let shut = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let is_shut = std::sync::Arc::clone(&shut);
    let gateway = Loopback::with(move |request| {
        (request.send > 0 && is_shut.load(std::sync::atomic::Ordering::SeqCst)).then(forbidden)
    });
    let other = Loopback::start();
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 3, &due());
    campaign(&project, 2, &other.url(), "", 3, &due());
    let daemon = Daemon::start(&project, &[]);
    daemon.until_said("c1  refused: ");
    daemon.until_said("tried again at ");
    daemon.until_said("c2  2");
    daemon.until_said("is done, 3 messages: 3 accepted");
    shut.store(false, std::sync::atomic::Ordering::SeqCst);
    project.write("campaigns/c1/r.csv", "phone,name\n0700000001,A\n");
    daemon.hang_up();
    until("it is sent as it was begun", || gateway.accepted_once() == 3);
    assert_eq!(daemon.end().0, 0);
    assert_eq!(other.accepted_once(), 3);
}

#[test]
fn a_run_that_cannot_be_read_stops_its_own_campaign_only() {
    let forbidden = || Reply::Json(403, serde_json::json!({"error": "not today"}));
    let shut = Loopback::with(move |request| (request.send > 0).then(forbidden));
    let gateway = Loopback::start();
    let project = empty();
    let by_their_clocks = "schedule: { cron: \"0 9 * * *\", timezone: Africa/Nairobi, \
                           window: { from: \"08:00\", to: \"20:00\", timezone: recipient } }\n";
    campaign(&project, 1, &shut.url(), "", 3, by_their_clocks);
    assert_eq!(once(&project, "2026-12-01T06:00:00Z").code, 8);
    let sql = rusqlite::Connection::open(project.state()).unwrap();
    assert_eq!(sql.execute("UPDATE clocks SET zones = 'Africa/Atlantis'", []).unwrap(), 1);
    drop(sql);
    campaign(&project, 2, &gateway.url(), "", 3, DAILY);
    let sent = once(&project, "2026-12-01T06:01:00Z");
    assert_eq!((sent.code, gateway.accepted_once()), (7, 3), "{sent:?}");
    assert_eq!(sent.err.matches("`Africa/Atlantis`, which is no zone").count(), 1, "{}", sent.err);
}

#[test]
fn a_state_that_is_lost_ends_it() {
    let gateway = Loopback::start();
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 3, &later());
    let mut daemon = Daemon::start(&project, &[]);
    daemon.until_said("c1  campaigns/c1/campaign.yaml: next at");
    let second = project.run(&["run"]);
    assert!(second.code == 7 && second.err.contains("is in use by `run`"), "{second:?}");
    std::fs::remove_file(project.path(".sendplan/state.db.lock")).unwrap();
    let (code, said) = daemon.ended();
    assert!(code == 7 && said.contains("was deleted or replaced"), "{code} {said}");
    let mut daemon = Daemon::start(&project, &[]);
    daemon.until_said("c1  campaigns/c1/campaign.yaml: next at");
    std::fs::copy(project.state(), project.path("copy.db")).unwrap();
    std::fs::rename(project.path("copy.db"), project.state()).unwrap();
    let (code, said) = daemon.ended();
    assert!(code == 7 && said.contains("was replaced by another file while we worked"), "{code} {said}");
    assert!(said.contains("Put the file that was there back"), "{said}");
    let mut daemon = Daemon::start(&project, &[]);
    daemon.until_said("c1  campaigns/c1/campaign.yaml: next at");
    std::fs::rename(project.state(), project.path("away.db")).unwrap();
    let (code, said) = daemon.ended();
    assert!(code == 7 && said.contains("was deleted or moved away while we worked"), "{code} {said}");
}

#[test]
fn a_cut_tells_what_was_lost() {
    // It waits for the gateway before anything is pinned: a word ends that no sooner than a cut does.
    let gateway = Loopback::with(|request| (request.send == 0).then_some(Reply::Wait));
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 3, &due());
    let mut daemon = Daemon::start(&project, &[]);
    gateway.until_waiting(1);
    std::fs::remove_file(project.path(".sendplan/state.db.lock")).unwrap();
    daemon.until_said("asked to end");
    signal(daemon.child.id(), "TERM");
    let (code, said) = daemon.ended();
    assert!(code == 7 && said.contains("was deleted or replaced"), "{code} {said}");
    gateway.release();
}

/// Writes a run that is at its end into a state, as somebody else might have.
fn enter_run(project: &Project, campaign: &str, occurrence: &str) {
    let sql = rusqlite::Connection::open(project.state()).unwrap();
    sql.execute(
        "INSERT INTO runs (campaign, occurrence, digest, pinned, created_at_ms, planned, rejected, suppressed, \
         filtered, duplicates, finished_at_ms) VALUES (?1, ?2, '', '{}', 0, 0, 0, 0, 0, 0, 1)",
        [campaign, occurrence],
    )
    .unwrap();
}

#[test]
fn a_turn_in_which_nothing_was_to_do_is_not_asked_for_again_at_once() {
    let gateway = Loopback::start();
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 3, &later());
    let daemon = Daemon::start(&project, &["--listen", "127.0.0.1:0"]);
    daemon.until_said("c1  campaigns/c1/campaign.yaml: next at");
    let due = due();
    let at = &due[due.find("at: ").unwrap() + 4..due.find(" }").unwrap()];
    enter_run(&project, "c1", &format!("{at}[UTC]"));
    campaign(&project, 1, &gateway.url(), "", 3, &due);
    daemon.hang_up();
    let address = daemon.address();
    until("it is left alone", || {
        let status: Value = serde_json::from_str(&page(&address, "GET /status.json").1).unwrap();
        status["campaigns"][0]["doing"] == "retrying"
    });
    assert_eq!((daemon.end().0, gateway.accepted_once()), (0, 0));
}

#[test]
fn it_answers_while_another_program_has_the_state() {
    let gateway = Loopback::start();
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 3, &later());
    let daemon = Daemon::start(&project, &["--listen", "127.0.0.1:0"]);
    daemon.until_said("c1  campaigns/c1/campaign.yaml: next at");
    let address = daemon.address();
    let sql = rusqlite::Connection::open(project.state()).unwrap();
    sql.busy_timeout(DEADLINE).unwrap();
    sql.execute_batch("BEGIN IMMEDIATE").unwrap();
    campaign(&project, 2, &gateway.url(), "", 3, &due());
    daemon.hang_up();
    until("it has waited in vain", || {
        let asked = Instant::now();
        let health = page(&address, "GET /healthz");
        assert!(health.1 == "ok\n" && asked.elapsed() < Duration::from_secs(2), "{health:?}");
        assert!(page(&address, "GET /status.json").0.starts_with("HTTP/1.1 200 "));
        daemon.said().contains("c2  the state ") && daemon.said().contains("is in use by another program")
    });
    sql.execute_batch("ROLLBACK").unwrap();
    project.write("campaigns/c2/r.csv", "phone,name\n0702000001,A\n");
    daemon.hang_up();
    daemon.until_said("is done, 1 message: 1 accepted");
    assert_eq!(daemon.end().0, 0);
}

#[test]
fn who_says_nothing_keeps_nobody_from_asking() {
    let project = empty();
    campaign(&project, 1, "http://127.0.0.1:1", "", 3, &later());
    let daemon = Daemon::start(&project, &["--listen", "127.0.0.1:0"]);
    let address = daemon.address();
    let connect = |_| std::net::TcpStream::connect(&address).unwrap();
    let mut silent: Vec<_> = (0..40).map(connect).collect();
    let halves = silent.iter_mut().take(20);
    halves.for_each(|one| {
        // Those that were sent away hear of it later.
        let _ = std::io::Write::write_all(one, b"GET /healthz HTTP/1.1\r\nHost:");
    });
    let asked = Instant::now();
    assert_eq!(page(&address, "GET /healthz").1, "ok\n");
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    drop(silent);
    assert_eq!(daemon.end().0, 0);
}

#[test]
fn a_run_whose_manifest_is_gone_is_told_and_can_be_cancelled() {
    let (_shut, _gateway, project) = one_of_two_is_refused();
    let now = "2026-12-01T06:00:00Z";
    assert_eq!(once(&project, now).code, 8);
    std::fs::rename(project.path("campaigns/c1"), project.path("c1")).unwrap();
    let gone = once(&project, "2026-12-01T06:01:00Z");
    assert_eq!(gone.code, 4, "{gone:?}");
    let words = "c1  its manifest is gone, and 2026-12-01T09:00[Africa/Nairobi] is not at its end, 3 messages not \
                 sent: put its folder back, or `sendplan cancel c1` closes it";
    assert_eq!(gone.err.matches(words).count(), 1, "{}", gone.err);
    assert!(gone.out.contains("  c1  its manifest is gone"), "{}", gone.out);
    // A campaign outside of the folders that were named is not gone.
    std::fs::rename(project.path("c1"), project.path("campaigns/c1")).unwrap();
    let named = project.run(&["run", "--once", "--now", "2026-12-01T06:02:00Z", "campaigns/c2"]);
    assert!(named.code == 0 && !named.err.contains("is gone"), "{named:?}");
    std::fs::remove_dir_all(project.path("campaigns/c1")).unwrap();
    let daemon = Daemon::start(&project, &[]);
    daemon.until_said(words);
    let told = project.run(&["cancel", "c1"]);
    assert_eq!(told.code, 0, "{told:?}");
    daemon.until_said("c1  is cancelled, 3 messages");
    assert_eq!((sum(&project, "expired"), daemon.end().0), (3, 0));
}

#[test]
fn what_waits_for_a_decision_since_earlier_is_told() {
    let gateway = Loopback::with(|request| (request.send == 2).then(|| Reply::Raw(Vec::new())));
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 3, DAILY);
    let first = once(&project, "2026-12-01T06:00:00Z");
    assert!(first.code == 6 && !first.err.contains("of earlier runs"), "{first:?}");
    let second = once(&project, "2026-12-01T06:10:00Z");
    let words = "c1  1 message of earlier runs waits for a decision: `sendplan resolve c1`\n";
    assert!(second.code == 0 && second.err.contains(words), "{second:?}");
}

#[test]
fn a_time_that_is_none_is_told_with_the_form_that_is_wanted() {
    let said = once(&empty(), "2027-03-20");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("such as `2026-12-01T09:00:00Z`"), "{}", said.err);
}

/// The body of a page.
fn page(address: &str, request: &str) -> (String, String) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(format!("{request} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[test]
fn it_shows_how_it_is_to_whoever_looks() {
    let gateway = Loopback::start();
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 3, &due());
    campaign(&project, 2, &gateway.url(), "", 3, &later());
    project.write("campaigns/c3/campaign.yaml", "version: 1\nname: c3\n");
    let daemon = Daemon::start(&project, &["--listen", "127.0.0.1:0"]);
    daemon.until_said("is done, 3 messages: 3 accepted");
    let said = daemon.said();
    assert!(!said.contains("for everybody who can reach"), "{said}");
    let address = daemon.address();
    let health = page(&address, "GET /healthz");
    assert!(health.0.starts_with("HTTP/1.1 200 ") && health.1 == "ok\n", "{health:?}");
    until("all is shown", || {
        let status: Value = serde_json::from_str(&page(&address, "GET /status.json").1).unwrap();
        status["campaigns"][0]["messages"]["accepted"] == 3 && status["campaigns"][0]["doing"] == "over"
    });
    let status: Value = serde_json::from_str(&page(&address, "GET /status.json").1).unwrap();
    assert_eq!(
        (&status["version"], &status["writable"], &status["broken"]),
        (&1.into(), &true.into(), &1.into())
    );
    let line = |at: usize| &status["campaigns"][at];
    assert_eq!((&line(1)["doing"], &line(2)["doing"]), (&"scheduled".into(), &"broken".into()));
    let next: chrono::DateTime<chrono::Utc> = line(1)["next"].as_str().unwrap().parse().unwrap();
    let (head, metrics) = page(&address, "GET /metrics");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    for expected in [
        "sendplan_messages{campaign=\"c1\",state=\"accepted\"} 3\n",
        "sendplan_messages{campaign=\"c1\",state=\"unknown\"} 0\n",
        "sendplan_broken_manifests 1\n",
        "sendplan_request_duration_seconds_count 3\n",
        "sendplan_request_duration_seconds_bucket{le=\"+Inf\"} 3\n",
        "sendplan_credentials_total 1\n",
        &format!("sendplan_next_occurrence_timestamp_seconds{{campaign=\"c2\"}} {}\n", next.timestamp()),
    ] {
        assert!(metrics.contains(expected), "{expected} in\n{metrics}");
    }
    assert!(metrics.contains("sendplan_lateness_seconds{campaign=\"c1\"} "), "{metrics}");
    assert_eq!(page(&address, "HEAD /metrics").1, "");
    assert!(page(&address, "POST /metrics").0.starts_with("HTTP/1.1 405 "));
    assert!(page(&address, "GET /etc/passwd").0.starts_with("HTTP/1.1 404 "));
    for secret in [crate::project::USERNAME, "2547"] {
        assert!(!metrics.contains(secret) && !status.to_string().contains(secret));
    }
    assert_eq!(daemon.end().0, 0);
}

#[test]
fn a_series_by_peoples_own_clocks_goes_out_by_the_process_that_sends_everything() {
    let gateway = Loopback::start();
    let project = empty();
    let schedule = "schedule:\n  cron: \"0 9,18 * * *\"\n  timezone: recipient\n";
    campaign(&project, 1, &gateway.url(), "", 2, schedule);
    let list = "phone,name\n+254712000001,Nairobi\n+12125550123,New York\n";
    project.write("campaigns/c1/r.csv", list);
    let accepted = || gateway.accepted().values().map(|times| u64::from(*times)).sum::<u64>();
    for (now, code, sent) in [
        ("2026-12-01T05:59:00Z", 0, 0),
        ("2026-12-01T06:00:00Z", 4, 1),
        ("2026-12-01T14:00:00Z", 0, 2),
        ("2026-12-01T15:00:00Z", 4, 3),
        ("2026-12-01T23:00:00Z", 0, 4),
        ("2026-12-02T00:00:00Z", 0, 4),
    ] {
        let said = project.run(&["run", "--once", "--now", now]);
        assert_eq!((said.code, accepted()), (code, sent), "{now}: {said:?}");
    }
}

/// Between two dates a cancellation has nothing to stop, and says when the next one goes out all the same.
#[test]
fn between_two_dates_a_cancellation_says_that_the_next_goes_out_and_a_pause_holds_it() {
    let gateway = Loopback::start();
    let project = empty();
    campaign(&project, 1, &gateway.url(), "", 3, &later());
    let half_a_day = chrono::TimeDelta::hours(12);
    let began = (chrono::Utc::now() - half_a_day).format("%Y-%m-%dT%H").to_string();
    let next = (chrono::Utc::now() + half_a_day).format("%Y-%m-%dT%H").to_string();
    assert_eq!(once(&project, &format!("{began}:01:00Z")).code, 0);
    assert_eq!(gateway.accepted_once(), 3);
    let daemon = Daemon::start(&project, &[]);
    daemon.until_said("c1  campaigns/c1/campaign.yaml: next at ");
    let told = project.run(&["cancel", "c1"]);
    assert_eq!(told.code, 0, "{told:?}");
    let nothing = format!("Nothing of c1 was under way: {began}:00[UTC] was through, with 3 accepted.\n");
    assert_eq!(told.out, nothing);
    let goes_out = format!("its next date, {}:00 UTC, goes out all the same", next.replace('T', " "));
    assert!(told.err.contains(&goes_out), "{}", told.err);
    daemon.until_said("3 accepted; nothing of it was under way; its later dates are not");
    let paused = project.run(&["pause", "c1"]);
    assert!(paused.code == 0 && paused.out.contains("c1 is paused"), "{paused:?}");
    // What was paused stays so beside a cancellation.
    let told = project.run(&["cancel", "c1"]);
    assert!(told.code == 0 && told.err.contains("It stays paused"), "{told:?}");
    assert_eq!(daemon.end().0, 0);
    let held = once(&project, &format!("{next}:01:00Z"));
    assert!(held.code == 4 && held.out.contains("c1  is paused"), "{held:?}");
    assert_eq!(gateway.accepted_once(), 3);
}
