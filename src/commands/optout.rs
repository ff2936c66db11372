//! `sendplan optout`: people who want no more messages, whoever told us. Who is recorded here is not sent to from then
//! on, by any campaign of this state; a process that sends heeds it before its next message.

use std::io::BufRead;

use super::beside::{Beside, Heeded, word};
use super::exit::{Code, Failure};
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::audience::{AddressKind, region};
use crate::cli::{Global, Optout};
use crate::delivery::control::Mark;
use crate::report::control::{Kept, listed, opted_out, taken_back};
use crate::report::mask::Mask;
use crate::store::StoreError;
use crate::store::control::Control;

/// Addresses of one transaction: some 30 ms. A process that sends waits for five seconds at most until it can write, and
/// what it could not record would be in doubt. What was recorded before a failure stays; the same again does no harm.
const AT_ONCE: usize = 5000;
/// Rows of the list that are read at a time.
const PAGE: usize = 1000;
/// Problems that are shown; of the others, how many.
const MOST_SHOWN: usize = 20;

pub fn run(args: &Optout, global: &Global, terminal: &Terminal) -> Outcome {
    let path = state::path(global, args.sandbox, None)?;
    if args.list {
        let store = state::look(&path)?.ok_or(StoreError::Missing { path })?;
        return list(&store, args.show_addresses, terminal);
    }
    let addresses = read(args)?;
    let mut beside = Beside::open(&path, args.sandbox, !args.take_back, "optout", terminal)?;
    let word = word(args.reason.as_deref());
    let (mut known, mut mark) = (0, Mark::default());
    for page in addresses.chunks(AT_ONCE) {
        let (more, last) = match args.take_back {
            true => beside.write(|store| store.take_back(page, &word))?,
            false => beside.write(|store| store.opt_out(page, &word))?,
        };
        (known, mark) = (known + more, last);
        beside.let_the_other_write()?;
    }
    let kept = match beside.until_heeded(mark)? {
        Heeded::Yes => Kept::Heeded,
        Heeded::NobodySends => Kept::Recorded,
        Heeded::NotYet => Kept::Unanswered,
    };
    let all = addresses.len() as u64;
    if args.take_back {
        terminal.data(&taken_back(all, known, kept));
        terminal.say(
            "\u{1b}[1;33mwarning\u{1b}[0m: a suppression list of a campaign, or the gateway itself, may still keep \
             messages from them. Only who asked for it themselves may be taken back.",
        );
    } else {
        terminal.data(&opted_out(all, known, kept));
    }
    Ok(Code::Done)
}

/// The addresses in canonical text, each once; all of them are read before one is recorded.
fn read(args: &Optout) -> Result<Vec<String>, Failure> {
    let mut given = Vec::new();
    for address in &args.addresses {
        if address != "-" {
            given.push(address.clone());
            continue;
        }
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(|error| Failure::Input(format!("standard input: {error}")))?;
            if !line.trim().is_empty() {
                given.push(line.trim().to_owned());
            }
        }
    }
    let region = args.region.as_deref().map(region).transpose();
    let region = region.map_err(|error| Failure::Input(error.to_string()))?;
    let kind = if args.opaque { AddressKind::Opaque } else { AddressKind::Phone { region } };
    let (mut addresses, mut problems) = (Vec::new(), Vec::new());
    for address in given {
        match kind.read(&address) {
            Ok(address) => addresses.push(address.to_string()),
            Err(error) => problems.push(format!("\n  `{address}`: {error}")),
        }
    }
    if addresses.is_empty() && problems.is_empty() {
        return Err(Failure::Input("standard input has no address: nothing was recorded".to_owned()));
    }
    if problems.is_empty() {
        addresses.sort();
        addresses.dedup();
        return Ok(addresses);
    }
    let more = problems.len().saturating_sub(MOST_SHOWN);
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    let shown: String = problems.into_iter().take(MOST_SHOWN).collect();
    let help = match (args.opaque, args.region.is_none()) {
        (false, true) => "\nNumbers without a country code need --region; ids that are no numbers, --opaque",
        _ => "",
    };
    Err(Failure::Input(format!("nothing was recorded; these cannot be read:{shown}{more}{help}")))
}

fn list(store: &impl Control, shown: bool, terminal: &Terminal) -> Outcome {
    let mask = if shown { Mask::Shown } else { Mask::Masked };
    let mut after: Option<String> = None;
    let mut some = false;
    loop {
        let page = store.listed_opt_outs(after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.address.clone());
        some = true;
        terminal.data(&listed(&page.iter().map(super::standing::opt_out).collect::<Vec<_>>(), mask));
    }
    if !some {
        terminal.data("Nobody is recorded as opted out in this state.\n");
    }
    Ok(Code::Done)
}
