//! From a row to a person, or to the reason why there is none. The checks run in one order, so that a row
//! has one reason: cells, `where`, address, its type, identity, `sample`; lists and duplicates follow, in `plan`.

use crate::audience::address::{Address, AddressKind};
use crate::audience::exclusion::Exclusion;
use crate::audience::filter::Filter;
use crate::audience::header::Header;
use crate::audience::number_type::NumberTypes;
use crate::audience::phone;
use crate::audience::rows::Row;
use crate::audience::sample::Sample;
use crate::expression::Context;

/// How the rows of one file are read.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The columns of the file.
    pub header: Header,
    /// The column of the address, from 0.
    pub address: usize,
    /// The column of the identity, from 0; without one, the canonical address is the identity.
    pub id: Option<usize>,
    /// The column of the time zone, from 0.
    pub timezone: Option<usize>,
    /// The column of the locale, from 0.
    pub locale: Option<usize>,
    /// How addresses are read.
    pub kind: AddressKind,
    /// The types of numbers that are asked for; without any, all are.
    pub types: Option<NumberTypes>,
    /// Which rows are meant; without one, all.
    pub filter: Option<Filter>,
    /// Which share of the people is meant; without one, all.
    pub sample: Option<Sample>,
}

/// Who a row is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person<'r> {
    /// Where to.
    pub address: Address,
    /// The identity, white space around it taken off; nothing when the address is the identity.
    pub id: Option<&'r str>,
    /// The zone as it is written, white space around it taken off; empty where none is.
    pub timezone: &'r str,
    /// The locale as it is written, white space around it taken off; empty where none is.
    pub locale: &'r str,
}

impl Rules {
    /// Reads one row. `context` is reused from row to row.
    ///
    /// # Errors
    /// The first reason to leave the row out.
    pub fn person<'r>(&self, row: &Row<'r>, context: &mut Context) -> Result<Person<'r>, Exclusion> {
        let expected = self.header.columns().len();
        if row.len() != expected {
            return Err(Exclusion::Ragged { expected, found: row.len() });
        }
        if let Some(filter) = &self.filter {
            match filter.selects(row, context) {
                Ok(true) => {}
                Ok(false) => return Err(Exclusion::Filtered),
                Err(message) => return Err(Exclusion::FilterFailed { message }),
            }
        }
        let address = self.kind.read(row.get(self.address))?;
        if let Some((types, digits)) = self.types.zip(address.digits()) {
            let found = phone::number_type(digits);
            if !types.admits(found) {
                return Err(Exclusion::NumberType(found));
            }
        }
        let id = self.id.map(|column| row.get(column).trim());
        if id.is_some_and(str::is_empty) {
            return Err(Exclusion::EmptyId);
        }
        if self.sample.as_ref().is_some_and(|sample| !sample.has(id, &address)) {
            return Err(Exclusion::NotSampled);
        }
        let timezone = self.timezone.map_or("", |column| row.get(column).trim());
        let locale = self.locale.map_or("", |column| row.get(column).trim());
        Ok(Person { address, id, timezone, locale })
    }
}
