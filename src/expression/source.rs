//! What a source is, how long it may be, and how Tera gets it.

/// The longest source, in bytes: a hundred SMS. Tera's parser goes deeper with every branch.
pub const MAX_SOURCE_BYTES: usize = 16 * 1024;

/// What a source is, which decides how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A template: text with `{{ … }}` and `{% … %}` in it.
    Text,
    /// A bare expression, as in `where: city == "Nairobi"`; it keeps its type.
    Value,
}

/// The filter through which a bare expression hands its value out with its type kept.
pub(super) const KEEP: &str = "__keep";

/// What stands before a bare expression when it is handed to Tera.
pub(super) const OPENING: &str = "{{ (";

/// A source as Tera gets it, and the bytes that were put before it.
pub(super) fn wrapped(source: &str, kind: Kind) -> (usize, String) {
    match kind {
        Kind::Text => (0, source.to_owned()),
        Kind::Value => (OPENING.len(), format!("{OPENING}{source}) | {KEEP} }}}}")),
    }
}
