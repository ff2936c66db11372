//! The file of a page. It may tell of people: only its owner can read it.

use std::path::Path;

use super::exit::Failure;
use super::ours::Ours;
use crate::report::html::BEGINS;

const PAGE: Ours = Ours { begins: BEGINS, what: "page", option: "--html", mode: 0o600 };

/// Whether a page may be written there. To be asked before the work is done that it shows.
pub fn check(path: &Path) -> Result<(), Failure> {
    PAGE.check(path)
}

/// Writes a page.
pub fn write(path: &Path, page: &str) -> Result<(), Failure> {
    PAGE.write(path, page)
}
