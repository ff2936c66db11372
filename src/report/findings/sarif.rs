//! What `check` found as SARIF 2.1.0, which code scanners read.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Finding, Findings, Place};
use crate::diagnostic::Rule;

/// The folder that paths are seen from; whoever reads the file knows where theirs is.
const ROOT: &str = "SRCROOT";

impl Findings {
    /// One run of this tool, with all of its rules. Nothing in it tells where on which machine it was written.
    pub fn sarif(&self) -> String {
        let rules: Vec<Value> = Rule::ALL.iter().map(|rule| self::rule(*rule)).collect();
        let results: Vec<Value> = self.problems.iter().map(Finding::result).collect();
        let log = json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "sendplan",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                } },
                "columnKind": "utf16CodeUnits",
                "originalUriBaseIds": { ROOT: { "description": { "text": "The folder of the repository." } } },
                "results": results,
            }],
        });
        format!("{}\n", serde_json::to_string_pretty(&log).unwrap_or_default())
    }
}

fn rule(rule: Rule) -> Value {
    json!({
        "id": rule.id(),
        "shortDescription": { "text": rule.about() },
        "help": { "text": "What is wrong and what to do about it is told with each result." },
    })
}

impl Finding {
    fn result(&self) -> Value {
        let mut result = json!({
            "ruleId": self.rule,
            "ruleIndex": Rule::ALL.iter().position(|rule| *rule == self.kind),
            "level": self.severity,
            "message": { "text": self.words() },
            "locations": self.place.iter().filter(|place| place.is_inside).map(Place::location).collect::<Vec<_>>(),
        });
        let related: Vec<Value> =
            self.related.iter().filter(|place| place.is_inside).map(Place::location).collect();
        if !related.is_empty() {
            result["relatedLocations"] = related.into();
        }
        result
    }
}

impl Place {
    fn location(&self) -> Value {
        let region = match self.units {
            Some((first, last)) => json!({
                "startLine": self.line,
                "startColumn": first,
                "endLine": self.end_line,
                "endColumn": last,
            }),
            // The whole line.
            None => json!({ "startLine": self.line }),
        };
        let mut location = json!({ "physicalLocation": {
            "artifactLocation": { "uri": uri(&self.file), "uriBaseId": ROOT },
            "region": region,
        } });
        if !self.label.is_empty() {
            location["message"] = json!({ "text": self.label });
        }
        location
    }
}

/// A path as a relative reference: what is not plain in a URI stands as percent and bytes of UTF-8.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}
