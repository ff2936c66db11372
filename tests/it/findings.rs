//! `check --format json|github|sarif`: what is wrong, for machines; held against the schema of SARIF's own makers.

use std::process::Command;

use serde_json::Value;

use crate::project::{Project, Said, said};

const MANIFEST: &str = "version: 1
name: c
providr: x
provider: { profile: mobiconnect, base_url: \"http://127.0.0.1:1\" }
sender: 1
audience: { csv: r.csv, address: telephone, region: KE }
message: { template: \"träum 😀.txt\" }
delivery: { concurrency: 4, concurrency: 5, unknown: resend }
vars: { api_key: abc123 }
";

/// A campaign with something wrong in its manifest and in its text, in a folder whose name needs to be encoded.
fn broken() -> Project {
    let project = Project::empty();
    project.write("campaigns/spring sale/campaign.yaml", MANIFEST);
    project.write("campaigns/spring sale/r.csv", "phone,name\n0700000001,A\n");
    project.write(
        "campaigns/spring sale/träum 😀.txt",
        "Hello,\n😀 {{ nmae }}\n::set-output name=x::%0A{{ b }}\n",
    );
    project
}

fn in_folder(project: &Project, folder: &str, arguments: &[&str]) -> Said {
    let mut command: Command = project.command(arguments);
    said(command.current_dir(project.path(folder)).output().unwrap())
}

fn valid_sarif(text: &str) -> Value {
    let mut schema: Value = serde_json::from_str(include_str!("formats/sarif-2.1.0.schema.json")).unwrap();
    // It is no regular expression (it has a `]` too much), and is about a key that we do not write.
    for part in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][part]["properties"]["language"];
        assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let log: Value = serde_json::from_str(text).unwrap();
    let wrong: Vec<String> =
        validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{}\n{text}", wrong.join("\n"));
    log
}

#[test]
fn annotations_stand_on_the_right_lines_from_wherever_it_is_called() {
    let project = broken();
    let checked = project.run(&["check", "--format", "github"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    insta::assert_snapshot!("findings_github", checked.out);
    assert_eq!(checked.err, "error: 6 errors in 1 campaign\n");
    for (folder, path) in [
        ("campaigns", "."),
        ("campaigns/spring sale", "."),
        ("campaigns/spring sale", "campaign.yaml"),
        ("campaigns/spring sale", "../../campaigns"),
    ] {
        let again = in_folder(&project, folder, &["check", path, "--format", "github"]);
        assert_eq!((again.code, again.out.as_str()), (3, checked.out.as_str()), "{folder}: {path}");
    }
    let by_name = project.path("campaigns").display().to_string();
    let from_elsewhere = in_folder(&project, "/", &["check", &by_name, "--format", "github"]);
    assert_eq!(from_elsewhere.out, checked.out);
}

#[test]
fn the_json_has_a_form_of_its_own() {
    let checked = broken().run(&["check", "--format", "json"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    insta::assert_snapshot!("findings_json", checked.out);
    assert!(!checked.out.contains("abc123"), "{}", checked.out);
}

#[test]
fn sarif_is_valid_by_the_schema_of_its_makers() {
    let project = broken();
    let checked = project.run(&["check", "--format", "sarif"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    let log = valid_sarif(&checked.out);
    let results = log["runs"][0]["results"].as_array().unwrap();
    insta::assert_snapshot!("findings_sarif", serde_json::to_string_pretty(results).unwrap());
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[at]["id"], result["ruleId"], "{result}");
        assert_ne!(result["ruleId"], "campaign", "it has a family: {result}");
    }
    assert!(!checked.out.contains(project.path("").to_str().unwrap()), "{}", checked.out);
    assert_eq!(project.run(&["check", "--format", "sarif"]).out, checked.out);
}

#[test]
fn what_is_sound_gives_an_empty_list_and_warnings_are_warnings() {
    let project = Project::personalised("http://127.0.0.1:1", 2);
    let sound = project.run(&["check", "--format", "sarif"]);
    assert_eq!((sound.code, sound.err.as_str()), (0, ""), "{sound:?}");
    assert_eq!(valid_sarif(&sound.out)["runs"][0]["results"], serde_json::json!([]));
    assert_eq!(project.run(&["check", "--format", "github"]).out, "");
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write(
        "campaigns/c/campaign.yaml",
        &manifest.replace("concurrency: 4", "concurrency: 4\n  unknown: resend"),
    );
    let warned = project.run(&["check", "--format", "sarif"]);
    assert_eq!(warned.code, 0, "{warned:?}");
    let log = valid_sarif(&warned.out);
    assert_eq!(log["runs"][0]["results"][0]["level"], "warning");
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 1);
    let annotated = project.run(&["check", "--format", "github"]);
    assert!(annotated.code == 0 && annotated.out.starts_with("::warning file=campaigns/c/"), "{annotated:?}");
    let machine: Value = serde_json::from_str(&project.run(&["check", "--format", "json"]).out).unwrap();
    assert_eq!((machine["errors"].as_u64(), machine["warnings"].as_u64()), (Some(0), Some(1)));
}

#[test]
fn a_manifest_that_cannot_be_read_keeps_nobody_from_hearing_of_the_others() {
    let project = broken();
    std::fs::create_dir_all(project.path("campaigns/a")).unwrap();
    std::fs::write(project.path("campaigns/a/campaign.yaml"), b"version: 1\nname: \xff\n").unwrap();
    let checked = project.run(&["check", "--format", "github"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    let first = checked.out.lines().next().unwrap();
    assert!(first.starts_with("::error file=campaigns/a/campaign.yaml,line=2,col=7,"), "{first}");
    assert!(
        first
            .contains("title=sendplan file::`campaigns/a/campaign.yaml` cannot be read: line 2 is not UTF-8"),
        "{first}"
    );
    assert_eq!(checked.out.lines().count(), 8, "{checked:?}");
    let human = project.run(&["check"]);
    assert!(
        human.err.contains("line 2 is not UTF-8") && human.err.contains("7 errors in 2 campaigns"),
        "{human:?}"
    );
}

/// What GitHub is told of a campaign whose recipients, suppression list, text or profile are these bytes.
fn marked(file: &str, bytes: &[u8]) -> String {
    let project = Project::empty();
    project.write("campaigns/c/campaign.yaml", WITH_FILES);
    project.write("campaigns/c/r.csv", "phone,name\n0712345678,A\n");
    project.write("campaigns/c/stop.csv", "phone\n0712345679\n");
    project.write("campaigns/c/t.txt", "Hi {{ name }}\n");
    let profile = sendplan::provider::Profile::builtin_source("mobiconnect").unwrap();
    project.write("campaigns/c/gateway.yaml", &profile.text);
    assert_eq!(project.run(&["check", "--format", "github"]).out, "", "it is sound without");
    std::fs::write(project.path(&format!("campaigns/c/{file}")), bytes).unwrap();
    let checked = project.run(&["check", "--format", "github"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    let human = project.run(&["check"]);
    for line in checked.out.lines() {
        let place = line.split("file=").nth(1).unwrap().split(",end").next().unwrap();
        let place = place.replace(",line=", ":").replace(",col=", ":");
        assert!(
            human.err.contains(&format!(" {place}\n")),
            "people are shown the same place: {line}\n{human:?}"
        );
    }
    let log = valid_sarif(&project.run(&["check", "--format", "sarif"]).out);
    let uri = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, &serde_json::json!(format!("campaigns/c/{file}")));
    checked.out
}

const WITH_FILES: &str = "version: 1
name: c
provider: { profile: ./gateway.yaml, base_url: \"http://127.0.0.1:1\" }
sender: 1
audience: { csv: r.csv, address: phone, region: KE, suppress: [stop.csv] }
message: { template: t.txt }
";

#[test]
fn what_is_wrong_in_a_file_is_marked_in_that_file() {
    let cases: [(&str, &[u8], &str); 12] = [
        ("r.csv", b"phone,\"na,me\",name,x,name\n", "line=1,col=22,"),
        ("r.csv", b"\n\nphone,,name\n", "line=3,col=7,"),
        ("r.csv", b"sep=;\nphone;name;phone\n", "line=2,col=12,"),
        ("r.csv", b"", "line=1,col=1,"),
        ("r.csv", b"ph\0one,name\n", "line=1,col=3,"),
        ("r.csv", "phone,n\u{e4}me,\"x\n0712345678,A,B\n".as_bytes(), "line=1,col=12,"),
        ("r.csv", "phone,\"two\nlines\",name,name\n".as_bytes(), "line=2,col=13,"),
        ("stop.csv", b"phone\n0712345679\n12\n", "line=3,col=1,"),
        ("stop.csv", b"phone\n\"0712345679\n", "line=2,col=1,"),
        ("t.txt", b"Hi\n\n {{ name }} \xff\n", "line=3,col=13,"),
        ("gateway.yaml", b"version: 1\nname: \xff\n", "line=2,col=7,"),
        ("gateway.yaml", b"version: 1\nname: g\nsendr: x\n", "line=3,col=1,"),
    ];
    for (file, bytes, place) in cases {
        let out = marked(file, bytes);
        let marked = format!("::error file=campaigns/c/{file},{place}");
        assert!(out.lines().any(|line| line.starts_with(&marked)), "{marked}: {out}");
    }
}

#[test]
fn what_is_packed_has_no_lines_to_be_marked() {
    let project = Project::empty();
    project.write(
        "campaigns/c/campaign.yaml",
        &WITH_FILES.replace("r.csv", "r.csv.gz").replace("./gateway.yaml", "mobiconnect"),
    );
    project.write("campaigns/c/stop.csv", "phone\n0712345679\n");
    project.write("campaigns/c/t.txt", "Hi {{ name }}\n");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, b"phone,name,name\n").unwrap();
    std::fs::write(project.path("campaigns/c/r.csv.gz"), packed.finish().unwrap()).unwrap();
    let checked = project.run(&["check", "--format", "github"]);
    assert!(checked.out.starts_with("::error file=campaigns/c/campaign.yaml,line=5,col=18,"), "{checked:?}");
    assert!(checked.out.contains("r.csv.gz: line 1 names the column `name` twice"), "{checked:?}");
}
