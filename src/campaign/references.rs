//! The files a manifest names, with the places where it does.

use crate::diagnostic::Span;
use crate::yaml::{Spanned, TextOr};

use super::raw::{Campaign, Files, Locales, Message};

/// The key among languages that names one of them.
pub(super) const DEFAULT: &str = "default";

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
    /// Texts that stand in files of their own.
    pub templates: Vec<Reference>,
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
            templates: message.map(templates).unwrap_or_default(),
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
    let Some(message) = manifest.message.as_ref().map(|message| &message.value) else { return Vec::new() };
    let variants = message.variants.iter().flat_map(|all| &all.value).map(|variant| &variant.value);
    let plain = message.text.iter().chain(variants.clone().flat_map(|variant| &variant.text));
    let locales = message.locales.iter().chain(variants.flat_map(|variant| &variant.locales));
    let by_locale = locales.flat_map(|all| all.value.values()).filter_map(|text| match &text.value {
        TextOr::Other(text) => text.text.as_ref(),
        TextOr::Text(_) => None,
    });
    plain.chain(by_locale).map(|text| text.value.as_str()).collect()
}

impl Reference {
    /// Whether the name is a path rather than the name of a built-in profile.
    pub fn is_path(&self) -> bool {
        self.name.contains('/') || self.name.ends_with(".yaml") || self.name.ends_with(".yml")
    }
}

/// The files of all texts, each once.
fn templates(message: &Message) -> Vec<Reference> {
    let mut found: Vec<Reference> = Vec::new();
    let mut add = |reference: Reference| {
        if !found.iter().any(|known| known.name == reference.name) {
            found.push(reference);
        }
    };
    message.template.as_ref().map(reference).map(&mut add);
    message.locales.iter().flat_map(|all| in_languages(&all.value)).for_each(&mut add);
    for variant in message.variants.iter().flat_map(|all| &all.value) {
        variant.value.template.as_ref().map(reference).map(&mut add);
        variant.value.locales.iter().flat_map(|all| in_languages(&all.value)).for_each(&mut add);
    }
    found
}

fn in_languages(locales: &Locales) -> impl Iterator<Item = Reference> {
    locales.iter().filter(|(tag, _)| *tag != DEFAULT).filter_map(|(_, text)| match &text.value {
        TextOr::Text(name) => Some(Reference { name: name.clone(), span: text.span.clone() }),
        TextOr::Other(_) => None,
    })
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
