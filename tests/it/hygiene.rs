//! Texts that are put together and looked at: snippets, what should not be in a text, what must be.

use crate::project::Project;

/// A campaign with this message, these rows of `phone,name` and these other files; names are below the repository.
fn campaign(message: &str, rows: &[&str], files: &[(&str, &str)]) -> Project {
    let project = Project::empty();
    project.manifest("http://127.0.0.1:9", "batch_max: 1", message, "");
    project.write("campaigns/c/r.csv", &format!("phone,name\n{}\n", rows.join("\n")));
    files.iter().for_each(|(name, text)| project.write(name, text));
    project
}

#[test]
fn snippets_of_the_campaign_and_of_the_repository_stand_in_its_texts() {
    let project = campaign(
        "template: message.txt",
        &["0700000001,Ann", "0700000002,"],
        &[
            (
                "campaigns/c/message.txt",
                "{% include \"greeting.txt\" %} our sale starts on Monday.\n{% include \"footer.txt\" %}\n",
            ),
            (
                "campaigns/c/templates/greeting.txt",
                "{% if name %}Hi {{ name }},{% else %}Hello,{% endif %}\n",
            ),
            ("templates/footer.txt", "{% include \"legal/stop.txt\" %}\n"),
            ("templates/legal/stop.txt", "STOP to opt out\n"),
        ],
    );
    let shown = project.run(&["preview", "campaigns/c"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    insta::assert_snapshot!(shown.out);
}

#[test]
fn what_is_wrong_with_snippets_is_told_at_its_place() {
    let project = campaign(
        "text: \"{% include 'foter.txt' %} {% include name %} {% include 'a.txt' %} {% include 'open.txt' %} {% include '../r.csv' %}\"",
        &["0700000001,Ann"],
        &[
            ("templates/footer.txt", "x"),
            ("templates/a.txt", "one\n{% include 'b.txt' %}\n"),
            ("campaigns/c/templates/b.txt", "{% include 'a.txt' %}"),
            ("templates/open.txt", "{% for x in name %}\n"),
        ],
    );
    let checked = project.run(&["check", "campaigns/c"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    insta::assert_snapshot!(checked.err);
}

#[test]
fn names_in_snippets_are_checked_against_the_columns() {
    let project = campaign(
        "text: \"Hi {{ name }} {% include 'footer.txt' %}\"",
        &["0700000001,Ann"],
        &[("templates/footer.txt", "Bye\n{{ nmae }} {{ vars.shop }}\n")],
    );
    let checked = project.run(&["check", "campaigns/c"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    insta::assert_snapshot!(checked.err);
}

/// Rows with something wrong, each of its own kind.
const ODD: [&str; 15] = [
    "0700000001,Ann,a1",
    "0700000002,,a1",
    "0700000003,A\u{200b}nn,a1",
    "0700000004,A\u{202e}nn,a1",
    "0700000005,Jos\u{fffd},a1",
    "0700000006,{first_name},a1",
    "0700000007,NULL,a1",
    "0700000008,Ann,",
    "0700000009,Ann,my code",
    "0700000010,,",
    "0700000011,Ann\u{7},a1",
    "0700000012,{{ name }},a1",
    "0700000013,\"Ann  0722111222 Beth\",a1",
    "0700000014,Zoë,a1",
    "0700000015,A\u{3164}nn,a1",
];

fn odd() -> Project {
    let rows: Vec<String> = ODD.iter().map(|row| (*row).to_owned()).collect();
    let project = campaign("text: \"Hi {{ name }}, your link: https://acme.example/{{ code }}\"", &[], &[]);
    project.write("campaigns/c/r.csv", &format!("phone,name,code\n{}\n", rows.join("\n")));
    project
}

#[test]
fn fault_55_what_looks_wrong_in_texts_is_told_with_its_column_and_an_example() {
    let project = odd();
    let planned = project.run(&["plan", "campaigns/c"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let section = planned.out.split("Worth a look").nth(1).unwrap().split("\n\nIn UCS-2").next().unwrap();
    insta::assert_snapshot!(section);
    let machine = project.run(&["plan", "campaigns/c", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&machine.out).unwrap();
    assert_eq!((&plan["messages"], &plan["rejected"]), (&13.into(), &2.into()));
    let spaces = plan["flaws"].as_array().unwrap().iter().find(|flaw| flaw["first_line"] == 3).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(spaces).unwrap());
    let one = project.run(&["plan", "campaigns/c", "--threads", "1", "--format", "json"]);
    assert_eq!(one.out, machine.out);
}

#[test]
fn fault_55_texts_that_nobody_means_are_left_out_with_line_and_reason() {
    let project = odd();
    project.run(&["plan", "campaigns/c", "--rejects", "rejects.csv"]);
    let rejects = std::fs::read_to_string(project.path("rejects.csv")).unwrap();
    let reasons: Vec<&str> = rejects.lines().skip(1).filter_map(|line| line.split(",07").next()).collect();
    assert_eq!(
        reasons,
        [
            "12,unsound-text,the message has a control character at character 7",
            "13,unsound-text,the message has unresolved braces at character 4",
        ]
    );
}

#[test]
fn a_preview_shows_one_text_of_each_flaw() {
    // Three are shown where nothing is said, and those of all kinds in any case.
    let shown = odd().run(&["preview", "campaigns/c"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let why: Vec<&str> =
        shown.out.lines().filter(|line| line.contains('(') && line.starts_with('+')).collect();
    insta::assert_snapshot!(why.join("\n"));
    for kind in sendplan::message::hygiene::Kind::ALL.into_iter().filter(|kind| !kind.refuses()) {
        let words = format!("  worth a look: {} at", kind.words());
        assert!(shown.out.contains(&words), "{words}: {}", shown.out);
    }
    assert!(shown.out.contains("  worth a look: a space too many at character 3\n"), "{}", shown.out);
}

#[test]
fn a_cell_without_a_value_is_not_found_in_the_middle_of_a_word() {
    let plan = |text: &str| {
        let project = campaign(text, &["0700000001,nan", "0700000002,#N/A"], &[]);
        let plan = project.run(&["plan", "campaigns/c", "--format", "json"]);
        serde_json::from_str::<serde_json::Value>(&plan.out).unwrap()["flaws"].clone()
    };
    assert_eq!(plan("text: \"{% if name %}Banana{% endif %}\""), serde_json::Value::Null);
    let told = plan("text: \"Banana {{ name }}!\"");
    assert_eq!((&told[0]["kind"], &told[0]["character"]), (&"no-value".into(), &8.into()), "{told}");
    assert_eq!((told.as_array().unwrap().len(), &told[0]["messages"]), (1, &2.into()), "{told}");
}

#[test]
fn fault_55_what_is_wrong_with_a_template_itself_is_told_by_check_at_its_place() {
    let project = campaign(
        "template: message.txt",
        &["0700000001,Ann"],
        &[
            ("campaigns/c/message.txt", "Hi {{ name }},  our sale.\u{200b}\n{% include \"a.txt\" %}\n"),
            ("templates/a.txt", "See https:// acme.example [[code]]\n"),
        ],
    );
    let checked = project.run(&["check", "campaigns/c"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    insta::assert_snapshot!(checked.err.replace('\u{200b}', "<200B>"));
    // It is told once, not of each text.
    let plan = project.run(&["plan", "campaigns/c"]);
    assert!(!plan.out.contains("Worth a look"), "{}", plan.out);
    project.write("templates/a.txt", "Bye\u{7}{% raw %}{{ name }}{% endraw %}\n");
    let checked = project.run(&["check", "campaigns/c"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    assert!(checked.err.contains("`message.template` has a control character (U+0007)"), "{}", checked.err);
    assert!(checked.err.contains("templates/a.txt:1:4") && checked.err.contains("unresolved braces"));
}

#[test]
fn a_text_that_is_the_same_for_all_is_looked_at_once() {
    let project = Project::empty();
    project.write("templates/a.txt", "x");
    project.manifest(
        "http://127.0.0.1:9",
        "batch_max: 1",
        "text: \"Hi {{ vars.shop }}, hello\"",
        "vars: { shop: \"{first_name}\" }\n",
    );
    project.recipients(3);
    let planned = project.run(&["plan", "campaigns/c"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(planned.err.contains("`message.text` has a placeholder"), "{planned:?}");
    assert!(!planned.out.contains("Worth a look"), "{planned:?}");
    project.manifest(
        "http://127.0.0.1:9",
        "batch_max: 1",
        "text: \"Hi {{ vars.shop }}, hello\"",
        "vars: { shop: \"{{\" }\n",
    );
    let planned = project.run(&["plan", "campaigns/c"]);
    assert_eq!(planned.code, 3, "{planned:?}");
}

#[test]
fn empty_and_overlong_texts_are_told_with_their_line() {
    let long = "x".repeat(400);
    let project = campaign(
        "text: \"{{ name }}\"\n  max_segments: 2",
        &["0700000001,Ann", "0700000002,", &format!("0700000003,{long}")],
        &[],
    );
    let planned = project.run(&["plan", "campaigns/c", "--rejects", "rejects.csv"]);
    assert!(planned.err.contains("the longest, on line 4, takes 3"), "{planned:?}");
    let rejects = std::fs::read_to_string(project.path("rejects.csv")).unwrap();
    assert!(rejects.contains("\n3,empty-message,the message is empty,"), "{rejects}");
}

#[test]
fn a_text_that_does_not_say_how_to_opt_out_refuses_the_plan() {
    let rows =
        ["0700000001,Reply STOP to end", "0700000002,Ann", "0700000003,Ben", "0700000004,stop  To End"];
    let message = |asked: &str| {
        let message = format!("text: \"Sale! {{{{ name }}}}\"\n  opt_out_text: {asked}");
        campaign(&message, &rows, &[])
    };
    let planned = message("required").run(&["plan", "campaigns/c"]);
    assert_eq!(planned.code, 3, "{planned:?}");
    assert!(
        planned.err.contains(
            "3 texts do not say how to opt out, which `opt_out_text` asks for; the first is that of line 3"
        ),
        "{planned:?}"
    );
    let machine = message("required").run(&["plan", "campaigns/c", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&machine.out).unwrap();
    assert_eq!(plan["without_opt_out"], serde_json::json!({"messages": 3, "first_line": 3}));
    let planned = message("\"stop to end\"").run(&["plan", "campaigns/c"]);
    assert!(planned.err.contains("2 texts do not say how to opt out"), "{planned:?}");
    let machine = message("[stop to end, ann, ben]").run(&["plan", "campaigns/c", "--format", "json"]);
    assert!(!machine.out.contains("without_opt_out"), "{machine:?}");
    let sent = message("[\"stop to end\", \"Ann\"]").run(&["send", "campaigns/c", "--sandbox"]);
    assert!(sent.err.contains("1 text does not say how to opt out"), "{sent:?}");
    assert_eq!(message("[stop to end, ann, ben]").run(&["plan", "campaigns/c"]).code, 0);
}

#[test]
fn what_is_wrong_with_opt_out_texts_is_told_by_check() {
    let check = |message: &str| {
        let project = campaign(message, &["0700000001,Ann"], &[("templates/footer.txt", "STOP to end\n")]);
        let checked = project.run(&["check", "campaigns/c"]);
        (checked.code, checked.err)
    };
    assert_eq!(check("text: \"Hi {{ name }} {% include 'footer.txt' %}\"\n  opt_out_text: required").0, 0);
    let refused = [
        check("text: Our sale is on.\n  opt_out_text: required"),
        check("text: Our sale is on.\n  opt_out_text: [STOP to end, \"Tuma STOP\"]"),
        check("text: Our sale is on.\n  opt_out_text: \" \""),
        check("text: Our sale is on.\n  opt_out_text: []"),
        check("text: Our sale is on. STOP\n  opt_out_text: yes"),
        check("text: Our sale is on. STOP\n  opt_out_text: \"true\""),
        check("text: Our sale is on. STOP\n  opt_out_text: [required, STOP to end]"),
        check("text: Our sale is on. STOP\n  opt_out_text: Required"),
        check("text: Our sale is on. STOP\n  opt_out_text: no"),
        check("text: Our sale is on. STOP\n  opt_out_text: true"),
    ];
    assert!(refused.iter().all(|(code, _)| *code == 3), "{refused:?}");
    insta::assert_snapshot!(refused.map(|(_, err)| err).join("\n"));
}
