//! One life of a process: the run is taken up as `send` takes it up, carried out by the executor, and left as
//! whatever ended the process leaves it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::campaign::{Delivery, Unknown};
use crate::delivery::control::{Hold, HoldKind};
use crate::delivery::engine::{End, Engine, Now};
use crate::delivery::message::Change;
use crate::delivery::paces::limits;
use crate::delivery::state::{Event, State};
use crate::executor::clocks::clocks;
use crate::executor::resume::send_again;
use crate::executor::{Driven, execute};
use crate::provider::Profile;
use crate::simulation::oracle::{Law, Terms};
use crate::simulation::world::{CAMPAIGN, Gone, Simulated, Stage};
use crate::store::control::{Control, Word};
use crate::store::{Listed, RunId, Store, StoreError};

/// What is the same in all lives of a run.
#[derive(Debug, Clone)]
pub struct Cast {
    /// How the gateway is spoken to.
    pub profile: Arc<Profile>,
    /// Pace and patience.
    pub delivery: Delivery,
}

/// How a process ended.
#[derive(Debug)]
pub enum How {
    /// By itself, as the engine says.
    Ended(End),
    /// At once, because somebody asked twice or the drain took too long.
    Cut,
    /// From outside.
    Gone(Gone),
    /// The state failed.
    Failed(StoreError),
}

/// What a process leaves behind.
#[derive(Debug)]
pub struct Life<S> {
    /// How it ended.
    pub how: How,
    /// The state.
    pub store: S,
    /// The changes of a commit that was under way: they may be written or not.
    pub uncertain: Vec<Change>,
    /// How many events it saw.
    pub events: u64,
}

/// Lives one life. `uncertain` is what the life before may have written or not.
pub fn live<S: Store + Control + Send>(
    stage: &mut Stage,
    mut store: S,
    run: RunId,
    cast: &Cast,
    uncertain: &[Change],
) -> Life<S> {
    let engine = match take_up(stage, &mut store, run, cast, uncertain) {
        Ok(engine) => engine,
        Err(error) => {
            stage.oracle.complain(Law::State, &error);
            return Life { how: How::Failed(error), store, uncertain: Vec::new(), events: 0 };
        }
    };
    let mut engine = engine;
    let mut world = Simulated::new(stage, store, run);
    let driven = poll_once(execute(&mut engine, &mut world, &mut |_, _| {}));
    let gone = world.gone();
    let how = match driven {
        Some(Ok(Driven::Ended(end))) => How::Ended(end),
        Some(Ok(Driven::Cut)) => How::Cut,
        Some(Err(error)) => How::Failed(error),
        None => How::Gone(gone.unwrap_or(Gone::Condemned)),
    };
    let events = world.events();
    let (store, order) = world.end();
    stage.trace.note(stage.at, || format!("= the process ends: {how:?}"));
    let uncertain = order.map_or_else(Vec::new, |order| order.changes);
    Life { how, store, uncertain, events }
}

/// What `send` does before it sends.
fn take_up<S: Store + Control>(
    stage: &mut Stage,
    store: &mut S,
    run: RunId,
    cast: &Cast,
    uncertain: &[Change],
) -> Result<Engine, StoreError> {
    let now = Now { elapsed: std::time::Duration::ZERO, utc: stage.utc() + stage.skew };
    let at_ms = now.utc.timestamp_millis();
    stage.oracle.reopened(&everybody(store, run)?, uncertain);
    let lost = store.recover(run, at_ms)?;
    stage.oracle.recovered(lost);
    // Nobody takes a run up that somebody holds: it was let go on before.
    store.release(CAMPAIGN, &Word { who: "somebody".to_owned(), reason: None, at_ms })?;
    let Cast { profile, delivery } = cast;
    if delivery.unknown == Unknown::Resend {
        send_again(store, run, delivery.retry.attempts, at_ms)?;
        stage.oracle.freed(delivery.retry.attempts);
    }
    let mut engine = Engine::new(Arc::clone(profile), *delivery, stage.suppression(), stage.kind, now);
    engine.add_opt_outs(store.opt_outs()?);
    let pinned = store.runs(Some(CAMPAIGN))?.into_iter().find(|one| one.id == run);
    let pinned = pinned.ok_or(StoreError::NoSuchRun { run: run.0 })?;
    engine.set_clocks(clocks(store, &pinned, delivery)?);
    let terms = Terms {
        window: engine.window(),
        concurrency: usize::from(delivery.concurrency),
        limits: limits(delivery, profile.limits()),
    };
    let list = stage.list.clone();
    stage.oracle.begins(terms, &list);
    stage.trace.note(stage.at, || format!("= a process begins: {lost} were in doubt, {terms:?}"));
    Ok(engine)
}

/// Ends a run in which nothing is left to do, as `send` does; whether it was one.
///
/// # Errors
/// The state's.
pub fn conclude<S: Store>(stage: &mut Stage, store: &mut S, run: RunId) -> Result<bool, StoreError> {
    if store.counts(run)?.open() > 0 {
        return Ok(false);
    }
    store.finish(run, stage.utc().timestamp_millis())?;
    let counts = store.counts(run)?;
    stage.oracle.ends(&everybody(store, run)?, &counts);
    Ok(true)
}

/// Somebody cancels the campaign while no process is at work on it: what was not sent expires, and the run is closed, as
/// `cancel` does it.
///
/// # Errors
/// The state's.
pub fn cancel<S: Store + Control>(stage: &mut Stage, store: &mut S, run: RunId) -> Result<(), StoreError> {
    let at_ms = (stage.utc() + stage.skew).timestamp_millis();
    stage.oracle.recovered(store.recover(run, at_ms)?);
    let hold = Hold { what: HoldKind::Cancelled, who: "somebody".to_owned(), at_ms };
    let _already = store.hold(CAMPAIGN, &hold, None)?;
    stage.oracle.cancels();
    let waiting = |one: &Listed| matches!(one.state, State::Pending | State::Held);
    let expired = everybody(store, run)?.into_iter().filter(waiting).map(|one| Change {
        key: one.key,
        event: if one.second_copy { Event::Forgo } else { Event::Expire },
        provider_id: None,
        reason: Some("cancelled".to_owned()),
        opted_out: false,
        at_ms,
    });
    let expired: Vec<Change> = expired.collect();
    store.commit(run, &expired)?;
    let counts = store.counts(run)?;
    stage.oracle.durable(&expired, Some(&counts));
    stage.trace.note(stage.at, || format!("= somebody cancels it: {} expire", expired.len()));
    Ok(())
}

fn everybody<S: Store>(store: &S, run: RunId) -> Result<Vec<Listed>, StoreError> {
    store.messages(run, None, None, usize::from(u16::MAX))
}

/// A future that waits for nothing but the simulated world is done when it is asked, or never.
pub(super) fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
