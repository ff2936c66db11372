//! A file in the place of the state: refused or read, never a panic, never a loop, and nobody claimed twice.
//!
//! An input is a whole file (`SQLite format 3` at its head), or a choice of a sound state and what is done to it:
//! bytes of a page or of the log overwritten, either cut short, or a value put into a row.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rusqlite::Connection;
use rusqlite::types::Value;
use sendplan::delivery::state::{Event, State};
use sendplan::store::sqlite::{OpenMode, Sqlite};
use sendplan::store::{
    Change, Claim, Claimed, Excluded, Listed, MessageKey, NewRun, PinnedClock, PinnedMessage, Receipt,
    ReceiptStatus, Run, RunId, Store, StoreError,
};
use tempfile::TempDir;

/// A state as a kill leaves it.
struct Files {
    main: Vec<u8>,
    log: Vec<u8>,
}

/// A folder in memory, where there is such.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.unwrap_or_else(|error| panic!("{error}"))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn files(path: &Path) -> Files {
    let read = |suffix| fs::read(beside(path, suffix)).unwrap_or_default();
    Files { main: read(""), log: read("-wal") }
}

fn put(path: &Path, files: &Files) {
    let write = |suffix, bytes: &[u8]| {
        fs::write(beside(path, suffix), bytes).unwrap_or_else(|error| panic!("{error}"))
    };
    write("", &files.main);
    if !files.log.is_empty() {
        write("-wal", &files.log);
    }
}

/// The sound states that damage begins with: of each version, and killed in the middle.
fn sound() -> &'static [Files] {
    static ALL: OnceLock<Vec<Files>> = OnceLock::new();
    ALL.get_or_init(|| {
        let old = Files { main: include_bytes!("../../tests/it/old/state-v1.db").to_vec(), log: Vec::new() };
        let folder = folder();
        let path = folder.path().join("state.db");
        put(&path, &old);
        // Who reads keeps the log from being folded in.
        let reader = Connection::open(&path).and_then(|sql| {
            sql.execute_batch("BEGIN; SELECT count(*) FROM runs;")?;
            Ok(sql)
        });
        drop(Sqlite::open(&path, OpenMode::Existing));
        let migrating = files(&path);
        drop(reader);
        let path = folder.path().join("new.db");
        let killed = begun(&path).unwrap_or_else(|error| panic!("{error}"));
        let closed = files(&path);
        assert!(!migrating.log.is_empty() && !killed.log.is_empty() && closed.log.is_empty());
        let second =
            Files { main: include_bytes!("../../tests/it/old/state-v2.db").to_vec(), log: Vec::new() };
        vec![old, migrating, killed, closed, second]
    })
}

/// A state with a run in which every kind of message stands; answers with how a kill would leave it.
fn begun(path: &Path) -> Result<Files, StoreError> {
    let mut store = Sqlite::open(path, OpenMode::Create)?;
    let run = NewRun {
        campaign: "spring".to_owned(),
        occurrence: "once".to_owned(),
        pinned: "{}".to_owned(),
        created_at_ms: 1,
    };
    let mut pin = store.pin(&run)?;
    for n in 0..40 {
        let (who, text) = (format!("c{n}"), format!("text {}", n / 2));
        let address = format!("+2547000000{n:02}");
        pin.add(&PinnedMessage {
            recipient: &who,
            address: &address,
            text: &text,
            segments: 1,
            part: None,
            clock: PinnedClock::Campaign,
            wording: None,
        })?;
    }
    let run = pin.seal("digest", &Excluded::default())?;
    let keys: Vec<MessageKey> = store.claim(run, &Claim::next(None, 30))?.iter().map(|one| one.key).collect();
    store.commit(run, &changes(&keys, Event::Intend))?;
    store.commit(run, &changes(&keys[..8], Event::Accept))?;
    store.commit(run, &changes(&keys[8..12], Event::LoseTrack))?;
    store.commit(run, &changes(&keys[12..14], Event::Reject))?;
    store.record_opt_outs(&["+254700000099".to_owned()], "spring", 2)?;
    let receipt = Receipt { key: keys[0], status: ReceiptStatus::Delivered, reason: None, at_ms: 3 };
    store.record_receipts(run, &[receipt])?;
    Ok(files(path))
}

fn changes(keys: &[MessageKey], event: Event) -> Vec<Change> {
    let change = |key: &MessageKey| Change {
        key: *key,
        event,
        provider_id: (event == Event::Accept).then(|| format!("id-{}", key.seq)),
        reason: None,
        opted_out: false,
        at_ms: 5,
    };
    keys.iter().map(change).collect()
}

/// Bytes as numbers and texts; zero where there are no more.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> usize {
        let (first, rest) = self.0.split_first().map_or((0, self.0), |(first, rest)| (*first, rest));
        self.0 = rest;
        first.into()
    }

    fn number(&mut self) -> usize {
        self.byte() << 8 | self.byte()
    }

    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (now, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        now
    }

    fn value(&mut self) -> Value {
        match self.byte() % 6 {
            0 => Value::Null,
            1 => Value::Integer(i64::from(self.byte() as u8 as i8)),
            2 => Value::Integer(self.bytes(8).iter().fold(0, |sum: i64, byte| sum << 8 | i64::from(*byte))),
            3 => Value::Real(self.number() as f64 - 0.5),
            4 => {
                let count = self.byte();
                Value::Text(String::from_utf8_lossy(self.bytes(count)).into_owned())
            }
            _ => {
                let count = self.byte();
                Value::Blob(self.bytes(count).to_vec())
            }
        }
    }
}

/// The state that an input describes, at a path.
fn lay(data: &[u8], path: &Path) {
    if data.starts_with(b"SQLite format 3\0") {
        return put(path, &Files { main: data.to_vec(), log: Vec::new() });
    }
    let mut script = Script(data);
    let sound = sound();
    let Files { main, log } = &sound[script.byte() % sound.len()];
    let mut files = Files { main: main.clone(), log: log.clone() };
    if script.byte() % 4 == 3 {
        files.log.clear();
    }
    while !script.0.is_empty() {
        match script.byte() % 5 {
            0 | 1 => overwrite(&mut files.main, &mut script),
            2 => overwrite(&mut files.log, &mut script),
            3 => {
                let (which, kept) = (script.byte(), script.number() * 32);
                let file = if which % 2 == 0 { &mut files.main } else { &mut files.log };
                file.truncate(kept);
            }
            _ => {
                put(path, &files);
                // What SQLite itself refuses leaves the file as it was.
                let _ = set(path, &mut script);
                files = self::files(path);
                let _ = (fs::remove_file(beside(path, "-wal")), fs::remove_file(beside(path, "-shm")));
            }
        }
    }
    put(path, &files);
}

fn overwrite(file: &mut [u8], script: &mut Script<'_>) {
    let (page, offset, count) = (script.byte(), script.number(), 1 + script.byte() % 24);
    let at = (page * 4096 + offset % 4096) % file.len().max(1);
    for (place, byte) in file.iter_mut().skip(at).zip(script.bytes(count)) {
        *place = *byte;
    }
}

/// Puts a value into one column of the rows at one place of a table, whatever the table allows.
fn set(path: &Path, script: &mut Script<'_>) -> rusqlite::Result<()> {
    let sql = Connection::open(path)?;
    sql.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;")?;
    let mut tables = sql.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
    let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    // A damaged schema may have lost them all.
    let Some(table) = tables.get(script.byte() % tables.len().max(1)) else { return Ok(()) };
    let mut columns = sql.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let columns: Vec<String> = columns.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let Some(column) = columns.get(script.byte() % columns.len().max(1)) else { return Ok(()) };
    let key = if columns.iter().any(|one| one == "seq") && table == "messages" { "seq" } else { &columns[0] };
    let (row, value) = (script.byte(), script.value());
    if row >= 128 {
        sql.execute(&format!("DELETE FROM {table} WHERE {key} % 128 = {}", row - 128), [])?;
    } else {
        sql.execute(
            &format!("UPDATE {table} SET {column} = ?1 WHERE {key} % 128 = {row} OR {row} = 0"),
            [value],
        )?;
    }
    Ok(())
}

/// The laws for one file.
pub fn holds(data: &[u8]) {
    let folder = folder();
    let path = folder.path().join("state.db");
    lay(data, &path);
    let before = files(&path);
    if let Ok(store) = Sqlite::open(&path, OpenMode::ReadOnly) {
        let _ = look(&store);
    }
    let after = files(&path);
    assert!(before.main == after.main && before.log == after.log, "who only reads has changed the state");
    match Sqlite::open(&path, OpenMode::Existing) {
        Ok(store) => {
            let _ = go_on(store, &path);
        }
        Err(StoreError::Corrupt { .. } | StoreError::Foreign { .. } | StoreError::Newer { .. }) => {
            let after = files(&path);
            assert!(before.main == after.main && before.log == after.log, "a refused state was changed");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Everything that `status`, `report` and `resolve` read.
fn look(store: &Sqlite) -> Result<(), StoreError> {
    store.opt_outs()?;
    store.verify()?;
    for run in store.runs(None)? {
        store.contacts(run.id, 0, &mut |address, _| assert!(address.len() < 1 << 20))?;
        pages_of_decisions(store, &run.pinned.campaign)?;
        assert_eq!(run.counts.sum(), run.counts.planned);
        store.run(&run.pinned.campaign, &run.pinned.occurrence)?;
        store.unfinished(&run.pinned.campaign)?;
        let listed = pages(|after| store.messages(run.id, None, after, 7), |one: &Listed| one.key)?;
        let ids: Vec<&str> = listed.iter().filter_map(|one| one.provider_id.as_deref()).take(5).collect();
        store.known_ids(&ids)?;
        pages(|after| store.awaiting_receipt(run.id, after, 7), |one: &Listed| one.key)?;
        pages(|after| store.unknowns(run.id, after, 7), |one| one.listed.key)?;
        pages(|after| store.claim(run.id, &Claim::next(after, 7)), |one: &Claimed| one.key)?;
    }
    Ok(())
}

fn pages_of_decisions(store: &Sqlite, campaign: &str) -> Result<(), StoreError> {
    let mut after = None;
    while let Some(last) = store.decisions(campaign, after, 3)?.last() {
        assert!(after < Some(last.id), "{after:?} is followed by {}", last.id);
        after = Some(last.id);
    }
    Ok(())
}

/// Page after page, to the end: keys only grow, so there is one.
fn pages<T>(
    page: impl Fn(Option<MessageKey>) -> Result<Vec<T>, StoreError>,
    key: impl Fn(&T) -> MessageKey,
) -> Result<Vec<T>, StoreError> {
    let mut all: Vec<T> = Vec::new();
    loop {
        let last = all.last().map(&key);
        let next = page(last)?;
        if next.is_empty() {
            return Ok(all);
        }
        for one in next {
            let before = all.last().map(&key);
            assert!(before < Some(key(&one)), "{before:?} is followed by {:?}", key(&one));
            all.push(one);
        }
    }
}

/// What `send` does with a state that a killed process left: the books are proven first, whoever was put into a
/// request is never claimed again, and no run ends with somebody left.
fn go_on(mut store: Sqlite, path: &Path) -> Result<(), StoreError> {
    let runs = store.runs(None)?;
    for run in &runs {
        take_up(&mut store, run)?;
    }
    let counts = |store: &Sqlite| runs.iter().map(|run| store.counts(run.id)).collect::<Result<Vec<_>, _>>();
    let before = counts(&store)?;
    drop(store);
    let store =
        Sqlite::open(path, OpenMode::ReadOnly).unwrap_or_else(|error| panic!("closed, and then {error}"));
    assert_eq!(counts(&store).as_ref(), Ok(&before));
    Ok(())
}

fn take_up(store: &mut Sqlite, run: &Run) -> Result<(), StoreError> {
    let id = run.id;
    store.recover(id, 9)?;
    let counts = store.counts(id)?;
    assert_eq!((counts.of(State::Intent), counts.sum()), (0, counts.planned));
    let claimed = pages(|after| store.claim(id, &Claim::next(after, 7)), |one: &Claimed| one.key)?;
    assert!(claimed.len() as u64 <= counts.of(State::Pending), "more are claimed than are pending");
    let keys: Vec<MessageKey> = claimed.iter().map(|one| one.key).take(3).collect();
    store.commit(id, &changes(&keys, Event::Intend))?;
    let left = pages(|after| store.claim(id, &Claim::next(after, 7)), |one: &Claimed| one.key)?;
    assert!(left.iter().all(|one| !keys.contains(&one.key)), "claimed twice");
    assert_eq!(store.recover(id, 10)?, keys.len() as u64);
    ends(store, id)
}

fn ends(store: &mut Sqlite, run: RunId) -> Result<(), StoreError> {
    let open = store.counts(run)?.open();
    match store.finish(run, 11) {
        Ok(()) => assert_eq!(open, 0, "a run was finished with somebody left"),
        Err(error) => assert!(open > 0 || !matches!(error, StoreError::StillOpen { .. }), "{error}"),
    }
    Ok(())
}
