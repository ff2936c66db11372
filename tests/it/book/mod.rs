//! The documentation, carried out: every command block of the README and of docs/ is run, and what it prints is what
//! the page shows. ARCHITECTURE.md says what notes a page may have.

mod compare;
mod elsewhere;
mod links;
mod page;
mod shell;
mod yaml;

use page::{Block, Item, Page};
use shell::Shell;

use crate::project::root;

/// What the notes before a block say of it.
#[derive(Default)]
struct Notes {
    /// The exit code of its last command; 0 where nothing is said.
    exit: Option<i32>,
    /// The file into which the reader puts it.
    file: Option<String>,
    /// What a piece of YAML is a piece of.
    part: Option<String>,
}

/// What a page says beside what is so.
#[derive(Default)]
struct Held {
    /// What went otherwise.
    problems: Vec<String>,
    /// Blocks that show something else than what is printed: the line of the fence, and what is.
    otherwise: Vec<(usize, String)>,
}

/// Carries out a page, in a folder of its own, from its first block to its last.
fn carry_out(page: &Page) -> Held {
    let mut shell = Shell::new();
    let mut held = Held::default();
    let mut notes = Notes::default();
    for item in &page.items {
        let (line, done) = match item {
            Item::Note { line, key, value } => (*line, heed(&mut shell, &mut notes, key, value)),
            Item::Block(block) if block.language == "console" => {
                let mut printed = String::new();
                let done = converse(&mut shell, block, &std::mem::take(&mut notes), &mut printed);
                if done.is_err() {
                    held.otherwise.push((block.line, printed));
                }
                (block.line, done)
            }
            Item::Block(block) => (block.line, show(&mut shell, block, &std::mem::take(&mut notes))),
        };
        if let Err(problem) = done {
            held.problems.push(format!("{}:{line}: {problem}", page.name));
        }
    }
    held
}

fn heed(shell: &mut Shell, notes: &mut Notes, key: &str, value: &str) -> Result<(), String> {
    match key {
        "with" => shell.copy(value),
        "gateway" => shell.start_gateway(value),
        "credentials" if value == "in the environment" => return shell.log_in(),
        "types" => shell.types(value),
        "at" => shell.becomes(value),
        "edit" => {
            let parts: Vec<&str> = value.split('`').collect();
            let [file, from, _, to, ""] = parts[..] else {
                return Err("edit: FILE `FROM` → `TO`".to_owned());
            };
            return shell.edit(file.trim(), from, to);
        }
        "exit" => notes.exit = Some(value.parse().map_err(|_| format!("exit: {value}"))?),
        "file" => notes.file = Some(value.to_owned()),
        "part of" => notes.part = Some(value.to_owned()),
        other => return Err(format!("nobody knows the note `{other}`")),
    }
    Ok(())
}

fn show(shell: &mut Shell, block: &Block, notes: &Notes) -> Result<(), String> {
    if let Some(name) = &notes.file {
        shell.write(name, &block.text);
    }
    match block.language.as_str() {
        "sh" => all(commands(&block.text), |command, last| {
            let exit = last.then_some(notes.exit).flatten().unwrap_or(0);
            run(shell, command, exit).map(|_| ())
        }),
        "yaml" if notes.part.as_deref() == Some("something else") => Ok(()),
        "yaml" => yaml::check(&block.text, notes.part.as_deref()),
        "json" => serde_json::from_str::<serde_json::Value>(&block.text)
            .map(|_| ())
            .map_err(|error| error.to_string()),
        // Held by tests/it/messages.rs.
        "example" => Ok(()),
        // What stands in a file, or what people read.
        "csv" | "text" => Ok(()),
        "" => Err("a block says what it is: console, sh, yaml, json, csv, text".to_owned()),
        other => Err(format!("nobody knows how to check `{other}`")),
    }
}

/// A block of commands with what they print. `printed` becomes the block as it would have to be.
fn converse(shell: &mut Shell, block: &Block, notes: &Notes, printed: &mut String) -> Result<(), String> {
    all(console(&block.text)?, |(command, shown), last| {
        let exit = last.then_some(notes.exit).flatten().unwrap_or(0);
        let done = run(shell, command, exit);
        let difference = done.as_ref().ok().and_then(|said| compare::difference(shown, said));
        let kept = match (&done, &difference) {
            (Ok(said), Some(_)) => said,
            _ => shown,
        };
        let kept = kept.trim_end();
        let end = if kept.is_empty() { "" } else { "\n" };
        let blank = if !last && !kept.is_empty() { "\n" } else { "" };
        printed.push_str(&format!("$ {command}\n{kept}{end}{blank}"));
        done.map(|_| ())?;
        difference.map_or(Ok(()), |difference| Err(format!("$ {command}\n{difference}")))
    })
}

/// Does it for each, tells of the last one, and gives all that went wrong.
fn all<T>(list: Vec<T>, mut each: impl FnMut(&T, bool) -> Result<(), String>) -> Result<(), String> {
    let count = list.len();
    if count == 0 {
        return Err("a block without a command".to_owned());
    }
    let problems: Vec<String> =
        list.iter().enumerate().filter_map(|(at, one)| each(one, at + 1 == count).err()).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// The commands of a `console` block, each with what is shown below it.
fn console(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), found.last_mut()) {
            (Some(command), _) => found.push((command.to_owned(), String::new())),
            (None, Some((command, shown))) if command.ends_with('\\') && shown.is_empty() => {
                command.pop();
                command.push_str(line.trim_start().trim_start_matches("> "));
            }
            (None, Some((_, shown))) => {
                shown.push_str(line);
                shown.push('\n');
            }
            (None, None) => return Err("a console begins with `$ command`".to_owned()),
        }
    }
    Ok(found)
}

/// The commands of an `sh` block: a line each, or several that end in `\`.
fn commands(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

/// What a command printed, where it ended with this exit code.
fn run(shell: &mut Shell, command: &str, exit: i32) -> Result<String, String> {
    // What a clone runs through cargo is this program.
    let command = command.replace("cargo run --release -- ", "sendplan ");
    if let Some(checked) = elsewhere::check(&command) {
        return checked.map(|()| String::new()).map_err(|problem| format!("$ {command}\n{problem}"));
    }
    match shell.run(&command).map_err(|problem| format!("$ {command}\n{problem}"))? {
        (code, printed) if code == exit => Ok(printed),
        (code, printed) => Err(format!("$ {command}\nexit code {code}, not {exit}\n{printed}")),
    }
}

/// Puts what is printed in the place of what the page shows.
fn correct(page: &Page, otherwise: &[(usize, String)]) {
    let mut lines: Vec<String> = page.text.lines().map(str::to_owned).collect();
    for (line, printed) in otherwise.iter().rev() {
        let opens = lines[line - 1].trim_start();
        let fence: String = opens.chars().take_while(|c| *c == '`').collect();
        let end = lines[*line..].iter().position(|line| line.trim() == fence).unwrap();
        lines.splice(*line..line + end, printed.lines().map(|line| line.trim_end().to_owned()));
    }
    std::fs::write(root().join(&page.name), lines.join("\n") + "\n").unwrap();
}

#[test]
fn every_block_of_every_page_does_what_the_page_says() {
    let pages = page::pages();
    let wanted = std::env::var("SENDPLAN_PAGE").ok();
    let asked = pages.iter().filter(|page| wanted.as_ref().is_none_or(|name| page.name.contains(name)));
    let writes = std::env::var_os("SENDPLAN_WRITE_DOCS").is_some();
    let hold = |page: &Page| {
        let held = carry_out(page);
        if writes && !held.otherwise.is_empty() {
            correct(page, &held.otherwise);
        }
        held.problems
    };
    let problems: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = asked.map(|page| scope.spawn(|| hold(page))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(problems.is_empty(), "{} problems\n\n{}", problems.len(), problems.join("\n\n"));
}

#[test]
fn no_link_of_a_page_is_dead() {
    let pages = page::pages();
    let problems: Vec<String> = pages.iter().flat_map(|page| links::problems(page, &pages)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_page_is_a_chapter_of_the_book() {
    let pages = page::pages();
    let summary = pages.iter().find(|page| page.name == "docs/SUMMARY.md").unwrap();
    for page in
        pages.iter().filter_map(|page| page.name.strip_prefix("docs/")).filter(|name| *name != "SUMMARY.md")
    {
        assert!(summary.text.contains(&format!("]({page})\n")), "docs/SUMMARY.md has no `{page}`");
    }
}

/// What the runner says of a page that is just this text.
fn of(text: &str) -> String {
    carry_out(&Page::of("page.md", text).unwrap()).problems.join("\n")
}

#[test]
fn a_page_that_is_true_passes() {
    let text = "<!-- with: campaigns -->\n```sh\nexport NAME=you   # kept for what comes\nmkdir -p a && cd a\n```\n\
                <!-- exit: 3 -->\n```console\n$ echo \"$NAME in $(basename \"$PWD\")\"\nyou in a\n$ (exit 3)\n```\n\
                <!-- exit: 3 -->\n```console\n$ seq 9; exit 3\n1\n...\n9\n```\n";
    assert_eq!(of(text), "");
}

#[test]
fn a_page_that_lies_is_found() {
    for (text, told) in [
        ("```console\n$ echo one\ntwo\n```\n", "-two\n+one"),
        ("```console\n$ echo one\n```\n", "+one"),
        ("```console\n$ false\n```\n", "exit code 1, not 0"),
        ("```console\n$ seq 9\n1\n...\n10\n```\n", "+9"),
        ("```sh\nfalse\n```\n", "exit code 1, not 0"),
        ("<!-- exit: 3 -->\n```sh\nfalse\n```\n", "exit code 1, not 3"),
        ("<!-- exit: 3 -->\n```console\n$ true\n```\n", "exit code 0, not 3"),
        ("```sh\nsendplan plann campaigns/c\n```\n", "unrecognized subcommand"),
        ("```sh\nsendplan run --listn 127.0.0.1:1\n```\n", "unexpected argument '--listn'"),
        ("```sh\ncargo bench --bench nothing\n```\n", "Cargo.toml has no bench `nothing`"),
        ("```sh\ncargo test --test it nothing\n```\n", "there is no tests/it/nothing.rs"),
        ("```\n$ echo one\n```\n", "a block says what it is"),
        ("```bash\necho one\n```\n", "nobody knows how to check `bash`"),
        ("```console\nsendplan check\n```\n", "a console begins with `$ command`"),
        ("```yaml\nschedule: { att: noon }\n```\n", "unknown key `schedule.att`"),
        (
            "```sh\nexport MOBICONNECT_PASSWORD=x\n```\n",
            "a page with credentials has a gateway on this machine",
        ),
        (
            "<!-- gateway: mobiconnect -->\n<!-- file: c/campaign.yaml -->\n```text\n\
             provider: { profile: mobiconnect, base_url: https://acme.example }\n```\n```sh\ntrue\n```\n",
            "leads to another gateway than that of the page",
        ),
        ("<!-- skip: true -->\n", "nobody knows the note `skip`"),
        (
            "<!-- file: a.txt -->\n```text\none\n```\n<!-- edit: a.txt `two` → `three` -->\n",
            "`two` is 0 times in a.txt",
        ),
    ] {
        let said = of(text);
        assert!(said.contains(told), "{text}\n{said}");
    }
    assert!(Page::of("page.md", "```sh\ntrue\n").is_err());
}
