//! The store on a thread of its own while a run is delivered. Whatever waits when a commit begins
//! goes into it: one fsync for many requests. Nothing here blocks the caller.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::store::{Change, Claimed, MessageKey, RunId, Store, StoreError};

/// What one submission brought: it is durable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The messages claimed after the commit; empty when none were asked for.
    pub claimed: Vec<Claimed>,
}

/// The next messages to claim: after which key, and how many.
pub type ClaimRequest = (Option<MessageKey>, usize);

type Reply = oneshot::Sender<Result<Receipt, StoreError>>;

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

/// The most changes in one commit; more wait for the next.
const MOST_CHANGES: usize = 8192;

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
    ) -> oneshot::Receiver<Result<Receipt, StoreError>> {
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
    while let Ok(first) = receiver.recv() {
        let mut group = vec![first];
        let mut size = group.iter().map(|one| one.changes.len()).sum::<usize>();
        while size < MOST_CHANGES
            && let Ok(next) = receiver.try_recv()
        {
            size += next.changes.len();
            group.push(next);
        }
        let answered = match &failed {
            Some(error) => Err((error.clone(), group.into_iter().map(|one| one.reply).collect())),
            None => record(&mut store, run, group),
        };
        if let Err((error, replies)) = answered {
            let replies: Vec<Reply> = replies;
            for reply in replies {
                let _ = reply.send(Err(error.clone()));
            }
            failed = Some(error);
        }
    }
    store
}

/// Commits a group and answers it; a failure comes back with those who still wait.
fn record<S: Store>(
    store: &mut S,
    run: RunId,
    group: Vec<Submission>,
) -> Result<(), (StoreError, Vec<Reply>)> {
    let mut changes = Vec::with_capacity(group.iter().map(|one| one.changes.len()).sum());
    let mut waiting = Vec::with_capacity(group.len());
    for submission in group {
        changes.extend(submission.changes);
        waiting.push((submission.claim, submission.reply));
    }
    let rest = |waiting: std::vec::IntoIter<(_, Reply)>| waiting.map(|(_, reply)| reply).collect();
    if let Err(error) = store.commit(run, &changes) {
        return Err((error, rest(waiting.into_iter())));
    }
    let mut waiting = waiting.into_iter();
    while let Some((claim, reply)) = waiting.next() {
        let claimed = claim.map_or(Ok(Vec::new()), |(after, n)| store.claim(run, after, n));
        match claimed {
            // Whoever asked may have gone; the changes are recorded all the same.
            Ok(claimed) => drop(reply.send(Ok(Receipt { claimed }))),
            Err(error) => {
                let _ = reply.send(Err(error.clone()));
                return Err((error, rest(waiting)));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
