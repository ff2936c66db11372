//! The examples for CI, editors and git hooks: each of them reads, each command in them is one of ours, the shell understands
//! them, nothing that strangers write is put into a script, and the state is never lost without a word.

#![allow(clippy::print_stderr, reason = "a test that is left out says so")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Parser;
use sendplan::cli::Cli;
use serde_json::Value;

use crate::help::words;
use crate::project::{Project, Said, root, said};

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
            before.is_empty() || [" then", ";", "exec", "45m"].iter().any(|word| before.ends_with(word))
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
    assert_eq!(count, 15, "a command in an example is not seen");
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
    let sends = yaml(GITHUB[0]);
    for name in GITHUB {
        assert_eq!(yaml(name)["defaults"]["run"]["shell"], "bash", "{name}: with pipefail");
    }
    assert_eq!(sends["concurrency"]["cancel-in-progress"], false);
    assert_eq!(yaml(GITLAB)["send"]["resource_group"], "campaigns");
    // Who may write comments runs nothing of what is proposed.
    let comment = &yaml(GITHUB[1])["jobs"]["comment"];
    assert!(!comment.to_string().contains("checkout") && !comment.to_string().contains("sendplan "));
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

/// A job's folder with programs of our own on the path.
struct Job(tempfile::TempDir);

impl Job {
    fn new(program: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let job = Self(folder);
        std::fs::create_dir(job.path("bin")).unwrap();
        job.write(&format!("bin/{program}"), text);
        assert!(
            Command::new("chmod")
                .arg("+x")
                .arg(job.path(&format!("bin/{program}")))
                .status()
                .unwrap()
                .success()
        );
        job
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn run(&self, script: &str, variables: &[(&str, &str)]) -> Said {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command.args(["-e", "-o", "pipefail", "-c", script]).current_dir(self.0.path()).env("PATH", path);
        command.envs(variables.iter().copied()).stdin(Stdio::null());
        said(command.output().unwrap())
    }
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// The script of a step.
fn step(workflow: &str, job: &str, name: &str) -> String {
    let workflow = yaml(workflow);
    let steps = workflow["jobs"][job]["steps"].as_array().unwrap().clone();
    let step = steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("no step {name}"));
    step["run"].as_str().unwrap().to_owned()
}

/// Answers what is kept under a name, and what it was asked to bring.
const GH: &str = r#"#!/bin/sh
case $1 in
  api) name=${2#*name=}; jq --raw-output "$4" "${name%%&*}.json" ;;
  run) echo "$@" > downloaded ;;
esac
"#;

#[test]
fn github_never_begins_from_a_state_that_a_job_has_outlived() {
    if !has("jq") {
        eprintln!("skipped: there is no jq");
        return;
    }
    let take = step(GITHUB[0], "send", "Take the state of the last job");
    let job = Job::new("gh", GH);
    let kept = |minute: u32, run: u32, branch: &str, repository: u32, expired: bool| {
        serde_json::json!({ "created_at": format!("2026-12-01T09:{minute:02}:00Z"), "expired": expired,
            "workflow_run": { "id": run, "head_branch": branch, "repository_id": 1, "head_repository_id": repository } })
    };
    let put = |name: &str, artifacts: &[&Value]| {
        job.write(&format!("{name}.json"), &serde_json::json!({ "artifacts": artifacts }).to_string());
    };
    let strangers =
        [kept(50, 66, "main", 2, false), kept(51, 67, "theirs", 1, false), kept(52, 68, "main", 1, true)];
    let take = |begun: &[&Value], state: &[&Value], new_state: &str, go_on: &str| {
        let _ = std::fs::remove_file(job.path("downloaded"));
        put("sendplan-begun", begun);
        put("sendplan-state", &strangers.iter().chain(state.iter().copied()).collect::<Vec<_>>());
        let variables =
            [("NEW_STATE", new_state), ("GO_ON", go_on), ("GITHUB_REPOSITORY", "o/r"), ("FOLDER", "state")];
        let said = job.run(&take, &variables);
        (said.code, std::fs::read_to_string(job.path("downloaded")).unwrap_or_default())
    };
    let (older, newer) = (kept(1, 10, "main", 1, false), kept(16, 11, "main", 1, false));
    let brings = |run: u32| (0, format!("run download {run} --name sendplan-state --dir state\n"));
    let refused = || (7, String::new());
    assert_eq!(take(&[], &[], "false", "false"), refused(), "the very first job says so");
    assert_eq!(take(&[], &[], "true", "false"), (0, String::new()));
    assert_eq!(take(&[&older], &[&older, &newer], "", ""), brings(11));
    assert_eq!(take(&[&newer], &[&newer], "false", "false"), brings(11));
    assert_eq!(take(&[&older, &newer], &[&older], "false", "false"), refused());
    assert_eq!(take(&[&newer], &[&older], "false", "true"), brings(10), "a person says so");
    assert_eq!(take(&[&newer], &[], "true", "false"), refused(), "there was somebody before");
    assert_eq!(take(&[&newer], &[], "true", "true"), (0, String::new()), "a person says so");
    assert_eq!(take(&[&older], &[&newer], "true", "false"), refused(), "no state is begun beside one");
}

/// A folder instead of the registry of packages.
const CURL: &str = r#"#!/bin/sh
for word in "$@"; do last=$word; done
kept="packages/${last##*/}"
while [ $# -gt 0 ]; do
  case $1 in
    --upload-file) mkdir -p packages && exec cp "$2" "$kept" ;;
    --output) out=$2 ;;
  esac
  shift
done
if [ -n "$DOWN" ]; then printf 503; elif [ -f "$kept" ]; then cp "$kept" "$out" && printf 200; else printf 404; fi
"#;

#[test]
fn gitlab_never_begins_from_a_state_that_a_job_has_outlived() {
    let job = Job::new("curl", CURL);
    job.write("bin/sendplan", "#!/bin/sh\nprintf sent >> \"$SENDPLAN_STATE\"\n");
    assert!(Command::new("chmod").arg("+x").arg(job.path("bin/sendplan")).status().unwrap().success());
    let send = yaml(GITLAB)["send"].clone();
    let lines = |key: &str| {
        let all = send[key].as_array().unwrap().clone();
        all.iter().map(|line| line.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("\n")
    };
    let (script, after) = (lines("script"), lines("after_script"));
    // A job in a folder that is new each time, as far as the script goes; `dies` is one that never comes to its end.
    let run = |id: &str, more: &[(&str, &str)], dies: bool| {
        let _ = std::fs::remove_dir_all(job.path(".state"));
        for name in ["begun", "state.tar"] {
            let _ = std::fs::remove_file(job.path(name));
        }
        let mut variables = vec![
            ("CI_JOB_ID", id),
            ("PACKAGE", "p"),
            ("SENDPLAN_STATE", ".state/state.db"),
            ("CI_JOB_TOKEN", "t"),
            ("CAMPAIGN", ""),
            ("NEW_STATE", "false"),
            ("GO_ON", "false"),
            ("DOWN", ""),
        ];
        variables.extend(more);
        let said = job.run(&script, &variables);
        if !dies {
            let after = job.run(&after, &variables);
            assert_eq!(after.code, 0, "{after:?}");
        }
        (said.code, std::fs::read_to_string(job.path(".state/state.db")).unwrap_or_default())
    };
    assert_eq!(run("1", &[], false).0, 7, "the very first job says so");
    assert_eq!(run("1b", &[("NEW_STATE", "true"), ("CAMPAIGN", "../x")], false).0, 2, "no state came of it");
    assert_eq!(run("1c", &[("NEW_STATE", "true")], false).0, 7, "somebody began before");
    let again = [("NEW_STATE", "true"), ("GO_ON", "true")];
    assert_eq!(run("2", &again, false), (0, "sent".to_owned()), "a person says so");
    assert_eq!(run("3", &[("NEW_STATE", "true")], false).0, 7, "no state is begun beside one");
    assert_eq!(run("4", &[], false), (0, "sentsent".to_owned()));
    assert_eq!(run("5", &[("DOWN", "1")], false).0, 7, "who cannot look does not send");
    assert_eq!(run("6", &[("CAMPAIGN", "../x")], false), (2, "sentsent".to_owned()));
    assert_eq!(run("7", &[], true), (0, "sentsentsent".to_owned()));
    assert_eq!(run("8", &[], false).0, 7, "what job 7 sent is in no state");
    assert_eq!(run("9", &[], false).0, 7, "and that stays so");
    assert_eq!(run("10", &[("GO_ON", "true")], false), (0, "sentsentsent".to_owned()), "a person says so");
    assert_eq!(run("11", &[], false).0, 0);
}

#[test]
fn the_git_hook_stops_a_commit_with_a_broken_campaign() {
    if !has("git") {
        eprintln!("skipped: there is no git");
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

#[test]
fn a_pull_request_is_planned_and_held_to_its_plan() {
    if !has("git") {
        eprintln!("skipped: there is no git");
        return;
    }
    let [plan, hold] = ["Plan", "Hold campaigns to their plans"].map(|name| step(GITHUB[1], "check", name));
    let job = Job::new("unused", "");
    let bin = Path::new(env!("CARGO_BIN_EXE_sendplan")).parent().unwrap().display().to_string();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap());
    let run = |script: &str| {
        ["plans", "pages"].iter().for_each(|folder| drop(std::fs::remove_dir_all(job.path(folder))));
        job.write("output", "");
        let variables = [("PATH", path.as_str()), ("GITHUB_OUTPUT", "output"), ("RUNNER_TEMP", "bin")];
        let mut command = Command::new("bash");
        command.args(["-e", "-o", "pipefail", "-c", script]).current_dir(job.0.path()).envs(variables);
        said(command.env_remove("CI").env_remove("SENDPLAN_STATE").stdin(Stdio::null()).output().unwrap())
    };
    let commit = |what: &str| {
        let all = format!(
            "git add --all . && git -c user.name=A -c user.email=a@example.org commit --quiet -m {what}"
        );
        assert_eq!(run(&all).code, 0, "{what}");
    };
    assert_eq!(
        run("git init --quiet && printf 'plans\\npages\\n' > .gitignore && sendplan init one && sendplan init two").code,
        0
    );
    commit("begun");
    let approve = "sendplan plan campaigns/one --out campaigns/one/plan.json";
    assert_eq!(run(approve).code, 0);
    commit("approved");
    // Nothing was approved before, and `two` was not touched.
    let planned = run(&plan);
    assert_eq!(planned.code, 0, "{planned:?}");
    let names = || {
        let all = std::fs::read_dir(job.path("plans")).unwrap();
        let mut names: Vec<_> = all.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["one.md"]);
    assert!(job.path("pages/one.html").is_file());
    assert_eq!(std::fs::read_to_string(job.path("output")).unwrap(), "planned=true\n");
    assert_eq!(run(&hold).code, 0);
    // Another text, and the old plan: it is shown, and held up.
    job.write("campaigns/one/message.txt", "Hello {{ name }}. Reply STOP to opt out.\n");
    commit("another");
    let planned = run(&plan);
    assert_eq!((planned.code, names()), (0, vec!["one.md".to_owned()]), "{planned:?}");
    assert!(std::fs::read_to_string(job.path("plans/one.md")).unwrap().contains("differ"), "{planned:?}");
    assert_eq!(run(&hold).code, 9);
    assert_eq!(run(approve).code, 0);
    assert_eq!(run(&hold).code, 0);
    commit("approved");
    // What belongs to all campaigns changes all of them; what cannot be planned is no plan.
    job.write("lists/optouts.csv", "phone\n+254700000009\n");
    commit("list");
    assert_eq!((run(&plan).code, names()), (0, vec!["one.md".to_owned(), "two.md".to_owned()]));
    // What cannot be read has no plan, what is refused says so, and neither keeps another from being planned.
    job.write("campaigns/one/message.txt", "Hi {{ nobody }}\n");
    let two = std::fs::read_to_string(job.path("campaigns/two/campaign.yaml")).unwrap();
    job.write("campaigns/two/campaign.yaml", &format!("{two}limits: {{ recipients: 1 }}\n"));
    commit("broken");
    let planned = run(&plan);
    assert_eq!((planned.code, names()), (3, vec!["two.md".to_owned()]), "{planned:?}");
    assert!(std::fs::read_to_string(job.path("plans/two.md")).unwrap().contains("The plan is refused"));
}

#[test]
fn a_comment_is_brought_up_to_date_and_never_posted_twice() {
    if !has("jq") {
        eprintln!("skipped: there is no jq");
        return;
    }
    let job = Job::new(
        "gh",
        "#!/bin/sh\ncase $2 in\n--paginate) jq --raw-output \"$5\" comments.json ;;\n*) echo \"$@\" >> asked ;;\nesac\n",
    );
    std::fs::create_dir(job.path("plans")).unwrap();
    ["one", "two"].iter().for_each(|name| job.write(&format!("plans/{name}.md"), "# Plan\n"));
    let comment = |id: u32, who: &str, body: &str| serde_json::json!({ "id": id, "user": { "login": who }, "body": body });
    let mark = "<!-- plans/one.md -->\n# Older\n";
    let comments = [
        comment(1, "somebody", mark),
        comment(2, "github-actions[bot]", "# Something else\n<!-- plans/two.md -->"),
        comment(3, "github-actions[bot]", mark),
    ];
    job.write("comments.json", &serde_json::json!(comments).to_string());
    let said =
        job.run(&step(GITHUB[1], "comment", "Comment"), &[("GITHUB_REPOSITORY", "o/r"), ("NUMBER", "7")]);
    assert_eq!(said.code, 0, "{said:?}");
    let asked = std::fs::read_to_string(job.path("asked")).unwrap();
    assert_eq!(
        asked,
        "api --silent --method PATCH repos/o/r/issues/comments/3 --field body=@body.md\n\
         api --silent --method POST repos/o/r/issues/7/comments --field body=@body.md\n"
    );
    assert_eq!(std::fs::read_to_string(job.path("body.md")).unwrap(), "<!-- plans/two.md -->\n# Plan\n");
}

/// Runs a linter of somebody else's, where they are installed: `.ci/linters` does that, and says where.
fn linted(program: &str, arguments: &[&str]) {
    let Some(folder) = std::env::var_os("SENDPLAN_LINTERS") else {
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
