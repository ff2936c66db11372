//! Times in recorded answers: which form they have, and other times in the same form.

use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset as _, TimeDelta, Utc};

/// Times further from the recorded exchange than this belong to another day: they become the time itself.
const NEAR: TimeDelta = TimeDelta::days(400);

/// The form of a recorded time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TimeForm {
    kind: Kind,
    /// How long after the exchange it is.
    ahead: TimeDelta,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Seconds,
    Millis,
    Written { format: String, zone: FixedOffset },
}

impl TimeForm {
    /// The form of a text that is a time, recorded at `recorded`.
    pub fn of(text: &str, recorded: DateTime<Utc>) -> Option<Self> {
        let (kind, time) = numbered(text, recorded).or_else(|| written(text))?;
        let ahead = time - recorded;
        let ahead = if ahead.abs() < NEAR { ahead } else { TimeDelta::zero() };
        Some(Self { kind, ahead })
    }

    /// The time of an exchange that took place at `at`.
    pub fn write(&self, at: DateTime<Utc>) -> String {
        let time = at + self.ahead;
        match &self.kind {
            Kind::Seconds => time.timestamp().to_string(),
            Kind::Millis => time.timestamp_millis().to_string(),
            Kind::Written { format, zone } => time.with_timezone(zone).format(format).to_string(),
        }
    }
}

/// Seconds or milliseconds since 1970: any number might be, so it must lie near.
fn numbered(text: &str, recorded: DateTime<Utc>) -> Option<(Kind, DateTime<Utc>)> {
    let number: i64 = text.parse().ok()?;
    let (kind, time) = match text.len() {
        10 => (Kind::Seconds, DateTime::from_timestamp(number, 0)?),
        13 => (Kind::Millis, DateTime::from_timestamp_millis(number)?),
        _ => return None,
    };
    ((time - recorded).abs() < NEAR).then_some((kind, time))
}

/// A time in letters, if the form gives the very same letters again.
fn written(text: &str) -> Option<(Kind, DateTime<Utc>)> {
    let utc = Utc.fix();
    for format in formats() {
        if let Ok(time) = DateTime::parse_from_str(text, &format)
            && time.format(&format).to_string() == text
        {
            let zone = *time.offset();
            return Some((Kind::Written { format, zone }, time.to_utc()));
        }
        if let Ok(time) = NaiveDateTime::parse_from_str(text, &format)
            && time.and_utc().format(&format).to_string() == text
        {
            return Some((Kind::Written { format, zone: utc }, time.and_utc()));
        }
    }
    None
}

fn formats() -> impl Iterator<Item = String> {
    const DAYS: [&str; 2] = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"];
    const FRACTIONS: [&str; 4] = ["", "%.3f", "%.6f", "%.9f"];
    const ZONES: [&str; 6] = ["Z", "%:z", "%z", " %z", " UTC", ""];
    const MAIL: [&str; 2] = ["%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S GMT"];
    let iso = DAYS.into_iter().flat_map(|day| {
        FRACTIONS
            .into_iter()
            .flat_map(move |part| ZONES.into_iter().map(move |zone| format!("{day}{part}{zone}")))
    });
    iso.chain(MAIL.into_iter().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_comes_again_in_the_form_it_was_recorded_in() {
        let recorded = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let at = DateTime::from_timestamp(1_800_000_000, 5_000_000).unwrap();
        for (text, expected) in [
            ("2026-01-01T00:00:00Z", "2027-01-15T08:00:00Z"),
            ("2026-01-01T00:00:01.000+0000", "2027-01-15T08:00:01.005+0000"),
            ("2026-01-01T03:00:00+03:00", "2027-01-15T11:00:00+03:00"),
            ("2026-01-01 00:00:00", "2027-01-15 08:00:00"),
            ("Thu, 01 Jan 2026 00:00:01 +0000", "Fri, 15 Jan 2027 08:00:01 +0000"),
            ("2020-01-01T00:00:00.000000Z", "2027-01-15T08:00:00.005000Z"),
            ("1767225600", "1800000000"),
            ("1767225601000", "1800000001005"),
        ] {
            assert_eq!(TimeForm::of(text, recorded).unwrap().write(at), expected, "{text}");
        }
        for text in ["254700000001", "1617139133671", "3600", "soon", "", "2026-01-01"] {
            assert_eq!(TimeForm::of(text, recorded), None, "{text}");
        }
    }
}
