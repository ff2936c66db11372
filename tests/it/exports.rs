//! Exports of spreadsheets and CRMs as they really come: however one list is written, it is one plan; and what cannot
//! be read for certain is refused with its place.

use std::convert::Infallible;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use flate2::write::GzEncoder;
use sendplan::audience::{AddressKind, Header, Named, Region, Rules, Suppression, detect};
use sendplan::message::{Names, Template};
use sendplan::plan::{Input, Recipe, Totals, run_files};

use crate::desk::Desk;
use crate::loopback::{Loopback, Reply};
use crate::project::{Project, Said, said};
use crate::workbook::{Cell, of_rows, workbook};

const HEAD: [&str; 4] = ["phone", "name", "note", "points"];

/// A list in which every kind of cell stands, with numbers that are wrong and people who are there twice.
fn list(rows: usize) -> Vec<Vec<String>> {
    let names = ["José", "Zoë Müller", "Ann", "Bob \"Bobby\" Ray", "François, Jr."];
    let notes = ["", "a;b|c", "plain, with comma", "tab\there", "two\nlines"];
    let row = |at: usize| {
        let phone = match at % 50 {
            7 => "07123".to_owned(),
            9 => format!("0712{:06}", at - 1),
            _ => format!("0712{at:06}"),
        };
        vec![phone, names[at % 5].to_owned(), notes[at % 5].to_owned(), (at * 3).to_string()]
    };
    (0..rows).map(row).collect()
}

fn csv(rows: &[Vec<String>], delimiter: char, ending: &str) -> String {
    let mut text = HEAD.join(&delimiter.to_string());
    text.push_str(ending);
    for row in rows {
        let cells = row.iter().map(|cell| match cell.contains(['"', ',', ';', '|', '\t', '\n']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.clone(),
        });
        text.push_str(&cells.collect::<Vec<_>>().join(&delimiter.to_string()));
        text.push_str(ending);
    }
    text
}

/// How a text may lie on the disk: what it is called here, the bytes, and what the manifest must say of it.
fn written(text: &str) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let utf16 = |text: &str, big: bool| -> Vec<u8> {
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    };
    let marked = format!("\u{feff}{text}");
    let by = |label: &str| {
        let (bytes, _, lossy) = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap().encode(text);
        assert!(!lossy, "{label}");
        bytes.into_owned()
    };
    vec![
        ("utf-8", text.as_bytes().to_vec(), ""),
        ("utf-8, marked", marked.as_bytes().to_vec(), ""),
        ("utf-16le, marked", utf16(&marked, false), ""),
        ("utf-16be, marked", utf16(&marked, true), ""),
        ("utf-16le", utf16(text, false), ""),
        ("utf-16be", utf16(text, true), ""),
        ("utf-16be, named", utf16(text, true), "utf-16be"),
        ("windows-1252", by("windows-1252"), ""),
        ("windows-1252, named", by("windows-1252"), "windows-1252"),
        ("windows-1254", by("windows-1254"), "windows-1254"),
        ("iso-8859-15", by("iso-8859-15"), "iso-8859-15"),
        ("macintosh", by("macintosh"), "macintosh"),
    ]
}

fn totals(bytes: &[u8], encoding: &str) -> Totals {
    let named =
        Named { encoding: (!encoding.is_empty()).then(|| encoding.parse().unwrap()), ..Named::default() };
    let (reader, findings) = detect::look(bytes, &named).unwrap();
    let header = Header::read_as(bytes, findings.dialect).unwrap();
    let recipe = Recipe {
        wordings: Template::compile(
            "{{ name }}: {{ note }} {{ points }}",
            &Names::of("c", header.columns(), &Default::default()),
        )
        .unwrap()
        .into(),
        rules: Rules {
            address: 0,
            id: None,
            timezone: None,
            locale: None,
            types: None,
            kind: AddressKind::Phone { region: Some(Region::KE) },
            filter: None,
            sample: None,
            header,
        },
        suppression: Suppression::default(),
        cost: None,
        locates: false,
        reference: Default::default(),
    };
    let input = Input { name: "r.csv".into(), reader, dialect: findings.dialect, bytes: None };
    run_files(vec![input], &recipe, NonZeroUsize::MIN, &mut |_| Ok::<(), Infallible>(())).unwrap()
}

#[test]
fn fault_44_45_46_one_list_is_one_plan_however_it_is_written() {
    let rows = list(500);
    let expected = totals(csv(&rows, ',', "\n").as_bytes(), "");
    assert!(expected.messages > 400 && expected.rejected() > 0 && expected.duplicates() > 0, "{expected:?}");
    let mut files = 0;
    for delimiter in [',', ';', '\t', '|'] {
        for ending in ["\n", "\r\n", "\r"] {
            for (what, bytes, encoding) in written(&csv(&rows, delimiter, ending)) {
                let found = totals(&bytes, encoding);
                assert_eq!(found.digest, expected.digest, "{what} {delimiter:?} {ending:?}");
                let counts = |totals: &Totals| (totals.rows, totals.messages, totals.segments);
                assert_eq!(counts(&found), counts(&expected), "{what} {delimiter:?} {ending:?}");
                files += 1;
            }
        }
    }
    assert_eq!(files, 144);
}

/// A campaign whose `audience` says this besides.
fn project(audience: &str) -> Project {
    let project = Project::empty();
    said_of(&project, audience);
    project
}

fn said_of(project: &Project, audience: &str) {
    project.write(
        "campaigns/c/campaign.yaml",
        &format!(
            "version: 1\nname: c\nprovider: {{ profile: mobiconnect, base_url: \"http://127.0.0.1:1\" }}\nsender: 1\n\
             audience:\n  address: phone\n  region: KE\n{audience}message: {{ text: \"{{{{ name }}}}\" }}\n"
        ),
    );
}

fn put(project: &Project, name: &str, bytes: &[u8]) {
    std::fs::write(project.path(&format!("campaigns/c/{name}")), bytes).unwrap();
}

fn plan(project: &Project) -> Said {
    project.run(&["plan", "campaigns/c"])
}

fn json(project: &Project) -> String {
    let said = project.run(&["plan", "campaigns/c", "--format", "json"]);
    assert_eq!(said.code, 0, "{said:?}");
    said.out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn fault_44_46_ten_thousand_rows_give_the_same_bytes_from_every_kind_of_file() {
    let rows = list(10_000);
    let project = project("  csv: r.csv\n");
    put(&project, "r.csv", csv(&rows, ',', "\n").as_bytes());
    let expected = json(&project);
    assert!(expected.contains("\"recipients\": 10000"), "{expected}");
    let dialects = [(';', "\r\n"), ('\t', "\r"), ('|', "\n"), (',', "\r\n")];
    for (at, (what, _, _)) in written("").iter().enumerate() {
        let (delimiter, ending) = dialects[at % dialects.len()];
        let (_, bytes, encoding) = written(&csv(&rows, delimiter, ending)).remove(at);
        let named = if encoding.is_empty() { String::new() } else { format!("  encoding: {encoding}\n") };
        said_of(&project, &format!("  csv: r.csv\n{named}"));
        put(&project, "r.csv", &bytes);
        assert_eq!(json(&project), expected, "{what} {delimiter:?} {ending:?}");
    }
    said_of(&project, "  csv: r.csv\n");
    put(&project, "r.csv", &gzip(csv(&rows, ';', "\r\n").as_bytes()));
    assert_eq!(json(&project), expected);
    let head = HEAD.iter().map(|name| Cell::Text((*name).to_owned())).collect();
    let cells = rows.iter().map(|row| {
        row.iter().enumerate().map(|(at, cell)| match (at, cell.parse()) {
            (3, Ok(number)) => Cell::Number(number),
            _ => Cell::Text(cell.clone()),
        })
    });
    let sheet: Vec<Vec<Cell>> = std::iter::once(head).chain(cells.map(Iterator::collect)).collect();
    put(&project, "r.csv", &workbook(&[("Kunden", &sheet)]));
    assert_eq!(json(&project), expected);
    let told = plan(&project);
    assert!(told.err.contains("campaigns/c/r.csv: an .xlsx workbook, sheet `Kunden`"), "{told:?}");
}

#[test]
fn fault_44_what_is_found_out_is_said_with_something_to_look_at() {
    let project = project("  csv: r.csv\n");
    put(&project, "r.csv", b"phone;name\n0712345678;Ann\n0712345679;Jos\xe9\n");
    let line = "campaigns/c/r.csv: Windows-1252, found out (line 3 has `José`); `;` between cells, found out";
    let checked = project.run(&["check", "campaigns/c"]);
    assert!(checked.code == 0 && checked.out.contains(line), "{checked:?}");
    assert!(plan(&project).err.contains(line), "{:?}", plan(&project));
    said_of(&project, "  csv: r.csv\n  encoding: windows-1252\n  delimiter: \";\"\n");
    let named = project.run(&["check", "campaigns/c"]).out;
    assert!(
        named.contains("Windows-1252, as named (line 3 has `José`); `;` between cells, as named"),
        "{named}"
    );
    put(&project, "r.csv", b"\xef\xbb\xbfphone,name\n0712345678,Ann\n");
    said_of(&project, "  csv: r.csv\n");
    let plain = project.run(&["check", "campaigns/c"]).out;
    assert_eq!(plain, "1 campaign checked, no errors\n");
}

#[test]
fn fault_44_a_wrong_byte_is_refused_with_its_place_and_what_to_do() {
    let project = project("  csv: r.csv\n");
    let mut bytes = b"phone,name\n".to_vec();
    (0..9000).for_each(|at| bytes.extend(format!("0712{at:06},Ann\n").bytes()));
    bytes.extend(b"0712345679,Jos\xe9\n");
    put(&project, "r.csv", &bytes);
    let said = plan(&project);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("r.csv: line 9002, column 15, is not UTF-8 (byte "), "{said:?}");
    assert!(said.err.contains("`encoding: windows-1252`"), "{said:?}");
    put(&project, "r.csv", b"phone,name\n0712345679,\x81\n");
    said_of(&project, "  csv: r.csv\n  encoding: windows-1252\n");
    let said = plan(&project);
    assert!(
        said.err.contains("r.csv: line 2, column 12, is not Windows-1252 (byte 22 of the text)"),
        "{said:?}"
    );
    put(&project, "r.csv", b"phone,name\n0712345679,A\0nn\n");
    said_of(&project, "  csv: r.csv\n");
    assert!(plan(&project).err.contains("line 2, column 13, is a zero byte"), "{:?}", plan(&project));
}

#[test]
fn a_name_that_is_no_encoding_is_refused_with_what_is_meant() {
    let project = project("  csv: r.csv\n  encoding: windows1252\n  delimiter: \":\"\n");
    put(&project, "r.csv", b"phone,name\n");
    let said = project.run(&["check", "campaigns/c"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(
        said.err.contains("campaign.yaml:9:13") && said.err.contains("did you mean `windows-1252`?"),
        "{said:?}"
    );
    assert!(said.err.contains("`:` is no separator"), "{said:?}");
}

#[test]
fn fault_46_what_cannot_be_told_apart_is_asked_for() {
    let project = project("  csv: r.csv\n");
    put(&project, "r.csv", b"phone;name, all\n0712345678;Ann\n");
    let said = plan(&project);
    assert!(said.code == 3 && said.err.contains("`,` and `;` equally often"), "{said:?}");
    assert!(said.err.contains("delimiter: \";\""), "{said:?}");
    put(&project, "r.csv", b"sep=;\r\nphone;name\r\n0712345678;Ann\r\nnobody;Bob\r\n");
    let said = project.run(&["plan", "campaigns/c", "--rejects", "out.csv"]);
    assert!(said.err.contains("`;` between cells, as its first line says"), "{said:?}");
    let rejects = std::fs::read_to_string(project.path("out.csv")).unwrap();
    assert!(rejects.contains("\n4,invalid-address,"), "{rejects}");
}

#[test]
fn several_files_are_one_list_and_lines_say_which() {
    let project = project("  csv: [a.csv, b.csv]\n");
    put(&project, "a.csv", b"phone,name\n0712345678,Ann\n0712345679,Bob");
    put(&project, "b.csv", b"phone;name\n0712345678;Ann again\nnobody;Cy\n0712345670;Dee\n");
    let said = project.run(&["plan", "campaigns/c", "--rejects", "out.csv"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("campaigns/c/a.csv and 1 more"), "{said:?}");
    let rejects = std::fs::read_to_string(project.path("out.csv")).unwrap();
    assert_eq!(
        rejects,
        "line,reason,detail,file,phone,name\n\
         2,duplicate-address,the same address as campaigns/c/a.csv line 2,campaigns/c/b.csv,0712345678,Ann again\n\
         3,invalid-address,`nobody` is not a phone number,campaigns/c/b.csv,nobody,Cy\n"
    );
    let said = project.run(&["preview", "campaigns/c", "--recipient", "nobody"]);
    assert!(said.err.contains("(campaigns/c/b.csv line 3)"), "{said:?}");
}

#[test]
fn files_with_other_columns_are_refused_and_named() {
    let project = project("  csv: [a.csv, b.csv, c.csv]\n");
    put(&project, "a.csv", b"phone,name\n");
    put(&project, "b.csv", b"phone,town\n");
    put(&project, "c.csv", b"name,phone\n");
    let said = project.run(&["check", "campaigns/c"]);
    assert_eq!(said.code, 3, "{said:?}");
    for words in [
        "campaigns/c/b.csv has no `name`, as campaigns/c/a.csv has, but `town`",
        "campaigns/c/c.csv has the columns of campaigns/c/a.csv in another order",
    ] {
        assert!(said.err.contains(words), "{words}: {said:?}");
    }
}

fn piped(project: &Project, arguments: &[&str], input: &[u8]) -> Said {
    let mut child = project
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    said(child.wait_with_output().unwrap())
}

#[test]
fn standard_input_is_read_once_and_run_refuses_it() {
    let project = project("  csv: \"-\"\n");
    let people = "phone;name\n0700000001;Zoë\n0700000002;Ann\n".as_bytes();
    for verb in ["check", "plan", "preview"] {
        let said = piped(&project, &[verb, "campaigns/c"], people);
        assert_eq!(said.code, 0, "{verb}: {said:?}");
        assert!(
            format!("{}{}", said.out, said.err).contains("standard input: `;` between cells"),
            "{said:?}"
        );
    }
    let gateway = Loopback::start();
    let file = "campaigns/c/campaign.yaml";
    let manifest = std::fs::read_to_string(project.path(file)).unwrap();
    project.write(file, &manifest.replace("http://127.0.0.1:1", &gateway.url()));
    let sent = piped(&project, &["send", "campaigns/c"], people);
    assert_eq!((sent.code, gateway.accepted().len()), (0, 2), "{sent:?}");
    let run = project.run(&["run", "campaigns/c", "--once"]);
    assert!(run.err.contains("nobody is there to pipe them in"), "{run:?}");
}

#[test]
fn a_campaign_whose_recipients_are_piped_in_is_no_error_to_status() {
    let project = project("  csv: \"-\"\n");
    let schedule = "schedule: { at: 2199-03-20T09:00 }\n";
    let file = "campaigns/c/campaign.yaml";
    let manifest = std::fs::read_to_string(project.path(file)).unwrap();
    let standing = || {
        let said = project.run(&["status", "--format", "json"]);
        let status: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        status["campaigns"][0]["standing"].as_str().unwrap().to_owned()
    };
    assert_eq!(standing(), "by_hand");
    project.write(file, &format!("{manifest}{schedule}"));
    assert_eq!(standing(), "scheduled");
    project.write(file, &format!("{manifest}limits: {{ recipients: none }}\n"));
    assert_eq!(standing(), "unreadable", "what is wrong elsewhere is still told");
}

/// The file is written anew after it was looked at, while the gateway is spoken to, and before its last row is read.
#[test]
fn a_file_that_changes_before_it_is_read_to_its_end_pins_nobody() {
    let file: Arc<Mutex<Option<PathBuf>>> = Arc::default();
    let written = Arc::clone(&file);
    let desk = Desk::waiting(
        move |asked| {
            let path = if asked.path == "/login" { written.lock().unwrap().take() } else { None };
            if let Some(path) = path {
                std::fs::write(path, "id,phone,name\nP-1,0700000001,A\n").unwrap();
            }
        },
        |_, _| None,
    );
    for keep in ["first", "last"] {
        let project = desk.project(50);
        let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
        let kept = manifest.replace("csv: r.csv", &format!("csv: r.csv, keep: {keep}"));
        project.write("campaigns/c/campaign.yaml", &kept);
        *file.lock().unwrap() = Some(project.path("campaigns/c/r.csv"));
        let refused = project.send();
        assert_eq!(refused.code, 3, "{refused:?}");
        assert!(refused.err.contains("r.csv has changed while it was read"), "{}", refused.err);
        assert!(!project.run(&["status", "--format", "json"]).out.contains("\"planned\""));
        desk.book(|book| assert!(book.records.is_empty()));
        assert_eq!(project.send().code, 0);
        desk.book(|book| assert_eq!(std::mem::take(&mut book.records).len(), 1));
    }
}

#[test]
fn a_run_that_began_from_standard_input_goes_on_without_it() {
    let gateway = Loopback::with(|request| (request.send > 5).then_some(Reply::Wait));
    let project = project("  csv: \"-\"\n");
    let file = "campaigns/c/campaign.yaml";
    let manifest = std::fs::read_to_string(project.path(file)).unwrap();
    let adapted = format!("{}\", batch_max: 1", gateway.url());
    project.write(file, &manifest.replace("http://127.0.0.1:1\"", &adapted));
    let mut child = project
        .command(&["send", "campaigns/c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut people = "phone;name\n".to_owned();
    (0..60).for_each(|at| people.push_str(&format!("07000000{at:02};Zoë\n")));
    child.stdin.take().unwrap().write_all(people.as_bytes()).unwrap();
    gateway.until_waiting(1);
    child.kill().unwrap();
    child.wait().unwrap();
    gateway.release();
    let said = project.send();
    let run = project.status();
    assert_eq!((run.of("planned"), run.of("pending")), (60, 0), "{said:?}");
    assert!(gateway.accepted().values().all(|times| *times == 1));
}

#[test]
fn a_workbook_is_read_as_it_was_meant_or_refused_with_the_cell() {
    let project = project("  csv: r.xlsx\n");
    let text = |text: &str| Cell::Text(text.to_owned());
    let head = || vec![text("phone"), text("name"), text("when")];
    let sheet = vec![
        head(),
        vec![Cell::Number(254_712_345_678.0), text("two\nlines"), Cell::Date(45_943.0)],
        vec![],
        vec![text("nobody"), Cell::Formula("Ann"), Cell::Date(45_943.5)],
        vec![text(""), text("")],
    ];
    put(&project, "r.xlsx", &workbook(&[("A", &sheet), ("empty", &[])]));
    let said = project.run(&["plan", "campaigns/c", "--rejects", "out.csv"]);
    assert_eq!(said.code, 0, "{said:?}");
    let rejects = std::fs::read_to_string(project.path("out.csv")).unwrap();
    assert!(
        rejects
            .ends_with("\n4,invalid-address,`nobody` is not a phone number,nobody,Ann,2025-10-13T12:00:00\n")
    );
    let refused = |sheets: &[(&str, &[Vec<Cell>])], audience: &str, words: &str| {
        put(&project, "r.xlsx", &workbook(sheets));
        said_of(&project, &format!("  csv: r.xlsx\n{audience}"));
        let said = plan(&project);
        assert!(said.code == 3 && said.err.contains(words), "{words}: {said:?}");
    };
    let wrong = |cell: Cell| vec![head(), vec![text("0712345678"), cell]];
    refused(&[("A", &wrong(Cell::Error("#N/A")))], "", "row 2, column B, holds #N/A");
    refused(&[("A", &wrong(Cell::Uncomputed))], "", "row 2, column B, is a formula without a value");
    refused(&[("A", &wrong(Cell::Number(1e16)))], "", "row 2, column B, is a number of more than 15 digits");
    refused(&[("A", &sheet), ("Bee", &sheet)], "", "several sheets with something in them: `A` or `Bee`");
    refused(&[("A", &sheet), ("Bee", &sheet)], "  sheet: Be\n", "did you mean `Bee`?");
    put(&project, "r.xlsx", &workbook(&[("A", &sheet), ("Bee", &sheet)]));
    said_of(&project, "  csv: r.xlsx\n  sheet: Bee\n");
    assert_eq!(plan(&project).code, 0);
    put(&project, "r.xlsx", b"phone,name,when\n0712345678,Ann,x\n");
    assert!(plan(&project).err.contains("there is no workbook among"), "{:?}", plan(&project));
    put(&project, "r.xlsx", &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0]);
    assert!(plan(&project).err.contains("an old .xls workbook"), "{:?}", plan(&project));
}

#[test]
fn suppression_lists_open_the_same_way() {
    let project = project("  csv: r.csv\n  suppress: [a.csv, b.xlsx, c.csv]\n");
    put(&project, "r.csv", b"phone,name\n0712345671,A\n0712345672,B\n0712345673,C\n0712345674,D\n");
    let utf16: Vec<u8> =
        "\u{feff}wann;phone\r\nMärz;0712345671\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    put(&project, "a.csv", &utf16);
    let sheet = vec![vec![Cell::Text("Mobile".to_owned())], vec![Cell::Number(712_345_672.0)]];
    put(&project, "b.xlsx", &workbook(&[("Stop", &sheet)]));
    put(&project, "c.csv", &gzip(b"0712345673\n"));
    let said = plan(&project);
    assert!(said.code == 0 && said.out.contains("on a suppression list  3"), "{said:?}");
    assert!(
        said.err.contains("a.csv: UTF-16LE, found out (line 2 has `März`); `;` between cells"),
        "{said:?}"
    );
}

#[test]
fn one_file_under_two_names_is_refused() {
    for second in ["r.csv", "./r.csv", "../c/r.csv", "link.csv"] {
        let project = project(&format!("  csv: [r.csv, {second}]\n"));
        put(&project, "r.csv", b"phone,name\n0712345678,Ann\n");
        std::os::unix::fs::symlink("r.csv", project.path("campaigns/c/link.csv")).unwrap();
        let said = plan(&project);
        assert!(said.code == 3 && said.err.contains("named twice"), "{second}: {said:?}");
    }
}

#[test]
fn rows_that_a_filter_hides_are_read_and_told() {
    let project = project("  csv: r.xlsx\n  sheet: A\n");
    let row = |at: usize, hidden: bool| {
        let mut cells = vec![Cell::Text(format!("071234567{at}")), Cell::Text("Ann".to_owned())];
        cells.extend(hidden.then_some(Cell::Hides));
        cells
    };
    let head = || vec![Cell::Text("phone".to_owned()), Cell::Text("name".to_owned())];
    let sheet = |rows: usize, shown: usize| -> Vec<Vec<Cell>> {
        std::iter::once(head()).chain((0..rows).map(|at| row(at, at >= shown))).collect()
    };
    let (filtered, all_hidden) = (sheet(5, 3), sheet(9, 0));
    put(&project, "r.xlsx", &workbook(&[("B", &all_hidden), ("A", &filtered)]));
    for verb in ["check", "plan", "preview", "audience"] {
        let said = project.run(&[verb, "campaigns/c"]);
        let all = format!("{}{}", said.out, said.err);
        assert!(said.code == 0 && all.contains("2 rows are hidden in it"), "{verb}: {all}");
    }
    assert!(json(&project).contains("\"messages\": 5"));
}

#[test]
fn a_place_that_no_sheet_has_is_refused() {
    let project = project("  csv: r.xlsx\n");
    put(&project, "r.xlsx", &of_rows(&[("A", "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"4294967298\"><c r=\"A4294967298\"><v>2</v></c></row>".to_owned())]));
    let said = plan(&project);
    assert!(
        said.code == 3 && said.err.contains("names the place 4294967298, and a sheet ends at row"),
        "{said:?}"
    );
}

#[test]
fn rows_of_nothing_but_delimiters_are_passed_over_as_those_of_a_workbook_are() {
    let project = project("  csv: r.csv\n  max_rejected: 0%\n");
    let people = "0712345678;Ann\n0712345679;Bo\n";
    put(&project, "r.csv", format!("phone;name\n{people}").as_bytes());
    let plain: serde_json::Value = serde_json::from_str(&json(&project)).unwrap();
    put(&project, "r.csv", format!(";\nphone;name\n;\n{people};\n \t;\"\"\n").as_bytes());
    let machine: serde_json::Value = serde_json::from_str(&json(&project)).unwrap();
    assert_eq!((&machine["recipients"], &machine["digest"]), (&plain["recipients"], &plain["digest"]));
    assert_eq!((&machine["empty_rows"], &machine["rejected"]), (&3.into(), &0.into()), "{machine}");
    assert!(plan(&project).out.contains("empty rows         3  passed over"), "{:?}", plan(&project));
    let told = project.run(&["audience", "campaigns/c"]);
    assert!(told.out.contains("3 rows are empty, and passed over."), "{told:?}");
    let text = |text: &str| Cell::Text(text.to_owned());
    let sheet = vec![
        vec![text("phone"), text("name")],
        vec![],
        vec![text("0712345678"), text("Ann")],
        vec![text(" "), text("")],
        vec![text("0712345679"), text("Bo")],
    ];
    put(&project, "r.csv", &workbook(&[("A", &sheet)]));
    let sheet: serde_json::Value = serde_json::from_str(&json(&project)).unwrap();
    assert_eq!((&sheet["recipients"], &sheet["digest"]), (&plain["recipients"], &plain["digest"]));
}

#[test]
fn a_quote_that_swallows_rows_is_told_with_its_place() {
    let project = project("  csv: [a.csv, r.csv]\n");
    put(&project, "a.csv", b"phone,name,note\n0712345670,Di,x\n");
    let swallowed: String = (1..7).map(|at| format!("071234567{at},Bo,x\n")).collect();
    put(&project, "r.csv", format!("phone,name,note\n0712345678,\"Ann\n{swallowed}\",x\n").as_bytes());
    for verb in ["plan", "preview", "audience", "send --sandbox"] {
        let mut words: Vec<&str> = verb.split(' ').collect();
        words.insert(1, "campaigns/c");
        let said = project.run(&words);
        let all = format!("{}{}", said.out, said.err);
        assert_eq!(said.code, 0, "{verb}: {all}");
        assert!(
            all.contains("warning: campaigns/c/r.csv line 2: the cell of `name` runs over 8 lines"),
            "{verb}: {all}"
        );
    }
    let machine: serde_json::Value = serde_json::from_str(&json(&project)).unwrap();
    assert!(machine["warnings"][0].as_str().unwrap().contains("r.csv line 2"), "{machine}");
    put(&project, "r.csv", b"phone,name,note\n0712345678,\"Ann\nLake Road 3\n\",x\n");
    assert!(!plan(&project).out.contains("warning"), "{:?}", plan(&project));
}
