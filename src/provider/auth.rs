//! Logging in and renewing: what to do before a request, the requests for it, and what their answers mean.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::expression::Context;
use crate::provider::answer::Answer;
use crate::provider::class::{Class, RetryAfter, http_date};
use crate::provider::exchange::{Fault, Request, Response};
use crate::provider::profile::{Call, Profile, TokenAuth};
use crate::provider::request::BuildError;
use crate::provider::secrets::Secrets;
use crate::provider::token::{Token, renew_after};

/// No token is believed to live longer than this, in seconds: ten years.
const LONGEST_LIFE_SECONDS: i64 = 10 * 366 * 86_400;

/// What has to happen before a request can go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthStep {
    /// Nothing: requests need no token.
    None,
    /// Nothing: the token at hand is good.
    Use,
    /// Renew the token. While it [is alive](Token::is_alive), requests may still use it; if the renewal
    /// is refused, log in.
    Refresh,
    /// Log in.
    Login,
}

/// A log-in or a renewal that gave no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The gateway refuses. A refused renewal asks for a log-in; a refused log-in for a person.
    #[error("the gateway refuses the credentials: {0}")]
    Refused(String),
    /// Too many attempts: wait, then try again.
    #[error("the gateway asks to wait before logging in again")]
    Throttled(Option<RetryAfter>),
    /// An answer without a token that is no refusal either: try again later.
    #[error("the gateway's answer holds no token: {0}")]
    Unreadable(String),
    /// No answer. A log-in sends no message, so it may be tried again.
    #[error("no answer to the log-in: {0}")]
    Lost(String),
    /// The other side cannot be trusted with credentials (TLS, redirect): stop.
    #[error("the log-in was stopped: {0}")]
    Unsafe(String),
}

impl Profile {
    /// What to do before a request. `rejected`: the gateway has just answered 401 to this token.
    pub fn auth_step(&self, now: DateTime<Utc>, token: Option<&Token>, rejected: bool) -> AuthStep {
        let Some(auth) = &self.inner.auth.token else { return AuthStep::None };
        let Some(token) = token else { return AuthStep::Login };
        if !rejected && now < token.renew_at {
            return AuthStep::Use;
        }
        let renewable = auth.refresh.is_some()
            && token.refresh.is_some()
            && token.refresh_expires_at.is_none_or(|end| now < end);
        if renewable { AuthStep::Refresh } else { AuthStep::Login }
    }

    /// The request that logs in.
    ///
    /// # Errors
    /// [`BuildError`]; nothing was sent.
    pub fn build_login(&self, secrets: &Secrets) -> Result<Request, BuildError> {
        let login = self.login(secrets).ok_or(BuildError::NoCall("log-in"))?;
        self.request(login, &self.request_context(secrets, None), secrets)
    }

    /// The request that renews a token.
    ///
    /// # Errors
    /// [`BuildError`]; nothing was sent.
    pub fn build_refresh(&self, secrets: &Secrets, token: &Token) -> Result<Request, BuildError> {
        let auth = self.inner.auth.token.as_ref();
        let call = auth.and_then(|auth| auth.refresh.as_ref()).ok_or(BuildError::NoCall("renewal"))?;
        self.request(call, &self.request_context(secrets, Some(token)), secrets)
    }

    /// The token in the answer to a log-in or a renewal that was received at `now`.
    ///
    /// # Errors
    /// [`AuthError`]; its texts hold no secrets.
    pub fn read_token(
        &self,
        secrets: &Secrets,
        answer: Result<&Response, &Fault>,
        now: DateTime<Utc>,
    ) -> Result<Token, AuthError> {
        let response = match answer {
            Ok(response) => response,
            Err(Fault::Tls(reason) | Fault::Malformed(reason)) => {
                return Err(AuthError::Unsafe(secrets.reason(reason)));
            }
            Err(Fault::NotSent(reason) | Fault::Lost(reason)) => {
                return Err(AuthError::Lost(secrets.reason(reason)));
            }
        };
        let Some(auth) = &self.inner.auth.token else {
            return Err(AuthError::Unreadable("the profile has no log-in".to_owned()));
        };
        let answer = Answer::new(self, response, 0);
        self.judge(auth, response, &answer, secrets)?;
        self.token_in(auth, response, &answer, secrets, now)
    }

    /// Whether the answer may hold a token at all.
    fn judge(
        &self,
        auth: &TokenAuth,
        response: &Response,
        answer: &Answer,
        secrets: &Secrets,
    ) -> Result<(), AuthError> {
        let unreadable = |error: String| AuthError::Unreadable(secrets.reason(&error));
        let rule = if response.truncated {
            None
        } else {
            self.first_rule(&auth.rules, &answer.context, secrets)
                .map_err(|error| unreadable(error.to_string()))?
        };
        let status = response.status;
        let (class, reason) = rule.unwrap_or_else(|| {
            let class = match status {
                200..300 => Class::Accepted,
                300..400 => Class::Config,
                429 => Class::Throttled,
                408 | 500.. => Class::Unknown,
                _ => Class::Auth,
            };
            (class, None)
        });
        let reason = reason.unwrap_or_else(|| format!("HTTP {status}"));
        match class {
            Class::Accepted => Ok(()),
            Class::Throttled => Err(AuthError::Throttled(RetryAfter::of(response))),
            Class::Transient | Class::Unknown => Err(AuthError::Unreadable(reason)),
            _ if (300..400).contains(&status) => {
                Err(AuthError::Unsafe(format!("redirects are never followed ({reason})")))
            }
            _ => {
                let places = self.login_places(secrets);
                let look = if places.is_empty() { String::new() } else { format!(" (look at {places})") };
                Err(AuthError::Refused(format!("{reason}{look}")))
            }
        }
    }

    fn token_in(
        &self,
        auth: &TokenAuth,
        response: &Response,
        answer: &Answer,
        secrets: &Secrets,
        now: DateTime<Utc>,
    ) -> Result<Token, AuthError> {
        let unreadable = |reason: &str| AuthError::Unreadable(secrets.reason(reason));
        let text = |program: &str| {
            self.text_of(program, &answer.context).map_err(|error| match &answer.no_json {
                Some(problem) => unreadable(problem),
                None => unreadable(&error.to_string()),
            })
        };
        let access = text(&auth.access)?
            .ok_or_else(|| unreadable(&answer.lacks("auth.token.read.access", secrets)))?;
        // The end is a time of the gateway's clock, which its `Date` header shows.
        let clock = response.header("date").and_then(http_date).unwrap_or(now);
        let end = auth.expires_at.as_ref().and_then(|program| self.seconds(program, &answer.context));
        let life = match end {
            Some(end) => Some(TimeDelta::seconds((end - clock.timestamp()).clamp(1, LONGEST_LIFE_SECONDS))),
            None => self.life(&auth.expires_in, &answer.context),
        };
        let life = life.ok_or_else(|| unreadable("the life of the token is no number of seconds"))?;
        let refresh = match &auth.refresh_token {
            Some(program) => text(program)?,
            None => None,
        };
        let refresh_life = match (&refresh, &auth.refresh_expires_in) {
            (Some(_), Some(program)) => self.life(program, &answer.context),
            _ => None,
        };
        let renewable = auth.refresh.is_some() && refresh.is_some();
        let shorter = refresh_life.filter(|_| renewable).map_or(life, |refresh| refresh.min(life));
        let (access, refresh) = (SecretString::from(access), refresh.map(SecretString::from));
        std::iter::once(&access).chain(&refresh).for_each(|token| secrets.issued(token.expose_secret()));
        Ok(Token {
            access,
            refresh,
            expires_at: now + life,
            refresh_expires_at: refresh_life.map(|life| now + life),
            renew_at: now + renew_after(shorter),
        })
    }

    /// A positive number of seconds, also when it is written as a text.
    fn seconds(&self, program: &str, context: &Context) -> Option<i64> {
        let text = self.text_of(program, context).ok()??;
        text.parse().ok().filter(|seconds| *seconds > 0)
    }

    fn life(&self, program: &str, context: &Context) -> Option<TimeDelta> {
        let seconds = self.seconds(program, context)?;
        Some(TimeDelta::seconds(seconds.min(LONGEST_LIFE_SECONDS)))
    }

    /// The first log-in whose secrets are all there.
    fn login(&self, secrets: &Secrets) -> Option<&Call> {
        let logins = &self.inner.auth.token.as_ref()?.logins;
        logins.iter().find(|login| login.needs.iter().all(|name| secrets.get(name).is_some()))
    }

    /// Where the secrets of the log-in come from: that is what to look at when it is refused.
    fn login_places(&self, secrets: &Secrets) -> String {
        self.places(self.login(secrets).map_or(&[][..], |login| &login.needs))
    }
}
