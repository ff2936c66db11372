//! `sendplan completions`: what lets a shell complete words, for its own file.

use super::Outcome;
use super::exit::Code;
use super::terminal::Terminal;
use crate::cli::{self, Completions};

pub fn run(args: &Completions, terminal: &Terminal) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(), "sendplan", &mut script);
    terminal.data(&String::from_utf8_lossy(&script));
    Ok(Code::Done)
}
