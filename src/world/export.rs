//! Exports as they lie on the disk or come from standard input: what kind of file it is by its first bytes, whatever its
//! name says, and readers of its text.
#![allow(clippy::disallowed_methods)]

use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use flate2::read::MultiGzDecoder;

use super::confine;
use super::stamp::{Stamp, looks_alike, stamp};
use crate::audience::detect::{self, Findings};
use crate::audience::sheet::{self, SheetReader};
use crate::audience::{Dialect, Encoding, Header, Named, ReadError};
use crate::diagnostic::Spot;
use crate::plan::Input;
use crate::units::thousands;

/// How a manifest names standard input.
pub const STANDARD_INPUT: &str = "-";

/// What people are shown for it.
const SHOWN: &str = "standard input";

const GZIP: &[u8] = &[0x1F, 0x8B];
const ZIP: &[u8] = b"PK\x03\x04";

/// Files that are no text, by how they begin.
const STRANGERS: [(&[u8], &str); 5] = [
    (
        &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1],
        "an old .xls workbook, or one that is protected by a password: save it as .xlsx, or as CSV in UTF-8",
    ),
    (b"BZh", "packed with bzip2: unpack it, or pack it with gzip"),
    (&[0xFD, b'7', b'z', b'X', b'Z', 0], "packed with xz: unpack it, or pack it with gzip"),
    (&[0x28, 0xB5, 0x2F, 0xFD], "packed with zstd: unpack it, or pack it with gzip"),
    (b"%PDF", "a PDF: export it as CSV or .xlsx"),
];

/// One file, looked at.
#[derive(Debug, Clone)]
pub struct Export {
    /// What people are shown for it.
    pub shown: Arc<str>,
    origin: Origin,
    packing: Packing,
    dialect: Dialect,
    told: Option<String>,
    stamp: Stamp,
}

/// Where it is.
#[derive(Debug, Clone)]
enum Origin {
    File(PathBuf),
    Spool(Arc<File>),
}

/// What must be taken off to find text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    /// Of a workbook.
    Sheet(String),
}

trait Bytes: Read + Seek + Send {}
impl<T: Read + Seek + Send> Bytes for T {}

impl Export {
    /// Looks at a file.
    ///
    /// # Errors
    /// Nobody can tell how it is written, or it is no export at all.
    pub fn file(confined: &confine::Confined, named: &Named) -> Result<Self, ReadError> {
        let shown = confined.shown.display().to_string();
        Self::inspect(Origin::File(confined.real.clone()), &shown, named)
    }

    /// A place in the text of a file, where it has one: not in what is packed.
    pub fn spot(confined: &confine::Confined, place: Option<(u64, u64)>) -> Option<Spot> {
        let mut magic = Vec::new();
        File::open(&confined.real).ok()?.take(8).read_to_end(&mut magic).ok()?;
        let (line, column) = place.filter(|_| !magic.starts_with(ZIP) && !magic.starts_with(GZIP))?;
        let file = confine::tidy(&confined.shown).display().to_string();
        Some(Spot { file, line: usize::try_from(line).ok()?, column: usize::try_from(column).ok()? })
    }

    /// Looks at standard input, which is kept in a file without a name, for it is read more than once.
    ///
    /// # Errors
    /// As [`Export::file`].
    pub fn standard_input(named: &Named) -> Result<Self, ReadError> {
        static SPOOL: OnceLock<Result<Arc<File>, String>> = OnceLock::new();
        let spooled = SPOOL.get_or_init(|| spool(&mut io::stdin().lock()).map_err(|error| error.to_string()));
        let file = spooled.clone().map_err(|why| ReadError::Io(io::Error::other(why)))?;
        Self::inspect(Origin::Spool(file), SHOWN, named)
    }

    fn inspect(origin: Origin, shown: &str, named: &Named) -> Result<Self, ReadError> {
        let stamp = origin.stamp();
        let mut magic = Vec::new();
        origin.open()?.take(8).read_to_end(&mut magic)?;
        if let Some((_, what)) = STRANGERS.iter().find(|(begins, _)| magic.starts_with(begins)) {
            return Err(ReadError::Format(what));
        }
        let (packing, dialect, told) = if magic.starts_with(ZIP) {
            let looked = sheet::check_held(origin.open()?)?;
            let sheet = sheet::choose(origin.open()?, named.sheet.as_deref())?;
            let hidden = hidden(looked.hidden_in(origin.open()?, &sheet));
            let told = format!("an .xlsx workbook, sheet `{sheet}`{hidden}");
            (Packing::Sheet(sheet), Dialect::SHEET, Some(told))
        } else if magic.starts_with(GZIP) {
            let findings = text(Gunzip::new(origin.open()?), named)?;
            let packed = (!shown.ends_with(".gz")).then_some("packed with gzip");
            (Packing::Gzip, findings.dialect, told(packed, &findings))
        } else {
            let findings = text(origin.open()?, named)?;
            (Packing::None, findings.dialect, told(None, &findings))
        };
        let told = told.map(|told| format!("{shown}: {told}"));
        Ok(Self { shown: shown.into(), origin, packing, dialect, told, stamp })
    }

    /// What was found out about it that people should know, in a line; nothing for UTF-8 with commas.
    pub fn told(&self) -> Option<&str> {
        self.told.as_deref()
    }

    /// How it is written, whatever that is.
    pub fn written(&self) -> &str {
        let told = self.told.as_deref().and_then(|told| told.strip_prefix(&*self.shown)?.strip_prefix(": "));
        told.unwrap_or("UTF-8, `,` between cells")
    }

    /// How its text is written.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether it is a workbook.
    pub fn is_workbook(&self) -> bool {
        matches!(self.packing, Packing::Sheet(_))
    }

    /// The names of its columns.
    ///
    /// # Errors
    /// It has none that can be read.
    pub fn header(&self) -> Result<Header, ReadError> {
        Header::read_as(self.reader(&Arc::default())?, self.dialect)
    }

    /// How many bytes it has on the disk.
    pub fn len(&self) -> u64 {
        match &self.origin {
            Origin::File(path) => path.metadata().map_or(0, |metadata| metadata.len()),
            Origin::Spool(file) => file.metadata().map_or(0, |metadata| metadata.len()),
        }
    }

    /// How many bytes of UTF-8 it has, about: nobody knows before it is unpacked.
    fn text_bytes(&self) -> Option<u64> {
        let wide = [Encoding::UTF_16LE, Encoding::UTF_16BE].contains(&self.dialect.encoding);
        (self.packing == Packing::None).then(|| if wide { self.len() / 2 } else { self.len() })
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is, from outside, as it was when it was looked at.
    pub fn is_unchanged(&self) -> bool {
        looks_alike(self.origin.stamp(), self.stamp)
    }

    /// Its text from the front. `read` is told how many bytes were read on the disk.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn reader(&self, read: &Arc<AtomicU64>) -> io::Result<Box<dyn Read + Send>> {
        let raw = Counted { inner: self.origin.open()?, read: Arc::clone(read) };
        Ok(match &self.packing {
            Packing::None => Box::new(raw),
            Packing::Gzip => Box::new(Gunzip::new(raw)),
            Packing::Sheet(name) => Box::new(SheetReader::new(raw, name)?),
        })
    }

    /// Its bytes as they lie on the disk, from the front.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn raw(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(self.origin.open()?))
    }

    /// Its text, for the planner.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn input(&self, read: &Arc<AtomicU64>) -> io::Result<Input<Box<dyn Read + Send>>> {
        let (name, reader, dialect) = (Arc::clone(&self.shown), self.reader(read)?, self.dialect);
        Ok(Input { name, reader, dialect, bytes: self.text_bytes() })
    }
}

/// The bytes of a file.
///
/// # Errors
/// It cannot be opened.
pub fn raw(path: &Path) -> io::Result<impl Read + use<>> {
    File::open(path).map_err(|error| io::Error::other(confine::plain(&error)))
}

/// Whether a person at a terminal would have to type what comes from standard input.
pub fn is_typed() -> bool {
    io::stdin().is_terminal()
}

impl Origin {
    fn open(&self) -> io::Result<Box<dyn Bytes>> {
        Ok(match self {
            Self::File(path) => {
                Box::new(File::open(path).map_err(|error| io::Error::other(confine::plain(&error)))?)
            }
            Self::Spool(file) => Box::new(Spool { file: Arc::clone(file), at: 0 }),
        })
    }

    fn stamp(&self) -> Stamp {
        match self {
            Self::File(path) => stamp(path),
            Self::Spool(_) => None,
        }
    }
}

/// What is in a file of text.
fn text(input: impl Read, named: &Named) -> Result<Findings, ReadError> {
    let mut head = Vec::new();
    input.take(detect::HEAD_BYTES as u64 + 1).read_to_end(&mut head)?;
    if head.starts_with(GZIP) || head.starts_with(ZIP) {
        return Err(ReadError::Format("packed twice: unpack it once"));
    }
    if head.trim_ascii_start().starts_with(b"<") || head.starts_with(b"\xEF\xBB\xBF<") {
        return Err(ReadError::Format("HTML or XML, whatever its name says: save it as CSV or .xlsx"));
    }
    let whole = head.len() <= detect::HEAD_BYTES;
    head.truncate(detect::HEAD_BYTES);
    detect::findings(&head, whole, named)
}

/// Who filters a list in a spreadsheet sees some of its rows, and we see all.
fn hidden(rows: u64) -> String {
    match rows {
        0 => String::new(),
        1 => "; 1 row is hidden in it (by a filter?), and is read as well".to_owned(),
        many => format!("; {} rows are hidden in it (by a filter?), and are read as well", thousands(many)),
    }
}

fn told(packed: Option<&str>, findings: &Findings) -> Option<String> {
    let written = (!findings.is_plain()).then(|| findings.to_string());
    match (packed, written) {
        (Some(packed), Some(written)) => Some(format!("{packed}; {written}")),
        (packed, written) => packed.map(str::to_owned).or(written),
    }
}

fn spool(input: &mut impl Read) -> io::Result<Arc<File>> {
    let mut file = tempfile::tempfile()?;
    io::copy(input, &mut file)?;
    Ok(Arc::new(file))
}

/// A file that several read at once, each from the front.
struct Spool {
    file: Arc<File>,
    at: u64,
}

impl Read for Spool {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(out, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Spool {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let from = |base: u64, by: i64| {
            base.checked_add_signed(by).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
        };
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::Current(by) => from(self.at, by)?,
            SeekFrom::End(by) => from(self.file.metadata()?.len(), by)?,
        };
        Ok(self.at)
    }
}

/// A reader that says how far it is.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// What gzip packed, in one piece or in several; an end that is missing is an error.
struct Gunzip<R>(MultiGzDecoder<BufReader<R>>);

impl<R: Read> Gunzip<R> {
    fn new(packed: R) -> Self {
        Self(MultiGzDecoder::new(BufReader::with_capacity(64 * 1024, packed)))
    }
}

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            io::ErrorKind::UnexpectedEof => io::Error::other("what gzip packed is cut off"),
            _ => io::Error::other(format!("what gzip packed is damaged ({error})")),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &str) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(text.as_bytes()).unwrap();
        packed.finish().unwrap()
    }

    fn looked(bytes: &[u8]) -> Result<Export, ReadError> {
        let file = spool(&mut &*bytes).unwrap();
        Export::inspect(Origin::Spool(file), "r.csv", &Named::default())
    }

    fn read(export: &Export) -> io::Result<String> {
        let mut text = String::new();
        export.reader(&Arc::default())?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn what_gzip_packed_in_pieces_is_read_to_its_end_and_no_shorter() {
        let packed = [gzip("phone;name\n"), gzip("0712345678;José\n")].concat();
        let export = looked(&packed).unwrap();
        assert_eq!(read(&export).unwrap(), "phone;name\n0712345678;José\n");
        assert_eq!(export.told(), Some("r.csv: packed with gzip; `;` between cells, found out"));
        assert_eq!(export.header().unwrap().columns(), ["phone", "name"]);
        for cut in [packed.len() - 3, packed.len() - 12] {
            let error = looked(&packed[..cut]).and_then(|export| Ok(read(&export)?)).unwrap_err();
            assert!(error.to_string().contains("cut off"), "{error}");
        }
    }

    #[test]
    fn fault_47_progress_is_told_in_bytes_of_the_disk() {
        let packed = gzip(&"phone,name\n0712345678,Ann\n".repeat(1000));
        let export = looked(&packed).unwrap();
        let count = Arc::default();
        io::copy(&mut export.reader(&count).unwrap(), &mut io::sink()).unwrap();
        assert_eq!((count.load(Ordering::Relaxed), export.len()), (packed.len() as u64, packed.len() as u64));
    }

    #[test]
    fn what_is_no_export_is_refused_with_what_to_do() {
        for (bytes, word) in [
            (&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0][..], ".xls workbook"),
            (b"PK\x03\x04 and nothing of a workbook", "no .xlsx workbook"),
            (b"%PDF-1.7", "a PDF"),
            (b"\n <html><table>", "HTML"),
            (&gzip("PK\x03\x04"), "packed twice"),
        ] {
            let error = looked(bytes).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_file_that_changes_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        std::fs::write(&path, "phone\n0712345678\n0712345679\n").unwrap();
        let confined = confine::Confined { real: path.clone(), shown: "r.csv".into(), way: path.clone() };
        let export = Export::file(&confined, &Named::default()).unwrap();
        assert!(export.is_unchanged() && export.told().is_none());
        std::fs::write(&path, "phone\n0712345678\n").unwrap();
        assert!(!export.is_unchanged());
    }
}
