//! Files that we write and may write again, whole or not at all: written beside their place and moved there. They take
//! the place of an earlier one of their kind, and of nothing else.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::exit::Failure;

/// Whether there is a folder for a file that is to be written.
pub fn room_for(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir());
    folder.map_or(Ok(()), |folder| {
        Err(Failure::NoFolder { folder: folder.display().to_string(), file: path.display().to_string() })
    })
}

/// A kind of files.
pub struct Ours {
    /// How each of them begins.
    pub begins: &'static str,
    /// What people are told that it is.
    pub what: &'static str,
    /// The option that names it.
    pub option: &'static str,
    /// Who may read it.
    pub mode: u32,
}

impl Ours {
    /// Whether one may be written there. To be asked before the work is done that it shows.
    pub fn check(&self, path: &Path) -> Result<(), Failure> {
        if path.exists() && !self.is_one(path) {
            return Err(Failure::Usage(format!(
                "`{}` is there already and is no {} of sendplan's: name another for {}",
                path.display(),
                self.what,
                self.option
            )));
        }
        room_for(path)
    }

    fn is_one(&self, path: &Path) -> bool {
        let mut head = vec![0; self.begins.len()];
        // A pipe would be waited for.
        path.is_file()
            && File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
            && head == self.begins.as_bytes()
    }

    /// Writes one.
    pub fn write(&self, path: &Path, text: &str) -> Result<(), Failure> {
        self.check(path)?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.part", std::process::id()));
        let beside = PathBuf::from(beside);
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(self.mode)
            .open(&beside)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&beside, path));
        written.map_err(|error| {
            // What is half a file is nobody's.
            let _ = std::fs::remove_file(&beside);
            Failure::Output { path: path.display().to_string(), why: error.to_string() }
        })
    }
}
