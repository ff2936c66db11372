//! A sheet of an `.xlsx` workbook as CSV, so that everything behind it is the same. Cells are streamed; what a workbook
//! keeps in one place for all its cells, its texts and formats, is held in memory. What is given are values, not what a
//! format makes of them on the screen: whole numbers as digits, dates as ISO 8601, formulas as what they came to.

mod held;
mod tags;

use std::fmt::Write as _;
use std::io::{self, BufReader, Read, Seek};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, Xlsx, XlsxError};

use crate::diagnostic::{did_you_mean, listing};

/// How much of the CSV is handed over at once, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that wait for whoever reads.
const QUEUE: usize = 4;
/// The last row that a workbook may have.
const MOST_ROWS: u32 = 1 << 20;
/// The last column, XFD.
const MOST_COLUMNS: u32 = 1 << 14;
/// The first whole number of which a workbook no longer keeps every digit: it has fifteen.
const INEXACT: f64 = 1e15;
/// The first serial number that is no date any more: 31 December 9999 is the last.
const DATES_END: f64 = 2_958_466.0;

/// Why a workbook is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// It cannot be opened or read.
    #[error("is no .xlsx workbook that can be read: {0}")]
    Damaged(String),
    /// A password is asked for.
    #[error("is protected by a password: save it without one")]
    Password,
    /// Its texts and formats, which are held in memory, are too many.
    #[error("holds more than {mb} MB of texts and formats, unpacked")]
    TooMuch {
        /// The most that they may be, in MiB.
        mb: u64,
    },
    /// No sheet holds anything.
    #[error("is a workbook without a single cell")]
    Empty,
    /// Nobody can tell which is meant.
    #[error("has several sheets with something in them: {}", listing(.0.iter().map(String::as_str)))]
    Several(Vec<String>),
    /// The manifest names one that is not there.
    #[error("has no sheet `{wanted}`")]
    Missing {
        /// As named.
        wanted: String,
        /// Those there are.
        found: Vec<String>,
    },
    /// A cell holds an error, such as `#N/A`.
    #[error("row {row}, column {column}, holds {value}: mend it, or take the row out")]
    Error {
        /// The row of the sheet, from 1.
        row: u32,
        /// Its letters.
        column: String,
        /// As shown.
        value: String,
    },
    /// A formula that was never computed.
    #[error("row {row}, column {column}, is a formula without a value: open the workbook once and save it")]
    NotComputed {
        /// The row of the sheet, from 1.
        row: u32,
        /// Its letters.
        column: String,
    },
    /// A number that has lost its last digits already.
    #[error(
        "row {row}, column {column}, is a number of more than 15 digits, of which a spreadsheet keeps 15: format the column as text and enter it again"
    )]
    Inexact {
        /// The row of the sheet, from 1.
        row: u32,
        /// Its letters.
        column: String,
    },
    /// A row or a cell that no sheet can have.
    #[error(
        "names the place {0}, and a sheet ends at row 1,048,576 and column XFD: save the workbook anew with a spreadsheet program"
    )]
    Beyond(String),
    /// Cells that do not follow each other.
    #[error("row {row}, column {column}, stands out of order: save the workbook anew")]
    Disorder {
        /// The row of the sheet, from 1.
        row: u32,
        /// Its letters.
        column: String,
    },
}

impl SheetError {
    /// What to do, where the words do not say it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Several(names) => {
                Some(format!("name one, as in `sheet: \"{}\"`", names.first().map_or("", String::as_str)))
            }
            Self::Missing { wanted, found } => {
                Some(match did_you_mean(wanted, found.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its sheets are {}", listing(found.iter().map(String::as_str))),
                })
            }
            Self::TooMuch { .. } => {
                Some("save the sheet as CSV in UTF-8, which is read a piece at a time".to_owned())
            }
            Self::Damaged(_) => Some("save it as .xlsx or CSV with the program it comes from".to_owned()),
            _ => None,
        }
    }
}

impl From<XlsxError> for SheetError {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::Password => Self::Password,
            error => Self::Damaged(error.to_string()),
        }
    }
}

fn open<R: Read + Seek>(input: R) -> Result<Xlsx<BufReader<R>>, SheetError> {
    Ok(Xlsx::new(BufReader::with_capacity(CHUNK_BYTES, input))?)
}

pub use held::Looked;

/// Looks whether what is held of a workbook in memory is bounded, and its sheets are whole; asked before anything else of it
/// is read.
///
/// # Errors
/// [`SheetError::TooMuch`], [`SheetError::Beyond`], or that it cannot be unpacked.
pub fn check_held(input: impl Read + Seek) -> Result<Looked, SheetError> {
    held::check(input, held::MOST_BYTES)
}

/// The sheet that is meant: the one that is named, else the only one with something in it.
///
/// # Errors
/// [`SheetError`].
pub fn choose(input: impl Read + Seek, named: Option<&str>) -> Result<String, SheetError> {
    let mut book = open(input)?;
    let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let names: Vec<String> = sheets.map(|sheet| sheet.name.clone()).collect();
    if let Some(wanted) = named {
        return match names.iter().find(|name| *name == wanted) {
            Some(name) => Ok(name.clone()),
            None => Err(SheetError::Missing { wanted: wanted.to_owned(), found: names }),
        };
    }
    let mut filled = Vec::new();
    for name in names {
        let mut cells = book.worksheet_cells_reader(&name)?;
        while let Some(cell) = cells.next_cell()? {
            if !is_blank(cell.get_value()) {
                filled.push(name);
                break;
            }
        }
    }
    match filled.len() {
        0 => Err(SheetError::Empty),
        1 => filled.pop().ok_or(SheetError::Empty),
        _ => Err(SheetError::Several(filled)),
    }
}

/// A sheet as CSV in UTF-8 with commas, a row of it for each row of the sheet; an empty line for an empty one.
#[derive(Debug)]
pub struct SheetReader {
    chunks: Receiver<Result<Vec<u8>, SheetError>>,
    chunk: Vec<u8>,
    at: usize,
}

impl SheetReader {
    /// Begins at the first row. A thread of its own reads ahead by a few chunks, and ends with whoever reads.
    ///
    /// # Errors
    /// The thread cannot be begun.
    pub fn new<R: Read + Seek + Send + 'static>(input: R, sheet: &str) -> io::Result<Self> {
        let (out, chunks) = sync_channel(QUEUE);
        let sheet = sheet.to_owned();
        thread::Builder::new().name("sheet".to_owned()).spawn(move || {
            let mut writer = Writer { out: &out, chunk: Vec::new(), row: 0, cells: Vec::new(), width: None };
            if let Err(Stop::Refused(error)) = writer.sheet(input, &sheet) {
                let _ = out.send(Err(error));
            }
        })?;
        Ok(Self { chunks, chunk: Vec::new(), at: 0 })
    }
}

impl Read for SheetReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.chunk.len() {
            match self.chunks.recv() {
                Ok(Ok(chunk)) => (self.chunk, self.at) = (chunk, 0),
                Ok(Err(error)) => return Err(io::Error::other(error)),
                // An empty chunk is the end; a thread that has died without one has not read to the end.
                Err(_) => {
                    return Err(io::Error::other("reading the workbook has failed; please report this"));
                }
            }
            if self.chunk.is_empty() {
                let (end, chunks) = sync_channel(1);
                let _ = end.send(Ok(Vec::new()));
                self.chunks = chunks;
                return Ok(0);
            }
        }
        let count = out.len().min(self.chunk.len() - self.at);
        out[..count].copy_from_slice(&self.chunk[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

enum Stop {
    /// Nobody reads any more.
    Gone,
    Refused(SheetError),
}

impl<E: Into<SheetError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

struct Writer<'o> {
    out: &'o SyncSender<Result<Vec<u8>, SheetError>>,
    chunk: Vec<u8>,
    /// The row whose cells are gathered, from 0.
    row: u32,
    cells: Vec<String>,
    /// How many cells the header has, as soon as it is written.
    width: Option<usize>,
}

impl Writer<'_> {
    fn sheet<R: Read + Seek>(&mut self, input: R, sheet: &str) -> Result<(), Stop> {
        let mut book = open(input)?;
        let mut cells = book.worksheet_cells_reader(sheet)?;
        while let Some(cell) = cells.next_cell_with_formula_metadata()? {
            let (row, column) = cell.pos;
            let at = usize::try_from(column).unwrap_or(usize::MAX);
            if row >= MOST_ROWS || column >= MOST_COLUMNS {
                let place = format!("{}{}", letters(column), u64::from(row) + 1);
                return Err(SheetError::Beyond(place).into());
            }
            if row < self.row || (row == self.row && at < self.cells.len()) {
                return Err(SheetError::Disorder { row: row + 1, column: letters(column) }.into());
            }
            if row > self.row {
                self.end_row();
                let gap = usize::try_from(row - self.row - 1).unwrap_or_default();
                self.chunk.resize(self.chunk.len() + gap, b'\n');
                self.row = row;
                if self.chunk.len() >= CHUNK_BYTES {
                    self.hand_over()?;
                }
            }
            if cell.formula.is_some() && cell.value == DataRef::Empty {
                return Err(SheetError::NotComputed { row: row + 1, column: letters(column) }.into());
            }
            let text = text(&cell.value, row, column)?;
            if !text.is_empty() {
                self.cells.resize(at, String::new());
                self.cells.push(text);
            }
        }
        self.end_row();
        if !self.chunk.is_empty() {
            self.hand_over()?;
        }
        self.hand_over()
    }

    fn hand_over(&mut self) -> Result<(), Stop> {
        self.out.send(Ok(std::mem::take(&mut self.chunk))).map_err(|_| Stop::Gone)
    }

    /// Writes the row that was gathered. What a sheet leaves out at the end of a row are empty cells.
    fn end_row(&mut self) {
        if !self.cells.is_empty() {
            let width = *self.width.get_or_insert(self.cells.len());
            for at in 0..width.max(self.cells.len()) {
                if at > 0 {
                    self.chunk.push(b',');
                }
                push_cell(&mut self.chunk, self.cells.get(at).map_or("", String::as_str));
            }
            self.cells.clear();
        }
        self.chunk.push(b'\n');
    }
}

fn push_cell(out: &mut Vec<u8>, cell: &str) {
    if cell.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        out.push(b'"');
        out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(cell.as_bytes());
    }
}

fn is_blank(value: &DataRef<'_>) -> bool {
    match value {
        DataRef::Empty => true,
        DataRef::String(text) => text.is_empty(),
        DataRef::SharedString(text) => text.is_empty(),
        _ => false,
    }
}

fn text(value: &DataRef<'_>, row: u32, column: u32) -> Result<String, SheetError> {
    let place = || (row + 1, letters(column));
    Ok(match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Bool(truth) => (if *truth { "TRUE" } else { "FALSE" }).to_owned(),
        DataRef::Float(number) => self::number(*number).ok_or_else(|| {
            let (row, column) = place();
            SheetError::Inexact { row, column }
        })?,
        DataRef::DateTime(time) => match self::time(time) {
            Some(time) => time,
            // Digits under a format that was meant for another column.
            None => return text(&DataRef::Float(time.as_f64()), row, column),
        },
        DataRef::Error(error) => {
            let (row, column) = place();
            return Err(SheetError::Error { row, column, value: error.to_string() });
        }
    })
}

/// A number as a spreadsheet shows it in a wide cell: without an exponent, fifteen digits at most; nothing where a whole
/// number has more.
fn number(number: f64) -> Option<String> {
    if number.fract() == 0.0 && number.abs() >= INEXACT {
        return None;
    }
    // What arithmetic left behind the fifteenth digit is shown by nobody.
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    Some(if rounded == 0.0 { "0".to_owned() } else { rounded.to_string() })
}

/// A moment as ISO 8601: a date, a time, or both; nothing where the number is none.
fn time(time: &ExcelDateTime) -> Option<String> {
    let value = time.as_f64();
    let mut out = String::new();
    if time.is_duration() {
        if !(0.0..DATES_END).contains(&value) {
            return None;
        }
        let seconds = (value * 86_400.0).round();
        let (hours, rest) = ((seconds / 3600.0).floor(), seconds % 3600.0);
        let _ = write!(out, "{hours:02}:{:02}:{:02}", (rest / 60.0).floor(), rest % 60.0);
        return Some(out);
    }
    if !(0.0..DATES_END).contains(&value) {
        return None;
    }
    let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
    if value >= 1.0 {
        let _ = write!(out, "{year:04}-{month:02}-{day:02}");
    }
    if value < 1.0 || (hour, minute, second, milli) != (0, 0, 0, 0) {
        let _ = write!(out, "{}{hour:02}:{minute:02}:{second:02}", if out.is_empty() { "" } else { "T" });
        if milli > 0 {
            let _ = write!(out, ".{milli:03}");
        }
    }
    Some(out)
}

/// The letters of a column, from 0: A, B, … Z, AA.
fn letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut left = u64::from(column) + 1;
    while left > 0 {
        left -= 1;
        letters.push(char::from(b'A' + u8::try_from(left % 26).unwrap_or_default()));
        left /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType::{DateTime, TimeDelta};

    use super::*;

    #[test]
    fn numbers_are_digits() {
        for (value, shown) in [
            (254_712_345_678.0, "254712345678"),
            (0.1 + 0.2, "0.3"),
            (-1.5, "-1.5"),
            (-0.0, "0"),
            (1e-7, "0.0000001"),
            (999_999_999_999_999.0, "999999999999999"),
        ] {
            assert_eq!(number(value).as_deref(), Some(shown));
        }
        assert_eq!(number(1e15), None);
    }

    #[test]
    fn moments_are_iso() {
        let shown = |value, kind| time(&ExcelDateTime::new(value, kind, false));
        assert_eq!(shown(45_943.0, DateTime).as_deref(), Some("2025-10-13"));
        assert_eq!(shown(45_943.5, DateTime).as_deref(), Some("2025-10-13T12:00:00"));
        assert_eq!(shown(0.75, DateTime).as_deref(), Some("18:00:00"));
        assert_eq!(shown(1.5, TimeDelta).as_deref(), Some("36:00:00"));
        assert_eq!(shown(254_712_345_678.0, DateTime), None);
    }

    #[test]
    fn columns_have_letters() {
        let all: Vec<String> = [0, 25, 26, 701, 702, 16_383].into_iter().map(letters).collect();
        assert_eq!(all, ["A", "Z", "AA", "ZZ", "AAA", "XFD"]);
    }
}
