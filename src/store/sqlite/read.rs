//! What is read: runs, counts, claims and lists. Nothing here changes anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use crate::delivery::state::State;
use crate::message::Part;
use crate::store::sqlite::fault::Fault;
use crate::store::{
    Claim, Claimed, ClockId, Counts, Excluded, Listed, MessageKey, NewRun, ReceiptStatus, Run, RunClock,
    RunId, StoreError, UnknownMessage,
};

/// The state of a code on disk.
pub fn state(code: u8) -> Result<State, Fault> {
    State::from_code(code).ok_or_else(|| Fault::Content(format!("no state has the code {code}")))
}

/// The receipt of a code on disk.
pub fn receipt(code: Option<u8>) -> Result<Option<ReceiptStatus>, Fault> {
    let known = |code| {
        ReceiptStatus::from_code(code)
            .ok_or_else(|| Fault::Content(format!("no receipt has the code {code}")))
    };
    code.map(known).transpose()
}

/// The part of a code on disk.
fn part(code: Option<u32>) -> Result<Option<Part>, Fault> {
    let known =
        |code| Part::from_code(code).ok_or_else(|| Fault::Content(format!("no part has the code {code}")));
    code.map(known).transpose()
}

/// How many messages a run was pinned with.
pub fn planned(sql: &Connection, run: RunId) -> Result<u64, Fault> {
    let mut statement = sql.prepare_cached("SELECT planned FROM runs WHERE id = ?1")?;
    let found = statement.query_row([run.0], |row| row.get(0)).optional()?;
    found.ok_or_else(|| StoreError::NoSuchRun { run: run.0 }.into())
}

/// The counts as they are kept.
pub fn counts(sql: &Connection, run: RunId) -> Result<Counts, Fault> {
    let mut statement = sql.prepare_cached("SELECT state, n FROM counts WHERE run = ?1")?;
    let mut rows = statement.query([run.0])?;
    let mut counts = Counts { planned: planned(sql, run)?, ..Counts::default() };
    while let Some(row) = rows.next()? {
        counts.add(state(row.get(0)?)?, row.get(1)?);
    }
    let mut statement = sql.prepare_cached("SELECT receipt, n FROM receipt_counts WHERE run = ?1")?;
    let mut rows = statement.query([run.0])?;
    while let Some(row) = rows.next()? {
        if let Some(status) = receipt(row.get(0)?)? {
            counts.add_receipts(status, row.get(1)?);
        }
    }
    if counts.sum() == counts.planned {
        return Ok(counts);
    }
    let (sum, planned) = (counts.sum(), counts.planned);
    Err(Fault::Content(format!("run {run} was planned with {planned} messages and accounts for {sum}")))
}

/// The counts, proven: every message is looked at (some 0.1 s a million), and the books must agree.
pub fn recount(sql: &Connection, run: RunId) -> Result<Counts, Fault> {
    let kept = counts(sql, run)?;
    let mut counted = Counts { planned: kept.planned, ..Counts::default() };
    // One pass; GROUP BY would sort.
    let states = State::ALL.iter().map(|one| format!("total(state = {})", one.code()));
    let receipts = ReceiptStatus::ALL.iter().map(|one| format!("total(receipt = {})", one.code()));
    let sums: Vec<String> = states.chain(receipts).collect();
    let query = format!("SELECT {} FROM messages WHERE run = ?1", sums.join(", "));
    sql.prepare_cached(&query)?.query_row([run.0], |row| {
        for (column, state) in State::ALL.into_iter().enumerate() {
            counted.add(state, row.get::<_, f64>(column)? as u64);
        }
        for (column, status) in (State::ALL.len()..).zip(ReceiptStatus::ALL) {
            counted.add_receipts(status, row.get::<_, f64>(column)? as u64);
        }
        Ok(())
    })?;
    // A pruned run has no messages any more; its counts are what is left of them.
    let nothing = Counts { planned: kept.planned, ..Counts::default() };
    if counted == kept || counted == nothing && is_pruned(sql, run)? {
        return Ok(kept);
    }
    Err(Fault::Content(format!("the messages of run {run} do not add up to its counts")))
}

/// Whether the messages of a run were pruned.
pub fn is_pruned(sql: &Connection, run: RunId) -> Result<bool, Fault> {
    let mut statement = sql.prepare_cached("SELECT pruned_at_ms IS NOT NULL FROM runs WHERE id = ?1")?;
    Ok(statement.query_row([run.0], |row| row.get(0)).optional()?.unwrap_or(false))
}

/// Everybody who has opted out, whoever told us.
pub fn opt_outs(sql: &Connection) -> Result<Vec<String>, Fault> {
    let mut statement = sql.prepare_cached("SELECT address FROM opt_outs ORDER BY address")?;
    let addresses = statement.query_map([], |row| row.get(0))?;
    Ok(addresses.collect::<Result<_, _>>()?)
}

/// Whom a run may have reached: what is left of its messages, and of those that were pruned.
pub fn contacts(
    sql: &Connection,
    run: RunId,
    since_ms: i64,
    each: &mut dyn FnMut(&str, i64),
) -> Result<(), Fault> {
    let ended: Option<Option<i64>> = sql
        .prepare_cached("SELECT finished_at_ms FROM runs WHERE id = ?1")?
        .query_row([run.0], |row| row.get(0))
        .optional()?;
    let ended = ended.flatten().unwrap_or(i64::MAX);
    if ended <= since_ms {
        return Ok(());
    }
    let [accepted, unknown, intent, pending, held] =
        [State::Accepted, State::Unknown, State::Intent, State::Pending, State::Held].map(State::code);
    let messages = format!(
        "SELECT coalesce(m.address, m.recipient), m.changed_at_ms FROM messages m \
         WHERE m.run = ?1 AND m.changed_at_ms > ?2 AND (m.state IN ({accepted}, {unknown}, {intent}) \
         OR m.state IN ({pending}, {held}) AND m.attempts > 0 AND EXISTS (SELECT 1 FROM second_copies s \
         WHERE s.run = m.run AND s.text = m.text AND s.seq = m.seq))"
    );
    for query in [&*messages, "SELECT address, at_ms FROM contacts WHERE run = ?1 AND at_ms > ?2"] {
        let mut statement = sql.prepare_cached(query)?;
        let mut rows = statement.query([run.0, since_ms])?;
        while let Some(row) = rows.next()? {
            let address = row
                .get_ref(0)?
                .as_str()
                .map_err(|_| Fault::Content(format!("run {run} has an address that is no text")))?;
            each(address, row.get::<_, i64>(1)?.min(ended));
        }
    }
    Ok(())
}

const RUN: &str = "SELECT id, campaign, occurrence, digest, pinned, created_at_ms, finished_at_ms, \
    rejected, suppressed, filtered, duplicates, pruned_at_ms FROM runs";

fn run_row(sql: &Connection, row: &Row<'_>) -> Result<Run, Fault> {
    let id = RunId(row.get(0)?);
    let excluded = Excluded {
        rejected: row.get(7)?,
        suppressed: row.get(8)?,
        filtered: row.get(9)?,
        duplicates: row.get(10)?,
    };
    let pinned = NewRun {
        campaign: row.get(1)?,
        occurrence: row.get(2)?,
        pinned: row.get(4)?,
        created_at_ms: row.get(5)?,
    };
    Ok(Run {
        id,
        pinned,
        digest: row.get(3)?,
        excluded,
        finished_at_ms: row.get(6)?,
        pruned_at_ms: row.get(11)?,
        counts: counts(sql, id)?,
    })
}

/// The run of an occurrence.
pub fn run(sql: &Connection, campaign: &str, occurrence: &str) -> Result<Option<Run>, Fault> {
    let mut statement = sql.prepare_cached(&format!("{RUN} WHERE campaign = ?1 AND occurrence = ?2"))?;
    let mut rows = statement.query([campaign, occurrence])?;
    rows.next()?.map(|row| run_row(sql, row)).transpose()
}

/// The run of a number.
pub fn run_numbered(sql: &Connection, id: i64) -> Result<Run, Fault> {
    let mut statement = sql.prepare_cached(&format!("{RUN} WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    let found = rows.next()?.map(|row| run_row(sql, row)).transpose()?;
    found.ok_or_else(|| StoreError::NoSuchRun { run: id }.into())
}

/// Runs, oldest first: of one campaign or all, all or the unfinished.
pub fn runs(sql: &Connection, campaign: Option<&str>) -> Result<Vec<Run>, Fault> {
    let which = "(?1 IS NULL OR campaign = ?1)";
    all_runs(sql, sql.prepare_cached(&format!("{RUN} WHERE {which} ORDER BY id"))?, campaign)
}

/// Those of a campaign that are not finished, by an index of theirs.
pub fn unfinished(sql: &Connection, campaign: &str) -> Result<Vec<Run>, Fault> {
    let which = "campaign = ?1 AND finished_at_ms IS NULL";
    all_runs(sql, sql.prepare_cached(&format!("{RUN} WHERE {which} ORDER BY id"))?, Some(campaign))
}

fn all_runs(
    sql: &Connection,
    mut statement: CachedStatement<'_>,
    campaign: Option<&str>,
) -> Result<Vec<Run>, Fault> {
    let mut rows = statement.query(params![campaign])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        runs.push(run_row(sql, row)?);
    }
    Ok(runs)
}

/// The occurrences of a campaign that were begun, in the order in which they were.
pub fn occurrences(sql: &Connection, campaign: &str) -> Result<Vec<String>, Fault> {
    let mut statement = sql.prepare_cached("SELECT occurrence FROM runs WHERE campaign = ?1 ORDER BY id")?;
    let found = statement.query_map([campaign], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// What the terms of runs say of a sandbox. There may be a hundred thousand of them, of some kilobytes each: they are read
/// where they lie.
pub fn kinds(sql: &Connection) -> Result<Vec<Option<bool>>, Fault> {
    let mut statement = sql.prepare_cached(
        "SELECT DISTINCT CASE WHEN json_valid(pinned) THEN json_extract(pinned, '$.sandbox') END FROM runs",
    )?;
    let found = statement.query_map([], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The counts of all runs of each campaign together, by its name.
pub fn totals(sql: &Connection) -> Result<Vec<(String, Counts)>, Fault> {
    let mut totals: BTreeMap<String, Counts> = BTreeMap::new();
    let mut statement = sql.prepare_cached(
        "SELECT r.campaign, c.state, sum(c.n) FROM counts c JOIN runs r ON r.id = c.run GROUP BY 1, 2",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (counts, number) = (totals.entry(row.get(0)?).or_default(), row.get(2)?);
        counts.add(state(row.get(1)?)?, number);
        // Every run's counts are proven to be what it was planned with.
        counts.planned = counts.planned.saturating_add(number);
    }
    let mut statement = sql.prepare_cached(
        "SELECT r.campaign, c.receipt, sum(c.n) FROM receipt_counts c JOIN runs r ON r.id = c.run GROUP BY 1, 2",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(status) = receipt(row.get(1)?)? {
            totals.entry(row.get(0)?).or_default().add_receipts(status, row.get(2)?);
        }
    }
    Ok(totals.into_iter().collect())
}

/// A key before all others.
const START: MessageKey = MessageKey { text: 0, seq: 0 };

/// The most rows of an answer, as SQLite takes it.
pub fn limit(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The next pending messages. The text is joined from outside, so that a message that has lost its
/// text is an error and not a message that nobody ever gets.
pub fn claim(sql: &Connection, run: RunId, claim: &Claim) -> Result<Vec<Claimed>, Fault> {
    let clocks = claim.clocks.as_ref().map(|clocks| {
        let numbers: Vec<u32> = clocks.iter().map(|clock| clock.0).collect();
        serde_json::json!(numbers).to_string()
    });
    let theirs = if clocks.is_some() { "AND m.clock IN (SELECT value FROM json_each(?6))" } else { "" };
    let mut statement = sql.prepare_cached(&format!(
        "SELECT m.text, m.seq, m.recipient, m.address, m.segments, m.attempts, \
         t.text, m.part, m.attempts > 0 AND EXISTS (SELECT 1 FROM second_copies s WHERE s.run = m.run \
         AND s.text = m.text AND s.seq = m.seq), m.clock FROM messages m LEFT JOIN texts t ON t.run = m.run \
         AND t.id = m.text WHERE m.run = ?1 AND (m.text, m.seq) > (?2, ?3) AND m.state = ?4 {theirs} \
         ORDER BY m.text, m.seq LIMIT ?5"
    ))?;
    let after = claim.after.unwrap_or(START);
    let (pending, most) = (State::Pending.code(), limit(claim.most));
    let mut rows = match clocks {
        Some(clocks) => statement.query(params![run.0, after.text, after.seq, pending, most, clocks])?,
        None => statement.query(params![run.0, after.text, after.seq, pending, most])?,
    };
    let mut claimed: Vec<Claimed> = Vec::with_capacity(claim.most.min(1024));
    while let Some(row) = rows.next()? {
        let key = MessageKey { text: row.get(0)?, seq: row.get(1)? };
        let text = match claimed.last() {
            Some(last) if last.key.text == key.text => Arc::clone(&last.text),
            _ => row.get::<_, Option<Arc<str>>>(6)?.ok_or_else(|| lost_text(run, key))?,
        };
        let recipient: Arc<str> = row.get(2)?;
        claimed.push(Claimed {
            key,
            address: row.get::<_, Option<_>>(3)?.unwrap_or_else(|| Arc::clone(&recipient)),
            recipient,
            text,
            segments: row.get(4)?,
            part: part(row.get(7)?)?,
            attempts: row.get(5)?,
            second_copy: row.get(8)?,
            clock: row.get::<_, Option<u32>>(9)?.map(ClockId),
        });
    }
    Ok(claimed)
}

/// The clocks of a run, and how many messages are pending by each.
pub fn clocks(sql: &Connection, run: RunId) -> Result<Vec<RunClock>, Fault> {
    let mut statement = sql.prepare_cached("SELECT id, zones FROM clocks WHERE run = ?1 ORDER BY id")?;
    let mut rows = statement.query([run.0])?;
    let mut clocks: BTreeMap<u32, RunClock> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (id, zones): (u32, String) = (row.get(0)?, row.get(1)?);
        let zones = zones.split('&').map(str::to_owned).collect();
        clocks.insert(id, RunClock { id: ClockId(id), zones, pending: 0 });
    }
    if clocks.is_empty() {
        return Ok(Vec::new());
    }
    let pending = "SELECT clock FROM messages WHERE run = ?1 AND state = ?2";
    let mut statement = sql.prepare_cached(pending)?;
    let mut rows = statement.query(params![run.0, State::Pending.code()])?;
    while let Some(row) = rows.next()? {
        let clock: Option<u32> = row.get(0)?;
        let known = clock.and_then(|clock| clocks.get_mut(&clock));
        let lost = || Fault::Content(format!("a message of run {run} goes by no clock of it"));
        known.ok_or_else(lost)?.pending += 1;
    }
    Ok(clocks.into_values().collect())
}

fn lost_text(run: RunId, key: MessageKey) -> Fault {
    Fault::Content(format!("message {key} of run {run} is not settled and has no text"))
}

/// What a list shows of a message.
const LISTED: &str = "m.text, m.seq, m.recipient, coalesce(m.address, m.recipient), m.state, m.attempts, m.segments, \
    m.part, m.provider_id, m.reason, m.changed_at_ms, m.receipt, m.receipt_at_ms, m.state IN (2, 8) \
    AND m.attempts > 0 AND EXISTS (SELECT 1 FROM second_copies s WHERE s.run = m.run AND s.text = m.text \
    AND s.seq = m.seq), m.wording";

fn listed_row(row: &Row<'_>) -> Result<Listed, Fault> {
    Ok(Listed {
        key: MessageKey { text: row.get(0)?, seq: row.get(1)? },
        recipient: row.get(2)?,
        address: row.get(3)?,
        state: state(row.get(4)?)?,
        attempts: row.get(5)?,
        segments: row.get(6)?,
        part: part(row.get(7)?)?,
        provider_id: row.get(8)?,
        reason: row.get(9)?,
        changed_at_ms: row.get(10)?,
        receipt: receipt(row.get(11)?)?,
        receipt_at_ms: row.get(12)?,
        second_copy: row.get(13)?,
        wording: row.get(14)?,
    })
}

/// The next messages for a list.
pub fn messages(
    sql: &Connection,
    run: RunId,
    only: Option<State>,
    after: Option<MessageKey>,
    n: usize,
) -> Result<Vec<Listed>, Fault> {
    let mut statement = sql.prepare_cached(&format!(
        "SELECT {LISTED} FROM messages m WHERE m.run = ?1 AND (m.text, m.seq) > (?2, ?3) \
         AND (?4 IS NULL OR m.state = ?4) ORDER BY m.text, m.seq LIMIT ?5"
    ))?;
    let after = after.unwrap_or(START);
    let mut rows = statement.query(params![run.0, after.text, after.seq, only.map(State::code), limit(n)])?;
    let mut listed = Vec::new();
    while let Some(row) = rows.next()? {
        listed.push(listed_row(row)?);
    }
    Ok(listed)
}

/// The next accepted messages of whose fate nobody has told.
pub fn awaiting_receipt(
    sql: &Connection,
    run: RunId,
    after: Option<MessageKey>,
    n: usize,
) -> Result<Vec<Listed>, Fault> {
    let mut statement = sql.prepare_cached(&format!(
        "SELECT {LISTED} FROM messages m WHERE m.run = ?1 AND (m.text, m.seq) > (?2, ?3) AND m.state = ?4 \
         AND m.receipt IS NULL AND m.provider_id IS NOT NULL ORDER BY m.text, m.seq LIMIT ?5"
    ))?;
    let after = after.unwrap_or(START);
    let mut rows =
        statement.query(params![run.0, after.text, after.seq, State::Accepted.code(), limit(n)])?;
    let mut listed = Vec::new();
    while let Some(row) = rows.next()? {
        listed.push(listed_row(row)?);
    }
    Ok(listed)
}

/// The next unknown messages with their texts; one without a text is an error, as in a claim.
pub fn unknowns(
    sql: &Connection,
    run: RunId,
    after: Option<MessageKey>,
    n: usize,
) -> Result<Vec<UnknownMessage>, Fault> {
    let mut statement = sql.prepare_cached(&format!(
        "SELECT {LISTED}, t.text FROM messages m LEFT JOIN texts t ON t.run = m.run AND t.id = m.text \
         WHERE m.run = ?1 AND (m.text, m.seq) > (?2, ?3) AND m.state = ?4 ORDER BY m.text, m.seq LIMIT ?5"
    ))?;
    let after = after.unwrap_or(START);
    let mut rows = statement.query(params![run.0, after.text, after.seq, State::Unknown.code(), limit(n)])?;
    let mut unknowns = Vec::new();
    while let Some(row) = rows.next()? {
        let listed = listed_row(row)?;
        let text = row.get::<_, Option<String>>(15)?.ok_or_else(|| lost_text(run, listed.key))?;
        unknowns.push(UnknownMessage { listed, text });
    }
    Ok(unknowns)
}

/// The messages that are known under one of these ids: one pass over all of them.
pub fn known_ids(sql: &Connection, ids: &[&str]) -> Result<Vec<(String, RunId, MessageKey)>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = sql.prepare_cached(
        "SELECT provider_id, run, text, seq FROM messages WHERE provider_id IN (SELECT value FROM json_each(?1)) \
         ORDER BY run, text, seq",
    )?;
    let known = statement.query_map([serde_json::json!(ids).to_string()], |row| {
        Ok((row.get(0)?, RunId(row.get(1)?), MessageKey { text: row.get(2)?, seq: row.get(3)? }))
    })?;
    Ok(known.collect::<Result<_, _>>()?)
}
