//! The journal over a store that counts its commits, waits when told, and fails when told.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::delivery::control::Hold;
use crate::delivery::state::{Event, State};
use crate::message::WordingId;
use crate::store::MessageKey;
use crate::store::contract::{changes, keys, pin};
use crate::store::control::{OptOut, Waiting, Word};
use crate::store::sqlite::{OpenMode, Sqlite};
use crate::store::{
    Claim, Counts, Decided, Decision, Listed, NewRun, Pinning, Pruned, Receipt, Run, RunClock,
    UnknownMessage, Verified,
};

/// SQLite behind a gate: every commit says how many changes it has, and waits for leave.
struct Gated {
    inner: Sqlite,
    began: Sender<usize>,
    go: Receiver<Result<(), StoreError>>,
}

impl Store for Gated {
    fn commit(&mut self, run: RunId, changes: &[Change]) -> Result<(), StoreError> {
        self.began.send(changes.len()).unwrap();
        self.go.recv().unwrap()?;
        self.inner.commit(run, changes)
    }

    fn place(
        &mut self,
        run: RunId,
        changes: &[Change],
        zones: &[&str],
        decision: &Decision,
    ) -> Result<(), StoreError> {
        self.inner.place(run, changes, zones, decision)
    }

    fn occurrences(&self, campaign: &str) -> Result<Vec<String>, StoreError> {
        self.inner.occurrences(campaign)
    }
    fn totals(&self) -> Result<Vec<(String, Counts)>, StoreError> {
        self.inner.totals()
    }

    fn by_wording(&self, run: RunId) -> Result<Vec<(WordingId, Counts)>, StoreError> {
        self.inner.by_wording(run)
    }

    fn clocks(&self, run: RunId) -> Result<Vec<RunClock>, StoreError> {
        self.inner.clocks(run)
    }

    fn claim(&self, run: RunId, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        self.inner.claim(run, claim)
    }

    fn pin(&mut self, run: &NewRun) -> Result<Box<dyn Pinning + '_>, StoreError> {
        self.inner.pin(run)
    }

    fn run(&self, campaign: &str, occurrence: &str) -> Result<Option<Run>, StoreError> {
        self.inner.run(campaign, occurrence)
    }

    fn runs(&self, campaign: Option<&str>) -> Result<Vec<Run>, StoreError> {
        self.inner.runs(campaign)
    }

    fn unfinished(&self, campaign: &str) -> Result<Vec<Run>, StoreError> {
        self.inner.unfinished(campaign)
    }

    fn decide(&mut self, run: RunId, changes: &[Change], decision: &Decision) -> Result<(), StoreError> {
        self.inner.decide(run, changes, decision)
    }

    fn decisions(&self, campaign: &str, after: Option<i64>, n: usize) -> Result<Vec<Decided>, StoreError> {
        self.inner.decisions(campaign, after, n)
    }

    fn prune(&mut self, run: RunId, at_ms: i64) -> Result<Pruned, StoreError> {
        self.inner.prune(run, at_ms)
    }

    fn verify(&self) -> Result<Verified, StoreError> {
        self.inner.verify()
    }

    fn opt_outs(&self) -> Result<Vec<String>, StoreError> {
        self.inner.opt_outs()
    }

    fn record_opt_outs(&mut self, addresses: &[String], source: &str, at_ms: i64) -> Result<u64, StoreError> {
        self.inner.record_opt_outs(addresses, source, at_ms)
    }

    fn contacts(&self, run: RunId, since_ms: i64, each: &mut dyn FnMut(&str, i64)) -> Result<(), StoreError> {
        self.inner.contacts(run, since_ms, each)
    }

    fn recover(&mut self, run: RunId, at_ms: i64) -> Result<u64, StoreError> {
        self.inner.recover(run, at_ms)
    }

    fn counts(&self, run: RunId) -> Result<Counts, StoreError> {
        self.inner.counts(run)
    }

    fn messages(
        &self,
        run: RunId,
        state: Option<State>,
        after: Option<MessageKey>,
        n: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        self.inner.messages(run, state, after, n)
    }

    fn unknowns(
        &self,
        run: RunId,
        after: Option<MessageKey>,
        n: usize,
    ) -> Result<Vec<UnknownMessage>, StoreError> {
        self.inner.unknowns(run, after, n)
    }

    fn awaiting_receipt(
        &self,
        run: RunId,
        after: Option<MessageKey>,
        n: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        self.inner.awaiting_receipt(run, after, n)
    }

    fn record_receipts(&mut self, run: RunId, receipts: &[Receipt]) -> Result<u64, StoreError> {
        self.inner.record_receipts(run, receipts)
    }

    fn known_ids(&self, ids: &[&str]) -> Result<Vec<(String, RunId, MessageKey)>, StoreError> {
        self.inner.known_ids(ids)
    }

    fn finish(&mut self, run: RunId, at_ms: i64) -> Result<(), StoreError> {
        self.inner.finish(run, at_ms)
    }
}

impl Control for Gated {
    fn news(&self, run: RunId, since: Mark) -> Result<Option<News>, StoreError> {
        self.inner.news(run, since)
    }

    fn acknowledge(&mut self, up_to: Mark) -> Result<(), StoreError> {
        self.inner.acknowledge(up_to)
    }

    fn acknowledged(&self) -> Result<Mark, StoreError> {
        self.inner.acknowledged()
    }

    fn waits(&mut self, run: RunId, waiting: &Waiting) -> Result<(), StoreError> {
        self.inner.waits(run, waiting)
    }

    fn waiting(&self) -> Result<Vec<(RunId, Waiting)>, StoreError> {
        self.inner.waiting()
    }

    fn holds(&self) -> Result<Vec<(String, Hold)>, StoreError> {
        self.inner.holds()
    }

    fn hold(
        &mut self,
        campaign: &str,
        hold: &Hold,
        reason: Option<&str>,
    ) -> Result<Result<Mark, Hold>, StoreError> {
        self.inner.hold(campaign, hold, reason)
    }

    fn release(&mut self, campaign: &str, word: &Word) -> Result<Option<Mark>, StoreError> {
        self.inner.release(campaign, word)
    }

    fn close(&mut self, campaign: &str, goes_on: bool) -> Result<(), StoreError> {
        self.inner.close(campaign, goes_on)
    }

    fn opt_out(&mut self, addresses: &[String], word: &Word) -> Result<(u64, Mark), StoreError> {
        self.inner.opt_out(addresses, word)
    }

    fn take_back(&mut self, addresses: &[String], word: &Word) -> Result<(u64, Mark), StoreError> {
        self.inner.take_back(addresses, word)
    }

    fn listed_opt_outs(&self, after: Option<&str>, n: usize) -> Result<Vec<OptOut>, StoreError> {
        self.inner.listed_opt_outs(after, n)
    }

    fn listed_taken_back(&self, after: Option<&str>, n: usize) -> Result<Vec<OptOut>, StoreError> {
        self.inner.listed_taken_back(after, n)
    }
}

struct Bench {
    _folder: tempfile::TempDir,
    run: RunId,
    keys: Vec<MessageKey>,
    journal: Journal<Gated>,
    began: Receiver<usize>,
    go: Sender<Result<(), StoreError>>,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let mut inner = Sqlite::open(&folder.path().join("state.db"), OpenMode::Create).unwrap();
    let names: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    let run = pin(&mut inner, "spring", &names.iter().map(|one| (&**one, &**one)).collect::<Vec<_>>());
    let keys = keys(&inner.claim(run, &Claim::next(None, 100)).unwrap());
    let ((began_in, began), (go, go_out)) = (channel(), channel());
    let journal = Journal::start(Gated { inner, began: began_in, go: go_out }, run).unwrap();
    Bench { _folder: folder, run, keys, journal, began, go }
}

#[test]
fn no_answer_comes_before_it_is_durable_and_claims_come_after() {
    let bench = bench();
    let mut first = bench.journal.submit(changes([bench.keys[0]], Event::Intend), Some(Claim::next(None, 2)));
    assert_eq!(bench.began.recv().unwrap(), 1);
    assert!(first.try_recv().is_err(), "no answer before it is durable");
    bench.go.send(Ok(())).unwrap();
    let claimed = first.blocking_recv().unwrap().unwrap().claimed;
    assert_eq!(keys(&claimed.unwrap()), bench.keys[1..3], "claimed after the commit");
    let store = bench.journal.close().unwrap();
    assert_eq!(store.counts(bench.run).unwrap().of(State::Intent), 1);
}

#[test]
fn closing_answers_everything_first() {
    let bench = bench();
    let answers: Vec<_> =
        bench.keys.iter().map(|key| bench.journal.submit(changes([*key], Event::Intend), None)).collect();
    (0..answers.len()).for_each(|_| bench.go.send(Ok(())).unwrap());
    let store = bench.journal.close().unwrap();
    assert_eq!(store.counts(bench.run).unwrap().of(State::Intent), 10);
    assert!(answers.into_iter().all(|answer| answer.blocking_recv().unwrap().is_ok()));
}

#[test]
fn after_the_first_error_nothing_is_tried_again() {
    let bench = bench();
    let error = StoreError::Io { path: "state.db".into(), detail: "no more".into() };
    let submit = |at: usize| {
        bench.journal.submit(changes([bench.keys[at]], Event::Intend), Some(Claim::next(None, 1)))
    };
    let first = submit(0);
    assert_eq!(bench.began.recv().unwrap(), 1);
    let waiting = [submit(1), submit(2)];
    bench.go.send(Err(error.clone())).unwrap();
    assert_eq!(first.blocking_recv().unwrap(), Err(error.clone()));
    for answer in waiting.into_iter().chain([submit(3)]) {
        assert_eq!(answer.blocking_recv().unwrap(), Err(error.clone()));
    }
    let store = bench.journal.close().unwrap();
    assert_eq!(bench.began.try_iter().count(), 0, "the store was not asked again");
    assert_eq!(store.counts(bench.run).unwrap().of(State::Pending), 10);
}

#[test]
fn a_submitter_who_left_does_not_stop_the_others() {
    let bench = bench();
    drop(bench.journal.submit(changes([bench.keys[0]], Event::Intend), Some(Claim::next(None, 1))));
    bench.go.send(Ok(())).unwrap();
    let next = bench.journal.submit(changes([bench.keys[1]], Event::Intend), None);
    bench.go.send(Ok(())).unwrap();
    assert!(next.blocking_recv().unwrap().is_ok());
    assert_eq!(bench.journal.close().unwrap().counts(bench.run).unwrap().of(State::Intent), 2);
}
