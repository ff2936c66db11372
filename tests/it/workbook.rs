//! Workbooks made by hand, a part of the archive after the other, stored as they are.

use std::fmt::Write as _;

use flate2::Crc;

/// A cell.
pub enum Cell {
    Text(String),
    Number(f64),
    /// A serial number under a format of dates.
    Date(f64),
    /// An error such as `#N/A`.
    Error(&'static str),
    /// A formula that came to a text.
    Formula(&'static str),
    /// A formula that nobody has computed.
    Uncomputed,
    /// Nothing; the row is hidden.
    Hides,
}

/// An `.xlsx` of sheets by name.
pub fn workbook(sheets: &[(&str, &[Vec<Cell>])]) -> Vec<u8> {
    let written: Vec<(&str, String)> = sheets.iter().map(|(name, rows)| (*name, cells(rows))).collect();
    of_rows(&written)
}

/// The same, of rows that are written already.
pub fn of_rows(sheets: &[(&str, String)]) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let (mut book, mut links) = (String::new(), String::new());
    let mut parts = Vec::new();
    for (number, (name, rows)) in (1..).zip(sheets) {
        let _ = write!(book, "<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>");
        let _ = write!(
            links,
            "<Relationship Id=\"rId{number}\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
        );
        let data = format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>");
        parts.push((format!("xl/worksheets/sheet{number}.xml"), data));
    }
    parts.push((
        "xl/workbook.xml".to_owned(),
        format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>{book}</sheets></workbook>"),
    ));
    let _ = write!(links, "<Relationship Id=\"rIdS\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/>");
    parts.push((
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!("<Relationships xmlns=\"{PACKAGE}\">{links}</Relationships>"),
    ));
    parts.push((
        "xl/styles.xml".to_owned(),
        format!(
            "<styleSheet xmlns=\"{MAIN}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"
        ),
    ));
    parts.push((
        "_rels/.rels".to_owned(),
        format!(
            "<Relationships xmlns=\"{PACKAGE}\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
        ),
    ));
    archive(&parts)
}

fn cells(rows: &[Vec<Cell>]) -> String {
    let mut out = String::new();
    for (row, cells) in (1..).zip(rows) {
        let hidden = if cells.iter().any(|cell| matches!(cell, Cell::Hides)) { " hidden=\"1\"" } else { "" };
        let _ = write!(out, "<row r=\"{row}\"{hidden}>");
        for (letter, cell) in ('A'..='Z').zip(cells) {
            let at = format!("r=\"{letter}{row}\"");
            let _ = match cell {
                Cell::Text(text) => {
                    let text = text.replace('&', "&amp;").replace('<', "&lt;");
                    write!(out, "<c {at} t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>")
                }
                Cell::Number(number) => write!(out, "<c {at}><v>{number:e}</v></c>"),
                Cell::Date(number) => write!(out, "<c {at} s=\"1\"><v>{number}</v></c>"),
                Cell::Error(error) => write!(out, "<c {at} t=\"e\"><v>{error}</v></c>"),
                Cell::Formula(text) => write!(out, "<c {at} t=\"str\"><f>B1</f><v>{text}</v></c>"),
                Cell::Hides => Ok(()),
                Cell::Uncomputed => write!(out, "<c {at}><f>B1</f></c>"),
            };
        }
        out.push_str("</row>");
    }
    out
}

fn archive(parts: &[(String, String)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in parts {
        let mut crc = Crc::new();
        crc.update(text.as_bytes());
        let (length, offset) = (u32::try_from(text.len()).unwrap(), u32::try_from(out.len()).unwrap());
        let mut common = Vec::new();
        common.extend([20_u16, 0, 0, 0, 0].iter().flat_map(|field| field.to_le_bytes()));
        common.extend([crc.sum(), length, length].iter().flat_map(|field| field.to_le_bytes()));
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend([0, 0]);
        out.extend(name.bytes().chain(text.bytes()));
        directory.extend(b"PK\x01\x02");
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&common);
        directory.extend([0; 12]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.bytes());
    }
    let count = u16::try_from(parts.len()).unwrap();
    let (length, offset) = (u32::try_from(directory.len()).unwrap(), u32::try_from(out.len()).unwrap());
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([count, count].iter().flat_map(|field| field.to_le_bytes()));
    out.extend([length, offset].iter().flat_map(|field| field.to_le_bytes()));
    out.extend([0, 0]);
    out
}
