//! `audience` as it is written: who receives it, and who of them does not.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::audience::{Keep, NumberType};
use crate::units::{Percent, Span};
use crate::yaml::{Spanned, TextOr};

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
    /// The column that holds a recipient's time zone by its IANA name, for what goes by `timezone: recipient`, and for the
    /// times that a text tells. Where it is empty, and without it, the number says where somebody may be.
    #[serde(default)]
    #[schemars(example = &"tz")]
    pub timezone: Option<Spanned<String>>,
    /// The column that holds what a recipient reads: a language such as `sw`, or a language and a country such as `en-GB`.
    #[serde(default)]
    #[schemars(example = &"lang")]
    pub locale: Option<Spanned<String>>,
    /// Only rows for which this expression over the columns holds.
    #[serde(default, rename = "where")]
    #[schemars(example = &"city == \"Nairobi\" and opted_in == \"yes\"")]
    pub filter: Option<Spanned<String>>,
    /// Only this share of the people, for a pilot: the same ones on every machine and each time, and whoever is in a share is
    /// in every greater one too. Suppression lists and duplicates are seen to afterwards.
    #[serde(default)]
    #[schemars(with = "Option<Percent>", example = &"10%")]
    pub sample: Option<Spanned<String>>,
    /// Of several rows for one person, by address or by `id`: which one gets the message, the `first` or the `last`. The
    /// first where nothing is said.
    #[serde(default)]
    #[schemars(example = &"last")]
    pub keep: Option<Keep>,
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
    /// Whoever got one of these campaigns is left out: a name, or a list of names. It is asked at the last moment, of all runs
    /// of them that the state knows; whoever may have got it counts.
    #[serde(default)]
    #[schemars(example = &"spring-sale")]
    pub exclude_campaign: Option<Spanned<Names>>,
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

/// One name or several.
pub type Names = TextOr<Vec<Spanned<String>>>;

/// One file or several, in their order.
pub type Files = TextOr<Vec<Spanned<String>>>;
