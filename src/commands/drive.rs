//! The loop that carries out what the engine says: commits on the journal's thread, requests beside each
//! other, timers and signals in between.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::signals::Signals;
use crate::delivery::answer::Answer;
use crate::delivery::engine::{End, Engine, Now, Step};
use crate::delivery::message::Batch;
use crate::provider::{AuthError, Class, Reading, Token, Verdict};
use crate::store::journal::{Journal, Recorded};
use crate::store::{Store, StoreError};
use crate::world::clock::Clock;
use crate::world::gateway::Gateway;
use crate::world::lists::Lists;

/// How long requests under way are heard out after the first signal. A gateway's own time-out is 30 s as a rule.
pub(super) const DRAIN: Duration = Duration::from_secs(35);

/// How the loop ended.
#[derive(Debug)]
pub enum Driven {
    /// As the engine says.
    Ended(End),
    /// At once: a second signal, or the drain took too long. What was under way is unknown from now on.
    Cut,
}

/// Drives `engine` until it is done. `watch` is called whenever something has happened.
///
/// # Errors
/// The state's: nothing more is sent then, and what was under way is unknown.
pub async fn drive<S: Store + std::marker::Send + 'static>(
    engine: &mut Engine,
    journal: &Journal<S>,
    gateway: &Arc<Gateway>,
    lists: &mut Lists,
    clock: Clock,
    watch: &mut dyn FnMut(&Engine, Now),
) -> Result<Driven, StoreError> {
    let (answered, mut answers) = mpsc::unbounded_channel();
    let (authenticated, mut credentials) = mpsc::unbounded_channel();
    let mut hands = Hands { journal, gateway, answered, authenticated, receipt: None };
    let mut signals = Signals::new()?;
    let mut deadline: Option<Duration> = None;
    loop {
        refresh(engine, lists, clock.now().elapsed);
        let wait = match hands.carry_out(engine, clock) {
            Ok(wait) => wait,
            Err(end) => return Ok(Driven::Ended(end)),
        };
        let look = (!lists.is_empty() && deadline.is_none()).then(|| lists.next_look());
        let wake = [wait, deadline, look]
            .into_iter()
            .flatten()
            .min()
            .map(|at| tokio::time::Instant::from_std(clock.instant(at)));
        tokio::select! {
            () = signals.next() => {
                if deadline.is_some() {
                    return Ok(Driven::Cut);
                }
                deadline = Some(clock.now().elapsed + DRAIN);
                engine.stop();
            }
            durable = settled(&mut hands.receipt) => {
                let claims = hands.receipt.take().is_some_and(|(_, claims)| claims);
                let receipt = durable?;
                engine.committed(claims.then_some(receipt.claimed));
            }
            Some(answer) = answers.recv() => {
                let now = clock.now();
                engine.answered(answer, now);
                while let Ok(answer) = answers.try_recv() {
                    engine.answered(answer, now);
                }
            }
            Some(result) = credentials.recv() => engine.authenticated(result, clock.now()),
            () = sleep(wake) => {
                if deadline.is_some_and(|deadline| clock.now().elapsed >= deadline) {
                    return Ok(Driven::Cut);
                }
            }
        }
        watch(engine, clock.now());
    }
}

/// A commit under way, and whether it claims.
type Writing = Option<(oneshot::Receiver<Result<Recorded, StoreError>>, bool)>;

/// What carries out the engine's steps: nothing here waits, everything reports back.
struct Hands<'a, S> {
    journal: &'a Journal<S>,
    gateway: &'a Arc<Gateway>,
    answered: mpsc::UnboundedSender<Answer>,
    authenticated: mpsc::UnboundedSender<Result<Token, AuthError>>,
    receipt: Writing,
}

impl<S: Store + std::marker::Send + 'static> Hands<'_, S> {
    /// Every step there is to take now; then until when to wait, or how it ended.
    fn carry_out(&mut self, engine: &mut Engine, clock: Clock) -> Result<Option<Duration>, End> {
        loop {
            let gateway = Arc::clone(self.gateway);
            match engine.next(clock.now()) {
                Step::Commit(order) => {
                    let claims = order.claim.is_some();
                    self.receipt = Some((self.journal.submit(order.changes, order.claim), claims));
                }
                Step::Authenticate(credential) => {
                    let (token, reply) = (engine.token(), self.authenticated.clone());
                    tokio::spawn(async move {
                        let _ = reply.send(gateway.authenticate(credential, token.as_deref()).await);
                    });
                }
                Step::Send(batch) => {
                    let token = engine.token();
                    let promise = Promise::new(self.answered.clone(), &batch);
                    tokio::spawn(async move { promise.keep(gateway.send(&batch, token.as_deref()).await) });
                }
                Step::Wait(until) => return Ok(until),
                Step::Done(end) => return Err(end),
            }
        }
    }
}

/// An answer that comes in any case: a request whose task dies has an unknown outcome, and the run must not
/// wait for it for ever.
struct Promise {
    reply: mpsc::UnboundedSender<Answer>,
    number: u64,
    members: usize,
    kept: bool,
}

impl Promise {
    fn new(reply: mpsc::UnboundedSender<Answer>, batch: &Batch) -> Self {
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

/// The receipt of the commit under way; never, while there is none.
async fn settled(receipt: &mut Writing) -> Result<Recorded, StoreError> {
    match receipt {
        Some((answer, _)) => {
            answer.await.unwrap_or_else(|_| Err(StoreError::internal("the journal is gone")))
        }
        None => std::future::pending().await,
    }
}

/// Until then; for ever, where there is nothing to wait for.
pub(super) async fn sleep(until: Option<tokio::time::Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// Lets the engine know of opt-outs that were written down meanwhile.
fn refresh(engine: &mut Engine, lists: &mut Lists, now: Duration) {
    if lists.is_empty() || now < lists.next_look() {
        return;
    }
    match lists.look(now) {
        Ok(Some(opt_outs)) => engine.set_opt_outs(opt_outs),
        Ok(None) => {}
        Err(why) => engine.pause(why),
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
            second_copy: false,
        };
        let batch = Batch { number: 7, parcels: vec![Parcel::new(message)] };
        let (reply, mut answers) = mpsc::unbounded_channel();
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
