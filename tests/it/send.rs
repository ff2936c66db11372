//! The main job over real sockets: everybody once, in order, with the texts as planned.

use crate::loopback::Loopback;
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
fn the_rate_is_kept() {
    let gateway = Loopback::start();
    let project = Project::personalised(&gateway.url(), 30);
    project.manifest(&gateway.url(), "batch_max: 1", "text: \"Hi {{ name }}\"", "  rate: 60/s\n");
    let said = project.send();
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(gateway.accepted_once(), 30);
    assert!(project.run(&["plan", "campaigns/c"]).out.contains("at 60/s"));
}

#[test]
fn a_run_is_pinned_edits_change_nothing_that_has_begun() {
    let gateway = Loopback::with(|request| {
        (request.send > 10).then_some(crate::loopback::Reply::Json(403, serde_json::json!({})))
    });
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
    let gateway = Loopback::with(|request| {
        (request.send == 5).then_some(crate::loopback::Reply::Json(403, serde_json::json!({})))
    });
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
    assert_eq!(gateway.requests().len(), 0);
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
