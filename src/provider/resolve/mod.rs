//! From the file to the profile: every error at once, each with its place. Here its facts; its requests and
//! its answers are read in `call` and `answer`.

mod answer;
mod call;
mod compile;
mod cost;
mod example;
mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Map;

use crate::credentials::{hide, names_a_secret};
use crate::diagnostic::{Diagnostics, Source, Span};
use crate::provider::cost::Cost;
use crate::provider::example::replay::exchange;
use crate::provider::profile::{Inner, Limits, Profile, check_base_url, scope_of, without_user};
use crate::provider::raw;
use crate::provider::resolve::compile::{Compiler, Scope};
use crate::provider::secrets::SecretRef;
use crate::provider::wire::{AddressKind, Wire};
use crate::units::Rate;
use crate::yaml::all;
use crate::yaml::{self, Spanned};

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_source(source: &Arc<Source>) -> Result<Self, Diagnostics> {
        let (raw, mut problems) = yaml::read::<raw::Profile>(source);
        let Some(raw) = raw else {
            hide(&mut problems);
            return Err(problems);
        };
        let mut resolver = Resolver::new(source, &raw);
        let profile = resolver.profile(raw);
        problems.extend(resolver.compiler.problems);
        problems.sort();
        hide(&mut problems);
        match profile {
            Some(profile) if !problems.has_errors() => Ok(profile),
            // A part is missing only where an error was reported for it.
            _ => Err(problems),
        }
    }
}

struct Resolver<'a> {
    compiler: Compiler<'a>,
    /// What every expression may use: the constants.
    base: Scope,
    secrets: Vec<String>,
    secret_spans: Vec<(String, Span)>,
    vars: Vec<String>,
    has_token: bool,
    has_refresh: bool,
}

impl<'a> Resolver<'a> {
    fn new(source: &'a Arc<Source>, raw: &raw::Profile) -> Self {
        let token = raw.auth.as_ref().and_then(|auth| auth.token.as_ref());
        let vars: Vec<String> = raw.vars.iter().flat_map(BTreeMap::keys).cloned().collect();
        Self {
            compiler: Compiler::new(source),
            base: Scope::new().with_members("vars", vars.clone()),
            secrets: raw.secrets.iter().flat_map(BTreeMap::keys).cloned().collect(),
            secret_spans: secret_spans(raw),
            vars,
            has_token: token.is_some(),
            has_refresh: token.and_then(|token| token.read.as_ref()?.refresh.as_ref()).is_some(),
        }
    }

    fn profile(&mut self, raw: raw::Profile) -> Option<Profile> {
        let name = raw.name.and_then(|name| self.name(name));
        let base_url = raw.base_url.and_then(|url| self.base_url(&url));
        let secrets = self.secrets(raw.secrets.unwrap_or_default());
        for (name, node) in raw.vars.iter().flatten().filter(|(name, _)| names_a_secret(name)) {
            self.compiler.literal_secret(name, &node.span);
        }
        let vars: Map<String, serde_json::Value> =
            raw.vars.unwrap_or_default().iter().map(|(name, node)| (name.clone(), node.to_json())).collect();
        let address = raw.address.and_then(|address| self.address(&address));
        let limits = self.limits(raw.limits.unwrap_or_default());
        let cost = raw.cost.map(|cost| self.cost(&cost));
        let auth = self.auth(raw.auth);
        let can_be_read = raw.send.as_ref().is_some_and(Self::is_read);
        let send = raw.send.and_then(|send| self.send(send));
        let mode = send.as_ref().map(|send| send.mode);
        let pattern = raw.results.as_ref().and_then(|one| Some(one.id_pattern.as_ref()?.span.clone()));
        let results = raw.results.and_then(|results| self.results(results, mode));
        let scope = self.response_scope();
        let rules = self.rules("classify", raw.classify, &scope);
        let status = raw.status.map(|status| self.inquiry("status", status));
        let cancel = raw.cancel.map(|cancel| self.inquiry("cancel", cancel));
        let list = raw.list.map(|list| self.list(list));
        let inbound = raw.inbound.map(|inbound| self.inbound(inbound));
        let examples = example::examples(
            &mut self.compiler,
            raw.examples.unwrap_or_default(),
            address.map(|(_, wire)| wire),
        );
        if can_be_read {
            self.unused();
        }
        let sender = raw.sender?;
        let (address_kind, wire) = address?;
        let (send, limits, cost) = (send?, limits?, all(cost)?.map(Arc::new));
        // A part that could not be read is an error, never its absence.
        let mut inner = Inner {
            program: self.compiler.program.clone(),
            name: name?,
            title: raw.title?.value,
            documentation: raw.documentation.unwrap_or_default(),
            secrets,
            sender_type: sender.r#type?.value,
            sender_description: sender.description?.value,
            address_kind,
            wire,
            auth: auth?,
            send: send.call,
            batch_mode: send.mode,
            segmentation: send.segmentation,
            wide_reference: send.wide_reference,
            idempotency: send.idempotency,
            uses_key: self.compiler.uses_key,
            uses_encoding: self.compiler.uses_encoding,
            uses_expiry: self.compiler.uses_expiry,
            results: results?,
            rules: rules?,
            status: all(status)?,
            cancel: all(cancel)?,
            list: all(list)?,
            inbound: all(inbound)?,
            reads: self.compiler.reads,
            examples: examples?,
        };
        inner.auth.needs = needs(&inner);
        let vars_scope = scope_of(&vars);
        let (base_url, batch_max) = (base_url?, send.max);
        let profile = Profile { inner: Arc::new(inner), base_url, batch_max, limits, cost, vars, vars_scope };
        self.verbs(&profile, &send.method);
        if let Some(pattern) = pattern {
            self.captures(&profile, &pattern);
        }
        Some(profile)
    }

    /// A pattern that takes an id out of none of the accepted examples is a wrong one.
    fn captures(&mut self, profile: &Profile, pattern: &Span) {
        let secrets = profile.sandbox_secrets();
        let sendings = profile.examples().iter().filter_map(|one| Some((one, one.message.as_ref()?)));
        let mut accepted = sendings.filter(|(example, _)| example.is_accepted()).peekable();
        let any = accepted.peek().is_some();
        let captured = accepted.any(|(example, message)| {
            let (_, reading) = exchange(profile, example, message, &secrets, None);
            reading.verdicts.iter().any(|verdict| verdict.provider_id.is_some())
        });
        if any && !captured {
            let help =
                "it is held against the text that `id` gives, and what its round brackets hold is the id";
            self.compiler.error("`id_pattern` finds no id in any example that is accepted", pattern, help);
        }
    }

    /// A secret that no request names is a slip, and nobody should have to provide it.
    fn unused(&mut self) {
        let named = std::mem::take(&mut self.compiler.secrets_named);
        for (name, span) in self.secret_spans.clone() {
            if !named.contains(&name) {
                let help = format!("use it as `{{{{ secrets.{name} }}}}`, or remove it");
                self.compiler.error(format!("no request uses the secret `{name}`"), &span, help);
            }
        }
    }

    /// Verbs that the constants choose are looked at once the constants are known.
    fn verbs(&mut self, profile: &Profile, method: &Spanned<String>) {
        if let Err(problem) = profile.check_methods() {
            self.compiler.error(problem, &method.span, "");
        }
    }

    fn cost(&mut self, raw: &raw::Cost) -> Option<Cost> {
        let read = Cost::read(raw);
        for (error, span) in read.as_ref().err().into_iter().flatten() {
            self.compiler.error(format!("`cost`: {error}"), span, "");
        }
        read.ok()
    }

    fn limits(&mut self, raw: raw::Limits) -> Option<Limits> {
        let mut rate = |text: Option<Spanned<String>>| match text {
            None => Some(None),
            Some(text) => match text.value.parse::<Rate>() {
                Ok(rate) => Some(Some(rate)),
                Err(error) => {
                    self.compiler.error(error.to_string(), &text.span, "");
                    None
                }
            },
        };
        let (requests, messages, segments) = (rate(raw.requests), rate(raw.messages), rate(raw.segments));
        Some(Limits { requests: requests?, messages: messages?, segments: segments? })
    }

    fn name(&mut self, name: Spanned<String>) -> Option<String> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !name.value.is_empty() && name.value.chars().all(fits) {
            return Some(name.value);
        }
        let title = format!("`{}` is no name for a profile", name.value);
        self.compiler.error(title, &name.span, "use lower-case letters, digits and dashes");
        None
    }

    fn base_url(&mut self, url: &Spanned<String>) -> Option<String> {
        check_base_url(&url.value)
            .map_err(|problem| {
                let title = format!("`{}` cannot be a base URL", without_user(&url.value));
                if url.value.contains('@') {
                    self.compiler.literal_secret("base_url", &url.span);
                } else {
                    self.compiler.error(title, &url.span, problem);
                }
            })
            .ok()
    }

    fn secrets(&mut self, raw: BTreeMap<String, Spanned<String>>) -> Vec<(String, SecretRef)> {
        let mut found = Vec::new();
        for (name, reference) in raw {
            match SecretRef::parse(&reference.value) {
                Some(reference) => found.push((name, reference)),
                None => self.compiler.literal_secret(&name, &reference.span),
            }
        }
        found
    }

    fn address(&mut self, raw: &raw::Address) -> Option<(AddressKind, Wire)> {
        let (kind, wire) = (raw.kind.as_ref()?, raw.wire.as_ref()?);
        if (kind.value == AddressKind::Opaque) != (wire.value == Wire::Opaque) {
            let help = "opaque ids are written `opaque`; phones `e164`, `digits` or `integer`";
            self.compiler.error("these addresses cannot be written this way", &wire.span, help);
            return None;
        }
        Some((kind.value, wire.value))
    }
}

fn secret_spans(raw: &raw::Profile) -> Vec<(String, Span)> {
    raw.secrets.iter().flatten().map(|(name, reference)| (name.clone(), reference.span.clone())).collect()
}

/// The secrets that requests other than log-ins name.
fn needs(inner: &Inner) -> Vec<String> {
    let inquiries = inner.status.iter().chain(&inner.cancel).map(|inquiry| &inquiry.call);
    let lists = inner.list.iter().map(|list| &list.call).chain(inner.inbound.iter().map(|one| &one.call));
    let calls = inquiries.chain(lists).chain([&inner.send]);
    let all: BTreeSet<&String> = calls.flat_map(|call| &call.needs).chain(&inner.auth.needs).collect();
    all.into_iter().cloned().collect()
}
