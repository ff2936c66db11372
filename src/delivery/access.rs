//! The credential of a run: one for all requests, one renewal at a time however many are refused at once.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::provider::{AuthError, AuthStep, Profile, Token};

/// How to get a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// With the secrets.
    Login,
    /// With the refresh token.
    Refresh,
}

/// The credential and what is known of it.
#[derive(Debug)]
pub struct Access {
    profile: Arc<Profile>,
    token: Option<Arc<Token>>,
    rejected: bool,
    busy: Option<Credential>,
    generation: u64,
    /// The newest one took the place of one that was refused, and nothing has been accepted with it yet.
    unproven: bool,
}

impl Access {
    /// None yet.
    pub fn new(profile: Arc<Profile>) -> Self {
        Self { profile, token: None, rejected: false, busy: None, generation: 0, unproven: false }
    }

    /// The first one, fetched before the run began.
    pub fn begin_with(&mut self, token: Token) {
        self.token = Some(Arc::new(token));
        self.generation += 1;
    }

    /// The one that requests carry now.
    pub fn token(&self) -> Option<Arc<Token>> {
        self.token.clone()
    }

    /// Which one that is: rises with every new one.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether one is being fetched.
    pub fn is_busy(&self) -> bool {
        self.busy.is_some()
    }

    /// Whether requests may go out with what there is. While one that still lives is being renewed, they may.
    pub fn is_usable(&self, now: DateTime<Utc>) -> bool {
        match self.step(now) {
            AuthStep::None | AuthStep::Use => true,
            AuthStep::Refresh => {
                !self.rejected && self.token.as_ref().is_some_and(|token| token.is_alive(now))
            }
            AuthStep::Login => false,
        }
    }

    /// What has to be fetched, said once: whoever asks, fetches.
    pub fn wanted(&mut self, now: DateTime<Utc>) -> Option<Credential> {
        if self.busy.is_some() {
            return None;
        }
        self.busy = match self.step(now) {
            AuthStep::None | AuthStep::Use => None,
            AuthStep::Refresh => Some(Credential::Refresh),
            AuthStep::Login => Some(Credential::Login),
        };
        self.busy
    }

    /// How long until a renewal is due.
    pub fn renews_in(&self, now: DateTime<Utc>) -> Option<Duration> {
        let due = self.token.as_ref().filter(|_| self.busy.is_none())?.renew_at;
        Some((due - now).to_std().unwrap_or(Duration::ZERO).max(Duration::from_millis(1)))
    }

    /// A request with the credential of `generation` was refused. Whether that was the newest one, and
    /// not one that has been replaced since.
    pub fn reject(&mut self, generation: u64) -> bool {
        let newest = generation == self.generation;
        if newest && self.profile.needs_token() {
            self.rejected = true;
        } else if newest {
            // There is no other one: what is sent from here on is its second chance.
            self.generation += 1;
            self.unproven = true;
        }
        newest
    }

    /// Something definite was answered to the credential of `generation`: it is good.
    pub fn prove(&mut self, generation: u64) {
        if generation == self.generation {
            self.unproven = false;
        }
    }

    /// Whether the credential of `generation` is the newest one and already the second try: refused as well, a third
    /// will not help, whichever message it was shown with.
    pub fn is_second_try(&self, generation: u64) -> bool {
        self.unproven && generation == self.generation
    }

    /// What a person is told when the credential is refused for good, and where to look.
    pub fn refusal(&self, why: &str) -> String {
        if self.profile.needs_token() {
            return format!("a fresh credential was refused: {why}");
        }
        match self.profile.credential_places() {
            places if places.is_empty() || why.contains("look at") => {
                format!("the gateway refuses the credentials: {why}")
            }
            places => format!("the gateway refuses the credentials: {why} (look at {places})"),
        }
    }

    /// What came of the fetching. A refused renewal falls back to a log-in and is no error yet.
    pub fn settle(&mut self, result: Result<Token, AuthError>) -> Result<(), AuthError> {
        match (result, self.busy.take()) {
            (Ok(token), _) => {
                self.token = Some(Arc::new(token));
                self.unproven |= self.rejected;
                self.rejected = false;
                self.generation += 1;
                Ok(())
            }
            (Err(AuthError::Refused(_) | AuthError::Unreadable(_)), Some(Credential::Refresh)) => {
                self.token = None;
                Ok(())
            }
            (Err(error), _) => Err(error),
        }
    }

    fn step(&self, now: DateTime<Utc>) -> AuthStep {
        self.profile.auth_step(now, self.token.as_deref(), self.rejected)
    }
}
