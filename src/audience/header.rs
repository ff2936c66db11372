//! The first record of a file: the names of its columns, each one exactly once.

use std::collections::HashMap;
use std::io::Read;

use crate::audience::blocks::Blocks;
use crate::audience::dialect::Dialect;
use crate::audience::masked::{self, is_contact};
use crate::audience::read::ReadError;

/// The columns of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    columns: Vec<String>,
}

impl Header {
    /// Reads the first record of `input`, UTF-8 with commas, and a few thousand bytes more at most.
    ///
    /// # Errors
    /// As [`Header::read_as`].
    pub fn read(input: impl Read) -> Result<Self, ReadError> {
        Self::read_as(input, Dialect::PLAIN)
    }

    /// The same, of a file that is written so.
    ///
    /// # Errors
    /// An empty file, a name that stands twice, a column without a name, bytes that cannot be decoded.
    pub fn read_as(input: impl Read, dialect: Dialect) -> Result<Self, ReadError> {
        Self::take(&mut Blocks::new(input, dialect))
    }

    /// Takes the header off the front of a file.
    ///
    /// # Errors
    /// As [`Header::read_as`].
    pub fn take<R: Read>(blocks: &mut Blocks<R>) -> Result<Self, ReadError> {
        let names = blocks.header()?.ok_or(ReadError::Empty)?;
        let line = names.line;
        let columns: Vec<String> = names.cells.iter().map(|name| tidy(name).to_owned()).collect();
        let mut seen = HashMap::new();
        for (column, name) in columns.iter().enumerate() {
            if name.is_empty() {
                let at = names.place(column);
                return Err(ReadError::UnnamedColumn { line, column: column + 1, at });
            }
            if let Some(first) = seen.insert(name.as_str(), column) {
                let (name, first, second) = (masked::masked(name), first + 1, column + 1);
                let at = names.place(column);
                return Err(ReadError::DuplicateColumn { line, name, first, second, at });
            }
        }
        Ok(Self { columns })
    }

    /// The names, in the order of the file, white space around them taken off.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether a name is a number or an address: then it is somebody's row, and the names are missing.
    pub fn looks_like_a_row(&self) -> bool {
        self.columns.iter().any(|name| is_of_somebody(name))
    }

    /// Where the column of that name stands, from 0.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}

/// Whether a number or an e-mail address stands at the beginning, as in `'0712345678` and `0712345678 Ann`, or an e-mail
/// address anywhere.
fn is_of_somebody(name: &str) -> bool {
    let plain = name.trim_start_matches(['\'', '"', '`']);
    let mut words = plain.split_whitespace().map(|word| word.trim_matches(['<', '>', '(', ')', ',', ';']));
    let is_first = words.clone().next().is_some_and(is_contact);
    is_contact(plain) || is_first || words.any(|word| word.contains('@') && is_contact(word))
}

impl AsRef<[String]> for Header {
    fn as_ref(&self) -> &[String] {
        &self.columns
    }
}

/// A name without the white space around it, and without a byte order mark that a program put inside the quotes.
fn tidy(name: &str) -> &str {
    name.trim().trim_start_matches('\u{feff}').trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Result<Vec<String>, ReadError> {
        Header::read(text.as_bytes()).map(|header| header.columns().to_vec())
    }

    #[test]
    fn a_row_is_known_by_whom_it_is_about() {
        for row in [
            "0712345678",
            "'0712345678",
            "0712345678 Ann",
            "+254 712 345 678",
            "Ann <ann@example.org>",
            "a@b.co",
        ] {
            assert!(is_of_somebody(row), "{row}");
        }
        for name in ["phone", "phone 2", "sent 20261101", "E-mail @ work", "2026-12-01", "o'clock", ""] {
            assert!(!is_of_somebody(name), "{name}");
        }
    }

    #[test]
    fn names_are_trimmed_and_the_byte_order_mark_is_no_part_of_them() {
        assert_eq!(header("\u{feff}phone, name \r\n1,2").unwrap(), ["phone", "name"]);
        assert_eq!(header("\u{feff}\u{feff}phone,name\n").unwrap(), ["phone", "name"]);
        assert_eq!(header("\"\u{feff}phone\",\"\u{a0}name \"\n").unwrap(), ["phone", "name"]);
        assert_eq!(header("\u{feff}sep=,\r\nphone,name\n").unwrap(), ["phone", "name"]);
        assert_eq!(header("\n\n\"a\nb\",c").unwrap(), ["a\nb", "c"]);
        assert_eq!(Header::read("a,b".as_bytes()).unwrap().index("b"), Some(1));
    }

    #[test]
    fn a_row_in_its_place_is_seen_and_shown_by_nobody() {
        let looks = |text: &str| Header::read(text.as_bytes()).unwrap().looks_like_a_row();
        assert!(looks("0712345678,Ann\n") && looks("C-1,Ann,ann@example.org\n"));
        assert!(!looks("phone,e-mail,2026-03-20,points 2026\n"));
        let twice = header("0712345678,0712345678\n").unwrap_err().to_string();
        assert!(!twice.contains("345678"), "{twice}");
    }

    #[test]
    fn what_would_be_ambiguous_is_refused() {
        assert!(matches!(header(""), Err(ReadError::Empty)));
        assert!(matches!(header("\u{feff}\n\n"), Err(ReadError::Empty)));
        assert!(matches!(
            header("\na,b,a\n"),
            Err(ReadError::DuplicateColumn { line: 2, first: 1, second: 3, .. })
        ));
        assert!(matches!(header("a,,b\n"), Err(ReadError::UnnamedColumn { line: 1, column: 2, at: (1, 3) })));
        assert!(matches!(header("a,\"b\nc"), Err(ReadError::UnclosedQuote { line: 1, column: 3 })));
        assert!(matches!(
            Header::read(&b"a,\xff\n"[..]),
            Err(ReadError::Undecodable { line: 1, column: 3, offset: 2, .. })
        ));
        assert!(matches!(
            Header::read(&b"a,\0\n"[..]),
            Err(ReadError::Nul { line: 1, column: 3, offset: 2 })
        ));
    }
}
