//! Who looks at each row while a plan is made: all that is asked for beside the sums, in one pass.

use super::landlines::Landlines;
use crate::audience::{Exclusion, Place};
use crate::cli::{Plan, PlanFormat};
use crate::commands::ahead::Ahead;
use crate::commands::approval::{Counted, Counting};
use crate::commands::exit::Failure;
use crate::commands::preview::Shown;
use crate::commands::rejects::RejectsFile;
use crate::commands::samples::Wish;
use crate::commands::terminal::Terminal;
use crate::plan::{Entry, Totals};
use crate::report::flaws::seen;
use crate::report::mask::Mask;
use crate::report::plan::LeftOut;
use crate::report::preview::Sample;
use crate::world::workspace::Loaded;

/// So many samples stand in a comment, beside the longest and the dearest.
const SAMPLES: usize = 3;

/// Each is there where it is asked for.
pub struct Listeners<'a> {
    ahead: Option<Ahead>,
    counting: Option<Counting<'a>>,
    rejects: Option<RejectsFile>,
    shown: Option<Shown<'a>>,
    undone: Vec<(&'static str, String)>,
    landlines: Option<Landlines>,
}

/// What they have heard.
pub struct Heard {
    /// Who would be left out by what the state says.
    pub left_out_now: Option<LeftOut>,
    /// The plan file, and its people.
    pub plan: Option<Counted>,
    /// The first row of which an expression of the campaign can make nothing, by reason, and why.
    pub undone: Vec<(&'static str, String)>,
    /// What a comment shows.
    pub samples: Vec<Sample>,
    /// What is told of fixed lines.
    pub landlines: Option<String>,
}

impl<'a> Listeners<'a> {
    /// Those that the command line asks for, and `ahead` where there is a state.
    pub fn new(args: &Plan, loaded: &'a Loaded, ahead: Option<Ahead>) -> Result<Self, Failure> {
        let columns = loaded.campaign.audience.rules.header.columns();
        let begin = |path| RejectsFile::begin(path, columns, loaded.recipients.are_several());
        let is_approval = args.against.is_some() || args.out.is_some();
        let wish = Wish { most: SAMPLES, zones: 0, extremes: true };
        Ok(Self {
            ahead,
            counting: is_approval.then(|| Counting::begin(loaded)).transpose()?,
            rejects: args.rejects.as_deref().map(begin).transpose()?,
            shown: (args.format == PlanFormat::Markdown).then(|| Shown::of(loaded, wish)),
            undone: Vec::new(),
            landlines: Landlines::of(&loaded.campaign),
        })
    }

    /// Hears of a row.
    pub fn take(&mut self, entry: Entry<'_>) -> Result<(), Failure> {
        self.counting.iter_mut().for_each(|counting| counting.take(&entry));
        self.shown.iter_mut().for_each(|shown| shown.take(&entry));
        match entry {
            Entry::Planned { address, .. } => {
                self.landlines.iter_mut().for_each(|landlines| landlines.take(address));
                self.ahead.iter_mut().for_each(|ahead| ahead.count(address));
                Ok(())
            }
            Entry::Excluded { place, reason, row } => self.exclude(&place, reason, row),
        }
    }

    fn exclude(&mut self, place: &Place, reason: &Exclusion, row: &csv::ByteRecord) -> Result<(), Failure> {
        if let Exclusion::RenderFailed { message } | Exclusion::FilterFailed { message } = reason {
            let words = Exclusion::words(reason.kind());
            if !self.undone.iter().any(|(known, _)| *known == words) {
                // It repeats a cell.
                let why = seen(&Mask::Masked.cell(message));
                self.undone.push((words, format!("{place}: {why}")));
            }
        }
        self.rejects.as_mut().map_or(Ok(()), |rejects| rejects.add(place, reason, row))
    }

    /// After the last row.
    pub fn finish(self, totals: &Totals, terminal: &Terminal) -> Result<Heard, Failure> {
        if let Some(rejects) = self.rejects {
            let path = rejects.finish()?;
            terminal.note(&format!("excluded rows are in {}", path.display()));
        }
        Ok(Heard {
            left_out_now: self.ahead.map(Ahead::finish),
            plan: self.counting.map(|counting| counting.finish(totals)).transpose()?,
            undone: self.undone,
            landlines: self.landlines.and_then(|landlines| landlines.warning(totals.messages)),
            samples: self.shown.map(|shown| few(shown.samples())).unwrap_or_default(),
        })
    }
}

/// The first ones, and the extremes among the others.
fn few(samples: Vec<Sample>) -> Vec<Sample> {
    let is_extreme = |sample: &Sample| sample.why.iter().any(|why| why == "longest" || why == "dearest");
    let (extremes, others): (Vec<Sample>, Vec<Sample>) = samples.into_iter().partition(is_extreme);
    others.into_iter().take(SAMPLES).chain(extremes).collect()
}
