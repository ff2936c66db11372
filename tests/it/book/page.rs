//! Pages of the documentation taken apart: fenced blocks, and the notes about them that no reader sees.

use std::path::Path;

use crate::project::root;

/// A file of the documentation.
pub struct Page {
    /// Its path below the repository.
    pub name: String,
    pub text: String,
    pub items: Vec<Item>,
}

/// What of a page means something to the runner, in the order of the page.
pub enum Item {
    /// An HTML comment of the form `<!-- key: value -->`, on a line of its own.
    Note {
        line: usize,
        key: String,
        value: String,
    },
    Block(Block),
}

/// A fenced block.
pub struct Block {
    /// The line of its first fence, from 1.
    pub line: usize,
    /// The word behind the fence.
    pub language: String,
    pub text: String,
}

impl Page {
    pub fn of(name: &str, text: &str) -> Result<Self, String> {
        let items = items(text).map_err(|problem| format!("{name}:{problem}"))?;
        Ok(Self { name: name.to_owned(), text: text.to_owned(), items })
    }
}

/// The README and every page below docs/.
pub fn pages() -> Vec<Page> {
    let mut names = vec!["README.md".to_owned()];
    gather(&root().join("docs"), &mut names);
    names.sort();
    assert!(names.len() > 8, "the pages were not found: {names:?}");
    let page = |name: &String| {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        Page::of(name, &text).unwrap_or_else(|problem| panic!("{problem}"))
    };
    names.iter().map(page).collect()
}

fn gather(folder: &Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, names);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            names.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
        }
    }
}

fn items(text: &str) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut open: Option<(Block, String, usize)> = None;
    for (at, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        let ticks = trimmed.len() - trimmed.trim_start_matches('`').len();
        match &mut open {
            Some((block, fence, inner)) => {
                if trimmed.trim_end() == fence {
                    items.extend(open.take().map(|(block, ..)| Item::Block(block)));
                } else {
                    block.text.push_str(line.get(indent.min(*inner)..).unwrap_or_default());
                    block.text.push('\n');
                }
            }
            None if ticks >= 3 => {
                let language = trimmed[ticks..].split([' ', ',']).next().unwrap_or_default().to_owned();
                let block = Block { line: at + 1, language, text: String::new() };
                open = Some((block, "`".repeat(ticks), indent));
            }
            None => items.extend(note(line, at + 1)),
        }
    }
    match open {
        Some((block, ..)) => Err(format!("{}: the block is never closed", block.line)),
        None => Ok(items),
    }
}

fn note(line: &str, at: usize) -> Option<Item> {
    let inside = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    let (key, value) = inside.split_once(':')?;
    Some(Item::Note { line: at, key: key.trim().to_owned(), value: value.trim().to_owned() })
}
