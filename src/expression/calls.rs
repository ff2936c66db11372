//! Calls of filters in sources, found without running them: a filter that nobody knows, an option that it does not
//! have, or one that cannot be right is told when a source is compiled, not when the first row comes.

use std::ops::Range;

use tera::{Kwargs, Value};

use super::names::{code, words};
use super::parts::quoted;
use super::{Kind, Problem};
use crate::diagnostic::{did_you_mean, listing};

/// A filter, as sources call it: `value | name(option=…)`.
#[derive(Debug)]
pub struct Filter {
    /// Its name.
    pub name: &'static str,
    /// What it can be told.
    pub options: &'static [Choice],
    /// What becomes of a value; or why nothing does.
    pub apply: fn(&Value, Options<'_>) -> Result<Value, String>,
}

/// An option of a filter.
#[derive(Debug)]
pub struct Choice {
    /// Its name.
    pub name: &'static str,
    /// Whether nothing goes without it.
    pub is_needed: bool,
    /// Why a value is none for it. [`Filter::apply`] refuses the same ones: they may come from a row.
    pub check: fn(&Value) -> Result<(), String>,
}

/// What a filter is told in one call.
#[derive(Debug, Clone, Copy)]
pub struct Options<'k>(&'k Kwargs);

impl<'k> Options<'k> {
    pub(super) fn of(kwargs: &'k Kwargs) -> Self {
        Self(kwargs)
    }

    /// The value of an option, where it is given.
    pub fn get(&self, name: &'k str) -> Option<&'k Value> {
        self.0.get::<&Value>(name).ok().flatten()
    }
}

/// Tera's own filters, those that ours have taken the place of left out.
const OF_TERA: [&str; 31] = [
    "abs",
    "capitalize",
    "escape",
    "escape_html",
    "escape_xml",
    "first",
    "float",
    "get",
    "group_by",
    "indent",
    "int",
    "join",
    "keys",
    "last",
    "length",
    "lower",
    "newlines_to_br",
    "nth",
    "pairs",
    "pluralize",
    "replace",
    "reverse",
    "round",
    "sort",
    "split",
    "str",
    "trim",
    "unique",
    "upper",
    "values",
    "wordcount",
];

/// One call of a filter, in bytes of its source.
struct Call<'s> {
    name: &'s str,
    span: Range<usize>,
    /// The text in quotes that it is applied to, without them.
    on: Option<&'s str>,
    options: Vec<Given<'s>>,
}

/// An option as it is written.
struct Given<'s> {
    name: &'s str,
    span: Range<usize>,
    /// Where nothing has to be run for it.
    value: Option<Value>,
}

/// What is wrong with the calls of filters that are told their options by name.
pub(super) fn misuses(source: &str, kind: Kind, filters: &[&'static Filter]) -> Vec<Problem> {
    let known = |call: &Call<'_>| filters.iter().rev().find(|filter| filter.name == call.name).copied();
    let calls = calls(source, kind);
    calls.iter().filter_map(|call| Some(misused(known(call)?, call))).flatten().collect()
}

/// The filters of ours that a source applies.
pub(super) fn applied(source: &str, kind: Kind, filters: &[&'static Filter]) -> Vec<&'static str> {
    let calls = calls(source, kind);
    let applied = filters.iter().filter(|filter| calls.iter().any(|call| call.name == filter.name));
    applied.map(|filter| filter.name).collect()
}

fn misused(filter: &Filter, call: &Call<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for given in &call.options {
        let names = filter.options.iter().map(|option| option.name);
        let wrong = match filter.options.iter().find(|option| option.name == given.name) {
            Some(option) => given
                .value
                .as_ref()
                .and_then(|value| (option.check)(value).err())
                .map(|why| (format!("`{}` of the filter `{}`: {why}", option.name, filter.name), None)),
            None => Some((
                format!("the filter `{}` has no option `{}`", filter.name, given.name),
                Some(match did_you_mean(given.name, names.clone()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it takes {}", listing(names)),
                }),
            )),
        };
        let problem = |(message, help)| Problem { message, span: given.span.clone(), help };
        problems.extend(wrong.map(problem));
    }
    let missing = filter.options.iter().filter(|option| option.is_needed);
    let missing = missing.filter(|option| call.options.iter().all(|given| given.name != option.name));
    problems.extend(missing.map(|option| Problem {
        message: format!("the filter `{}` needs `{}`", filter.name, option.name),
        span: call.span.clone(),
        help: Some(format!("as in `{}({}=…)`", filter.name, option.name)),
    }));
    problems
}

/// A slip that Tera has found, with what may have been meant where it is about a filter.
pub(super) fn explained(
    mut problem: Problem,
    source: &str,
    kind: Kind,
    filters: &[&'static Filter],
) -> Problem {
    if let Some(name) =
        problem.message.strip_prefix("unknown filter `").and_then(|rest| rest.strip_suffix('`'))
    {
        let names = || filters.iter().map(|filter| filter.name).chain(OF_TERA);
        problem.help = Some(match did_you_mean(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", listing(filters.iter().map(|filter| filter.name))),
        });
        let call = calls(source, kind).into_iter().find(|call| call.name == name);
        problem.span = call.map_or(problem.span, |call| call.span);
    } else if problem.message.ends_with("stands where a name should") && opens_options(source, &problem.span)
    {
        problem.message = "cannot be read: an option of a filter has its name before it".to_owned();
        problem.help = Some("as in `default(value=\"friend\")`".to_owned());
    }
    problem
}

/// Whether what stands there is the first thing between the brackets behind a name.
fn opens_options(source: &str, span: &Range<usize>) -> bool {
    source.get(..span.start).is_some_and(|before| {
        let before = before.trim_end();
        before.ends_with('(') && before.trim_end_matches('(').ends_with(|c: char| c.is_ascii_alphanumeric())
    })
}

/// The calls in a source, in order.
fn calls(source: &str, kind: Kind) -> Vec<Call<'_>> {
    let mut found = Vec::new();
    for tag in code(source, kind) {
        let text = source.get(tag.clone()).unwrap_or_default();
        for word in words(text) {
            let before = text.get(..word.start).unwrap_or_default().trim_end();
            let is_call = before.ends_with('|') || before.trim_start() == "filter";
            let Some(name) = text.get(word.clone()).filter(|_| is_call) else { continue };
            let options = options(text, word.end, tag.start);
            let span = word.start + tag.start..word.end + tag.start;
            found.push(Call { name, span, on: constant(before), options });
        }
    }
    found
}

/// The text in quotes that stands before a `|`, and whose value is what is written.
fn constant(before: &str) -> Option<&str> {
    let before = before.strip_suffix('|')?.trim_end();
    let mut at = 0;
    while at < before.len() {
        let length = before.as_bytes().get(at..).and_then(quoted);
        let whole = before.get(at..).filter(|_| length == Some(before.len() - at));
        if let Some(inner) = whole.and_then(|whole| whole.get(1..whole.len().checked_sub(1)?)) {
            return Some(inner).filter(|inner| !inner.contains('\\'));
        }
        at += length.unwrap_or(1);
    }
    None
}

/// Whether a source somewhere applies a filter without giving it this option.
pub fn applies_without(source: &str, kind: Kind, filter: &str, option: &str) -> bool {
    let lacks = |call: &Call<'_>| call.options.iter().all(|given| given.name != option);
    calls(source, kind).iter().any(|call| call.name == filter && lacks(call))
}

/// The options of this name that a source gives a filter where it is applied to a text in quotes: that text, and the
/// place of the option.
pub fn given_on_texts<'s>(
    source: &'s str,
    kind: Kind,
    filter: &str,
    option: &str,
) -> Vec<(&'s str, Range<usize>)> {
    let calls = calls(source, kind).into_iter().filter(|call| call.name == filter);
    let given = calls.filter_map(|call| {
        let given = call.options.into_iter().find(|given| given.name == option)?;
        Some((call.on?, given.span))
    });
    given.collect()
}

/// What stands between the brackets behind `from`, if there are some. `shift` is where the tag begins.
fn options(tag: &str, from: usize, shift: usize) -> Vec<Given<'_>> {
    let rest = tag.get(from..).unwrap_or_default();
    let Some(inner) = rest.trim_start().strip_prefix('(') else { return Vec::new() };
    let mut start = tag.len() - inner.len();
    let mut found = Vec::new();
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(&byte) = tag.as_bytes().get(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' if depth == 0 => {
                found.extend(given(tag, start..at, shift));
                break;
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                found.extend(given(tag, start..at, shift));
                start = at + 1;
            }
            _ => {}
        }
        at += tag.as_bytes().get(at..).and_then(quoted).unwrap_or(1);
    }
    found
}

fn given(tag: &str, at: Range<usize>, shift: usize) -> Option<Given<'_>> {
    let text = tag.get(at.clone())?;
    let (name, value) = text.split_once('=')?;
    let start = at.start + (text.len() - text.trim_start().len()) + shift;
    let span = start..start + text.trim().len();
    Some(Given { name: name.trim(), span, value: literal(value.trim()) })
}

/// A value that is what is written.
fn literal(text: &str) -> Option<Value> {
    let quoted = ['"', '\'', '`'].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    match (quoted, text) {
        (Some(inner), _) if !inner.contains(['\\', '"', '\'', '`']) => Some(Value::from(inner)),
        (None, "true" | "True") => Some(Value::from(true)),
        (None, "false" | "False") => Some(Value::from(false)),
        (None, number) => number.parse::<i64>().ok().map(Value::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Program;
    use super::*;

    fn problems(source: &str) -> Vec<(String, String, Option<String>)> {
        let found = Program::new().add("x", source, Kind::Text, &["a"]).err().unwrap_or_default();
        let shown = |problem: Problem| (problem.message, source[problem.span].to_owned(), problem.help);
        found.into_iter().map(shown).collect()
    }

    fn help(source: &str) -> String {
        problems(source).remove(0).2.unwrap_or_default()
    }

    #[test]
    fn a_filter_that_nobody_knows_is_told_with_the_nearest() {
        let (message, at, help) = problems("{{ a }} {{ a | upper | frist_word }}").remove(0);
        assert_eq!((message.as_str(), at.as_str()), ("unknown filter `frist_word`", "frist_word"));
        assert_eq!(help.as_deref(), Some("did you mean `first_word`?"));
        assert_eq!(self::help("{% filter uper %}{{ a }}{% endfilter %}"), "did you mean `upper`?");
        assert_eq!(self::help("{{ a | zzz }}"), "there are `default`, `first_word`, `title` or `truncate`");
    }

    #[test]
    fn options_that_cannot_be_are_told_with_their_places() {
        let (message, at, help) = problems("{{ a | default(valeu=\"x, (y\") }}").remove(0);
        assert_eq!(message, "the filter `default` has no option `valeu`");
        assert_eq!((at.as_str(), help.as_deref()), ("valeu=\"x, (y\"", Some("did you mean `value`?")));
        let (message, at, _) = problems("{{ a | truncate( end='', length = \"x\" ) }}").remove(0);
        assert_eq!(message, "`length` of the filter `truncate`: it is a whole number such as `20`, not `x`");
        assert_eq!(at, "length = \"x\"");
        assert_eq!(problems("{{ a | truncate }}")[0].0, "the filter `truncate` needs `length`");
        assert!(
            problems("{{ 'a | truncate' }}{{ a | default(value=a | trim(pat=')')) | title }}").is_empty()
        );
    }

    #[test]
    fn escaped_quotes_hide_neither_options_nor_calls() {
        assert!(problems(r#"{{ a | default(value="it\"s") }}"#).is_empty());
        assert_eq!(problems(r#"{{ "\"" ~ a | truncate }}"#)[0].0, "the filter `truncate` needs `length`");
        let (_, at, _) = problems(r#"{{ a | default(value="\", x", valeu=1) }}"#).remove(0);
        assert_eq!(at, "valeu=1");
    }

    #[test]
    fn blocks_of_filters_are_seen_behind_any_white_space() {
        for source in ["{%\nfilter truncate %}", "{%-\tfilter\ttruncate %}", "{%- filter\n truncate -%}"] {
            let found = problems(&format!("{source}{{{{ a }}}}{{% endfilter %}}"));
            assert_eq!(found[0].0, "the filter `truncate` needs `length`", "{source}");
        }
    }

    #[test]
    fn an_option_without_its_name_is_explained() {
        assert_eq!(help("{{ a | default(\"friend\") }}"), "as in `default(value=\"friend\")`");
    }

    #[test]
    fn the_filters_that_are_called_tera_s_are() {
        for name in OF_TERA {
            let unknown = problems(&format!("{{{{ a | {name} }}}}"));
            assert!(unknown.is_empty(), "{name}: {unknown:?}");
        }
    }
}
