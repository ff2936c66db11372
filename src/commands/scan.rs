//! The planner over a campaign's file, with a progress bar: what `plan`, `preview` and `send` share.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::exit::Failure;
use super::terminal::Terminal;
use crate::audience::{Keep, Place};
use crate::campaign::Campaign;
use crate::message::Part;
use crate::message::segments::Reference;
use crate::plan::{self, Entry, PlanError, Recipe, Totals};
use crate::world::workspace::Loaded;

/// The bar of whoever reads the recipients.
pub const BAR: &str = "  {prefix} {bar:32} {percent:>3}%  {bytes_per_sec}  {eta} left";
/// The bar is moved once in so many rows: it is looked at ten times a second, not a million times.
const ROWS_PER_TICK: u64 = 1024;

/// Plans the whole audience and hands every entry to `sink`, in the order of the file.
pub fn scan(
    loaded: &Loaded,
    threads: Option<u16>,
    terminal: &Terminal,
    sink: &mut dyn FnMut(Entry<'_>) -> Result<(), Failure>,
) -> Result<Totals, Failure> {
    scan_unless(loaded, threads, terminal, &mut || false, sink)
}

/// The same; at every row it is asked whether to leave ([`Failure::Left`]).
pub fn scan_unless(
    loaded: &Loaded,
    threads: Option<u16>,
    terminal: &Terminal,
    leaves: &mut dyn FnMut() -> bool,
    sink: &mut dyn FnMut(Entry<'_>) -> Result<(), Failure>,
) -> Result<Totals, Failure> {
    let keep = loaded.campaign.audience.keep;
    let read = Arc::new(AtomicU64::new(0));
    let open = || {
        let files = loaded.recipients.open(&read);
        files.map_err(|(shown, error)| Failure::Input(format!("{shown}: {error}")))
    };
    // To find the last rows, all are read twice.
    let bar = terminal.bar(loaded.recipients.len() * if keep == Keep::Last { 2 } else { 1 }, BAR);
    bar.set_prefix("planning");
    let mut rows = 0_u64;
    let mut goes_on = || {
        rows += 1;
        if rows.is_multiple_of(ROWS_PER_TICK) {
            bar.set_position(read.load(Ordering::Relaxed));
        }
        if leaves() { Err(Failure::Left) } else { Ok(()) }
    };
    let (recipe, threads) = (recipe(loaded), number_of(threads));
    let result = match keep {
        Keep::First => plan::run_files(open()?, &recipe, threads, &mut |entry| {
            goes_on()?;
            sink(entry)
        }),
        Keep::Last => plan::last_rows(open()?, &recipe, threads, &mut goes_on).and_then(|last| {
            let files = open().map_err(PlanError::Sink)?;
            plan::run_files_keeping(files, &recipe, &last, threads, &mut |entry| {
                goes_on()?;
                sink(entry)
            })
        }),
    };
    bar.finish_and_clear();
    // Whatever came of it, it is about a file that nobody has any more.
    if let (Some(changed), Ok(_) | Err(PlanError::Read { .. } | PlanError::Changed)) =
        (loaded.recipients.changed(), &result)
    {
        return Err(Failure::Input(format!(
            "{changed} has changed while it was read: try again when it is whole"
        )));
    }
    result.map_err(|error| match error {
        PlanError::Sink(failure) => failure,
        PlanError::Read { file, error } => Failure::Input(match error.help() {
            Some(help) => format!("{file}: {error}; {help}"),
            None => format!("{file}: {error}"),
        }),
        PlanError::Changed => Failure::Input(format!("{error}: try again when they are whole")),
        PlanError::Worker => Failure::Internal(error.to_string()),
    })
}

fn number_of(threads: Option<u16>) -> NonZeroUsize {
    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    threads.and_then(|number| NonZeroUsize::new(usize::from(number))).unwrap_or(cores)
}

fn recipe(loaded: &Loaded) -> Recipe {
    let campaign = &loaded.campaign;
    Recipe {
        rules: campaign.audience.rules.clone(),
        wordings: campaign.wordings.clone(),
        suppression: loaded.suppression.clone(),
        reference: reference(campaign),
        cost: campaign.profile.cost().cloned(),
        locates: campaign.delivery.recipients.is_some(),
    }
}

/// What the parts of one text share at the campaign's gateway.
pub fn reference(campaign: &Campaign) -> Reference {
    if campaign.profile.has_wide_reference() { Reference::Sixteen } else { Reference::Eight }
}

/// Why a plan of these totals is refused, in words; nothing when it is not.
pub fn refusals(loaded: &Loaded, totals: &Totals) -> Vec<String> {
    let limits = plan::check(&loaded.campaign.limits, totals);
    let cut =
        totals.longest().filter(|longest| loaded.campaign.profile.cuts_texts() && longest.parts > Part::MOST);
    let cut = cut.map(|longest| too_many_parts(longest.parts, &totals.place(longest.first_line)));
    limits.iter().map(ToString::to_string).chain(cut).collect()
}

/// Why a text cannot be cut.
pub fn too_many_parts(parts: u16, place: &Place) -> String {
    format!("the text of {place} takes {parts} parts, and phones join {} at most: shorten it", Part::MOST)
}

/// The digest as people and machines are shown it.
pub fn digest(totals: &Totals) -> String {
    let hex: String = totals.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
