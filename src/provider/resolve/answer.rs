//! From what the file says about answers to compiled rules: classes, results and whom they are about, lists.

use regex::Regex;

use crate::diagnostic::{did_you_mean, listing};
use crate::expression::{self, Kind};
use crate::provider::class::Class;
use crate::provider::profile::{Inbound, List, MatchBy, Results, Rule};
use crate::provider::raw::{self, BatchMode, Correlation};
use crate::provider::resolve::Resolver;
use crate::provider::resolve::compile::Scope;
use crate::yaml::Spanned;
use crate::yaml::all;

/// What an expression over an answer sees of it.
const RESPONSE_MEMBERS: [&str; 4] = ["status", "headers", "json", "text"];

/// Whether a scalar reads the text of an answer.
fn names_the_text(scalar: &str) -> bool {
    expression::members(scalar, Kind::Text, "response").iter().any(|(member, _)| member == "text")
}

impl Resolver<'_> {
    pub(super) fn response_scope(&self) -> Scope {
        self.base.clone().with_members("response", RESPONSE_MEMBERS).with_members("batch", ["size"])
    }

    pub(super) fn results(&mut self, raw: raw::Results, mode: Option<BatchMode>) -> Option<Results> {
        let whole = self.response_scope();
        let scope = if raw.each.is_some() { whole.clone().with("result") } else { whole.clone() };
        let id = raw.id.as_ref().and_then(|id| self.compiler.value("results.id", id, &scope));
        let rules = raw.classify.iter().flatten().filter_map(|rule| rule.when.as_ref());
        let reads_text = raw.id.iter().chain(rules).any(|scalar| names_the_text(&scalar.value));
        let match_by = self.match_by(&raw, mode, &whole, &scope);
        let rules = self.rules("results.classify", raw.classify, &scope);
        let id_pattern = raw.id_pattern.map(|pattern| self.pattern(&pattern));
        Some(Results {
            match_by: match_by?,
            id: id?,
            id_pattern: all(id_pattern)?,
            rules: rules?,
            reads_text,
        })
    }

    fn match_by(
        &mut self,
        raw: &raw::Results,
        mode: Option<BatchMode>,
        whole: &Scope,
        scope: &Scope,
    ) -> Option<MatchBy> {
        let by = raw.by.as_ref().map(|by| by.value);
        let unused = match by {
            Some(Correlation::Batch) => [raw.each.as_ref(), raw.address.as_ref(), raw.key.as_ref()],
            Some(Correlation::Key) => [raw.address.as_ref(), None, None],
            Some(Correlation::Address) | None => [raw.key.as_ref(), None, None],
        };
        for one in unused.into_iter().flatten() {
            self.compiler.error("this is not used here", &one.span, "see `results.by`");
        }
        let (named, what) = match by {
            Some(Correlation::Batch) => return Some(MatchBy::Whole),
            Some(Correlation::Key) => (raw.key.as_ref(), "key"),
            Some(Correlation::Address) | None => (raw.address.as_ref(), "address"),
        };
        match (&raw.each, named) {
            (Some(each), Some(named)) => {
                let list = self.compiler.value("results.each", each, whole);
                let named = self.compiler.value(&format!("results.{what}"), named, scope);
                let (list, named) = list.zip(named)?;
                Some(match by {
                    Some(Correlation::Key) => MatchBy::Key { list, key: named },
                    _ => MatchBy::Address { list, address: named },
                })
            }
            (None, None) => {
                if let (Some(BatchMode::Shared | BatchMode::Personalised), Some(id)) = (mode, &raw.id) {
                    let help = "say where the list is (`each`) and whom a result is about (`address`, or `by: key` \
                                and `key`); `by: batch` where one answer holds for all";
                    self.compiler.error("results of a request for several need a list", &id.span, help);
                    return None;
                }
                Some(MatchBy::Whole)
            }
            (Some(one), None) | (None, Some(one)) => {
                let missing = if raw.each.is_some() { what } else { "each" };
                let help = format!(
                    "`each` is the list of results, `{what}` says whom a result is about: its place in the list proves \
                     nothing"
                );
                self.compiler.error(format!("`results.{missing}` is missing"), &one.span, help);
                None
            }
        }
    }

    /// A regular expression with a group.
    fn pattern(&mut self, text: &Spanned<String>) -> Option<Regex> {
        let pattern = match Regex::new(&text.value) {
            Ok(pattern) => pattern,
            Err(error) => {
                let shown = error.to_string();
                let last = shown.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.compiler.error("this is no regular expression", &text.span, last);
                return None;
            }
        };
        if pattern.captures_len() < 2 {
            let help = "put round brackets around what is the id: `/messages/([0-9]+)$`";
            self.compiler.error("`id_pattern` does not say which part is the id", &text.span, help);
            return None;
        }
        Some(pattern)
    }

    pub(super) fn rules(
        &mut self,
        place: &str,
        raw: Option<Vec<raw::Rule>>,
        scope: &Scope,
    ) -> Option<Vec<Rule>> {
        let mut rules = Some(Vec::new());
        for (at, rule) in raw.unwrap_or_default().into_iter().enumerate() {
            let place = format!("{place}[{at}]");
            let when = rule.when.and_then(|when| self.compiler.value(&format!("{place}.when"), &when, scope));
            let reason =
                rule.reason.map(|reason| self.compiler.text(&format!("{place}.reason"), &reason, scope));
            let class = rule.r#as.map(|class| class.value);
            let field = rule.field.map(|field| self.field(field, class));
            let rule = when.zip(class).zip(all(reason).zip(all(field)));
            match (&mut rules, rule) {
                (Some(rules), Some(((when, class), (reason, field)))) => {
                    rules.push(Rule { when, class, reason, field });
                }
                _ => rules = None,
            }
        }
        rules
    }

    /// What of ours a refusal is about.
    fn field(&mut self, field: Spanned<String>, class: Option<Class>) -> Option<String> {
        if !matches!(class, Some(Class::Auth | Class::Config | Class::Account) | None) {
            let help = "it names the setting of yours that is wrong, for `as: auth`, `config` or `account`; remove it";
            self.compiler.error("`field` has no meaning here", &field.span, help);
            return None;
        }
        let known = match field.value.split_once('.') {
            None => matches!(field.value.as_str(), "sender" | "base_url"),
            Some(("secrets", name)) => self.secrets.iter().any(|known| known == name),
            Some(("vars", name)) => self.vars.iter().any(|known| known == name),
            Some(_) => false,
        };
        if known {
            return Some(field.value);
        }
        let secrets = self.secrets.iter().map(|name| format!("secrets.{name}"));
        let vars = self.vars.iter().map(|name| format!("vars.{name}"));
        let all: Vec<String> =
            ["sender", "base_url"].map(str::to_owned).into_iter().chain(secrets).chain(vars).collect();
        let all = || all.iter().map(String::as_str);
        let help = match did_you_mean(&field.value, all()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of {}", listing(all())),
        };
        self.compiler.error(format!("`{}` is no setting", field.value), &field.span, help);
        None
    }

    pub(super) fn list(&mut self, raw: raw::List) -> Option<List> {
        let request = self.request_scope(self.has_token).with("sender").with("recipient");
        let request = request.with("page").with("since");
        let call = raw.request.and_then(|call| self.call("list", "list", call, &request));
        let whole = self.response_scope().with("page");
        let scope = whole.clone().with("result");
        let mut value = |name: &str, scalar: Option<Spanned<String>>, scope: &Scope| {
            scalar.map(|scalar| self.compiler.value(&format!("list.{name}"), &scalar, scope))
        };
        let each = value("each", raw.each, &whole);
        let next = value("next", raw.next, &whole);
        let cut = value("cut", raw.cut, &whole);
        let when = value("when", raw.when, &scope);
        let id = value("id", raw.id, &scope);
        let address = value("address", raw.address, &scope);
        let text = value("text", raw.text, &scope);
        let at = value("at", raw.at, &scope);
        Some(List {
            call: call?,
            each: each??,
            next: all(next)?,
            cut: all(cut)?,
            when: all(when)?,
            id: id??,
            address: all(address)?,
            text: text??,
            at: at??,
        })
    }

    pub(super) fn inbound(&mut self, raw: raw::Inbound) -> Option<Inbound> {
        let request = self.request_scope(self.has_token).with("sender").with("page").with("since");
        let call = raw.request.and_then(|call| self.call("inbound", "inbound", call, &request));
        let whole = self.response_scope().with("page");
        let scope = whole.clone().with("result");
        let mut value = |name: &str, scalar: Option<Spanned<String>>, scope: &Scope| {
            scalar.map(|scalar| self.compiler.value(&format!("inbound.{name}"), &scalar, scope))
        };
        let each = value("each", raw.each, &whole);
        let next = value("next", raw.next, &whole);
        let cut = value("cut", raw.cut, &whole);
        let when = value("when", raw.when, &scope);
        let address = value("address", raw.address, &scope);
        let text = value("text", raw.text, &scope);
        let at = value("at", raw.at, &scope);
        Some(Inbound {
            call: call?,
            each: each??,
            next: all(next)?,
            cut: all(cut)?,
            when: all(when)?,
            address: address??,
            text: text??,
            at: at??,
        })
    }
}
