//! Files that only their owner reads and that are never reached through a symbolic link.
#![allow(clippy::disallowed_methods)]

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Creates the folder a file is to lie in, and those above it, readable by the owner alone. Folders
/// that are there stay as they are.
///
/// New folders are synced into those above them: a state that vanishes in a power cut with its folder
/// would be sent all over again.
pub fn create_parent(path: &Path) -> io::Result<()> {
    let folder = parent(path);
    let new: Vec<&Path> =
        folder.ancestors().take_while(|one| !one.as_os_str().is_empty() && !one.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    new.into_iter().try_for_each(sync_folder)
}

/// The path with its folder resolved; the file itself is not followed.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::from(ErrorKind::IsADirectory))?;
    Ok(fs::canonicalize(parent(path))?.join(name))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a file with mode 0600. `O_EXCL` never follows a link, and never opens what is there.
pub fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Opens a plain file that is there, for reading, and writing if asked. What was opened is compared
/// with what the name stands for, so a link put there in between is found out.
pub fn open_plain(path: &Path, write: bool) -> io::Result<File> {
    let named = fs::symlink_metadata(path)?;
    if let Some(found) = not_plain(&named) {
        return Err(io::Error::new(ErrorKind::InvalidInput, found));
    }
    let file = OpenOptions::new().read(true).write(write).open(path)?;
    let opened = file.metadata()?;
    if (named.dev(), named.ino()) != (opened.dev(), opened.ino()) {
        return Err(io::Error::new(ErrorKind::InvalidInput, "a file that is being replaced"));
    }
    Ok(file)
}

/// What this is, if it is no plain file.
pub fn not_plain(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        None
    } else if kind.is_symlink() {
        Some("a symbolic link")
    } else if kind.is_dir() {
        Some("a folder")
    } else {
        Some("a device or a pipe")
    }
}

/// Puts a finished file in its place, where none may be. A file system without hard links gets a
/// rename; the lock of the state keeps others away meanwhile.
pub fn put_in_place(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            fs::remove_file(from)?;
            return Err(error);
        }
        Err(_) if !fs::exists(to)? => fs::rename(from, to)?,
        Err(error) => return Err(error),
    }
    sync_folder(to)
}

/// Makes the name of a file or folder durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(parent(path))?.sync_all()
}
