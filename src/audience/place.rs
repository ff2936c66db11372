//! Where a row stands: its line, and its file where there are several.

use std::fmt;
use std::sync::Arc;

/// A row's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The physical line in its file, from 1; the row of the sheet in a workbook.
    pub line: u64,
    /// The file, where there are several.
    pub file: Option<Arc<str>>,
}

impl Place {
    /// A line of the only file.
    pub fn line(line: u64) -> Self {
        Self { line, file: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{file} line {}", self.line),
            None => write!(f, "line {}", self.line),
        }
    }
}

/// The files of an audience, whose lines are numbered through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    are_several: bool,
    /// Each with how many lines come before its first.
    begun: Vec<(u64, Arc<str>)>,
}

impl Files {
    /// None was begun yet. Where there is but one, nobody needs its name.
    pub fn new(are_several: bool) -> Self {
        Self { are_several, begun: Vec::new() }
    }

    /// The next file begins behind so many lines. A file is told once, however often this is said.
    pub fn begin(&mut self, base: u64, name: &Arc<str>) {
        if self.begun.last().is_none_or(|(last, _)| *last < base) {
            self.begun.push((base, Arc::clone(name)));
        }
    }

    /// The place of a line that is numbered through.
    pub fn place(&self, line: u64) -> Place {
        if !self.are_several {
            return Place::line(line);
        }
        let at = self.begun.partition_point(|(base, _)| *base < line).saturating_sub(1);
        match self.begun.get(at) {
            Some((base, name)) => Place { line: line.saturating_sub(*base), file: Some(Arc::clone(name)) },
            None => Place::line(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_their_file() {
        let (a, b): (Arc<str>, Arc<str>) = ("a.csv".into(), "b.csv".into());
        let mut only = Files::default();
        only.begin(0, &a);
        assert_eq!(only.place(7).to_string(), "line 7");
        let mut files = Files::new(true);
        files.begin(0, &a);
        files.begin(7, &b);
        files.begin(7, &b);
        assert_eq!(files.place(7).to_string(), "a.csv line 7");
        assert_eq!(files.place(8).to_string(), "b.csv line 1");
    }
}
