//! What people's texts go through in every source: an empty cell's stand-in, the first word, a name as it is written,
//! a text cut short. Cells are texts and never undefined, so that "nothing" is an empty one here.

use tera::Value;
use unicode_segmentation::UnicodeSegmentation;

/// What stands where something was cut off. GSM-7 has these characters, and not `…`.
pub const CUT: &str = "...";

/// Small words inside names, which stay as they were written.
const PARTICLES: [&str; 24] = [
    "af", "al", "av", "bin", "bint", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos",
    "du", "e", "ibn", "la", "le", "van", "von", "y", "zu",
];

/// Whether a value says nothing: not defined, none, or a text of white space.
pub(super) fn is_nothing(value: &Value) -> bool {
    value.is_undefined() || value.is_none() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// The first word, without a comma behind it.
pub(super) fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default().trim_end_matches([',', ';'])
}

/// A name as names are written: a capital at the beginning of each word, behind a hyphen, and behind an apostrophe
/// that has one letter before it (`O'Brien`, and not `Ng'Ang'A`). A word that already has its capitals inside
/// (`McDonald`) stays, and so does a small word (`de`, `van`) between words with capitals.
pub(super) fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let first = text.chars().find(|c| c.is_alphanumeric());
    let is_written = first.is_some_and(char::is_uppercase) && has_lower(text);
    for piece in text.split_inclusive(is_gap) {
        let word = piece.trim_end_matches(is_gap);
        let keeps = is_deliberate(word) || (is_written && !out.is_empty() && PARTICLES.contains(&word));
        if keeps {
            out.push_str(word);
        } else {
            push_name(word, &mut out);
        }
        out.push_str(piece.get(word.len()..).unwrap_or_default());
    }
    out
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '–')
}

fn has_lower(text: &str) -> bool {
    text.chars().any(char::is_lowercase)
}

/// Whether somebody chose the capitals of a word: it begins with one, and has another among small letters.
fn is_deliberate(word: &str) -> bool {
    let mut letters = word.chars().filter(|c| c.is_alphabetic());
    letters.next().is_some_and(char::is_uppercase) && has_lower(word) && letters.any(char::is_uppercase)
}

fn push_name(word: &str, out: &mut String) {
    let mut letters = word.char_indices();
    let split = match (letters.next(), letters.next()) {
        (Some((_, first)), Some((_, '\'' | '’' | 'ʼ'))) if first.is_alphabetic() => letters.next(),
        _ => None,
    };
    match split.and_then(|(at, _)| word.split_at_checked(at)) {
        Some((before, after)) if after.chars().filter(|c| c.is_alphabetic()).count() > 1 => {
            push_capital(before, out);
            push_capital(after, out);
        }
        _ => push_capital(word, out),
    }
}

/// The first letter great, all others small; behind a digit there is none to be great.
fn push_capital(word: &str, out: &mut String) {
    let first = word.char_indices().find(|(_, c)| c.is_alphanumeric());
    let Some((at, letter)) = first else { return out.push_str(word) };
    let (before, rest) = word.split_at_checked(at).unwrap_or_default();
    out.push_str(before);
    let mut great = letter.to_uppercase();
    out.extend(great.next());
    // What is two letters when great, as `ß`, has its second one small.
    out.extend(great.flat_map(char::to_lowercase));
    out.push_str(&rest.get(letter.len_utf8()..).unwrap_or_default().to_lowercase());
}

/// At most so many characters as people count them, `end` among them; cut at a word where that leaves half at least.
pub(super) fn truncate(text: &str, length: usize, end: &str) -> String {
    if text.graphemes(true).count() <= length {
        return text.to_owned();
    }
    // A mark that does not fit says nothing.
    let end = if end.graphemes(true).count() < length { end } else { "" };
    let keep = length - end.graphemes(true).count();
    let at = text.grapheme_indices(true).nth(keep).map_or(text.len(), |(at, _)| at);
    cut_at_word(text, at).to_owned() + end
}

/// A text up to `at`, a boundary of characters, or up to the last word that is whole there, if half is left at least.
pub fn cut_at_word(text: &str, at: usize) -> &str {
    let (kept, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    let is_whole = rest.starts_with(char::is_whitespace) || rest.is_empty();
    let words = kept.rfind(char::is_whitespace).and_then(|gap| kept.get(..gap)).map(str::trim_end);
    let kept = match words.filter(|words| words.len() * 2 >= kept.len()) {
        Some(words) if !is_whole => words,
        _ => kept,
    };
    kept.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '-' | '–' | '('))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_written_as_names() {
        for (written, named) in [
            ("MARY O'BRIEN-SMITH", "Mary O'Brien-Smith"),
            ("mary jane", "Mary Jane"),
            ("mARY", "Mary"),
            ("NG'ANG'A", "Ng'ang'a"),
            ("Ng'ang'a wa thiong'o", "Ng'ang'a Wa Thiong'o"),
            ("d’angelo", "D’Angelo"),
            ("Ronald McDonald", "Ronald McDonald"),
            ("MCDONALD", "Mcdonald"),
            ("de la cruz", "De La Cruz"),
            ("Maria de la Cruz", "Maria de la Cruz"),
            ("MARIA DE LA CRUZ", "Maria De La Cruz"),
            ("MARIA de la CRUZ", "Maria de la Cruz"),
            ("É-a y-b", "É-A y-B"),
            ("élodie ÇELIK", "Élodie Çelik"),
            ("ΓΙΩΡΓΟΣ", "Γιωργος"),
            ("ИВАН петров", "Иван Петров"),
            ("(ann)  2ND", "(Ann)  2nd"),
            ("it's", "It's"),
            ("山田", "山田"),
            ("", ""),
        ] {
            assert_eq!(title(written), named, "{written}");
        }
    }

    #[test]
    fn the_first_word_stands_alone() {
        for (text, first) in
            [("Mary Jane", "Mary"), ("  Ann\u{a0}B", "Ann"), ("Doe, John", "Doe"), ("", ""), (" ", "")]
        {
            assert_eq!(first_word(text), first);
        }
    }

    #[test]
    fn a_text_is_cut_at_a_word_between_whole_characters() {
        assert_eq!(truncate("The quick brown fox", 19, CUT), "The quick brown fox");
        assert_eq!(truncate("The quick brown fox", 18, CUT), "The quick brown...");
        assert_eq!(truncate("The quick brown fox", 14, CUT), "The quick...");
        assert_eq!(truncate("One, two and", 8, CUT), "One...");
        assert_eq!(truncate("Supercalifragilistic", 10, CUT), "Superca...");
        assert_eq!(truncate("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 2, ""), "👩‍👩‍👧👩‍👩‍👧");
        assert_eq!(truncate("abcdef", 3, CUT), "abc");
        assert_eq!(truncate("abcdef", 0, CUT), "");
    }

    proptest! {
        #[test]
        fn a_cut_text_is_short_enough(text in "[a-z ,é👩\u{200d}😀-]{0,40}", length in 0_usize..30) {
            let cut = truncate(&text, length, CUT);
            prop_assert!(cut.graphemes(true).count() <= length);
            prop_assert!(text.starts_with(cut.trim_end_matches(CUT)) || cut == text);
        }

        #[test]
        fn a_name_is_written_once_and_for_all(text in "([a-zA-Z'’éÉıß2(]{0,6}|de|Y|y|van|DE|O'|[ -]){0,8}") {
            prop_assert_eq!(title(&title(&text)), title(&text));
        }
    }
}
