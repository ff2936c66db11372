//! The plan as a line of workers: one thread reads blocks of whole rows, workers turn them into verdicts,
//! the caller's thread takes the verdicts in the order of the file. Block `n` goes to worker `n` modulo
//! their number, through queues of fixed length: the order needs no sorting, the memory is bounded, and
//! whoever stops lets its neighbours stop, because their queue is gone.

use std::io::Read;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use crate::audience::blocks::Blocks;
use crate::audience::dialect::Dialect;
use crate::audience::header::Header;
use crate::audience::keep::{LastRows, Seen};
use crate::audience::place::Files;
use crate::audience::read::ReadError;
use crate::plan::batch::{Batch, Worker};
use crate::plan::claims::Claims;
use crate::plan::collector::Collector;
use crate::plan::totals::Totals;
use crate::plan::{Entry, Input, PlanError, Recipe};

/// Batches that wait before and behind each worker.
const QUEUE: usize = 4;

/// Makes a plan of a file of UTF-8 with commas. See [`run_files`].
///
/// # Errors
/// As [`run_files`].
pub fn run<E>(
    input: impl Read + Send,
    recipe: &Recipe,
    threads: NonZeroUsize,
    sink: &mut dyn FnMut(Entry<'_>) -> Result<(), E>,
) -> Result<Totals, PlanError<E>> {
    let only = Input { name: Arc::from("the file"), reader: input, dialect: Dialect::PLAIN, bytes: None };
    run_files(vec![only], recipe, threads, sink)
}

/// Makes a plan of files, one after the other: `sink` gets an entry for every row, in the order of the files, the same
/// for any number of `threads`. Of several rows for one person the first gets the message.
///
/// # Errors
/// A file is refused, or the sink refuses an entry. The sink's entries are then void: whatever it has
/// kept of them must be dropped. A sink's error ends the plan as soon as the read under way returns.
pub fn run_files<R: Read + Send, E>(
    files: Vec<Input<R>>,
    recipe: &Recipe,
    threads: NonZeroUsize,
    sink: &mut dyn FnMut(Entry<'_>) -> Result<(), E>,
) -> Result<Totals, PlanError<E>> {
    let names = names(&files);
    let totals = Totals::new(recipe.cost.is_some(), Files::new(names.len() > 1));
    let mut claims = Claims::first(files.iter().map(|file| file.bytes).sum());
    let mut collector = Collector::new(recipe, &names, totals, sink);
    stream(files, recipe, threads, |batch| {
        claims.decide(batch);
        collector.take(batch)
    })?;
    Ok(collector.finish())
}

/// The same, but of several rows for one person the last gets the message. Who that is, [`last_rows`] has found in the
/// same files.
///
/// # Errors
/// As [`run_files`], and [`PlanError::Changed`].
pub fn run_files_keeping<R: Read + Send, E>(
    files: Vec<Input<R>>,
    recipe: &Recipe,
    last: &Last,
    threads: NonZeroUsize,
    sink: &mut dyn FnMut(Entry<'_>) -> Result<(), E>,
) -> Result<Totals, PlanError<E>> {
    let names = names(&files);
    // The kept row may stand in a file that is yet to come.
    let totals = Totals::new(recipe.cost.is_some(), last.files.clone());
    let mut claims = Claims::Last(&last.rows);
    let mut collector = Collector::new(recipe, &names, totals, sink);
    stream(files, recipe, threads, |batch| {
        claims.decide(batch);
        collector.take(batch)
    })?;
    let totals = collector.finish();
    if totals.messages == last.rows.len() { Ok(totals) } else { Err(PlanError::Changed) }
}

/// The last row of everybody who would get a message, and the files' places.
#[derive(Debug)]
pub struct Last {
    rows: LastRows,
    files: Files,
}

/// Reads files for their last rows, in the memory that their keys take: texts are made, because who has none claims
/// nothing, and forgotten. `goes_on` is asked at every row.
///
/// # Errors
/// A file is refused, or `goes_on` says no.
pub fn last_rows<R: Read + Send, E>(
    files: Vec<Input<R>>,
    recipe: &Recipe,
    threads: NonZeroUsize,
    goes_on: &mut dyn FnMut() -> Result<(), E>,
) -> Result<Last, PlanError<E>> {
    let names = names(&files);
    let mut places = Files::new(names.len() > 1);
    let mut seen = Seen::default();
    stream(files, recipe, threads, |batch| {
        if let Some(name) = names.get(batch.file) {
            places.begin(batch.base, name);
        }
        for _ in &batch.items {
            goes_on().map_err(PlanError::Sink)?;
        }
        for one in batch.claimants.iter().filter(|one| one.has_message) {
            seen.add(batch.base + one.line, one.address, one.id);
        }
        Ok(())
    })?;
    Ok(Last { rows: seen.last(), files: places })
}

fn names<R>(files: &[Input<R>]) -> Vec<Arc<str>> {
    files.iter().map(|file| Arc::clone(&file.name)).collect()
}

/// Hands every batch to `take`, in the order of the files.
fn stream<R: Read + Send, E>(
    files: Vec<Input<R>>,
    recipe: &Recipe,
    threads: NonZeroUsize,
    mut take: impl FnMut(&mut Batch) -> Result<(), PlanError<E>>,
) -> Result<(), PlanError<E>> {
    let names = names(&files);
    thread::scope(|scope| {
        let (to_workers, from_reader) = queues(threads);
        let (to_collector, from_workers) = queues(threads);
        let (give_back, used) = channel();
        let header = &recipe.rules.header;
        let named = |name: &str| thread::Builder::new().name(name.to_owned());
        let reads = move || read(files, header, &to_workers, &used);
        let mut handles = vec![named("plan-read").spawn_scoped(scope, reads)];
        for (inbox, outbox) in from_reader.into_iter().zip(to_collector) {
            let works = move || work(recipe, &inbox, &outbox);
            handles.push(named("plan-work").spawn_scoped(scope, works));
        }
        let result = collect(&names, &from_workers, &give_back, &mut take);
        // Without these, whoever waits at a full queue would wait for ever.
        drop((from_workers, give_back));
        // A thread that could not be started has dropped its ends of the queues, as one that died.
        let sound = handles.into_iter().all(|started| started.is_ok_and(|thread| thread.join().is_ok()));
        if sound { result } else { Err(PlanError::Worker) }
    })
}

fn collect<E>(
    names: &[Arc<str>],
    workers: &[Receiver<Batch>],
    give_back: &Sender<Batch>,
    take: &mut impl FnMut(&mut Batch) -> Result<(), PlanError<E>>,
) -> Result<(), PlanError<E>> {
    for worker in workers.iter().cycle() {
        // A worker whose turn it is has gone: the file has ended (or the thread has died, which is
        // seen when it is joined).
        let Ok(mut batch) = worker.recv() else { break };
        take(&mut batch)?;
        if let Some(error) = batch.error.take() {
            let file = names.get(batch.file).cloned().unwrap_or_else(|| Arc::from(""));
            return Err(PlanError::Read { file, error });
        }
        let _ = give_back.send(batch);
    }
    Ok(())
}

type Queues<T> = (Vec<SyncSender<T>>, Vec<Receiver<T>>);

fn queues<T>(threads: NonZeroUsize) -> Queues<T> {
    (0..threads.get()).map(|_| sync_channel(QUEUE)).unzip()
}

/// Deals blocks out to the workers, in turn. Ends at the end of the files, at an error, or when a worker
/// is gone.
fn read<R: Read>(
    files: Vec<Input<R>>,
    header: &Header,
    workers: &[SyncSender<Batch>],
    used: &Receiver<Batch>,
) {
    let mut workers = workers.iter().cycle();
    let mut base = 0;
    for (file, input) in files.into_iter().enumerate() {
        let mut blocks = Blocks::new(input.reader, input.dialect);
        let mut checked = Header::take(&mut blocks).and_then(|found| match found == *header {
            true => Ok(()),
            false => Err(ReadError::HeaderChanged { found: found.columns().to_vec() }),
        });
        loop {
            let mut batch = used.try_recv().unwrap_or_default();
            (batch.file, batch.base, batch.error) = (file, base, None);
            batch.block.bytes.clear();
            match std::mem::replace(&mut checked, Ok(())).and_then(|()| blocks.next_block(&mut batch.block)) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => batch.error = Some(error),
            }
            let failed = batch.error.is_some();
            let Some(worker) = workers.next() else { return };
            if worker.send(batch).is_err() || failed {
                return;
            }
        }
        base += blocks.line();
    }
}

fn work(recipe: &Recipe, inbox: &Receiver<Batch>, outbox: &SyncSender<Batch>) {
    let mut worker = Worker::new(recipe);
    while let Ok(mut batch) = inbox.recv() {
        if batch.error.is_none() {
            worker.work(&mut batch);
        } else {
            batch.items.clear();
            batch.claimants.clear();
        }
        if outbox.send(batch).is_err() {
            return;
        }
    }
}
