//! A text of a campaign, as it was read: the manifest, a template, a snippet, a profile.
#![allow(clippy::disallowed_methods)]

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::approval::Role;
use crate::diagnostic::{Source, Spot};
use crate::world::confine::{self, tidy};

/// The largest manifest, template or profile that is read, in bytes.
const MAX_TEXT_BYTES: u64 = 1024 * 1024;

/// A text that was read.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) role: Role,
    /// As the manifest or a text names it.
    pub(super) name: String,
    pub(super) source: Arc<Source>,
}

impl Text {
    /// The manifest.
    pub(super) fn manifest(name: &str, source: &Arc<Source>) -> Self {
        Self { role: Role::Manifest, name: name.to_owned(), source: Arc::clone(source) }
    }

    /// A piece that texts include.
    pub(super) fn snippet(name: &str, source: &Arc<Source>) -> Self {
        Self { role: Role::Snippet, name: name.to_owned(), source: Arc::clone(source) }
    }
}

/// Why a text file cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    /// In the system's words.
    #[error("{0}")]
    System(String),
    /// More than a text of a campaign has.
    #[error("it is larger than {MAX_TEXT_BYTES} bytes")]
    TooLarge,
    /// Bytes that stand for nothing.
    #[error("line {line} is not UTF-8")]
    NotUtf8 {
        /// The line, from 1.
        line: usize,
        /// The character in it, from 1.
        column: usize,
    },
}

impl Unread {
    /// Where in the file it is, as far as that can be told.
    pub(super) fn spot(&self, shown: &Path) -> Option<Spot> {
        let Self::NotUtf8 { line, column } = *self else { return None };
        Some(Spot { file: tidy(shown).display().to_string(), line, column })
    }
}

/// A text file as a source under the name people would type.
pub(super) fn read_text(path: &Path, shown: &Path) -> Result<Arc<Source>, Unread> {
    let unread = |error: io::Error| Unread::System(confine::plain(&error));
    if std::fs::metadata(path).map_err(unread)?.len() > MAX_TEXT_BYTES {
        return Err(Unread::TooLarge);
    }
    let text = String::from_utf8(std::fs::read(path).map_err(unread)?).map_err(|error| {
        let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let sound = String::from_utf8_lossy(sound);
        let line = sound.rsplit('\n').next().unwrap_or_default();
        Unread::NotUtf8 { line: sound.matches('\n').count() + 1, column: line.chars().count() + 1 }
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok(Source::new(tidy(shown).display().to_string(), text))
}
