//! From the file to the profile: every error at once, each with its place.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Map;

use crate::credentials::names_a_secret;
use crate::diagnostic::{Diagnostics, Source};
use crate::provider::compile::{Compiler, Scope};
use crate::provider::exchange::Method;
use crate::provider::profile::{
    Call, Each, Inner, Profile, Results, Rule, Text, TokenAuth, check_base_url, scope_of, without_user,
};
use crate::provider::raw::{self, BatchMode};
use crate::provider::resolve_example;
use crate::provider::secrets::SecretRef;
use crate::provider::wire::{AddressKind, Wire};
use crate::units;
use crate::yaml::{self, Spanned};

/// How long an exchange may take where the profile says nothing.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// What an expression over an answer sees of it.
const RESPONSE_MEMBERS: [&str; 4] = ["status", "headers", "json", "text"];

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_source(source: &Arc<Source>) -> Result<Self, Diagnostics> {
        let (raw, mut problems) = yaml::read::<raw::Profile>(source);
        let Some(raw) = raw else { return Err(problems) };
        let mut resolver = Resolver::new(source, &raw);
        let profile = resolver.profile(raw);
        problems.extend(resolver.compiler.problems);
        problems.sort();
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
    has_token: bool,
    has_refresh: bool,
}

impl<'a> Resolver<'a> {
    fn new(source: &'a Arc<Source>, raw: &raw::Profile) -> Self {
        let token = raw.auth.as_ref().and_then(|auth| auth.token.as_ref());
        let vars = raw.vars.iter().flat_map(BTreeMap::keys).cloned();
        Self {
            compiler: Compiler::new(source),
            base: Scope::new().with_members("vars", vars),
            secrets: raw.secrets.iter().flat_map(BTreeMap::keys).cloned().collect(),
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
        let auth = raw.auth.and_then(|auth| auth.token).map(|token| self.token(token));
        let mode = raw.send.as_ref().and_then(|send| Some(send.batch.as_ref()?.mode.as_ref()?.value));
        let send = raw.send.and_then(|send| self.send(send));
        let results = raw.results.and_then(|results| self.results(results, mode));
        let scope = self.response_scope();
        let rules = self.rules("classify", raw.classify, &scope);
        let examples = resolve_example::all(
            &mut self.compiler,
            raw.examples.unwrap_or_default(),
            address.map(|(_, wire)| wire),
        );
        let sender = raw.sender?;
        let (address_kind, wire) = address?;
        let (send, batch_mode, batch_max) = send?;
        let inner = Inner {
            program: self.compiler.program.clone(),
            name: name?,
            title: raw.title?.value,
            documentation: raw.documentation.unwrap_or_default(),
            secrets,
            sender_type: sender.r#type?.value,
            sender_description: sender.description?.value,
            address_kind,
            wire,
            // An auth that could not be read is an error, never its absence.
            auth: match auth {
                Some(read) => Some(read?),
                None => None,
            },
            send,
            batch_mode,
            results: results?,
            rules: rules?,
            reads_text: self.compiler.reads_text,
            examples: examples?,
        };
        let vars_scope = scope_of(&vars);
        Some(Profile { inner: Arc::new(inner), base_url: base_url?, batch_max, vars, vars_scope })
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

    fn request_scope(&self, refresh: bool) -> Scope {
        let scope = self.base.clone().with_members("secrets", self.secrets.clone());
        let mut members = vec!["access"];
        if self.has_refresh {
            members.push("refresh");
        }
        if refresh { scope.with_members("token", members) } else { scope }
    }

    fn response_scope(&self) -> Scope {
        self.base.clone().with_members("response", RESPONSE_MEMBERS)
    }

    fn token(&mut self, raw: raw::TokenAuth) -> Option<TokenAuth> {
        let login_scope = self.request_scope(false);
        let login = raw.login.and_then(|call| self.call("login", call, &login_scope));
        let refresh_scope = self.request_scope(true);
        let refresh = raw.refresh.map(|call| self.call("refresh", call, &refresh_scope));
        let scope = self.response_scope();
        let rules = self.rules("auth.classify", raw.classify, &scope);
        let read = raw.read?;
        let mut value = |name: &str, scalar: Option<Spanned<String>>| {
            scalar.map(|scalar| self.compiler.value(&format!("auth.read.{name}"), &scalar, &scope))
        };
        let access = value("access", read.access);
        let expires_in = value("expires_in", read.expires_in);
        let refresh_token = value("refresh", read.refresh);
        let refresh_expires_in = value("refresh_expires_in", read.refresh_expires_in);
        Some(TokenAuth {
            login: login?,
            refresh: refresh.map_or(Some(None), |call| call.map(Some))?,
            rules: rules?,
            access: access??,
            expires_in: expires_in??,
            refresh_token: refresh_token.flatten(),
            refresh_expires_in: refresh_expires_in.flatten(),
        })
    }

    fn send(&mut self, raw: raw::Send) -> Option<(Call, BatchMode, usize)> {
        let batch = raw.batch?;
        let mode = batch.mode?;
        let scope = self.request_scope(self.has_token).with("text").with("sender");
        let (scope, max) = match (mode.value, batch.max) {
            (BatchMode::Single, None) => (scope.with("recipient"), Some(1)),
            (BatchMode::Single, Some(max)) => {
                self.compiler.error(
                    "`max` has no meaning here",
                    &max.span,
                    "`single` is one recipient a request",
                );
                (scope.with("recipient"), None)
            }
            (BatchMode::Shared, Some(max)) => (scope.with("recipients"), usize::try_from(max.value).ok()),
            (BatchMode::Shared, None) => {
                let help = "say how many recipients a request may have: `max: 100`";
                self.compiler.error("`send.batch.max` is missing", &mode.span, help);
                (scope.with("recipients"), None)
            }
        };
        let call = raw::Call {
            method: raw.method,
            path: raw.path,
            headers: raw.headers,
            json: raw.json,
            timeout: raw.timeout,
        };
        Some((self.call("send", call, &scope)?, mode.value, max?))
    }

    fn call(&mut self, name: &str, raw: raw::Call, scope: &Scope) -> Option<Call> {
        let method = raw.method.as_ref().map(|method| method.value);
        let path = raw.path.and_then(|path| self.compiler.path(&format!("{name}.path"), &path, scope));
        let headers = self.headers(name, raw.headers.unwrap_or_default(), scope);
        let json = raw.json.map(|node| {
            if method == Some(Method::Get) {
                self.compiler.error("a GET has no body", &node.span, "use another verb");
            }
            self.compiler.json(&format!("{name}.json"), &node, scope)
        });
        let timeout = raw.timeout.map_or(Some(DEFAULT_TIMEOUT), |timeout| self.timeout(&timeout));
        Some(Call {
            method: method?,
            path: path?,
            headers: headers?,
            json: json.map_or(Some(None), |json| json.map(Some))?,
            timeout: timeout?,
        })
    }

    fn headers(
        &mut self,
        call: &str,
        raw: BTreeMap<String, Spanned<String>>,
        scope: &Scope,
    ) -> Option<Vec<(String, Text)>> {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let mut found = Some(Vec::new());
        for (name, value) in raw {
            if name.is_empty() || !name.chars().all(token) {
                self.compiler.error(format!("`{name}` cannot be the name of a header"), &value.span, "");
                found = None;
            }
            let text = self.compiler.text(&format!("{call}.headers.{name}"), &value, scope);
            if matches!(text, Some(Text::Fixed(_))) && names_a_secret(&name) {
                self.compiler.literal_secret(&name, &value.span);
                found = None;
            }
            match (&mut found, text) {
                (Some(headers), Some(text)) => headers.push((name, text)),
                _ => found = None,
            }
        }
        found
    }

    fn timeout(&mut self, text: &Spanned<String>) -> Option<Duration> {
        text.value
            .parse::<units::Span>()
            .map(units::Span::get)
            .map_err(|error| self.compiler.error(error.to_string(), &text.span, ""))
            .ok()
    }

    fn results(&mut self, raw: raw::Results, mode: Option<BatchMode>) -> Option<Results> {
        let whole = self.response_scope();
        let scope = if raw.each.is_some() { whole.clone().with("result") } else { whole.clone() };
        let each = match (raw.each, raw.address) {
            (Some(each), Some(address)) => {
                let list = self.compiler.value("results.each", &each, &whole);
                let address = self.compiler.value("results.address", &address, &scope);
                Some(list.zip(address).map(|(list, address)| Each { list, address }))
            }
            (None, None) => {
                if let (Some(BatchMode::Shared), Some(id)) = (mode, &raw.id) {
                    let help = "say where the list is (`each`) and whom a result is about (`address`)";
                    self.compiler.error("results of a shared request need a list", &id.span, help);
                }
                None
            }
            (Some(one), None) | (None, Some(one)) => {
                let help = "results are matched by address, never by position";
                self.compiler.error("`each` and `address` go together", &one.span, help);
                Some(None)
            }
        };
        let id = raw.id.and_then(|id| self.compiler.value("results.id", &id, &scope));
        let rules = self.rules("results.classify", raw.classify, &scope);
        Some(Results { each: each.map_or(Some(None), |each| each.map(Some))?, id: id?, rules: rules? })
    }

    fn rules(&mut self, place: &str, raw: Option<Vec<raw::Rule>>, scope: &Scope) -> Option<Vec<Rule>> {
        let mut rules = Some(Vec::new());
        for (at, rule) in raw.unwrap_or_default().into_iter().enumerate() {
            let when =
                rule.when.and_then(|when| self.compiler.value(&format!("{place}[{at}].when"), &when, scope));
            let reason = rule
                .reason
                .map(|reason| self.compiler.text(&format!("{place}[{at}].reason"), &reason, scope));
            let rule = when.zip(rule.r#as).and_then(|(when, class)| {
                Some(Rule {
                    when,
                    class: class.value,
                    reason: reason.map_or(Some(None), |reason| reason.map(Some))?,
                })
            });
            match (&mut rules, rule) {
                (Some(rules), Some(rule)) => rules.push(rule),
                _ => rules = None,
            }
        }
        rules
    }
}
