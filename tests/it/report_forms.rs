//! `report --format junit` and `--html`: the same counts for CI systems and for people who look at a page.

use serde_json::json;

use crate::desk::{Act, Desk, number, timeless};
use crate::loopback::Loopback;
use crate::project::{Project, signal};

/// What somebody could write who wants to be markup.
pub const EVIL: &str = "</title><script>alert(1)</script>";

const VARIANTS: &str = r#"message:
  variants:
    - { name: short, weight: 1, locales: { en: { text: "Hi {{ name }}" }, sw: { text: "Habari {{ name }}" }, default: en } }
    - { name: long, weight: 1, locales: { en: { text: "Dear {{ name }}" }, sw: { text: "Mpendwa {{ name }}" }, default: en } }
"#;

/// A run of sixty with everything in it: accepted, delivered, failed, rejected and unknown messages, variants, languages
/// and a decision. Somebody's id and a reason of the gateway's want to be markup.
pub fn everything() -> (Desk, Project) {
    let desk = Desk::with(|asked, _| match () {
        () if asked.sends_to(&number(3)) => Some(Act::Json(
            422,
            json!({"error": format!("no such number: 254700000003 {EVIL}\u{1}\u{ffff}")}),
        )),
        () if (30..36).any(|one| asked.sends_to(&number(one))) => {
            Some(Act::Json(422, json!({"error": "the number is barred"})))
        }
        () if (10..14).any(|one| asked.sends_to(&number(one))) => Some(Act::DoAndClose),
        () => None,
    });
    let project = desk.project(0);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    let manifest = manifest.replace("id: id", "id: id, locale: lang");
    let text = "message: { text: \"Hi {{ name }}\" }\n";
    assert!(manifest.contains(text));
    project.write("campaigns/c/campaign.yaml", &manifest.replace(text, VARIANTS));
    let mut csv = "id,phone,name,lang\n".to_owned();
    for at in 0..60 {
        let id = if at == 11 { EVIL.to_owned() } else { format!("P-{at}") };
        csv.push_str(&format!("{id},0700{at:06},Name{at},{}\n", ["en", "sw"][at % 2]));
    }
    project.write("campaigns/c/r.csv", &csv);
    let sent = project.send();
    assert_eq!(sent.code, 6, "{sent:?}");
    desk.book(|book| {
        book.records.iter_mut().take(30).for_each(|one| one.state = "delivered");
        book.records.iter_mut().skip(40).take(5).for_each(|one| one.state = "failed");
    });
    let reason = format!("0700000010 rang {EVIL}");
    let decided = project.run(&["resolve", "c", "--assume-sent", "--recipient", "P-10", "--reason", &reason]);
    assert_eq!(decided.code, 6, "{decided:?}");
    assert_eq!(project.run(&["report", "c", "--refresh"]).code, 0);
    (desk, project)
}

/// The page of a campaign.
pub fn page(project: &Project, more: &[&str]) -> String {
    let file = project.path("report.html");
    let arguments = [&["report", "c", "--html", "report.html"], more].concat();
    let told = project.run(&arguments);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.err.contains("the page is in report.html"), "{told:?}");
    std::fs::read_to_string(file).unwrap()
}

fn valid_junit(xml: &str) {
    let schema = uppsala::parse(include_str!("formats/junit-10.xsd")).unwrap();
    let validator = uppsala::XsdValidator::from_schema(&schema).unwrap();
    let document = uppsala::parse(xml).unwrap_or_else(|error| panic!("{error:?}\n{xml}"));
    let wrong = validator.validate(&document);
    assert!(wrong.is_empty(), "{wrong:?}\n{xml}");
}

#[test]
fn the_validator_sees_what_is_wrong() {
    let schema = uppsala::parse(include_str!("formats/junit-10.xsd")).unwrap();
    let validator = uppsala::XsdValidator::from_schema(&schema).unwrap();
    for wrong in ["<testsuites><x/></testsuites>", "<testsuites><testsuite name=\"a\"/></testsuites>"] {
        assert!(!validator.validate(&uppsala::parse(wrong).unwrap()).is_empty(), "{wrong}");
    }
}

/// Without the numbers of a process and of a machine.
fn golden(text: &str) -> String {
    let who = regex::Regex::new(r"[a-z_-]+@[A-Za-z0-9.-]+").unwrap();
    let times = regex::Regex::new(r#"(timestamp|time)="[^"]*""#).unwrap();
    times.replace_all(&who.replace_all(&timeless(text), "[who]"), "$1=\"[time]\"").into_owned()
}

#[test]
fn junit_fails_where_send_would_and_is_valid_by_the_schema_of_others() {
    let (_desk, project) = everything();
    let told = project.run(&["report", "c", "--format", "junit"]);
    assert_eq!(told.code, 0, "{told:?}");
    valid_junit(&told.out);
    insta::assert_snapshot!("report_junit", golden(&told.out));
    assert!(!told.out.contains("254700000"), "{}", told.out);
    let shown = project.run(&["report", "c", "--format", "junit", "--show-addresses"]).out;
    valid_junit(&shown);
    assert!(shown.contains("P-30  +254700000030  "), "{shown}");
}

#[test]
fn junit_of_a_campaign_that_is_well_fails_nowhere() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 3);
    assert_eq!(project.send().code, 0);
    let told = project.run(&["report", "c", "--format", "junit"]).out;
    valid_junit(&told);
    assert!(told.contains("tests=\"6\" failures=\"0\" errors=\"0\" skipped=\"1\""), "{told}");
    assert!(!told.contains("<failure"), "{told}");
}

#[test]
fn the_page_tells_all_of_it_and_nothing_of_a_value_is_markup() {
    let (_desk, project) = everything();
    let page = page(&project, &[]);
    let shown = regex::Regex::new(r"(?s)<style>.*?</style>").unwrap().replace(&page, "");
    let shown = regex::Regex::new("sha256-[^&]*").unwrap().replace(&shown, "sha256-[digest]");
    let hours = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d\b").unwrap();
    insta::assert_snapshot!("report_page", hours.replace_all(&golden(&shown), "[hour]"));
    assert!(!page.contains("<script") && !page.contains(['\u{1}', '\u{ffff}']), "{page}");
    assert!(page.matches("&lt;script&gt;alert(1)&lt;/script&gt;").count() >= 2, "{page}");
    assert!(!page.contains("700000010") && !page.contains("+254700"), "{page}");
    assert!(self::page(&project, &["--show-addresses"]).contains("+254700000011"));
}

#[test]
fn the_same_state_is_the_same_page_and_a_page_takes_the_place_of_pages_only() {
    let (_desk, project) = everything();
    let first = page(&project, &[]);
    assert_eq!(first, page(&project, &["--format", "json"]));
    assert_eq!(first, page(&project, &["--format", "csv"]));
    let refused = project.run(&["report", "c", "--html", "campaigns/c/campaign.yaml"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.out.is_empty() && refused.err.contains("no page of sendplan's"), "{refused:?}");
}

#[test]
fn a_pruned_run_keeps_its_counts_on_the_page_and_in_junit() {
    let (_desk, project) = everything();
    assert_eq!(project.run(&["resolve", "c", "--assume-sent"]).code, 0);
    let before = page(&project, &[]);
    let pruned = project.run(&["state", "prune", "--older-than", "1ms"]);
    assert_eq!(pruned.code, 0, "{pruned:?}");
    let after = page(&project, &[]);
    for both in [">60<", ">7 rejected messages<", ">5 failed messages<", "By variant", "By language"] {
        assert!(before.contains(both) && after.contains(both), "{both} in {after}");
    }
    assert!(after.contains("its messages were pruned") && after.contains("not known any more"), "{after}");
    assert!(!after.contains("Over time") && !after.contains("the number is barred"), "{after}");
    let junit = project.run(&["report", "c", "--format", "junit"]).out;
    valid_junit(&junit);
    assert!(junit.contains("message=\"7 messages refused by the gateway\""), "{junit}");
}

/// Four days of a series.
pub fn daily() -> (Loopback, Project) {
    let gateway = Loopback::start();
    let project = Project::empty();
    let daily = "schedule:\n  cron: \"0 9 * * *\"\n  timezone: Africa/Nairobi\n";
    project.manifest(&gateway.url(), "batch_max: 1", "text: \"Hi {{ name }}\"", daily);
    project.recipients(3);
    for day in 1..=4 {
        let now = format!("2026-12-0{day}T06:00:00Z");
        assert_eq!(project.run(&["send", "campaigns/c", "--now", &now]).code, 0);
    }
    (gateway, project)
}

#[test]
fn a_series_shows_its_runs_newest_first() {
    let (_gateway, project) = daily();
    let page = page(&project, &[]).replace("<wbr/>", "");
    let at = |what: &str| page.find(what).unwrap_or_else(|| panic!("{what} in {page}"));
    assert!(at("4 runs from ") < at("2026-12-04T09:00[Africa/Nairobi]"));
    assert!(at("2026-12-04T09:00[Africa/Nairobi]") < at("2026-12-01T09:00[Africa/Nairobi]"));
    assert!(page.contains(">12<"), "{page}");
    assert!(page.contains("All times are by the clock of Africa/Nairobi."), "{page}");
    assert!(page.contains("finished 2026-12-04 09:00 EAT") && !page.contains(" UTC"), "{page}");
    let junit = project.run(&["report", "c", "--format", "junit"]).out;
    valid_junit(&junit);
    assert_eq!(junit.matches("<testsuite ").count(), 4);
}

#[test]
fn a_page_is_made_while_something_is_sent() {
    let gateway = Loopback::with(|request| (request.send == 4).then_some(crate::loopback::Reply::Wait));
    let project = Project::personalised(&gateway.url(), 8);
    let child = project.start();
    gateway.until_waiting(1);
    let page = page(&project, &[]);
    assert!(page.contains("Right now: ") && page.contains("not sent yet."), "{page}");
    let junit = project.run(&["report", "c", "--format", "junit"]).out;
    assert!(junit.contains("not sent yet\"/>"), "{junit}");
    gateway.release();
    signal(child.id(), "TERM");
    drop(child.wait_with_output());
}
