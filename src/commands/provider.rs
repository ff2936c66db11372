//! `sendplan provider`: which gateways are built in, and what a profile needs and can.

use std::collections::BTreeSet;

use super::Outcome;
use super::connection::no_sandbox;
use super::exit::{Code, Failure};
use super::terminal::Terminal;
use crate::cli::Provider;
use crate::provider::{Profile, builtin_names};
use crate::report::layout::{Table, count};
use crate::report::profile;
use crate::world::workspace;

pub fn run(args: &Provider, terminal: &Terminal) -> Outcome {
    match args {
        Provider::List => list(terminal),
        Provider::Show { name } => show(name, terminal),
        Provider::Test { name } => test(name, terminal),
    }
}

fn list(terminal: &Terminal) -> Outcome {
    let mut table = Table::new(&[]);
    for name in builtin_names() {
        table.row([name, load(name)?.title()]);
    }
    terminal.data(&format!("{}\nNext:\n  sendplan provider show NAME\n", table.show()));
    Ok(Code::Done)
}

fn show(name: &str, terminal: &Terminal) -> Outcome {
    terminal.data(&profile::show(&load(name)?));
    Ok(Code::Done)
}

fn test(name: &str, terminal: &Terminal) -> Outcome {
    let profile = load(name)?;
    let (failures, gaps) = (profile.check_examples(), profile.example_gaps());
    let no_sandbox = no_sandbox(&profile);
    terminal.data(&profile::tested(&profile, &failures, &gaps, no_sandbox.as_deref()));
    if !failures.is_empty() {
        let failed: BTreeSet<&str> = failures.iter().map(|failure| failure.example.as_str()).collect();
        let text = count(failed.len() as u64, "example");
        return Err(Failure::Input(format!("{text} of `{}` did not come out as recorded", profile.name())));
    }
    terminal.note("\nAll came out as recorded.");
    Ok(Code::Done)
}

fn load(name: &str) -> Result<Profile, Failure> {
    workspace::profile(name)
        .map(|(profile, _)| profile)
        .map_err(|problems| Failure::Invalid { what: format!("profile {name}"), problems })
}
