//! Where the messages of each text of a run stand; and of a run that is pruned, where they stood.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::message::WordingId;
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::read::{is_pruned, receipt, state};
use crate::store::{Counts, RunId};

/// So many messages of a text, in this state, with this receipt, by their codes.
type Tally = BTreeMap<(WordingId, u8, Option<u8>), u64>;

/// The counts of each text. One pass over the messages; GROUP BY would sort.
pub fn by_wording(sql: &Connection, run: RunId) -> Result<Vec<(WordingId, Counts)>, Fault> {
    let mut all: BTreeMap<WordingId, Counts> = BTreeMap::new();
    let tally = if is_pruned(sql, run)? { kept(sql, run)? } else { tally(sql, run)? };
    for ((wording, in_state, with_receipt), n) in tally {
        let counts = all.entry(wording).or_default();
        counts.planned = counts.planned.saturating_add(n);
        counts.add(state(in_state)?, n);
        if let Some(status) = receipt(with_receipt)? {
            counts.add_receipts(status, n);
        }
    }
    Ok(all.into_iter().collect())
}

/// Keeps the counts of a run whose messages go.
pub fn keep(sql: &Connection, run: RunId) -> Result<(), Fault> {
    let mut insert = sql.prepare_cached(
        "INSERT INTO wording_counts (run, wording, state, receipt, n) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for ((wording, state, receipt), n) in tally(sql, run)? {
        insert.execute(params![run.0, wording, state, receipt, n])?;
    }
    Ok(())
}

fn tally(sql: &Connection, run: RunId) -> Result<Tally, Fault> {
    let mut tally = Tally::new();
    let mut statement = sql.prepare_cached(
        "SELECT wording, state, receipt FROM messages WHERE run = ?1 AND wording IS NOT NULL",
    )?;
    let mut rows = statement.query([run.0])?;
    while let Some(row) = rows.next()? {
        *tally.entry((row.get(0)?, row.get(1)?, row.get(2)?)).or_default() += 1;
    }
    Ok(tally)
}

fn kept(sql: &Connection, run: RunId) -> Result<Tally, Fault> {
    let mut tally = Tally::new();
    let mut statement =
        sql.prepare_cached("SELECT wording, state, receipt, n FROM wording_counts WHERE run = ?1")?;
    let mut rows = statement.query([run.0])?;
    while let Some(row) = rows.next()? {
        tally.insert((row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?);
    }
    Ok(tally)
}
