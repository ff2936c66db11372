//! Numbers against Google's library as Python has it: `numbers/make.py` wrote the table.

use sendplan::audience::AddressKind;
use sendplan::audience::phone::region;

use crate::project::Project;

#[test]
fn fault_53_every_number_is_what_libphonenumber_says() {
    let mut kind = AddressKind::Phone { region: None };
    let (mut regions, mut rows, mut valid, mut wrong) = (0, 0, 0, Vec::new());
    for line in include_str!("numbers/table.tsv").lines() {
        if let Some(code) = line.strip_prefix('@') {
            kind = AddressKind::Phone { region: Some(region(code).unwrap()) };
            regions += 1;
            continue;
        }
        let (text, expected) = line.split_once('\t').unwrap();
        let expected = match expected {
            "=" => Some(text),
            "-" => None,
            e164 => Some(e164),
        };
        let found = kind.read(text).map(|address| address.to_string());
        rows += 1;
        valid += u32::from(expected.is_some());
        if found.as_deref().ok() != expected {
            wrong.push(format!("{kind:?} {text:?}: {found:?}, not {expected:?}"));
        }
    }
    assert!(regions >= 240 && rows >= 100_000 && valid >= 20_000, "{regions}, {rows}, {valid}");
    assert!(
        wrong.is_empty(),
        "{} of {rows} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}

#[test]
fn only_the_types_that_are_meant_are_written_to() {
    let project = Project::personalised("http://127.0.0.1:1", 0);
    let csv = "phone,name\n+254712345678,Ann\n+254202012345,Ben\n+12025550100,Cy\n+448001111,Di\n";
    project.write("campaigns/c/r.csv", csv);
    let plan = |types: &str| {
        let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
        let with = manifest.replace("region: KE", &format!("region: KE, allow_types: {types}"));
        project.write("campaigns/d/campaign.yaml", &with.replace("csv: r.csv", "csv: ../c/r.csv"));
        project.run(&["plan", "campaigns/d", "--rejects", "out.csv"])
    };
    let said = plan("[mobile, fixed_or_mobile]");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("left out by `allow_types`  2\n"), "{}", said.out);
    let rejects = std::fs::read_to_string(project.path("out.csv")).unwrap();
    let reason = |name: &str| rejects.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(reason("Ben").contains("number-type") && reason("Ben").contains("a landline"), "{rejects}");
    assert!(reason("Di").contains("a free number"), "{rejects}");
    let wrong = plan("[mobil]");
    assert!(wrong.code == 3 && wrong.err.contains("did you mean `mobile`?"), "{}", wrong.err);
    let none = plan("[]");
    assert!(none.code == 3 && none.err.contains("`audience.allow_types` is an empty list"), "{}", none.err);
}
