//! The real world of a run: commits on the journal's thread, requests on tokio, timers, signals, and the files of
//! the suppression lists.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::{Happening, World};
use crate::delivery::access::Credential;
use crate::delivery::answer::Answer;
use crate::delivery::engine::{Now, Order};
use crate::delivery::message::Batch;
use crate::provider::{AuthError, Class, Reading, Token, Verdict};
use crate::store::journal::{Journal, Recorded};
use crate::store::{Store, StoreError};
use crate::world::clock::{Clock, sleep};
use crate::world::gateway::Gateway;
use crate::world::lists::Lists;
use crate::world::signals::Signals;

type Credentials = Result<Token, AuthError>;

/// See the module.
#[derive(Debug)]
pub struct Live<S> {
    journal: Journal<S>,
    gateway: Arc<Gateway>,
    lists: Lists,
    clock: Clock,
    signals: Signals,
    answered: (UnboundedSender<Answer>, UnboundedReceiver<Answer>),
    authenticated: (UnboundedSender<Credentials>, UnboundedReceiver<Credentials>),
    /// The commit under way.
    writing: Option<oneshot::Receiver<Result<Recorded, StoreError>>>,
}

impl<S: Store + Send + 'static> Live<S> {
    /// Begins to listen for signals, inside the current tokio runtime.
    ///
    /// # Errors
    /// The system's, when it lets nobody listen.
    pub fn new(journal: Journal<S>, gateway: Arc<Gateway>, lists: Lists, clock: Clock) -> io::Result<Self> {
        Ok(Self {
            journal,
            gateway,
            lists,
            clock,
            signals: Signals::new()?,
            answered: unbounded_channel(),
            authenticated: unbounded_channel(),
            writing: None,
        })
    }

    /// The journal, when all is done.
    pub fn into_journal(self) -> Journal<S> {
        self.journal
    }

    /// Looks at the suppression lists, when it is time to.
    fn look(&mut self) -> Option<Happening> {
        let now = self.clock.now().elapsed;
        if self.lists.is_empty() || now < self.lists.next_look() {
            return None;
        }
        self.lists.look(now).transpose().map(Happening::Lists)
    }
}

impl<S: Store + Send + 'static> World for Live<S> {
    fn now(&self) -> Now {
        self.clock.now()
    }

    fn commit(&mut self, order: Order) {
        self.writing = Some(self.journal.submit(order.changes, order.claim));
    }

    fn authenticate(&mut self, credential: Credential, token: Option<Arc<Token>>) {
        let (gateway, reply) = (Arc::clone(&self.gateway), self.authenticated.0.clone());
        tokio::spawn(async move {
            let _ = reply.send(gateway.authenticate(credential, token.as_deref()).await);
        });
    }

    fn send(&mut self, batch: Arc<Batch>, token: Option<Arc<Token>>) {
        let gateway = Arc::clone(&self.gateway);
        let promise = Promise::new(self.answered.0.clone(), &batch);
        tokio::spawn(async move {
            let answer = gateway.send(&batch, token.as_deref()).await;
            // The engine takes its messages back without a copy when nobody else has them.
            drop(batch);
            promise.keep(answer);
        });
    }

    async fn happening(&mut self, until: Option<Duration>) -> Happening {
        if let Some(changed) = self.look() {
            return changed;
        }
        let look = (!self.lists.is_empty()).then(|| self.lists.next_look());
        let wake = [until, look].into_iter().flatten().min().map(|at| self.clock.instant(at));
        tokio::select! {
            () = self.signals.next() => Happening::Signal,
            recorded = settled(&mut self.writing) => {
                self.writing = None;
                Happening::Durable(recorded)
            }
            Some(answer) = self.answered.1.recv() => {
                let mut answers = vec![answer];
                while let Ok(answer) = self.answered.1.try_recv() {
                    answers.push(answer);
                }
                Happening::Answered(answers)
            }
            Some(result) = self.authenticated.1.recv() => Happening::Authenticated(result),
            () = sleep(wake) => self.look().unwrap_or(Happening::Time),
        }
    }
}

/// An answer that comes in any case: a request whose task dies has an unknown outcome, and the run must not
/// wait for it for ever.
struct Promise {
    reply: UnboundedSender<Answer>,
    number: u64,
    members: usize,
    kept: bool,
}

impl Promise {
    fn new(reply: UnboundedSender<Answer>, batch: &Batch) -> Self {
        Self { reply, number: batch.number, members: batch.len(), kept: false }
    }

    fn keep(mut self, answer: Answer) {
        self.kept = true;
        let _ = self.reply.send(answer);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if !self.kept {
            let lost = Verdict::new(Class::Unknown, "our own failure while the request was under way");
            let reading = Reading::all(self.members, &lost);
            let _ = self.reply.send(Answer { number: self.number, reading, unreached: false });
        }
    }
}

/// What became of the commit under way; never, while there is none.
async fn settled(
    writing: &mut Option<oneshot::Receiver<Result<Recorded, StoreError>>>,
) -> Result<Recorded, StoreError> {
    match writing {
        Some(reply) => reply.await.unwrap_or_else(|_| Err(StoreError::internal("the journal is gone"))),
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::message::{Claimed, MessageKey, Parcel};

    #[test]
    fn a_request_whose_task_dies_is_answered_as_unknown() {
        let message = Claimed {
            key: MessageKey { text: 1, seq: 1 },
            recipient: "1".to_owned(),
            address: "+254700000001".to_owned(),
            text: "t".into(),
            segments: 1,
            part: None,
            attempts: 0,
        };
        let batch = Batch { number: 7, parcels: vec![Parcel::new(message)] };
        let (reply, mut answers) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let promise = Promise::new(reply, &batch);
            let dying = tokio::spawn(async move {
                let _promise = promise;
                std::panic::resume_unwind(Box::new("a fault of ours"));
            });
            assert!(dying.await.is_err());
            let answer = answers.recv().await.unwrap();
            assert_eq!((answer.number, answer.reading.verdicts[0].class), (7, Class::Unknown));
        });
    }
}
