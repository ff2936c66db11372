//! iCalendar (RFC 5545), as much of it as holidays are written in. Sections are those of the RFC.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};

use super::{Dates, HolidaysError, LAST_YEAR, shown_name};

const CALENDAR: &str = "VCALENDAR";
const EVENT: &str = "VEVENT";

const A_DATE: &str = "a date such as 20261225, or a date and time such as 20261225T090000";
const RULE: &str = "FREQ=YEARLY is, with INTERVAL and one of COUNT and UNTIL, each once";
const UTC: &str =
    "a time in UTC has no local date unless it is midnight: write the day, such as `;VALUE=DATE:20261225`";

/// A content line, unfolded (3.1): `NAME;PARAMETER=VALUE:VALUE`.
struct Property {
    /// Where it begins, from 1.
    line: usize,
    /// In capitals.
    name: String,
    /// Names in capitals; values without their quotes.
    parameters: Vec<(String, String)>,
    value: String,
    /// As written, unfolded.
    whole: String,
}

impl Property {
    fn read(line: usize, whole: String) -> Result<Self, HolidaysError> {
        let wrong = || HolidaysError::unexpected(line, &whole, "`NAME:value`");
        let colon = unquoted(&whole, ':').next().ok_or_else(wrong)?;
        let (head, value) = whole.split_at(colon);
        let mut parts = Vec::new();
        let mut begin = 0;
        for end in unquoted(head, ';').chain([head.len()]) {
            parts.push(head.get(begin..end).unwrap_or_default());
            begin = end + 1;
        }
        let mut parts = parts.into_iter();
        let name = parts.next().unwrap_or_default().trim().to_ascii_uppercase();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(wrong());
        }
        let parameters = parts.map(|part| {
            let (name, value) = part.split_once('=').ok_or_else(wrong)?;
            Ok((name.trim().to_ascii_uppercase(), value.trim().trim_matches('"').to_owned()))
        });
        let parameters = parameters.collect::<Result<_, HolidaysError>>()?;
        let value = value.get(1..).unwrap_or_default().trim().to_owned();
        Ok(Self { line, name, parameters, value, whole })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn unexpected(&self, expected: &'static str) -> HolidaysError {
        HolidaysError::unexpected(self.line, &self.whole, expected)
    }

    fn unsupported(&self, help: &'static str) -> HolidaysError {
        HolidaysError::unsupported(self.line, &self.whole, help)
    }

    fn no_such_date(&self) -> HolidaysError {
        HolidaysError::NoSuchDate { line: self.line, found: super::shown(&self.whole) }
    }
}

/// Where a character stands outside quotes.
fn unquoted(text: &str, wanted: char) -> impl Iterator<Item = usize> {
    let mut quoted = false;
    text.char_indices().filter_map(move |(at, c)| {
        quoted ^= c == '"';
        (c == wanted && !quoted).then_some(at)
    })
}

/// Lines put together again (3.1), each with the number of its first one; empty ones are left out.
fn unfold(text: &str) -> Result<Vec<(usize, String)>, HolidaysError> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (number, line) in (1..).zip(text.split('\n')) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(rest) = line.strip_prefix([' ', '\t']) {
            match lines.last_mut() {
                Some((_, whole)) => whole.push_str(rest),
                None if rest.trim().is_empty() => {}
                None => return Err(HolidaysError::unexpected(number, line, "`BEGIN:VCALENDAR`")),
            }
        } else if !line.is_empty() {
            lines.push((number, line.to_owned()));
        }
    }
    Ok(lines)
}

/// The dates of all events of a text; components other than events say nothing about holidays.
pub(super) fn read(text: &str) -> Result<Dates, HolidaysError> {
    let mut dates = Dates::default();
    // What is open, from the outside in, and where it began.
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut event: Vec<Property> = Vec::new();
    for (line, whole) in unfold(text)? {
        let property = Property::read(line, whole)?;
        let kind = property.value.to_ascii_uppercase();
        match property.name.as_str() {
            "BEGIN" => {
                let outside = open.last().map(|(kind, _)| kind.as_str());
                if outside.is_none() != (kind == CALENDAR) {
                    return Err(property.unexpected("one `BEGIN:VCALENDAR` around everything"));
                }
                if kind == EVENT && outside != Some(CALENDAR) {
                    return Err(property.unexpected("events in `VCALENDAR`, and not in each other"));
                }
                open.push((kind, line));
            }
            "END" => {
                if open.pop().map(|(kind, _)| kind).as_ref() != Some(&kind) {
                    return Err(property.unexpected("the end of what was begun last"));
                }
                if kind == EVENT {
                    Event::read(line, std::mem::take(&mut event))?.add(&mut dates)?;
                }
            }
            name => match open.last().map(|(kind, _)| kind.as_str()) {
                None => return Err(property.unexpected("`BEGIN:VCALENDAR`")),
                Some(EVENT) => event.push(property),
                Some(CALENDAR) if name == "CALSCALE" && kind != "GREGORIAN" => {
                    return Err(property.unsupported("the calendar is GREGORIAN"));
                }
                Some(CALENDAR) if name == "METHOD" && kind == "CANCEL" => {
                    return Err(property.unsupported("a calendar says which events there are"));
                }
                Some(_) => {}
            },
        }
    }
    match open.last() {
        Some((_, line)) => Err(HolidaysError::Missing { line: *line, missing: "its `END`" }),
        None => Ok(dates),
    }
}

/// A date as written, or a date and time (3.3.4, 3.3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    date: NaiveDate,
    /// `None` for a whole day.
    clock: Option<(NaiveTime, Zone)>,
}

/// By whose clock a time is written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Zone {
    /// Whoever looks.
    Floating,
    Utc,
    Named(String),
}

impl Stamp {
    /// One value of a property. The date is the one that is written, which is the local one; so a time in UTC is
    /// refused unless it is midnight, as programs write whole days.
    fn read(property: &Property, text: &str) -> Result<Self, HolidaysError> {
        let unexpected = || property.unexpected(A_DATE);
        let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
        match (property.parameter("VALUE").map(str::to_ascii_uppercase).as_deref(), time) {
            (None, _) | (Some("DATE"), None) | (Some("DATE-TIME"), Some(_)) => {}
            _ => return Err(unexpected()),
        }
        let digits = |text: &str, length: usize| {
            text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(date, 8) {
            return Err(unexpected());
        }
        let date = NaiveDate::parse_from_str(date, "%Y%m%d").map_err(|_| property.no_such_date())?;
        let Some(time) = time else { return Ok(Self { date, clock: None }) };
        let (time, utc) = time.strip_suffix('Z').map_or((time, false), |time| (time, true));
        if !digits(time, 6) {
            return Err(unexpected());
        }
        let time = NaiveTime::parse_from_str(time, "%H%M%S").map_err(|_| unexpected())?;
        let zone = match (utc, property.parameter("TZID")) {
            (true, Some(_)) => return Err(property.unexpected("a TZID or a `Z`, not both")),
            (true, None) if time != NaiveTime::MIN => return Err(property.unsupported(UTC)),
            (true, None) => Zone::Utc,
            (false, Some(zone)) => Zone::Named(zone.to_owned()),
            (false, None) => Zone::Floating,
        };
        Ok(Self { date, clock: Some((time, zone)) })
    }

    fn at(&self) -> NaiveDateTime {
        self.date.and_time(self.clock.as_ref().map_or(NaiveTime::MIN, |(time, _)| *time))
    }

    /// Whether both are whole days, or times by the same clock: only then one is before the other.
    fn is_like(&self, other: &Self) -> bool {
        self.clock.as_ref().map(|(_, zone)| zone) == other.clock.as_ref().map(|(_, zone)| zone)
    }
}

/// How often an event comes again, by the year (3.3.10).
struct Rule {
    interval: i32,
    count: Option<u32>,
    until: Option<Stamp>,
}

impl Rule {
    fn read(property: &Property, start: &Stamp) -> Result<Self, HolidaysError> {
        let refused = || property.unsupported(RULE);
        let mut yearly = false;
        let mut rule = Self { interval: 1, count: None, until: None };
        let mut seen = BTreeSet::new();
        for part in property.value.split(';') {
            let (name, value) = part.split_once('=').ok_or_else(refused)?;
            let name = name.trim().to_ascii_uppercase();
            match name.as_str() {
                "FREQ" => yearly = value.eq_ignore_ascii_case("YEARLY"),
                "INTERVAL" => {
                    rule.interval =
                        i32::try_from(number(value).ok_or_else(refused)?).map_err(|_| refused())?
                }
                "COUNT" => rule.count = Some(number(value).ok_or_else(refused)?),
                "UNTIL" => rule.until = Some(Self::until(property, value, start)?),
                _ => return Err(refused()),
            }
            if !seen.insert(name) {
                return Err(refused());
            }
        }
        // An end before the beginning would make the event vanish.
        if rule.is_over(start) {
            return Err(property.unexpected("an UNTIL that is not before DTSTART"));
        }
        if !yearly || rule.count.is_some() && rule.until.is_some() { Err(refused()) } else { Ok(rule) }
    }

    /// UTC is what the RFC wants of an end beside a time with a zone, but without rules of the zone it is no local
    /// time; beside a whole day only its date counts.
    fn until(property: &Property, value: &str, start: &Stamp) -> Result<Stamp, HolidaysError> {
        let expected = "an UNTIL of the same form as DTSTART, or a date";
        let value = match value.split_once('T') {
            Some((date, _)) if start.clock.is_none() => date,
            _ => value,
        };
        let until = Stamp::read(property, value)?;
        match until.clock {
            None => {}
            Some(_) if until.is_like(start) => {}
            Some(_) => return Err(property.unexpected(expected)),
        }
        Ok(until)
    }

    /// Whether an occurrence lies after the end.
    fn is_over(&self, occurrence: &Stamp) -> bool {
        self.until.as_ref().is_some_and(|until| match until.clock {
            None => occurrence.date > until.date,
            Some(_) => occurrence.at() > until.at(),
        })
    }
}

/// A whole number from 1 on, of at most 9 digits.
fn number(text: &str) -> Option<u32> {
    let fine = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| fine && *number > 0)
}

/// A text as it was before it was escaped (3.3.11).
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => plain.push(' '),
                Some(other) => plain.push(other),
                None => {}
            },
            other => plain.push(other),
        }
    }
    plain
}

/// An event: when it is, and how often (3.6.1).
struct Event {
    line: usize,
    start: Stamp,
    /// The days it touches beyond its first.
    more: u32,
    rule: Option<Rule>,
    except: Vec<Stamp>,
    name: Option<String>,
    cancelled: bool,
}

impl Event {
    /// The event whose `END` is at `line`.
    fn read(line: usize, properties: Vec<Property>) -> Result<Self, HolidaysError> {
        let first = properties.first().map_or(line, |property| property.line);
        for property in &properties {
            match property.name.as_str() {
                "RDATE" => return Err(property.unsupported("give each date an event of its own")),
                "EXRULE" => return Err(property.unsupported("take single days away with EXDATE")),
                "RECURRENCE-ID" => {
                    return Err(property.unsupported("take the day away with EXDATE and write another event"));
                }
                _ => {}
            }
        }
        let start = one(&properties, "DTSTART")?
            .ok_or(HolidaysError::Missing { line: first, missing: "the event's DTSTART" })?;
        let line = start.line;
        let start = Stamp::read(start, &start.value)?;
        let more = days_more(&properties, &start)?;
        let rule = one(&properties, "RRULE")?.map(|rule| Rule::read(rule, &start)).transpose()?;
        let mut except = Vec::new();
        for property in properties.iter().filter(|property| property.name == "EXDATE") {
            for value in property.value.split(',') {
                let stamp = Stamp::read(property, value.trim())?;
                if stamp.clock.is_some() && !stamp.is_like(&start) {
                    return Err(property.unexpected("an EXDATE of the same form as DTSTART, or a date"));
                }
                except.push(stamp);
            }
        }
        let summary = properties.iter().find(|property| property.name == "SUMMARY");
        let name =
            summary.map(|summary| shown_name(&unescape(&summary.value))).filter(|name| !name.is_empty());
        let status = one(&properties, "STATUS")?;
        let cancelled = status.is_some_and(|status| status.value.eq_ignore_ascii_case("CANCELLED"));
        Ok(Self { line, start, more, rule, except, name, cancelled })
    }

    fn add(&self, dates: &mut Dates) -> Result<(), HolidaysError> {
        if self.cancelled {
            return Ok(());
        }
        for occurrence in self.occurrences().filter(|occurrence| !self.is_excepted(occurrence)) {
            for ahead in 0..=u64::from(self.more) {
                let Some(date) = occurrence.date.checked_add_days(Days::new(ahead)) else { break };
                dates.add(self.line, date, self.name.as_deref())?;
            }
        }
        Ok(())
    }

    /// Its beginnings. A 29 February comes again in leap years only (3.3.10: dates that do not exist are left out, and
    /// not counted).
    fn occurrences(&self) -> impl Iterator<Item = Stamp> {
        let (interval, most) = match &self.rule {
            None => (1, 1),
            Some(rule) => (rule.interval, rule.count.map_or(usize::MAX, |count| count as usize)),
        };
        let first = self.start.date.year();
        // The first one counts in any year.
        let years = std::iter::once(first)
            .chain((first..=LAST_YEAR).step_by(interval.unsigned_abs() as usize).skip(1));
        years
            .filter_map(|year| {
                Some(Stamp { date: self.start.date.with_year(year)?, clock: self.start.clock.clone() })
            })
            .take(most)
            .take_while(|stamp| self.rule.as_ref().is_none_or(|rule| !rule.is_over(stamp)))
    }

    fn is_excepted(&self, occurrence: &Stamp) -> bool {
        self.except.iter().any(|except| match except.clock {
            None => except.date == occurrence.date,
            Some(_) => except == occurrence,
        })
    }
}

/// The property of a name, which an event has once at most.
fn one<'a>(properties: &'a [Property], name: &str) -> Result<Option<&'a Property>, HolidaysError> {
    let mut found = properties.iter().filter(|property| property.name == name);
    let first = found.next();
    match found.next() {
        Some(second) => Err(second.unexpected("it once in an event")),
        None => Ok(first),
    }
}

/// How many days an event touches beyond its first: by DTEND, which is not part of it (3.8.2.2), or by DURATION.
fn days_more(properties: &[Property], start: &Stamp) -> Result<u32, HolidaysError> {
    let most = u32::try_from(super::MOST).unwrap_or(u32::MAX);
    let (property, last) = match (one(properties, "DTEND")?, one(properties, "DURATION")?) {
        (None, None) => return Ok(0),
        (Some(_), Some(duration)) => return Err(duration.unexpected("a DTEND or a DURATION, not both")),
        (Some(property), None) => {
            let end = Stamp::read(property, &property.value)?;
            if !end.is_like(start) || end.at() < start.at() {
                return Err(property.unexpected("a DTEND of the same form as DTSTART, and not before it"));
            }
            (property, end.at())
        }
        (None, Some(property)) => {
            let days = duration(&property.value).filter(|days| *days <= most);
            let days = days.ok_or_else(|| property.unexpected("a DURATION in days or weeks, such as P1D"))?;
            let end = start.at().checked_add_days(Days::new(days.into()));
            (property, end.ok_or_else(|| property.no_such_date())?)
        }
    };
    // An end at midnight touches no new day. One at the very beginning is an event without length, which has its day.
    let midnight = last.time() == NaiveTime::MIN && last > start.at();
    let days = (last.date() - start.date).num_days() - i64::from(midnight);
    u32::try_from(days)
        .ok()
        .filter(|days| *days <= most)
        .ok_or(HolidaysError::TooMany { line: property.line })
}

/// Whole days, such as `P1D` or `P2W` (3.3.6).
fn duration(text: &str) -> Option<u32> {
    let text = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
    match text.strip_suffix('W') {
        Some(weeks) => number(weeks)?.checked_mul(7),
        None => number(text.strip_suffix('D')?),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Holidays;

    /// A calendar with one event of these lines.
    fn event(lines: &str) -> String {
        format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n")
    }

    fn dates(text: &str) -> Vec<String> {
        let holidays = Holidays::read(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        holidays.iter().map(|(date, _)| date.to_string()).collect()
    }

    fn told(lines: &str) -> String {
        Holidays::read(&event(lines)).unwrap_err().to_string()
    }

    #[test]
    fn a_calendar_as_programs_write_it() {
        let text = "\u{feff}BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nX-WR-CALNAME:Feiertage\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T101010Z\r\nDTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:Noël\\, and the\r\n  day after\r\nTRANSP:TRANSPARENT\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;VALUE=DATE-TIME:20261224T080000Z\r\nDURATION:PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DA\r\n\tTE:20260714\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let holidays = Holidays::read(text).unwrap();
        let shown: Vec<_> = holidays.iter().map(|(date, name)| format!("{date} {name:?}")).collect();
        let name = "Some(\"Noël, and the day after\")";
        assert_eq!(shown, [format!("2026-12-25 {name}"), format!("2026-12-26 {name}")]);
    }

    #[test]
    fn an_event_is_on_every_day_it_touches() {
        for (lines, expected) in [
            ("DTSTART:20261225", vec!["2026-12-25"]),
            ("dtstart;value=date:20261225", vec!["2026-12-25"]),
            ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261226", vec!["2026-12-25"]),
            ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225", vec!["2026-12-25"]),
            ("DTSTART;VALUE=DATE:20261225\nDURATION:P2D", vec!["2026-12-25", "2026-12-26"]),
            ("DTSTART:20261231T220000\nDTEND:20270101T020000", vec!["2026-12-31", "2027-01-01"]),
            ("DTSTART:20261225T000000\nDTEND:20261226T000000", vec!["2026-12-25"]),
            ("DTSTART:20261225T000000Z\nDTEND:20261226T000000Z", vec!["2026-12-25"]),
            ("DTSTART:20261225T090000\nDURATION:P1D", vec!["2026-12-25", "2026-12-26"]),
            ("DTSTART;TZID=\"Europe/Paris; or so\":20261225T090000", vec!["2026-12-25"]),
            ("DTSTART;X-A=\"a:b\":20261225T235959", vec!["2026-12-25"]),
        ] {
            assert_eq!(dates(&event(lines)), expected, "{lines}");
        }
        assert_eq!(dates(&event("DTSTART:20261225\nDURATION:P1W")).len(), 7);
    }

    #[test]
    fn what_comes_again_is_there_every_year() {
        let years = |lines: &str| -> Vec<String> {
            dates(&event(lines)).iter().map(|date| date[..4].to_owned()).collect()
        };
        let forever = years("DTSTART:20261225\nRRULE:FREQ=YEARLY");
        assert_eq!((forever.len(), forever[0].as_str(), forever[74].as_str()), (75, "2026", "2100"));
        assert_eq!(years("DTSTART:20261225\nRRULE:FREQ=YEARLY;COUNT=3"), ["2026", "2027", "2028"]);
        assert_eq!(years("DTSTART:20261225\nRRULE:INTERVAL=2;FREQ=yearly;COUNT=3"), ["2026", "2028", "2030"]);
        assert_eq!(years("DTSTART:20261225\nRRULE:FREQ=YEARLY;UNTIL=20281225"), ["2026", "2027", "2028"]);
        assert_eq!(years("DTSTART:20261225\nRRULE:FREQ=YEARLY;UNTIL=20281224"), ["2026", "2027"]);
        assert_eq!(years("DTSTART:20261225\nRRULE:FREQ=YEARLY;UNTIL=20281224T235959Z"), ["2026", "2027"]);
        assert_eq!(
            years("DTSTART:20261225T090000\nRRULE:FREQ=YEARLY;UNTIL=20281225T085959"),
            ["2026", "2027"]
        );
        assert_eq!(years("DTSTART:20280229\nRRULE:FREQ=YEARLY;COUNT=2"), ["2028", "2032"]);
        assert_eq!(years("DTSTART:21051225\nRRULE:FREQ=YEARLY"), ["2105"]);
        assert_eq!(
            dates(&event("DTSTART:20261231\nDURATION:P2D\nRRULE:FREQ=YEARLY;COUNT=2")),
            ["2026-12-31", "2027-01-01", "2027-12-31", "2028-01-01"]
        );
    }

    #[test]
    fn excepted_days_are_taken_away() {
        let lines = "DTSTART:20261225\nRRULE:FREQ=YEARLY;COUNT=4\nEXDATE;VALUE=DATE:20271225,20281225\nEXDATE:20401225";
        assert_eq!(dates(&event(lines)), ["2026-12-25", "2029-12-25"]);
        let lines =
            "DTSTART:20261225T090000\nRRULE:FREQ=YEARLY;COUNT=3\nEXDATE:20271225T090000,20281225T100000";
        assert_eq!(dates(&event(lines)), ["2026-12-25", "2028-12-25"]);
        let lines = "DTSTART:20261225\nDURATION:P2D\nRRULE:FREQ=YEARLY;COUNT=2\nEXDATE:20271225";
        assert_eq!(dates(&event(lines)), ["2026-12-25", "2026-12-26"]);
        let lines = "DTSTART:20261225\nRRULE:FREQ=YEARLY;COUNT=1\nEXDATE:20261225";
        assert_eq!(told(lines), "there is no date in it");
    }

    #[test]
    fn what_could_change_a_date_and_is_not_understood_is_refused() {
        for bad in [
            "RRULE:FREQ=MONTHLY",
            "RRULE:FREQ=YEARLY;BYMONTH=12",
            "RRULE:FREQ=YEARLY;BYDAY=1MO",
            "RRULE:FREQ=YEARLY;COUNT=2;UNTIL=20301225",
            "RRULE:FREQ=YEARLY;COUNT=2;COUNT=3",
            "RRULE:FREQ=YEARLY;COUNT=0",
            "RRULE:FREQ=YEARLY;UNTIL=20261224",
            "RRULE:FREQ=YEARLY;UNTIL=2030",
            "RRULE:FREQ=YEARLY;INTERVAL=-1",
            "RRULE:FREQ=YEARLY;INTERVAL=9999999999",
            "RRULE:FREQ=YEARLY;",
            "RRULE:COUNT=2",
            "RRULE:FREQ=YEARLY;RSCALE=HEBREW",
            "RRULE:FREQ=YEARLY\nRRULE:FREQ=YEARLY",
            "RDATE;VALUE=DATE:20271225",
            "EXRULE:FREQ=YEARLY",
            "RECURRENCE-ID;VALUE=DATE:20261225\nSTATUS:CANCELLED",
            "EXDATE:20271225T000000Z",
            "EXDATE:2027-12-25",
            "DTEND:20261224",
            "DTEND:20261226T000000",
            "DTEND:20261226\nDURATION:P1D",
            "DURATION:PT24H",
            "DURATION:P0D",
            "DURATION:-P1D",
            "DTSTART:20261226",
        ] {
            let error = told(&format!("DTSTART:20261225\n{bad}"));
            assert!(error.starts_with("line 5: ") || error.starts_with("line 6: "), "{bad}: {error}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_line() {
        for (lines, expected) in [
            (
                "DTSTART:2026-12-25",
                "line 4: found `DTSTART:2026-12-25`, expected a date such as 20261225, or a date and time such as 20261225T090000",
            ),
            ("SUMMARY:x\nDTSTART:20260229", "line 5: `DTSTART:20260229` does not exist in the calendar"),
            (
                "DTSTART:20261225T250000",
                "line 4: found `DTSTART:20261225T250000`, expected a date such as 20261225, or a date and time such as 20261225T090000",
            ),
            (
                "DTSTART;VALUE=DATE:20261225T090000",
                "line 4: found `DTSTART;VALUE=DATE:20261225T090000`, expected a date such as 20261225, or a date and time such as 20261225T090000",
            ),
            ("SUMMARY:x", "line 4: the event's DTSTART is missing"),
            ("no colon", "line 4: found `no colon`, expected `NAME:value`"),
            (
                "DTSTART:20261225\nRDATE:20270101",
                "line 5: `RDATE:20270101` is not understood here, give each date an event of its own",
            ),
            (
                "BEGIN:VEVENT",
                "line 4: found `BEGIN:VEVENT`, expected events in `VCALENDAR`, and not in each other",
            ),
            ("END:VALARM", "line 4: found `END:VALARM`, expected the end of what was begun last"),
        ] {
            assert_eq!(told(lines), expected);
        }
        let error = told("DTSTART:20261224T230000Z");
        assert!(error.contains("a time in UTC has no local date"), "{error}");
        assert!(told("DTSTART;TZID=Europe/Paris:20261225T000000Z").contains("not both"));
        assert!(
            told("DTSTART;TZID=Asia/Tokyo:20261225T090000\nDTEND;TZID=Europe/Paris:20261225T180000")
                .contains("same form")
        );
    }

    #[test]
    fn a_calendar_that_is_not_whole_is_refused() {
        for (text, expected) in [
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\n", "line 2: its `END` is missing"),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nEND:VEVENT\n", "line 1: its `END` is missing"),
            (
                "BEGIN:VEVENT\nDTSTART:20261225\nEND:VEVENT\n",
                "line 1: found `BEGIN:VEVENT`, expected one `BEGIN:VCALENDAR` around everything",
            ),
            (
                "BEGIN:VCALENDAR\nCALSCALE:HEBREW\nEND:VCALENDAR",
                "line 2: `CALSCALE:HEBREW` is not understood here, the calendar is GREGORIAN",
            ),
            (
                "BEGIN:VCALENDAR\nMETHOD:CANCEL\nEND:VCALENDAR",
                "line 2: `METHOD:CANCEL` is not understood here, a calendar says which events there are",
            ),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR\nX:1", "line 3: found `X:1`, expected `BEGIN:VCALENDAR`"),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "there is no date in it"),
        ] {
            assert_eq!(Holidays::read(text).unwrap_err().to_string(), expected);
        }
        let two = format!("{}{}", event("DTSTART:20261225"), event("DTSTART:20261226"));
        assert_eq!(dates(&two), ["2026-12-25", "2026-12-26"]);
    }

    #[test]
    fn long_events_are_bounded() {
        let error = told("DTSTART:00010101\nDTEND:99991231");
        assert_eq!(error, "line 5: more than 100000 dates");
        assert!(told("DTSTART:20261225\nDURATION:P999999999D").contains("such as P1D"));
        assert!(told("DTSTART:00010101\nDURATION:P300D\nRRULE:FREQ=YEARLY").contains("more than 100000"));
    }
}
