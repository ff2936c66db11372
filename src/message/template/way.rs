//! One of the ways that texts take through a template.

use std::sync::Arc;

/// A way through a text: the body of a branch, or the way around an `if` without an `else`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The tag that opens it, as written.
    pub tag: String,
    /// Whether it goes around: nothing is written.
    pub goes_around: bool,
    /// The file in which the tag stands: a template, a snippet or the manifest.
    pub file: Arc<str>,
    /// Its line there, from 1.
    pub line: usize,
}
