//! Lists of people who must not be written to. An entry that cannot be read is an error, for a wish
//! that we do not understand must not be overridden by sending.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use crate::audience::address::{Address, AddressKind};
use crate::audience::blocks::Blocks;
use crate::audience::header::DELIMITER;
use crate::audience::read::ReadError;
use crate::audience::rows::Block;
use crate::audience::unreadable::AddressError;
use crate::diagnostic::listing;

/// Names of columns that are taken for addresses, besides the one of the audience.
const COLUMN_NAMES: [&str; 5] = ["address", "phone", "msisdn", "number", "mobile"];

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
    #[error("the suppression list {list}, line {line}: {error}; correct the line or take it out")]
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
    /// Nobody can tell which column has the addresses.
    #[error(
        "the suppression list {list} has no column that is known to hold addresses, but {}; name one `{wanted}`",
        listing(.found.iter().map(String::as_str))
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

/// Addresses from any number of lists.
#[derive(Debug, Default, Clone)]
pub struct Suppression {
    lists: Vec<Arc<str>>,
    phones: HashMap<u64, u32>,
    opaque: HashMap<Box<str>, u32>,
}

impl Suppression {
    /// Adds a list and answers how many addresses it has that were on no list before.
    ///
    /// Its column of addresses is the one called `address_column`, else one called `address`, `phone`,
    /// `msisdn`, `number` or `mobile` (capitals or not), else the only one. A list of one column may
    /// lack a header: then its first cell reads as an address. Rows without any text are skipped.
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
        let before = self.len();
        let list = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        self.lists.push(name.into());
        let refuse = |error| ListError::Read { list: name.to_owned(), error };
        let mut blocks = Blocks::new(input, DELIMITER, None);
        let Some((line, cells)) = blocks.header().map_err(refuse)? else { return Ok(0) };
        let column = match column_of(&cells, address_column, kind) {
            Some(Column::Named(column)) => column,
            Some(Column::First(address)) => {
                self.add(address, list);
                0
            }
            None if cells.iter().all(|cell| cell.trim().is_empty()) => {
                return Err(refuse(ReadError::UnnamedColumn { line, column: 1 }));
            }
            None => {
                let (list, wanted) = (name.to_owned(), address_column.to_owned());
                return Err(ListError::NoColumn { list, wanted, found: cells });
            }
        };
        let mut block = Block::default();
        while blocks.next_block(&mut block).map_err(refuse)? {
            self.add_block(&block, (name, list), kind, column)?;
        }
        Ok(self.len() - before)
    }

    fn add_block(
        &mut self,
        block: &Block,
        (name, list): (&str, u32),
        kind: AddressKind,
        column: usize,
    ) -> Result<(), ListError> {
        let refuse = |error| ListError::Read { list: name.to_owned(), error };
        let mut rows = block.rows(DELIMITER).map_err(refuse)?;
        while let Some(row) = rows.next_row().map_err(refuse)? {
            if row.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let (line, list_name) = (row.line(), || name.to_owned());
            if column >= row.len() {
                return Err(ListError::NoCell { list: list_name(), line });
            }
            let address = kind.read(row.get(column)).map_err(|error| ListError::Address {
                list: list_name(),
                line,
                error,
            })?;
            self.add(address, list);
        }
        Ok(())
    }

    fn add(&mut self, address: Address, list: u32) {
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

    /// How many addresses are on the lists, each counted once.
    pub fn len(&self) -> u64 {
        (self.phones.len() + self.opaque.len()) as u64
    }

    /// Whether nobody is on a list.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

enum Column {
    Named(usize),
    /// There is no header: the first record is an entry already.
    First(Address),
}

fn column_of(cells: &[String], wanted: &str, kind: AddressKind) -> Option<Column> {
    let named = |name: &str| cells.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
    let exact = cells.iter().position(|cell| cell.trim() == wanted);
    if let Some(column) = exact.or_else(|| named(wanted)) {
        return Some(Column::Named(column));
    }
    if let Some(column) = COLUMN_NAMES.into_iter().find_map(named) {
        return Some(Column::Named(column));
    }
    let [only] = cells else { return None };
    match kind.read(only) {
        Ok(address) => Some(Column::First(address)),
        Err(_) if only.trim().is_empty() => None,
        Err(_) => Some(Column::Named(0)),
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
        ] {
            let suppression = list(text).unwrap();
            assert!(suppression.contains(&number("+254 712 345 678")).is_some(), "{text}");
            assert!(suppression.contains(&number("0711111111")).is_none(), "{text}");
        }
        assert!(matches!(list("a,b\n1,2\n"), Err(ListError::NoColumn { .. })));
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
        assert_eq!(suppression.add_list("empty", "".as_bytes(), KENYA, "tel").unwrap(), 0);
    }
}
