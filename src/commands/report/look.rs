//! One look at every message of each run, and at what people decided: for the page and for CI systems.

use std::collections::VecDeque;

use chrono::DateTime;

use super::super::exit::Failure;
use super::super::standing::{message, time};
use super::pages;
use crate::report::campaign::Decisions;
use crate::report::campaign::seen::Seen;
use crate::report::decisions::{DecisionLine, shown};
use crate::report::mask::Mask;
use crate::schedule::Zone;
use crate::store::sqlite::Sqlite;
use crate::store::{Decided, Run, Store};

/// Decisions that are read at once.
const PAGE: usize = 1000;
/// Decisions that are shown.
const SHOWN: usize = 50;

/// By whose clock the newest run goes that says so.
pub fn zone_of(runs: &[Run]) -> Zone {
    let named = |run: &Run| {
        let (_, zone) = run.pinned.occurrence.strip_suffix(']')?.split_once('[')?;
        Zone::named(zone)
    };
    runs.iter().rev().find_map(named).unwrap_or(Zone::UTC)
}

/// What is seen of each run's messages.
pub fn look(store: &Sqlite, runs: &[Run], live: bool, mask: Mask) -> Result<Vec<Seen>, Failure> {
    let zone = zone_of(runs);
    let look = |run: &Run| {
        let mut seen = Seen::new(zone, mask);
        pages(store, run.id, None, &mut |page| {
            for one in page {
                seen.add(&message(one, live), one.receipt_at_ms.and_then(DateTime::from_timestamp_millis));
            }
        })?;
        Ok(seen)
    };
    runs.iter().map(look).collect()
}

/// What people decided about a campaign: what was decided at once is one.
pub fn decisions(store: &Sqlite, campaign: &str, mask: Mask) -> Result<Decisions, Failure> {
    let mut found = Decisions::default();
    let mut newest: VecDeque<(Decided, u64)> = VecDeque::new();
    let mut after = None;
    loop {
        let page = store.decisions(campaign, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for one in page {
            match newest.front_mut().filter(|(first, _)| is_same(first, &one)) {
                Some((_, messages)) => *messages += 1,
                None => newest.push_front((one, 1)),
            }
            if newest.len() > SHOWN {
                newest.pop_back();
                found.earlier += 1;
            }
        }
    }
    found.shown = newest.into_iter().map(|(one, messages)| (line(one, mask), messages)).collect();
    Ok(found)
}

fn is_same(one: &Decided, other: &Decided) -> bool {
    (one.at_ms, &one.who, &one.what, &one.occurrence, &one.reason)
        == (other.at_ms, &other.who, &other.what, &other.occurrence, &other.reason)
}

fn line(one: Decided, mask: Mask) -> DecisionLine {
    let (recipient, reason) =
        shown(mask, one.recipient.as_deref(), one.address.as_deref(), one.reason.as_deref());
    DecisionLine {
        at: time(one.at_ms),
        who: one.who,
        what: one.what,
        occurrence: one.occurrence,
        recipient,
        reason,
    }
}
