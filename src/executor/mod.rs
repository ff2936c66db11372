//! The loop that carries out what the engine says: commits, requests beside each other, timers, somebody who wants
//! it to end. It knows no clock, disk or network of its own: [`World`] is the real one (`live`), or a rehearsed one.

pub mod clocks;
pub mod facts;
pub mod live;
pub mod resume;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::audience::Suppression;
use crate::delivery::access::Credential;
use crate::delivery::answer::Answer;
use crate::delivery::control::News;
use crate::delivery::engine::{End, Engine, Now, Order, Step};
use crate::delivery::message::Batch;
use crate::provider::{AuthError, Token};
use crate::store::StoreError;
use crate::store::journal::Recorded;

/// How long requests under way are heard out after the first signal. A gateway's own time-out is 30 s as a rule.
pub const DRAIN: Duration = Duration::from_secs(35);

/// How often a world looks for what people have said, while no commit does.
pub const LOOK: Duration = Duration::from_millis(250);

/// How the loop ended.
#[derive(Debug)]
pub enum Driven {
    /// As the engine says.
    Ended(End),
    /// At once: a second signal, or the gateway took too long to answer. What was under way is unknown from now on.
    Cut,
}

/// Something that happened out there.
#[derive(Debug)]
pub enum Happening {
    /// The commit under way is durable, or failed: then nothing more is sent.
    Durable(Result<Recorded, StoreError>),
    /// People said something while nothing was written, or nobody can look any more: then nothing more is sent.
    Told(Result<News, StoreError>),
    /// Batches were answered.
    Answered(Vec<Answer>),
    /// A credential came, or did not.
    Authenticated(Result<Token, AuthError>),
    /// The suppression lists were changed, or cannot be read any more.
    Lists(Result<Suppression, String>),
    /// Somebody wants an end: the first time an orderly one, the second time at once.
    Signal,
    /// Time passed.
    Time,
}

/// Where steps are carried out. Nothing that is begun here waits; all of it is reported as a [`Happening`].
pub trait World {
    /// What time it is.
    fn now(&self) -> Now;
    /// Begins to make an order durable. There is never more than one under way.
    fn commit(&mut self, order: Order);
    /// Begins to fetch a credential; `token` is the one there was.
    fn authenticate(&mut self, credential: Credential, token: Option<Arc<Token>>);
    /// Begins to send a batch.
    fn send(&mut self, batch: Arc<Batch>, token: Option<Arc<Token>>);
    /// The gateway makes everything wait until a time since the process began, and why. Told again and again, for people
    /// who look from beside; a world may keep it to itself.
    fn waits_for_the_gateway(&mut self, _until: Duration, _why: &str) {}
    /// The next thing to happen; [`Happening::Time`] at `until`, in time since the process began, if nothing else
    /// does.
    fn happening(&mut self, until: Option<Duration>) -> impl Future<Output = Happening> + Send;
}

/// Carries out what `engine` says until it is done. `watch` is called whenever something has happened. On a worker of
/// tokio's it is nearest to the requests: every answer that has to wake another thread costs as much as the request.
///
/// # Errors
/// The state's: nothing more is sent then, and what was under way is unknown.
pub async fn execute(
    engine: &mut Engine,
    world: &mut impl World,
    watch: &mut (dyn FnMut(&Engine, Now) + Send),
) -> Result<Driven, StoreError> {
    let mut deadline: Option<Duration> = None;
    loop {
        let wait = match carry_out(engine, world) {
            Ok(wait) => wait,
            Err(end) => return Ok(Driven::Ended(end)),
        };
        if let Some((until, why)) = engine.waits_until(world.now()) {
            world.waits_for_the_gateway(until, why);
        }
        // What was answered is written in any case, however long somebody else writes before us: it would be unknown.
        let cut_at = deadline.filter(|_| engine.is_awaiting_the_gateway());
        let until = [wait, cut_at].into_iter().flatten().min();
        match world.happening(until).await {
            Happening::Durable(recorded) => {
                let recorded = recorded?;
                if let Some(news) = recorded.news {
                    engine.hear(news);
                }
                engine.committed(recorded.claimed);
            }
            Happening::Told(news) => engine.hear(news?),
            Happening::Answered(answers) => {
                let now = world.now();
                answers.into_iter().for_each(|answer| engine.answered(answer, now));
            }
            Happening::Authenticated(result) => engine.authenticated(result, world.now()),
            Happening::Lists(Ok(opt_outs)) => engine.set_opt_outs(opt_outs),
            Happening::Lists(Err(why)) => engine.pause(why),
            Happening::Signal if deadline.is_some() => return Ok(Driven::Cut),
            Happening::Signal => {
                deadline = Some(world.now().elapsed + DRAIN);
                engine.stop();
            }
            Happening::Time if cut_at.is_some_and(|at| world.now().elapsed >= at) => {
                return Ok(Driven::Cut);
            }
            Happening::Time => {}
        }
        watch(engine, world.now());
    }
}

/// Begins every step there is to take now; then until when to wait, or how it ended.
fn carry_out(engine: &mut Engine, world: &mut impl World) -> Result<Option<Duration>, End> {
    let now = world.now();
    loop {
        match engine.next(now) {
            Step::Commit(order) => world.commit(order),
            Step::Authenticate(credential) => world.authenticate(credential, engine.token()),
            Step::Send(batch) => world.send(batch, engine.token()),
            Step::Wait(until) => return Ok(until),
            Step::Done(end) => return Err(end),
        }
    }
}
