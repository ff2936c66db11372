//! `report --format csv`: a row a message, a page of them at a time.

use super::super::exit::Failure;
use super::super::standing::message;
use super::super::terminal::Terminal;
use super::{pages, wordings};
use crate::report::mask::Mask;
use crate::report::messages::{self, MessageLine};
use crate::store::Run;
use crate::store::sqlite::Sqlite;

/// Prints the messages of these runs.
pub fn print(
    store: &Sqlite,
    runs: &[Run],
    live: bool,
    mask: Mask,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let texts = runs.iter().any(|run| !wordings(run).is_empty());
    terminal.data(&messages::head(texts));
    for run in runs.iter().filter(|run| run.pruned_at_ms.is_some()) {
        let (campaign, occurrence) = (&run.pinned.campaign, &run.pinned.occurrence);
        terminal.say(&format!(
            "{campaign} ({occurrence}) was pruned: it has no rows any more, its counts are in the report."
        ));
    }
    runs.iter().try_for_each(|run| {
        let wordings = wordings(run);
        pages(store, run.id, None, &mut |page| {
            let page = page.iter().map(|one| {
                let wording = one.wording.and_then(|number| wordings.get(usize::from(number)));
                let variant = wording.and_then(|wording| wording.variant.as_deref());
                let locale = wording.and_then(|wording| wording.locale.as_deref());
                MessageLine { variant, locale, occurrence: &run.pinned.occurrence, ..message(one, live) }
            });
            terminal.data(&messages::rows(page, mask, texts));
        })
    })
}
