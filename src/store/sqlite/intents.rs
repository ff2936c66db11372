//! Intents of messages that follow each other in the state, written as one. They are half of all that a run writes, and
//! a statement for each would cost several times as much.

use rusqlite::{Connection, params};

use crate::delivery::state::{Event, State};
use crate::store::sqlite::fault::Fault;
use crate::store::{Change, MessageKey, RunId};

const FROM: &str = "SELECT text, seq, state FROM messages WHERE run = ?1 AND (text, seq) >= (?2, ?3) \
    ORDER BY text, seq LIMIT ?4";
/// What fails takes the whole transaction with it, so that SQLite need not keep the pages as they were (`OR FAIL`).
const INTEND: &str = "UPDATE OR FAIL messages SET state = ?7, attempts = attempts + ?8, changed_at_ms = ?9, reason = NULL \
    WHERE run = ?1 AND (text, seq) >= (?2, ?3) AND (text, seq) <= (?4, ?5) AND state = ?6";

/// The most that are written together: those behind an intent that stands alone are looked through again.
const MOST: usize = 512;

/// Writes as many of the first changes as are intents of pending messages with no other message between them, and says
/// how many. None, if that would be a single one.
pub fn write(sql: &Connection, run: RunId, changes: &[Change]) -> Result<usize, Fault> {
    let Some(first) = changes.first().filter(|first| is_plain_intent(first)) else { return Ok(0) };
    let is_alike = |one: &&Change| is_plain_intent(one) && one.at_ms == first.at_ms;
    let alike = changes.iter().take(MOST).take_while(is_alike).count();
    let alike = changes.get(..alike).unwrap_or_default();
    let n = if alike.len() > 1 { follow_each_other(sql, run, alike)? } else { 0 };
    let Some(last) = alike.get(..n).and_then(<[Change]>::last).filter(|_| n > 1) else { return Ok(0) };
    let written = sql.prepare_cached(INTEND)?.execute(params![
        run.0,
        first.key.text,
        first.key.seq,
        last.key.text,
        last.key.seq,
        State::Pending.code(),
        State::Intent.code(),
        Event::Intend.attempt(),
        first.at_ms,
    ])?;
    if written == n {
        return Ok(n);
    }
    Err(Fault::Content(format!(
        "message {} of run {run} and its neighbours changed while they were written",
        first.key
    )))
}

/// An intent that says nothing besides.
fn is_plain_intent(change: &Change) -> bool {
    change.event == Event::Intend
        && change.provider_id.is_none()
        && change.reason.is_none()
        && !change.opted_out
}

/// How many of the first messages are pending and follow each other.
fn follow_each_other(sql: &Connection, run: RunId, changes: &[Change]) -> Result<usize, Fault> {
    let Some(first) = changes.first() else { return Ok(0) };
    let most = i64::try_from(changes.len()).unwrap_or(i64::MAX);
    let mut statement = sql.prepare_cached(FROM)?;
    let mut rows = statement.query([run.0, first.key.text, first.key.seq, most])?;
    let mut n = 0;
    for change in changes {
        let Some(row) = rows.next()? else { break };
        let key = MessageKey { text: row.get(0)?, seq: row.get(1)? };
        if key != change.key || row.get::<_, u8>(2)? != State::Pending.code() {
            break;
        }
        n += 1;
    }
    Ok(n)
}
