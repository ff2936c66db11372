//! How a file of recipients is written: in which encoding, with what between its cells, and how its lines are counted.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::{did_you_mean, listing};

/// The encodings that a manifest may name, by the names of the WHATWG Encoding Standard. `utf-16` is that of the byte
/// order mark, and little-endian without one, as programs write it.
const ENCODINGS: [&str; 25] = [
    "utf-8",
    "utf-16",
    "utf-16le",
    "utf-16be",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "windows-874",
    "iso-8859-2",
    "iso-8859-15",
    "koi8-r",
    "koi8-u",
    "macintosh",
    "shift_jis",
    "euc-jp",
    "euc-kr",
    "gbk",
    "gb18030",
    "big5",
];

/// What people call Windows-1252, which has every letter of Latin-1 at its place.
const LATIN: [&str; 9] =
    ["latin1", "latin-1", "iso-8859-1", "iso8859-1", "cp1252", "ansi", "windows1252", "win1252", "1252"];

/// An encoding of text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Self = Self(encoding_rs::UTF_8);
    /// UTF-16, the low byte first.
    pub const UTF_16LE: Self = Self(encoding_rs::UTF_16LE);
    /// UTF-16, the high byte first.
    pub const UTF_16BE: Self = Self(encoding_rs::UTF_16BE);
    /// What Windows writes in western countries.
    pub const WINDOWS_1252: Self = Self(encoding_rs::WINDOWS_1252);

    /// The codec.
    pub(super) fn codec(self) -> &'static encoding_rs::Encoding {
        self.0
    }

    /// The name that a manifest gives it.
    pub fn key(self) -> String {
        self.0.name().to_ascii_lowercase()
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.name().strip_prefix("windows-") {
            Some(number) => write!(f, "Windows-{number}"),
            None => f.write_str(self.0.name()),
        }
    }
}

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a manifest says of its files. What it does not say is found out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// The encoding.
    pub encoding: Option<NamedEncoding>,
    /// What stands between two cells: `,`, `;`, `|` or a tab.
    pub delimiter: Option<u8>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
}

/// An encoding as a manifest names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedEncoding {
    /// This one.
    Exactly(Encoding),
    /// UTF-16 as its byte order mark says, little-endian without one.
    Utf16,
}

/// A name that is no encoding, or no separator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct UnknownName {
    /// What is wrong.
    pub problem: String,
    /// What to write.
    pub help: String,
}

impl FromStr for NamedEncoding {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let lower = name.to_ascii_lowercase();
        if lower == "utf-16" {
            return Ok(Self::Utf16);
        }
        let known = ENCODINGS.contains(&lower.as_str());
        match encoding_rs::Encoding::for_label(lower.as_bytes()).filter(|_| known) {
            Some(codec) => Ok(Self::Exactly(Encoding(codec))),
            None => Err(UnknownName {
                problem: format!("`{name}` is no encoding that can be read"),
                help: match did_you_mean(&lower, ENCODINGS) {
                    _ if LATIN.contains(&lower.as_str()) => "did you mean `windows-1252`?".to_owned(),
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("one of {}", ENCODINGS.join(", ")),
                },
            }),
        }
    }
}

/// What may stand between two cells, with what people are shown for it.
pub const DELIMITERS: [(u8, &str); 4] = [(b',', "`,`"), (b';', "`;`"), (b'\t', "a tab"), (b'|', "`|`")];

/// A separator by what a manifest says: `,`, `;`, `|`, `tab`, or a tab itself.
///
/// # Errors
/// It is none.
pub fn delimiter(text: &str) -> Result<u8, UnknownName> {
    match text {
        "tab" | "\t" | "\\t" => Ok(b'\t'),
        "," | ";" | "|" => Ok(text.as_bytes()[0]),
        _ => Err(UnknownName {
            problem: format!("`{text}` is no separator that can be read"),
            help: format!("one of {}", listing([",", ";", "|", "tab"])),
        }),
    }
}

/// What people are shown for a separator.
pub fn shown(delimiter: u8) -> &'static str {
    DELIMITERS.iter().find(|(one, _)| *one == delimiter).map_or("another sign", |(_, shown)| shown)
}

/// What the numbers of lines are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Numbering {
    /// The lines of the file, as an editor counts them.
    #[default]
    Lines,
    /// Rows of a sheet: a cell of several lines is still in one row.
    Rows,
}

/// How one file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// The encoding.
    pub encoding: Encoding,
    /// What stands between two cells.
    pub delimiter: u8,
    /// How lines are counted.
    pub numbering: Numbering,
}

impl Dialect {
    /// UTF-8 with commas.
    pub const PLAIN: Self = Self { encoding: Encoding::UTF_8, delimiter: b',', numbering: Numbering::Lines };
    /// A sheet of a workbook, as [`sheet`](crate::audience::sheet) writes it.
    pub const SHEET: Self = Self { numbering: Numbering::Rows, ..Self::PLAIN };
}

impl Default for Dialect {
    fn default() -> Self {
        Self::PLAIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_that_is_offered_is_known() {
        for name in ENCODINGS {
            assert!(name.parse::<NamedEncoding>().is_ok(), "{name}");
        }
        let exactly = |name: &str| match name.parse::<NamedEncoding>().unwrap() {
            NamedEncoding::Exactly(encoding) => encoding,
            NamedEncoding::Utf16 => panic!("{name}"),
        };
        assert_eq!(exactly("Windows-1252"), Encoding::WINDOWS_1252);
        assert_eq!(exactly("utf-16be").to_string(), "UTF-16BE");
        assert_eq!(Encoding::WINDOWS_1252.to_string(), "Windows-1252");
        assert_eq!(Encoding::WINDOWS_1252.key(), "windows-1252");
    }

    #[test]
    fn other_names_are_refused_with_what_is_meant() {
        for name in ["windows1252", "latin1", "ISO-8859-1", "windows-125"] {
            let error = name.parse::<NamedEncoding>().unwrap_err();
            assert!(error.help.starts_with("did you mean `windows-125"), "{name}: {error:?}");
        }
        // A name of the standard that means more than people think.
        assert!("ascii".parse::<NamedEncoding>().unwrap_err().help.contains("utf-8"));
        assert_eq!(delimiter("tab"), Ok(b'\t'));
        assert!(delimiter(":").unwrap_err().help.contains("`tab`"));
    }
}
