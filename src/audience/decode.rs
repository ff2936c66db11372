//! Bytes of any encoding → UTF-8. UTF-8 itself passes through untouched and unproven: whoever cuts rows looks at it
//! then, on all cores. Nothing is replaced and nothing skipped: what cannot be decoded is an error with its place.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult};

use crate::audience::dialect::Encoding;

/// How many bytes are read at once.
const RAW_BYTES: usize = 64 * 1024;

/// Why nothing more can be read.
#[derive(Debug)]
pub(super) enum Fault {
    /// Reading failed.
    Io(io::Error),
    /// Bytes that stand for nothing; everything before them was given.
    Undecodable {
        /// Where they begin, from 0, in the file.
        offset: u64,
    },
}

/// A file, decoded.
pub(super) struct Decoded<R> {
    input: R,
    coder: Coder,
    raw: Vec<u8>,
    /// Bytes of the file before those in `raw`.
    offset: u64,
}

enum Coder {
    /// Nothing to do.
    Utf8,
    /// One byte a character: the UTF-8 of each, and how long it is; 0 for none.
    Table(Box<[([u8; 4], u8); 256]>),
    /// Anything else.
    Stream(Box<Decoder>),
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(input: R, encoding: Encoding) -> Self {
        let codec = encoding.codec();
        let coder = if encoding == Encoding::UTF_8 {
            Coder::Utf8
        } else if codec.is_single_byte() {
            Coder::Table(table(encoding))
        } else {
            Coder::Stream(Box::new(codec.new_decoder_without_bom_handling()))
        };
        Self { input, coder, raw: Vec::new(), offset: 0 }
    }

    /// Reads on until `out` holds `wanted` bytes or a few more; true at the end of the file.
    pub(super) fn fill(&mut self, out: &mut Vec<u8>, wanted: usize) -> Result<bool, Fault> {
        if matches!(self.coder, Coder::Utf8) {
            return read_up_to(&mut self.input, out, wanted).map_err(Fault::Io);
        }
        while out.len() < wanted {
            self.raw.clear();
            let at_end = read_up_to(&mut self.input, &mut self.raw, RAW_BYTES).map_err(Fault::Io)?;
            self.decode(out, at_end)?;
            self.offset += self.raw.len() as u64;
            if at_end {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn decode(&mut self, out: &mut Vec<u8>, last: bool) -> Result<(), Fault> {
        match &mut self.coder {
            Coder::Utf8 => {
                out.extend_from_slice(&self.raw);
                Ok(())
            }
            Coder::Table(table) => by_table(table, &self.raw, out)
                .map_err(|at| Fault::Undecodable { offset: self.offset + at as u64 }),
            Coder::Stream(decoder) => {
                let start = out.len();
                let most = decoder.max_utf8_buffer_length_without_replacement(self.raw.len());
                out.resize(start + most.unwrap_or(self.raw.len().saturating_mul(4)), 0);
                let (result, read, written) =
                    decoder.decode_to_utf8_without_replacement(&self.raw, &mut out[start..], last);
                out.truncate(start + written);
                match result {
                    DecoderResult::InputEmpty => Ok(()),
                    // The sequence may have begun among the bytes of an earlier turn.
                    DecoderResult::Malformed(length, after) => Err(Fault::Undecodable {
                        offset: (self.offset + read as u64)
                            .saturating_sub(u64::from(length) + u64::from(after)),
                    }),
                    DecoderResult::OutputFull => Err(Fault::Io(io::Error::other("no room to decode into"))),
                }
            }
        }
    }
}

/// What each byte of an encoding stands for. The standard maps bytes that nobody has defined to control characters
/// (0x81 of Windows-1252 to U+0081), so that nothing on the web is an error; here they are.
fn table(encoding: Encoding) -> Box<[([u8; 4], u8); 256]> {
    let mut table = Box::new([([0; 4], 0); 256]);
    for (byte, entry) in (0..=u8::MAX).zip(table.iter_mut()) {
        let bytes = [byte];
        let decoded = encoding.codec().decode_without_bom_handling_and_without_replacement(&bytes);
        let character = decoded.and_then(|text| text.chars().next());
        if let Some(character) = character.filter(|c| !matches!(c, '\u{80}'..='\u{9f}')) {
            let length = character.encode_utf8(&mut entry.0).len();
            entry.1 = u8::try_from(length).unwrap_or_default();
        }
    }
    table
}

/// Appends the text of `raw`; the place of the first byte that stands for nothing is an error.
fn by_table(table: &[([u8; 4], u8); 256], raw: &[u8], out: &mut Vec<u8>) -> Result<(), usize> {
    let mut at = 0;
    while at < raw.len() {
        let ascii = raw[at..].iter().position(|byte| *byte >= 0x80).unwrap_or(raw.len() - at);
        out.extend_from_slice(&raw[at..at + ascii]);
        at += ascii;
        while let Some(&byte) = raw.get(at).filter(|byte| **byte >= 0x80) {
            let (text, length) = &table[usize::from(byte)];
            if *length == 0 {
                return Err(at);
            }
            out.extend_from_slice(&text[..usize::from(*length)]);
            at += 1;
        }
    }
    Ok(())
}

/// Reads until `out` holds `wanted` bytes; true where the file ends before.
pub(super) fn read_up_to(input: &mut impl Read, out: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
    let mut filled = out.len();
    if filled >= wanted {
        return Ok(false);
    }
    out.resize(wanted, 0);
    let result = loop {
        match input.read(&mut out[filled..]) {
            Ok(0) => break Ok(true),
            Ok(count) => {
                filled += count;
                if filled >= wanted {
                    break Ok(false);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    out.truncate(filled.min(wanted));
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], encoding: Encoding) -> Result<String, (String, u64)> {
        let mut out = Vec::new();
        match Decoded::new(bytes, encoding).fill(&mut out, usize::MAX >> 8) {
            Ok(_) => Ok(String::from_utf8(out).unwrap()),
            Err(Fault::Undecodable { offset }) => Err((String::from_utf8(out).unwrap(), offset)),
            Err(Fault::Io(error)) => panic!("{error}"),
        }
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn each_encoding_gives_its_text() {
        let text = "phone,name\n07,José €5 – “Łucja”\n";
        assert_eq!(decoded(&utf16(text, false), Encoding::UTF_16LE).unwrap(), text);
        assert_eq!(decoded(&utf16(text, true), Encoding::UTF_16BE).unwrap(), text);
        assert_eq!(decoded(&utf16("😀a", true), Encoding::UTF_16BE).unwrap(), "😀a");
        assert_eq!(decoded(b"Jos\xe9 \x80 \x93x\x94", Encoding::WINDOWS_1252).unwrap(), "José € “x”");
    }

    #[test]
    fn what_stands_for_nothing_is_an_error_with_its_place() {
        for byte in [0x81, 0x8d, 0x8f, 0x90, 0x9d] {
            let bytes = [b'a', 0xe9, byte, b'b'];
            assert_eq!(decoded(&bytes, Encoding::WINDOWS_1252), Err(("aé".to_owned(), 2)), "{byte:x}");
        }
        // A byte too many, a surrogate of its own at the end, before a letter, and the second without the first.
        let mut odd = utf16("ab", false);
        odd.push(b'c');
        assert_eq!(decoded(&odd, Encoding::UTF_16LE), Err(("ab".to_owned(), 4)));
        for (units, before, offset) in
            [(&[0x61, 0xD83D][..], "a", 2), (&[0x61, 0xD83D, 0x62], "a", 2), (&[0x61, 0xDE00, 0x62], "a", 2)]
        {
            let bytes: Vec<u8> = units.iter().flat_map(|unit: &u16| unit.to_le_bytes()).collect();
            assert_eq!(decoded(&bytes, Encoding::UTF_16LE), Err((before.to_owned(), offset)), "{units:x?}");
        }
    }

    #[test]
    fn places_are_right_behind_the_first_block_too() {
        let mut bytes = vec![b'x'; RAW_BYTES + 5];
        bytes.push(0x81);
        assert_eq!(decoded(&bytes, Encoding::WINDOWS_1252).unwrap_err().1, RAW_BYTES as u64 + 5);
        let mut bytes = utf16(&"x".repeat(RAW_BYTES / 2 - 1), false);
        bytes.extend([0x3D, 0xD8, 0x61, 0]);
        assert_eq!(decoded(&bytes, Encoding::UTF_16LE).unwrap_err().1, RAW_BYTES as u64 - 2);
    }
}
