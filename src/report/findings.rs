//! What `check` found, for machines: the frozen JSON of `check --format json`, and what its other forms are made of.

mod github;
mod sarif;

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Diagnostics, Label, Rule, Severity, Source, Spot};

/// `check --format json`, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// The version of this form: 1.
    pub version: u32,
    /// How many campaigns were read.
    pub campaigns: u64,
    /// How many problems refuse the input.
    pub errors: u64,
    /// How many are worth a look only.
    pub warnings: u64,
    /// All of them, in the order of the files and of the lines in them.
    pub problems: Vec<Finding>,
}

/// A problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// Its family, by a name that stays ([`Rule::id`]).
    pub rule: &'static str,
    /// What is wrong, in one line.
    pub title: String,
    /// Where; its keys are left out where it has no place in a file.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// Other places that have to do with it.
    pub related: Vec<Place>,
    /// What to do about it.
    pub help: Vec<String>,
    /// The family.
    #[serde(skip)]
    kind: Rule,
}

/// A place in a file. Lines and columns count from 1; columns count characters, and the end is the one behind the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, as seen from the repository's folder; as it was read where it lies elsewhere.
    pub file: String,
    /// Its first line.
    pub line: usize,
    /// Its first column.
    pub column: usize,
    /// Its last line.
    pub end_line: usize,
    /// The column behind it.
    pub end_column: usize,
    /// A word about it; left out where there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Whether the file lies in the repository.
    #[serde(skip)]
    is_inside: bool,
    /// The columns as SARIF counts them, in units of UTF-16, where that can be told.
    #[serde(skip)]
    units: Option<(usize, usize)>,
}

impl Findings {
    /// What is wrong with so many campaigns. `within` says where a file lies in the repository, as seen from its folder.
    pub fn new(problems: &Diagnostics, campaigns: usize, within: &dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            version: 1,
            campaigns: campaigns as u64,
            errors: problems.errors() as u64,
            warnings: problems.warnings() as u64,
            problems: problems.iter().map(|one| Finding::new(one, within)).collect(),
        }
    }

    /// The JSON of machines.
    pub fn json(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }
}

impl Finding {
    fn new(problem: &Diagnostic, within: &dyn Fn(&str) -> Option<String>) -> Self {
        let spot = problem.spot.iter().map(|spot| Place::of(spot, within));
        let mut places = spot.chain(problem.labels.iter().map(|label| Place::new(label, within)));
        Self {
            severity: match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            rule: problem.rule.id(),
            title: clean(&problem.title),
            place: places.next(),
            related: places.collect(),
            help: problem.help.iter().map(|text| clean(text)).collect(),
            kind: problem.rule,
        }
    }

    /// All that is said of it, a line each.
    fn words(&self) -> String {
        let place = self.place.iter().map(|place| match (place.is_inside, place.label.as_str()) {
            (true, label) => label.to_owned(),
            (false, "") => place.told(),
            (false, label) => format!("{}: {label}", place.told()),
        });
        let related = self.related.iter().map(|place| match place.label.as_str() {
            "" => place.told(),
            label => format!("{}: {label}", place.told()),
        });
        let help = self.help.iter().map(|text| format!("help: {text}"));
        let lines = place.chain(related).chain(help).filter(|line| !line.is_empty());
        std::iter::once(self.title.clone()).chain(lines).collect::<Vec<_>>().join("\n")
    }
}

impl Place {
    fn new(label: &Label, within: &dyn Fn(&str) -> Option<String>) -> Self {
        let source = &label.source;
        let span = source.marked(&label.span);
        let (line, column, first) = point(source, span.start);
        let (end_line, end_column, last) = point(source, span.end);
        let inside = within(&source.name);
        Self {
            is_inside: inside.is_some(),
            file: clean(&inside.unwrap_or_else(|| source.name.clone())),
            line,
            column,
            end_line,
            end_column,
            label: clean(&label.text),
            units: Some((first, last)),
        }
    }

    /// A character of a file whose text is not at hand.
    fn of(spot: &Spot, within: &dyn Fn(&str) -> Option<String>) -> Self {
        let inside = within(&spot.file);
        Self {
            is_inside: inside.is_some(),
            file: clean(&inside.unwrap_or_else(|| spot.file.clone())),
            line: spot.line,
            column: spot.column,
            end_line: spot.line,
            end_column: spot.column,
            label: String::new(),
            units: None,
        }
    }

    fn told(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Line and column of a byte, and the column in units of UTF-16.
fn point(source: &Source, offset: usize) -> (usize, usize, usize) {
    let (line, before) = source.line_before(offset);
    (line, before.chars().count() + 1, before.encode_utf16().count() + 1)
}

/// Words without what would be obeyed where they are read: a log is read by terminals, too.
fn clean(text: &str) -> String {
    let obeyed =
        |c: char| c.is_control() && !matches!(c, '\n' | '\t') || matches!(c, '\u{2028}' | '\u{2029}');
    text.replace(obeyed, "\u{fffd}")
}

#[cfg(test)]
mod tests;
