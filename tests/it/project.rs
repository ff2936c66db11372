//! A campaign repository of a test, and the program run in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use sendplan::store::Store;
use sendplan::store::sqlite::{OpenMode, Sqlite};
use serde_json::Value;

use crate::loopback::Loopback;

/// Secrets that must never be seen again anywhere.
pub const USERNAME: &str = "canary-user-7f3a91";
pub const PASSWORD: &str = "canary-pass-c04e55";
pub const APP_KEY: &str = "canary-key-88b1d2";

/// A folder with one campaign in it.
pub struct Project {
    folder: tempfile::TempDir,
}

/// What a finished process said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Project {
    /// A campaign of `people` recipients with a text each, sent to `url` by single requests.
    pub fn personalised(url: &str, people: u32) -> Self {
        let project = Self::empty();
        project.manifest(url, "batch_max: 1", "text: \"Hi {{ name }}\"", "");
        project.recipients(people);
        project
    }

    /// A campaign of `people` recipients with one text, sent to `url` in batches.
    pub fn shared(url: &str, people: u32, batch: u32) -> Self {
        let project = Self::empty();
        project.manifest(url, &format!("batch_max: {batch}"), "text: Hello all", "");
        project.recipients(people);
        project
    }

    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("campaigns/c")).unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        Self { folder }
    }

    /// Writes the manifest; `more` is appended to `delivery`.
    pub fn manifest(&self, url: &str, provider: &str, message: &str, more: &str) {
        self.write(
            "campaigns/c/campaign.yaml",
            &format!(
                "version: 1\nname: c\nprovider: {{ profile: mobiconnect, base_url: \"{url}\", {provider} }}\nsender: 1\n\
                 audience: {{ csv: r.csv, address: phone, region: KE }}\nmessage:\n  {message}\ndelivery:\n  \
                 concurrency: 4\n  retry: {{ attempts: 3, backoff: 20ms, max_backoff: 100ms }}\n{more}"
            ),
        );
    }

    /// A campaign for a profile of its own, `people` recipients, so many in a request; `more` is appended to the
    /// manifest.
    pub fn with_profile(profile: &str, url: &str, people: u64, batch: u64, more: &str) -> Self {
        let project = Self::empty();
        project.write("providers/own.yaml", profile);
        let (single, shared) = (profile.contains("mode: single"), profile.contains("mode: shared"));
        let most = if single { String::new() } else { format!(", batch_max: {batch}") };
        let text = if shared { "Hello all" } else { "Hi {{ name }}" };
        project.write(
            "campaigns/c/campaign.yaml",
            &format!(
                "version: 1\nname: c\nprovider: {{ profile: ../../providers/own.yaml, base_url: \"{url}\"{most} }}\n\
                 sender: Acme\naudience: {{ csv: r.csv, address: phone, region: KE }}\nmessage: {{ text: \"{text}\" }}\n\
                 delivery:\n  concurrency: 4\n  retry: {{ attempts: 3, backoff: 20ms, max_backoff: 2s }}\n{more}"
            ),
        );
        project.recipients(u32::try_from(people).unwrap());
        project
    }

    pub fn recipients(&self, people: u32) {
        let mut csv = "phone,name\n".to_owned();
        (0..people).for_each(|number| csv.push_str(&format!("0700{number:06},Name{number}\n")));
        self.write("campaigns/c/r.csv", &csv);
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn state(&self) -> PathBuf {
        self.path(".sendplan/state.db")
    }

    /// The program with these arguments, in this folder, with credentials and without CI.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sendplan"));
        prepare(&mut command, self.folder.path());
        command.args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments).output().unwrap())
    }

    pub fn send(&self) -> Said {
        self.run(&["send", "campaigns/c"])
    }

    /// Starts `send` and lets it run.
    pub fn start(&self) -> Child {
        self.command(&["send", "campaigns/c"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts `send` and kills it when so many of its requests wait at the gateway; then lets those go.
    pub fn kill_when_waiting(&self, gateway: &Loopback, requests: u32) {
        let mut child = self.start();
        gateway.until_waiting(requests);
        child.kill().unwrap();
        child.wait().unwrap();
        gateway.release();
    }

    /// The addresses of the messages in this state, sorted, as the state has them.
    pub fn messages_that_are(&self, state: &str) -> Vec<String> {
        let store = Sqlite::open(&self.state(), OpenMode::Existing).unwrap();
        let run = store.runs(None).unwrap().remove(0);
        let all = store.messages(run.id, None, None, 10_000).unwrap();
        let mut found: Vec<String> = all
            .into_iter()
            .filter(|one| format!("{:?}", one.state).eq_ignore_ascii_case(state))
            .map(|one| one.address)
            .collect();
        found.sort();
        found
    }

    /// How many messages of the only run are in this state, seen beside the process that sends.
    pub fn messages_beside(&self, state: &str) -> usize {
        let store = Sqlite::open(&self.state(), OpenMode::ReadOnly).unwrap();
        let run = store.runs(None).unwrap().remove(0);
        let all = store.messages(run.id, None, None, 10_000).unwrap();
        all.into_iter().filter(|one| format!("{:?}", one.state).eq_ignore_ascii_case(state)).count()
    }

    /// The only run, as `status --format json` has it.
    pub fn status(&self) -> Run {
        let said = self.run(&["status", "--format", "json"]);
        let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
        assert_eq!(report["version"], 1);
        let run = report["runs"][0].clone();
        assert!(!run.is_null(), "{said:?}");
        let run = Run { run };
        run.adds_up();
        run
    }
}

/// A run's counts.
#[derive(Debug)]
pub struct Run {
    run: Value,
}

impl Run {
    pub fn of(&self, state: &str) -> u64 {
        self.run[state].as_u64().unwrap()
    }

    fn adds_up(&self) {
        let states = ["pending", "accepted", "rejected", "unknown", "held", "suppressed", "expired"];
        let sum: u64 = states.iter().map(|state| self.of(state)).sum();
        assert_eq!(sum, self.of("planned"), "{self:?}");
    }

    #[track_caller]
    pub fn is(&self, expected: &[(&str, u64)]) {
        for (state, number) in expected {
            assert_eq!(self.of(state), *number, "{state} in {self:?}");
        }
    }
}

fn prepare(command: &mut Command, folder: &Path) {
    command
        .current_dir(folder)
        .env_remove("CI")
        .env_remove("SENDPLAN_STATE")
        .env("NO_COLOR", "1")
        .env("MOBICONNECT_USERNAME", USERNAME)
        .env("MOBICONNECT_PASSWORD", PASSWORD)
        .env("MOBICONNECT_APP_KEY", APP_KEY)
        .env("GATEWAY_USERNAME", USERNAME)
        .env("GATEWAY_PASSWORD", PASSWORD)
        .env("GATEWAY_KEY", APP_KEY)
        .stdin(Stdio::null());
}

pub fn said(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Sends a signal to a process.
pub fn signal(pid: u32, name: &str) {
    let done = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().unwrap();
    assert!(done.success());
}

/// The repository of sendplan itself.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program in it.
pub fn sendplan(arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sendplan"));
    // Whoever works on this repository may have a state of their own in it, which plans would look into.
    command.current_dir(root()).env("NO_COLOR", "1").env("SENDPLAN_STATE", "target/no/state.db");
    said(command.args(arguments).output().unwrap())
}
