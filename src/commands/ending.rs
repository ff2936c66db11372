//! How a send ends: its exit code, and the words for it.

use std::path::Path;

use super::exit::Code;
use super::flags::{Flags, quoted};
use super::terminal::Terminal;
use crate::cli::Send;
use crate::delivery::control::{Hold, HoldKind};
use crate::delivery::engine::{End, Tally};
use crate::executor::Driven;
use crate::report::layout::count;
use crate::report::mask::Mask;
use crate::report::status::RunLine;

/// How a sending ended.
#[derive(Debug)]
pub struct Delivered {
    /// What ended it.
    pub driven: Driven,
    /// The exit code.
    pub code: Code,
    /// Where the run stands.
    pub run: RunLine,
    /// What keeps the campaign from going on, by somebody's word.
    pub hold: Option<Hold>,
    /// What this process did.
    pub tally: Tally,
    /// Whether it left because somebody paused it.
    pub left: bool,
}

/// The exit code of a delivery.
pub fn code(driven: &Driven, run: &RunLine) -> Code {
    match driven {
        Driven::Ended(End::Refused(_)) => Code::Refused,
        Driven::Ended(End::Finished) => settled(run),
        _ if run.pending > 0 => Code::Stopped,
        _ => settled(run),
    }
}

/// A word about why it stopped where it did.
pub fn say_ending(driven: &Driven, run: &RunLine, terminal: &Terminal) {
    let say = |text: &str| terminal.say(&format!("\u{1b}[1;33mstopped\u{1b}[0m: {text}"));
    match driven {
        Driven::Ended(End::Finished) => {}
        // A gateway's words may tell of somebody.
        Driven::Ended(End::Refused(why)) => {
            let why = Mask::Masked.cell(why);
            terminal.say(&format!("\u{1b}[1;31mrefused\u{1b}[0m: {why}"));
        }
        Driven::Ended(End::Paused(why)) => say(&Mask::Masked.cell(why)),
        Driven::Ended(End::Waits { why, .. }) => say(why),
        Driven::Ended(End::Cancelled(why)) => say(&format!("{why}; what was under way has been heard out")),
        Driven::Ended(End::Interrupted) if run.pending == 0 => {}
        Driven::Ended(End::Interrupted) => say("as asked, in order; what was under way has been heard out"),
        Driven::Cut => say("at once; what was under way is unknown"),
    }
}

/// How a finished run ends the process.
pub fn settled(run: &RunLine) -> Code {
    match (run.unknown + run.held, run.rejected) {
        (0, 0) => Code::Done,
        (0, _) => Code::Rejected,
        _ => Code::Unknown,
    }
}

/// What to type next.
pub fn next_steps(sent: &Delivered, args: &Send, flags: &Flags, state: &Path, terminal: &Terminal) {
    let shown = quoted(&args.campaign.display().to_string());
    let plan = args.plan.iter().map(|plan| format!(" --plan {}", quoted(&plan.display().to_string())));
    let sending = format!("{shown}{}", plan.collect::<String>());
    if sent.run.unknown > 0 {
        terminal.note(&format!(
            "\n{} may or may not have arrived. They are kept as unknown in {} and are not sent again.",
            count(sent.run.unknown, "message"),
            state.display()
        ));
    }
    if sent.run.held > 0 {
        let text = count(sent.run.held, "message");
        terminal
            .note(&format!("\n{text} held: nobody knows by whose clock. They wait until somebody decides."));
    }
    match sent.code {
        Code::Stopped if matches!(sent.driven, Driven::Ended(End::Cancelled(_))) => {
            terminal.note(&format!("\nWhoever cancelled it closes it. Next:\n  sendplan report {shown}{flags}"));
        }
        Code::Stopped | Code::Refused => go_on(sent, (&shown, &sending), flags, terminal),
        Code::Unknown | Code::Rejected => decide_next(sent.code, args, flags, terminal),
        // The real state is another one.
        _ if args.sandbox => terminal.note(&format!(
            "\nNothing left this machine: the gateway was a sandbox, and nobody counts as sent to.\n\nNext, with the \
             gateway's credentials in the environment:\n  sendplan send {sending}"
        )),
        _ => {}
    }
}

/// What to type next about a run that is through, where it ends with a code that wants somebody to look.
pub fn decide_next(code: Code, args: &Send, flags: &Flags, terminal: &Terminal) {
    let verb = match code {
        Code::Unknown => "resolve",
        Code::Rejected => "report",
        _ => return,
    };
    let shown = quoted(&args.campaign.display().to_string());
    terminal.note(&format!("\nNext:\n  sendplan {verb} {shown}{flags}"));
}

/// How a run that was stopped goes on. Only what was refused, or does not work, has to be mended first.
fn go_on(sent: &Delivered, (shown, sending): (&str, &str), flags: &Flags, terminal: &Terminal) {
    let resume = match &sent.hold {
        Some(hold) if hold.what == HoldKind::Paused => format!("  sendplan resume {shown}{flags}\n"),
        _ => String::new(),
    };
    let when = match sent.driven {
        Driven::Ended(End::Refused(_) | End::Paused(_)) => ", once that is mended",
        Driven::Ended(End::Waits { .. }) => ", from then on",
        _ => "",
    };
    if matches!(sent.driven, Driven::Ended(End::Refused(_) | End::Paused(_))) {
        terminal.note(&format!(
            "\nThe run keeps its texts and the gateway's profile as they were when it began. If one of them is what is \
             wrong,\n`sendplan cancel {shown}{flags}` ends it, and a campaign of another name is for those who are left."
        ));
    }
    terminal.note(&format!("\nNext{when}:\n{resume}  sendplan send {sending}{}", flags.taking_up()));
    if flags.begin_anew() {
        terminal.note(
            "\nA sandbox begins anew each time, and throws the last run away. With --state FILE it is kept, and taken up.",
        );
    }
}
