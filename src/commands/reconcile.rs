//! Looks for the unknown messages of a run in the gateway's own list, an address at a time, and records what that
//! proves.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::ask::Asker;
use super::exit::Failure;
use super::report::pages;
use super::terminal::Terminal;
use crate::delivery::engine::End;
use crate::delivery::message::{Change, MessageKey};
use crate::delivery::reconcile::{self, Doubt, Finding};
use crate::delivery::resolution::Resolution;
use crate::delivery::state::State;
use crate::provider::lists::{Page, Sent};
use crate::report::resolve::Reconciled;
use crate::store::sqlite::Sqlite;
use crate::store::{Decision, Run, RunId, Store};
use crate::world::clock::Clock;
use crate::world::person::person;

/// How far the gateway's clock and ours may be apart, and a little more.
const LEEWAY: TimeDelta = TimeDelta::minutes(10);
/// The most pages that are asked for of one address.
const MOST_PAGES: u32 = 20;
/// Addresses whose findings are made durable together.
const TOGETHER: usize = 500;
/// Unknown messages that are read at once.
const PAGE: usize = 500;

/// The records of an address that may be one of its messages. An address whose list was not seen to its end is in none.
type Lists = BTreeMap<Arc<str>, Vec<Sent>>;

/// Looks for all of them; what is found is recorded as it goes. Why it stopped before its end, if so.
pub fn reconcile(
    store: &mut Sqlite,
    run: &Run,
    sandbox: bool,
    clock: Clock,
    terminal: &Terminal,
) -> Result<(Reconciled, Option<End>), Failure> {
    let groups = doubts(store, run)?;
    let total = groups.len() as u64;
    let mut asker: Asker<'_, (Arc<str>, u32)> = Asker::open(run, sandbox, total, clock, None, terminal)?;
    let since = begun(run) - LEEWAY;
    let mut sum = Reconciled::default();
    let mut groups = groups.into_values().peekable();
    while groups.peek().is_some() {
        let together: Vec<Doubt> = groups.by_ref().take(TOGETHER).flatten().collect();
        let lists = look_up(&mut asker, &together, since);
        let findings = findings(store, run.id, &together, &lists)?;
        record(store, run.id, &together, findings, &mut sum, clock.now().utc)?;
    }
    Ok((sum, asker.end().cloned()))
}

fn begun(run: &Run) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(run.pinned.created_at_ms).unwrap_or_default()
}

/// The unknown messages of a run by address. There are few: what is in doubt at any one time is bounded.
fn doubts(store: &Sqlite, run: &Run) -> Result<BTreeMap<Arc<str>, Vec<Doubt>>, Failure> {
    let mut groups: BTreeMap<Arc<str>, Vec<Doubt>> = BTreeMap::new();
    let mut texts: HashMap<i64, Arc<str>> = HashMap::new();
    let mut after = None;
    loop {
        let page = store.unknowns(run.id, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.listed.key);
        for one in page {
            let key = one.listed.key;
            let address: Arc<str> = one.listed.address.into();
            let text = Arc::clone(texts.entry(key.text).or_insert_with(|| one.text.into()));
            let changed = DateTime::from_timestamp_millis(one.listed.changed_at_ms).unwrap_or_default();
            let (from, until) = (begun(run) - LEEWAY, changed + LEEWAY);
            let doubt = Doubt { key, address: Arc::clone(&address), text, from, until, contested: false };
            groups.entry(address).or_default().push(doubt);
        }
    }
    contest(store, run, &mut groups)?;
    Ok(groups)
}

/// Marks those whose record may be another's that no id tells apart: one to the same address that was accepted
/// without an id in any run, or the same text to the same address that is unknown in another run.
fn contest(store: &Sqlite, run: &Run, groups: &mut BTreeMap<Arc<str>, Vec<Doubt>>) -> Result<(), Failure> {
    for other in store.runs(None)? {
        pages(store, other.id, Some(State::Accepted), &mut |page| {
            for one in page.iter().filter(|one| one.provider_id.is_none()) {
                let group = groups.get_mut(one.address.as_str());
                group.into_iter().flatten().for_each(|doubt| doubt.contested = true);
            }
        })?;
        if other.pruned_at_ms.is_some() {
            contest_pruned(store, &other, groups)?;
        }
        if other.id == run.id {
            continue;
        }
        // What another process left under way may have arrived as well; nobody has counted it as unknown yet.
        pages(store, other.id, Some(State::Intent), &mut |page| {
            for one in page {
                let group = groups.get_mut(one.address.as_str());
                group.into_iter().flatten().for_each(|doubt| doubt.contested = true);
            }
        })?;
        let mut after = None;
        loop {
            let page = store.unknowns(other.id, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.listed.key);
            for one in &page {
                let group = groups.get_mut(one.listed.address.as_str());
                let alike = group.into_iter().flatten().filter(|doubt| *doubt.text == *one.text);
                alike.for_each(|doubt| doubt.contested = true);
            }
        }
    }
    Ok(())
}

/// Of a run whose messages were pruned nobody knows the ids any more: a record may be one of its messages where it was
/// still sending when this one began.
fn contest_pruned(
    store: &Sqlite,
    other: &Run,
    groups: &mut BTreeMap<Arc<str>, Vec<Doubt>>,
) -> Result<(), Failure> {
    Ok(store.contacts(other.id, 0, &mut |address, at_ms| {
        let at = DateTime::from_timestamp_millis(at_ms).unwrap_or_default() + LEEWAY;
        let group = groups.get_mut(address).into_iter().flatten();
        group.filter(|doubt| at >= doubt.from).for_each(|doubt| doubt.contested = true);
    })?)
}

/// One look-up an address, page after page, whoever and however many are unknown there.
fn look_up(asker: &mut Asker<'_, (Arc<str>, u32)>, doubts: &[Doubt], since: DateTime<Utc>) -> Lists {
    let mut by_address: BTreeMap<&Arc<str>, Vec<&Doubt>> = BTreeMap::new();
    for doubt in doubts {
        by_address.entry(&doubt.address).or_default().push(doubt);
    }
    let mut found: Lists = BTreeMap::new();
    let mut whole: HashSet<Arc<str>> = HashSet::new();
    let mut wanted: Vec<(Arc<str>, u32)> =
        by_address.keys().map(|address| (Arc::clone(address), 1)).collect();
    while !wanted.is_empty() {
        let mut more = Vec::new();
        asker.ask(
            wanted,
            |gateway, (address, page), token| async move {
                gateway.ask_for_page(&address, page, since, token.as_deref()).await
            },
            &mut |(address, number), page: Result<Page, String>| {
                let Ok(page) = page else { return };
                let doubts = by_address.get(&address).map(Vec::as_slice).unwrap_or_default();
                let mut sent = page.sent;
                sent.retain(|sent| doubts.iter().any(|doubt| reconcile::fits(doubt, sent)));
                found.entry(Arc::clone(&address)).or_default().extend(sent);
                match page.more {
                    // Of a list that is cut nobody knows what it leaves out.
                    _ if page.cut => {}
                    false => drop(whole.insert(address)),
                    true if number < MOST_PAGES => more.push((address, number + 1)),
                    // What stands beyond the last page that is asked for may fit as well.
                    true => {}
                }
            },
        );
        wanted = if asker.end().is_some() { Vec::new() } else { more };
    }
    found.retain(|address, _| whole.contains(address));
    found
}

/// What the lists prove, with what the state knows of their ids.
fn findings(store: &Sqlite, run: RunId, doubts: &[Doubt], lists: &Lists) -> Result<Vec<Finding>, Failure> {
    let ids: Vec<&str> = lists.values().flatten().map(|sent| sent.id.as_str()).collect();
    let mut known: HashMap<String, Vec<(RunId, MessageKey)>> = HashMap::new();
    for (id, run, key) in store.known_ids(&ids)? {
        known.entry(id).or_default().push((run, key));
    }
    let is_known = |id: &str, key: MessageKey| {
        known.get(id).is_some_and(|holders| holders.iter().any(|holder| *holder != (run, key)))
    };
    Ok(reconcile::reconcile(doubts, lists, &is_known))
}

fn record(
    store: &mut Sqlite,
    run: RunId,
    doubts: &[Doubt],
    findings: Vec<Finding>,
    sum: &mut Reconciled,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let mut changes = Vec::new();
    for (doubt, finding) in doubts.iter().zip(findings) {
        match finding {
            Finding::Sent { id, at } => {
                sum.found += 1;
                // It was accepted when the gateway says so, not when we found out.
                changes.push(Change {
                    key: doubt.key,
                    event: Resolution::Reconciled.event(),
                    provider_id: Some(id),
                    reason: None,
                    opted_out: false,
                    at_ms: at.timestamp_millis(),
                });
            }
            Finding::NotListed => sum.not_listed += 1,
            Finding::Ambiguous => sum.ambiguous += 1,
            Finding::NotSeen => sum.not_seen += 1,
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    let decision =
        Decision { who: person(), what: Resolution::Reconciled, reason: None, at_ms: now.timestamp_millis() };
    Ok(store.decide(run, &changes, &decision)?)
}
