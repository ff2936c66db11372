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
