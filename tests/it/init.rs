//! `init`: what it writes can be checked, planned and sent to the sandbox as it is, for every gateway; it overwrites nothing,
//! asks where somebody can answer, and leaves nothing behind where it does not come to an end.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::project::{Said, root, said};
#[cfg(target_os = "linux")]
use crate::{project::signal, typist::Typist};

/// A folder in which nothing is.
struct Empty(tempfile::TempDir);

impl Empty {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self, folder: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sendplan"));
        for name in ["CI", "SENDPLAN_STATE", "LC_ALL", "LC_MESSAGES"] {
            command.env_remove(name);
        }
        command.env("LANG", "sw_KE.UTF-8").env("NO_COLOR", "1");
        command.current_dir(self.path(folder)).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.run_in(".", arguments)
    }

    fn run_in(&self, folder: &str, arguments: &[&str]) -> Said {
        said(self.command(folder, arguments).stdin(std::process::Stdio::null()).output().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Everything in it, sorted, with what it says.
    fn all(&self) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![self.path(".")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path.clone());
                }
                found.push((path.clone(), std::fs::read_to_string(&path).unwrap_or_default()));
            }
        }
        found.sort();
        found
    }
}

/// Checks, plans and sends a campaign; how many messages went to the sandbox.
#[track_caller]
fn sends(folder: &Empty, campaign: &str) -> u64 {
    let checked = folder.run(&["check", campaign]);
    assert_eq!((checked.code, checked.err.as_str()), (0, ""), "{checked:?}");
    let planned = folder.run(&["plan", campaign, "--format", "json"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let plan: serde_json::Value = serde_json::from_str(&planned.out).unwrap();
    let sent = folder.run(&["send", campaign, "--sandbox"]);
    assert_eq!(sent.code, 0, "{sent:?}");
    let messages = plan["messages"].as_u64().unwrap();
    assert!(sent.out.contains(&format!("accepted  {messages}")), "{sent:?}");
    messages
}

#[test]
fn every_gateway_has_a_campaign_that_is_sent_as_it_is() {
    let examples = std::fs::read_dir(root().join("examples/providers")).unwrap();
    let examples = examples.map(|entry| entry.unwrap().path().display().to_string());
    let all: Vec<String> = sendplan::provider::builtin_names().map(str::to_owned).chain(examples).collect();
    assert!(all.len() > 14);
    for name in &all {
        let folder = Empty::new();
        let begun = folder.run(&["init", "first", "--provider", name]);
        assert_eq!((begun.code, begun.err.as_str()), (0, ""), "{name}: {begun:?}");
        assert_eq!(sends(&folder, "campaigns/first"), 3, "{name}: the fourth is on the list");
        // A second one beside it, as a repository has them.
        let second = folder.run(&["init", "second", "--provider", name, "--yes", "--cron", "0 9 * * MON"]);
        assert_eq!(second.code, 0, "{name}: {second:?}");
        let checked = folder.run(&["check"]);
        assert_eq!((checked.code, checked.err.as_str()), (0, ""), "{name}: {checked:?}");
    }
}

#[test]
fn in_an_empty_folder_it_says_what_to_do() {
    let folder = Empty::new();
    let begun = folder.run(&["init", "spring-sale", "--provider", "mobiconnect", "--region", "KE"]);
    insta::assert_snapshot!("init_in_an_empty_folder", begun.out);
    insta::assert_snapshot!(
        "init_manifest",
        without_dates(&folder.read("campaigns/spring-sale/campaign.yaml"))
    );
    for line in begun.out.lines().filter_map(|line| line.trim().strip_prefix("sendplan ")) {
        let next: Vec<&str> = line.split(' ').collect();
        assert_eq!(folder.run(&next).code, 0, "{line}");
    }
    assert_eq!(folder.read(".gitignore"), ".sendplan/\n");
    let schema = folder.run(&["schema", "campaign"]).out;
    assert_eq!(folder.read("schemas/campaign.schema.json"), schema);
}

/// The day on which it is written is another one each time.
fn without_dates(text: &str) -> String {
    let is_day = |word: &str| word.len() == 16 && word.ends_with("T09:00");
    text.lines()
        .map(|line| match line.rsplit_once(' ') {
            Some((rest, word)) if is_day(word) => format!("{rest} DAY\n"),
            _ => format!("{line}\n"),
        })
        .collect()
}

#[test]
fn in_a_repository_it_goes_to_its_top() {
    let folder = Empty::new();
    folder.write(".git/HEAD", "ref: refs/heads/main\n");
    folder.write(".gitignore", "target");
    folder.write("lists/optouts.csv", "phone\n+254700000002\n");
    folder.write("docs/deep/note.txt", "");
    let begun = folder.run_in("docs/deep", &["init", "first"]);
    assert_eq!(begun.code, 0, "{begun:?}");
    assert!(begun.out.contains("sendplan plan ../../campaigns/first\n"), "{begun:?}");
    assert!(!begun.out.contains("git init"), "{begun:?}");
    assert_eq!(folder.read(".gitignore"), "target\n.sendplan/\n");
    assert_eq!(folder.read("lists/optouts.csv"), "phone\n+254700000002\n", "what is there stays");
    assert_eq!(folder.run_in("docs/deep", &["plan", "../../campaigns/first"]).code, 0);
    assert_eq!(folder.run(&["init", "second"]).code, 0);
    assert_eq!(folder.read(".gitignore"), "target\n.sendplan/\n");
}

#[test]
fn nothing_is_overwritten_and_nothing_is_left_of_what_does_not_work() {
    let folder = Empty::new();
    folder.write("campaigns/first/notes.txt", "mine");
    folder.write(".gitignore", "target");
    folder.write("providers/46elks.yaml", "mine");
    folder.write("own.csv", "phone,name\n0712345678,Amina\n");
    let before = folder.all();
    let elks = root().join("examples/providers/46elks.yaml");
    let elks = elks.to_str().unwrap();
    for (arguments, why) in [
        (&["init", "first"][..], "`campaigns/first` is there already"),
        (&["init", "Spring Sale"], "`spring-sale` is one"),
        (&["init", "распродажа"], "lower-case letters"),
        (&["init", "new", "--provider", elks], "`providers/46elks.yaml` is there already"),
        (&["init", "new", "--provider", "twillio"], "did you mean `twilio`?"),
        (&["init", "new", "--provider", "mobiconnect", "--sender", "Acme"], "must be a whole number"),
        (&["init", "new", "--text", "Hi {{ nmae }}"], "unknown variable `nmae`"),
        (&["init", "new", "--text", "Hi {{"], "error"),
        (&["init", "new", "--region", "XX"], "two-letter"),
        (&["init", "new", "--at", "2026-13-01T09:00"], "no local time"),
        (&["init", "new", "--at", "tomorrow"], "`tomorrow` is no local time, such as `2026-12-01T09:00`\n"),
        (&["init", "new", "--cron", "tomorrow"], "nor a line of crontab"),
        (&["init", "new", "--cron", "99 * * * *"], "99"),
        (
            &["init", "new", "--at", "2027-01-01T09:00", "--timezone", "Nairobi"],
            "did you mean `Africa/Nairobi`?",
        ),
        (&["init", "new", "--from", "none.csv"], "`none.csv` is no file"),
        (&["init", "new", "--from", "own.csv"], "--region says which country's they are"),
        (
            &["init", "new", "--from", "own.csv", "--region", "KE", "--address", "phon"],
            "did you mean `phone`?",
        ),
        (&["init", "new", "--from", "own.csv", "--provider", "emnify", "--region", "KE"], "no phone numbers"),
    ] {
        let said = folder.run(arguments);
        // A name or a file that cannot be is a slip on the command line; what stands in files is invalid.
        let slips = ["is there already", "is one", "lower-case", "is no file", "no phone numbers"];
        let is_slip = slips.iter().any(|slip| why.contains(slip)) && !why.contains("46elks");
        let code = if is_slip { 2 } else { 3 };
        assert_eq!((said.code, said.out.as_str()), (code, ""), "{arguments:?}: {said:?}");
        assert!(said.err.contains(why), "{arguments:?}: {said:?}");
        assert_eq!(folder.all(), before, "{arguments:?}");
    }
}

#[test]
fn a_file_of_ones_own_is_looked_at_and_its_columns_are_named() {
    let elsewhere = Empty::new();
    elsewhere.write("export.csv", "Kunde Nr;customer_id;First Name;first_name;Mobile No\r\nx;1;A;Amina;0700 000 001\r\nx;2;B;;0700 000 002\r\n");
    let folder = Empty::new();
    let export = elsewhere.path("export.csv");
    let export = export.to_str().unwrap();
    let begun = folder.run(&["init", "theirs", "--from", export, "--region", "KE"]);
    assert_eq!(begun.code, 0, "{begun:?}");
    assert_eq!(folder.read("campaigns/theirs/recipients.csv"), elsewhere.read("export.csv"));
    let manifest = folder.read("campaigns/theirs/campaign.yaml");
    assert!(manifest.contains("  address: \"Mobile No\""), "{manifest}");
    assert!(manifest.contains("  id: customer_id"), "{manifest}");
    let text = folder.read("campaigns/theirs/message.txt");
    assert!(text.starts_with("Hi {{ first_name | default(value=\"there\") }}, "), "{text}");
    let planned = folder.run(&["plan", "campaigns/theirs"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(planned.out.contains("  messages                         2  2 segments\n"), "{planned:?}");
    assert!(
        begun.out.contains("2 rows, addresses in `Mobile No`, ids in `customer_id`, names in `first_name`\n")
    );
    // What is seen and not set is said, also where nobody can be asked.
    folder.write(
        "kunden.csv",
        "Kundennr;Vorname;Name;Handy;Sprache\n1;Eva;Weber;015112345678;de\n1;Max;Müller;015112345679;en\n",
    );
    let begun = folder.run(&["init", "kunden", "--from", "kunden.csv", "--region", "DE", "--yes"]);
    assert!(folder.read("campaigns/kunden/message.txt").starts_with("Hi {{ Vorname }}, "));
    let told = "kunden.csv: 2 rows, addresses in `Handy`, names in `Vorname`\n  `Kundennr` is not taken for the ids: not \
                every row has one of its own\n  `Sprache` seems to say what people read: `audience.locale` and \
                `message.locales` go by it\n\n";
    assert!(begun.code == 0 && begun.out.contains(told), "{begun:?}");
    let manifest = folder.read("campaigns/kunden/campaign.yaml");
    for line in
        ["  #id: Kundennr ", "# Texts by language: `locale: Sprache` here, and `locales` in `message`.\n"]
    {
        assert!(manifest.contains(line), "{line} in {manifest}");
    }
    // What lies in the repository is named where it is.
    folder.write("data/people.csv", "to,name\n+254700000001,Amina\n");
    let begun = folder.run(&["init", "inside", "--from", "data/people.csv"]);
    assert_eq!(begun.code, 0, "{begun:?}");
    assert!(folder.read("campaigns/inside/campaign.yaml").contains("csv: ../../data/people.csv"));
    assert_eq!(sends(&folder, "campaigns/inside"), 1);
}

#[test]
fn what_was_said_stands_in_the_manifest() {
    let folder = Empty::new();
    let said = folder.run(&[
        "init",
        "said",
        "--provider",
        "twilio",
        "--sender",
        "+254700000099",
        "--region",
        "ke",
        "--text",
        "Hello {{ name }}: \"yes\" # 1",
        "--at",
        "2027-03-20T09:00",
        "--timezone",
        "Africa/Lagos",
    ]);
    assert_eq!(said.code, 0, "{said:?}");
    let manifest = folder.read("campaigns/said/campaign.yaml");
    for line in [
        "provider: twilio ",
        "sender: \"+254700000099\" ",
        "  region: KE ",
        "  at: 2027-03-20T09:00\n",
        "  timezone: Africa/Lagos ",
    ] {
        assert!(manifest.contains(line), "{line} in {manifest}");
    }
    assert_eq!(folder.read("campaigns/said/message.txt"), "Hello {{ name }}: \"yes\" # 1\n");
    assert_eq!(sends(&folder, "campaigns/said"), 3);
    // A country with one clock says which.
    assert_eq!(folder.run(&["init", "cron", "--cron", "0 9 * * MON", "--region", "KE"]).code, 0);
    let manifest = folder.read("campaigns/cron/campaign.yaml");
    assert!(manifest.contains("  cron: \"0 9 * * MON\" ") && manifest.contains("timezone: Africa/Nairobi"));
}

#[cfg(target_os = "linux")]
#[test]
fn at_a_terminal_it_asks_and_asks_again_where_the_answer_is_none() {
    let folder = Empty::new();
    folder.write("people.csv", "mobile,name\n0700000001,Amina\n0700000002,Otieno\n");
    let mut typist = Typist::start(&mut folder.command(".", &["init", "asked"]));
    for (question, answer) in [
        ("Gateway [", "twillio"),
        ("did you mean `twilio`?", ""),
        ("\nGateway [", "twilio"),
        ("CSV or .xlsx [invented people]: ", "nobody.csv"),
        ("`nobody.csv` is no file", ""),
        ("CSV or .xlsx [invented people]: ", "people.csv"),
        ("such as KE [KE]: ", ""),
        ("Sender [", "ACME"),
        ("2 rows, addresses in `mobile`, names in `name`", ""),
        ("Text [", "Hello {{ name }}. Reply STOP to opt out."),
        ("[whenever `send` is called]: ", "0 9 * * MON"),
        ("The clock of that time [Africa/Nairobi]: ", "Nairobi"),
        ("did you mean `Africa/Nairobi`?", ""),
        ("The clock of that time [Africa/Nairobi]: ", ""),
    ] {
        typist.hears(question);
        // Without a question there is nothing to answer.
        if question.ends_with(['[', ' ']) {
            typist.types(answer);
        }
    }
    let (code, rest) = typist.ends();
    assert_eq!(code, Some(0), "{rest}");
    let manifest = folder.read("campaigns/asked/campaign.yaml");
    for line in
        ["provider: twilio", "sender: \"ACME\"", "csv: ../../people.csv", "address: mobile", "region: KE"]
    {
        assert!(manifest.contains(line), "{line} in {manifest}");
    }
    assert!(manifest.contains("cron: \"0 9 * * MON\""), "{manifest}");
    assert_eq!(sends(&folder, "campaigns/asked"), 2);
}

/// What was answered before is not lost by an answer that leads nowhere.
#[cfg(target_os = "linux")]
#[test]
fn at_a_terminal_it_asks_again_where_numbers_need_a_country_and_where_no_column_has_any() {
    let folder = Empty::new();
    folder.write("people.csv", "mobile,name\n0700000001,Amina\n0700000002,Otieno\n");
    let mut command = folder.command(".", &["init", "asked"]);
    let mut typist = Typist::start(command.env("LANG", "C.UTF-8"));
    for (question, answer) in [
        ("Gateway [", ""),
        ("CSV or .xlsx [invented people]: ", "people.csv"),
        ("such as KE [needed: none here has one]: ", ""),
        ("people.csv: no column seems to have phone numbers with a country code", ""),
        ("such as KE [needed: none here has one]: ", "JP"),
        ("Sender [", ""),
        ("phone numbers of that country. It has `mobile` or `name`.", ""),
        ("The column of addresses: ", ""),
        ("there is nobody to send to", ""),
        ("The column of addresses: ", "mobil"),
        ("did you mean `mobile`?", ""),
        ("The column of addresses: ", "mobile"),
        ("Text [", ""),
        ("[whenever `send` is called]: ", ""),
    ] {
        typist.hears(question);
        if question.ends_with(['[', ' ']) {
            typist.types(answer);
        }
    }
    let (code, rest) = typist.ends();
    assert_eq!(code, Some(0), "{rest}");
    let manifest = folder.read("campaigns/asked/campaign.yaml");
    assert!(manifest.contains("address: mobile ") && manifest.contains("region: JP "), "{manifest}");
}

#[cfg(target_os = "linux")]
#[test]
fn whoever_goes_away_leaves_nothing_behind() {
    let folder = Empty::new();
    let mut typist = Typist::start(&mut folder.command(".", &["init", "gone"]));
    typist.hears("Gateway [");
    typist.types("");
    typist.hears("[invented people]: ");
    signal(typist.pid(), "INT");
    assert_eq!(typist.ends().0, None, "a signal ended it");
    // The end of what is typed: Ctrl-D.
    let mut typist = Typist::start(&mut folder.command(".", &["init", "gone"]));
    typist.hears("Gateway [");
    typist.types("\u{4}");
    let (code, rest) = typist.ends();
    assert!(code == Some(3) && rest.contains("nothing was written"), "{rest}");
    assert!(folder.all().is_empty());
    // With everything said, nobody is asked.
    let typist = Typist::start(&mut folder.command(".", &["init", "here", "--yes"]));
    let (code, rest) = typist.ends();
    assert_eq!((code, rest.as_str()), (Some(0), ""));
    assert!(Path::new(&folder.path("campaigns/here/campaign.yaml")).exists());
}

#[test]
fn a_name_that_yaml_would_take_for_something_else_is_a_name() {
    let folder = Empty::new();
    for name in ["0", "2027", "null", "true", "1e3", "0x10", "no"] {
        let said = folder.run(&["init", name]);
        assert_eq!(said.code, 0, "{name}: {said:?}");
        assert_eq!(folder.run(&["check", &format!("campaigns/{name}")]).code, 0, "{name}");
    }
}
