//! Hours of the local calendar, counted from the first of January 1970: what they are called, and how many of them stand
//! together where there are too many.

use chrono::DateTime;

/// How many hours a bar may stand for.
pub fn steps() -> impl Iterator<Item = i64> {
    const STEPS: [i64; 10] = [1, 2, 3, 4, 6, 8, 12, 24, 48, 168];
    const WEEK: i64 = 168;
    STEPS.into_iter().chain((2..).map(|weeks| WEEK * weeks))
}

/// What an hour of the local calendar is called.
pub fn named(hour: i64) -> String {
    DateTime::from_timestamp(hour * 3600, 0)
        .map(|at| at.naive_utc().format("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}
