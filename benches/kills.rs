//! `kill -9` at random moments of a real send, again and again: `cargo bench --bench kills [-- KILLS MESSAGES
//! BATCH]`. After each kill the books must balance and no more may be unknown than was in flight; at the end
//! nobody may have been accepted twice, and everybody must be accounted for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    dead_code
)]

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

#[path = "../tests/it/loopback.rs"]
mod loopback;
#[path = "../tests/it/project.rs"]
mod project;

use loopback::Loopback;
use project::{Project, signal};

/// The concurrency of the test campaign.
const CONCURRENCY: u64 = 16;

fn main() {
    let numbers: Vec<u32> = std::env::args().skip(1).filter_map(|one| one.parse().ok()).collect();
    let kills = numbers.first().copied().unwrap_or(50);
    let messages = numbers.get(1).copied().unwrap_or(50_000);
    let batch = numbers.get(2).copied().unwrap_or(1);
    let gateway = Loopback::start();
    let project = if batch > 1 {
        Project::shared(&gateway.url(), messages, batch)
    } else {
        Project::personalised(&gateway.url(), messages)
    };
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write(
        "campaigns/c/campaign.yaml",
        &manifest.replace("concurrency: 4", &format!("concurrency: {CONCURRENCY}")),
    );
    // As the engine has it: single messages wait two a connection and settle one a connection, batches wait one
    // for four connections.
    let window =
        if batch == 1 { CONCURRENCY * 4 } else { CONCURRENCY.div_ceil(4) + CONCURRENCY } * u64::from(batch);
    let began = Instant::now();
    let mut dice = RandomState::new().build_hasher();
    let (mut unknown, mut most, mut done, mut pinned) = (0, 0, 0, false);
    while done < kills {
        let mut child = project.start();
        dice.write_u32(done);
        let life = Duration::from_micros(if pinned { 10_000 + dice.finish() % 100_000 } else { 3_000_000 });
        let until = Instant::now() + life;
        // The first life must get as far as sending; its moment comes with the first requests.
        while Instant::now() < until
            && child.try_wait().unwrap().is_none()
            && (pinned || gateway.accepted().len() < 50)
        {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        if child.try_wait().unwrap().is_some() {
            println!("all was sent after {done} kills: give it more messages");
            break;
        }
        signal(child.id(), "KILL");
        child.wait().unwrap();
        pinned = true;
        done += 1;
        let run = project.status();
        let fresh = run.of("unknown") - unknown;
        assert!(fresh <= window, "{fresh} unknown after one kill, {window} may be in flight");
        gateway.accepted_once();
        (unknown, most) = (run.of("unknown"), most.max(fresh));
    }
    let after_kills = began.elapsed();
    let last = project.send();
    assert!(matches!(last.code, 0 | 6), "{last:?}");
    let run = project.status();
    let accepted = gateway.accepted_once();
    assert_eq!(run.of("pending"), 0);
    assert_eq!(run.of("accepted") + run.of("unknown"), u64::from(messages));
    assert!(accepted >= run.of("accepted") && accepted <= u64::from(messages));
    println!("{done} kills in {:.1} s, {messages} messages, batches of {batch}", after_kills.as_secs_f64());
    println!("accepted more than once   0");
    println!(
        "unaccounted for           0   ({} accepted + {} unknown = {messages})",
        run.of("accepted"),
        run.of("unknown")
    );
    println!(
        "unknown after a kill      {most} at most, {:.1} on average; {window} may be in flight",
        unknown as f64 / f64::from(done.max(1))
    );
    println!("of the unknown            {} had been accepted", accepted - run.of("accepted"));
}
