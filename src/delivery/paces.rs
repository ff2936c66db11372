//! The paces of a run side by side: requests, messages and segments, each with a schedule of its own. What goes
//! out waits for the slowest of them.

use std::time::Duration;

use super::pace::Pace;
use crate::campaign::Delivery;
use crate::provider::Limits;
use crate::units::Rate;

/// What goes out in one request, or may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Messages.
    pub messages: usize,
    /// Their SMS segments.
    pub segments: usize,
}

/// The schedules that there are.
#[derive(Debug, Clone, Default)]
pub struct Paces {
    requests: Option<Pace>,
    messages: Option<Pace>,
    segments: Option<Pace>,
}

/// Places that the schedules still have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    requests: usize,
    messages: usize,
    segments: usize,
}

/// The campaign's rates and the gateway's limits: of each kind the slower one.
pub fn limits(delivery: &Delivery, gateway: Limits) -> Limits {
    gateway.slower(Limits { requests: None, messages: delivery.rate, segments: delivery.segments })
}

/// The most messages of one batch: one that is larger than a second's worth would break a rate all by itself.
pub fn most_at_once(limits: Limits) -> usize {
    let rates = [limits.messages, limits.segments];
    let per_second = rates.into_iter().flatten().map(|rate| (rate.per_second() as usize).max(1));
    per_second.min().unwrap_or(usize::MAX)
}

impl Paces {
    /// From now on; the first may go at once.
    pub fn new(limits: Limits, now: Duration) -> Self {
        let pace = |rate: Option<Rate>| rate.map(|rate| Pace::new(rate, now));
        Self {
            requests: pace(limits.requests),
            messages: pace(limits.messages),
            segments: pace(limits.segments),
        }
    }

    /// Other rates from now on. What was taken stays taken.
    pub fn retune(&mut self, limits: Limits, now: Duration) {
        let retuned = |pace: &Option<Pace>, rate: Option<Rate>| {
            let taken = pace.as_ref().map_or(now, Pace::ready_at);
            rate.map(|rate| Pace::new(rate, taken))
        };
        *self = Self {
            requests: retuned(&self.requests, limits.requests),
            messages: retuned(&self.messages, limits.messages),
            segments: retuned(&self.segments, limits.segments),
        };
    }

    fn all(&self) -> impl Iterator<Item = &Pace> {
        [&self.requests, &self.messages, &self.segments].into_iter().flatten()
    }

    /// Whether a request may go now.
    pub fn is_ready(&self, now: Duration) -> bool {
        self.all().all(|pace| pace.is_ready(now))
    }

    /// When a request may go; nothing where nothing holds it up.
    pub fn ready_at(&self) -> Option<Duration> {
        self.all().map(Pace::ready_at).max()
    }

    /// Takes the places of a request that goes now.
    pub fn take(&mut self, load: Load, now: Duration) {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let counts = [
            (&mut self.requests, 1),
            (&mut self.messages, count(load.messages)),
            (&mut self.segments, count(load.segments)),
        ];
        for (pace, count) in counts {
            if let Some(pace) = pace {
                pace.take(count, now);
            }
        }
    }

    /// The places until `horizon` from now, less those of what waits already.
    pub fn room(&self, horizon: Duration, now: Duration, waiting: &[Load]) -> Room {
        let places = |pace: &Option<Pace>, taken: usize| {
            pace.as_ref().map_or(usize::MAX, |pace| {
                let places = usize::try_from(pace.places_within(horizon, now)).unwrap_or(usize::MAX);
                places.saturating_sub(taken)
            })
        };
        Room {
            requests: places(&self.requests, waiting.len()),
            messages: places(&self.messages, waiting.iter().map(|load| load.messages).sum()),
            segments: places(&self.segments, waiting.iter().map(|load| load.segments).sum()),
        }
    }

    /// When there is room for a request of so many messages, each of one segment at least.
    pub fn room_at(&self, messages: usize, horizon: Duration) -> Option<Duration> {
        let count = u32::try_from(messages).unwrap_or(u32::MAX);
        let at = |pace: &Option<Pace>, count| pace.as_ref().map(|pace| pace.places_at(count, horizon));
        [at(&self.requests, 1), at(&self.messages, count), at(&self.segments, count)]
            .into_iter()
            .flatten()
            .max()
    }
}

impl Room {
    /// What has room in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests.min(other.requests),
            messages: self.messages.min(other.messages),
            segments: self.segments.min(other.segments),
        }
    }

    /// Whether a request of so many messages, each of one segment at least, has room.
    pub fn has(&self, messages: usize) -> bool {
        self.requests >= 1 && self.messages >= messages && self.segments >= messages
    }

    /// Takes the room of a request. One that has more segments than there is room for is let through: its
    /// successors wait for it.
    pub fn take(&mut self, load: Load) {
        self.requests = self.requests.saturating_sub(1);
        self.messages = self.messages.saturating_sub(load.messages);
        self.segments = self.segments.saturating_sub(load.segments);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::delivery::pace::{SLACK, most_in};

    const SECOND: Duration = Duration::from_secs(1);

    /// Sends these loads, again and again, as fast as allowed for ten seconds, waking late by what `lateness` says.
    fn sent(limits: Limits, loads: &[Load], lateness: &[u64]) -> Vec<(Duration, Load)> {
        let mut paces = Paces::new(limits, Duration::ZERO);
        let (mut loads, mut late) = (loads.iter().cycle(), lateness.iter().cycle());
        let (mut now, mut sent) = (Duration::ZERO, Vec::new());
        while now < SECOND * 10 {
            if paces.is_ready(now) {
                let load = *loads.next().unwrap();
                paces.take(load, now);
                sent.push((now, load));
            } else {
                now = paces.ready_at().unwrap() + Duration::from_micros(*late.next().unwrap());
            }
        }
        sent
    }

    fn loads() -> impl Strategy<Value = Vec<Load>> {
        let load = prop::collection::vec(1usize..5, 1..30);
        let load = load.prop_map(|all| Load { messages: all.len(), segments: all.iter().sum() });
        prop::collection::vec(load, 1..12)
    }

    proptest! {
        #[test]
        fn no_second_holds_more_than_its_rates_and_one_request(
            messages in 30u32..2000, segments in 30u32..4000, loads in loads(),
            lateness in prop::collection::vec(0u64..50_000, 1..20),
        ) {
            let rates = (rate(&format!("{messages}/s")), rate(&format!("{segments}/s")));
            let limits = Limits { requests: None, messages: rates.0, segments: rates.1 };
            let sent = sent(limits, &loads, &lateness);
            let most = (most_in(rates.0.unwrap(), SECOND, 0), most_in(rates.1.unwrap(), SECOND, 0));
            let (mut from, mut before) = (0, Load { messages: 0, segments: 0 });
            for (at, load) in &sent {
                while sent[from].0 + SECOND <= *at {
                    before.messages -= sent[from].1.messages;
                    before.segments -= sent[from].1.segments;
                    from += 1;
                }
                prop_assert!(before.messages as u64 <= most.0, "{} before one more", before.messages);
                prop_assert!(before.segments as u64 <= most.1, "{} before one more", before.segments);
                before.messages += load.messages;
                before.segments += load.segments;
            }
        }

        #[test]
        fn a_rate_by_itself_is_used_to_97_per_cent(
            number in 30u32..2000, of_segments in any::<bool>(), loads in loads(),
            lateness in prop::collection::vec(0u64..5_000, 1..20),
        ) {
            let one = rate(&format!("{number}/s"));
            let limits = if of_segments {
                Limits { segments: one, ..Limits::default() }
            } else {
                Limits { messages: one, ..Limits::default() }
            };
            let sent = sent(limits, &loads, &lateness);
            let count = |load: &Load| if of_segments { load.segments } else { load.messages };
            let (last, before) = sent.split_last().unwrap();
            let volume: usize = before.iter().map(|(_, load)| count(load)).sum();
            let took = last.0.as_secs_f64();
            prop_assert!(volume as f64 >= f64::from(number) * took * 0.97, "{volume} in {took} s at {number}/s");
            prop_assert!(volume as f64 <= f64::from(number) * (took + SLACK.as_secs_f64()) + 1e-3);
        }
    }

    fn rate(text: &str) -> Option<Rate> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn the_slowest_of_the_paces_counts() {
        let limits = Limits { requests: rate("10/s"), messages: rate("100/s"), segments: rate("20/s") };
        let mut paces = Paces::new(limits, Duration::ZERO);
        assert!(paces.is_ready(Duration::ZERO));
        paces.take(Load { messages: 1, segments: 1 }, Duration::ZERO);
        assert_eq!(paces.ready_at(), Some(Duration::from_millis(100)));
        paces.take(Load { messages: 1, segments: 6 }, Duration::from_millis(100));
        // Six segments at 20/s from 50 ms on: 350 ms; the requests would be ready at 200 ms.
        assert_eq!(paces.ready_at(), Some(Duration::from_millis(380)));
        assert!(!paces.is_ready(Duration::from_millis(300)));
    }

    #[test]
    fn the_campaign_can_only_slow_the_gateways_limits_down() {
        let delivery = Delivery { rate: rate("50/s"), segments: rate("5/s"), ..Delivery::default() };
        let gateway = Limits { requests: rate("600/m"), messages: rate("20/s"), segments: None };
        let limits = limits(&delivery, gateway);
        assert_eq!(limits, Limits { requests: rate("600/m"), messages: rate("20/s"), segments: rate("5/s") });
        assert_eq!(most_at_once(limits), 5);
        assert_eq!(most_at_once(Limits::default()), usize::MAX);
    }

    #[test]
    fn room_is_counted_in_all_three() {
        let limits = Limits { requests: rate("2/s"), messages: rate("100/s"), segments: rate("10/s") };
        let paces = Paces::new(limits, Duration::ZERO);
        let mut room =
            paces.room(Duration::from_secs(1), Duration::ZERO, &[Load { messages: 1, segments: 3 }]);
        assert!(room.has(8) && !room.has(9));
        room.take(Load { messages: 2, segments: 2 });
        assert!(room.has(1));
        room.take(Load { messages: 1, segments: 1 });
        assert!(!room.has(1), "three requests within a second and the first place");
        assert_eq!(Paces::default().room(Duration::ZERO, Duration::ZERO, &[]).messages, usize::MAX);
    }
}
