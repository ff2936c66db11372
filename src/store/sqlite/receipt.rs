//! Receipts: what became of accepted messages, beside their states.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::delivery::state::State;
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::{change, read};
use crate::store::{Receipt, ReceiptStatus, RunId, StoreError};

const PRESENT: &str = "SELECT state, receipt FROM messages WHERE run = ?1 AND text = ?2 AND seq = ?3";
const WRITE: &str = "UPDATE messages SET receipt = ?4, receipt_at_ms = ?5, reason = ?6 \
    WHERE run = ?1 AND text = ?2 AND seq = ?3";

/// Records receipts inside the caller's transaction, and says how many told something new.
pub fn record(sql: &Connection, run: RunId, receipts: &[Receipt]) -> Result<u64, Fault> {
    let mut moves: BTreeMap<u8, i64> = BTreeMap::new();
    let mut changed = 0;
    for receipt in receipts {
        let known = known(sql, run, receipt)?;
        let status = receipt.status.after(known);
        if known == Some(status) {
            continue;
        }
        let (key, code) = (receipt.key, status.code());
        sql.prepare_cached(WRITE)?.execute(params![
            run.0,
            key.text,
            key.seq,
            code,
            receipt.at_ms,
            receipt.reason
        ])?;
        known.into_iter().for_each(|before| *moves.entry(before.code()).or_default() -= 1);
        *moves.entry(code).or_default() += 1;
        changed += 1;
    }
    move_counts(sql, run, &moves)?;
    change::balance(sql, run)?;
    Ok(changed)
}

/// The receipt that an accepted message has.
fn known(sql: &Connection, run: RunId, receipt: &Receipt) -> Result<Option<ReceiptStatus>, Fault> {
    let key = receipt.key;
    let found = sql
        .prepare_cached(PRESENT)?
        .query_row([run.0, key.text, key.seq], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (run, key) = (run.0, key.to_string());
    match found {
        None => Err(StoreError::NoSuchMessage { run, key }.into()),
        Some((state, _)) if read::state(state)? != State::Accepted => {
            Err(StoreError::NotAccepted { run, key }.into())
        }
        Some((_, code)) => read::receipt(code),
    }
}

fn move_counts(sql: &Connection, run: RunId, moves: &BTreeMap<u8, i64>) -> Result<(), Fault> {
    let mut add =
        sql.prepare_cached("UPDATE receipt_counts SET n = n + ?3 WHERE run = ?1 AND receipt = ?2")?;
    let mut first = sql.prepare_cached("INSERT INTO receipt_counts (run, receipt, n) VALUES (?1, ?2, ?3)")?;
    for (&code, &n) in moves.iter().filter(|(_, n)| **n != 0) {
        let row = [run.0, i64::from(code), n];
        if add.execute(row)? == 0 {
            first.execute(row)?;
        }
    }
    Ok(())
}
