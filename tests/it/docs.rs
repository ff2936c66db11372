//! What the documentation says, held against the program: references are made from the schemas, profiles in it
//! pass their test and send.

use clap::CommandFactory;
use sendplan::cli::Cli;

use crate::project::{Project, root, sendplan};

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join("docs").join(name)).unwrap()
}

/// What stands behind `<!-- reference -->` on a page is what is printed; with `SENDPLAN_WRITE_DOCS` set, it is made so.
fn is_reference(name: &str, printed: &str) {
    let text = page(name);
    let (head, reference) = text.split_once("<!-- reference -->\n\n").unwrap();
    if std::env::var_os("SENDPLAN_WRITE_DOCS").is_some() {
        let text = format!("{head}<!-- reference -->\n\n{}\n", printed.trim_end());
        std::fs::write(root().join("docs").join(name), text).unwrap();
        return;
    }
    let hint = "`SENDPLAN_WRITE_DOCS=1 cargo test --test it docs` brings it up to date";
    assert!(reference.trim_end() == printed.trim_end(), "docs/{name} is stale: {hint}");
}

#[test]
fn the_reference_of_profiles_is_that_of_the_schema() {
    is_reference("providers.md", &sendplan(&["schema", "provider", "--format", "markdown"]).out);
}

#[test]
fn the_reference_of_manifests_is_that_of_the_schema() {
    is_reference("manifest.md", &sendplan(&["schema", "campaign", "--format", "markdown"]).out);
}

#[test]
fn the_reference_of_commands_is_that_of_the_program() {
    let mut program = Cli::command();
    program.build();
    let mut out = String::new();
    verbs(&program, "sendplan", &mut out);
    is_reference("commands.md", &out);
}

/// Every verb with its arguments, in the order of the help.
fn verbs(command: &clap::Command, name: &str, out: &mut String) {
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help" && !verb.is_hide_set()) {
        let name = format!("{name} {}", verb.get_name());
        if verb.has_subcommands() {
            verbs(verb, &name, out);
            continue;
        }
        let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
        out.push_str(&format!("## {name}\n\n{about}.\n\n"));
        let own: Vec<&clap::Arg> = verb
            .get_arguments()
            .filter(|one| !one.is_global_set() && !one.is_hide_set() && one.get_id() != "help")
            .collect();
        if !own.is_empty() {
            out.push_str("| | |\n|---|---|\n");
            own.into_iter().for_each(|one| out.push_str(&row(one)));
            out.push('\n');
        }
    }
}

fn row(argument: &clap::Arg) -> String {
    let value = argument.get_value_names().unwrap_or_default().first().map(ToString::to_string);
    let takes = argument.get_action().takes_values();
    let name = match (argument.get_long(), value.filter(|_| takes)) {
        (Some(long), Some(value)) => format!("--{long} {value}"),
        (Some(long), None) => format!("--{long}"),
        (None, value) => value.unwrap_or_default(),
    };
    let mut told = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let choices: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|_| takes)
        .map(|one| format!("`{}`", one.get_name()))
        .collect();
    if !choices.is_empty() {
        told.push_str(&format!(": {}", choices.join(", ")));
    }
    let default: Vec<String> =
        argument.get_default_values().iter().map(|one| format!("`{}`", one.to_string_lossy())).collect();
    if takes && !default.is_empty() {
        told.push_str(&format!(". {} if unsaid", default.join(", ")));
    }
    format!("| `{name}` | {} |\n", told.replace('|', "\\|"))
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
    // Without the example of a delivery the sandbox knows no answer: that is said before somebody sends there.
    let (before, _) = profile.split_once("  - name: delivered\n").unwrap();
    project.write("providers/acme.yaml", before);
    let tested = project.run(&["provider", "test", "providers/acme.yaml"]);
    let lacks = "the profile has no example of a message that was delivered";
    assert!(tested.code == 0 && tested.out.contains("- a delivery by `status`"), "{tested:?}");
    assert!(tested.out.contains(&format!("`send --sandbox` does not work with it: {lacks}")), "{tested:?}");
    let checked = project.run(&["check", "campaigns/c"]);
    assert!(checked.code == 0 && checked.out.contains(&format!("cannot be sent to a sandbox\n  {lacks}")));
    for verb in [&["plan", "campaigns/c"][..], &["rehearse", "campaigns/c"]] {
        let said = project.run(verb);
        assert!(said.code == 0 && said.out.contains("sendplan preview"), "{said:?}");
        assert!(!said.out.contains("--sandbox"), "{said:?}");
    }
    let begun = project.run(&["init", "new", "--provider", "providers/acme.yaml"]);
    assert!(
        begun.code == 0 && begun.out.contains(&format!("not work with this profile yet: {lacks}")),
        "{begun:?}"
    );
    assert!(!begun.out.contains("sendplan send"), "{begun:?}");
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

/// Each campaign among the examples is one to begin from: nothing about it is told as doubtful, and it sends.
#[test]
fn the_campaigns_among_the_examples_are_sound_and_send() {
    const NOW: [&str; 2] = ["--now", "2026-11-20T06:00:00Z"];
    for (name, people) in [("first-campaign", 2), ("twilio", 5), ("africas-talking", 5)] {
        let folder = root().join("examples").join(name);
        let checked = sendplan(&["check", folder.to_str().unwrap(), NOW[0], NOW[1]]);
        assert_eq!((checked.code, checked.err.as_str()), (0, ""), "{name}: {checked:?}");
        let project = Project::empty();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            project.write(&format!("campaigns/c/{}", entry.file_name().to_str().unwrap()), &text);
        }
        let said = project.run(&["send", "campaigns/c", "--sandbox", NOW[0], NOW[1]]);
        assert_eq!(said.code, 0, "{name}: {said:?}");
        assert!(said.out.contains(&format!("accepted  {people}  ")), "{name}: {said:?}");
    }
}

#[test]
fn the_table_of_rules_is_that_of_the_program() {
    let rules = sendplan::diagnostic::Rule::ALL.iter();
    let rows: Vec<String> = rules.map(|rule| format!("| `{}` | {} |\n", rule.id(), rule.about())).collect();
    assert!(
        page("reports.md").contains(&rows.concat()),
        "docs/reports.md has another table than\n{}",
        rows.concat()
    );
}
