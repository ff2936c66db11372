//! A state that is written beside the process that has it, and one whose lock was taken from it.

use super::*;
use crate::delivery::control::{Hold, HoldKind, Mark};
use crate::store::control::Word;
use crate::store::lock::Lock;

fn paused() -> Hold {
    Hold { what: HoldKind::Paused, who: "ann@till".into(), at_ms: 1 }
}

#[test]
fn fault_17_nothing_is_written_under_a_lock_that_others_do_not_find() {
    for put_another in [false, true] {
        let file = File::new();
        let lock = Lock::acquire(&file.path(), "send spring", "then").unwrap();
        let mut store = file.open();
        store.guard(lock.witness());
        let run = pin(&mut store, "spring", &[("1", "a"), ("2", "a")]);
        let key = keys(&store.claim(run, &Claim::next(None, 9)).unwrap());
        store.commit(run, &changes([key[0]], Event::Intend)).unwrap();
        assert_eq!(store.news(run, Mark::default()).unwrap(), None);
        let place = beside(&file.path(), ".lock");
        let aside = beside(&file.path(), ".lock.aside");
        fs::rename(&place, &aside).unwrap();
        if put_another {
            fs::write(&place, "").unwrap();
        }
        let lost = StoreError::LockLost { path: file.path() };
        assert_eq!(store.news(run, Mark::default()).unwrap_err(), lost);
        assert_eq!(store.commit(run, &changes([key[1]], Event::Intend)).unwrap_err(), lost);
        assert_eq!(store.acknowledge(Mark(1)).unwrap_err(), lost);
        assert_eq!(store.pin(&new_run("autumn", "once")).err().unwrap(), lost);
        // Whoever lost it once does not know what happened meanwhile.
        fs::rename(&aside, &place).unwrap();
        assert_eq!(store.commit(run, &changes([key[1]], Event::Intend)).unwrap_err(), lost);
        drop(store);
        assert_eq!(file.open().counts(run).unwrap().of(State::Intent), 1);
    }
}

/// Whether a thread of this process sleeps (proc_pid_stat(5)).
fn sleeps(thread: &std::path::Path) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(thread).join("stat")).unwrap();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S'))
}

#[test]
fn fault_17_a_lock_that_is_taken_while_somebody_waits_to_write_is_missed_by_the_writing() {
    let file = File::new();
    let lock = Lock::acquire(&file.path(), "send spring", "then").unwrap();
    let mut store = file.open();
    store.guard(lock.witness());
    let run = pin(&mut store, "spring", &[("1", "a")]);
    let key = keys(&store.claim(run, &Claim::next(None, 9)).unwrap());
    let other = rusqlite::Connection::open(file.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (told, thread) = std::sync::mpsc::channel();
    let result = std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            told.send(fs::read_link("/proc/thread-self").unwrap()).unwrap();
            store.commit(run, &changes([key[0]], Event::Intend))
        });
        // It waits for the other one to be done, and has nothing else to wait for.
        let thread = thread.recv().unwrap();
        while !sleeps(&thread) {
            std::thread::yield_now();
        }
        fs::remove_file(beside(&file.path(), ".lock")).unwrap();
        other.execute_batch("ROLLBACK").unwrap();
        writing.join().unwrap()
    });
    assert_eq!(result.unwrap_err(), StoreError::LockLost { path: file.path() });
    drop(store);
    assert_eq!(file.open().counts(run).unwrap().of(State::Intent), 0);
}

#[test]
fn what_is_written_beside_is_seen_at_once_and_leaves_the_log_alone() {
    let file = File::new();
    let mut sender = file.open();
    let run = pin(&mut sender, "spring", &[("1", "a")]);
    let mut other = Sqlite::open(&file.path(), OpenMode::Beside).unwrap();
    other.hold("spring", &paused(), None).unwrap().unwrap();
    assert_eq!(sender.news(run, Mark::default()).unwrap().unwrap().hold, Some(paused()));
    drop(other);
    assert!(beside(&file.path(), "-wal").exists());
    let key = keys(&sender.claim(run, &Claim::next(None, 9)).unwrap());
    sender.commit(run, &changes(key, Event::Intend)).unwrap();
    drop(sender);
    assert!(!beside(&file.path(), "-wal").exists(), "whoever has the state folds it in");
    // Alone with the state, it leaves the log, unless it is told that nobody needs it there.
    let mut alone = Sqlite::open(&file.path(), OpenMode::Beside).unwrap();
    let word = Word { who: "ann@till".to_owned(), reason: None, at_ms: 2 };
    assert!(alone.release("spring", &word).unwrap().is_some());
    drop(alone);
    assert!(beside(&file.path(), "-wal").exists());
    let mut alone = Sqlite::open(&file.path(), OpenMode::Beside).unwrap();
    alone.fold_on_close().unwrap();
    alone.hold("spring", &paused(), None).unwrap().unwrap();
    drop(alone);
    assert!(!beside(&file.path(), "-wal").exists());
    assert_eq!(file.open().holds().unwrap(), [("spring".to_owned(), paused())]);
}

#[test]
fn an_older_state_is_not_brought_up_to_date_beside_somebody() {
    let file = File::new();
    fs::create_dir(file.path().parent().unwrap()).unwrap();
    let old = include_bytes!("../../../../tests/it/old/state-v1.db");
    fs::write(file.path(), old).unwrap();
    let error = Sqlite::open(&file.path(), OpenMode::Beside).unwrap_err();
    assert_eq!(error, StoreError::Older { path: file.path(), found: 1, known: migrate::VERSION });
    assert!(fs::read(file.path()).unwrap() == old);
    let missing = file.path().with_file_name("missing.db");
    assert!(matches!(Sqlite::open(&missing, OpenMode::Beside), Err(StoreError::Missing { .. })));
    symlink(file.path(), &missing).unwrap();
    assert!(matches!(Sqlite::open(&missing, OpenMode::Beside), Err(StoreError::NotAFile { .. })));
}
