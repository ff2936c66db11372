//! Messages as requests are made from them, for tests that speak to the provider engine itself.

use chrono::{DateTime, Utc};
use sendplan::provider::{Batch, Member};

/// A message to an address, which is also who it is for.
pub fn member<'a>(address: &'a str, text: &'a str) -> Member<'a> {
    Member { id: address, address, text, key: "", encoding: "gsm7", part: None }
}

/// Messages without an end of their time.
pub fn batch<'a>(members: &'a [Member<'a>], sender: &'a serde_json::Value) -> Batch<'a> {
    Batch { members, sender, now: DateTime::<Utc>::UNIX_EPOCH, expires_at: None }
}
