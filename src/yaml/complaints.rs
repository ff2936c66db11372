//! What the YAML parser says of a file, in our words: what is wrong, and what to do. Its own sentence stands at the end of
//! what has no words here.

/// A complaint of the parser's: words that it has, what is wrong, and what to do.
const KNOWN: [(&str, &str, &str); 16] = [
    (
        "found a tab",
        "a tab stands where spaces should",
        "indent with spaces: there is a tab here or on the next line",
    ),
    (
        "mapping values are not allowed",
        "a `:` stands where no key can be",
        "a text with `: ` in it, or one that begins with `{`, belongs in quotes; keys of one group begin in one column",
    ),
    (
        "did not find expected key",
        "no key stands where one should",
        "a text with `: ` in it, or one that begins with `{`, belongs in quotes; keys of one group begin in one column",
    ),
    ("unclosed bracket '['", "a `[` is not closed", "close it with `]`, or write the text in quotes"),
    ("unclosed bracket '{'", "a `{` is not closed", "close it with `}`, or write the text in quotes"),
    (
        "misplaced bracket",
        "a bracket is closed that was not opened",
        "write the text in quotes, or delete it",
    ),
    (
        "quoted scalar",
        "a text in quotes is not closed, or goes on without indentation",
        "write the same quote at its end; a quote inside it is doubled in '…' and has a `\\` before it in \"…\"",
    ),
    (
        "unclosed quote",
        "a text in quotes is not closed",
        "write the same quote at its end; a quote inside it is doubled in '…' and has a `\\` before it in \"…\"",
    ),
    (
        "unknown anchor",
        "`*` refers to a name that nothing has",
        "a text that begins with `*` belongs in quotes",
    ),
    (
        "recursive references",
        "something refers to itself",
        "a name given with `&` cannot stand inside of what it names",
    ),
    (
        "unexpected character",
        "no text begins with this character",
        "a text that begins with `@`, `` ` `` or `%` belongs in quotes",
    ),
    (
        "directive",
        "a line that begins with `%` is for the parser",
        "a text that begins with `%` belongs in quotes",
    ),
    ("Documents {", "there is more than one document in the file", "delete all `---` but the first"),
    ("Depth {", "groups stand too deep in each other", "40 of them can"),
    ("Aliases {", "`*` is used too often", "write what is meant where it is meant"),
    ("budget breached", "this is far more than such a file needs", "write out less, or less often"),
];

/// What is wrong with a file of which the parser says this, and what to do where we know.
pub(super) fn told(complaint: &str) -> (String, Option<&'static str>) {
    match KNOWN.iter().find(|(words, _, _)| complaint.contains(words)) {
        Some((_, wrong, help)) => (format!("not readable as YAML: {wrong}"), Some(help)),
        None => (
            format!("not readable as YAML: something stands where it cannot (the parser: {complaint})"),
            None,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::parse;
    use crate::diagnostic::Source;

    #[test]
    fn what_is_no_yaml_is_told_in_our_words() {
        for (text, words) in [
            ("a: [b", "a `[` is not closed"),
            ("a: {b", "a `{` is not closed"),
            ("a: b\n c: d", "a `:` stands where no key can be"),
            ("a: b: c", "a `:` stands where no key can be"),
            ("a: \"b", "a text in quotes is not closed"),
            ("a: 'b\nc: d", "a text in quotes is not closed"),
            ("a: *b", "refers to a name that nothing has"),
            ("&a [*a]", "something refers to itself"),
            ("a: 1\n\tb: 1", "a tab stands where spaces should"),
            ("a: @b", "no text begins with this character"),
            ("%YAML", "for the parser"),
            ("---\na: 1\n---\nb: 1", "more than one document"),
            ("a: ]", "closed that was not opened"),
            ("a: !!int x", "(the parser: invalid u64"),
        ] {
            let said = parse(&Source::new("x.yaml", text)).unwrap_err().title;
            assert!(said.contains(words), "{text}: {said}");
        }
        let deep = format!("a: {}{}", "[".repeat(60), "]".repeat(60));
        let aliases = format!("a: &a 1\nb: [{}]", ["*a"; 250].join(","));
        let long = format!("a: [{}]", ["1"; 60_000].join(","));
        for (text, words) in [
            (deep, "groups stand too deep"),
            (aliases, "`*` is used too often"),
            (long, "far more than such a file needs"),
        ] {
            let said = parse(&Source::new("x.yaml", text)).unwrap_err().title;
            assert!(said.contains(words), "{words}: {said}");
        }
    }
}
