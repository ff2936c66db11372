//! `sendplan audience`: what stands in the columns, also while the rest of a manifest is wrong.

use serde_json::Value;

use crate::project::{Project, root, sendplan};

#[test]
fn the_columns_of_spring_sale_read_like_this() {
    let told = sendplan(&["audience", "campaigns/spring-sale"]);
    assert_eq!(told.code, 0, "{told:?}");
    insta::assert_snapshot!("audience_of_spring_sale", told.out);
    let guide = std::fs::read_to_string(root().join("docs/audience.md")).unwrap();
    assert!(guide.contains(&told.out), "docs/audience.md shows another one");
    let machine = sendplan(&["audience", "campaigns/spring-sale", "--format", "json"]);
    insta::assert_snapshot!("audience_of_spring_sale_json", machine.out);
}

const BROKEN: &str = "version: 1\nname: c\nprovider: no-such-gateway\nsender: 1\nsurplus: 3\n\
    audience: { csv: [a.csv, b.csv], address: phon, locale: lang, id: id, suppress: [gone.csv] }\n\
    message: { text: \"Hi {{ nobody }} {% if %}\" }\n";

#[test]
fn whatever_else_is_wrong_the_columns_are_told() {
    let project = Project::empty();
    project.write("campaigns/c/campaign.yaml", BROKEN);
    project.write("campaigns/c/a.csv", "id;phone;lang;mail\n1;0712 345 678;de;zoe@example.org\n2\n");
    project.write(
        "campaigns/c/b.csv",
        "id;phone;lang;mail\n3;+254712345679;;\n\"x\ny\";1;de;\u{202e}call 0712345670\n",
    );
    assert_eq!(project.run(&["check", "campaigns/c"]).code, 3);
    let told = project.run(&["audience", "campaigns/c"]);
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    insta::assert_snapshot!("audience_of_a_broken_manifest", told.out);
    let shown = project.run(&["audience", "campaigns/c", "--show-addresses", "--format", "json"]);
    let report: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(report["columns"][1]["samples"], serde_json::json!(["0712 345 678", "+254712345679", "1"]));
    assert_eq!(report["missing"][0]["near"], "phone");
}

#[test]
fn nobody_is_told_by_what_is_shown() {
    let project = Project::empty();
    project.manifest("http://127.0.0.1:1", "batch_max: 1", "text: Hi", "");
    project.write("campaigns/c/r.csv", "phone,0712345678\n+254712345678,zoe.kay@shop.invalid\n");
    for format in ["human", "json"] {
        let told = project.run(&["audience", "campaigns/c", "--format", format]);
        assert_eq!(told.code, 0, "{told:?}");
        for secret in ["345678", "12345", "oe.kay", "shop"] {
            assert!(!told.out.contains(secret), "{secret}: {}", told.out);
        }
    }
}

#[test]
fn files_that_do_not_open_are_refused_and_a_bare_file_needs_no_manifest() {
    let project = Project::empty();
    project.manifest("http://127.0.0.1:1", "batch_max: 1", "text: Hi", "");
    let none = project.run(&["audience", "campaigns/c"]);
    assert!(none.code == 3 && none.err.contains("cannot read `r.csv`"), "{none:?}");
    project.write("campaigns/c/r.csv", "phone,name\n\"0712345678,Zoë\n");
    let open = project.run(&["audience", "campaigns/c"]);
    assert!(open.code == 3 && open.err.contains("quote"), "{open:?}");
    let nothing = project.run(&["audience", "campaigns/nope"]);
    assert!(nothing.code == 3 && nothing.err.contains("there is no campaign"), "{nothing:?}");
    project.write("list.tsv", "phone\tname\n0712345678\tZoë\n");
    let bare = project.run(&["audience", "list.tsv"]);
    assert!(bare.code == 0 && bare.out.contains("a tab between cells, found out"), "{bare:?}");
    project.write("campaigns/c/campaign.yaml", "version: 1\nname: c\n");
    let unsaid = project.run(&["audience", "campaigns/c"]);
    assert!(unsaid.code == 3 && unsaid.err.contains("`audience` is missing"), "{unsaid:?}");
}

#[test]
fn a_list_without_a_header_is_told_and_shows_nobody() {
    let project = Project::empty();
    project.manifest("http://127.0.0.1:1", "batch_max: 1", "text: \"Hi {{ name }}\"", "");
    project.write("campaigns/c/r.csv", "0712345678,Annabel,ann@example.org\n0712345679,Bo,bo@example.org\n");
    for verb in ["check", "plan", "preview", "audience"] {
        let said = project.run(&[verb, "campaigns/c"]);
        let all = format!("{}{}", said.out, said.err);
        assert!(
            all.contains("is a header missing?") && all.contains("looks like a recipient"),
            "{verb}: {all}"
        );
        for secret in ["345678", "nn@exam"] {
            assert!(!all.contains(secret), "{verb}: {all}");
        }
        assert!(
            verb == "audience" || !all.contains("Annabel") && all.matches("error: ").count() < 3,
            "{all}"
        );
    }
    project.write("list.csv", "0712345678,Annabel\n0712345679,Bo\n");
    let bare = project.run(&["audience", "list.csv"]);
    assert!(bare.code == 0 && bare.out.contains("warning: is a header missing?"), "{bare:?}");
}
