//! Crontab lines: five fields, as crontab(5) of Vixie's and Debian's cron means them, with `L` and `#` besides. They
//! speak of wall clocks; which instants those are is the zone's matter (`series`).

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDateTime;
use croner::Cron as Pattern;
use croner::parser::{CronParser, Seconds, Year};

/// What is wrong with a crontab line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// Too few fields, or too many.
    #[error(
        "a crontab line has five fields (minute, hour, day of month, month, day of week); this one has {0}"
    )]
    Fields(usize),
    /// A word such as `@often`.
    #[error(
        "`{0}` is no time; there are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually"
    )]
    Nickname(String),
    /// One field does not say what such a field can.
    #[error("the {name} `{found}` is not {expected}")]
    Field {
        /// Which one.
        name: &'static str,
        /// As written.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// No year has such a day.
    #[error("it never fires: no month has such a day")]
    Never,
}

/// A field of a line.
struct Field {
    name: &'static str,
    expected: &'static str,
    /// The words it may hold besides numbers.
    words: &'static [&'static str],
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 8] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "L"];

const FIELDS: [Field; 5] = [
    Field { name: "minute", expected: "0 to 59, with `*`, `,`, `-` and `/` as crontab has them", words: &[] },
    Field { name: "hour", expected: "0 to 23, with `*`, `,`, `-` and `/` as crontab has them", words: &[] },
    Field {
        name: "day of month",
        expected: "1 to 31 or `L` for the last one, with `*`, `,`, `-` and `/` as crontab has them",
        words: &["L"],
    },
    Field {
        name: "month",
        expected: "1 to 12 or JAN to DEC, with `*`, `,`, `-` and `/` as crontab has them",
        words: &MONTHS,
    },
    Field {
        name: "day of week",
        expected: "0 to 7 or SUN to SAT, `5L` for the last Friday or `5#2` for the second, with `*`, `,`, `-` and `/`",
        words: &DAYS,
    },
];

/// When a wall clock shows what a line says. It fires at least once.
#[derive(Debug, Clone)]
pub struct Cron {
    text: String,
    pattern: Pattern,
}

impl Cron {
    /// The first time on a wall clock at or after `from`, to the minute; or after it. Nothing, when there is none before
    /// the year 5000.
    pub(super) fn next(&self, from: NaiveDateTime, inclusive: bool) -> Option<NaiveDateTime> {
        self.pattern.find_next_occurrence(&from.and_utc(), inclusive).ok().map(|found| found.naive_utc())
    }
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let line = spelled_out(text.trim())?;
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, _, month_days, _, week_days] = fields.as_slice() else {
            return Err(CronError::Fields(fields.len()));
        };
        for (field, found) in FIELDS.iter().zip(&fields) {
            if !field.allows(found) {
                let (name, expected) = (field.name, field.expected);
                return Err(CronError::Field { name, found: (*found).to_owned(), expected });
            }
        }
        // Where both are given either day counts; a field that begins with a star does not give one (crontab(5)).
        let both = month_days.starts_with('*') || week_days.starts_with('*');
        let pattern = parse(&line, both).ok_or(CronError::Fields(fields.len()))?;
        let cron = Self { text: text.trim().to_owned(), pattern };
        // Leap years come at most eight years apart.
        let fires = cron.next(NaiveDateTime::default(), true);
        fires.map(|_| cron).ok_or(CronError::Never)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Field {
    /// Whether the field may say that: only its own words, and what the parser takes.
    fn allows(&self, found: &str) -> bool {
        let upper = found.to_ascii_uppercase();
        let mut words = upper.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
        let known = |word: &str| {
            let day = word.strip_suffix('L').filter(|day| !day.is_empty() && self.words.contains(&"L"));
            self.words.contains(&word) || day.is_some_and(|day| self.words.contains(&day))
        };
        let marks = |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | ',' | '-' | '/' | '#');
        let place = FIELDS.iter().position(|field| field.name == self.name).unwrap_or_default();
        let line: Vec<&str> = (0..FIELDS.len()).map(|at| if at == place { found } else { "*" }).collect();
        words.all(known) && found.chars().all(marks) && parse(&line.join(" "), false).is_some()
    }
}

fn parse(line: &str, both_days: bool) -> Option<Pattern> {
    let parser =
        CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).dom_and_dow(both_days);
    parser.build().parse(line).ok()
}

/// A word for a whole line, spelled out.
fn spelled_out(text: &str) -> Result<String, CronError> {
    if !text.starts_with('@') {
        return Ok(text.to_owned());
    }
    let line = match text.to_ascii_lowercase().as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => return Err(CronError::Nickname(text.to_owned())),
    };
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(line: &str, from: &str, n: usize) -> Vec<String> {
        let cron: Cron = line.parse().unwrap();
        let mut at = NaiveDateTime::parse_from_str(from, "%Y-%m-%dT%H:%M").unwrap();
        let mut found = Vec::new();
        for _ in 0..n {
            at = cron.next(at, false).unwrap();
            found.push(at.format("%Y-%m-%dT%H:%M").to_string());
        }
        found
    }

    #[test]
    fn either_day_counts_where_both_are_given() {
        assert_eq!(
            dates("0 9 13 * FRI", "2026-11-01T00:00", 3),
            ["2026-11-06T09:00", "2026-11-13T09:00", "2026-11-20T09:00"]
        );
        // A star with a step is no day: both have to fit, as in Vixie's cron.
        assert_eq!(dates("0 9 */2 * FRI", "2026-11-01T00:00", 2), ["2026-11-13T09:00", "2026-11-27T09:00"]);
    }

    #[test]
    fn names_numbers_steps_and_words() {
        let sunday = ["2026-11-29T09:00"];
        for line in ["0 9 * * 0", "0 9 * * 7", "0 9 * * sun", "0 9 * * SUN", "0 9 * * 5-7/2,7"] {
            assert_eq!(dates(line, "2026-11-28T00:00", 1), sunday, "{line}");
        }
        assert_eq!(dates("30 8 L * *", "2027-02-01T00:00", 2), ["2027-02-28T08:30", "2027-03-31T08:30"]);
        assert_eq!(dates("30 8 * * 5#2", "2026-11-01T00:00", 2), ["2026-11-13T08:30", "2026-12-11T08:30"]);
        assert_eq!(dates("30 8 * * FRIL", "2026-11-01T00:00", 1), ["2026-11-27T08:30"]);
        assert_eq!(
            dates("*/40 22 * dec-dec *", "2026-11-01T00:00", 3),
            ["2026-12-01T22:00", "2026-12-01T22:40", "2026-12-02T22:00"]
        );
        assert_eq!(dates("@weekly", "2026-11-01T00:00", 1), ["2026-11-08T00:00"]);
        assert_eq!(dates("@Yearly", "2026-11-01T00:00", 1), ["2027-01-01T00:00"]);
    }

    #[test]
    fn fault_72_a_leap_day_comes_with_its_years() {
        assert_eq!(dates("0 9 29 2 *", "2026-11-01T00:00", 2), ["2028-02-29T09:00", "2032-02-29T09:00"]);
        assert_eq!(dates("59 23 31 12 *", "2096-01-01T00:00", 1), ["2096-12-31T23:59"]);
        assert_eq!(dates("0 9 29 2 *", "2096-12-01T00:00", 1), ["2104-02-29T09:00"]);
    }

    #[test]
    fn what_is_no_line_is_refused_by_field() {
        let field = |line: &str| match line.parse::<Cron>() {
            Err(CronError::Field { name, .. }) => name,
            other => panic!("{line}: {other:?}"),
        };
        for line in [
            "60 9 * * *",
            "MON 9 * * *",
            "? 9 * * *",
            "5#2 9 * * *",
            "1-0 * * * *",
            "*/0 * * * *",
            "-1 9 * * *",
        ] {
            assert_eq!(field(line), "minute", "{line}");
        }
        assert_eq!(field("0 24 * * *"), "hour");
        for line in ["0 9 32 * *", "0 9 0 * *", "0 9 MON * *", "0 9 15W * *"] {
            assert_eq!(field(line), "day of month", "{line}");
        }
        for line in ["0 9 * 13 *", "0 9 * FRI *", "0 9 * L *"] {
            assert_eq!(field(line), "month", "{line}");
        }
        for line in
            ["0 9 * * 8", "0 9 * * JAN", "0 9 * * FRI-MON", "0 9 * * +5", "0 9 * * ?", "0 9 * * MONL2"]
        {
            assert_eq!(field(line), "day of week", "{line}");
        }
        for (line, n) in [("", 0), ("0 9 * *", 4), ("0 0 9 * * *", 6), ("0 9 * * * 2027", 6)] {
            assert_eq!(line.parse::<Cron>().unwrap_err(), CronError::Fields(n), "{line}");
        }
        assert_eq!("@reboot".parse::<Cron>().unwrap_err(), CronError::Nickname("@reboot".to_owned()));
        for line in ["0 8 31 2 *", "0 8 30,31 feb *", "0 0 31 4,6,9,11 *"] {
            assert_eq!(line.parse::<Cron>().unwrap_err(), CronError::Never, "{line}");
        }
    }
}
