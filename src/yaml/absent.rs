//! Parts of a file that may be absent, faulty or read.

/// Nothing where nothing was written, something where all of it could be read, else an error.
#[allow(clippy::option_option, reason = "absent, faulty and read are three things")]
pub fn all<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(None) => None,
        Some(read) => Some(read),
    }
}
