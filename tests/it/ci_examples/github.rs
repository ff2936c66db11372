//! How the state travels between jobs of GitHub's: never from a job that another one has outlived, and never lost without a
//! word.

use serde_json::Value;

use super::job::{Job, has, step, whole};
use super::{GITHUB, yaml};

/// In which order the steps of the job that sends come, by the first of them that fits.
fn place(name: &str) -> usize {
    let workflow = yaml(GITHUB[0]);
    let steps = workflow["jobs"]["send"]["steps"].as_array().unwrap();
    steps.iter().position(|step| step["name"] == name).unwrap_or_else(|| panic!("no step {name}"))
}

#[test]
fn the_state_is_kept_whatever_happens_after_a_job_said_that_it_begins() {
    let order = [
        "Look at what was asked for",
        "Take the state of the last job",
        "Keep that",
        "Send",
        "Keep the state",
    ];
    assert!(order.map(place).is_sorted(), "{:?}", order.map(place));
    let keep = whole(GITHUB[0], "send", "Keep the state");
    assert_eq!(keep["if"], "always() && steps.begun.outcome == 'success'");
    let more = whole(GITHUB[0], "send", "Keep the state, once more");
    assert_eq!(more["if"], "always() && steps.keep.outcome == 'failure'");
    assert_eq!((&more["with"], &more["uses"]), (&keep["with"], &keep["uses"]));
    let begun = whole(GITHUB[0], "send", "begun");
    // A beginning that expired before the state of the job before it would be forgotten.
    assert_eq!(begun["with"]["retention-days"], keep["with"]["retention-days"]);
    // What sends is cut off before the step is, and the step before the job.
    let send = whole(GITHUB[0], "send", "Send");
    let job = yaml(GITHUB[0])["jobs"]["send"]["timeout-minutes"].as_u64().unwrap();
    assert!(send["run"].as_str().unwrap().matches(" 45m sendplan ").count() == 2);
    assert!(
        send["timeout-minutes"].as_u64().unwrap() > 46
            && job > send["timeout-minutes"].as_u64().unwrap() + 20
    );
    // The campaigns as they are when it is its turn.
    let workflow = yaml(GITHUB[0]);
    assert_eq!(workflow["jobs"]["send"]["steps"][0]["with"]["ref"], "main");
}

/// Answers what is kept under a name, a page of one at a time, and notes which artifact it was asked to bring.
const GH: &str = r#"#!/bin/sh
case "$*" in
  *" --jq .private") cat private ;;
  *"/zip") echo "$2" > downloaded; echo zip ;;
  *"/runs/"*)
    if [ -f "run.${2##*/}.json" ]; then jq --raw-output "$4" "run.${2##*/}.json"
    else echo "schedule .github/workflows/campaigns.yml"; fi ;;
  "api --paginate "*)
    name=${3#*name=}
    for page in "${name%%&*}".*.json; do jq --raw-output "$5" "$page"; done ;;
esac
"#;

const WORKFLOW: (&str, &str) = ("GITHUB_WORKFLOW_REF", "o/r/.github/workflows/campaigns.yml@refs/heads/main");

/// Puts a state where it is wanted.
const UNZIP: &str = "#!/bin/sh\nmkdir \"$4\" && cp \"$2\" \"$4/state.db\"\n";

/// An artifact, as the API tells of it.
fn artifact(minute: u32, run: u32, branch: &str, repository: u32, expired: bool) -> Value {
    serde_json::json!({ "id": 100 + run, "created_at": format!("2026-12-01T09:{minute:02}:00Z"), "expired": expired,
        "workflow_run": { "id": run, "head_branch": branch, "repository_id": 1, "head_repository_id": repository } })
}

/// The step that takes the state, with these artifacts there: its exit code, and what it brought.
fn taken(job: &Job, begun: &[&Value], state: &[&Value], new_state: &str, go_on: &str) -> (i32, String) {
    let put = |name: &str, artifacts: &[&Value]| {
        for (at, one) in artifacts.iter().enumerate() {
            job.write(&format!("{name}.{at}.json"), &serde_json::json!({ "artifacts": [one] }).to_string());
        }
        job.write(&format!("{name}.none.json"), "{\"artifacts\": []}");
    };
    for entry in std::fs::read_dir(job.path(".")).unwrap().map(|entry| entry.unwrap()) {
        if entry.file_name().to_string_lossy().starts_with("sendplan-") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    let _ = std::fs::remove_file(job.path("downloaded"));
    let _ = std::fs::remove_dir_all(job.path("state"));
    put("sendplan-begun", begun);
    put("sendplan-state", state);
    let take = step(GITHUB[0], "send", "Take the state of the last job");
    let variables = [
        ("NEW_STATE", new_state),
        ("GO_ON", go_on),
        ("GITHUB_REPOSITORY", "o/r"),
        WORKFLOW,
        ("FOLDER", "state"),
    ];
    let said = job.run(&take, &variables);
    assert_eq!(job.path("state/state.db").exists(), said.code == 0 && new_state != "true", "{said:?}");
    (said.code, std::fs::read_to_string(job.path("downloaded")).unwrap_or_default())
}

#[test]
fn github_never_begins_from_a_state_that_a_job_has_outlived() {
    if !has("jq") {
        return;
    }
    let job = Job::new("gh", GH);
    job.program("unzip", UNZIP);
    job.write("private", "true");
    let strangers = [
        artifact(50, 66, "main", 2, false),
        artifact(51, 67, "theirs", 1, false),
        artifact(52, 68, "main", 1, true),
    ];
    let take = |begun: &[&Value], state: &[&Value], new_state: &str, go_on: &str| {
        let of = |ours: &[&Value]| -> Vec<Value> {
            strangers.iter().chain(ours.iter().copied()).cloned().collect()
        };
        let (begun, state) = (of(begun), of(state));
        taken(&job, &begun.iter().collect::<Vec<_>>(), &state.iter().collect::<Vec<_>>(), new_state, go_on)
    };
    let (older, newer) = (artifact(1, 10, "main", 1, false), artifact(16, 11, "main", 1, false));
    let brings = |run: u32| (0, format!("repos/o/r/actions/artifacts/{}/zip\n", 100 + run));
    let refused = || (7, String::new());
    assert_eq!(take(&[], &[], "false", "false"), refused(), "the very first job says so");
    assert_eq!(take(&[], &[], "true", "false"), (0, String::new()));
    assert_eq!(take(&[&newer], &[&newer], "false", "false"), brings(11));
    assert_eq!(take(&[&newer, &older], &[&newer, &older], "", ""), brings(11), "in whatever order they come");
    assert_eq!(take(&[&older, &newer], &[&older, &newer], "", ""), brings(11));
    assert_eq!(take(&[&older, &newer], &[&older], "false", "false"), refused());
    assert_eq!(take(&[&newer], &[&older], "false", "true"), brings(10), "a person says so");
    assert_eq!(take(&[&newer], &[], "true", "false"), refused(), "there was somebody before");
    assert_eq!(take(&[&newer], &[], "true", "true"), (0, String::new()), "a person says so");
    assert_eq!(take(&[&older], &[&newer], "true", "false"), refused(), "no state is begun beside one");
    // Nobody knows who began last: what is newest need not be the last job's.
    assert_eq!(take(&[], &[&newer], "false", "false"), refused());
    assert_eq!(take(&[&older], &[&newer], "false", "false"), refused());
    // Within a second of each other, but of two jobs.
    let same = artifact(16, 12, "main", 1, false);
    assert_eq!(take(&[&same], &[&newer], "false", "false"), refused());
    // A second attempt of a job that died after the first had kept its state.
    let again = artifact(31, 11, "main", 1, false);
    assert_eq!(take(&[&newer, &again], &[&newer], "false", "false"), refused());
    // From a pull request of main into another branch, whose workflows somebody has written.
    let run = |event: &str, path: &str| {
        job.write("run.11.json", &serde_json::json!({ "event": event, "path": path }).to_string());
        take(&[&newer], &[&newer], "false", "true")
    };
    assert_eq!(run("pull_request", ".github/workflows/campaigns.yml"), refused());
    assert_eq!(run("workflow_dispatch", ".github/workflows/other.yml@main"), refused());
    assert_eq!(run("workflow_dispatch", ".github/workflows/campaigns.yml@main"), brings(11));
    job.write("private", "false");
    assert_eq!(take(&[&newer], &[&newer], "false", "false"), refused(), "everybody could read addresses");
}

#[test]
fn who_cannot_ask_which_state_is_the_newest_does_not_send() {
    let job = Job::new("gh", "#!/bin/sh\ncase \"$*\" in *.private) echo true ;; *) exit 1 ;; esac\n");
    assert_ne!(taken(&job, &[], &[], "false", "true").0, 0);
    assert_ne!(taken(&job, &[], &[], "true", "true").0, 0);
    // What came is no state.
    let job = Job::new(
        "gh",
        "#!/bin/sh\ncase \"$*\" in *.private) echo true ;; *zip) ;; *runs/*) echo schedule .github/workflows/campaigns.yml ;; *) echo 1 2 3 ;; esac\n",
    );
    job.program("unzip", UNZIP);
    let take = step(GITHUB[0], "send", "Take the state of the last job");
    let variables = [
        ("NEW_STATE", "false"),
        ("GO_ON", "false"),
        ("GITHUB_REPOSITORY", "o/r"),
        WORKFLOW,
        ("FOLDER", "state"),
    ];
    let said = job.run(&take, &variables);
    assert!(said.code == 7 && said.out.contains("holds no state"), "{said:?}");
}

#[test]
fn a_slip_of_the_hand_is_told_before_a_job_says_that_it_begins() {
    let job = Job::new("unused", "");
    std::fs::create_dir_all(job.path("campaigns/c")).unwrap();
    std::fs::create_dir_all(job.path("campaigns/d")).unwrap();
    job.write("campaigns/c/plan.json", "{}");
    let look = step(GITHUB[0], "send", "Look at what was asked for");
    let asked = |campaign: &str| job.run(&look, &[("CAMPAIGN", campaign)]).code;
    assert_eq!(["", "c", "d", "../c", "C", "$(touch x)"].map(asked), [0, 0, 2, 2, 2, 2]);
    assert!(!job.path("x").exists());
}
