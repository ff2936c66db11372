//! The gateway's profile with what the manifest changes of it: address, sizes, limits, prices, constants.

use std::collections::BTreeMap;

use serde_json::Map;

use super::resolver::Resolver;
use crate::campaign::raw;
use crate::campaign::secrets;
use crate::credentials::masked;
use crate::diagnostic::{Diagnostic, Rule, Span};
use crate::provider::{Cost, OverrideError, Profile};
use crate::yaml::{Spanned, TextOr};

impl Resolver<'_> {
    pub(super) fn profile(&mut self, manifest: &raw::Campaign, found: Option<Profile>) -> Option<Profile> {
        let profile = found?;
        let Some(Spanned { value: TextOr::Other(adapted), .. }) = &manifest.provider else {
            return Some(profile);
        };
        let before = self.problems.errors();
        let adapted = self.adaptations(profile, adapted);
        // What is wrong with one of them hides nothing of the others, and none is left out in silence.
        (self.problems.errors() == before).then_some(adapted)
    }

    /// The profile with what could be changed of it.
    fn adaptations(&mut self, mut profile: Profile, adapted: &raw::AdaptedProvider) -> Profile {
        if let Some(url) = &adapted.base_url {
            profile = self.base_url(&profile, url).unwrap_or(profile);
        }
        if let Some(max) = &adapted.batch_max {
            let changed = profile.with_batch_max(max.value);
            profile = self.adapted("provider.batch_max", &max.span, changed).unwrap_or(profile);
        }
        if let Some(limits) = &adapted.limits {
            profile = profile.with_limits(self.provider_limits(limits));
        }
        if let Some(cost) = &adapted.cost
            && let Some(cost) = self.cost(cost)
        {
            profile = profile.with_cost(cost);
        }
        for (name, node) in adapted.vars.iter().flatten() {
            self.problems
                .extend(secrets::refused(&BTreeMap::from([(name.clone(), node.clone())]), self.source));
            let one = Map::from_iter([(name.clone(), node.to_json())]);
            let changed = profile.with(None, &one);
            profile = self.adapted("provider.vars", &node.span, changed).unwrap_or(profile);
        }
        profile
    }

    fn base_url(&mut self, profile: &Profile, url: &Spanned<String>) -> Option<Profile> {
        if url.value.contains('@') {
            self.problems.push(
                Diagnostic::error("`provider.base_url`: credentials do not belong into a URL")
                    .at(&masked(self.source, &url.span), url.span.clone(), "a literal secret")
                    .of(Rule::Secret)
                    .help("list them under `secrets` of the profile, as `${env:NAME}`"),
            );
            return None;
        }
        self.adapted("provider.base_url", &url.span, profile.with(Some(&url.value), &Map::new()))
    }

    fn cost(&mut self, cost: &crate::provider::raw::Cost) -> Option<Cost> {
        let read = Cost::read(cost);
        for (error, span) in read.as_ref().err().into_iter().flatten() {
            self.error(format!("`provider.cost`: {error}"), span);
        }
        read.ok()
    }

    fn provider_limits(&mut self, limits: &crate::provider::raw::Limits) -> crate::provider::Limits {
        let mut rate = |key: &str, text: &Option<Spanned<String>>| {
            text.as_ref().and_then(|text| self.quantity(&format!("provider.limits.{key}"), text))
        };
        crate::provider::Limits {
            requests: rate("requests", &limits.requests),
            messages: rate("messages", &limits.messages),
            segments: rate("segments", &limits.segments),
        }
    }

    fn adapted(&mut self, key: &str, span: &Span, result: Result<Profile, OverrideError>) -> Option<Profile> {
        result.map_err(|error| self.error(format!("`{key}`: {error}"), span)).ok()
    }
}
