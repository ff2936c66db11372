//! What is counted while messages go out: how long gateways take to answer, and how often credentials were fetched.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper ends of the histogram's ranges, in milliseconds; what takes longer is only in the sum of all.
pub const BOUNDS_MS: [u64; 11] = [10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000];

/// See the module.
#[derive(Debug, Default)]
pub struct Gauges {
    ranges: [AtomicU64; BOUNDS_MS.len()],
    count: AtomicU64,
    sum_us: AtomicU64,
    credentials: AtomicU64,
}

/// What they show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Requests that took as long as each of [`BOUNDS_MS`] at most.
    pub up_to: [u64; BOUNDS_MS.len()],
    /// All requests that send.
    pub count: u64,
    /// How long they took together.
    pub sum: Duration,
    /// Log-ins and renewals.
    pub credentials: u64,
}

impl Gauges {
    /// A request took so long, whatever came of it.
    pub fn answered(&self, took: Duration) {
        let range = BOUNDS_MS.iter().position(|bound| took <= Duration::from_millis(*bound));
        if let Some(range) = range.and_then(|range| self.ranges.get(range)) {
            range.fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.sum_us.fetch_add(micros, Ordering::Relaxed);
    }

    /// A credential was asked for.
    pub fn credential(&self) {
        self.credentials.fetch_add(1, Ordering::Relaxed);
    }

    /// What they show now.
    pub fn read(&self) -> Reading {
        let mut up_to = [0; BOUNDS_MS.len()];
        let mut sum = 0;
        for (up_to, range) in up_to.iter_mut().zip(&self.ranges) {
            sum += range.load(Ordering::Relaxed);
            *up_to = sum;
        }
        Reading {
            up_to,
            // Read after the ranges, so that no range holds more than all.
            count: self.count.load(Ordering::Relaxed),
            sum: Duration::from_micros(self.sum_us.load(Ordering::Relaxed)),
            credentials: self.credentials.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_those_below_them() {
        let gauges = Gauges::default();
        [10, 11, 90, 40_000].into_iter().for_each(|ms| gauges.answered(Duration::from_millis(ms)));
        gauges.credential();
        let read = gauges.read();
        assert_eq!(read.up_to, [1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3]);
        assert_eq!((read.count, read.sum, read.credentials), (4, Duration::from_millis(40_111), 1));
    }
}
