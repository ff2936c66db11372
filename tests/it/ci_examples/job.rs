//! A job played here: its scripts, taken from the file, in a folder with programs of our own on the path.

#![allow(clippy::print_stderr, reason = "a test that is left out says so")]

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::yaml;
use crate::project::{Said, said};

/// A job's folder with programs of our own on the path.
pub struct Job(pub tempfile::TempDir);

impl Job {
    pub fn new(program: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let job = Self(folder);
        std::fs::create_dir(job.path("bin")).unwrap();
        job.program(program, text);
        job
    }

    /// One more program.
    pub fn program(&self, name: &str, text: &str) {
        let name = format!("bin/{name}");
        self.write(&name, text);
        assert!(Command::new("chmod").arg("+x").arg(self.path(&name)).status().unwrap().success());
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn run(&self, script: &str, variables: &[(&str, &str)]) -> Said {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command.args(["-e", "-o", "pipefail", "-c", script]).current_dir(self.0.path()).env("PATH", path);
        command.envs(variables.iter().copied()).stdin(Stdio::null());
        said(command.output().unwrap())
    }
}

/// Whether nothing may be left out: the linters are said to be there, or this is CI.
pub fn is_required() -> bool {
    ["SENDPLAN_LINTERS", "CI"].iter().any(|name| std::env::var_os(name).is_some())
}

pub fn has(program: &str) -> bool {
    let found =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    assert!(found || !is_required(), "there is no `{program}`; .ci/run installs it");
    if !found {
        eprintln!("skipped: there is no `{program}`");
    }
    found
}

/// The script of a step.
pub fn step(workflow: &str, job: &str, name: &str) -> String {
    let workflow = yaml(workflow);
    let steps = workflow["jobs"][job]["steps"].as_array().unwrap().clone();
    let step = steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("no step {name}"));
    step["run"].as_str().unwrap().to_owned()
}

/// A step by its name or its id, whole.
pub fn whole(workflow: &str, job: &str, name: &str) -> Value {
    let workflow = yaml(workflow);
    let steps = workflow["jobs"][job]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["name"] == name || step["id"] == name);
    step.unwrap_or_else(|| panic!("no step {name}")).clone()
}

/// Lines of a job of GitLab's, as its shell runs them one after the other.
pub fn lines(workflow: &str, job: &str, key: &str) -> String {
    let all = yaml(workflow)[job][key].as_array().unwrap().clone();
    all.iter().map(|line| line.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("\n")
}
