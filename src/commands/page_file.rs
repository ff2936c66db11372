//! The file of a page, whole or not at all: written beside its place and moved there. It takes the place of an earlier page
//! of ours, and of nothing else.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::exit::Failure;
use crate::report::html::BEGINS;

/// Whether a page may be written there. To be asked before the work is done that it shows.
pub fn check(path: &Path) -> Result<(), Failure> {
    if path.exists() && !is_one_of_ours(path) {
        return Err(Failure::Input(format!(
            "`{}` is there already and is no page of sendplan's: name another for --html",
            path.display()
        )));
    }
    Ok(())
}

fn is_one_of_ours(path: &Path) -> bool {
    let mut head = vec![0; BEGINS.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == BEGINS.as_bytes()
}

/// Writes a page. It may tell of people: only its owner can read it.
pub fn write(path: &Path, page: &str) -> Result<(), Failure> {
    check(path)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| file.write_all(page.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|error| {
        // What is half a page is nobody's.
        let _ = std::fs::remove_file(&beside);
        Failure::Output { path: path.display().to_string(), why: error.to_string() }
    })
}
