//! What a process that is gone left under way, for commands that do not send.

use super::exit::Failure;
use super::terminal::Terminal;
use crate::report::layout::count;
use crate::store::sqlite::Sqlite;
use crate::store::{Run, Store};
use crate::world::clock::Clock;

/// What a dead process left under way is unknown from now on.
pub fn recover(store: &mut Sqlite, run: &Run, clock: Clock, terminal: &Terminal) -> Result<(), Failure> {
    let lost = store.recover(run.id, clock.now().utc.timestamp_millis())?;
    if lost > 0 {
        let text = count(lost, "message");
        terminal.say(&format!("{text} under way when it was interrupted: unknown from now on."));
    }
    Ok(())
}
