//! What people say to the campaigns of a state, also while another process sends from it: the contract, [`Control`], and
//! its plain types. Every word has a row in the record of decisions, and its number is what the sender says it has heard.

use crate::delivery::control::{Hold, Mark, News, Teller};
use crate::store::{RunId, StoreError};

/// Whose word it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Who: a person and a machine, as `world::person` says it.
    pub who: String,
    /// Why, in that person's words.
    pub reason: Option<String>,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
}

/// Somebody who opted out, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptOut {
    /// The address in canonical text.
    pub address: String,
    /// Who told us.
    pub teller: Teller,
    /// The campaign in which a gateway told us, or the person who did.
    pub source: String,
    /// Why, in a person's words.
    pub reason: Option<String>,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
}

/// What a run that is being sent waits for: its gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Until when, in Unix milliseconds.
    pub until_ms: i64,
    /// Why, in the gateway's words or ours.
    pub why: String,
}

/// The part of the state that may be written beside the process that sends. Errors of any call can be those of the disk;
/// what writes is durable on return, and all of it or nothing.
pub trait Control {
    /// What was said since a mark; `None` when nothing was. For the process that sends: it is an error when the state,
    /// or its lock, is not its own any more.
    ///
    /// # Errors
    /// [`StoreError::LockLost`].
    fn news(&self, run: RunId, since: Mark) -> Result<Option<News>, StoreError>;

    /// Notes that the process that sends has heard all up to a mark, and heeds it.
    ///
    /// # Errors
    /// [`StoreError::LockLost`].
    fn acknowledge(&mut self, up_to: Mark) -> Result<(), StoreError>;

    /// Up to where the process that sends has heard.
    ///
    /// # Errors
    /// Those of the disk.
    fn acknowledged(&self) -> Result<Mark, StoreError>;

    /// Notes what a run that is being sent waits for, in the place of what was said of it before. It is for people who look:
    /// nothing depends on it.
    ///
    /// # Errors
    /// [`StoreError::LockLost`].
    fn waits(&mut self, run: RunId, waiting: &Waiting) -> Result<(), StoreError>;

    /// What was said last of runs that are not through, by their numbers; its time may have passed.
    ///
    /// # Errors
    /// Those of the disk.
    fn waiting(&self) -> Result<Vec<(RunId, Waiting)>, StoreError>;

    /// The campaigns of which nothing may go out, by name.
    ///
    /// # Errors
    /// Those of the disk.
    fn holds(&self) -> Result<Vec<(String, Hold)>, StoreError>;

    /// The hold on a campaign.
    ///
    /// # Errors
    /// Those of the disk.
    fn hold_on(&self, campaign: &str) -> Result<Option<Hold>, StoreError> {
        Ok(self.holds()?.into_iter().find(|(name, _)| name == campaign).map(|(_, hold)| hold))
    }

    /// Holds a campaign, and records the decision. A hold that is as strong already stays as it is; it is the answer
    /// then, and nothing is recorded.
    ///
    /// # Errors
    /// Those of the disk.
    fn hold(
        &mut self,
        campaign: &str,
        hold: &Hold,
        reason: Option<&str>,
    ) -> Result<Result<Mark, Hold>, StoreError>;

    /// Lets a paused campaign go on, and records the decision. `None` where it was not paused.
    ///
    /// # Errors
    /// Those of the disk.
    fn release(&mut self, campaign: &str, word: &Word) -> Result<Option<Mark>, StoreError>;

    /// Takes a cancellation's hold away, once it is carried out. A pause stays; one that was there when it was cancelled
    /// holds again where the campaign goes on after that, as a series does.
    ///
    /// # Errors
    /// Those of the disk.
    fn close(&mut self, campaign: &str, goes_on: bool) -> Result<(), StoreError>;

    /// Records people as opted out, by canonical address, and each of them as a decision. Answers how many were not
    /// known yet.
    ///
    /// # Errors
    /// Those of the disk.
    fn opt_out(&mut self, addresses: &[String], word: &Word) -> Result<(u64, Mark), StoreError>;

    /// Takes opt-outs back, and records that as well. Answers how many there were.
    ///
    /// # Errors
    /// Those of the disk.
    fn take_back(&mut self, addresses: &[String], word: &Word) -> Result<(u64, Mark), StoreError>;

    /// The next `n` people who opted out after an address, in the order of addresses.
    ///
    /// # Errors
    /// Those of the disk.
    fn listed_opt_outs(&self, after: Option<&str>, n: usize) -> Result<Vec<OptOut>, StoreError>;

    /// The next `n` people whose opt-out was taken back, and who are not opted out again, in the order of addresses:
    /// who took it back, when, and why.
    ///
    /// # Errors
    /// Those of the disk.
    fn listed_taken_back(&self, after: Option<&str>, n: usize) -> Result<Vec<OptOut>, StoreError>;
}
