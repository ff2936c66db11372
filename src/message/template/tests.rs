//! What templates make of rows, and what is refused before there is one.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::expression::{EvalError, Problem};
use crate::message::recipient::{Names, Recipient};

fn compile(source: &str, columns: &[&str]) -> Result<Template, Vec<Problem>> {
    let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
    let Json::Object(vars) = json!({"shop": "Acme", "count": 3}) else { unreachable!() };
    Template::compile(source, &Names::of("spring", &columns, &vars))
}

fn render(template: &Template, row: &[&str]) -> Result<String, EvalError> {
    let mut out = "old".to_owned();
    let cell = |at: usize| row.get(at).copied().unwrap_or_default();
    let recipient = Recipient { id: "id-1", address: "+254712345678", locale: "", timezone: "" };
    template.render(cell, &recipient, &mut template.scratch(), &mut out).map(|_| out)
}

#[test]
fn columns_constants_campaign_and_recipient_can_be_named() {
    let source = "Hi {{ name }}, {{ vars.shop }}/{{ vars.count }}/{{ campaign.name }}: {{ recipient.id }} {{ recipient.address }}\r\n";
    for source in [source.to_owned(), format!("{{% if name %}}{{% endif %}}{source}")] {
        let template = compile(&source, &["x", "name"]).unwrap();
        assert_eq!(
            render(&template, &["", "Ann <&> é"]).unwrap(),
            "Hi Ann <&> é, Acme/3/spring: id-1 +254712345678"
        );
    }
}

#[test]
fn only_one_line_break_at_the_end_is_dropped() {
    assert_eq!(compile("a\n\n", &[]).unwrap().shared(), Some("a\n"));
    assert_eq!(compile("a", &[]).unwrap().shared(), Some("a"));
}

#[test]
fn a_text_without_columns_is_shared() {
    assert_eq!(compile("{{ vars.shop }} is open", &["a"]).unwrap().shared(), Some("Acme is open"));
    assert!(compile("{{ a }}", &["a"]).unwrap().shared().is_none());
    assert!(compile("{{ recipient.id }}", &["a"]).unwrap().shared().is_none());
}

#[test]
fn fault_58_an_undefined_variable_is_found_before_any_row() {
    let source = "{{ nmae }} {% if optin %}x{% endif %} {{ vars.shp }} {{ recipient.phone }}";
    let problems = compile(source, &["name", "opt_in"]).unwrap_err();
    let found: Vec<_> =
        problems.iter().map(|problem| (&source[problem.span.clone()], problem.help.as_deref())).collect();
    assert_eq!(
        found,
        [
            ("nmae", Some("did you mean `name`?")),
            ("optin", Some("did you mean `opt_in`?")),
            ("shp", Some("did you mean `vars.shop`?")),
            ("phone", Some("`recipient` has `id` or `address`")),
        ]
    );
}

#[test]
fn a_column_with_a_name_of_a_spreadsheet_is_told_what_to_be_called() {
    let columns = ["Amount (KES)", "First Name", "Mobile-No", "1st", "Stadt", "stadt!"];
    for (source, better) in [
        ("Hi {{ First Name }}", Some("`first_name`")),
        ("Hi {{ first_name }}", Some("`first_name`")),
        ("KES {{ Amount (KES) }}", Some("`amount_kes`")),
        ("{{ Stadt }} KES {{ row[\"Amount (KES)\"] | number }}", Some("`amount_kes`")),
        ("{% if Amount (KES) %}x{% endif %}", Some("`amount_kes`")),
        ("{{ Mobile-No }}", Some("`mobile_no`")),
        ("{{ stadt! }}", Some("`stadt`")),
        ("{{ 1st }}", Some("something else")),
        ("First Name {{ Stadt Stadt }}", None),
        // What stands before the unit, or before the rest of a name.
        ("{{ Amount | number }}", Some("`Amount`")),
        ("{{ amount }}", Some("`amount`")),
        ("{{ First }}", Some("`First`")),
    ] {
        let problems = compile(source, &columns).unwrap_err();
        let help = problems[0].help.as_deref().unwrap_or_default();
        let said = help.split_once("call it ").and_then(|(_, rest)| rest.strip_suffix(" in the file"));
        assert_eq!(said, better, "{source}: {problems:?}");
    }
}

#[test]
fn a_column_that_can_be_named_is_meant_before_one_that_only_begins_so() {
    let problems = compile("{{ Amount }}", &["amount", "Amount (KES)"]).unwrap_err();
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `amount`?"));
    // Of two nobody knows which.
    let problems = compile("{{ Amount }}", &["Amount (USD)", "Amount (KES)"]).unwrap_err();
    assert!(problems[0].help.as_deref().is_some_and(|help| help.starts_with("known here:")), "{problems:?}");
}

#[test]
fn a_text_that_depends_on_who_reads_it_is_not_shared() {
    let read = |source: &str, locale: &str| {
        let template = compile(source, &[]).unwrap();
        assert!(template.shared().is_none(), "{source}");
        let recipient = Recipient { id: "1", address: "+1", locale, timezone: "" };
        let mut out = String::new();
        template.render(|_| "", &recipient, &mut template.scratch(), &mut out).map(|_| out).unwrap()
    };
    let source = "{{ 12500 | number }} on {{ '2026-03-20' | date }}";
    assert_eq!(read(source, "de"), "12.500 on 20.03.2026");
    assert_eq!(read(source, "sw"), "12,500 on 20 Mac 2026");
    let long = format!("{{% filter segments(max=1) %}}{}{{% endfilter %}}", "x".repeat(200));
    assert_eq!(read(&long, "").len(), 160);
    let problems = compile("{{ 'x' | number }}", &[]).unwrap_err();
    assert!(problems[0].message.contains("`x` cannot be read"), "{problems:?}");
}

#[test]
fn a_cut_text_is_counted_as_it_will_be_spelled() {
    let source = "{% filter segments(max=1) %}{{ a }}{% endfilter %}";
    let read = |template: &Template| {
        let cell = "Zoë – ".repeat(20);
        render(template, &[&cell]).map(|text| text.chars().count())
    };
    assert_eq!(read(&compile(source, &["a"]).unwrap()), Ok(70));
    assert_eq!(read(&compile(source, &["a"]).unwrap().in_gsm7()), Ok(120));
}

#[test]
fn an_error_names_the_cell() {
    let template = compile("{{ a | upper }} {{ b | number(decimals=2) }}", &["a", "b"]).unwrap();
    let said = render(&template, &["x", "1,5"]).unwrap_err().to_string();
    assert!(said.starts_with("`b | number(decimals=2)`: `1,5` cannot be read"), "{said}");
}

#[test]
fn options_that_cannot_be_are_found_before_any_row() {
    for (source, said) in [
        ("{{ a | currency(code='KESH') }}", "did you mean `KES`?"),
        ("{{ a | currency }}", "needs `code`"),
        ("{{ a | date(style='tiny') }}", "`short`, `medium`, `long` or `full`"),
        ("{{ a | date(format='%Q') }}", "no pattern"),
        ("{{ a | date(timezone='Nairobi') }}", "no time zone"),
        ("{% filter segments(max=0) %}{{ a }}{% endfilter %}", "from 1 to 255"),
        ("{{ a | number(digits=2) }}", "no option `digits`"),
    ] {
        let problems = compile(source, &["a"]).unwrap_err();
        assert!(problems[0].message.contains(said), "{problems:?}");
    }
}

#[test]
fn a_clock_that_changes_nothing_is_refused_where_that_is_certain() {
    for source in [
        "{{ '2026-03-20T09:00' | date(time=true, timezone='Africa/Nairobi') }}",
        "{{ \"2026-03-20\" | date(timezone='Africa/Nairobi') }}",
    ] {
        let problems = compile(source, &["a"]).unwrap_err();
        assert!(problems[0].message.contains("`timezone` changes nothing here"), "{problems:?}");
        assert_eq!(&source[problems[0].span.clone()], "timezone='Africa/Nairobi'");
    }
    for source in [
        "{{ '2026-03-20T09:00Z' | date(timezone='Africa/Nairobi') }}",
        "{{ a | date(timezone='Africa/Nairobi') }}",
        "{{ '2026-03-20T09:00' | replace(from='x', to='y') | date(timezone='Africa/Nairobi') }}",
        "{{ '2026-03-20T09:00' | date }}",
    ] {
        assert!(compile(source, &["a"]).is_ok(), "{source}");
    }
}

#[test]
fn a_pattern_of_a_date_is_in_nobodys_language() {
    for (source, by_language) in [
        ("{{ a | date(format='%d.%m.') }}", false),
        ("{{ a | date(format='%d.%m.', timezone='Africa/Nairobi') }} {{ a | truncate(length=3) }}", false),
        ("{{ a | date(format='%d.%m.') }} {{ a | date }}", true),
        ("{{ a | date(style='long') }}", true),
        ("{{ a | number }}", true),
    ] {
        let template = compile(source, &["a"]).unwrap();
        assert_eq!(
            (template.writes_by_language(), template.asks_language()),
            (by_language, by_language),
            "{source}"
        );
    }
}

#[test]
fn a_column_that_cannot_be_named_is_pointed_out() {
    let problems = compile("{{ first_name }}", &["First Name", "phone"]).unwrap_err();
    let help = problems[0].help.as_deref().unwrap();
    assert!(help.contains("`First Name`") && help.contains("`first_name`"), "{help}");
}

#[test]
fn a_column_with_a_name_of_ours_is_refused_where_the_name_is_used() {
    let problems = compile("{{ vars.shop }} {{ name }}", &["vars", "name"]).unwrap_err();
    assert!(problems[0].message.contains("`vars` is a column"), "{problems:?}");
    let template = compile("{{ name }}", &["vars", "name"]).unwrap();
    assert_eq!(render(&template, &["x", "y"]).unwrap(), "y");
}

#[test]
fn fault_59_rows_that_explode_are_stopped_with_and_without_tera() {
    let long = "x".repeat(40_000);
    for source in ["{{ a }}{{ a }}", "{% if a %}{{ a }}{{ a }}{% endif %}"] {
        let result = render(&compile(source, &["a"]).unwrap(), &[&long]);
        assert!(matches!(result, Err(EvalError::TooLong { .. })), "{source}");
    }
}

#[test]
fn fault_59_cells_that_are_longer_than_any_text_are_not_worked_on() {
    let long = "x".repeat(70_000);
    let template = compile("{% if a[0:1] == 'x' %}x{% endif %}", &["a"]).unwrap();
    assert!(render(&template, &[&long]).unwrap_err().to_string().contains("more than 65536 bytes"));
    assert_eq!(render(&template, &["x"]).unwrap(), "x");
}

#[test]
fn fault_59_filters_that_try_several_lengths_count_for_several_texts() {
    let tag = "{% if a | segments(max=255) == '' %}{% endif %}";
    let long = "é x".repeat(15_000);
    let few = compile(&format!("x{tag}"), &["a"]).unwrap();
    assert_eq!(render(&few, &[&long]).unwrap(), "x");
    let many = compile(&tag.repeat(6), &["a"]).unwrap();
    assert!(render(&many, &[&long]).unwrap_err().to_string().contains("too much work"));
}

#[test]
fn texts_are_spelled_in_gsm7_only_when_asked_and_only_as_a_whole() {
    let asked = |source: &str| compile(source, &["name"]).unwrap().in_gsm7();
    let spelled = |template: &Template, name: &str| {
        let mut out = String::new();
        let recipient = Recipient { id: "1", address: "+1", locale: "", timezone: "" };
        let how = template.render(|_| name, &recipient, &mut template.scratch(), &mut out).unwrap();
        (out, how)
    };
    let written = compile("Hi {{ name }} – bye", &["name"]).unwrap();
    assert_eq!(spelled(&written, "Ann"), ("Hi Ann – bye".to_owned(), Spelling::AsWritten));
    let template = asked("Hi {{ name }} – bye");
    assert_eq!(spelled(&template, "Zoë"), ("Hi Zoe - bye".to_owned(), Spelling::Gsm7));
    assert_eq!(spelled(&template, "Иван"), ("Hi Иван – bye".to_owned(), Spelling::AsWritten));
    assert_eq!(spelled(&asked("Hi {{ name }}"), "José"), ("Hi José".to_owned(), Spelling::AsWritten));
    assert_eq!(spelled(&asked("“Open”"), "x"), ("\"Open\"".to_owned(), Spelling::Gsm7));
    assert_eq!(asked("“Open”").shared(), Some("\"Open\""));
}

proptest! {
    /// Copying and Tera write the same bytes, for every plain template and every row.
    #[test]
    fn plain_templates_are_rendered_as_tera_does(
        parts in prop::collection::vec(
            prop_oneof![
                "[ a-z\n\r\t{}é%#-]{0,6}",
                Just("{{ a }}".to_owned()),
                Just("{{b}}{{ campaign }}".to_owned()),
                Just("{{  true }}".to_owned()),
                Just("{{ vars.shop }}".to_owned()),
                Just("{{ vars.count }}".to_owned()),
                Just("{{ campaign.name }}".to_owned()),
                Just("{{ recipient.id }}{{ recipient.address }}".to_owned()),
                Just("{{- a -}}".to_owned()),
                Just("{{ a }}\n".to_owned()),
                Just("{{\na }}".to_owned()),
                Just("{{ a | upper }}".to_owned()),
            ],
            0..8,
        ),
        row in prop::collection::vec("[a-z<&>\"{} \né😀]{0,30}", 4),
    ) {
        let Ok(template) = compile(&parts.concat(), &["a", "b", "true", "campaign"]) else { return Ok(()) };
        let through_tera = Template { pieces: None, shared: None, ..template.clone() };
        let row: Vec<&str> = row.iter().map(String::as_str).collect();
        prop_assert_eq!(render(&template, &row), render(&through_tera, &row));
    }
}

#[test]
fn plain_templates_are_recognised() {
    assert!(compile("Hi {{ a }}, {{ vars.shop }}", &["a"]).unwrap().pieces.is_some());
    assert!(compile("{% if a %}x{% endif %}", &["a"]).unwrap().pieces.is_none());
}
