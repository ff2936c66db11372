//! Why a file of recipients or a list is refused as a whole. Every reason names the physical line.

use std::io;

use crate::diagnostic::listing;

/// A CSV that cannot be read to its end without losing or inventing somebody.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Reading failed.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// No header.
    #[error("is empty: the first line must name the columns")]
    Empty,
    /// Bytes that are not UTF-8.
    #[error("line {line} is not UTF-8 at byte {offset} of the file: save it as CSV in UTF-8")]
    NotUtf8 {
        /// The physical line, from 1.
        line: u64,
        /// The offset of the first wrong byte in the file, from 0.
        offset: u64,
    },
    /// A byte order mark of another encoding.
    #[error("is UTF-16: save it as CSV in UTF-8")]
    Utf16,
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
    },
    /// A column without a name.
    #[error("line {line} does not name column {column}")]
    UnnamedColumn {
        /// The physical line of the header, from 1.
        line: u64,
        /// The column, from 1.
        column: usize,
    },
    /// The file is not the one whose header the rules were made for.
    #[error("has other columns than when it was checked: {}", listing(.found.iter().map(String::as_str)))]
    HeaderChanged {
        /// The columns now.
        found: Vec<String>,
    },
    /// A quoted cell that runs to the end of the file, swallowing what follows.
    #[error("line {line} opens a quote that is never closed; everything behind it would be lost")]
    UnclosedQuote {
        /// The physical line of the quote, from 1.
        line: u64,
    },
    /// A quoted cell over several lines whose closing quote stands in the middle of a cell: two quotes
    /// that do not belong together, and the lines between them would be lost.
    #[error(
        "the quote that opens on line {line} runs on to line {closed}, where text follows it at once; \
         a quote is missing, and the lines between would be lost"
    )]
    StrayQuote {
        /// The physical line of the opening quote, from 1.
        line: u64,
        /// The physical line of the closing quote.
        closed: u64,
    },
    /// A row beyond [`MAX_RECORD_BYTES`](crate::audience::rows::MAX_RECORD_BYTES).
    #[error("the row on line {line} is longer than {} bytes", crate::audience::record::MAX_RECORD_BYTES)]
    RowTooLong {
        /// The physical line on which it begins, from 1.
        line: u64,
    },
}
