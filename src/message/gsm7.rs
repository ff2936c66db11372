//! The GSM 7 bit default alphabet and its extension table (3GPP TS 23.038, sections 6.2.1 and 6.2.1.1):
//! what a character costs in septets. National language tables are not used.

/// Septets of a character: 1 in the basic table, 2 in the extension table (an escape goes first),
/// nothing when the alphabet does not have it.
pub fn septets(c: char) -> Option<u8> {
    match u8::try_from(c) {
        Ok(byte) if byte < 128 => match ASCII[usize::from(byte)] {
            0 => None,
            cost => Some(cost),
        },
        _ => beyond_ascii(c),
    }
}

fn beyond_ascii(c: char) -> Option<u8> {
    match c {
        '£' | '¥' | 'è' | 'é' | 'ù' | 'ì' | 'ò' | 'Ç' | 'Ø' | 'ø' | 'Å' | 'å' | 'Δ' | 'Φ' | 'Γ' | 'Λ'
        | 'Ω' | 'Π' | 'Ψ' | 'Σ' | 'Θ' | 'Ξ' | 'Æ' | 'æ' | 'ß' | 'É' | '¤' | '¡' | 'Ä' | 'Ö' | 'Ñ' | 'Ü'
        | '§' | '¿' | 'ä' | 'ö' | 'ñ' | 'ü' | 'à' => Some(1),
        '€' => Some(2),
        _ => None,
    }
}

/// Septets of the ASCII characters; 0 for what the alphabet lacks (the grave accent, the tab, most
/// control characters, and the escape itself, which is no character).
pub(super) const ASCII: [u8; 128] = ascii();

const fn ascii() -> [u8; 128] {
    let mut table = [0; 128];
    let mut at = b' ';
    while at < 127 {
        table[at as usize] = 1;
        at += 1;
    }
    table[b'`' as usize] = 0;
    table[b'\n' as usize] = 1;
    table[b'\r' as usize] = 1;
    let extension = b"\x0C^{}\\[~]|";
    let mut at = 0;
    while at < extension.len() {
        table[extension[at] as usize] = 2;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_have_as_many_characters_as_the_standard() {
        let count = |cost| ('\0'..='\u{FFFF}').filter(|c| septets(*c) == Some(cost)).count();
        // 128 places but for the escape; ten characters in the extension table.
        assert_eq!(count(1), 127);
        assert_eq!(count(2), 10);
    }

    #[test]
    fn what_looks_like_it_is_not_in_it() {
        for c in ['`', '\t', 'ç', '’', '“', '–', '…', 'ê', 'á', '\u{1b}', '\u{7f}', 'º', '😀'] {
            assert_eq!(septets(c), None, "{c:?}");
        }
    }
}
