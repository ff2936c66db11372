//! Characters that are not seen, but where they do something: joiners in scripts that join, marks of direction in texts
//! that are read from right to left, what says how a picture is drawn.

use std::cell::OnceCell;

use super::{Flaw, Kind, add};
use crate::unseen::{Unseen, is_picture, unseen};

/// A text that is asked for each of its characters that are not seen whether it does something where it stands.
#[derive(Debug)]
pub struct Hidden<'t> {
    text: &'t str,
    /// Read only where a mark of direction stands.
    is_right_to_left: OnceCell<bool>,
}

impl<'t> Hidden<'t> {
    /// Nothing is read yet.
    pub fn of(text: &'t str) -> Self {
        Self { text, is_right_to_left: OnceCell::new() }
    }

    /// Whether what stands at this byte, which is not seen, does something there.
    pub fn fits(&self, at: usize, character: char, what: Unseen) -> bool {
        let before = self.text.get(..at).unwrap_or_default();
        let behind = self.text.get(at + character.len_utf8()..).unwrap_or_default();
        match character {
            '\n' | '\r' | '\t' => true,
            '\u{200c}' | '\u{200d}' => joins(before, behind, character),
            '\u{200e}' | '\u{200f}' | '\u{61c}' => {
                *self.is_right_to_left.get_or_init(|| self.text.chars().any(reads_right_to_left))
            }
            _ if what == Unseen::Selector => chooses(before, behind, character),
            _ if what == Unseen::Tag => makes_flag(before, behind, character),
            _ => false,
        }
    }
}

pub(super) fn look(text: &str, found: &mut Vec<Flaw>) {
    let from = found.len();
    let hidden = Hidden::of(text);
    for (at, character) in text.char_indices() {
        let Some(what) = unseen(character) else { continue };
        if !hidden.fits(at, character, what) {
            add(found, from, kind(what), at..at + character.len_utf8());
        }
    }
}

fn kind(what: Unseen) -> Kind {
    match what {
        Unseen::Control => Kind::Control,
        Unseen::Direction => Kind::Direction,
        Unseen::NoWidth => Kind::ZeroWidth,
        Unseen::Lost => Kind::Lost,
        Unseen::Break | Unseen::Selector | Unseen::Tag | Unseen::Never => Kind::Invisible,
    }
}

/// Whether a joiner or non-joiner does something where it stands: between pictures, or behind a letter of a script that
/// joins its letters.
fn joins(before: &str, behind: &str, character: char) -> bool {
    let (before, behind) = (before.chars().next_back(), behind.chars().next());
    let (Some(before), Some(behind)) = (before, behind) else { return false };
    // Tones of skin are pictures; a picture may have its colour chosen, or be a flag.
    let ends_picture = is_picture(before) || matches!(before, '\u{fe0f}' | '\u{e007f}');
    let pictures = character == '\u{200d}' && ends_picture && is_picture(behind);
    pictures || (joins_letters(before) && !behind.is_whitespace())
}

/// Whether a selector chooses between forms that the character before it has: pictures and keys, signs of mathematics,
/// the scripts of China, Mongolia and Myanmar.
fn chooses(before: &str, behind: &str, selector: char) -> bool {
    let Some(base) = before.chars().next_back() else { return false };
    match selector {
        '\u{180b}'..='\u{180f}' => matches!(base, '\u{1820}'..='\u{18aa}'),
        '\u{fe0e}' | '\u{fe0f}' => {
            let is_key = matches!(base, '0'..='9' | '#' | '*') && behind.starts_with('\u{20e3}');
            is_key || is_picture(base)
        }
        _ => {
            is_ideograph(base)
                || matches!(base, '\u{1000}'..='\u{109f}' | '\u{2205}'..='\u{2aff}' | '\u{a840}'..='\u{a87f}')
        }
    }
}

/// Characters of China and its neighbours, their punctuation, and what is as wide as they are.
fn is_ideograph(character: char) -> bool {
    matches!(
        character,
        '\u{2e80}'..='\u{303f}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff01}'..='\u{ff60}'
            | '\u{20000}'..='\u{3fffd}'
    )
}

/// A flag of a region has so many letters of tags: two of a country, and up to three of a part of it.
const LETTERS_OF_FLAGS: std::ops::RangeInclusive<usize> = 3..=5;

/// Whether a tag stands in a flag: a black one, letters and digits, and the tag that ends it.
fn makes_flag(before: &str, behind: &str, tag: char) -> bool {
    // One more than there can be is enough to know that it is none.
    const MOST: usize = 6;
    let end = '\u{e007f}';
    let is_letter = |c: &char| matches!(c, '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}');
    let letters_before = before.chars().rev().take(MOST).take_while(is_letter).count();
    let is_black = before.chars().rev().nth(letters_before) == Some('\u{1f3f4}');
    let (letters_behind, closed) = match tag == end {
        true => (0, true),
        false => {
            let letters = behind.chars().take(MOST).take_while(is_letter).count();
            (letters + usize::from(is_letter(&tag)), behind.chars().nth(letters) == Some(end))
        }
    };
    let is_known = tag == end || is_letter(&tag);
    is_known && is_black && closed && LETTERS_OF_FLAGS.contains(&(letters_before + letters_behind))
}

/// Arabic and its neighbours, the scripts of India and South-East Asia, Mongolian.
fn joins_letters(character: char) -> bool {
    matches!(
        character,
        '\u{600}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{1900}'..='\u{1aff}' | '\u{a840}'..='\u{abff}'
            | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{11000}'..='\u{11fff}'
    )
}

/// Letters of Hebrew, Arabic and their neighbours.
fn reads_right_to_left(character: char) -> bool {
    matches!(
        character,
        '\u{590}'..='\u{61b}' | '\u{61d}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}'
    )
}
