//! What recipients read: templates, compiled, with every slip at its place.

use std::sync::Arc;

use super::Resolver;
use crate::campaign::raw;
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::expression::Problem;
use crate::message::{Names, Template};
use crate::yaml::Spanned;

impl Resolver<'_> {
    pub(super) fn template(
        &mut self,
        message: &Spanned<raw::Message>,
        file: Option<&Arc<Source>>,
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
        let body = match text {
            Some(text) => text.value.as_str(),
            None => file?.text.as_str(),
        };
        match Template::compile(body, names) {
            Ok(template) => Some(match message.value.transliterate {
                Some(_) => template.in_gsm7(),
                None => template,
            }),
            Err(problems) => {
                for problem in problems {
                    let (source, span) = match (text, file) {
                        (None, Some(file)) => (Arc::clone(file), problem.span.clone()),
                        (Some(text), _) => {
                            (Arc::clone(self.source), inside(&self.source.text, text, &problem.span))
                        }
                        (None, None) => (Arc::clone(self.source), message.span.clone()),
                    };
                    self.expression(key, &problem, &source, span);
                }
                None
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
