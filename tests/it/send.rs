//! The main job over real sockets: everybody once, in order, with the texts as planned.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use crate::loopback::{Loopback, Reply};
use crate::project::{APP_KEY, Project};

#[test]
fn everybody_gets_their_own_text_once_and_a_second_send_does_nothing() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 120);
    let said = project.send();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(gateway.accepted_once(), 120);
    assert_eq!(gateway.text_of("254700000007").as_deref(), Some("Hi Name7"));
    assert!(said.out.contains("accepted  120"), "{}", said.out);
    project.status().is(&[("planned", 120), ("accepted", 120), ("pending", 0), ("unknown", 0)]);
    let requests = gateway.requests();
    assert!(requests.iter().filter(|one| one.send > 0).all(|one| one.recipients().len() == 1));
    let key = format!("app-key: {APP_KEY}");
    let carries = |headers: &[String]| headers.iter().any(|line| line.to_lowercase() == key);
    assert!(requests.iter().filter(|one| one.send > 0).all(|one| carries(&one.headers)));
    assert_eq!(gateway.count("/api/auth"), 1);

    let again = project.send();
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.out.contains("finished already: nothing was sent"), "{}", again.out);
    assert_eq!(gateway.requests().len(), requests.len());
}

#[test]
fn one_text_goes_out_in_shared_batches() {
    let gateway = Loopback::start();
    let project = Project::shared(&gateway.url(), 95, 20);
    assert_eq!(project.send().code, 0);
    assert_eq!(gateway.accepted_once(), 95);
    let sizes: Vec<usize> =
        gateway.requests().iter().filter(|one| one.send > 0).map(|one| one.recipients().len()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 95);
    assert_eq!(sizes.iter().filter(|size| **size == 20).count(), 4, "{sizes:?}");
}

#[test]
fn the_rate_is_kept_and_batches_stay_whole_under_it() {
    for (batch, people, requests) in [(1, 30, 30), (20, 80, 4)] {
        let last: Arc<Mutex<Option<Instant>>> = Arc::default();
        let seen = Arc::clone(&last);
        let gateway = Loopback::with(move |request| {
            if request.send > 0 {
                *seen.lock().unwrap() = Some(Instant::now());
            }
            None
        });
        let project = Project::shared(&gateway.url(), people, batch);
        project.manifest(&gateway.url(), &format!("batch_max: {batch}"), "text: Hello all", "  rate: 60/s\n");
        let began = Instant::now();
        let said = project.send();
        assert_eq!(said.code, 0, "{said:?}");
        assert_eq!(gateway.accepted_once(), u64::from(people));
        let sent = gateway.requests().iter().filter(|request| request.send > 0).count();
        assert_eq!(sent, requests, "batches were torn");
        // All but the last request's messages have had their place before it, however slow the machine; the
        // slack is 20 ms.
        let earliest = f64::from(people - batch) / 60.0 - 0.02;
        let took = last.lock().unwrap().unwrap().duration_since(began).as_secs_f64();
        assert!(took >= earliest, "{people} messages in {took} s");
    }
}

#[test]
fn a_run_is_pinned_edits_change_nothing_that_has_begun() {
    let gateway =
        Loopback::with(|request| (request.send > 10).then_some(Reply::Json(403, serde_json::json!({}))));
    let project = Project::personalised(&gateway.url(), 40);
    assert_eq!(project.send().code, 8);
    let begun = gateway.accepted_once();
    assert!((1..40).contains(&begun));
    let better = Loopback::start();
    project.manifest(&better.url(), "batch_max: 1", "text: \"Other {{ name }}\"", "");
    project.recipients(3);
    let said = project.send();
    // The pinned gateway still refuses: not one message went to the new address, or with the new text.
    assert_eq!(said.code, 8, "{said:?}");
    assert_eq!(better.requests().len(), 0);
    project.status().is(&[("planned", 40), ("accepted", begun), ("pending", 40 - begun), ("unknown", 0)]);
}

#[test]
fn an_opt_out_that_arrives_before_a_resume_counts() {
    let gateway =
        Loopback::with(|request| (request.send == 5).then_some(Reply::Json(403, serde_json::json!({}))));
    let project = Project::personalised(&gateway.url(), 60);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write(
        "campaigns/c/campaign.yaml",
        &manifest.replace("region: KE", "region: KE, suppress: [out.csv]"),
    );
    project.write("campaigns/c/out.csv", "phone\n0700999999\n");
    assert_eq!(project.send().code, 8);
    project.write("campaigns/c/out.csv", "phone\n0700000058\n+254 700 000 059\n");
    let said = project.send();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(gateway.accepted_once(), 58);
    assert!(!gateway.accepted().contains_key("254700000058"));
    project.status().is(&[("accepted", 58), ("suppressed", 2), ("pending", 0)]);
}

#[test]
fn the_same_campaign_at_another_time_is_refused() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    assert_eq!(project.send().code, 0);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write("campaigns/c/campaign.yaml", &format!("{manifest}schedule: {{ at: 2026-01-01T09:00 }}\n"));
    let said = project.send();
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("a second time"), "{}", said.err);
    assert_eq!(gateway.accepted_once(), 5);
}

#[test]
fn what_is_not_due_is_not_sent() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    let schedule = "schedule: { at: 2031-03-20T09:00, timezone: Africa/Nairobi }\n";
    project.write("campaigns/c/campaign.yaml", &format!("{manifest}{schedule}"));
    let said = project.run(&["send", "campaigns/c", "--now", "2031-03-20T05:59:59Z"]);
    assert_eq!(said.code, 0);
    assert!(said.out.contains("Nothing is due: c goes out at 2031-03-20 09:00 EAT"), "{}", said.out);
    assert_eq!(gateway.requests().len(), 0);
    let said = project.run(&["send", "campaigns/c", "--now", "2031-03-20T06:00:00Z"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(gateway.accepted_once(), 5);
}

#[test]
fn a_refused_plan_sends_nothing_and_leaves_no_run() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 50);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write("campaigns/c/campaign.yaml", &format!("{manifest}limits: {{ recipients: 49 }}\n"));
    let said = project.send();
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("50 recipients; `recipients` allows 49"), "{}", said.err);
    assert_eq!(gateway.accepted_once(), 0);
    let report = project.run(&["status", "--format", "json"]).out;
    assert!(report.contains("\"runs\": []"), "{report}");
    project.write("campaigns/c/campaign.yaml", &manifest);
    assert_eq!(project.send().code, 0);
}

#[test]
fn missing_credentials_are_all_named_before_anything_begins() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    let mut command = project.command(&["send", "campaigns/c"]);
    command.env_remove("MOBICONNECT_PASSWORD").env_remove("MOBICONNECT_APP_KEY");
    let said = crate::project::said(command.output().unwrap());
    assert_eq!(said.code, 8, "{said:?}");
    assert!(
        said.err.contains("MOBICONNECT_PASSWORD") && said.err.contains("MOBICONNECT_APP_KEY"),
        "{}",
        said.err
    );
    assert_eq!(gateway.requests().len(), 0);
    assert!(project.run(&["status", "--format", "json"]).out.contains("\"runs\": []"));
}

#[test]
fn the_sandbox_needs_no_credentials_and_marks_nobody() {
    let project = Project::personalised("https://gateway.invalid", 30);
    let mut command = project.command(&["send", "campaigns/c", "--sandbox"]);
    for name in ["MOBICONNECT_USERNAME", "MOBICONNECT_PASSWORD", "MOBICONNECT_APP_KEY"] {
        command.env_remove(name);
    }
    let said = crate::project::said(command.env("CI", "true").output().unwrap());
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("Nothing leaves the machine"), "{}", said.err);
    assert!(said.out.contains("accepted  30"), "{}", said.out);
    assert!(!project.state().exists());
    let again = project.run(&["send", "campaigns/c", "--sandbox"]);
    assert!(again.out.contains("accepted  30"), "{}", again.out);
}

#[test]
fn a_sandbox_never_works_on_a_real_state() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    assert_eq!(project.send().code, 0);
    let said = project.run(&["send", "campaigns/c", "--sandbox", "--state", ".sendplan/state.db"]);
    assert_eq!(said.code, 7, "{said:?}");
    project.status().is(&[("accepted", 5)]);
}

#[test]
fn fault_71_an_opt_out_in_the_middle_of_a_run_counts_from_then_on() {
    let gateway = Loopback::with(|request| (request.send == 4).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 60);
    project.manifest(&gateway.url(), "batch_max: 1", "text: \"Hi {{ name }}\"", "  rate: 10/s\n");
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write(
        "campaigns/c/campaign.yaml",
        &manifest.replace("region: KE", "region: KE, suppress: [out.csv]"),
    );
    project.write("campaigns/c/out.csv", "phone\n");
    let child = project.start();
    gateway.until_waiting(1);
    let everybody: String = (30..60).map(|number| format!("0700{number:06}\n")).collect();
    project.write("campaigns/c/out.csv", &format!("phone\n{everybody}"));
    gateway.release();
    let said = crate::project::said(child.wait_with_output().unwrap());
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(gateway.accepted_once(), 30);
    project.status().is(&[("accepted", 30), ("suppressed", 30), ("pending", 0)]);
}

/// A campaign at ten a second with this list of opt-outs; at these requests the list is written anew.
fn with_a_list_that_changes(people: u32, begins: &str, changes: &[(u32, String)]) -> (Loopback, Project) {
    let (list, changes) = (Arc::new(OnceLock::<PathBuf>::new()), changes.to_vec());
    let file = Arc::clone(&list);
    let gateway = Loopback::with(move |request| {
        let (_, text) = changes.iter().find(|(at, _)| *at == request.send)?;
        std::fs::write(file.get().unwrap(), text).unwrap();
        None
    });
    let project = Project::personalised(&gateway.url(), people);
    project.manifest(&gateway.url(), "batch_max: 1", "text: \"Hi {{ name }}\"", "  rate: 10/s\n");
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    let manifest = manifest.replace("region: KE", "region: KE, suppress: [out.csv]");
    project.write("campaigns/c/campaign.yaml", &manifest);
    project.write("campaigns/c/out.csv", begins);
    list.set(project.path("campaigns/c/out.csv")).unwrap();
    (gateway, project)
}

/// Nobody in the campaign.
const NOBODY: &str = "phone\n0700999999\n";

#[test]
fn fault_71_whoever_is_taken_off_a_list_in_the_middle_of_a_run_is_not_sent_to_all_the_same() {
    let late: String = (40..60).map(|number| format!("0700{number:06}\n")).collect();
    // Somebody writes it in place, or it is exported anew and not whole.
    let changes = [(4, format!("{NOBODY}{late}")), (18, NOBODY.to_owned())];
    let (gateway, project) = with_a_list_that_changes(60, NOBODY, &changes);
    let said = project.send();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(gateway.accepted_once(), 40);
    project.status().is(&[("accepted", 40), ("suppressed", 20), ("pending", 0)]);
}

#[test]
fn fault_71_a_list_that_becomes_blank_in_the_middle_of_a_run_stops_it() {
    for blank in ["", "phone\n"] {
        let (gateway, project) = with_a_list_that_changes(40, NOBODY, &[(4, blank.to_owned())]);
        let said = project.send();
        assert_eq!(said.code, 4, "{blank:?}: {said:?}");
        let why = "the suppression list campaigns/c/out.csv has no entry any more, and had 1";
        assert!(said.err.contains(why), "{said:?}");
        let before = gateway.accepted_once();
        let again = project.send();
        assert_eq!((again.code, gateway.accepted_once()), (3, before), "{blank:?}: {again:?}");
        project.write("campaigns/c/out.csv", "0700000039\n");
        let then = project.send();
        assert_eq!((then.code, gateway.accepted_once()), (0, 39), "{then:?}");
    }
}

#[test]
fn a_list_that_was_blank_from_the_beginning_is_told_when_a_run_is_taken_up() {
    let (gateway, project, _) = stopped_with_a_list();
    project.write("campaigns/c/out.csv", "phone\n");
    let said = project.send();
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("warning: the suppression list campaigns/c/out.csv has no entry"), "{said:?}");
    assert_eq!(gateway.accepted_once(), 30);
}

/// A run that a 403 stopped after a few, with this list of opt-outs; and its manifest.
fn stopped_with(list: &str) -> (Loopback, Project, String) {
    let gateway =
        Loopback::with(|request| (request.send == 5).then_some(Reply::Json(403, serde_json::json!({}))));
    let project = Project::personalised(&gateway.url(), 30);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    let manifest = manifest.replace("region: KE", "region: KE, suppress: [out.csv]");
    project.write("campaigns/c/campaign.yaml", &manifest);
    project.write("campaigns/c/out.csv", list);
    assert_eq!(project.send().code, 8);
    (gateway, project, manifest)
}

/// The same, with a list that now holds everybody.
fn stopped_with_a_list() -> (Loopback, Project, String) {
    let stopped = stopped_with("phone\n");
    let everybody: String = (0..30).map(|number| format!("0700{number:06}\n")).collect();
    stopped.1.write("campaigns/c/out.csv", &format!("phone\n{everybody}"));
    stopped
}

#[test]
fn fault_71_a_list_that_has_lost_its_entries_takes_up_no_run() {
    let (gateway, project, _) = stopped_with("phone\n0799999999\n");
    let before = gateway.accepted_once();
    for lost in ["", "phone\n"] {
        project.write("campaigns/c/out.csv", lost);
        let said = project.send();
        assert_eq!(said.code, 3, "{said:?}");
        let told = "the suppression list `out.csv` has no entry any more; when the run began it had 1";
        assert!(said.err.contains(told), "{}", said.err);
    }
    assert_eq!(gateway.accepted_once(), before);
    project.write("campaigns/c/out.csv", "phone\n0799999998\n");
    assert_eq!(project.send().code, 0);
    assert_eq!(gateway.accepted_once(), 30);
}

#[test]
fn a_slip_in_the_manifest_never_turns_opt_outs_off_on_resume() {
    let (gateway, project, manifest) = stopped_with_a_list();
    let before = gateway.accepted_once();
    for slip in ["supress: [out.csv]", "suppress: out.csv", "suppress: []"] {
        project.write("campaigns/c/campaign.yaml", &manifest.replace("suppress: [out.csv]", slip));
        let said = project.send();
        assert_eq!(said.code, 3, "{slip}: {said:?}");
    }
    project.write("campaigns/c/campaign.yaml", &manifest.replace(", suppress: [out.csv]", ""));
    let said = project.send();
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("no longer names"), "{}", said.err);
    project.write("campaigns/c/campaign.yaml", &manifest);
    assert_eq!(project.send().code, 0);
    assert_eq!(gateway.accepted_once(), before);
}

#[test]
fn a_run_is_taken_up_by_the_folder_it_began_in_and_by_no_link_to_its_manifest() {
    let (gateway, project, _) = stopped_with_a_list();
    let before = gateway.accepted_once();
    // Beside it lies another list of the same name, in which nobody has opted out.
    project.write("campaigns/d/out.csv", "phone\n");
    std::os::unix::fs::symlink("../c/campaign.yaml", project.path("campaigns/d/campaign.yaml")).unwrap();
    let said = project.run(&["send", "campaigns/d"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("begun from `campaigns/c/campaign.yaml`"), "{}", said.err);
    assert_eq!(gateway.accepted_once(), before);
    // A link to the folder is another way to the same files.
    std::os::unix::fs::symlink("c", project.path("campaigns/e")).unwrap();
    assert_eq!(project.run(&["send", "campaigns/e"]).code, 0);
    assert_eq!(gateway.accepted_once(), before);
}

#[test]
fn an_outage_that_the_gateway_admits_loses_nobody() {
    let down = Arc::new(Mutex::new(true));
    let switch = Arc::clone(&down);
    let gateway = Loopback::with(move |request| {
        (request.send > 0 && *switch.lock().unwrap()).then(|| Reply::Json(503, serde_json::json!({})))
    });
    let project = Project::personalised(&gateway.url(), 60);
    let built_in = concat!(env!("CARGO_MANIFEST_DIR"), "/src/provider/builtin/mobiconnect.yaml");
    let profile = std::fs::read_to_string(built_in).unwrap();
    let rule = "\nclassify:\n  - { when: \"{{ response.status == 503 }}\", as: transient }\n";
    project.write("providers/own.yaml", &profile.replacen("\nclassify:\n", rule, 1));
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write(
        "campaigns/c/campaign.yaml",
        &manifest.replace("profile: mobiconnect", "profile: ../../providers/own.yaml"),
    );
    let said = project.send();
    assert_eq!(said.code, 4, "{said:?}");
    project.status().is(&[("pending", 60), ("rejected", 0), ("unknown", 0)]);
    *down.lock().unwrap() = false;
    assert_eq!(project.send().code, 0);
    assert_eq!(gateway.accepted_once(), 60);
}

#[test]
fn a_refusal_of_whole_batches_uses_nobody_up() {
    for (status, body) in
        [(404, "{}"), (400, "{}"), (200, r#"{"status":"error","data":null,"message":"no balance"}"#)]
    {
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let gateway =
            Loopback::with(move |request| (request.send > 0).then(|| Reply::Json(status, body.clone())));
        let project = Project::shared(&gateway.url(), 500, 50);
        let said = project.send();
        assert_eq!(said.code, 8, "{said:?}");
        project.status().is(&[("pending", 500), ("rejected", 0), ("unknown", 0)]);
    }
}

#[test]
fn the_state_is_the_repositorys_wherever_one_stands() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    assert_eq!(project.send().code, 0);
    for (folder, campaign) in [("campaigns", "c"), ("campaigns/c", ".")] {
        let mut command = project.command(&["send", campaign]);
        let said = crate::project::said(command.current_dir(project.path(folder)).output().unwrap());
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains("finished already"), "{}", said.out);
    }
    assert_eq!(gateway.accepted_once(), 5);
    assert_eq!(std::fs::read_to_string(project.path(".sendplan/.gitignore")).unwrap(), "*\n");
}

#[test]
fn a_real_state_is_never_thrown_away_for_a_sandbox() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    // A real state under the name that a sandbox uses.
    assert_eq!(project.run(&["send", "campaigns/c", "--state", ".sendplan/sandbox.db"]).code, 0);
    let refused = project.run(&["send", "campaigns/c", "--sandbox"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    let mut command = project.command(&["send", "campaigns/c", "--sandbox"]);
    let refused =
        crate::project::said(command.env("SENDPLAN_STATE", ".sendplan/sandbox.db").output().unwrap());
    assert_eq!(refused.code, 7, "{refused:?}");
    let again = project.run(&["send", "campaigns/c", "--state", ".sendplan/sandbox.db"]);
    assert!(again.out.contains("finished already"), "{again:?}");
    assert_eq!(gateway.accepted_once(), 5);
}

#[test]
fn two_campaigns_of_one_name_do_not_take_each_other_for_sent() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    assert_eq!(project.send().code, 0);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write("campaigns/d/campaign.yaml", &manifest);
    project.write("campaigns/d/r.csv", "phone,name\n0700777777,A\n");
    let refused = project.run(&["send", "campaigns/d"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("campaigns/c/campaign.yaml"), "{}", refused.err);
}

#[test]
fn a_moment_long_past_is_not_sent_by_itself() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write("campaigns/c/campaign.yaml", &format!("{manifest}schedule: {{ at: 2025-01-01T09:00 }}\n"));
    let refused = project.send();
    assert_eq!(refused.code, 3, "{refused:?}");
    assert_eq!(gateway.requests().len(), 0);
}

#[test]
fn refused_credentials_leave_no_run_behind() {
    let gateway = Loopback::with(|request| {
        (request.path == "/api/auth").then(|| Reply::Json(401, serde_json::json!({})))
    });
    let project = Project::personalised(&gateway.url(), 5);
    assert_eq!(project.send().code, 8);
    let better = Loopback::start();
    project.manifest(&better.url(), "batch_max: 1", "text: \"Other {{ name }}\"", "");
    assert_eq!(project.send().code, 0);
    assert_eq!(better.text_of("254700000003").as_deref(), Some("Other Name3"));
}

#[test]
fn the_summary_names_who_was_left_out() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 5);
    let csv = std::fs::read_to_string(project.path("campaigns/c/r.csv")).unwrap();
    project.write("campaigns/c/r.csv", &format!("{csv}nonsense,A\n0700000001,B\n"));
    let said = project.send();
    assert!(said.out.contains("left out when it was planned: 1 with something wrong in the row, 1 with the\n    same address or id as another row"), "{}", said.out);
}

#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let project = Project::personalised("http://127.0.0.1:1", 5);
    for words in [&["plan", "campaigns/c", "--format", "json"][..], &["--help"], &["plan", "--help"], &["-V"]]
    {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = project.command(words).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("error: cannot write `standard output`"), "{words:?}: {told}");
    }
}

#[test]
fn rejects_never_take_the_place_of_another_file() {
    let project = Project::personalised("http://127.0.0.1:1", 5);
    for target in ["campaigns/c/r.csv", "campaigns/c/campaign.yaml"] {
        let before = std::fs::read(project.path(target)).unwrap();
        let refused = project.run(&["plan", "campaigns/c", "--rejects", target]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert_eq!(std::fs::read(project.path(target)).unwrap(), before);
    }
    for _ in 0..2 {
        assert_eq!(project.run(&["plan", "campaigns/c", "--rejects", "out.csv"]).code, 0);
    }
    let left: Vec<_> =
        std::fs::read_dir(project.path("")).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("part")), "{left:?}");
}
