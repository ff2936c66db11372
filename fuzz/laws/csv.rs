//! A file of recipients as any program may write it: never partly read, never read otherwise in other pieces.

use std::convert::Infallible;
use std::io::Read;
use std::num::NonZeroUsize;

use sendplan::audience::blocks::Blocks;
use sendplan::audience::detect;
use sendplan::audience::rows::Block;
use sendplan::audience::{
    Address, AddressKind, Dialect, Header, Named, ReadError, Region, Rules, Suppression,
};
use sendplan::message::{Names, Template, measure};
use sendplan::plan::{self, Entry, PlanError, Recipe};

const KENYA: AddressKind = AddressKind::Phone { region: Some(Region::KE) };

/// The laws for one file.
pub fn holds(data: &[u8]) {
    let whole = rows(data);
    let pieces = rows(Pieces { bytes: data, size: 1 + data.len() % 7 });
    assert_eq!(format!("{whole:?}"), format!("{pieces:?}"), "read otherwise in pieces");
    agrees(data, &whole);
    found_out(data);
    if let Ok(header) = Header::read(data) {
        plans(data, header, whole.is_ok());
    }
    if let Ok(text) = std::str::from_utf8(data) {
        text.lines().take(8).for_each(address);
    }
}

/// A reader that gives a few bytes at a time.
struct Pieces<'a> {
    bytes: &'a [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.size.min(into.len()).min(self.bytes.len());
        let (now, later) = self.bytes.split_at(count);
        into[..count].copy_from_slice(now);
        self.bytes = later;
        Ok(count)
    }
}

type Records = Vec<(u64, Vec<String>)>;

/// Every record with its line, the first one too.
fn rows(input: impl Read) -> Result<Records, ReadError> {
    rows_as(input, Dialect::PLAIN)
}

fn rows_as(input: impl Read, dialect: Dialect) -> Result<Records, ReadError> {
    let mut blocks = Blocks::new(input, dialect);
    let mut all: Records = blocks.header()?.into_iter().map(|names| (names.line, names.cells)).collect();
    let mut block = Block::default();
    while blocks.next_block(&mut block)? {
        let mut rows = block.rows()?;
        while let Some(row) = rows.next_row()? {
            all.push((row.line(), row.iter().map(str::to_owned).collect()));
        }
    }
    Ok(all)
}

/// However a file is written, as far as that can be found out, it is read the same in pieces.
fn found_out(data: &[u8]) {
    let read = |pieces: bool| {
        let size = if pieces { 1 + data.len() % 5 } else { data.len().max(1) };
        let (input, findings) = detect::look(Pieces { bytes: data, size }, &Named::default())?;
        assert!(findings.is_plain() || !findings.to_string().is_empty());
        rows_as(input, findings.dialect)
    };
    assert_eq!(format!("{:?}", read(false)), format!("{:?}", read(true)), "found out otherwise in pieces");
}

/// What we do not refuse, the `csv` crate reads the same way; and the lines are those of an editor.
fn agrees(data: &[u8], found: &Result<Records, ReadError>) {
    let Ok(found) = found else { return };
    let mut data = data;
    while let Some(unmarked) = data.strip_prefix(b"\xEF\xBB\xBF") {
        data = unmarked;
    }
    // Excel's word about separators is no row here.
    if data.to_ascii_lowercase().starts_with(b"sep=") || data.to_ascii_lowercase().starts_with(b"\"sep=") {
        return;
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(data);
    let theirs: Vec<Vec<String>> = reader
        .records()
        .map(|record| record.unwrap_or_default().iter().map(str::to_owned).collect())
        // Rows of nothing are passed over.
        .filter(|cells: &Vec<String>| cells.iter().any(|cell| !cell.trim().is_empty()))
        .collect();
    let ours: Vec<&Vec<String>> = found.iter().map(|(_, cells)| cells).collect();
    assert_eq!(ours, theirs.iter().collect::<Vec<_>>());
    let text = String::from_utf8_lossy(data).replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.split('\n').collect();
    let mut before = 0;
    for (line, cells) in found {
        assert!(*line > before, "line {line} after {before}");
        before = *line;
        let physical = lines[usize::try_from(line - 1).unwrap_or(usize::MAX)];
        let first = cells[0].replace("\r\n", "\n").replace('\r', "\n");
        let first = first.split('\n').next().unwrap_or_default();
        if !physical.contains('"') {
            assert!(physical.starts_with(first), "{first:?} is not on line {line}: {physical:?}");
        }
    }
}

/// Everybody is planned or left out, in one order on any number of threads; whoever is then written on a list is
/// not planned again.
fn plans(data: &[u8], header: Header, readable: bool) {
    let column = |name: &str| header.index(name);
    let address = column("phone").unwrap_or(0);
    let text = if column("name").is_some() { "Hi {{ name }}" } else { "Hi" };
    let template = Template::compile(text, &Names::of("c", header.columns(), &serde_json::Map::new()));
    let template = template.unwrap_or_else(|problems| panic!("{problems:?}"));
    let kind = if data.len().is_multiple_of(5) { AddressKind::Opaque } else { KENYA };
    let rules = Rules {
        address,
        id: column("id"),
        timezone: None,
        locale: None,
        types: None,
        kind,
        filter: None,
        sample: None,
        header,
    };
    let mut recipe = Recipe {
        rules,
        wordings: template.into(),
        suppression: Suppression::default(),
        reference: Default::default(),
        cost: None,
        locates: true,
    };
    let Some(one) = planned(data, &recipe, 1) else {
        assert!(!readable, "every row can be read, and yet it cannot be planned");
        return;
    };
    assert!(readable, "planned, and yet it cannot be read");
    // Threads take their time: one file in eight is planned by several, and with a list.
    if data.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) % 8 != 0 {
        return;
    }
    assert_eq!(planned(data, &recipe, 3).as_ref(), Some(&one));
    let list: Vec<String> =
        one.iter().flatten().map(|address| format!("\"{}\"", address.replace('"', "\"\""))).collect();
    let list = format!("phone\n{}\n", list.join("\n"));
    recipe
        .suppression
        .add_list("list", list.as_bytes(), kind, "phone")
        .unwrap_or_else(|error| panic!("{error}"));
    let left = planned(data, &recipe, 2).unwrap_or_default();
    assert!(left.iter().flatten().all(|address| !one.contains(&Some(address.clone()))));
}

/// The address of each row that is a message; `None` where the file is refused.
fn planned(data: &[u8], recipe: &Recipe, threads: usize) -> Option<Vec<Option<String>>> {
    let mut entries = Vec::new();
    let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
    let result = plan::run::<Infallible>(data, recipe, threads, &mut |entry| {
        entries.push(match entry {
            Entry::Planned { address, text, measure: measured, .. } => {
                assert_eq!(measured, measure(text));
                Some(address.to_string())
            }
            Entry::Excluded { reason, .. } => {
                assert!(!reason.to_string().is_empty());
                None
            }
        });
        Ok(())
    });
    match result {
        Ok(totals) => {
            let planned: Vec<&String> = entries.iter().flatten().collect();
            assert_eq!((totals.rows, totals.messages), (entries.len() as u64, planned.len() as u64));
            let mut once = planned.clone();
            once.sort();
            once.dedup();
            assert_eq!(once.len(), planned.len(), "one address in two messages");
            Some(entries)
        }
        Err(PlanError::Worker) => panic!("a worker has failed"),
        Err(_) => None,
    }
}

/// A number that is accepted is one that ITU-T E.164 allows, is the same when read again, and hides when masked.
fn address(text: &str) {
    for kind in [KENYA, AddressKind::Phone { region: None }, AddressKind::Opaque] {
        match kind.read(text) {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(address) => {
                let canonical = address.to_string();
                assert_eq!(kind.read(&canonical).as_ref(), Ok(&address), "{canonical:?} from {text:?}");
                assert!(!canonical.chars().any(char::is_control));
                if let Address::Phone(digits) = address {
                    let length = digits.to_string().len();
                    assert!((2..=20).contains(&length), "{canonical}");
                    assert!(address.masked().contains('•'));
                }
            }
        }
    }
}
