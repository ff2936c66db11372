//! What the state costs, in figures: pinning, claiming, committing, counting, opening. Run it with
//! `cargo bench --bench store [-- MESSAGES]`; it writes below the target folder.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use sendplan::delivery::state::{Event, State};
use sendplan::store::journal::Journal;
use sendplan::store::sqlite::{OpenMode, Sqlite};
use sendplan::store::{
    Change, Claim, Claimed, Excluded, MessageKey, NewRun, PinnedClock, PinnedMessage, RunId, Store,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let n = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(1_000_000);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("store-bench");
    let _ = fs::remove_dir_all(&folder);
    let path = folder.join("state.db");
    let mut store = Sqlite::open(&path, OpenMode::Create)?;
    let run = pin(&mut store, "distinct texts", n, true)?;
    let shared = pin(&mut store, "one text", n, false)?;
    time("counts", n, || Ok(store.counts(run)?))?;
    let mut after = None;
    for group in [64, 256, 512] {
        after = commit(&mut store, run, after, group, n / 10)?;
    }
    commit(&mut store, shared, None, 256, n / 10)?;
    let mut store = journal(store, run, after, n / 10)?;
    time("claim 512 from the start", 512, || Ok(store.claim(run, &Claim::next(None, 512))?.len()))?;
    claim(&store, run)?;
    time("list 1000 unknown of none", n, || {
        Ok(store.messages(run, Some(State::Unknown), None, 1000)?.len())
    })?;
    time("recover, with a recount", n, || Ok(store.recover(run, 1)?))?;
    time("close", n, || {
        drop(store);
        Ok(())
    })?;
    println!("{:<28} {:>10.1} MB", "file", fs::metadata(&path)?.len() as f64 / 1e6);
    time("open to write", n, || {
        drop(Sqlite::open(&path, OpenMode::Existing)?);
        Ok(())
    })?;
    time("open to read", n, || {
        drop(Sqlite::open(&path, OpenMode::ReadOnly)?);
        Ok(())
    })?;
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn report(what: &str, n: usize, took: Duration) {
    let rate = n as f64 / took.as_secs_f64();
    println!("{what:<28} {:>10.1} ms {rate:>12.0} /s", took.as_secs_f64() * 1e3);
}

fn time<T>(what: &str, n: usize, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let start = Instant::now();
    let value = work()?;
    report(what, n, start.elapsed());
    Ok(value)
}

fn pin(store: &mut Sqlite, name: &str, n: usize, distinct: bool) -> Outcome<RunId> {
    let run = NewRun {
        campaign: name.to_owned(),
        occurrence: "once".to_owned(),
        pinned: "{}".to_owned(),
        created_at_ms: 1_796_000_000_000,
    };
    time(&format!("pin, {name}"), n, || {
        let mut pin = store.pin(&run)?;
        let (mut recipient, mut text) = (String::new(), String::new());
        for i in 0..n {
            use std::fmt::Write as _;
            recipient.clear();
            text.clear();
            // A walk that visits every number once, in no order.
            write!(recipient, "+2547{:08}", (i * 61_803_399) % 100_000_000)?;
            write!(text, "Dear customer {:0>7}, ", if distinct { i } else { 0 })?;
            text.push_str("your order is ready. Come by until Saturday, we are open from eight to eight. ");
            text.push_str("Bring this message with you, please. Acme");
            pin.add(&PinnedMessage {
                recipient: &recipient,
                address: &recipient,
                text: &text,
                segments: 1,
                part: None,
                clock: PinnedClock::Campaign,
                wording: None,
            })?;
        }
        Ok(pin.seal("d", &Excluded::default())?)
    })
}

fn change(claimed: &Claimed, event: Event) -> Change {
    let provider_id = (event == Event::Accept).then(|| format!("SM{:032x}", claimed.key.seq));
    Change { key: claimed.key, event, provider_id, reason: None, opted_out: false, at_ms: 1_796_000_001_000 }
}

fn changes(claimed: &[Claimed], event: Event) -> Vec<Change> {
    claimed.iter().map(|one| change(one, event)).collect()
}

/// Lock-step: claim, commit the intents, commit the outcomes; the rate is of whole messages.
fn commit(
    store: &mut Sqlite,
    run: RunId,
    mut after: Option<MessageKey>,
    group: usize,
    n: usize,
) -> Outcome<Option<MessageKey>> {
    time(&format!("lock-step, groups of {group}"), n / group * group, || {
        for _ in 0..n / group {
            let claimed = store.claim(run, &Claim::next(after, group))?;
            store.commit(run, &changes(&claimed, Event::Intend))?;
            store.commit(run, &changes(&claimed, Event::Accept))?;
            after = claimed.last().map(|last| last.key);
        }
        Ok(after)
    })
}

/// As a sender does it: the outcomes of one group and the intents of the next in one commit.
fn journal(store: Sqlite, run: RunId, mut after: Option<MessageKey>, n: usize) -> Outcome<Sqlite> {
    const GROUP: usize = 256;
    let journal = Journal::start(store, run)?;
    let receipt = journal.submit(Vec::new(), Some(Claim::next(after, GROUP))).blocking_recv()??;
    let mut claimed = receipt.claimed.unwrap_or_default();
    let mut flying: Vec<Claimed> = Vec::new();
    time("journal, groups of 256", n / GROUP * GROUP, || {
        for _ in 0..n / GROUP {
            let mut both = changes(&flying, Event::Accept);
            both.extend(changes(&claimed, Event::Intend));
            after = claimed.last().map(|last| last.key);
            let receipt = journal.submit(both, Some(Claim::next(after, GROUP))).blocking_recv()??;
            flying = std::mem::replace(&mut claimed, receipt.claimed.unwrap_or_default());
        }
        Ok(())
    })?;
    Ok(journal.close()?)
}

fn claim(store: &Sqlite, run: RunId) -> Outcome<()> {
    let n = usize::try_from(store.counts(run)?.of(State::Pending))?;
    time("claim all that is left", n, || {
        let mut after = None;
        loop {
            let claimed = store.claim(run, &Claim::next(after, 512))?;
            let Some(last) = claimed.last() else { return Ok(()) };
            after = Some(last.key);
        }
    })
}
