//! How many batches have durable intents ahead of the gateway: as many as go out while the next group is gathered and
//! written, so that it never waits for the disk, and few where it is slow, because a crash leaves them in doubt.

use std::time::Duration;

/// How long an outcome waits for others to share a commit with, while enough intents are durable to keep the gateway
/// busy: every commit costs the disk and the processor far more than what it writes.
pub const LINGER: Duration = Duration::from_millis(10);

/// The most of single messages, in requests at once. Longer groups would cost a little less, and a crash leave more in
/// doubt.
const MOST: usize = 3;

/// See the module. Counted in batches.
#[derive(Debug)]
pub struct Runway {
    least: usize,
    most: usize,
    /// How many go out while a group is gathered or written, whichever takes longer.
    pace: usize,
    /// Since when is counted what goes out, and what had gone out then.
    since: (Duration, u64),
    /// What had gone out when the commit under way was begun.
    begun: u64,
}

impl Runway {
    /// For so many requests at once of so many messages each. A batch is a lot of people: a quarter of the
    /// concurrency has to do for them, however fast they go out.
    pub fn new(concurrency: usize, batch_max: usize, now: Duration) -> Self {
        let least = concurrency.div_ceil(4);
        let most = if batch_max == 1 { concurrency.saturating_mul(MOST) } else { least };
        Self { least, most, pace: concurrency.div_ceil(2), since: (now, 0), begun: 0 }
    }

    /// How many should be durable ahead: twice what goes out meanwhile, so that half of it is still there when the
    /// next group is begun.
    pub fn batches(&self) -> usize {
        self.pace.saturating_mul(2).clamp(self.least, self.most)
    }

    /// However fast they go out.
    pub fn most(&self) -> usize {
        self.most
    }

    /// A commit is begun; so many batches were sent in all. A faster pace is believed at once, a slower one by and by.
    pub fn begin(&mut self, sent: u64, now: Duration) {
        self.begun = sent;
        let (since, before) = self.since;
        let passed = now.saturating_sub(since);
        let went = u32::try_from(sent.saturating_sub(before)).unwrap_or(u32::MAX);
        if passed < LINGER {
            self.pace = self.pace.max(went as usize);
            return;
        }
        let pace = (f64::from(went) * LINGER.as_secs_f64() / passed.as_secs_f64()).ceil() as usize;
        self.pace = pace.max((self.pace.saturating_mul(3) + pace) / 4);
        self.since = (now, sent);
    }

    /// It is durable. What went out meanwhile would have gone out of more.
    pub fn durable(&mut self, sent: u64) {
        let went = usize::try_from(sent.saturating_sub(self.begun)).unwrap_or(usize::MAX);
        self.pace = self.pace.max(went);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commits that take `disk`, with `rate` batches a second before and while they do, until it stays as it is.
    fn settled(concurrency: usize, batch_max: usize, rate: f64, disk: Duration) -> usize {
        let mut runway = Runway::new(concurrency, batch_max, Duration::ZERO);
        let (mut now, mut sent) = (Duration::ZERO, 0.0);
        for _ in 0..100 {
            // What is there lasts for so long; the next commit begins when half of it is gone, or an outcome waited.
            let lasts = Duration::from_secs_f64(runway.batches() as f64 / 2.0 / rate);
            let gathered = lasts.min(LINGER);
            now += gathered;
            sent += gathered.as_secs_f64() * rate;
            runway.begin(sent as u64, now);
            now += disk;
            sent += (disk.as_secs_f64() * rate).min(runway.batches() as f64);
            runway.durable(sent as u64);
        }
        runway.batches()
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_slow_gateway_has_few_ahead_and_a_fast_one_what_goes_out_meanwhile() {
        assert_eq!(settled(64, 1, 100.0, MS), 16, "a quarter of the concurrency");
        let few = settled(64, 1, 3_000.0, MS);
        assert!((60..=80).contains(&few), "{few} for 30 that go out in 10 ms");
        assert_eq!(settled(64, 1, 100_000.0, MS), 192, "three times the concurrency");
        assert_eq!(settled(1, 1, 100_000.0, MS), 3);
    }

    #[test]
    fn a_slow_disk_is_made_up_for() {
        let ahead = settled(64, 1, 700.0, MS * 100);
        assert!((140..=192).contains(&ahead), "{ahead} for 70 that go out while a commit is written");
    }

    #[test]
    fn batches_are_people() {
        assert_eq!(settled(64, 100, 100_000.0, MS), 16);
        assert_eq!(settled(1, 100, 100_000.0, MS), 1);
    }

    #[test]
    fn what_becomes_slower_is_believed_by_and_by() {
        let mut runway = Runway::new(64, 1, Duration::ZERO);
        runway.begin(80, LINGER);
        assert_eq!(runway.batches(), 160);
        runway.begin(80, LINGER * 2);
        assert_eq!(runway.batches(), 120);
        (3..30).for_each(|n| runway.begin(80, LINGER * n));
        assert_eq!(runway.batches(), 16);
    }
}
