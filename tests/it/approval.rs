//! Plan files: what is approved is what is sent, and what has changed is told in words.

use crate::loopback::{Loopback, Reply};
use crate::project::{Project, Said, root};

const MANIFEST: &str = "version: 1\nname: c\nprovider: ../../providers/own.yaml\nsender: Acme\n\
    audience: { csv: r.csv, address: phone, region: KE, suppress: [../../lists/out.csv] }\n\
    message: { template: m.txt }\n\
    schedule: { cron: \"0 9 * * *\", timezone: Africa/Nairobi, holidays: ../../lists/holidays.ics }\n";
const HOLIDAYS: &str =
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20271225\nEND:VEVENT\nEND:VCALENDAR\n";
const PLAN: &str = "campaigns/c/plan.json";

/// A campaign of every kind of file.
fn project(people: u32) -> Project {
    let project = Project::empty();
    let profile = std::fs::read_to_string(root().join("examples/providers/46elks.yaml")).unwrap();
    project.write("providers/own.yaml", &profile);
    project.write("campaigns/c/campaign.yaml", MANIFEST);
    project.write("campaigns/c/m.txt", "Hi {{ name }}, {% include \"footer.txt\" %}");
    project.write("templates/footer.txt", "see you soon. Reply STOP to opt out.");
    project.write("lists/out.csv", "phone\n+254700000001\n");
    project.write("lists/holidays.ics", HOLIDAYS);
    project.recipients(people);
    project
}

fn out(project: &Project) -> String {
    let said = project.run(&["plan", "campaigns/c", "--out", PLAN]);
    assert_eq!(said.code, 0, "{said:?}");
    std::fs::read_to_string(project.path(PLAN)).unwrap()
}

fn against(project: &Project) -> Said {
    project.run(&["plan", "campaigns/c", "--against", PLAN])
}

fn append(project: &Project, name: &str, text: &str) {
    let before = std::fs::read_to_string(project.path(name)).unwrap();
    project.write(name, &format!("{before}{text}"));
}

#[test]
fn the_same_inputs_make_the_same_bytes_anywhere_and_at_any_time() {
    let project = project(500);
    let first = out(&project);
    let other = self::project(500);
    let mut elsewhere = other.command(&["plan", ".", "--out", "plan.json", "--threads", "1"]);
    elsewhere.args(["--now", "2031-02-03T04:05:06Z"]).current_dir(other.path("campaigns/c"));
    assert!(elsewhere.output().unwrap().status.success());
    assert_eq!(first, std::fs::read_to_string(other.path(PLAN)).unwrap());
    // One that was written before may be written again.
    assert_eq!(out(&project), first);
    let said = against(&project);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out.contains("Just as it was approved in campaigns/c/plan.json, with 499 messages."),
        "{said:?}"
    );
}

#[test]
fn nothing_of_anybody_stands_in_it() {
    let project = project(200);
    let plan = out(&project);
    for row in std::fs::read_to_string(project.path("campaigns/c/r.csv")).unwrap().lines().skip(1) {
        let (phone, name) = row.split_once(',').unwrap();
        assert!(!plan.contains(phone) && !plan.contains(&phone[1..]) && !plan.contains(name), "{row}");
    }
    assert!(!plan.contains("see you soon"), "{plan}");
}

/// Plan files stay in git, and lists grow by a row at a time: what is left of two of them must not say who it is.
#[test]
fn plan_files_of_two_days_have_nothing_in_common_that_tells_of_people() {
    let people = |plan: &str| -> Vec<String> {
        let plan: serde_json::Value = serde_json::from_str(plan).unwrap();
        let of = |key: &str| serde_json::from_value::<Vec<String>>(plan["people"][key].clone()).unwrap();
        [of("locks"), of("pieces")].concat()
    };
    let project = project(160);
    let yesterday = people(&out(&project));
    append(&project, "campaigns/c/r.csv", "0711000001,New\n");
    let both = project.run(&["plan", "campaigns/c", "--against", PLAN, "--out", "plans/new.json"]);
    assert_eq!(both.code, 2, "{both:?}");
    std::fs::create_dir(project.path("plans")).unwrap();
    let both = project.run(&["plan", "campaigns/c", "--against", PLAN, "--out", "plans/new.json"]);
    assert_eq!(both.code, 9, "{both:?}");
    assert!(both.err.contains("r.csv: 1 more"), "{both:?}");
    let today = std::fs::read_to_string(project.path("plans/new.json")).unwrap();
    assert_eq!(today, out(&project), "whatever it is held against");
    let today = people(&today);
    assert!(yesterday.len() > 64 && yesterday.iter().all(|line| !today.contains(line)));
}

/// Whoever finds a plan file, and has a list of people who may be in it, finds out nothing with our own means.
#[test]
fn a_list_of_candidates_opens_nothing() {
    let project = project(400);
    out(&project);
    let rows = std::fs::read_to_string(project.path("campaigns/c/r.csv")).unwrap();
    let others: String = (0..400).map(|other| format!("0712{other:06},Other\n")).collect();
    project.write("campaigns/c/r.csv", &format!("{rows}{others}"));
    let said = against(&project);
    assert_eq!(said.code, 9, "{said:?}");
    assert!(said.err.contains("r.csv: at least 400 more; template unchanged"), "{}", said.err);
    assert!(said.out.contains("not counted: too many came or went"), "{}", said.out);
}

/// What a plan file names stands in logs, a line each.
#[test]
fn names_that_open_lines_of_their_own_are_told_nowhere() {
    let project = project(40);
    let plan = out(&project);
    for (what, odd) in [("\"r.csv\"", "\"x\\n::set-output name=a::b\""), ("tzdb", "tz\\u202edb")] {
        let edited = plan.replacen(what, odd, 1);
        project.write(
            "other.json",
            &if edited == plan {
                plan.replacen("\"renderer\": \"s", "\"renderer\": \"\\u202es", 1)
            } else {
                edited
            },
        );
        let said = project.run(&["plan", "campaigns/c", "--against", "other.json"]);
        assert_eq!((said.code, said.out.as_str()), (3, ""), "{said:?}");
        assert!(said.err.contains("it is none of ours") && !said.err.contains("::set-output"), "{said:?}");
    }
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    std::fs::copy(project.path("campaigns/c/r.csv"), project.path("campaigns/c/r\n::error::x.csv")).unwrap();
    project
        .write("campaigns/c/campaign.yaml", &manifest.replace("csv: r.csv", "csv: \"r\\n::error::x.csv\""));
    let folder = "campaigns/c\n::error::y";
    std::fs::create_dir(project.path(folder)).unwrap();
    std::fs::write(project.path(&format!("{folder}/campaign.yaml")), &manifest).unwrap();
    for verb in [&["plan", "campaigns/c"][..], &["check"], &["plan", folder], &["audience", folder]] {
        let said = project.run(verb);
        assert_eq!(said.code, 3, "{verb:?}: {said:?}");
        let lines = format!("{}{}", said.out, said.err);
        assert!(!lines.lines().any(|line| line.trim_start().starts_with("::")), "{verb:?}: {said:?}");
    }
}

/// What is no file is not waited for.
#[test]
fn a_plan_file_that_is_no_file_is_refused() {
    let project = project(4);
    std::os::unix::fs::symlink("/dev/zero", project.path("zero.json")).unwrap();
    for name in ["zero.json", "campaigns"] {
        let said = project.run(&["plan", "campaigns/c", "--against", name]);
        assert_eq!(said.code, 3, "{said:?}");
        assert!(said.err.contains("it is no file"), "{said:?}");
    }
}

#[test]
fn what_has_changed_is_told_in_words() {
    let project = project(932);
    out(&project);
    let rows = std::fs::read_to_string(project.path("campaigns/c/r.csv")).unwrap();
    let rows = rows.lines().enumerate().filter(|(at, _)| !(500..503).contains(at));
    let mut rows: Vec<String> = rows
        .map(|(at, row)| if (100..140).contains(&at) { format!("{row}a") } else { row.to_owned() })
        .collect();
    rows.extend((0..12).map(|at| format!("0711000{at:03},New")));
    project.write("campaigns/c/r.csv", &format!("{}\n", rows.join("\n")));
    let said = against(&project);
    assert_eq!(said.code, 9, "{said:?}");
    let (_, told) = said.out.split_once("Not as it was approved").unwrap();
    insta::assert_snapshot!(told, @"
     in campaigns/c/plan.json, with 931 messages:

      people                    12 more, 3 fewer
      texts                     40 of those who are in both read another
      campaign.yaml             unchanged (manifest)
      m.txt                     unchanged (template)
      footer.txt                unchanged (snippet)
      r.csv                     changed
      ../../lists/out.csv       unchanged (suppression list)
      ../../lists/holidays.ics  unchanged (holidays)
      ../../providers/own.yaml  unchanged (profile)

                approved  now
      rows           932  941
      messages       931  940
      segments       931  940
    ");
    insta::assert_snapshot!(said.err, @"
    error: this is not what was approved: r.csv: 12 more, 3 fewer; 40 texts differ; template unchanged

    Next:
      sendplan preview campaigns/c
      sendplan plan campaigns/c --out campaigns/c/plan.json
    ");
    let json = project.run(&["plan", "campaigns/c", "--against", PLAN, "--format", "json"]);
    assert_eq!(json.code, 9);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["against"]["more"], serde_json::json!({ "number": 12, "at_least": false }));
    assert_eq!(
        json["against"]["figures"][0],
        serde_json::json!({ "name": "rows", "before": 932, "now": 941 })
    );
}

#[test]
fn of_few_people_it_is_told_what_was_changed_and_not_how_many() {
    for (name, text, told) in [
        ("campaigns/c/m.txt", "!", "approved: m.txt changed\n"),
        ("campaigns/c/r.csv", "0711000001,New\n", "approved: r.csv: at least 1 more; template unchanged\n"),
        ("campaigns/c/r.csv", "07110,New\n", "approved: r.csv: the same people; template unchanged\n"),
        (
            "lists/out.csv",
            "+254700000002\n",
            "approved: people: at least 1 fewer; ../../lists/out.csv changed; template unchanged\n",
        ),
    ] {
        let project = project(20);
        out(&project);
        append(&project, name, text);
        let said = against(&project);
        assert_eq!(said.code, 9, "{name}: {said:?}");
        assert!(said.err.contains(told), "{name}: {}", said.err);
    }
    let project = project(20);
    out(&project);
    let rows = std::fs::read_to_string(project.path("campaigns/c/r.csv")).unwrap();
    project.write("campaigns/c/r.csv", &rows.replace("000002,", "000202,"));
    let said = against(&project);
    let told = "r.csv: changed, and by how many is not told of fewer than 128; template unchanged\n";
    assert!(said.err.contains(told), "{}", said.err);
    assert!(said.out.contains("  people                    not told of fewer than 128\n"), "{}", said.out);
}

#[test]
fn every_file_counts_and_is_named() {
    for (name, text, told) in [
        ("campaigns/c/campaign.yaml", "# a word\n", "campaign.yaml changed"),
        ("campaigns/c/m.txt", "!", "m.txt changed"),
        ("templates/footer.txt", "!", "footer.txt changed"),
        ("campaigns/c/r.csv", "\n", "r.csv: the same people"),
        ("lists/out.csv", "+254799999999\n", "../../lists/out.csv changed"),
        ("lists/holidays.ics", "\n", "../../lists/holidays.ics changed"),
        ("providers/own.yaml", "# a word\n", "../../providers/own.yaml changed"),
    ] {
        let project = project(140);
        out(&project);
        append(&project, name, text);
        let said = against(&project);
        assert_eq!(said.code, 9, "{name}: {said:?}");
        assert!(said.err.contains(told), "{name}: {}", said.err);
        // A sandbox has no schedule, so that it would begin at once.
        let sent = project.run(&["send", "campaigns/c", "--sandbox", "--plan", PLAN]);
        assert_eq!(sent.code, 9, "{name}: {sent:?}");
        assert!(sent.err.contains("nothing was sent") && sent.err.contains(told), "{name}: {}", sent.err);
    }
}

#[test]
fn another_order_of_the_same_people_is_another_plan() {
    let project = project(140);
    out(&project);
    let rows = std::fs::read_to_string(project.path("campaigns/c/r.csv")).unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows[1..].reverse();
    project.write("campaigns/c/r.csv", &format!("{}\n", rows.join("\n")));
    let said = against(&project);
    assert_eq!(said.code, 9, "{said:?}");
    assert!(said.err.contains("r.csv: the same people; another order; template unchanged"), "{}", said.err);
}

#[test]
fn what_was_approved_is_sent_and_a_refused_one_leaves_no_run() {
    let project = project(20);
    out(&project);
    let sent = project.run(&["send", "campaigns/c", "--sandbox", "--plan", PLAN, "--state", "s.db"]);
    assert_eq!(sent.code, 0, "{sent:?}");
    assert!(sent.out.contains("accepted  19"), "{sent:?}");
    assert!(sent.err.ends_with("\n  sendplan send campaigns/c --plan campaigns/c/plan.json\n"), "{sent:?}");
    append(&project, "campaigns/c/r.csv", "0711000000,New\n");
    let refused = project.run(&["send", "campaigns/c", "--sandbox", "--plan", PLAN, "--state", "other.db"]);
    assert_eq!(refused.code, 9, "{refused:?}");
    let status = project.run(&["status", "--format", "json", "--sandbox", "--state", "other.db"]);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(status["runs"], serde_json::json!([]));
}

/// Before its time it is told as well: on the morning on which it is to go out it is too late to approve it again.
#[test]
fn what_is_not_due_yet_is_held_to_its_plan_as_well() {
    let project = project(20);
    out(&project);
    let send = ["send", "campaigns/c", "--plan", PLAN, "--now", "2027-03-01T00:00:00Z"];
    let same = project.run(&send);
    assert_eq!(same.code, 0, "{same:?}");
    assert!(same.out.contains("Nothing is due"), "{same:?}");
    append(&project, "campaigns/c/m.txt", "!");
    let other = project.run(&send);
    assert_eq!(other.code, 9, "{other:?}");
    assert!(other.out.contains("Nothing is due") && other.err.contains("m.txt changed"), "{other:?}");
}

/// What is typed next begins nothing that was not approved.
#[test]
fn commands_that_are_named_for_a_campaign_with_a_plan_file_name_it_too() {
    let project = project(20);
    let resumed = |project: &Project| {
        assert_eq!(project.run(&["pause", "campaigns/c"]).code, 0);
        project.run(&["resume", "campaigns/c"]).err
    };
    assert!(resumed(&project).ends_with("  sendplan send campaigns/c\n"), "{}", resumed(&project));
    out(&project);
    let told = resumed(&project);
    assert!(told.ends_with("  sendplan send campaigns/c --plan campaigns/c/plan.json\n"), "{told}");
    let due = project.run(&["status", "--now", "2027-03-01T06:00:00Z"]);
    let told = "`sendplan send campaigns/c --plan campaigns/c/plan.json`";
    assert!(due.out.contains(told) || due.err.contains(told), "{due:?}");
}

#[test]
fn a_sandbox_that_is_refused_leaves_the_last_one_as_it_is() {
    let project = project(20);
    out(&project);
    let send = ["send", "campaigns/c", "--sandbox", "--plan", PLAN];
    assert_eq!(project.run(&send).code, 0);
    append(&project, "campaigns/c/m.txt", "!");
    assert_eq!(project.run(&send).code, 9);
    let report = project.run(&["report", "c", "--sandbox"]);
    assert!(report.code == 0 && report.out.contains("accepted  19"), "{report:?}");
}

#[test]
fn a_run_is_taken_up_by_the_plan_it_was_begun_from_whatever_became_of_its_files() {
    let gateway = Loopback::with(|request| (request.send > 5).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 30);
    out(&project);
    let approved = std::fs::read_to_string(project.path(PLAN)).unwrap();
    let send = ["send", "campaigns/c", "--plan", PLAN];
    let mut child = project.command(&send).spawn().unwrap();
    gateway.until_waiting(2);
    child.kill().unwrap();
    child.wait().unwrap();
    gateway.release();
    // The same messages by other terms are another plan.
    append(&project, "campaigns/c/campaign.yaml", "limits: { recipients: 100 }\n");
    out(&project);
    let other = project.run(&send);
    assert_eq!(other.code, 9, "{other:?}");
    assert!(other.err.contains("was begun by another plan file than `campaigns/c/plan.json`"), "{other:?}");
    project.write(PLAN, &approved);
    let taken_up = project.run(&send);
    assert_eq!(taken_up.code, 6, "{taken_up:?}");
    assert_eq!(project.status().of("planned"), 30);
}

#[test]
fn a_run_that_was_begun_without_a_plan_file_is_not_taken_up_by_one() {
    let gateway = Loopback::with(|request| (request.send > 5).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 30);
    project.kill_when_waiting(&gateway, 2);
    out(&project);
    let held = project.run(&["send", "campaigns/c", "--plan", PLAN]);
    assert_eq!(held.code, 9, "{held:?}");
    assert!(held.err.contains("was begun without a plan file; without --plan it is taken up"), "{held:?}");
    assert_eq!(project.send().code, 6);
}

#[test]
fn what_is_no_plan_file_is_neither_read_nor_overwritten() {
    let project = project(20);
    for (text, told) in [
        ("{}", "it is no plan file: missing field `version`"),
        ("{\"version\": 2}", "it is a plan file of version 2"),
        ("recipients", "it is no plan file"),
    ] {
        project.write("other.json", text);
        for verb in [["plan", "--against"], ["send", "--plan"]] {
            let said = project.run(&[verb[0], "campaigns/c", verb[1], "other.json"]);
            assert_eq!(said.code, 3, "{said:?}");
            assert!(said.err.contains(told), "{said:?}");
        }
        let said = project.run(&["plan", "campaigns/c", "--out", "other.json"]);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains("name another for --out"), "{said:?}");
        assert_eq!(std::fs::read_to_string(project.path("other.json")).unwrap(), text);
    }
    let missing = project.run(&["send", "campaigns/c", "--plan", "none.json"]);
    assert_eq!(missing.code, 3, "{missing:?}");
    assert!(missing.err.contains("the plan file `none.json`: no such file"), "{missing:?}");
    std::fs::write(project.path("list.csv"), b"name\nJos\xe9\n").unwrap();
    let list = project.run(&["plan", "campaigns/c", "--against", "list.csv"]);
    assert_eq!(list.code, 3, "{list:?}");
    assert!(list.err.contains("`list.csv`: it is none; `plan --out FILE` writes one"), "{list:?}");
}

#[test]
fn a_sandbox_is_kept_where_there_is_no_plan_file() {
    let project = project(20);
    assert_eq!(project.run(&["send", "campaigns/c", "--sandbox"]).code, 0);
    let missing = project.run(&["send", "campaigns/c", "--sandbox", "--plan", "none.json"]);
    assert_eq!(missing.code, 3, "{missing:?}");
    let kept = project.run(&["report", "campaigns/c", "--sandbox"]);
    assert_eq!(kept.code, 0, "{kept:?}");
}

#[test]
fn a_refused_plan_is_not_written() {
    let project = project(20);
    append(&project, "campaigns/c/campaign.yaml", "limits: { recipients: 5 }\n");
    let said = project.run(&["plan", "campaigns/c", "--out", PLAN]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(!project.path(PLAN).exists());
}

#[test]
fn a_comment_shows_what_reviewers_look_at_and_what_has_changed() {
    let project = project(140);
    out(&project);
    append(&project, "campaigns/c/r.csv", "0711000000,New\n");
    append(&project, "campaigns/c/m.txt", " ũ");
    let arguments =
        ["plan", "campaigns/c", "--format", "markdown", "--against", PLAN, "--now", "2027-03-01T00:00:00Z"];
    let said = project.run(&arguments);
    assert_eq!(said.code, 9, "{said:?}");
    insta::assert_snapshot!("comment", said.out);
}
