//! What of a workbook is held in memory while it is read, its texts and formats, is counted before that: a file of a few
//! megabytes can unpack to any length.

use std::io::{BufReader, Read, Seek};

use memchr::memmem;
use zip::ZipArchive;

use super::{CHUNK_BYTES, SheetError};

/// The most bytes that texts and formats may unpack to.
pub const MOST_BYTES: u64 = 256 << 20;

/// How the names of parts end that are held, in small letters.
const HELD: [&str; 5] = ["sharedstrings.xml", "styles.xml", "theme1.xml", "workbook.xml", ".rels"];

/// The attribute by which a workbook says how many texts it has: room is made for so many.
const CLAIM: &[u8] = b"uniqueCount";
/// The attribute with its value is shorter than that.
const CLAIM_BYTES: usize = 64;
/// A text takes that many bytes at least.
const TEXT_BYTES: u64 = 4;

/// Unpacks what would be held, and keeps nothing of it.
///
/// # Errors
/// It is more than `most` bytes, or says to be; or it cannot be unpacked.
pub fn check(input: impl Read + Seek, most: u64) -> Result<(), SheetError> {
    let damaged = |error: &dyn std::fmt::Display| SheetError::Damaged(error.to_string());
    let mut archive =
        ZipArchive::new(BufReader::with_capacity(CHUNK_BYTES, input)).map_err(|error| damaged(&error))?;
    let mut bytes = 0_u64;
    let is_held = |name: &str| HELD.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    let names = archive.file_names().enumerate();
    let held: Vec<usize> = names
        .filter_map(|(at, name)| name.map(|name| is_held(&name).then_some(at)).transpose())
        .collect::<Result<_, _>>()
        .map_err(|error| damaged(&error))?;
    for at in held {
        let mut part = archive.by_index(at).map_err(|error| damaged(&error))?;
        let mut claims = Claims::default();
        let mut chunk = vec![0; CHUNK_BYTES];
        let before = bytes;
        loop {
            let count = part.read(&mut chunk).map_err(|error| damaged(&error))?;
            bytes += count as u64;
            if bytes > most {
                return Err(SheetError::TooMuch { mb: most >> 20 });
            }
            claims.look(chunk.get(..count).unwrap_or_default());
            if count == 0 {
                break;
            }
        }
        if claims.most > (bytes - before) / TEXT_BYTES {
            return Err(SheetError::Damaged(format!("it has fewer texts than the {} it says", claims.most)));
        }
    }
    Ok(())
}

/// How many texts a part says that it has.
#[derive(Default)]
struct Claims {
    most: u64,
    /// The last bytes, in which an attribute may have begun.
    tail: Vec<u8>,
}

impl Claims {
    fn look(&mut self, chunk: &[u8]) {
        self.tail.extend_from_slice(chunk);
        for at in memmem::find_iter(&self.tail, CLAIM) {
            let value = self.tail.get(at + CLAIM.len()..).unwrap_or_default();
            let digits: Vec<u8> = value
                .iter()
                .copied()
                .skip_while(|byte| matches!(byte, b'=' | b'"' | b'\'') || byte.is_ascii_whitespace())
                .take_while(u8::is_ascii_digit)
                .take(CLAIM_BYTES)
                .collect();
            let claim = std::str::from_utf8(&digits).ok().filter(|digits| !digits.is_empty());
            // What does not fit is more than can be.
            self.most = self.most.max(claim.map_or(0, |digits| digits.parse().unwrap_or(u64::MAX)));
        }
        self.tail.drain(..self.tail.len().saturating_sub(CLAIM_BYTES));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn book(name: &str, text: &str) -> Cursor<Vec<u8>> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
        archive.finish().unwrap()
    }

    #[test]
    fn texts_and_formats_are_bounded_and_cells_are_not() {
        let text = "x".repeat(2 << 20);
        for name in ["xl/sharedStrings.xml", "XL/Styles.xml", "odd/_rels/workbook.xml.rels"] {
            let packed = book(name, &text);
            assert!(packed.get_ref().len() < 100_000, "it is packed");
            assert_eq!(check(packed.clone(), 2 << 20), Ok(()), "{name}");
            assert_eq!(check(packed, (2 << 20) - 1), Err(SheetError::TooMuch { mb: 1 }), "{name}");
        }
        assert_eq!(check(book("xl/worksheets/sheet1.xml", &text), 1), Ok(()));
    }

    #[test]
    fn a_workbook_that_says_to_have_more_texts_than_it_has_room_for_is_damaged() {
        let texts = |claim: &str, before: usize| {
            format!("<!--{}--><sst uniqueCount{claim}><si><t>a</t></si></sst>", " ".repeat(before))
        };
        for before in (CHUNK_BYTES - 60..CHUNK_BYTES + 4).chain([0]) {
            let refused = check(book("xl/sharedStrings.xml", &texts("=\"99999999999\"", before)), MOST_BYTES);
            assert!(matches!(refused, Err(SheetError::Damaged(_))), "{before}: {refused:?}");
        }
        let beyond =
            check(book("xl/sharedStrings.xml", &texts(" = '99999999999999999999999'", 0)), MOST_BYTES);
        assert!(beyond.unwrap_err().to_string().contains("fewer texts than"));
        assert_eq!(check(book("xl/sharedStrings.xml", &texts("=\"1\"", 0)), MOST_BYTES), Ok(()));
    }
}
