//! What changes after the pin: the states of messages, the texts nobody needs, the end of a run.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::delivery::state::{State, next};
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::read;
use crate::store::{Change, RunId, StoreError};

const PRESENT: &str = "SELECT state, attempts FROM messages WHERE run = ?1 AND text = ?2 AND seq = ?3";
const CHANGE: &str = "UPDATE messages SET state = ?4, attempts = ?5, changed_at_ms = ?6, \
    provider_id = coalesce(?7, provider_id), reason = ?8 WHERE run = ?1 AND text = ?2 AND seq = ?3";

/// Applies the changes inside the caller's transaction.
pub fn commit(sql: &Connection, run: RunId, changes: &[Change]) -> Result<(), Fault> {
    let mut present = sql.prepare_cached(PRESENT)?;
    let mut write = sql.prepare_cached(CHANGE)?;
    let mut settled: BTreeMap<i64, i64> = BTreeMap::new();
    let mut reopened = false;
    for change in changes {
        let before = apply(&mut present, &mut write, run, change)?;
        let after = next(before, change.event).map_err(|illegal| illegal_change(run, change, illegal))?;
        if after.is_definite() {
            *settled.entry(change.key.text).or_default() += 1;
        }
        reopened |= after.is_open() && !before.is_open();
    }
    erase_texts(sql, run, &settled)?;
    if reopened {
        sql.prepare_cached("UPDATE runs SET finished_at_ms = NULL WHERE id = ?1")?.execute([run.0])?;
    }
    balance(sql, run)
}

fn illegal_change(
    run: RunId,
    change: &Change,
    illegal: crate::delivery::state::IllegalTransition,
) -> StoreError {
    StoreError::Illegal { run: run.0, key: change.key.to_string(), illegal }
}

/// Writes one change and answers with the state before it.
fn apply(
    present: &mut CachedStatement<'_>,
    write: &mut CachedStatement<'_>,
    run: RunId,
    change: &Change,
) -> Result<State, Fault> {
    let key = change.key;
    let found = present
        .query_row([run.0, key.text, key.seq], |row| Ok((row.get::<_, u8>(0)?, row.get::<_, u32>(1)?)))
        .optional()?;
    let (code, attempts) =
        found.ok_or_else(|| StoreError::NoSuchMessage { run: run.0, key: key.to_string() })?;
    let before = read::state(code)?;
    let after = next(before, change.event).map_err(|illegal| illegal_change(run, change, illegal))?;
    write.execute(params![
        run.0,
        key.text,
        key.seq,
        after.code(),
        change.event.attempts(attempts),
        change.at_ms,
        change.provider_id,
        change.reason,
    ])?;
    Ok(before)
}

/// Takes what was settled off the texts' needs, and erases those that nobody needs any more.
fn erase_texts(sql: &Connection, run: RunId, settled: &BTreeMap<i64, i64>) -> Result<(), Fault> {
    let mut erase = sql.prepare_cached("DELETE FROM texts WHERE run = ?1 AND id = ?2 AND needed = ?3")?;
    let mut lessen = sql
        .prepare_cached("UPDATE texts SET needed = needed - ?3 WHERE run = ?1 AND id = ?2 AND needed > ?3")?;
    for (&text, &count) in settled {
        let key = [run.0, text, count];
        if erase.execute(key)? == 0 && lessen.execute(key)? == 0 {
            let detail = format!("text {text} of run {run} is needed by fewer messages than use it");
            return Err(StoreError::internal(detail).into());
        }
    }
    Ok(())
}

/// In builds for tests: planned = Σ states, counted anew, before every commit of a small run.
fn balance(sql: &Connection, run: RunId) -> Result<(), Fault> {
    const SMALL: u64 = 5_000;
    if cfg!(debug_assertions) && read::planned(sql, run)? <= SMALL {
        read::counts(sql, run)?;
    }
    Ok(())
}

/// Every intent without an outcome becomes an unknown.
pub fn recover(sql: &Connection, run: RunId, at_ms: i64) -> Result<u64, Fault> {
    let changed = sql.execute(
        "UPDATE messages SET state = ?2, changed_at_ms = ?3, reason = 'interrupted' \
         WHERE run = ?1 AND state = ?4",
        params![run.0, State::Unknown.code(), at_ms, State::Intent.code()],
    )?;
    balance(sql, run)?;
    Ok(u64::try_from(changed).unwrap_or(u64::MAX))
}

/// Marks a run finished when nothing in it can still be sent.
pub fn finish(sql: &Connection, run: RunId, at_ms: i64) -> Result<(), Fault> {
    let open = read::counts(sql, run)?.open();
    if open > 0 {
        return Err(StoreError::StillOpen { run: run.0, open }.into());
    }
    sql.execute(
        "UPDATE runs SET finished_at_ms = ?2 WHERE id = ?1 AND finished_at_ms IS NULL",
        [run.0, at_ms],
    )?;
    Ok(())
}
