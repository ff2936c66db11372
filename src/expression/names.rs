//! Names in sources, found without running them: where a variable stands, which members of it are asked for.

use std::ops::Range;

use super::Kind;
use super::parts::{What, parts, quoted};

/// Where `variable` first stands as a top-level name inside a tag of `source`.
pub fn find_variable(source: &str, kind: Kind, variable: &str) -> Option<Range<usize>> {
    if kind == Kind::Value {
        return find_in_tag(source, variable);
    }
    tags(source).into_iter().find_map(|tag| {
        find_in_tag(&source[tag.clone()], variable).map(|at| at.start + tag.start..at.end + tag.start)
    })
}

/// The top-level names in a source that begin with `start`.
pub(super) fn find_variables<'s>(source: &'s str, kind: Kind, start: &str) -> Vec<&'s str> {
    let tags = code(source, kind).into_iter().filter_map(|tag| source.get(tag));
    let top = |tag: &'s str| {
        let is_top = move |at: &Range<usize>| !tag[..at.start].trim_end().ends_with('.');
        words(tag).into_iter().filter(is_top).filter_map(move |at| tag.get(at))
    };
    tags.flat_map(top).filter(|name| name.starts_with(start)).collect()
}

/// The stretches of a source in which names can stand.
pub(super) fn code(source: &str, kind: Kind) -> Vec<Range<usize>> {
    match kind {
        Kind::Value => std::iter::once(0..source.len()).collect(),
        Kind::Text => tags(source),
    }
}

/// The insides of `{{ … }}` and `{% … %}`, in order; comments and raw text are none.
fn tags(source: &str) -> Vec<Range<usize>> {
    let code = parts(source).into_iter().filter(|part| matches!(part.what, What::Output | What::Tag));
    code.map(|part| part.inner).collect()
}

fn find_in_tag(tag: &str, variable: &str) -> Option<Range<usize>> {
    words(tag)
        .into_iter()
        .find(|at| &tag[at.clone()] == variable && !tag[..at.start].trim_end().ends_with('.'))
}

/// The names after `root.` (or `root?.`) in a source, with their places: what a source asks of a
/// variable whose members are known beforehand.
pub fn members(source: &str, kind: Kind, root: &str) -> Vec<(String, Range<usize>)> {
    let tags = code(source, kind);
    let mut found = Vec::new();
    for tag in tags {
        let text = &source[tag.clone()];
        let words = words(text);
        for (at, next) in words.iter().zip(words.iter().skip(1)) {
            let top = &text[at.clone()] == root && !text[..at.start].trim_end().ends_with('.');
            if top && matches!(text[at.end..next.start].trim(), "." | "?.") {
                found.push((text[next.clone()].to_owned(), next.start + tag.start..next.end + tag.start));
            }
        }
    }
    found
}

/// Whether a source may read this member of `root`: it names it, or does something with `root` as a whole.
pub fn may_read(source: &str, kind: Kind, root: &str, member: &str) -> bool {
    let named = members(source, kind, root);
    let all = code(source, kind).into_iter().map(|tag| {
        let text = &source[tag];
        let top =
            |at: &Range<usize>| &text[at.clone()] == root && !text[..at.start].trim_end().ends_with('.');
        words(text).iter().filter(|at| top(at)).count()
    });
    all.sum::<usize>() > named.len() || named.iter().any(|(name, _)| name == member)
}

/// The words of a tag that stand outside quotes: names, keywords and numbers.
pub(super) fn words(tag: &str) -> Vec<Range<usize>> {
    let bytes = tag.as_bytes();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if word(byte) {
            let end = (at..bytes.len()).find(|&next| !word(bytes[next])).unwrap_or(bytes.len());
            found.push(at..end);
            at = end;
        } else {
            at += bytes.get(at..).and_then(quoted).unwrap_or(1);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_quote_does_not_end_a_text() {
        let found = members(r#"{{ "it\"s vars.b" ~ vars.a }}"#, Kind::Text, "vars");
        assert_eq!(found.into_iter().map(|one| one.0).collect::<Vec<_>>(), ["a"]);
        assert_eq!(find_variable(r"'\\' ~ a", Kind::Value, "a"), Some(7..8));
    }
}
