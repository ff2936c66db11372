//! What of a workbook is held in memory while it is read, its texts and formats, is counted before that: a file of a few
//! megabytes can unpack to any length. Its sheets are read to their ends meanwhile, because only there is it known whether
//! they are what was packed; whoever reads their cells stops before.

use std::io::{BufReader, Read, Seek};

use memchr::memmem;
use zip::ZipArchive;

use super::tags::{Tags, part_of};
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
/// How a text begins, and what it takes in memory beside its bytes.
const TEXT: &[u8] = b"<si";
const TEXT_OVERHEAD: u64 = 32;
/// The longest stretch of a sheet without a tag, and the longest row, in bytes: a row of people's data has a megabyte at
/// most.
const MOST_BETWEEN_TAGS: u64 = 2 << 20;
const MOST_OF_A_ROW: u64 = 16 << 20;
/// How the rows of a sheet begin.
const ROWS: &[u8] = b"<sheetData";

/// What was seen of a workbook's sheets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// How many rows with something in them each part hides, by its name; only those that hide some.
    hidden: Vec<(String, u64)>,
}

impl Looked {
    /// How many rows of a sheet are hidden. Where it cannot be found, all that the workbook hides.
    pub fn hidden_in(&self, input: impl Read + Seek, sheet: &str) -> u64 {
        if self.hidden.is_empty() {
            return 0;
        }
        let part = find(input, sheet).map(|part| part.trim_start_matches('/').to_ascii_lowercase());
        let is_meant = |name: &str| part.as_ref().is_none_or(|part| name.ends_with(part));
        self.hidden.iter().filter(|(name, _)| is_meant(name)).map(|(_, rows)| rows).sum()
    }
}

/// The part in which a sheet lies, by the lists that were counted among what is held.
fn find(input: impl Read + Seek, sheet: &str) -> Option<String> {
    let mut archive = ZipArchive::new(BufReader::with_capacity(CHUNK_BYTES, input)).ok()?;
    let mut text = |ending: &str| {
        let names = archive.file_names().collect::<Result<Vec<_>, _>>().ok()?;
        let at = names.iter().position(|name| name.to_ascii_lowercase().ends_with(ending))?;
        let mut text = String::new();
        archive.by_index(at).ok()?.read_to_string(&mut text).ok()?;
        Some(text)
    };
    part_of(sheet, &text("workbook.xml")?, &text("workbook.xml.rels")?)
}

/// Unpacks what would be held, and keeps nothing of it.
///
/// # Errors
/// It is more than `most` bytes, or says to be; or it cannot be unpacked.
pub fn check(input: impl Read + Seek, most: u64) -> Result<Looked, SheetError> {
    let damaged = |error: &dyn std::fmt::Display| SheetError::Damaged(error.to_string());
    let mut archive =
        ZipArchive::new(BufReader::with_capacity(CHUNK_BYTES, input)).map_err(|error| damaged(&error))?;
    let mut looked = Looked::default();
    let mut bytes = 0_u64;
    let is_held = |name: &str| HELD.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    let names = archive.file_names().enumerate();
    let is_sheet = |name: &str| name.to_ascii_lowercase().contains("worksheets/") && name.ends_with(".xml");
    let parts: Vec<(usize, bool, bool)> = names
        .map(|(at, name)| name.map(|name| (at, is_held(&name), is_sheet(&name))))
        .collect::<Result<_, _>>()
        .map_err(|error| damaged(&error))?;
    for &(at, ..) in parts.iter().filter(|(_, is_held, is_sheet)| *is_sheet && !*is_held) {
        let part = archive.by_index(at).map_err(|error| damaged(&error))?;
        let name = part.name().map_err(|error| damaged(&error))?.to_ascii_lowercase();
        let hidden = sheet(part)?;
        looked.hidden.extend((hidden > 0).then_some((name, hidden)));
    }
    for &(at, ..) in parts.iter().filter(|(_, is_held, _)| *is_held) {
        let mut part = archive.by_index(at).map_err(|error| damaged(&error))?;
        let mut claims = Claims::default();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut unpacked = 0_u64;
        loop {
            let count = part.read(&mut chunk).map_err(|error| damaged(&error))?;
            bytes += count as u64;
            unpacked += count as u64;
            if bytes > most {
                return Err(SheetError::TooMuch { mb: most >> 20 });
            }
            let chunk = chunk.get(..count).unwrap_or_default();
            bytes += memmem::find_iter(chunk, TEXT).count() as u64 * TEXT_OVERHEAD;
            claims.look(chunk);
            if count == 0 {
                break;
            }
        }
        if claims.most > unpacked / TEXT_BYTES {
            return Err(SheetError::Damaged(format!("it has fewer texts than the {} it says", claims.most)));
        }
    }
    Ok(looked)
}

/// Reads a sheet to its end, and looks whether it is whole; answers how many rows it hides.
fn sheet(mut part: impl Read) -> Result<u64, SheetError> {
    let damaged = |words: &str| SheetError::Damaged(words.to_owned());
    let (mut seen, mut tags) = (Seen::default(), Tags::default());
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = part.read(&mut chunk).map_err(|error| SheetError::Damaged(error.to_string()))?;
        if count == 0 {
            break;
        }
        seen.look(chunk.get(..count).unwrap_or_default());
        tags.look(chunk.get(..count).unwrap_or_default())?;
        if seen.between_tags > MOST_BETWEEN_TAGS || seen.row > MOST_OF_A_ROW {
            return Err(damaged("a cell or a row of a sheet is longer than a list of people has"));
        }
    }
    match (seen.tail.trim_ascii_end().ends_with(b"worksheet>"), seen.rows) {
        (false, _) => Err(damaged("a sheet breaks off")),
        (true, 2..) => Err(damaged("a sheet has its rows in several pieces")),
        _ => Ok(tags.hidden),
    }
}

/// What was seen of a sheet so far.
#[derive(Default)]
struct Seen {
    /// Bytes since the last tag began, and the most there were.
    since_tag: u64,
    between_tags: u64,
    /// Bytes since the last row began or ended, and the most there were.
    since_row: u64,
    row: u64,
    /// How often its rows begin.
    rows: u32,
    /// The last bytes, in which something may have begun.
    tail: Vec<u8>,
}

impl Seen {
    const TAIL_BYTES: usize = 64;

    fn look(&mut self, chunk: &[u8]) {
        let old = self.tail.len();
        self.tail.extend_from_slice(chunk);
        let mut last = 0;
        for at in memchr::memchr_iter(b'<', chunk) {
            self.between_tags = self.between_tags.max(self.since_tag + (at - last) as u64);
            (self.since_tag, last) = (0, at);
        }
        self.since_tag += (chunk.len() - last) as u64;
        self.between_tags = self.between_tags.max(self.since_tag);
        let mut last = old;
        for at in memmem::find_iter(&self.tail, b"row").filter(|at| at + 3 > old) {
            let begins_a_name = at.checked_sub(1).and_then(|before| self.tail.get(before));
            if begins_a_name.is_some_and(|byte| matches!(byte, b'<' | b'/' | b':')) {
                self.row = self.row.max(self.since_row + at.saturating_sub(last) as u64);
                (self.since_row, last) = (0, at.max(old));
            }
        }
        self.since_row += (self.tail.len() - last) as u64;
        self.row = self.row.max(self.since_row);
        let begun = memmem::find_iter(&self.tail, ROWS).filter(|at| at + ROWS.len() > old).count();
        self.rows = self.rows.saturating_add(u32::try_from(begun).unwrap_or(u32::MAX));
        self.tail.drain(..self.tail.len().saturating_sub(Self::TAIL_BYTES));
    }
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

    fn check(input: impl Read + Seek, most: u64) -> Result<(), SheetError> {
        super::check(input, most).map(|_| ())
    }

    fn book(name: &str, text: &str) -> Cursor<Vec<u8>> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
        archive.finish().unwrap()
    }

    #[test]
    fn texts_and_formats_are_bounded() {
        let text = "x".repeat(2 << 20);
        for name in ["xl/sharedStrings.xml", "XL/Styles.xml", "odd/_rels/workbook.xml.rels"] {
            let packed = book(name, &text);
            assert!(packed.get_ref().len() < 100_000, "it is packed");
            assert_eq!(check(packed.clone(), 2 << 20), Ok(()), "{name}");
            assert_eq!(check(packed, (2 << 20) - 1), Err(SheetError::TooMuch { mb: 1 }), "{name}");
        }
    }

    #[test]
    fn a_sheet_is_whole_and_has_no_cell_or_row_without_end() {
        let sheet = |rows: &str| format!("<worksheet><sheetData>{rows}</sheetData></worksheet>\n");
        let looked = |text: &str| check(book("xl/worksheets/sheet1.xml", text), 1 << 20);
        let row = "<row><c><v>1</v></c></row>";
        assert_eq!(looked(&sheet(&row.repeat(400_000))), Ok(()));
        let refused = |text: &str| looked(text).unwrap_err().to_string();
        assert!(refused(sheet(row).trim_end_matches("</worksheet>\n")).contains("breaks off"));
        let twice = format!("<worksheet><sheetData>{row}</sheetData>{}", &sheet(row)[11..]);
        assert!(refused(&twice).contains("several pieces"));
        let long = "x".repeat(3 << 20);
        assert!(refused(&sheet(&format!("<row><c><t>{long}</t></c></row>"))).contains("longer than"));
        assert!(refused(&sheet(&format!("<row><c r=\"{long}\"/></row>"))).contains("longer than"));
        assert!(refused(&sheet(&format!("<row>{}</row>", "<c/>".repeat(5 << 20)))).contains("longer than"));
        let texts = "<si/>".repeat(1 << 20);
        assert_eq!(
            check(book("xl/sharedStrings.xml", &texts), 16 << 20),
            Err(SheetError::TooMuch { mb: 16 })
        );
    }

    #[test]
    fn a_sheet_that_is_not_what_was_packed_is_refused() {
        let text = format!("<worksheet><sheetData>{}</sheetData></worksheet>", "<row/>".repeat(90));
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file("xl/worksheets/sheet1.xml", stored).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
        let mut packed = archive.finish().unwrap().into_inner();
        assert_eq!(check(Cursor::new(packed.clone()), 1), Ok(()));
        let at = memmem::find(&packed, b"<row/>").unwrap();
        packed[at + 1] = b'n';
        assert!(matches!(check(Cursor::new(packed), 1), Err(SheetError::Damaged(_))));
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
