//! Rehearsals: whole campaigns on a virtual clock, with faults that a seed decides.

use serde_json::Value;

use crate::project::{Project, Said, sendplan};

const NOON: &str = "2026-12-01T09:00:00Z";

/// A campaign of so many people with a text each; `more` is appended to `delivery`.
pub fn project(people: u32, more: &str) -> Project {
    let project = Project::empty();
    project.manifest("http://127.0.0.1:9", "batch_max: 1", "text: \"Hi {{ name }}\"", more);
    project.recipients(people);
    project
}

pub fn rehearse(project: &Project, more: &[&str]) -> Said {
    let all = [&["rehearse", "campaigns/c", "--now", NOON], more].concat();
    project.run(&all)
}

/// The report for machines, of a rehearsal in which everything that must be true is.
#[track_caller]
fn report(project: &Project, code: i32, more: &[&str]) -> Value {
    let said = rehearse(project, &[more, &["--format", "json"]].concat());
    assert_eq!(said.code, code, "{said:?}");
    let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
    assert_eq!(report["version"], 1);
    let states = ["pending", "accepted", "rejected", "unknown", "held", "suppressed", "expired"];
    let sum: u64 = states.iter().map(|state| of(&report, state)).sum();
    assert_eq!(sum, of(&report, "planned"), "{report}");
    for proof in report["proofs"].as_array().unwrap() {
        assert_eq!((proof["holds"].as_bool(), proof["against"].as_u64()), (Some(true), Some(0)), "{report}");
    }
    report
}

#[track_caller]
fn of(report: &Value, what: &str) -> u64 {
    report[what].as_u64().unwrap_or_else(|| panic!("no {what} in {report}"))
}

/// How often a fault happened.
fn happened(report: &Value, what: &str) -> u64 {
    let all = report["happened"].as_array().unwrap();
    all.iter().find(|one| one["what"] == what).map_or(0, |one| of(one, "times"))
}

#[test]
fn a_rehearsal_as_people_see_it() {
    let faults = "429:5%,timeout:1%,crash:3";
    let arguments = ["rehearse", "campaigns/spring-sale", "--fault", faults];
    let first = sendplan(&arguments);
    assert_eq!((first.code, first.err.as_str()), (0, ""), "{first:?}");
    insta::assert_snapshot!("rehearsal_of_spring_sale", first.out);
    let again = sendplan(&arguments);
    assert_eq!(first.out, again.out);
    let other = sendplan(&[&arguments[..], &["--seed", "2"]].concat());
    assert_eq!(other.code, 0);
    assert_ne!(first.out, other.out);
}

#[test]
fn a_rehearsal_as_machines_see_it() {
    let project = project(40, "");
    let arguments = ["--fault", "429:5%, reset:10%", "--seed", "7", "--format", "json"];
    let first = rehearse(&project, &arguments);
    assert_eq!(first.code, 0, "{first:?}");
    insta::assert_snapshot!("rehearsal_json", first.out);
    assert_eq!(first.out, rehearse(&project, &arguments).out);
}

#[test]
fn nothing_goes_wrong_where_nothing_is_said() {
    let project = project(200, "  rate: 20/s\n");
    let calm = report(&project, 0, &[]);
    assert_eq!((of(&calm, "accepted"), of(&calm, "requests"), of(&calm, "retried")), (200, 200, 0));
    assert!((9_000..11_500).contains(&of(&calm, "at_work_ms")), "{calm}");
    // A rate allows a little more than itself in a second, after a pause.
    assert!((20..=22).contains(&of(&calm, "busiest_second")), "{calm}");
    assert!(!project.path(".sendplan").exists(), "a rehearsal leaves nothing behind");
}

#[test]
fn throttled_messages_are_tried_again_until_all_are_accepted() {
    let throttled = report(&project(300, ""), 0, &["--fault", "429:20%"]);
    assert_eq!(of(&throttled, "accepted"), 300);
    assert!(of(&throttled, "retried") > 0 && happened(&throttled, "429") > 30, "{throttled}");
}

#[test]
fn lost_answers_are_unknown_and_some_of_them_were_taken() {
    let lost = report(&project(400, ""), 0, &["--fault", "timeout:10%"]);
    let (unknown, taken) = (of(&lost, "unknown"), of(&lost, "unknown_taken"));
    assert_eq!((unknown, of(&lost, "accepted") + unknown), (happened(&lost, "timeout"), 400));
    assert!(taken > 0 && taken < unknown, "{lost}");
}

#[test]
fn crashes_come_as_often_as_said_and_nobody_gets_two() {
    for people in [3, 400] {
        let crashed = report(&project(people, ""), 0, &["--fault", "crash:3"]);
        assert_eq!(of(&crashed, "crashes"), 3);
        assert!(of(&crashed, "unknown") <= u64::from(people));
        assert_eq!(of(&crashed, "pending"), 0);
    }
}

#[test]
fn every_fault_can_be_rehearsed() {
    let all = "refused:2%,reset:2%,timeout:2%,429:2%,5xx:2%,truncated:2%,401:2%,rejected:2%,slow:2%,crash:2";
    let stormy = report(&project(600, ""), 0, &["--fault", all]);
    for fault in ["refused", "reset", "timeout", "429", "5xx", "truncated", "401", "rejected", "slow"] {
        assert!(happened(&stormy, fault) > 0, "{fault} in {stormy}");
    }
    assert!(of(&stormy, "rejected") > 0 && of(&stormy, "log_ins") > 2, "{stormy}");
}

#[test]
fn a_run_that_stops_and_stops_is_given_up() {
    let hopeless = report(&project(2000, ""), 4, &["--fault", "timeout:100%"]);
    assert_eq!((hopeless["ended"].as_str(), of(&hopeless, "accepted")), (Some("given_up"), 0));
    let stops: u64 = hopeless["stops"].as_array().unwrap().iter().map(|one| of(one, "times")).sum();
    assert_eq!(stops, 50);
    assert!(of(&hopeless, "pending") > 0);
}

#[test]
fn the_window_is_kept_and_the_run_goes_on_when_it_opens() {
    let window = "  rate: 100/h\nschedule:\n  timezone: Africa/Nairobi\n  window: { from: \"08:00\", to: \"10:00\" }\n";
    let slow = report(&project(500, window), 0, &["--fault", "crash:1"]);
    assert_eq!(of(&slow, "accepted") + of(&slow, "unknown"), 500);
    assert!(of(&slow, "window_waits") >= 3, "{slow}");
    assert_eq!(of(&slow, "held_up_by_window"), 500);
    let hours = slow["hours"].as_array().unwrap();
    let days: std::collections::BTreeSet<&str> =
        hours.iter().map(|hour| &hour["from"].as_str().unwrap()[..10]).collect();
    assert!(days.len() >= 3, "{days:?}");
    for hour in hours {
        let from = hour["from"].as_str().unwrap();
        assert!(from.ends_with("T08:00:00+03:00") || from.ends_with("T09:00:00+03:00"), "{from}");
    }
    assert!(slow["proofs"].to_string().contains("only_in_their_hours"));
}

#[test]
fn a_fault_that_is_not_known_is_named() {
    let project = project(1, "");
    let wrong = rehearse(&project, &["--fault", "429:5%,time-out:1%"]);
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""));
    assert!(wrong.err.contains("there is no fault `time-out`; did you mean `timeout`?"), "{wrong:?}");
}

#[test]
fn people_who_opted_out_of_the_real_state_are_left_out() {
    let project = project(10, "");
    assert_eq!(project.run(&["optout", "+254700000003"]).code, 0);
    let before = std::fs::read(project.state()).unwrap();
    let report = report(&project, 0, &[]);
    assert_eq!((of(&report, "suppressed"), of(&report, "accepted")), (1, 9));
    assert_eq!(std::fs::read(project.state()).unwrap(), before, "the real state is only read");
}

#[test]
fn time_outs_that_come_in_a_pause_stop_nothing() {
    // They come half a minute after their requests, and in a pause nothing else does.
    let weather = report(&project(3000, ""), 0, &["--fault", "timeout:2%,429:2%,5xx:1%"]);
    assert_eq!(weather["stops"], serde_json::json!([]), "{weather}");
    assert!(happened(&weather, "timeout") > 30 && happened(&weather, "429") > 30, "{weather}");
}

#[test]
fn a_gateway_that_answers_nothing_in_time_stops_the_run_after_a_few_requests() {
    let silent = report(&project(2000, ""), 4, &["--fault", "timeout:100%"]);
    let stops = silent["stops"].as_array().unwrap();
    assert_eq!(silent["ended"], "given_up");
    assert_eq!(stops.len(), 1, "{silent}");
    // Five in a row, and what is under way beside them: four at once.
    assert!(of(&silent, "unknown") <= of(&stops[0], "times") * 9, "{silent}");
    // One answer in ten is no better.
    let nearly = report(&project(2000, ""), 0, &["--fault", "timeout:90%"]);
    let stops: u64 = nearly["stops"].as_array().unwrap().iter().map(|one| of(one, "times")).sum();
    assert!(of(&nearly, "requests") <= stops * 30, "{nearly}");
}

/// People in four places, and one of whom nobody knows where.
fn all_over_the_earth(people: u32, schedule: &str) -> Project {
    let project = project(0, schedule);
    let file = "campaigns/c/campaign.yaml";
    let manifest = std::fs::read_to_string(project.path(file)).unwrap();
    project.write(file, &manifest.replace("address: phone", "address: phone, timezone: tz"));
    let zones = ["Asia/Tokyo", "Africa/Nairobi", "Europe/Berlin", "America/Lima"];
    let rows = (0..people).map(|at| format!("+2547000{at:05},x,{}\n", zones[at as usize % zones.len()]));
    let rows: String = rows.collect();
    project.write("campaigns/c/r.csv", &format!("phone,name,tz\n{rows}+254799999999,x,Atlantis\n"));
    project
}

const NINE: &str = "  rate: 20/h\nschedule:\n  at: 2026-12-02T09:00\n  timezone: recipient\n  \
                    window: { from: \"09:00\", to: \"17:00\", timezone: recipient }\n";

#[test]
fn nine_where_each_person_is_goes_round_the_earth() {
    let project = all_over_the_earth(600, NINE);
    let said = rehearse(&project, &["--fault", "429:3%,timeout:2%,crash:2"]);
    assert_eq!(said.code, 0, "{said:?}");
    insta::assert_snapshot!("rehearsal_by_recipients_clocks", said.out);
    let report = report(&project, 0, &["--fault", "429:3%,timeout:2%,crash:2"]);
    assert_eq!(report["starts_at"], "2026-12-02T00:00:00Z", "nine in Tokyo");
    assert_eq!((of(&report, "planned"), of(&report, "held"), of(&report, "pending")), (601, 1, 0));
    assert_eq!(report["held_for"][0]["what"], "its time zone is not known");
    let zones = report["zones"].as_array().unwrap();
    let names: Vec<&str> = zones.iter().map(|zone| zone["zone"].as_str().unwrap()).collect();
    assert_eq!(names, ["Asia/Tokyo", "Africa/Nairobi", "Europe/Berlin", "America/Lima"]);
    for zone in zones {
        let states = ["accepted", "rejected", "expired", "unknown", "suppressed", "pending"];
        assert_eq!(states.iter().map(|state| of(zone, state)).sum::<u64>(), 150, "{zone}");
        let (first, last) = (zone["first_at"].as_str().unwrap(), zone["last_at"].as_str().unwrap());
        assert_eq!(&first[..15], "2026-12-02T09:0", "{zone}");
        assert!((9..17).contains(&last[11..13].parse::<u32>().unwrap()), "{zone}");
    }
    let taken = |hours: &Value| hours.as_array().unwrap().iter().map(|hour| of(hour, "taken")).sum::<u64>();
    assert_eq!(zones.iter().map(|zone| taken(&zone["hours"])).sum::<u64>(), taken(&report["hours"]));
    assert!(report["proofs"].to_string().contains("only_in_their_hours"));
}

#[test]
fn a_page_has_the_hours_by_where_people_are() {
    let project = all_over_the_earth(600, NINE);
    let said = rehearse(&project, &["--html", "a.html", "--fault", "429:3%,timeout:2%"]);
    assert_eq!(said.code, 0, "{said:?}");
    let page = std::fs::read_to_string(project.path("a.html")).unwrap();
    let chart = page.split("<section>").find(|one| one.contains("By where people are")).unwrap();
    insta::assert_snapshot!("rehearsal_page_by_where_people_are", chart);
    // Each column adds up to what was taken of its people, and the last to all.
    let cells = |row: &str| -> Vec<u64> {
        let cells = row.split("<td").skip(1).map(|cell| cell.split(['>', '<']).nth(1).unwrap());
        cells.map(|cell| cell.replace(',', "").parse().unwrap_or(0)).collect()
    };
    let rows = |part: &str| -> Vec<Vec<u64>> {
        let part = chart.split(&format!("<{part}>")).nth(1).unwrap().split("</table>").next().unwrap();
        part.split("<tr>").skip(1).filter(|row| !row.contains("colspan")).map(cells).collect()
    };
    let body = chart.split("</tbody>").next().unwrap();
    let hours = body.split("<tbody>").nth(1).unwrap().split("<tr>").skip(1);
    let hours: Vec<Vec<u64>> = hours.filter(|row| !row.contains("colspan")).map(cells).collect();
    let sums = &rows("tfoot")[0];
    assert_eq!(sums.len(), 5, "four places and all");
    for (at, sum) in sums.iter().enumerate() {
        assert_eq!(hours.iter().map(|row| row[at]).sum::<u64>(), *sum);
    }
    assert!(hours.iter().all(|row| row[..4].iter().sum::<u64>() == row[4]));
}

#[test]
fn who_is_not_reached_by_the_last_day_expires_and_others_are_not_held_up() {
    let schedule = format!("{NINE}  until: 2026-12-03\n");
    let report = report(&all_over_the_earth(2000, &schedule), 0, &[]);
    let expired = of(&report, "expired");
    assert!(expired > 500 && of(&report, "accepted") + expired == 2000, "{report}");
    assert!(report["proofs"].to_string().contains("expired_when_it_was_over"));
    // The last of the third of December is Lima's: 17:00 there is 22:00 by UTC.
    assert!(report["ends_at"].as_str().unwrap() <= "2026-12-03T22:00:00Z", "{report}");
}

#[test]
fn a_rehearsal_begins_in_time_whatever_the_hour() {
    // It is half past nine in Nairobi, and long past in Tokyo: what is rehearsed is all of it, from the first on.
    let cron = "schedule:\n  cron: \"0 9 * * *\"\n  timezone: recipient\n";
    let project = all_over_the_earth(40, cron);
    let said = project.run(&["rehearse", "campaigns/c", "--now", "2026-12-01T06:30:00Z", "--format", "json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (of(&report, "accepted"), of(&report, "expired"), of(&report, "held")),
        (40, 0, 1),
        "{report}"
    );
}

#[test]
fn a_rehearsal_that_takes_years_is_not_waited_for() {
    let slow = "  rate: 1/h\nschedule:\n  window: { from: \"09:00\", to: \"10:00\", timezone: recipient }\n";
    let report = report(&all_over_the_earth(2000, slow), 4, &[]);
    assert_eq!(report["ended"], "too_long");
    assert_eq!((of(&report, "planned"), &report["ends_at"]), (2001, &"2028-01-05T09:00:00Z".into()));
    assert!(of(&report, "pending") > 300 && report["proofs"][3]["holds"] == true, "400 days, and not all");
}

#[test]
fn a_rehearsal_as_a_page() {
    let project = project(
        300,
        "  rate: 100/h\nschedule:\n  timezone: Africa/Nairobi\n  window: { from: \"08:00\", to: \"10:00\" }\n",
    );
    let page = |name: &str, more: &[&str]| {
        let all = [&["--html", name, "--fault", "timeout:5%,429:5%,rejected:5%"], more].concat();
        let said = rehearse(&project, &all);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.err.contains(&format!("the page is in {name}")), "{said:?}");
        std::fs::read_to_string(project.path(name)).unwrap()
    };
    let first = page("a.html", &[]);
    insta::assert_snapshot!("rehearsal_page", first);
    assert_eq!(first, page("b.html", &[]));
    assert_ne!(first, page("a.html", &["--seed", "2"]), "a page takes the place of an earlier one");
    for foreign in ["<script", "http:", "https:", " style=", "url("] {
        assert!(!first.contains(foreign), "{foreign}");
    }
    // And of nothing else.
    let refused = rehearse(&project, &["--html", "campaigns/c/campaign.yaml"]);
    assert!(refused.code == 2 && refused.err.contains("no page of sendplan's"), "{refused:?}");
    assert!(
        std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap().starts_with("version")
    );
    let nowhere = rehearse(&project, &["--html", "no/such/folder/a.html"]);
    assert!(!first.contains("By where people are"), "all go by one clock");
    assert_eq!(nowhere.code, 2, "{nowhere:?}");
}
