//! `message` as it is written: what recipients read.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::yaml::{Spanned, TextOr};

/// The text: one of `template`, `text`, `locales` and `variants`.
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
    /// A text for each language: files by their tags (`en`, `sw`, `pt-BR`), and as `default` the tag of the one for
    /// everybody who reads none of them. `audience.locale` says who reads what.
    #[serde(default)]
    #[schemars(example = locales())]
    pub locales: Option<Spanned<Locales>>,
    /// Several texts, each for its share of the people. The same person has the same one on every machine, and again when
    /// the campaign goes out again.
    #[serde(default)]
    #[schemars(length(min = 2))]
    pub variants: Option<Spanned<Vec<Spanned<Variant>>>>,
    /// The most SMS segments one message may take; a longer one refuses the plan.
    #[serde(default)]
    #[schemars(range(min = 1, max = 255), example = 2)]
    pub max_segments: Option<Spanned<u16>>,
    /// What every text must carry, so that people know how to get no more of them; a text without it refuses the plan. Either
    /// a text, or several of which one is enough (for languages), compared without regard to case and white space; or
    /// `required`, for `STOP` or another of the words by which people opt out, where people are told to write it.
    #[serde(default)]
    #[schemars(example = &"required", example = &"STOP to opt out")]
    pub opt_out_text: Option<Spanned<OptOutText>>,
    /// `gsm7`: characters that GSM-7 lacks are written as it would write them (`’` as `'`, `ş` as `s`), in every text
    /// that fits into GSM-7 as a whole then. `plan` says how many, and `preview` shows them as they will be sent.
    #[serde(default)]
    pub transliterate: Option<Spanned<Transliterate>>,
}

impl Message {
    /// Whether it says of a text in which language it is.
    pub fn has_languages(&self) -> bool {
        let variants = self.variants.iter().flat_map(|variants| &variants.value);
        self.locales.is_some() || variants.into_iter().any(|variant| variant.value.locales.is_some())
    }
}

/// One text or several; or the word `required`.
pub type OptOutText = TextOr<Vec<Spanned<String>>>;

/// Texts by language. A `default` is a tag, everything else a file or a text.
pub type Locales = BTreeMap<String, Spanned<TextOr<Text>>>;

/// One text for a share of the people: one of `template`, `text` and `locales`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its name in reports: lower-case letters, digits and `-`.
    #[schemars(required, regex(pattern = "^[a-z0-9][a-z0-9-]{0,62}$"), example = &"short")]
    pub name: Option<Spanned<String>>,
    /// How many shares of the people it has: variants of 1 and 3 have a quarter and three quarters. 1 where nothing is
    /// said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000), example = 1)]
    pub weight: Option<Spanned<u32>>,
    /// A file with the text.
    #[serde(default)]
    #[schemars(example = &"short.txt")]
    pub template: Option<Spanned<String>>,
    /// The text itself.
    #[serde(default)]
    #[schemars(example = &"Hi {{ first_name }}, our sale starts on Monday.")]
    pub text: Option<Spanned<String>>,
    /// A text for each language.
    #[serde(default)]
    #[schemars(example = locales())]
    pub locales: Option<Spanned<Locales>>,
}

/// A text that stands in the manifest, where a file could be named.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The text itself.
    #[schemars(required, example = &"Hi {{ first_name }}, our sale starts on Monday.")]
    pub text: Option<Spanned<String>>,
}

fn locales() -> serde_json::Value {
    serde_json::json!({"en": "en.txt", "sw": "sw.txt", "default": "en"})
}

/// The alphabet that texts are written in where they can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transliterate {
    /// The GSM 7 bit default alphabet, which makes the shortest SMS.
    Gsm7,
}
