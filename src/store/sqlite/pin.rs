//! Pinning a run: everybody who is planned, and every distinct text once, in one transaction.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::path::Path;

use rusqlite::{CachedStatement, Connection, ErrorCode, params};
use sha2::{Digest, Sha256};

use crate::delivery::state::State;
use crate::message::Part;
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::open::{CACHE, SMALL_CACHE, cache};
use crate::store::sqlite::turn::{Taken, Turn};
use crate::store::{ClockId, Excluded, NewRun, PinnedClock, PinnedMessage, Pinning, RunId, StoreError};

/// The most distinct texts that are remembered while pinning, 40 MB of them. A campaign with more is
/// a personalised one; a text that comes again after this many is stored again, and that is all.
const MOST_TEXTS: usize = 1 << 20;

const INSERT_TEXT: &str = "INSERT INTO texts (run, id, needed, text) VALUES (?1, ?2, 1, ?3)";
const INSERT_MESSAGE: &str = "INSERT INTO messages \
    (run, text, seq, state, attempts, segments, changed_at_ms, recipient, address, part, clock, reason, \
    wording) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

/// A pin in progress.
pub struct Pin<'a> {
    sql: &'a Connection,
    path: &'a Path,
    turn: &'a Turn,
    /// Nobody else of this process writes meanwhile.
    _taken: Taken<'a>,
    insert_text: CachedStatement<'a>,
    insert_message: CachedStatement<'a>,
    run: RunId,
    at_ms: i64,
    messages: i64,
    texts: i64,
    /// How many of the messages are held.
    held: i64,
    /// Names of zones → the number of their clock.
    clocks: HashMap<String, u32>,
    /// The first 128 bits of a text's digest → its number, and how many messages have it.
    known: HashMap<u128, (i64, i64)>,
    /// Hashes of the recipients so far, with the part's number; a hit is looked up before anybody is refused.
    recipients: HashSet<u64>,
    hasher: RandomState,
    /// Whether the connection has a small cache but for this.
    grown: bool,
    sealed: bool,
}

impl<'a> Pin<'a> {
    /// Opens the transaction and writes the run. A connection whose cache is small gets a larger one meanwhile: rows of a
    /// run are looked up all over it by their recipients, and one connection pins at a time.
    pub fn begin(
        sql: &'a Connection,
        path: &'a Path,
        (turn, taken): (&'a Turn, Taken<'a>),
        run: &NewRun,
        grows: bool,
    ) -> Result<Self, StoreError> {
        let fault = |fault: rusqlite::Error| Fault::from(fault).at(path);
        let insert_text = sql.prepare_cached(INSERT_TEXT).map_err(fault)?;
        let insert_message = sql.prepare_cached(INSERT_MESSAGE).map_err(fault)?;
        if grows {
            cache(sql, CACHE).map_err(|fault| fault.at(path))?;
        }
        sql.execute_batch("BEGIN IMMEDIATE").map_err(fault)?;
        let mut pin = Self {
            sql,
            path,
            turn,
            _taken: taken,
            insert_text,
            insert_message,
            run: RunId(0),
            at_ms: run.created_at_ms,
            messages: 0,
            texts: 0,
            held: 0,
            clocks: HashMap::new(),
            known: HashMap::new(),
            recipients: HashSet::new(),
            hasher: RandomState::new(),
            grown: grows,
            sealed: false,
        };
        let result = insert_run(sql, run);
        pin.run = pin.keep(result)?;
        Ok(pin)
    }

    /// Names the file in an error, and remembers a disk that failed.
    fn keep<T>(&mut self, result: Result<T, Fault>) -> Result<T, StoreError> {
        result.map_err(|fault| fault.at(self.path)).inspect_err(|error| self.turn.note(error))
    }

    fn insert(&mut self, message: &PinnedMessage<'_>) -> Result<(), Fault> {
        self.refuse_duplicate(message)?;
        // A part is stored for itself: were it shared, it would stand with the others of its text in the order
        // of claims, away from the rest of its person's.
        let text = match message.part {
            Some(_) => self.new_text(message.text)?,
            None => self.text(message.text)?,
        };
        self.messages += 1;
        let (state, clock, reason) = match message.clock {
            PinnedClock::Campaign => (State::Pending, None, None),
            PinnedClock::Own(clock) => (State::Pending, Some(clock.0), None),
            PinnedClock::Held(why) => (State::Held, None, Some(why)),
        };
        self.held += i64::from(state == State::Held);
        self.insert_message.execute(params![
            self.run.0,
            text,
            self.messages,
            state.code(),
            message.segments,
            self.at_ms,
            message.recipient,
            (message.address != message.recipient).then_some(message.address),
            message.part.map(Part::code),
            clock,
            reason,
            message.wording,
        ])?;
        Ok(())
    }

    /// A whole message takes the place of a first part: nobody gets both.
    fn refuse_duplicate(&mut self, message: &PinnedMessage<'_>) -> Result<(), Fault> {
        let (recipient, number) = (message.recipient, message.part.map_or(1, Part::number));
        if self.recipients.insert(self.hasher.hash_one((recipient, number))) {
            return Ok(());
        }
        let known: bool = self.sql.query_row(
            "SELECT EXISTS (SELECT 1 FROM messages WHERE run = ?1 AND recipient = ?2 \
             AND coalesce(part & 255, 1) = ?3)",
            params![self.run.0, recipient, number],
            |row| row.get(0),
        )?;
        if known {
            Err(StoreError::DuplicateRecipient { recipient: recipient.to_owned() }.into())
        } else {
            Ok(())
        }
    }

    /// The number of a text, which is stored when it is new.
    fn text(&mut self, text: &str) -> Result<i64, Fault> {
        let full = self.known.len() >= MOST_TEXTS;
        match self.known.entry(digest(text)) {
            Entry::Occupied(mut known) => {
                known.get_mut().1 += 1;
                return Ok(known.get().0);
            }
            Entry::Vacant(new) if !full => {
                new.insert((self.texts + 1, 1));
            }
            Entry::Vacant(_) => {}
        }
        self.new_text(text)
    }

    /// Stores a text.
    fn new_text(&mut self, text: &str) -> Result<i64, Fault> {
        self.texts += 1;
        self.insert_text.execute(params![self.run.0, self.texts, text])?;
        Ok(self.texts)
    }

    fn finish(&mut self, digest: &str, excluded: &Excluded) -> Result<(), Fault> {
        let mut needed =
            self.sql.prepare_cached("UPDATE texts SET needed = ?3 WHERE run = ?1 AND id = ?2")?;
        for (text, count) in self.known.values().filter(|(_, count)| *count > 1) {
            needed.execute([self.run.0, *text, *count])?;
        }
        self.sql.execute(
            "UPDATE runs SET planned = ?2, digest = ?3, rejected = ?4, suppressed = ?5, filtered = ?6, \
             duplicates = ?7 WHERE id = ?1",
            params![
                self.run.0,
                self.messages,
                digest,
                excluded.rejected,
                excluded.suppressed,
                excluded.filtered,
                excluded.duplicates,
            ],
        )?;
        let mut count = self.sql.prepare_cached("INSERT INTO counts (run, state, n) VALUES (?1, ?2, ?3)")?;
        for state in State::ALL {
            let n = match state {
                State::Pending => self.messages - self.held,
                State::Held => self.held,
                _ => 0,
            };
            count.execute([self.run.0, i64::from(state.code()), n])?;
        }
        self.sql.execute_batch("COMMIT")?;
        Ok(())
    }
}

impl Pinning for Pin<'_> {
    fn clock(&mut self, zones: &[&str]) -> Result<ClockId, StoreError> {
        let zones = zones.join("&");
        if let Some(known) = self.clocks.get(&zones) {
            return Ok(ClockId(*known));
        }
        let id = u32::try_from(self.clocks.len()).unwrap_or(u32::MAX).saturating_add(1);
        let insert = "INSERT INTO clocks (run, id, zones) VALUES (?1, ?2, ?3)";
        let result = self.sql.execute(insert, params![self.run.0, id, zones]).map_err(Fault::from);
        self.keep(result)?;
        self.clocks.insert(zones, id);
        Ok(ClockId(id))
    }

    fn add(&mut self, message: &PinnedMessage<'_>) -> Result<(), StoreError> {
        let result = self.insert(message);
        self.keep(result)
    }

    fn seal(mut self: Box<Self>, digest: &str, excluded: &Excluded) -> Result<RunId, StoreError> {
        let result = self.finish(digest, excluded);
        self.keep(result)?;
        self.sealed = true;
        Ok(self.run)
    }
}

impl Drop for Pin<'_> {
    fn drop(&mut self) {
        // SQLite may have rolled back by itself (a full disk); then there is nothing to undo.
        if !self.sealed && !self.sql.is_autocommit() {
            let _ = self.sql.execute_batch("ROLLBACK");
        }
        if self.grown {
            let _ = cache(self.sql, SMALL_CACHE)
                .and_then(|()| Ok(self.sql.execute_batch("PRAGMA shrink_memory")?));
        }
    }
}

fn digest(text: &str) -> u128 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

fn insert_run(sql: &Connection, run: &NewRun) -> Result<RunId, Fault> {
    let inserted = sql.execute(
        "INSERT INTO runs (campaign, occurrence, digest, pinned, created_at_ms, planned, rejected, \
         suppressed, filtered, duplicates) VALUES (?1, ?2, '', ?3, ?4, 0, 0, 0, 0, 0)",
        params![run.campaign, run.occurrence, run.pinned, run.created_at_ms],
    );
    match inserted {
        Ok(_) => Ok(RunId(sql.last_insert_rowid())),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            let (campaign, occurrence) = (run.campaign.clone(), run.occurrence.clone());
            Err(StoreError::RunExists { campaign, occurrence }.into())
        }
        Err(error) => Err(error.into()),
    }
}
