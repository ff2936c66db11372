//! How requests are authorised, as it stands in the file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::provider::raw::{Call, Rule};
use crate::yaml::{Node, Several, Spanned};

/// How requests are authorised. Credentials in a body are written there, as `{{ secrets.NAME }}`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// A user name and a password with every request (RFC 7617).
    #[serde(default)]
    pub basic: Option<Basic>,
    /// Headers of every request but the log-in.
    #[serde(default)]
    #[schemars(example = serde_json::json!({"Authorization": "Bearer {{ token.access }}"}))]
    pub headers: Option<BTreeMap<String, Spanned<String>>>,
    /// Parameters in the query of every request but the log-in.
    #[serde(default)]
    pub query: Option<BTreeMap<String, Node>>,
    /// By a token that a log-in gives and that lives for a while.
    #[serde(default)]
    pub token: Option<TokenAuth>,
}

/// A user name and a password with every request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// Who.
    #[schemars(required, extend("examples" = ["{{ secrets.username }}"]))]
    pub username: Option<Spanned<String>>,
    /// The password.
    #[schemars(required, extend("examples" = ["{{ secrets.password }}"]))]
    pub password: Option<Spanned<String>>,
}

/// A token: how it is had, renewed and read. Requests use it as `token.access`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenAuth {
    /// The request that logs in; of several, the first whose secrets are all there.
    #[schemars(required)]
    pub login: Option<Several<Call>>,
    /// The request that renews; it may use `token.refresh`. Without it, a new log-in renews.
    #[serde(default)]
    pub refresh: Option<Call>,
    /// Rules over the answer of either, the first that holds decides: `accepted`, `throttled`,
    /// `transient` or `unknown` (try again), anything else is a refusal. By themselves, 2xx is accepted, 429
    /// is throttled, 5xx may be tried again and other statuses refuse.
    #[serde(default)]
    pub classify: Option<Vec<Rule>>,
    /// Where the token stands in the answer.
    #[schemars(required)]
    pub read: Option<TokenRead>,
}

/// Where a token stands in the answer of a log-in or of a renewal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRead {
    /// The token itself.
    #[schemars(required, extend("examples" = ["{{ response.json.access_token }}"]))]
    pub access: Option<Spanned<String>>,
    /// Its end, in seconds since 1970, by the gateway's clock; where the expression comes to nothing,
    /// `expires_in` counts.
    #[serde(default)]
    #[schemars(example = &"{{ response.json.access_token | jwt(claim='exp') }}")]
    pub expires_at: Option<Spanned<String>>,
    /// Its life, in seconds.
    #[schemars(required, extend("examples" = ["{{ response.json.expires_in or 3600 }}"]))]
    pub expires_in: Option<Spanned<String>>,
    /// The token that renews it.
    #[serde(default)]
    pub refresh: Option<Spanned<String>>,
    /// The life of that one, in seconds.
    #[serde(default)]
    pub refresh_expires_in: Option<Spanned<String>>,
}
