//! Which ways a text takes: every body of its `{% if … %}`, and the way around one without an `{% else %}`. A copy of the
//! text with a mark at the head of each says, when it is rendered, which ones were taken. A mark writes nothing and takes
//! the white space that the tag before it takes, so that the copy reads as the text does.

use std::cell::RefCell;
use std::ops::Range;

use tera::{Kwargs, State, Value};

use super::parts::{Part, What, keyword, parts};
use super::program::Program;

/// Tells that a way is taken, by its number.
const SEEN: &str = "__seen";

thread_local! {
    static TAKEN: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// One way through a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The tag that opens it; where it goes around an `if` without an `else`, the `if`.
    pub tag: Range<usize>,
    /// Whether it goes around: nothing is written.
    pub goes_around: bool,
}

/// The ways through a text, in the order in which their tags stand.
pub fn branches(source: &str) -> Vec<Branch> {
    found(source).into_iter().map(|(branch, _)| branch).collect()
}

/// What is put into a source: where, and what.
type Mark = (usize, String);

/// The source with a mark for each of its branches.
fn marked(source: &str) -> String {
    let mut marks: Vec<Mark> = found(source).into_iter().map(|(_, mark)| mark).collect();
    marks.sort_by_key(|(at, _)| *at);
    let mut out = String::with_capacity(source.len() * 2);
    let mut from = 0;
    for (at, mark) in marks {
        out.push_str(source.get(from..at).unwrap_or_default());
        out.push_str(&mark);
        from = at;
    }
    out + source.get(from..).unwrap_or_default()
}

/// An `if` or a `for` that is open.
struct Open {
    is_if: bool,
    tag: Range<usize>,
    has_else: bool,
}

fn found(source: &str) -> Vec<(Branch, Mark)> {
    let mut all = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for part in parts(source).iter().filter(|part| part.what == What::Tag) {
        let tag = part.whole.clone();
        match keyword(source.get(part.inner.clone()).unwrap_or_default()) {
            "if" => {
                open.push(Open { is_if: true, tag: tag.clone(), has_else: false });
                body(&mut all, part);
            }
            "for" => open.push(Open { is_if: false, tag, has_else: false }),
            "elif" => body(&mut all, part),
            "else" => {
                open.last_mut().into_iter().for_each(|open| open.has_else = true);
                body(&mut all, part);
            }
            "endif" | "endfor" => {
                if let Some(open) = open.pop().filter(|open| open.is_if && !open.has_else) {
                    around(&mut all, &open, part);
                }
            }
            _ => {}
        }
    }
    // Ways around are found at the end of their tag.
    all.sort_by_key(|(branch, _)| (branch.tag.start, branch.goes_around));
    for (number, (_, (_, mark))) in all.iter_mut().enumerate() {
        *mark = mark.replace('#', &number.to_string());
    }
    all
}

/// What stands behind a tag.
fn body(all: &mut Vec<(Branch, Mark)>, part: &Part) {
    let dash = if part.trims_after { "-" } else { "" };
    let mark = format!("{{{{ # | {SEEN} {dash}}}}}");
    all.push((Branch { tag: part.whole.clone(), goes_around: false }, (part.whole.end, mark)));
}

/// The way around an `if` that has no `else`.
fn around(all: &mut Vec<(Branch, Mark)>, open: &Open, end: &Part) {
    let dash = if end.trims_before { "-" } else { "" };
    let mark = format!("{{%{dash} else %}}{{{{ # | {SEEN} }}}}");
    let branch = Branch { tag: open.tag.clone(), goes_around: true };
    all.push((branch, (end.whole.start, mark)));
}

impl Program {
    /// The source to add in place of another one, to be told which branches it takes.
    pub fn marked(&mut self, source: &str) -> String {
        self.tera.register_filter(SEEN, |value: &Value, _: Kwargs, _: &State| {
            let number = value.as_u128().and_then(|number| usize::try_from(number).ok());
            TAKEN.with_borrow_mut(|taken| taken.extend(number));
            String::new()
        });
        marked(source)
    }
}

/// What `run` returns, and the branches that marked sources took on this thread meanwhile, sorted, each once.
pub fn taken<T>(run: impl FnOnce() -> T) -> (T, Vec<usize>) {
    TAKEN.with_borrow_mut(Vec::clear);
    let out = run();
    let mut taken = TAKEN.with_borrow_mut(std::mem::take);
    taken.sort_unstable();
    taken.dedup();
    (out, taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::expression::{Context, Kind};

    /// What a source writes, and what its copy does, with the tags of the branches that it took.
    fn both(source: &str, values: &[(&str, &str)]) -> (String, String, Vec<String>) {
        let known: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        let mut context = Context::new();
        values.iter().for_each(|(name, value)| context.insert((*name).to_owned(), value));
        let mut plain = Program::new();
        plain.add("x", source, Kind::Text, &known).unwrap();
        let mut out = String::new();
        plain.render("x", &context, &mut out).unwrap();
        let mut watched = Program::new();
        let copy = watched.marked(source);
        watched.add("x", &copy, Kind::Text, &known).unwrap_or_else(|problems| panic!("{copy}: {problems:?}"));
        let mut again = String::new();
        let (rendered, taken) = taken(|| watched.render("x", &context, &mut again));
        rendered.unwrap();
        let all = branches(source);
        let told = |at: usize| {
            let branch = &all[at];
            format!("{}{}", if branch.goes_around { "not " } else { "" }, &source[branch.tag.clone()])
        };
        (out, again, taken.into_iter().map(told).collect())
    }

    #[track_caller]
    fn takes(source: &str, values: &[(&str, &str)], tags: &[&str]) {
        let (out, again, taken) = both(source, values);
        assert_eq!(out, again, "{source}");
        assert_eq!(taken, tags, "{source}");
    }

    #[test]
    fn each_branch_that_is_taken_is_told() {
        let source = "{% if a == '1' %}one{% elif a == '2' %}two{% else %}{% if b %}b{% endif %}{% endif %}";
        takes(source, &[("a", "1"), ("b", "")], &["{% if a == '1' %}"]);
        takes(source, &[("a", "2"), ("b", "")], &["{% elif a == '2' %}"]);
        takes(source, &[("a", "3"), ("b", "x")], &["{% else %}", "{% if b %}"]);
        takes(source, &[("a", "3"), ("b", "")], &["{% else %}", "not {% if b %}"]);
        assert_eq!(branches(source).len(), 5);
    }

    #[test]
    fn white_space_is_taken_as_before() {
        for source in [
            "x {%- if a -%}  y  {%- endif -%}  z",
            "x {%- if a -%}  y  {%- else -%}  n  {%- endif -%}  z",
            "x {% if a %} {{- a }} {% endif %} z",
            "x {% if a -%} {{ a -}} {%- elif a == '' %} {# c -#} {% endif %} z",
        ] {
            for value in ["", "1"] {
                let (out, again, taken) = both(source, &[("a", value)]);
                assert_eq!(out, again, "{source}");
                assert_eq!(taken.len(), 1, "{source}");
            }
        }
    }

    #[test]
    fn what_is_set_aside_filtered_or_raw_reads_as_before() {
        let source = "{% set x %}{% if a %}long {{ a }}{% endif %}{% endset %}{% if x | length > 3 %}L{% else %}S{% endif %}\
                      {% filter upper %}{% if a %}up{% endif %}{% endfilter %}{% raw %}{% if z %}{% endraw %}{# {% if #}";
        takes(source, &[("a", "b")], &["{% if a %}", "{% if x | length > 3 %}", "{% if a %}"]);
        takes(source, &[("a", "")], &["not {% if a %}", "{% else %}", "not {% if a %}"]);
    }

    #[test]
    fn loops_tell_what_they_take_on_the_way_and_whether_they_never_begin() {
        let source =
            "{% for c in a | split(pat=',') %}{% if c == 'x' %}!{% endif %}{% else %}none{% endfor %}";
        takes(source, &[("a", "x,y")], &["{% if c == 'x' %}", "not {% if c == 'x' %}"]);
    }

    /// Texts of branches in branches, with dashes anywhere, in blocks that look at what was written.
    fn texts() -> impl Strategy<Value = String> {
        let leaf = prop_oneof!["[a-c \n]{0,6}", Just("{{ a }}".to_owned()), Just("{# if #}".to_owned())];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let many = proptest::collection::vec(inner, 1..4).prop_map(|all| all.concat());
            let dash = || prop_oneof![Just(""), Just("-")];
            prop_oneof![
                (many.clone(), many.clone(), many.clone(), dash(), dash(), 0..4_u8).prop_map(
                    |(one, other, third, before, behind, shape)| {
                        let elif = match shape {
                            0 | 1 => String::new(),
                            _ => format!("{{%{behind} elif b == 'y' {before}%}}{other}"),
                        };
                        let otherwise = match shape {
                            0 | 2 => String::new(),
                            _ => format!("{{%{before} else {behind}%}}{third}"),
                        };
                        format!(
                            "{{%{before} if a == 'x' {behind}%}}{one}{elif}{otherwise}{{%{behind} endif {before}%}}"
                        )
                    }
                ),
                (many.clone(), dash()).prop_map(|(inside, dash)| {
                    format!("{{% filter upper {dash}%}}{inside}{{%{dash} endfilter %}}")
                }),
                many.prop_map(|inside| {
                    format!("{{% set s %}}{inside}{{% endset %}}{{% if s | length > 4 %}}{{{{ s }}}}{{% endif %}}")
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_copy_with_marks_reads_as_the_text_does(source in texts(), a in "[xy]?", b in "[xy]?") {
            let (out, again, _) = both(&source, &[("a", &a), ("b", &b)]);
            prop_assert_eq!(out, again, "{}", source);
        }
    }
}
