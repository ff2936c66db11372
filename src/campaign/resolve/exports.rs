//! What a manifest says of how its files are written: wanted before they are opened, and so before everything else.

use std::sync::Arc;

use crate::audience::dialect::{UnknownName, delimiter};
use crate::audience::{Named, NamedEncoding};
use crate::campaign::raw;
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::yaml::Spanned;

/// What is named, and what of it cannot be meant.
pub fn named(manifest: &raw::Campaign, source: &Arc<Source>) -> (Named, Diagnostics) {
    let mut problems = Diagnostics::new();
    let Some(audience) = manifest.audience.as_ref().map(|audience| &audience.value) else {
        return (Named::default(), problems);
    };
    let mut refuse = |key: &str, name: &Spanned<String>, error: UnknownName| {
        let title = format!("`audience.{key}`: {}", error.problem);
        problems.push(Diagnostic::error(title).at(source, name.span.clone(), "").help(error.help));
    };
    let encoding = audience.encoding.as_ref().and_then(|name| {
        let parsed = name.value.parse::<NamedEncoding>();
        parsed.map_err(|error| refuse("encoding", name, error)).ok()
    });
    let delimiter = audience
        .delimiter
        .as_ref()
        .and_then(|name| delimiter(&name.value).map_err(|error| refuse("delimiter", name, error)).ok());
    let sheet = audience.sheet.as_ref().map(|name| name.value.clone());
    (Named { encoding, delimiter, sheet }, problems)
}
