//! docs/messages.md, held against the program: every example of the page is rendered, and every filter has one.

use sendplan::audience::AddressKind;
use sendplan::message::segments::Reference;
use sendplan::message::{Names, Recipient, Template};
use sendplan::plan::clock;
use serde_json::Map;

use crate::loopback::Loopback;
use crate::project::{Project, root};

/// A line of an example: what the row has, and what is read.
struct Line {
    row: Vec<(String, String)>,
    expected: String,
}

/// The templates of the page with their lines.
fn examples() -> Vec<(String, Vec<Line>)> {
    let page = std::fs::read_to_string(root().join("docs/messages.md")).unwrap();
    let blocks = page.split("```example\n").skip(1).map(|rest| rest.split_once("\n```").unwrap().0);
    blocks
        .map(|block| {
            let (template, lines) = block.split_once("\n\n").unwrap();
            (template.to_owned(), lines.lines().map(line).collect())
        })
        .collect()
}

fn line(text: &str) -> Line {
    let (row, expected) = text.split_once("→ ").unwrap_or_else(|| panic!("{text}"));
    let cell = |cell: &str| {
        let (name, value) = cell.split_once(':').unwrap_or_else(|| panic!("{text}"));
        (name.trim().to_owned(), value.trim().to_owned())
    };
    Line { row: row.split(';').map(cell).collect(), expected: expected.to_owned() }
}

fn read(template: &str, row: &[(String, String)]) -> String {
    let columns: Vec<String> = row.iter().map(|(name, _)| name.clone()).collect();
    let vars = Map::new();
    let template = Template::compile(template, &Names::of("c", &columns, &vars))
        .unwrap_or_else(|problems| panic!("{template}: {problems:?}"));
    let of = |name: &str| row.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let recipient =
        Recipient { id: "1", address: of("address"), locale: of("locale"), timezone: of("timezone") };
    let mut scratch =
        template.scratch().for_readers(clock(AddressKind::Phone { region: None }), Reference::Eight);
    let mut out = String::new();
    match template.render(|at| row[at].1.as_str(), &recipient, &mut scratch, &mut out) {
        Ok(_) => out,
        Err(error) => format!("refused: {error}"),
    }
}

#[test]
fn every_example_of_the_page_is_what_people_read() {
    let mut wrong = Vec::new();
    let mut lines = 0;
    for (template, examples) in examples() {
        for Line { row, expected } in examples {
            lines += 1;
            let read = read(&template, &row);
            if read != expected {
                wrong.push(format!("{template}\n  {row:?}\n  page: {expected}\n  read: {read}"));
            }
        }
    }
    assert!(lines > 40, "the examples were not found: {lines}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_filter_of_messages_has_its_example() {
    let templates: Vec<String> = examples().into_iter().map(|(template, _)| template).collect();
    for filter in ["default", "first_word", "title", "number", "currency", "date", "truncate", "segments"] {
        let calls = [format!("| {filter}"), format!("filter {filter}(")];
        let is_shown = templates.iter().any(|template| calls.iter().any(|call| template.contains(call)));
        assert!(is_shown, "docs/messages.md has no example of `{filter}`");
    }
}

#[test]
fn numbers_by_a_row_s_language_in_a_text_of_no_named_one_are_warned_of() {
    let project = Project::empty();
    let warned = |text: &str| {
        project.manifest("http://127.0.0.1:1", "batch_max: 1", text, "");
        let file = "campaigns/c/campaign.yaml";
        let manifest = std::fs::read_to_string(project.path(file)).unwrap();
        project.write(file, &manifest.replace("address: phone", "address: phone, locale: lang"));
        project.write("campaigns/c/r.csv", "phone,lang,points\n0712000001,de,12500\n");
        let said = project.run(&["check", "campaigns/c"]);
        assert_eq!(said.code, 0, "{said:?}");
        format!("{}{}", said.out, said.err).contains("in each recipient's language, and the text is in one")
    };
    assert!(warned("text: \"{{ points | number }}\""));
    assert!(!warned("text: \"{{ recipient.locale }}\""));
    assert!(!warned("locales: { en: { text: \"{{ points | number }}\" }, default: en }"));
}

#[test]
fn each_language_writes_its_own_numbers_and_dates() {
    let gateway = Loopback::start();
    let project = Project::empty();
    let text = "locales: { en-KE: { text: \"{{ points | number }} {{ until | date }}\" }, \
                de: { text: \"{{ points | number }} bis {{ until | date(style='long') }}\" }, default: en-KE }";
    project.manifest(&gateway.url(), "batch_max: 1", text, "");
    let file = "campaigns/c/campaign.yaml";
    let manifest = std::fs::read_to_string(project.path(file)).unwrap();
    project.write(file, &manifest.replace("address: phone", "address: phone, locale: lang"));
    project.write(
        "campaigns/c/r.csv",
        "phone,lang,points,until\n0712000001,,12500,2026-03-20\n0712000002,de-AT,12500.5,2026-01-20\n\
         0712000003,fr,\"12,500\",2026-03-20\n",
    );
    let preview = project.run(&["preview", "campaigns/c", "--sample", "9"]);
    assert!(preview.out.contains("12,500 20 Mar 2026"), "{preview:?}");
    assert!(preview.out.contains("12 500,5 bis 20. Jänner 2026"), "{preview:?}");
    let plan = project.run(&["plan", "campaigns/c", "--rejects", "rejects.csv"]);
    let rejects = std::fs::read_to_string(project.path("rejects.csv")).unwrap();
    assert!(rejects.contains("`12,500` cannot be read for certain"), "{rejects} {plan:?}");
}
