//! Elements of XML 1.0 in which any text can stand: what means something there is escaped, and what no document may hold
//! is replaced.

use std::fmt::Write as _;

/// An element being written: its name and those of its attributes are ours, values may be anybody's.
pub fn open(out: &mut String, depth: usize, name: &str, attributes: &[(&str, &str)]) {
    let _ = write!(out, "{}<{name}", "  ".repeat(depth));
    for (key, value) in attributes {
        let _ = write!(out, " {key}=\"{}\"", escaped(value));
    }
}

/// Text as it is meant, also in attributes, where lines would be folded.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            // XML 1.0 has no place for most of them, not even escaped; the others are obeyed by terminals.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup_or_forbidden() {
        assert_eq!(
            escaped("]]><a b=\"&\">\r\n\t\u{0}\u{1b}\u{9b}\u{fffe}\u{ffff}ä😀"),
            "]]&gt;&lt;a b=&quot;&amp;&quot;&gt;\u{fffd}&#10;&#9;\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}ä😀"
        );
    }
}
