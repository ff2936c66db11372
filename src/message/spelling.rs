//! How GSM-7 would spell a character that it lacks: by a table of what editors, phones and spreadsheets put in place
//! of plain characters, else by what Unicode says the character is made of (UAX #15: its compatibility decomposition,
//! without the accents). Letters of other scripts have no such spelling, and neither have pictures.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use crate::message::gsm7::septets;

const COMPOSE: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();
const DECOMPOSE: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfkd();

/// Writes the GSM-7 spelling of a text to `out`, which is cleared first: a letter and its accent in two characters are
/// taken as one. False where some character has none; `out` then holds nothing of use.
pub fn respell(text: &str, out: &mut String) -> bool {
    out.clear();
    COMPOSE.normalize(text).chars().all(|character| push(character, out))
}

/// How GSM-7 would spell a character that it lacks; nothing where it could not.
pub fn spelling(character: char) -> Option<String> {
    let mut out = String::new();
    push(character, &mut out).then_some(out)
}

fn push(character: char, out: &mut String) -> bool {
    if septets(character).is_some() {
        out.push(character);
        return true;
    }
    if let Some(spelled) = table(character) {
        out.push_str(spelled);
        return true;
    }
    let before = out.len();
    let mut made_of = DECOMPOSE.normalize_iter(std::iter::once(character)).filter(|one| !is_accent(*one));
    let known = made_of.all(|one| {
        let spelled = table(one);
        match (septets(one), spelled) {
            (Some(_), _) => out.push(one),
            (None, Some(spelled)) => out.push_str(spelled),
            (None, None) => return false,
        }
        true
    });
    if !known {
        out.truncate(before);
    }
    known
}

/// Combining diacritical marks.
fn is_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

/// What Unicode does not take apart, or not as people would.
fn table(character: char) -> Option<&'static str> {
    Some(match character {
        '‘' | '’' | '‚' | '‛' | '′' | '´' | '`' | 'ʹ' | 'ʻ' | 'ʼ' | 'ʽ' | 'ˈ' | '‹' | '›' | '＇' => {
            "'"
        }
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' | '＂' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '⁃' | '•' | '·' | '‧' | '▪' | '●' | '◦' => {
            "-"
        }
        '…' => "...",
        '⁄' | '∕' => "/",
        '×' => "x",
        '÷' => ":",
        '\t' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => " ",
        '\u{85}' | '\u{2028}' | '\u{2029}' => "\n",
        // They are not seen; GSM-7 has no way to say them, and needs none.
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe0e}' | '\u{fe0f}' | '\u{feff}' => "",
        '©' => "(C)",
        '®' => "(R)",
        '₹' => "Rs",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'ħ' => "h",
        'Ħ' => "H",
        'ı' => "i",
        'ł' => "l",
        'Ł' => "L",
        'œ' => "oe",
        'Œ' => "OE",
        'þ' => "th",
        'Þ' => "Th",
        'ŧ' => "t",
        'Ŧ' => "T",
        'ɓ' => "b",
        'Ɓ' => "B",
        'ɗ' => "d",
        'Ɗ' => "D",
        'ƙ' => "k",
        'Ƙ' => "K",
        'ƴ' => "y",
        'Ƴ' => "Y",
        'ŋ' => "ng",
        'Ŋ' => "Ng",
        'ǝ' | 'ə' | 'ɛ' => "e",
        'Ǝ' | 'Ə' | 'Ɛ' => "E",
        'ɔ' => "o",
        'Ɔ' => "O",
        'ẞ' => "SS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::segments::{Encoding, measure};

    fn spelled(text: &str) -> Option<String> {
        let mut out = "old".to_owned();
        respell(text, &mut out).then_some(out)
    }

    #[test]
    fn what_editors_and_phones_put_in_is_taken_out() {
        let text = "“Don’t miss it” – today…\u{a0}only\u{200b} • 10× €";
        assert_eq!(spelled(text).unwrap(), "\"Don't miss it\" - today... only - 10x €");
    }

    #[test]
    fn letters_lose_only_the_accents_that_gsm7_lacks() {
        assert_eq!(spelled("Wanjirũ Çelik é ç ñ õ ş ł Ż œ ệ").unwrap(), "Wanjiru Çelik é c ñ o s l Z oe e");
        // A letter and its accent in two characters: é and ü are letters of the alphabet.
        assert_eq!(spelled("Jose\u{301} Mu\u{308}ller Zoe\u{30b}").unwrap(), "José Müller Zoe");
        assert_eq!(spelled("½ ™ ﬁ Ａ ② №").unwrap(), "1/2 TM fi A 2 No");
    }

    #[test]
    fn other_scripts_and_pictures_have_no_spelling() {
        for text in ["Привет", "α", "سلام", "नमस्ते", "😀", "👨‍👩‍👧", "你好", "₦", "\u{1}", "\u{202e}a"]
        {
            assert_eq!(spelled(text), None, "{text}");
        }
    }

    proptest! {
        /// Whatever is spelled is GSM-7, and what is GSM-7 already stays as it is, but for letters in two characters.
        #[test]
        fn a_spelling_is_gsm7(text in "\\PC{0,60}|[a-zé€{’“ũş]{0,40}") {
            if let Some(spelled) = spelled(&text) {
                prop_assert_eq!(measure(&spelled).encoding, Encoding::Gsm7);
            }
            if measure(&text).encoding == Encoding::Gsm7 {
                prop_assert_eq!(spelled(&text), Some(text));
            }
        }
    }

    #[test]
    fn every_single_character_is_spelled_as_in_a_text() {
        for character in '\0'..='\u{ffff}' {
            if septets(character).is_none() && spelling(character).is_some() {
                let text = spelled(&character.to_string()).unwrap();
                assert_eq!(measure(&text).encoding, Encoding::Gsm7, "{character:?}");
            }
        }
    }
}
