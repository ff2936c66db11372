//! Files of older versions, kept for ever: what they say stays true, and no kill on the way to this version loses
//! anything.

use super::*;
use crate::store::contract::{decision, receipt};
use crate::store::{Claim, ReceiptStatus, Resolution};

/// Written by version 1: a run of 5 that is finished, and one of 90 that was killed, taken up and stopped.
pub const VERSION_1: &[u8] = include_bytes!("../../../../tests/it/old/state-v1.db");

/// Written by version 2: a run of 3 that is finished, and one of 14, four of them parts of two texts, that was killed,
/// taken up and stopped. Both have receipts, and somebody opted out.
const VERSION_2: &[u8] = include_bytes!("../../../../tests/it/old/state-v2.db");

fn old() -> (File, PathBuf) {
    written(VERSION_1)
}

fn written(bytes: &[u8]) -> (File, PathBuf) {
    let file = File::new();
    let path = file.path();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    (file, path)
}

fn version(path: &Path) -> i64 {
    let sql = Connection::open(path).unwrap();
    sql.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// What version 1 said, as this version reads it.
fn is_as_it_was(store: &Sqlite) {
    let runs = store.runs(None).unwrap();
    let [done, begun] = runs.as_slice() else { panic!("{runs:?}") };
    assert_eq!((&*done.pinned.campaign, &*begun.pinned.campaign), ("d", "c"));
    assert!(done.finished_at_ms.is_some() && begun.finished_at_ms.is_none());
    assert!(begun.pinned.pinned.contains("\"manifest\":\"campaigns/c/campaign.yaml\""));
    assert_eq!((done.counts.planned, done.counts.of(State::Accepted)), (5, 5));
    let states = [State::Pending, State::Accepted, State::Unknown].map(|state| begun.counts.of(state));
    assert_eq!((begun.counts.planned, begun.counts.sum(), states), (90, 90, [29, 53, 8]));
    let claimed = store.claim(begun.id, &Claim::next(None, 100)).unwrap();
    assert_eq!(claimed.len(), 29);
    assert_eq!((&*claimed[28].recipient, &*claimed[28].address), ("c89", "+254700000089"));
    assert_eq!(&*claimed[28].text, "Hi Name89, come by");
    let listed = store.messages(begun.id, Some(State::Unknown), None, 100).unwrap();
    assert!(listed.iter().all(|one| one.reason.as_deref() == Some("interrupted")), "{listed:?}");
    let listed = store.messages(begun.id, Some(State::Accepted), None, 100).unwrap();
    assert!(listed.iter().all(|one| one.provider_id.is_some()), "{listed:?}");
    let mut reached = 0;
    store.contacts(begun.id, i64::MIN, &mut |_, _| reached += 1).unwrap();
    assert_eq!(reached, 53 + 8);
}

/// A run of version 1 goes on to its end.
fn goes_on(store: &mut Sqlite) {
    let run = store.unfinished("c").unwrap()[0].id;
    assert_eq!(store.recover(run, 1).unwrap(), 0);
    let left = keys(&store.claim(run, &Claim::next(None, 100)).unwrap());
    store.commit(run, &changes(left.clone(), Event::Intend)).unwrap();
    store.commit(run, &changes(left, Event::Accept)).unwrap();
    let lost: Vec<_> =
        store.messages(run, Some(State::Unknown), None, 100).unwrap().iter().map(|one| one.key).collect();
    store.commit(run, &changes(lost, Event::AssumeSent)).unwrap();
    store.finish(run, 2).unwrap();
    let waiting = store.awaiting_receipt(run, None, 100).unwrap();
    let receipts: Vec<_> = waiting.iter().map(|one| receipt(one.key, ReceiptStatus::Delivered)).collect();
    assert_eq!(store.record_receipts(run, &receipts).unwrap(), 53, "those that have an id");
    assert_eq!(store.recover(run, 3).unwrap(), 0, "the books are proven");
    assert_eq!(store.counts(run).unwrap().of(State::Accepted), 90);
    pin(store, "spring", &[("1", "a")]);
}

#[test]
fn fault_13_an_older_state_is_copied_then_migrated_and_goes_on() {
    let (_folder, path) = old();
    let mut store = Sqlite::open(&path, OpenMode::Existing).unwrap();
    is_as_it_was(&store);
    let copy = beside(&path, ".v1.bak");
    assert_eq!((store.copy_of_older(), mode(&copy)), (Some(copy.as_path()), 0o600));
    goes_on(&mut store);
    drop(store);
    assert_eq!((version(&path), version(&copy)), (3, 1));
    is_as_it_was(&Sqlite::open(&copy, OpenMode::ReadOnly).unwrap());
    assert_eq!(Sqlite::open(&path, OpenMode::Create).unwrap().copy_of_older(), None, "once is enough");
    // The copy is a state like any other: put in its place, it is migrated again.
    fs::copy(&copy, &path).unwrap();
    is_as_it_was(&Sqlite::open(&path, OpenMode::Existing).unwrap());
}

#[test]
fn fault_13_who_only_reads_an_older_state_leaves_it_as_it_is() {
    let (_folder, path) = old();
    let store = Sqlite::open(&path, OpenMode::ReadOnly).unwrap();
    is_as_it_was(&store);
    let run = store.unfinished("c").unwrap()[0].id;
    assert_eq!(store.awaiting_receipt(run, None, 100).unwrap().len(), 53);
    assert_eq!(store.opt_outs().unwrap(), [""; 0]);
    assert!(fs::read(&path).unwrap() == VERSION_1, "the file was changed");
    assert!(!beside(&path, ".v1.bak").exists());
}

#[test]
fn fault_13_what_lies_in_the_log_is_copied_and_migrated_too() {
    let (_folder, path) = old();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("UPDATE messages SET reason = 'in the log' WHERE state = 6").unwrap();
    let crashed = File::new();
    fs::create_dir_all(crashed.path().parent().unwrap()).unwrap();
    ["", "-wal"].iter().for_each(|suffix| {
        fs::copy(beside(&path, suffix), beside(&crashed.path(), suffix)).unwrap();
    });
    drop(Sqlite::open(&crashed.path(), OpenMode::Existing).unwrap());
    for place in [crashed.path(), beside(&crashed.path(), ".v1.bak")] {
        let store = Sqlite::open(&place, OpenMode::ReadOnly).unwrap();
        let run = store.unfinished("c").unwrap()[0].id;
        let lost = store.messages(run, Some(State::Unknown), None, 1).unwrap();
        assert_eq!(lost[0].reason.as_deref(), Some("in the log"));
    }
}

#[test]
fn fault_13_a_copy_that_is_there_is_never_overwritten() {
    let (_folder, path) = old();
    let copy = |suffix: &str| beside(&path, suffix);
    fs::write(copy(".v1.bak"), "somebody's").unwrap();
    symlink("nowhere", copy(".v1.bak2")).unwrap();
    let store = Sqlite::open(&path, OpenMode::Existing).unwrap();
    assert_eq!(store.copy_of_older(), Some(copy(".v1.bak3").as_path()));
    drop(store);
    assert_eq!(fs::read(copy(".v1.bak")).unwrap(), b"somebody's");
    // Cut short after the copy and begun again: the same content is kept once.
    fs::write(&path, VERSION_1).unwrap();
    let store = Sqlite::open(&path, OpenMode::Existing).unwrap();
    assert_eq!(store.copy_of_older(), Some(copy(".v1.bak3").as_path()));
    assert!(!copy(".v1.bak4").exists() && !copy(".v1.bak.new").exists());
}

#[test]
fn fault_05_a_migration_killed_at_any_byte_leaves_the_old_version_or_the_new_one() {
    let (_folder, path) = old();
    // Somebody who reads keeps the log from being folded in, so that all the migration wrote can be cut.
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM runs;").unwrap();
    drop(Sqlite::open(&path, OpenMode::Existing).unwrap());
    let (main, log) = (fs::read(&path).unwrap(), fs::read(beside(&path, "-wal")).unwrap());
    assert_eq!(version(&path), 3);
    let mut seen = [0; 4];
    for kept in (0..=log.len()).step_by(1030).chain([log.len()]) {
        let crashed = File::new();
        let path = crashed.path();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &main).unwrap();
        fs::write(beside(&path, "-wal"), &log[..kept]).unwrap();
        is_as_it_was(&Sqlite::open(&path, OpenMode::ReadOnly).unwrap());
        seen[usize::try_from(version(&path)).unwrap()] += 1;
        let mut store = Sqlite::open(&path, OpenMode::Existing).unwrap();
        is_as_it_was(&store);
        goes_on(&mut store);
    }
    assert!(seen[1] > 3 && seen[2] == 0 && seen[3] >= 1, "{seen:?}");
}

/// What version 2 said, as this version reads it.
fn is_as_it_was_in_2(store: &Sqlite) {
    let runs = store.runs(None).unwrap();
    let [done, begun] = runs.as_slice() else { panic!("{runs:?}") };
    assert!(done.finished_at_ms.is_some() && begun.finished_at_ms.is_none());
    assert_eq!((done.pruned_at_ms, begun.pruned_at_ms), (None, None));
    assert_eq!((done.counts.of(State::Accepted), done.counts.delivered, done.counts.failed), (3, 1, 1));
    let states = [State::Pending, State::Accepted, State::Rejected, State::Unknown, State::Suppressed];
    assert_eq!(states.map(|state| begun.counts.of(state)), [4, 5, 1, 3, 1]);
    assert_eq!((begun.counts.planned, begun.counts.delivered, begun.counts.failed), (14, 2, 2));
    assert_eq!(store.opt_outs().unwrap(), ["+254700000003"]);
    let unknown = store.unknowns(begun.id, None, 9).unwrap();
    let who: Vec<_> = unknown.iter().map(|one| (&*one.listed.recipient, &*one.text)).collect();
    assert_eq!(who, [("P-2", "Hi Name2"), ("P-7", "Hi Name7"), ("P-8", "Hi Name8")]);
    let claimed = store.claim(begun.id, &Claim::next(None, 9)).unwrap();
    let parts: Vec<_> =
        claimed.iter().map(|one| (&*one.recipient, one.part.map(crate::message::Part::number))).collect();
    assert_eq!(parts, [("P-9", Some(1)), ("P-9", Some(2)), ("P-10", None), ("P-11", None)]);
    assert_eq!((claimed[0].attempts, claimed[0].second_copy), (1, false), "proven not sent");
    assert_eq!(store.decisions("c", None, 9).unwrap(), []);
    assert_eq!(store.verify().unwrap().wrong, [""; 0]);
}

/// A run of version 2 is decided about, goes on to its end and is pruned.
fn goes_on_from_2(store: &mut Sqlite) {
    let run = store.unfinished("c").unwrap()[0].id;
    assert_eq!(store.recover(run, 1).unwrap(), 0);
    let unknown: Vec<_> = store.unknowns(run, None, 9).unwrap().iter().map(|one| one.listed.key).collect();
    store.decide(run, &changes(unknown, Event::Resend), &decision(Resolution::Resend)).unwrap();
    let left = keys(&store.claim(run, &Claim::next(None, 100)).unwrap());
    assert_eq!(left.len(), 7);
    store.commit(run, &changes(left.clone(), Event::Intend)).unwrap();
    store.commit(run, &changes(left, Event::Accept)).unwrap();
    store.finish(run, 2).unwrap();
    assert_eq!(store.verify().unwrap().wrong, [""; 0]);
    assert_eq!(store.prune(run, 3).unwrap().contacts, 10);
    assert_eq!(store.counts(run).unwrap().of(State::Accepted), 12);
    assert_eq!(store.verify().unwrap().wrong, [""; 0]);
    pin(store, "spring", &[("1", "a")]);
}

#[test]
fn fault_13_a_state_of_version_2_is_copied_then_migrated_and_goes_on() {
    let (_folder, path) = written(VERSION_2);
    is_as_it_was_in_2(&Sqlite::open(&path, OpenMode::ReadOnly).unwrap());
    assert!(fs::read(&path).unwrap() == VERSION_2, "the file was changed");
    let mut store = Sqlite::open(&path, OpenMode::Existing).unwrap();
    is_as_it_was_in_2(&store);
    let copy = beside(&path, ".v2.bak");
    assert_eq!((store.copy_of_older(), mode(&copy)), (Some(copy.as_path()), 0o600));
    goes_on_from_2(&mut store);
    drop(store);
    assert_eq!((version(&path), version(&copy)), (3, 2));
    is_as_it_was_in_2(&Sqlite::open(&copy, OpenMode::ReadOnly).unwrap());
}

#[test]
fn fault_05_a_migration_from_version_2_killed_at_any_byte_leaves_one_or_the_other() {
    let (_folder, path) = written(VERSION_2);
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM runs;").unwrap();
    drop(Sqlite::open(&path, OpenMode::Existing).unwrap());
    let (main, log) = (fs::read(&path).unwrap(), fs::read(beside(&path, "-wal")).unwrap());
    let mut seen = [0; 4];
    for kept in (0..=log.len()).step_by(1030).chain([log.len()]) {
        let (_folder, path) = written(&main);
        fs::write(beside(&path, "-wal"), &log[..kept]).unwrap();
        is_as_it_was_in_2(&Sqlite::open(&path, OpenMode::ReadOnly).unwrap());
        seen[usize::try_from(version(&path)).unwrap()] += 1;
        let mut store = Sqlite::open(&path, OpenMode::Existing).unwrap();
        is_as_it_was_in_2(&store);
        goes_on_from_2(&mut store);
    }
    assert!(seen[2] > 3 && seen[3] >= 1, "{seen:?}");
}

#[test]
fn where_second_copies_were_allowed_what_was_tried_before_counts_as_one() {
    let (_folder, path) = written(VERSION_2);
    let sql = Connection::open(&path).unwrap();
    let wish = ("\"resend_unknown\":false", "\"resend_unknown\":true");
    let changed = sql.execute("UPDATE runs SET pinned = replace(pinned, ?1, ?2)", wish).unwrap();
    sql.close().unwrap();
    let store = Sqlite::open(&path, OpenMode::Existing).unwrap();
    let run = store.unfinished("c").unwrap()[0].id;
    let seconds: Vec<bool> =
        store.claim(run, &Claim::next(None, 9)).unwrap().iter().map(|one| one.second_copy).collect();
    assert_eq!((changed, seconds), (2, vec![true, false, false, false]));
}

#[test]
fn fault_05_a_copy_that_cannot_be_made_leaves_the_old_version() {
    let (_folder, path) = old();
    // A folder in the place of the draft stands for whatever the disk may refuse.
    let draft = beside(&path, ".v1.bak.new");
    fs::create_dir(&draft).unwrap();
    let error = Sqlite::open(&path, OpenMode::Existing).unwrap_err();
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    assert_eq!(version(&path), 1);
    fs::remove_dir(&draft).unwrap();
    // And what a killed copy left is thrown away.
    fs::write(&draft, "half of a copy").unwrap();
    is_as_it_was(&Sqlite::open(&path, OpenMode::Existing).unwrap());
    assert!(!draft.exists());
}

#[test]
fn a_new_state_and_a_migrated_one_have_the_same_tables() {
    let tables = |path: &Path| {
        let sql = Connection::open(path).unwrap();
        let mut rows = sql.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect::<Vec<(String, Option<String>)>>()
    };
    let (_folder, migrated) = old();
    drop(Sqlite::open(&migrated, OpenMode::Existing).unwrap());
    let new = File::new();
    drop(new.open());
    assert_eq!(tables(&migrated), tables(&new.path()));
}
