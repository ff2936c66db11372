//! Numbers that look random and come from a seed, and the words that a broken law needs.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Mutex;

static DOING: Mutex<(u64, String)> = Mutex::new((0, String::new()));

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
pub struct Dice(u64);

impl Dice {
    pub fn of(seed: u64) -> Self {
        DOING.lock().unwrap().0 = seed;
        Self(seed)
    }

    /// A seed nobody chose.
    pub fn fresh() -> u64 {
        RandomState::new().build_hasher().finish() % 1_000_000
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, not including, a number; 0 for 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// One in so many.
    pub fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// Notes what is being done.
pub fn now(what: &str) {
    what.clone_into(&mut DOING.lock().unwrap().1);
}

/// A panic anywhere is told with the seed and with what was being done.
pub fn tell_on_panic() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if let Ok(doing) = DOING.lock() {
            eprintln!("\nbroken with --seed {}: {}", doing.0, doing.1);
        }
        usual(panic);
    }));
}
