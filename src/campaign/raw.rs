//! The manifest as written: a serde mirror with places, from which the published JSON Schema is made.
//! Nothing here is trusted; [`resolve`](super::resolve) makes domain types of it. What the schema calls
//! required is optional to serde, so that a missing key hides no other error.

mod schedule;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::audience::NumberType;
use crate::units::{Percent, Rate, Span};
use crate::yaml::{Node, Spanned};

pub use schedule::{Missed, Schedule, WindowRef};

/// A campaign: who gets which text, through which gateway, when and how fast.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// The version of this format: 1.
    #[schemars(required, range(min = 1, max = 1), example = 1)]
    pub version: Option<Spanned<u32>>,
    /// The campaign's name: lower-case letters, digits and `-`. It is the campaign's key in the state, so
    /// a campaign that was renamed is a new campaign.
    #[schemars(required, regex(pattern = "^[a-z0-9][a-z0-9-]{0,62}$"), example = &"spring-sale")]
    pub name: Option<Spanned<String>>,
    /// The gateway: a built-in profile's name, a path to a profile of your own, or an object that adapts one.
    #[schemars(required, example = built_in())]
    pub provider: Option<Spanned<ProviderRef>>,
    /// What the gateway needs as sender; `sendplan provider show` says what that is.
    #[schemars(required, example = 1)]
    pub sender: Option<Spanned<Sender>>,
    /// Who receives it.
    #[schemars(required)]
    pub audience: Option<Spanned<Audience>>,
    /// What they receive.
    #[schemars(required)]
    pub message: Option<Spanned<Message>>,
    /// When it goes out. Without it, whenever `sendplan send` is called for the first time.
    #[serde(default)]
    pub schedule: Option<Spanned<Schedule>>,
    /// How it is delivered.
    #[serde(default)]
    pub delivery: Option<Delivery>,
    /// Caps beyond which a plan is refused.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// Constants for the template, as `vars.NAME`. No secrets: they belong into the environment.
    #[serde(default)]
    #[schemars(example = serde_json::json!({"shop": "Acme"}))]
    pub vars: Option<BTreeMap<String, Node>>,
}

/// The recipients and who of them is left out.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// The recipients: a CSV file with a header line, or an `.xlsx` workbook, beside the manifest or elsewhere in the
    /// repository; packed with gzip or not. `-` is standard input. Of several files, all need the same columns.
    #[schemars(required, example = &"recipients.csv")]
    pub csv: Option<Spanned<Files>>,
    /// What the CSV is written in, such as `utf-8`, `utf-16` or `windows-1252`. Found out where nothing is said.
    #[serde(default)]
    #[schemars(example = &"windows-1252")]
    pub encoding: Option<Spanned<String>>,
    /// What stands between the cells of the CSV: `,`, `;`, `|` or `tab`. Found out where nothing is said.
    #[serde(default)]
    #[schemars(example = &";")]
    pub delimiter: Option<Spanned<String>>,
    /// The sheet of the workbook. The only one with something in it where nothing is said.
    #[serde(default)]
    #[schemars(example = &"Customers")]
    pub sheet: Option<Spanned<String>>,
    /// The column that holds the address.
    #[schemars(required, example = &"phone")]
    pub address: Option<Spanned<String>>,
    /// The country of numbers written without a country code: two letters, ISO 3166.
    #[serde(default)]
    #[schemars(regex(pattern = "^[A-Za-z]{2}$"), example = &"KE")]
    pub region: Option<Spanned<String>>,
    /// Only numbers of these types: `[mobile, fixed_or_mobile]` leaves out landlines. In some countries, such as the
    /// United States, the digits do not say which it is: that is `fixed_or_mobile`.
    #[serde(default)]
    #[schemars(length(min = 1), example = ["mobile", "fixed_or_mobile"])]
    pub allow_types: Option<Spanned<Vec<NumberType>>>,
    /// The column that identifies a recipient. Without it, the address does.
    #[serde(default)]
    #[schemars(example = &"customer_id")]
    pub id: Option<Spanned<String>>,
    /// The column that holds a recipient's time zone by its IANA name, for what goes by `timezone: recipient`. Where it is
    /// empty, and without it, the number says where somebody may be.
    #[serde(default)]
    #[schemars(example = &"tz")]
    pub timezone: Option<Spanned<String>>,
    /// Only rows for which this expression over the columns holds.
    #[serde(default, rename = "where")]
    #[schemars(example = &"city == \"Nairobi\" and opted_in == \"yes\"")]
    pub filter: Option<Spanned<String>>,
    /// Files of addresses that are never sent to: CSV or `.xlsx`, written however they are.
    #[serde(default)]
    #[schemars(example = ["../../lists/optouts.csv"])]
    pub suppress: Option<Vec<Spanned<String>>>,
    /// Nobody gets more than one: `campaign` counts this campaign over all its occurrences, any other word (lower-case
    /// letters, digits and `-`) all campaigns that say the same word. Who got one before is left out.
    #[serde(default)]
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9-]{0,62}$"), example = &"campaign")]
    pub once_per: Option<Spanned<String>>,
    /// Whoever got so many messages in so long, from all campaigns together, is left out.
    #[serde(default)]
    pub cap: Option<Spanned<Cap>>,
    /// The share of unusable rows beyond which the plan is refused.
    #[serde(default)]
    #[schemars(with = "Option<Percent>")]
    pub max_rejected: Option<Spanned<String>>,
    /// Whether a file without a single row is fine. It is refused otherwise.
    #[serde(default)]
    pub allow_empty: Option<bool>,
}

/// The most messages that one person gets in a time.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// How many messages.
    #[schemars(required, range(min = 1, max = 1000), example = 2)]
    pub messages: Option<Spanned<u16>>,
    /// In how long: any time of this length, not days or weeks of the calendar. At most 366d.
    #[schemars(required, with = "Span", example = &"7d")]
    pub per: Option<Spanned<String>>,
}

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

/// Pace and patience.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The most messages in a second, minute or hour. Without it, as fast as the gateway answers.
    #[serde(default)]
    #[schemars(with = "Option<Rate>")]
    pub rate: Option<Spanned<String>>,
    /// The most SMS segments in a second, minute or hour.
    #[serde(default)]
    #[schemars(with = "Option<Rate>")]
    pub segments: Option<Spanned<String>>,
    /// The most requests under way at once. 16 where nothing is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1024), example = 16)]
    pub concurrency: Option<Spanned<u16>>,
    /// What happens to a message that provably was not sent.
    #[serde(default)]
    pub retry: Option<Retry>,
    /// What happens to a message whose outcome is not known.
    #[serde(default)]
    pub unknown: Option<Spanned<Unknown>>,
}

/// Attempts and the pauses between them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// The most attempts a message gets, the first included. 5 where nothing is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100), example = 5)]
    pub attempts: Option<Spanned<u16>>,
    /// The pause before the second attempt; it doubles from then on. 1s where nothing is said.
    #[serde(default)]
    #[schemars(with = "Option<Span>")]
    pub backoff: Option<Spanned<String>>,
    /// The longest pause, and the longest that a gateway's own wish is heeded. 5m where nothing is said.
    #[serde(default)]
    #[schemars(with = "Option<Span>")]
    pub max_backoff: Option<Spanned<String>>,
}

/// A message that may or may not have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// It is listed, and never sent again by itself.
    Hold,
    /// It is sent again: somebody may get two. Only sane where the gateway honours an idempotency key.
    Resend,
}

/// Caps on the whole plan.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The most messages.
    #[serde(default)]
    #[schemars(range(min = 1), example = 100_000)]
    pub recipients: Option<Spanned<u64>>,
    /// The most SMS segments, all messages together.
    #[serde(default)]
    #[schemars(range(min = 1), example = 250_000)]
    pub segments: Option<Spanned<u64>>,
    /// The most that all messages together may cost, by the gateway's prices.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]{1,6})? [A-Z]{3}$"), example = &"5000 KES")]
    pub cost: Option<Spanned<String>>,
}

/// An adapted profile.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdaptedProvider {
    /// A built-in profile's name, or a path to a profile of your own.
    #[schemars(required, example = built_in())]
    pub profile: Option<Spanned<String>>,
    /// Another address of the same gateway. Plain `http://` only for this machine.
    #[serde(default)]
    #[schemars(example = &"http://127.0.0.1:8080")]
    pub base_url: Option<Spanned<String>>,
    /// The most recipients in one request, where the gateway takes several.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10_000), example = 100)]
    pub batch_max: Option<Spanned<u32>>,
    /// Other limits than the profile's: for accounts that have less, or more.
    #[serde(default)]
    pub limits: Option<crate::provider::raw::Limits>,
    /// What your account pays, where it is something else than the profile says.
    #[serde(default)]
    pub cost: Option<crate::provider::raw::Cost>,
    /// Other values for the profile's constants.
    #[serde(default)]
    pub vars: Option<BTreeMap<String, Node>>,
}

/// A built-in profile's name, whichever comes first: no code names a gateway.
fn built_in() -> &'static str {
    crate::provider::builtin_names().next().unwrap_or_default()
}

/// A name or path, or an object.
#[derive(Debug)]
pub enum ProviderRef {
    /// A name or path.
    Named(String),
    /// An object.
    Adapted(Box<AdaptedProvider>),
}

/// One file or several.
#[derive(Debug)]
pub enum Files {
    /// One.
    One(String),
    /// Several, in their order.
    Several(Vec<Spanned<String>>),
}

/// Text or a whole number: gateways want the one or the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// Such as `ACME` or `+254…`.
    Text(String),
    /// Such as a source's number.
    Number(i64),
}

impl<'de> Deserialize<'de> for ProviderRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = ProviderRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a profile's name or path, or an object")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ProviderRef, E> {
                Ok(ProviderRef::Named(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ProviderRef, A::Error> {
                let adapted = AdaptedProvider::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(ProviderRef::Adapted(Box::new(adapted)))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for ProviderRef {
    fn schema_name() -> Cow<'static, str> {
        "Provider".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{ "type": "string", "minLength": 1 }, generator.subschema_for::<AdaptedProvider>()]
        })
    }
}

impl<'de> Deserialize<'de> for Files {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Files;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a file, or a list of files")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Files, E> {
                Ok(Files::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Files, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(Files::Several)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for Files {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Files".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }]
        })
    }
}

impl<'de> Deserialize<'de> for Sender {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = Sender;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a whole number")
            }

            fn visit_str<E>(self, text: &str) -> Result<Sender, E> {
                Ok(Sender::Text(text.to_owned()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Sender, E> {
                Ok(Sender::Number(number))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for Sender {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Sender".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"] })
    }
}
