//! Once over campaigns, and no more than so often: what one campaign has sent, another one knows of.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sendplan::store::Store;
use sendplan::store::sqlite::{OpenMode, Sqlite};
use serde_json::Value;

use crate::desk::{Act, Asked, Desk, both, number, people_of};
use crate::project::{Project, Said};

/// Writes a campaign of this name, for so many people, with these rules in its audience.
fn campaign(desk: &Desk, project: &Project, name: &str, people: u32, rules: &str) {
    desk.campaign(project, name, 1);
    people_of(project, name, people);
    change(project, name, "id: id }", &format!("id: id, {rules} }}"));
}

fn change(project: &Project, name: &str, from: &str, to: &str) {
    let place = format!("campaigns/{name}/campaign.yaml");
    let manifest = std::fs::read_to_string(project.path(&place)).unwrap();
    assert!(manifest.contains(from), "{manifest}");
    project.write(&place, &manifest.replace(from, to));
}

fn send(project: &Project, name: &str) -> Said {
    project.run(&["send", &format!("campaigns/{name}")])
}

/// How many of a campaign's messages are accepted, suppressed, unknown, in its last run.
#[track_caller]
fn stands(project: &Project, name: &str) -> (u64, u64, u64) {
    let said = project.run(&["status", name, "--format", "json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
    let run = report["runs"].as_array().unwrap().last().unwrap();
    let of = |state: &str| run[state].as_u64().unwrap();
    (of("accepted"), of("suppressed"), of("unknown"))
}

/// What `plan` says of those who would be left out: opted out, got one already, capped.
#[track_caller]
fn foreseen(project: &Project, name: &str) -> (u64, u64, u64) {
    let said = project.run(&["plan", &format!("campaigns/{name}"), "--format", "json"]);
    let plan: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
    let of = |reason: &str| plan["left_out_now"][reason].as_u64().unwrap();
    (of("opted_out"), of("already_got"), of("capped"))
}

/// The reasons in a campaign's report, each once.
fn reasons(project: &Project, name: &str) -> Vec<String> {
    let said = project.run(&["report", name, "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(said.out.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let said: BTreeSet<String> = rows.iter().map(|row| row.get(7).unwrap().to_owned()).collect();
    let day = regex::Regex::new(r"\d{4}-\d\d-\d\d").unwrap();
    said.iter().filter(|why| !why.is_empty()).map(|why| day.replace_all(why, "[day]").into_owned()).collect()
}

fn without_lines(said: &str, words: &[&str]) -> String {
    said.lines().filter(|line| !words.iter().any(|word| line.contains(word))).collect::<Vec<_>>().join("\n")
}

#[test]
fn nobody_gets_two_of_the_campaigns_that_say_the_same_word() {
    let desk = Desk::start();
    let project = desk.project(0);
    campaign(&desk, &project, "spring-a", 5, "once_per: spring");
    campaign(&desk, &project, "spring-b", 8, "once_per: spring");
    campaign(&desk, &project, "autumn", 8, "once_per: autumn");
    let plan = project.run(&["plan", "campaigns/spring-b", "--format", "json"]);
    assert!(plan.out.contains("\"left_out_now\": null"), "{}", plan.out);
    assert_eq!(send(&project, "spring-a").code, 0);
    assert_eq!(foreseen(&project, "spring-b"), (0, 5, 0));
    let plan = project.run(&["plan", "campaigns/spring-b"]);
    insta::assert_snapshot!("plan_of_those_who_got_one", without_lines(&plan.out, &["digest", "tzdb"]));
    let sent = send(&project, "spring-b");
    assert_eq!(sent.code, 0, "{sent:?}");
    let summary = without_lines(&both(&sent), &["requests in"]);
    insta::assert_snapshot!("send_to_those_who_got_one", summary);
    assert_eq!(stands(&project, "spring-b"), (3, 5, 0));
    assert_eq!(reasons(&project, "spring-b"), ["already got `spring-a` on [day]"]);
    assert_eq!(foreseen(&project, "autumn"), (0, 0, 0));
    assert_eq!(send(&project, "autumn").code, 0);
    assert_eq!(stands(&project, "autumn"), (8, 0, 0));
    let got = |person| desk.book(|book| book.records.iter().filter(|one| one.to == number(person)).count());
    assert_eq!((0..8).map(got).collect::<Vec<_>>(), [2; 8]);
}

#[test]
fn people_are_addresses_whatever_their_ids_and_spellings() {
    let desk = Desk::start();
    let project = desk.project(0);
    campaign(&desk, &project, "a", 3, "once_per: spring");
    campaign(&desk, &project, "b", 3, "once_per: spring");
    project.write("campaigns/b/r.csv", "id,phone,name\nX,+254 700 000 001,Amina\nP-1,0700000009,Otieno\n");
    assert_eq!(send(&project, "a").code, 0);
    assert_eq!(send(&project, "b").code, 0);
    assert_eq!(stands(&project, "b"), (1, 1, 0));
    assert!(desk.book(|book| book.records.iter().any(|one| one.to == number(9))));
}

/// One whose request got no answer may have the message; one who was refused has none.
#[test]
fn who_may_have_got_it_counts_and_who_was_refused_does_not() {
    let desk = Desk::with(|asked, book| match asked {
        one if !one.body["text"].is_string() || book.asked.len() > 12 => None,
        one if one.sends_to(&number(1)) => Some(Act::Close),
        one if one.sends_to(&number(2)) => Some(Act::Json(400, serde_json::json!({}))),
        _ => None,
    });
    let project = desk.project(0);
    campaign(&desk, &project, "a", 4, "once_per: spring");
    campaign(&desk, &project, "b", 4, "once_per: spring");
    assert_eq!(send(&project, "a").code, 6);
    assert_eq!(stands(&project, "a"), (2, 0, 1));
    assert_eq!(foreseen(&project, "b"), (0, 3, 0));
    desk.book(|book| book.asked.extend(vec![Asked::clone(&book.asked[0]); 12]));
    assert_eq!(send(&project, "b").code, 0);
    assert_eq!(stands(&project, "b"), (1, 3, 0));
    let to_second = |asked: &&Asked| asked.sends_to(&number(2));
    assert_eq!(desk.book(|book| book.asked.iter().filter(to_second).count()), 2);
}

/// Moves everything that a campaign did into the past.
fn age(project: &Project, campaign: &str, days: i64) {
    let sql = rusqlite::Connection::open(project.state()).unwrap();
    let back = days * 86_400_000;
    let messages = "UPDATE messages SET changed_at_ms = changed_at_ms - ?1 \
        WHERE run = (SELECT id FROM runs WHERE campaign = ?2)";
    let run = "UPDATE runs SET created_at_ms = created_at_ms - ?1, finished_at_ms = finished_at_ms - ?1 WHERE campaign = ?2";
    for statement in [messages, run] {
        assert!(sql.execute(statement, rusqlite::params![back, campaign]).unwrap() > 0);
    }
}

#[test]
fn a_cap_counts_every_campaign_and_its_time_moves_on() {
    let desk = Desk::start();
    let project = desk.project(0);
    campaign(&desk, &project, "a", 6, "");
    campaign(&desk, &project, "b", 4, "once_per: anything");
    campaign(&desk, &project, "c", 8, "cap: { messages: 2, per: 7d }");
    campaign(&desk, &project, "d", 8, "cap: { messages: 2, per: 7d }");
    assert_eq!(send(&project, "a").code, 0);
    assert_eq!(foreseen(&project, "c"), (0, 0, 0));
    assert_eq!(send(&project, "b").code, 0);
    assert_eq!(foreseen(&project, "c"), (0, 0, 4));
    let plan = project.run(&["plan", "campaigns/c"]);
    insta::assert_snapshot!("plan_under_a_cap", without_lines(&plan.out, &["digest", "tzdb"]));
    assert_eq!(send(&project, "c").code, 0);
    assert_eq!(stands(&project, "c"), (4, 4, 0));
    assert_eq!(reasons(&project, "c"), ["already got 2 messages in the last 7d"]);
    // Now everybody who was in `a` has two, and the last two people have one.
    assert_eq!(foreseen(&project, "d"), (0, 0, 6));
    age(&project, "a", 8);
    assert_eq!(foreseen(&project, "d"), (0, 0, 0));
    age(&project, "a", -2);
    assert_eq!(foreseen(&project, "d"), (0, 0, 6));
    age(&project, "a", 2);
    assert_eq!(send(&project, "d").code, 0);
    assert_eq!(stands(&project, "d"), (8, 0, 0));
}

/// A plan for next week asks what will be known then, as far as anybody can tell today.
#[test]
fn a_plan_counts_for_the_moment_the_campaign_goes_out() {
    let desk = Desk::start();
    let project = desk.project(0);
    campaign(&desk, &project, "a", 4, "");
    campaign(&desk, &project, "b", 4, "cap: { messages: 1, per: 2d }");
    assert_eq!(send(&project, "a").code, 0);
    assert_eq!(foreseen(&project, "b"), (0, 0, 4));
    change(&project, "b", "sender: 1", "schedule: { at: 2199-03-20T09:00 }\nsender: 1");
    assert_eq!(foreseen(&project, "b"), (0, 0, 0));
    let plan = project.run(&["plan", "campaigns/b"]);
    assert!(plan.out.contains("by what the state knows today of 2199-03-20 09:00 UTC"), "{}", plan.out);
}

#[test]
fn an_interrupted_run_is_not_held_against_itself_and_another_occurrence_is() {
    let shut = Arc::new(AtomicBool::new(true));
    let closed = Arc::clone(&shut);
    let desk = Desk::with(move |asked, book| {
        let refuses = closed.load(Ordering::SeqCst) && asked.sends_to(&number(4)) && !book.records.is_empty();
        refuses.then(|| Act::Json(403, serde_json::json!({})))
    });
    let project = desk.project(0);
    campaign(&desk, &project, "c", 8, "once_per: campaign, cap: { messages: 1, per: 1d }");
    assert_eq!(send(&project, "c").code, 8);
    assert_eq!(stands(&project, "c"), (4, 0, 0));
    assert_eq!(foreseen(&project, "c"), (0, 0, 0));
    shut.store(false, Ordering::SeqCst);
    assert_eq!(send(&project, "c").code, 0);
    assert_eq!(stands(&project, "c"), (8, 0, 0));
    // The same campaign at another time, with one more in its file: only that one gets it.
    people_of(&project, "c", 9);
    change(&project, "c", "sender: 1", "schedule: { at: 2026-01-02T09:00 }\nsender: 1");
    change(&project, "c", ", cap: { messages: 1, per: 1d }", "");
    let said = project.run(&["send", "campaigns/c", "--now", "2026-01-02T10:00:00Z"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(stands(&project, "c"), (1, 8, 0));
    assert_eq!(reasons(&project, "c").last().unwrap(), "already got `c` on [day]");
    desk.book(|book| assert_eq!(book.records.len(), 9));
}

#[test]
fn another_occurrence_without_the_rule_says_what_would_do() {
    let desk = Desk::start();
    let project = desk.project(3);
    assert_eq!(project.send().code, 0);
    change(&project, "c", "sender: 1", "schedule: { at: 2026-01-02T09:00 }\nsender: 1");
    let said = project.run(&["send", "campaigns/c", "--now", "2026-01-02T10:00:00Z"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("`audience.once_per: campaign`"), "{}", said.err);
}

#[test]
fn a_run_keeps_the_rule_it_began_with() {
    let shut = Arc::new(AtomicBool::new(true));
    let closed = Arc::clone(&shut);
    let desk = Desk::with(move |asked, _| {
        let refuses = closed.load(Ordering::SeqCst) && asked.sends_to(&number(6));
        refuses.then(|| Act::Json(403, serde_json::json!({})))
    });
    let project = desk.project(0);
    campaign(&desk, &project, "begun", 10, "once_per: spring");
    assert_eq!(send(&project, "begun").code, 8);
    shut.store(false, Ordering::SeqCst);
    // Meanwhile the others get another one of the same word, all but the last; and the rule is taken out.
    campaign(&desk, &project, "other", 9, "once_per: spring");
    assert_eq!(send(&project, "other").code, 0);
    assert_eq!(stands(&project, "other"), (3, 6, 0));
    change(&project, "begun", ", once_per: spring", "");
    assert_eq!(send(&project, "begun").code, 0);
    assert_eq!(stands(&project, "begun"), (7, 3, 0));
    desk.book(|book| assert_eq!(book.records.len(), 10));
}

#[test]
fn the_parts_of_a_long_text_are_one_message() {
    let desk = Desk::start();
    let project = desk.project(0);
    let profile = std::fs::read_to_string(project.path("providers/desk.yaml")).unwrap();
    let cut =
        profile.replace("  batch: { mode: single }\n", "  batch: { mode: single }\n  segmentation: client\n");
    project.write("providers/desk.yaml", &cut);
    let long = "a long text ".repeat(30);
    for (name, rules) in
        [("a", ""), ("b", "cap: { messages: 2, per: 7d }"), ("c", "cap: { messages: 2, per: 7d }")]
    {
        campaign(&desk, &project, name, 2, rules);
        change(&project, name, "Hi {{ name }}", &long);
        assert_eq!(send(&project, name).code, 0);
    }
    let parts = stands(&project, "a").0;
    assert!(parts > 4, "{parts}");
    assert_eq!(stands(&project, "b"), (parts, 0, 0));
    assert_eq!(stands(&project, "c"), (0, parts, 0));
}

/// Ten people have it, also where their run was pruned since: of fifteen five are left.
#[test]
fn whoever_got_a_campaign_that_is_named_is_left_out() {
    let desk = Desk::start();
    for is_pruned in [false, true] {
        let project = desk.project(0);
        campaign(&desk, &project, "a", 10, "");
        campaign(&desk, &project, "other", 15, "");
        campaign(&desk, &project, "b", 15, "exclude_campaign: a");
        assert_eq!(send(&project, "a").code, 0);
        assert_eq!(send(&project, "other").code, 0);
        if is_pruned {
            let pruned = project.run(&["state", "prune", "--older-than", "1ms"]);
            assert_eq!(pruned.code, 0, "{pruned:?}");
        }
        assert_eq!(foreseen(&project, "b"), (0, 10, 0));
        let plan = project.run(&["plan", "campaigns/b"]);
        assert!(plan.out.contains("      already got `a`"), "{}", plan.out);
        assert!(!plan.out.contains("spelled right"), "{}", plan.out);
        let sent = send(&project, "b");
        assert_eq!(sent.code, 0, "{sent:?}");
        assert_eq!(stands(&project, "b"), (5, 10, 0));
        assert_eq!(reasons(&project, "b"), ["already got `a` on [day]"]);
    }
    let got = |person| desk.book(|book| book.records.iter().filter(|one| one.to == number(person)).count());
    assert_eq!((0..15).map(got).collect::<Vec<_>>(), [4; 15], "each two of them, in two states");
}

#[test]
fn campaigns_that_are_named_go_with_the_other_rules_and_stay_with_the_run() {
    let shut = Arc::new(AtomicBool::new(true));
    let closed = Arc::clone(&shut);
    let desk = Desk::with(move |asked, book| match asked {
        // Nobody knows whether the first person has it; the second is refused.
        one if !one.body["text"].is_string() || book.asked.len() > 12 => {
            let refuses = closed.load(Ordering::SeqCst) && asked.sends_to(&number(9));
            refuses.then(|| Act::Json(403, serde_json::json!({})))
        }
        one if one.sends_to(&number(1)) => Some(Act::Close),
        one if one.sends_to(&number(2)) => Some(Act::Json(400, serde_json::json!({}))),
        _ => None,
    });
    let project = desk.project(0);
    campaign(&desk, &project, "a", 4, "");
    campaign(&desk, &project, "a-2", 2, "");
    campaign(&desk, &project, "b", 10, "exclude_campaign: [a, a-2], once_per: spring");
    assert_eq!(send(&project, "a").code, 6);
    let plan = project.run(&["plan", "campaigns/b"]);
    assert!(plan.out.contains("already got one of `spring`, or `a` or `a-2`"), "{}", plan.out);
    assert!(plan.out.contains("nobody got `a-2` so far, by this state: is it spelled right?"));
    campaign(&desk, &project, "spring-1", 1, "");
    assert_eq!(send(&project, "spring-1").code, 0);
    campaign(&desk, &project, "near", 1, "exclude_campaign: sprng-1");
    let plan = project.run(&["plan", "campaigns/near", "--format", "json"]);
    let warning =
        "`audience.exclude_campaign`: nobody got `sprng-1` so far, by this state: did you mean `spring-1`?";
    assert!(plan.out.contains(warning), "{}", plan.out);
    assert_eq!(foreseen(&project, "b"), (0, 3, 0));
    desk.book(|book| book.asked.extend(vec![Asked::clone(&book.asked[0]); 12]));
    let begun = send(&project, "b");
    assert!(begun.err.contains("nobody got `a-2` so far"), "{begun:?}");
    // Meanwhile others get the other one, and the rule is taken out of the manifest.
    assert_eq!(begun.code, 8);
    shut.store(false, Ordering::SeqCst);
    people_of(&project, "a-2", 10);
    assert_eq!(send(&project, "a-2").code, 0);
    change(&project, "b", "exclude_campaign: [a, a-2], ", "");
    assert_eq!(send(&project, "b").code, 0);
    let (accepted, suppressed, unknown) = stands(&project, "b");
    assert_eq!((accepted + suppressed, unknown), (10, 0));
    assert!(suppressed >= 4 && reasons(&project, "b").contains(&"already got `a-2` on [day]".to_owned()));
}

#[test]
fn a_plan_counts_who_opted_out_at_the_gateway() {
    let desk = Desk::start();
    let project = desk.project(0);
    campaign(&desk, &project, "a", 2, "");
    campaign(&desk, &project, "b", 6, "once_per: spring");
    assert_eq!(send(&project, "a").code, 0);
    let mut store = Sqlite::open(&project.state(), OpenMode::Existing).unwrap();
    store.record_opt_outs(&[number(3), number(4), number(77)], "a", 1).unwrap();
    drop(store);
    assert_eq!(foreseen(&project, "b"), (2, 0, 0));
    change(&project, "b", ", once_per: spring", "");
    let plan = project.run(&["plan", "campaigns/b"]);
    assert!(plan.out.contains("      opted out        2"), "{}", plan.out);
    assert_eq!(send(&project, "b").code, 0);
    assert_eq!(stands(&project, "b"), (4, 2, 0));
}

#[test]
fn rules_that_cannot_be_are_told_at_check_with_their_place() {
    let desk = Desk::start();
    let project = desk.project(0);
    for (number, rules) in [
        "once_per: \"\"",
        "once_per: Spring Sale",
        "once_per: 7",
        "cap: { messages: 0, per: 0d }",
        "cap: { messages: 1001, per: 367d }",
        "cap: { messages: 2, per: soon, in: 7d }",
        "cap: 2/7d",
        "cap: {}",
        "exclude_campaign: c8",
        "exclude_campaign: [a, Spring Sale]",
        "exclude_campaign: []",
    ]
    .into_iter()
    .enumerate()
    {
        campaign(&desk, &project, &format!("c{number}"), 1, rules);
    }
    std::fs::remove_dir_all(project.path("campaigns/c")).unwrap();
    let checked = project.run(&["check", "campaigns"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    insta::assert_snapshot!("rules_that_cannot_be", checked.err);
}
