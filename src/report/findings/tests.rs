//! What must be true of the forms of `check` whatever stands in a file.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::diagnostic::Diagnostic;

fn found(name: &str, text: &str, span: std::ops::Range<usize>, word: &str) -> Findings {
    let source = Source::new(name, text);
    let mut all = Diagnostics::new();
    all.push(Diagnostic::error(word).of(Rule::UnknownKey).at(&source, span, word).help(word));
    Findings::new(&all, 1, &|name| Some(name.to_owned()))
}

#[test]
fn a_command_looks_like_this() {
    let mut found = found("a b,c:d%.yaml", "a: 1\nnmae: x\n", 5..9, "unknown key, 100%: `nmae`");
    assert_eq!(
        found.github(),
        "::error file=a b%2Cc%3Ad%25.yaml,line=2,col=1,endLine=2,endColumn=4,title=sendplan unknown-key\
         ::unknown key, 100%25: `nmae`%0Aunknown key, 100%25: `nmae`%0Ahelp: unknown key, 100%25: `nmae`\n"
    );
    found.problems[0].place = None;
    assert!(found.github().starts_with("::error title=sendplan unknown-key::unknown key"));
}

#[test]
fn what_spans_lines_has_no_columns_for_github_and_ends_with_its_text() {
    let found = found("t.txt", "one\ntwo\r\n\n", 0..10, "all of it");
    assert!(found.github().starts_with("::error file=t.txt,line=1,endLine=2,title="), "{}", found.github());
    let place = found.problems[0].place.as_ref().unwrap();
    assert_eq!((place.line, place.column, place.end_line, place.end_column), (1, 1, 2, 4));
}

#[test]
fn columns_are_in_the_unit_that_is_declared() {
    // Two characters outside of the BMP, one of two bytes, and the key.
    let text = "x: 1\n😀😀é nmae\n";
    let at = text.find("nmae").unwrap();
    let found = found("ä 😀/#1?.yaml", text, at..at + 4, "x");
    let place = found.problems[0].place.as_ref().unwrap();
    assert_eq!((place.line, place.column, place.end_column), (2, 5, 9));
    let sarif: Value = serde_json::from_str(&found.sarif()).unwrap();
    let physical = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(sarif["runs"][0]["columnKind"], "utf16CodeUnits");
    let expected = serde_json::json!({ "startLine": 2, "startColumn": 7, "endLine": 2, "endColumn": 11 });
    assert_eq!(physical["region"], expected);
    assert_eq!(physical["artifactLocation"]["uri"], "%C3%A4%20%F0%9F%98%80/%231%3F.yaml");
}

#[test]
fn nothing_found_is_an_empty_list() {
    let none = Findings::new(&Diagnostics::new(), 2, &|_| None);
    assert_eq!(none.github(), "");
    let sarif: Value = serde_json::from_str(&none.sarif()).unwrap();
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
    let json: Value = serde_json::from_str(&none.json()).unwrap();
    assert_eq!(
        json,
        serde_json::json!({ "version": 1, "campaigns": 2, "errors": 0, "warnings": 0, "problems": [] })
    );
}

#[test]
fn what_lies_elsewhere_is_told_in_words_and_marks_no_line() {
    let source = Source::new("/elsewhere/p.yaml", "a\n");
    let mut all = Diagnostics::new();
    all.push(Diagnostic::warning("w").at(&source, 0..1, "here"));
    let found = Findings::new(&all, 1, &|_| None);
    assert_eq!(found.github(), "::warning title=sendplan campaign::w%0A/elsewhere/p.yaml:1:1: here\n");
    let sarif: Value = serde_json::from_str(&found.sarif()).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["locations"], serde_json::json!([]));
    assert_eq!(sarif["runs"][0]["results"][0]["level"], "warning");
}

/// Pieces of which somebody would make a command, and others.
fn anything() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n::set-output name=a::b".to_owned()),
        Just("\r\n##[error]".to_owned()),
        Just("%0A::error::x".to_owned()),
        Just("\u{85}::stop-commands::x\u{2028}".to_owned()),
        Just("::,:%".to_owned()),
        Just("\u{1b}[2J\u{9b}31m".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// As the runner reads a command: the text behind `::`, and its properties.
fn read(line: &str) -> (String, Vec<(String, String)>, String) {
    let undo = |text: &str| {
        text.replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%3A", ":")
            .replace("%2C", ",")
            .replace("%25", "%")
    };
    let (head, data) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
    let (name, properties) = head.split_once(' ').unwrap();
    let pairs = properties.split(',').map(|pair| pair.split_once('=').unwrap());
    (name.to_owned(), pairs.map(|(key, value)| (key.to_owned(), undo(value))).collect(), undo(data))
}

proptest! {
    #[test]
    fn a_problem_is_one_command_whatever_it_says(name in anything(), text in anything(), word in anything(), at in 0_usize..40) {
        let found = found(&name, &text, at..at + 5, &word);
        let told = found.github();
        prop_assert_eq!(told.matches(['\n', '\r', '\u{85}', '\u{2028}', '\u{1b}', '\u{9b}']).count(), 1);
        prop_assert!(told.ends_with('\n'));
        let (command, properties, data) = read(told.trim_end_matches('\n'));
        prop_assert_eq!(command, "error");
        let keys: Vec<&str> = properties.iter().map(|(key, _)| key.as_str()).collect();
        prop_assert!(keys.starts_with(&["file", "line"]) && keys.ends_with(&["title"]), "{:?}", keys);
        prop_assert_eq!(&properties[0].1, &clean(&name));
        prop_assert!(data.starts_with(&clean(&word)));
    }

    #[test]
    fn regions_of_sarif_begin_before_they_end(text in anything(), at in 0_usize..40, long in 0_usize..9) {
        let found = found("f", &text, at..at + long, "w");
        let sarif: Value = serde_json::from_str(&found.sarif()).unwrap();
        let region = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
        let of = |key: &str| region[key].as_u64().unwrap();
        prop_assert!((1, 1) <= (of("startLine"), of("startColumn")));
        prop_assert!((of("startLine"), of("startColumn")) <= (of("endLine"), of("endColumn")));
    }
}
