//! Seasons of random campaigns under random faults, as many as one likes: `cargo bench --bench simulate [-- SEEDS
//! [FIRST]]`, 100,000 from 0 if nothing is said, on all cores. Stops with the seed that breaks a law;
//! `SENDPLAN_SEED=… cargo test --test it simulation` shows what happened in it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs
)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[path = "../tests/it/seasons.rs"]
mod seasons;

use seasons::{Season, fast_folder, play};
use sendplan::simulation::faults::Fault;

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|one| one.parse().ok()).collect();
    let count = numbers.first().copied().unwrap_or(100_000);
    let first = numbers.get(1).copied().unwrap_or(0);
    let (next, stop) = (AtomicU64::new(first), AtomicBool::new(false));
    let (total, failed) = (Mutex::new(Season::default()), Mutex::new(Vec::new()));
    let (began, threads) = (Instant::now(), std::thread::available_parallelism().map_or(2, usize::from));
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (next, stop, total, failed) = (&next, &stop, &total, &failed);
            scope.spawn(move || {
                let folder = fast_folder();
                let (mut mine, mut told) = (Season::default(), Instant::now());
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        break;
                    }
                    let season = play(seed, folder.path(), false);
                    mine.add(&season);
                    if let Some(broken) = season.broken {
                        failed.lock().unwrap().push((seed, broken));
                        stop.store(true, Ordering::Relaxed);
                    }
                    if thread == 0 && told.elapsed() > Duration::from_secs(5) {
                        told = Instant::now();
                        eprintln!("{} of {count}, {:.0} s", seed - first, began.elapsed().as_secs_f64());
                    }
                }
                total.lock().unwrap().add(&mine);
            });
        }
    });
    table(&total.lock().unwrap(), (next.into_inner() - first).min(count), began.elapsed());
    let mut failed = failed.into_inner().unwrap();
    failed.sort_by_key(|(seed, _)| *seed);
    if let Some((seed, broken)) = failed.first() {
        panic!("seed {seed}: {broken}\nSENDPLAN_SEED={seed} cargo test --test it simulation");
    }
}

fn table(total: &Season, seeds: u64, took: Duration) {
    let row = |name: &str, number: u64| println!("{name:<36} {number:>12}");
    row("seeds", seeds);
    row("of them in bytes, through a profile", total.spoke);
    row("messages", total.messages);
    row("lives", total.lives);
    row("events", total.events);
    row("waits for a clock to open", total.waits);
    row("cancelled while they waited", total.cancelled);
    println!("{:<36} {:>12.1}", "virtual days", total.virtual_time.as_secs_f64() / 86_400.0);
    println!("{:<36} {:>12.1}", "real seconds", took.as_secs_f64());
    println!();
    Fault::all().for_each(|fault| row(fault.name(), total.happened.times(fault)));
    println!();
    row("accepted", total.accepted);
    row("rejected, or given up", total.rejected);
    row("suppressed", total.suppressed);
    row("expired", total.expired);
    row("held", total.held);
    row("unknown", total.unknown);
    row("taken by the gateway", total.taken);
    row("  of them unknown to us", total.taken - total.accepted);
    row("accepted twice", total.taken_twice);
    row("lost", total.lost);
}
