//! What changes after the pin: the states of messages, the texts nobody needs, the end of a run.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::delivery::state::{Event, State, next};
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::{control, intents, read};
use crate::store::{Change, RunId, StoreError};

const PRESENT: &str = "SELECT state FROM messages WHERE run = ?1 AND text = ?2 AND seq = ?3";
/// Writes nothing unless the message is in the state that the change leads out of.
const CHANGE: &str = "UPDATE messages SET state = ?5, attempts = max(attempts + ?6, 0), changed_at_ms = ?7, \
    provider_id = coalesce(?8, provider_id), reason = ?9 \
    WHERE run = ?1 AND text = ?2 AND seq = ?3 AND state = ?4";
/// The same for an answer that came with an id and was counted with its intent: half of all that a run writes.
const ANSWERED: &str = "UPDATE messages SET state = ?5, changed_at_ms = ?6, provider_id = ?7, reason = ?8 \
    WHERE run = ?1 AND text = ?2 AND seq = ?3 AND state = ?4";

const OPT_OUT: &str = "INSERT INTO opt_outs (address, source, at_ms) \
    SELECT coalesce(m.address, m.recipient), r.campaign, ?4 FROM messages m JOIN runs r ON r.id = m.run \
    WHERE m.run = ?1 AND m.text = ?2 AND m.seq = ?3 ON CONFLICT DO NOTHING";

const SECOND_COPY: &str =
    "INSERT INTO second_copies (run, text, seq) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

/// Records addresses as opted out, and says how many were new.
pub fn opt_out(sql: &Connection, addresses: &[String], source: &str, at_ms: i64) -> Result<u64, Fault> {
    let mut insert = sql.prepare_cached(
        "INSERT INTO opt_outs (address, source, at_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?;
    let mut new = 0;
    for address in addresses {
        new += insert.execute(params![address, source, at_ms])? as u64;
    }
    Ok(new)
}

/// What a commit does to a run as a whole, gathered while its changes are written.
#[derive(Default)]
struct Effect {
    /// State code → how many messages more, or fewer, are in it.
    counts: BTreeMap<u8, i64>,
    /// The texts of messages that became definite, each as often as it was one of its own.
    settled: Vec<i64>,
    /// Whether something can be sent that could not before.
    reopened: bool,
}

impl Effect {
    /// All these messages went from one state to another.
    fn note(&mut self, changes: &[Change], before: State, after: State) {
        let n = i64::try_from(changes.len()).unwrap_or(i64::MAX);
        *self.counts.entry(before.code()).or_default() -= n;
        *self.counts.entry(after.code()).or_default() += n;
        if after.is_definite() {
            self.settled.extend(changes.iter().map(|change| change.key.text));
        }
        self.reopened |= after.is_open() && !before.is_open();
    }
}

/// Applies the changes inside the caller's transaction.
pub fn commit(sql: &Connection, run: RunId, changes: &[Change]) -> Result<(), Fault> {
    let mut statements = Statements::prepare(sql)?;
    let mut effect = Effect::default();
    let mut rest = changes;
    while let [change, others @ ..] = rest {
        if let n @ 1.. = intents::write(sql, run, rest)? {
            let (written, others) = rest.split_at(n);
            effect.note(written, State::Pending, State::Intent);
            rest = others;
            continue;
        }
        let (before, after) = apply(&mut statements, run, change)?;
        effect.note(std::slice::from_ref(change), before, after);
        rest = others;
        if change.event == Event::Resend {
            sql.prepare_cached(SECOND_COPY)?.execute([run.0, change.key.text, change.key.seq])?;
        }
        if change.opted_out {
            let key = change.key;
            sql.prepare_cached(OPT_OUT)?.execute([run.0, key.text, key.seq, change.at_ms])?;
        }
    }
    erase_texts(sql, run, effect.settled)?;
    move_counts(sql, run, &effect.counts)?;
    if effect.reopened {
        sql.prepare_cached("UPDATE runs SET finished_at_ms = NULL WHERE id = ?1")?.execute([run.0])?;
    }
    balance(sql, run)
}

/// What a commit asks again and again.
struct Statements<'a> {
    present: CachedStatement<'a>,
    change: CachedStatement<'a>,
    answered: CachedStatement<'a>,
    /// The last event, and [`source`] of it.
    asked: Option<(Event, Option<State>)>,
}

impl<'a> Statements<'a> {
    fn prepare(sql: &'a Connection) -> Result<Self, Fault> {
        let [present, change, answered] = [PRESENT, CHANGE, ANSWERED].map(|one| sql.prepare_cached(one));
        Ok(Self { present: present?, change: change?, answered: answered?, asked: None })
    }

    /// See [`source`]: outcomes of one kind come together.
    fn source(&mut self, event: Event) -> Option<State> {
        match self.asked {
            Some((asked, only)) if asked == event => only,
            _ => {
                let only = source(event);
                self.asked = Some((event, only));
                only
            }
        }
    }
}

/// The state that an event leads out of, if there is only one.
fn source(event: Event) -> Option<State> {
    let mut sources = State::ALL.into_iter().filter(|state| next(*state, event).is_ok());
    sources.next().filter(|_| sources.next().is_none())
}

/// Writes one change and answers with the states before and after it. Most events lead out of one state only: the
/// message is then looked for in it and written in one go, and looked at only if it is not there.
fn apply(statements: &mut Statements<'_>, run: RunId, change: &Change) -> Result<(State, State), Fault> {
    if let Some(only) = statements.source(change.event)
        && let Some(after) = write_from(statements, run, change, only)?
    {
        return Ok((only, after));
    }
    let (key, run_id) = (change.key, run.0);
    let code =
        statements.present.query_row([run_id, key.text, key.seq], |row| row.get::<_, u8>(0)).optional()?;
    let code = code.ok_or_else(|| StoreError::NoSuchMessage { run: run_id, key: key.to_string() })?;
    let before = read::state(code)?;
    let gone = || Fault::Content(format!("message {key} of run {run} changed while it was written"));
    let after = write_from(statements, run, change, before)?.ok_or_else(gone)?;
    Ok((before, after))
}

/// Writes one change of a message that is in the state `before`; nothing if it is not.
fn write_from(
    statements: &mut Statements<'_>,
    run: RunId,
    change: &Change,
    before: State,
) -> Result<Option<State>, Fault> {
    let key = change.key;
    let after = next(before, change.event).map_err(|illegal| StoreError::Illegal {
        run: run.0,
        key: key.to_string(),
        illegal,
    })?;
    let (from, to, at_ms, reason) = (before.code(), after.code(), change.at_ms, &change.reason);
    let written = match (change.event.attempt(), &change.provider_id) {
        (0, Some(id)) => {
            statements.answered.execute(params![run.0, key.text, key.seq, from, to, at_ms, id, reason])?
        }
        (attempt, id) => {
            let values = params![run.0, key.text, key.seq, from, to, attempt, at_ms, id, reason];
            statements.change.execute(values)?
        }
    };
    Ok((written > 0).then_some(after))
}

/// Moves messages between the counts of states.
fn move_counts(sql: &Connection, run: RunId, moves: &BTreeMap<u8, i64>) -> Result<(), Fault> {
    let mut add = sql.prepare_cached("UPDATE counts SET n = n + ?3 WHERE run = ?1 AND state = ?2")?;
    for (&code, &n) in moves.iter().filter(|(_, n)| **n != 0) {
        if add.execute([run.0, i64::from(code), n])? != 1 {
            return Err(Fault::Content(format!("run {run} has no count for the state {code}")));
        }
    }
    Ok(())
}

/// Takes what was settled off the texts' needs, and erases those that nobody needs any more: texts of one message each
/// that are neighbours together.
fn erase_texts(sql: &Connection, run: RunId, mut settled: Vec<i64>) -> Result<(), Fault> {
    settled.sort_unstable();
    let mut singles: Option<(i64, i64)> = None;
    for same in settled.chunk_by(|one, other| one == other) {
        let (Some(&text), Ok(count)) = (same.first(), i64::try_from(same.len())) else { continue };
        singles = match singles {
            Some((first, last)) if count == 1 && text == last + 1 => Some((first, text)),
            before => {
                before.map_or(Ok(()), |range| erase_singles(sql, run, range))?;
                (count == 1).then_some((text, text))
            }
        };
        if count > 1 {
            lessen(sql, run, text, count)?;
        }
    }
    singles.map_or(Ok(()), |range| erase_singles(sql, run, range))
}

/// One message of each text from the first to the last was settled.
fn erase_singles(sql: &Connection, run: RunId, (first, last): (i64, i64)) -> Result<(), Fault> {
    const ERASE: &str = "DELETE FROM texts WHERE run = ?1 AND id BETWEEN ?2 AND ?3 AND needed = 1";
    let erased = sql.prepare_cached(ERASE)?.execute([run.0, first, last])?;
    if i64::try_from(erased).ok() == Some(last - first + 1) {
        return Ok(());
    }
    // Some are needed by others as well; those that were erased are there no more.
    let left: Vec<i64> = sql
        .prepare_cached("SELECT id FROM texts WHERE run = ?1 AND id BETWEEN ?2 AND ?3")?
        .query_map([run.0, first, last], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if i64::try_from(left.len() + erased).ok() != Some(last - first + 1) {
        return Err(overdrawn(run, first));
    }
    left.into_iter().try_for_each(|text| lessen(sql, run, text, 1))
}

/// So many messages of one text were settled.
fn lessen(sql: &Connection, run: RunId, text: i64, count: i64) -> Result<(), Fault> {
    const ERASE: &str = "DELETE FROM texts WHERE run = ?1 AND id = ?2 AND needed = ?3";
    const LESSEN: &str = "UPDATE texts SET needed = needed - ?3 WHERE run = ?1 AND id = ?2 AND needed > ?3";
    let key = [run.0, text, count];
    if sql.prepare_cached(ERASE)?.execute(key)? == 0 && sql.prepare_cached(LESSEN)?.execute(key)? == 0 {
        return Err(overdrawn(run, text));
    }
    Ok(())
}

fn overdrawn(run: RunId, text: i64) -> Fault {
    Fault::Content(format!("text {text} of run {run} was needed by fewer than had it"))
}

/// Proves the books of a small run before every commit in builds for tests.
pub fn balance(sql: &Connection, run: RunId) -> Result<(), Fault> {
    const SMALL: u64 = 5_000;
    if cfg!(debug_assertions) && read::planned(sql, run)? <= SMALL {
        read::recount(sql, run)?;
    }
    Ok(())
}

/// Every intent without an outcome becomes an unknown; the books are proven first.
pub fn recover(sql: &Connection, run: RunId, at_ms: i64) -> Result<u64, Fault> {
    read::recount(sql, run)?;
    let changed = sql.execute(
        "UPDATE messages SET state = ?2, changed_at_ms = ?3, reason = 'interrupted' \
         WHERE run = ?1 AND state = ?4",
        params![run.0, State::Unknown.code(), at_ms, State::Intent.code()],
    )?;
    let n = i64::try_from(changed).unwrap_or(i64::MAX);
    let moves = BTreeMap::from([(State::Intent.code(), -n), (State::Unknown.code(), n)]);
    move_counts(sql, run, &moves)?;
    balance(sql, run)?;
    Ok(u64::try_from(changed).unwrap_or(u64::MAX))
}

/// Marks a run finished when nothing in it can still be sent.
pub fn finish(sql: &Connection, run: RunId, at_ms: i64) -> Result<(), Fault> {
    let open = read::recount(sql, run)?.open();
    if open > 0 {
        return Err(StoreError::StillOpen { run: run.0, open }.into());
    }
    sql.execute(
        "UPDATE runs SET finished_at_ms = ?2 WHERE id = ?1 AND finished_at_ms IS NULL",
        [run.0, at_ms],
    )?;
    control::waits_no_more(sql, run)
}
