//! `run`: every campaign on its schedule, side by side, in the real program against gateways on loopback. Nothing here
//! sleeps: each test waits for what it expects, with a deadline.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

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

fn once(project: &Project, now: &str) -> Said {
    project.run(&["run", "--once", "--now", now])
}

fn start(project: &Project) -> Child {
    project.command(&["run"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Asks it to end, and answers with what it said.
fn end(child: Child) -> Said {
    signal(child.id(), "TERM");
    said(child.wait_with_output().unwrap())
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

#[test]
fn once_ends_with_the_worst_that_happened() {
    let forbidden = || Reply::Json(403, serde_json::json!({"error": "not today"}));
    let shut = Loopback::with(move |request| (request.send > 0).then(forbidden));
    let gateway = Loopback::start();
    let project = empty();
    campaign(&project, 1, &shut.url(), "", 3, DAILY);
    campaign(&project, 2, &gateway.url(), "", 3, DAILY);
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
