//! Texts cut so that they fit into so many SMS, in the alphabet that what is left of them needs.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use super::reader::Setting;
use crate::expression::{CUT, cut_at_word};
use crate::message::segments::{is_gsm7, measure_by};
use crate::message::spelling::respell;

/// The text, or as much of it as fits with a mark behind it: between characters as people count them, at a word where
/// that leaves half at least.
pub fn shorten(text: &str, most: u16, end: Option<&str>, setting: &Setting) -> String {
    if fits(text, most, setting) {
        return text.to_owned();
    }
    let with_end = |kept: &str| format!("{kept}{}", end.unwrap_or_else(|| mark(kept, setting)));
    // No SMS holds more characters than GSM-7's.
    let longest = usize::from(most) * 160;
    let ends: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).take(longest + 1).collect();
    let up_to = |at: &usize| text.get(..*at).unwrap_or_default();
    // More text takes as much room or more, in whichever alphabet; where a spelling gets shorter, the search is a
    // little below the best.
    let fitting = ends.partition_point(|at| fits(&with_end(up_to(at)), most, setting));
    let mut ends = ends.into_iter().take(fitting).rev();
    let best = ends.find(|at| fits(&with_end(cut_at_word(text, *at)), most, setting));
    best.map_or_else(String::new, |at| with_end(cut_at_word(text, at)))
}

fn fits(text: &str, most: u16, setting: &Setting) -> bool {
    measure_by(&as_sent(text, setting), setting.reference).parts <= most
}

/// A text as it will be spelled.
fn as_sent<'t>(text: &'t str, setting: &Setting) -> Cow<'t, str> {
    let mut spelled = String::new();
    match setting.respells && !is_gsm7(text) && respell(text, &mut spelled) {
        true => Cow::Owned(spelled),
        false => Cow::Borrowed(text),
    }
}

/// What says that something is missing: one character where the text has odd ones anyway.
fn mark(kept: &str, setting: &Setting) -> &'static str {
    if is_gsm7(&as_sent(kept, setting)) { CUT } else { "…" }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::segments::{Reference, measure};

    fn short(text: &str, most: u16) -> String {
        shorten(text, most, None, &Setting::at(None))
    }

    #[test]
    fn what_fits_stays_and_what_does_not_is_cut_at_a_word() {
        let fits = "word ".repeat(32);
        assert_eq!(short(&fits, 1), fits);
        let long = "word ".repeat(33);
        assert_eq!(short(&long, 1), "word ".repeat(30) + "word...");
        assert_eq!(short(&long, 2), long);
        assert_eq!(short(&"x".repeat(161), 1), "x".repeat(157) + "...");
        assert_eq!(shorten(&"x".repeat(161), 1, Some(""), &Setting::at(None)), "x".repeat(160));
    }

    #[test]
    fn the_alphabet_is_that_of_what_is_left() {
        let odd = "слово ".repeat(12);
        let cut = short(&odd, 1);
        assert_eq!(cut, "слово ".repeat(10) + "слово…");
        // The odd character lies behind the cut, and costs nothing.
        let late = "x".repeat(170) + "😀";
        assert_eq!(short(&late, 1), "x".repeat(157) + "...");
        // A mark of one's own may be odd, too.
        assert_eq!(measure(&shorten(&late, 1, Some("…"), &Setting::at(None))).parts, 1);
    }

    #[test]
    fn how_it_is_spelled_and_sent_counts() {
        let spelled = Setting { respells: true, ..Setting::at(None) };
        let text = "Zoë – ".repeat(20);
        assert_eq!(shorten(&text, 1, None, &spelled), text);
        assert!(short(&text, 1).len() < text.len());
        let wide = Setting { reference: Reference::Sixteen, ..Setting::at(None) };
        let two = "x".repeat(306);
        assert_eq!(short(&two, 2), two);
        assert_eq!(shorten(&two, 2, None, &wide), "x".repeat(301) + "...");
    }

    proptest! {
        #[test]
        fn it_fits_it_begins_the_text_and_it_breaks_no_character(
            text in "([a-zA-Z{}€ éñ]{0,60}|[а-я 😀👩\u{200d}é]{0,20}){0,8}",
            most in 1_u16..4,
            respells in any::<bool>(),
        ) {
            let setting = Setting { respells, ..Setting::at(None) };
            let cut = shorten(&text, most, None, &setting);
            prop_assert!(fits(&cut, most, &setting));
            if cut != text {
                let kept = cut.strip_suffix(CUT).or_else(|| cut.strip_suffix('…')).unwrap();
                prop_assert!(text.starts_with(kept));
                let whole = |at: usize| text.grapheme_indices(true).any(|(start, _)| start == at);
                prop_assert!(whole(kept.len()), "{kept:?}");
                // No room is wasted but for a word.
                let mut ends = text.grapheme_indices(true).map(|(at, _)| &text[..at]);
                let fitting = |kept: &&str| fits(&format!("{kept}{}", mark(kept, &setting)), most, &setting);
                let best = ends.rfind(fitting).unwrap_or_default().trim_end();
                prop_assert!(respells || kept.len() * 2 >= best.len(), "{kept:?} {best:?}");
            }
        }
    }
}
