//! The real world of a run: commits on the journal's thread, requests on tokio, timers, signals, and the files of
//! the suppression lists.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::{Happening, World};
use crate::delivery::access::Credential;
use crate::delivery::answer::Answer;
use crate::delivery::control::{Mark, News};
use crate::delivery::engine::{Now, Order};
use crate::delivery::message::Batch;
use crate::provider::{AuthError, Class, Reading, Token, Verdict};
use crate::store::journal::{Journal, Recorded};
use crate::store::control::Control;
use crate::store::{Store, StoreError};
use crate::world::clock::{Clock, sleep};
use crate::world::gateway::Gateway;
use crate::world::lists::Lists;
use crate::world::signals::Signals;

/// How often we look for what people have said, while no commit does.
const LOOK: Duration = Duration::from_millis(250);

/// What the journal was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Commit,
    Look,
}

type Reply = oneshot::Receiver<Result<Recorded, StoreError>>;
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
    /// A commit and a look at the most, in the order in which the journal answers them: news must not overtake news.
    asked: VecDeque<(Asked, Reply)>,
    /// When to look next, in time since the process began.
    look_at: Duration,
    /// Up to where the engine was told what people said.
    heard: Mark,
    /// Up to where that was said in the state.
    acknowledged: Mark,
}

impl<S: Store + Control + Send + 'static> Live<S> {
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
            asked: VecDeque::new(),
            look_at: Duration::ZERO,
            heard: Mark::default(),
            acknowledged: Mark::default(),
        })
    }

    /// The journal, when all is done.
    pub fn into_journal(self) -> Journal<S> {
        self.journal
    }

    /// Begins to look for what people have said, when it is time to. The engine has carried out what it was told
    /// before: whoever waits for that is told as well.
    ///
    /// Answers when it will be time again; while a look is under way its answer comes first.
    fn listen(&mut self) -> Option<Duration> {
        if self.asked.iter().any(|(asked, _)| *asked == Asked::Look) {
            return None;
        }
        let now = self.clock.now().elapsed;
        if now < self.look_at && self.heard == self.acknowledged {
            return Some(self.look_at);
        }
        self.asked.push_back((Asked::Look, self.journal.look(self.heard)));
        self.acknowledged = self.heard;
        self.look_at = now + LOOK;
        None
    }

    /// What the journal's answer is for the engine, which is about to be told the news in it.
    fn told(&mut self, recorded: Result<Recorded, StoreError>) -> Happening {
        if let Some(News { up_to, .. }) = recorded.as_ref().ok().and_then(|recorded| recorded.news.as_ref()) {
            self.heard = *up_to;
        }
        match self.asked.pop_front() {
            Some((Asked::Commit, _)) => Happening::Durable(recorded),
            _ => match recorded {
                Ok(Recorded { news: None, .. }) => Happening::Time,
                Ok(Recorded { news: Some(news), .. }) => Happening::Told(Ok(news)),
                Err(error) => Happening::Told(Err(error)),
            },
        }
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

impl<S: Store + Control + Send + 'static> World for Live<S> {
    fn now(&self) -> Now {
        self.clock.now()
    }

    fn commit(&mut self, order: Order) {
        self.asked.push_back((Asked::Commit, self.journal.submit(order.changes, order.claim)));
        // It brings news as well.
        self.look_at = self.clock.now().elapsed + LOOK;
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
        let listen = self.listen();
        let look = (!self.lists.is_empty()).then(|| self.lists.next_look());
        let wake = [until, look, listen].into_iter().flatten().min().map(|at| self.clock.instant(at));
        tokio::select! {
            () = self.signals.next() => Happening::Signal,
            recorded = settled(&mut self.asked) => self.told(recorded),
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

/// The journal's next answer; never, while it was asked for nothing.
async fn settled(asked: &mut VecDeque<(Asked, Reply)>) -> Result<Recorded, StoreError> {
    match asked.front_mut() {
        Some((_, reply)) => reply.await.unwrap_or_else(|_| Err(StoreError::internal("the journal is gone"))),
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
