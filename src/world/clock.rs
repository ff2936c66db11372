//! The one place that asks what time it is.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use chrono::Utc;

use crate::delivery::engine::Now;

/// A clock that began with the process.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// Starts it.
    pub fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// What time it is.
    pub fn now(&self) -> Now {
        Now { elapsed: self.began.elapsed(), utc: Utc::now() }
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
