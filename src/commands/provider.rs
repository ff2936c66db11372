//! `sendplan provider`: which gateways are built in, and what a profile needs and can.

use super::Outcome;
use super::exit::{Code, Failure};
use super::terminal::Terminal;
use crate::cli::Provider;
use crate::provider::{Profile, builtin_names};
use crate::report::layout::Table;
use crate::report::profile;
use crate::world::workspace;

pub fn run(args: &Provider, terminal: &Terminal) -> Outcome {
    match args {
        Provider::List => list(terminal),
        Provider::Show { name } => show(name, terminal),
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

fn load(name: &str) -> Result<Profile, Failure> {
    workspace::profile(name)
        .map(|(profile, _)| profile)
        .map_err(|problems| Failure::Invalid { what: format!("profile {name}"), problems })
}
