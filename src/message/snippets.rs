//! Texts that several messages share: which ones a source includes, and those that were found for a campaign.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Component, Path};
use std::sync::Arc;

use crate::diagnostic::{Source, did_you_mean, listing};
use crate::expression::Problem;
use crate::expression::parts::{Part, What, keyword, parts};

/// The folder of snippets, in that of a campaign and in that of the repository.
pub const FOLDER: &str = "templates";

/// An `{% include "…" %}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// The snippet's name, as written.
    pub name: String,
    /// The tag, in bytes of the source.
    pub span: Range<usize>,
}

/// The names that a source includes, in order; what is no name is left to [`include`].
pub fn includes(source: &str) -> Vec<Include> {
    let found = parts(source);
    found.iter().filter_map(|part| include(source, part)?.ok()).collect()
}

/// The include that a part of a source is, if it is one.
///
/// # Errors
/// It names nothing that is known before rows are read, or that can stand in a folder of snippets.
pub(super) fn include(source: &str, part: &Part) -> Option<Result<Include, Problem>> {
    let inner = source.get(part.inner.clone()).filter(|_| part.what == What::Tag)?.trim();
    let argument = inner.strip_prefix("include").filter(|_| keyword(inner) == "include")?;
    Some(match name(argument.trim()) {
        Ok(name) => Ok(Include { name: name.to_owned(), span: part.whole.clone() }),
        Err((message, help)) => {
            Err(Problem { message, span: part.whole.clone(), help: Some(help.to_owned()) })
        }
    })
}

/// The name in quotes, and nothing else.
fn name(argument: &str) -> Result<&str, (String, &'static str)> {
    let quote = argument.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'));
    let inner = quote.and_then(|quote| argument.strip_prefix(quote)?.strip_suffix(quote));
    let name = inner.filter(|inner| !inner.contains(['"', '\'', '`', '\\']));
    let Some(name) = name else {
        let message = "`include` takes the name of one file in quotes, and nothing else".to_owned();
        return Err((
            message,
            "which text is meant must be known before rows are read: choose with `{% if … %}`",
        ));
    };
    let stays = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    match stays && !name.is_empty() {
        true => Ok(name),
        false => Err((
            format!("`{name}` is no file in `{FOLDER}`"),
            "snippets lie in the folder `templates` of the campaign, or in that of the repository",
        )),
    }
}

/// What was found for the names that texts of a campaign include.
#[derive(Debug, Clone, Default)]
pub struct Snippets {
    found: BTreeMap<String, Found>,
    /// Files that could have been named instead.
    others: Vec<String>,
}

/// What was found for a name.
#[derive(Debug, Clone)]
pub enum Found {
    /// The snippet.
    Text(Arc<Source>),
    /// Something that cannot be read: why, in words that follow the name.
    Unreadable(String),
    /// Nothing.
    Nothing,
}

impl Snippets {
    /// Whether it is known what a name stands for.
    pub fn knows(&self, name: &str) -> bool {
        self.found.contains_key(name)
    }

    /// Adds what was found for a name.
    pub fn add(&mut self, name: &str, found: Found) {
        self.found.insert(name.to_owned(), found);
    }

    /// Adds files that could be named.
    pub fn offer(&mut self, names: impl IntoIterator<Item = String>) {
        self.others.extend(names);
    }

    /// Those that were found, in the order of their names.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &Arc<Source>)> {
        self.found.iter().filter_map(|(name, found)| match found {
            Found::Text(source) => Some((name.as_str(), source)),
            Found::Unreadable(_) | Found::Nothing => None,
        })
    }

    /// The text of an include.
    pub(super) fn text(&self, include: &Include) -> Result<&Arc<Source>, Problem> {
        let name = &include.name;
        let (message, help) = match self.found.get(name) {
            Some(Found::Text(source)) => return Ok(source),
            Some(Found::Unreadable(why)) => (format!("the snippet `{name}` {why}"), None),
            Some(Found::Nothing) | None => {
                let others = || self.others.iter().map(String::as_str);
                let help = match did_you_mean(name, others()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if self.others.is_empty() => format!(
                        "there is no file in `{FOLDER}`, neither beside the manifest nor at the repository's root"
                    ),
                    None => format!("there are {}", listing(others())),
                };
                (format!("there is no snippet `{name}`"), Some(help))
            }
        };
        Err(Problem { message, span: include.span.clone(), help })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_are_included() {
        let source = "a {% include \"b.txt\" %}{%- include 'c/d.txt' -%}{# {% include 'no' %} #}{% raw %}{% include 'no' %}{% endraw %}{% if include %}{% endif %}";
        let found = includes(source);
        let names: Vec<_> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["b.txt", "c/d.txt"]);
        assert_eq!(&source[found[1].span.clone()], "{%- include 'c/d.txt' -%}");
    }

    #[test]
    fn only_names_that_are_known_and_stay_in_their_folder_are_taken() {
        let refused = |tag: &str| include(tag, &parts(tag)[0]).unwrap().unwrap_err().message;
        for tag in [
            "{% include name %}",
            "{% include 'a' ~ 'b' %}",
            "{% include ['a', 'b'] %}",
            "{% include 'a' ignore missing %}",
            "{% include %}",
        ] {
            assert!(refused(tag).contains("name of one file in quotes"), "{tag}");
        }
        for tag in [
            "{% include '../a' %}",
            "{% include '/etc/passwd' %}",
            "{% include '' %}",
            "{% include 'a/../../b' %}",
        ] {
            assert!(refused(tag).contains("is no file in `templates`"), "{tag}");
        }
    }

    #[test]
    fn what_is_missing_is_told_with_what_is_there() {
        let mut snippets = Snippets::default();
        let include = Include { name: "foter.txt".to_owned(), span: 0..1 };
        assert!(snippets.text(&include).unwrap_err().help.unwrap().contains("no file in `templates`"));
        snippets.offer(["footer.txt".to_owned(), "header.txt".to_owned()]);
        snippets.add("foter.txt", Found::Nothing);
        assert_eq!(snippets.text(&include).unwrap_err().help.unwrap(), "did you mean `footer.txt`?");
        snippets.add("foter.txt", Found::Unreadable("cannot be read: permission denied".to_owned()));
        let message = snippets.text(&include).unwrap_err().message;
        assert_eq!(message, "the snippet `foter.txt` cannot be read: permission denied");
    }
}
