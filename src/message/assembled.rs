//! A text with its snippets in their places, and where each byte of it comes from. Snippets are put in as text, so a
//! plain text with plain snippets stays plain, and names in them are checked like all others.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::Source;
use crate::expression::parts::{Part, What, parts};
use crate::expression::{MAX_SOURCE_BYTES, Problem, Program};
use crate::message::snippets::{Include, Snippets, include};

/// Snippets include snippets so deep at most.
const MAX_DEPTH: usize = 8;
/// One text includes so many at most, one in the other counted: empty ones take no room.
const MOST: usize = 256;

/// A text with its snippets.
#[derive(Debug, Clone, Default)]
pub struct Assembled {
    text: String,
    pieces: Vec<Piece>,
}

/// A stretch of the text that stands in one source.
#[derive(Debug, Clone)]
struct Piece {
    /// Its first byte in the text; it ends where the next one begins.
    start: usize,
    /// The snippet; none for the text itself.
    source: Option<Arc<Source>>,
    /// Its first byte there.
    at: usize,
}

/// Something wrong, in a snippet or in the text itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// What is wrong, and where in its source.
    pub problem: Problem,
    /// The snippet; none for the text itself.
    pub snippet: Option<Arc<Source>>,
}

impl Assembled {
    /// Puts snippets where they are included.
    ///
    /// # Errors
    /// Every include that cannot be followed, and every snippet that is no whole text by itself.
    pub fn of(source: &str, snippets: &Snippets) -> Result<Self, Vec<Slip>> {
        let mut assembly =
            Assembly { snippets, whole: Self::default(), chain: Vec::new(), included: 0, slips: Vec::new() };
        assembly.put(source, None);
        let Assembly { mut whole, slips, .. } = assembly;
        if !slips.is_empty() {
            return Err(slips);
        }
        // The line break at the end of the text itself is dropped when it is compiled; there is none here.
        if whole.text.ends_with('\n') && !source.ends_with('\n') {
            whole.text.push('\n');
        }
        Ok(whole)
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where a stretch of the text stands: the snippet, none for the text itself, and the bytes there.
    pub fn place(&self, span: &Range<usize>) -> (Option<&Arc<Source>>, Range<usize>) {
        let after = self.pieces.partition_point(|piece| piece.start <= span.start);
        let Some(piece) = after.checked_sub(1).and_then(|at| self.pieces.get(at)) else {
            return (None, span.clone());
        };
        let end = self.pieces.get(after).map_or(self.text.len(), |next| next.start).min(span.end);
        let start = span.start - piece.start + piece.at;
        (piece.source.as_ref(), start..start + end.saturating_sub(span.start))
    }
}

struct Assembly<'s> {
    snippets: &'s Snippets,
    whole: Assembled,
    /// The snippets that are being put in, one in the other.
    chain: Vec<String>,
    included: usize,
    slips: Vec<Slip>,
}

impl Assembly<'_> {
    fn put(&mut self, text: &str, source: Option<&Arc<Source>>) {
        let found = parts(text);
        let includes: Vec<Option<Result<Include, Problem>>> =
            found.iter().map(|part| include(text, part)).collect();
        let trims = |at: Option<usize>, by: fn(&Part) -> bool| {
            at.is_some_and(|at| matches!(includes.get(at), Some(Some(_))) && found.get(at).is_some_and(by))
        };
        for (at, part) in found.iter().enumerate() {
            match includes.get(at).and_then(Option::as_ref) {
                Some(Ok(include)) => self.include(include, source),
                Some(Err(problem)) => self.slip(problem.clone(), source),
                None => {
                    let mut range = part.whole.clone();
                    if part.what == What::Text {
                        let inner = text.get(range.clone()).unwrap_or_default();
                        if trims(Some(at + 1), |next| next.trims_before) {
                            range.end = range.start + inner.trim_end().len();
                        }
                        if trims(at.checked_sub(1), |before| before.trims_after) {
                            let inner = text.get(range.clone()).unwrap_or_default();
                            range.start += inner.len() - inner.trim_start().len();
                        }
                    }
                    self.push(text, range, source);
                }
            }
        }
    }

    fn push(&mut self, text: &str, range: Range<usize>, source: Option<&Arc<Source>>) {
        let text = text.get(range.clone()).unwrap_or_default();
        if text.is_empty() {
            return;
        }
        let whole = &mut self.whole;
        // Two texts beside each other make no tag that stands in neither.
        if whole.text.ends_with('{') && text.starts_with(['{', '%', '#']) {
            whole.text.push_str("{##}");
        }
        whole.pieces.push(Piece { start: whole.text.len(), source: source.cloned(), at: range.start });
        whole.text.push_str(text);
    }

    fn slip(&mut self, problem: Problem, source: Option<&Arc<Source>>) {
        self.slips.push(Slip { problem, snippet: source.cloned() });
    }

    fn include(&mut self, include: &Include, source: Option<&Arc<Source>>) {
        self.included += 1;
        if let Some(message) = self.refusal(&include.name) {
            return self.slip(Problem { message, span: include.span.clone(), help: None }, source);
        }
        let snippet = match self.snippets.text(include) {
            Ok(snippet) => Arc::clone(snippet),
            Err(problem) => return self.slip(problem, source),
        };
        let text = snippet.text.as_str();
        let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        let (start, known) = (self.whole.text.len(), self.slips.len());
        self.chain.push(include.name.clone());
        self.put(text, Some(&snippet));
        self.chain.pop();
        if self.slips.len() == known {
            self.check(start);
        }
    }

    /// Why a snippet cannot be included here.
    fn refusal(&self, name: &str) -> Option<String> {
        if let Some(at) = self.chain.iter().position(|open| open == name) {
            let chain = self.chain.get(at..).unwrap_or_default().join("` → `");
            return Some(format!("`{name}` includes itself: `{chain}` → `{name}`"));
        }
        if self.chain.len() >= MAX_DEPTH {
            return Some(format!("snippets include each other more than {MAX_DEPTH} deep"));
        }
        if self.included > MOST {
            return Some(format!("more than {MOST} snippets are included"));
        }
        let too_long = self.whole.text.len() > MAX_SOURCE_BYTES;
        too_long.then(|| format!("with its snippets the text has more than {MAX_SOURCE_BYTES} bytes"))
    }

    /// A snippet is a whole text: what it opens it closes.
    fn check(&mut self, start: usize) {
        let text = self.whole.text.get(start..).unwrap_or_default();
        let Some(mut problem) = Program::new().misread(text) else { return };
        let span = problem.span.start + start..problem.span.end + start;
        let (snippet, place) = self.whole.place(&span);
        let snippet = snippet.cloned();
        problem.span = place;
        let whole = "a snippet is a whole text: what it opens it closes";
        problem.help = Some(problem.help.map_or(whole.to_owned(), |help| format!("{help}; {whole}")));
        self.slips.push(Slip { problem, snippet });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::snippets::Found;

    fn snippets(all: &[(&str, &str)]) -> Snippets {
        let mut snippets = Snippets::default();
        for (name, text) in all {
            snippets.add(name, Found::Text(Source::new(format!("templates/{name}"), *text)));
        }
        snippets
    }

    fn assemble(source: &str, all: &[(&str, &str)]) -> Result<String, Vec<String>> {
        let assembled = Assembled::of(source, &snippets(all));
        assembled.map(|whole| whole.text).map_err(|slips| {
            let told = |slip: Slip| match slip.snippet {
                Some(snippet) => format!("{}: {}", snippet.name, slip.problem.message),
                None => slip.problem.message,
            };
            slips.into_iter().map(told).collect()
        })
    }

    #[test]
    fn snippets_stand_where_they_are_included_without_their_last_line_break() {
        let all = [("a", "A{% include 'b' %}\n"), ("b", "B\n\n")];
        assert_eq!(assemble("x {% include 'a' %} y\n", &all).unwrap(), "x AB\n y\n");
        assert_eq!(assemble("x  {%- include 'a' -%} \n y", &all).unwrap(), "xAB\ny");
        // The line break that the text itself has not is not taken from the snippet.
        assert_eq!(assemble("x{% include 'b' %}", &all).unwrap(), "xB\n\n");
    }

    #[test]
    fn texts_beside_each_other_make_no_tag() {
        assert_eq!(assemble("x {% include 'a' %}{ b }}", &[("a", "{")]).unwrap(), "x {{##}{ b }}");
    }

    #[test]
    fn each_byte_is_found_in_its_source() {
        let all = snippets(&[("a", "one {{ two }}{% include 'b' %} three"), ("b", "four\n")]);
        let source = "zero {% include 'a' %} five";
        let whole = Assembled::of(source, &all).unwrap();
        let place = |word: &str| {
            let at = whole.text().find(word).unwrap();
            let (snippet, span) = whole.place(&(at..at + word.len()));
            let text = snippet.map_or(source, |snippet| snippet.text.as_str());
            assert_eq!(&text[span], word);
            snippet.map(|snippet| snippet.name.clone())
        };
        assert_eq!(place("zero"), None);
        assert_eq!(place("two").as_deref(), Some("templates/a"));
        assert_eq!(place("three").as_deref(), Some("templates/a"));
        assert_eq!(place("four").as_deref(), Some("templates/b"));
        assert_eq!(place("five"), None);
        // What goes over an edge ends there.
        let (snippet, span) = whole.place(&(0..whole.text().len()));
        assert_eq!((snippet, &source[span]), (None, "zero "));
    }

    #[test]
    fn circles_are_told_with_their_chain() {
        let all = [("a", "{% include 'b' %}"), ("b", "{% include 'a' %}"), ("c", "{% include 'c' %}")];
        assert_eq!(
            assemble("{% include 'a' %}", &all).unwrap_err(),
            ["templates/b: `a` includes itself: `a` → `b` → `a`"]
        );
        assert_eq!(
            assemble("{% include 'c' %}", &all).unwrap_err(),
            ["templates/c: `c` includes itself: `c` → `c`"]
        );
    }

    #[test]
    fn fault_59_snippets_are_bounded_in_depth_number_and_length() {
        let names: Vec<(String, String)> =
            (0..20).map(|at| (at.to_string(), format!("{{% include '{}' %}}", at + 1))).collect();
        let deep: Vec<(&str, &str)> =
            names.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert!(assemble("{% include '0' %}", &deep).unwrap_err()[0].contains("more than 8 deep"));
        let wide = "{% include 'a' %}".repeat(60);
        let many = assemble(&"{% include 'b' %}".repeat(10), &[("a", ""), ("b", &wide)]).unwrap_err();
        assert!(many[0].contains("more than 256 snippets"), "{many:?}");
        let long = assemble(&"{% include 'a' %}".repeat(10), &[("a", &"x".repeat(4000))]).unwrap_err();
        assert!(long[0].contains("more than 16384 bytes"), "{long:?}");
    }

    #[test]
    fn a_snippet_closes_what_it_opens() {
        let all = [("a", "{% if x %}"), ("b", "x {{ y | nofilter }}"), ("c", "{% endif %}")];
        let told = assemble("{% include 'a' %}y{% endif %}{% include 'b' %}", &all).unwrap_err();
        assert!(told[0].starts_with("templates/a: "), "{told:?}");
        assert!(told[1].starts_with("templates/b: ") && told[1].contains("nofilter"), "{told:?}");
        assert!(assemble("{% if x %}y{% include 'c' %}", &all).is_err());
    }
}
