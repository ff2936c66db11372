//! Manifests: those that ship are sound, those that are not get all their errors at once, in people's words.

use crate::project::{Project, root, said, sendplan};

#[test]
fn every_shipped_campaign_passes() {
    let checked = sendplan(&["check", "campaigns", "examples"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    for entry in std::fs::read_dir(root().join("campaigns")).unwrap() {
        let manifest = entry.unwrap().path().join("campaign.yaml");
        if manifest.exists() {
            let text = std::fs::read_to_string(&manifest).unwrap();
            assert!(text.starts_with("# yaml-language-server: $schema=../../schemas/campaign.schema.json"));
        }
    }
}

#[test]
fn the_published_schemas_are_those_of_the_types() {
    for name in ["campaign", "provider", "plan"] {
        let printed = sendplan(&["schema", name]);
        let file = root().join(format!("schemas/{name}.schema.json"));
        let published = std::fs::read_to_string(file).unwrap();
        assert!(printed.out == published, "run `sendplan schema {name}` again");
    }
}

#[test]
fn the_plan_of_spring_sale_reads_like_this() {
    let planned = sendplan(&["plan", "campaigns/spring-sale"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    insta::assert_snapshot!("plan_of_spring_sale", planned.out);
    let machine = sendplan(&["plan", "campaigns/spring-sale", "--format", "json"]);
    insta::assert_snapshot!("plan_of_spring_sale_json", machine.out);
}

#[test]
fn the_preview_of_spring_sale_reads_like_this() {
    let shown = sendplan(&["preview", "campaigns/spring-sale"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    insta::assert_snapshot!("preview_of_spring_sale", shown.out);
    let one = sendplan(&["preview", "campaigns/spring-sale", "--recipient", "C-10021", "--show-addresses"]);
    assert_eq!(one.code, 0, "{one:?}");
    let excluded = sendplan(&["preview", "campaigns/spring-sale", "--recipient", "C-10047"]);
    assert_eq!(excluded.code, 3);
    assert!(excluded.err.contains("too short for KE"), "{}", excluded.err);
}

#[test]
fn the_plan_is_the_same_on_any_number_of_threads() {
    let one = sendplan(&["plan", "campaigns/spring-sale", "--format", "json", "--threads", "1"]);
    let eight = sendplan(&["plan", "campaigns/spring-sale", "--format", "json", "--threads", "8"]);
    assert_eq!((one.code, one.out), (0, eight.out));
}

#[test]
fn rejects_hold_every_excluded_row_with_its_line_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rejects.csv");
    let planned =
        sendplan(&["plan", "campaigns/spring-sale", "--rejects", file.to_str().unwrap(), "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&planned.out).unwrap();
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(&file).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    let number = |key: &str| plan[key].as_u64().unwrap();
    let excluded = ["rejected", "suppressed", "filtered", "duplicates"].map(number).iter().sum::<u64>();
    assert_eq!(rows.len() as u64, excluded);
    assert_eq!(number("recipients"), excluded + number("messages"));
    let source = std::fs::read_to_string(root().join("campaigns/spring-sale/recipients.csv")).unwrap();
    let lines: Vec<&str> = source.split('\n').collect();
    for row in &rows {
        let line = lines[row[0].parse::<usize>().unwrap() - 1];
        assert!(line.starts_with(&row[3]), "line {} is not {row:?}", &row[0]);
    }
}

/// A manifest with as many things wrong as fit, and its files.
fn broken() -> Project {
    let project = Project::empty();
    project.write("campaigns/c/r.csv", "phone,first_name,town\n0700000001,Amina,Nairobi\n");
    project.write(
        "campaigns/c/message.txt",
        "Hi {{ frist_name }},\nsee you in {{ town }} at {{ vars.shpo }}.\n",
    );
    project.write(
        "campaigns/c/campaign.yaml",
        "version: 1\nname: Spring Sale\nprovidr: mobiconnect\nprovider: mobiconect\nsender: [1]\naudience:\n  csv: r.csv\n  \
         address: telephone\n  region: KEN\n  where: city == \"Nairobi\"\n  suppress: [../../../../etc/passwd]\n  \
         max_rejected: 2\nmessage:\n  template: message.txt\n  max_segments: 0\nschedule:\n  at: 2026-02-30T09:00\n  \
         timezone: Africa/Nairoby\ndelivery:\n  rate: 50 per second\n  unknown: hodl\n  concurrency: 4\n  concurrency: 5\n\
         vars: { shop: Acme, api_key: abc123 }\n",
    );
    project
}

#[test]
fn fault_61_every_error_of_a_manifest_is_shown_at_once() {
    let project = broken();
    let checked = project.run(&["check", "campaigns/c"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    let root = project.path("").canonicalize().unwrap();
    let shown = checked.err.replace(root.to_str().unwrap(), "REPOSITORY");
    insta::assert_snapshot!("a_manifest_with_everything_wrong", shown);
    for verb in ["plan", "preview", "send"] {
        let refused = project.run(&[verb, "campaigns/c"]);
        assert_eq!(refused.code, 3, "{verb}: {refused:?}");
        assert!(refused.err.contains("unknown key `providr`"), "{verb}: {}", refused.err);
    }
}

#[test]
fn fault_50_and_58_missing_columns_are_found_at_check_with_their_place() {
    let project = Project::empty();
    project.write("campaigns/c/r.csv", "phone,first_name\n0700000001,Amina\n");
    project.write("campaigns/c/message.txt", "Hello,\n  {% if vip %}dear {% endif %}{{ frist_name }}!\n");
    project.manifest("http://127.0.0.1:1", "batch_max: 1", "template: message.txt", "");
    let checked = project.run(&["check", "campaigns/c"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    insta::assert_snapshot!("missing_columns", checked.err);
}

#[test]
fn fault_62_files_outside_the_repository_are_refused() {
    let project = Project::empty();
    project.write("campaigns/c/r.csv", "phone\n0700000001\n");
    std::os::unix::fs::symlink("/etc/hostname", project.path("campaigns/c/link.txt")).unwrap();
    for name in ["../../../../../etc/hostname", "/etc/hostname", "link.txt"] {
        project.manifest("http://127.0.0.1:1", "batch_max: 1", &format!("template: {name}"), "");
        let checked = project.run(&["check", "campaigns/c"]);
        assert_eq!(checked.code, 3, "{checked:?}");
        assert!(checked.err.contains("leads out of the repository"), "{}", checked.err);
    }
}

#[test]
fn fault_63_a_literal_secret_is_refused_in_a_manifest_and_in_a_profile() {
    let project = Project::empty();
    project.write("campaigns/c/r.csv", "phone\n0700000001\n");
    project.manifest("http://127.0.0.1:1", "batch_max: 1", "text: hi", "vars: { password: hunter2 }\n");
    let checked = project.run(&["check", "campaigns/c"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    assert!(checked.err.contains("looks like a secret"), "{}", checked.err);
    assert!(!checked.err.contains("hunter2"), "{}", checked.err);
    let profile = std::fs::read_to_string(root().join("src/provider/builtin/mobiconnect.yaml")).unwrap();
    let literal = profile.replace("${env:MOBICONNECT_APP_KEY}", "0d9f8e7c6b5a");
    project.write("providers/own.yaml", &literal);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    let own = manifest
        .replace("profile: mobiconnect", "profile: ../../providers/own.yaml")
        .replace("password: hunter2", "a: b");
    project.write("campaigns/c/campaign.yaml", &own);
    let checked = project.run(&["check", "campaigns/c"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    assert!(
        checked.err.contains("`app_key` is written out") && checked.err.contains("providers/own.yaml"),
        "{}",
        checked.err
    );
}

#[test]
fn two_campaigns_of_one_name_are_refused() {
    let project = Project::personalised("http://127.0.0.1:1", 1);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write("campaigns/d/campaign.yaml", &manifest);
    project.write("campaigns/d/r.csv", "phone,name\n0700000001,A\n");
    let checked = project.run(&["check"]);
    assert_eq!(checked.code, 3);
    assert!(checked.err.contains("is called `c` too"), "{}", checked.err);
}

#[test]
fn no_campaign_there_is_said_so() {
    for arguments in [&["check", "nowhere"][..], &["plan", "nowhere"], &["send", "src"]] {
        let refused = sendplan(arguments);
        assert_eq!(refused.code, 3, "{refused:?}");
        assert!(refused.err.contains("no campaign at"), "{}", refused.err);
    }
    assert_eq!(sendplan(&["plan"]).code, 2);
    assert_eq!(sendplan(&["fly"]).code, 2);
}

/// Profiles are written by people who know their gateway, not this program: what is wrong is told in their words,
/// all of it, each thing at its place.
#[test]
fn a_profile_with_everything_wrong_is_told_all_of_it() {
    // Whether an id is found in the examples, and a method in the constants, only a sound profile can show.
    for name in ["wrong", "almost"] {
        let path = format!("tests/it/profiles/{name}.yaml");
        let shown = sendplan(&["provider", "show", &path]);
        assert_eq!(shown.code, 3, "{shown:?}");
        insta::assert_snapshot!(format!("a_profile_that_is_{name}"), shown.err);
        assert!(!shown.err.contains("hunter2"));
    }
}

/// A campaign with these keys of its audience and more keys, and a list of two people.
fn with_audience(audience: &str, more: &str) -> Project {
    let project = Project::empty();
    project.write("campaigns/c/r.csv", "phone,name,lang,points\n0712345678,Ann,en,120\n0712345679,Bo,en,5\n");
    project.write(
        "campaigns/c/campaign.yaml",
        &format!(
            "version: 1\nname: c\nprovider: {{ profile: mobiconnect, base_url: \"http://127.0.0.1:1\" }}\nsender: 1\n\
             audience:\n  csv: r.csv\n  address: phone\n  region: KE\n{audience}message: {{ text: \"Hi {{{{ name }}}}\" }}\n{more}"
        ),
    );
    project
}

#[test]
fn a_column_that_is_not_there_is_one_error() {
    for key in ["locale: lnag", "timezone: lnag", "id: lnag"] {
        let checked = with_audience(&format!("  {key}\n"), "").run(&["check", "campaigns/c"]);
        assert_eq!(checked.code, 3, "{checked:?}");
        assert!(checked.err.contains("did you mean `lang`?"), "{}", checked.err);
        assert_eq!(checked.err.matches("error: ").count(), 2, "one, and how many: {}", checked.err);
        assert!(checked.err.contains("error: 1 error in"), "{}", checked.err);
    }
    let unused = with_audience("  locale: lang\n", "").run(&["check", "campaigns/c"]);
    assert!(unused.err.contains("all read the same"), "{}", unused.err);
}

#[test]
fn numbers_in_where_are_told_how_they_are_compared() {
    let checked =
        |filter: &str| with_audience(&format!("  where: '{filter}'\n"), "").run(&["check", "campaigns/c"]);
    let refused = checked("points > 100");
    assert!(
        refused.code == 3 && refused.err.contains("compare numbers: `points | int > 100`"),
        "{refused:?}"
    );
    let single = checked("points = 100");
    assert!(single.code == 3 && single.err.contains("did you mean `==`?"), "{single:?}");
    let quoted = checked("points > \"100\"");
    assert!(quoted.code == 0 && quoted.err.contains("letter by letter"), "{quoted:?}");
    let right = checked("points | int > 100");
    assert_eq!((right.code, right.err.as_str()), (0, ""), "{right:?}");
    let failing = with_audience("  where: 'name | int > 1'\n", "").run(&["plan", "campaigns/c"]);
    assert!(failing.err.contains("`where` cannot be decided, 2; `plan --rejects FILE`"), "{failing:?}");
    assert!(!failing.err.contains("allow_empty"), "{failing:?}");
}

#[test]
fn a_cap_on_the_cost_is_told_with_its_shape_and_that_of_prices() {
    for wrong in ["5000KES", "KES 5000", "\"5,000 KES\""] {
        let checked =
            with_audience("", &format!("limits: {{ cost: {wrong} }}\n")).run(&["check", "campaigns/c"]);
        assert!(checked.code == 3 && checked.err.contains("as in `5000 KES`"), "{checked:?}");
    }
    let unpriced = with_audience("", "limits: { cost: 5000 KES }\n").run(&["check", "campaigns/c"]);
    assert!(unpriced.err.contains("as in `cost: { currency: KES, per: segment, prices: {"), "{unpriced:?}");
}

#[test]
fn a_list_where_a_campaign_is_wanted_is_said_so() {
    let project = with_audience("", "");
    for verb in ["plan", "check", "preview", "send", "report"] {
        let said = project.run(&[verb, "campaigns/c/r.csv"]);
        assert_eq!(said.code, 3, "{said:?}");
        assert!(
            said.err.contains("is a file of recipients, and what is wanted is a campaign"),
            "{verb}: {said:?}"
        );
    }
    for verb in ["audience", "plan", "check"] {
        let said = project.run(&[verb, "nope.csv"]);
        assert!(
            said.code == 3 && said.err.contains("cannot read `nope.csv`: no such file"),
            "{verb}: {said:?}"
        );
    }
}

#[test]
fn ids_by_which_somebody_can_be_reached_are_masked_in_a_preview() {
    let project = Project::empty();
    project.write(
        "campaigns/c/r.csv",
        "phone,name,id\n0712345678,Ann,0712345678\n0712345679,Bo,+254799999999\n0712345670,Cy,cy@example.org\n0712345671,Di,C-17\n",
    );
    project.write(
        "campaigns/c/campaign.yaml",
        "version: 1\nname: c\nprovider: { profile: mobiconnect, base_url: \"http://127.0.0.1:1\" }\nsender: 1\n\
         audience: { csv: r.csv, address: phone, region: KE, id: id }\nmessage: { text: \"Hi {{ name }}\" }\n",
    );
    let masked = project.run(&["preview", "campaigns/c", "--sample", "9"]);
    assert_eq!(masked.code, 0, "{masked:?}");
    for secret in ["345678", "999999", "cy@e"] {
        assert!(!masked.out.contains(secret), "{}", masked.out);
    }
    assert!(masked.out.contains("C-17  +2547•••••671"), "{}", masked.out);
    let shown = project.run(&["preview", "campaigns/c", "--sample", "9", "--show-addresses"]);
    assert!(shown.out.contains("cy@example.org  +254712345670"), "{}", shown.out);
}

#[test]
fn a_suppression_list_on_which_nobody_stands_is_worth_a_look() {
    let project = with_audience("  suppress: [a.csv, b.csv]\n", "");
    project.write("campaigns/c/a.csv", "phone\n");
    project.write("campaigns/c/b.csv", "phone\n0712345678\n");
    for verb in ["check", "plan", "preview"] {
        let said = project.run(&[verb, "campaigns/c"]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.err.contains("a.csv has no entry: it leaves out nobody"), "{verb}: {said:?}");
        assert!(!said.err.contains("b.csv has no entry"), "{verb}: {said:?}");
    }
}

#[test]
fn the_plan_for_machines_says_why_rows_are_left_out() {
    let project = with_audience("  where: lang == \"en\"\n", "");
    project.write(
        "campaigns/c/r.csv",
        "phone,name,lang\n0712345678,Ann,en\n1,Bo,en\n0712345678,C,en\n,D,en\n,E,sw\n",
    );
    let said = project.run(&["plan", "campaigns/c", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let expected = serde_json::json!([
        { "reason": "filtered", "rows": 1 },
        { "reason": "invalid-address", "rows": 2 },
        { "reason": "duplicate-address", "rows": 1 },
    ]);
    assert_eq!(plan["left_out_by"], expected, "{plan}");
}

#[test]
fn every_file_that_a_campaign_is_made_of_is_named_where_it_lies() {
    let project = Project::empty();
    project.manifest("http://127.0.0.1:9", "batch_max: 1", "template: message.txt", "");
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    let manifest = manifest.replace("csv: r.csv", "suppress: [../../lists/out.csv], csv: ../../export.csv");
    project.write("campaigns/c/campaign.yaml", &manifest);
    project.write("campaigns/c/message.txt", "Hi {{ name }}. {% include 'footer.txt' %}");
    project.write("elsewhere/footer", "STOP");
    project.write("lists/out.csv", "phone\n+254700000009\n");
    project.write("export.csv", "phone,name\n0700000001,A\n");
    std::fs::create_dir(project.path("templates")).unwrap();
    std::os::unix::fs::symlink("../elsewhere/footer", project.path("templates/footer.txt")).unwrap();
    let all = "campaigns/c/campaign.yaml\ncampaigns/c/message.txt\nelsewhere/footer\nexport.csv\nlists/out.csv\n\
               templates/footer.txt\n";
    let told = project.run(&["check", "campaigns/c", "--files"]);
    assert_eq!((told.code, told.out.as_str()), (0, all), "{told:?}");
    // From another folder, the same: as git says it.
    let below = said(
        project.command(&["check", "c", "--files"]).current_dir(project.path("campaigns")).output().unwrap(),
    );
    assert_eq!((below.code, below.out.as_str()), (0, all), "{below:?}");
    // Who is piped in is in no file, and nobody waits for them; what is wrong has no list.
    project.write("campaigns/c/campaign.yaml", &manifest.replace("../../export.csv", "\"-\""));
    let piped = project.run(&["check", "campaigns/c", "--files"]);
    assert_eq!((piped.code, piped.out), (0, all.replace("export.csv\n", "")), "{}", piped.err);
    std::fs::remove_file(project.path("lists/out.csv")).unwrap();
    let wrong = project.run(&["check", "campaigns/c", "--files"]);
    assert_eq!((wrong.code, wrong.out.as_str()), (3, ""), "{wrong:?}");
}
