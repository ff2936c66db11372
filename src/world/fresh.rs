//! New files in a repository, all of them or none: nothing that is there is overwritten, and what was made is taken away
//! again where the rest cannot be.
#![allow(clippy::disallowed_methods)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::confine::plain;

/// What a new file says.
#[derive(Debug, Clone)]
pub enum Content {
    /// This text.
    Text(String),
    /// The same as another file.
    CopyOf(PathBuf),
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum FreshError {
    /// Something is there.
    #[error("`{0}` is there already, and nothing is overwritten")]
    There(String),
    /// What something is added to is a link.
    #[error("`{0}` is a link, and nothing is written through one: put the file itself in its place")]
    Link(String),
    /// The system refuses it.
    #[error("cannot write `{path}`: {why}")]
    Failed {
        /// The path.
        path: String,
        /// The system's words.
        why: String,
    },
}

/// What was made so far. Dropped, all of it is taken away again; what is kept stays.
#[derive(Debug, Default)]
pub struct Fresh {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    /// Files to which something was added, and how long they were.
    longer: Vec<(PathBuf, u64)>,
    kept: bool,
}

impl Fresh {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a file, and the folders that lead there.
    ///
    /// # Errors
    /// [`FreshError`]: something is there, a link that leads nowhere as well.
    pub fn file(&mut self, path: &Path, content: &Content) -> Result<(), FreshError> {
        if let Some(folder) = path.parent() {
            self.folder(folder)?;
        }
        let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(FreshError::There(path.display().to_string()));
            }
            Err(error) => return Err(failed(path, &error)),
        };
        self.files.push(path.to_owned());
        let written = match content {
            Content::Text(text) => file.write_all(text.as_bytes()),
            Content::CopyOf(other) => {
                File::open(other).and_then(|mut other| io::copy(&mut other, &mut file)).map(|_| ())
            }
        };
        written.and_then(|()| file.sync_all()).map_err(|error| failed(path, &error))
    }

    /// Makes a folder, and those that lead there, where they are not.
    fn folder(&mut self, path: &Path) -> Result<(), FreshError> {
        if path.as_os_str().is_empty() || path.is_dir() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.folder(parent)?;
        }
        match fs::create_dir(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(FreshError::There(path.display().to_string()));
            }
            Err(error) => return Err(failed(path, &error)),
        }
        self.folders.push(path.to_owned());
        Ok(())
    }

    /// Adds a line to a file that may be there or not, unless it has that line. Whether it was added.
    ///
    /// # Errors
    /// [`FreshError`]: also where it is a link, which may lead out of the repository.
    pub fn line(&mut self, path: &Path, line: &str) -> Result<bool, FreshError> {
        if path.is_symlink() {
            return Err(FreshError::Link(path.display().to_string()));
        }
        let before = match fs::read(path) {
            Ok(before) => before,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return self.file(path, &Content::Text(format!("{line}\n"))).map(|()| true);
            }
            Err(error) => return Err(failed(path, &error)),
        };
        if before.split(|byte| *byte == b'\n').any(|one| one.trim_ascii() == line.as_bytes()) {
            return Ok(false);
        }
        let gap = if before.is_empty() || before.ends_with(b"\n") { "" } else { "\n" };
        self.longer.push((path.to_owned(), before.len() as u64));
        OpenOptions::new()
            .append(true)
            .open(path)
            .and_then(|mut file| file.write_all(format!("{gap}{line}\n").as_bytes()))
            .map_err(|error| failed(path, &error))?;
        Ok(true)
    }

    /// All of it stays.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        for (path, length) in self.longer.drain(..) {
            let _ = OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(length));
        }
        self.files.drain(..).for_each(|path| drop(fs::remove_file(path)));
        // A folder in which somebody else has put something by now stays: this removes empty ones only.
        self.folders.drain(..).rev().for_each(|path| drop(fs::remove_dir(path)));
    }
}

fn failed(path: &Path, error: &io::Error) -> FreshError {
    FreshError::Failed { path: path.display().to_string(), why: plain(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Content {
        Content::Text(text.to_owned())
    }

    #[test]
    fn what_is_not_kept_is_gone_and_what_was_there_is_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at(".gitignore"), "target").unwrap();
        fs::create_dir(at("lists")).unwrap();
        let make = || {
            let mut fresh = Fresh::new();
            fresh.file(&at("campaigns/a/one.txt"), &text("1")).unwrap();
            fresh.file(&at("lists/two.csv"), &Content::CopyOf(at("campaigns/a/one.txt"))).unwrap();
            assert!(fresh.line(&at(".gitignore"), ".sendplan/").unwrap());
            assert!(!fresh.line(&at(".gitignore"), ".sendplan/").unwrap());
            fresh
        };
        let mut fresh = make();
        assert_eq!(fs::read_to_string(at(".gitignore")).unwrap(), "target\n.sendplan/\n");
        assert!(matches!(fresh.file(&at("lists/two.csv"), &text("2")), Err(FreshError::There(_))));
        assert!(matches!(fresh.file(&at(".gitignore/x"), &text("2")), Err(FreshError::There(_))));
        drop(fresh);
        assert_eq!(fs::read_to_string(at(".gitignore")).unwrap(), "target");
        assert!(!at("campaigns").exists() && !at("lists/two.csv").exists() && at("lists").exists());
        make().keep();
        assert_eq!(fs::read_to_string(at("lists/two.csv")).unwrap(), "1");
    }

    #[test]
    fn nothing_is_added_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (there, link) = (dir.path().join("there"), dir.path().join("link"));
        fs::write(&there, "x").unwrap();
        std::os::unix::fs::symlink(&there, &link).unwrap();
        assert!(matches!(Fresh::new().line(&link, "y"), Err(FreshError::Link(_))));
        assert_eq!(fs::read_to_string(there).unwrap(), "x");
    }

    #[test]
    fn a_link_that_leads_nowhere_is_something_that_is_there() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), dir.path().join("link")).unwrap();
        let made = Fresh::new().file(&dir.path().join("link"), &text("x"));
        assert!(matches!(made, Err(FreshError::There(_))));
        assert!(!dir.path().join("elsewhere").exists());
    }
}
