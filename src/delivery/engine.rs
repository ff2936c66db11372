//! The engine of a run: what to do next, given what time it is and what has happened. It claims, groups,
//! orders intents to be made durable, lets batches go at the provider's pace, and turns answers into
//! changes of state. It does none of it itself: whoever drives it owns the disk, the network and the clock.
//!
//! The order that keeps a run honest: a message is handed out by [`Step::Send`] only after the commit that
//! holds its intent was reported by [`Engine::committed`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustc_hash::FxHashMap;

use super::access::{Access, Credential};
use super::account::Account;
use super::breaker::{Breaker, Ticket};
use super::clock::Clock;
use super::clocks::Clocks;
use super::contacts::Contacts;
use super::control::{Hold, Teller};
use super::message::{Batch, Change, Claim, Claimed, MessageKey, Parcel};
use super::opt_outs::OptOuts;
use super::paces::{Paces, limits, most_at_once};
use super::queue::{Alike, Queue};
use super::runway::{LINGER, Runway};
use super::state::Event;
use super::trouble::Trouble;
use crate::audience::{AddressKind, Suppression};
use crate::campaign::Delivery;
use crate::provider::raw::BatchMode;
use crate::provider::{AuthError, Profile, Token};

/// A moment as the engine is told it.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Since the process began; never runs backwards.
    pub elapsed: Duration,
    /// The calendar's time.
    pub utc: DateTime<Utc>,
}

/// How far ahead of the pace intents are made: a crash leaves no more in doubt than a second's worth.
pub(super) const HORIZON: Duration = Duration::from_secs(1);
/// However much the concurrency and the batches would allow: memory, and a crash, have their price.
const MOST_IN_DOUBT: usize = 8192;
/// However many clocks there are, no more messages than that are looked through for those that close together.
const MOST_IN_SIGHT: usize = 2 * MOST_IN_DOUBT;
/// A pause at least this long gives durable intents back: they would only be in doubt.
const WORTH_WITHDRAWING: Duration = Duration::from_secs(1);

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Write this, all or nothing, then report [`Engine::committed`].
    Commit(Order),
    /// Get a credential, then report [`Engine::authenticated`].
    Authenticate(Credential),
    /// Send this batch now, then report [`Engine::answered`].
    Send(Arc<Batch>),
    /// Nothing before this time since the process began, or before something is reported.
    Wait(Option<Duration>),
    /// Nothing any more.
    Done(End),
}

/// One transaction.
#[derive(Debug, Default)]
pub struct Order {
    /// Changes, in order.
    pub changes: Vec<Change>,
    /// What to read next.
    pub claim: Option<Claim>,
}

/// How a run ends in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Nobody is left to send to.
    Finished,
    /// Asked to stop.
    Interrupted,
    /// The gateway will have nothing of us: credentials, account, address or configuration.
    Refused(String),
    /// Nobody who is left may be written to before a time.
    Waits {
        /// Which time.
        until: DateTime<Utc>,
        /// Why, for people.
        why: String,
    },
    /// Going on would do harm, or leads nowhere; the run can be resumed.
    Paused(String),
    /// Somebody cancelled the campaign meanwhile: what was not sent will not be.
    Cancelled(String),
}

/// What this process has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages the gateway took.
    pub accepted: u64,
    /// Messages it refused, or that were given up.
    pub rejected: u64,
    /// Messages without a definite answer.
    pub unknown: u64,
    /// Messages left out at the last moment.
    pub suppressed: u64,
    /// Messages whose time was over.
    pub expired: u64,
    /// Requests sent.
    pub requests: u64,
    /// Messages that will get another attempt.
    pub retried: u64,
    /// Log-ins and renewals.
    pub credentials: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Engine {
    pub(super) delivery: Delivery,
    pub(super) opt_outs: OptOuts,
    pub(super) contacts: Contacts,
    pub(super) address_kind: AddressKind,
    pub(super) access: Access,
    pub(super) trouble: Trouble,
    pub(super) breaker: Breaker,
    pub(super) queue: Queue,
    pub(super) runway: Runway,
    pub(super) outbox: Vec<Change>,
    /// Since when something has been in the outbox.
    pub(super) outbox_since: Option<Duration>,
    pub(super) tally: Tally,
    pub(super) in_air: FxHashMap<u64, InAir>,
    pub(super) end: Option<End>,
    pub(super) hold: Option<Hold>,
    /// When the last commit was begun that proved the state to be ours.
    pub(super) proven: Option<Now>,
    pub(super) batch_max: usize,
    pub(super) paces: Paces,
    /// What is shared with other runs of this process, if it is.
    pub(super) account: Option<Account>,
    pub(super) leaves_when_paused: bool,
    pub(super) has_left: bool,
    pub(super) alike: Alike,
    pub(super) clocks: Clocks,
    /// Whether the turn of those who are written to now is over, and nothing of it begins any more.
    pub(super) turning: bool,
    /// Messages that had failed, or were to go later, when their turn was over.
    pub(super) set_aside: FxHashMap<MessageKey, (Parcel, Option<Duration>)>,
    pub(super) ready: VecDeque<Batch>,
    pub(super) commit: Option<UnderWay>,
    pub(super) cursor: Option<MessageKey>,
    pub(super) more: bool,
    pub(super) in_doubt: usize,
    pub(super) next_number: u64,
}

#[derive(Debug)]
pub(super) struct InAir {
    pub batch: Arc<Batch>,
    pub sent_at: Duration,
    pub generation: u64,
    pub ticket: Ticket,
}

/// The commit that is being written.
#[derive(Debug)]
pub(super) struct UnderWay {
    pub batches: Vec<Batch>,
    pub begun: Now,
}

impl Engine {
    /// An engine for one run. `opt_outs` are asked before each intent.
    pub fn new(
        profile: Arc<Profile>,
        delivery: Delivery,
        opt_outs: Suppression,
        kind: AddressKind,
        now: Now,
    ) -> Self {
        let limits = limits(&delivery, profile.limits());
        let batch_max = profile.batch_max().min(most_at_once(limits)).max(1);
        Self {
            batch_max,
            runway: Runway::new(usize::from(delivery.concurrency), batch_max, now.elapsed),
            alike: Alike {
                text: profile.batch_mode() != BatchMode::Personalised,
                // A gateway that drops messages late is told one time for all that a request holds.
                closing: profile.sets_expiry(),
            },
            clocks: Clocks::new(vec![Clock::of_all(delivery.hours())]),
            turning: false,
            set_aside: FxHashMap::default(),
            access: Access::new(profile),
            trouble: Trouble::new(delivery.retry),
            paces: Paces::new(limits, now.elapsed),
            account: None,
            leaves_when_paused: false,
            has_left: false,
            delivery,
            opt_outs: OptOuts::new(opt_outs, kind),
            contacts: Contacts::default(),
            address_kind: kind,
            breaker: Breaker::default(),
            queue: Queue::default(),
            outbox: Vec::new(),
            outbox_since: None,
            tally: Tally::default(),
            in_air: FxHashMap::default(),
            end: None,
            hold: None,
            proven: None,
            ready: VecDeque::new(),
            commit: None,
            cursor: None,
            more: true,
            in_doubt: 0,
            next_number: 0,
        }
    }

    /// The most messages that can be in doubt at once: with a durable intent and without a durable
    /// outcome. A crash leaves no more unknown than this.
    pub fn window(&self) -> usize {
        let batches = usize::from(self.delivery.concurrency) + self.runway.most();
        batches.saturating_mul(self.batch_max).min(MOST_IN_DOUBT.max(self.batch_max * 2))
    }

    /// How many messages should wait: twice the window, and where those of one request must close together, two batches
    /// of each closing, which lie mixed.
    pub(super) fn wanted(&self) -> usize {
        let window = self.window() * 2;
        if !self.alike.closing {
            return window;
        }
        let batches = self.clocks.closings().saturating_mul(self.batch_max).saturating_mul(2);
        window.max(batches.min(MOST_IN_SIGHT))
    }

    /// The lists as they are now: asked before each intent from here on.
    pub fn set_opt_outs(&mut self, opt_outs: Suppression) {
        self.opt_outs.set_lists(opt_outs);
    }

    /// Who has opted out before this run, by canonical address: asked before each intent as well. Those of whom this
    /// run's gateway tells are added as they come. Whom a person recorded is told from the others by the first news
    /// ([`Engine::hear`]), which come before the first intent.
    pub fn add_opt_outs(&mut self, addresses: impl IntoIterator<Item = String>) {
        addresses.into_iter().for_each(|address| self.opt_outs.add(address, Teller::Gateway));
    }

    /// Whom other runs have reached too often for this one: asked before each intent as well.
    pub fn set_contacts(&mut self, contacts: Contacts) {
        self.contacts = contacts;
    }

    /// Other runs of this process speak with the gateway too, and its limits are for all of them together.
    pub fn share(&mut self, account: Account) {
        self.account = Some(account);
    }

    /// Comes to an end when somebody pauses the campaign, in place of waiting until it may go on.
    pub fn leave_when_paused(&mut self) {
        self.leaves_when_paused = true;
    }

    /// Stops in order, for a reason that somebody has to see to.
    pub fn pause(&mut self, reason: String) {
        self.end.get_or_insert(End::Paused(reason));
    }

    /// Begins with a credential that was fetched already.
    pub fn begin_with(&mut self, token: Token) {
        self.access.begin_with(token);
    }

    /// What this process has done so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// The credential that requests sent now carry.
    pub fn token(&self) -> Option<Arc<Token>> {
        self.access.token()
    }

    /// What the run waits for, if it waits for the gateway.
    pub fn waiting_for(&self, now: Now) -> Option<&str> {
        let other = || self.waits(now.elapsed).then_some("the gateway asked another run to wait");
        self.trouble.reason(now.elapsed).or_else(other)
    }

    /// Until when nothing may be sent, or might have been: the gateway is in trouble, or asked us or another run of this
    /// process to wait.
    pub(super) fn silent_until(&self) -> Duration {
        let held = self.account.as_ref().map_or(Duration::ZERO, Account::held);
        self.trouble.until().max(held)
    }

    /// Whether nothing may be sent now.
    pub(super) fn waits(&self, now: Duration) -> bool {
        now < self.silent_until()
    }

    /// Until when it waits for the gateway, in time since the process began, and why.
    pub fn waits_until(&self, now: Now) -> Option<(Duration, &str)> {
        Some((self.silent_until(), self.waiting_for(now)?))
    }

    /// Asks for an orderly end: nothing new is sent, what is under way is heard out.
    pub fn stop(&mut self) {
        self.end.get_or_insert(End::Interrupted);
    }

    /// What to do next. To be called until it says wait or done.
    pub fn next(&mut self, now: Now) -> Step {
        if self.opt_outs.must_sift() {
            self.withdraw_opted_out(now);
        }
        self.queue.wake(now.elapsed);
        self.mind_the_clocks(now);
        let has_to_wait = self.silent_until() > now.elapsed + WORTH_WITHDRAWING;
        if self.end.is_some() || self.hold.is_some() || self.turning || has_to_wait {
            self.withdraw_ready(now);
        }
        if !self.outbox.is_empty() {
            self.outbox_since.get_or_insert(now.elapsed);
        }
        if let Some(order) = self.order(now) {
            return Step::Commit(order);
        }
        if self.end.is_none()
            && self.hold.is_none()
            && !self.turning
            && self.clocks.is_sending()
            && self.has_work()
            && !self.waits(now.elapsed)
            && let Some(credential) = self.access.wanted(now.utc)
        {
            return Step::Authenticate(credential);
        }
        if let Some(batch) = self.dispatch(now) {
            return Step::Send(batch);
        }
        if self.is_settled() && (self.end.is_some() || !self.has_work()) {
            return Step::Done(self.end.clone().unwrap_or(End::Finished));
        }
        Step::Wait(self.wake_at(now))
    }

    /// Whether the gateway was asked for something that it has not answered: a message, or a credential.
    pub fn is_awaiting_the_gateway(&self) -> bool {
        !self.in_air.is_empty() || self.access.is_busy()
    }

    /// The commit under way is durable, and this was claimed.
    pub fn committed(&mut self, claimed: Option<Vec<Claimed>>) {
        let Some(done) = self.commit.take() else { return };
        self.proven = Some(done.begun);
        self.runway.durable(self.tally.requests);
        self.ready.extend(done.batches);
        self.opt_outs.more_wait();
        if let Some(claimed) = claimed {
            self.more = !claimed.is_empty();
            self.cursor = claimed.last().map(|last| last.key).or(self.cursor);
            claimed.into_iter().for_each(|message| self.receive(message, done.begun));
        }
    }

    /// The credential asked for came, or did not.
    pub fn authenticated(&mut self, result: Result<Token, AuthError>, now: Now) {
        self.tally.credentials += 1;
        match self.access.settle(result) {
            Ok(()) => {}
            Err(error @ (AuthError::Refused(_) | AuthError::Unsafe(_))) => {
                self.end.get_or_insert(End::Refused(error.to_string()));
            }
            Err(AuthError::Throttled(wish)) => {
                let wish = wish.map(|after| after.wait(now.utc));
                self.setback(wish, "the gateway asks to wait before logging in again", now.elapsed, now);
            }
            Err(error) => self.setback(None, &error.to_string(), now.elapsed, now),
        }
    }

    /// The whole provider waits: for as long as it asked, or for a pause of ours. Enough of them in a row
    /// without anything definite between them, and the run is paused.
    pub(super) fn setback(&mut self, wish: Option<Duration>, reason: &str, sent_at: Duration, now: Now) {
        if let Some(reason) = self.trouble.begin(wish, reason, sent_at, now.elapsed) {
            self.end.get_or_insert(End::Paused(reason));
        }
        if let Some(account) = self.account.as_ref().filter(|_| wish.is_some()) {
            account.hold(self.trouble.until());
        }
    }

    fn has_work(&self) -> bool {
        self.more || !self.queue.is_empty() || !self.ready.is_empty() || self.commit.is_some()
    }

    /// Whether nothing is under way, and nothing is to be written.
    pub(super) fn is_settled(&self) -> bool {
        self.commit.is_none()
            && self.outbox.is_empty()
            && self.ready.is_empty()
            && self.in_air.is_empty()
            && !self.access.is_busy()
    }

    fn wake_at(&self, now: Now) -> Option<Duration> {
        if self.end.is_some() {
            return None;
        }
        let account = self.account.as_ref();
        let pace = match (self.ready.is_empty(), self.queue.ready()) {
            (false, _) => self.paces.ready_at().max(account.and_then(|one| one.ready_at(now.elapsed))),
            (true, 0) => None,
            (true, _) => {
                let shared = account.and_then(|one| one.room_at(self.batch_max, HORIZON));
                self.paces.room_at(self.batch_max, HORIZON).max(shared)
            }
        };
        // While the provider is in trouble nothing is renewed either, so there is nothing to wake up for.
        let renewal = self.access.renews_in(now.utc).filter(|_| self.has_work() && !self.waits(now.elapsed));
        let renewal = renewal.map(|wait| now.elapsed + wait);
        let trouble = Some(self.silent_until());
        let ends = self.clocks.ends().and_then(|ends| (ends - now.utc).to_std().ok());
        let shut = ends.map(|wait| now.elapsed + wait);
        if self.hold.is_some() {
            // At that very moment what is under way is waited for, and nothing else.
            return shut.filter(|at| *at > now.elapsed);
        }
        let linger = self.outbox_since.filter(|_| self.commit.is_none()).map(|since| since + LINGER);
        [pace, renewal, trouble, shut, linger, self.queue.next_wake()]
            .into_iter()
            .flatten()
            .filter(|at| *at > now.elapsed)
            .min()
    }
}

/// A change of one message.
pub(super) fn change(
    parcel: &Parcel,
    event: Event,
    provider_id: Option<String>,
    reason: Option<String>,
    now: Now,
) -> Change {
    let at_ms = now.utc.timestamp_millis();
    Change { key: parcel.message.key, event, provider_id, reason, opted_out: false, at_ms }
}
