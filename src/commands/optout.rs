//! `sendplan optout`: people who want no more messages, whoever told us. Who is recorded here is not sent to from then
//! on, by any campaign of this state; a process that sends heeds it before its next message.

use std::io::BufRead;
use std::thread::sleep;
use std::time::Duration;

use super::beside::{Beside, Heeded, word};
use super::exit::{Code, Failure};
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::audience::{AddressError, AddressKind, region};
use crate::cli::{Global, Optout};
use crate::delivery::control::Mark;
use crate::report::control::{Kept, listed, opted_out, taken_back};
use crate::report::mask::Mask;
use crate::store::StoreError;
use crate::store::control::{Control, OptOut};

/// Rows of the list that are read at a time.
const PAGE: usize = 1000;
/// Addresses that are recorded in one transaction: a process that sends waits for each of them, and gives up after five
/// seconds. Ten thousand take a fraction of one.
const TOGETHER: usize = 10_000;
/// How long the state is left to others between two of them: who waits for it tries ten times a second at the least.
const REST: Duration = Duration::from_millis(100);
/// Problems that are shown; of the others, how many.
const MOST_SHOWN: usize = 20;

pub fn run(args: &Optout, global: &Global, terminal: &Terminal) -> Outcome {
    let path = state::path(global, args.sandbox, None)?;
    if args.list {
        let store = state::look(&path)?.ok_or(StoreError::Missing { path })?;
        return list(&store, args.show_addresses, terminal);
    }
    let addresses = read(args)?;
    let is_new = !path.exists();
    let mut beside = Beside::open(&path, args.sandbox, !args.take_back, "optout", terminal)?;
    let word = word(args.reason.as_deref());
    let (mut changed, mut mark) = (0, Mark::default());
    for (number, together) in addresses.chunks(TOGETHER).enumerate() {
        if number > 0 && beside.has_holder()? {
            sleep(REST);
        }
        let (some, up_to) = match args.take_back {
            true => beside.write(|store| store.take_back(together, &word))?,
            false => beside.write(|store| store.opt_out(together, &word))?,
        };
        (changed, mark) = (changed + some, up_to);
    }
    let kept = match beside.until_heeded(mark)? {
        Heeded::Yes => Kept::Heeded,
        Heeded::NobodySends => Kept::Recorded,
        Heeded::NotYet => Kept::Unanswered,
    };
    let all = addresses.len() as u64;
    if args.take_back {
        terminal.data(&taken_back(all, changed, kept));
        terminal.say(
            "\u{1b}[1;33mwarning\u{1b}[0m: a suppression list of a campaign, or the gateway itself, may still keep \
             messages from them. Only who asked for it themselves may be taken back.",
        );
    } else {
        terminal.data(&opted_out(all, changed, kept));
    }
    if is_new {
        // A slip in its name would keep nothing from anybody.
        let shown = path.display();
        terminal.note(&format!("`{shown}` was not there: it is a new state, by which nothing was sent yet."));
    }
    Ok(Code::Done)
}

/// The addresses in canonical text, each once; all of them are read before one is recorded.
fn read(args: &Optout) -> Result<Vec<String>, Failure> {
    let mut given = Vec::new();
    for address in &args.addresses {
        if address != "-" {
            given.push((address.clone(), None));
            continue;
        }
        for (number, line) in (1_u64..).zip(std::io::stdin().lock().lines()) {
            let line = line.map_err(|error| Failure::Input(format!("standard input: {error}")))?;
            if !line.trim().is_empty() {
                given.push((line.trim().to_owned(), Some(number)));
            }
        }
    }
    let region = args.region.as_deref().map(region).transpose();
    let region = region.map_err(|error| Failure::Usage(error.to_string()))?;
    let kind = if args.opaque { AddressKind::Opaque } else { AddressKind::Phone { region } };
    let (mut addresses, mut problems) = (Vec::new(), Vec::new());
    for (address, line) in given {
        match kind.read(&address) {
            Ok(address) => addresses.push(address.to_string()),
            Err(error) => problems.push(format!("\n  {}", problem(&address, line, &error))),
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
        (false, true) => "\nFor ids that are no numbers say --opaque",
        _ => "",
    };
    Err(Failure::Input(format!("nothing was recorded; these cannot be read:{shown}{more}{help}")))
}

/// What is wrong with an address; `line` is its line of standard input.
fn problem(address: &str, line: Option<u64>, error: &AddressError) -> String {
    let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
    let error = match error {
        AddressError::NoCountry => {
            "the number has no country code: write it with one, or say --region and the two letters of its country".to_owned()
        }
        other => other.to_string(),
    };
    // Some say of what they speak.
    if error.starts_with('`') { format!("{line}{error}") } else { format!("{line}`{address}`: {error}") }
}

fn list(store: &impl Control, shown: bool, terminal: &Terminal) -> Outcome {
    let mask = if shown { Mask::Shown } else { Mask::Masked };
    if !pages(mask, terminal, "", |after| store.listed_opt_outs(after, PAGE))? {
        terminal.data("Nobody is recorded as opted out in this state.\n");
    }
    pages(mask, terminal, "\nTaken back:\n\n", |after| store.listed_taken_back(after, PAGE))?;
    Ok(Code::Done)
}

/// Shows a list, a page at a time, below a head. Whether there was anybody.
fn pages(
    mask: Mask,
    terminal: &Terminal,
    head: &str,
    next: impl Fn(Option<&str>) -> Result<Vec<OptOut>, StoreError>,
) -> Result<bool, Failure> {
    let mut after: Option<String> = None;
    loop {
        let page = next(after.as_deref())?;
        let Some(last) = page.last() else { return Ok(after.is_some()) };
        if after.is_none() {
            terminal.data(head);
        }
        after = Some(last.address.clone());
        terminal.data(&listed(&page.iter().map(super::standing::opt_out).collect::<Vec<_>>(), mask));
    }
}
