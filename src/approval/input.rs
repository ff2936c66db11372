//! The files of which a plan was made, by their digests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file of which a plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// What it is for.
    pub role: Role,
    /// As the manifest names it.
    pub name: String,
    /// Of its bytes, in hexadecimal digits; of a text, without its byte order mark.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: String,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The manifest.
    Manifest,
    /// A text.
    Template,
    /// A piece that texts include.
    Snippet,
    /// Recipients.
    Recipients,
    /// A suppression list.
    Suppression,
    /// Days without messages.
    Holidays,
    /// The gateway's profile: a file, or the name of a built-in one.
    Profile,
}

impl Role {
    /// In people's words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Template => "template",
            Self::Snippet => "snippet",
            Self::Recipients => "recipients",
            Self::Suppression => "suppression list",
            Self::Holidays => "holidays",
            Self::Profile => "profile",
        }
    }
}
