//! The loop that asks a gateway about messages that were sent, for every verb that does: a page at a time, requests
//! beside each other, in order to the end when somebody wants to stop.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use super::connection::{Connection, Place, Terms, threads};
use super::exit::{Code, Failure};
use super::terminal::Terminal;
use crate::campaign::Delivery;
use crate::delivery::asking::{AskStep, Asking, Unanswered};
use crate::delivery::engine::End;
use crate::delivery::pinned::Pinned;
use crate::executor::DRAIN;
use crate::provider::{AuthError, Token};
use crate::report::mask::Mask;
use crate::store::Run;
use crate::world::clock::{Clock, sleep};
use crate::world::gateway::Gateway;
use crate::world::signals::Signals;

const BAR: &str = "  {prefix} {bar:32} {human_pos} of {human_len}  {msg}";

/// Asks the gateway of one run, under the terms the run was pinned with.
#[derive(Debug)]
pub struct Asker<'e, T> {
    connection: Connection,
    asking: Asking<T>,
    ends: Stops<'e>,
    clock: Clock,
    bar: ProgressBar,
}

/// Who says that it is to end.
#[derive(Debug)]
enum Stops<'e> {
    /// Whoever sends the process a signal.
    Own(Signals),
    /// Whoever watches over the work of the process: to that one a signal may mean something else.
    Told(&'e mut UnboundedReceiver<()>),
}

impl Stops<'_> {
    async fn next(&mut self) {
        match self {
            Self::Own(signals) => signals.next().await,
            Self::Told(words) => match words.recv().await {
                Some(()) => {}
                // Nobody is left to say anything.
                None => std::future::pending().await,
            },
        }
    }
}

/// What a task under way reports.
enum Report<A> {
    Credential(Result<Token, AuthError>),
    Answer(u64, Result<A, Unanswered>),
}

impl<'e, T: Clone + Send + 'static> Asker<'e, T> {
    /// Finds the credentials, or starts the sandbox; nothing is asked yet. The bar counts to `total`. It ends when it is
    /// `told` to, or else by a signal.
    pub fn open(
        run: &Run,
        sandbox: bool,
        total: u64,
        clock: Clock,
        told: Option<&'e mut UnboundedReceiver<()>>,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let pinned = read(run)?;
        let delivery: Delivery = pinned.delivery().map_err(unreadable)?;
        let (profile, key) = (pinned.profile().map_err(unreadable)?, run.pinned.key());
        let place = if sandbox { Place::LaterSandbox } else { Place::Gateway };
        let terms = Terms { profile, run: key, sender: pinned.sender.clone(), gauges: None };
        let connection = Connection::open(terms, place, threads()?, clock, terminal)?;
        let ends = match told {
            Some(words) => Stops::Told(words),
            None => {
                let _inside = connection.runtime.enter();
                let signals = Signals::new();
                Stops::Own(signals.map_err(|error| Failure::Internal(format!("no signals: {error}")))?)
            }
        };
        let asking = Asking::new(Arc::clone(&connection.gateway.profile), &delivery, clock.now());
        let bar = terminal.bar(total, BAR);
        bar.set_prefix("asking");
        Ok(Self { connection, asking, ends, clock, bar })
    }

    /// Asks about all of these. `told` hears of each that was settled, as it comes: with the answer, or with the
    /// reason why there is none. When it returns, nothing is under way.
    pub fn ask<A: Send + 'static, F: Future<Output = Result<A, Unanswered>> + Send + 'static>(
        &mut self,
        subjects: impl IntoIterator<Item = T>,
        question: impl Fn(Arc<Gateway>, T, Option<Arc<Token>>) -> F,
        told: &mut dyn FnMut(T, Result<A, String>),
    ) {
        if self.asking.end().is_some() {
            return;
        }
        self.asking.feed(subjects);
        let Self { connection, asking, ends, clock, bar } = self;
        let mut hear = |subject: T, answer: Result<A, String>| {
            bar.inc(1);
            told(subject, answer);
        };
        let waits = |reason: Option<&str>| match reason {
            Some(reason) => bar.set_message(format!("waiting: {reason}")),
            None => bar.set_message(""),
        };
        let gateway = &connection.gateway;
        connection.runtime.block_on(carry_out(asking, gateway, ends, *clock, &question, &mut hear, &waits));
    }

    /// Why nothing more is asked, if so.
    pub fn end(&self) -> Option<&End> {
        self.asking.end()
    }
}

impl<T> Drop for Asker<'_, T> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The terms of a run.
pub fn read(run: &Run) -> Result<Pinned, Failure> {
    Pinned::from_json(&run.pinned.pinned).map_err(unreadable)
}

fn unreadable(error: crate::delivery::pinned::PinnedError) -> Failure {
    Failure::State(error.to_string())
}

/// The exit code of asking, with a word about why it stopped where it did; nothing where it came to its end.
pub fn stopped(end: Option<&End>, terminal: &Terminal) -> Option<Code> {
    let why = match end? {
        End::Finished => return None,
        End::Refused(why) => {
            let why = Mask::Masked.cell(why);
            terminal.say(&format!("\u{1b}[1;31mrefused\u{1b}[0m: {why}"));
            return Some(Code::Refused);
        }
        End::Paused(why) | End::Cancelled(why) => Mask::Masked.cell(why),
        End::Waits { why, .. } => why.clone(),
        End::Interrupted => "as asked, in order; what was answered is kept".to_owned(),
    };
    terminal.say(&format!(
        "\u{1b}[1;33mstopped\u{1b}[0m: {why}. The same command goes on where this one stopped."
    ));
    Some(Code::Stopped)
}

async fn carry_out<T, A, F>(
    asking: &mut Asking<T>,
    gateway: &Arc<Gateway>,
    ends: &mut Stops<'_>,
    clock: Clock,
    question: &impl Fn(Arc<Gateway>, T, Option<Arc<Token>>) -> F,
    told: &mut dyn FnMut(T, Result<A, String>),
    waits: &dyn Fn(Option<&str>),
) where
    T: Clone,
    A: Send + 'static,
    F: Future<Output = Result<A, Unanswered>> + Send + 'static,
{
    // Dropped with this loop, and what is under way with it: no question changes anything here.
    let mut reports = JoinSet::new();
    let mut deadline: Option<Duration> = None;
    loop {
        let Some(wait) = begin(asking, gateway, clock, question, &mut reports) else { return };
        waits(asking.waiting_for(clock.now()));
        let wake = [wait, deadline].into_iter().flatten().min();
        tokio::select! {
            () = ends.next() => {
                if deadline.is_some() {
                    return;
                }
                deadline = Some(clock.now().elapsed + DRAIN);
                asking.stop();
            }
            Some(report) = reports.join_next() => match report {
                Ok(Report::Credential(result)) => asking.authenticated(result, clock.now()),
                Ok(Report::Answer(number, heard)) => {
                    if let Some((subject, answer)) = asking.answered(number, heard, clock.now()) {
                        told(subject, answer);
                    }
                }
                // Both reports are made by tasks that wait for others and do nothing else.
                Err(_) => {
                    asking.stop();
                    return;
                }
            },
            () = sleep(wake.map(|at| clock.instant(at))) => {
                if deadline.is_some_and(|deadline| clock.now().elapsed >= deadline) {
                    return;
                }
            }
        }
    }
}

/// Begins all that can begin now. Until when to wait then; nothing when all is done.
fn begin<T, A, F>(
    asking: &mut Asking<T>,
    gateway: &Arc<Gateway>,
    clock: Clock,
    question: &impl Fn(Arc<Gateway>, T, Option<Arc<Token>>) -> F,
    reports: &mut JoinSet<Report<A>>,
) -> Option<Option<Duration>>
where
    T: Clone,
    A: Send + 'static,
    F: Future<Output = Result<A, Unanswered>> + Send + 'static,
{
    loop {
        match asking.next(clock.now()) {
            AskStep::Authenticate(credential) => {
                let (gateway, token) = (Arc::clone(gateway), asking.token());
                let task = async move { gateway.authenticate(credential, token.as_deref()).await };
                let task = tokio::spawn(task);
                let ours = |_| Err(AuthError::Lost("our own failure during the log-in".to_owned()));
                reports.spawn(async move { Report::Credential(task.await.unwrap_or_else(ours)) });
            }
            AskStep::Ask(number, subject) => {
                // A task of its own: one that dies is answered all the same.
                let task = tokio::spawn(question(Arc::clone(gateway), subject, asking.token()));
                let ours = |_| Err(Unanswered::Silent("our own failure while it was asked".to_owned()));
                reports.spawn(async move { Report::Answer(number, task.await.unwrap_or_else(ours)) });
            }
            AskStep::Wait(until) => return Some(until),
            AskStep::Done => return None,
        }
    }
}
