//! What a credential looks like by its name, and how one that stands where it should not is kept out of
//! messages: whoever reads a log of CI should not learn it there.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use crate::diagnostic::{Diagnostics, Source, Span};

/// Whether a key's name says that its value is a credential.
pub fn names_a_secret(key: &str) -> bool {
    let plain: String = key.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let inside = [
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
    ];
    inside.iter().any(|word| plain.contains(word))
        || plain.ends_with("token")
        || matches!(plain.as_str(), "pwd" | "pass" | "passphrase" | "auth" | "authorization" | "bearer")
}

/// The same file with stars in place of a span: lines and columns stay, the value is not shown.
pub fn masked(source: &Source, span: &Span) -> Arc<Source> {
    let stars = |at: usize, c: char| {
        if span.contains(&at) && c != '\n' { "*".repeat(c.len_utf8()) } else { c.to_string() }
    };
    let text: String = source.text.char_indices().map(|(at, c)| stars(at, c)).collect();
    Source::new(source.name.as_str(), text)
}

/// Keeps credentials out of every line of YAML that the problems show, not only out of those lines that are about
/// them: what one problem hides all hide, and what its name says is a credential is hidden even where the file
/// cannot be read.
pub fn hide(problems: &mut Diagnostics) {
    let mut shown: BTreeMap<(String, usize), Vec<u8>> = BTreeMap::new();
    for label in problems.iter().flat_map(|problem| &problem.labels) {
        let bytes = label.source.text.as_bytes();
        let known = shown.entry(key(&label.source)).or_insert_with(|| {
            let spans = if is_yaml(&label.source.name) { literals(&label.source.text) } else { Vec::new() };
            let source = spans.iter().fold(Arc::clone(&label.source), |source, span| masked(&source, span));
            source.text.as_bytes().to_vec()
        });
        known.iter_mut().zip(bytes).filter(|(_, byte)| **byte == b'*').for_each(|(known, _)| *known = b'*');
    }
    let hidden = |(key, bytes): ((String, usize), Vec<u8>)| {
        let text = String::from_utf8(bytes).ok()?;
        Some((key.clone(), Source::new(key.0, text)))
    };
    let shown: BTreeMap<_, _> = shown.into_iter().filter_map(hidden).collect();
    for label in problems.iter_mut().flat_map(|problem| &mut problem.labels) {
        if let Some(source) = shown.get(&key(&label.source)) {
            label.source = Arc::clone(source);
        }
    }
}

/// A file by its name; a masked one is as long as the file itself.
fn key(source: &Source) -> (String, usize) {
    (source.name.clone(), source.text.len())
}

fn is_yaml(name: &str) -> bool {
    [".yaml", ".yml"].iter().any(|ending| name.ends_with(ending))
}

/// The literal values of names that say secret, found without reading the YAML.
fn literals(text: &str) -> Vec<Span> {
    static ENTRY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r#"([A-Za-z0-9_.-]+)["']?:[ \t]+("[^"\n]*"|'[^'\n]*'|\[[^\]\n]*\]?|[^\s{\["'#&!|>][^,}\n]*)"#,
        )
        .ok()
    });
    let Some(entry) = ENTRY.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entry.captures_iter(text) {
        let (Some(name), Some(value)) = (entry.get(1), entry.get(2)) else { continue };
        let quoted = value.as_str().starts_with(['"', '\'']);
        // Outside braces a value goes on to the end of its line.
        let before = text.get(..name.start()).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let value = if quoted || !line.trim_start_matches([' ', '-']).is_empty() {
            value.range()
        } else {
            value.start()
                ..text
                    .get(value.start()..)
                    .and_then(|rest| rest.find('\n'))
                    .map_or(text.len(), |at| value.start() + at)
        };
        let comment = if quoted { None } else { text.get(value.clone()).and_then(|text| text.find(" #")) };
        let end = comment.map_or(value.end, |at| value.start + at);
        let written = text.get(value.start..end).unwrap_or_default().trim_end();
        if names_a_secret(name.as_str()) && !written.contains("${") && !written.contains("{{") {
            found.push(value.start..value.start + written.len());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_secret() {
        for name in [
            "password",
            "api_key",
            "App-Key",
            "client_secret",
            "TOKEN",
            "db_passwd",
            "accessToken",
            "application_token",
            "pass",
        ] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in ["shop", "key_account", "tokens_left", "author", "discount_code"] {
            assert!(!names_a_secret(name), "{name}");
        }
    }

    #[test]
    fn what_one_problem_hides_all_hide() {
        let text = "odd: 1\nsecrets: { a: hunter2, b: 'x y', key: \"${env:A}\" }\nmy_password: é, z\ntoken: \"{{ a }}\"\n";
        let source = Source::new("p.yaml", text);
        let mut problems = Diagnostics::new();
        let at = text.find("hunter2").unwrap();
        problems.push(crate::diagnostic::Diagnostic::error("x").at(
            &masked(&source, &(at..at + 7)),
            0..1,
            "",
        ));
        problems.push(crate::diagnostic::Diagnostic::error("y").at(&source, 0..1, ""));
        hide(&mut problems);
        let expected = text.replace("hunter2", "*******").replace("é, z", "*****");
        assert!(problems.iter().all(|one| one.labels[0].source.text == expected), "{problems:?}");
    }

    #[test]
    fn a_masked_file_keeps_its_places() {
        let source = Source::new("a", "key: é-secret\nb: 1\n");
        let masked = masked(&source, &(5..14));
        assert_eq!(masked.text, "key: *********\nb: 1\n");
        assert_eq!(masked.position(15), source.position(15));
    }
}
