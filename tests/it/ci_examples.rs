//! The examples for CI, editors and git hooks: each of them reads, each command in them is one of ours, the shell understands
//! them, nothing that strangers write is put into a script, and the state is never lost without a word.

#![allow(clippy::print_stderr, reason = "a test that is left out says so")]

mod github;
mod gitlab;
mod job;
mod review;

use std::path::Path;
use std::process::Command;

use clap::Parser;
use sendplan::cli::Cli;
use serde_json::Value;

use crate::help::words;
use crate::project::{Project, root, said};
use job::{Job, has, is_required, step, whole};

const GITHUB: [&str; 2] = ["examples/ci/github/campaigns.yml", "examples/ci/github/pull-request.yml"];
const GITLAB: &str = "examples/ci/gitlab/.gitlab-ci.yml";
const HOOKS: [&str; 2] = [".pre-commit-hooks.yaml", "examples/pre-commit/.pre-commit-config.yaml"];

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What a shell runs, in the order of the file.
fn scripts(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner) {
                    ("run" | "entry", Value::String(script)) => found.push(script.clone()),
                    ("script" | "before_script" | "after_script", Value::Array(lines)) => {
                        found.extend(lines.iter().filter_map(|line| line.as_str().map(str::to_owned)));
                    }
                    _ => found.extend(scripts(inner)),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|one| found.extend(scripts(one))),
        _ => {}
    }
    found
}

fn all() -> impl Iterator<Item = &'static str> {
    GITHUB.into_iter().chain([GITLAB]).chain(HOOKS)
}

/// Our commands in a script, as a shell would read them; what an array of flags brings is left out.
fn commands(script: &str) -> Vec<Vec<String>> {
    let lines = script.replace("\\\n", " ");
    let starts = |line: &str| {
        let at = line.match_indices("sendplan ").map(|(at, _)| at);
        let is_command = |at: usize| {
            let before = line[..at].trim_end();
            before.is_empty() || ["if", " then", ";", "exec", "45m"].iter().any(|word| before.ends_with(word))
        };
        at.filter(|at| is_command(*at)).map(|at| line[at..].to_owned()).collect::<Vec<_>>()
    };
    let found = lines.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(starts);
    found.map(|line| words(&line).into_iter().filter(|word| !word.ends_with("[@]}")).collect()).collect()
}

#[test]
fn every_command_in_them_is_one_of_ours() {
    let mut count = 0;
    let hook = text("examples/pre-commit/pre-commit");
    let services = ["examples/running/sendplan.service", "examples/running/Containerfile"].map(text);
    assert!(services[0].contains("ExecStart=/usr/local/bin/sendplan run --listen"));
    for script in all().flat_map(|name| scripts(&yaml(name))).chain([hook]) {
        for command in commands(&script) {
            Cli::try_parse_from(&command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
            count += 1;
        }
    }
    assert_eq!(count, 17, "a command in an example is not seen");
}

#[test]
fn the_shell_understands_their_scripts() {
    for name in all() {
        for script in scripts(&yaml(name)) {
            let checked = Command::new("bash").args(["-n", "-c", &script]).output().unwrap();
            assert!(checked.status.success(), "{name}: {checked:?}\n{script}");
        }
    }
    let hook = root().join("examples/pre-commit/pre-commit");
    assert!(Command::new("sh").arg("-n").arg(hook).status().unwrap().success());
}

#[test]
fn github_may_do_little_and_puts_nobodys_words_into_a_script() {
    for name in GITHUB {
        let workflow = yaml(name);
        assert_eq!(workflow["permissions"], serde_json::json!({}), "{name}");
        for script in scripts(&workflow) {
            assert!(!script.contains("${{"), "{name}: {script}");
        }
        for (job, what) in workflow["jobs"].as_object().unwrap() {
            assert!(what["timeout-minutes"].is_u64() && what["permissions"].is_object(), "{name}: {job}");
            for step in what["steps"].as_array().unwrap() {
                let uses = step["uses"].as_str().unwrap_or("actions/");
                assert!(uses.starts_with("actions/"), "{name}: {uses}");
                if uses.starts_with("actions/checkout@") {
                    assert_eq!(step["with"]["persist-credentials"], false, "{name}");
                }
            }
        }
    }
    for name in GITHUB {
        assert_eq!(yaml(name)["defaults"]["run"]["shell"], "bash", "{name}: with pipefail");
    }
    // Who may write comments runs nothing of what is proposed.
    let comment = &yaml(GITHUB[1])["jobs"]["comment"];
    assert!(!comment.to_string().contains("checkout") && !comment.to_string().contains("sendplan "));
}

#[test]
fn who_waits_for_their_turn_to_send_is_never_pushed_out() {
    let sends = yaml(GITHUB[0]);
    // A group of the workflow would be entered by what is started for other branches as well.
    assert_eq!(sends["concurrency"], Value::Null);
    let queue = serde_json::json!({ "group": "campaigns", "cancel-in-progress": false, "queue": "max" });
    assert_eq!(sends["jobs"]["send"]["concurrency"], queue, "scheduled or by hand: one group, and all wait");
    assert_eq!(sends["jobs"]["send"]["if"], "github.ref == 'refs/heads/main'");
    // What is started elsewhere fails, and touches nothing.
    let elsewhere = &sends["jobs"]["elsewhere"];
    assert_eq!(elsewhere["if"], "github.ref != 'refs/heads/main'");
    assert_eq!((&elsewhere["concurrency"], &elsewhere["environment"]), (&Value::Null, &Value::Null));
    let said = Job::new("unused", "").run(&step(GITHUB[0], "elsewhere", "Say that nothing is sent"), &[]);
    assert!(said.code == 2 && said.out.contains("nothing was sent"), "{said:?}");
    let sends = yaml(GITLAB);
    assert_eq!(sends["send"]["resource_group"], "campaigns");
    assert_eq!(sends["workflow"]["auto_cancel"]["on_new_commit"], "none");
    assert_eq!(sends["default"]["interruptible"], false);
}

#[test]
fn what_they_run_is_built_once() {
    let key = "sendplan-ubuntu-24.04-${{ vars.SENDPLAN_REV }}";
    for (name, job) in [(GITHUB[0], "send"), (GITHUB[1], "check")] {
        let workflow = yaml(name);
        let steps = workflow["jobs"][job]["steps"].as_array().unwrap();
        let caches: Vec<&Value> =
            steps.iter().filter(|step| step["uses"].to_string().contains("actions/cache/")).collect();
        assert_eq!(caches.len(), 2, "{name}");
        // Saved at once, also where the job fails later on.
        caches.iter().for_each(|cache| {
            assert_eq!((&cache["with"]["key"], &cache["with"]["path"]), (&key.into(), &"~/sendplan".into()))
        });
        let missed = "steps.program.outputs.cache-hit != 'true'";
        assert_eq!((&caches[1]["if"], &whole(name, job, "Install")["if"]), (&missed.into(), &missed.into()));
    }
    let gitlab = yaml(GITLAB);
    let cache =
        serde_json::json!({ "key": "sendplan-$SENDPLAN_REV", "paths": [".program/"], "when": "always" });
    for name in ["check", "send"] {
        assert_eq!(gitlab[name]["cache"], cache, "{name}");
        let job = Job::new(
            "cargo",
            "#!/bin/sh\necho \"$@\" >> built\nmkdir -p .program/bin\ncp bin/cargo .program/bin/sendplan\n",
        );
        let install: Vec<&str> = gitlab[name]["before_script"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line.as_str().unwrap())
            .collect();
        let install = format!("{}\ncommand -v sendplan", install.join("\n"));
        let variables = [("SENDPLAN_SOURCE", "s"), ("SENDPLAN_REV", "r")];
        for _ in 0..2 {
            let said = job.run(&install, &variables);
            assert!(said.code == 0 && said.out.contains(".program/bin/sendplan"), "{said:?}");
        }
        let built = std::fs::read_to_string(job.path("built")).unwrap();
        assert_eq!(built, "install --locked --git s --rev r --root .program\n", "once");
    }
}

#[test]
fn every_file_that_they_name_is_there() {
    for name in all().chain(["examples/pre-commit/pre-commit"]) {
        for word in text(name).split(|c: char| c.is_whitespace() || "`(),\"".contains(c)) {
            let word = word.trim_end_matches(['.', ':', ';']);
            if ["docs/", "examples/"].iter().any(|folder| word.starts_with(folder)) {
                assert!(root().join(word).exists(), "{name} names {word}");
            }
        }
    }
    let settings: Value = serde_json::from_str(&text("examples/editors/.vscode/settings.json")).unwrap();
    let schemas = settings["yaml.schemas"].as_object().unwrap();
    assert_eq!(schemas.len(), 2);
    schemas.keys().for_each(|schema| assert!(root().join(schema).is_file(), "{schema}"));
    let extensions: Value = serde_json::from_str(&text("examples/editors/.vscode/extensions.json")).unwrap();
    assert!(extensions["recommendations"].to_string().contains("redhat.vscode-yaml"));
}

#[test]
fn the_git_hook_stops_a_commit_with_a_broken_campaign() {
    if !has("git") {
        return;
    }
    let project = Project::shared("http://127.0.0.1:9", 2, 1);
    std::fs::remove_dir(project.path(".git")).unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_sendplan")).parent().unwrap().display().to_string();
    let git = |arguments: &[&str]| {
        let path = format!("{bin}:{}", std::env::var("PATH").unwrap());
        let mut command = Command::new("git");
        command.args(["-c", "user.name=A", "-c", "user.email=a@example.org"]).args(arguments);
        said(command.current_dir(project.path(".")).env("PATH", path).output().unwrap())
    };
    assert_eq!(git(&["init", "--quiet"]).code, 0);
    let hook = project.path(".git/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::copy(root().join("examples/pre-commit/pre-commit"), hook).unwrap();
    git(&["add", "."]);
    let sound = git(&["commit", "-m", "sound"]);
    assert_eq!(sound.code, 0, "{sound:?}");
    project.write("campaigns/c/campaign.yaml", "version: 1\nnmae: c\n");
    git(&["add", "."]);
    let broken = git(&["commit", "-m", "broken"]);
    assert!(broken.code != 0 && broken.err.contains("unknown key `nmae`"), "{broken:?}");
    // What is none of its business goes through.
    git(&["reset", "--quiet"]);
    project.write("notes.txt", "x");
    git(&["add", "notes.txt"]);
    assert_eq!(git(&["commit", "-m", "notes"]).code, 0);
}

/// Runs a linter of somebody else's, where they are installed: `.ci/linters` does that, and says where.
fn linted(program: &str, arguments: &[&str]) {
    let Some(folder) = std::env::var_os("SENDPLAN_LINTERS") else {
        assert!(
            !is_required(),
            "SENDPLAN_LINTERS does not say where `{program}` is; .ci/linters installs it"
        );
        eprintln!("skipped: SENDPLAN_LINTERS does not say where `{program}` is; .ci/linters installs it");
        return;
    };
    let own = Path::new(&folder).join(program);
    let program = if own.exists() { own } else { program.into() };
    let output = Command::new(&program).args(arguments).current_dir(root()).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let told = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{arguments:?}: {}", told.concat());
}

#[test]
fn they_pass_the_linters_of_those_who_run_them() {
    linted("check-jsonschema", &["--builtin-schema", "vendor.github-workflows", GITHUB[0], GITHUB[1]]);
    linted("check-jsonschema", &["--builtin-schema", "vendor.gitlab-ci", GITLAB]);
    linted("zizmor", &["--offline", "--config", ".ci/zizmor.yml", GITHUB[0], GITHUB[1]]);
    linted("pre-commit", &["validate-manifest", HOOKS[0]]);
    linted("pre-commit", &["validate-config", HOOKS[1]]);
    let folder = tempfile::tempdir().unwrap();
    let mut files = vec!["examples/pre-commit/pre-commit".to_owned()];
    for (at, script) in all().flat_map(|name| scripts(&yaml(name))).enumerate() {
        let file = folder.path().join(format!("{at}.sh"));
        // Alpine's shell is no bash; it has no arrays, and `[[` or `shopt` in a script says that it is meant for bash.
        let shell = if script.contains("[[") || script.contains("shopt") { "bash" } else { "sh" };
        std::fs::write(&file, format!("#!/bin/{shell}\n{script}\n")).unwrap();
        files.push(file.display().to_string());
    }
    linted("shellcheck", &files.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn who_was_refused_turns_no_job_red_and_who_is_unknown_does() {
    let sendplan = "#!/bin/sh\nexit \"$CODE\"\n";
    let github = Job::new("sendplan", sendplan);
    let send = step(GITHUB[0], "send", "Send");
    let gitlab = Job::new("sendplan", sendplan);
    let last =
        yaml(GITLAB)["send"]["script"].as_array().unwrap().last().unwrap().as_str().unwrap().to_owned();
    // What curl and others end with is not taken for it.
    assert_eq!(yaml(GITLAB)["send"]["allow_failure"], serde_json::json!({ "exit_codes": 105 }));
    for campaign in ["", "c"] {
        for code in ["0", "1", "3", "4", "5", "6", "7", "8", "9"] {
            let variables = [("CODE", code), ("CAMPAIGN", campaign), ("NEW_STATE", "false")];
            let [on_github, on_gitlab] = [github.run(&send, &variables), gitlab.run(&last, &variables)];
            let number: i32 = code.parse().unwrap();
            let is_told =
                on_github.out.contains("::warning::") && on_gitlab.out.contains("refused some people");
            match number {
                5 => assert!(is_told && (on_github.code, on_gitlab.code) == (0, 105), "{on_github:?}"),
                _ => assert_eq!((is_told, on_github.code, on_gitlab.code), (false, number, number)),
            }
        }
    }
}
