//! Secrets have no place in a manifest: it is committed. A constant whose name says that it is one is
//! refused before anybody has to find it in the history.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Source};
use crate::yaml::{Kind, Node};

/// Whether a key's name says that its value is a credential.
pub fn names_a_secret(key: &str) -> bool {
    let plain: String = key.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    [
        "password",
        "passwd",
        "secret",
        "apikey",
        "appkey",
        "accesskey",
        "privatekey",
        "authtoken",
        "accesstoken",
        "credential",
    ]
    .iter()
    .any(|word| plain.contains(word))
        || matches!(plain.as_str(), "pwd" | "token" | "auth" | "authorization" | "bearer")
}

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
                .at(source, node.span.clone(), "a literal secret")
                .help("credentials live in the profile's `secrets`, as `${env:NAME}` or `${file:path}`; if it is none, give it another name"),
        ],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_secret() {
        for name in ["password", "api_key", "App-Key", "client_secret", "TOKEN", "db_passwd", "accessToken"] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in ["shop", "key_account", "tokens_left", "author", "discount_code"] {
            assert!(!names_a_secret(name), "{name}");
        }
    }
}
