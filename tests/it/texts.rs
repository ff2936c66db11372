//! Variants and languages: who reads which text, from the manifest to the gateway and the report.

use serde_json::{Value, json};

use crate::loopback::Loopback;
use crate::project::Project;

const SPLIT: &str = "\
  variants:
    - name: short
      weight: 1
      locales: { en: short/en.txt, sw: short/sw.txt, default: en }
    - name: long
      weight: 3
      locales:
        en: { text: \"Dear {{ name }}, our spring sale begins on Monday at all branches.\" }
        pt-BR: { text: \"Olá {{ name }}, a nossa promoção começa na segunda-feira.\" }
        default: en
";

/// 60 people in five languages, two variants in two languages each.
fn project(url: &str) -> Project {
    let project = Project::empty();
    project.manifest(url, "batch_max: 20", SPLIT.trim_start(), "");
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write(
        "campaigns/c/campaign.yaml",
        &manifest.replace("region: KE", "region: KE, id: id, locale: lang"),
    );
    project.write("campaigns/c/short/en.txt", "Hi {{ name }}: sale on Monday\n");
    project.write("campaigns/c/short/sw.txt", "Habari {{ name }}: punguzo Jumatatu\n");
    let languages = ["en", "sw", "pt", "", "fr"];
    let row = |at: usize| format!("C-{at},0700{at:06},N{at},{}\n", languages[at % languages.len()]);
    let rows: String = (0..60).map(row).collect();
    project.write("campaigns/c/r.csv", &format!("id,phone,name,lang\n{rows}"));
    project
}

#[test]
fn everybody_reads_the_text_that_the_plan_showed() {
    let gateway = Loopback::start();
    let project = project(&gateway.url());
    insta::assert_snapshot!("texts_plan", project.run(&["plan", "campaigns/c"]).out);
    let plan: Value =
        serde_json::from_str(&project.run(&["plan", "campaigns/c", "--format", "json"]).out).unwrap();
    let texts = plan["texts"].as_array().unwrap();
    assert_eq!(texts.iter().map(|text| text["messages"].as_u64().unwrap()).sum::<u64>(), 60);
    insta::assert_snapshot!("texts_preview", project.run(&["preview", "campaigns/c", "--sample", "1"]).out);
    assert_eq!(project.send().code, 0);
    let csv = project.run(&["report", "c", "--format", "csv"]).out;
    assert!(csv.starts_with(
        "recipient,address,state,provider_id,attempts,segments,sent_at,error,variant,locale,occurrence\n"
    ));
    let mut read = 0;
    for row in csv.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let (id, variant, locale) = (cells[0], cells[8], cells[9]);
        let number: usize = id.strip_prefix("C-").unwrap().parse().unwrap();
        let text = gateway.text_of(&format!("254700{number:06}")).unwrap();
        let begins = match (variant, locale) {
            ("short", "en") => "Hi N",
            ("short", "sw") => "Habari N",
            ("long", "en") => "Dear N",
            ("long", "pt-BR") => "Olá N",
            other => panic!("{other:?}"),
        };
        assert!(text.starts_with(begins), "{row}: {text}");
        read += 1;
    }
    assert_eq!(read, 60);
    let human = project.run(&["report", "c"]).out;
    let tables = &human[human.find("By variant").unwrap()..human.find("Next").unwrap_or(human.len())];
    insta::assert_snapshot!("texts_report", tables);
    let report: Value = serde_json::from_str(&project.run(&["report", "c", "--format", "json"]).out).unwrap();
    let of_report: Vec<&Value> =
        report["runs"][0]["texts"].as_array().unwrap().iter().map(|text| &text["accepted"]).collect();
    assert_eq!(of_report, texts.iter().map(|text| &text["messages"]).collect::<Vec<_>>());
}

#[test]
fn whoever_has_a_text_keeps_it_when_the_list_grows_and_when_it_goes_out_again() {
    let project = project("http://127.0.0.1:1");
    let texts = || {
        let said = project.run(&["preview", "campaigns/c", "--sample", "100", "--show-addresses"]);
        let mut all: Vec<String> = said
            .out
            .lines()
            .filter(|line| line.starts_with("C-"))
            .map(|line| {
                let (id, rest) = line.split_once(' ').unwrap();
                let wording = rest[rest.find('(').unwrap()..].split(';').next().unwrap();
                format!("{id} {wording}")
            })
            .collect();
        all.sort();
        all
    };
    let before = texts();
    assert_eq!(before.len(), 60);
    let rows = std::fs::read_to_string(project.path("campaigns/c/r.csv")).unwrap();
    let (head, rest) = rows.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rest.lines().collect();
    rows.reverse();
    rows.insert(0, "C-new,0711000000,New,en");
    project.write("campaigns/c/r.csv", &format!("{head}\n{}\n", rows.join("\n")));
    let after: Vec<String> = texts().into_iter().filter(|one| !one.starts_with("C-new ")).collect();
    assert_eq!(after, before);
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place() {
    let project = project("http://127.0.0.1:1");
    let check = |message: &str, locale: &str| {
        project.manifest("http://127.0.0.1:1", "batch_max: 1", message, "");
        let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
        project.write(
            "campaigns/c/campaign.yaml",
            &manifest.replace("region: KE", &format!("region: KE{locale}")),
        );
        let said = project.run(&["check", "campaigns/c"]);
        assert_eq!(said.code, 3, "{said:?}");
        said.err.clone()
    };
    let all = [
        check("locales: { en: short/en.txt, sw: short/sw.txt, default: en }", ""),
        check("locales: { en: short/en.txt, sw: short/sw.txt }", ", locale: lang"),
        check("locales: { en: short/en.txt, sw: short/sw.txt, default: sv }", ", locale: lang"),
        check(
            "locales: { english: short/en.txt, EN: short/en.txt, en: short/sw.txt, default: en }",
            ", locale: lang",
        ),
        check(
            "locales: { en: { text: \"Hi {{ nmae }}\" }, sw: short/none.txt, default: en }",
            ", locale: lang",
        ),
        check("text: a\n  locales: { en: short/en.txt, default: en }", ""),
        check(
            "variants: [{ name: a, text: x }, { name: a, text: x, template: short/en.txt }, { weight: 0 }]",
            "",
        ),
        check("variants: [{ name: a, text: x }]\n  text: y", ""),
        check("locales: { default: en }", ", locale: lung"),
        check("text: Hi {{ name }}", ", locale: lang"),
    ];
    insta::assert_snapshot!("texts_refused", all.join("\n---\n"));
}

#[test]
fn one_language_needs_no_column_and_says_which_it_is() {
    let gateway = Loopback::start();
    let project = Project::empty();
    let text = "locales: { sw: { text: \"Habari {{ name }} ({{ recipient.locale }})\" }, default: sw }";
    project.manifest(&gateway.url(), "batch_max: 1", text, "");
    project.recipients(2);
    assert_eq!(project.send().code, 0);
    assert_eq!(gateway.text_of("254700000001").unwrap(), "Habari Name1 (sw)");
    let report: Value = serde_json::from_str(&project.run(&["report", "c", "--format", "json"]).out).unwrap();
    assert_eq!(report["runs"][0].get("texts"), None, "{}", json!(report));
}
