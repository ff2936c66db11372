//! A recorded request beside one that came out, as texts for people: what is the same reads the same.

use std::fmt::Write as _;

use serde_json::Value;
use similar::TextDiff;

use crate::provider::example::{RecordedBody, RecordedRequest};
use crate::provider::exchange::Request;

impl RecordedRequest {
    /// What differs, as a diff; nothing where nothing does. The request may have more headers.
    pub(in crate::provider) fn diff(&self, built: &Request, base_url: &str) -> Option<String> {
        let (recorded, built) = (self.shown(), self.shown_like(built, base_url));
        if recorded == built {
            return None;
        }
        let diff = TextDiff::from_lines(&recorded, &built);
        let text = diff.unified_diff().context_radius(3).to_string();
        // The lines numbers of a text that nobody has in a file would only puzzle.
        Some(text.lines().filter(|line| !line.starts_with("@@")).collect::<Vec<_>>().join("\n"))
    }

    fn shown(&self) -> String {
        let body = match &self.body {
            RecordedBody::None => String::new(),
            RecordedBody::Json(json) => pretty(json),
            RecordedBody::Form(fields) => pairs("form", fields),
            RecordedBody::Text(text) => format!("{text}\n"),
        };
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect::<Vec<_>>();
        text(self.method.as_str(), &self.path, &self.query, &headers, &body)
    }

    /// The request in the words of this one: its headers, its kind of body.
    fn shown_like(&self, built: &Request, base_url: &str) -> String {
        let tail = built.url.strip_prefix(base_url).unwrap_or(&built.url);
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let header = |name: &str| {
            let found = built.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| (name.to_ascii_lowercase(), value.expose().to_owned()))
        };
        let headers: Vec<_> = self.headers.iter().filter_map(|(name, _)| header(name)).collect();
        let body = match &self.body {
            RecordedBody::Form(_) => pairs("form", &decoded(&built.body)),
            RecordedBody::Json(_) => match serde_json::from_slice(&built.body) {
                Ok(json) => pretty(&json),
                Err(_) => format!("{}\n", String::from_utf8_lossy(&built.body)),
            },
            _ if built.body.is_empty() => String::new(),
            _ => format!("{}\n", String::from_utf8_lossy(&built.body)),
        };
        text(built.method.as_str(), path, &decoded(query.as_bytes()), &headers, &body)
    }
}

fn text(
    method: &str,
    path: &str,
    query: &[(String, String)],
    headers: &[(String, String)],
    body: &str,
) -> String {
    let mut out = format!("{method} {path}\n{}", pairs("query", query));
    for (name, value) in headers {
        let _ = writeln!(out, "{name}: {value}");
    }
    out.push_str(body);
    out
}

fn pairs(what: &str, pairs: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = pairs.iter().collect();
    sorted.sort();
    sorted.iter().map(|(name, value)| format!("{what} {name} = {value}\n")).collect()
}

/// The names and values of a form or a query, decoded.
pub(in crate::provider) fn decoded(bytes: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(bytes).into_owned().collect()
}

/// JSON with its keys in order: the order in which they go out means nothing.
fn pretty(json: &Value) -> String {
    let mut text = serde_json::to_string_pretty(&sorted(json)).unwrap_or_default();
    text.push('\n');
    text
}

fn sorted(json: &Value) -> Value {
    match json {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(entries) => {
            let mut entries: Vec<_> =
                entries.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(entries.into_iter().collect())
        }
        scalar => scalar.clone(),
    }
}

/// How the text of an example is encoded: the examples keep to ASCII where they mean GSM-7.
pub(in crate::provider) fn encoding(text: &str) -> &'static str {
    if text.is_ascii() { "gsm7" } else { "ucs2" }
}
