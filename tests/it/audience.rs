//! Files of recipients as people really have them, through the whole read path: what is refused, what is
//! left out and why, and that nobody is lost or written to twice.

use std::cell::Cell;
use std::convert::Infallible;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use sendplan::audience::blocks::BLOCK_BYTES;
use sendplan::audience::{AddressKind, Filter, Header, ListError, ReadError, Region, Rules, Suppression};
use sendplan::campaign::Limits;
use sendplan::message::{Names, Template};
use sendplan::plan::{Entry, PlanError, Recipe, Totals, check, run};

use crate::project::Project;

const KENYA: AddressKind = AddressKind::Phone { region: Some(Region::KE) };

fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

/// A recipe for files whose first record is `header`: `phone` is the address, `id` the identity where
/// there is such a column.
pub fn recipe(header: &str, template: &str) -> Recipe {
    let header = Header::read(header.as_bytes()).unwrap();
    Recipe {
        wordings: Template::compile(template, &Names::of("test", header.columns(), &serde_json::Map::new()))
            .unwrap()
            .into(),
        rules: Rules {
            address: header.index("phone").unwrap(),
            id: header.index("id"),
            kind: KENYA,
            timezone: None,
            locale: None,
            types: None,
            filter: None,
            sample: None,
            header,
        },
        suppression: Suppression::default(),
        reference: Default::default(),
        cost: None,
        locates: false,
    }
}

/// Everything a sink sees, a line an entry.
fn plan_on(input: &[u8], recipe: &Recipe, count: usize) -> Result<(Vec<String>, Totals), ReadError> {
    let mut seen = Vec::new();
    let totals = run(input, recipe, threads(count), &mut |entry| {
        seen.push(match entry {
            Entry::Planned { place, id, address, text, measure, .. } => {
                format!("{} {id} {address} {text:?} {}", place.line, measure.parts)
            }
            Entry::Excluded { place, reason, .. } => format!("{} {} ({reason})", place.line, reason.kind()),
        });
        Ok::<(), Infallible>(())
    });
    match totals {
        Ok(totals) => Ok((seen, totals)),
        Err(PlanError::Read { error, .. }) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

fn plan(input: &str, recipe: &Recipe) -> Vec<String> {
    plan_on(input.as_bytes(), recipe, 2).unwrap().0
}

fn refused(input: &[u8], recipe: &Recipe) -> ReadError {
    plan_on(input, recipe, 2).unwrap_err()
}

#[test]
fn fault_43_a_byte_order_mark_is_no_part_of_the_first_column() {
    let recipe = recipe("phone,name", "Hi {{ name }}");
    let seen = plan("\u{feff}phone,name\n0712345678,Ann\n", &recipe);
    assert_eq!(seen, ["2 +254712345678 +254712345678 \"Hi Ann\" 1"]);
}

#[test]
fn fault_44_bytes_that_are_no_utf8_are_refused_with_line_column_and_offset() {
    let recipe = recipe("phone,name", "Hi {{ name }}");
    let error = refused(b"phone,name\r\n0712345678,Ann\r\n0712345679,Jos\xe9\r\n", &recipe);
    assert!(matches!(error, ReadError::Undecodable { line: 3, column: 15, offset: 42, .. }), "{error:?}");
    let error = refused(b"\xef\xbb\xbfphone,name\n1,\"a\n\xff\",2", &recipe);
    assert!(matches!(error, ReadError::Undecodable { line: 3, column: 1, offset: 19, .. }), "{error:?}");
}

#[test]
fn fault_45_line_breaks_of_every_kind_and_physical_lines() {
    let recipe = recipe("id,phone,note", "{{ note }}");
    let input =
        "id,phone,note\r\n1,0712345671,\"two\r\nlines\"\r\n\r\n2,0712345672,\"say \"\"hi\"\"\"\r\n3,x,y";
    assert_eq!(
        plan(input, &recipe),
        [
            "2 1 +254712345671 \"two\\r\\nlines\" 1",
            "5 2 +254712345672 \"say \\\"hi\\\"\" 1",
            "6 invalid-address (`x` is not a phone number)",
        ]
    );
}

#[test]
fn fault_45_a_quote_that_is_never_closed_is_refused() {
    let recipe = recipe("id,phone", "Hi");
    let mut input = String::from("id,phone\n1,0712345671\n2,\"0712345672\n");
    (3..100_000).for_each(|row| input.push_str(&format!("{row},07{row:08}\n")));
    let error = refused(input.as_bytes(), &recipe);
    assert!(matches!(error, ReadError::UnclosedQuote { line: 3, column: 3 }), "{error:?}");
    // Short files too, and quotes that find another one's beginning to close them.
    let error = refused(b"id,phone\n1,\"0712345671\n2,0712345672\n", &recipe);
    assert!(matches!(error, ReadError::UnclosedQuote { line: 2, column: 3 }), "{error:?}");
    let error = refused(b"id,phone\n\"1,0712345671\n2,0712345672\n\"3\",0712345673\n", &recipe);
    assert!(matches!(error, ReadError::StrayQuote { line: 2, column: 1, closed: 4 }), "{error:?}");
}

/// A file that is made while it is read: it says how many rows it has given away.
struct Rows<'a> {
    given: &'a AtomicU64,
    rows: u64,
    pending: Vec<u8>,
}

impl Read for Rows<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let row = self.given.load(Ordering::SeqCst);
        if self.pending.is_empty() && row < self.rows {
            let number = 712_000_000 + row;
            self.pending = match row {
                0 => b"id,phone,name\n".to_vec(),
                _ => format!("customer-{row},+254{number},Ann of row {row}\n").into_bytes(),
            };
            self.given.fetch_add(1, Ordering::SeqCst);
        }
        let count = self.pending.len().min(out.len());
        out[..count].copy_from_slice(&self.pending[..count]);
        self.pending.drain(..count);
        Ok(count)
    }
}

#[test]
fn fault_47_the_reader_never_runs_far_ahead_of_the_sink() {
    let given = AtomicU64::new(0);
    let recipe = recipe("id,phone,name", "Hi {{ name }}");
    let (mut seen, mut furthest) = (0, 0);
    let input = Rows { given: &given, rows: 300_001, pending: Vec::new() };
    let totals = run(input, &recipe, threads(4), &mut |_| {
        seen += 1;
        furthest = furthest.max(given.load(Ordering::SeqCst) - seen);
        Ok::<(), Infallible>(())
    });
    assert_eq!((seen, totals.unwrap().messages), (300_000, 300_000));
    // Four workers, each with a block at work and four waiting before and behind it; two more with the
    // reader and one with the sink. A row here takes 40 bytes at least.
    let bound = (4 * 9 + 3) * BLOCK_BYTES as u64 / 40;
    assert!(furthest < bound, "{furthest} rows ahead, {bound} are the bound");
}

#[test]
fn fault_48_a_column_that_is_named_twice_is_refused() {
    let error = Header::read("phone,name,phone\n".as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "line 1 names the column `phone` twice: columns 1 and 3");
    let error = Header::read("\nphone,,name\n".as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "line 2 does not name column 2");
}

#[test]
fn fault_49_an_empty_file_is_refused_and_one_without_rows_unless_allowed() {
    let recipe = recipe("id,phone", "Hi");
    assert!(matches!(refused(b"", &recipe), ReadError::Empty));
    let (seen, totals) = plan_on(b"id,phone\n", &recipe, 2).unwrap();
    assert_eq!((seen.len(), totals.rows), (0, 0));
    assert_eq!(check(&Limits::default(), &totals).len(), 1);
    assert_eq!(check(&Limits { allow_empty: true, ..Limits::default() }, &totals), []);
}

#[test]
fn fault_50_a_missing_column_is_found_at_check_and_a_changed_header_at_plan() {
    let header = Header::read("phone,city\n".as_bytes()).unwrap();
    let problems = Filter::compile("ctiy == \"x\" and opted_in == \"yes\"", &header).unwrap_err();
    assert_eq!(problems.len(), 2);
    let error = refused(b"phone,town\n", &recipe("phone,city", "Hi"));
    assert!(matches!(error, ReadError::HeaderChanged { .. }), "{error}");
}

#[test]
fn fault_51_a_row_with_too_few_or_too_many_cells_is_rejected_with_its_line() {
    let recipe = recipe("id,phone", "Hi");
    assert_eq!(
        plan("id,phone\n1\n2,0712345672,x\n3,0712345673\n", &recipe),
        [
            "2 ragged (the row has 1 cell, the header has 2: column 2 is missing)",
            "3 ragged (the row has 3 cells, the header has 2: column 3 has no name)",
            "4 3 +254712345673 \"Hi\" 1",
        ]
    );
}

#[test]
fn fault_52_one_number_in_two_spellings_is_one_message() {
    let recipe = recipe("id,phone", "Hi {{ id }}");
    assert_eq!(
        plan(
            "id,phone\na,0712345678\nb,+254 712 345678\na,0712345679\nb,0712345679\nb,0712345670\n",
            &recipe
        ),
        [
            "2 a +254712345678 \"Hi a\" 1",
            "3 duplicate-address (the same address as line 2)",
            "4 duplicate-id (the same id as line 2, with another address)",
            "5 b +254712345679 \"Hi b\" 1",
            "6 duplicate-id (the same id as line 5, with another address)",
        ]
    );
}

#[test]
fn a_row_that_is_left_out_claims_nothing() {
    let mut recipe = recipe("id,phone,city,n", "{% if n == 'bad' %}{{ n | int }}{% endif %}{{ city }}");
    recipe.rules.filter = Some(Filter::compile("city != \"Kisumu\"", &recipe.rules.header).unwrap());
    assert_eq!(
        plan(
            "id,phone,city,n\na,0712345678,Kisumu,\na,0712345678,Nairobi,bad\na,0712345678,,\n\
             a,0712345678,Nairobi,\na,0712345678,Nairobi,bad\n",
            &recipe
        )
        .iter()
        .map(|line| line.split(" (").next().unwrap())
        .collect::<Vec<_>>(),
        [
            "2 filtered",
            "3 render-failed",
            "4 empty-message",
            "5 a +254712345678 \"Nairobi\" 1",
            "6 duplicate-address",
        ]
    );
}

#[test]
fn a_filter_that_fails_on_a_row_rejects_it() {
    let mut recipe = recipe("phone,age", "Hi");
    recipe.rules.filter = Some(Filter::compile("age | int > 30", &recipe.rules.header).unwrap());
    let (seen, totals) = plan_on(b"phone,age\n0712345678,old\n0712345679,40\n", &recipe, 1).unwrap();
    assert!(seen[0].starts_with("2 filter-failed"), "{seen:?}");
    assert_eq!((totals.rejected(), totals.filtered(), totals.messages), (1, 0, 1));
}

#[test]
fn fault_53_an_invalid_number_is_rejected_with_line_and_reason() {
    let recipe = recipe("phone,name", "Hi");
    assert_eq!(
        plan("phone,name\n07123,\n+254912345678,\n,Ann\n0044712345678,\n", &recipe),
        [
            "2 invalid-address (the number is too short for KE: 5 digits after 254, mobile numbers have 9)",
            "3 invalid-address (the number is not a valid one for KE)",
            "4 invalid-address (the address is empty)",
            "5 invalid-address (the number is too long for KE: 12 digits after 254, mobile numbers have 9)",
        ]
    );
}

#[test]
fn fault_55_hidden_characters_in_a_number_are_rejected() {
    let recipe = recipe("phone", "Hi");
    for hidden in ['\u{200b}', '\u{202a}', '\u{2066}', '\u{feff}', '\u{7}', '\u{ad}', '\u{200f}'] {
        for text in [format!("0712{hidden}345678"), format!("{hidden}0712345678")] {
            let seen = plan(&format!("phone\n{text}\n"), &recipe);
            assert!(seen[0].contains("hidden character"), "{hidden:?}: {seen:?}");
            assert!(seen[0].contains(&format!("U+{:04X}", u32::from(hidden))), "{seen:?}");
        }
    }
}

#[test]
fn fault_57_what_a_spreadsheet_made_of_a_number_is_rejected_with_the_reason() {
    let recipe = recipe("phone", "Hi");
    for text in ["2.547E+11", "2.54712E+11", "254712345678.0", "712345678.00", "2E11"] {
        let seen = plan(&format!("phone\n{text}\n"), &recipe);
        assert!(seen[0].contains("spreadsheet"), "{text}: {seen:?}");
    }
}

#[test]
fn fault_58_an_undefined_variable_is_refused_before_any_row_is_read() {
    let header = Header::read("phone,name\n".as_bytes()).unwrap();
    let source = "Hi {{ nmae }}{% if opted %}!{% endif %}";
    let problems =
        Template::compile(source, &Names::of("c", header.columns(), &serde_json::Map::new())).unwrap_err();
    let names: Vec<_> = problems.iter().map(|problem| &source[problem.span.clone()]).collect();
    assert_eq!(names, ["nmae", "opted"]);
}

#[test]
fn people_on_a_list_get_nothing_and_the_list_is_named() {
    let mut recipe = recipe("phone", "Hi");
    let list = "0712 345 678,asked to stop\n".replace("0712", "number,why\n0712");
    recipe.suppression.add_list("optouts.csv", list.as_bytes(), KENYA, "phone").unwrap();
    let (seen, totals) = plan_on(b"phone\n+254712345678\n0712345678\n0712345679\n", &recipe, 2).unwrap();
    assert_eq!(seen[0], "2 suppressed (on the suppression list optouts.csv)");
    assert_eq!((totals.suppressed(), totals.duplicates(), totals.messages), (2, 0, 1));
    // Whoever is on two lists counts with the first, and a list that leaves out nobody is told as well.
    recipe.suppression.add_list("empty.csv", "phone\n".as_bytes(), KENYA, "phone").unwrap();
    recipe.suppression.add_list("late.csv", "0712345678\n0712345679\n".as_bytes(), KENYA, "phone").unwrap();
    let (_, totals) = plan_on(b"phone\n+254712345678\n0712345678\n0712345679\n", &recipe, 2).unwrap();
    let by_list: Vec<(&str, u64)> = totals.by_list().iter().map(|(list, rows)| (&**list, *rows)).collect();
    assert_eq!(by_list, [("optouts.csv", 2), ("empty.csv", 0), ("late.csv", 1)]);
    assert_eq!(totals.suppressed(), 3);
    let error =
        Suppression::default().add_list("l.csv", "number\n\n07x\n".as_bytes(), KENYA, "p").unwrap_err();
    assert!(matches!(error, ListError::Address { line: 3, .. }), "{error}");
}

#[test]
fn an_excluded_row_is_handed_on_as_it_stands() {
    let recipe = recipe("phone,note", "Hi");
    let mut rows = Vec::new();
    run("phone,note\nx,\"a, \"\"b\"\"\"\n".as_bytes(), &recipe, threads(1), &mut |entry| {
        if let Entry::Excluded { row, .. } = entry {
            rows.push(row.clone());
        }
        Ok::<(), Infallible>(())
    })
    .unwrap();
    assert_eq!(rows, [csv::ByteRecord::from(vec!["x", "a, \"b\""])]);
}

#[test]
fn a_sink_that_fails_stops_everything_at_once() {
    let given = AtomicU64::new(0);
    let recipe = recipe("id,phone,name", "Hi {{ name }}");
    let input = Rows { given: &given, rows: 10_000_000, pending: Vec::new() };
    let mut seen = 0;
    let result = run(input, &recipe, threads(3), &mut |_| {
        seen += 1;
        if seen == 5 { Err("full") } else { Ok(()) }
    });
    assert!(matches!(result, Err(PlanError::Sink("full"))));
    assert_eq!(seen, 5);
    assert!(given.into_inner() < 100_000);
}

/// An input that breaks after some bytes.
struct Breaks<'a>(&'a [u8], Cell<bool>);

impl Read for Breaks<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::Error::other("the cable is out"));
        }
        if !self.1.replace(true) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = self.0.len().min(out.len()).min(7);
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

#[test]
fn an_input_that_breaks_is_an_error_never_a_shorter_file() {
    let recipe = recipe("id,phone", "Hi");
    let input = Breaks(b"id,phone\n1,0712345671\n2,0712345672\n", Cell::new(false));
    let result = run(input, &recipe, threads(2), &mut |_| Ok::<(), Infallible>(()));
    assert!(matches!(result, Err(PlanError::Read { error: ReadError::Io(_), .. })), "{result:?}");
}

#[test]
fn a_reader_that_panics_is_reported_and_nothing_hangs() {
    struct Panics(bool);
    impl Read for Panics {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            assert!(!std::mem::replace(&mut self.0, true), "as the test wants it");
            let bytes = b"id,phone\n".iter().copied().chain(std::iter::repeat(b'\n'));
            out.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
            Ok(out.len())
        }
    }
    let result = run(Panics(false), &recipe("id,phone", "Hi"), threads(2), &mut |_| Ok::<(), Infallible>(()));
    assert!(matches!(result, Err(PlanError::Worker)), "{result:?}");
}

#[test]
fn a_file_of_many_blocks_is_the_same_on_any_number_of_threads() {
    let mut input = String::from("id,phone,city\n");
    for row in 0..30_000_u64 {
        let number = 711_000_000 + row * 7 % 20_000;
        let city = ["Nairobi", "\"Lake\nVictoria\"", "Kisumu", ""][(row % 4) as usize];
        input.push_str(&format!("{},0{number},{city}\r\n", row % 25_000));
    }
    let mut recipe = recipe("id,phone,city", "{{ id }} in {{ city }}{% if city == '' %}?{% endif %} ж");
    recipe.rules.filter = Some(Filter::compile("city != \"Kisumu\"", &recipe.rules.header).unwrap());
    let list: Arc<str> = "0711000007\n0711000014\n".into();
    recipe.suppression.add_list("l", list.as_bytes(), KENYA, "phone").unwrap();
    let (seen, totals) = plan_on(input.as_bytes(), &recipe, 1).unwrap();
    assert!(totals.messages > 10_000 && totals.duplicates() > 1000 && totals.suppressed() > 0, "{totals:?}");
    for count in [2, 3, 4, 8] {
        let (again, same) = plan_on(input.as_bytes(), &recipe, count).unwrap();
        assert_eq!(totals, same);
        assert!(seen == again, "{count} threads");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the file, every row is counted once, nobody is planned twice, and the digest does not
    /// depend on the number of threads.
    #[test]
    fn every_row_is_a_message_or_an_exclusion(
        rows in prop::collection::vec(
            prop_oneof![
                "[a-c]?,07123456[0-9]{2},[a-z]{0,5}",
                "[a-c],\\+254 7123 456[0-9]{2},\"x\ny\"",
                "[a-z]{3},[0-9]{0,12},\u{e9}",
                "[a-z,]{0,9}",
            ],
            0..40,
        ),
        ending in prop_oneof![Just("\n"), Just("\r\n")],
    ) {
        let input = format!("id,phone,name{ending}{}{ending}", rows.join(ending));
        let mut recipe = recipe("id,phone,name", "{{ name }}");
        recipe.rules.filter = Some(Filter::compile("name != \"x\"", &recipe.rules.header).unwrap());
        recipe.suppression.add_list("l", "0712345601\n0712345602\n".as_bytes(), KENYA, "phone").unwrap();
        let mut planned = std::collections::HashSet::new();
        let totals = run(input.as_bytes(), &recipe, threads(1), &mut |entry| {
            match entry {
                Entry::Planned { id, address, .. } => {
                    let fresh = planned.insert(id.to_owned()) && planned.insert(address.to_string());
                    if fresh { Ok(()) } else { Err(id.to_owned()) }
                }
                Entry::Excluded { .. } => Ok(()),
            }
        }).unwrap();
        prop_assert_eq!(
            totals.rows,
            totals.messages + totals.rejected() + totals.suppressed() + totals.filtered()
                + totals.duplicates()
        );
        prop_assert_eq!(totals.messages, totals.gsm7 + totals.ucs2);
        let is_filled = |row: &&String| row.chars().any(|c| c != ',');
        prop_assert_eq!(totals.rows, rows.iter().filter(is_filled).count() as u64);
        prop_assert_eq!(totals.rows + totals.odd.empty, rows.iter().filter(|row| !row.is_empty()).count() as u64);
        for count in [2, 4] {
            let (_, again) = plan_on(input.as_bytes(), &recipe, count).unwrap();
            prop_assert_eq!(&again, &totals);
        }
    }
}

#[test]
fn fixed_lines_are_told_where_nobody_said_which_types_are_meant() {
    let project = Project::empty();
    project.manifest("http://127.0.0.1:9", "batch_max: 1", "text: Hello all", "");
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    let manifest = manifest.replace("region: KE", "region: DE");
    project.write("campaigns/c/campaign.yaml", &manifest);
    project.write("campaigns/c/r.csv", "phone,name\n0049 30 123456,A\n030 123457,B\n0151 12345678,C\n");
    let plan = project.run(&["plan", "campaigns/c"]);
    let told =
        "2 numbers are fixed lines, which SMS seldom reach: `audience.allow_types: [mobile]` leaves them out";
    assert!(plan.code == 0 && plan.out.contains(told), "{plan:?}");
    // What it says is what helps.
    project.write(
        "campaigns/c/campaign.yaml",
        &manifest.replace("region: DE", "region: DE, allow_types: [mobile]"),
    );
    let plan = project.run(&["plan", "campaigns/c", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.out).unwrap();
    assert_eq!((&plan["messages"], &plan["warnings"]), (&1.into(), &serde_json::json!([])), "{plan}");
}
