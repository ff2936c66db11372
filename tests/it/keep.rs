//! `audience.keep: last`: what the first row decides forwards, the last decides backwards.

use std::convert::Infallible;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::process::Stdio;

use proptest::prelude::*;
use sendplan::audience::Dialect;
use sendplan::plan::{Entry, Input, PlanError, Recipe, Totals, last_rows, run_files, run_files_keeping};

use crate::audience::recipe;
use crate::project::{Project, Said, said};

fn inputs<'a>(files: &[(&str, &'a str)]) -> Vec<Input<&'a [u8]>> {
    let input = |&(name, text): &(&str, &'a str)| Input {
        name: name.into(),
        reader: text.as_bytes(),
        dialect: Dialect::PLAIN,
        bytes: Some(text.len() as u64),
    };
    files.iter().map(input).collect()
}

fn shown(entry: Entry<'_>) -> String {
    match entry {
        Entry::Planned { place, id, address, text, .. } => format!("{place}: {id} {address} {text:?}"),
        Entry::Excluded { place, reason, .. } => format!("{place}: {} ({reason})", reason.kind()),
    }
}

fn last(files: &[(&str, &str)], recipe: &Recipe, threads: usize) -> (Vec<String>, Totals) {
    let threads = NonZeroUsize::new(threads).unwrap();
    let kept = last_rows(inputs(files), recipe, threads, &mut || Ok::<(), Infallible>(())).unwrap();
    let mut seen = Vec::new();
    let totals = run_files_keeping(inputs(files), recipe, &kept, threads, &mut |entry| {
        seen.push(shown(entry));
        Ok::<(), Infallible>(())
    });
    (seen, totals.unwrap())
}

fn first(files: &[(&str, &str)], recipe: &Recipe) -> Vec<String> {
    let mut seen = Vec::new();
    run_files(inputs(files), recipe, NonZeroUsize::MIN, &mut |entry| {
        seen.push(shown(entry));
        Ok::<(), Infallible>(())
    })
    .unwrap();
    seen
}

#[test]
fn the_last_row_gets_it_and_the_others_say_which_that_is() {
    let recipe = recipe("id,phone,name", "{{ name }}");
    let (seen, totals) = last(
        &[
            ("a.csv", "id,phone,name\n1,0712345671,old\n2,0712345672,Ben\n1,0712345679,moved\n"),
            ("b.csv", "id,phone,name\n3,0712345671,new\n1,0712345674,\n2,x,Ben\n"),
        ],
        &recipe,
        2,
    );
    assert_eq!(
        seen,
        [
            "a.csv line 2: duplicate-address (the same address as b.csv line 2)",
            "a.csv line 3: 2 +254712345672 \"Ben\"",
            "a.csv line 4: 1 +254712345679 \"moved\"",
            "b.csv line 2: 3 +254712345671 \"new\"",
            "b.csv line 3: empty-message (the message is empty)",
            "b.csv line 4: invalid-address (`x` is not a phone number)",
        ]
    );
    assert_eq!((totals.rows, totals.messages, totals.duplicates(), totals.rejected()), (6, 3, 1, 2));
}

#[test]
fn a_file_that_is_another_one_the_second_time_is_refused() {
    let recipe = recipe("id,phone,name", "{{ name }}");
    let (one, threads) = (NonZeroUsize::MIN, NonZeroUsize::MIN);
    let before = [("a", "id,phone,name\n1,0712345671,A\n1,0712345672,A\n")];
    let kept = last_rows(inputs(&before), &recipe, one, &mut || Ok::<(), Infallible>(())).unwrap();
    for after in [
        "id,phone,name\n1,0712345671,A\n1,0712345673,A\n",
        "id,phone,name\n1,0712345671,A\n",
        "id,phone,name\n1,0712345671,A\n1,0712345672,\n",
        "id,phone,name\n1,0712345671,A\n1,0712345672,A\n1,0712345672,A\n",
    ] {
        let sink = &mut |_: Entry<'_>| Ok::<(), Infallible>(());
        let plan = run_files_keeping(inputs(&[("a", after)]), &recipe, &kept, threads, sink);
        assert!(matches!(plan, Err(PlanError::Changed)), "{after:?}: {plan:?}");
    }
}

/// A row: identity, the last digit of the number, the text.
fn row() -> impl Strategy<Value = (u8, u8, &'static str)> {
    (0..5_u8, 0..5_u8, prop_oneof![3 => Just("x"), 1 => Just("")])
}

fn file(header: &str, rows: &[(u8, u8, &str)]) -> String {
    let line = |(id, digit, name): &(u8, u8, &str)| match header {
        "id,phone,name" => format!("{id},071234567{digit},{name}\n"),
        _ => format!("071234567{digit},{name}\n"),
    };
    format!("{header}\n{}", rows.iter().map(line).collect::<String>())
}

/// What became of rows, without where they stand and of which row they are copies.
fn fates(seen: &[String]) -> Vec<String> {
    seen.iter().map(|one| one.split(": ").nth(1).unwrap().split(" (").next().unwrap().to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn keep_last_is_keep_first_of_the_list_read_backwards(
        mut rows in prop::collection::vec(row(), 0..30),
        header in prop_oneof![Just("id,phone,name"), Just("phone,name")],
        threads in 1..4_usize,
    ) {
        let recipe = recipe(header, "{{ name }}");
        let text = file(header, &rows);
        let (seen, totals) = last(&[("r", &text)], &recipe, threads);
        prop_assert_eq!(totals.rows, rows.len() as u64);
        rows.reverse();
        let mut mirrored = fates(&first(&[("r", &file(header, &rows))], &recipe));
        mirrored.reverse();
        prop_assert_eq!(fates(&seen), mirrored);
    }
}

#[test]
fn many_blocks_are_the_same_on_any_number_of_threads() {
    let mut text = String::from("id,phone,name\n");
    for row in 0..30_000_u64 {
        let name = if row % 5 == 0 { String::new() } else { format!("name {row}") };
        text.push_str(&format!("{},0{},{name}\n", row % 25_000, 711_000_000 + row * 7 % 20_000));
    }
    let recipe = recipe("id,phone,name", "{{ name }}");
    let (seen, totals) = last(&[("r", &text)], &recipe, 1);
    assert!(totals.messages > 10_000 && totals.duplicates() > 1000 && totals.rejected() > 0, "{totals:?}");
    for threads in [2, 4, 7] {
        let again = last(&[("r", &text)], &recipe, threads);
        assert!(again == (seen.clone(), totals.clone()), "{threads} threads");
    }
}

fn piped(project: &Project, arguments: &[&str], input: &str) -> Said {
    let mut command = project.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who does not read it closes it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    said(child.wait_with_output().unwrap())
}

#[test]
fn a_manifest_keeps_the_last_and_standard_input_is_read_as_often_as_it_takes() {
    let project = Project::empty();
    project.manifest("http://127.0.0.1:1", "batch_max: 1", "text: \"Hi {{ name }}\"", "");
    let file = "campaigns/c/campaign.yaml";
    let manifest = std::fs::read_to_string(project.path(file)).unwrap();
    let list = "phone,name\n0712345671,Old\n0712345672,Ben\n+254712345671,New\n";
    for csv in ["r.csv", "\"-\""] {
        project.write("campaigns/c/r.csv", list);
        project.write(file, &manifest.replace("csv: r.csv", &format!("csv: {csv}, keep: last")));
        let rejects = ["plan", "campaigns/c", "--rejects", "left-out.csv"];
        let _ = std::fs::remove_file(project.path("left-out.csv"));
        let planned = piped(&project, &rejects, list);
        assert_eq!(planned.code, 0, "{planned:?}");
        let left_out = std::fs::read_to_string(project.path("left-out.csv")).unwrap();
        assert!(left_out.contains("2,duplicate-address,the same address as line 4"), "{left_out}");
        let preview = piped(&project, &["preview", "campaigns/c"], list);
        assert!(preview.out.contains("Hi New") && !preview.out.contains("Hi Old"), "{}", preview.out);
    }
    project.write(file, &manifest.replace("csv: r.csv", "csv: r.csv, keep: newest"));
    let checked = project.run(&["check", "campaigns/c"]);
    assert!(checked.code == 3 && checked.err.contains("keep"), "{checked:?}");
}
