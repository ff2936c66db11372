//! What Tera says of a source or of what it meets in a row, in our words: what is wrong, and what to do. Its own sentence
//! stands at the end of what has no words here. What our own filters say is marked, and passes as it is.

/// Begins what we say ourselves.
const OWN: char = '\u{1}';

/// An error of ours, to go through Tera.
pub(super) fn own(message: impl std::fmt::Display) -> tera::Error {
    tera::Error::message(format!("{OWN}{message}"))
}

/// How cells become numbers.
const AS_NUMBER: &str = "cells are texts, and `| int` or `| float` makes a number of one";

/// What a run complains of.
pub(super) fn of_run(said: &str) -> String {
    if let Some(ours) = said.strip_prefix(OWN) {
        return ours.to_owned();
    }
    let named = || said.split('`').nth(1).unwrap_or_default();
    let begins = |some: &[&str]| some.iter().any(|one| said.starts_with(one));
    if said.ends_with("cannot be converted to a float") && begins(&["The string"]) {
        return format!("`{}` is no number such as `1250` or `12.5`", named());
    }
    if said.contains("cannot be converted to an int in base") && begins(&["The string"]) {
        return format!("`{}` is no whole number such as `1250`", named());
    }
    if begins(&["`+` requires", "Math operations", "Only numbers can be"]) {
        return format!("only numbers can be reckoned with: {AS_NUMBER}");
    }
    if begins(&["Cannot compare"]) {
        let mut kinds = said.split('`').skip(1).step_by(2);
        let (one, other) = (noun(kinds.next()), noun(kinds.next()));
        return format!("{one} cannot be compared with {other}: {AS_NUMBER}");
    }
    if begins(&["Cannot divide by 0"]) {
        return "nothing can be divided by 0: ask with `{% if … %}` whether it is 0".to_owned();
    }
    if begins(&["Field"]) {
        return format!("there is no `{}` in it: a cell is a text, and has nothing inside", named());
    }
    if begins(&["Tried to render a variable that is undefined", "Cannot index into", "Index expression is"]) {
        return "there is nothing here: `default(value=…)` says what stands in for it".to_owned();
    }
    if begins(&["Missing keyword argument"]) {
        return format!("this needs `{}`, as in `({}=…)`", named(), named());
    }
    if begins(&["Invalid type for the value"]) {
        let mut kinds = said.split('`').skip(1).step_by(2);
        let (wanted, given) = (noun(kinds.next()), noun(kinds.next()));
        return format!("what is done here takes {wanted}, and gets {given}");
    }
    if begins(&["This filter can only be used on a number", "pluralize filter"]) {
        return format!("what is done here takes a number: {AS_NUMBER}");
    }
    if begins(&["Iteration not possible", "Key/value iteration"]) {
        return "this is no list that can be gone through: `split(pat=\",\")` makes one of a text".to_owned();
    }
    format!(
        "this cannot be done with what is in the row (Tera: {})",
        in_mid_sentence(said.trim_end_matches('.'))
    )
}

/// A type of Tera's in people's words.
fn noun(kind: Option<&str>) -> String {
    let kind = kind.unwrap_or_default();
    match kind.trim_start_matches('&') {
        "string" | "str" | "String" => "a text".to_owned(),
        "i64" | "u64" | "i128" | "u128" | "i32" | "u32" | "usize" | "integer" | "Integer" => {
            "a whole number".to_owned()
        }
        "f64" | "f32" | "float" | "number" | "Number" => "a number".to_owned(),
        "array" | "Vec" | "[Value]" => "a list".to_owned(),
        "map" | "Map" | "map/struct" => "a group of values".to_owned(),
        "bool" => "true or false".to_owned(),
        "none" | "null" | "undefined" => "nothing".to_owned(),
        other => format!("`{other}`"),
    }
}

/// What is wrong with a source, and what to do where we know.
pub(super) fn of_source(said: &str) -> (String, Option<&'static str>) {
    let help = |wrong: &str, help| (format!("cannot be read: {wrong}"), Some(help));
    if let Some((found, wanted)) =
        said.strip_prefix("Found ").and_then(|rest| rest.split_once(" but expected "))
    {
        return match wanted.trim_matches('`') {
            _ if wanted.starts_with("one of") => {
                (format!("cannot be read: {} has no place here", called(found)), None)
            }
            wanted => (
                format!(
                    "cannot be read: {} stands where {} should",
                    called(found),
                    called(&format!("`{wanted}`"))
                ),
                (found.contains('}') && matches!(wanted, "}}" | "%}"))
                    .then_some("close each `{{` with `}}`, and each `{%` with `%}`"),
            ),
        };
    }
    if said.starts_with("Unexpected end of input") {
        let wrong = "it ends before all is closed that was opened";
        return help(wrong, "close each `{{` with `}}`, and each `{% if … %}` with `{% endif %}`");
    }
    if said.starts_with("String opened with") {
        return help("a text in quotes is not closed", "write the same quote at its end");
    }
    if said.starts_with("Unknown tag") {
        return help(
            "no tag begins like this here",
            "there are `if`, `elif`, `else`, `endif`, `for`, `endfor`, `set`, `filter` and `raw`, and each end follows its beginning",
        );
    }
    if said.starts_with("Invalid Integer") {
        return help("this number has too many digits", "write it in quotes if it is to be written as it is");
    }
    (format!("cannot be read (Tera: {})", in_mid_sentence(said)), None)
}

/// What stands somewhere, as people call it.
fn called(token: &str) -> String {
    match token.trim_matches('`') {
        "identifier" => "a name".to_owned(),
        "string" => "a text in quotes".to_owned(),
        "integer" | "float" => "a number".to_owned(),
        "end of input" => "the end".to_owned(),
        sign => format!("`{sign}`"),
    }
}

/// Without the capital at its beginning, which is not that of a name.
pub(super) fn in_mid_sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{Context, Kind, Program};

    fn said(source: &str) -> String {
        let mut program = Program::new();
        if let Err(problems) = program.add("x", source, Kind::Text, &["a"]) {
            return problems[0].message.clone();
        }
        let context = Context::from_serialize(&serde_json::json!({"a": "Ann"})).unwrap();
        program.render("x", &context, &mut String::new()).unwrap_err().to_string()
    }

    #[test]
    fn errors_of_rows_say_what_to_do_in_our_words() {
        for (source, words) in [
            ("{{ a + 1 }}", "only numbers can be reckoned with"),
            ("{{ a * 1 }}", "only numbers can be reckoned with"),
            ("{{ -a }}", "only numbers can be reckoned with"),
            ("{{ a | int }}", "`Ann` is no whole number such as `1250`"),
            ("{{ a | float }}", "`Ann` is no number such as"),
            ("{% if a > 3 %}{% endif %}", "a text cannot be compared with a whole number: cells are texts"),
            ("{{ 1 / 0 }}", "nothing can be divided by 0"),
            ("{{ a.b }}", "there is no `b` in it"),
            ("{{ a | split }}", "this needs `pat`"),
            ("{{ a | round }}", "what is done here takes a number, and gets a text"),
            ("{{ a | abs }}", "what is done here takes a number: cells"),
            ("{% for x in 5 %}{% endfor %}", "no list that can be gone through"),
            ("{{ 5 | title }}", "`title` takes a text, not `5`"),
            (
                "{{ a | int(base=99) }}",
                "this cannot be done with what is in the row (Tera: int filter `base` must be",
            ),
        ] {
            let said = said(source);
            assert!(said.contains(words) && !said.contains('\u{1}'), "{source}: {said}");
        }
    }

    #[test]
    fn errors_of_sources_are_told_in_our_words() {
        for (source, words) in [
            ("{{ a", "cannot be read: "),
            ("{% if a %}", "it ends before all is closed"),
            ("{{ a a }}", "a name stands where `}}` should"),
            ("{{ a | }}", "`}}` stands where a name should"),
            ("{{ \"a }}", "a text in quotes is not closed"),
            ("{% elseif a %}", "no tag begins like this"),
            ("{{ 99999999999999999999 }}", "too many digits"),
            ("{{ }}", "`}}` has no place here"),
        ] {
            assert!(said(source).contains(words), "{source}: {}", said(source));
        }
    }
}
