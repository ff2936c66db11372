//! What a campaign may change in a profile: where the gateway is, constants, limits, prices, sizes of batches.

use std::sync::Arc;

use serde_json::Map;
use url::{Host, Url};

use crate::diagnostic::{did_you_mean, listing};
use crate::expression::Value;
use crate::provider::cost::Cost;
use crate::provider::profile::{Limits, Profile};
use crate::provider::raw::BatchMode;

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
    #[error("{0}")]
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
    /// The same profile with other prices.
    #[must_use]
    pub fn with_cost(&self, cost: Cost) -> Self {
        Self { cost: Some(Arc::new(cost)), ..self.clone() }
    }

    /// The same profile with other limits, where some are given.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        Self { limits: limits.or(self.limits), ..self.clone() }
    }

    /// The same profile for a gateway that takes as much as it is given.
    #[must_use]
    pub fn without_limits(&self) -> Self {
        Self { limits: Limits::default(), ..self.clone() }
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
    pub(in crate::provider) fn check_methods(&self) -> Result<(), String> {
        let inner = &self.inner;
        let inquiries = [inner.status.as_ref(), inner.cancel.as_ref()].into_iter().flatten();
        let mut calls = std::iter::once(&inner.send)
            .chain(inquiries.map(|inquiry| &inquiry.call))
            .chain(inner.list.as_ref().map(|list| &list.call))
            .chain(inner.inbound.as_ref().map(|inbound| &inbound.call));
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

pub(in crate::provider) fn scope_of(vars: &Map<String, serde_json::Value>) -> Value {
    Value::try_from_serializable(vars).unwrap_or_else(|_| Value::none())
}

/// A URL without what stands before an `@`: it may be a credential.
pub(in crate::provider) fn without_user(url: &str) -> String {
    match url.split_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => url.to_owned(),
    }
}

/// A base URL without a slash at its end, or what is wrong with it.
pub(in crate::provider) fn check_base_url(text: &str) -> Result<String, String> {
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
