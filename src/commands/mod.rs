//! Verbs, one a file. Only here do errors become exit codes, and only here does anything print.
#![allow(clippy::disallowed_methods)]

mod ahead;
mod approval;
mod ask;
mod audience;
mod beside;
mod campaigns;
mod cancel;
mod check;
mod completions;
mod connection;
mod contacts;
mod decide;
mod deliver;
mod ending;
mod exit;
mod flags;
mod hear;
mod init;
mod job;
mod later;
mod load;
mod man;
mod named;
mod next;
mod occasion;
mod optout;
mod ours;
mod outlook;
mod page_file;
mod pause;
mod pin;
mod places;
mod plan;
mod planned;
mod preparing;
mod preview;
mod provider;
mod reconcile;
mod recover;
mod rehearse;
mod rejects;
mod remedy;
mod report;
mod resolve;
mod resume;
mod run;
mod samples;
mod scan;
mod schema;
mod send;
mod standing;
mod state;
mod state_backup;
mod state_prune;
mod state_verify;
mod status;
mod sweep;
mod terminal;
mod timing;
mod typed;
mod unfinished;
mod waits;

use std::process::ExitCode;

use crate::cli::{State, Verb};
use crate::report::layout;
use exit::Failure;
use terminal::Terminal;

/// Runs the command line and answers with the process's exit code.
pub fn main() -> ExitCode {
    let cli = typed::parse();
    let terminal = Terminal::new(cli.global.color, cli.global.quiet);
    let result = match &cli.verb {
        Verb::Init(args) => init::run(args, &terminal),
        Verb::Check(args) => check::run(args, &terminal),
        Verb::Audience(args) => audience::run(args, &terminal),
        Verb::Preview(args) => preview::run(args, &terminal),
        Verb::Plan(args) => plan::run(args, &cli.global, &terminal),
        Verb::Rehearse(args) => rehearse::run(args, &cli.global, &terminal),
        Verb::Send(args) => send::run(args, &cli.global, &terminal),
        Verb::Run(args) => run::run(args, &cli.global, &terminal),
        Verb::Status(args) => status::run(args, &cli.global, &terminal),
        Verb::Report(args) => report::run(args, &cli.global, &terminal),
        Verb::Pause(args) => pause::run(args, &cli.global, &terminal),
        Verb::Resume(args) => resume::run(args, &cli.global, &terminal),
        Verb::Cancel(args) => cancel::run(args, &cli.global, &terminal),
        Verb::Optout(args) => optout::run(args, &cli.global, &terminal),
        Verb::Resolve(args) => resolve::run(args, &cli.global, &terminal),
        Verb::State(State::Backup(args)) => state_backup::run(args, &cli.global, &terminal),
        Verb::State(State::Verify(args)) => state_verify::run(args, &cli.global, &terminal),
        Verb::State(State::Prune(args)) => state_prune::run(args, &cli.global, &terminal),
        Verb::Provider(args) => provider::run(args, &terminal),
        Verb::Schema(args) => schema::run(args, &terminal),
        Verb::Completions(args) => completions::run(args, &terminal),
        Verb::Man(args) => man::run(args, &terminal),
    };
    let result = match (result, terminal.failure()) {
        (result, Some(why)) => {
            // Whoever reads the output would take what is lost of it for all there is.
            if let Err(failure) = &result {
                terminal.fail(failure);
            }
            Err(Failure::Output { path: "standard output".to_owned(), why })
        }
        (result, None) => result,
    };
    match result {
        Ok(code) => code.into(),
        Err(failure) => {
            terminal.fail(&failure);
            let commands = remedy::remedy(&failure, &cli.verb, &cli.global);
            if !commands.is_empty() {
                terminal.note(&format!("\n{}", layout::next(&commands).trim_end()));
            }
            failure.code().into()
        }
    }
}

/// What a verb comes to.
type Outcome = Result<exit::Code, Failure>;
