//! `provider` as it is written: a profile by its name or path, or one that is adapted.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::yaml::{Node, Spanned, TextOr};

/// An adapted profile.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdaptedProvider {
    /// A built-in profile's name, or a path to a profile of your own.
    #[schemars(required, example = built_in())]
    pub profile: Option<Spanned<String>>,
    /// Another address of the same gateway. Plain `http://` only for this machine.
    #[serde(default)]
    #[schemars(example = &"http://127.0.0.1:8080")]
    pub base_url: Option<Spanned<String>>,
    /// The most recipients in one request, where the gateway takes several.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10_000), example = 100)]
    pub batch_max: Option<Spanned<u32>>,
    /// Other limits than the profile's: for accounts that have less, or more.
    #[serde(default)]
    pub limits: Option<crate::provider::raw::Limits>,
    /// What your account pays, where it is something else than the profile says.
    #[serde(default)]
    pub cost: Option<crate::provider::raw::Cost>,
    /// Other values for the profile's constants.
    #[serde(default)]
    pub vars: Option<BTreeMap<String, Node>>,
}

/// A built-in profile's name, whichever comes first: no code names a gateway.
pub(super) fn built_in() -> &'static str {
    crate::provider::builtin_names().next().unwrap_or_default()
}

/// A profile's name or path, or an object that adapts one.
pub type ProviderRef = TextOr<AdaptedProvider>;
