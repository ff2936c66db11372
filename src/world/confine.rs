//! A manifest reaches into its own repository and nowhere else: not by `../../etc/passwd`, not by an
//! absolute path, not through a symbolic link.
#![allow(clippy::disallowed_methods)]

use std::path::{Path, PathBuf};

use crate::unseen::is_unruly;

/// Why a path named in a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// Nothing there, or not readable.
    #[error("cannot read `{name}`: {why}")]
    Unreadable {
        /// As written.
        name: String,
        /// The system's words.
        why: String,
    },
    /// It leads out of the repository.
    #[error("`{name}` leads out of the repository (`{root}`)")]
    Outside {
        /// As written.
        name: String,
        /// The repository's folder.
        root: String,
    },
    /// It is no file.
    #[error("`{0}` is not a file")]
    NotAFile(String),
    /// A name with a line break or the like in it: whoever reads a log would take the rest for a line of its own.
    #[error(
        "the name of a file has a line break, or another character in it that is not seen: give it another name"
    )]
    OddName,
}

/// A file inside the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confined {
    /// What is opened: exactly what was checked.
    pub real: PathBuf,
    /// What is shown.
    pub shown: PathBuf,
    /// The way to it, links and all: where that leads may change.
    pub way: PathBuf,
}

impl Confined {
    /// Whether the way to it leads to another file by now. What is not there is told where it is read.
    pub fn is_another(&self) -> bool {
        self.way.canonicalize().is_ok_and(|real| real != self.real)
    }
}

/// A repository's folder, links resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    root: PathBuf,
}

impl Repository {
    /// The repository that holds `folder`: the nearest folder above it with a `.git`, else the working
    /// directory if it holds the folder, else the folder itself.
    ///
    /// # Errors
    /// The folder cannot be resolved.
    pub fn of(folder: &Path) -> std::io::Result<Self> {
        let folder = folder.canonicalize()?;
        if let Some(root) = folder.ancestors().find(|above| above.join(".git").exists()) {
            return Ok(Self { root: root.to_owned() });
        }
        let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
        Ok(Self { root: here.filter(|here| folder.starts_with(here)).unwrap_or(folder) })
    }

    /// The repository's folder, links resolved.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a file that is shown under this name lies, as seen from the repository's folder, with `/` between folders;
    /// nothing where it is not there, or lies elsewhere.
    pub fn place_of(&self, shown: &Path) -> Option<String> {
        self.inside(&shown.canonicalize().ok()?)
    }

    /// The same for a way to a file: of a link that is where the link lies.
    pub fn way_of(&self, way: &Path) -> Option<String> {
        let folder = way.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        self.inside(&folder.canonicalize().ok()?.join(way.file_name()?))
    }

    fn inside(&self, real: &Path) -> Option<String> {
        let parts = real.strip_prefix(&self.root).ok()?.components();
        let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        Some(parts.join("/")).filter(|place| !place.is_empty())
    }

    /// The file that `name`, written in a file of `folder`, means: the one to open, links resolved, and the
    /// way to it as the user would type it, which is only for showing.
    ///
    /// # Errors
    /// [`ConfineError`].
    pub fn file(&self, folder: &Path, name: &str) -> Result<Confined, ConfineError> {
        let outside =
            || ConfineError::Outside { name: name.to_owned(), root: self.root.display().to_string() };
        if name.contains(is_unruly) {
            return Err(ConfineError::OddName);
        }
        let joined = folder.join(name);
        let real = match joined.canonicalize() {
            Ok(real) => real,
            // What is not there is "outside" first: whether it exists out there is nobody's business.
            Err(_) if self.escapes(folder, name) => return Err(outside()),
            Err(error) => {
                return Err(ConfineError::Unreadable { name: name.to_owned(), why: plain(&error) });
            }
        };
        if !real.starts_with(&self.root) {
            return Err(outside());
        }
        if !real.is_file() {
            return Err(ConfineError::NotAFile(name.to_owned()));
        }
        Ok(Confined { real, shown: tidy(&joined), way: joined })
    }

    fn escapes(&self, folder: &Path, name: &str) -> bool {
        let Ok(mut at) = folder.canonicalize() else { return true };
        for part in Path::new(name).components() {
            match part {
                std::path::Component::ParentDir => {
                    at.pop();
                }
                std::path::Component::Normal(part) => at.push(part),
                std::path::Component::CurDir => {}
                std::path::Component::RootDir | std::path::Component::Prefix(_) => at = PathBuf::from("/"),
            }
        }
        !at.starts_with(&self.root)
    }
}

/// The system's words without its numbers.
pub fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// `a/b/../c` as `a/c`.
pub fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> (tempfile::TempDir, Repository, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("repo/campaigns/a");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::create_dir(dir.path().join("repo/.git")).unwrap();
        std::fs::write(dir.path().join("outside.csv"), "x").unwrap();
        std::fs::write(dir.path().join("repo/list.csv"), "x").unwrap();
        std::fs::write(folder.join("r.csv"), "x").unwrap();
        let repository = Repository::of(&folder).unwrap();
        (dir, repository, folder)
    }

    #[test]
    fn files_of_the_repository_are_found() {
        let (_dir, repository, folder) = repository();
        assert!(repository.file(&folder, "r.csv").is_ok());
        assert!(repository.file(&folder, "../../list.csv").unwrap().shown.ends_with("repo/list.csv"));
        assert!(matches!(repository.file(&folder, "none.csv"), Err(ConfineError::Unreadable { .. })));
        assert!(matches!(repository.file(&folder, "."), Err(ConfineError::NotAFile(_))));
    }

    #[test]
    fn fault_62_paths_and_links_out_of_the_repository_are_refused() {
        let (dir, repository, folder) = repository();
        std::os::unix::fs::symlink(dir.path().join("outside.csv"), folder.join("link.csv")).unwrap();
        // Behind a linked folder `..` is not where it seems to be: what was checked is what is opened.
        std::fs::create_dir_all(dir.path().join("repo/other/deep")).unwrap();
        std::fs::write(dir.path().join("repo/other/r.csv"), "inside").unwrap();
        std::os::unix::fs::symlink("../../other/deep", folder.join("deep")).unwrap();
        let behind = repository.file(&folder, "deep/../r.csv").unwrap();
        assert_eq!(std::fs::read_to_string(behind.real).unwrap(), "inside");
        for name in [
            "../../../outside.csv",
            "/etc/passwd",
            "../../../../../../../../etc/passwd",
            "link.csv",
            "../../../nothing",
        ] {
            assert!(matches!(repository.file(&folder, name), Err(ConfineError::Outside { .. })), "{name}");
        }
    }
}
