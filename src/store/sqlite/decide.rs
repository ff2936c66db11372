//! Decisions: changes of state with the name of whoever wanted them, in one transaction.

use rusqlite::{Connection, params};

use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::{change, read};
use crate::store::{Change, Decided, Decision, RunId};

const RECORD: &str = "INSERT INTO decisions (at_ms, who, what, campaign, run, text, seq, recipient, reason) \
    SELECT ?4, ?5, ?6, r.campaign, m.run, m.text, m.seq, m.recipient, ?7 \
    FROM messages m JOIN runs r ON r.id = m.run WHERE m.run = ?1 AND m.text = ?2 AND m.seq = ?3";

const CLOCK: &str = "INSERT INTO clocks (run, id, zones) \
    SELECT ?1, coalesce((SELECT max(id) FROM clocks WHERE run = ?1), 0) + 1, ?2 \
    WHERE NOT EXISTS (SELECT 1 FROM clocks WHERE run = ?1 AND zones = ?2)";

const GO_BY: &str = "UPDATE messages SET clock = (SELECT id FROM clocks WHERE run = ?1 AND zones = ?4) \
    WHERE run = ?1 AND text = ?2 AND seq = ?3";

const DECIDED: &str = "SELECT d.id, d.at_ms, d.who, d.what, r.occurrence, d.recipient, \
    CASE WHEN m.seq IS NOT NULL THEN coalesce(m.address, m.recipient) END, d.reason FROM decisions d \
    LEFT JOIN runs r ON r.id = d.run \
    LEFT JOIN messages m ON m.run = d.run AND m.text = d.text AND m.seq = d.seq \
    WHERE d.campaign = ?1 AND d.id > ?2 ORDER BY d.id LIMIT ?3";

/// Applies the changes and records who decided so, inside the caller's transaction.
pub fn decide(sql: &Connection, run: RunId, changes: &[Change], decision: &Decision) -> Result<(), Fault> {
    change::commit(sql, run, changes)?;
    let mut record = sql.prepare_cached(RECORD)?;
    let (who, what, reason) = (&decision.who, decision.what.name(), &decision.reason);
    for Change { key, .. } in changes {
        record.execute(params![run.0, key.text, key.seq, decision.at_ms, who, what, reason])?;
    }
    Ok(())
}

/// The same, and the messages go by the clock of these zones, which the run may have already.
pub fn place(
    sql: &Connection,
    run: RunId,
    changes: &[Change],
    zones: &[&str],
    decision: &Decision,
) -> Result<(), Fault> {
    let zones = zones.join("&");
    sql.prepare_cached(CLOCK)?.execute(params![run.0, zones])?;
    let mut go_by = sql.prepare_cached(GO_BY)?;
    for Change { key, .. } in changes {
        go_by.execute(params![run.0, key.text, key.seq, zones])?;
    }
    decide(sql, run, changes, decision)
}

/// The next decisions about a campaign, oldest first.
pub fn decisions(
    sql: &Connection,
    campaign: &str,
    after: Option<i64>,
    n: usize,
) -> Result<Vec<Decided>, Fault> {
    let mut statement = sql.prepare_cached(DECIDED)?;
    let rows = statement.query_map(params![campaign, after.unwrap_or(0), read::limit(n)], |row| {
        Ok(Decided {
            id: row.get(0)?,
            at_ms: row.get(1)?,
            who: row.get(2)?,
            what: row.get(3)?,
            occurrence: row.get(4)?,
            recipient: row.get(5)?,
            address: row.get(6)?,
            reason: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
