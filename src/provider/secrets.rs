//! Secrets: how a profile refers to them, and their values once somebody has fetched them. A profile
//! never holds a value, and no value is ever printed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use secrecy::{ExposeSecret, SecretString};

use crate::expression::Value;

/// The longest reason that is kept, in characters.
const MAX_REASON_CHARS: usize = 200;

/// Shorter values are not searched for in texts: they would match by chance.
const MIN_REDACTED_BYTES: usize = 4;

/// Words from this length on that mix letters and digits are keys and tokens, not language: they are
/// taken out of reasons even when they are none of our own (a gateway echoes tokens that were renewed
/// meanwhile). Hexadecimal keys of 128 bits are longer.
const MIN_TOKEN_CHARS: usize = 24;

/// Where the value of a secret is to be found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretRef {
    /// An environment variable.
    Env(String),
    /// A file, whole, but for one line break at its end. Relative to the working directory.
    File(String),
}

impl SecretRef {
    /// Reads `${env:NAME}` or `${file:path}`; anything else is no reference.
    pub fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("${")?.strip_suffix('}')?;
        let (kind, name) = inner.split_once(':')?;
        match kind {
            "env" if is_variable(name) => Some(Self::Env(name.to_owned())),
            "file" if !name.trim().is_empty() => Some(Self::File(name.to_owned())),
            _ => None,
        }
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "${{env:{name}}}"),
            Self::File(path) => write!(f, "${{file:{path}}}"),
        }
    }
}

/// The secrets of a profile with their values. Prints their names only.
#[derive(Clone)]
pub struct Secrets {
    values: BTreeMap<String, SecretString>,
    // The same, as expressions see it; made once because every request needs it.
    scope: Value,
    // Tokens that were issued for these secrets: gateways echo them in their complaints.
    issued: Arc<Mutex<Vec<SecretString>>>,
}

impl Secrets {
    /// Secrets under the names of the profile.
    pub fn new(values: impl IntoIterator<Item = (String, SecretString)>) -> Self {
        let values: BTreeMap<String, SecretString> = values.into_iter().collect();
        let scope: BTreeMap<&str, &str> =
            values.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
        let scope = Value::try_from_serializable(&scope).unwrap_or_else(|_| Value::none());
        Self { values, scope, issued: Arc::default() }
    }

    /// Those of these names.
    #[must_use]
    pub fn only(&self, names: &[String]) -> Self {
        let kept = self.values.iter().filter(|(name, _)| names.contains(name));
        Self::new(kept.map(|(name, value)| (name.clone(), value.clone())))
    }

    /// The value of a secret.
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.values.get(name)
    }

    /// Remembers a token, so that no reason repeats it. The last few are enough.
    pub(super) fn issued(&self, token: &SecretString) {
        const KEPT: usize = 8;
        if let Ok(mut issued) = self.issued.lock() {
            issued.push(token.clone());
            let surplus = issued.len().saturating_sub(KEPT);
            issued.drain(..surplus);
        }
    }

    /// Every secret in every spelling in which an answer may repeat it, the longest first.
    fn spellings(&self) -> Vec<String> {
        let issued = self.issued.lock().map(|issued| issued.clone()).unwrap_or_default();
        let values = self.values.values().chain(&issued).map(ExposeSecret::expose_secret);
        let mut all: Vec<String> = values.filter(|value| !value.is_empty()).flat_map(spellings).collect();
        all.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
        all.dedup();
        all
    }

    /// The secrets as a variable of expressions.
    pub(super) fn scope(&self) -> Value {
        self.scope.clone()
    }

    /// A text of a gateway as a reason for people: one printable line, short, without our secrets and
    /// without anything that looks like a token.
    pub fn reason(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for spelling in self.spellings() {
            if spelling.len() >= MIN_REDACTED_BYTES && text.contains(&spelling) {
                text = text.replace(&spelling, "[redacted]");
            }
        }
        let mut out = String::new();
        let separated = |c: char| c.is_whitespace() || c.is_control();
        for word in text.split(separated).filter(|word| !word.is_empty()) {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(if is_token(word) { "[redacted]" } else { word });
        }
        let out: String = out.chars().filter(|&c| is_printable(c)).collect();
        if out.chars().count() <= MAX_REASON_CHARS {
            return out;
        }
        let mut cut: String = out.chars().take(MAX_REASON_CHARS - 1).collect();
        cut.push('…');
        cut
    }
}

/// A secret as it stands, inside JSON (with and without escapes for what is not ASCII), and inside a URL.
fn spellings(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json.trim_matches('"').to_owned();
    let escape = |c: char| {
        if c.is_ascii() {
            return c.to_string();
        }
        c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
    };
    let ascii = json.chars().map(escape).collect();
    let url = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    vec![secret.to_owned(), json, ascii, url]
}

fn is_token(word: &str) -> bool {
    word.chars().count() >= MIN_TOKEN_CHARS
        && word.chars().any(|c| c.is_ascii_digit())
        && word.chars().any(char::is_alphabetic)
}

/// Not a control, and nothing that reorders or hides the text around it on a terminal.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_exact() {
        assert_eq!(SecretRef::parse("${env:A_B1}"), Some(SecretRef::Env("A_B1".to_owned())));
        assert_eq!(SecretRef::parse("${file:/run/x y}"), Some(SecretRef::File("/run/x y".to_owned())));
        for literal in
            ["hunter2", "${env:}", "${env:1A}", "${env:A B}", "x${env:A}", "${vault:A}", "$A", "${file: }"]
        {
            assert_eq!(SecretRef::parse(literal), None, "{literal}");
        }
        let again = SecretRef::parse("${env:A}").unwrap().to_string();
        assert_eq!(again, "${env:A}");
    }

    #[test]
    fn reasons_are_short_printable_and_clean() {
        let secrets =
            Secrets::new([("key".to_owned(), "open sesame".into()), ("pin".to_owned(), "1".into())]);
        assert_eq!(secrets.reason("key open sesame is\u{1b}[31m bad\n1"), "key [redacted] is [31m bad 1");
        assert_eq!(secrets.reason("a\u{202e}b"), "ab");
        let token = "0123456789abcdef0123456789abcdef";
        assert_eq!(secrets.reason(&format!("bad token {token}")), "bad token [redacted]");
        let name = "org.example.web.UnprocessableEntityException";
        assert_eq!(secrets.reason(name), name);
        assert_eq!(secrets.reason(&"word ".repeat(100)).chars().count(), MAX_REASON_CHARS);
    }
}
