//! How the state travels between jobs of GitLab's: never from a job that another one has outlived, and never lost without a
//! word.

use super::GITLAB;
use super::job::{Job, lines};

/// A folder instead of the registry of packages. It cannot be asked (`DOWN`), or takes nothing of a name (`FULL`).
const CURL: &str = r#"#!/bin/sh
for word in "$@"; do last=$word; done
kept="packages/${last##*/}"
while [ $# -gt 0 ]; do
  case $1 in
    --upload-file)
      case $2 in */"$FULL" | "$FULL") exit 22 ;; esac
      mkdir -p packages && exec cp "$2" "$kept" ;;
    --output) out=$2 ;;
  esac
  shift
done
if [ -n "$DOWN" ]; then printf 503; elif [ -f "$kept" ]; then cp "$kept" "$out" && printf 200; else printf 404; fi
"#;

/// Writes into the state whom it sends to, and how it was called; or fails before there is any state.
const SENDPLAN: &str =
    "#!/bin/sh\necho \"$@\" > asked\n[ -z \"$FAILS\" ] || exit 8\nprintf sent >> \"$SENDPLAN_STATE\"\n";

/// How a job comes to its end.
#[derive(PartialEq)]
enum End {
    Orderly,
    /// The machine is gone: nothing is kept.
    Dies,
}

struct Project(Job);

impl Project {
    fn new() -> Self {
        let job = Job::new("curl", CURL);
        job.program("sendplan", SENDPLAN);
        job.program("git", "#!/bin/sh\necho \"$@\" >> gits\n");
        std::fs::create_dir_all(job.path("campaigns/c")).unwrap();
        std::fs::create_dir_all(job.path("campaigns/d")).unwrap();
        job.write("campaigns/c/plan.json", "{}");
        Self(job)
    }

    /// A job: its exit code, and whom its state knows of.
    fn run(&self, id: &str, more: &[(&str, &str)], end: End) -> (i32, String) {
        let variables = [
            ("CI_JOB_ID", id),
            ("PACKAGE", "p"),
            ("SENDPLAN_STATE", ".state/state.db"),
            ("CI_JOB_TOKEN", "t"),
            ("CI_REPOSITORY_URL", "r"),
            ("CI_DEFAULT_BRANCH", "main"),
            ("CI_PROJECT_VISIBILITY", "private"),
            ("CAMPAIGN", ""),
            ("NEW_STATE", "false"),
            ("GO_ON", "false"),
            ("DOWN", ""),
            ("FULL", ""),
            ("FAILS", ""),
        ];
        let value =
            |name: &str, usual| more.iter().find(|(one, _)| *one == name).map_or(usual, |(_, value)| *value);
        let variables = variables.map(|(name, usual)| (name, value(name, usual)));
        let said = self.0.run(&lines(GITLAB, "send", "script"), &variables);
        if end == End::Orderly {
            self.0.run(&lines(GITLAB, "send", "after_script"), &variables);
        }
        (said.code, std::fs::read_to_string(self.0.path(".state/state.db")).unwrap_or_default())
    }

    fn code(&self, id: &str, more: &[(&str, &str)]) -> i32 {
        self.run(id, more, End::Orderly).0
    }
}

const NEW: (&str, &str) = ("NEW_STATE", "true");
const GO_ON: (&str, &str) = ("GO_ON", "true");

#[test]
fn gitlab_never_begins_from_a_state_that_a_job_has_outlived() {
    let project = Project::new();
    assert_eq!(project.code("1", &[]), 7, "the very first job says so");
    assert_eq!(project.code("1b", &[NEW, ("CI_PROJECT_VISIBILITY", "public")]), 7, "it holds addresses");
    assert_eq!(project.code("1c", &[NEW, ("FAILS", "1")]), 8, "no state came of it");
    assert_eq!(project.code("1d", &[NEW]), 7, "somebody began before");
    assert_eq!(project.run("2", &[NEW, GO_ON], End::Orderly), (0, "sent".to_owned()), "a person says so");
    assert_eq!(project.code("3", &[NEW]), 7, "no state is begun beside one");
    assert_eq!(project.run("4", &[], End::Orderly), (0, "sentsent".to_owned()));
    assert_eq!(project.code("5", &[("DOWN", "1")]), 7, "who cannot look does not send");
    assert_eq!(
        project.run("6", &[("FAILS", "1")], End::Orderly),
        (8, "sentsent".to_owned()),
        "kept all the same"
    );
    assert_eq!(project.run("7", &[], End::Dies), (0, "sentsentsent".to_owned()));
    assert_eq!(project.code("8", &[]), 7, "what job 7 sent is in no state");
    assert_eq!(project.code("9", &[]), 7, "and that stays so");
    assert_eq!(project.run("10", &[GO_ON], End::Orderly), (0, "sentsentsent".to_owned()), "a person says so");
    assert_eq!(project.code("11", &[]), 0);
}

#[test]
fn gitlab_sends_nothing_that_it_cannot_keep_and_saves_what_it_could_not() {
    let project = Project::new();
    assert_eq!(project.code("1", &[NEW]), 0);
    assert!(!project.0.path("rescued").exists());
    let unsaid = project.run("2", &[("FULL", "begun")], End::Orderly);
    assert_eq!(unsaid, (22, "sent".to_owned()), "nobody would know that it began");
    assert_eq!(project.run("3", &[], End::Orderly), (0, "sentsent".to_owned()), "and nobody was sent to");
    assert_eq!(project.run("4", &[("FULL", "state.tar")], End::Orderly), (0, "sentsentsent".to_owned()));
    assert_eq!(project.0.run("cp rescued/state.tar kept", &[]).code, 0);
    assert_eq!(project.code("5", &[]), 7, "what job 4 sent is in no package");
    // Somebody uploads what the job has saved: nobody has to say that it goes on.
    assert_eq!(project.0.run("cp kept packages/state.tar", &[]).code, 0);
    assert_eq!(project.run("6", &[], End::Orderly), (0, "sentsentsentsent".to_owned()));
}

#[test]
fn gitlab_sends_what_was_asked_for_as_it_is_by_then() {
    let project = Project::new();
    let asked = |campaign: &str| {
        let _ = std::fs::remove_file(project.0.path("asked"));
        let code = project.code("1", &[GO_ON, ("CAMPAIGN", campaign)]);
        (code, std::fs::read_to_string(project.0.path("asked")).unwrap_or_default())
    };
    // A slip of the hand is told before the job says that it begins.
    for slip in ["../c", "d", "C", "$(touch x)"] {
        assert_eq!(asked(slip), (2, String::new()), "{slip}");
    }
    assert!(!project.0.path("x").exists() && !project.0.path("packages").exists());
    assert_eq!(project.code("1", &[NEW]), 0);
    assert_eq!(asked("c"), (0, "send campaigns/c --plan campaigns/c/plan.json\n".to_owned()));
    assert_eq!(asked(""), (0, "run --once --hold-to-plans\n".to_owned()));
    let gits = std::fs::read_to_string(project.0.path("gits")).unwrap();
    assert!(
        gits.ends_with("fetch --quiet --depth 1 r main\ncheckout --quiet --detach FETCH_HEAD\n"),
        "{gits}"
    );
}
