//! From one version of the state to the next: steps in SQL, one transaction, after a copy of the file as it was
//! ([`super::copy`]). A file that is only read is seen as the newest version and stays as it is.

use rusqlite::Connection;

use crate::store::sqlite::fault::Fault;

/// The version of the schema that this code writes and reads.
pub const VERSION: i64 = 3;

/// The steps: the first makes version 1 out of nothing, each other one makes its version out of the one before.
/// A step that was released is never edited.
const STEPS: [(i64, &str); 3] =
    [(1, include_str!("version1.sql")), (2, include_str!("version2.sql")), (3, include_str!("version3.sql"))];

/// Older versions seen as the one after, by a connection that only reads: names of the temporary schema come first.
const VIEWS: [(i64, &str); 2] = [
    (
        1,
        "CREATE TEMP VIEW messages AS SELECT run, text, seq, state, attempts, segments, changed_at_ms, \
         recipient, address, provider_id, reason, NULL AS part, NULL AS receipt, NULL AS receipt_at_ms, \
         NULL AS clock, NULL AS wording FROM main.messages; \
         CREATE TEMP TABLE receipt_counts (run INTEGER, receipt INTEGER, n INTEGER); \
         CREATE TEMP TABLE opt_outs (address TEXT, source TEXT, at_ms INTEGER);",
    ),
    (
        2,
        "CREATE TEMP VIEW IF NOT EXISTS messages AS SELECT *, NULL AS clock, NULL AS wording FROM main.messages; \
         CREATE TEMP TABLE wording_counts (run INTEGER, wording INTEGER, state INTEGER, receipt INTEGER, n INTEGER); \
         CREATE TEMP TABLE clocks (run INTEGER, id INTEGER, zones TEXT); \
         CREATE TEMP VIEW runs AS SELECT *, NULL AS pruned_at_ms FROM main.runs; \
         CREATE TEMP TABLE decisions (id INTEGER, at_ms INTEGER, who TEXT, what TEXT, campaign TEXT, \
         run INTEGER, text INTEGER, seq INTEGER, recipient TEXT, reason TEXT); \
         CREATE TEMP TABLE second_copies (run INTEGER, text INTEGER, seq INTEGER); \
         CREATE TEMP TABLE holds (campaign TEXT, what TEXT, who TEXT, at_ms INTEGER); \
         CREATE TEMP TABLE heard (one INTEGER, decision INTEGER); \
         CREATE TEMP TABLE waiting (run INTEGER, until_ms INTEGER, why TEXT); \
         CREATE TEMP TABLE contacts (run INTEGER, address TEXT, at_ms INTEGER);",
    ),
];

/// Takes every step after `from`, inside the caller's transaction, and names the version in the file.
pub fn steps(sql: &Connection, from: i64) -> Result<(), Fault> {
    for (_, step) in STEPS.iter().filter(|(version, _)| *version > from) {
        sql.execute_batch(step)?;
    }
    sql.pragma_update(None, "user_version", VERSION)?;
    Ok(())
}

/// Brings an older file to this version: all of it or nothing, whenever the process dies.
pub fn migrate(sql: &Connection, from: i64) -> Result<(), Fault> {
    sql.execute_batch("BEGIN IMMEDIATE")?;
    let result = steps(sql, from).and_then(|()| Ok(sql.execute_batch("COMMIT")?));
    if result.is_err() && !sql.is_autocommit() {
        // The error is what matters; closing the connection undoes the rest as well.
        let _ = sql.execute_batch("ROLLBACK");
    }
    result
}

/// Lets a connection that only reads see an older file as one of this version.
pub fn look_through(sql: &Connection, version: i64) -> Result<(), Fault> {
    for (_, view) in VIEWS.iter().filter(|(of, _)| *of >= version) {
        sql.execute_batch(view)?;
    }
    Ok(())
}
