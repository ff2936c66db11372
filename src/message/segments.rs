//! How many parts a text takes on the air (3GPP TS 23.040, section 9.2.3.24.1). Parts are packed one
//! after the other, never divided out: neither an escape pair nor a surrogate pair may be split, so a
//! part may stay one unit short. Packing goes by code point: a cluster of several code points
//! (a flag, a family) may be spread over two parts, as gateways and phones do.

use std::ops::Range;

use crate::message::gsm7::{self, ASCII};

/// How a text is written on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// The GSM 7 bit default alphabet with its extension table; units are septets.
    Gsm7,
    /// UCS-2, in practice UTF-16; units are 16-bit code units.
    Ucs2,
}

impl Encoding {
    /// Units of a text in one part.
    pub fn single(self) -> u32 {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Units of each part of several: the user data header takes six octets, or seven.
    pub fn several(self, reference: Reference) -> u32 {
        match (self, reference) {
            (Self::Gsm7, Reference::Eight) => 153,
            (Self::Gsm7, Reference::Sixteen) => 152,
            (Self::Ucs2, Reference::Eight) => 67,
            (Self::Ucs2, Reference::Sixteen) => 66,
        }
    }

    fn units(self, c: char) -> u32 {
        match self {
            Self::Gsm7 => gsm7::septets(c).map_or(1, u32::from),
            Self::Ucs2 if c.len_utf16() == 2 => 2,
            Self::Ucs2 => 1,
        }
    }
}

/// How many bits the reference has that the parts of one text share (3GPP TS 23.040, sections 9.2.3.24.1 and
/// 9.2.3.24.8).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reference {
    /// The usual one.
    #[default]
    Eight,
    /// Some gateways take this one; an octet less of each part is left for the text.
    Sixteen,
}

/// What a text takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// How it is written.
    pub encoding: Encoding,
    /// Its units: septets, or 16-bit code units.
    pub units: u32,
    /// The parts it is sent in; an empty text has none. At 65,535 counting stops.
    pub parts: u16,
    /// What several parts share.
    pub reference: Reference,
}

/// Measures a text whose parts share a reference of eight bits.
pub fn measure(text: &str) -> Measure {
    measure_by(text, Reference::Eight)
}

/// Measures a text.
pub fn measure_by(text: &str, reference: Reference) -> Measure {
    let measured = |encoding, units, uniform| measured(encoding, reference, units, text, uniform);
    if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        return measured(Encoding::Gsm7, count(text.len()), true);
    }
    if let Some(units) = ascii_septets(text.as_bytes()) {
        let exact = units == count(text.len());
        return measured(Encoding::Gsm7, units, exact);
    }
    let (mut septets, mut utf16, mut gsm) = (0, 0, true);
    for c in text.chars() {
        utf16 += Encoding::Ucs2.units(c);
        match gsm7::septets(c) {
            Some(cost) => septets += u32::from(cost),
            None => gsm = false,
        }
    }
    let chars = || count(text.chars().count());
    if gsm {
        measured(Encoding::Gsm7, septets, septets == chars())
    } else {
        measured(Encoding::Ucs2, utf16, utf16 == chars())
    }
}

/// Whether a byte is an ASCII character of one septet, in comparisons only, so that the compiler can look
/// at many bytes at once; it may be wrong by saying no.
fn is_plain(byte: u8) -> bool {
    byte.wrapping_sub(b' ') <= b'Z' - b' ' || byte.wrapping_sub(b'a') <= b'z' - b'a' || byte == b'\n'
}

/// The septets of a text that is all ASCII and all in the alphabet.
fn ascii_septets(bytes: &[u8]) -> Option<u32> {
    let mut septets = 0;
    for &byte in bytes {
        match ASCII.get(usize::from(byte)) {
            None | Some(0) => return None,
            Some(&cost) => septets += u32::from(cost),
        }
    }
    Some(septets)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// `uniform` says that every character takes one unit, so that no pair can move to the next part.
fn measured(encoding: Encoding, reference: Reference, units: u32, text: &str, uniform: bool) -> Measure {
    let limit = encoding.several(reference);
    let parts = match units {
        0 => 0,
        _ if units <= encoding.single() => 1,
        _ if uniform => units.div_ceil(limit),
        _ => count(Parts { encoding, limit, text, at: 0 }.count()),
    };
    Measure { encoding, units, parts: u16::try_from(parts).unwrap_or(u16::MAX), reference }
}

/// The bytes of the parts of a text, in order, as `measure` has counted them.
pub fn split(text: &str, measure: &Measure) -> impl Iterator<Item = Range<usize>> {
    let encoding = measure.encoding;
    let limit = if measure.parts > 1 { encoding.several(measure.reference) } else { encoding.single() };
    Parts { encoding, limit, text, at: 0 }
}

struct Parts<'t> {
    encoding: Encoding,
    limit: u32,
    text: &'t str,
    at: usize,
}

impl Iterator for Parts<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let mut units = 0;
        for c in self.text.get(start..).unwrap_or_default().chars() {
            units += self.encoding.units(c);
            if units > self.limit {
                break;
            }
            self.at += c.len_utf8();
        }
        (self.at > start).then_some(start..self.at)
    }
}

/// Whether GSM-7 has every character of a text.
pub fn is_gsm7(text: &str) -> bool {
    text.bytes().fold(true, |all, byte| all & is_plain(byte))
        || text.chars().all(|c| gsm7::septets(c).is_some())
}

/// The characters that force a text into UCS-2, with the bytes they take.
pub fn culprits(text: &str) -> impl Iterator<Item = (Range<usize>, char)> {
    let foreign = |(_, c): &(usize, char)| gsm7::septets(*c).is_none();
    text.char_indices().filter(foreign).map(|(at, c)| (at..at + c.len_utf8(), c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gsm(text: &str) -> (u32, u16) {
        let measure = measure(text);
        assert_eq!(measure.encoding, Encoding::Gsm7);
        (measure.units, measure.parts)
    }

    fn ucs(text: &str) -> (u32, u16) {
        let measure = measure(text);
        assert_eq!(measure.encoding, Encoding::Ucs2);
        (measure.units, measure.parts)
    }

    #[test]
    fn septets_at_every_edge() {
        assert_eq!(gsm(""), (0, 0));
        for (length, parts) in
            [(1, 1), (159, 1), (160, 1), (161, 2), (305, 2), (306, 2), (307, 3), (459, 3), (460, 4)]
        {
            assert_eq!(gsm(&"a".repeat(length)), (u32::try_from(length).unwrap(), parts), "{length}");
            assert_eq!(gsm(&"é".repeat(length)), (u32::try_from(length).unwrap(), parts), "{length}");
        }
    }

    #[test]
    fn an_escape_pair_is_never_split() {
        let text = |before: usize, after: usize| "a".repeat(before) + "€" + &"a".repeat(after);
        assert_eq!(gsm(&text(158, 0)), (160, 1));
        assert_eq!(gsm(&text(159, 0)), (161, 2));
        // 151 + 2 fill the first part; at 152 the pair moves on.
        assert_eq!(gsm(&text(151, 153)), (306, 2));
        assert_eq!(gsm(&text(152, 151)), (305, 2));
        assert_eq!(gsm(&text(152, 152)), (306, 3));
        assert_eq!(gsm(&text(153, 151)), (306, 2));
        assert_eq!(gsm(&"{".repeat(80)), (160, 1));
        assert_eq!(gsm(&"{".repeat(152)), (304, 2));
        assert_eq!(gsm(&"{".repeat(153)), (306, 3));
    }

    #[test]
    fn code_units_at_every_edge() {
        for (length, parts) in
            [(1, 1), (69, 1), (70, 1), (71, 2), (133, 2), (134, 2), (135, 3), (201, 3), (202, 4)]
        {
            assert_eq!(ucs(&"ж".repeat(length)), (u32::try_from(length).unwrap(), parts), "{length}");
        }
    }

    #[test]
    fn a_surrogate_pair_is_never_split() {
        let text = |before: usize, after: usize| "ж".repeat(before) + "😀" + &"ж".repeat(after);
        assert_eq!(ucs(&text(68, 0)), (70, 1));
        assert_eq!(ucs(&text(69, 0)), (71, 2));
        assert_eq!(ucs(&text(65, 67)), (134, 2));
        assert_eq!(ucs(&text(66, 65)), (133, 2));
        assert_eq!(ucs(&text(66, 66)), (134, 3));
        assert_eq!(ucs(&text(67, 65)), (134, 2));
        assert_eq!(ucs(&"😀".repeat(35)), (70, 1));
        assert_eq!(ucs(&"😀".repeat(66)), (132, 2));
        assert_eq!(ucs(&"😀".repeat(67)), (134, 3));
    }

    #[test]
    fn plain_bytes_take_one_septet() {
        let plain: Vec<u8> = (0..=u8::MAX).filter(|byte| is_plain(*byte)).collect();
        assert!(plain.iter().all(|byte| gsm7::septets(char::from(*byte)) == Some(1) && byte.is_ascii()));
        assert_eq!(plain.len(), 59 + 26 + 1);
    }

    #[test]
    fn fault_56_one_odd_letter_forces_ucs2_and_is_named() {
        let text = "Don’t {pay} 5€ ç";
        assert_eq!(measure(text).encoding, Encoding::Ucs2);
        let found: Vec<_> = culprits(text).collect();
        assert_eq!(found, [(3..6, '’'), (text.len() - 2..text.len(), 'ç')]);
        assert_eq!(measure("\t").encoding, Encoding::Ucs2);
    }

    /// A packer written another way: a list of costs, filled greedily part by part.
    fn naive(text: &str, header: usize) -> (bool, usize, usize) {
        let basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ\
                     ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
        let extended = "\u{c}^{}\\[~]|€";
        let is_gsm = text.chars().all(|c| basic.contains(c) || extended.contains(c));
        let cost = |c: char| match is_gsm {
            true => 1 + usize::from(extended.contains(c)),
            false => c.encode_utf16(&mut [0; 2]).len(),
        };
        let costs: Vec<usize> = text.chars().map(cost).collect();
        let total: usize = costs.iter().sum();
        let (single, several) = if is_gsm { (160, (140 - header) * 8 / 7) } else { (70, (140 - header) / 2) };
        if total <= single {
            return (is_gsm, total, usize::from(total > 0));
        }
        let mut parts = vec![0];
        for cost in costs {
            match parts.last_mut() {
                Some(filled) if *filled + cost <= several => *filled += cost,
                _ => parts.push(cost),
            }
        }
        (is_gsm, total, parts.len())
    }

    proptest! {
        #[test]
        fn measured_as_a_naive_packer_does(
            text in prop_oneof![
                "[a-z€{}^é ]{0,400}",
                "[a-zжé😀👍\u{1F1F0} ]{0,250}",
                "[a-z0-9 ,.€]{150,165}",
                "(€|a){300,310}",
                "\\PC{0,200}",
            ]
        ) {
            for (reference, header) in [(Reference::Eight, 6), (Reference::Sixteen, 7)] {
                let measure = measure_by(&text, reference);
                let ours = (measure.encoding == Encoding::Gsm7, measure.units as usize, measure.parts as usize);
                prop_assert_eq!(ours, naive(&text, header));
            }
        }

        #[test]
        fn parts_are_the_text_again_and_fit(text in "[a-z€{é]{0,400}|[aж😀]{0,250}", wide: bool) {
            let measure = measure_by(&text, if wide { Reference::Sixteen } else { Reference::Eight });
            let parts: Vec<_> = split(&text, &measure).collect();
            prop_assert_eq!(parts.len(), measure.parts as usize);
            let joined: String = parts.iter().map(|part| &text[part.clone()]).collect();
            prop_assert_eq!(&joined, &text);
            for part in parts {
                let units: u32 = text[part].chars().map(|c| measure.encoding.units(c)).sum();
                prop_assert!(units <= measure.encoding.single());
            }
        }
    }
}
