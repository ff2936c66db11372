//! Requests to end: from the keyboard, from a supervisor, from a terminal that is closed.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::store::StoreError;

/// Listens from when it is made, also while nobody asks.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Begins to listen, inside the current tokio runtime.
    pub fn new() -> Result<Self, StoreError> {
        let listen =
            |kind| signal(kind).map_err(|error| StoreError::internal(format!("no signals: {error}")));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
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
