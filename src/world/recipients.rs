//! The recipients' files of a campaign: opened, held against each other, and kept as they were looked at.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::export::{Export, STANDARD_INPUT};
use crate::audience::{Header, ReadError};
use crate::diagnostic::{Diagnostic, Source, listing};
use crate::plan::Input;

/// One file at least, all with the same columns.
#[derive(Debug, Clone)]
pub struct Recipients {
    files: Vec<Export>,
}

/// A file's text, from the front.
pub type Reader = Box<dyn std::io::Read + Send>;

impl Recipients {
    /// Of files that have the same columns.
    pub(super) fn new(files: Vec<Export>) -> Self {
        Self { files }
    }

    /// Each of them.
    pub fn files(&self) -> &[Export] {
        &self.files
    }

    /// Whether there is more than one: then a line needs the name of its file.
    pub fn are_several(&self) -> bool {
        self.files.len() > 1
    }

    /// What people are shown for all of them.
    pub fn shown(&self) -> String {
        match self.files.as_slice() {
            [] => STANDARD_INPUT.to_owned(),
            [only] => only.shown.to_string(),
            [first, rest @ ..] => format!("{} and {} more", first.shown, rest.len()),
        }
    }

    /// What was found out about them that people should know, a line each.
    pub fn told(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter_map(Export::told)
    }

    /// How many bytes they have on the disk.
    pub fn len(&self) -> u64 {
        self.files.iter().map(Export::len).sum()
    }

    /// Whether they have no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Opens them for the planner. `read` is told how many bytes were read on the disk.
    ///
    /// # Errors
    /// One cannot be opened; with its name.
    pub fn open(&self, read: &Arc<AtomicU64>) -> Result<Vec<Input<Reader>>, (Arc<str>, ReadError)> {
        let open = |file: &Export| file.input(read).map_err(|error| (Arc::clone(&file.shown), error.into()));
        self.files.iter().map(open).collect()
    }

    /// The first that is no longer as it was looked at: it may have been read in part.
    pub fn changed(&self) -> Option<&str> {
        self.files.iter().find(|file| !file.is_unchanged()).map(|file| &*file.shown)
    }
}

/// What is wrong where a file has other columns than the first one.
pub(super) fn other_columns(
    (first, wanted): (&Export, &Header),
    (file, found): (&Export, &Header),
    source: &Arc<Source>,
    span: std::ops::Range<usize>,
) -> Option<Diagnostic> {
    let lacks = |one: &Header, of: &Header| -> Vec<String> {
        of.columns().iter().filter(|name| one.index(name).is_none()).cloned().collect()
    };
    if wanted == found {
        return None;
    }
    if let Some((headless, _)) =
        [(first, wanted), (file, found)].iter().find(|(_, one)| one.looks_like_a_row())
    {
        let title =
            format!("{} has other columns than the other files; is a header missing?", headless.shown);
        let help = "the first row looks like a recipient, and it must name the columns";
        return Some(Diagnostic::error(title).at(source, span, "").help(help));
    }
    let names = |names: &[String]| listing(names.iter().map(String::as_str));
    let (missing, surplus) = (lacks(found, wanted), lacks(wanted, found));
    let title = match (missing.as_slice(), surplus.as_slice()) {
        ([], []) => format!("{} has the columns of {} in another order", file.shown, first.shown),
        ([], more) => format!("{} has {}, which {} has not", file.shown, names(more), first.shown),
        (less, []) => format!("{} has no {}, as {} has", file.shown, names(less), first.shown),
        (less, more) => {
            format!("{} has no {}, as {} has, but {}", file.shown, names(less), first.shown, names(more))
        }
    };
    Some(
        Diagnostic::error(title).at(source, span, "").help(format!(
            "all files need the same columns in the same order: {}",
            wanted.columns().join(", ")
        )),
    )
}
