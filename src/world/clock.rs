//! The one place that asks what time it is.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::delivery::engine::Now;

/// A clock that began with the process.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: Instant,
    /// By how much it is ahead of the calendar.
    ahead: TimeDelta,
}

impl Clock {
    /// Starts it.
    pub fn start() -> Self {
        Self { began: Instant::now(), ahead: TimeDelta::zero() }
    }

    /// Starts it at a moment, from which it goes on as any clock does; now, without one.
    pub fn start_at(moment: Option<DateTime<Utc>>) -> Self {
        Self { ahead: moment.map_or(TimeDelta::zero(), |moment| moment - Utc::now()), ..Self::start() }
    }

    /// What time it is.
    pub fn now(&self) -> Now {
        Now { elapsed: self.began.elapsed(), utc: Utc::now() + self.ahead }
    }

    /// The instant at which `elapsed` will have passed, for timers.
    pub fn instant(&self, elapsed: Duration) -> Instant {
        self.began + elapsed
    }
}

/// Until then; for ever, where there is nothing to wait for.
pub async fn sleep(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until.into()).await,
        None => std::future::pending().await,
    }
}
