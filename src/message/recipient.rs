//! Whom a text is for, and what it may name: the columns of a row, constants, the campaign, and what is known of
//! each recipient.

use chrono_tz::Tz;
use serde::Serialize;
use serde_json::{Map, Value as Json};

/// What templates of one campaign may name.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The campaign's name.
    pub campaign: &'a str,
    /// The columns of the recipients' files, in their order.
    pub columns: &'a [String],
    /// The members of `vars`.
    pub constants: &'a Map<String, Json>,
    /// Whether a column says what recipients read.
    pub has_locales: bool,
    /// Whether a column says in which zones they are.
    pub has_zones: bool,
    /// By whose clock times are told to those of whom nobody knows where they are.
    pub home: Option<Tz>,
}

impl<'a> Names<'a> {
    /// Columns and constants alone.
    pub fn of(campaign: &'a str, columns: &'a [String], constants: &'a Map<String, Json>) -> Self {
        Self { campaign, columns, constants, has_locales: false, has_zones: false, home: None }
    }

    /// The members of `recipient`: what is in no file is not to be named, because it would be empty for all.
    pub(super) fn of_recipients(&self) -> Vec<&'static str> {
        let all =
            [("id", true), ("address", true), ("locale", self.has_locales), ("timezone", self.has_zones)];
        all.into_iter().filter(|(_, known)| *known).map(|(name, _)| name).collect()
    }
}

/// One recipient, as templates know them.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Recipient<'r> {
    /// The identity.
    pub id: &'r str,
    /// The canonical address.
    pub address: &'r str,
    /// The tag of the language of the text, as exact as the row has it; what the row has where the texts are of no named
    /// language; empty where nothing says.
    pub locale: &'r str,
    /// The zone as the row has it; empty where it has none.
    pub timezone: &'r str,
}
