//! Values as people type them, with the form that is wanted where they are none.

use clap::ValueEnum;

use crate::units::Span;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// For machines: a frozen, versioned form
    Json,
}

/// A reason in people's words, without the spaces around it.
pub(super) fn a_reason(text: &str) -> Result<String, &'static str> {
    // What breaks lines or turns the direction of writing would change how the decisions of others read.
    let unruly = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let text = text.trim();
    match (text.is_empty(), text.chars().any(unruly)) {
        (true, _) => Err("a reason says something"),
        (_, true) => Err("a reason is one line of plain text"),
        _ => Ok(text.to_owned()),
    }
}

/// A moment, with the form that is wanted where it is none.
pub(super) fn a_moment(text: &str) -> Result<chrono::DateTime<chrono::Utc>, &'static str> {
    const WANTED: &str = "a day, a time and its offset from UTC, such as `2026-12-01T09:00:00Z` or `2026-12-01T09:00:00+03:00`";
    text.parse().map_err(|_| WANTED)
}

/// How long ago, with the range and the units where it is none.
pub(super) fn an_age(text: &str) -> Result<Span, &'static str> {
    text.parse().map_err(|_| "a time from 1ms to 366d, in ms, s, m, h or d, such as `90d`")
}

/// An address of this machine with a port, with the form that is wanted where it is none.
pub(super) fn an_address(text: &str) -> Result<std::net::SocketAddr, &'static str> {
    text.parse().map_err(|_| "an IP address and a port up to 65535, such as `127.0.0.1:9464`")
}
