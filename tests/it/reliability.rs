//! The table of `docs/reliability.md` beside the tests there are: every row once, no test that does not exist, no
//! numbered test that is not named.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::project::root;

/// Rows that no test shows. None is added without a word in the table.
const UNTESTED: [u32; 1] = [64];

/// Rows of which a part is not built: their tests show the other part.
const IN_PART: [u32; 0] = [];

const NOT_BUILT: &str = "not built yet: ";

/// A row as it stands in the table: the tests it names, and whether it says that something is not built.
struct Row {
    tests: BTreeSet<String>,
    not_built: bool,
}

fn table() -> Vec<(u32, Row)> {
    let text = std::fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.split(" | ").collect();
        let number = cells.first()?.parse().ok()?;
        assert_eq!(cells.len(), 4, "{line}");
        let named = cells[3].split('`').filter(|word| word.starts_with("fault_"));
        Some((number, Row { tests: named.map(str::to_owned).collect(), not_built: line.contains(NOT_BUILT) }))
    });
    rows.collect()
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src"), root().join("tests/it")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// The numbered tests of a file: functions marked as tests, and those that a macro of rows marks.
fn numbered(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    let mut in_rows = false;
    for (at, line) in lines.iter().enumerate() {
        in_rows = *line == "rows! {" || in_rows && *line != "}";
        let name =
            |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ").map(name);
        let marks =
            lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        let marked =
            marks.into_iter().any(|mark| mark.starts_with("#[test]") || mark.starts_with("#[tokio::test"));
        match function {
            Some(function) if marked => found.push(function),
            None if in_rows => found.push(name(line)),
            _ => {}
        }
    }
    found.retain(|name| name.starts_with("fault_"));
    found
}

/// The rows whose numbers a name begins with.
fn rows_of(test: &str) -> Vec<u32> {
    let words = test.split('_').skip(1).filter(|word| *word != "and");
    words.map_while(|word| (word.len() == 2).then(|| word.parse().ok())?).collect()
}

fn tests() -> BTreeMap<u32, BTreeSet<String>> {
    let mut by_row: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for name in sources().iter().flat_map(|path| numbered(path)) {
        let rows = rows_of(&name);
        assert!(!rows.is_empty(), "{name} has no number");
        for row in rows {
            by_row.entry(row).or_default().insert(name.clone());
        }
    }
    by_row
}

#[test]
fn every_row_is_there_once() {
    let rows: Vec<u32> = table().into_iter().map(|(number, _)| number).collect();
    assert_eq!(rows, (1..=72).collect::<Vec<_>>());
}

#[test]
fn each_row_names_exactly_the_tests_that_show_it() {
    let tests = tests();
    assert!(tests.values().map(BTreeSet::len).sum::<usize>() > 140, "the tests were not found");
    for (number, row) in table() {
        let there = tests.get(&number).cloned().unwrap_or_default();
        let gone: Vec<_> = row.tests.difference(&there).collect();
        let unnamed: Vec<_> = there.difference(&row.tests).collect();
        assert!(gone.is_empty(), "row {number} names tests that do not exist: {gone:?}");
        assert!(unnamed.is_empty(), "docs/reliability.md does not name in row {number}: {unnamed:?}");
    }
}

#[test]
fn what_is_not_shown_or_not_built_is_known() {
    let table = table();
    let rows = |chosen: &dyn Fn(&Row) -> bool| -> Vec<u32> {
        table.iter().filter(|(_, row)| chosen(row)).map(|(number, _)| *number).collect()
    };
    assert_eq!(rows(&|row| row.tests.is_empty()), UNTESTED);
    assert!(rows(&|row| row.tests.is_empty() && !row.not_built).is_empty(), "a row says not why");
    assert_eq!(rows(&|row| row.not_built && !row.tests.is_empty()), IN_PART);
}

#[test]
fn the_reader_of_tests_sees_what_it_should() {
    assert_eq!(rows_of("fault_01_02_03_04_cut_anywhere"), [1, 2, 3, 4]);
    assert_eq!(rows_of("fault_24_and_25_unreadable"), [24, 25]);
    assert_eq!(rows_of("fault_27_401_is_proven"), [27]);
    let rows = numbered(&root().join("tests/it/fault_rows.rs"));
    assert!(rows.iter().any(|name| name == "fault_42_the_gateways_clock_counts"), "{rows:?}");
}
