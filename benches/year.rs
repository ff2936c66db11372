//! 200 campaigns for a year of a virtual clock, with crashes and sleep, held against an enumeration of its own:
//! `cargo bench --bench year [-- CAMPAIGNS DAYS SEED]`. Prints what happened, and the memory at each quarter: that of the
//! process, of it that of the lists by which the year is judged, and the rest, which is what a daemon would have.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    dead_code,
    missing_docs
)]

use std::time::Instant;

use sendplan::simulation::year::Tale;

#[path = "../tests/it/year.rs"]
mod year;

use year::Show;

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|one| one.parse().ok()).collect();
    let number = |place: usize, usual| numbers.get(place).copied().unwrap_or(usual);
    let (campaigns, days, seed) = (number(0, 200), number(1, 365), number(2, 1));
    let (campaigns, days) = (u32::try_from(campaigns).unwrap(), i64::try_from(days).unwrap());
    let mut show = Show::new(campaigns, days, 120, 80, seed);
    let (starts, length) = (show.piece.starts, show.piece.ends - show.piece.starts);
    let (began, mut quarter, mut turns) = (Instant::now(), 0, 0_u64);
    println!("{campaigns} campaigns, {days} days, seed {seed}\n");
    println!(
        "{:<12} {:>12} {:>12} {:>12} {:>12} {:>10}",
        "quarter", "occurrences", "memory (MB)", "lists (MB)", "the rest", "seconds"
    );
    let row = |quarter: &str, turns: u64, kept: usize| {
        let (memory, lists, seconds) = (memory_mb(), kept as f64 / 1e6, began.elapsed().as_secs_f64());
        let rest = memory - lists;
        println!("{quarter:<12} {turns:>12} {memory:>12.1} {lists:>12.1} {rest:>12.1} {seconds:>10.1}");
    };
    let mut last = 0;
    let figures = show.play(|tale, kept| {
        last = kept;
        let Tale::Begun { when, .. } = tale else { return };
        turns += 1;
        while quarter < 4 && *when >= starts + length / 4 * quarter {
            row(&quarter.to_string(), turns, kept);
            quarter += 1;
        }
    });
    row("end", turns, last);
    println!();
    let row = |name: &str, number: u64| println!("{name:<44} {number:>10}");
    row("occurrences, by an enumeration of its own", figures.expected);
    row("begun, each once", figures.begun);
    row("of them more than a minute late", figures.late);
    row("left out, because nobody could have begun them", figures.left_out);
    row("stretches in which the process was up", figures.processes);
    row("messages", figures.messages);
    row("accepted, nobody twice", figures.accepted);
    row("rejected", figures.rejected);
    row("unknown", figures.unknown);
}

/// What the process has in memory (proc_pid_statm(5)).
fn memory_mb() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0.0);
    pages * 4096.0 / 1e6
}
