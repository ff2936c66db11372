//! One SMS of a text that takes several: which of them it is, and how phones know that they belong together.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::message::segments::{Encoding, Measure, split};

/// One part of a concatenated SMS. Its number is 1 to its count, and its count is 2 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    number: u8,
    count: u8,
    reference: u8,
    encoding: Encoding,
}

/// The bit of a code that stands for UCS-2.
const UCS2: u32 = 1 << 24;

impl Part {
    /// The most parts of one text: what a byte can count.
    pub const MOST: u16 = 255;

    /// A part; `None` where the numbers cannot be those of one.
    pub fn new(number: u16, count: u16, reference: u8, encoding: Encoding) -> Option<Self> {
        let fits = (2..=Self::MOST).contains(&count) && (1..=count).contains(&number);
        let (number, count) = (u8::try_from(number).ok()?, u8::try_from(count).ok()?);
        fits.then_some(Self { number, count, reference, encoding })
    }

    /// Which of them it is, from 1.
    pub fn number(self) -> u8 {
        self.number
    }

    /// How many there are, 2 to 255.
    pub fn count(self) -> u8 {
        self.count
    }

    /// What all parts of one text share.
    pub fn reference(self) -> u8 {
        self.reference
    }

    /// How the whole text is written on the air: a part that would fit into GSM-7 by itself is sent as the others.
    pub fn encoding(self) -> Encoding {
        self.encoding
    }

    /// The number that stands for it in the state, frozen: the part's number in the lowest byte, then count and
    /// reference, then 1 for UCS-2.
    pub fn code(self) -> u32 {
        let ucs2 = if self.encoding == Encoding::Ucs2 { UCS2 } else { 0 };
        ucs2 | u32::from(self.reference) << 16 | u32::from(self.count) << 8 | u32::from(self.number)
    }

    /// The part of a code; `None` for a code that no version of ours wrote.
    pub fn from_code(code: u32) -> Option<Self> {
        let [encoding, reference, count, number] = code.to_be_bytes();
        let encoding = match encoding {
            0 => Encoding::Gsm7,
            1 => Encoding::Ucs2,
            _ => return None,
        };
        Self::new(u16::from(number), u16::from(count), reference, encoding)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "part {} of {}", self.number, self.count)
    }
}

/// The reference that the parts of a recipient's text share: the same on every machine, and as a rule another one
/// for each text that a person gets, so that a phone does not mix up two of them.
pub fn reference(campaign: &str, occurrence: &str, recipient: &str) -> u8 {
    let mut hash = Sha256::new();
    for word in [campaign, occurrence, recipient] {
        // With its length, so that no two triples are one text.
        hash.update((word.len() as u64).to_be_bytes());
        hash.update(word);
    }
    hash.finalize().first().copied().unwrap_or_default()
}

/// Cuts a text into its parts; `None` where it has not 2 to 255 of them.
pub fn cut<'t>(text: &'t str, measure: &Measure, reference: u8) -> Option<Vec<(Part, &'t str)>> {
    let part = |number| Part::new(number, measure.parts, reference, measure.encoding);
    part(1)?;
    (1..).zip(split(text, measure)).map(|(number, bytes)| part(number).zip(text.get(bytes))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::segments::measure;

    fn cut(text: &str) -> Option<Vec<(Part, &str)>> {
        super::cut(text, &measure(text), 7)
    }

    #[test]
    fn a_text_is_cut_where_it_takes_several_parts() {
        assert_eq!(cut(""), None);
        assert_eq!(cut(&"a".repeat(160)), None);
        let text = format!("{}€{}", "a".repeat(152), "b".repeat(153));
        let parts = cut(&text).unwrap();
        let part = |number| Part::new(number, 3, 7, Encoding::Gsm7).unwrap();
        // The pair does not fit into the first part, so the last letter does not fit into the second one.
        let second = format!("€{}", "b".repeat(151));
        assert_eq!(parts, [(part(1), &text[..152]), (part(2), &*second), (part(3), "bb")]);
        assert_eq!(cut(&"ж".repeat(67 * 255)).unwrap().len(), 255);
        assert_eq!(cut(&"ж".repeat(67 * 255 + 1)), None);
    }

    #[test]
    fn a_part_says_which_it_is() {
        let part = Part::new(2, 3, 0xcc, Encoding::Gsm7).unwrap();
        assert_eq!(part.to_string(), "part 2 of 3");
    }

    #[test]
    fn codes_are_frozen() {
        let code = |number, count, reference, encoding| {
            Part::new(number, count, reference, encoding).unwrap().code()
        };
        assert_eq!(code(1, 2, 0, Encoding::Gsm7), 0x0000_0201);
        assert_eq!(code(2, 3, 0xcc, Encoding::Ucs2), 0x01cc_0302);
        assert_eq!(code(255, 255, 255, Encoding::Ucs2), 0x01ff_ffff);
    }

    #[test]
    fn what_is_no_part_cannot_be_made() {
        for (number, count) in [(0, 2), (1, 0), (1, 1), (3, 2), (1, 256), (256, 256), (0, 0)] {
            assert_eq!(Part::new(number, count, 0, Encoding::Gsm7), None, "{number} of {count}");
        }
        for code in [0, 1, 0x0101, 0x0203, 0x0200_0201, u32::MAX] {
            assert_eq!(Part::from_code(code), None, "{code:x}");
        }
    }

    #[test]
    fn a_reference_is_the_same_everywhere_and_not_for_everybody() {
        assert_eq!(reference("spring", "once", "+254700000001"), 127);
        let all: std::collections::BTreeSet<u8> =
            (0..2000).map(|n| reference("spring", "once", &n.to_string())).collect();
        assert_eq!(all.len(), 256);
        assert_ne!(reference("ab", "c", "1"), reference("a", "bc", "1"));
    }

    proptest! {
        #[test]
        fn a_code_is_its_part_again(number in 0..300_u16, count in 0..300_u16, reference: u8, ucs2: bool) {
            let encoding = if ucs2 { Encoding::Ucs2 } else { Encoding::Gsm7 };
            if let Some(part) = Part::new(number, count, reference, encoding) {
                prop_assert_eq!(Part::from_code(part.code()), Some(part));
            }
        }
    }
}
