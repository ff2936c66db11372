//! What the documentation says, held against the program: references are made from the schemas, profiles in it
//! pass their test and send.

use crate::project::{Project, root, sendplan};

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join("docs").join(name)).unwrap()
}

#[test]
fn the_reference_of_profiles_is_that_of_the_schema() {
    let page = page("providers.md");
    let (_, reference) = page.split_once("<!-- reference -->\n\n").unwrap();
    let printed = sendplan(&["schema", "provider", "--format", "markdown"]).out;
    let hint = "replace what follows `<!-- reference -->` by `sendplan schema provider --format markdown`";
    assert!(reference.trim_end() == printed.trim_end(), "docs/providers.md is stale: {hint}");
}

#[test]
fn the_profile_of_the_guide_passes_its_test_and_sends() {
    let page = page("providers.md");
    let (_, rest) = page.split_once("<!-- file: providers/acme.yaml -->\n```yaml\n").unwrap();
    let (profile, _) = rest.split_once("```").unwrap();
    let project = Project::empty();
    project.write("providers/acme.yaml", profile);
    let tested = project.run(&["provider", "test", "providers/acme.yaml"]);
    assert_eq!(tested.code, 0, "{tested:?}");
    assert!(!tested.out.contains("Not shown"), "{tested:?}");
    project.write(
        "campaigns/c/campaign.yaml",
        "version: 1\nname: c\nprovider: ../../providers/acme.yaml\nsender: ACME\n\
         audience: { csv: r.csv, address: phone, region: KE }\nmessage: { text: \"Hi {{ name }}\" }\n",
    );
    project.recipients(5);
    let said = project.run(&["send", "campaigns/c", "--sandbox"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("accepted  5"), "{said:?}");
}

#[test]
fn the_profiles_among_the_examples_pass_their_test() {
    let mut tested = 0;
    for entry in std::fs::read_dir(root().join("examples/providers")).unwrap() {
        let path = entry.unwrap().path();
        let said = sendplan(&["provider", "test", path.to_str().unwrap()]);
        assert_eq!(said.code, 0, "{said:?}");
        tested += 1;
    }
    assert!(tested > 0);
}
