//! The real world of a run: commits on the journal's thread, requests on tokio, timers, signals, and the files of
//! the suppression lists.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
use tokio::sync::oneshot;

use super::{Happening, LOOK, World};
use crate::delivery::access::Credential;
use crate::delivery::answer::Answer;
use crate::delivery::control::{Mark, News};
use crate::delivery::engine::{Now, Order};
use crate::delivery::message::Batch;
use crate::provider::{AuthError, Class, Reading, Token, Verdict};
use crate::store::control::{Control, Waiting};
use crate::store::journal::{Journal, Recorded};
use crate::store::{Store, StoreError};
use crate::world::clock::{Clock, sleep};
use crate::world::gateway::Gateway;
use crate::world::lists::Lists;
use crate::world::signals::Ends;

/// How often the state is told at the most what the gateway makes us wait for.
const SAY: Duration = Duration::from_secs(1);

/// What the journal was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Commit,
    Look,
}

type Reply = oneshot::Receiver<Result<Recorded, StoreError>>;
type Credentials = Result<Token, AuthError>;

/// A batch to be sent, and the credential it goes with.
type Job = (Arc<Batch>, Option<Arc<Token>>);

/// Where somebody who sends takes the next batch from; given back with each, so that it closes when the run is over.
#[derive(Debug, Clone)]
struct Desk(Sender<(Job, Desk)>);

/// An answer, and the desk of whoever fetched it; nothing, if that one died of it.
type Fetched = (Answer, Option<Desk>);

/// See the module.
#[derive(Debug)]
pub struct Live<S> {
    journal: Journal<S>,
    gateway: Arc<Gateway>,
    lists: Lists,
    clock: Clock,
    ends: Ends,
    /// Senders that wait for a batch. There are never more of them than batches were under way at once.
    idle: Vec<Desk>,
    answered: (UnboundedSender<Fetched>, UnboundedReceiver<Fetched>),
    authenticated: (UnboundedSender<Credentials>, UnboundedReceiver<Credentials>),
    /// A commit and a look at the most, in the order in which the journal answers them: news must not overtake news.
    asked: VecDeque<(Asked, Reply)>,
    /// When to look next, in time since the process began.
    look_at: Duration,
    /// Up to where the engine was told what people said.
    heard: Mark,
    /// Up to where that was said in the state.
    acknowledged: Mark,
    /// What the gateway makes us wait for, where the state was not told yet.
    waiting: Option<Waiting>,
    /// Until when it makes us wait, as far as we know; in time since the process began.
    waits_until: Duration,
    /// When the state may be told again.
    say_at: Duration,
}

impl<S: Store + Control + Send + 'static> Live<S> {
    /// Nothing was begun yet; `ends` says when to come to an end.
    pub fn new(journal: Journal<S>, gateway: Arc<Gateway>, lists: Lists, clock: Clock, ends: Ends) -> Self {
        Self {
            journal,
            gateway,
            lists,
            clock,
            ends,
            idle: Vec::new(),
            answered: unbounded_channel(),
            authenticated: unbounded_channel(),
            asked: VecDeque::new(),
            look_at: Duration::ZERO,
            heard: Mark::default(),
            acknowledged: Mark::default(),
            waiting: None,
            waits_until: Duration::ZERO,
            say_at: Duration::ZERO,
        }
    }

    /// The journal, when all is done.
    pub fn into_journal(self) -> Journal<S> {
        self.journal
    }

    /// What the state is to be told of what the gateway makes us wait for: once for each time that it names, and not
    /// more often than a reader could follow.
    fn waits(&mut self, now: Duration) -> Option<Waiting> {
        if now < self.say_at {
            return None;
        }
        self.say_at = now + SAY;
        self.waiting.take()
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
        let waits = self.waits(now);
        self.asked.push_back((Asked::Look, self.journal.look(self.heard, waits)));
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
        let job = match self.idle.pop() {
            Some(desk) => match desk.0.try_send(((batch, token), desk.clone())) {
                Ok(()) => return,
                // One who is gone; nobody lost the batch.
                Err(TrySendError::Full((job, _)) | TrySendError::Closed((job, _))) => job,
            },
            None => (batch, token),
        };
        tokio::spawn(send_on(job, Arc::clone(&self.gateway), self.answered.0.clone()));
    }

    fn waits_for_the_gateway(&mut self, until: Duration, why: &str) {
        if until == self.waits_until {
            return;
        }
        self.waits_until = until;
        let Now { elapsed, utc } = self.clock.now();
        let wait = TimeDelta::from_std(until.saturating_sub(elapsed)).unwrap_or_default();
        self.waiting = Some(Waiting { until_ms: (utc + wait).timestamp_millis(), why: why.to_owned() });
    }

    async fn happening(&mut self, until: Option<Duration>) -> Happening {
        if let Some(changed) = self.look() {
            return changed;
        }
        let listen = self.listen();
        let look = (!self.lists.is_empty()).then(|| self.lists.next_look());
        let wake = [until, look, listen].into_iter().flatten().min().map(|at| self.clock.instant(at));
        // In this order: what ends or frees something first, and no timer is set while there is something to do.
        tokio::select! {
            biased;
            () = self.ends.next() => Happening::Signal,
            recorded = settled(&mut self.asked) => self.told(recorded),
            Some(fetched) = self.answered.1.recv() => {
                // Others come meanwhile: to be woken for each costs more than to judge it.
                tokio::task::yield_now().await;
                let mut next = Some(fetched);
                let mut answers = Vec::new();
                while let Some((answer, desk)) = next {
                    answers.push(answer);
                    self.idle.extend(desk);
                    next = self.answered.1.try_recv().ok();
                }
                Happening::Answered(answers)
            }
            Some(result) = self.authenticated.1.recv() => Happening::Authenticated(result),
            () = sleep(wake) => self.look().unwrap_or(Happening::Time),
        }
    }
}

/// Sends a batch, and those that it is given when it has the answer: a task for each request would cost a good part
/// of what the request does.
async fn send_on(first: Job, gateway: Arc<Gateway>, reply: UnboundedSender<Fetched>) {
    let (sender, mut jobs) = channel(1);
    let mut next = Some((first, Desk(sender)));
    while let Some(((batch, token), desk)) = next {
        let promise = Promise::new(reply.clone(), &batch);
        let answer = gateway.send(&batch, token.as_deref()).await;
        // The engine takes its messages back without a copy when nobody else has them.
        drop(batch);
        promise.keep(answer, desk);
        next = jobs.recv().await;
    }
}

/// An answer that comes in any case: a request whose task dies has an unknown outcome, and the run must not
/// wait for it for ever.
struct Promise {
    reply: UnboundedSender<Fetched>,
    number: u64,
    members: usize,
    kept: bool,
}

impl Promise {
    fn new(reply: UnboundedSender<Fetched>, batch: &Batch) -> Self {
        Self { reply, number: batch.number, members: batch.len(), kept: false }
    }

    fn keep(mut self, answer: Answer, desk: Desk) {
        self.kept = true;
        let _ = self.reply.send((answer, Some(desk)));
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if !self.kept {
            let lost = Verdict::new(Class::Unknown, "our own failure while the request was under way");
            let reading = Reading::all(self.members, &lost);
            let _ = self.reply.send((Answer { number: self.number, reading, unreached: false }, None));
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
            recipient: "1".into(),
            address: "+254700000001".into(),
            text: "t".into(),
            segments: 1,
            part: None,
            attempts: 0,
            second_copy: false,
            clock: None,
        };
        let batch = Batch { number: 7, parcels: vec![Parcel::new(message)], closes: None };
        let (reply, mut answers) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let promise = Promise::new(reply, &batch);
            let dying = tokio::spawn(async move {
                let _promise = promise;
                std::panic::resume_unwind(Box::new("a fault of ours"));
            });
            assert!(dying.await.is_err());
            let (answer, desk) = answers.recv().await.unwrap();
            assert!(desk.is_none());
            assert_eq!((answer.number, answer.reading.verdicts[0].class), (7, Class::Unknown));
        });
    }
}
