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
use crate::audience::dedupe::{Claimed, Duplicate};
use crate::audience::dialect::Dialect;
use crate::audience::exclusion::Exclusion;
use crate::audience::header::Header;
use crate::audience::read::ReadError;
use crate::audience::rows::Rows;
use crate::message::Spelling;
use crate::plan::batch::{Batch, Candidate, Item, Message, Verdict, Worker};
use crate::plan::digest::Fold;
use crate::plan::totals::Totals;
use crate::plan::{Entry, Input, PlanError, Recipe};
use crate::provider::Cost;

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
    let only = Input { name: Arc::from("the file"), reader: input, dialect: Dialect::PLAIN };
    run_files(vec![only], recipe, threads, sink)
}

/// Makes a plan of files, one after the other: `sink` gets an entry for every row, in the order of the files, the same
/// for any number of `threads`.
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
    let names: Vec<Arc<str>> = files.iter().map(|file| Arc::clone(&file.name)).collect();
    thread::scope(|scope| {
        let (to_workers, from_reader) = queues(threads);
        let (to_collector, from_workers) = queues(threads);
        let (give_back, used) = channel();
        let header = &recipe.rules.header;
        let mut handles = vec![scope.spawn(move || read(files, header, &to_workers, &used))];
        for (inbox, outbox) in from_reader.into_iter().zip(to_collector) {
            handles.push(scope.spawn(move || work(recipe, &inbox, &outbox)));
        }
        let result = Collector::new(recipe.cost.as_ref(), &names, sink).collect(&from_workers, &give_back);
        // Without these, whoever waits at a full queue would wait for ever.
        drop((from_workers, give_back));
        let sound = handles.into_iter().map(thread::ScopedJoinHandle::join).all(|joined| joined.is_ok());
        if sound { result } else { Err(PlanError::Worker) }
    })
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
        }
        if outbox.send(batch).is_err() {
            return;
        }
    }
}

/// What only the order of the file decides: duplicates, sums, the digest.
struct Collector<'s, E> {
    sink: &'s mut dyn FnMut(Entry<'_>) -> Result<(), E>,
    cost: Option<&'s Cost>,
    claimed: Claimed,
    totals: Totals,
    names: &'s [Arc<str>],
    digest: Fold,
    row: csv::ByteRecord,
}

impl<'s, E> Collector<'s, E> {
    fn new(
        cost: Option<&'s Cost>,
        names: &'s [Arc<str>],
        sink: &'s mut dyn FnMut(Entry<'_>) -> Result<(), E>,
    ) -> Self {
        let (claimed, digest) = (Claimed::default(), Fold::default());
        let totals = Totals::new(cost.is_some(), names.len() > 1);
        Self { sink, cost, claimed, totals, names, digest, row: csv::ByteRecord::new() }
    }

    fn collect(
        mut self,
        workers: &[Receiver<Batch>],
        give_back: &Sender<Batch>,
    ) -> Result<Totals, PlanError<E>> {
        for worker in workers.iter().cycle() {
            // A worker whose turn it is has gone: the file has ended (or the thread has died, which is
            // seen when it is joined).
            let Ok(mut batch) = worker.recv() else { break };
            if let Some(name) = self.names.get(batch.file) {
                self.totals.files.begin(batch.base, name);
            }
            let items = std::mem::take(&mut batch.items);
            for item in &items {
                self.item(item, &batch).map_err(PlanError::Sink)?;
            }
            batch.items = items;
            if let Some(error) = batch.error.take() {
                let file = self.names.get(batch.file).cloned().unwrap_or_else(|| Arc::from(""));
                return Err(PlanError::Read { file, error });
            }
            let _ = give_back.send(batch);
        }
        self.totals.digest = self.digest.finish();
        Ok(self.totals)
    }

    fn item(&mut self, item: &Item, batch: &Batch) -> Result<(), E> {
        let (candidate, message) = match self.decide(item) {
            Ok(planned) => planned,
            Err(reason) => return self.exclude(item, batch, &reason),
        };
        let line = batch.base + item.line;
        self.claimed.claim(&candidate.address_key, candidate.id_key.as_ref(), line);
        self.totals.include(line, &candidate.address, &message.measure);
        if let (Some(cost), Some(bill)) = (self.cost, &mut self.totals.cost) {
            bill.add(cost.of(candidate.address.digits(), message.measure.parts));
        }
        let odd = message.odd_locale.clone().and_then(|range| batch.texts.get(range));
        self.totals.readers.add(message.wording, message.measure.parts, message.found, odd);
        self.spell(line, candidate, message, batch);
        if let Some(whereabouts) = candidate.whereabouts {
            let odd = candidate.odd_zone.clone().and_then(|range| batch.texts.get(range));
            self.totals.locate(whereabouts, line, odd);
        }
        let flaws = batch.marks.flaws.get(message.flaws.clone()).unwrap_or_default();
        if !flaws.is_empty() {
            let text = batch.texts.get(message.text.clone()).unwrap_or_default();
            self.totals.flaws.add(line, text, flaws);
        }
        self.digest.add(&message.digest);
        (self.sink)(Entry::Planned {
            place: self.totals.files.place(line),
            id: batch.texts.get(candidate.id.clone()).unwrap_or_default(),
            address: &candidate.address,
            text: batch.texts.get(message.text.clone()).unwrap_or_default(),
            wording: message.wording,
            measure: message.measure,
            whereabouts: candidate.whereabouts,
            flaws,
        })
    }

    /// Counts how a message is spelled.
    fn spell(&mut self, line: u64, candidate: &Candidate, message: &Message, batch: &Batch) {
        let alphabet = &mut self.totals.alphabet;
        alphabet.respelled += u64::from(message.spelling == Spelling::Gsm7);
        let Some(foreign) = &message.foreign else { return };
        let parts = message.measure.parts;
        alphabet.add(line, &batch.marks.characters, parts, foreign);
        let prices = self.cost.zip(foreign.in_gsm7).and_then(|(cost, fewer)| {
            let digits = candidate.address.digits();
            Some((cost.of(digits, parts)?, cost.of(digits, fewer)?))
        });
        if let Some((price, lower)) = prices {
            alphabet.money = alphabet.money.plus(price.minus(lower));
        }
    }

    fn decide<'i>(&self, item: &'i Item) -> Result<(&'i Candidate, &'i Message), Exclusion> {
        let candidate = match &item.verdict {
            Verdict::Out(reason) => return Err(reason.clone()),
            Verdict::In(candidate) => candidate,
        };
        match self.claimed.duplicate(&candidate.address_key, candidate.id_key.as_ref()) {
            Some(Duplicate::Address(line)) => {
                Err(Exclusion::DuplicateAddress { first: self.totals.files.place(line) })
            }
            Some(Duplicate::Id(line)) => Err(Exclusion::DuplicateId { first: self.totals.files.place(line) }),
            None => match &candidate.message {
                Ok(message) => Ok((candidate, message)),
                Err(reason) => Err(reason.clone()),
            },
        }
    }

    fn exclude(&mut self, item: &Item, batch: &Batch, reason: &Exclusion) -> Result<(), E> {
        self.totals.exclude(reason);
        self.row.clear();
        // The bytes were cut once already, so they are a row of UTF-8.
        let bytes = batch.block.bytes.get(item.range.clone()).unwrap_or_default();
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let mut rows = Rows::new(text, item.line, batch.block.dialect);
        if let Ok(Some(row)) = rows.next_row() {
            row.iter().for_each(|cell| self.row.push_field(cell.as_bytes()));
        }
        let place = self.totals.files.place(batch.base + item.line);
        (self.sink)(Entry::Excluded { place, reason, row: &self.row })
    }
}
