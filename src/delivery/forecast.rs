//! When a run will be through: how long its messages need at their rates, and when the last of them leaves where they
//! keep to a window. What the gateway answers, and how fast, nobody knows before.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::provider::Limits;
use crate::schedule::Hours;
use crate::units::Rate;

/// A run that needs more openings of its window than this is not followed any further.
const MOST_OPENINGS: u32 = 1000;

/// What is to go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume {
    /// Messages.
    pub messages: u64,
    /// Their SMS segments, as far as they are known: as many as messages at least, where there are any.
    pub segments: u64,
    /// The fewest requests that carry them.
    pub requests: u64,
}

impl Volume {
    /// Of so many messages, so many in a request, of one segment each at least.
    pub fn of(messages: u64, batch_max: usize) -> Self {
        let batch = u64::try_from(batch_max).unwrap_or(u64::MAX).max(1);
        Self { messages, segments: messages, requests: messages.div_ceil(batch) }
    }
}

/// How long they need, and what slows them down the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    /// From the first to the last of them.
    pub time: Duration,
    /// The rate that decides.
    pub rate: Rate,
    /// What it counts.
    pub of: Kind,
}

/// What a rate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Messages.
    Messages,
    /// SMS segments.
    Segments,
    /// Requests.
    Requests,
}

impl std::fmt::Display for Needed {
    /// The rate as people are told it: `10/s`, `20/s (segments)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.of {
            Kind::Messages => write!(f, "{}", self.rate),
            Kind::Segments => write!(f, "{} (segments)", self.rate),
            Kind::Requests => write!(f, "{} (requests)", self.rate),
        }
    }
}

/// How long so many need at the least, by the slowest of the rates; nothing without one.
pub fn needed(limits: Limits, volume: Volume) -> Option<Needed> {
    let kinds = [
        (limits.messages, volume.messages, Kind::Messages),
        (limits.segments, volume.segments, Kind::Segments),
        (limits.requests, volume.requests, Kind::Requests),
    ];
    let needed = |(rate, number, of): (Option<Rate>, u64, Kind)| {
        let rate = rate?;
        Some(Needed { time: times(rate.interval(), number.saturating_sub(1)), rate, of })
    };
    // Of two that take as long the first is told.
    kinds.into_iter().filter_map(needed).reduce(|one, other| if other.time > one.time { other } else { one })
}

/// A length so many times; the longest there is where it would be longer.
fn times(length: Duration, number: u64) -> Duration {
    let nanos = length.as_nanos().saturating_mul(u128::from(number));
    u64::try_from(nanos / 1_000_000_000).map_or(Duration::MAX, |seconds| {
        Duration::new(seconds, u32::try_from(nanos % 1_000_000_000).unwrap_or(0))
    })
}

/// How a run goes through the openings of its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage {
    /// When the first may leave.
    pub begins: DateTime<Utc>,
    /// When the last leaves.
    pub ends: DateTime<Utc>,
    /// How many openings it takes; one where there is no window.
    pub openings: u32,
    /// How much time the first opening leaves; nothing without a window.
    pub leaves: Option<Duration>,
    /// When it goes on after the first opening, if it does.
    pub goes_on: Option<DateTime<Utc>>,
}

/// From a start on, with so much time needed in these hours. Nothing where that leads beyond any calendar, a thousand
/// openings or the last of the hours.
pub fn passage(starts: DateTime<Utc>, needs: Duration, hours: &Hours) -> Option<Passage> {
    let needs = TimeDelta::from_std(needs).ok()?;
    let begins = hours.opens_next(starts)?;
    let (mut at, mut left) = (begins, needs);
    let (mut leaves, mut goes_on) = (None, None);
    for openings in 1..=MOST_OPENINGS {
        let until = hours.open_until(at)?;
        if until == DateTime::<Utc>::MAX_UTC {
            let ends = at.checked_add_signed(left)?;
            return Some(Passage { begins, ends, openings, leaves, goes_on });
        }
        // The last moment is still one.
        let open = (until - TimeDelta::milliseconds(1) - at).max(TimeDelta::zero());
        leaves = leaves.or(open.to_std().ok());
        if left <= open {
            return Some(Passage { begins, ends: at + left, openings, leaves, goes_on });
        }
        left -= open;
        at = hours.opens_next(until)?;
        goes_on = goes_on.or(Some(at));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Window;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn rate(text: &str) -> Option<Rate> {
        Some(text.parse().unwrap())
    }

    fn window(from: &str, to: &str) -> Hours {
        let zone = "Africa/Nairobi".parse().unwrap();
        let window = Window::new(from.parse().unwrap(), to.parse().unwrap(), zone).unwrap();
        Hours { windows: vec![window], ..Hours::default() }
    }

    #[test]
    fn the_slowest_rate_decides_how_long_it_takes() {
        let volume = Volume { messages: 40_001, segments: 90_001, requests: 401 };
        let limits = Limits { messages: rate("10/s"), segments: None, requests: rate("2/s") };
        let slowest = needed(limits, volume).unwrap();
        assert_eq!((slowest.time, slowest.to_string().as_str()), (Duration::from_secs(4000), "10/s"));
        let limits = Limits { segments: rate("20/s"), ..limits };
        assert_eq!(needed(limits, volume).unwrap().to_string(), "20/s (segments)");
        assert_eq!(needed(Limits::default(), volume), None);
        assert_eq!(Volume::of(201, 100).requests, 3);
        let none = needed(limits, Volume::of(0, 1)).unwrap();
        assert_eq!(none.time, Duration::ZERO);
        let most = Volume { messages: u64::MAX, ..volume };
        assert!(
            needed(Limits { messages: rate("1/h"), ..limits }, most).unwrap().time
                > Duration::from_secs(1 << 60)
        );
    }

    #[test]
    fn the_last_leaves_when_the_window_was_open_for_long_enough() {
        let day = window("08:00", "20:00");
        // From 19:00 in Nairobi an hour is left, and its last minute is nobody's.
        let start = at("2026-12-01T16:00:00Z");
        let two = passage(start, Duration::from_secs(2 * 3600), &day).unwrap();
        assert_eq!((two.openings, two.leaves), (2, Some(Duration::from_secs(59 * 60))));
        assert_eq!(two.goes_on, Some(at("2026-12-02T05:00:00Z")));
        assert_eq!(two.ends, at("2026-12-02T06:01:00Z"));
        let fits = passage(start, Duration::from_secs(59 * 60), &day).unwrap();
        assert_eq!((fits.openings, fits.goes_on, fits.ends), (1, None, at("2026-12-01T16:59:00Z")));
        // From a start while it is shut, it begins when it opens.
        let shut = passage(at("2026-12-01T18:00:00Z"), Duration::ZERO, &day).unwrap();
        assert_eq!((shut.begins, shut.ends), (at("2026-12-02T05:00:00Z"), at("2026-12-02T05:00:00Z")));
        let free = passage(start, Duration::from_secs(7200), &Hours::default()).unwrap();
        assert_eq!((free.openings, free.leaves, free.ends), (1, None, at("2026-12-01T18:00:00Z")));
    }

    #[test]
    fn what_never_ends_is_not_followed_for_ever() {
        let minutes = window("08:00", "08:02");
        assert_eq!(passage(at("2026-12-01T00:00:00Z"), Duration::from_secs(3_600_000), &minutes), None);
        assert_eq!(passage(at("2026-12-01T00:00:00Z"), Duration::MAX, &Hours::default()), None);
        let year = passage(
            at("2026-12-01T00:00:00Z"),
            Duration::from_secs(3600 * 24 * 365),
            &window("08:00", "20:00"),
        );
        assert_eq!(year.unwrap().openings, 732);
    }
}
