//! How long to wait before trying again: doubling pauses with jitter, and a gateway's own wish where it
//! has one, both clamped.

use std::time::Duration;

use crate::campaign::Retry;

/// The pause before attempt `failures + 1`, between half and the whole of the doubled back-off, so that
/// many do not come back at the same instant. `salt` decides where in between; the same salt, the same pause.
pub fn pause(retry: &Retry, failures: u32, salt: u64) -> Duration {
    let doubled = retry.backoff.saturating_mul(1 << failures.saturating_sub(1).min(20));
    let longest = doubled.min(retry.max_backoff);
    let share = u32::try_from(spread(salt ^ u64::from(failures)) % 1001).unwrap_or(0);
    longest / 2 + longest / 2 * share / 1000
}

/// What a gateway asked for, clamped to the campaign's longest pause.
pub fn wish(retry: &Retry, asked: Duration) -> Duration {
    asked.min(retry.max_backoff)
}

/// Mixes bits (the finaliser of splitmix64), so that neighbouring salts fall far apart.
fn spread(salt: u64) -> u64 {
    let mut x = salt.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_stay_in_bounds_and_differ() {
        let retry = Retry::default();
        for failures in 1..40 {
            let doubled = Duration::from_secs(1 << (failures - 1).min(20)).min(retry.max_backoff);
            let salts: Vec<Duration> = (0..100).map(|salt| pause(&retry, failures, salt)).collect();
            assert!(salts.iter().all(|one| *one >= doubled / 2 && *one <= doubled), "{failures}");
            assert!(salts.iter().collect::<std::collections::HashSet<_>>().len() > 50, "{failures}");
        }
        assert_eq!(pause(&retry, 3, 7), pause(&retry, 3, 7));
    }

    #[test]
    fn a_wish_is_heeded_up_to_the_longest_pause() {
        let retry = Retry::default();
        assert_eq!(wish(&retry, Duration::from_secs(17)), Duration::from_secs(17));
        assert_eq!(wish(&retry, Duration::from_secs(86_400)), Duration::from_secs(300));
    }
}
