//! Lists of people who must not be written to. An entry that cannot be read is an error, for a wish
//! that we do not understand must not be overridden by sending.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use crate::audience::address::{Address, AddressKind};
use crate::audience::blocks::{Blocks, Names};
use crate::audience::detect;
use crate::audience::dialect::{Dialect, Named};
use crate::audience::masked::{is_contact, masked_all};
use crate::audience::oddities::hides_somebody;
use crate::audience::read::ReadError;
use crate::audience::rows::Block;
use crate::audience::unreadable::AddressError;
use crate::diagnostic::listing;

/// Names of columns that hold numbers, besides the one of the audience. `address` is read only where none
/// of these is there: it may be a street.
const NUMBER_COLUMNS: [&str; 4] = ["phone", "msisdn", "number", "mobile"];

/// A list that is refused. `list` is its name.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file cannot be read as CSV.
    #[error("the suppression list {list} {error}")]
    Read {
        /// The list.
        list: String,
        /// Why.
        error: ReadError,
    },
    /// An entry is no address.
    #[error(
        "the suppression list {list}, line {line}: {error}; write it with its country code, or see whether `audience.region` is right"
    )]
    Address {
        /// The list.
        list: String,
        /// The physical line, from 1.
        line: u64,
        /// Why.
        error: AddressError,
    },
    /// An entry has no cell in the column of addresses.
    #[error("the suppression list {list}, line {line}, has no cell in the column of addresses")]
    NoCell {
        /// The list.
        list: String,
        /// The physical line, from 1.
        line: u64,
    },
    /// A row has more cells than the header: what stands there may be an address too.
    #[error("the suppression list {list}, line {line}, has more cells than the header; one address a line")]
    Surplus {
        /// The list.
        list: String,
        /// The physical line, from 1.
        line: u64,
    },
    /// A cell runs over lines on which there are entries.
    #[error(
        "the suppression list {list}, line {line}: a cell in quotes runs over lines that look like entries: see whether a quote opens there that should not, or take the line breaks out of the cell"
    )]
    Swallowing {
        /// The list.
        list: String,
        /// The physical line on which the entry begins, from 1.
        line: u64,
    },
    /// Nobody can tell which column has the addresses.
    #[error(
        "the suppression list {list} has no column that is known to hold addresses, but {}; name one `{wanted}`{}",
        listing(masked_all(.found).iter().map(String::as_str)),
        if .found.iter().any(|cell| is_contact(cell)) { " in a line of its own: the first one looks like an entry" } else { "" }
    )]
    NoColumn {
        /// The list.
        list: String,
        /// The name of the audience's column.
        wanted: String,
        /// The columns there are.
        found: Vec<String>,
    },
}

impl ListError {
    /// As [`ReadError::position`].
    pub fn position(&self) -> Option<(u64, u64)> {
        match self {
            Self::Read { error, .. } => error.position(),
            Self::Address { line, .. }
            | Self::NoCell { line, .. }
            | Self::Surplus { line, .. }
            | Self::Swallowing { line, .. } => Some((*line, 1)),
            Self::NoColumn { .. } => Some((1, 1)),
        }
    }
}

/// Addresses from any number of lists.
#[derive(Debug, Default, Clone)]
pub struct Suppression {
    lists: Vec<Arc<str>>,
    /// How many entries each list has, those that stand on another one as well.
    entries: Vec<u64>,
    phones: HashMap<u64, u32>,
    opaque: HashMap<Box<str>, u32>,
}

impl Suppression {
    /// Adds a list and answers how many addresses it has that were on no list before. How it is written is found out.
    ///
    /// Its columns of addresses are the one called `address_column` and every one called `phone`, `msisdn`,
    /// `number` or `mobile` (capitals or not); without any of them the one called `address`, else the only
    /// one. A list of one column may lack a header: a first cell with a digit in it is an entry already.
    /// Rows and cells without any text are skipped, but a row needs one address.
    ///
    /// # Errors
    /// [`ListError`]; the set is then not to be used, for it may hold a part of the list.
    pub fn add_list(
        &mut self,
        name: &str,
        input: impl Read,
        kind: AddressKind,
        address_column: &str,
    ) -> Result<u64, ListError> {
        let (input, findings) = detect::look(input, &Named::default())
            .map_err(|error| ListError::Read { list: name.to_owned(), error })?;
        self.add_list_as(name, input, findings.dialect, kind, address_column)
    }

    /// The same, of a list that is known to be written so.
    ///
    /// # Errors
    /// As [`Suppression::add_list`].
    pub fn add_list_as(
        &mut self,
        name: &str,
        input: impl Read,
        dialect: Dialect,
        kind: AddressKind,
        address_column: &str,
    ) -> Result<u64, ListError> {
        let before = self.len();
        let list = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        self.lists.push(name.into());
        self.entries.push(0);
        let refuse = |error| ListError::Read { list: name.to_owned(), error };
        let mut blocks = Blocks::new(input, dialect);
        let Some(Names { line, cells, .. }) = blocks.header().map_err(refuse)? else { return Ok(0) };
        let width = cells.len();
        let columns = match columns_of(&cells, address_column) {
            Some(Columns::Named(columns)) => columns,
            Some(Columns::FirstIsAnEntry) => {
                let cell = cells.first().map_or("", String::as_str);
                let address = kind.read(cell).map_err(|error| ListError::Address {
                    list: name.to_owned(),
                    line,
                    error,
                })?;
                self.add(address, list);
                vec![0]
            }
            None => {
                let (list, wanted) = (name.to_owned(), address_column.to_owned());
                return Err(ListError::NoColumn { list, wanted, found: cells });
            }
        };
        let mut block = Block::default();
        while blocks.next_block(&mut block).map_err(refuse)? {
            self.add_block(&block, (name, list), kind, (&columns, width))?;
        }
        Ok(self.len() - before)
    }

    fn add_block(
        &mut self,
        block: &Block,
        (name, list): (&str, u32),
        kind: AddressKind,
        (columns, width): (&[usize], usize),
    ) -> Result<(), ListError> {
        let refuse = |error| ListError::Read { list: name.to_owned(), error };
        let mut rows = block.rows().map_err(refuse)?;
        while let Some(row) = rows.next_row().map_err(refuse)? {
            let (line, list_name) = (row.line(), || name.to_owned());
            if row.iter().any(|cell| hides_somebody(cell, block.dialect.delimiter)) {
                return Err(ListError::Swallowing { list: list_name(), line });
            }
            if row.iter().skip(width).any(|cell| !cell.trim().is_empty()) {
                return Err(ListError::Surplus { list: list_name(), line });
            }
            let mut found = false;
            for cell in columns.iter().filter(|column| **column < row.len()).map(|column| row.get(*column)) {
                if cell.trim().is_empty() {
                    continue;
                }
                let wrong = |error| ListError::Address { list: list_name(), line, error };
                self.add(kind.read(cell).map_err(wrong)?, list);
                found = true;
            }
            if !found {
                return Err(ListError::NoCell { list: list_name(), line });
            }
        }
        match rows.oddities().first {
            Some(first) => Err(ListError::Swallowing { list: name.to_owned(), line: first.line }),
            None => Ok(()),
        }
    }

    fn add(&mut self, address: Address, list: u32) {
        if let Some(entries) = self.entries.last_mut() {
            *entries += 1;
        }
        match address {
            Address::Phone(digits) => {
                self.phones.entry(digits).or_insert(list);
            }
            Address::Opaque(text) => {
                self.opaque.entry(text).or_insert(list);
            }
        }
    }

    /// The first list that has the address.
    pub fn contains(&self, address: &Address) -> Option<&Arc<str>> {
        let list = match address {
            Address::Phone(_) if self.phones.is_empty() => None,
            Address::Phone(digits) => self.phones.get(digits),
            Address::Opaque(text) => self.opaque.get(text),
        }?;
        self.lists.get(usize::try_from(*list).ok()?)
    }

    /// The lists, in their order, also those on which nobody is.
    pub fn lists(&self) -> &[Arc<str>] {
        &self.lists
    }

    /// How many entries each list has, in their order.
    pub fn entries(&self) -> &[u64] {
        &self.entries
    }

    /// Whoever was on the same lists before stays on them.
    pub fn keep(&mut self, before: Self) {
        for (digits, list) in before.phones {
            self.phones.entry(digits).or_insert(list);
        }
        for (text, list) in before.opaque {
            self.opaque.entry(text).or_insert(list);
        }
    }

    /// Whether the list that was added last has no entry at all.
    pub fn last_is_blank(&self) -> bool {
        self.entries.last() == Some(&0)
    }

    /// How many addresses are on the lists, each counted once.
    pub fn len(&self) -> u64 {
        (self.phones.len() + self.opaque.len()) as u64
    }

    /// Whether nobody is on a list.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

enum Columns {
    Named(Vec<usize>),
    /// There is no header: the first record is an entry already.
    FirstIsAnEntry,
}

fn columns_of(cells: &[String], wanted: &str) -> Option<Columns> {
    let named = |name: &str| {
        let all = cells.iter().enumerate().filter(|(_, cell)| cell.trim().eq_ignore_ascii_case(name));
        all.map(|(column, _)| column).collect::<Vec<_>>()
    };
    let mut columns = named(wanted);
    NUMBER_COLUMNS.iter().for_each(|name| columns.extend(named(name)));
    columns.sort_unstable();
    columns.dedup();
    if columns.is_empty() {
        columns = named("address");
    }
    match cells {
        _ if !columns.is_empty() => Some(Columns::Named(columns)),
        [only] if only.chars().any(char::is_numeric) => Some(Columns::FirstIsAnEntry),
        [only] if !only.trim().is_empty() => Some(Columns::Named(vec![0])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::phone::Region;

    const KENYA: AddressKind = AddressKind::Phone { region: Some(Region::KE) };

    fn list(text: &str) -> Result<Suppression, ListError> {
        let mut suppression = Suppression::default();
        suppression.add_list("optouts.csv", text.as_bytes(), KENYA, "tel")?;
        Ok(suppression)
    }

    fn number(text: &str) -> Address {
        KENYA.read(text).unwrap()
    }

    #[test]
    fn the_column_is_found_by_name_or_because_it_is_the_only_one() {
        for text in [
            "tel,since\n0712345678,x\n",
            "since,Mobile\nx,+254712345678\n",
            "who\n0712345678\n",
            "0712345678\n",
            "\u{feff}0733333333\r\n\r\n0712345678\r\n",
            "phone\n,\n\"0712345678\"\n",
            "since;Mobile\nx;+254712345678\n",
            "sep=|\nsince|Mobile\nx|+254712345678\n",
        ] {
            let suppression = list(text).unwrap();
            assert!(suppression.contains(&number("+254 712 345 678")).is_some(), "{text}");
            assert!(suppression.contains(&number("0711111111")).is_none(), "{text}");
        }
        assert!(matches!(list("a,b\n1,2\n"), Err(ListError::NoColumn { .. })));
    }

    #[test]
    fn nobody_on_a_list_is_passed_over_in_silence() {
        // A first line that is no header, but cannot be read either.
        for first in ["2.547E+11", "00254700005696", "0700005696 x123", "0700005696 (mum)"] {
            let error = list(&format!("{first}\n0722222222\n")).unwrap_err();
            assert!(matches!(error, ListError::Address { line: 1, .. }), "{first}: {error}");
        }
        // Two cells and no header: nobody knows which of them is meant.
        for first in ["0700005696;x", "0700005696,x", "0700005696\tx"] {
            let error = list(&format!("{first}\n0722222222\n")).unwrap_err();
            assert!(matches!(error, ListError::NoColumn { .. }), "{first}: {error}");
            let told = error.to_string();
            assert!(told.contains("looks like an entry") && !told.contains("005696"), "{told}");
        }
        // Every column that holds numbers is read.
        for text in [
            "phone,mobile\n0722222222,0700005696\n",
            "tel,phone\n0722222222,0700005696\n",
            "phone,phone\n,0700005696\n",
        ] {
            assert!(list(text).unwrap().contains(&number("0700005696")).is_some(), "{text}");
        }
        assert!(matches!(list("tel\n0722222222,0700005696\n"), Err(ListError::Surplus { line: 2, .. })));
    }

    #[test]
    fn a_quote_that_swallows_entries_is_refused() {
        for (text, at) in [
            ("phone,note\n0712345600,\"asked by phone\n0712345678,y\n0712345679,z\"\n", 2),
            ("phone,note\n0711111111,a\n0712345600,\"asked by phone\n0712345678,y\"\n", 3),
            ("note\tphone\n\"asked\n\t0712345678\"\t0712345600\n", 2),
        ] {
            let error = list(text).unwrap_err();
            assert!(matches!(error, ListError::Swallowing { line, .. } if line == at), "{text}: {error}");
        }
        let header = list("phone,\"note\n0712345678,y\n0712345679,z\"\n0712345600,x\n").unwrap_err();
        let wanted =
            matches!(&header, ListError::Read { error: ReadError::SwallowingHeader { column: 2, .. }, .. });
        assert!(wanted, "{header}");
        // Of what is no number, lines like rows tell.
        let mut orders = Suppression::default();
        let text = "order,note\no1,\"asked\no2,y\no3,z\"\n";
        let told = orders.add_list("a", text.as_bytes(), AddressKind::Opaque, "order").unwrap_err();
        assert!(matches!(told, ListError::Swallowing { line: 2, .. }), "{told}");
        assert!(list("phone,note\n0712345600,\"asked by phone,\ntwice\"\n").is_ok());
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_refused_with_its_line() {
        let error = list("tel\n0712345678\n\nsoon\n").unwrap_err();
        assert!(matches!(error, ListError::Address { line: 4, .. }), "{error}");
        assert!(error.to_string().contains("optouts.csv"), "{error}");
        assert!(matches!(list("a,tel\nx\n"), Err(ListError::NoCell { line: 2, .. })));
        assert!(matches!(list("tel\n\"0712345678\n"), Err(ListError::Read { .. })));
    }

    #[test]
    fn the_first_list_is_named_and_addresses_are_counted_once() {
        let mut suppression = list("0712345678\n0712 345 678\n").unwrap();
        assert_eq!(suppression.len(), 1);
        let added = suppression.add_list("b", "0712345678\n0733333333\n".as_bytes(), KENYA, "tel");
        assert_eq!(added.unwrap(), 1);
        assert_eq!(suppression.contains(&number("0712345678")).unwrap().as_ref(), "optouts.csv");
        assert_eq!(suppression.contains(&number("0733333333")).unwrap().as_ref(), "b");
        assert_eq!(suppression.add_list("c", "0712345678\n".as_bytes(), KENYA, "tel").unwrap(), 0);
        assert!(!suppression.last_is_blank(), "it says what another one says");
        for text in ["", "phone\n", "phone,since\n,\n"] {
            assert_eq!(suppression.add_list("empty", text.as_bytes(), KENYA, "tel").unwrap(), 0);
            assert!(suppression.last_is_blank(), "{text}");
        }
    }
}
