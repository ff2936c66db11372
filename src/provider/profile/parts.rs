//! What a profile is made of once it is read: compiled requests, rules and lists. In fields that are texts stands
//! the name of a program.

use std::time::Duration;

use regex::Regex;

use crate::expression::Program;
use crate::provider::class::{Class, Outcome};
use crate::provider::example::Example;
use crate::provider::raw::{BatchMode, Segmentation, SenderType};
use crate::provider::secrets::SecretRef;
use crate::provider::wire::{AddressKind, Wire};

/// What no override changes.
#[derive(Debug)]
pub(in crate::provider) struct Inner {
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
    pub wide_reference: bool,
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
    pub inbound: Option<Inbound>,
    pub reads: Reads,
    pub examples: Vec<Example>,
}

/// What any expression reads of an answer: copies that most answers do without.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::provider) struct Reads {
    pub text: bool,
    pub headers: bool,
    /// Not of the answer: how many messages were asked for.
    pub batch: bool,
}

/// A text of a request or a reason.
#[derive(Debug)]
pub(in crate::provider) enum Text {
    /// As it stands.
    Fixed(String),
    /// A text program.
    Program { name: String, secret: bool },
}

/// How every request but the log-in shows who we are.
#[derive(Debug, Default)]
pub(in crate::provider) struct Auth {
    pub basic: Option<(Text, Text)>,
    pub headers: Vec<Header>,
    pub query: Option<Text>,
    pub token: Option<TokenAuth>,
    /// The secrets that requests other than log-ins name.
    pub needs: Vec<String>,
}

#[derive(Debug)]
pub(in crate::provider) struct Header {
    pub name: String,
    pub text: Text,
    /// Left out where the text comes to nothing.
    pub optional: bool,
}

#[derive(Debug)]
pub(in crate::provider) struct Call {
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
pub(in crate::provider) enum Body {
    None,
    /// The text program that renders to JSON.
    Json(String),
    /// Names and values, encoded.
    Form(Text),
    Text(Text),
}

/// In the fields that are texts stands the name of a value program.
#[derive(Debug)]
pub(in crate::provider) struct TokenAuth {
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
pub(in crate::provider) struct Results {
    pub match_by: MatchBy,
    pub id: String,
    pub id_pattern: Option<Regex>,
    pub rules: Vec<Rule>,
    /// Whether the id or a rule is read out of the answer's text.
    pub reads_text: bool,
}

/// How results find their messages.
#[derive(Debug)]
pub(in crate::provider) enum MatchBy {
    /// The answer as a whole is about the one message, or about all.
    Whole,
    /// A list, and the address in each result.
    Address { list: String, address: String },
    /// A list, and the key in each result.
    Key { list: String, key: String },
}

#[derive(Debug)]
pub(in crate::provider) struct Rule {
    pub when: String,
    pub class: Class,
    pub reason: Option<Text>,
    /// What of ours is to be looked at.
    pub field: Option<String>,
}

/// A question about one message, or a wish.
#[derive(Debug)]
pub(in crate::provider) struct Inquiry {
    pub call: Call,
    pub id: Option<String>,
    pub outcomes: Vec<OutcomeRule>,
}

#[derive(Debug)]
pub(in crate::provider) struct OutcomeRule {
    pub when: String,
    pub outcome: Outcome,
    pub reason: Option<Text>,
}

/// As above: names of value programs.
#[derive(Debug)]
pub(in crate::provider) struct List {
    pub call: Call,
    pub each: String,
    pub next: Option<String>,
    pub cut: Option<String>,
    pub when: Option<String>,
    pub id: String,
    pub address: Option<String>,
    pub text: String,
    pub at: String,
}

/// As above: names of value programs.
#[derive(Debug)]
pub(in crate::provider) struct Inbound {
    pub call: Call,
    pub each: String,
    pub next: Option<String>,
    pub cut: Option<String>,
    pub when: Option<String>,
    pub address: String,
    pub text: String,
    pub at: String,
}
