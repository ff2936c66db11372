//! A source cut into the texts around its tags and what stands inside them, at the places where Tera cuts it.

use std::ops::Range;

/// What a part of a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Text that is written as it stands.
    Text,
    /// `{% raw %} … {% endraw %}`.
    Raw,
    /// `{# … #}`.
    Comment,
    /// `{{ … }}`.
    Output,
    /// `{% … %}`.
    Tag,
}

/// A part of a source, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub what: What,
    /// All of it.
    pub whole: Range<usize>,
    /// Without its marks and their dashes.
    pub inner: Range<usize>,
    /// A dash takes the white space before it.
    pub trims_before: bool,
    /// A dash takes the white space behind it.
    pub trims_after: bool,
}

/// The parts of a source, in order. A tag that is not closed goes on to the end.
pub fn parts(source: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let part = part(source, at);
        // Whatever is found is at least a byte long; this only spares the reader the proof.
        at = part.whole.end.max(at + 1);
        found.push(part);
    }
    found
}

fn part(source: &str, at: usize) -> Part {
    let rest = source.get(at..).unwrap_or_default();
    let what = match rest.get(..2) {
        Some("{{") => What::Output,
        Some("{%") => What::Tag,
        Some("{#") => What::Comment,
        _ => {
            let end = ["{{", "{%", "{#"].iter().filter_map(|mark| rest.find(mark)).min();
            let whole = at..end.map_or(source.len(), |end| at + end);
            return Part {
                what: What::Text,
                inner: whole.clone(),
                whole,
                trims_before: false,
                trims_after: false,
            };
        }
    };
    if what == What::Tag
        && let Some(raw) = raw(source, at)
    {
        return raw;
    }
    let closing = match what {
        What::Output => "}}",
        What::Comment => "#}",
        _ => "%}",
    };
    let trims_before = rest.as_bytes().get(2) == Some(&b'-');
    let start = at + 2 + usize::from(trims_before);
    let (end, whole_end) = match closes(source, start, closing, what == What::Comment) {
        Some(end) => (end, end + 2),
        None => (source.len(), source.len()),
    };
    let trims_after =
        end > start && whole_end > end && source.as_bytes().get(end.wrapping_sub(1)) == Some(&b'-');
    let inner = start.min(end)..end - usize::from(trims_after);
    Part { what, whole: at..whole_end, inner, trims_before, trims_after }
}

/// Where the mark stands that closes what begins at `from`; quotes hide it, but not in comments.
fn closes(source: &str, from: usize, closing: &str, is_comment: bool) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut at = from;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(closing.as_bytes()) {
            return Some(at);
        }
        at += quoted(rest).filter(|_| !is_comment).unwrap_or(1);
    }
    None
}

/// The length of the text in quotes that begins here, with its quotes; nothing where none begins. One that is not
/// closed goes on to the end. A backslash takes the next byte along, as Tera's lexer has it.
pub(super) fn quoted(rest: &[u8]) -> Option<usize> {
    let (quote, inner) = rest.split_first().filter(|(first, _)| matches!(first, b'"' | b'\'' | b'`'))?;
    let mut is_escaped = false;
    for (at, byte) in inner.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            byte if byte == quote => return Some(at + 2),
            _ => {}
        }
    }
    Some(rest.len())
}

/// The word that a tag begins with.
pub fn keyword(tag: &str) -> &str {
    let tag = tag.trim_ascii_start();
    let end = tag.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(tag.len());
    tag.get(..end).unwrap_or_default()
}

/// A raw part that begins here.
fn raw(source: &str, at: usize) -> Option<Part> {
    let (trims_before, start, _) = word_tag(source, at, "raw")?;
    let mut from = start;
    loop {
        let found = from + source.get(from..)?.find("{%")?;
        if let Some((_, end, trims_after)) = word_tag(source, found, "endraw") {
            return Some(Part {
                what: What::Raw,
                whole: at..end,
                inner: start..found,
                trims_before,
                trims_after,
            });
        }
        from = found + 2;
    }
}

/// Whether a tag of nothing but this word stands here: its dash, its end, and the dash there.
fn word_tag(source: &str, at: usize, word: &str) -> Option<(bool, usize, bool)> {
    let inner = source.get(at..)?.strip_prefix("{%")?;
    let (trims_before, inner) = inner.strip_prefix('-').map_or((false, inner), |inner| (true, inner));
    let rest = inner.trim_ascii_start().strip_prefix(word)?.trim_ascii_start();
    let (trims_after, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
    let rest = rest.strip_prefix("%}")?;
    Some((trims_before, source.len() - rest.len(), trims_after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(source: &str) -> Vec<(What, &str)> {
        parts(source).into_iter().map(|part| (part.what, &source[part.inner])).collect()
    }

    #[test]
    fn texts_tags_comments_and_raw_texts_are_told_apart() {
        assert_eq!(
            cut("a {{ b }}{%- if c -%}{# d }} #}{% raw %}{{ e }}{% endraw %} f"),
            [
                (What::Text, "a "),
                (What::Output, " b "),
                (What::Tag, " if c "),
                (What::Comment, " d }} "),
                (What::Raw, "{{ e }}"),
                (What::Text, " f"),
            ]
        );
    }

    #[test]
    fn quotes_hide_the_end_of_a_tag() {
        assert_eq!(
            cut("{{ '}}' ~ \"\\\"}}\" }}x"),
            [(What::Output, " '}}' ~ \"\\\"}}\" "), (What::Text, "x")]
        );
    }

    #[test]
    fn what_is_not_closed_goes_on_to_the_end() {
        for source in ["{{ a", "{%", "{#-", "{{-", "{% raw %}x", "{{ 'a }}", "{"] {
            let parts = parts(source);
            assert_eq!(parts.last().unwrap().whole.end, source.len(), "{source}");
        }
    }

    #[test]
    fn dashes_are_told() {
        let dashes = |source| {
            let part = parts(source).remove(0);
            (part.trims_before, part.trims_after)
        };
        assert_eq!(dashes("{{- a }}"), (true, false));
        assert_eq!(dashes("{% a -%}"), (false, true));
        assert_eq!(dashes("{#- a -#}"), (true, true));
        assert_eq!(dashes("{%- raw %}x{% endraw -%}"), (true, true));
    }
}
