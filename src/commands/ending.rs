//! How a send ends: its exit code, and the words for it.

use std::path::Path;

use super::exit::Code;
use super::next::flag;
use super::terminal::Terminal;
use crate::cli::Send;
use crate::delivery::engine::End;
use crate::executor::Driven;
use crate::report::layout::count;
use crate::report::status::RunLine;

/// The exit code of a delivery, with a word about why it stopped where it did.
pub fn ending(driven: &Driven, run: &RunLine, terminal: &Terminal) -> Code {
    let say = |text: &str| terminal.say(&format!("\u{1b}[1;33mstopped\u{1b}[0m: {text}"));
    let resumable = run.pending > 0 || run.held > 0;
    match driven {
        Driven::Ended(End::Finished) => return settled(run),
        Driven::Ended(End::Refused(why)) => {
            terminal.say(&format!("\u{1b}[1;31mrefused\u{1b}[0m: {why}"));
            return Code::Refused;
        }
        Driven::Ended(End::Paused(why)) => say(why),
        Driven::Ended(End::Cancelled(why)) => say(&format!("{why}; what was under way has been heard out")),
        Driven::Ended(End::Interrupted) if !resumable => {}
        Driven::Ended(End::Interrupted) => say("as asked, in order; what was under way has been heard out"),
        Driven::Cut => say("at once; what was under way is unknown"),
    }
    if resumable { Code::Stopped } else { settled(run) }
}

/// How a finished run ends the process.
pub fn settled(run: &RunLine) -> Code {
    match (run.unknown, run.rejected) {
        (0, 0) => Code::Done,
        (0, _) => Code::Rejected,
        _ => Code::Unknown,
    }
}

/// What to type next.
pub fn next_steps(
    driven: &Driven,
    code: Code,
    run: &RunLine,
    args: &Send,
    state: &Path,
    terminal: &Terminal,
) {
    let (shown, sandbox) = (args.campaign.display(), flag(args.sandbox));
    if run.unknown > 0 {
        terminal.note(&format!(
            "\n{} may or may not have arrived. They are kept as unknown in {} and are not sent again.",
            count(run.unknown, "message"),
            state.display()
        ));
    }
    match code {
        Code::Stopped if matches!(driven, Driven::Ended(End::Cancelled(_))) => {
            terminal.note(&format!("\nWhoever cancelled it closes it. Next:\n  sendplan report {shown}{sandbox}"));
        }
        Code::Stopped | Code::Refused => {
            terminal.note(&format!("\nNext, once that is mended:\n  sendplan send {shown}{sandbox}"));
        }
        Code::Unknown | Code::Rejected => {
            let verb = if code == Code::Unknown { "resolve" } else { "report" };
            terminal.note(&format!("\nNext:\n  sendplan {verb} {shown}{sandbox}"));
        }
        _ if args.sandbox => terminal.note(&format!(
            "\nNothing left this machine: the gateway was a sandbox, and nobody counts as sent to.\n\nNext, with the \
             gateway's credentials in the environment:\n  sendplan send {shown}"
        )),
        _ => {}
    }
}
