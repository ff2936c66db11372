//! Links between pages: the file is there, the heading is there, and a page of the book leads to nothing that the book
//! does not have.

use std::path::Path;

use crate::project::root;

use super::page::Page;

/// The problems of a page's links, among all pages.
pub fn problems(page: &Page, pages: &[Page]) -> Vec<String> {
    links(&page.text).into_iter().filter_map(|link| problem(page, &link, pages)).collect()
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

/// The text outside of blocks, with code in backticks taken out.
fn prose(text: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            out.extend(line.split('`').step_by(2));
            out.push('\n');
        }
    }
    out
}

fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

/// The anchors of a page's headings, as Markdown renderers make them.
fn headings(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if let Some(title) = line.strip_prefix('#').filter(|_| !inside) {
            let title = title.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            found.push(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
        }
    }
    found
}

#[test]
fn dead_links_are_found() {
    let text = "# One thing\n[a](other.md) [b](#one-thing) [c](#another) [d](../README.md)\n`[e](none.md)`\n";
    let page = Page::of("docs/page.md", text).unwrap();
    let found = problems(&page, &[]).join("\n");
    assert!(found.contains("`other.md`: there is no such file"), "{found}");
    assert!(found.contains("`../README.md`: the book does not have that"), "{found}");
    assert!(!found.contains("none.md"), "{found}");
}
