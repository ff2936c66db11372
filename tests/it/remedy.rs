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
    manifest("partly", "");
    project.write("campaigns/partly/r.csv", "phone,name\n0712345678,A\n12,B\n");
    let few = std::fs::read_to_string(project.path("campaigns/partly/campaign.yaml")).unwrap();
    project.write(
        "campaigns/partly/campaign.yaml",
        &few.replace("csv: ../c/r.csv", "csv: r.csv, max_rejected: 0%"),
    );
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
        (&["help", "plann"], 2, &["sendplan help plan"]),
        (&["help", "state", "bakup"], 2, &["sendplan help state backup"]),
        (&["chek", "campaigns/sound"], 2, &["sendplan check campaigns/sound"]),
        (&["run", "--listen", "nowhere"], 2, &["sendplan run --help"]),
        (&["plan", "campaigns"], 3, &["sendplan check campaigns"]),
        (&["audience", "none.csv"], 3, &["sendplan audience --help"]),
        (&["init", "new", "--cron", "every monday"], 3, &["sendplan init --help"]),
        (&["provider", "show", "providers/none.yaml"], 3, &["sendplan provider list"]),
        (
            &["plan", "campaigns/sound", "--against", "none.json"],
            3,
            &["sendplan plan campaigns/sound --out none.json"],
        ),
        (&["send", "--sandbx", "campaigns/sound"], 2, &["sendplan send --sandbox campaigns/sound"]),
        (
            &["send", "--state", "q.db", "campaigns/sound", "--dry-run"],
            2,
            &[
                "sendplan plan campaigns/sound",
                "sendplan preview campaigns/sound",
                "sendplan send campaigns/sound --sandbox",
            ],
        ),
        (&["plan", "--state", "sond", "sond"], 3, &["sendplan plan --state sond campaigns/sound"]),
        (&["plan", "x y", "--format", "jsn"], 2, &["sendplan plan 'x y' --format json"]),
        (&["state", "verify", "q.db"], 2, &["sendplan state verify --state q.db"]),
        (&["state", "backup"], 2, &["sendplan state backup --help"]),
        (&[], 2, &["sendplan init first-campaign", "sendplan status"]),
        (&["report", "nothing"], 7, &["sendplan check"]),
        (&["report", "sound"], 7, &["sendplan plan campaigns/sound"]),
        (&["check", "nowhere/deep"], 3, &["sendplan init first-campaign"]),
        (&["plan", "campaigns/new"], 3, &["sendplan init new"]),
        (&["plan", "sound"], 3, &["sendplan plan campaigns/sound"]),
        (&["plan", "campaigns/sond"], 3, &["sendplan plan campaigns/sound"]),
        (&["send", "campaigns/soundd"], 3, &["sendplan plan campaigns/sound"]),
        (&["run", "--once", "campaigns/soundd"], 3, &["sendplan plan campaigns/sound"]),
        (&["plan", "soundd"], 3, &["sendplan plan campaigns/sound"]),
        (&["send", "soundd", "--sandbox"], 3, &["sendplan send campaigns/sound --sandbox"]),
        (
            &["plan", "campaigns/c/r.csv"],
            3,
            &["sendplan audience campaigns/c/r.csv", "sendplan init first-campaign --from campaigns/c/r.csv"],
        ),
        (&["init", "Spring Sale"], 2, &["sendplan init spring-sale"]),
        (&["init", "sound"], 2, &["sendplan plan campaigns/sound"]),
        (&["init", "new", "--from", "none.csv"], 2, &["sendplan init --help"]),
        (&["init", "new", "--provider", "twillio"], 3, &["sendplan init new --provider twilio"]),
        (&["init", "new", "--provider", "nobody"], 3, &["sendplan provider list"]),
        (&["rehearse", "campaigns/sound", "--fault", "foo:5%"], 2, &["sendplan rehearse --help"]),
        (
            &["plan", "campaigns/sound", "--out", "campaigns/sound/campaign.yaml"],
            2,
            &["sendplan plan --help"],
        ),
        (
            &["preview", "campaigns/sound", "--html", "no/where.html"],
            2,
            &["mkdir -p no", "sendplan preview campaigns/sound --html no/where.html"],
        ),
        (
            &["plan", "campaigns/sound", "--rejects", "no/where.csv"],
            2,
            &["mkdir -p no", "sendplan plan campaigns/sound --rejects no/where.csv"],
        ),
        (&["optout", "0712"], 3, &["sendplan optout --help"]),
        (&["check", "campaigns/wrong"], 3, &[]),
        (&["plan", "campaigns/wrong"], 3, &["sendplan check campaigns/wrong"]),
        (&["provider", "show", "nobody"], 3, &["sendplan provider list"]),
        (
            &["plan", "campaigns/partly", "--format", "json"],
            3,
            &["sendplan plan campaigns/partly --rejects rejects.csv"],
        ),
        (&["plan", "campaigns/partly"], 3, &["sendplan plan campaigns/partly --rejects rejects.csv"]),
        (&["plan", "campaigns/partly", "--rejects", "out.csv"], 3, &[]),
        (
            &["send", "campaigns/partly", "--sandbox"],
            3,
            &["sendplan plan campaigns/partly --rejects rejects.csv"],
        ),
        (&["plan", "campaigns/many"], 3, &[]),
        (&["send", "campaigns/many", "--sandbox"], 3, &["sendplan plan campaigns/many"]),
        (
            &["plan", "campaigns/missed", "--against", "plan.json", "--format", "json"],
            9,
            &["sendplan preview campaigns/missed", "sendplan plan campaigns/missed --out plan.json"],
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
            let asks_for_help = command.ends_with("--help") || command.starts_with("sendplan help");
            if command.starts_with("sendplan") && !asks_for_help {
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

#[test]
fn what_cannot_be_read_is_told_in_our_words() {
    let project = project();
    for (arguments, words) in [
        (&["run", "--listen", "nowhere"][..], "such as `127.0.0.1:9464`"),
        (&["run", "--listen", "127.0.0.1:999999"], "a port up to 65535"),
        (
            &["plan", "campaigns/sound", "--against", "campaigns/sound/campaign.yaml"],
            "it is no plan file: line 1, column 1 is not JSON",
        ),
    ] {
        let said = project.run(arguments);
        assert!(said.err.contains(words), "{arguments:?}: {said:?}");
    }
}
