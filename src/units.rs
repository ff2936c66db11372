//! Quantities people write in manifests: `50/s`, `2%`, `30s`. Parsed once into types that cannot be
//! wrong; the errors say what was expected, the caller adds the place.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A text that is no such quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not {expected}")]
pub struct UnitError {
    /// What was written.
    pub found: String,
    /// What is understood, with an example.
    pub expected: &'static str,
}

fn wrong(found: &str, expected: &'static str) -> UnitError {
    UnitError { found: found.to_owned(), expected }
}

/// So many per second, minute or hour; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: NonZeroU32,
    per: Duration,
}

impl Rate {
    const EXPECTED: &'static str = "a rate such as `50/s`, `1000/m` or `20000/h`";

    /// The time between two, exactly spaced.
    pub fn interval(self) -> Duration {
        self.per / self.count.get()
    }

    /// How many a second.
    pub fn per_second(self) -> f64 {
        f64::from(self.count.get()) / self.per.as_secs_f64()
    }
}

impl FromStr for Rate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || wrong(text, Self::EXPECTED);
        let (count, unit) = text.split_once('/').ok_or_else(error)?;
        let per = match unit.trim() {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            _ => return Err(error()),
        };
        let count = count.trim().parse().map_err(|_| error())?;
        Ok(Self { count, per: Duration::from_secs(per) })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.per.as_secs() {
            1 => "s",
            60 => "m",
            _ => "h",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

/// A share of a whole, 0 % to 100 %, in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u32);

impl Percent {
    const EXPECTED: &'static str = "a percentage from 0% to 100%, such as `2%` or `0.5%`";

    /// So many hundredths of a percent; more than the whole is the whole.
    pub const fn of_hundredths(hundredths: u32) -> Self {
        Self(if hundredths > 10_000 { 10_000 } else { hundredths })
    }

    /// In hundredths of a percent, 0 to 10,000.
    pub const fn hundredths(self) -> u32 {
        self.0
    }

    /// Whether `part` of `whole` is more than this share.
    pub fn is_exceeded_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * 10_000 > u128::from(whole) * u128::from(self.0)
    }
}

impl FromStr for Percent {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || wrong(text, Self::EXPECTED);
        let number = text.strip_suffix('%').ok_or_else(error)?.trim();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 2 {
            return Err(error());
        }
        let whole: u32 = whole.parse().map_err(|_| error())?;
        let hundredths: u32 = format!("{fraction:0<2}").parse().map_err(|_| error())?;
        let value =
            whole.checked_mul(100).and_then(|value| value.checked_add(hundredths)).ok_or_else(error)?;
        if value > 10_000 { Err(error()) } else { Ok(Self(value)) }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(f, "{whole}%"),
            (whole, part) => write!(f, "{}%", format!("{whole}.{part:02}").trim_end_matches('0')),
        }
    }
}

/// An amount of money without its currency, exact to the millionth: prices of an SMS have four digits behind the
/// point, and a million of them must come out right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(u64);

impl Amount {
    const EXPECTED: &'static str = "an amount such as `0.80`, with six digits behind the point at most";
    const UNIT: u64 = 1_000_000;

    /// So many times the amount; the largest there is where it would be more.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// The sum; the largest there is where it would be more.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; nothing where it would be less.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl FromStr for Amount {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || wrong(text, Self::EXPECTED);
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 6 {
            return Err(error());
        }
        let whole: u64 = whole.parse().map_err(|_| error())?;
        let fraction: u64 = format!("{fraction:0<6}").parse().map_err(|_| error())?;
        let value = whole.checked_mul(Self::UNIT).and_then(|value| value.checked_add(fraction));
        value.map(Self).ok_or_else(error)
    }
}

impl fmt::Display for Amount {
    /// With thousands, and two digits behind the point at least.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:06}", self.0 % Self::UNIT);
        let short = fraction.trim_end_matches('0');
        write!(f, "{}.{short:0<2}", thousands(self.0 / Self::UNIT))
    }
}

/// A length of time: `500ms`, `30s`, `5m`, `2h`, `7d`; more than nothing, a year at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(Duration);

impl Span {
    const EXPECTED: &'static str = "a duration such as `500ms`, `30s`, `5m`, `2h` or `7d`";

    /// As the standard library has it.
    pub fn get(self) -> Duration {
        self.0
    }
}

impl FromStr for Span {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        const YEAR: Duration = Duration::from_secs(366 * 86_400);
        let error = || wrong(text, Self::EXPECTED);
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
        let count: u64 = text[..digits].parse().map_err(|_| error())?;
        let millis = match text[digits..].trim() {
            "ms" => 1,
            "s" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(error()),
        };
        let value = Duration::from_millis(count.checked_mul(millis).ok_or_else(error)?);
        if value.is_zero() || value > YEAR { Err(error()) } else { Ok(Self(value)) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")];
        let (size, unit) =
            units.into_iter().find(|(size, _)| millis.is_multiple_of(*size)).unwrap_or((1, "ms"));
        write!(f, "{}{unit}", millis / size)
    }
}

macro_rules! text_schema {
    ($type:ty, $name:literal, $pattern:literal, $example:literal) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "examples": [$example] })
            }
        }
    };
}

text_schema!(Rate, "Rate", "^[0-9]+ */ *(s|m|min|h)$", "50/s");
text_schema!(Percent, "Percent", "^[0-9]{1,3}(\\.[0-9]{1,2})? *%$", "2%");
text_schema!(Span, "Duration", "^[0-9]+ *(ms|s|m|min|h|d)$", "30s");

/// A count with its thousands set apart, as people read it: `1,000,000`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        let price: Amount = "0.0079".parse().unwrap();
        assert_eq!(price.times(1_000_000).to_string(), "7,900.00");
        assert_eq!(price.times(3).to_string(), "0.0237");
        assert_eq!("1234567".parse::<Amount>().unwrap().plus(price).to_string(), "1,234,567.0079");
        for bad in ["", ".5", "1.", "-1", "1,5", "1.1234567", "1e3", "KES 1", "99999999999999999999"] {
            assert!(bad.parse::<Amount>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rates() {
        assert_eq!("50/s".parse::<Rate>().unwrap().interval(), Duration::from_millis(20));
        assert_eq!("1000/m".parse::<Rate>().unwrap().interval(), Duration::from_millis(60));
        assert_eq!("20/h".parse::<Rate>().unwrap().to_string(), "20/h");
        for bad in ["", "50", "50/", "0/s", "-1/s", "1.5/s", "50/day", "99999999999/s"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn percentages() {
        let two: Percent = "2%".parse().unwrap();
        assert!(!two.is_exceeded_by(20, 1000));
        assert!(two.is_exceeded_by(21, 1000));
        assert_eq!("0.5%".parse::<Percent>().unwrap().to_string(), "0.5%");
        for bad in ["", "2", "%", "101%", "-1%", "1.234%", "1.%", "99999999999%"] {
            assert!(bad.parse::<Percent>().is_err(), "{bad}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!("90s".parse::<Span>().unwrap().get(), Duration::from_secs(90));
        assert_eq!("120s".parse::<Span>().unwrap().to_string(), "2m");
        assert_eq!("500ms".parse::<Span>().unwrap().to_string(), "500ms");
        for bad in ["", "5", "s", "0s", "5 weeks", "999999999999999999h", "400d"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1000), "1,000");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
