//! One local moment in a zone, such as `2026-12-01T09:00` in Africa/Nairobi. Its text is half of a run's
//! identity, so it is the local time that names it, never the instant.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::diagnostic::did_you_mean;

/// What is wrong with a written time or zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// No local time of the form we read.
    #[error("`{0}` is not a local time such as `2026-12-01T09:00`")]
    NotATime(String),
    /// A form we read, but no such day or hour.
    #[error("`{0}` does not exist in the calendar")]
    NoSuchTime(String),
    /// Not in the IANA data we carry.
    #[error("`{found}` is not a known time zone{}", suggestion.as_ref().map_or_else(|| "; use an IANA name such as `Africa/Nairobi`".to_owned(), |near| format!(", did you mean `{near}`?")))]
    NoSuchZone {
        /// As written.
        found: String,
        /// The nearest name, if one is near.
        suggestion: Option<String>,
    },
}

/// The version of the time zone data compiled in, as IANA names it.
pub fn tz_version() -> &'static str {
    chrono_tz::IANA_TZDB_VERSION
}

/// An IANA time zone, or [`Zone::RECIPIENT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Clock);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Clock {
    Place(Tz),
    /// The first on earth to show a time, so that nobody's is missed.
    Recipient,
}

impl Zone {
    /// UTC, what holds where nothing is said.
    pub const UTC: Self = Self(Clock::Place(Tz::UTC));

    /// Wherever each recipient is. Its times come when the first clock on earth shows them, at UTC+14; when somebody's
    /// own does, [`Moment::by`] says.
    pub const RECIPIENT: Self = Self(Clock::Recipient);

    /// The last clock on earth to show a time, at UTC-12.
    pub const LAST: Self = Self(Clock::Place(Tz::Etc__GMTPlus12));

    /// The zone of an IANA name.
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(|zone| Self(Clock::Place(zone)))
    }

    /// The zone that somebody may have meant by a text that names none: one that is written nearly so, or the only one of
    /// that city. Abbreviations are near each other and hours apart: no guess among them.
    pub fn near(text: &str) -> Option<Self> {
        let names = || chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        if text.contains('/') {
            return did_you_mean(text, names()).and_then(Self::named);
        }
        let city = text.trim().replace(' ', "_");
        let is_city =
            |name: &&str| name.rsplit_once('/').is_some_and(|(_, own)| own.eq_ignore_ascii_case(&city));
        let mut found = names().filter(is_city);
        let only = found.next().filter(|_| found.next().is_none());
        only.and_then(Self::named)
    }

    /// Whether it is [`Zone::RECIPIENT`].
    pub fn is_recipient(self) -> bool {
        self.0 == Clock::Recipient
    }

    /// Where it is, if it is one place.
    pub fn place(self) -> Option<Tz> {
        match self.0 {
            Clock::Place(zone) => Some(zone),
            Clock::Recipient => None,
        }
    }

    fn tz(self) -> Tz {
        match self.0 {
            Clock::Place(zone) => zone,
            Clock::Recipient => Tz::Etc__GMTMinus14,
        }
    }

    /// What its wall clocks show at an instant.
    pub(super) fn local(self, instant: DateTime<Utc>) -> NaiveDateTime {
        instant.with_timezone(&self.tz()).naive_local()
    }

    /// An instant with what its wall clocks show.
    pub fn at(self, instant: DateTime<Utc>) -> DateTime<FixedOffset> {
        instant.with_timezone(&self.tz()).fixed_offset()
    }

    /// How people in the zone would write an instant: `2026-12-01 09:00 EAT`.
    pub fn show(self, instant: DateTime<Utc>) -> String {
        self.write(instant, "%Y-%m-%d %H:%M")
    }

    /// The same to the second: `2026-12-01 09:00:17 EAT`.
    pub fn show_second(self, instant: DateTime<Utc>) -> String {
        self.write(instant, "%Y-%m-%d %H:%M:%S")
    }

    fn write(self, instant: DateTime<Utc>, form: &str) -> String {
        if self.is_recipient() {
            return format!("{} by each recipient's clock", self.local(instant).format(form));
        }
        instant.with_timezone(&self.tz()).format(&format!("{form} %Z")).to_string()
    }
}

impl FromStr for Zone {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        Self::named(text).ok_or_else(|| MomentError::NoSuchZone {
            found: text.to_owned(),
            suggestion: Self::near(text).map(|near| near.to_string()),
        })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_recipient() { "recipient" } else { self.tz().name() })
    }
}

/// A time on a wall clock, to the minute; no zone yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime(NaiveDateTime);

impl FromStr for LocalTime {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
        let text = match shape.as_str() {
            "9999-99-99T99:99" | "9999-99-99 99:99" => text.replace(' ', "T"),
            "9999-99-99T99:99:99" | "9999-99-99 99:99:99" if text.ends_with(":00") => {
                text[..16].replace(' ', "T")
            }
            _ => return Err(MomentError::NotATime(text.to_owned())),
        };
        NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M")
            .map(Self)
            .map_err(|_| MomentError::NoSuchTime(text))
    }
}

impl LocalTime {
    pub(super) fn naive(self) -> NaiveDateTime {
        self.0
    }

    /// The day.
    pub fn date(self) -> NaiveDate {
        self.0.date()
    }
}

impl From<NaiveDateTime> for LocalTime {
    fn from(time: NaiveDateTime) -> Self {
        Self(time)
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%dT%H:%M"))
    }
}

/// A local time in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What the wall clock shows.
    pub local: LocalTime,
    /// Whose wall.
    pub zone: Zone,
}

impl Moment {
    /// The instant. A local time that a clock change skips becomes the first valid instant after it; of
    /// one that comes twice, the first counts.
    pub fn instant(self) -> DateTime<Utc> {
        let mut local = self.local.0;
        // No zone has ever skipped more than a day (Samoa skipped one whole day in 2011).
        let end = local.checked_add_days(Days::new(2)).unwrap_or(local);
        while local < end {
            if let Some(found) = self.zone.tz().from_local_datetime(&local).earliest() {
                return found.with_timezone(&Utc);
            }
            local += TimeDelta::minutes(1);
        }
        self.local.0.and_utc()
    }

    /// The same time on the clock of a zone.
    pub fn by(self, zone: Zone) -> Self {
        Self { zone, ..self }
    }
}

impl FromStr for Moment {
    type Err = MomentError;

    /// From an occurrence's name, as it is displayed.
    fn from_str(text: &str) -> Result<Self, MomentError> {
        let parts = text.strip_suffix(']').and_then(|text| text.split_once('['));
        let (local, zone) = parts.ok_or_else(|| MomentError::NotATime(text.to_owned()))?;
        let zone = if zone == "recipient" { Zone::RECIPIENT } else { zone.parse()? };
        Ok(Self { local: local.parse()?, zone })
    }
}

impl fmt::Display for Moment {
    /// The occurrence's name: `2026-12-01T09:00[Africa/Nairobi]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.local, self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(local: &str, zone: &str) -> Moment {
        Moment { local: local.parse().unwrap(), zone: zone.parse().unwrap() }
    }

    #[test]
    fn a_local_time_in_its_zone() {
        let at = moment("2026-12-01T09:00", "Africa/Nairobi");
        assert_eq!(at.instant().to_rfc3339(), "2026-12-01T06:00:00+00:00");
        assert_eq!(at.to_string(), "2026-12-01T09:00[Africa/Nairobi]");
        assert_eq!(at.to_string().parse::<Moment>().unwrap(), at);
        assert!("once".parse::<Moment>().is_err());
        assert_eq!(at.zone.show(at.instant()), "2026-12-01 09:00 EAT");
    }

    #[test]
    fn fault_65_a_gap_gives_the_first_valid_instant_after_it() {
        let at = moment("2026-03-29T02:30", "Europe/Berlin");
        assert_eq!(at.instant().to_rfc3339(), "2026-03-29T01:00:00+00:00");
        let samoa = moment("2011-12-30T09:00", "Pacific/Apia");
        assert_eq!(samoa.instant().to_rfc3339(), "2011-12-30T10:00:00+00:00");
    }

    #[test]
    fn fault_66_an_overlap_gives_the_first() {
        let at = moment("2026-10-25T02:30", "Europe/Berlin");
        assert_eq!(at.instant().to_rfc3339(), "2026-10-25T00:30:00+00:00");
    }

    #[test]
    fn what_is_no_time_or_zone_is_refused() {
        for bad in
            ["", "tomorrow", "2026-12-01", "2026-12-01T09:00Z", "2026-12-01T9:00", "2026-12-01T09:00:30"]
        {
            assert!(matches!(bad.parse::<LocalTime>(), Err(MomentError::NotATime(_))), "{bad}");
        }
        for bad in ["2026-02-29T09:00", "2026-13-01T09:00", "2026-12-01T24:00"] {
            assert!(matches!(bad.parse::<LocalTime>(), Err(MomentError::NoSuchTime(_))), "{bad}");
        }
        let error = "Africa/Nairobbi".parse::<Zone>().unwrap_err();
        assert!(error.to_string().contains("did you mean `Africa/Nairobi`?"), "{error}");
        let error = "nairobi".parse::<Zone>().unwrap_err();
        assert!(error.to_string().contains("did you mean `Africa/Nairobi`?"), "{error}");
        assert_eq!(Zone::near("dar es salaam").unwrap().to_string(), "Africa/Dar_es_Salaam");
        // In Australia, or in South America.
        assert_eq!((Zone::near("West"), Zone::near("")), (None, None));
        let error = "EAT".parse::<Zone>().unwrap_err();
        assert!(error.to_string().contains("use an IANA name"), "{error}");
    }
}
