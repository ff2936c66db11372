//! Fetches the secrets that a profile refers to: from the environment or from files, never from
//! anywhere else, and never shows one.
#![allow(clippy::disallowed_methods, reason = "the environment and files are read here")]

use std::{env, fmt, fs};

use secrecy::SecretString;

use crate::provider::{Profile, SecretRef, Secrets};

/// Secrets that could not be had. Names places, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretError {
    /// The profile that needs them.
    pub profile: String,
    /// For each way to go on, the secrets that are lacking: name, where it should be, and what is wrong there.
    pub ways: Vec<Vec<(String, SecretRef, String)>>,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the profile `{}` lacks credentials: ", self.profile)?;
        for (at, way) in self.ways.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { "; or " })?;
            for (at, (name, reference, problem)) in way.iter().enumerate() {
                let place = match reference {
                    SecretRef::Env(variable) => format!("the environment variable {variable}"),
                    SecretRef::File(path) => format!("the file {path}"),
                };
                write!(f, "{}{place} (`{name}`) {problem}", if at == 0 { "" } else { ", and " })?;
            }
        }
        f.write_str(". Set them and try again, or use --sandbox, which needs none")
    }
}

impl std::error::Error for SecretError {}

/// Fetches the secrets of a profile: all that are there, and at least those that one way to log in takes. One
/// line break at the end of a file or variable is dropped.
///
/// # Errors
/// What is missing, empty or unreadable, for every way.
pub fn resolve(profile: &Profile) -> Result<Secrets, SecretError> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for (name, reference) in profile.secret_references() {
        match fetch(reference) {
            Ok(value) => found.push((name.clone(), value)),
            Err(problem) => missing.push((name.clone(), reference.clone(), problem)),
        }
    }
    let lacking = profile.lacking(&|name| found.iter().any(|(known, _)| known == name));
    if lacking.is_empty() {
        return Ok(Secrets::new(found));
    }
    let way =
        |names: Vec<&str>| missing.iter().filter(|one| names.contains(&one.0.as_str())).cloned().collect();
    Err(SecretError { profile: profile.name().to_owned(), ways: lacking.into_iter().map(way).collect() })
}

fn fetch(reference: &SecretRef) -> Result<SecretString, String> {
    let mut text = match reference {
        SecretRef::Env(name) => match env::var(name) {
            Ok(text) => text,
            Err(env::VarError::NotPresent) => return Err("is not set".to_owned()),
            Err(env::VarError::NotUnicode(_)) => return Err("is not UTF-8".to_owned()),
        },
        SecretRef::File(path) => {
            fs::read_to_string(path).map_err(|error| format!("cannot be read ({})", error.kind()))?
        }
    };
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.trim().is_empty() { Err("is empty".to_owned()) } else { Ok(text.into()) }
}
