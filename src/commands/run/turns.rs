//! Turns as they are seen by whoever watches: each begins in a thread of its own, and what came of it is told.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::Builder;

use tokio::sync::mpsc::unbounded_channel;

use super::turn::{Came, Work, carry_out};
use super::words::{self, waits};
use super::{Busy, Watch, is_lost, passes};
use crate::commands::exit::{Code, Failure};
use crate::delivery::engine::End;
use crate::delivery::roster::{Ended, Turn};
use crate::executor::Driven;
use crate::report::events::{What, standing};
use crate::store::control::Control;
use crate::store::{RunId, Store};

impl Watch {
    /// A turn begins, in a thread of its own.
    pub(super) fn begin(&mut self, turn: Turn) -> Result<(), Failure> {
        let name = turn.campaign().to_owned();
        let manifest = self.places.get(&name).cloned().unwrap_or_default();
        let last = self.last.get(&name).copied().flatten();
        let store = match self.store.another() {
            Ok(store) => store,
            Err(error) => {
                // Of the moment (too many files are open), as long as what is open is ours and can be read.
                self.store.news(RunId(0), self.seen).map(drop).or_else(passes)?;
                self.not_begun(&name, Failure::Store(error));
                return Ok(());
            }
        };
        let (ends, hears) = unbounded_channel();
        let work = Work { turn: turn.clone(), manifest, last, store, ends: hears };
        let (shared, reports) = (self.shared.clone(), self.reports.0.clone());
        let thread = Builder::new().name("campaign".to_owned()).spawn(move || {
            let came = catch_unwind(AssertUnwindSafe(|| carry_out(work, &shared)));
            let ours = |_| Err(Failure::Internal("our own failure, a bug".to_owned()));
            let _ = reports.send((turn, came.unwrap_or_else(ours)));
        });
        match thread {
            Ok(thread) => {
                let began = self.now().utc;
                self.busy.insert(name, Busy { ends, thread, began });
            }
            Err(error) => self.not_begun(&name, Failure::Internal(format!("no thread: {error}"))),
        }
        Ok(())
    }

    /// A turn could not begin: it is tried again after a pause, and others are not touched.
    fn not_begun(&mut self, name: &str, failure: Failure) {
        let how = Ended::Trouble { moved: false };
        self.roster.ended(name, how.clone(), self.now());
        self.tell_end(name, how, Err(failure));
    }

    /// A turn has ended.
    pub(super) fn ended(&mut self, turn: &Turn, result: Result<Came, Failure>) -> Result<(), Failure> {
        let name = turn.campaign();
        let busy = self.busy.remove(name);
        let began = busy.as_ref().map(|busy| busy.began);
        if let Some(busy) = busy {
            let _ = busy.thread.join();
        }
        if let Turn::Begin { at, .. } = turn {
            match self.store.run(name, &at.to_string()) {
                Ok(None) => {}
                Ok(Some(_)) => {
                    let last = self.last.entry(name.to_owned()).or_default();
                    *last = (*last).max(Some(at.instant()));
                    let late = began.map(|began| began - self.roster.comes(name, *at));
                    self.late.extend(late.map(|late| (name.to_owned(), late)));
                }
                Err(error) => {
                    passes(error)?;
                    // It is looked up again.
                    self.last.remove(name);
                }
            }
        }
        let how = match &result {
            Err(failure) if is_lost(failure) => return result.map(drop),
            Err(_) => Ended::Trouble { moved: false },
            Ok(Came::Nothing) if matches!(turn, Turn::Cancel { .. }) => Ended::Done,
            // The files or the state say otherwise than was known here: not asked again at once.
            Ok(Came::Nothing) => Ended::Trouble { moved: true },
            Ok(Came::Left) => Ended::Asked,
            Ok(Came::Located(people)) => Ended::Located(people.clone()),
            Ok(Came::Delivered(sent)) => match &sent.driven {
                _ if sent.left => Ended::Asked,
                Driven::Ended(End::Finished | End::Cancelled(_)) => Ended::Done,
                Driven::Ended(End::Interrupted) | Driven::Cut => Ended::Asked,
                Driven::Ended(End::Waits { .. }) => Ended::Waits,
                Driven::Ended(End::Refused(_) | End::Paused(_)) => {
                    Ended::Trouble { moved: sent.tally.accepted > 0 }
                }
            },
        };
        // First the state: a run that waits until a time must be known to be told so.
        self.refresh(name)?;
        self.roster.ended(name, how.clone(), self.now());
        self.take_holds()?;
        self.tell_end(name, how, result);
        if !self.places.contains_key(name) {
            self.tell_strays()?;
        }
        Ok(())
    }

    fn tell_end(&mut self, name: &str, how: Ended, result: Result<Came, Failure>) {
        let now = self.now();
        let next = waits(self.roster.waiting(now).get(name).copied(), now.utc);
        match result {
            Ok(Came::Nothing | Came::Located(_)) => {}
            Ok(Came::Left) => {
                let text = "stopped as asked while it was prepared: nothing of it was written";
                self.ledger.note(name, Code::Stopped, text);
                self.say(What::Stopped, Some(name), text);
            }
            Err(failure) => {
                let what = if failure.code() == Code::Refused { What::Refused } else { What::Failed };
                let mut text = format!("{failure}; {next}");
                if let Failure::Invalid { problems, .. } = &failure {
                    text = format!("{text}\n{}", problems.render(false).trim_end());
                }
                self.ledger.note(name, failure.code(), &failure.to_string());
                self.say(what, Some(name), text);
            }
            Ok(Came::Delivered(sent)) => {
                let (what, text) = words::ended(&sent, how, &next);
                let run = &sent.run;
                self.ledger.note(name, sent.code, &format!("{}, {}", run.occurrence, standing(run)));
                self.shared.terminal.about(name).event(what, text, Some(run));
            }
        }
    }
}
