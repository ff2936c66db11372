//! `schedule` as it is written: when a campaign goes out, and in which hours it may.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::schedule::Preset;
use crate::yaml::{Spanned, TextOr};

/// The moment it goes out.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// A local time. Without it and without `cron`, whenever `sendplan send` is called for the first time.
    #[serde(default)]
    #[schemars(
        regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:00)?$"),
        example = &"2026-12-01T09:00"
    )]
    pub at: Option<Spanned<String>>,
    /// Again and again, as a line of crontab(5) says: minute, hour, day of month, month, day of week; or `@daily` and the
    /// like. Each time is a run of its own, and everybody in it gets the message again.
    #[serde(default)]
    #[schemars(example = &"0 9 * * MON-FRI")]
    pub cron: Option<Spanned<String>>,
    /// The zone of all times here, by its IANA name; or `recipient`, wherever each recipient is, by `audience.timezone` or
    /// else by the number. UTC where nothing is said.
    #[serde(default)]
    #[schemars(example = &"Africa/Nairobi")]
    pub timezone: Option<Spanned<String>>,
    /// The last day, by the clock of `timezone`: `cron` does not fire after it, and what was not sent by its end expires.
    #[serde(default)]
    #[schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), example = &"2026-12-31")]
    pub until: Option<Spanned<String>>,
    /// Days on which `cron` does not fire, by the clock of `timezone`.
    #[serde(default)]
    #[schemars(inner(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")), example = &["2026-12-25", "2026-12-26"])]
    pub except: Option<Vec<Spanned<String>>>,
    /// A file of days on which `cron` does not fire either: an iCalendar (`.ics`), or a day a line.
    #[serde(default)]
    #[schemars(length(min = 1), example = &"../../lists/holidays.ics")]
    pub holidays: Option<Spanned<String>>,
    /// What becomes of a time at which nobody sent. Without it, `fail` for `at` and `skip` for `cron`.
    #[serde(default)]
    pub missed: Option<Spanned<Missed>>,
    /// How late it may be begun without having been missed: 24 hours for `at` where nothing is said, one hour for `cron`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[0-9]+(ms|s|m|h|d)$"), example = &"2h")]
    pub late_after: Option<Spanned<String>>,
    /// The hours of the day in which messages may go out, by the clock of `timezone`, or the name of hours that we
    /// carry: `us-tcpa`, `fr`, `in` or `ng`. A run that reaches their end stops there, and is taken up when they begin again.
    #[serde(default)]
    #[schemars(schema_with = "names_or_hours")]
    pub window: Option<Spanned<WindowRef>>,
}

/// A time at which nobody sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// It is left out.
    Skip,
    /// The last one goes out late.
    Send,
    /// Nothing goes out until a person has decided.
    Fail,
}

/// Hours of the day.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The first minute.
    #[schemars(required, regex(pattern = "^[0-9]{2}:[0-9]{2}$"), example = &"08:00")]
    pub from: Option<Spanned<String>>,
    /// The end: nothing goes out from then on. It may lie beyond midnight.
    #[schemars(required, regex(pattern = "^[0-9]{2}:[0-9]{2}$"), example = &"20:00")]
    pub to: Option<Spanned<String>>,
    /// The days of the week on which it opens: every day where nothing is said.
    #[serde(default)]
    #[schemars(length(min = 1), example = &["mon", "tue", "wed", "thu", "fri", "sat"])]
    pub days: Option<Vec<Spanned<String>>>,
    /// By whose clock: a zone's, or `recipient`, each recipient's own. The schedule's `timezone` where nothing is said.
    #[serde(default)]
    #[schemars(example = &"recipient")]
    pub timezone: Option<Spanned<String>>,
}

/// The name of hours, or hours.
pub type WindowRef = TextOr<Window>;

/// The names are a list: an editor offers them.
fn names_or_hours(generator: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = Preset::names().collect();
    json_schema!({
        "anyOf": [{ "type": "string", "enum": names }, generator.subschema_for::<Window>()]
    })
}
