//! What stands in the columns of a file: how many cells are filled, how many differ, the longest, and a few of them.
//! Nothing is judged here; it is for people who have not seen the file yet.

use std::collections::HashSet;
use std::io::Read;

use rustc_hash::FxBuildHasher;

use crate::audience::blocks::Blocks;
use crate::audience::dedupe::{TextKey, text_key};
use crate::audience::dialect::Dialect;
use crate::audience::header::Header;
use crate::audience::oddities::Oddities;
use crate::audience::read::ReadError;
use crate::audience::rows::{Block, Row};

/// Different values that are counted in a column at most; of many columns fewer each.
const MOST_DISTINCT: usize = 100_000;
/// The same in all columns together: some 40 MB at most.
const MOST_KEYS: usize = 1_000_000;
/// Values that are kept of a column, the first ones that differ.
const SAMPLES: usize = 3;
/// Characters that are kept of each.
const SAMPLE_CHARS: usize = 100;

/// The columns of one file or several.
#[derive(Debug)]
pub struct Survey {
    header: Header,
    /// Rows, those with too many or too few cells as well.
    pub rows: u64,
    /// Rows with too many or too few cells: nothing of them counts in any column.
    pub ragged: u64,
    /// What else stands among the rows of the file that was added last.
    pub odd: Oddities,
    columns: Vec<Column>,
    most: usize,
}

/// What stands in one column. White space around a cell is no part of it.
#[derive(Debug, Default)]
pub struct Column {
    /// Cells with something in them.
    pub filled: u64,
    /// Characters of the longest.
    pub longest: usize,
    /// The first few that differ, cut where they are long.
    pub samples: Vec<String>,
    different: HashSet<TextKey, FxBuildHasher>,
    is_over: bool,
}

/// How many different values there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distinct {
    /// So many.
    Exactly(u64),
    /// More than so many: they are not counted any further.
    MoreThan(u64),
}

impl Survey {
    /// Of files with this header, no row yet.
    pub fn new(header: Header) -> Self {
        let columns: Vec<Column> = header.columns().iter().map(|_| Column::default()).collect();
        let most = (MOST_KEYS / columns.len().max(1)).clamp(1, MOST_DISTINCT);
        Self { header, rows: 0, ragged: 0, odd: Oddities::default(), columns, most }
    }

    /// The columns with their names, in the order of the file.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.header.columns().iter().map(String::as_str).zip(&self.columns)
    }

    /// How many different values a column has.
    pub fn distinct(&self, column: &Column) -> Distinct {
        match column.is_over {
            true => Distinct::MoreThan(self.most as u64),
            false => Distinct::Exactly(column.different.len() as u64),
        }
    }

    /// Adds the rows of a file. `tick` is called after each block, some 64 KiB of text.
    ///
    /// # Errors
    /// The file cannot be read, or has another header.
    pub fn add(
        &mut self,
        input: impl Read,
        dialect: Dialect,
        tick: &mut dyn FnMut(),
    ) -> Result<(), ReadError> {
        self.odd = Oddities::default();
        let mut blocks = Blocks::new(input, dialect);
        let found = Header::take(&mut blocks)?;
        if found != self.header {
            return Err(ReadError::HeaderChanged { found: found.columns().to_vec() });
        }
        let mut block = Block::default();
        while blocks.next_block(&mut block)? {
            let mut rows = block.rows()?;
            while let Some(row) = rows.next_row()? {
                self.row(&row);
            }
            self.odd.add(&rows.oddities(), 0);
            tick();
        }
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) {
        self.rows += 1;
        if row.len() != self.columns.len() {
            self.ragged += 1;
            return;
        }
        for (column, cell) in self.columns.iter_mut().zip(row.iter()) {
            column.add(cell.trim(), self.most);
        }
    }
}

impl Column {
    fn add(&mut self, cell: &str, most: usize) {
        if cell.is_empty() {
            return;
        }
        self.filled += 1;
        if cell.len() > self.longest {
            self.longest = self.longest.max(cell.chars().count());
        }
        if self.is_over || !self.different.insert(text_key(cell)) {
            return;
        }
        if self.samples.len() < SAMPLES {
            self.samples.push(cell.chars().take(SAMPLE_CHARS).collect());
        }
        if self.different.len() > most {
            self.is_over = true;
            self.different = HashSet::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(files: &[&str]) -> Survey {
        let mut survey = Survey::new(Header::read(files[0].as_bytes()).unwrap());
        for file in files {
            survey.add(file.as_bytes(), Dialect::PLAIN, &mut || {}).unwrap();
        }
        survey
    }

    #[test]
    fn cells_are_counted_by_what_stands_in_them() {
        let survey = survey(&["a,b\n1,Zoë\n 1 ,\n2,\" \"\n3\n", "a,b\n4,x\n"]);
        assert_eq!((survey.rows, survey.ragged), (5, 1));
        let told: Vec<_> = survey
            .columns()
            .map(|(name, one)| (name, one.filled, survey.distinct(one), one.longest, one.samples.join(" ")))
            .collect();
        assert_eq!(
            told,
            [
                ("a", 4, Distinct::Exactly(3), 1, "1 2 4".to_owned()),
                ("b", 2, Distinct::Exactly(2), 3, "Zoë x".to_owned()),
            ]
        );
    }

    #[test]
    fn beyond_the_bound_it_is_said_to_be_more() {
        let mut survey = survey(&["a\n"]);
        let count = |survey: &mut Survey, number: usize| {
            let rows: String = (0..number).map(|row| format!("{row}\n")).collect();
            survey.add(format!("a\n{rows}").as_bytes(), Dialect::PLAIN, &mut || {}).unwrap();
            let (_, column) = survey.columns().next().unwrap();
            (survey.distinct(column), column.filled)
        };
        assert_eq!(count(&mut survey, MOST_DISTINCT), (Distinct::Exactly(100_000), 100_000));
        assert_eq!(count(&mut survey, MOST_DISTINCT + 1), (Distinct::MoreThan(100_000), 200_001));
        assert!(survey.columns().next().unwrap().1.different.is_empty(), "what is over takes no memory");
    }

    #[test]
    fn a_wide_file_takes_no_more_memory_than_a_narrow_one() {
        let header: Vec<String> = (0..5000).map(|column| format!("c{column}")).collect();
        let survey = survey(&[&format!("{}\n", header.join(","))]);
        assert_eq!(survey.most * header.len(), MOST_KEYS);
    }
}
