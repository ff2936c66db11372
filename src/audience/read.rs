//! Why a file of recipients or a list is refused as a whole. Every reason names the physical line.

use std::io;

use crate::audience::dialect::Encoding;
use crate::audience::masked::masked_all;
use crate::audience::sheet::SheetError;
use crate::diagnostic::listing;

/// A CSV that cannot be read to its end without losing or inventing somebody.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Reading failed.
    #[error("cannot be read: {0}")]
    Io(io::Error),
    /// No header.
    #[error("is empty: the first line must name the columns")]
    Empty,
    /// Bytes that stand for nothing in the file's encoding.
    #[error("line {line}, column {column}, is not {encoding} (byte {offset} of the text)")]
    Undecodable {
        /// The physical line, from 1.
        line: u64,
        /// The character in that line, from 1.
        column: u64,
        /// The offset of the first wrong byte, from 0, in the file (unpacked, where it is packed).
        offset: u64,
        /// What it was read as.
        encoding: Encoding,
    },
    /// A zero byte: no text has one.
    #[error(
        "line {line}, column {column}, is a zero byte (byte {offset} of the text): a damaged file, or no text"
    )]
    Nul {
        /// The physical line, from 1.
        line: u64,
        /// The character in that line, from 1.
        column: u64,
        /// The offset in the file, from 0.
        offset: u64,
    },
    /// The byte order mark says another encoding than the manifest.
    #[error("begins with the mark of {found}, and `encoding` names {named}")]
    OtherMark {
        /// As the manifest names it.
        named: String,
        /// What the mark says.
        found: Encoding,
    },
    /// Neither UTF-8 nor, as far as can be told, Windows-1252.
    #[error(
        "is not UTF-8 (see line {}), and looks like `{guess}`, which may be wrong",
        .lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
    )]
    Uncertain {
        /// The likeliest encoding.
        guess: String,
        /// The first lines that say so.
        lines: Vec<u64>,
    },
    /// Nobody can tell what stands between cells.
    #[error(
        "has {one} and {other} equally often in its header, {count} each: which of them stands between cells cannot be told"
    )]
    Ambiguous {
        /// One.
        one: &'static str,
        /// Another.
        other: &'static str,
        /// How often each.
        count: usize,
    },
    /// Excel's first line names a separator that cannot be read.
    #[error(
        "begins with `sep={said}`, and cells can be separated by a comma, a semicolon, a tab or `|` only"
    )]
    Announced {
        /// The separator.
        said: String,
    },
    /// A file of another kind.
    #[error("is {0}")]
    Format(&'static str),
    /// A sheet of a workbook cannot be read.
    #[error("{0}")]
    Sheet(SheetError),
    /// The same name twice.
    #[error("line {line} names the column `{name}` twice: columns {first} and {second}")]
    DuplicateColumn {
        /// The physical line of the header, from 1.
        line: u64,
        /// The name.
        name: String,
        /// The first column of that name, from 1.
        first: usize,
        /// The second.
        second: usize,
        /// Where the second begins: the physical line, and the character in it, both from 1.
        at: (u64, u64),
    },
    /// The name of a column runs over lines that look like rows.
    #[error(
        "line {line}: the name of column {column} runs over more than one line, and there are people on them: see whether a quote opens there that should not"
    )]
    SwallowingHeader {
        /// The physical line of the header, from 1.
        line: u64,
        /// The column, from 1.
        column: usize,
        /// Where it begins: the physical line, and the character in it, both from 1.
        at: (u64, u64),
    },
    /// A column without a name.
    #[error("line {line} does not name column {column}")]
    UnnamedColumn {
        /// The physical line of the header, from 1.
        line: u64,
        /// The column, from 1.
        column: usize,
        /// Where it begins: the physical line, and the character in it, both from 1.
        at: (u64, u64),
    },
    /// The file is not the one whose header the rules were made for.
    #[error("has other columns than when it was checked: {}", listing(masked_all(.found).iter().map(String::as_str)))]
    HeaderChanged {
        /// The columns now.
        found: Vec<String>,
    },
    /// A quoted cell that runs to the end of the file, swallowing what follows.
    #[error(
        "line {line}, column {column}, opens a quote that is never closed; everything behind it would be lost"
    )]
    UnclosedQuote {
        /// The physical line of the quote, from 1.
        line: u64,
        /// The character in that line, from 1.
        column: u64,
    },
    /// A quoted cell over several lines whose closing quote stands in the middle of a cell: two quotes
    /// that do not belong together, and the lines between them would be lost.
    #[error(
        "the quote that opens on line {line}, column {column}, runs on to line {closed}, where text follows it at \
         once; a quote is missing, and the lines between would be lost"
    )]
    StrayQuote {
        /// The physical line of the opening quote, from 1.
        line: u64,
        /// The character in that line, from 1.
        column: u64,
        /// The physical line of the closing quote.
        closed: u64,
    },
    /// Somebody writes it.
    #[error("has changed while it was read: try again when it is whole")]
    Changed,
    /// A row beyond [`MAX_RECORD_BYTES`](crate::audience::rows::MAX_RECORD_BYTES).
    #[error("the row on line {line} is longer than {} bytes", crate::audience::record::MAX_RECORD_BYTES)]
    RowTooLong {
        /// The physical line on which it begins, from 1.
        line: u64,
    },
}

impl ReadError {
    /// Where in the file it is, as far as that can be told: the physical line, and the character in it, both from 1.
    pub fn position(&self) -> Option<(u64, u64)> {
        match self {
            Self::Undecodable { line, column, .. }
            | Self::Nul { line, column, .. }
            | Self::UnclosedQuote { line, column }
            | Self::StrayQuote { line, column, .. } => Some((*line, *column)),
            Self::DuplicateColumn { at, .. }
            | Self::UnnamedColumn { at, .. }
            | Self::SwallowingHeader { at, .. } => Some(*at),
            Self::Empty
            | Self::OtherMark { .. }
            | Self::Ambiguous { .. }
            | Self::Announced { .. }
            | Self::HeaderChanged { .. } => Some((1, 1)),
            Self::Uncertain { lines, .. } => Some((lines.first().copied().unwrap_or(1), 1)),
            Self::RowTooLong { line } => Some((*line, 1)),
            Self::Io(_) | Self::Format(_) | Self::Sheet(_) | Self::Changed => None,
        }
    }

    /// What to do about a file of recipients; nothing where the words say it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Undecodable { encoding, .. } if *encoding == Encoding::UTF_8 => Some(
                "save it as CSV in UTF-8, or name what it is written in, as in `encoding: windows-1252`"
                    .to_owned(),
            ),
            Self::Undecodable { .. } => {
                Some("name its encoding as `audience.encoding`, or save it as CSV in UTF-8".to_owned())
            }
            Self::OtherMark { .. } => Some("leave `audience.encoding` out: the mark says it".to_owned()),
            Self::Uncertain { guess, .. } => Some(format!(
                "name what it is written in, as in `encoding: {guess}`, or save it as CSV in UTF-8; then read what `preview` shows"
            )),
            Self::Ambiguous { .. } => Some("name it, as in `delimiter: \";\"`".to_owned()),
            Self::Sheet(error) => error.help(),
            _ => None,
        }
    }
}

impl From<SheetError> for ReadError {
    fn from(error: SheetError) -> Self {
        Self::Sheet(error)
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.downcast::<SheetError>() {
            Ok(error) => Self::Sheet(error),
            Err(error) => Self::Io(error),
        }
    }
}
