//! The store on a thread of its own while a run is delivered, so that nothing waits for the disk but what
//! must. The engine has one commit under way at a time and gathers meanwhile: that is what makes groups.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::delivery::control::{Mark, News};
use crate::store::control::{Control, Waiting};
use crate::store::ears::Ear;
use crate::store::{Change, Claim, Claimed, RunId, Store, StoreError};

/// What one submission brought: it is durable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The messages claimed after the commit, if some were asked for.
    pub claimed: Option<Vec<Claimed>>,
    /// What people have said meanwhile, also beside this process: all that was recorded before the changes were, at
    /// least. Looked for after the commit, so that no intent is used that a word came before.
    pub news: Option<News>,
}

type Reply = oneshot::Sender<Result<Recorded, StoreError>>;

struct Submission {
    changes: Vec<Change>,
    claim: Option<Claim>,
    heard: Option<Mark>,
    waits: Option<Waiting>,
    reply: Reply,
}

/// The other end: the store, and how far it was read. The journal has it on its thread; what simulates a journal has
/// it at hand.
#[derive(Debug)]
pub struct Writer<S> {
    store: S,
    run: RunId,
    /// Up to where news were given out.
    seen: Mark,
    /// Up to where they were acknowledged.
    acknowledged: Mark,
    /// Its place among the runs of this process, where there are others.
    ear: Option<Ear>,
}

/// The handle of the thread.
#[derive(Debug)]
pub struct Journal<S> {
    sender: mpsc::Sender<Submission>,
    thread: JoinHandle<S>,
}

impl<S: Store + Control + Send + 'static> Journal<S> {
    /// Gives the store to a new thread for the time of a run's delivery.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when the system gives no thread.
    pub fn start(store: S, run: RunId) -> Result<Self, StoreError> {
        Self::serve(Writer::new(store, run))
    }

    /// The same beside other runs of this process: a word is heard when all of them have heard it.
    ///
    /// # Errors
    /// As of [`Journal::start`].
    pub fn start_beside(store: S, run: RunId, ear: Ear) -> Result<Self, StoreError> {
        Self::serve(Writer { ear: Some(ear), ..Writer::new(store, run) })
    }

    fn serve(writer: Writer<S>) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.serve(&receiver))
            .map_err(|error| StoreError::internal(format!("no thread for the journal: {error}")))?;
        Ok(Self { sender, thread })
    }

    /// Hands in changes, and asks for messages to be claimed once these are recorded. The answer
    /// comes when the changes are durable. After the first error every submission gets that error:
    /// a failed commit is never tried again.
    pub fn submit(
        &self,
        changes: Vec<Change>,
        claim: Option<Claim>,
    ) -> oneshot::Receiver<Result<Recorded, StoreError>> {
        self.hand_in(changes, claim, None, None)
    }

    /// Looks for news without recording anything, but that all up to `heard` is known and heeded, and what this process
    /// waits for, if that is new.
    pub fn look(
        &self,
        heard: Mark,
        waits: Option<Waiting>,
    ) -> oneshot::Receiver<Result<Recorded, StoreError>> {
        self.hand_in(Vec::new(), None, Some(heard), waits)
    }

    fn hand_in(
        &self,
        changes: Vec<Change>,
        claim: Option<Claim>,
        heard: Option<Mark>,
        waits: Option<Waiting>,
    ) -> oneshot::Receiver<Result<Recorded, StoreError>> {
        let (reply, answer) = oneshot::channel();
        if let Err(mpsc::SendError(lost)) =
            self.sender.send(Submission { changes, claim, heard, waits, reply })
        {
            let _ = lost.reply.send(Err(StoreError::internal("the journal has ended")));
        }
        answer
    }

    /// Waits until all that was submitted is answered, and gives the store back.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when the thread died.
    pub fn close(self) -> Result<S, StoreError> {
        drop(self.sender);
        self.thread.join().map_err(|_| StoreError::internal("the journal died"))
    }
}

impl<S: Store + Control> Writer<S> {
    /// For one run, before anything was read.
    pub fn new(store: S, run: RunId) -> Self {
        Self { store, run, seen: Mark::default(), acknowledged: Mark::default(), ear: None }
    }

    /// The store, for whoever speaks to the run from beside it.
    pub fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// Gives the store back.
    pub fn into_store(self) -> S {
        self.store
    }

    fn serve(mut self, receiver: &mpsc::Receiver<Submission>) -> S {
        let mut failed: Option<StoreError> = None;
        while let Ok(Submission { changes, claim, heard, waits, reply }) = receiver.recv() {
            let result = match &failed {
                Some(error) => Err(error.clone()),
                None => self.say(waits.as_ref()).and_then(|()| self.record(&changes, claim, heard)),
            };
            failed = result.as_ref().err().cloned();
            // Whoever asked may have gone; what is recorded is recorded all the same.
            drop(reply.send(result));
        }
        self.store
    }

    /// Says what this process waits for.
    fn say(&mut self, waits: Option<&Waiting>) -> Result<(), StoreError> {
        waits.map_or(Ok(()), |waits| self.store.waits(self.run, waits))
    }

    /// Records one submission: the changes, durable on return; then what was said meanwhile, and the claim.
    ///
    /// # Errors
    /// Those of [`Store::commit`], [`Store::claim`] and [`Control`].
    pub fn record(
        &mut self,
        changes: &[Change],
        claim: Option<Claim>,
        heard: Option<Mark>,
    ) -> Result<Recorded, StoreError> {
        if let Some(heard) = heard.filter(|heard| *heard > self.acknowledged) {
            let by_all = match &self.ear {
                None => Some(heard),
                Some(ear) => ear.hears(heard),
            };
            if let Some(heard) = by_all {
                self.store.acknowledge(heard)?;
            }
            self.acknowledged = heard;
        }
        if !changes.is_empty() {
            self.store.commit(self.run, changes)?;
        }
        let news = self.store.news(self.run, self.seen)?;
        self.seen = news.as_ref().map_or(self.seen, |news| news.up_to);
        let claimed = claim.map(|claim| self.store.claim(self.run, &claim)).transpose()?;
        Ok(Recorded { claimed, news })
    }
}

#[cfg(test)]
mod tests;
