//! The time before the first message: audience planned, run pinned, log-in made. Whoever wants an end then gets it at
//! once, with the exit code of a stopped send, for there is nothing to be heard out.

use std::thread::{self, JoinHandle};

use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::exit::{Code, Failure};
use super::terminal::Terminal;
use crate::world::signals::Signals;

/// Lasts until it is dropped, which is done when somebody else listens and before anything is sent.
#[derive(Debug)]
pub struct Preparing {
    over: Option<oneshot::Sender<()>>,
    watcher: Option<JoinHandle<()>>,
}

impl Preparing {
    /// Begins to listen for signals.
    pub fn begin(terminal: &Terminal) -> Result<Self, Failure> {
        let unheard = |error| Failure::Internal(format!("no signals: {error}"));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(unheard)?;
        let inside = runtime.enter();
        let mut signals = Signals::new().map_err(unheard)?;
        drop(inside);
        let (over, begun) = oneshot::channel::<()>();
        let words = terminal.clone();
        let watcher = thread::spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    biased;
                    _ = begun => {}
                    () = signals.next() => {
                        words.say("\u{1b}[1;33mstopped\u{1b}[0m: as asked, before anything was sent");
                        // A run that is being pinned is whole or not there, whenever the process ends.
                        std::process::exit(Code::Stopped as i32);
                    }
                }
            });
        });
        Ok(Self { over: Some(over), watcher: Some(watcher) })
    }
}

impl Drop for Preparing {
    fn drop(&mut self) {
        drop(self.over.take());
        // A signal that came first has ended the process by then: nothing is sent beside it.
        if let Some(watcher) = self.watcher.take() {
            let _ = watcher.join();
        }
    }
}
