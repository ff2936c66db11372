//! What an answer means for a message: the closed set of classes that profiles map answers into, and
//! the reading of a whole answer.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::provider::exchange::Response;

/// The meaning of an answer for one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The gateway has taken the message. Not yet delivered.
    Accepted,
    /// Refused for good, for a reason of the message.
    Rejected,
    /// Refused for good: nobody can be reached at this address.
    InvalidRecipient,
    /// Refused for good: the person has opted out at the gateway.
    OptedOut,
    /// Proven not processed: too many requests; wait, then try again.
    Throttled,
    /// Proven not processed, for a passing reason: try again.
    Transient,
    /// Proven not processed: the credentials or the token were refused. Renew, then try again once.
    Auth,
    /// Proven not processed: our set-up is wrong (rights, address, path). Stop.
    Config,
    /// Proven not processed: the account cannot send (balance, suspension). Stop.
    Account,
    /// Nobody can tell whether it was sent. Never sent again by itself.
    Unknown,
}

impl Class {
    /// The word for it in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::InvalidRecipient => "invalid_recipient",
            Self::OptedOut => "opted_out",
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::Auth => "auth",
            Self::Config => "config",
            Self::Account => "account",
            Self::Unknown => "unknown",
        }
    }
}

/// What became of a message that the gateway had taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It reached the handset, or whatever the address stands for.
    Delivered,
    /// It will not: refused further on, or expired.
    Failed,
    /// It will not, because it was called back.
    Cancelled,
    /// Not known yet.
    Pending,
}

impl Outcome {
    /// The word for it in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Pending => "pending",
        }
    }
}

/// The outcome of one message of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The meaning.
    pub class: Class,
    /// The gateway's id of the message, where it gave one.
    pub provider_id: Option<String>,
    /// Why, in short: printable, at most 200 characters, secrets taken out.
    pub reason: Option<String>,
}

impl Verdict {
    /// A verdict without an id.
    pub fn new(class: Class, reason: impl Into<String>) -> Self {
        Self { class, provider_id: None, reason: Some(reason.into()) }
    }
}

/// What an exchange said about a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// One verdict a member, in the order of the members.
    pub verdicts: Vec<Verdict>,
    /// How long the gateway asks us to wait, when it does.
    pub retry_after: Option<RetryAfter>,
    /// The answer holds a result for somebody who was not asked for: nothing it says can be relied on
    /// beyond this exchange, and sending must stop.
    pub stray: bool,
    /// Why sending must stop whatever became of this batch, where it must: the gateway sends us elsewhere.
    pub halt: Option<String>,
}

impl Reading {
    /// The same verdict for everybody.
    pub fn all(members: usize, verdict: &Verdict) -> Self {
        Self { verdicts: vec![verdict.clone(); members], retry_after: None, stray: false, halt: None }
    }
}

/// A wish to be left alone for a while (RFC 9110 §10.2.3). Not clamped: the caller knows its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// For so many seconds.
    Seconds(u64),
    /// Until a time on the gateway's clock.
    At {
        /// Until then.
        at: DateTime<Utc>,
        /// What the gateway's clock showed when it said so: its `Date` header.
        server_now: Option<DateTime<Utc>>,
    },
}

impl RetryAfter {
    /// How long to wait from `now` (our clock, used only where the gateway did not show its own).
    pub fn wait(self, now: DateTime<Utc>) -> Duration {
        match self {
            Self::Seconds(seconds) => Duration::from_secs(seconds),
            Self::At { at, server_now } => {
                (at - server_now.unwrap_or(now)).to_std().unwrap_or(Duration::ZERO)
            }
        }
    }

    /// The `Retry-After` header of an answer, if there is a sound one.
    pub fn of(response: &Response) -> Option<Self> {
        let text = response.header("retry-after")?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Self::Seconds(seconds));
        }
        let server_now = response.header("date").and_then(http_date);
        http_date(text).map(|at| Self::At { at, server_now })
    }
}

/// A date in any of the three forms of RFC 9110 §5.6.7.
pub(super) fn http_date(text: &str) -> Option<DateTime<Utc>> {
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok())
        .map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status: 429, headers, ..Response::default() }
    }

    #[test]
    fn the_three_forms_of_dates_are_one_moment() {
        let moment = http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(moment.timestamp(), 784_111_777);
        assert_eq!(http_date("Sunday, 06-Nov-94 08:49:37 GMT"), Some(moment));
        assert_eq!(http_date("Sun Nov  6 08:49:37 1994"), Some(moment));
        assert_eq!(http_date("tomorrow"), None);
    }

    #[test]
    fn waiting_uses_the_gateways_own_clock() {
        let late = "Sun, 06 Nov 1994 08:50:37 GMT";
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let both = response(&[("retry-after", late), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")]);
        assert_eq!(RetryAfter::of(&both).unwrap().wait(now), Duration::from_secs(60));
        let past = response(&[
            ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("date", "Sun, 06 Nov 1994 08:50:00 GMT"),
        ]);
        assert_eq!(RetryAfter::of(&past).unwrap().wait(now), Duration::ZERO);
        assert_eq!(RetryAfter::of(&response(&[("retry-after", " 7 ")])), Some(RetryAfter::Seconds(7)));
        assert_eq!(RetryAfter::of(&response(&[("retry-after", "-7")])), None);
        assert_eq!(RetryAfter::of(&response(&[])), None);
    }
}
