//! Days on which nothing may go out, from a text: a calendar (iCalendar, RFC 5545), or a plain list of dates. What
//! could change a date and is not understood is an error, never passed over.

mod calendar;

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::NaiveDate;

/// More dates than this no list has. Those that events repeat count, and so does one that is there twice.
pub const MOST: usize = 100_000;

/// Of what is repeated without an end, this is the last year.
pub const LAST_YEAR: i32 = 2100;

/// How much of what was found is shown, in characters.
const SHOWN: usize = 60;

/// What is wrong with a list of holidays. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HolidaysError {
    /// Something else stands where something must.
    #[error("line {line}: found `{found}`, expected {expected}")]
    Unexpected {
        /// Where.
        line: usize,
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// A date of the right form that is not in the calendar.
    #[error("line {line}: `{found}` does not exist in the calendar")]
    NoSuchDate {
        /// Where.
        line: usize,
        /// As written.
        found: String,
    },
    /// Something of iCalendar that we do not read, and that could change a date.
    #[error("line {line}: `{found}` is not understood here, {help}")]
    Unsupported {
        /// Where.
        line: usize,
        /// As written.
        found: String,
        /// What is understood.
        help: &'static str,
    },
    /// Something that a calendar or an event must have is not there.
    #[error("line {line}: {missing} is missing")]
    Missing {
        /// Where what lacks it begins.
        line: usize,
        /// What it lacks.
        missing: &'static str,
    },
    /// Too many dates.
    #[error("line {line}: more than {MOST} dates")]
    TooMany {
        /// Where they become too many.
        line: usize,
    },
    /// No date at all: a list that keeps nothing back is a mistake.
    #[error("there is no date in it")]
    Empty,
}

impl HolidaysError {
    /// The line it is about, from 1, if it is about one.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Unexpected { line, .. }
            | Self::NoSuchDate { line, .. }
            | Self::Unsupported { line, .. }
            | Self::Missing { line, .. }
            | Self::TooMany { line } => Some(*line),
            Self::Empty => None,
        }
    }

    /// What to write instead, where that is known: a day that stands first, or an American month, is no beginning of a date.
    pub fn help(&self) -> Option<String> {
        let Self::Unexpected { found, .. } = self else { return None };
        as_iso(found)
    }

    fn unexpected(line: usize, found: &str, expected: &'static str) -> Self {
        Self::Unexpected { line, found: shown(found), expected }
    }

    fn unsupported(line: usize, found: &str, help: &'static str) -> Self {
        Self::Unsupported { line, found: shown(found), help }
    }
}

/// What to write for a date as people write it, year behind: `26.12.2026` is the 26th of December, and of `03/04/2026` nobody
/// knows. Nothing where a text has no such shape.
pub fn as_iso(text: &str) -> Option<String> {
    let (separator, _) = text.char_indices().find_map(|(at, c)| (!c.is_ascii_digit()).then_some((c, at)))?;
    let parts: Vec<u32> = text.split(separator).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [first, second, year @ 1000..=9999] = *parts.as_slice() else { return None };
    let date = |day, month| NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day);
    match (separator, date(first, second), date(second, first)) {
        ('.', Some(date), _) | ('/' | '-', Some(date), None) | ('/' | '-', None, Some(date)) => {
            Some(format!("write year, month and day: `{date}`"))
        }
        ('/' | '-', Some(one), Some(other)) if one != other => {
            Some(format!("write year, month and day: `{one}`, or `{other}` if the month stands first"))
        }
        ('/' | '-', Some(date), Some(_)) => Some(format!("write year, month and day: `{date}`")),
        _ => None,
    }
}

/// As much of a text as a message bears, without control characters.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Dates, some with a name; one at least, and at most [`MOST`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holidays(BTreeMap<NaiveDate, Option<String>>);

impl Holidays {
    /// Reads a calendar or a plain list, whichever it is: what begins with `BEGIN:` is a calendar. A byte order mark
    /// at its beginning is no part of it.
    ///
    /// A plain list has one date a line, such as `2026-12-25 Christmas` or `2026-12-25,Christmas`; the name may be
    /// left out, lines may be empty, and `#` begins a comment.
    ///
    /// Of a calendar the events count (`VEVENT`) that are not cancelled: whole days, of an event with hours every day
    /// it touches, by the date as it is written. `RRULE` may be `FREQ=YEARLY` with `INTERVAL`, `COUNT` or `UNTIL`;
    /// what has no end goes on until the end of 2100. `EXDATE` takes days away.
    ///
    /// # Errors
    /// The first thing that is wrong, see [`HolidaysError`].
    pub fn read(text: &str) -> Result<Self, HolidaysError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().map(str::trim).find(|line| !line.is_empty());
        let calendar =
            first.and_then(|line| line.get(..6)).is_some_and(|begin| begin.eq_ignore_ascii_case("BEGIN:"));
        let dates = if calendar { calendar::read(text)? } else { plain(text)? };
        if dates.known.is_empty() { Err(HolidaysError::Empty) } else { Ok(Self(dates.known)) }
    }

    /// Whether a date is one of them.
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.0.contains_key(&date)
    }

    /// What a date is called, if it is one of them and has a name; of several names the first.
    pub fn name(&self, date: NaiveDate) -> Option<&str> {
        self.0.get(&date)?.as_deref()
    }

    /// All of them in order, with their names.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (NaiveDate, Option<&str>)> {
        self.0.iter().map(|(date, name)| (*date, name.as_deref()))
    }

    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromStr for Holidays {
    type Err = HolidaysError;

    fn from_str(text: &str) -> Result<Self, HolidaysError> {
        Self::read(text)
    }
}

/// Dates while they are gathered.
#[derive(Debug, Default)]
struct Dates {
    known: BTreeMap<NaiveDate, Option<String>>,
    added: usize,
}

impl Dates {
    /// Adds one; the first name of a date stays.
    fn add(&mut self, line: usize, date: NaiveDate, name: Option<&str>) -> Result<(), HolidaysError> {
        let known = self.known.entry(date).or_default();
        if known.is_none() {
            *known = name.map(str::to_owned);
        }
        self.added += 1;
        if self.added > MOST { Err(HolidaysError::TooMany { line }) } else { Ok(()) }
    }
}

/// One date a line.
fn plain(text: &str) -> Result<Dates, HolidaysError> {
    let mut dates = Dates::default();
    for (line, content) in (1..).zip(text.lines()) {
        let content = without_comment(content).trim();
        if content.is_empty() {
            continue;
        }
        let end = content.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(content.len());
        let (date, name) = content.split_at(end);
        let name = name.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        dates.add(line, iso(line, date)?, (!name.is_empty()).then(|| shown_name(name)).as_deref())?;
    }
    Ok(dates)
}

/// A `#` begins a comment at the start of a line and after a space; in the middle of a word it is part of it.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        if c == '#' && before.is_whitespace() {
            return line.get(..at).unwrap_or(line);
        }
        before = c;
    }
    line
}

fn iso(line: usize, text: &str) -> Result<NaiveDate, HolidaysError> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    if shape != "9999-99-99" {
        return Err(HolidaysError::unexpected(line, text, "a date such as 2026-12-25"));
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| HolidaysError::NoSuchDate { line, found: text.to_owned() })
}

/// A name as it may be shown on a terminal: one line, without control characters.
fn shown_name(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn whoever_writes_the_day_first_is_told_what_to_write() {
        let help = |text: &str| Holidays::read(text).unwrap_err().help().unwrap_or_default();
        assert_eq!(help("26.12.2026 Boxing Day\n"), "write year, month and day: `2026-12-26`");
        assert_eq!(help("1.5.2026\n"), "write year, month and day: `2026-05-01`");
        assert_eq!(help("12/26/2026\n"), "write year, month and day: `2026-12-26`");
        assert_eq!(help("05/05/2026\n"), "write year, month and day: `2026-05-05`");
        let either = "write year, month and day: `2026-04-03`, or `2026-03-04` if the month stands first";
        assert_eq!(help("03/04/2026\n"), either);
        for none in
            ["12.26.2026", "31.02.2026", "26.12.26", "tomorrow", "2026/12/26", "1.2.3.2026", "26.12.99999"]
        {
            assert_eq!(help(none), "", "{none}");
        }
    }

    #[test]
    fn a_plain_list_has_a_date_a_line() {
        let text = "\u{feff}# Kenya\r\n2026-12-25 Christmas Day\r\n\r\n2026-12-26,Boxing Day # observed\n2026-06-01\n  2026-10-20 ,  Mashujaa#1 \n";
        let holidays: Holidays = text.parse().unwrap();
        assert_eq!(holidays.len(), 4);
        assert!(holidays.contains(date("2026-12-25")) && !holidays.contains(date("2026-12-24")));
        assert_eq!(
            holidays.iter().map(|(date, name)| format!("{date} {}", name.unwrap_or("-"))).collect::<Vec<_>>(),
            ["2026-06-01 -", "2026-10-20 Mashujaa#1", "2026-12-25 Christmas Day", "2026-12-26 Boxing Day"]
        );
    }

    #[test]
    fn the_first_name_of_a_date_stays() {
        let holidays = Holidays::read("2026-12-25\n2026-12-25 Christmas\n2026-12-25 Noël").unwrap();
        assert_eq!(holidays.name(date("2026-12-25")), Some("Christmas"));
        assert_eq!(holidays.name(date("2026-12-26")), None);
        assert_eq!(holidays.len(), 1);
    }

    #[test]
    fn what_is_no_date_is_refused_with_its_line() {
        for (text, told) in [
            ("2026-12-25\nChristmas", "line 2: found `Christmas`, expected a date such as 2026-12-25"),
            ("\n\n25.12.2026", "line 3: found `25.12.2026`, expected a date such as 2026-12-25"),
            ("2026-12-25-", "line 1: found `2026-12-25-`, expected a date such as 2026-12-25"),
            ("2026-1-1", "line 1: found `2026-1-1`, expected a date such as 2026-12-25"),
            ("20261225", "line 1: found `20261225`, expected a date such as 2026-12-25"),
            ("date,name\n2026-12-25", "line 1: found `date`, expected a date such as 2026-12-25"),
            ("2026-02-29 leap", "line 1: `2026-02-29` does not exist in the calendar"),
            ("2026-13-01", "line 1: `2026-13-01` does not exist in the calendar"),
            ("<!DOCTYPE html>", "line 1: found `<!DOCTYPE`, expected a date such as 2026-12-25"),
            ("", "there is no date in it"),
            ("# nothing yet\n", "there is no date in it"),
        ] {
            let error = Holidays::read(text).unwrap_err();
            assert_eq!(error.to_string(), told);
        }
        assert_eq!(Holidays::read("\nx").unwrap_err().line(), Some(2));
    }

    #[test]
    fn what_is_shown_of_a_line_is_short_and_harmless() {
        let error = Holidays::read(&format!("\u{1b}[2J{}", "x".repeat(500))).unwrap_err().to_string();
        assert!(!error.contains('\u{1b}') && error.chars().count() < 130, "{error}");
        let holidays = Holidays::read("2026-12-25 Christ\u{1b}mas").unwrap();
        assert_eq!(holidays.name(date("2026-12-25")), Some("Christ mas"));
    }

    #[test]
    fn too_many_dates_are_refused() {
        let first = date("1800-01-01");
        let text: String = first.iter_days().take(MOST + 1).map(|date| format!("{date}\n")).collect();
        assert_eq!(Holidays::read(&text), Err(HolidaysError::TooMany { line: MOST + 1 }));
        let enough = text.lines().take(MOST).collect::<Vec<_>>().join("\n");
        assert_eq!(Holidays::read(&enough).unwrap().len(), MOST);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}", calendar in any::<bool>()) {
            let text = if calendar { format!("BEGIN:VCALENDAR\n{text}") } else { text };
            if let Err(error) = Holidays::read(&text) {
                prop_assert!(error.line().is_none_or(|line| line >= 1 && line <= text.lines().count()));
            }
        }
    }
}
