//! What people say, in tables: `decisions` is the record, `holds` and `opt_outs` are what holds now, `heard` is how far
//! the sender has read.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::delivery::control::{Hold, HoldKind, Mark, News, Teller};
use crate::store::control::{OptOut, Waiting, Word};
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::read::limit;
use crate::store::{RunId, StoreError};

/// What `decisions` calls them; frozen.
const RESUMED: &str = "resumed";
const OPTED_OUT: &str = "opted out";
const TAKEN_BACK: &str = "opt-out taken back";
/// The source of an opt-out that a person recorded; a gateway's is its campaign, whose name is never empty.
const PERSON: &str = "";

/// The number of the last decision.
fn last(sql: &Connection) -> Result<Mark, Fault> {
    let mut statement = sql.prepare_cached("SELECT coalesce(max(id), 0) FROM decisions")?;
    Ok(Mark(statement.query_row([], |row| row.get(0))?))
}

/// What was said after a mark. Cheap where nothing was: it is asked with every commit.
pub fn news(sql: &Connection, run: RunId, since: Mark) -> Result<Option<News>, Fault> {
    let up_to = last(sql)?;
    if up_to <= since {
        return Ok(None);
    }
    let mut statement = sql.prepare_cached(
        "SELECT recipient FROM decisions WHERE id > ?1 AND id <= ?2 AND what IN (?3, ?4) AND recipient IS NOT NULL",
    )?;
    let said = statement.query_map(params![since.0, up_to.0, OPTED_OUT, TAKEN_BACK], |row| row.get(0))?;
    let addresses = said.collect::<Result<BTreeSet<String>, _>>()?;
    let mut opt_outs = BTreeMap::new();
    let mut statement = sql.prepare_cached("SELECT source FROM opt_outs WHERE address = ?1")?;
    for address in addresses {
        let source: Option<String> = statement.query_row([&address], |row| row.get(0)).optional()?;
        opt_outs.insert(address, source.as_deref().map(teller));
    }
    let mut statement = sql.prepare_cached(
        "SELECT h.what, h.who, h.at_ms FROM holds h JOIN runs r ON r.campaign = h.campaign WHERE r.id = ?1",
    )?;
    let mut rows = statement.query([run.0])?;
    let hold = rows.next()?.map(|row| hold_row(row, 0)).transpose()?;
    Ok(Some(News { up_to, opt_outs, hold }))
}

fn teller(source: &str) -> Teller {
    if source == PERSON { Teller::Person } else { Teller::Gateway }
}

/// A hold whose three columns begin at `first`.
fn hold_row(row: &Row<'_>, first: usize) -> Result<Hold, Fault> {
    let word: String = row.get(first)?;
    let unknown = || StoreError::internal(format!("a hold is called `{word}`: use the newer sendplan"));
    let what = HoldKind::from_name(&word).ok_or_else(unknown)?;
    Ok(Hold { what, who: row.get(first + 1)?, at_ms: row.get(first + 2)? })
}

/// Notes how far the sender has heard; never less than before.
pub fn acknowledge(sql: &Connection, up_to: Mark) -> Result<(), Fault> {
    sql.prepare_cached(
        "INSERT INTO heard (one, decision) VALUES (1, ?1) \
         ON CONFLICT DO UPDATE SET decision = max(decision, excluded.decision)",
    )?
    .execute([up_to.0])?;
    Ok(())
}

/// How far the sender has heard.
pub fn acknowledged(sql: &Connection) -> Result<Mark, Fault> {
    let mut statement = sql.prepare_cached("SELECT coalesce(max(decision), 0) FROM heard")?;
    Ok(Mark(statement.query_row([], |row| row.get(0))?))
}

/// Notes what the sender waits for.
pub fn waits(sql: &Connection, run: RunId, waiting: &Waiting) -> Result<(), Fault> {
    sql.prepare_cached("INSERT OR REPLACE INTO waiting (run, until_ms, why) VALUES (?1, ?2, ?3)")?
        .execute(params![run.0, waiting.until_ms, waiting.why])?;
    Ok(())
}

/// Takes away what a run waited for: it is through, and a gateway's words may name somebody.
pub fn waits_no_more(sql: &Connection, run: RunId) -> Result<(), Fault> {
    sql.prepare_cached("DELETE FROM waiting WHERE run = ?1")?.execute([run.0])?;
    Ok(())
}

/// What runs wait for, by their numbers.
pub fn waiting(sql: &Connection) -> Result<Vec<(RunId, Waiting)>, Fault> {
    let mut statement = sql.prepare_cached("SELECT run, until_ms, why FROM waiting ORDER BY run")?;
    let rows = statement
        .query_map([], |row| Ok((RunId(row.get(0)?), Waiting { until_ms: row.get(1)?, why: row.get(2)? })))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Every hold.
pub fn holds(sql: &Connection) -> Result<Vec<(String, Hold)>, Fault> {
    let mut statement =
        sql.prepare_cached("SELECT campaign, what, who, at_ms FROM holds ORDER BY campaign")?;
    let mut rows = statement.query([])?;
    let mut holds = Vec::new();
    while let Some(row) = rows.next()? {
        holds.push((row.get(0)?, hold_row(row, 1)?));
    }
    Ok(holds)
}

fn record(
    sql: &Connection,
    what: &str,
    campaign: Option<&str>,
    recipient: Option<&str>,
    word: &Word,
) -> Result<Mark, Fault> {
    sql.prepare_cached(
        "INSERT INTO decisions (at_ms, who, what, campaign, recipient, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![word.at_ms, word.who, what, campaign, recipient, word.reason])?;
    Ok(Mark(sql.last_insert_rowid()))
}

/// Holds a campaign, unless it is held as strongly.
pub fn hold(
    sql: &Connection,
    campaign: &str,
    hold: &Hold,
    reason: Option<&str>,
) -> Result<Result<Mark, Hold>, Fault> {
    let before = holds(sql)?.into_iter().find(|(name, _)| name == campaign);
    if let Some((_, before)) = before.filter(|(_, before)| before.what >= hold.what) {
        return Ok(Err(before));
    }
    sql.prepare_cached("INSERT OR REPLACE INTO holds (campaign, what, who, at_ms) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![campaign, hold.what.name(), hold.who, hold.at_ms])?;
    let word = Word { who: hold.who.clone(), reason: reason.map(str::to_owned), at_ms: hold.at_ms };
    record(sql, hold.what.name(), Some(campaign), None, &word).map(Ok)
}

/// Lets a paused campaign go on.
pub fn release(sql: &Connection, campaign: &str, word: &Word) -> Result<Option<Mark>, Fault> {
    let paused = HoldKind::Paused.name();
    let gone = sql.execute("DELETE FROM holds WHERE campaign = ?1 AND what = ?2", [campaign, paused])?;
    if gone == 0 {
        return Ok(None);
    }
    record(sql, RESUMED, Some(campaign), None, word).map(Some)
}

/// Takes a cancellation away without a word; a pause is somebody else's, and holds again where the campaign goes on.
pub fn close(sql: &Connection, campaign: &str, goes_on: bool) -> Result<(), Fault> {
    let (paused, cancelled) = (HoldKind::Paused.name(), HoldKind::Cancelled.name());
    let gone = sql.execute("DELETE FROM holds WHERE campaign = ?1 AND what = ?2", [campaign, cancelled])?;
    if gone > 0 && goes_on {
        // The cancellation took the pause's place: the record still has who said it, and whether it was taken back.
        sql.execute(
            "INSERT INTO holds (campaign, what, who, at_ms) SELECT campaign, what, who, at_ms FROM (SELECT * FROM \
             decisions WHERE campaign = ?1 AND what IN (?2, ?3) ORDER BY id DESC LIMIT 1) WHERE what = ?2",
            [campaign, paused, RESUMED],
        )?;
    }
    Ok(())
}

/// Records opt-outs of people.
pub fn opt_out(sql: &Connection, addresses: &[String], word: &Word) -> Result<(u64, Mark), Fault> {
    let mut insert = sql.prepare_cached(
        "INSERT INTO opt_outs (address, source, at_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?;
    let (mut new, mut mark) = (0, last(sql)?);
    for address in addresses {
        new += insert.execute(params![address, PERSON, word.at_ms])? as u64;
        mark = record(sql, OPTED_OUT, None, Some(address), word)?;
    }
    Ok((new, mark))
}

/// Takes opt-outs back.
pub fn take_back(sql: &Connection, addresses: &[String], word: &Word) -> Result<(u64, Mark), Fault> {
    let mut delete = sql.prepare_cached("DELETE FROM opt_outs WHERE address = ?1")?;
    let (mut gone, mut mark) = (0, last(sql)?);
    for address in addresses {
        if delete.execute([address])? > 0 {
            gone += 1;
            mark = record(sql, TAKEN_BACK, None, Some(address), word)?;
        }
    }
    Ok((gone, mark))
}

/// The next opt-outs of a list. Who recorded one, and why, stands in the last decision since then that has a reason; a
/// word without one takes none away.
pub fn listed(sql: &Connection, after: Option<&str>, n: usize) -> Result<Vec<OptOut>, Fault> {
    let mut statement = sql.prepare_cached(
        "SELECT o.address, o.source, o.at_ms, d.who, d.reason FROM opt_outs o LEFT JOIN decisions d ON d.id = \
         (SELECT id FROM decisions WHERE what = ?3 AND recipient = o.address AND o.source = ?4 AND id > coalesce( \
         (SELECT max(id) FROM decisions WHERE what = ?5 AND recipient = o.address), 0) \
         ORDER BY reason IS NULL, id DESC LIMIT 1) \
         WHERE o.address > ?1 ORDER BY o.address LIMIT ?2",
    )?;
    let rows = statement.query_map(
        params![after.unwrap_or_default(), limit(n), OPTED_OUT, PERSON, TAKEN_BACK],
        |row| {
            let source: String = row.get(1)?;
            let who: Option<String> = row.get(3)?;
            Ok(OptOut {
                address: row.get(0)?,
                teller: teller(&source),
                at_ms: row.get(2)?,
                source: who.unwrap_or(source),
                reason: row.get(4)?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The next people who were taken back and not recorded again, with the last word about them.
pub fn taken_back(sql: &Connection, after: Option<&str>, n: usize) -> Result<Vec<OptOut>, Fault> {
    let mut statement = sql.prepare_cached(
        "SELECT d.recipient, d.who, d.at_ms, d.reason FROM decisions d WHERE d.what = ?3 AND d.recipient > ?1 \
         AND d.id = (SELECT max(id) FROM decisions WHERE recipient = d.recipient AND what = ?3) \
         AND NOT EXISTS (SELECT 1 FROM opt_outs WHERE address = d.recipient) ORDER BY d.recipient LIMIT ?2",
    )?;
    let rows = statement.query_map(params![after.unwrap_or_default(), limit(n), TAKEN_BACK], |row| {
        Ok(OptOut {
            address: row.get(0)?,
            teller: Teller::Person,
            source: row.get(1)?,
            at_ms: row.get(2)?,
            reason: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
