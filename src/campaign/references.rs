//! The files a manifest names, with the places where it does.

use crate::diagnostic::Span;
use crate::yaml::{Spanned, TextOr};

use super::raw::{Campaign, Files};

/// A name in a manifest and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// As written.
    pub name: String,
    /// Its bytes in the manifest.
    pub span: Span,
}

/// What a manifest names outside itself. Paths are relative to the manifest's folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// The recipients.
    pub csv: Vec<Reference>,
    /// The message, where it stands in a file of its own.
    pub template: Option<Reference>,
    /// Suppression lists.
    pub suppress: Vec<Reference>,
    /// Days on which a series does not fire.
    pub holidays: Option<Reference>,
    /// The gateway's profile: a built-in name or a path.
    pub profile: Option<Reference>,
}

impl References {
    /// Collects them.
    pub fn of(manifest: &Campaign) -> Self {
        let audience = manifest.audience.as_ref().map(|audience| &audience.value);
        let message = manifest.message.as_ref().map(|message| &message.value);
        Self {
            csv: audience.and_then(|audience| audience.csv.as_ref()).map(files).unwrap_or_default(),
            template: message.and_then(|message| message.template.as_ref()).map(reference),
            suppress: audience
                .and_then(|audience| audience.suppress.as_ref())
                .map(|lists| lists.iter().map(reference).collect())
                .unwrap_or_default(),
            holidays: manifest.schedule.as_ref().and_then(|one| one.value.holidays.as_ref()).map(reference),
            profile: manifest.provider.as_ref().and_then(|provider| match &provider.value {
                TextOr::Text(name) => Some(Reference { name: name.clone(), span: provider.span.clone() }),
                TextOr::Other(adapted) => adapted.profile.as_ref().map(reference),
            }),
        }
    }
}

/// The texts that stand in a manifest itself.
pub fn texts(manifest: &Campaign) -> Vec<&str> {
    let message = manifest.message.as_ref().map(|message| &message.value);
    message.and_then(|message| message.text.as_ref()).map(|text| text.value.as_str()).into_iter().collect()
}

impl Reference {
    /// Whether the name is a path rather than the name of a built-in profile.
    pub fn is_path(&self) -> bool {
        self.name.contains('/') || self.name.ends_with(".yaml") || self.name.ends_with(".yml")
    }
}

fn files(files: &Spanned<Files>) -> Vec<Reference> {
    match &files.value {
        TextOr::Text(name) => vec![Reference { name: name.clone(), span: files.span.clone() }],
        TextOr::Other(names) => names.iter().map(reference).collect(),
    }
}

fn reference(spanned: &Spanned<String>) -> Reference {
    Reference { name: spanned.value.clone(), span: spanned.span.clone() }
}
