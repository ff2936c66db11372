//! Dates and times: what a cell says, by the clock of whoever reads it, as they write it. A day has no zone and is
//! nobody's to shift; an instant (`Z`, `+03:00`) is told by the recipient's clock.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use chrono_tz::Tz;
use std::fmt::Write as _;

use super::locale::Style;
use super::{locale, reader};
use crate::expression::Value;

/// What the filter is told.
#[derive(Debug, Default)]
pub struct Told<'k> {
    pub style: Option<Style>,
    pub time: Option<bool>,
    pub format: Option<&'k str>,
    pub zone: Option<Tz>,
}

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Day(NaiveDate),
    Local(NaiveDateTime),
    Instant(DateTime<FixedOffset>),
}

/// Writes what a cell says.
pub fn date(value: &Value, told: &Told<'_>) -> Result<String, String> {
    let text = value.as_str().ok_or_else(|| format!("a date is wanted, not `{value}`"))?.trim();
    let (day, time) = match read(text)? {
        Said::Day(day) => (day, None),
        Said::Local(local) => (local.date(), Some(local.time())),
        Said::Instant(instant) => {
            let at = instant.to_utc();
            let local = match told.zone {
                Some(zone) => at.with_timezone(&zone).naive_local(),
                None => at.with_timezone(&reader::offset(at)?).naive_local(),
            };
            (local.date(), Some(local.time()))
        }
    };
    match told.format {
        Some(_) if told.style.is_some() || told.time.is_some() => {
            Err("`date` takes a `format`, or a `style` and `time`, not both".to_owned())
        }
        Some(format) => by_pattern(text, format, day, time),
        None => by_style(text, told, day, time),
    }
}

fn by_style(text: &str, told: &Told<'_>, day: NaiveDate, time: Option<NaiveTime>) -> Result<String, String> {
    let style = told.style.unwrap_or(Style::Medium);
    let small = |number: u32| u8::try_from(number).unwrap_or_default();
    let ymd = (day.year(), small(day.month()), small(day.day()));
    let written = match (told.time == Some(true), time) {
        (true, None) => return Err(no_time(text)),
        (true, Some(time)) => {
            let time = (small(time.hour()), small(time.minute()));
            reader::locale(|tag| locale::writing(tag).date_and_time(style, ymd, time))
        }
        (false, _) => reader::locale(|tag| locale::writing(tag).date(style, ymd)),
    };
    written.ok_or_else(|| format!("`{text}` cannot be written as a date"))
}

fn by_pattern(text: &str, format: &str, day: NaiveDate, time: Option<NaiveTime>) -> Result<String, String> {
    let mut out = String::new();
    let written = match time {
        Some(time) => write!(out, "{}", day.and_time(time).format(format)),
        None => write!(out, "{}", day.format(format)),
    };
    written.map(|()| out).map_err(|_| no_time(text))
}

fn no_time(text: &str) -> String {
    format!("`{text}` is a day, without a time")
}

/// Whether a text says a day, or a time without an offset.
pub fn is_local(text: &str) -> bool {
    matches!(read(text.trim()), Ok(Said::Day(_) | Said::Local(_)))
}

/// A style by its name.
pub fn style(value: &Value) -> Result<Style, String> {
    match value.as_str() {
        Some("short") => Ok(Style::Short),
        Some("medium") => Ok(Style::Medium),
        Some("long") => Ok(Style::Long),
        Some("full") => Ok(Style::Full),
        _ => Err(format!("it is `short`, `medium`, `long` or `full`, not `{value}`")),
    }
}

/// A pattern as strftime has it, of what a local time has.
pub fn pattern(value: &Value) -> Result<&str, String> {
    let wrong = || format!("`{value}` is no pattern such as `%d.%m.%Y`");
    let text = value.as_str().ok_or_else(wrong)?;
    if StrftimeItems::new(text).any(|item| matches!(item, Item::Error)) {
        return Err(wrong());
    }
    let noon = NaiveDate::default().and_time(NaiveTime::MIN);
    // A zone is what a local time does not have.
    write!(String::new(), "{}", noon.format(text)).map_err(|_| wrong())?;
    Ok(text)
}

/// A zone by its name.
pub fn zone(value: &Value) -> Result<Tz, String> {
    let zone = value.as_str().and_then(|text| text.parse().ok());
    zone.ok_or_else(|| format!("`{value}` is no time zone such as `Africa/Nairobi`"))
}

/// A day or a time as ISO 8601 writes it, and as workbooks are read.
fn read(text: &str) -> Result<Said, String> {
    if text.is_empty() {
        return Err("a date is wanted, and the cell is empty".to_owned());
    }
    let Some((day, rest)) = text.split_at_checked(10).filter(|(day, _)| has_shape(day, "9999-99-99")) else {
        return Err(unread(text));
    };
    let absent = || format!("`{text}` does not exist in the calendar");
    let number = |from: usize, to: usize| day.get(from..to).and_then(|part| part.parse::<u32>().ok());
    let year = number(0, 4).and_then(|year| i32::try_from(year).ok());
    let day = year.zip(number(5, 7)).zip(number(8, 10));
    let day =
        day.and_then(|((year, month), day)| NaiveDate::from_ymd_opt(year, month, day)).ok_or_else(absent)?;
    if rest.is_empty() {
        return Ok(Said::Day(day));
    }
    let rest = rest.strip_prefix(['T', 't', ' ']).ok_or_else(|| unread(text))?;
    let split = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, offset) = rest.split_at_checked(split).unwrap_or((rest, ""));
    let local = day.and_time(read_time(time.trim_end()).ok_or_else(|| unread(text))?.ok_or_else(absent)?);
    if offset.is_empty() {
        return Ok(Said::Local(local));
    }
    let offset = read_offset(offset).ok_or_else(|| unread(text))?;
    let instant = local.and_local_timezone(offset).single().ok_or_else(absent)?;
    // What lies at the edge of the calendar has no clock to be told by.
    let inside = (0..=9999).contains(&instant.to_utc().year()) && instant.to_utc() > DateTime::<Utc>::MIN_UTC;
    inside.then_some(Said::Instant(instant)).ok_or_else(absent)
}

/// Whether a text has the shape of another: a digit for each `9`, and all else as it stands.
fn has_shape(text: &str, shape: &str) -> bool {
    let alike = |(a, b): (u8, u8)| if b == b'9' { a.is_ascii_digit() } else { a == b };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(alike)
}

/// Nothing where it has no shape of a time, and nothing inside where there is no such time.
fn read_time(text: &str) -> Option<Option<NaiveTime>> {
    let (clock, fraction) = text.split_once('.').map_or((text, None), |(clock, rest)| (clock, Some(rest)));
    let digits = |part: &str| (1..=9).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let format = match fraction {
        None if has_shape(clock, "99:99") => "%H:%M",
        None if has_shape(clock, "99:99:99") => "%H:%M:%S",
        Some(part) if has_shape(clock, "99:99:99") && digits(part) => "%H:%M:%S",
        _ => return None,
    };
    Some(NaiveTime::parse_from_str(clock, format).ok())
}

fn read_offset(text: &str) -> Option<FixedOffset> {
    if text.eq_ignore_ascii_case("z") {
        return FixedOffset::east_opt(0);
    }
    let shapes = ["+99:99", "-99:99", "+9999", "-9999", "+99", "-99"];
    shapes.iter().find(|shape| has_shape(text, shape))?;
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 =
        digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Some(0), |rest| rest.parse().ok())?;
    let seconds = (hours * 60 + minutes) * 60;
    if minutes > 59 {
        return None;
    }
    FixedOffset::east_opt(if text.starts_with('-') { -seconds } else { seconds })
}

fn unread(text: &str) -> String {
    let parts: Vec<&str> = text.split(['/', '.', '-', ' ']).collect();
    let small = |part: &&str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    match parts.as_slice() {
        // With points the day stands first wherever that is written, and still somebody has to say so.
        [_, _, _] if has_shape(text, "99.99.9999") => format!(
            "`{text}` may be read in more than one way: write year, month and day, as in `2026-03-20`; where the day stands \
             first in all cells, `split(pat=\".\") | reverse | join(sep=\"-\")` before it does"
        ),
        [first, second, _, ..] if small(first) && small(second) => {
            format!(
                "`{text}` may be read in more than one way: write year, month and day, as in `2026-03-20`"
            )
        }
        _ => format!(
            "`{text}` is no date such as `2026-03-20`, `2026-03-20T09:00` or `2026-03-20T09:00:00+03:00`"
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::Recipient;
    use crate::message::filters::reader::{Setting, read_by};

    fn read_in(locale: &str, home: Option<Tz>) {
        read_by(&Recipient { id: "", address: "", locale, timezone: "" }, &Setting::at(home));
    }

    fn shown(text: &str, told: &Told<'_>) -> String {
        date(&Value::from(text), told).unwrap_or_else(|error| error)
    }

    #[test]
    fn dates_are_written_as_the_recipient_does() {
        use Style::{Full, Long, Medium, Short};
        for (locale, style, expected) in [
            ("en", Short, "3/20/26"),
            ("en-GB", Short, "20/03/2026"),
            ("en-GB", Medium, "20 Mar 2026"),
            ("sw", Long, "20 Machi 2026"),
            ("fr", Full, "vendredi 20 mars 2026"),
            ("pt-BR", Long, "20 de março de 2026"),
            ("de", Medium, "20.03.2026"),
        ] {
            read_in(locale, None);
            let told = Told { style: Some(style), ..Told::default() };
            assert_eq!(shown("2026-03-20", &told), expected, "{locale}");
        }
        read_in("en", None);
        let told = Told { style: Some(Style::Full), time: Some(true), ..Told::default() };
        assert_eq!(shown("2026-03-20 19:05:59.5", &told), "Friday, March 20, 2026 at 7:05 PM");
    }

    #[test]
    fn only_instants_are_shifted() {
        read_in("en-GB", Some(Tz::Africa__Nairobi));
        let told = Told { time: Some(true), ..Told::default() };
        for (text, expected) in [
            ("2026-03-20T22:30:00Z", "21 Mar 2026, 01:30"),
            ("2026-03-20T22:30+02:00", "20 Mar 2026, 23:30"),
            ("2026-03-20 22:30-0500", "21 Mar 2026, 06:30"),
            ("2026-03-20T22:30:00", "20 Mar 2026, 22:30"),
            ("2026-03-20t22:30 +03", "20 Mar 2026, 22:30"),
        ] {
            assert_eq!(shown(text, &told), expected);
        }
        assert_eq!(shown("2026-03-20", &Told::default()), "20 Mar 2026");
        let told = Told { zone: Some(Tz::Asia__Tokyo), ..told };
        assert_eq!(shown("2026-03-20T22:30:00Z", &told), "21 Mar 2026, 07:30");
        read_in("en-GB", None);
        assert!(shown("2026-03-20T22:30:00Z", &Told::default()).contains("audience.timezone"));
    }

    #[test]
    fn patterns_are_those_of_strftime() {
        read_in("de", None);
        let by = |text, format| shown(text, &Told { format: Some(format), ..Told::default() });
        assert_eq!(by("2026-03-20", "%d.%m."), "20.03.");
        assert_eq!(by("2026-03-20T09:05", "%H:%M"), "09:05");
        assert_eq!(by("2026-03-20", "%H:%M"), "`2026-03-20` is a day, without a time");
        for wrong in ["%", "%Q", "%Z", "%z"] {
            assert!(pattern(&Value::from(wrong)).is_err(), "{wrong}");
        }
        let both = Told { format: Some("%d"), style: Some(Style::Short), ..Told::default() };
        assert!(shown("2026-03-20", &both).contains("not both"));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for text in ["03/04/2026", "3.4.2026", "20-03-2026", "03/04/26", "3 4 2026", "03/04/2026 09:00"] {
            assert!(shown(text, &Told::default()).contains("more than one way"), "{text}");
        }
        for text in [
            "2026-3-20",
            "20260320",
            "tomorrow",
            "2026-03-20T9:00",
            "2026-03-20X",
            "2026-03-20T09:00+3",
            "45000",
        ] {
            assert!(shown(text, &Told::default()).contains("is no date such as"), "{text}");
        }
        for text in ["2026-02-30", "2026-13-01", "2026-03-20T25:00"] {
            assert!(shown(text, &Told::default()).contains("does not exist"), "{text}");
        }
        assert!(shown(" ", &Told::default()).contains("empty"));
        let told = Told { time: Some(true), ..Told::default() };
        assert!(shown("2026-03-20", &told).contains("without a time"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9TZ:+. /é-]{0,30}|[0-9]{4}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9](Z|[+-][0-9]{2}:?[0-9]{2})?)?") {
            read_in("en", Some(Tz::Pacific__Kiritimati));
            for time in [None, Some(true)] {
                let _ = date(&Value::from(text.as_str()), &Told { time, ..Told::default() });
            }
        }
    }
}
