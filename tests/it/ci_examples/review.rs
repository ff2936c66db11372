//! What reviewers see of what is proposed, on GitHub and on GitLab: each changed campaign's plan as a comment, held to the plan
//! that was approved.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::job::{Job, has, lines, step};
use super::{GITHUB, GITLAB, yaml};
use crate::project::{Said, said};

/// What is proposed, and the two scripts of the job that looks at it.
struct Proposal {
    job: Job,
    /// Plans what is changed.
    plan: String,
    /// Holds it to what was approved.
    hold: String,
}

impl Proposal {
    fn on_github() -> Self {
        let [plan, hold] =
            ["Plan", "Hold campaigns to their plans"].map(|name| step(GITHUB[1], "check", name));
        Self { job: Job::new("unused", ""), plan, hold }
    }

    fn on_gitlab() -> Self {
        let script = yaml(GITLAB)["check"]["script"].as_array().unwrap().clone();
        let [_, plan, hold] = &script[..] else { panic!("{script:?}") };
        let [plan, hold] = [plan, hold].map(|script| script.as_str().unwrap().to_owned());
        Self { job: Job::new("unused", ""), plan, hold }
    }

    fn run(&self, script: &str) -> Said {
        let bin = Path::new(env!("CARGO_BIN_EXE_sendplan")).parent().unwrap().display().to_string();
        let path = format!("{bin}:{}", std::env::var("PATH").unwrap());
        self.job.write("output", "");
        let variables = [
            ("PATH", path.as_str()),
            ("GITHUB_OUTPUT", "output"),
            ("RUNNER_TEMP", "bin"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "HEAD^1"),
        ];
        let mut command = Command::new("bash");
        command.args(["-e", "-o", "pipefail", "-c", script]).current_dir(self.job.path("."));
        command.envs(variables).env_remove("CI").env_remove("SENDPLAN_STATE").stdin(Stdio::null());
        said(command.output().unwrap())
    }

    fn must(&self, script: &str) {
        let said = self.run(script);
        assert_eq!(said.code, 0, "{script}: {said:?}");
    }

    fn commit(&self, what: &str) {
        let who = "-c user.name=A -c user.email=a@example.org";
        self.must(&format!("git add --all . && git {who} commit --quiet -m {what}"));
    }

    /// The exit code of the plan, and whose plans there are.
    fn planned(&self) -> (i32, Vec<String>) {
        let said = self.run(&self.plan);
        let all = std::fs::read_dir(self.job.path("plans")).unwrap();
        let mut names: Vec<_> = all.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        (said.code, names)
    }

    fn holds(&self) -> i32 {
        self.run(&self.hold).code
    }

    fn plan_of(&self, name: &str) -> String {
        std::fs::read_to_string(self.job.path(&format!("plans/{name}.md"))).unwrap()
    }
}

const APPROVE: &str = "sendplan plan campaigns/one --out campaigns/one/plan.json";

/// Two campaigns, of which the first one is approved in the last commit.
fn begun(proposal: &Proposal) {
    let ignored = "printf 'plans\\npages\\nbin\\nchanged\\nmade-of\\napproved.json\\noutput\\n' > .gitignore";
    proposal.must(&format!("git init --quiet && {ignored} && sendplan init one && sendplan init two"));
    proposal.commit("begun");
    proposal.must(APPROVE);
    proposal.commit("approved");
}

fn one_and_two(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("{name}.md")).collect()
}

fn is_planned_and_held_to_its_plan(proposal: &Proposal) {
    begun(proposal);
    // Nothing was approved before, and `two` was not touched.
    assert_eq!(proposal.planned(), (0, one_and_two(&["one"])));
    assert!(proposal.job.path("pages/one.html").is_file());
    assert_eq!(proposal.holds(), 0);
    // Another text, and the old plan: it is shown, and held up.
    proposal.job.write("campaigns/one/message.txt", "Hello {{ name }}. Reply STOP to opt out.\n");
    proposal.commit("another");
    assert_eq!(proposal.planned(), (0, one_and_two(&["one"])));
    assert!(proposal.plan_of("one").contains("**Not as it was approved**"));
    assert_eq!(proposal.holds(), 9);
    proposal.must(APPROVE);
    assert_eq!(proposal.holds(), 0);
    proposal.commit("approved");
    // What belongs to all campaigns changes all of them; what cannot be planned is no plan.
    proposal.job.write("lists/optouts.csv", "phone\n+254700000009\n");
    proposal.commit("list");
    assert_eq!(proposal.planned(), (0, one_and_two(&["one", "two"])));
    assert_eq!(proposal.holds(), 9, "the second has no plan, and holds nobody up");
    // What cannot be read has no plan, what is refused says so, and neither keeps another from being planned.
    proposal.job.write("campaigns/one/message.txt", "Hi {{ nobody }}\n");
    let two = std::fs::read_to_string(proposal.job.path("campaigns/two/campaign.yaml")).unwrap();
    proposal.job.write("campaigns/two/campaign.yaml", &format!("{two}limits: {{ recipients: 1 }}\n"));
    proposal.commit("broken");
    assert_eq!(proposal.planned(), (3, one_and_two(&["two"])));
    assert!(proposal.plan_of("two").contains("The plan is refused"));
}

/// A list that lies beside everything, a gateway's profile that is another folder's, a snippet that is a link.
fn is_planned_for_any_of_its_files(proposal: &Proposal) {
    let people = "Kundennr,Telefon\n1,+254700000001\n2,+254700000002\n";
    proposal.job.write("export.csv", people);
    proposal.must(
        "git init --quiet && printf 'plans\\npages\\nbin\\nchanged\\nmade-of\\noutput\\n' > .gitignore",
    );
    proposal.must("sendplan init one --from export.csv --yes && sendplan init two");
    proposal.must("mkdir -p shared templates && echo 'Reply STOP to opt out.' > shared/footer");
    proposal.must("ln -s ../shared/footer templates/footer.txt");
    proposal.must("echo 'Hi. {% include \"footer.txt\" %}' > campaigns/two/message.txt && echo x > notes.md");
    proposal.commit("begun");
    proposal.must("sendplan plan campaigns/one --out campaigns/one/plan.json");
    proposal.commit("approved");
    let manifest = std::fs::read_to_string(proposal.job.path("campaigns/one/campaign.yaml")).unwrap();
    assert!(manifest.contains("../../export.csv"), "{manifest}");
    let changed = |what: &str, file: &str, text: &str| {
        proposal.job.write(file, text);
        proposal.commit(what);
        proposal.planned()
    };
    assert_eq!(
        changed("export", "export.csv", &format!("{people}3,+254700000003\n")),
        (0, one_and_two(&["one"])),
        "the list is another one"
    );
    assert_eq!(proposal.holds(), 9, "and it is not the one that was approved");
    assert_eq!(
        changed("footer", "shared/footer", "STOP is the end of it: STOP\n"),
        (0, one_and_two(&["two"])),
        "behind a link"
    );
    proposal.must("echo 'Reply STOP.' > shared/other && ln -sf ../shared/other templates/footer.txt");
    proposal.commit("link");
    assert_eq!(proposal.planned(), (0, one_and_two(&["two"])), "another link");
    assert_eq!(changed("notes", "notes.md", "y\n"), (0, one_and_two(&[])), "no campaign's file");
    // A snippet that was the campaign's own, and is now the repository's: what is gone was looked for.
    proposal.must("mkdir campaigns/two/templates && echo 'STOP' > campaigns/two/templates/footer.txt");
    proposal.commit("own");
    proposal.must("git rm --quiet -r campaigns/two/templates");
    proposal.commit("gone");
    assert_eq!(proposal.planned(), (0, one_and_two(&["two"])));
}

fn cannot_get_round_its_plan(proposal: &Proposal) {
    begun(proposal);
    // A plan that somebody has committed is not shown as ours.
    proposal.must("mkdir plans pages && echo '# All is well' > plans/two.md");
    assert_eq!(proposal.planned(), (0, one_and_two(&["one"])));
    // Whoever takes the plan file away is told of.
    proposal.must("git rm --quiet campaigns/one/plan.json");
    proposal.commit("unapproved");
    assert_eq!(proposal.planned().0, 0);
    let held = proposal.run(&proposal.hold);
    assert!(held.code == 0 && held.out.contains("plan.json is taken away"), "{held:?}");
    // `run` sends what lies in any folder below campaigns/, also in one that a shell hides or takes for something else.
    for folder in [".three", "Three", "-t", "a b", "x\n::error::y", "$(touch x)"] {
        std::fs::rename(
            proposal.job.path("campaigns/two"),
            proposal.job.path(&format!("campaigns/{folder}")),
        )
        .unwrap();
        let said = proposal.run(&proposal.plan);
        assert!(said.code == 3 && said.out.contains("does not lie in a folder"), "{folder}: {said:?}");
        assert!(!said.out.contains("\n::error::y") && !proposal.job.path("x").exists(), "{said:?}");
        std::fs::rename(
            proposal.job.path(&format!("campaigns/{folder}")),
            proposal.job.path("campaigns/two"),
        )
        .unwrap();
    }
    proposal.must("mv campaigns/two elsewhere && ln -s ../elsewhere campaigns/two");
    assert_eq!(proposal.run(&proposal.plan).code, 3, "what is changed there would not be seen");
    proposal.must("rm campaigns/two && cp elsewhere/campaign.yaml campaigns/");
    assert_eq!(proposal.run(&proposal.plan).code, 3, "`run` would look at no other campaign");
}

#[test]
fn what_is_proposed_on_github_is_planned_and_held_to_its_plan() {
    if has("git") {
        let proposal = Proposal::on_github();
        is_planned_and_held_to_its_plan(&proposal);
        // Of the last plan: the job that writes comments is told that there are some.
        assert_eq!(std::fs::read_to_string(proposal.job.path("output")).unwrap(), "planned=true\n");
        cannot_get_round_its_plan(&Proposal::on_github());
        is_planned_for_any_of_its_files(&Proposal::on_github());
    }
}

#[test]
fn what_is_proposed_on_gitlab_is_planned_and_held_to_its_plan() {
    if has("git") {
        is_planned_and_held_to_its_plan(&Proposal::on_gitlab());
        cannot_get_round_its_plan(&Proposal::on_gitlab());
        is_planned_for_any_of_its_files(&Proposal::on_gitlab());
    }
}

#[test]
fn a_comment_on_github_is_brought_up_to_date_and_never_posted_twice() {
    if !has("jq") {
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

/// Pages of notes, whose token it is, and what it was asked to write.
const CURL: &str = r#"#!/bin/sh
for word in "$@"; do last=$word; done
case "$*" in
  *"--request "*) shift 5; echo "$1 $2 $last" >> asked; cp body.md "body.$(wc -l < asked | tr -d ' ')" ;;
  *"/user") cat user ;;
  *) page=${last##*page=}; echo "$page" >> pages; cat "page.$page" ;;
esac
"#;

#[test]
fn a_comment_on_gitlab_is_brought_up_to_date_and_never_posted_twice() {
    if !has("jq") {
        return;
    }
    let comment = &yaml(GITLAB)["comment"];
    // Also of a plan that is refused, by which the job before ends with a failure; of no other merge request.
    assert_eq!(comment["rules"][0]["when"], "always");
    assert_eq!(comment["variables"]["GIT_STRATEGY"], "empty");
    assert_eq!(yaml(GITLAB)["check"]["artifacts"]["when"], "always");
    assert!(!comment.to_string().contains("sendplan "), "it runs nothing of what is proposed");
    let job = Job::new("curl", CURL);
    std::fs::create_dir(job.path("plans")).unwrap();
    ["one", "two"].iter().for_each(|name| job.write(&format!("plans/{name}.md"), "# Plan\n"));
    job.write("user", "{\"id\": 5}");
    let note = |id: u32, who: u32, body: &str| serde_json::json!({ "id": id, "author": { "id": who }, "body": body });
    let mark = "<!-- plans/one.md -->\n# Older\n";
    // The first page is full of other people's notes, two of which look like ours.
    let mut first: Vec<Value> = (0..98).map(|id| note(id, 7, "# Something else")).collect();
    first.extend([note(98, 7, mark), note(99, 7, "<!-- plans/two.md -->\n# Mine")]);
    let second = [note(101, 5, "# Something else\n<!-- plans/two.md -->"), note(102, 5, mark)];
    job.write("page.1", &Value::from(first).to_string());
    job.write("page.2", &serde_json::json!(second).to_string());
    let variables = [
        ("CI_API_V4_URL", "v4"),
        ("CI_PROJECT_ID", "3"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("SENDPLAN_COMMENT_TOKEN", "t"),
    ];
    let said = job.run(&lines(GITLAB, "comment", "script"), &variables);
    assert_eq!(said.code, 0, "{said:?}");
    let read = |name: &str| std::fs::read_to_string(job.path(name)).unwrap();
    assert_eq!(read("pages"), "1\n2\n", "all pages, and no more");
    let notes = "v4/projects/3/merge_requests/7/notes";
    assert_eq!(read("asked"), format!("--request PUT {notes}/102\n--request POST {notes}\n"));
    assert_eq!(read("body.1"), "<!-- plans/one.md -->\n# Plan\n");
    assert_eq!(read("body.2"), "<!-- plans/two.md -->\n# Plan\n");
    // Who it is that writes is not known: nothing is written.
    std::fs::remove_file(job.path("asked")).unwrap();
    job.write("user", "{\"message\": \"401\"}");
    assert_ne!(job.run(&lines(GITLAB, "comment", "script"), &variables).code, 0);
    assert!(!job.path("asked").exists());
}
