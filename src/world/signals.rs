//! Requests to end: from the keyboard, from a supervisor, from a terminal that is closed.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;

/// Listens from when it is made, also while nobody asks.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Begins to listen, inside the current tokio runtime.
    ///
    /// # Errors
    /// The system's.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

/// Who says that a run is to end.
#[derive(Debug)]
pub enum Ends {
    /// Whoever sends the process a signal.
    Signals(Signals),
    /// Whoever watches over the runs of the process.
    Told(UnboundedReceiver<()>),
}

impl Ends {
    /// The next word.
    pub async fn next(&mut self) {
        match self {
            Self::Signals(signals) => signals.next().await,
            Self::Told(words) => match words.recv().await {
                Some(()) => {}
                // Nobody is left to say anything.
                None => std::future::pending().await,
            },
        }
    }
}

/// What a process that sends for ever is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To end.
    End,
    /// To look at the files now.
    Look,
}

/// The signals of such a process: hanging up has another meaning.
#[derive(Debug)]
pub struct Wishes(Signals);

impl Wishes {
    /// Begins to listen, inside the current tokio runtime.
    ///
    /// # Errors
    /// The system's.
    pub fn new() -> io::Result<Self> {
        Signals::new().map(Self)
    }

    /// The next one.
    pub async fn next(&mut self) -> Wish {
        let Signals { interrupt, terminate, hang_up } = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => Wish::End,
            _ = terminate.recv() => Wish::End,
            _ = hang_up.recv() => Wish::Look,
        }
    }
}
