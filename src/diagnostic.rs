//! What we tell people about their files: where, what is wrong, what to do. Problems are collected
//! and shown together, never one at a time; nothing here decides how a process ends.

mod rule;

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

pub use rule::Rule;

/// A byte range in a [`Source`].
pub type Span = Range<usize>;

/// A file (or another named text) that diagnostics point into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path as the user would type it.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// A shared source.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }

    /// Line and column of a byte offset, both from 1; columns count characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let (line, before) = self.line_before(offset);
        (line, before.chars().count() + 1)
    }

    /// The line of a byte offset, from 1, and what stands before it on that line.
    pub fn line_before(&self, offset: usize) -> (usize, &str) {
        let offset = floor_boundary(&self.text, offset);
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, &before[line_start..])
    }

    /// A span on boundaries of characters, without the ends of lines behind it: what is marked of a file is text.
    pub fn marked(&self, span: &Span) -> Span {
        let start = floor_boundary(&self.text, span.start);
        let end = floor_boundary(&self.text, span.end).max(start);
        start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len()
    }
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is refused; worth a look.
    Warning,
    /// The input is refused.
    Error,
}

/// A place in a source with a word about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes to underline; an empty span points between two characters.
    pub span: Span,
    /// What to say there; may be empty.
    pub text: String,
}

/// A character of a file whose text is not shown: rows are about people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The path as the user would type it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character in it, from 1.
    pub column: usize,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// What family of problems it belongs to.
    pub rule: Rule,
    /// What is wrong, in one line.
    pub title: String,
    /// Where, in a file whose text is not shown.
    pub spot: Option<Spot>,
    /// Where, behind the spot; the first label is the primary one. Empty when the problem has no place in a text.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(title: impl Into<String>) -> Self {
        let (severity, rule) = (Severity::Error, Rule::default());
        Self { severity, rule, title: title.into(), spot: None, labels: Vec::new(), help: Vec::new() }
    }

    /// A warning without a place yet.
    pub fn warning(title: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(title) }
    }

    /// Says what family of problems it belongs to.
    #[must_use]
    pub fn of(self, rule: Rule) -> Self {
        Self { rule, ..self }
    }

    /// Adds a place.
    #[must_use]
    pub fn at(mut self, source: &Arc<Source>, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { source: Arc::clone(source), span, text: text.into() });
        self
    }

    /// Says where it is in a file whose text is not shown.
    #[must_use]
    pub fn in_file(self, spot: Option<Spot>) -> Self {
        Self { spot, ..self }
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Whether it tells people the same.
    fn reads_as(&self, other: &Self) -> bool {
        (self.severity, &self.title, &self.spot, &self.labels, &self.help)
            == (other.severity, &other.title, &other.spot, &other.labels, &other.help)
    }

    /// `file:line:column` of the spot, or of the primary label.
    pub fn place(&self) -> Option<String> {
        if let Some(Spot { file, line, column }) = &self.spot {
            return Some(format!("{file}:{line}:{column}"));
        }
        self.labels.first().map(|label| {
            let (line, column) = label.source.position(label.span.start);
            format!("{}:{line}:{column}", label.source.name)
        })
    }
}

/// Problems of one reading, kept in the order of the files and of the lines in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.0.iter().any(|known| known.reads_as(&diagnostic)) {
            self.0.push(diagnostic);
        }
    }

    /// Adds many.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Diagnostic>) {
        others.into_iter().for_each(|one| self.push(one));
    }

    /// Says of all that have no family yet that they belong to this one.
    pub fn of(&mut self, rule: Rule) {
        self.0.iter_mut().filter(|one| one.rule == Rule::default()).for_each(|one| one.rule = rule);
    }

    /// Whether anything is refused.
    pub fn has_errors(&self) -> bool {
        self.errors() > 0
    }

    /// How many errors.
    pub fn errors(&self) -> usize {
        self.0.iter().filter(|one| one.severity == Severity::Error).count()
    }

    /// How many warnings.
    pub fn warnings(&self) -> usize {
        self.0.len() - self.errors()
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in reading order.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Diagnostic> {
        self.0.iter_mut()
    }

    /// Sorts by place: file in the order first mentioned, then position.
    pub fn sort(&mut self) {
        let files: Vec<String> =
            self.0.iter().filter_map(|one| Some(one.labels.first()?.source.name.clone())).collect();
        self.0.sort_by_key(|one| {
            one.labels.first().map_or((usize::MAX, 0), |label| {
                let file = files.iter().position(|name| *name == label.source.name);
                (file.unwrap_or(usize::MAX), label.span.start)
            })
        });
    }

    /// The text for people, in rustc's look; `color` turns ANSI styles on.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for diagnostic in &self.0 {
            let _ = writeln!(out, "{}\n", render_one(diagnostic, &renderer));
        }
        out
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

fn render_one(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.title.as_str());
    let help = diagnostic.help.iter().map(|text| Level::HELP.message(text.as_str()));
    let mut group = Group::with_title(title);
    if let Some(spot) = &diagnostic.spot {
        let place = Origin::path(spot.file.as_str()).line(spot.line).char_column(spot.column);
        group = group.element(place);
    }
    let mut rest = diagnostic.labels.as_slice();
    let mut first = diagnostic.spot.is_none();
    while let Some(head) = rest.first() {
        let count = rest.iter().take_while(|label| label.source == head.source).count();
        let (same, others) = rest.split_at(count);
        let mut snippet = Snippet::source(head.source.text.as_str()).path(head.source.name.as_str());
        for label in same {
            let kind = if first { AnnotationKind::Primary } else { AnnotationKind::Context };
            first = false;
            let annotation = kind.span(visible(&head.source.text, &label.span));
            snippet = snippet.annotation(if label.text.is_empty() {
                annotation
            } else {
                annotation.label(label.text.as_str())
            });
        }
        group = group.element(snippet);
        rest = others;
    }
    // The renderer shows control characters as signs, but not those of Latin-1, and a terminal may obey these too.
    renderer.render(&[group.elements(help)]).replace(|c| matches!(c, '\u{80}'..='\u{9f}'), "\u{fffd}")
}

/// A span that the renderer can underline: on character boundaries, inside the text, on one line.
fn visible(text: &str, span: &Span) -> Span {
    let start = floor_boundary(text, span.start);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = floor_boundary(text, span.end).clamp(start, line_end);
    start..end
}

/// The candidate that a typing error most likely meant, if one is near enough.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lowered = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lowered, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            let length = candidate.chars().count().max(lowered.chars().count());
            *distance <= (length / 3).max(1) && *distance < length
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Names as a sentence lists them: `a, b or c`; long lists are cut with a count.
pub fn listing<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let names: Vec<&str> = names.into_iter().collect();
    let quoted = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [only] => format!("`{only}`"),
        many if many.len() > SHOWN => format!("{} and {} more", quoted(&many[..SHOWN]), many.len() - SHOWN),
        [head @ .., last] => format!("{} or `{last}`", quoted(head)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source::new("a.yaml", "é: 1\nname: x\n");
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(2), (1, 2));
        assert_eq!(source.position(6), (2, 1));
        assert_eq!(source.position(999), (3, 1));
    }

    #[test]
    fn a_diagnostic_shows_file_line_column_and_snippet() {
        let source = Source::new("campaign.yaml", "version: 1\nnmae: x\n");
        let mut all = Diagnostics::new();
        all.push(
            Diagnostic::error("unknown key `nmae`")
                .at(&source, 11..15, "not a key here")
                .help("did you mean `name`?"),
        );
        let text = all.render(false);
        assert!(text.contains("error: unknown key `nmae`"), "{text}");
        assert!(text.contains("campaign.yaml:2:1"), "{text}");
        assert!(text.contains("nmae: x"), "{text}");
        assert!(text.contains("^^^^ not a key here"), "{text}");
        assert!(text.contains("did you mean `name`?"), "{text}");
    }

    #[test]
    fn nothing_in_a_file_speaks_to_the_terminal() {
        let source = Source::new("campaign.yaml", "na\u{9b}31mme: \u{1b}[2J\n");
        let mut all = Diagnostics::new();
        all.push(Diagnostic::error("unknown key `na\u{9b}31mme`").at(&source, 0..9, "not a key here"));
        let text = all.render(false);
        assert_eq!(text.chars().find(|c| c.is_control() && *c != '\n'), None, "{text:?}");
    }

    #[test]
    fn suggestions_are_near_or_absent() {
        assert_eq!(did_you_mean("recipeints", ["recipients", "rate"]), Some("recipients"));
        assert_eq!(did_you_mean("Phone", ["phone", "name"]), Some("phone"));
        assert_eq!(did_you_mean("xyz", ["phone", "name"]), None);
        assert_eq!(did_you_mean("a", ["b"]), None);
    }

    #[test]
    fn listings_read_as_sentences() {
        assert_eq!(listing(["a"]), "`a`");
        assert_eq!(listing(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(listing([]), "nothing");
    }
}
