//! `sendplan man`: manual pages, made of the same words as `--help`.

use std::path::Path;

use clap::Command;
use clap_mangen::Man as Page;

use super::Outcome;
use super::exit::{Code, Failure};
use super::ours::Ours;
use super::terminal::Terminal;
use crate::cli::{self, Man};
use crate::world::confine::plain;

/// How they all begin: with which sign an apostrophe is printed.
const PAGE: Ours =
    Ours { begins: ".ie \\n(.g .ds Aq", what: "manual page", option: "the folder", mode: 0o644 };

pub fn run(args: &Man, terminal: &Terminal) -> Outcome {
    let mut command = cli::command().disable_help_subcommand(true);
    command.build();
    match &args.dir {
        None => terminal.data(&page("sendplan", command)?),
        Some(dir) => {
            write("sendplan", command, dir)?;
            terminal.note(&format!("The pages are in {}.", dir.display()));
        }
    }
    Ok(Code::Done)
}

/// The page of a command.
fn page(name: &str, command: Command) -> Result<String, Failure> {
    let mut text = Vec::new();
    let page = Page::new(command).title(name.to_uppercase());
    page.render(&mut text).map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Its page, and those of its verbs, as files.
fn write(name: &str, command: Command, dir: &Path) -> Result<(), Failure> {
    for verb in command.get_subcommands() {
        write(&format!("{name}-{}", verb.get_name()), verb.clone(), dir)?;
    }
    let refused = |error| Failure::Output { path: dir.display().to_string(), why: plain(&error) };
    std::fs::create_dir_all(dir).map_err(refused)?;
    PAGE.write(&dir.join(format!("{name}.1")), &page(name, command)?)
}
