//! The store on a thread of its own while a run is delivered, so that nothing waits for the disk but what
//! must. The engine has one commit under way at a time and gathers meanwhile: that is what makes groups.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::store::{Change, Claimed, MessageKey, RunId, Store, StoreError};

/// What one submission brought: it is durable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The messages claimed after the commit, if some were asked for.
    pub claimed: Option<Vec<Claimed>>,
}

/// The next messages to claim: after which key, and how many.
pub type ClaimRequest = (Option<MessageKey>, usize);

type Reply = oneshot::Sender<Result<Recorded, StoreError>>;

struct Submission {
    changes: Vec<Change>,
    claim: Option<ClaimRequest>,
    reply: Reply,
}

/// The handle of the thread.
#[derive(Debug)]
pub struct Journal<S> {
    sender: mpsc::Sender<Submission>,
    thread: JoinHandle<S>,
}

impl<S: Store + Send + 'static> Journal<S> {
    /// Gives the store to a new thread for the time of a run's delivery.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when the system gives no thread.
    pub fn start(store: S, run: RunId) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || serve(store, run, &receiver))
            .map_err(|error| StoreError::internal(format!("no thread for the journal: {error}")))?;
        Ok(Self { sender, thread })
    }

    /// Hands in changes, and asks for messages to be claimed once these are recorded. The answer
    /// comes when the changes are durable. After the first error every submission gets that error:
    /// a failed commit is never tried again.
    pub fn submit(
        &self,
        changes: Vec<Change>,
        claim: Option<ClaimRequest>,
    ) -> oneshot::Receiver<Result<Recorded, StoreError>> {
        let (reply, answer) = oneshot::channel();
        if let Err(mpsc::SendError(lost)) = self.sender.send(Submission { changes, claim, reply }) {
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

fn serve<S: Store>(mut store: S, run: RunId, receiver: &mpsc::Receiver<Submission>) -> S {
    let mut failed: Option<StoreError> = None;
    while let Ok(Submission { changes, claim, reply }) = receiver.recv() {
        let result = match &failed {
            Some(error) => Err(error.clone()),
            None => record(&mut store, run, &changes, claim),
        };
        failed = result.as_ref().err().cloned();
        // Whoever asked may have gone; what is recorded is recorded all the same.
        drop(reply.send(result));
    }
    store
}

/// Records one submission: the changes, durable on return, then the claim.
///
/// # Errors
/// Those of [`Store::commit`] and [`Store::claim`].
pub fn record<S: Store>(
    store: &mut S,
    run: RunId,
    changes: &[Change],
    claim: Option<ClaimRequest>,
) -> Result<Recorded, StoreError> {
    if !changes.is_empty() {
        store.commit(run, changes)?;
    }
    let claimed = claim.map(|(after, n)| store.claim(run, after, n)).transpose()?;
    Ok(Recorded { claimed })
}

#[cfg(test)]
mod tests;
