//! What a campaign begins with, held against what reads it.

use super::*;
use crate::diagnostic::Source;
use crate::provider::builtin_names;

fn draft(profile: &Profile) -> Draft<'_> {
    Draft {
        name: "first".to_owned(),
        provider: profile.name().to_owned(),
        profile,
        sender: Value::from("Acme: \"shop\" # 1"),
        people: People::Invented,
        region: None,
        list: "../../lists/optouts.csv".to_owned(),
        when: When::Whenever,
        timezone: "Africa/Nairobi".to_owned(),
        today: NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(),
    }
}

/// Everything that stands there switched off, switched on.
fn switched_on(manifest: &str) -> String {
    let on = |line: &str| {
        let words = line.trim_start();
        let indent = &line[..line.len() - words.len()];
        match words.strip_prefix('#').filter(|rest| !rest.starts_with(' ') || rest.starts_with("  ")) {
            Some(rest) => format!("{indent}{rest}\n"),
            None => format!("{line}\n"),
        }
    };
    manifest.lines().map(on).collect()
}

#[test]
fn every_manifest_reads_without_a_word_also_with_everything_switched_on() {
    for name in builtin_names() {
        let profile = Profile::builtin(name).unwrap().unwrap();
        let at = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap().and_hms_opt(9, 30, 0).unwrap();
        for when in [When::Whenever, When::At(at), When::Cron("0 9 * * MON".to_owned())] {
            let manifest = Draft { when, ..draft(&profile) }.manifest();
            for text in [switched_on(&manifest), manifest] {
                let (read, problems) = crate::campaign::read(&Source::new("campaign.yaml", text.clone()));
                assert!(read.is_some() && problems.is_empty(), "{}\n{text}", problems.render(false));
            }
        }
    }
}

#[test]
fn what_is_switched_off_counts_when_it_is_switched_on() {
    let profile = Profile::builtin(builtin_names().next().unwrap()).unwrap().unwrap();
    let on = switched_on(&draft(&profile).manifest());
    let (read, _) = crate::campaign::read(&Source::new("campaign.yaml", on));
    let read = read.unwrap();
    assert!(read.limits.is_some() && read.delivery.is_some());
    assert!(read.audience.unwrap().value.region.is_some());
    let schedule = read.schedule.unwrap().value;
    assert_eq!(schedule.at.unwrap().value, "2026-11-30T09:00");
    assert!(schedule.window.is_some());
}

#[test]
fn any_name_of_a_column_is_read_as_it_is() {
    let profile = Profile::builtin(builtin_names().next().unwrap()).unwrap().unwrap();
    for column in
        ["phone", "no", "yes", "Phone: work", "12", "# of", "null", "a, b", "\"x\"", "tel\\", "ñ", "{x}"]
    {
        let people = People::Theirs {
            file: "r.csv".to_owned(),
            address: column.to_owned(),
            id: Some(column.to_owned()),
            vague_id: None,
            locale: Some(column.to_owned()),
        };
        let manifest = Draft { people, ..draft(&profile) }.manifest();
        let (read, problems) = crate::campaign::read(&Source::new("campaign.yaml", manifest));
        assert!(problems.is_empty(), "{column}: {}", problems.render(false));
        let audience = read.unwrap().audience.unwrap().value;
        assert_eq!(audience.address.unwrap().value, column);
        assert_eq!(audience.id.unwrap().value, column);
        let vague = People::Theirs {
            file: "r.csv".to_owned(),
            address: "phone".to_owned(),
            id: None,
            vague_id: Some(column.to_owned()),
            locale: None,
        };
        let manifest = switched_on(&Draft { people: vague, ..draft(&profile) }.manifest());
        let (read, _) = crate::campaign::read(&Source::new("campaign.yaml", manifest));
        assert_eq!(read.unwrap().audience.unwrap().value.id.unwrap().value, column);
    }
}

#[test]
fn nobody_is_on_the_list_but_somebody_invented() {
    let profile = Profile::builtin(builtin_names().next().unwrap()).unwrap().unwrap();
    let draft = Draft { region: Some(Region::KE), ..draft(&profile) };
    assert_eq!(draft.recipients().lines().count(), 5);
    assert_eq!(draft.opt_outs(), "phone,since,how\n+254700000004,2026-11-23,an invented example\n");
}
