//! Which characters make messages UCS-2, as `plan` shows it: where they come from, how often, and what GSM-7 would write.

use std::fmt::Write as _;

use serde::Serialize;

use super::layout::{Table, count};
use crate::units::thousands;

/// So many characters are shown to people.
const SHOWN: usize = 8;

/// What the alphabet of a plan's messages comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Alphabet {
    /// Messages that were spelled in GSM-7 because the manifest asks for it.
    pub transliterated: u64,
    /// UCS-2 messages that could be spelled in GSM-7.
    pub spellable: u64,
    /// Segments that would spare.
    pub segments: u64,
    /// Money that would spare, with its currency; `null` where no prices are known.
    pub cost: Option<String>,
    /// The characters that GSM-7 lacks, those in most messages first.
    pub characters: Vec<Character>,
}

/// A character that GSM-7 lacks, from one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Character {
    /// The character.
    pub character: char,
    /// Its code point, as `U+2019`.
    pub code: String,
    /// The column it comes from; `null` where it is from the text itself.
    pub column: Option<String>,
    /// Messages that have it.
    pub messages: u64,
    /// The line of the first.
    pub first_line: u64,
    /// The file of the first; absent where there is but one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_file: Option<String>,
    /// Segments that those messages take beyond what they would in GSM-7, as far as they could be spelled so.
    pub segments: u64,
    /// How GSM-7 writes it; `null` where it cannot.
    pub spelling: Option<String>,
}

impl Alphabet {
    /// Whether there is anything to say.
    pub fn is_empty(&self) -> bool {
        self.transliterated == 0 && self.characters.is_empty()
    }

    /// The text of people; `ucs2` messages are in UCS-2.
    pub fn human(&self, ucs2: u64) -> String {
        let mut out = String::new();
        if self.transliterated > 0 {
            let messages = count(self.transliterated, "message");
            let _ = writeln!(out, "\n{messages} spelled in GSM-7, as `message.transliterate` asks.");
        }
        if self.characters.is_empty() {
            return out;
        }
        let _ = writeln!(out, "\nIn UCS-2, for characters that GSM-7 lacks: {}\n", count(ucs2, "message"));
        let mut table = Table::new(&[3]);
        for one in self.characters.iter().take(SHOWN) {
            let place = one.column.as_ref().map_or("in the text".to_owned(), |name| format!("in `{name}`"));
            table.row([
                &shown(one.character),
                &one.code,
                &place,
                &thousands(one.messages),
                &match &one.first_file {
                    Some(file) => format!("first in {file} line {}", thousands(one.first_line)),
                    None => format!("first in line {}", thousands(one.first_line)),
                },
                &match one.spelling.as_deref() {
                    None => "GSM-7 has nothing like it".to_owned(),
                    Some("") => "GSM-7 leaves it out".to_owned(),
                    Some(spelling) => format!("GSM-7 writes {spelling}"),
                },
            ]);
        }
        out.push_str(&table.show());
        if self.characters.len() > SHOWN {
            let _ = writeln!(out, "  and {} more", self.characters.len() - SHOWN);
        }
        if self.segments > 0 {
            let money = self.cost.as_ref().map_or(String::new(), |cost| format!(", {cost}"));
            let _ = writeln!(
                out,
                "\n{} of them could be spelled in GSM-7: {} less{money}. `message.transliterate: gsm7` does that.",
                thousands(self.spellable),
                count(self.segments, "segment"),
            );
        }
        out
    }
}

/// The character, or a word for one that is not seen.
fn shown(character: char) -> String {
    match character {
        '\t' => "tab".to_owned(),
        '\u{a0}' | '\u{202f}' => "fixed space".to_owned(),
        '\u{ad}' => "soft hyphen".to_owned(),
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => "zero-width".to_owned(),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => "direction".to_owned(),
        '\u{fe00}'..='\u{fe0f}' => "variant".to_owned(),
        '\u{300}'..='\u{36f}' => "accent".to_owned(),
        _ if character.is_control() => "control".to_owned(),
        _ if character.is_whitespace() => "space".to_owned(),
        _ => character.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_is_told_with_its_place_and_its_price() {
        let line = |character: char, column: Option<&str>, messages, spelling: Option<&str>| Character {
            character,
            code: format!("U+{:04X}", u32::from(character)),
            column: column.map(str::to_owned),
            messages,
            first_line: 2,
            first_file: None,
            segments: messages,
            spelling: spelling.map(str::to_owned),
        };
        let alphabet = Alphabet {
            transliterated: 0,
            spellable: 1_200,
            segments: 1_200,
            cost: Some("960.00 KES".to_owned()),
            characters: vec![
                line('’', None, 1_200, Some("'")),
                line('\u{200b}', Some("name"), 3, Some("")),
                line('😀', Some("name"), 1, None),
            ],
        };
        assert_eq!(
            alphabet.human(1_201),
            "\nIn UCS-2, for characters that GSM-7 lacks: 1,201 messages\n\n  \
             ’           U+2019   in the text  1,200  first in line 2  GSM-7 writes '\n  \
             zero-width  U+200B   in `name`        3  first in line 2  GSM-7 leaves it out\n  \
             😀          U+1F600  in `name`        1  first in line 2  GSM-7 has nothing like it\n\n\
             1,200 of them could be spelled in GSM-7: 1,200 segments less, 960.00 KES. `message.transliterate: gsm7` does that.\n"
        );
        assert_eq!(
            Alphabet { transliterated: 2, ..Alphabet::default() }.human(0),
            "\n2 messages spelled in GSM-7, as `message.transliterate` asks.\n"
        );
    }
}
