//! Backups, proofs and pruning, as far as they are about a file.

use super::old::VERSION_1;
use super::*;
use crate::store::{Claim, Verified};

/// Three thousand accepted messages in a finished run.
fn sent(file: &File) -> (Sqlite, crate::store::RunId) {
    drop(filled(file));
    let mut store = file.open();
    let run = store.runs(None).unwrap()[0].id;
    let key = keys(&store.claim(run, &Claim::next(None, 9_000)).unwrap());
    store.commit(run, &changes(key.clone(), Event::Intend)).unwrap();
    store.commit(run, &changes(key, Event::Accept)).unwrap();
    store.finish(run, 5).unwrap();
    (store, run)
}

#[test]
fn a_backup_is_one_moment_private_and_never_in_the_place_of_anything() {
    let file = File::new();
    let (mut store, run) = sent(&file);
    let next = pin(&mut store, "autumn", &[("1", "a"), ("2", "b")]);
    let key = keys(&store.claim(next, &Claim::next(None, 9)).unwrap());
    let reader = Sqlite::open(&file.path(), OpenMode::ReadOnly).unwrap();
    // Much of it lies in the log of a process that is at work.
    store.commit(next, &changes(key.clone(), Event::Intend)).unwrap();
    let copy = file.0.path().join("copy.db");
    let held = reader.back_up(&copy).unwrap();
    assert_eq!((held.runs.len(), held.wrong), (2, Vec::new()));
    store.commit(next, &changes(key, Event::Accept)).unwrap();
    assert_eq!(mode(&copy), 0o600);
    let other = Sqlite::open(&copy, OpenMode::ReadOnly).unwrap();
    assert_eq!(other.counts(next).unwrap().of(State::Intent), 2);
    assert_eq!(other.counts(run).unwrap().of(State::Accepted), 3_000);
    assert_eq!(other.verify().unwrap(), held_again(&other));
    drop(other);
    // A state like any other.
    assert_eq!(Sqlite::open(&copy, OpenMode::Existing).unwrap().recover(next, 1).unwrap(), 2);
    let before = fs::read(&copy).unwrap();
    let refused = reader.back_up(&copy).unwrap_err();
    assert!(matches!(refused, StoreError::Copy { .. }), "{refused:?}");
    assert!(fs::read(&copy).unwrap() == before);
    let link = file.0.path().join("link.db");
    symlink(file.0.path().join("elsewhere.db"), &link).unwrap();
    assert!(matches!(reader.back_up(&link), Err(StoreError::Copy { .. })));
    let nowhere = file.0.path().join("no/folder/copy.db");
    assert!(matches!(reader.back_up(&nowhere), Err(StoreError::Copy { .. })));
    let names: Vec<_> = fs::read_dir(file.0.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().contains(".part")), "{names:?}");
}

fn held_again(store: &Sqlite) -> Verified {
    Verified { runs: store.runs(None).unwrap(), wrong: Vec::new() }
}

#[test]
fn a_backup_of_an_older_state_is_of_its_version() {
    let file = File::new();
    let path = file.0.path().join("old.db");
    fs::write(&path, VERSION_1).unwrap();
    let store = Sqlite::open(&path, OpenMode::ReadOnly).unwrap();
    let copy = file.0.path().join("copy.db");
    assert_eq!(store.back_up(&copy).unwrap().runs, store.runs(None).unwrap());
    let sql = Connection::open(&copy).unwrap();
    assert_eq!(sql.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap(), 1);
    assert!(fs::read(&path).unwrap() == VERSION_1, "the file was changed");
}

#[test]
fn fault_11_what_does_not_agree_with_itself_is_found() {
    for (damage, found) in [
        ("UPDATE counts SET n = n + 1 WHERE state = 4", "planned with 3000 messages and accounts for 3001"),
        ("UPDATE messages SET state = 5 WHERE seq = 7", "do not add up"),
        ("DELETE FROM messages WHERE seq = 7", "do not add up"),
        ("UPDATE messages SET state = 77 WHERE seq = 7", "do not add up"),
        ("UPDATE runs SET pruned_at_ms = 9", "the run was pruned"),
        ("INSERT INTO texts VALUES (1, 7, 2, 'x')", "needed by more or fewer"),
        ("INSERT INTO texts VALUES (9, 7, 2, 'x')", "1 rows of `texts` belong to nothing"),
        ("INSERT INTO second_copies VALUES (1, 9999, 99)", "1 rows of `second_copies` belong to nothing"),
        (
            "PRAGMA foreign_keys = OFF; INSERT INTO contacts VALUES (9, '+1', 1)",
            "1 rows of `contacts` belong to nothing",
        ),
        (
            "UPDATE messages SET state = 2 WHERE seq = 7; UPDATE counts SET n = 1 WHERE state = 2; \
             UPDATE counts SET n = 2999 WHERE state = 4",
            "is finished, and 1 of its messages may still be sent",
        ),
        (
            "UPDATE messages SET state = 5, receipt = 1 WHERE seq = 7; UPDATE counts SET n = 1 WHERE state = 5; \
             UPDATE counts SET n = 2999 WHERE state = 4; INSERT INTO receipt_counts VALUES (1, 1, 1)",
            "have a receipt and were not accepted",
        ),
    ] {
        let file = File::new();
        let (store, _) = sent(&file);
        assert_eq!(store.verify().unwrap().wrong, [""; 0]);
        store.connection.execute_batch(damage).unwrap();
        let wrong = store.verify().unwrap().wrong;
        assert!(wrong.iter().any(|one| one.contains(found)), "{damage}: {wrong:?}");
        let copy = file.0.path().join("copy.db");
        let refused = store.back_up(&copy).unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
        assert!(!copy.exists());
    }
}

#[test]
fn what_is_pruned_is_gone_from_the_file_and_the_room_is_given_back() {
    let file = File::new();
    let (mut store, run) = sent(&file);
    let before = store.room().unwrap();
    assert_eq!(store.prune(run, 9).unwrap().messages, 3_000);
    let freed = store.room().unwrap();
    assert!(freed.free > before.file / 4, "{freed:?} of {before:?}");
    store.compact().unwrap();
    let after = store.room().unwrap();
    assert!(after.free == 0 && after.file < before.file, "{after:?} of {before:?}");
    store.compact().unwrap();
    pin(&mut store, "autumn", &[("1", "a")]);
    assert_eq!(store.verify().unwrap().wrong, [""; 0]);
    drop(store);
    let bytes = fs::read(file.path()).unwrap();
    // Whom it reached is kept; here the identity is the address.
    assert!(!String::from_utf8_lossy(&bytes).contains("text number"));
    assert_eq!(
        bytes.len() as u64,
        Sqlite::open(&file.path(), OpenMode::ReadOnly).unwrap().room().unwrap().file
    );
}

#[test]
fn a_pruning_killed_at_any_byte_leaves_the_run_whole_or_pruned() {
    let file = File::new();
    let (store, run) = sent(&file);
    drop(store);
    // Somebody who reads keeps the log from being folded in, so that all that the pruning wrote can be cut.
    let reader = Connection::open(file.path()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM runs;").unwrap();
    let mut store = Sqlite::open(&file.path(), OpenMode::Existing).unwrap();
    store.prune(run, 9).unwrap();
    drop(store);
    let (main, log) = (fs::read(file.path()).unwrap(), fs::read(beside(&file.path(), "-wal")).unwrap());
    let mut seen = [0, 0];
    for kept in (0..=log.len()).step_by(log.len() / 40).chain([log.len()]) {
        let crashed = File::new();
        fs::create_dir_all(crashed.path().parent().unwrap()).unwrap();
        fs::write(crashed.path(), &main).unwrap();
        fs::write(beside(&crashed.path(), "-wal"), &log[..kept]).unwrap();
        let mut store = Sqlite::open(&crashed.path(), OpenMode::Existing).unwrap();
        let is_pruned = store.runs(None).unwrap()[0].pruned_at_ms.is_some();
        seen[usize::from(is_pruned)] += 1;
        assert_eq!(store.verify().unwrap().wrong, [""; 0], "{kept}");
        let left = store.messages(run, None, None, 9_000).unwrap().len();
        let mut reached = 0;
        store.contacts(run, 0, &mut |_, _| reached += 1).unwrap();
        assert_eq!((left, reached), (if is_pruned { 0 } else { 3_000 }, 3_000));
        store.prune(run, 10).unwrap();
        assert_eq!(store.verify().unwrap().wrong, [""; 0], "{kept}");
    }
    assert!(seen[0] > 3 && seen[1] >= 1, "{seen:?}");
}
