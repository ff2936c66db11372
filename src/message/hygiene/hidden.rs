//! Characters that are not seen: controls, marks of direction, those without width, and the one for a lost one.

use super::{Flaw, Kind, add};

pub(super) fn look(text: &str, found: &mut Vec<Flaw>) {
    let from = found.len();
    // Read only where a mark of direction stands.
    let mut is_right_to_left = None;
    for (at, character) in text.char_indices() {
        let Some(kind) = kind(character) else { continue };
        let behind = at + character.len_utf8();
        let fits = match character {
            '\u{200c}' | '\u{200d}' => joins(text.get(..at), text.get(behind..), character),
            '\u{200e}' | '\u{200f}' | '\u{61c}' => {
                *is_right_to_left.get_or_insert_with(|| text.chars().any(reads_right_to_left))
            }
            _ => false,
        };
        if !fits {
            add(found, from, kind, at..behind);
        }
    }
}

fn kind(character: char) -> Option<Kind> {
    Some(match character {
        '\n' | '\r' | '\t' | ' '..='~' => return None,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' => Kind::Control,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Kind::Direction
        }
        '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => {
            Kind::ZeroWidth
        }
        '\u{fffd}' => Kind::Lost,
        _ => return None,
    })
}

/// Whether a joiner or non-joiner does something where it stands: between pictures, or behind a letter of a script that
/// joins its letters.
fn joins(before: Option<&str>, behind: Option<&str>, character: char) -> bool {
    let before = before.and_then(|text| text.chars().next_back());
    let behind = behind.and_then(|text| text.chars().next());
    let (Some(before), Some(behind)) = (before, behind) else { return false };
    let pictures = character == '\u{200d}' && is_picture(before) && is_picture(behind);
    pictures || (joins_letters(before) && !behind.is_whitespace())
}

/// Pictures, and what is added to them: tones of skin, the choice of a coloured one.
fn is_picture(character: char) -> bool {
    matches!(character, '\u{fe0f}' | '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' | '\u{e0020}'..='\u{e007f}')
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
