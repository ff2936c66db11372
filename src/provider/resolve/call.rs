//! From the file's requests to compiled ones: who shows what, where expressions may stand, what they may use.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::credentials::names_a_secret;
use crate::provider::profile::{Auth, Body, Call, Header, Inquiry, OutcomeRule, Text, TokenAuth};
use crate::provider::raw::{self, BatchMode, Segmentation};
use crate::provider::resolve::Resolver;
use crate::provider::resolve::compile::{NEVER_EMPTY, Scope};
use crate::units;
use crate::yaml::all;
use crate::yaml::{Node, Spanned};

/// How long an exchange may take where the profile says nothing.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Headers that say where a message ends and where it goes: a wrong one sends something else than was reviewed.
const FRAMING: [&str; 8] =
    ["Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "TE", "Trailer", "Expect"];

/// What a part of a longer text shows of itself.
const PART_MEMBERS: [&str; 4] = ["number", "count", "reference", "udh"];

/// The request that sends, read.
pub(super) struct Send {
    pub call: Call,
    pub method: Spanned<String>,
    pub mode: BatchMode,
    pub max: usize,
    pub segmentation: Segmentation,
    /// The parts of one text share a reference of 16 bits, not of 8.
    pub wide_reference: bool,
    pub idempotency: Option<String>,
}

impl Resolver<'_> {
    pub(super) fn request_scope(&self, with_token: bool) -> Scope {
        let scope = self.base.clone().with_members("secrets", self.secrets.clone());
        let mut members = vec!["access"];
        if self.has_refresh {
            members.push("refresh");
        }
        if with_token { scope.with_members("token", members) } else { scope }
    }

    pub(super) fn auth(&mut self, raw: Option<raw::Auth>) -> Option<Auth> {
        let Some(raw) = raw else { return Some(Auth::default()) };
        self.compiler.secrets_used.clear();
        let scope = self.request_scope(self.has_token);
        let basic = raw.basic.map(|basic| {
            let username =
                basic.username.and_then(|one| self.compiler.text("auth.basic.username", &one, &scope));
            let password = basic.password.and_then(|one| {
                let text = self.compiler.text("auth.basic.password", &one, &scope);
                if matches!(text, Some(Text::Fixed(_))) {
                    self.compiler.literal_secret("password", &one.span);
                }
                text
            });
            username.zip(password)
        });
        let headers = self.headers("auth", raw.headers.unwrap_or_default(), &scope);
        let query = raw.query.map(|query| self.compiler.pairs("auth.query", &query, &scope));
        let needs = self.compiler.secrets_used.iter().cloned().collect();
        let token = raw.token.map(|token| self.token(token));
        Some(Auth { basic: all(basic)?, headers: headers?, query: all(query)?, token: all(token)?, needs })
    }

    fn token(&mut self, raw: raw::TokenAuth) -> Option<TokenAuth> {
        let scope = self.request_scope(false);
        let calls = raw.login.map_or_else(Vec::new, |several| several.0);
        let logins: Vec<Option<Call>> = calls
            .into_iter()
            .enumerate()
            .map(|(at, call)| self.call("login", &format!("login[{at}]"), call, &scope))
            .collect();
        let refresh_scope = self.request_scope(true);
        let refresh = raw.refresh.map(|call| self.call("refresh", "refresh", call, &refresh_scope));
        let scope = self.response_scope();
        let rules = self.rules("auth.classify", raw.classify, &scope);
        let read = raw.read?;
        let mut value = |name: &str, scalar: Option<Spanned<String>>| {
            scalar.map(|scalar| self.compiler.value(&format!("auth.read.{name}"), &scalar, &scope))
        };
        let access = value("access", read.access);
        let expires_at = value("expires_at", read.expires_at);
        let expires_in = value("expires_in", read.expires_in);
        let refresh_token = value("refresh", read.refresh);
        let refresh_expires_in = value("refresh_expires_in", read.refresh_expires_in);
        Some(TokenAuth {
            logins: logins.into_iter().collect::<Option<_>>()?,
            refresh: all(refresh)?,
            rules: rules?,
            access: access??,
            expires_at: all(expires_at)?,
            expires_in: expires_in??,
            refresh_token: all(refresh_token)?,
            refresh_expires_in: all(refresh_expires_in)?,
        })
    }

    /// Whether what stands in the request that sends is looked at: it needs to be known for how many it is.
    pub(super) fn is_read(raw: &raw::Send) -> bool {
        raw.method.is_some() && raw.batch.as_ref().is_some_and(|batch| batch.mode.is_some())
    }

    pub(super) fn send(&mut self, raw: raw::Send) -> Option<Send> {
        let batch = raw.batch?;
        let (mode, max) = (batch.mode?, batch.max);
        let segmentation = raw.segmentation.as_ref().map_or(Segmentation::Provider, |one| one.value);
        if let Some(one) = &raw.segmentation
            && segmentation == Segmentation::Client
            && mode.value != BatchMode::Single
        {
            self.compiler.error("only `single` requests can carry parts", &one.span, "one request a part");
        }
        let wide_reference = self.wide_reference(raw.reference_bits.as_ref(), segmentation);
        let max = self.most(&mode, max);
        let idempotency = raw.idempotency.map(|one| self.idempotency(one, mode.value));
        let scope = self.send_scope(mode.value);
        let method = raw.method?;
        let call = raw::Call {
            method: Some(method.clone()),
            path: raw.path,
            headers: raw.headers,
            query: raw.query,
            json: raw.json,
            form: raw.form,
            text: raw.text,
            timeout: raw.timeout,
        };
        let call = self.call("send", "send", call, &scope);
        let idempotency = all(idempotency)?;
        let (call, max, wide_reference) = (call?, max?, wide_reference?);
        Some(Send { call, method, mode: mode.value, max, segmentation, wide_reference, idempotency })
    }

    fn wide_reference(&mut self, bits: Option<&Spanned<u8>>, segmentation: Segmentation) -> Option<bool> {
        let Some(bits) = bits else { return Some(false) };
        let problem = match (bits.value, segmentation) {
            (8, _) => return Some(false),
            (16, Segmentation::Provider) => return Some(true),
            (16, Segmentation::Client) => "parts that we cut share a reference of 8 bits",
            _ => "a reference has 8 or 16 bits",
        };
        self.compiler.error(problem, &bits.span, "");
        None
    }

    fn send_scope(&self, mode: BatchMode) -> Scope {
        let scope = self.request_scope(self.has_token).with("sender").with("expires_at").with("expires_in");
        match mode {
            BatchMode::Single => {
                let scope = scope.with("text").with("encoding").with("recipient").with("key");
                scope.with_members("part", PART_MEMBERS)
            }
            BatchMode::Shared => scope.with("text").with("encoding").with("recipients"),
            BatchMode::Personalised => scope.with("messages"),
        }
    }

    /// The most messages of one request.
    fn most(&mut self, mode: &Spanned<BatchMode>, max: Option<Spanned<u32>>) -> Option<usize> {
        match (mode.value, max) {
            (BatchMode::Single, None) => Some(1),
            (BatchMode::Single, Some(max)) => {
                let help = "`single` is one recipient a request";
                self.compiler.error("`max` has no meaning here", &max.span, help);
                None
            }
            (_, Some(max)) => usize::try_from(max.value).ok(),
            (_, None) => {
                let help = "say how many recipients a request may have: `max: 100`";
                self.compiler.error("`send.batch.max` is missing", &mode.span, help);
                None
            }
        }
    }

    fn idempotency(&mut self, raw: raw::Idempotency, mode: BatchMode) -> Option<String> {
        let header = raw.header?;
        if mode != BatchMode::Single {
            let help =
                "remove it: a batch that is sent again may hold other messages, and is not the same request";
            self.compiler.error("`idempotency` needs `batch: { mode: single }`", &header.span, help);
            return None;
        }
        self.compiler.uses_key = true;
        self.header_name(&header.value, &header).then_some(header.value)
    }

    pub(super) fn inquiry(&mut self, name: &'static str, raw: raw::Inquiry) -> Option<Inquiry> {
        let scope = self.request_scope(self.has_token).with("sender").with("recipient").with("id");
        let call = raw.request.and_then(|call| self.call(name, name, call, &scope));
        let scope = self.response_scope();
        let id = raw.id.map(|id| self.compiler.value(&format!("{name}.id"), &id, &scope));
        let mut outcomes = Some(Vec::new());
        for (at, rule) in raw.outcome.unwrap_or_default().into_iter().enumerate() {
            let place = format!("{name}.outcome[{at}]");
            let when =
                rule.when.and_then(|when| self.compiler.value(&format!("{place}.when"), &when, &scope));
            let reason =
                rule.reason.map(|reason| self.compiler.text(&format!("{place}.reason"), &reason, &scope));
            let rule = when.zip(rule.r#as).zip(all(reason));
            match (&mut outcomes, rule) {
                (Some(outcomes), Some(((when, outcome), reason))) => {
                    outcomes.push(OutcomeRule { when, outcome: outcome.value, reason });
                }
                _ => outcomes = None,
            }
        }
        Some(Inquiry { call: call?, id: all(id)?, outcomes: outcomes? })
    }

    /// `name` is for people, `place` for the program.
    pub(super) fn call(
        &mut self,
        name: &'static str,
        place: &str,
        raw: raw::Call,
        scope: &Scope,
    ) -> Option<Call> {
        self.compiler.secrets_used.clear();
        let is_get = raw.method.as_ref().is_some_and(|method| method.value.trim() == "GET");
        let method_scope = self.base.clone();
        let method = raw
            .method
            .and_then(|method| self.compiler.method(&format!("{place}.method"), &method, &method_scope));
        let path = raw.path.and_then(|path| self.compiler.path(&format!("{place}.path"), &path, scope));
        let query = raw.query.map(|query| self.compiler.pairs(&format!("{place}.query"), &query, scope));
        let headers = self.headers(place, raw.headers.unwrap_or_default(), scope);
        let body = self.body(place, raw.json, raw.form, raw.text, is_get, scope);
        let timeout = raw.timeout.map_or(Some(DEFAULT_TIMEOUT), |timeout| self.timeout(&timeout));
        Some(Call {
            name,
            method: method?,
            path: path?,
            query: all(query)?,
            headers: headers?,
            body: body?,
            timeout: timeout?,
            needs: self.compiler.secrets_used.iter().cloned().collect(),
            authorised: !matches!(name, "login" | "refresh"),
        })
    }

    fn body(
        &mut self,
        place: &str,
        json: Option<Node>,
        form: Option<BTreeMap<String, Node>>,
        text: Option<Spanned<String>>,
        is_get: bool,
        scope: &Scope,
    ) -> Option<Body> {
        let form_span = form.as_ref().and_then(|form| Some(form.values().next()?.span.clone()));
        let spans = [
            json.as_ref().map(|node| node.span.clone()),
            form_span,
            text.as_ref().map(|one| one.span.clone()),
        ];
        let mut spans = spans.into_iter().flatten();
        if let Some(first) = spans.next() {
            if is_get {
                self.compiler.error("a GET has no body", &first, "use `query`, or another method");
            }
            for another in spans {
                let help = "keep one of `json`, `form` and `text`";
                self.compiler.error("a request has one body", &another, help);
            }
        }
        // All are looked at, also where there are too many.
        let json =
            json.map(|node| self.compiler.json(&format!("{place}.json"), &node, scope).map(Body::Json));
        let form =
            form.map(|form| self.compiler.pairs(&format!("{place}.form"), &form, scope).map(Body::Form));
        let text =
            text.map(|text| self.compiler.text(&format!("{place}.text"), &text, scope).map(Body::Text));
        json.or(form).or(text).unwrap_or(Some(Body::None))
    }

    fn headers(
        &mut self,
        place: &str,
        raw: BTreeMap<String, Spanned<String>>,
        scope: &Scope,
    ) -> Option<Vec<Header>> {
        let mut found = Some(Vec::new());
        for (written, value) in raw {
            let (name, optional) = crate::provider::resolve::template::optional(&written);
            let sound = self.header_name(name, &value);
            let text = self.compiler.text(&format!("{place}.headers.{name}"), &value, scope);
            let fixed = matches!(text, Some(Text::Fixed(_)));
            if fixed && names_a_secret(name) {
                self.compiler.literal_secret(name, &value.span);
            }
            if fixed && optional {
                let title = format!("`{written}` can never be left out");
                self.compiler.error(title, &value.span, NEVER_EMPTY);
            }
            match (&mut found, text) {
                (Some(headers), Some(text)) if sound => {
                    headers.push(Header { name: name.to_owned(), text, optional });
                }
                _ => found = None,
            }
        }
        found
    }

    /// A field name of RFC 9110 §5.6.2.
    fn header_name(&mut self, name: &str, at: &Spanned<String>) -> bool {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let sound = !name.is_empty() && name.chars().all(token);
        if !sound {
            self.compiler.error(format!("`{name}` cannot be the name of a header"), &at.span, "");
        }
        let framing = FRAMING.iter().any(|framing| framing.eq_ignore_ascii_case(name));
        if framing {
            let help = "remove it: how a request travels is not the profile's to say";
            self.compiler.error(format!("the header `{name}` cannot be set"), &at.span, help);
        }
        sound && !framing
    }

    fn timeout(&mut self, text: &Spanned<String>) -> Option<Duration> {
        text.value
            .parse::<units::Span>()
            .map(units::Span::get)
            .map_err(|error| self.compiler.error(error.to_string(), &text.span, ""))
            .ok()
    }
}
