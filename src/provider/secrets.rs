//! Secrets: how a profile refers to them, and their values once somebody has fetched them. A profile
//! never holds a value, and no value is ever printed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use crate::expression::{Value, percent_encoded, sha1_hex};
use crate::unseen::{Unseen, unseen};

/// The longest reason that is kept, in characters.
const MAX_REASON_CHARS: usize = 200;

/// Shorter values are not searched for in texts: they would match by chance.
const MIN_REDACTED_BYTES: usize = 4;

/// An id that holds a secret at least this long is not kept. Shorter ones are user names as a rule, which
/// gateways put into ids.
const MIN_SECRET_IN_ID_BYTES: usize = 8;

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
    // How answers may repeat them, the longest first; made when the first answer has a reason.
    spellings: Arc<OnceLock<Vec<String>>>,
    // Tokens that were issued for these secrets, and what was made of the secrets to show them: gateways echo
    // them in their complaints. Each with its spellings.
    issued: Arc<Mutex<Vec<Vec<String>>>>,
}

impl Secrets {
    /// Secrets under the names of the profile.
    pub fn new(values: impl IntoIterator<Item = (String, SecretString)>) -> Self {
        let values: BTreeMap<String, SecretString> = values.into_iter().collect();
        let scope: BTreeMap<&str, &str> =
            values.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
        let scope = Value::try_from_serializable(&scope).unwrap_or_else(|_| Value::none());
        Self { values, scope, spellings: Arc::default(), issued: Arc::default() }
    }

    /// Those of these names.
    #[must_use]
    pub fn only(&self, names: &[String]) -> Self {
        let kept = self.values.iter().filter(|(name, _)| names.contains(name));
        Self::new(kept.map(|(name, value)| (name.clone(), value.clone())))
    }

    /// Whether these are the same credentials: names and values.
    pub fn are_those_of(&self, other: &Self) -> bool {
        let values = |secrets: &Self| -> Vec<(String, String)> {
            let one =
                |(name, value): (&String, &SecretString)| (name.clone(), value.expose_secret().to_owned());
            secrets.values.iter().map(one).collect()
        };
        values(self) == values(other)
    }

    /// The value of a secret.
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.values.get(name)
    }

    /// Remembers a token, or what a credential was made into, so that no reason repeats it. The last few are
    /// enough.
    pub(super) fn issued(&self, token: &str) {
        const KEPT: usize = 8;
        if let Ok(mut issued) = self.issued.lock()
            && !issued.iter().any(|known| known.iter().any(|spelling| spelling == token))
        {
            issued.push(spellings(token));
            let surplus = issued.len().saturating_sub(KEPT);
            issued.drain(..surplus);
        }
    }

    /// Every secret in every spelling in which an answer may repeat it.
    fn own(&self) -> &[String] {
        self.spellings.get_or_init(|| {
            let values: Vec<&str> = self.values.values().map(ExposeSecret::expose_secret).collect();
            let mut all: Vec<String> = values.iter().flat_map(|value| spellings(value)).collect();
            longest_first(&mut all);
            all
        })
    }

    /// The text without any secret of at least so many bytes.
    fn redacted(&self, text: &str, least: usize) -> String {
        let mut present = self.present(text, least);
        longest_first(&mut present);
        present.iter().fold(text.to_owned(), |text, spelling| text.replace(spelling, "[redacted]"))
    }

    /// The spellings of secrets that a text holds. Nearly always there are none, and nothing is copied.
    fn present(&self, text: &str, least: usize) -> Vec<String> {
        let holds = |spelling: &&String| {
            (least..=text.len()).contains(&spelling.len()) && text.contains(spelling.as_str())
        };
        let mut present: Vec<String> = self.own().iter().filter(holds).cloned().collect();
        if let Ok(issued) = self.issued.lock() {
            present.extend(issued.iter().flatten().filter(holds).cloned());
        }
        present
    }

    /// A gateway's id of a message, unless it holds a secret: ids are kept and shown.
    pub(super) fn clean_id(&self, id: String) -> Option<String> {
        let clean = id.chars().all(is_printable) && self.present(&id, MIN_SECRET_IN_ID_BYTES).is_empty();
        clean.then_some(id)
    }

    /// The secrets as a variable of expressions.
    pub(super) fn scope(&self) -> Value {
        self.scope.clone()
    }

    /// A text of a gateway as a reason for people: one printable line, short, without our secrets and
    /// without anything that looks like a token.
    pub fn reason(&self, text: &str) -> String {
        let text = self.redacted(text, MIN_REDACTED_BYTES);
        // What does not show may stand in the middle of a secret: taken out, it is one again.
        let shows = |c: &char| c.is_whitespace() || is_printable(*c);
        let shown: String = text.chars().filter(shows).collect();
        let hidden = shown != text && !self.present(&shown, MIN_REDACTED_BYTES).is_empty();
        let text = if hidden { self.redacted(&shown, MIN_REDACTED_BYTES) } else { text };
        let mut out = String::new();
        let separated = |c: char| c.is_whitespace() || c.is_control();
        for word in text.split(separated).filter(|word| !word.is_empty()) {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(if is_token(word) { "[redacted]" } else { word });
        }
        let out: String = out.chars().filter(|&c| is_printable(c)).collect();
        shortened(&out, MAX_REASON_CHARS)
    }
}

/// A reason with a word of ours behind it, together as long as a reason may be: the gateway's part gives way.
pub(super) fn with_word(reason: &str, word: &str) -> String {
    let most = MAX_REASON_CHARS.saturating_sub(word.chars().count());
    shortened(reason, most) + word
}

/// At most so many characters of a text, with a mark where some are missing.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

fn longest_first(spellings: &mut Vec<String>) {
    spellings.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    spellings.dedup();
}

/// A secret as it stands; inside JSON, with and without escapes for slashes and for what is not ASCII; inside a URL
/// or a form; inside HTML; in base64; in Latin-1, and as UTF-8 that was taken for that; and its SHA-1 digest, which some
/// gateways take in its place.
fn spellings(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default().to_owned();
    let escape = |c: char| {
        if c.is_ascii() {
            return c.to_string();
        }
        c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
    };
    let ascii: String = json.chars().map(escape).collect();
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let digest = sha1_hex(secret);
    let mut all = vec![
        json.replace('/', "\\/"),
        ascii.replace('/', "\\/"),
        json,
        ascii,
        html.replace('"', "&quot;").replace('\'', "&#39;"),
        html.replace('"', "&#34;").replace('\'', "&#039;"),
        html.replace('"', "&quot;").replace('\'', "&#x27;"),
        html.replace('"', "&quot;").replace('\'', "&apos;"),
        cautious_json(secret, true),
        cautious_json(secret, false),
        html,
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        digest.to_uppercase(),
        digest,
    ];
    for encoded in [form.replace('+', "%20"), percent_encoded(secret), form] {
        all.push(with_small_digits(&encoded));
        all.push(encoded);
    }
    all.extend(latin(secret));
    all.push(secret.to_owned());
    all.retain(|spelling| !spelling.is_empty());
    all.sort();
    all.dedup();
    all
}

/// As it reads where the gateway writes Latin-1 and its answer is read as UTF-8, and where the gateway has read our UTF-8
/// as Latin-1 and writes that.
fn latin(secret: &str) -> Vec<String> {
    let bytes: Option<Vec<u8>> = secret.chars().map(|c| u8::try_from(c).ok()).collect();
    let written = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let read = secret.bytes().map(char::from).collect();
    written.into_iter().chain([read]).collect()
}

/// JSON as encoders write it that fear for HTML: signs of markup as escapes too, in large or small digits.
fn cautious_json(secret: &str, large: bool) -> String {
    let mut out = String::new();
    for c in secret.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            _ if c.is_ascii() && !"\"'&<>+`".contains(c) => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let digits = if large { format!("{unit:04X}") } else { format!("{unit:04x}") };
                    out.push_str(&format!("\\u{digits}"));
                }
            }
        }
    }
    out
}

/// `%C3` as `%c3`.
fn with_small_digits(encoded: &str) -> String {
    let mut digits = 0;
    let small = |c: char| {
        let digit = digits > 0;
        digits = if c == '%' { 2 } else { digits - i32::from(digit) };
        if digit { c.to_ascii_lowercase() } else { c }
    };
    encoded.chars().map(small).collect()
}

fn is_token(word: &str) -> bool {
    word.chars().count() >= MIN_TOKEN_CHARS
        && word.chars().any(|c| c.is_ascii_digit())
        && word.chars().any(char::is_alphabetic)
}

/// Not a control, and nothing that reorders or hides the text around it on a terminal.
fn is_printable(c: char) -> bool {
    unseen(c).is_none_or(|what| what.is_drawn() || what == Unseen::Lost)
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
        for between in ["\u{200b}", "\u{2060}", "\u{ad}", "\0", "\u{1b}"] {
            let told = secrets.reason(&format!("denied: open{between} sesame"));
            assert_eq!(told, "denied: [redacted]", "{between:?}");
            assert_eq!(secrets.clean_id(format!("open{between} sesame")), None);
        }
        let token = "0123456789abcdef0123456789abcdef";
        assert_eq!(secrets.reason(&format!("bad token {token}")), "bad token [redacted]");
        let name = "org.example.web.UnprocessableEntityException";
        assert_eq!(secrets.reason(name), name);
        let long = secrets.reason(&"word ".repeat(100));
        assert_eq!(long.chars().count(), MAX_REASON_CHARS);
        let more = with_word(&long, " (look at `sender`)");
        assert_eq!(more.chars().count(), MAX_REASON_CHARS);
        assert!(more.ends_with("… (look at `sender`)"), "{more}");
        assert_eq!(with_word("no such sender", " (look at `sender`)"), "no such sender (look at `sender`)");
    }

    #[test]
    fn no_spelling_of_a_secret_is_a_reason_and_no_id_holds_one() {
        let secrets = Secrets::new([("key".to_owned(), "a/b\"c +é&d".into())]);
        secrets.issued("dTpw");
        for echo in [
            r#"a\/b\"c +\u00e9&d"#,
            "a%2Fb%22c%20%2B%C3%A9%26d",
            "a%2fb%22c+%2b%c3%a9%26d",
            "a/b&quot;c +é&amp;d",
            "YS9iImMgK8OpJmQ",
            "3618cb0d78782d3d61af90404a98f2fe0fdfdd5a",
            "dTpw",
        ] {
            let reason = secrets.reason(&format!("({echo})"));
            assert!(!reason.contains(echo), "{reason}");
        }
        assert_eq!(secrets.clean_id("id-a/b\"c +é&d".to_owned()), None);
        assert_eq!(secrets.clean_id("id-7".to_owned()).as_deref(), Some("id-7"));
    }

    #[test]
    fn a_secret_is_none_in_latin_1_either() {
        let secrets = Secrets::new([("pin".to_owned(), "schöner Weg".into())]);
        let written = String::from_utf8_lossy(b"PIN sch\xf6ner Weg is wrong").into_owned();
        assert_eq!(secrets.reason(&written), "PIN [redacted] is wrong");
        assert_eq!(secrets.reason("PIN schÃ¶ner Weg is wrong"), "PIN [redacted] is wrong");
    }
}
