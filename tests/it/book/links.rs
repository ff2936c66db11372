//! Links between pages: the file is there, the heading is there, and a page of the book leads to nothing that the book
//! does not have.

use std::path::Path;

use crate::project::root;

use super::page::Page;

/// The problems of a page's links, among all pages.
pub fn problems(page: &Page, pages: &[Page]) -> Vec<String> {
    let links = links(&page.text).into_iter().filter_map(|link| problem(page, &link, pages));
    links.chain(files(page)).collect()
}

/// Files of the repository that prose names in backticks and that are not there.
fn files(page: &Page) -> Vec<String> {
    const FOLDERS: [&str; 6] = ["examples/", "docs/", "benches/", "tests/", "schemas/", "fuzz/"];
    let code = outside(&page.text)
        .into_iter()
        .flat_map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<String>>());
    // What the fuzzer leaves is there when it has found something.
    let named = code.filter(|name| {
        FOLDERS.iter().any(|folder| name.starts_with(folder))
            && !name.contains([' ', '*', '…', '<'])
            && name != "fuzz/artifacts"
    });
    named
        .filter(|name| !root().join(name).exists())
        .map(|name| format!("{}: there is no `{name}`", page.name))
        .collect()
}

fn problem(page: &Page, link: &str, pages: &[Page]) -> Option<String> {
    if link.starts_with("https://") {
        return None;
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let folder = Path::new(&page.name).parent().unwrap();
    let target = if file.is_empty() { page.name.clone() } else { joined(folder, file) };
    let wrong = |what: &str| Some(format!("{}: `{link}`: {what}", page.name));
    if !root().join(&target).exists() {
        return wrong("there is no such file");
    }
    if page.name.starts_with("docs/") && !target.starts_with("docs/") {
        return wrong("the book does not have that: name it in backticks");
    }
    let anchor = anchor?;
    let Some(other) = pages.iter().find(|other| other.name == target) else {
        return wrong("only pages have headings");
    };
    if headings(&other.text).iter().any(|heading| heading == anchor) {
        None
    } else {
        wrong("there is no such heading")
    }
}

fn joined(folder: &Path, file: &str) -> String {
    let mut parts: Vec<&str> = folder.iter().map(|part| part.to_str().unwrap()).collect();
    for part in file.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The lines outside of blocks.
fn outside(text: &str) -> Vec<&str> {
    let mut fence: Option<String> = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        let ticks: String = line.trim_start().chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if line.trim() == open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => lines.push(line),
        }
    }
    lines
}

/// The text outside of blocks, with code in backticks taken out.
fn prose(text: &str) -> String {
    outside(text).into_iter().flat_map(|line| line.split('`').step_by(2).chain(["\n"])).collect()
}

fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

/// The anchors of a page's headings, as Markdown renderers make them.
fn headings(text: &str) -> Vec<String> {
    let titles = outside(text).into_iter().filter_map(|line| line.strip_prefix('#'));
    let anchor = |title: &str| {
        let title = title.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    titles.map(anchor).collect()
}

#[test]
fn dead_links_are_found() {
    let text = "# One thing\n[a](other.md) [b](#one-thing) [c](#another) [d](../README.md)\n`[e](none.md)`\n`examples/none.yml`\n";
    let page = Page::of("docs/page.md", text).unwrap();
    let found = problems(&page, &[]).join("\n");
    assert!(found.contains("`other.md`: there is no such file"), "{found}");
    assert!(found.contains("`../README.md`: the book does not have that"), "{found}");
    assert!(found.contains("there is no `examples/none.yml`"), "{found}");
    assert!(!found.contains("none.md"), "{found}");
    // It stands for a page that is there.
    let of_itself = "[a](audience.md#nothing) [b](#one-thing)\n## One thing\n";
    let of_itself = || Page::of("docs/audience.md", of_itself).unwrap();
    let found = problems(&of_itself(), &[of_itself()]);
    assert_eq!(found, ["docs/audience.md: `audience.md#nothing`: there is no such heading"]);
}
