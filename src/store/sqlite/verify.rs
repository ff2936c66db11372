//! The proof of a whole state: that the file is whole, and that what stands in it agrees with itself.

use rusqlite::Connection;

use crate::delivery::state::State;
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::read;
use crate::store::{Run, Verified};

/// The most problems of the file that are told.
const MOST: u32 = 20;

/// Looks at everything, at one moment: a live sender changes nothing in between.
pub fn verify(sql: &Connection) -> Result<Verified, Fault> {
    let snapshot = sql.unchecked_transaction()?;
    let mut wrong = whole(&snapshot)?;
    if !wrong.is_empty() {
        // What stands in a file that is not whole cannot be counted.
        return Ok(Verified { runs: Vec::new(), wrong });
    }
    strangers(&snapshot, &mut wrong)?;
    let mut runs = Vec::new();
    for id in numbers(&snapshot)? {
        match read::run_numbered(&snapshot, id) {
            Ok(run) => {
                collect(agrees(&snapshot, &run, &mut wrong), &mut wrong)?;
                runs.push(run);
            }
            Err(fault) => collect(Err(fault), &mut wrong)?,
        }
    }
    Ok(Verified { runs, wrong })
}

/// Notes what makes no sense; what cannot be read is the caller's.
fn collect(result: Result<(), Fault>, wrong: &mut Vec<String>) -> Result<(), Fault> {
    match result {
        Err(Fault::Content(why)) => wrong.push(why),
        other => other?,
    }
    Ok(())
}

/// Whether every page of the file, every index and every reference is as it should be.
fn whole(sql: &Connection) -> Result<Vec<String>, Fault> {
    let mut wrong = Vec::new();
    let mut statement = sql.prepare(&format!("PRAGMA main.integrity_check({MOST})"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let verdict: String = row.get(0)?;
        if verdict != "ok" {
            wrong.extend(verdict.lines().map(str::to_owned));
        }
    }
    Ok(wrong)
}

/// Rows that belong to nothing.
fn strangers(sql: &Connection, wrong: &mut Vec<String>) -> Result<(), Fault> {
    let mut statement = sql.prepare("PRAGMA main.foreign_key_check")?;
    let mut rows = statement.query([])?;
    let mut lost = std::collections::BTreeMap::<String, u64>::new();
    while let Some(row) = rows.next()? {
        *lost.entry(row.get(0)?).or_default() += 1;
    }
    for (what, query) in [
        ("texts", "SELECT count(*) FROM texts WHERE run NOT IN (SELECT id FROM runs)"),
        (
            "second_copies",
            "SELECT count(*) FROM second_copies s WHERE NOT EXISTS \
             (SELECT 1 FROM messages m WHERE m.run = s.run AND m.text = s.text AND m.seq = s.seq)",
        ),
    ] {
        let n: u64 = sql.query_row(query, [], |row| row.get(0))?;
        if n > 0 {
            lost.insert(what.to_owned(), n);
        }
    }
    wrong.extend(lost.iter().map(|(table, n)| format!("{n} rows of `{table}` belong to nothing")));
    Ok(())
}

fn numbers(sql: &Connection) -> Result<Vec<i64>, Fault> {
    let mut statement = sql.prepare("SELECT id FROM runs ORDER BY id")?;
    let ids = statement.query_map([], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Rows of a run that there must be none of: what is wrong with them, and how many there are. `{needs}` stands for the
/// states in which a message needs its text, `{accepted}` for the one that takes receipts.
const NONE_OF: [(&str, &str); 4] = [
    (
        "texts are needed by more or fewer messages than they say",
        "SELECT count(*) FROM texts t WHERE t.run = ?1 AND t.needed != (SELECT count(*) FROM messages m \
         WHERE m.run = t.run AND m.text = t.id AND m.state IN ({needs}))",
    ),
    (
        "messages are not settled and have no text",
        "SELECT count(*) FROM messages m WHERE m.run = ?1 AND m.state IN ({needs}) \
         AND NOT EXISTS (SELECT 1 FROM texts t WHERE t.run = m.run AND t.id = m.text)",
    ),
    (
        "messages have a receipt and were not accepted",
        "SELECT count(*) FROM messages WHERE run = ?1 AND receipt IS NOT NULL AND state != {accepted}",
    ),
    (
        "messages are there, and the run was pruned",
        "SELECT count(*) FROM messages m JOIN runs r ON r.id = m.run \
         WHERE m.run = ?1 AND r.pruned_at_ms IS NOT NULL",
    ),
];

/// Whether a run's counts, receipts and texts are those of its messages.
fn agrees(sql: &Connection, run: &Run, wrong: &mut Vec<String>) -> Result<(), Fault> {
    let (id, counts) = (run.id, read::recount(sql, run.id)?);
    if run.finished_at_ms.is_some() && counts.open() > 0 {
        wrong.push(format!("run {id} is finished, and {} of its messages may still be sent", counts.open()));
    }
    let needs = State::ALL.iter().filter(|state| !state.is_definite());
    let needs: Vec<String> = needs.map(|state| state.code().to_string()).collect();
    let accepted = State::Accepted.code().to_string();
    for (what, query) in NONE_OF {
        let query = query.replace("{needs}", &needs.join(", ")).replace("{accepted}", &accepted);
        let n: u64 = sql.query_row(&query, [id.0], |row| row.get(0))?;
        if n > 0 {
            wrong.push(format!("run {id}: {n} {what}"));
        }
    }
    Ok(())
}
