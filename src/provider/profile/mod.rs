//! A provider profile that cannot be invalid, and what can be asked of it without any exchange.

mod overrides;
mod parts;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Map;

use crate::expression::Value;
use crate::provider::cost::Cost;
use crate::provider::example::{Example, SANDBOX_SECRET};
use crate::provider::raw::{BatchMode, Segmentation, SenderType};
use crate::provider::secrets::{SecretRef, Secrets};
use crate::provider::wire::{AddressError, AddressKind};
use crate::units::Rate;

pub use overrides::OverrideError;
pub(super) use overrides::{check_base_url, scope_of, without_user};
pub(super) use parts::*;

/// How one gateway is spoken to. Cheap to clone and to share between threads.
#[derive(Debug, Clone)]
pub struct Profile {
    pub(super) inner: Arc<Inner>,
    pub(super) base_url: String,
    pub(super) batch_max: usize,
    pub(super) limits: Limits,
    pub(super) cost: Option<Arc<Cost>>,
    pub(super) vars: Map<String, serde_json::Value>,
    // The same, as expressions see them.
    pub(super) vars_scope: Value,
}

/// The most a gateway takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests that send or ask, log-ins aside.
    pub requests: Option<Rate>,
    /// Messages.
    pub messages: Option<Rate>,
    /// SMS segments.
    pub segments: Option<Rate>,
}

impl Limits {
    /// Of each kind the slower one.
    #[must_use]
    pub fn slower(self, other: Self) -> Self {
        let slower = |one: Option<Rate>, other: Option<Rate>| {
            one.into_iter().chain(other).min_by(|a, b| a.per_second().total_cmp(&b.per_second()))
        };
        Self {
            requests: slower(self.requests, other.requests),
            messages: slower(self.messages, other.messages),
            segments: slower(self.segments, other.segments),
        }
    }

    /// These, where nothing else is said.
    pub fn or(self, other: Self) -> Self {
        Self {
            requests: self.requests.or(other.requests),
            messages: self.messages.or(other.messages),
            segments: self.segments.or(other.segments),
        }
    }
}

impl Profile {
    /// The name that campaigns use.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The name for people.
    pub fn title(&self) -> &str {
        &self.inner.title
    }

    /// Notes and sources, for people.
    pub fn documentation(&self) -> &[String] {
        &self.inner.documentation
    }

    /// Where the gateway is, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The constants of the profile, as a campaign changed them.
    pub fn vars(&self) -> &Map<String, serde_json::Value> {
        &self.vars
    }

    /// What addresses are here.
    pub fn address_kind(&self) -> AddressKind {
        self.inner.address_kind
    }

    /// The most recipients of one request; at least 1.
    pub fn batch_max(&self) -> usize {
        self.batch_max
    }

    /// A canonical address as it stands on the wire.
    ///
    /// # Errors
    /// [`AddressError`]: not canonical.
    pub fn wire(&self, canonical: &str) -> Result<String, AddressError> {
        self.inner.wire.text(canonical).map(std::borrow::Cow::into_owned)
    }

    /// The secrets by name, with where their values are.
    pub fn secret_references(&self) -> &[(String, SecretRef)] {
        &self.inner.secrets
    }

    /// What the sender has to be, for people.
    pub fn sender_description(&self) -> &str {
        &self.inner.sender_description
    }

    /// How recipients are written on the wire, for people.
    pub fn wire_description(&self) -> &'static str {
        self.inner.wire.description()
    }

    /// Whether requests need a token.
    pub fn needs_token(&self) -> bool {
        self.inner.auth.token.is_some()
    }

    /// Where the credentials of requests come from, log-ins aside, for people: that is what to look at when they
    /// are refused.
    pub fn credential_places(&self) -> String {
        self.places(&self.inner.auth.needs)
    }

    /// Where these secrets come from.
    pub(super) fn places(&self, names: &[String]) -> String {
        let places = self.inner.secrets.iter().filter(|(name, _)| names.contains(name));
        places.map(|(_, place)| format!("`{place}`")).collect::<Vec<_>>().join(", ")
    }

    /// In which way recipients share a request.
    pub fn batch_mode(&self) -> BatchMode {
        self.inner.batch_mode
    }

    /// Whether texts longer than one SMS are cut by us, one request a part.
    pub fn cuts_texts(&self) -> bool {
        self.inner.segmentation == Segmentation::Client
    }

    /// Whether the parts of one text share a reference of 16 bits, not of 8.
    pub fn has_wide_reference(&self) -> bool {
        self.inner.wide_reference
    }

    /// Whether its texts are SMS and have segments: those sent to phones are, and those that we cut into parts.
    pub fn counts_segments(&self) -> bool {
        self.inner.address_kind == AddressKind::Phone || self.cuts_texts()
    }

    /// Whether the gateway carries a message out once however often it comes.
    pub fn is_idempotent(&self) -> bool {
        self.inner.idempotency.is_some()
    }

    /// Whether requests or answers hold keys of messages ([`crate::provider::key`]).
    pub fn uses_key(&self) -> bool {
        self.inner.uses_key
    }

    /// Whether requests say how texts are encoded.
    pub fn uses_encoding(&self) -> bool {
        self.inner.uses_encoding
    }

    /// Whether it can be asked what became of a message.
    pub fn can_ask(&self) -> bool {
        self.inner.status.is_some()
    }

    /// Whether a message can be called back.
    pub fn can_cancel(&self) -> bool {
        self.inner.cancel.is_some()
    }

    /// Whether the messages sent to an address can be listed.
    pub fn can_list(&self) -> bool {
        self.inner.list.is_some()
    }

    /// Whether it can be asked what people have sent back.
    pub fn can_hear(&self) -> bool {
        self.inner.inbound.is_some()
    }

    /// The most the gateway takes, as a campaign changed it.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What the gateway takes, as a campaign changed it; nothing where nobody said.
    pub fn cost(&self) -> Option<&Cost> {
        self.cost.as_deref()
    }

    /// Whether the gateway's documentation gives an end to a message's life in requests.
    pub fn sets_expiry(&self) -> bool {
        self.inner.uses_expiry
    }

    /// For each way to log in, the secrets that are needed.
    pub fn secret_ways(&self) -> Vec<Vec<&str>> {
        self.lacking(&|_| false)
    }

    /// The secrets that are lacking when only some are there: for each way to go on, those that it takes. Empty
    /// when nothing is lacking.
    pub fn lacking(&self, is_there: &dyn Fn(&str) -> bool) -> Vec<Vec<&str>> {
        let missing = |names: &[String]| -> Vec<String> {
            names.iter().filter(|name| !is_there(name)).cloned().collect()
        };
        let auth = &self.inner.auth;
        let always = missing(&auth.needs);
        let ways: Vec<Vec<String>> = match &auth.token {
            Some(token) => token.logins.iter().map(|login| missing(&login.needs)).collect(),
            None => vec![Vec::new()],
        };
        if always.is_empty() && ways.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        let name = |wanted: &str| {
            self.inner.secrets.iter().find(|(name, _)| name == wanted).map(|(name, _)| name.as_str())
        };
        ways.iter()
            .map(|way| {
                let all: BTreeSet<&str> = always.iter().chain(way).filter_map(|one| name(one)).collect();
                all.into_iter().collect()
            })
            .collect()
    }

    /// The recorded exchanges.
    pub fn examples(&self) -> &[Example] {
        &self.inner.examples
    }

    /// Made-up values for every secret, as the sandbox and the examples use them.
    pub fn sandbox_secrets(&self) -> Secrets {
        Secrets::new(self.inner.secrets.iter().map(|(name, _)| (name.clone(), SANDBOX_SECRET.into())))
    }

    /// Whether a sender has the type this gateway wants.
    ///
    /// # Errors
    /// A sentence about what is wanted.
    pub fn check_sender(&self, sender: &serde_json::Value) -> Result<(), String> {
        let (fits, noun) = match self.inner.sender_type {
            SenderType::Integer => (sender.is_i64() || sender.is_u64(), "a whole number"),
            SenderType::String => (sender.as_str().is_some_and(|text| !text.trim().is_empty()), "a text"),
        };
        let description = &self.inner.sender_description;
        if fits { Ok(()) } else { Err(format!("the sender must be {noun}: {description}")) }
    }
}
