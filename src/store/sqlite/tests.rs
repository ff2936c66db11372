//! The contract over SQLite, and what only a file can do wrong: no room, no permission, damage,
//! strangers, links, and words that must be gone.
#![allow(clippy::disallowed_methods)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::delivery::state::Event;
use crate::store::contract::{EXCLUDED, Harness, change, changes, contract, keys, message, new_run, pin};

mod control;
mod intents;
mod keeping;
mod old;

struct File(TempDir);

impl Harness for File {
    type Store = Sqlite;

    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self) -> Sqlite {
        Sqlite::open(&self.path(), OpenMode::Create).unwrap()
    }
}

impl File {
    fn path(&self) -> PathBuf {
        self.0.path().join("sub/state.db")
    }
}

contract!(File);

const MODES: [OpenMode; 3] = [OpenMode::Create, OpenMode::Existing, OpenMode::ReadOnly];

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Opens in every mode, wants the same refusal each time and the file byte for byte as it was.
fn refused(what: &str, path: &Path, check: impl Fn(&StoreError) -> bool) {
    let before = fs::read(path).unwrap();
    for mode in MODES {
        let error = Sqlite::open(path, mode).unwrap_err();
        assert!(check(&error), "{what}, {mode:?}: {error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        assert!(fs::read(path).unwrap() == before, "{what}, {mode:?}: the file was changed");
    }
}

/// A state with a run of some thousand messages, closed.
fn filled(file: &File) -> PathBuf {
    let mut store = file.open();
    let mut started = store.pin(&new_run("spring", "once")).unwrap();
    for n in 0..3_000 {
        started.add(&message(&format!("recipient {n}"), &format!("text number {n}"))).unwrap();
    }
    started.seal("d1", &EXCLUDED).unwrap();
    file.path()
}

#[test]
fn a_new_state_is_its_owners_alone() {
    let file = File::new();
    let mut store = file.open();
    let run = pin(&mut store, "spring", &[("1", "a")]);
    let path = file.path();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(&beside(&path, suffix)), 0o600, "{suffix}");
    }
    let reader = Sqlite::open(&path, OpenMode::ReadOnly).unwrap();
    assert_eq!(reader.counts(run).unwrap().planned, 1, "read while another connection writes");
    drop((reader, store));
    let names: Vec<_> =
        fs::read_dir(path.parent().unwrap()).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(names, ["state.db"], "closing folds the log in");
}

#[test]
fn what_a_killed_creation_left_is_thrown_away() {
    let file = File::new();
    let path = file.path();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    for left in [".new", ".new-journal", ".new-wal"] {
        fs::write(beside(&path, left), "half of something").unwrap();
    }
    pin(&mut file.open(), "spring", &[("1", "a")]);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn commits_are_synchronous_and_erasure_is_on() {
    let file = File::new();
    let store = file.open();
    let pragma = |name| store.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((pragma("synchronous"), pragma("secure_delete"), pragma("foreign_keys")), (2, 1, 1));
    let journal: String =
        store.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(journal, "wal");
}

#[test]
fn a_missing_state_is_said_and_not_made() {
    let file = File::new();
    for mode in [OpenMode::Existing, OpenMode::ReadOnly] {
        let error = Sqlite::open(&file.path(), mode).unwrap_err();
        assert_eq!(error, StoreError::Missing { path: file.path() });
    }
    assert!(!file.path().parent().unwrap().exists());
}

#[test]
fn a_state_is_never_reached_through_a_link() {
    let file = File::new();
    let real = filled(&file);
    let link = file.0.path().join("link.db");
    symlink(&real, &link).unwrap();
    refused("link", &link, |error| matches!(error, StoreError::NotAFile { found: "a symbolic link", .. }));
    let dangling = file.0.path().join("dangling.db");
    symlink(file.0.path().join("elsewhere.db"), &dangling).unwrap();
    assert!(matches!(Sqlite::open(&dangling, OpenMode::Create), Err(StoreError::NotAFile { .. })));
    assert!(!file.0.path().join("elsewhere.db").exists());
    let folder = Sqlite::open(file.0.path(), OpenMode::Create).unwrap_err();
    assert!(matches!(folder, StoreError::NotAFile { found: "a folder", .. }), "{folder:?}");
}

#[test]
fn a_linked_folder_is_fine() {
    let file = File::new();
    filled(&file);
    let link = file.0.path().join("linked");
    symlink(file.path().parent().unwrap(), &link).unwrap();
    assert_eq!(
        Sqlite::open(&link.join("state.db"), OpenMode::Existing).unwrap().runs(None).unwrap().len(),
        1
    );
}

#[test]
fn fault_07_a_failed_disk_is_never_tried_again() {
    use rusqlite::ffi;
    let path = Path::new("/a/state.db");
    let error = |code| Fault::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)).at(path);
    for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC, ffi::SQLITE_IOERR_WRITE] {
        assert!(matches!(error(code), StoreError::Io { .. }), "{code}");
    }
    let file = File::new();
    let mut store = file.open();
    let run = pin(&mut store, "spring", &[("1", "a")]);
    let key = keys(&store.claim(run, &Claim::next(None, 1)).unwrap());
    let fails =
        || Err(Fault::from(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR_FSYNC), None)));
    let first = store.write(|_| -> Result<(), Fault> { fails() }).unwrap_err();
    assert!(matches!(first, StoreError::Io { .. }));
    assert_eq!(store.commit(run, &changes(key, Event::Intend)).unwrap_err(), first);
    assert_eq!(store.commit(run, &[]).unwrap_err(), first);
    assert_eq!(store.pin(&new_run("autumn", "once")).err().unwrap(), first);
}

#[test]
fn fault_08_a_full_disk_at_an_intent_records_nothing() {
    let file = File::new();
    let mut store = file.open();
    let run = pin(&mut store, "spring", &[("1", "a"), ("2", "b")]);
    let limit = |store: &Sqlite, pages: i64| {
        store.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    };
    limit(&store, 1);
    let key = keys(&store.claim(run, &Claim::next(None, 2)).unwrap());
    let mut intents = changes(key.clone(), Event::Intend);
    intents[1].reason = Some("x".repeat(200_000));
    assert_eq!(store.commit(run, &intents).unwrap_err(), StoreError::Full { path: file.path() });
    assert_eq!(store.counts(run).unwrap().of(State::Pending), 2);
    let mut started = store.pin(&new_run("autumn", "once")).unwrap();
    let full = (0..).find_map(|n| started.add(&message(&n.to_string(), &"x".repeat(5_000))).err());
    assert_eq!(full, Some(StoreError::Full { path: file.path() }));
    drop(started);
    assert_eq!(store.runs(None).unwrap().len(), 1);
    limit(&store, i64::from(i32::MAX));
    store.commit(run, &intents).unwrap();
    assert_eq!(store.counts(run).unwrap().of(State::Intent), 2);
}

#[test]
fn fault_09_a_full_disk_at_an_outcome_leaves_it_in_doubt() {
    let file = File::new();
    let mut store = file.open();
    let run = pin(&mut store, "spring", &[("1", "a"), ("2", "b")]);
    let key = keys(&store.claim(run, &Claim::next(None, 2)).unwrap());
    store.commit(run, &changes(key.clone(), Event::Intend)).unwrap();
    store.connection.query_row("PRAGMA max_page_count = 1", [], |_| Ok(())).unwrap();
    let mut outcomes = changes(key, Event::Accept);
    outcomes[1].reason = Some("x".repeat(200_000));
    assert_eq!(store.commit(run, &outcomes).unwrap_err(), StoreError::Full { path: file.path() });
    drop(store);
    let mut store = file.open();
    assert_eq!(store.counts(run).unwrap().of(State::Intent), 2);
    assert_eq!(store.recover(run, 2).unwrap(), 2);
    assert_eq!(
        (
            store.counts(run).unwrap().of(State::Unknown),
            store.claim(run, &Claim::next(None, 9)).unwrap().len()
        ),
        (2, 0)
    );
}

#[test]
fn fault_10_a_state_that_cannot_be_written_is_refused_at_open() {
    // The kernel's own file systems refuse new files to everybody, root included.
    for path in ["/proc/self/state.db", "/sys/kernel/state.db", "/proc/self/sub/state.db"] {
        let error = Sqlite::open(Path::new(path), OpenMode::Create).unwrap_err();
        assert!(matches!(error, StoreError::NotWritable { .. }), "{path}: {error:?}");
        assert!(error.to_string().contains(path), "{error}");
    }
    // What SQLite itself says when the system gave it no more than reading.
    let file = File::new();
    let path = filled(&file);
    let connection = open::connect(&path, true).unwrap();
    let error = open::prepare(&connection, 2).unwrap_err().at(&path);
    assert!(matches!(error, StoreError::NotWritable { .. }), "{error:?}");
}

#[test]
fn fault_11_a_damaged_state_is_refused_and_left_as_it_is() {
    let file = File::new();
    let path = filled(&file);
    let whole = fs::read(&path).unwrap();
    let damaged = |error: &StoreError| matches!(error, StoreError::Corrupt { .. });
    let noise: Vec<u8> = (0..whole.len()).map(|n| (n.wrapping_mul(2_654_435_761) >> 7) as u8).collect();
    let mut smashed = whole.clone();
    smashed[4096 * 20..4096 * 40].copy_from_slice(&noise[..4096 * 20]);
    let mut headless = whole.clone();
    headless[..100].copy_from_slice(&noise[..100]);
    for (what, bytes) in [
        ("noise", noise.as_slice()),
        ("half", &whole[..whole.len() / 2]),
        ("a torn page", &whole[..whole.len() - 1_000]),
        ("nothing", &[]),
        ("a few bytes", b"SQLite"),
        ("a smashed page", &smashed),
        ("no header", &headless),
    ] {
        fs::write(&path, bytes).unwrap();
        refused(what, &path, damaged);
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(beside(&path, suffix));
        }
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(Sqlite::open(&path, OpenMode::Existing).unwrap().runs(None).unwrap().len(), 1);
}

#[test]
fn fault_11_books_that_do_not_balance_are_damage() {
    let file = File::new();
    let path = filled(&file);
    let mut store = Sqlite::open(&path, OpenMode::Existing).unwrap();
    let run = store.runs(None).unwrap()[0].id;
    store.connection.execute("INSERT INTO receipt_counts VALUES (1, 1, 1)", []).unwrap();
    assert!(matches!(store.recover(run, 1), Err(StoreError::Corrupt { .. })));
    let mut store = Sqlite::open(&path, OpenMode::Existing).unwrap();
    store.connection.execute("DELETE FROM receipt_counts", []).unwrap();
    store.recover(run, 1).unwrap();
    store.connection.execute("DELETE FROM messages WHERE seq = 17", []).unwrap();
    assert!(matches!(store.recover(run, 1), Err(StoreError::Corrupt { .. })));
    let mut store = Sqlite::open(&path, OpenMode::Existing).unwrap();
    store.connection.execute("DELETE FROM texts WHERE id = 5", []).unwrap();
    assert!(matches!(store.claim(run, &Claim::next(None, 10)), Err(StoreError::Corrupt { .. })));
    let key = MessageKey { text: 5, seq: 5 };
    let both = [change(key, Event::Intend), change(key, Event::Accept)];
    assert!(matches!(store.commit(run, &both), Err(StoreError::Corrupt { .. })));
    store.connection.execute("UPDATE messages SET state = 6 WHERE seq = 5", []).unwrap();
    assert!(matches!(store.unknowns(run, None, 10), Err(StoreError::Corrupt { .. })));
}

#[test]
fn fault_11_counts_beyond_every_number_are_damage() {
    let file = File::new();
    let path = filled(&file);
    let store = Sqlite::open(&path, OpenMode::Existing).unwrap();
    store.connection.execute("UPDATE counts SET n = 9223372036854775807", []).unwrap();
    assert!(matches!(store.runs(None), Err(StoreError::Corrupt { .. })));
}

#[test]
fn fault_12_a_newer_state_is_refused_and_left_as_it_is() {
    let file = File::new();
    let path = filled(&file);
    let other = Connection::open(&path).unwrap();
    other.pragma_update(None, "user_version", 4).unwrap();
    other.close().unwrap();
    refused("newer", &path, |error| matches!(error, StoreError::Newer { found: 4, known: 3, .. }));
}

#[test]
fn a_database_of_another_program_is_refused() {
    let file = File::new();
    let path = file.0.path().join("other.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE messages (id)").unwrap();
    other.close().unwrap();
    refused("foreign", &path, |error| matches!(error, StoreError::Foreign { found: 0, .. }));
}

#[test]
fn a_pin_that_is_killed_leaves_nothing() {
    let file = File::new();
    let mut store = file.open();
    let mut started = store.pin(&new_run("spring", "once")).unwrap();
    started.add(&message("first", &"a".repeat(1_000))).unwrap();
    // More than the cache holds, so that much of it is on disk before the end.
    let mut n = 0;
    while fs::metadata(beside(&file.path(), "-wal")).unwrap().len() < 20_000_000 {
        started.add(&message(&format!("recipient {n}"), &format!("{n} {}", "a".repeat(1_000)))).unwrap();
        n += 1;
    }
    // The files as a kill would leave them.
    let crashed = File::new();
    fs::create_dir_all(crashed.path().parent().unwrap()).unwrap();
    for suffix in ["", "-wal"] {
        fs::copy(beside(&file.path(), suffix), beside(&crashed.path(), suffix)).unwrap();
    }
    let mut survivor = Sqlite::open(&crashed.path(), OpenMode::Existing).unwrap();
    assert_eq!(survivor.runs(None).unwrap(), []);
    pin(&mut survivor, "spring", &[("1", "a")]);
}

#[test]
fn what_was_committed_survives_a_kill() {
    let file = File::new();
    let mut store = file.open();
    let run = pin(&mut store, "spring", &[("1", "a"), ("2", "b")]);
    let key = keys(&store.claim(run, &Claim::next(None, 2)).unwrap());
    store.commit(run, &changes([key[0]], Event::Intend)).unwrap();
    let crashed = File::new();
    fs::create_dir_all(crashed.path().parent().unwrap()).unwrap();
    for suffix in ["", "-wal"] {
        fs::copy(beside(&file.path(), suffix), beside(&crashed.path(), suffix)).unwrap();
    }
    let mut survivor = Sqlite::open(&crashed.path(), OpenMode::Existing).unwrap();
    assert_eq!(survivor.counts(run).unwrap().of(State::Intent), 1);
    assert_eq!(survivor.recover(run, 1).unwrap(), 1);
}

#[test]
fn a_text_that_nobody_needs_is_gone_from_the_file() {
    let file = File::new();
    let mut store = file.open();
    let run = pin(
        &mut store,
        "spring",
        &[("1", "SECRET-ALPHA"), ("2", "SECRET-BRAVO"), ("3", "SECRET-ALPHA"), ("4", "SECRET-DELTA")],
    );
    let key = keys(&store.claim(run, &Claim::next(None, 4)).unwrap());
    store.commit(run, &changes(key.clone(), Event::Intend)).unwrap();
    store.commit(run, &changes(key[..3].iter().copied(), Event::Accept)).unwrap();
    store.commit(run, &changes([key[3]], Event::LoseTrack)).unwrap();
    drop(store);
    let bytes = fs::read(file.path()).unwrap();
    let there = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    assert_eq!(["SECRET-ALPHA", "SECRET-BRAVO", "SECRET-DELTA"].map(there), [false, false, true]);
    assert!(!beside(&file.path(), "-wal").exists());
}

#[test]
fn whom_a_pruned_run_reached_is_told_like_the_others() {
    let file = File::new();
    let mut store = file.open();
    let run = pin(&mut store, "spring", &[("1", "a")]);
    let sql = Connection::open(file.path()).unwrap();
    for (address, at_ms) in [("+254700000001", 10_i64), ("+254700000002", 20)] {
        sql.execute("INSERT INTO contacts VALUES (?1, ?2, ?3)", rusqlite::params![run.0, address, at_ms])
            .unwrap();
    }
    let mut found = Vec::new();
    store.contacts(run, 10, &mut |address, at_ms| found.push((address.to_owned(), at_ms))).unwrap();
    assert_eq!(found, [("+254700000002".to_owned(), 20)]);
}

#[test]
fn connections_of_one_process_write_in_turn_and_break_together() {
    let file = File::new();
    let mut store = file.open();
    let mut other = store.another().unwrap();
    let cache = |store: &Sqlite| -> i64 {
        store.connection.pragma_query_value(None, "cache_size", |row| row.get(0)).unwrap()
    };
    assert_eq!((cache(&store), cache(&other)), (-65536, -8192));
    let run = pin(&mut store, "spring", &[("1", "a"), ("2", "b")]);
    // However long a run takes to be pinned, nobody is told that the state is busy.
    std::thread::scope(|scope| {
        let mut pinning = store.pin(&new_run("autumn", "once")).unwrap();
        let waits = scope.spawn(|| other.finish(run, 1).unwrap_err());
        for number in 0..20_000 {
            pinning.add(&message(&number.to_string(), "text")).unwrap();
        }
        pinning.seal("d", &EXCLUDED).unwrap();
        assert!(matches!(waits.join().unwrap(), StoreError::StillOpen { .. }));
    });
    assert_eq!(other.counts(run).unwrap().planned, 2);
    fs::rename(file.path(), file.0.path().join("elsewhere")).unwrap();
    assert!(matches!(other.record_opt_outs(&["+1".to_owned()], "c", 1), Err(StoreError::Replaced { .. })));
    fs::rename(file.0.path().join("elsewhere"), file.path()).unwrap();
    assert!(matches!(store.record_opt_outs(&["+1".to_owned()], "c", 1), Err(StoreError::Replaced { .. })));
    assert!(matches!(store.prove_writable(), Err(StoreError::Replaced { .. })));
}

#[test]
fn whose_runs_they_are_is_read_without_reading_them() {
    let file = File::new();
    let mut store = file.open();
    assert_eq!(store.kinds().unwrap(), []);
    for (number, pinned) in
        [r#"{"sandbox":true}"#, r#"{"sandbox":true,"x":1}"#, "{}", "no JSON"].iter().enumerate()
    {
        let run = NewRun { pinned: (*pinned).to_owned(), ..new_run("c", &number.to_string()) };
        store.pin(&run).unwrap().seal("d", &EXCLUDED).unwrap();
    }
    let mut kinds = store.kinds().unwrap();
    kinds.sort();
    assert_eq!(kinds, [None, Some(true)]);
}

#[test]
fn a_pin_of_another_connection_is_not_waited_for_by_who_cannot() {
    let file = File::new();
    let mut store = file.open();
    let mut other = store.another().unwrap();
    let mut pinning = other.pin(&new_run("spring", "once")).unwrap();
    pinning.add(&message("first", "a")).unwrap();
    store.prove_writable().unwrap();
    assert!(!store.acknowledge_now(Mark(1)).unwrap());
    drop(pinning);
    assert!(store.acknowledge_now(Mark(1)).unwrap());
    assert_eq!(store.acknowledged().unwrap(), Mark(1));
}
