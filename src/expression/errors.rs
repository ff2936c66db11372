//! What is wrong with a source, or with what it meets in a run; what Tera says of it, in our words.

use std::io;
use std::ops::Range;

use tera::ErrorKind;

use super::{complaints, output};

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
        /// What, in people's words.
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
    let (message, help) = match error.kind() {
        // What is found behind a bare expression is the bracket around it, which is ours.
        ErrorKind::SyntaxError(_) if prefix > 0 && span.start >= prefix + length => {
            ("the expression breaks off".to_owned(), None)
        }
        ErrorKind::SyntaxError(_) => complaints::of_source(&message),
        _ => (complaints::in_mid_sentence(&message), None),
    };
    let help = help.map(str::to_owned);
    let span = if span.is_empty() && span.start == 0 { prefix..prefix + length } else { span };
    let inside = |at: usize| at.saturating_sub(prefix).min(length);
    Problem { message, span: inside(span.start)..inside(span.end), help }
}

pub(super) fn eval_error(error: &tera::Error, prefix: usize, limit: usize) -> EvalError {
    if matches!(error.kind(), ErrorKind::Io(io::ErrorKind::StorageFull)) {
        return EvalError::TooLong { limit };
    }
    if matches!(error.kind(), ErrorKind::Io(io::ErrorKind::InvalidData)) {
        return EvalError::Failed { message: output::TOO_GREAT.to_owned(), span: 0..0 };
    }
    if matches!(error.kind(), ErrorKind::Io(io::ErrorKind::InvalidInput)) {
        return EvalError::Failed { message: output::NO_NUMBER.to_owned(), span: 0..0 };
    }
    let (message, span) = report(error);
    let message = complaints::of_run(&message);
    EvalError::Failed { message, span: span.start.saturating_sub(prefix)..span.end.saturating_sub(prefix) }
}
