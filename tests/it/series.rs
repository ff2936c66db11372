//! Campaigns that go out again and again: each occurrence once, none that lies behind, and what was missed by rule.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::loopback::{Loopback, Reply};
use crate::project::{Project, Said};

const DAILY: &str = "schedule:\n  cron: \"0 9 * * MON-FRI\"\n  timezone: Africa/Nairobi\n";

fn project(gateway: &Loopback, schedule: &str) -> Project {
    let project = Project::empty();
    rewrite(&project, gateway, schedule);
    project.recipients(3);
    project
}

fn rewrite(project: &Project, gateway: &Loopback, schedule: &str) {
    project.manifest(&gateway.url(), "batch_max: 1", "text: \"Hi {{ name }}\"", schedule);
}

fn send(project: &Project, now: &str) -> Said {
    project.run(&["send", "campaigns/c", "--now", now])
}

fn check(project: &Project) -> Said {
    project.run(&["check", "--now", "2026-12-03T12:00:00Z"])
}

fn accepted(gateway: &Loopback) -> usize {
    gateway.accepted().values().map(|times| *times as usize).sum()
}

#[test]
fn each_occurrence_goes_out_once() {
    let gateway = Loopback::start();
    let project = project(&gateway, DAILY);
    let early = send(&project, "2026-12-01T05:59:00Z");
    assert_eq!(early.code, 0);
    assert_eq!(early.out, "Nothing is due: c goes out at 2026-12-01 09:00 EAT, in 1 min 0 s.\n");
    let first = send(&project, "2026-12-01T06:00:00Z");
    assert!(first.code == 0, "{first:?}");
    assert!(
        first.err.starts_with("Beginning `c` (2026-12-01T09:00[Africa/Nairobi]): 3 messages.\n"),
        "{first:?}"
    );
    assert_eq!(accepted(&gateway), 3);
    let again = send(&project, "2026-12-01T06:00:30Z");
    assert_eq!(
        again.out, "Nothing is due: c goes out at 2026-12-02 09:00 EAT, in 23 h 59 min.\n",
        "{again:?}"
    );
    assert_eq!(send(&project, "2026-12-02T06:17:00Z").code, 0, "a little late");
    assert_eq!(accepted(&gateway), 6);
    let runs = project.run(&["status", "--format", "json"]).out;
    for occurrence in ["2026-12-01T09:00[Africa/Nairobi]", "2026-12-02T09:00[Africa/Nairobi]"] {
        assert_eq!(runs.matches(occurrence).count(), 1, "{runs}");
    }
}

#[test]
fn a_report_tells_the_runs_of_a_series_apart() {
    let gateway = Loopback::start();
    let project = project(&gateway, DAILY);
    assert_eq!(send(&project, "2026-12-01T06:00:00Z").code, 0);
    assert_eq!(send(&project, "2026-12-02T06:00:00Z").code, 0);
    let (first, second) = ("2026-12-01T09:00[Africa/Nairobi]", "2026-12-02T09:00[Africa/Nairobi]");
    let rows = |more: &[&str]| {
        let csv = project.run(&[&["report", "c", "--format", "csv"], more].concat());
        assert_eq!(csv.code, 0, "{csv:?}");
        let of = |run: &str| csv.out.lines().filter(|row| row.ends_with(&format!(",{run}"))).count();
        (of("occurrence"), of(first), of(second), csv.out.lines().count())
    };
    assert_eq!(rows(&[]), (1, 3, 3, 7));
    assert_eq!(rows(&["--occurrence", second]), (1, 0, 3, 4));
    let human = project.run(&["report", "c", "--occurrence", first]).out;
    assert!(human.contains(first) && !human.contains(second), "{human}");
    let wrong = project.run(&["report", "c", "--occurrence", "2026-12-03T09:00[Africa/Nairobi]"]);
    assert_eq!(wrong.code, 3, "{wrong:?}");
    assert!(wrong.err.contains("`c` has no run `2026-12-03T09:00[Africa/Nairobi]`"), "{}", wrong.err);
}

#[test]
fn fault_67_a_clock_that_is_set_back_begins_nothing_that_lies_behind() {
    let gateway = Loopback::start();
    let project = project(&gateway, "schedule:\n  cron: \"*/15 * * * *\"\n  timezone: Europe/Berlin\n");
    // On 25 October 2026 the hour from 02:00 comes twice, first until 01:00 UTC.
    assert_eq!(send(&project, "2026-10-25T00:45:00Z").code, 0);
    assert_eq!(accepted(&gateway), 3);
    // 02:00, 02:15 and 02:30 were not begun; they lie behind 02:45, and so does the hour that comes again.
    for now in
        ["2026-10-25T00:31:00Z", "2026-10-24T20:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:46:00Z"]
    {
        let nothing = send(&project, now);
        assert!(nothing.out.contains("c goes out at 2026-10-25 03:00 CET"), "{now}: {nothing:?}");
    }
    assert_eq!(send(&project, "2026-10-25T02:00:00Z").code, 0);
    assert_eq!(accepted(&gateway), 6);
}

#[test]
fn fault_68_what_was_missed_is_left_out_or_sent_late_or_left_to_a_person() {
    let gateway = Loopback::start();
    let project = project(&gateway, DAILY);
    assert_eq!(send(&project, "2026-12-01T06:00:00Z").code, 0);
    let skipped = send(&project, "2026-12-04T12:00:00Z");
    assert_eq!(skipped.code, 0);
    let words = "c was to go out at 2026-12-04 09:00 EAT, 6 h 0 min ago: missed, and left out (`schedule.missed: skip`).";
    assert!(skipped.err.contains(words), "{}", skipped.err);
    assert_eq!(skipped.out, "Nothing is due: c goes out at 2026-12-07 09:00 EAT, in 2 d 18 h.\n");
    rewrite(&project, &gateway, &format!("{DAILY}  missed: fail\n  late_after: 5h\n"));
    let failed = send(&project, "2026-12-04T12:00:00Z");
    assert_eq!(failed.code, 3, "{failed:?}");
    assert!(
        failed.err.contains("too late to send it by itself. Say `schedule.missed: send`"),
        "{}",
        failed.err
    );
    assert_eq!(accepted(&gateway), 3);
    rewrite(&project, &gateway, &format!("{DAILY}  missed: fail\n  late_after: 6h\n"));
    assert_eq!(send(&project, "2026-12-04T12:00:00Z").code, 0, "merely late");
    assert_eq!(accepted(&gateway), 6);
    rewrite(&project, &gateway, &format!("{DAILY}  missed: send\n"));
    assert_eq!(send(&project, "2026-12-20T12:00:00Z").code, 0);
    assert_eq!(accepted(&gateway), 9, "the latest of many, once");
    let runs = project.run(&["status", "--format", "json"]).out;
    assert!(runs.contains("2026-12-18T09:00[Africa/Nairobi]"), "{runs}");
}

#[test]
fn a_run_of_yesterday_is_taken_up_before_todays_begins() {
    let forbidden = || Reply::Json(403, serde_json::json!({"error": "not today"}));
    let shut = Arc::new(AtomicBool::new(true));
    let is_shut = Arc::clone(&shut);
    let gateway =
        Loopback::with(move |request| (request.send > 0 && is_shut.load(Ordering::Relaxed)).then(forbidden));
    let project = project(&gateway, DAILY);
    let stopped = send(&project, "2026-12-01T06:00:00Z");
    assert_eq!(stopped.code, 8, "{stopped:?}");
    shut.store(false, Ordering::Relaxed);
    let occurrence = |day: &str| format!("2026-12-{day}T09:00[Africa/Nairobi]");
    for (day, other, people) in [("01", "02", 3), ("02", "03", 6)] {
        assert_eq!(send(&project, "2026-12-02T06:00:00Z").code, 0);
        let runs = project.run(&["status", "--format", "json"]).out;
        assert!(runs.contains(&occurrence(day)) && !runs.contains(&occurrence(other)), "{runs}");
        assert_eq!(accepted(&gateway), people);
    }
}

#[test]
fn a_series_ends_and_says_so() {
    let gateway = Loopback::start();
    let project = project(&gateway, &format!("{DAILY}  until: 2026-12-04\n  except: [2026-12-03]\n"));
    let next = send(&project, "2026-12-02T12:00:00Z");
    assert!(next.out.contains("c goes out at 2026-12-04 09:00 EAT"), "{next:?}");
    let over = send(&project, "2026-12-04T12:00:00Z");
    assert_eq!(over.out, "Nothing is due: c does not go out any more, the series is over.\n");
    let plan = project.run(&["plan", "campaigns/c", "--now", "2026-12-04T12:00:00Z"]);
    assert!(plan.out.contains("starts     never again: the series is over"), "{}", plan.out);
    for (now, why) in [
        ("2026-12-04T12:00:00Z", "does not come again before its end, 2026-12-04"),
        ("2026-12-04T21:00:00Z", "is over since the end of 2026-12-04"),
    ] {
        let checked = project.run(&["check", "--now", now]);
        let words = format!("c does not go out any more: `0 9 * * MON-FRI` (Africa/Nairobi) {why}\n");
        assert!(checked.code == 0 && checked.out.contains(&words), "{checked:?}");
    }
}

#[test]
fn check_and_plan_show_when_it_goes_out() {
    let gateway = Loopback::start();
    let project = project(&gateway, &format!("{DAILY}  except: [2026-12-08]\n"));
    insta::assert_snapshot!("series_check", check(&project).out);
    let plan = project.run(&["plan", "campaigns/c", "--now", "2026-12-03T12:00:00Z"]);
    let from = plan.out.find("starts").unwrap();
    insta::assert_snapshot!("series_plan", &plan.out[from..plan.out.find("\nNext:").unwrap()]);
    let json = project.run(&["plan", "campaigns/c", "--now", "2026-12-03T12:00:00Z", "--format", "json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["starts_at"], "2026-12-04T06:00:00Z");
    assert_eq!(json["occurrences"][2], "2026-12-09T06:00:00Z");
    assert_eq!(json["occurrences"].as_array().unwrap().len(), 5);
}

#[test]
fn a_line_that_never_fires_and_what_contradicts_itself_is_refused_with_its_place() {
    let gateway = Loopback::start();
    let project = project(&gateway, "");
    let mut all = String::new();
    for schedule in [
        "cron: \"0 8 31 2 *\"",
        "cron: \"0 25 * * *\"",
        "cron: \"@sometimes\"",
        "cron: \"0 9 * * *\"\n  at: 2026-12-01T09:00",
        "at: 2026-12-01T09:00\n  until: 2026-11-01",
        "cron: \"0 9 * * *\"\n  until: 2026-02-30",
        "cron: \"0 9 * * *\"\n  except: [2026-12-25, christmas]",
        "cron: \"*/5 21-23 * * *\"\n  window: { from: \"08:00\", to: \"20:00\" }",
        "cron: \"0 9 * * *\"\n  timezone: Africa/Nairobbi",
        "cron: \"0 9 * * *\"\n  missed: later",
        "late_after: 2h",
        "window: us-tcap\n  timezone: America/New_York",
        "window: fr",
        "window: { from: \"08:00\", to: \"20:00\", days: [mon, tus] }",
        "window: { from: \"08:00\", to: \"20:00\", days: [] }",
        "at: 2026-12-06T09:00\n  window: { from: \"08:00\", to: \"20:00\", days: [mon, sat] }",
    ] {
        rewrite(&project, &gateway, &format!("schedule:\n  {schedule}\n"));
        let refused = check(&project);
        assert_eq!(refused.code, 3, "{schedule}: {refused:?}");
        all.push_str(&refused.err);
        all.push('\n');
    }
    insta::assert_snapshot!("series_refused", all);
    // It fires in the window now and then, each minute of the day.
    rewrite(
        &project,
        &gateway,
        "schedule:\n  cron: \"* * * * *\"\n  window: { from: \"08:00\", to: \"20:00\" }\n",
    );
    assert_eq!(check(&project).code, 0);
}

#[test]
fn a_window_keeps_to_its_days_and_to_hours_that_are_known_by_name() {
    let gateway = Loopback::start();
    let project = project(
        &gateway,
        "schedule:\n  cron: \"30 9,11 * * *\"\n  timezone: Europe/Paris\n  window: fr\n  late_after: 30h\n",
    );
    insta::assert_snapshot!("series_preset", check(&project).out);
    // A Sunday, and a Monday before ten.
    for now in ["2026-12-06T08:31:00Z", "2026-12-06T12:00:00Z", "2026-12-07T08:30:00Z"] {
        let shut = send(&project, now);
        assert!(shut.code == 0 && shut.out.contains("opens at 2026-12-07 10:00 CET"), "{now}: {shut:?}");
    }
    assert_eq!(gateway.requests().len(), 0);
}

#[test]
fn holidays_come_from_a_file_of_the_repository() {
    let gateway = Loopback::start();
    let project =
        project(&gateway, &format!("{DAILY}  except: [2026-12-04]\n  holidays: ../../lists/days.ics\n"));
    let missing = check(&project);
    assert!(missing.code == 3 && missing.err.contains("days.ics"), "{missing:?}");
    let event = |day: &str| {
        format!(
            "BEGIN:VEVENT\r\nUID:{day}\r\nDTSTART;VALUE=DATE:{day}\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\n"
        )
    };
    let days = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}{}END:VCALENDAR\r\n",
        event("20201207"),
        event("20201208")
    );
    project.write("lists/days.ics", &days);
    let checked = check(&project);
    assert!(checked.out.contains("(Africa/Nairobi):\n  2026-12-09 09:00 EAT"), "{checked:?}");
    project.write("lists/days.ics", "2026-12-07 Rest\n\n2026-13-01 Nothing\n");
    insta::assert_snapshot!("series_holidays", check(&project).err);
    // Whoever writes the day first is told what to write, in the list and in the manifest.
    project.write("lists/days.ics", "26.12.2026 Rest\n");
    let told = check(&project).err;
    assert!(told.contains("help: write year, month and day: `2026-12-26`"), "{told}");
    let file = "campaigns/c/campaign.yaml";
    let manifest = std::fs::read_to_string(project.path(file)).unwrap();
    project.write("lists/days.ics", "2026-12-26 Rest\n");
    project.write(file, &manifest.replace("2026-12-04", "04.12.2026"));
    let told = check(&project).err;
    assert!(told.contains("help: write year, month and day: `2026-12-04`"), "{told}");
}

/// Between two dates nothing of a series is under way: a word about it is about those to come.
#[test]
fn a_series_is_paused_between_two_dates_by_its_name_as_well() {
    for named in ["c", "campaigns/c"] {
        let gateway = Loopback::start();
        let project = project(&gateway, DAILY);
        // Before its first date too.
        let paused = project.run(&["pause", named]);
        assert!(paused.code == 0 && paused.out.contains("c is paused"), "{paused:?}");
        assert_eq!(send(&project, "2026-12-01T06:00:00Z").code, 4);
        assert_eq!(project.run(&["resume", named]).code, 0);
        assert_eq!(send(&project, "2026-12-01T06:00:00Z").code, 0);
        assert_eq!(accepted(&gateway), 3);
        let paused = project.run(&["pause", named]);
        assert!(paused.code == 0 && paused.out.contains("c is paused"), "{paused:?}");
        let held = send(&project, "2026-12-02T06:00:00Z");
        assert!(held.code == 4 && held.err.contains("c is paused by "), "{held:?}");
        assert_eq!(accepted(&gateway), 3);
    }
}

#[test]
fn whoever_cancels_a_series_is_told_that_its_later_dates_go_out() {
    for named in ["c", "campaigns/c"] {
        let gateway = Loopback::start();
        let project = project(&gateway, DAILY);
        let early = project.run(&["cancel", named, "--state", "s.db"]);
        assert_eq!(early.code, 7, "{early:?}");
        assert_eq!(project.run(&["pause", named]).code, 0);
        assert_eq!(project.run(&["resume", named]).code, 0);
        let early = project.run(&["cancel", named]);
        assert_eq!(early.code, 3, "{early:?}");
        let told = format!("nothing of it has begun. `sendplan pause {named}` keeps it from beginning");
        assert!(early.err.contains(&told), "{early:?}");
        for day in ["2026-12-01", "2026-12-02"] {
            assert_eq!(send(&project, &format!("{day}T06:00:00Z")).code, 0);
        }
        let cancelled = project.run(&["cancel", named]);
        assert_eq!(cancelled.code, 0, "{cancelled:?}");
        let nothing =
            "Nothing of c was under way: 2026-12-02T09:00[Africa/Nairobi] was through, with 3 accepted.\n";
        assert_eq!(cancelled.out, nothing);
        let told = format!(
            "warning: c is a series, and its next date, 2026-12-03 09:00 EAT, goes out all the same. `sendplan pause \
             {named}` holds it; `schedule.until` in its manifest ends it."
        );
        assert!(cancelled.err.contains(&told), "{}", cancelled.err);
    }
}

/// What holds a campaign is a word about its name, wherever its manifest lies.
#[test]
fn a_series_whose_manifest_lies_elsewhere_is_paused_by_its_name() {
    let gateway = Loopback::start();
    let project = project(&gateway, DAILY);
    std::fs::rename(project.path("campaigns"), project.path("letters")).unwrap();
    let send = |now: &str| project.run(&["send", "letters/c", "--now", now]);
    assert_eq!(send("2026-12-01T06:00:00Z").code, 0);
    assert_eq!(project.run(&["cancel", "c"]).code, 0);
    let paused = project.run(&["pause", "c"]);
    assert!(paused.code == 0 && paused.out.contains("c is paused"), "{paused:?}");
    let held = send("2026-12-02T06:00:00Z");
    assert!(held.code == 4 && held.err.contains("c is paused by "), "{held:?}");
    assert_eq!(accepted(&gateway), 3);
    let slip = project.run(&["pause", "d"]);
    assert!(slip.code == 3 && slip.err.contains("there is no run of `d`"), "{slip:?}");
    assert_eq!(project.run(&["resume", "c"]).code, 0);
    let warned = project.run(&["cancel", "c"]);
    let told = "warning: no manifest here tells whether c is a series, and a later date goes out all the same. \
                `sendplan pause c` holds it; `schedule.until` in its manifest ends it.";
    assert!(warned.err.contains(told), "{}", warned.err);
}

#[test]
fn a_paused_series_stays_paused_when_what_has_begun_of_it_is_cancelled() {
    let gateway = Loopback::start();
    let project = project(&gateway, DAILY);
    assert_eq!(send(&project, "2026-12-01T06:00:00Z").code, 0);
    assert_eq!(project.run(&["pause", "c"]).code, 0);
    for _ in 0..2 {
        let cancelled = project.run(&["cancel", "c"]);
        assert_eq!(cancelled.code, 0, "{cancelled:?}");
        assert!(
            cancelled.err.contains("It stays paused: its next date, ")
                && cancelled.err.contains(" waits until `sendplan resume c`."),
            "{}",
            cancelled.err
        );
    }
    let held = send(&project, "2026-12-02T06:00:00Z");
    assert!(held.code == 4 && held.err.contains("c is paused by "), "{held:?}");
    assert_eq!(project.run(&["resume", "c"]).code, 0);
    assert_eq!(send(&project, "2026-12-02T06:00:00Z").code, 0);
    assert_eq!(accepted(&gateway), 6);
}

#[test]
fn of_what_went_out_once_and_lies_nowhere_there_is_nothing_to_pause() {
    let gateway = Loopback::start();
    let project = project(&gateway, "");
    assert_eq!(project.send().code, 0);
    std::fs::rename(project.path("campaigns"), project.path("letters")).unwrap();
    let over = project.run(&["pause", "c"]);
    assert!(over.code == 3 && over.err.contains("c is finished"), "{over:?}");
    assert!(!project.run(&["status"]).out.contains("paused"));
}
