//! Failures end with the command to type next, and each such command is one.

use clap::Parser;
use sendplan::cli::Cli;

use crate::help::words;
use crate::project::{Project, Said, said};

/// The commands below `Next` in what a process said.
fn next(said: &Said) -> Vec<&str> {
    let (_, after) = said.err.rsplit_once("Next:\n").unwrap_or_default();
    after.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// A campaign that is sound, one that is sent, one with a slip, and one whose plan is refused.
fn project() -> Project {
    let project = Project::with_profile(
        &std::fs::read_to_string(crate::project::root().join("src/provider/builtin/twilio.yaml")).unwrap(),
        "http://127.0.0.1:9",
        3,
        1,
        "",
    );
    let manifest = |name: &str, more: &str| {
        let text = format!(
            "version: 1\nname: {name}\nprovider: twilio\nsender: ACME\n\
             audience: {{ csv: ../c/r.csv, address: phone, region: KE }}\nmessage: {{ text: \"Hi {{{{ name }}}}\" }}\n{more}"
        );
        project.write(&format!("campaigns/{name}/campaign.yaml"), &text);
    };
    manifest("sound", "");
    manifest("wrong", "delivry: {}\n");
    manifest("many", "limits: { recipients: 1 }\n");
    manifest("missed", "schedule: { at: 2026-01-01T09:00 }\n");
    manifest("none", "limits: { recipients: 10 }\n");
    project.write(
        "campaigns/none/campaign.yaml",
        &std::fs::read_to_string(project.path("campaigns/none/campaign.yaml"))
            .unwrap()
            .replace("phone, region: KE", "phone, region: KE, where: name == \"Nobody\""),
    );
    project
}

#[test]
fn every_failure_that_a_command_can_mend_ends_with_it() {
    let project = project();
    let rejected = project.run(&["plan", "campaigns/sound", "--out", "plan.json"]);
    assert_eq!(rejected.code, 0, "{rejected:?}");
    for (arguments, code, commands) in [
        (&["sned", "campaigns/sound"][..], 2, &["sendplan send campaigns/sound"][..]),
        (&["send", "--sandbx", "campaigns/sound"], 2, &["sendplan send --sandbox campaigns/sound"]),
        (&["plan", "x y", "--format", "jsn"], 2, &["sendplan plan 'x y' --format json"]),
        (&["state", "backup"], 2, &["sendplan state backup --help"]),
        (&[], 2, &["sendplan init first-campaign", "sendplan status"]),
        (&["report", "nothing"], 7, &["sendplan check"]),
        (&["report", "sound"], 7, &["sendplan plan campaigns/sound"]),
        (&["check", "nowhere/deep"], 3, &["sendplan init first-campaign"]),
        (&["plan", "campaigns/new"], 3, &["sendplan init new"]),
        (&["plan", "sound"], 3, &["sendplan check campaigns/sound"]),
        (&["plan", "campaigns/sond"], 3, &["sendplan check campaigns/sound"]),
        (&["plan", "soundd"], 3, &["sendplan check campaigns/sound"]),
        (
            &["plan", "campaigns/c/r.csv"],
            3,
            &["sendplan audience campaigns/c/r.csv", "sendplan init first-campaign --from campaigns/c/r.csv"],
        ),
        (&["init", "Spring Sale"], 3, &["sendplan init spring-sale"]),
        (&["check", "campaigns/wrong"], 3, &[]),
        (&["plan", "campaigns/wrong"], 3, &["sendplan check campaigns/wrong"]),
        (&["provider", "show", "nobody"], 3, &["sendplan provider list"]),
        (
            &["plan", "campaigns/many", "--format", "json"],
            3,
            &["sendplan plan campaigns/many --rejects rejects.csv"],
        ),
        (
            &["send", "campaigns/many", "--sandbox"],
            3,
            &["sendplan plan campaigns/many --rejects rejects.csv"],
        ),
        (&["send", "campaigns/missed"], 3, &["sendplan status"]),
        (&["preview", "campaigns/none"], 3, &["sendplan plan campaigns/none"]),
        (
            &["send", "campaigns/sound"],
            8,
            &["sendplan provider show twilio", "sendplan send campaigns/sound --sandbox"],
        ),
        (
            &["send", "campaigns/sound", "--plan", "none.json"],
            3,
            &["sendplan plan campaigns/sound --out none.json"],
        ),
        (
            &["send", "campaigns/none", "--plan", "plan.json", "--sandbox"],
            9,
            &["sendplan plan campaigns/none --against plan.json"],
        ),
        (&["report", "campaigns/sound", "--state", "no.db"], 7, &["sendplan plan campaigns/sound"]),
        (&["report", "sound", "--state", "no.db"], 7, &["sendplan plan campaigns/sound"]),
        (&["report", "nothing", "--state", "no.db"], 7, &[]),
        (&["provider", "test", "twillio"], 3, &["sendplan provider test twilio"]),
        (&["status", "--state", "torn.db"], 7, &["sendplan state verify --state torn.db"]),
        (&["state", "verify", "--state", "torn.db"], 7, &[]),
        (&["status", "nobody"], 3, &["sendplan status"]),
    ] {
        project
            .write("torn.db", "SQLite format 3\0 and nothing more, though a page of it should follow here");
        let said = project.run(arguments);
        assert_eq!(said.code, code, "{arguments:?}: {said:?}");
        assert_eq!(next(&said), commands, "{arguments:?}: {}", said.err);
        for command in next(&said) {
            if !command.ends_with("--help") {
                Cli::try_parse_from(words(command)).unwrap_or_else(|error| panic!("{command}: {error}"));
            }
        }
        // Whoever wants only errors gets only those.
        if code != 2 {
            let mut quiet = arguments.to_vec();
            quiet.push("--quiet");
            assert!(!project.run(&quiet).err.contains("Next:"), "{arguments:?}");
        }
    }
}

#[test]
fn a_state_that_is_lost_or_in_use_says_what_to_do() {
    let project = project();
    let lost = said(project.command(&["send", "campaigns/sound"]).env("CI", "true").output().unwrap());
    assert_eq!((lost.code, next(&lost)), (7, vec![]), "{lost:?}");
    assert_eq!(project.run(&["send", "campaigns/sound", "--sandbox"]).code, 0);
    let other = project.run(&["report", "sound"]);
    assert_eq!(next(&other), ["sendplan report sound --sandbox"], "{other:?}");
    assert_eq!(project.run(&["report", "sound", "--sandbox"]).code, 0);
}
