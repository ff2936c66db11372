//! A shell in a folder of its own, with `sendplan` on its path, a clock that stands where the page says, and no way to
//! a gateway but one on this machine.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::{NoExpand, Regex};
use sendplan::provider::Profile;
use sendplan::world::sandbox::Sandbox;

use crate::project::root;

/// The day on which pages are read, unless they say another. Verbs with `--now` are told, so that what they print today
/// is what they print next year.
const PRESENT: &str = "2026-11-20T06:00:00Z";

/// Around the program: the present time for verbs that take it.
const WRAPPER: &str = r#"#!/bin/bash
said=" $* "
case "$1" in
  check|plan|preview|rehearse|send|status) takes=yes ;;
  run) case "$said" in *" --once "*) takes=yes ;; esac ;;
esac
case "$said" in *" --now "* | *" --help "* | *" -h "*) takes= ;; esac
exec "$SENDPLAN" "$@" ${takes:+--now "$PRESENT"}
"#;

/// Around each command: folder, variables and exit code are those that the command before has left.
const STEP: &str = r#"exec 2>&1
present=$PRESENT; . "$KEPT/variables"; export PRESENT=$present; cd "$(cat "$KEPT/folder")"; (exit "$(cat "$KEPT/code")")
eval "$1"
code=$?
export -p > "$KEPT/variables"; pwd > "$KEPT/folder"; echo $code > "$KEPT/code"
exit $code
"#;

pub struct Shell {
    place: tempfile::TempDir,
    gateway: Option<Gateway>,
    input: Option<String>,
    present: String,
}

/// A gateway on this machine, and the profile that manifests name for it.
struct Gateway {
    name: String,
    url: String,
    _sandbox: Sandbox,
    _runtime: tokio::runtime::Runtime,
}

impl Shell {
    pub fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let shell = Self { place, gateway: None, input: None, present: PRESENT.to_owned() };
        for folder in ["bin", "kept", "home", "work"] {
            std::fs::create_dir(shell.path(folder)).unwrap();
        }
        let wrapper = shell.path("bin/sendplan");
        std::fs::write(&wrapper, WRAPPER).unwrap();
        let may_run = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&wrapper, may_run).unwrap();
        std::fs::write(shell.path("kept/variables"), "").unwrap();
        std::fs::write(shell.path("kept/code"), "0").unwrap();
        std::fs::write(shell.path("kept/folder"), shell.work().to_str().unwrap()).unwrap();
        shell
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// The folder in which pages begin.
    pub fn work(&self) -> PathBuf {
        self.path("work")
    }

    /// Copies files of the repository here: a clone, as far as the page needs one. `A as B` puts them elsewhere.
    pub fn copy(&self, what: &str) {
        let pairs: Vec<(&str, &str)> = match what.split_once(" as ") {
            Some(pair) => vec![pair],
            None => what.split_whitespace().map(|name| (name, name)).collect(),
        };
        for (from, to) in pairs {
            let to = self.work().join(to);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            let copied = Command::new("cp").arg("-rT").arg(root().join(from)).arg(&to).status().unwrap();
            assert!(copied.success(), "{from}");
        }
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.work().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// What an editor would do: one piece of text for another, which must be there once.
    pub fn edit(&self, name: &str, from: &str, to: &str) -> Result<(), String> {
        let path = self.work().join(name);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
        match text.matches(from).count() {
            1 => std::fs::write(path, text.replace(from, to)).map_err(|error| error.to_string()),
            times => Err(format!("`{from}` is {times} times in {name}")),
        }
    }

    /// Some time goes by.
    pub fn becomes(&mut self, present: &str) {
        self.present = present.to_owned();
    }

    /// What is typed into the next command.
    pub fn types(&mut self, text: &str) {
        self.input = Some(format!("{}\n", text.replace("\\n", "\n")));
    }

    /// Starts a gateway that answers as this profile's examples do. Manifests that name the profile are sent there, as if
    /// it were the real one.
    pub fn start_gateway(&mut self, name: &str) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(1).build().unwrap();
        let profile = Profile::builtin(name).unwrap().unwrap();
        let sandbox = runtime.block_on(async { Sandbox::start(&profile) }).unwrap();
        let url = sandbox.url();
        self.gateway = Some(Gateway { name: name.to_owned(), url, _sandbox: sandbox, _runtime: runtime });
    }

    /// What the gateway takes for credentials stands in the environment.
    pub fn log_in(&self) -> Result<(), String> {
        let gateway = self.gateway.as_ref().ok_or("credentials are for a gateway on this machine")?;
        let source = Profile::builtin_source(&gateway.name).unwrap();
        let path = self.path("kept/variables");
        let mut kept = std::fs::read_to_string(&path).unwrap();
        for found in Regex::new(r"\$\{env:([A-Z_]+)\}").unwrap().captures_iter(&source.text) {
            kept.push_str(&format!("\nexport {}=sandbox\n", &found[1]));
        }
        std::fs::write(path, kept).map_err(|error| error.to_string())
    }

    /// Manifests that name the gateway's profile lead to this machine. Gives what still leads elsewhere.
    fn point_to_gateway(&self) -> Vec<PathBuf> {
        let Some(gateway) = &self.gateway else { return Vec::new() };
        let named = Regex::new(&format!("(?m)^provider: *{}( .*)?$", gateway.name)).unwrap();
        let there = format!("provider: {{ profile: {}, base_url: \"{}\" }}", gateway.name, gateway.url);
        let mut elsewhere = Vec::new();
        for path in manifests(self.work()) {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = match named.replace(&text, NoExpand(&there)) {
                Cow::Borrowed(same) => same.to_owned(),
                Cow::Owned(pointed) => {
                    std::fs::write(&path, &pointed).unwrap();
                    pointed
                }
            };
            let names_it = Regex::new(&format!(r"(provider|profile): *{}\b", gateway.name)).unwrap();
            if names_it.is_match(&text) && !text.contains(&gateway.url) {
                elsewhere.push(path);
            }
        }
        elsewhere
    }

    /// Nothing of a test may reach a gateway of the world: without credentials nobody is spoken to, and with them only
    /// somebody on this machine.
    fn stays_here(&self, command: &str) -> Result<(), String> {
        let elsewhere = self.point_to_gateway();
        if let Some(path) = elsewhere.first() {
            return Err(format!("{} leads to another gateway than that of the page", path.display()));
        }
        let kept = std::fs::read_to_string(self.path("kept/variables")).unwrap();
        let credential = Regex::new("[A-Z]_(USERNAME|PASSWORD|KEY|TOKEN|SID|SECRET)[= ]").unwrap();
        match self.gateway.is_none() && (credential.is_match(command) || credential.is_match(&kept)) {
            true => {
                Err("a page with credentials has a gateway on this machine: `<!-- gateway: NAME -->`"
                    .to_owned())
            }
            false => Ok(()),
        }
    }

    /// Carries a command out and gives its exit code and all that it printed.
    pub fn run(&mut self, command: &str) -> Result<(i32, String), String> {
        self.stays_here(command)?;
        let input = self.path("kept/input");
        std::fs::write(&input, self.input.take().unwrap_or_default()).unwrap();
        let mut bash = Command::new("timeout");
        bash.args(["120", "bash", "-c", STEP, "bash", command]).env_clear();
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let tools = [
            ("PATH", path.as_str()),
            ("SENDPLAN", env!("CARGO_BIN_EXE_sendplan")),
            ("PRESENT", self.present.as_str()),
            ("NO_COLOR", "1"),
            ("LC_ALL", "C.UTF-8"),
            ("TZ", "UTC"),
            ("USER", "you"),
            ("GIT_AUTHOR_NAME", "you"),
            ("GIT_AUTHOR_EMAIL", "you@example.com"),
            ("GIT_COMMITTER_NAME", "you"),
            ("GIT_COMMITTER_EMAIL", "you@example.com"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
        ];
        bash.envs(tools).env("HOME", self.path("home")).env("KEPT", self.path("kept"));
        let output =
            bash.stdin(std::fs::File::open(&input).unwrap()).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok((output.status.code().unwrap_or(-1), self.without_places(&said)))
    }

    /// The folder of the page and the gateway's address are those of the test alone.
    fn without_places(&self, said: &str) -> String {
        let real = self.work().canonicalize().unwrap();
        let said =
            said.replace(shown(&real), "/home/you/work").replace(shown(&self.work()), "/home/you/work");
        // Nobody has typed that: the wrapper says it.
        said.replace(
            ", as --now says",
            ", now: the manifest names no time; --now TIME makes it the same each time",
        )
    }
}

/// Every manifest in a folder.
fn manifests(folder: PathBuf) -> Vec<PathBuf> {
    let (mut folders, mut found) = (vec![folder], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("campaign.yaml") {
                found.push(path);
            }
        }
    }
    found
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}
