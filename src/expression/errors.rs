//! What is wrong with a source, or with what it meets in a run; what Tera says of it, in our words.

use std::io;
use std::ops::Range;

use tera::ErrorKind;

/// Something wrong in a source, with the bytes it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the source as given.
    pub span: Range<usize>,
    /// What to do, when we know.
    pub help: Option<String>,
}

/// A failed evaluation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// The source asked for something that is not there, or that has another type.
    #[error("{message}")]
    Failed {
        /// Tera's own words.
        message: String,
        /// Where, in bytes of the source as given; empty when unknown.
        span: Range<usize>,
    },
    /// The output passed [`MAX_RENDERED_BYTES`] (or the cap that was given).
    #[error("renders more than {limit} bytes")]
    TooLong {
        /// The cap, in bytes.
        limit: usize,
    },
}

fn report(error: &tera::Error) -> (String, Range<usize>) {
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            (report.message().to_owned(), report.span().range.clone())
        }
        other => {
            // Unknown filters and tests come as a drawn report; its first line is the message.
            let text = other.to_string();
            let first = text.lines().next().unwrap_or_default();
            (first.strip_prefix("error: ").unwrap_or(first).to_owned(), 0..0)
        }
    }
}

pub(super) fn compile_problem(error: &tera::Error, prefix: usize, length: usize) -> Problem {
    let (message, span) = report(error);
    let message = message.trim_end_matches('.').to_owned();
    let message = match error.kind() {
        // What is found behind a bare expression is the bracket around it, which is ours.
        ErrorKind::SyntaxError(_) if prefix > 0 && span.start >= prefix + length => {
            "the expression breaks off".to_owned()
        }
        ErrorKind::SyntaxError(_) => misread(&message),
        _ => in_mid_sentence(&message),
    };
    let span = if span.is_empty() && span.start == 0 { prefix..prefix + length } else { span };
    let inside = |at: usize| at.saturating_sub(prefix).min(length);
    Problem { message, span: inside(span.start)..inside(span.end), help: None }
}

/// A syntax error in people's words: what stands there, and what should if there is only one such thing.
fn misread(message: &str) -> String {
    let parts = message.strip_prefix("Found ").and_then(|rest| rest.split_once(" but expected "));
    match parts {
        Some((found, wanted)) if wanted.starts_with("one of") => {
            format!("cannot be read: {found} has no place here")
        }
        Some((found, wanted)) => {
            format!("cannot be read: {found} stands where `{}` should", wanted.trim_matches('`'))
        }
        None => format!("cannot be read: {}", in_mid_sentence(message)),
    }
}

/// Without the capital at its beginning, which is not that of a name.
fn in_mid_sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

pub(super) fn eval_error(error: &tera::Error, prefix: usize, limit: usize) -> EvalError {
    if matches!(error.kind(), ErrorKind::Io(io::ErrorKind::StorageFull)) {
        return EvalError::TooLong { limit };
    }
    let (message, span) = report(error);
    EvalError::Failed { message, span: span.start.saturating_sub(prefix)..span.end.saturating_sub(prefix) }
}
