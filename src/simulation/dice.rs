//! Chance that can be had again: one number, the seed, decides all of it.

use std::time::Duration;

use crate::units::Percent;

/// A generator of numbers: splitmix64 (Steele, Lea and Flood 2014), which passes the usual tests and fits into a line.
#[derive(Debug, Clone)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// The dice of a seed; every seed is as good as any other.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.state;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number from `low` to `high`, both included; `low` where there is none.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        match high.checked_sub(low).and_then(|span| span.checked_add(1)) {
            // The bias of the remainder is far below what any odds here could show.
            Some(span) => low + self.roll() % span,
            None => low,
        }
    }

    /// A time from `low` to `high`, to the microsecond.
    pub fn time(&mut self, low: Duration, high: Duration) -> Duration {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.between(micros(low), micros(high)))
    }

    /// Whether something of these odds happens. Odds of nothing cost no roll.
    pub fn happens(&mut self, odds: Percent) -> bool {
        odds.hundredths() > 0 && self.between(1, 10_000) <= u64::from(odds.hundredths())
    }

    /// Heads or tails.
    pub fn coin(&mut self) -> bool {
        self.roll() & 1 == 1
    }

    /// One of them; `None` of none.
    pub fn pick<'t, T>(&mut self, these: &'t [T]) -> Option<&'t T> {
        let last = u64::try_from(these.len().checked_sub(1)?).ok()?;
        these.get(usize::try_from(self.between(0, last)).ok()?)
    }

    /// Puts them into another order.
    pub fn shuffle<T>(&mut self, these: &mut [T]) {
        for at in (1..these.len()).rev() {
            let other = self.between(0, at as u64);
            these.swap(at, usize::try_from(other).unwrap_or(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_is_the_same_chance() {
        let rolls = |seed| (0..100).scan(Dice::new(seed), |dice, _| Some(dice.roll())).collect::<Vec<_>>();
        assert_eq!(rolls(7), rolls(7));
        assert_ne!(rolls(7), rolls(8));
        // The reference values of splitmix64 for the seed 1234567.
        assert_eq!(rolls(1_234_567)[..2], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn odds_are_what_they_say() {
        let mut dice = Dice::new(1);
        let odds = "5%".parse().unwrap();
        let hits = (0..100_000).filter(|_| dice.happens(odds)).count();
        assert!((4_700..5_300).contains(&hits), "{hits}");
        assert!(!(0..1000).any(|_| dice.happens(Percent::of_hundredths(0))));
        assert!((0..1000).all(|_| dice.happens(Percent::of_hundredths(10_000))));
        assert!((0..1000).all(|_| (3..=5).contains(&dice.between(3, 5))));
        assert_eq!((dice.between(9, 2), dice.pick::<u8>(&[])), (9, None));
    }
}
