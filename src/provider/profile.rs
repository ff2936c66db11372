//! A provider profile that cannot be invalid, and what can be asked of it without any exchange.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;
use serde_json::Map;
use url::{Host, Url};

use crate::diagnostic::{did_you_mean, listing};
use crate::expression::{Program, Value};
use crate::provider::class::{Class, Outcome};
use crate::provider::example::{Example, SANDBOX_SECRET};
use crate::provider::raw::{BatchMode, Segmentation, SenderType};
use crate::provider::secrets::{SecretRef, Secrets};
use crate::provider::wire::{AddressError, AddressKind, Wire};
use crate::units::Rate;

/// How one gateway is spoken to. Cheap to clone and to share between threads.
#[derive(Debug, Clone)]
pub struct Profile {
    pub(super) inner: Arc<Inner>,
    pub(super) base_url: String,
    pub(super) batch_max: usize,
    pub(super) limits: Limits,
    pub(super) vars: Map<String, serde_json::Value>,
    // The same, as expressions see them.
    pub(super) vars_scope: Value,
}

/// What no override changes.
#[derive(Debug)]
pub(super) struct Inner {
    pub program: Program,
    pub name: String,
    pub title: String,
    pub documentation: Vec<String>,
    pub secrets: Vec<(String, SecretRef)>,
    pub sender_type: SenderType,
    pub sender_description: String,
    pub address_kind: AddressKind,
    pub wire: Wire,
    pub auth: Auth,
    pub send: Call,
    pub batch_mode: BatchMode,
    pub segmentation: Segmentation,
    /// The header that carries a message's key.
    pub idempotency: Option<String>,
    pub uses_key: bool,
    pub uses_encoding: bool,
    /// Whether requests say until when a message may be delivered.
    pub uses_expiry: bool,
    pub results: Results,
    pub rules: Vec<Rule>,
    pub status: Option<Inquiry>,
    pub cancel: Option<Inquiry>,
    pub list: Option<List>,
    pub reads: Reads,
    pub examples: Vec<Example>,
}

/// What any expression reads of an answer: copies that most answers do without.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reads {
    pub text: bool,
    pub headers: bool,
    /// Not of the answer: how many messages were asked for.
    pub batch: bool,
}

/// A text of a request or a reason.
#[derive(Debug)]
pub(super) enum Text {
    /// As it stands.
    Fixed(String),
    /// A text program.
    Program { name: String, secret: bool },
}

/// How every request but the log-in shows who we are.
#[derive(Debug, Default)]
pub(super) struct Auth {
    pub basic: Option<(Text, Text)>,
    pub headers: Vec<Header>,
    pub query: Option<Text>,
    pub token: Option<TokenAuth>,
    /// The secrets that requests other than log-ins name.
    pub needs: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Header {
    pub name: String,
    pub text: Text,
    /// Left out where the text comes to nothing.
    pub optional: bool,
}

#[derive(Debug)]
pub(super) struct Call {
    /// Its name in the profile, for messages.
    pub name: &'static str,
    pub method: Text,
    pub path: Text,
    pub query: Option<Text>,
    pub headers: Vec<Header>,
    pub body: Body,
    pub timeout: Duration,
    /// The secrets it names itself.
    pub needs: Vec<String>,
    /// Whether it shows what `auth` says; log-ins don't.
    pub authorised: bool,
}

#[derive(Debug)]
pub(super) enum Body {
    None,
    /// The text program that renders to JSON.
    Json(String),
    /// Names and values, encoded.
    Form(Text),
    Text(Text),
}

/// In the fields that are texts stands the name of a value program.
#[derive(Debug)]
pub(super) struct TokenAuth {
    /// At least one; the first whose secrets are all there is used.
    pub logins: Vec<Call>,
    pub refresh: Option<Call>,
    pub rules: Vec<Rule>,
    pub access: String,
    pub expires_at: Option<String>,
    pub expires_in: String,
    pub refresh_token: Option<String>,
    pub refresh_expires_in: Option<String>,
}

/// As above: names of value programs.
#[derive(Debug)]
pub(super) struct Results {
    pub match_by: MatchBy,
    pub id: String,
    pub id_pattern: Option<Regex>,
    pub rules: Vec<Rule>,
}

/// How results find their messages.
#[derive(Debug)]
pub(super) enum MatchBy {
    /// The answer as a whole is about the one message, or about all.
    Whole,
    /// A list, and the address in each result.
    Address { list: String, address: String },
    /// A list, and the key in each result.
    Key { list: String, key: String },
}

#[derive(Debug)]
pub(super) struct Rule {
    pub when: String,
    pub class: Class,
    pub reason: Option<Text>,
    /// What of ours is to be looked at.
    pub field: Option<String>,
}

/// A question about one message, or a wish.
#[derive(Debug)]
pub(super) struct Inquiry {
    pub call: Call,
    pub outcomes: Vec<OutcomeRule>,
}

#[derive(Debug)]
pub(super) struct OutcomeRule {
    pub when: String,
    pub outcome: Outcome,
    pub reason: Option<Text>,
}

/// As above: names of value programs.
#[derive(Debug)]
pub(super) struct List {
    pub call: Call,
    pub each: String,
    pub next: Option<String>,
    pub when: Option<String>,
    pub id: String,
    pub address: Option<String>,
    pub text: String,
    pub at: String,
}

/// The most a gateway takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests of every kind.
    pub requests: Option<Rate>,
    /// Messages.
    pub messages: Option<Rate>,
    /// SMS segments.
    pub segments: Option<Rate>,
}

impl Limits {
    /// These, where nothing else is said.
    pub fn or(self, other: Self) -> Self {
        Self {
            requests: self.requests.or(other.requests),
            messages: self.messages.or(other.messages),
            segments: self.segments.or(other.segments),
        }
    }
}

/// A value that a campaign gives to a profile and that the profile cannot take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// Not an address a gateway may have.
    #[error("`{url}` cannot be a base URL: {problem}")]
    BaseUrl {
        /// As given.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The gateway takes one message a request.
    #[error("this gateway takes one message a request")]
    NoBatches,
    /// A constant that does not fit where it is used.
    #[error("`vars` do not fit: {0}")]
    Var(String),
    /// The profile has no such constant.
    #[error("the profile has no variable `{name}`; {help}")]
    UnknownVar {
        /// As given.
        name: String,
        /// What it has.
        help: String,
    },
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

    /// In which way recipients share a request.
    pub fn batch_mode(&self) -> BatchMode {
        self.inner.batch_mode
    }

    /// Whether texts longer than one SMS are cut by us, one request a part.
    pub fn cuts_texts(&self) -> bool {
        self.inner.segmentation == Segmentation::Client
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

    /// The most the gateway takes, as a campaign changed it.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The same profile with other limits, where some are given.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        Self { limits: limits.or(self.limits), ..self.clone() }
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

    /// The same profile with another most recipients of one request, at least 1.
    ///
    /// # Errors
    /// [`OverrideError::NoBatches`].
    pub fn with_batch_max(&self, max: u32) -> Result<Self, OverrideError> {
        if self.inner.batch_mode == BatchMode::Single && max > 1 {
            return Err(OverrideError::NoBatches);
        }
        Ok(Self { batch_max: usize::try_from(max).unwrap_or(usize::MAX).max(1), ..self.clone() })
    }

    /// The same profile at another address, with other constants.
    ///
    /// # Errors
    /// [`OverrideError`], the first.
    pub fn with(
        &self,
        base_url: Option<&str>,
        vars: &Map<String, serde_json::Value>,
    ) -> Result<Self, OverrideError> {
        let mut changed = self.clone();
        if let Some(url) = base_url {
            let problem = |problem| OverrideError::BaseUrl { url: without_user(url), problem };
            changed.base_url = check_base_url(url).map_err(problem)?;
        }
        for (name, value) in vars {
            let Some(var) = changed.vars.get_mut(name) else {
                return Err(unknown_var(name, self.vars.keys().map(String::as_str).collect()));
            };
            *var = value.clone();
        }
        changed.vars_scope = scope_of(&changed.vars);
        changed.check_methods().map_err(OverrideError::Var)?;
        Ok(changed)
    }

    /// Whether every verb that the constants choose is one.
    pub(super) fn check_methods(&self) -> Result<(), String> {
        let inner = &self.inner;
        let inquiries = [inner.status.as_ref(), inner.cancel.as_ref()].into_iter().flatten();
        let mut calls = std::iter::once(&inner.send)
            .chain(inquiries.map(|inquiry| &inquiry.call))
            .chain(inner.list.as_ref().map(|list| &list.call));
        calls.try_for_each(|call| self.method(call).map(drop).map_err(|error| error.to_string()))
    }
}

fn unknown_var(name: &str, known: Vec<&str>) -> OverrideError {
    let help = match did_you_mean(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has {}", listing(known)),
    };
    OverrideError::UnknownVar { name: name.to_owned(), help }
}

pub(super) fn scope_of(vars: &Map<String, serde_json::Value>) -> Value {
    Value::try_from_serializable(vars).unwrap_or_else(|_| Value::none())
}

/// A URL without what stands before an `@`: it may be a credential.
pub(super) fn without_user(url: &str) -> String {
    match url.split_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => url.to_owned(),
    }
}

/// A base URL without a slash at its end, or what is wrong with it.
pub(super) fn check_base_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("{error}; write `https://host`"))?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err("it names no host".to_owned()),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => {
            return Err(
                "plain http would show credentials and texts to everybody on the way; use https".to_owned()
            );
        }
        other => return Err(format!("`{other}` is not https")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials do not belong into a URL; use `secrets`".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it may not have a query or a fragment".to_owned());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_may_be_spoken_to_in_the_clear() {
        assert_eq!(check_base_url("https://a.example/x/").unwrap(), "https://a.example/x");
        for fine in ["http://127.0.0.1:8080", "http://[::1]:1", "http://localhost"] {
            assert!(check_base_url(fine).is_ok(), "{fine}");
        }
        for bad in [
            "http://a.example",
            "http://localhost.example",
            "ftp://a.example",
            "a.example",
            "https://u:p@a.example",
            "https://a.example?key=1",
            "https://a.example/#x",
            "",
            "https://",
        ] {
            assert!(check_base_url(bad).is_err(), "{bad}");
        }
    }
}
