//! The plan as a line of workers: one thread reads blocks of whole rows, workers turn them into verdicts,
//! the caller's thread takes the verdicts in the order of the file. Block `n` goes to worker `n` modulo
//! their number, through queues of fixed length: the order needs no sorting, the memory is bounded, and
//! whoever stops lets its neighbours stop, because their queue is gone.

use std::io::Read;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use crate::audience::blocks::Blocks;
use crate::audience::dedupe::{Claimed, Duplicate};
use crate::audience::dialect::Dialect;
use crate::audience::exclusion::Exclusion;
use crate::audience::header::Header;
use crate::audience::keep::{LastRows, Seen, Standing};
use crate::audience::place::Files;
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
    let claims = Claims::First(Claimed::default());
    Collector::new(recipe, &names, claims, totals, sink).plan(files, recipe, threads)
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
    let claims = Claims::Last(&last.rows);
    let totals = Collector::new(recipe, &names, claims, totals, sink).plan(files, recipe, threads)?;
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
        for item in &batch.items {
            goes_on().map_err(PlanError::Sink)?;
            if let Verdict::In(Candidate { address_key, id_key, message: Ok(_), .. }) = &item.verdict {
                seen.add(batch.base + item.line, *address_key, *id_key);
            }
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
    mut take: impl FnMut(&Batch) -> Result<(), PlanError<E>>,
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
    take: &mut impl FnMut(&Batch) -> Result<(), PlanError<E>>,
) -> Result<(), PlanError<E>> {
    for worker in workers.iter().cycle() {
        // A worker whose turn it is has gone: the file has ended (or the thread has died, which is
        // seen when it is joined).
        let Ok(mut batch) = worker.recv() else { break };
        take(&batch)?;
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
        }
        if outbox.send(batch).is_err() {
            return;
        }
    }
}

/// Which row of a person gets the message.
enum Claims<'l> {
    /// The first, as the files are read.
    First(Claimed),
    /// The last, which is known before.
    Last(&'l LastRows),
}

impl Claims<'_> {
    /// Makes room for those in files of so many bytes, when the first batch is there: the rest will be much like it.
    fn expect(&mut self, bytes: u64, batch: &Batch) {
        let Self::First(claimed) = self else { return };
        let people = || {
            batch.items.iter().filter_map(|item| match &item.verdict {
                Verdict::In(candidate) if candidate.message.is_ok() => Some(candidate),
                _ => None,
            })
        };
        let Some(one) = people().next() else { return };
        let (some, of_bytes) = (people().count() as u64, batch.block.bytes.len().max(1) as u64);
        let all = u128::from(some) * u128::from(bytes) / u128::from(of_bytes);
        let all = u64::try_from(all).unwrap_or(u64::MAX);
        claimed.expect(all, one.address.digits().is_some(), one.id_key.is_some());
    }

    /// Gets ready for those whom a batch is about.
    fn fetch(&self, batch: &Batch) {
        let Self::First(claimed) = self else { return };
        let keys = batch.items.iter().filter_map(|item| match &item.verdict {
            Verdict::In(candidate) => Some((&candidate.address_key, candidate.id_key.as_ref())),
            Verdict::Out(_) => None,
        });
        std::hint::black_box(claimed.fetch(keys));
    }

    /// What a row is, and nothing where that cannot be: the files have changed between two readings. One that is kept has
    /// its message from then on.
    fn standing(&mut self, line: u64, candidate: &Candidate) -> Option<Standing> {
        let Candidate { address_key, id_key, message, .. } = candidate;
        let standing = match self {
            Self::First(claimed) if message.is_ok() => {
                let claimed = claimed.claim(address_key, id_key.as_ref(), line);
                claimed.map_or_else(Standing::Taken, |()| Standing::Kept)
            }
            Self::First(claimed) => {
                claimed.duplicate(address_key, id_key.as_ref()).map_or(Standing::Free, Standing::Taken)
            }
            Self::Last(rows) => rows.standing(line, address_key, id_key.as_ref()),
        };
        let can_be = match standing {
            Standing::Kept => message.is_ok(),
            Standing::Free => message.is_err(),
            Standing::Taken(_) => true,
        };
        can_be.then_some(standing)
    }
}

/// Who gets which message, or why nobody does.
type Decision<'i> = Result<(&'i Candidate, &'i Message), Exclusion>;

/// What only the order of the file decides: duplicates, sums, the digest.
struct Collector<'s, E> {
    sink: &'s mut dyn FnMut(Entry<'_>) -> Result<(), E>,
    cost: Option<&'s Cost>,
    claims: Claims<'s>,
    totals: Totals,
    names: &'s [Arc<str>],
    digest: Fold,
    row: csv::ByteRecord,
}

impl<'s, E> Collector<'s, E> {
    fn new(
        recipe: &'s Recipe,
        names: &'s [Arc<str>],
        claims: Claims<'s>,
        mut totals: Totals,
        sink: &'s mut dyn FnMut(Entry<'_>) -> Result<(), E>,
    ) -> Self {
        totals.name_lists(recipe.suppression.lists());
        let (cost, digest) = (recipe.cost.as_ref(), Fold::default());
        Self { sink, cost, claims, totals, names, digest, row: csv::ByteRecord::new() }
    }

    fn plan<R: Read + Send>(
        mut self,
        files: Vec<Input<R>>,
        recipe: &Recipe,
        threads: NonZeroUsize,
    ) -> Result<Totals, PlanError<E>> {
        let mut bytes = files.iter().map(|file| file.bytes).sum::<Option<u64>>();
        stream(files, recipe, threads, |batch| {
            if let Some(name) = self.names.get(batch.file) {
                self.totals.files.begin(batch.base, name);
            }
            self.totals.odd.add(&batch.odd, batch.base);
            if let Some(bytes) = bytes.take() {
                self.claims.expect(bytes, batch);
            }
            self.claims.fetch(batch);
            batch.items.iter().try_for_each(|item| self.item(item, batch))
        })?;
        self.totals.digest = self.digest.finish();
        Ok(self.totals)
    }

    fn item(&mut self, item: &Item, batch: &Batch) -> Result<(), PlanError<E>> {
        let line = batch.base + item.line;
        match self.decide(line, item)? {
            Ok((candidate, message)) => self.include(line, candidate, message, batch),
            Err(reason) => self.exclude(item, batch, &reason),
        }
        .map_err(PlanError::Sink)
    }

    fn include(
        &mut self,
        line: u64,
        candidate: &Candidate,
        message: &Message,
        batch: &Batch,
    ) -> Result<(), E> {
        self.totals.include(line, &candidate.address, &message.measure);
        if let (Some(cost), Some(bill)) = (self.cost, &mut self.totals.cost) {
            bill.add(cost.of(candidate.address.digits(), message.measure.parts));
        }
        let odd = candidate.odd.as_deref();
        let said = |range: &Option<Range<usize>>| batch.texts.get(range.clone()?);
        let odd_locale = odd.and_then(|odd| said(&odd.locale));
        self.totals.readers.add(message.wording, message.measure.parts, message.found, odd_locale);
        self.spell(line, candidate, message, batch);
        if let Some(whereabouts) = candidate.whereabouts {
            self.totals.locate(whereabouts, line, odd.and_then(|odd| said(&odd.zone)));
        }
        if message.marked.lacks_opt_out {
            self.totals.lack_opt_out(line);
        }
        let flaws = message.marked.flaws.of(&batch.marks.flaws);
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

    /// The message of a row, or why there is none.
    fn decide<'i>(&mut self, line: u64, item: &'i Item) -> Result<Decision<'i>, PlanError<E>> {
        let candidate = match &item.verdict {
            Verdict::Out(reason) => return Ok(Err(reason.clone())),
            Verdict::In(candidate) => candidate,
        };
        let standing = self.claims.standing(line, candidate).ok_or(PlanError::Changed)?;
        let place = |line| self.totals.files.place(line);
        Ok(match standing {
            Standing::Taken(Duplicate::Address(line)) => {
                Err(Exclusion::DuplicateAddress { kept: place(line) })
            }
            Standing::Taken(Duplicate::Id(line)) => Err(Exclusion::DuplicateId { kept: place(line) }),
            Standing::Kept | Standing::Free => match &candidate.message {
                Ok(message) => Ok((candidate, message)),
                Err(reason) => Err(reason.clone()),
            },
        })
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
