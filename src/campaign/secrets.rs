//! Secrets have no place in a manifest: it is committed. A constant whose name says that it is one is
//! refused before anybody has to find it in the history.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::credentials::{masked, names_a_secret};
use crate::diagnostic::{Diagnostic, Rule, Source};
use crate::yaml::{Kind, Node};

/// Every constant that should not be there.
pub fn refused(vars: &BTreeMap<String, Node>, source: &Arc<Source>) -> Vec<Diagnostic> {
    vars.iter().flat_map(|(key, node)| find(&format!("vars.{key}"), key, node, source)).collect()
}

fn find(path: &str, key: &str, node: &Node, source: &Arc<Source>) -> Vec<Diagnostic> {
    match &node.value {
        Kind::Map(entries) => entries
            .iter()
            .flat_map(|(inner, node)| find(&format!("{path}.{}", inner.name), &inner.name, node, source))
            .collect(),
        Kind::List(items) => items.iter().flat_map(|item| find(path, key, item, source)).collect(),
        Kind::Text(_) | Kind::Int(_) if names_a_secret(key) => vec![
            Diagnostic::error(format!("`{path}` looks like a secret, and this file is committed"))
                .at(&masked(source, &node.span), node.span.clone(), "a literal secret")
                .of(Rule::Secret)
                .help("credentials live in the profile's `secrets`, as `${env:NAME}` or `${file:path}`; if it is none, give it another name"),
        ],
        _ => Vec::new(),
    }
}
