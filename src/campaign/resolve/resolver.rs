//! Who goes through a manifest with its text at hand, and collects what is wrong with it.

use std::str::FromStr;
use std::sync::Arc;

use crate::audience::Header;
use crate::campaign::is_name;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::yaml::Spanned;

/// See the module.
pub(super) struct Resolver<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) problems: Diagnostics,
}

impl Resolver<'_> {
    /// A column that is named and stands in the files; that one does not was told where it was looked for.
    pub(super) fn there<'n>(
        column: Option<&'n Spanned<String>>,
        header: Option<&Header>,
    ) -> Option<&'n Spanned<String>> {
        column.filter(|name| header.is_some_and(|header| header.index(&name.value).is_some()))
    }

    pub(super) fn error(&mut self, title: impl Into<String>, span: &Span) {
        self.problems.push(Diagnostic::error(title).at(self.source, span.clone(), ""));
    }

    /// Parses a text into a quantity, or reports it at its place.
    pub(super) fn quantity<T: FromStr>(&mut self, key: &str, text: &Spanned<String>) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        match text.value.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(format!("`{key}`: {error}"), &text.span);
                None
            }
        }
    }

    /// A word that names something in the state.
    pub(super) fn word(&mut self, key: &str, word: &Spanned<String>) -> Option<String> {
        let text = &word.value;
        if !is_name(text) {
            let wrong = match text.as_str() {
                "" => format!("`{key}` is empty"),
                _ => format!("`{key}` cannot be `{text}`"),
            };
            self.problems.push(
                Diagnostic::error(wrong)
                    .at(self.source, word.span.clone(), "")
                    .help("lower-case letters, digits and `-`, at most 63, as in `spring-sale`"),
            );
            return None;
        }
        Some(text.clone())
    }
}
