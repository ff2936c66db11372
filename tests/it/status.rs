//! `status`: where runs stand and what they wait for, and when campaigns go out next.

use std::time::Duration;

use serde_json::Value;

use crate::loopback::{Loopback, Reply};
use crate::project::{Project, said, signal};

const DAILY: &str = "  rate: 10/s\nschedule:\n  cron: \"0 9 * * MON-FRI\"\n  timezone: Africa/Nairobi\n";

fn project(gateway: &Loopback, people: u32, more: &str) -> Project {
    let project = Project::empty();
    project.manifest(&gateway.url(), "batch_max: 1", "text: \"Hi {{ name }}\"", more);
    project.recipients(people);
    project
}

/// Another campaign beside `c`, of the same people.
fn beside(project: &Project, name: &str, schedule: &str) {
    let text = format!(
        "version: 1\nname: {name}\nprovider: mobiconnect\nsender: 1\n\
         audience: {{ csv: ../c/r.csv, address: phone, region: KE }}\nmessage: {{ text: \"Hi {{{{ name }}}}\" }}\n{schedule}"
    );
    project.write(&format!("campaigns/{name}/campaign.yaml"), &text);
}

/// A daily campaign that was killed while four requests were under way, and others beside it.
fn interrupted() -> (Loopback, Project) {
    let gateway = Loopback::with(|request| (request.send > 0).then_some(Reply::Wait));
    let project = project(&gateway, 40, DAILY);
    let mut child =
        project.command(&["send", "campaigns/c", "--now", "2026-12-01T06:00:30Z"]).spawn().unwrap();
    gateway.until_waiting(4);
    // Those that will go out next are durable as well: they are not sent, and nobody can tell.
    child.kill().unwrap();
    child.wait().unwrap();
    gateway.release();
    (gateway, project)
}

fn json(project: &Project, arguments: &[&str]) -> Value {
    let said = project.run(&[&["status", "--format", "json"], arguments].concat());
    serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"))
}

fn words(run: &Value) -> Vec<&str> {
    run["waits_for"].as_array().unwrap().iter().map(|wait| wait["what"].as_str().unwrap()).collect()
}

#[test]
fn every_campaign_says_when_it_goes_out_next() {
    let gateway = Loopback::start();
    let project = project(&gateway, 3, DAILY);
    beside(&project, "broken", "schedule: { cron: \"0 9 * *\", timezone: Africa/Nairobbi }\n");
    beside(&project, "due", "schedule: { at: 2026-12-01T09:00, timezone: Africa/Nairobi }\n");
    beside(&project, "later", "schedule: { at: 2026-12-24T18:30, timezone: Europe/Berlin }\n");
    beside(&project, "missed", "schedule: { at: 2026-11-24T18:30 }\n");
    beside(&project, "over", "schedule: { cron: \"0 9 * * *\", until: 2026-11-24 }\n");
    beside(&project, "whenever", "");
    let now = ["--now", "2026-12-01T08:05:04Z"];
    let all = project.run(&["status", now[0], now[1]]);
    assert_eq!(all.code, 0, "{all:?}");
    insta::assert_snapshot!("status_of_all", all.out);
    insta::assert_snapshot!(
        "status_of_all_json",
        project.run(&["status", "--format", "json", now[0], now[1]]).out
    );
    let one = project.run(&["status", "c", now[0], now[1]]);
    let by_place = project.run(&["status", "campaigns/c", now[0], now[1]]);
    assert_eq!(one.out, by_place.out);
    insta::assert_snapshot!("status_of_one", one.out);
    // A sandbox does not look at the schedule.
    assert_eq!(json(&project, &["--sandbox"])["campaigns"], Value::Array(Vec::new()));
}

#[test]
fn nothing_is_known_of_what_is_nowhere() {
    let gateway = Loopback::start();
    let project = project(&gateway, 3, "");
    let unknown = project.run(&["status", "nosuch"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (3, ""), "{unknown:?}");
    assert!(unknown.err.contains("there is no run of `nosuch` in this state"), "{unknown:?}");
    beside(&project, "spring-sale", "");
    let near = project.run(&["status", "spring-sael"]);
    assert!(near.code == 3 && near.err.contains("did you mean `spring-sale`?"), "{near:?}");
    let known = project.run(&["status", "spring-sale"]);
    assert!(
        known.code == 0 && known.out.starts_with("No run of `spring-sale` in this state.\n"),
        "{known:?}"
    );
    assert_eq!(project.send().code, 0);
    assert_eq!(project.run(&["status", "nosuch"]).code, 3, "also where there is a state");
}

#[test]
fn a_run_that_was_left_says_what_it_waits_for_and_how_late_it_is() {
    let (_gateway, project) = interrupted();
    let late = project.run(&["status", "c", "--now", "2026-12-01T08:05:04Z"]);
    assert_eq!(late.code, 6, "{late:?}");
    let unknown = json(&project, &[])["runs"][0]["unknown"].as_u64().unwrap();
    let (left, many) = (40 - unknown, if unknown == 1 { "message waits" } else { "messages wait" });
    let told = format!(
        "\nc (2026-12-01T09:00[Africa/Nairobi]), late by 2 h 5 min:\n  \
         nobody sends it: `sendplan send campaigns/c` goes on with it\n  \
         {left} messages left: {} s at 10/s, through at 2026-12-01 11:05 EAT at the earliest\n  \
         {unknown} unknown {many} for a decision: `sendplan resolve c`\n",
        (left - 1) / 10
    );
    assert!(late.out.contains(&told), "{}\n{told}", late.out);
    let run = &json(&project, &["--now", "2026-12-01T08:05:04Z"])["runs"][0];
    assert_eq!(words(run), ["process", "rate", "decision"], "{run}");
    assert_eq!(run["late_s"], 7500, "{run}");
    let early = &json(&project, &["--now", "2026-12-01T06:00:20Z"])["runs"][0];
    assert_eq!(early["late_s"], Value::Null, "{early}");
    // Somebody holds it.
    assert_eq!(project.run(&["pause", "c"]).code, 0);
    assert_eq!(words(&json(&project, &[])["runs"][0]), ["hold", "process", "rate", "decision"]);
    assert_eq!(project.run(&["resume", "c"]).code, 0);
    assert_eq!(project.run(&["resolve", "c", "--assume-sent"]).code, 0);
    assert_eq!(project.run(&["send", "campaigns/c"]).code, 0);
    let through = &json(&project, &["--now", "2026-12-01T08:05:04Z"])["runs"][0];
    assert!(words(through).is_empty() && through["late_s"].is_null(), "{through}");
}

#[test]
fn a_run_waits_for_its_window() {
    let gateway = Loopback::with(|request| (request.send > 4).then_some(Reply::Wait));
    // Wherever it is noon.
    let hour = chrono::Timelike::hour(&chrono::Utc::now());
    let zone = if hour >= 12 { format!("Etc/GMT+{}", hour - 12) } else { format!("Etc/GMT-{}", 12 - hour) };
    let window = format!("schedule:\n  timezone: {zone}\n  window: {{ from: \"04:00\", to: \"20:00\" }}\n");
    let project = project(&gateway, 40, &window);
    project.kill_when_waiting(&gateway, 4);
    let run = &json(&project, &[])["runs"][0];
    assert_eq!(words(run), ["process", "decision"], "{run}");
    let evening = chrono::Utc::now() + chrono::TimeDelta::hours(11);
    let shut = project.run(&["status", "--now", &evening.to_rfc3339()]);
    assert!(shut.out.contains("  the sending window (04:00 to 20:00, Etc/GMT"), "{}", shut.out);
    assert!(
        shut.out.contains("nobody sends it: then, `sendplan send campaigns/c` goes on with it"),
        "{}",
        shut.out
    );
    let run = &json(&project, &["--now", &evening.to_rfc3339()])["runs"][0];
    assert_eq!(words(run), ["window", "process", "decision"], "{run}");
    assert!(run["waits_for"][0]["until"].as_str().unwrap().ends_with(":00:00Z"), "{run}");
}

#[test]
fn a_process_that_its_gateway_makes_wait_says_so() {
    let gateway = Loopback::with(|request| {
        let wait = b"HTTP/1.1 429 Too Many\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n".to_vec();
        (request.send > 0).then_some(Reply::Whole(wait))
    });
    let project = project(&gateway, 40, "");
    let slow = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write("campaigns/c/campaign.yaml", &slow.replace("max_backoff: 100ms", "max_backoff: 5m"));
    let child = project.start();
    let told = loop {
        let seen = project.run(&["status"]);
        if seen.out.contains("nothing goes to the gateway until") {
            break seen.out;
        }
    };
    assert!(told.contains("sending right now: send c (process"), "{told}");
    let run = &json(&project, &[])["runs"][0];
    assert_eq!(words(run), ["gateway"], "{run}");
    let until: chrono::DateTime<chrono::Utc> =
        run["waits_for"][0]["until"].as_str().unwrap().parse().unwrap();
    let wait = (until - chrono::Utc::now()).to_std().unwrap();
    assert!(wait <= Duration::from_secs(60), "{wait:?}");
    signal(child.id(), "INT");
    assert_eq!(said(child.wait_with_output().unwrap()).code, 4);
    assert_eq!(words(&json(&project, &[])["runs"][0]), ["process"]);
}

/// A run belongs to a name and a manifest: what goes on with it is no command that cannot.
#[test]
fn a_run_whose_manifest_has_another_name_or_is_gone_says_how_it_goes_on_or_ends() {
    let (_gateway, project) = interrupted();
    let place = project.path("campaigns/c/campaign.yaml");
    let manifest = std::fs::read_to_string(&place).unwrap();
    std::fs::write(&place, manifest.replace("name: c", "name: d")).unwrap();
    let called = "nobody sends it, and `campaigns/c/campaign.yaml` is called `d` now: call it `c` again, or \
                  `sendplan cancel c` closes it";
    for arguments in [&["status"][..], &["status", "c"]] {
        let seen = project.run(arguments);
        assert!(seen.out.contains(called) && !seen.out.contains("goes on with it"), "{seen:?}");
    }
    assert_eq!(project.run(&["pause", "c"]).code, 0);
    for told in [project.run(&["resume", "c"]), project.run(&["report", "c"])] {
        let said = format!("{}{}", told.out, told.err);
        assert!(!said.contains("sendplan send"), "{said}");
    }
    let by_name = project.run(&["send", "d"]);
    assert!(by_name.code == 3 && by_name.err.contains("Next:\n  sendplan send campaigns/c\n"), "{by_name:?}");
    std::fs::rename(project.path("campaigns/c"), project.path("campaigns/d")).unwrap();
    let gone = "nobody sends it, and `campaigns/c/campaign.yaml`, from which it was begun, is not there: put it back, or \
                `sendplan cancel c` closes it";
    let seen = project.run(&["status", "c"]);
    assert!(seen.out.contains(gone), "{seen:?}");
    assert_eq!(project.run(&["cancel", "c"]).code, 6);
}
