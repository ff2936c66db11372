//! `message` as it is written: what recipients read.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::yaml::Spanned;

/// The text: one of `template` and `text`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// A file with the text, a Tera template over the columns of the CSV.
    #[serde(default)]
    #[schemars(example = &"message.txt")]
    pub template: Option<Spanned<String>>,
    /// The text itself, a Tera template over the columns of the CSV.
    #[serde(default)]
    #[schemars(example = &"Hi {{ first_name }}, our sale starts on Monday.")]
    pub text: Option<Spanned<String>>,
    /// The most SMS segments one message may take; a longer one refuses the plan.
    #[serde(default)]
    #[schemars(range(min = 1, max = 255), example = 2)]
    pub max_segments: Option<Spanned<u16>>,
    /// `gsm7`: characters that GSM-7 lacks are written as it would write them (`’` as `'`, `ş` as `s`), in every text
    /// that fits into GSM-7 as a whole then. `plan` says how many, and `preview` shows them as they will be sent.
    #[serde(default)]
    pub transliterate: Option<Spanned<Transliterate>>,
}

/// The alphabet that texts are written in where they can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transliterate {
    /// The GSM 7 bit default alphabet, which makes the shortest SMS.
    Gsm7,
}
