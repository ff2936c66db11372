//! What a text takes on the air, beside a packer written another way.

use sendplan::message::{Encoding, culprits, measure, split};

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ\
                     ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// Units and parts of a text, filled greedily part by part.
fn counted(text: &str) -> (bool, usize, usize) {
    let gsm = text.chars().all(|c| BASIC.contains(c) || EXTENDED.contains(c));
    let cost = |c: char| if gsm { 1 + usize::from(EXTENDED.contains(c)) } else { c.len_utf16() };
    let (single, several) = if gsm { (160, 153) } else { (70, 67) };
    let total: usize = text.chars().map(cost).sum();
    if total <= single {
        return (gsm, total, usize::from(total > 0));
    }
    let (mut parts, mut filled) = (1, 0);
    for cost in text.chars().map(cost) {
        if filled + cost > several {
            (parts, filled) = (parts + 1, 0);
        }
        filled += cost;
    }
    (gsm, total, parts)
}

/// Measured, cut and named as the standard has it.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let found = measure(&text);
    let gsm = found.encoding == Encoding::Gsm7;
    assert_eq!((gsm, found.units as usize, usize::from(found.parts)), counted(&text));
    assert_eq!(gsm, culprits(&text).next().is_none());
    for (place, c) in culprits(&text) {
        assert_eq!(text[place].chars().collect::<Vec<_>>(), [c]);
    }
    let mut at = 0;
    let mut parts = 0;
    for part in split(&text, &found) {
        assert!(part.start == at && part.end > at, "{part:?} after {at}");
        let alone = measure(&text[part.clone()]);
        let units = if gsm { alone.units as usize } else { text[part.clone()].encode_utf16().count() };
        let room =
            if found.parts > 1 { found.encoding.several(found.reference) } else { found.encoding.single() };
        assert!(units <= room as usize, "{units} units in a part of {room}");
        (at, parts) = (part.end, parts + 1);
    }
    assert_eq!((at, parts), (text.len(), usize::from(found.parts)));
    // Who says less never pays more.
    if let Some((last, _)) = text.char_indices().next_back() {
        assert!(measure(&text[..last]).parts <= found.parts);
    }
}
