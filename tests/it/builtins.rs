//! Every built-in profile, and the one among the examples that is in no list: it passes its test, and sends a whole
//! campaign to the sandbox that it makes.

use std::path::Path;

use sendplan::diagnostic::Source;
use sendplan::provider::wire::AddressKind;
use sendplan::provider::{Profile, builtin_names};
use serde_json::Value;

use crate::project::{Project, root};

const PEOPLE: u32 = 200;

/// A campaign for whatever the profile's addresses and senders are.
fn project(name: &str, profile: &Profile) -> Project {
    let project = Project::empty();
    let sender = profile.examples().iter().find_map(|example| Some(example.message.as_ref()?.sender.clone()));
    let phones = profile.address_kind() == AddressKind::Phone;
    let region = if phones { ", region: KE" } else { "" };
    project.write(
        "campaigns/c/campaign.yaml",
        &format!(
            "version: 1\nname: c\nprovider: {name}\nsender: {}\naudience: {{ csv: r.csv, address: to{region} }}\n\
             message: {{ text: \"Hi {{{{ name }}}}, \\\"quoted\\\" & 100% = ok?\" }}\n",
            sender.unwrap()
        ),
    );
    let mut csv = "to,name\n".to_owned();
    for number in 0..PEOPLE {
        let address = if phones { format!("0700{number:06}") } else { format!("{}", 4_000_000 + number) };
        csv.push_str(&format!("{address},Name{number}\n"));
    }
    project.write("campaigns/c/r.csv", &csv);
    project
}

fn sends_to_its_sandbox(name: &str, profile: &Profile, project: &Project) {
    let said = project.run(&["send", "campaigns/c", "--sandbox"]);
    assert_eq!(said.code, 0, "{name}: {said:?}");
    let status = project.run(&["status", "--sandbox", "--format", "json"]);
    let status: Value = serde_json::from_str(&status.out).unwrap();
    let run = &status["runs"][0];
    assert_eq!((run["planned"].as_u64(), run["accepted"].as_u64()), (Some(200), Some(200)), "{name}");
    assert!(!profile.title().is_empty());
}

#[test]
fn every_built_in_profile_passes_its_test_and_shows_success_refusal_and_throttling() {
    let project = Project::empty();
    for name in builtin_names() {
        let said = project.run(&["provider", "test", name]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(!said.out.contains("Not shown"), "{said:?}");
        let shown = project.run(&["provider", "show", name]);
        assert_eq!(shown.code, 0, "{shown:?}");
    }
}

#[test]
fn every_built_in_profile_sends_two_hundred_to_its_sandbox() {
    assert!(builtin_names().count() >= 13);
    for name in builtin_names() {
        let profile = Profile::builtin(name).unwrap().unwrap();
        sends_to_its_sandbox(name, &profile, &project(name, &profile));
    }
}

#[test]
fn a_gateway_in_no_list_takes_one_file() {
    let file = root().join("examples/providers/46elks.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let profile = Profile::from_source(&Source::new("46elks.yaml", text.as_str())).unwrap();
    assert!(builtin_names().all(|name| name != profile.name()));
    let project = project("../../providers/46elks.yaml", &profile);
    project.write(Path::new("providers/46elks.yaml").to_str().unwrap(), &text);
    sends_to_its_sandbox("46elks", &profile, &project);
}

#[test]
fn sandboxes_tell_what_became_of_messages_and_call_them_back() {
    let mut asked = 0;
    for name in builtin_names() {
        let profile = Profile::builtin(name).unwrap().unwrap();
        let project = project(name, &profile);
        sends_to_its_sandbox(name, &profile, &project);
        if profile.can_ask() && profile.batch_max() == 1 {
            let refreshed = project.run(&["report", "c", "--refresh", "--sandbox"]);
            assert_eq!(refreshed.code, 0, "{name}: {refreshed:?}");
            assert!(refreshed.err.contains("200 delivered, 0 failed"), "{name}: {refreshed:?}");
            asked += 1;
        }
        if profile.can_cancel() && profile.batch_max() == 1 {
            sends_to_its_sandbox(name, &profile, &project);
            let cancelled = project.run(&["cancel", "c", "--sandbox"]);
            assert_eq!(cancelled.code, 0, "{name}: {cancelled:?}");
            let report = project.run(&["report", "c", "--sandbox", "--format", "json"]);
            let report: Value = serde_json::from_str(&report.out).unwrap();
            assert_eq!(report["runs"][0]["failed"].as_u64(), Some(200), "{name}: {cancelled:?}");
        }
    }
    assert!(asked >= 3);
}
