//! What recipients read: templates, compiled, with every slip at its place.

use std::sync::Arc;

use super::Resolver;
use crate::campaign::raw;
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::expression::Problem;
use crate::message::{Assembled, Names, Snippets, Template};
use crate::yaml::Spanned;

/// Where a text of the message stands.
enum Stands<'a> {
    /// In a file of its own.
    File(&'a Arc<Source>),
    /// In the manifest.
    Manifest(&'a Spanned<String>),
}

impl Stands<'_> {
    fn text(&self) -> &str {
        match self {
            Self::File(file) => &file.text,
            Self::Manifest(text) => &text.value,
        }
    }
}

impl Resolver<'_> {
    pub(super) fn template(
        &mut self,
        message: &Spanned<raw::Message>,
        file: Option<&Arc<Source>>,
        snippets: &Snippets,
        names: &Names<'_>,
    ) -> Option<Template> {
        let (key, text) = match (&message.value.template, &message.value.text) {
            (Some(_), None) => ("message.template", None),
            (None, Some(text)) => ("message.text", Some(text)),
            (Some(_), Some(text)) => {
                self.error("`message` has both `template` and `text`: keep one", &text.span);
                return None;
            }
            (None, None) => {
                self.error("`message` has neither `template` nor `text`", &message.span);
                return None;
            }
        };
        let stands = match text {
            Some(text) => Stands::Manifest(text),
            None => Stands::File(file?),
        };
        let template = self.compile(key, &stands, snippets, names)?;
        Some(match message.value.transliterate {
            Some(_) => template.in_gsm7(),
            None => template,
        })
    }

    /// A text with its snippets, compiled.
    fn compile(
        &mut self,
        key: &str,
        stands: &Stands<'_>,
        snippets: &Snippets,
        names: &Names<'_>,
    ) -> Option<Template> {
        let assembled = match Assembled::of(stands.text(), snippets) {
            Ok(assembled) => assembled,
            Err(slips) => {
                for slip in slips {
                    let place = self.place(stands, slip.snippet.as_ref(), &slip.problem.span);
                    self.expression(key, &slip.problem, &place.0, place.1);
                }
                return None;
            }
        };
        match Template::compile(assembled.text(), names) {
            Ok(template) => Some(template),
            Err(problems) => {
                for problem in problems {
                    let (snippet, span) = assembled.place(&problem.span);
                    let place = self.place(stands, snippet, &span);
                    self.expression(key, &problem, &place.0, place.1);
                }
                None
            }
        }
    }

    /// The file and the bytes of a stretch of a text, or of a snippet in it.
    fn place(&self, stands: &Stands<'_>, snippet: Option<&Arc<Source>>, span: &Span) -> (Arc<Source>, Span) {
        match (snippet, stands) {
            (Some(snippet), _) => (Arc::clone(snippet), span.clone()),
            (None, Stands::File(file)) => (Arc::clone(file), span.clone()),
            (None, Stands::Manifest(text)) => {
                (Arc::clone(self.source), inside(&self.source.text, text, span))
            }
        }
    }

    pub(super) fn expression(&mut self, key: &str, problem: &Problem, source: &Arc<Source>, span: Span) {
        let diagnostic = Diagnostic::error(format!("`{key}`: {}", problem.message)).at(source, span, "");
        self.problems.push(match &problem.help {
            Some(help) => diagnostic.help(help.as_str()),
            None => diagnostic,
        });
    }
}

/// A span of a scalar's value as a span of the file that holds the scalar, found by the line it is on:
/// quotes and a block's indentation shift the two against each other.
pub(super) fn inside(file: &str, scalar: &Spanned<String>, span: &Span) -> Span {
    let value = &scalar.value;
    let start = span.start.min(value.len());
    let line_start = value.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = value.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    let found = file
        .get(scalar.span.start..)
        .and_then(|rest| rest.find(line.trim()))
        .map(|at| at + scalar.span.start);
    match found {
        Some(at) if !line.trim().is_empty() => {
            let from = at + start.saturating_sub(line_start + indent);
            from..from + span.len()
        }
        _ => scalar.span.clone(),
    }
}
