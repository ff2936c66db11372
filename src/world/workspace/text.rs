//! A text of a campaign, as it was read: the manifest, a template, a snippet, a profile.
#![allow(clippy::disallowed_methods)]

use std::path::Path;
use std::sync::Arc;

use crate::approval::Role;
use crate::diagnostic::Source;
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

/// A text file as a source under the name people would type.
pub(super) fn read_text(path: &Path, shown: &Path) -> Result<Arc<Source>, String> {
    let length = std::fs::metadata(path).map_err(|error| confine::plain(&error))?.len();
    if length > MAX_TEXT_BYTES {
        return Err(format!("it is larger than {MAX_TEXT_BYTES} bytes"));
    }
    let bytes = std::fs::read(path).map_err(|error| confine::plain(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} is not UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok(Source::new(tidy(shown).display().to_string(), text))
}
