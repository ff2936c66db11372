//! What the program tells of itself: help with examples that are real commands, completions, manual pages.

use std::process::Command;

use clap::{CommandFactory, Parser};
use sendplan::cli::{Cli, EXAMPLES};

use crate::project::sendplan;

/// The words of a shell's line, up to where it is redirected or piped.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '>' | '<' | '|' | ';' | '&' | '#') => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The words of every verb, a verb with others inside before those.
fn verbs() -> Vec<String> {
    let command = Cli::command();
    let named = |command: &clap::Command| command.get_name().to_owned();
    let all = command.get_subcommands().flat_map(|verb| {
        let own: Vec<String> =
            verb.get_subcommands().map(|one| format!("{} {}", named(verb), named(one))).collect();
        [vec![named(verb)], own].concat()
    });
    all.collect()
}

#[test]
fn every_verb_has_examples_and_each_of_them_is_a_command() {
    let told: Vec<&str> = EXAMPLES.iter().map(|(verb, _)| *verb).collect();
    assert_eq!(verbs(), told, "in the order of the verbs");
    for (verb, examples) in EXAMPLES {
        assert!((1..=3).contains(&examples.len()), "{verb}");
        for (line, _) in *examples {
            assert!(line.starts_with(&format!("sendplan {verb}")), "{line}");
            Cli::try_parse_from(words(line)).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
        let mut help: Vec<&str> = verb.split(' ').collect();
        help.push("--help");
        let said = sendplan(&help);
        assert_eq!(said.code, 0);
        // A comment that goes on in the next line is none.
        let wide = said.out.lines().find(|line| line.contains("  # ") && line.chars().count() > 80);
        assert_eq!(wide, None, "{verb}");
        for (line, _) in *examples {
            assert!(said.out.contains(line), "{verb}: {}", said.out);
        }
    }
}

#[test]
fn what_only_looks_like_an_example_is_none() {
    assert!(Cli::try_parse_from(words("sendplan plan campaigns/x --no-such-flag")).is_err());
    assert_eq!(words("sendplan init 'a b' --text \"x\" > y"), ["sendplan", "init", "a b", "--text", "x"]);
}

#[test]
fn completions_know_the_verbs_and_bash_can_load_them() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let said = sendplan(&["completions", shell]);
        assert_eq!(said.code, 0, "{said:?}");
        for verb in verbs() {
            let last = verb.rsplit(' ').next().unwrap();
            assert!(said.out.contains(last), "{shell} does not know {verb}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sendplan.bash");
    std::fs::write(&file, sendplan(&["completions", "bash"]).out).unwrap();
    let asked = "source \"$0\"; COMP_WORDS=(sendplan re); COMP_CWORD=1; _sendplan sendplan re sendplan; echo \"${COMPREPLY[*]}\"";
    let output = Command::new("bash").args(["--norc", "-c", asked]).arg(&file).output().unwrap();
    let (told, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!((told.trim(), err.as_str()), ("rehearse report resume resolve", ""));
}

#[test]
fn there_is_a_manual_page_of_each_verb_and_man_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("man1");
    assert_eq!(sendplan(&["man", dir.to_str().unwrap()]).code, 0);
    // A second time they take the place of the first.
    assert_eq!(sendplan(&["man", dir.to_str().unwrap()]).code, 0);
    for verb in verbs() {
        let path = dir.join(format!("sendplan-{}.1", verb.replace(' ', "-")));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{verb}: {error}"));
        assert!(text.contains(".SH NAME") && text.contains("Examples:"), "{verb}");
        reads(&path);
    }
    assert_eq!(std::fs::read_to_string(dir.join("sendplan.1")).unwrap(), sendplan(&["man"]).out);
    // But not that of another file.
    std::fs::write(dir.join("sendplan.1"), "notes").unwrap();
    assert_eq!(sendplan(&["man", dir.to_str().unwrap()]).code, 2);
    assert_eq!(std::fs::read_to_string(dir.join("sendplan.1")).unwrap(), "notes");
}

/// By a program that knows the language of manual pages, where there is one.
fn reads(path: &std::path::Path) {
    for (program, arguments) in
        [("mandoc", &["-Tlint", "-W", "error"][..]), ("groff", &["-man", "-Tutf8", "-ww"])]
    {
        let Ok(output) = Command::new(program).args(arguments).arg(path).output() else { continue };
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && err.is_empty(), "{program}: {err}");
    }
}
