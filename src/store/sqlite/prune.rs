//! Pruning: the messages of a finished run go, its counts and whom it reached stay; and the room goes back to the
//! system.

use rusqlite::{Connection, params};

use crate::delivery::state::State;
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::{read, wordings};
use crate::store::{Pruned, RunId, StoreError};

/// Row by row, so that a run of any size takes no memory: a sort of all addresses would.
const KEEP: &str = "INSERT INTO contacts (run, address, at_ms) \
    SELECT run, coalesce(address, recipient), changed_at_ms FROM messages WHERE run = ?1 AND state = ?2 \
    ON CONFLICT (run, address) DO UPDATE SET at_ms = max(at_ms, excluded.at_ms)";

/// Prunes a run inside the caller's transaction; its books are proven first.
pub fn prune(sql: &Connection, run: RunId, at_ms: i64) -> Result<Pruned, Fault> {
    let counts = read::recount(sql, run)?;
    if read::is_pruned(sql, run)? {
        return Ok(Pruned::default());
    }
    let needed = |why| Err(Fault::from(StoreError::StillNeeded { run: run.0, why }));
    let finished: bool =
        sql.query_row("SELECT finished_at_ms IS NOT NULL FROM runs WHERE id = ?1", [run.0], |row| {
            row.get(0)
        })?;
    if !finished || counts.open() > 0 {
        return needed("it is not finished");
    }
    if counts.of(State::Unknown) > 0 {
        return needed("nobody knows of some of its messages whether they were sent");
    }
    if counts.of(State::Held) > 0 {
        return needed("some of its messages are held until somebody decides");
    }
    wordings::keep(sql, run)?;
    sql.execute(KEEP, params![run.0, State::Accepted.code()])?;
    let contacts =
        sql.query_row("SELECT count(*) FROM contacts WHERE run = ?1", [run.0], |row| row.get(0))?;
    let messages = sql.execute("DELETE FROM messages WHERE run = ?1", [run.0])? as u64;
    sql.execute("DELETE FROM texts WHERE run = ?1", [run.0])?;
    sql.execute("DELETE FROM second_copies WHERE run = ?1", [run.0])?;
    sql.execute("UPDATE runs SET pruned_at_ms = ?2 WHERE id = ?1", [run.0, at_ms])?;
    read::recount(sql, run)?;
    Ok(Pruned { messages, contacts })
}

/// The room that a state's file takes, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The whole file.
    pub file: u64,
    /// What of it nothing uses: the next runs will.
    pub free: u64,
}

/// The room of the database as it is.
pub fn room(sql: &Connection) -> Result<Room, Fault> {
    let number = |name| sql.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    let size = number("page_size")?;
    Ok(Room { file: number("page_count")? * size, free: number("freelist_count")? * size })
}

/// Gives free room back to the system, where that is a quarter of the file at least. It means writing everything that
/// is left anew; below that, the next run fills the room, which was overwritten with zeros when it became free.
///
/// The copy that this takes meanwhile lies in the system's folder for temporary files, without a name: in memory, as
/// other temporary things of ours, it could be more than there is.
pub fn compact(sql: &Connection) -> Result<(), Fault> {
    let Room { file, free } = room(sql)?;
    if free == 0 || free < file / 4 {
        return Ok(());
    }
    sql.execute_batch("PRAGMA temp_store = FILE")?;
    let result = sql.execute_batch("VACUUM");
    sql.execute_batch("PRAGMA temp_store = MEMORY")?;
    // The log has all of it; the file becomes smaller when the state is closed.
    Ok(result?)
}
