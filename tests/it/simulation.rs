//! Seasons of random campaigns with random faults, each decided by its seed. `SENDPLAN_SEED=12345 cargo test --test it
//! simulation` plays one of them alone and prints all that happened in it.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::seasons::{Season, fast_folder, play};

const SEEDS: u64 = 1_000;

/// Plays a seed again, with everything that happened, and fails.
fn tell(seed: u64, folder: &Path, lines: usize) -> ! {
    let season = play(seed, folder, true);
    let from = season.trace.len().saturating_sub(lines);
    let trace = season.trace[from..].join("\n");
    let broken = season.broken.map_or_else(|| "not a law is broken".to_owned(), |broken| broken.to_string());
    panic!("{trace}\nseed {seed}: {broken}\nSENDPLAN_SEED={seed} cargo test --test it simulation");
}

#[test]
fn a_thousand_seasons_break_no_law() {
    if let Ok(seed) = std::env::var("SENDPLAN_SEED") {
        let folder = fast_folder();
        let seed = seed.parse().unwrap();
        let season = play(seed, folder.path(), true);
        anstream::println!("{}\nseed {seed}: {:?}", season.trace.join("\n"), season.broken);
        assert!(season.broken.is_none(), "seed {seed}: {:?}", season.broken);
        return;
    }
    let next = AtomicU64::new(0);
    let total = Mutex::new(Season::default());
    let failed = Mutex::new(None::<u64>);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let folder = fast_folder();
                while failed.lock().unwrap().is_none() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= SEEDS {
                        break;
                    }
                    let season = play(seed, folder.path(), false);
                    if season.broken.is_some() {
                        let mut failed = failed.lock().unwrap();
                        *failed = Some(failed.map_or(seed, |other| other.min(seed)));
                    }
                    total.lock().unwrap().add(&season);
                }
            });
        }
    });
    if let Some(seed) = *failed.lock().unwrap() {
        tell(seed, fast_folder().path(), 80);
    }
    let total = total.lock().unwrap();
    assert_eq!((total.taken_twice, total.lost), (0, 0));
    assert!(total.accepted > total.messages / 4 && total.unknown > 0 && total.suppressed > 0, "{total:?}");
    assert!(total.expired > 0 && total.held > 0 && total.waits > 100 && total.cancelled > 0, "{total:?}");
    for fault in sendplan::simulation::faults::Fault::all() {
        assert!(total.happened.times(fault) > 0, "in {SEEDS} seasons nobody saw: {}", fault.name());
    }
}

#[test]
fn the_same_seed_is_the_same_season() {
    let (one, other) = (fast_folder(), fast_folder());
    for seed in 5_000..5_040 {
        let (first, second) = (play(seed, one.path(), true), play(seed, other.path(), true));
        assert!(first.trace.len() >= 3, "seed {seed}: {:?}", first.trace);
        assert_eq!(first.trace, second.trace, "seed {seed}");
    }
}
