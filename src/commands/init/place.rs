//! Where a new campaign goes: `campaigns/NAME` of the repository, or of the folder in which somebody stands.

use std::path::{Component, Path, PathBuf};

use crate::campaign::{is_name, suggested};
use crate::commands::exit::Failure;
use crate::commands::flags::quoted;
use crate::world::confine::{Repository, plain};

/// A name that is free, in a repository.
#[derive(Debug)]
pub struct Place {
    pub name: String,
    root: PathBuf,
    /// How the repository's top is reached from here: nothing, or some `..`.
    up: PathBuf,
}

impl Place {
    /// For a campaign of this name.
    pub fn of(name: &str) -> Result<Self, Failure> {
        if !is_name(name) {
            let rule = "lower-case letters, digits and `-`, at most 63";
            let near = suggested(name).map_or_else(String::new, |near| format!(". `{near}` is one"));
            return Err(Failure::Usage(format!("a campaign cannot be called `{name}`: {rule}{near}")));
        }
        let unreadable =
            |error: std::io::Error| Failure::Input(format!("cannot read this folder: {}", plain(&error)));
        let here = Path::new(".").canonicalize().map_err(unreadable)?;
        let root = Repository::of(&here).map_err(unreadable)?.root().to_owned();
        let depth = here.strip_prefix(&root).map_or(0, |inside| inside.components().count());
        let place = Self { name: name.to_owned(), root, up: vec![".."; depth].iter().collect() };
        let folder = place.reached(&place.folder());
        if folder.symlink_metadata().is_ok() {
            let shown = quoted(&folder.display().to_string());
            return Err(Failure::Usage(format!("`{shown}` is there already, and nothing is overwritten")));
        }
        Ok(place)
    }

    /// The campaign's folder, from the top.
    pub fn folder(&self) -> PathBuf {
        Path::new("campaigns").join(&self.name)
    }

    /// A path from the top, as it is reached from here.
    pub fn reached(&self, path: &Path) -> PathBuf {
        self.up.join(path)
    }

    /// The same for people.
    pub fn shown(&self, path: &Path) -> String {
        self.reached(path).display().to_string()
    }

    /// Whether it is a git repository.
    pub fn is_in_git(&self) -> bool {
        self.root.join(".git").exists()
    }

    /// Where a file of this machine lies in the repository, links resolved; nothing where it lies elsewhere.
    pub fn inside(&self, file: &Path) -> Option<PathBuf> {
        file.canonicalize().ok()?.strip_prefix(&self.root).ok().map(Path::to_owned)
    }

    /// How a manifest names a path from the top.
    pub fn in_manifest(&self, path: &Path) -> String {
        match path.strip_prefix(self.folder()) {
            Ok(own) => own.display().to_string(),
            Err(_) => {
                let parts = path.components().filter(|part| matches!(part, Component::Normal(_)));
                Path::new("../..").join(parts.collect::<PathBuf>()).display().to_string()
            }
        }
    }
}
