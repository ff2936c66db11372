//! A rate that is too slow for a window, or for the next time of a series, is told when it is planned.

use serde_json::Value;

use crate::loopback::Loopback;
use crate::project::Project;

const NOW: &str = "2026-11-27T12:00:00Z";

fn project(people: u32, more: &str) -> Project {
    let project = Project::empty();
    project.manifest("http://127.0.0.1:1", "batch_max: 1", "text: \"Hi {{ name }}\"", more);
    project.recipients(people);
    project
}

fn json(project: &Project) -> Value {
    let said = project.run(&["plan", "campaigns/c", "--now", NOW, "--format", "json"]);
    serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"))
}

fn schedule(rate: &str, schedule: &str) -> String {
    format!("  rate: {rate}\nschedule:\n  timezone: Africa/Nairobi\n  {schedule}\n")
}

#[test]
fn one_time_over_several_openings_is_a_warning_and_ends_when_the_window_lets_it() {
    let window = "window: { from: \"08:00\", to: \"20:00\" }";
    let evening = project(400, &schedule("200/h", &format!("at: 2026-12-01T19:15\n  {window}")));
    let plan = json(&evening);
    // 399 intervals of 18 s: 1 h 59 min 42 s, 44 min of them in the evening.
    assert_eq!(
        (&plan["starts_at"], &plan["ends_at"]),
        (&"2026-12-01T16:15:00Z".into(), &"2026-12-02T06:15:42Z".into())
    );
    assert_eq!(
        plan["warnings"],
        serde_json::json!([
            "at 200/h 400 messages need 1 h 59 min, the window leaves 44 min 0 s: the rest goes out on 2026-12-02 from 08:00"
        ])
    );
    let people = evening.run(&["plan", "campaigns/c", "--now", NOW]);
    assert_eq!(people.code, 0, "{people:?}");
    let from = people.out.find("starts").unwrap();
    insta::assert_snapshot!("timing_plan", &people.out[from..people.out.find("\nNext:").unwrap()]);
    let slow = project(400, &schedule("10/h", &format!("at: 2026-12-01T19:15\n  {window}")));
    let told = json(&slow)["warnings"][0].as_str().unwrap().to_owned();
    assert!(
        told.ends_with(
            ": the rest goes out from 2026-12-02 08:00 EAT on, until 2026-12-05 11:13 EAT, in 4 openings"
        ),
        "{told}"
    );
    let fits = project(400, &schedule("600/h", &format!("at: 2026-12-01T19:15\n  {window}")));
    assert_eq!(json(&fits)["warnings"], serde_json::json!([]));
    // It names no time: a whole opening counts, whenever the plan is made.
    let whenever = project(400, &schedule("20/h", window));
    let plan = json(&whenever);
    assert_eq!(
        plan["warnings"][0],
        "at 20/h 400 messages need 19 h 57 min, the window is open for 11 h 59 min at a time: it goes out in 2 openings or more"
    );
    assert_eq!(plan["ends_at"], Value::Null);
}

#[test]
fn a_gateways_own_limit_counts_as_well() {
    let project = project(400, &schedule("200/h", "at: 2026-12-01T09:00"));
    let path = "campaigns/c/campaign.yaml";
    let manifest = std::fs::read_to_string(project.path(path)).unwrap();
    project.write(path, &manifest.replace("batch_max: 1 }", "batch_max: 1, limits: { messages: 100/h } }"));
    let plan = project.run(&["plan", "campaigns/c", "--now", NOW]).out;
    assert!(plan.contains("takes      3 h 59 min at 100/h"), "{plan}");
    assert_eq!(json(&project)["ends_at"], "2026-12-01T09:59:24Z");
}

#[test]
fn a_series_that_is_not_through_before_its_next_time_is_refused() {
    let daily = project(400, &schedule("12/h", "cron: \"0 9 * * *\""));
    let plan = daily.run(&["plan", "campaigns/c", "--now", NOW]);
    assert_eq!(plan.code, 3, "{plan:?}");
    insta::assert_snapshot!("timing_refused", plan.err);
    // What the plan refuses is not sent either; but it can be rehearsed.
    let sent = daily.run(&["send", "campaigns/c", "--now", "2026-12-01T06:00:00Z"]);
    assert_ne!(sent.code, 0, "{sent:?}");
    assert_eq!(daily.run(&["rehearse", "campaigns/c", "--now", NOW]).code, 0);
    // A window may be what makes it so.
    let shut =
        project(400, &schedule("20/h", "cron: \"0 9 * * *\"\n  window: { from: \"09:00\", to: \"17:00\" }"));
    assert_eq!(shut.run(&["plan", "campaigns/c", "--now", NOW]).code, 3);
    let fits = project(400, &schedule("20/h", "cron: \"0 9 * * *\""));
    assert_eq!(fits.run(&["plan", "campaigns/c", "--now", NOW]).code, 0);
}

#[test]
fn nothing_is_begun_that_cannot_be_through_in_time() {
    let gateway = Loopback::start();
    let project = project(400, "");
    project.manifest(&gateway.url(), "batch_max: 1", "text: Hi", &schedule("12/h", "cron: \"0 9 * * *\""));
    let sent = project.run(&["send", "campaigns/c", "--now", "2026-12-01T06:00:00Z"]);
    assert_eq!(sent.code, 3, "{sent:?}");
    assert!(
        sent.err.contains("the plan is refused, nothing was sent: at 12/h 400 messages need 1 d 9 h"),
        "{sent:?}"
    );
    assert!(gateway.accepted().is_empty());
}

#[test]
fn a_series_that_fits_over_the_weekend_only_is_worth_a_look() {
    // From Friday to Monday it fits, from Monday to Tuesday it does not.
    let project = project(400, &schedule("12/h", "cron: \"0 18 * * MON-FRI\""));
    let plan = json(&project);
    assert_eq!(plan["starts_at"], "2026-11-27T15:00:00Z");
    assert_eq!(
        plan["warnings"][0],
        "at 12/h 400 messages need 1 d 9 h: what begins 2026-11-30 18:00 EAT is through 2026-12-02 03:15 EAT, and the \
         next time is 2026-12-01 18:00 EAT"
    );
}
