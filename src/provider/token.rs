//! A token, and when it is to be renewed: before it or whatever renews it dies, whichever comes first. At
//! some gateways the refresh token lives half as long as the token, and a renewal "on expiry" always
//! comes too late.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::expression::Value;

/// The least time between a renewal and the end of what is renewed, in seconds, where lives are long
/// enough to have it.
const MARGIN_SECONDS: i64 = 30;

/// A token of a gateway. Prints no secrets.
#[derive(Debug, Clone)]
pub struct Token {
    /// What requests show.
    pub access: SecretString,
    /// What renews it.
    pub refresh: Option<SecretString>,
    /// When requests with it begin to fail.
    pub expires_at: DateTime<Utc>,
    /// When it can no longer be renewed; `None` when nobody said.
    pub refresh_expires_at: Option<DateTime<Utc>>,
    /// From when on it should be renewed.
    pub renew_at: DateTime<Utc>,
}

impl Token {
    /// Whether requests with it still have a chance.
    pub fn is_alive(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }

    /// The token as a variable of expressions.
    pub(super) fn scope(&self) -> Value {
        let mut members = BTreeMap::from([("access", Value::from(self.access.expose_secret()))]);
        if let Some(refresh) = &self.refresh {
            members.insert("refresh", Value::from(refresh.expose_secret()));
        }
        Value::from(members)
    }
}

/// At four fifths of the life, with the margin at least; short lives are halved.
pub(super) fn renew_after(life: TimeDelta) -> TimeDelta {
    let margin = life - TimeDelta::seconds(MARGIN_SECONDS);
    (life * 4 / 5).min(margin).max(life / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewal_leaves_a_margin() {
        let after = |seconds| renew_after(TimeDelta::seconds(seconds)).num_seconds();
        assert_eq!(after(3600), 2880);
        assert_eq!(after(1800), 1440);
        assert_eq!(after(100), 70);
        assert_eq!(after(40), 20);
        assert_eq!(after(1), 0);
    }
}
