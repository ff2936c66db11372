//! The filters of messages: numbers, money and dates as the recipient writes them, and texts that fit into so many SMS.
//! Requests have no recipient who reads them, so only messages have these.

mod currencies;
mod date;
mod locale;
mod number;
pub(super) mod reader;
mod segments;

use crate::expression::{
    Choice, Filter, Kind, Options, Problem, Program, Value, applies_without, given_on_texts,
};

pub use reader::Clock;

/// The filter whose output depends on where the recipient is.
pub(super) const DATE: &str = "date";
/// The options of [`DATE`] that it is asked about.
const FORMAT: &str = "format";
const ZONE: &str = "timezone";
/// Filters that write as people of a language do.
const OF_LANGUAGES: [&str; 3] = ["number", "currency", DATE];

/// Whether a source writes numbers or dates as people of a language do. A pattern of a date has the same words for all.
pub(super) fn writes_by_language(source: &str) -> bool {
    let depends = |filter: &&str| applies_without(source, Kind::Text, filter, FORMAT);
    OF_LANGUAGES.iter().any(depends)
}

/// Times of a source that are told by a named clock and are nobody's to shift: the clock changes nothing.
pub(super) fn needless_clocks(source: &str) -> Vec<Problem> {
    let given = given_on_texts(source, Kind::Text, DATE, ZONE).into_iter();
    given
        .filter(|(text, _)| date::is_local(text))
        .map(|(text, span)| Problem {
            message: format!("`{ZONE}` changes nothing here: `{text}` has no offset from UTC"),
            span,
            help: Some("leave it out, or write an offset, as in `2026-03-20T09:00+03:00`".to_owned()),
        })
        .collect()
}

static FILTERS: [Filter; 4] = [
    Filter {
        name: "number",
        options: &[Choice { name: "decimals", is_needed: false, check: |value| decimals(value).map(drop) }],
        apply: |value, options| {
            let decimals = options.get("decimals").map(decimals).transpose()?;
            reader::locale(|tag| number::number(value, decimals, tag)).map(Value::from)
        },
    },
    Filter {
        name: "currency",
        options: &[
            Choice { name: "code", is_needed: true, check: |value| currencies::currency(value).map(drop) },
            Choice { name: "decimals", is_needed: false, check: |value| decimals(value).map(drop) },
        ],
        apply: |value, options| {
            let code =
                options.get("code").ok_or("`currency` needs a `code`, as in `currency(code=\"KES\")`")?;
            let currency = currencies::currency(code)?;
            let decimals = options.get("decimals").map(decimals).transpose()?;
            reader::locale(|tag| number::amount(value, currency, decimals, tag)).map(Value::from)
        },
    },
    Filter {
        name: DATE,
        options: &[
            Choice { name: "style", is_needed: false, check: |value| date::style(value).map(drop) },
            Choice { name: "time", is_needed: false, check: |value| flag(value).map(drop) },
            Choice { name: FORMAT, is_needed: false, check: |value| date::pattern(value).map(drop) },
            Choice { name: ZONE, is_needed: false, check: |value| date::zone(value).map(drop) },
        ],
        apply: |value, options| {
            let told = Told {
                style: options.get("style").map(date::style).transpose()?,
                time: options.get("time").map(flag).transpose()?,
                format: options.get(FORMAT).map(date::pattern).transpose()?,
                zone: options.get(ZONE).map(date::zone).transpose()?,
            };
            date::date(value, &told).map(Value::from)
        },
    },
    Filter {
        name: "segments",
        options: &[
            Choice { name: "max", is_needed: true, check: |value| most(value).map(drop) },
            Choice { name: "end", is_needed: false, check: |value| text(value).map(drop) },
        ],
        apply: |value, options| shortened(value, options).map(Value::from),
    },
];

use date::Told;

/// Adds the filters to what a message may use.
pub(super) fn offer(program: &mut Program) {
    FILTERS.iter().for_each(|filter| program.offer(filter));
}

fn shortened(value: &Value, options: Options<'_>) -> Result<String, String> {
    let most = most(options.get("max").ok_or("`segments` needs a `max`, as in `segments(max=1)`")?)?;
    let end = options.get("end").map(text).transpose()?;
    let setting = reader::setting();
    Ok(segments::shorten(text(value)?, most, end, &setting))
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("it is a text, not `{value}`"))
}

fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("it is `true` or `false`, not `{value}`"))
}

fn most(value: &Value) -> Result<u16, String> {
    let number = value.as_i64().and_then(|number| u16::try_from(number).ok());
    let number = number.filter(|number| (1..=255).contains(number));
    number.ok_or_else(|| format!("it is a number of SMS from 1 to 255, not `{value}`"))
}

fn decimals(value: &Value) -> Result<u8, String> {
    let number = value.as_i64().and_then(|number| u8::try_from(number).ok());
    let number = number.filter(|number| *number <= 10);
    number.ok_or_else(|| format!("it is a number from 0 to 10, not `{value}`"))
}
