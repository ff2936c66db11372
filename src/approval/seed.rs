//! What makes the keys of one plan file's people others than those of every other: the same inputs give the same.

use std::fmt;

use sha2::{Digest, Sha256};

use super::input::InputFile;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seed(String);

impl Seed {
    /// Of a plan that was made of these files, by this renderer and with this time zone data.
    pub(super) fn of(files: &[InputFile], renderer: &str, tz_data: &str) -> Self {
        let mut sha = Sha256::new();
        let files = files.iter().flat_map(|file| [file.role.word(), &file.name, &file.sha256]);
        for word in files.chain([renderer, tz_data]) {
            sha.update((word.len() as u64).to_le_bytes());
            sha.update(word);
        }
        Self(sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
