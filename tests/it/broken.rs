//! A dozen campaigns as people break them, and what they are told: whose fault it is, where, and what to do. Each message is a
//! golden file, to be read by whoever changes one.

use crate::project::Project;

/// A campaign that is sound.
const SOUND: &str = "version: 1
name: spring-sale
provider:
  profile: mobiconnect
  base_url: \"http://127.0.0.1:1\"
sender: 1
audience:
  csv: customers.csv
  address: phone
  region: KE
message:
  template: message.txt
schedule:
  at: 2026-12-01T09:00
  timezone: Africa/Nairobi
";
const CUSTOMERS: &str = "phone,first_name,town,points\n0712345678,Amina,Nairobi,120\n0712345679,Bo,Thika,5\n";
const TEXT: &str = "Hi {{ first_name }},\nour sale in {{ town }} begins on Monday.\n";

/// What it is called, what stands in the place of what, and the text.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

/// A manifest with something in the place of something else, and a text.
fn told(replace: &[(&str, &str)], text: &str) -> String {
    let mut manifest = SOUND.to_owned();
    for (from, to) in replace {
        assert_eq!(manifest.matches(from).count(), 1, "{from}");
        manifest = manifest.replace(from, to);
    }
    let project = Project::empty();
    project.write("campaigns/c/campaign.yaml", &manifest);
    project.write("campaigns/c/customers.csv", CUSTOMERS);
    project.write("campaigns/c/message.txt", text);
    let checked = project.run(&["check", "campaigns/c", "--now", "2026-11-01T09:00:00Z"]);
    let repository = project.path("").canonicalize().unwrap();
    let said = format!("exit {}\n{}{}", checked.code, checked.out, checked.err);
    said.replace(repository.to_str().unwrap(), "REPOSITORY")
}

#[test]
fn the_campaign_is_sound_before_it_is_broken() {
    assert_eq!(told(&[], TEXT), "exit 0\n1 campaign checked, no errors\n");
}

#[test]
fn each_broken_campaign_is_told_what_is_wrong_where_and_what_to_do() {
    let at = "  at: 2026-12-01T09:00\n";
    let profile = "profile: mobiconnect\n";
    let cases: [Case<'_>; 13] = [
        ("01_a_typo_in_a_key", &[("template:", "tempalte:"), ("  timezone:", "  timezon:")], TEXT),
        (
            "02_a_wrong_type",
            &[
                ("version: 1", "version: one"),
                ("csv: customers.csv", "csv: { file: customers.csv }"),
                ("sender: 1\n", "sender: 1\nlimits: { recipients: five }\n"),
            ],
            TEXT,
        ),
        (
            "03_a_wrong_column",
            &[
                ("address: phone", "address: Phone Number"),
                ("region: KE", "region: KE\n  where: points > 100"),
            ],
            TEXT,
        ),
        ("04_an_unknown_variable", &[], "Hi {{ firstname }},\nour sale in {{ city | upper }} begins.\n"),
        (
            "05_a_template_that_does_not_close",
            &[],
            "Hi {{ first_name },\n{% if town %}see you in {{ town }}.\n",
        ),
        (
            "05_b_a_condition_that_does_not_end",
            &[],
            "Hi {{ first_name }},\n{% if town %}see you in {{ town }}.\n",
        ),
        ("06_a_bad_cron_line", &[(at, "  cron: \"0 25 * * MON-FRY\"\n")], TEXT),
        ("07_a_cron_that_never_fires", &[(at, "  cron: \"0 9 31 2 *\"\n")], TEXT),
        (
            "08_a_secret_in_the_open",
            &[("sender: 1\n", "sender: 1\nvars:\n  shop: Acme\n  api_key: 3f9a1c77d0\n")],
            TEXT,
        ),
        (
            "09_missing_files",
            &[("customers.csv", "customers-march.csv"), ("message.txt", "texts/message.txt")],
            TEXT,
        ),
        (
            "10_a_bad_provider",
            &[
                (profile, "profile: mobiconect\n"),
                ("base_url: \"http://127.0.0.1:1\"", "base_url: \"http://sms.example.com\""),
            ],
            TEXT,
        ),
        (
            "11_a_text_where_a_file_is_wanted",
            &[("template: message.txt", "locales: { en: \"Hi {{ first_name }}\", default: en }")],
            TEXT,
        ),
        (
            "12_several_at_once",
            &[
                ("name: spring-sale", "name: Spring Sale!"),
                ("region: KE", "region: Kenya"),
                (at, "  at: 1.12.2026 9:00\n  window: 9-17\n"),
                ("Africa/Nairobi", "Nairobi"),
            ],
            "Dear {first_name},\nour sale in {{ town }} begins on Monday.\n",
        ),
    ];
    for (name, replace, text) in cases {
        let told = told(replace, text);
        insta::assert_snapshot!(format!("broken_{name}"), told);
        assert!(told.starts_with("exit 3\n"), "{name}: {told}");
        assert!(!told.contains("3f9a1c77d0"), "{name}: {told}");
    }
}
