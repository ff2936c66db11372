//! Commands that no test can carry out: they build, install, listen for ever or need somebody else's machine. Each is
//! listed by its first words, with what of it can be checked here.

use clap::Parser;
use sendplan::cli::Cli;

use crate::project::root;

type Check = fn(&[&str]) -> Result<(), String>;

/// First words, and the check of the whole command.
const ELSEWHERE: &[(&str, Check)] = &[
    ("cargo test", a_test),
    ("cargo bench", a_bench),
    ("cargo install", a_path),
    ("fuzz/run", a_target),
    ("rustup toolchain install", nothing),
    ("mdbook", a_book),
    ("git clone", nothing),
    ("git push", nothing),
    ("systemctl", a_unit),
    ("podman", nothing),
    // Without `--once` it lives until it is told to stop.
    ("sendplan run", words),
];

/// Whether this command is one of them, and what is wrong with it.
pub fn check(command: &str) -> Option<Result<(), String>> {
    let told = command.split(" #").next().unwrap_or_default().trim();
    let bare: Vec<&str> = told.split_whitespace().skip_while(|word| is_assignment(word)).collect();
    if bare.contains(&"--once") {
        return None;
    }
    let (_, check) = ELSEWHERE.iter().find(|(first, _)| {
        let first: Vec<&str> = first.split_whitespace().collect();
        bare.starts_with(&first)
    })?;
    Some(check(&bare))
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

/// The arguments that clap would see parse.
pub fn words(command: &[&str]) -> Result<(), String> {
    Cli::try_parse_from(command).map(|_| ()).map_err(|error| error.to_string())
}

fn nothing(_: &[&str]) -> Result<(), String> {
    Ok(())
}

fn after<'a>(command: &[&'a str], flag: &str) -> Option<&'a str> {
    command.iter().position(|word| *word == flag).and_then(|at| command.get(at + 1).copied())
}

fn there(path: &str) -> Result<(), String> {
    if root().join(path).exists() { Ok(()) } else { Err(format!("there is no {path}")) }
}

fn a_bench(command: &[&str]) -> Result<(), String> {
    let name = after(command, "--bench").ok_or("a bench has a name")?;
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    if manifest.contains(&format!("[[bench]]\nname = \"{name}\"\n")) {
        there(&format!("benches/{name}.rs"))
    } else {
        Err(format!("Cargo.toml has no bench `{name}`"))
    }
}

fn a_test(command: &[&str]) -> Result<(), String> {
    match (after(command, "--test"), command.last()) {
        (None, _) => Ok(()),
        (Some("it"), Some(module)) => there(&format!("tests/it/{module}.rs")),
        (Some(other), _) => Err(format!("there are no tests called `{other}`")),
    }
}

fn a_path(command: &[&str]) -> Result<(), String> {
    after(command, "--path").map_or(Ok(()), there)
}

fn a_book(_: &[&str]) -> Result<(), String> {
    there("book.toml")
}

fn a_unit(_: &[&str]) -> Result<(), String> {
    there("examples/running/sendplan.service")
}

fn a_target(command: &[&str]) -> Result<(), String> {
    there("fuzz/run")?;
    let mut named = command.iter().skip(1).filter(|word| word.parse::<u32>().is_err());
    named.try_for_each(|name| there(&format!("fuzz/fuzz_targets/{name}.rs")))
}
