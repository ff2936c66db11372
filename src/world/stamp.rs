//! What a file looks like from outside: by this it is seen that it was changed, replaced or taken away.
#![allow(clippy::disallowed_methods)]

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

/// A file as it looks; nothing where there is none. To be taken before the file is read: what changes meanwhile is seen then.
pub type Stamp = Option<Look>;

/// How a file looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    inode: u64,
    bytes: u64,
    /// When it was written; whoever writes it may say otherwise afterwards.
    pub modified: SystemTime,
    /// When anything of it was changed, seconds and nanoseconds: the system says so, and nobody else. It is another one after
    /// a change of rights or a link as well.
    changed: (i64, i64),
}

/// That of the file at a path, links followed.
pub fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some(Look {
        inode: metadata.ino(),
        bytes: metadata.len(),
        modified: metadata.modified().ok()?,
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

/// Whether it is likely the same text, though its rights or its links may be others: for those who would make a noise, and
/// not for those who can just read it again.
pub fn looks_alike(one: Stamp, other: Stamp) -> bool {
    let without = |look: Look| Look { changed: (0, 0), ..look };
    one.map(without) == other.map(without)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_that_says_it_is_as_old_as_before_is_seen_to_be_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        fs::write(&path, "phone\n0712345678\n").unwrap();
        let before = stamp(&path);
        while stamp(&path) == before {
            fs::write(&path, "phone\n0712345679\n").unwrap();
            fs::File::options()
                .append(true)
                .open(&path)
                .unwrap()
                .set_modified(before.unwrap().modified)
                .unwrap();
        }
        assert_eq!(before.map(|look| look.modified), stamp(&path).map(|look| look.modified));
        assert!(looks_alike(before, stamp(&path)), "by length and time it is the same");
    }

    #[test]
    fn other_rights_are_another_look_and_no_other_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        fs::write(&path, "phone\n").unwrap();
        let before = stamp(&path);
        assert_eq!(before, stamp(&path));
        let mut mode = 0o600;
        while stamp(&path) == before {
            mode ^= 0o040;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        assert!(looks_alike(before, stamp(&path)));
        fs::write(&path, "phone\n0712345678\n").unwrap();
        assert!(!looks_alike(before, stamp(&path)) && !looks_alike(before, None) && looks_alike(None, None));
    }
}
