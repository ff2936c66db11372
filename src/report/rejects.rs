//! The file of excluded rows: physical line, reason, and the row as it was.

use std::borrow::Cow;
use std::io;

use crate::audience::Place;

/// How every such file begins.
pub const HEAD: &str = "line,reason,detail";

/// A CSV of excluded rows.
pub struct Rejects<W: io::Write> {
    csv: csv::Writer<W>,
    are_several: bool,
}

impl<W: io::Write> Rejects<W> {
    /// Begins it with the columns of the recipients' files; where those are several, a column says which.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn new(
        out: W,
        columns: impl Iterator<Item = impl AsRef<str>>,
        are_several: bool,
    ) -> Result<Self, csv::Error> {
        // A ragged row keeps the cells it has.
        let mut csv = csv::WriterBuilder::new().flexible(true).from_writer(out);
        HEAD.split(',').try_for_each(|name| csv.write_field(name))?;
        if are_several {
            csv.write_field("file")?;
        }
        columns.into_iter().try_for_each(|column| csv.write_field(harmless(column.as_ref().as_bytes())))?;
        csv.write_record(None::<&[u8]>)?;
        Ok(Self { csv, are_several })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn add<'a>(
        &mut self,
        place: &Place,
        reason: &str,
        detail: &str,
        row: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), csv::Error> {
        self.csv.write_field(place.line.to_string())?;
        self.csv.write_field(reason)?;
        self.csv.write_field(harmless(detail.as_bytes()))?;
        if self.are_several {
            self.csv.write_field(harmless(place.file.as_deref().unwrap_or_default().as_bytes()))?;
        }
        row.into_iter().try_for_each(|cell| self.csv.write_field(harmless(cell)))?;
        self.csv.write_record(None::<&[u8]>)
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.csv.flush()?;
        self.csv.into_inner().map_err(|error| io::Error::new(error.error().kind(), error.to_string()))
    }
}

/// `=`, `+`, `-` and `@` as wide as a Chinese character.
const WIDE: [&str; 4] = ["\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}"];

/// A cell that a spreadsheet would run as a formula, with an apostrophe before it, also one that begins with a wide sign,
/// which some take for the narrow one. Plain numbers, which begin with `+` or `-` as well, stay as they are, masked ones
/// too; not those with another sign inside: they would be reckoned with.
pub(super) fn harmless(cell: &[u8]) -> Cow<'_, [u8]> {
    let is_plain = |rest: &[u8]| {
        let plain = |c: char| c.is_ascii_digit() || " .•".contains(c);
        std::str::from_utf8(rest).is_ok_and(|rest| rest.chars().all(plain))
    };
    let formula = match cell {
        [b'=' | b'@' | b'\t' | b'\r' | b'\n', ..] => true,
        [b'+' | b'-', rest @ ..] => !is_plain(rest),
        _ => WIDE.iter().any(|sign| cell.starts_with(sign.as_bytes())),
    };
    if formula { Cow::Owned([b"'", cell].concat()) } else { Cow::Borrowed(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_reckoned_with() {
        for begin in ["=", "+", "-", "@", "\t", "\r", "\n", "\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}"] {
            let cell = format!("{begin}cmd|' /C calc'!A0");
            assert_eq!(*harmless(cell.as_bytes()), *format!("'{cell}").as_bytes(), "{cell:?}");
        }
        for number in ["+254 700 000001", "-1.5", "+2547•••••001", "+"] {
            assert_eq!(*harmless(number.as_bytes()), *number.as_bytes());
        }
        for sum in ["+254-700-1", "-1+1", "+(1)", "-1-1"] {
            assert_eq!(*harmless(sum.as_bytes()), *format!("'{sum}").as_bytes());
        }
    }

    #[test]
    fn rows_keep_their_cells_and_formulas_lose_their_power() {
        let mut rejects = Rejects::new(Vec::new(), ["phone", "name"].iter(), false).unwrap();
        let line = Place::line;
        rejects
            .add(&line(7), "invalid_address", "no number", [&b"+254 712"[..], b"=CMD()"].into_iter())
            .unwrap();
        rejects.add(&line(9), "ragged", "1 cell", [&b"+SUM(A1)"[..]].into_iter()).unwrap();
        let text = String::from_utf8(rejects.finish().unwrap()).unwrap();
        assert_eq!(
            text,
            "line,reason,detail,phone,name\n7,invalid_address,no number,+254 712,'=CMD()\n9,ragged,1 cell,'+SUM(A1)\n"
        );
    }
}
