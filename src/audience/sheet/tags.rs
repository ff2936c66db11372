//! The tags of a sheet, piece by piece as they are unpacked: which rows are hidden, and whether rows and cells lie where a
//! sheet can have any. Who reads the cells takes numbers beyond that for smaller ones.

use memchr::memchr;

use super::{MOST_COLUMNS, MOST_ROWS, SheetError};

/// Characters of a place that are shown.
const SHOWN: usize = 40;

/// What was seen so far.
#[derive(Default)]
pub(super) struct Tags {
    /// Hidden rows with something in them.
    pub(super) hidden: u64,
    is_hidden: bool,
    /// The beginning of a tag whose end is still to come.
    begun: Vec<u8>,
}

impl Tags {
    /// Looks at the next piece.
    pub(super) fn look(&mut self, mut piece: &[u8]) -> Result<(), SheetError> {
        if !self.begun.is_empty() {
            let Some(end) = memchr(b'>', piece) else {
                self.begun.extend_from_slice(piece);
                return Ok(());
            };
            let mut tag = std::mem::take(&mut self.begun);
            tag.extend_from_slice(piece.get(..end).unwrap_or_default());
            self.tag(tag.get(1..).unwrap_or_default())?;
            tag.clear();
            self.begun = tag;
            piece = piece.get(end + 1..).unwrap_or_default();
        }
        while let Some(start) = memchr(b'<', piece) {
            piece = piece.get(start..).unwrap_or_default();
            let Some(end) = memchr(b'>', piece) else {
                self.begun.extend_from_slice(piece);
                return Ok(());
            };
            self.tag(piece.get(1..end).unwrap_or_default())?;
            piece = piece.get(end + 1..).unwrap_or_default();
        }
        Ok(())
    }

    fn tag(&mut self, tag: &[u8]) -> Result<(), SheetError> {
        let is_empty = tag.ends_with(b"/");
        match local_name(tag) {
            b"row" => {
                place(tag)?;
                self.is_hidden =
                    !is_empty && matches!(attribute(tag, |key| key == b"hidden"), Some(b"1" | b"true"));
            }
            b"c" => place(tag)?,
            b"v" | b"t" | b"f" if self.is_hidden && !is_empty => {
                self.hidden += 1;
                self.is_hidden = false;
            }
            _ => {}
        }
        Ok(())
    }
}

/// The name of a tag, without what stands before a colon; that of an end with its slash.
fn local_name(tag: &[u8]) -> &[u8] {
    let end = tag.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(tag.len());
    let name = tag.get(..end).unwrap_or_default();
    let name = if name.len() > 1 { name.strip_suffix(b"/").unwrap_or(name) } else { name };
    memchr(b':', name).and_then(|colon| name.get(colon + 1..)).unwrap_or(name)
}

/// The value of the first attribute whose name is meant.
fn attribute(tag: &[u8], is_meant: impl Fn(&[u8]) -> bool) -> Option<&[u8]> {
    let mut rest = tag.get(tag.iter().position(u8::is_ascii_whitespace)?..)?;
    loop {
        let equals = memchr(b'=', rest)?;
        let key = rest.get(..equals)?.trim_ascii();
        let quoted = rest.get(equals + 1..)?.trim_ascii_start();
        let (quote, inner) = quoted.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
        let end = memchr(*quote, inner)?;
        if is_meant(key) {
            return inner.get(..end);
        }
        rest = inner.get(end + 1..)?;
    }
}

/// Whether the place of a row (`17`) or a cell (`B17`) is one that a sheet can have.
fn place(tag: &[u8]) -> Result<(), SheetError> {
    let Some(place) = attribute(tag, |key| key == b"r") else { return Ok(()) };
    let digits = place.iter().position(u8::is_ascii_digit).unwrap_or(place.len());
    let (letters, digits) = place.split_at(digits);
    // Whatever is no letter or digit is an error to whoever reads the cells.
    let column = letters.iter().take(8).fold(0_u64, |all, letter| {
        all * 26 + u64::from(letter.to_ascii_uppercase().saturating_sub(b'A')) + 1
    });
    let row = digits.iter().fold(0_u64, |all, digit| {
        all.saturating_mul(10).saturating_add(u64::from(digit.saturating_sub(b'0')))
    });
    if row > u64::from(MOST_ROWS) || column > u64::from(MOST_COLUMNS) {
        return Err(SheetError::Beyond(String::from_utf8_lossy(place).chars().take(SHOWN).collect()));
    }
    Ok(())
}

/// The part of a workbook in which a sheet lies, as its list of sheets and the list of its parts have it.
pub(super) fn part_of(sheet: &str, sheets: &str, parts: &str) -> Option<String> {
    let text = |tag: &str, is_meant: fn(&[u8]) -> bool| {
        let value = attribute(tag.as_bytes(), is_meant)?;
        Some(plain(std::str::from_utf8(value).ok()?))
    };
    let found = tags(sheets).filter(|tag| local_name(tag.as_bytes()) == b"sheet");
    let mut found = found.filter(|tag| text(tag, |key| key == b"name").as_deref() == Some(sheet));
    let id = text(found.next()?, |key| key.ends_with(b":id"))?;
    let mut links = tags(parts).filter(|tag| local_name(tag.as_bytes()) == b"Relationship");
    let link = links.find(|tag| text(tag, |key| key == b"Id").as_ref() == Some(&id))?;
    text(link, |key| key == b"Target")
}

fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.split('<').skip(1).filter_map(|part| Some(part.split_once('>')?.0))
}

/// What an attribute's value says.
fn plain(value: &str) -> String {
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    signs.into_iter().fold(value.to_owned(), |text, (sign, meant)| text.replace(sign, meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(sheet: &str, bytes: usize) -> Result<u64, SheetError> {
        let mut tags = Tags::default();
        for piece in sheet.as_bytes().chunks(bytes) {
            tags.look(piece)?;
        }
        Ok(tags.hidden)
    }

    #[test]
    fn hidden_rows_with_something_in_them_are_counted_however_they_are_cut() {
        let sheet = "<x:row r='1'><x:c r='A1'><x:v>1</x:v></x:c></x:row><row r=\"2\" hidden=\"1\"><c r=\"A2\" t=\"s\">\
            <v>1</v></c><c r=\"B2\"><v>2</v></c></row><row r=\"3\" ht=\"15\" hidden = 'true'><c r=\"A3\"><is><t>a</t></is></c>\
            </row><row r=\"4\" hidden=\"1\"/><row r=\"5\" hidden=\"1\"><c r=\"A5\" s=\"1\"/></row>\
            <row r=\"6\" hidden=\"0\"><c r=\"A6\"><v>1</v></c></row>";
        for bytes in [1, 2, 7, 1000] {
            assert_eq!(looked(sheet, bytes), Ok(2), "{bytes}");
        }
    }

    #[test]
    fn what_lies_beyond_a_sheet_is_refused() {
        let beyond = |place: &str| Err(SheetError::Beyond(place.to_owned()));
        for place in ["1048577", "4294967297", "99999999999999999999999"] {
            assert_eq!(looked(&format!("<row r=\"{place}\">"), 5), beyond(place));
            assert_eq!(looked(&format!("<c s='1' r='A{place}'/>"), 5), beyond(&format!("A{place}")));
        }
        for place in ["XFE1", "FXSHRXX1", "ZZZZZZZZZZZZZZ1"] {
            assert_eq!(looked(&format!("<c r=\"{place}\">"), 5), beyond(place));
        }
        assert_eq!(looked("<row r=\"1048576\"><c r=\"XFD1048576\"/></row>", 5), Ok(0));
    }

    #[test]
    fn a_sheet_is_found_by_its_name() {
        let sheets = "<sheets><sheet name=\"A\" sheetId=\"1\" r:id=\"rId2\"/><sheet r:id='rId1' name='B &amp; C'/></sheets>";
        let parts = "<Relationship Id=\"rId1\" Target=\"worksheets/sheet9.xml\"/><Relationship Target=\"/xl/worksheets/a.xml\" Id=\"rId2\"/>";
        assert_eq!(part_of("B & C", sheets, parts).as_deref(), Some("worksheets/sheet9.xml"));
        assert_eq!(part_of("A", sheets, parts).as_deref(), Some("/xl/worksheets/a.xml"));
        assert_eq!(part_of("D", sheets, parts), None);
    }
}
