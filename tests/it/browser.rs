//! The pages in a browser, as people open them: wide and narrow, by day and by night, by keyboard, with axe's eyes.
//! `tests/browser/install` fetches what that needs; where it is not there these tests say so and pass, unless
//! `SENDPLAN_BROWSER=required` is set.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::preview::EVIL;
use crate::project::{Project, Said, root, said};
use crate::{preview, rehearse, report_forms};

/// Whether there is a browser, and what drives it.
#[allow(clippy::print_stderr)] // A test that was skipped says so to whoever looks.
fn is_there() -> bool {
    let folder = root().join("tests/browser");
    let find = "import('./browser.mjs').then(({ program }) => process.exit(program() ? 0 : 1), () => process.exit(1))";
    let found = Command::new("node").args(["-e", find]).current_dir(&folder).output();
    let is_there = found.is_ok_and(|found| found.status.success());
    let required = std::env::var("SENDPLAN_BROWSER").is_ok_and(|word| word == "required");
    assert!(is_there || !required, "no browser, or nothing that drives it: run tests/browser/install");
    if !is_there {
        eprintln!("skipped: no browser, or nothing that drives it; tests/browser/install fetches both");
    }
    is_there
}

/// Opens a page and holds it against what every page must be; `more` is what must be true of this one.
#[track_caller]
fn hold(project: &Project, file: &str, more: Value) {
    let said = look(project, file, more);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    // Four views, and nothing that was left out.
    assert_eq!(said.out.matches("looked at").count(), 4);
}

/// What is said of a page.
fn look(project: &Project, file: &str, more: Value) -> Said {
    let mut job = json!({ "file": project.path(file) });
    let more = more.as_object().unwrap().clone();
    job.as_object_mut().unwrap().extend(more);
    let path = project.path("job.json");
    std::fs::write(&path, json!([job]).to_string()).unwrap();
    said(
        Command::new("node")
            .arg(root().join("tests/browser/check.mjs"))
            .arg(Path::new(&path))
            .output()
            .unwrap(),
    )
}

#[test]
fn what_is_wrong_with_a_page_is_found() {
    if !is_there() {
        return;
    }
    let project = preview::project(10);
    let made = project.run(&["preview", "campaigns/c", "--html", "good.html"]);
    assert_eq!(made.code, 0, "{made:?}");
    let page = std::fs::read_to_string(project.path("good.html")).unwrap();
    let (from, rest) = page.split_once("<meta http-equiv=\"Content-Security-Policy\"").unwrap();
    let wrong =
        [("<label for=\"query\">", "<label>"), ("<h1>", "<h1 tabindex=\"2\"><img alt=\"\" src=\"a.png\">")]
            .into_iter()
            .chain([
                ("svg { display: block; width: 100%", "svg { width: 3000px"),
                ("'use strict';", "alert(1);"),
            ])
            .fold(rest.split_once("/>").unwrap().1.to_owned(), |page, (from, to)| page.replacen(from, to, 1));
    project.write("bad.html", &format!("{from}{wrong}"));
    let said = look(&project, "bad.html", json!({ "texts": ["not in it"] }));
    assert_eq!(said.code, 1, "{said:?}");
    for what in [
        "bad.html 1280 light: does not read not in it",
        "bad.html 390 dark: opens a dialog: 1",
        "bad.html 390 light: asks for file:",
        "bad.html 1280 dark: says error:",
        "px wider than its window",
        "axe critical label",
        "bad.html 390 light: Tab 1 leads to",
        "bad.html: what is put into it runs",
    ] {
        assert!(said.err.contains(what), "{what}: {}", said.err);
    }
}

#[test]
fn a_preview_in_a_browser() {
    if !is_there() {
        return;
    }
    let project = preview::project(120);
    let made = project.run(&["preview", "campaigns/c", "--html", "preview.html"]);
    assert_eq!(made.code, 0, "{made:?}");
    let more = json!({
        "texts": ["Preview of spring-sale", EVIL[0], "is read by nobody", "By where people are"],
        "filters": true,
        "search": [
            { "type": "C-10000", "finds": "C-10000" },
            { "type": "c-10001", "finds": "C-10001" },
            { "type": "+254710000042", "finds": "C-10042" },
            { "type": "0710 000 042", "finds": "C-10042" },
            { "type": "+2547•••••042", "finds": "C-10042" },
            { "type": "alert(1)", "finds": "C-10000" },
            { "type": "nobody at all", "none": true },
        ],
    });
    hold(&project, "preview.html", more);
}

#[test]
fn a_preview_of_ten_thousand_people_in_a_browser() {
    if !is_there() {
        return;
    }
    let project = preview::project(10_000);
    let made = project.run(&["preview", "campaigns/c", "--html", "many.html"]);
    assert_eq!(made.code, 0, "{made:?}");
    let size = std::fs::metadata(project.path("many.html")).unwrap().len();
    assert!((500_000..5_000_000).contains(&size), "{size} bytes");
    let more = json!({
        "texts": ["Preview of spring-sale", EVIL[0]],
        "search": [
            { "type": "C-19999", "finds": "C-19999" },
            { "type": "c-12345", "finds": "C-12345" },
            { "type": "nobody at all", "none": true },
        ],
    });
    hold(&project, "many.html", more);
}

#[test]
fn a_preview_of_one_recipient_in_a_browser() {
    if !is_there() {
        return;
    }
    let project = preview::project(20);
    let made = project.run(&["preview", "campaigns/c", "--recipient", "C-10000", "--html", "one.html"]);
    assert_eq!(made.code, 0, "{made:?}");
    hold(&project, "one.html", json!({ "texts": [EVIL[0], "asked for"] }));
}

#[test]
fn a_rehearsal_in_a_browser() {
    if !is_there() {
        return;
    }
    let project = rehearse::project(300, "");
    let made = rehearse::rehearse(&project, &["--fault", "429:5%,timeout:1%", "--html", "rehearsal.html"]);
    assert_eq!(made.code, 0, "{made:?}");
    hold(&project, "rehearsal.html", json!({ "texts": ["Rehearsal of c"] }));
}

#[test]
fn a_report_in_a_browser() {
    if !is_there() {
        return;
    }
    let (_desk, project) = report_forms::everything();
    report_forms::page(&project, &[]);
    let more = json!({ "texts": ["Report of c", report_forms::EVIL, "wait for a decision", "By language"] });
    hold(&project, "report.html", more);
}

#[test]
fn a_report_of_a_series_in_a_browser() {
    if !is_there() {
        return;
    }
    let (_gateway, project) = report_forms::daily();
    report_forms::page(&project, &[]);
    let more = json!({ "texts": ["4 runs from", "by the clock of Africa/Nairobi", "2026-12-04 09:00 EAT"] });
    hold(&project, "report.html", more);
}
