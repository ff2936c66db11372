//! `timezone: recipient`: a time and a window where each person is, by the column or by the number.

use crate::loopback::Loopback;
use crate::project::{Project, Said};

const NINE: &str = "schedule:\n  at: 2026-12-01T09:00\n  timezone: recipient\n";

/// A list of people in four places: Nairobi and Tokyo by their numbers, Lima by the column, and one in no zone.
fn project(gateway: &Loopback, schedule: &str) -> Project {
    let project = Project::empty();
    project.manifest(&gateway.url(), "batch_max: 1", "text: \"Hi {{ name }}\"", schedule);
    with_column(&project, "tz");
    project.write(
        "campaigns/c/r.csv",
        "phone,name,tz\n+254712000001,Nai,\n+81312345678,Tok,\n+254712000002,Lim,America/Lima\n\
         +254712000003,Non,Nairobi\n",
    );
    project
}

fn with_column(project: &Project, name: &str) {
    let file = "campaigns/c/campaign.yaml";
    let manifest = std::fs::read_to_string(project.path(file)).unwrap();
    project.write(file, &manifest.replace("address: phone", &format!("address: phone, timezone: {name}")));
}

fn send(project: &Project, now: &str) -> Said {
    project.run(&["send", "campaigns/c", "--now", now])
}

fn accepted(gateway: &Loopback) -> Vec<String> {
    gateway.accepted().into_keys().collect()
}

#[test]
fn fault_70_nine_where_each_person_is_and_who_is_in_no_zone_is_held() {
    let gateway = Loopback::start();
    let project = project(&gateway, NINE);
    let early = send(&project, "2026-11-30T23:59:00Z");
    assert_eq!((early.code, accepted(&gateway).len()), (0, 0), "{early:?}");
    assert!(early.out.contains("c goes out at 2026-12-01 09:00 by each recipient's clock"), "{early:?}");
    // Nine in Tokyo; nobody is asked for before.
    let tokyo = send(&project, "2026-12-01T00:00:00Z");
    assert_eq!(tokyo.code, 4, "{tokyo:?}");
    assert_eq!(accepted(&gateway), ["81312345678"]);
    let next =
        "by the clocks of all who are left nothing may go out now; the next opens at 2026-12-01 09:00 EAT";
    assert!(tokyo.err.contains(next), "{}", tokyo.err);
    let still = send(&project, "2026-12-01T05:59:00Z");
    assert_eq!((still.code, accepted(&gateway).len()), (4, 1), "{still:?}");
    assert!(still.err.contains(next), "{}", still.err);
    assert_eq!(send(&project, "2026-12-01T06:00:00Z").code, 4);
    assert_eq!(accepted(&gateway), ["254712000001", "81312345678"]);
    let lima = send(&project, "2026-12-01T14:00:00Z");
    assert_eq!(lima.code, 6, "somebody is held: {lima:?}");
    assert_eq!(accepted(&gateway).len(), 3);
    let status = project.run(&["status", "--format", "json"]).out;
    assert!(status.contains("2026-12-01T09:00[recipient]") && status.contains("\"held\": 1"), "{status}");
    let report = project.run(&["report", "campaigns/c", "--format", "csv", "--show-addresses"]).out;
    let held = report.lines().find(|line| line.contains("+254712000003")).unwrap();
    assert!(held.contains("held") && held.contains("its time zone is not known"), "{held}");
    assert!(gateway.accepted().values().all(|times| *times == 1));
}

#[test]
fn who_is_held_waits_for_a_person() {
    let gateway = Loopback::start();
    let project = project(&gateway, NINE);
    send(&project, "2026-12-01T06:00:00Z");
    let listed = project.run(&["resolve", "campaigns/c", "--show-addresses"]);
    assert_eq!(listed.code, 6);
    insta::assert_snapshot!("recipients_held", format!("{}{}", changeless(&listed.out), listed.err));
    let resolve = |more: &[&str]| project.run(&[&["resolve", "campaigns/c"], more].concat());
    assert_eq!(resolve(&["--timezone", "Nairobi", "--reason", "r"]).code, 2);
    assert_eq!(resolve(&["--timezone", "Africa/Lagos"]).code, 2, "a reason is asked for");
    let placed = resolve(&["--timezone", "Africa/Lagos", "--reason", "she says so"]);
    assert_eq!(placed.code, 0, "{placed:?}");
    assert!(placed.out.contains("1 message will be sent by the clock of that zone"), "{}", placed.out);
    // 09:00 in Lagos is at 08:00 by UTC.
    send(&project, "2026-12-01T07:59:00Z");
    assert_eq!(accepted(&gateway).len(), 2);
    send(&project, "2026-12-01T08:00:00Z");
    assert_eq!(accepted(&gateway), ["254712000001", "254712000003", "81312345678"]);
    assert_eq!(send(&project, "2026-12-01T14:00:00Z").code, 0);
    let said = resolve(&["--decisions"]);
    assert!(said.out.contains("time zone") && said.out.contains("she says so"), "{}", said.out);
}

#[test]
fn a_decision_that_comes_too_late_says_so() {
    let gateway = Loopback::start();
    let schedule = "schedule:\n  at: 2025-12-01T09:00\n  timezone: recipient\n  until: 2025-12-02\n";
    let project = project(&gateway, schedule);
    assert_eq!(send(&project, "2025-12-01T14:00:00Z").code, 6);
    let placed =
        project.run(&["resolve", "campaigns/c", "--timezone", "Africa/Lagos", "--reason", "she says so"]);
    let words = "1 message is too late by the clock of that zone (its time is over): ";
    assert!(placed.code == 0 && placed.out.contains(words), "{placed:?}");
    assert!(!placed.out.contains("will be sent"), "{}", placed.out);
    send(&project, "2025-12-05T08:00:00Z");
    assert_eq!(accepted(&gateway).len(), 3);
    assert!(project.run(&["status", "--format", "json"]).out.contains("\"expired\": 1"));
}

#[test]
fn a_decision_about_many_occurrences_says_what_would_go_out() {
    let gateway = Loopback::start();
    let project = project(&gateway, "schedule:\n  cron: \"0 9 * * *\"\n  timezone: recipient\n");
    for day in ["01", "02"] {
        assert_eq!(send(&project, &format!("2025-12-{day}T06:00:00Z")).code, 4);
        assert_eq!(send(&project, &format!("2025-12-{day}T14:00:00Z")).code, 6);
    }
    let sent = accepted(&gateway).len();
    let placed =
        project.run(&["resolve", "campaigns/c", "--timezone", "Africa/Lagos", "--reason", "she says so"]);
    assert_eq!(placed.err.matches("2 messages of 2 occurrences go out then.").count(), 1, "{placed:?}");
    assert_eq!(accepted(&gateway).len(), sent);
}

#[test]
fn who_is_held_may_be_given_up() {
    let gateway = Loopback::start();
    let project = project(&gateway, NINE);
    send(&project, "2026-12-01T06:00:00Z");
    let given = project.run(&["resolve", "campaigns/c", "--give-up", "--reason", "nobody knows her"]);
    assert_eq!(given.code, 0, "{given:?}");
    assert_eq!(send(&project, "2026-12-01T14:00:00Z").code, 0);
    assert_eq!(accepted(&gateway).len(), 3);
    assert!(project.run(&["status", "--format", "json"]).out.contains("\"expired\": 1"));
}

/// Without the times, which are those of the test.
fn changeless(text: &str) -> String {
    text.lines()
        .map(|line| match line.find("  2026-") {
            Some(at) => format!("{}  TIME{}\n", &line[..at], &line[at + 25..]),
            None => format!("{line}\n"),
        })
        .collect()
}

#[test]
fn a_window_by_their_own_clocks_for_a_time_that_is_everybodys() {
    let gateway = Loopback::start();
    let schedule = "schedule:\n  at: 2026-12-01T09:00\n  timezone: Africa/Nairobi\n  \
                    window: { from: \"08:00\", to: \"20:00\", timezone: recipient }\n";
    let project = project(&gateway, schedule);
    // It is 06:00 by UTC: 09:00 in Nairobi, 15:00 in Tokyo, and one in the night in Lima.
    assert_eq!(send(&project, "2026-12-01T06:00:00Z").code, 4);
    assert_eq!(accepted(&gateway), ["254712000001", "81312345678"]);
    let lima = send(&project, "2026-12-01T13:00:00Z");
    assert_eq!((lima.code, accepted(&gateway).len()), (6, 3), "{lima:?}");
}

#[test]
fn a_series_goes_round_the_earth_each_day() {
    let gateway = Loopback::start();
    let schedule = "schedule:\n  cron: \"0 9 * * *\"\n  timezone: recipient\n";
    let project = project(&gateway, schedule);
    let times = || gateway.accepted().values().map(|times| u64::from(*times)).sum::<u64>();
    for (now, sent) in [
        ("2026-12-01T00:00:00Z", 1),
        ("2026-12-01T06:00:00Z", 2),
        ("2026-12-01T14:00:00Z", 3),
        ("2026-12-01T23:00:00Z", 3),
        ("2026-12-02T00:00:00Z", 4),
        // Nairobi was slept through, and Tokyo's own day has come again; Lima's is still to come.
        ("2026-12-02T14:00:00Z", 6),
    ] {
        send(&project, now);
        assert_eq!(times(), sent, "{now}");
    }
}

#[test]
fn who_was_slept_through_before_a_run_began_is_told_to_be_missed() {
    let gateway = Loopback::start();
    let project = project(&gateway, "schedule:\n  cron: \"0 9 * * *\"\n  timezone: recipient\n");
    // Nine in Nairobi was half an hour ago; in Tokyo it was six hours before.
    assert_eq!(send(&project, "2026-12-01T06:30:00Z").code, 4);
    assert_eq!(accepted(&gateway), ["254712000001"]);
    let lima = send(&project, "2026-12-01T14:00:00Z");
    assert_eq!((lima.code, accepted(&gateway).len()), (6, 2), "{lima:?}");
    let report = project.run(&["report", "campaigns/c", "--format", "csv", "--show-addresses"]).out;
    let missed = report.lines().find(|line| line.contains("+81312345678")).unwrap();
    assert!(missed.contains("expired") && missed.contains("missed: its time had gone by"), "{missed}");
}

#[test]
fn what_is_not_sent_by_its_last_day_expires() {
    let gateway = Loopback::start();
    let schedule = "schedule:\n  at: 2026-12-01T09:00\n  timezone: Africa/Nairobi\n  until: 2026-12-01\n  \
                    window: { from: \"08:00\", to: \"20:00\", timezone: recipient }\n";
    let project = project(&gateway, schedule);
    assert_eq!(send(&project, "2026-12-01T06:00:00Z").code, 4);
    // The first of December is over in Nairobi at 21:00 by UTC; Lima's window has been open since 13:00.
    let over = send(&project, "2026-12-01T21:00:00Z");
    assert_eq!(over.code, 6, "{over:?}");
    assert_eq!(accepted(&gateway).len(), 2);
    let report = project.run(&["report", "campaigns/c", "--format", "csv", "--show-addresses"]).out;
    let expired = report.lines().find(|line| line.contains("+254712000002")).unwrap();
    assert!(expired.contains("expired") && expired.contains("its time is over"), "{expired}");
    let late = Project::empty();
    late.manifest(
        &gateway.url(),
        "batch_max: 1",
        "text: \"Hi {{ name }}\"",
        &schedule.replace("at: 2026-12-01", "at: 2026-12-02"),
    );
    late.recipients(3);
    let refused = late.run(&["check"]);
    assert_eq!(refused.code, 3);
    assert!(refused.err.contains("`schedule.until` lies before `schedule.at`"), "{}", refused.err);
}

#[test]
fn a_clock_that_nobody_can_know_is_refused() {
    let gateway = Loopback::start();
    let said = |column: Option<&str>, schedule: &str| {
        let project = Project::empty();
        project.manifest(&gateway.url(), "batch_max: 1", "text: \"Hi {{ name }}\"", schedule);
        column.into_iter().for_each(|column| with_column(&project, column));
        project.recipients(3);
        let said = project.run(&["check"]);
        assert_eq!(said.code, 3, "{said:?}");
        said.err
    };
    let column = said(Some("name"), "");
    assert!(column.contains("nothing goes by their clocks"), "{column}");
    let missing = said(Some("tz"), NINE);
    assert!(missing.contains("`audience.timezone`: the CSV has no column `tz`"), "{missing}");
    let night = "schedule:\n  at: 2026-12-01T03:00\n  timezone: recipient\n  window: fr\n";
    assert!(said(None, night).contains("lies outside `schedule.window`"));
}

#[test]
fn a_text_tells_the_time_by_the_clock_of_whoever_reads_it() {
    let gateway = Loopback::start();
    let text = "template: m.txt";
    let project = Project::empty();
    project.manifest(&gateway.url(), "batch_max: 1", text, "schedule: { timezone: Africa/Johannesburg }\n");
    with_column(&project, "tz");
    project.write("campaigns/c/m.txt", "{{ name }} {{ at | date(time=true) }}");
    project.write(
        "campaigns/c/r.csv",
        "phone,name,tz,at\n+254712000001,Nai,,2026-03-20T16:30:00Z\n+254712000002,Tok,Asia/Tokyo,2026-03-20T16:30:00Z\n\
         +61412345678,Aus,,2026-03-20T16:30:00Z\n+254712000003,Day,Asia/Tokyo,2026-03-20T16:30\n\
         +254712000004,Odd,Nairobi,2026-03-20T16:30:00Z\n+254712000005,Two,,03/04/2026\n",
    );
    assert_eq!(project.run(&["check"]).code, 0);
    let preview = project.run(&["preview", "campaigns/c", "--sample", "9"]);
    for read in [
        "Nai Mar 20, 2026, 7:30 PM",
        "Tok Mar 21, 2026, 1:30 AM",
        "Aus Mar 20, 2026, 6:30 PM",
        "Day Mar 20, 2026, 4:30 PM",
    ] {
        assert!(preview.out.contains(read), "{read}: {preview:?}");
    }
    let plan = project.run(&["plan", "campaigns/c", "--rejects", "rejects.csv"]).out;
    let told = plan.split("\n\n").find(|part| part.contains("the text cannot be rendered, first for line "));
    let told = told.unwrap_or_else(|| panic!("{plan}"));
    assert!(told.contains("is not a known time zone") && told.lines().all(|line| line.len() <= 80), "{told}");
    let rejects = std::fs::read_to_string(project.path("rejects.csv")).unwrap();
    assert_eq!(rejects.matches("render-failed").count(), 2, "{rejects}");
    for why in ["`Nairobi` is not a known time zone", "`03/04/2026` may be read in more than one way"] {
        assert!(rejects.contains(why), "{rejects}");
    }
    // Without any zone nobody knows what to tell in Australia.
    project.manifest(&gateway.url(), "batch_max: 1", text, "");
    let why = project.run(&["preview", "campaigns/c", "--recipient", "+61412345678"]);
    assert!(why.err.contains("nothing says in which time zone this is read"), "{why:?}");
}

#[test]
fn a_column_of_zones_is_fine_where_the_text_names_it() {
    let gateway = Loopback::start();
    let project = Project::empty();
    project.manifest(&gateway.url(), "batch_max: 1", "text: \"{{ name }} {{ recipient.timezone }}\"", "");
    with_column(&project, "name");
    project.recipients(3);
    assert_eq!(project.run(&["check"]).code, 0);
}

#[test]
fn plan_and_check_show_whose_time_comes_when() {
    let gateway = Loopback::start();
    let project = project(&gateway, "schedule:\n  cron: \"0 9 * * *\"\n  timezone: recipient\n");
    let now = ["--now", "2026-12-01T03:00:00Z"];
    let check = project.run(&["check", now[0], now[1]]);
    insta::assert_snapshot!("recipients_check", check.out);
    let plan = project.run(&["plan", "campaigns/c", now[0], now[1]]);
    insta::assert_snapshot!("recipients_plan", plan.out.replace(&gateway.url(), "URL"));
    let json = project.run(&["plan", "campaigns/c", "--format", "json", now[0], now[1]]).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["held"], 1);
    assert_eq!(json["starts_at"], "2026-12-01T00:00:00Z", "nine in Tokyo");
    let begins: Vec<_> =
        json["zones"].as_array().unwrap().iter().map(|zone| zone["begins_at"].as_str()).collect();
    assert_eq!(
        begins,
        [Some("2026-12-01T06:00:00Z"), Some("2026-12-01T14:00:00Z"), None],
        "too late for Tokyo"
    );
}

#[test]
fn whatever_the_rule_nobody_who_is_still_to_come_is_passed_over() {
    // It was 09:00 in Tokyo six hours ago; in Nairobi it is now, and in Lima it is to come.
    for (rule, code, sent) in [("skip", 4, 1), ("send", 4, 2), ("fail", 3, 0)] {
        let gateway = Loopback::start();
        let schedule = format!("schedule:\n  cron: \"0 9 * * *\"\n  timezone: recipient\n  missed: {rule}\n");
        let project = project(&gateway, &schedule);
        let said = send(&project, "2026-12-01T06:00:00Z");
        assert_eq!((said.code, accepted(&gateway).len()), (code, sent), "{rule}: {said:?}");
        let again = send(&project, "2026-12-01T06:01:00Z");
        assert!(!again.out.contains("finished already"), "{again:?}");
    }
}
