//! YAML on pages, held against the schemas: whole manifests and profiles, and pieces of them in a whole one.

use sendplan::diagnostic::{Diagnostics, Source};
use sendplan::provider::raw;

/// A manifest into which pieces are put.
const MANIFEST: &str = "version: 1\nname: c\nprovider: mobiconnect\nsender: 1\naudience: { csv: r.csv, address: phone }\n\
                        message: { text: Hello }\n";
/// A profile into which pieces are put.
const PROFILE: &str = "version: 1\nname: c\ntitle: C\nbase_url: https://c.example\nsender: { type: string, description: a name }\n\
                       address: { kind: phone, wire: e164 }\nsend: { method: POST, path: /, batch: { mode: single } }\n\
                       results: { id: \"{{ response.json.id }}\" }\n";

/// What is wrong with a block. `of` says what it is a piece of, where it cannot be seen: `profile`, `not a manifest`; and
/// keys above it, as in `campaign schedule`.
pub fn check(text: &str, of: Option<&str>) -> Result<(), String> {
    let mut words = of.unwrap_or("campaign").split(' ');
    let is_profile = words.next() == Some("profile") || is_there(text, "base_url");
    let keys: Vec<&str> = words.collect();
    let text = keys.iter().rev().fold(text.to_owned(), |text, key| format!("{key}:\n{}", indented(&text)));
    let whole = is_there(&text, "version");
    let base = if is_profile { PROFILE } else { MANIFEST };
    let text = if whole { text } else { put_into(base, &text) };
    let source = Source::new("block", text.as_str());
    let problems = if is_profile {
        sendplan::yaml::read::<raw::Profile>(&source).1
    } else {
        sendplan::campaign::read(&source).1
    };
    said(&problems, !keys.is_empty())
}

/// What is below a key says nothing of the keys beside it.
fn said(problems: &Diagnostics, is_part: bool) -> Result<(), String> {
    let mut counted = problems.iter().filter(|one| !(is_part && one.title.ends_with("is missing")));
    if counted.next().is_none() { Ok(()) } else { Err(problems.render(false)) }
}

fn is_there(text: &str, key: &str) -> bool {
    text.lines().any(|line| line.starts_with(&format!("{key}:")))
}

fn indented(text: &str) -> String {
    let deep = text.lines().filter(|line| !line.trim().is_empty()).all(|line| line.starts_with("  "));
    if deep {
        return text.to_owned();
    }
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// The base without what the piece has, and the piece.
fn put_into(base: &str, piece: &str) -> String {
    let kept = base.lines().filter(|line| line.split_once(':').is_none_or(|(key, _)| !is_there(piece, key)));
    kept.map(|line| format!("{line}\n")).collect::<String>() + piece
}

#[test]
fn a_piece_with_a_key_that_nothing_has_is_found() {
    let wrong = check("schedule:\n  att: 2026-12-01T09:00\n", None).unwrap_err();
    assert!(wrong.contains("unknown key `schedule.att`"), "{wrong}");
    assert!(check("  att: 2026-12-01T09:00\n", Some("campaign schedule")).is_err());
    assert!(check("  at: 2026-12-01T09:00\n", Some("campaign schedule")).is_ok());
    assert!(check("classify:\n  - { wenn: x, as: rejected }\n", Some("profile")).is_err());
}
