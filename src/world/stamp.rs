//! What a file looks like from outside: by this it is seen that it was changed, replaced or taken away.
#![allow(clippy::disallowed_methods)]

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

/// Its number, its length and its time; nothing where there is none. To be taken before the file is read: what changes
/// meanwhile is seen then.
pub type Stamp = Option<(u64, u64, SystemTime)>;

/// That of the file at a path, links followed.
pub fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.ino(), metadata.len(), metadata.modified().ok()?))
}
