//! Characters that are not seen, each by what it is: one list for addresses, texts, answers and whatever is shown. It
//! has all of Unicode's controls, separators of lines, noncharacters and characters that are ignored by default. What
//! follows from one is for whoever asks: an address has none of them, a text has some that do something where they
//! stand (`message::hygiene`).

/// What a character is that is not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unseen {
    /// A control character, tabs and the plain line breaks among them.
    Control,
    /// A line break of another world: U+0085, U+2028, U+2029.
    Break,
    /// A mark of direction.
    Direction,
    /// One that joins or parts its neighbours.
    NoWidth,
    /// A choice of how the character before it is drawn.
    Selector,
    /// A letter of the tags that make flags of regions behind a black flag.
    Tag,
    /// One that nothing that people write has: fillers, the empty cell of Braille, what stands for an object, marks of
    /// annotation, noncharacters, what is reserved.
    Never,
    /// `U+FFFD`, which stands for a character that was lost: it has a sign of its own, and nobody means it.
    Lost,
}

impl Unseen {
    /// Whether it says how the character before it is drawn: shown behind that, it does no harm.
    pub fn is_drawn(self) -> bool {
        matches!(self, Self::Selector | Self::Tag)
    }
}

/// What a character is, if it is not seen. Spaces of any width are no such characters.
pub fn unseen(character: char) -> Option<Unseen> {
    Some(match character {
        ' '..='~' => return None,
        '\u{85}' | '\u{2028}' | '\u{2029}' => Unseen::Break,
        '\0'..='\u{9f}' => Unseen::Control,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Unseen::Direction
        }
        '\u{ad}'
        | '\u{34f}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}' => Unseen::NoWidth,
        '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => Unseen::Selector,
        '\u{e0020}'..='\u{e007f}' => Unseen::Tag,
        '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffc}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => Unseen::Never,
        '\u{fffd}' => Unseen::Lost,
        // The last two of each plane.
        _ if u32::from(character) & 0xfffe == 0xfffe => Unseen::Never,
        _ => return None,
    })
}

/// Whether it would open a line of its own, be obeyed by a terminal or turn the direction of reading where it is told.
pub fn is_unruly(character: char) -> bool {
    matches!(unseen(character), Some(Unseen::Control | Unseen::Break | Unseen::Direction))
}

/// Whether a character is a picture, or one that may be drawn as one: emoji, arrows, dingbats.
pub fn is_picture(character: char) -> bool {
    matches!(
        character,
        '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' | '©' | '®' | '‼' | '⁉' | '™' | 'ℹ' | '〰' | '〽' | '㊗' | '㊙'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_known_and_what_people_write_is_not_taken_for_it() {
        for (character, what) in [
            ('\0', Unseen::Control),
            ('\t', Unseen::Control),
            ('\u{7f}', Unseen::Control),
            ('\u{9f}', Unseen::Control),
            ('\u{85}', Unseen::Break),
            ('\u{2029}', Unseen::Break),
            ('\u{202e}', Unseen::Direction),
            ('\u{34f}', Unseen::NoWidth),
            ('\u{fe0f}', Unseen::Selector),
            ('\u{180d}', Unseen::Selector),
            ('\u{180e}', Unseen::NoWidth),
            ('\u{e01ef}', Unseen::Selector),
            ('\u{e0067}', Unseen::Tag),
            ('\u{e0001}', Unseen::Never),
            ('\u{2800}', Unseen::Never),
            ('\u{3164}', Unseen::Never),
            ('\u{fffc}', Unseen::Never),
            ('\u{ffa0}', Unseen::Never),
            ('\u{fffe}', Unseen::Never),
            ('\u{10ffff}', Unseen::Never),
            ('\u{fffd}', Unseen::Lost),
        ] {
            assert_eq!(unseen(character), Some(what), "U+{:04X}", u32::from(character));
        }
        for character in " ~\u{a0}é\u{2801}\u{2009}\u{202f}\u{3000}한ㄱ❤🏴".chars() {
            assert_eq!(unseen(character), None, "U+{:04X}", u32::from(character));
        }
    }
}
