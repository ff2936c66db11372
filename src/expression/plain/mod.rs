//! The everyday part of the language without Tera: members, comparisons, `and`, `or`, `not`, `in`, `if`, and lists of
//! maps as bodies have them. Values are looked at where they are and nothing is set up for a run, which is what Tera
//! spends its time on with small expressions. What is not certainly plain is Tera's, when it is compiled; and so is a
//! run that would fail, so that every error is Tera's own. Property tests hold the two together.

mod parse;
mod text;
mod tokens;

use std::borrow::Cow;
use std::cmp::Ordering;

use tera::value::Key;
use tera::{Context, Value};

use super::words;

pub(super) use text::Template;

/// A plain expression.
#[derive(Debug, Clone)]
pub(super) enum Expr {
    Const(Value),
    Variable(String),
    /// `of.member` or `of['member']`; optional with a `?`.
    Member {
        of: Box<Expr>,
        key: Key<'static>,
        optional: bool,
    },
    /// `of[at]`.
    Item {
        of: Box<Expr>,
        at: usize,
        optional: bool,
    },
    Convert(Box<Expr>, Convert),
    /// `of | default(value=…)`.
    Default(Box<Expr>, Value),
    Not(Box<Expr>),
    Both(Box<Expr>, Operator, Box<Expr>),
    If {
        when: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    /// This and those below are written as JSON, where Tera would build values first.
    List(Vec<Expr>),
    Map(Vec<(String, Expr)>),
    /// `[item for name in list]`.
    Each {
        name: String,
        list: Box<Expr>,
        item: Box<Expr>,
    },
}

/// What stands between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    In,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A filter that takes nothing but its value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Convert {
    Lower,
    Upper,
    Text,
    Trim,
    FirstWord,
    Title,
}

/// Where names are looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    context: &'a Context,
    /// The item of a list that is gone through.
    item: Option<(&'a str, &'a Value)>,
}

impl<'a> Scope<'a> {
    pub fn of(context: &'a Context) -> Self {
        Self { context, item: None }
    }

    fn get(self, name: &str) -> Option<&'a Value> {
        match self.item {
            Some((known, item)) if known == name => Some(item),
            _ => self.context.get(name),
        }
    }
}

impl Expr {
    /// The plain expression of a source that Tera has accepted, if it is one.
    pub fn parse(source: &str) -> Option<Self> {
        let (tokens, _) = tokens::tokens(source, None)?;
        parse::Parser::new(&tokens).whole()
    }

    /// Its value; nothing where Tera would fail, or do what is not done here.
    pub fn eval<'a>(&'a self, scope: Scope<'a>) -> Option<Cow<'a, Value>> {
        match self {
            Self::Const(value) => Some(Cow::Borrowed(value)),
            Self::Variable(name) => Some(or_undefined(scope.get(name))),
            Self::Member { of, key, optional } => {
                inner(of.eval(scope)?, *optional, |of| of.as_map().map(|map| map.get(key)))
            }
            Self::Item { of, at, optional } => {
                inner(of.eval(scope)?, *optional, |of| of.as_array().map(|items| items.get(*at)))
            }
            Self::Convert(of, convert) => Some(Cow::Owned(convert.apply(&*of.eval(scope)?)?)),
            Self::Default(of, stand_in) => {
                let value = of.eval(scope)?;
                Some(if words::is_nothing(&value) { Cow::Borrowed(stand_in) } else { value })
            }
            Self::Not(of) => truth(!of.eval(scope)?.is_truthy()),
            Self::Both(left, operator, right) => {
                let left = left.eval(scope)?;
                match operator {
                    // As in Tera, the value that decides, not whether it is true.
                    Operator::Or if left.is_truthy() => Some(left),
                    Operator::And if !left.is_truthy() => Some(left),
                    Operator::Or | Operator::And => right.eval(scope),
                    _ => truth(operator.compare(&left, &*right.eval(scope)?)?),
                }
            }
            Self::If { when, then, otherwise } => {
                let branch = if when.eval(scope)?.is_truthy() { then } else { otherwise };
                branch.eval(scope)
            }
            Self::List(_) | Self::Map(_) | Self::Each { .. } => None,
        }
    }

    /// Appends its value as JSON, as [`Self::eval`] would tell it. Members stand in the order of the source.
    pub fn write_json(&self, scope: Scope<'_>, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::List(items) => write_all(b"[]", items, out, |item, out| item.write_json(scope, out)),
            Self::Map(entries) => write_all(b"{}", entries, out, |(name, value), out| {
                serde_json::to_writer(&mut *out, name).ok()?;
                out.push(b':');
                value.write_json(scope, out)
            }),
            Self::Each { name, list, item } => {
                let list = list.eval(scope)?;
                write_all(b"[]", list.as_array()?, out, |value, out| {
                    item.write_json(Scope { item: Some((name, value)), ..scope }, out)
                })
            }
            Self::If { when, then, otherwise } => {
                let branch = if when.eval(scope)?.is_truthy() { then } else { otherwise };
                branch.write_json(scope, out)
            }
            _ => {
                let value = self.eval(scope)?;
                if value.is_undefined() {
                    return None;
                }
                serde_json::to_writer(out, &*value).ok()
            }
        }
    }
}

impl Operator {
    /// Nothing where the two cannot be compared.
    fn compare(self, left: &Value, right: &Value) -> Option<bool> {
        let ordering = || left.partial_cmp(right);
        Some(match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => ordering()? == Ordering::Less,
            Self::LessOrEqual => ordering()? != Ordering::Greater,
            Self::Greater => ordering()? == Ordering::Greater,
            Self::GreaterOrEqual => ordering()? != Ordering::Less,
            Self::In => right.as_array()?.contains(left),
            Self::Or | Self::And => return None,
        })
    }
}

impl Convert {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "lower" => Self::Lower,
            "upper" => Self::Upper,
            "str" => Self::Text,
            "trim" => Self::Trim,
            "first_word" => Self::FirstWord,
            "title" => Self::Title,
            _ => return None,
        })
    }

    fn apply(self, value: &Value) -> Option<Value> {
        Some(match (self, value.as_str()) {
            (Self::Lower, Some(text)) => Value::from(text.to_lowercase()),
            (Self::Upper, Some(text)) => Value::from(text.to_uppercase()),
            (Self::Text, Some(_)) => value.clone(),
            (Self::Trim, Some(text)) => Value::from(text.trim()),
            (Self::FirstWord, Some(text)) => Value::from(words::first_word(text)),
            (Self::Title, Some(text)) => Value::from(words::title(text)),
            (Self::Text, None) if value.is_number() => Value::from(value.to_string()),
            _ => return None,
        })
    }
}

/// Appends items between two brackets, with commas between them.
fn write_all<T>(
    [open, close]: &[u8; 2],
    items: &[T],
    out: &mut Vec<u8>,
    write: impl Fn(&T, &mut Vec<u8>) -> Option<()>,
) -> Option<()> {
    out.push(*open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(item, out)?;
    }
    out.push(*close);
    Some(())
}

fn truth<'a>(value: bool) -> Option<Cow<'a, Value>> {
    Some(Cow::Owned(Value::from(value)))
}

fn or_undefined(found: Option<&Value>) -> Cow<'_, Value> {
    found.map_or_else(|| Cow::Owned(Value::undefined()), Cow::Borrowed)
}

/// What `look` finds inside a value. It answers nothing for a value that has no insides of that kind.
fn inner<'a>(
    of: Cow<'a, Value>,
    optional: bool,
    look: impl Fn(&Value) -> Option<Option<&Value>>,
) -> Option<Cow<'a, Value>> {
    if of.is_undefined() || of.is_none() {
        return optional.then(|| Cow::Owned(Value::undefined()));
    }
    match of {
        Cow::Borrowed(of) => Some(or_undefined(look(of)?)),
        // Only what was made here is owned, and that has no insides.
        Cow::Owned(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::{Kind, MAX_RENDERED_BYTES, Program};
    use super::*;

    const KNOWN: [&str; 5] = ["a", "b", "c", "d", "e"];

    fn context() -> Context {
        Context::from_serialize(&json!({
            "a": {"b": {"c": 7, "d": [{"a": "x", "b": 1.5}, "y", {}]}, "a": " Text é \"&\" b", "c": null, "d": ""},
            "b": [1, 2, "x"],
            "c": null,
        }))
        .unwrap()
    }

    /// What Tera says, and what is said here, where something is.
    fn both(source: &str) -> Option<(Result<Value, String>, Option<Value>)> {
        let mut program = Program::new();
        program.add("x", source, Kind::Value, &KNOWN).ok()?;
        let plain = Expr::parse(source)?;
        let context = context();
        let tera = program.eval_by_tera("x", &context).map_err(|error| error.to_string());
        Some((tera, plain.eval(Scope::of(&context)).map(Cow::into_owned)))
    }

    /// The same of texts.
    fn both_texts(source: &str) -> Option<(Result<String, String>, Option<String>)> {
        let mut program = Program::new();
        program.add("x", source, Kind::Text, &KNOWN).ok()?;
        let plain = Template::parse(source)?;
        let (context, mut by_tera, mut out) = (context(), Vec::new(), Vec::new());
        let tera = program.render_by_tera("x", &context, MAX_RENDERED_BYTES, &mut by_tera);
        let tera = tera.map(|()| String::from_utf8(by_tera).unwrap()).map_err(|error| error.to_string());
        Some((tera, plain.render(&context, &mut out).map(|()| String::from_utf8(out).unwrap())))
    }

    #[test]
    fn everyday_expressions_are_plain() {
        for source in [
            "a.b.c",
            "a?.b?.x or 'none'",
            "a['b']?['c'] == 7",
            "a?.b?.d?[0]?.a",
            "a.b.c < 300 and a.c and a.a != 'x' and not (d or c)",
            "a?.b.c in [6, 7] or a.a not in ['text', none, true]",
            "a.a if a?.a != 'None' else none",
            "(a.b.c | str | lower) != 'success' and (a.a | upper) == a.a",
            "a.a | trim | first_word | title",
            "a.d | default(value='friend') | title",
            "e | default ( value = 7 )",
            "(a?.x?.y | default(value=none)) == c",
        ] {
            let (tera, plain) = both(source).unwrap();
            assert_eq!(tera.ok(), plain, "{source}");
        }
    }

    #[test]
    fn texts_of_requests_are_plain() {
        for source in [
            "Bearer {{ a.a }}",
            "/a/{{ (a.b.c) | segment }}/{{ a.a | path }}",
            "{\n\"a\":{{ (a.a) | json }},\"b\":{{ (b) | json }}}",
            "{{ (a.a) | __pair(name='To') }}&{{ (b) | __pair(name='n') }}{% if (c) %}&{{ (c) | __pair(name='c') }}{% endif %}",
            "{{ [a.b.c, [c, 1], a?.x] | json }} {{ [x if a else c for x in b] | json }}",
        ] {
            let (tera, plain) = both_texts(source).unwrap();
            assert_eq!(tera.ok(), plain, "{source}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_tera() {
        for source in [
            "a | length",
            "a.b.c + 1",
            "a ~ 'x'",
            "a is defined",
            "-1",
            "1.5",
            "'a\\n'",
            "a[b]",
            "b[0:1]",
            "b[-1]",
            "range(end=3)",
            "(a)['b']",
            "[...b]",
            "99999999999999999999",
            "a | str(x=1)",
            "a | default(value=b)",
            "a | default(value='x', boolean=true)",
            "a | default",
            "a | trim(pat='x')",
            "{'a': 1, 'a': 2}",
            "a }}",
            "[x for x in b if x]",
            "[x for k, x in a]",
            "[[y for y in b] for x in b]",
        ] {
            assert!(Expr::parse(source).is_none(), "{source}");
        }
        for source in [
            "{{- a }}",
            "{# a #}",
            "{% raw %}{% endraw %}",
            "{% if a %}x{% else %}y{% endif %}",
            "{% set x = a %}",
            "{{ a",
        ] {
            assert!(Template::parse(source).is_none(), "{source}");
        }
    }

    #[test]
    fn what_fails_or_looks_into_no_map_or_list_is_left_to_tera() {
        for source in
            ["a.x.y", "d.a", "d[0]", "a.a < 7", "'x' in 7", "a[0]", "b['x']", "a.a['x']", "b | lower"]
        {
            assert_eq!(both(source).unwrap().1, None, "{source}");
        }
        for source in
            ["{{ d }}", "{{ a.x }}", "{{ d | json }}", "{{ (a) | segment }}", "{{ [x.a for x in d] | json }}"]
        {
            let (tera, plain) = both_texts(source).unwrap();
            assert!(tera.is_err() && plain.is_none(), "{source}");
        }
    }

    /// Expressions, those that are not plain among them.
    fn expression() -> impl Strategy<Value = String> {
        let name = prop::sample::select(vec!["a", "a", "b", "c", "d"]);
        let member = prop::sample::select(vec![
            ".a",
            ".b",
            "?.c",
            "?.d",
            ".x",
            "?.x",
            "['b']",
            "?['b']",
            "[0]",
            "?[1]",
            " [ \"d\" ]",
        ]);
        let path = (name, prop::collection::vec(member, 0..4));
        let path = path.prop_map(|(name, rest)| name.to_owned() + &rest.concat());
        let constant = prop::sample::select(vec![
            "7",
            "0",
            "'x'",
            "\"text\"",
            "`y`",
            "''",
            "none",
            "null",
            "true",
            "False",
            "[1, 'x',]",
            "[]",
            "[7]",
            "[[1], none]",
            "1.5",
            "-1",
        ]);
        let leaf = prop_oneof![3 => path, 1 => constant.prop_map(str::to_owned)];
        let operator =
            prop::sample::select(vec!["and", "or", "in", "not in", "==", "!=", "<", "<=", ">", ">="]);
        let filter = prop::sample::select(vec![
            "lower",
            "upper",
            "str",
            "str | lower",
            "length",
            "trim",
            "first_word",
            "title",
            "default(value='x y')",
            "default(value=0) | str",
        ]);
        leaf.prop_recursive(4, 24, 3, move |inner| {
            prop_oneof![
                (inner.clone(), operator.clone(), inner.clone())
                    .prop_map(|(a, is, b)| format!("{a} {is} {b}")),
                inner.clone().prop_map(|a| format!("({a})")),
                inner.clone().prop_map(|a| format!("not {a}")),
                (inner.clone(), filter.clone()).prop_map(|(a, filter)| format!("{a} | {filter}")),
                (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("{a} if {b} else {c}")),
            ]
        })
    }

    fn text() -> impl Strategy<Value = String> {
        let filters = [
            "",
            " | json",
            " | segment",
            " | path",
            " | __pair(name='n')",
            " | upper",
            " | trim",
            " | trim(pat='x')",
            " | default(value='é') | title",
            " | json | json",
        ];
        let value = (expression(), prop::sample::select(filters.to_vec()), any::<bool>());
        let value = value.prop_map(|(expression, filter, bare)| {
            if bare {
                format!("{{{{{expression}{filter}}}}}")
            } else {
                format!("{{{{ ({expression}){filter} }}}}")
            }
        });
        let around = "[ab{}\n%#\"é]{0,3}";
        (
            expression(),
            prop::collection::vec(prop_oneof![around.prop_map(String::from), value], 0..4),
            any::<bool>(),
        )
            .prop_map(|(when, parts, optional)| {
                let text = parts.concat();
                if optional { format!("{{% if {when} %}}{text}{{% endif %}}{text}") } else { text }
            })
    }

    /// What a list of maps is made of: the order of members in what Tera writes is nobody's.
    fn list() -> impl Strategy<Value = String> {
        let inner = prop_oneof![
            expression(),
            Just("m".to_owned()),
            Just("m?.a".to_owned()),
            Just("m.a".to_owned()),
            Just("{'n': {'m': m, 'c': c,} }".to_owned()),
            Just("[m, [1] ]".to_owned()),
        ];
        let item = prop_oneof![
            inner.clone(),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{'a': {a}, \"b\": {b}}}")),
            (inner.clone(), expression(), inner.clone())
                .prop_map(|(a, b, c)| format!("{a} if {b} else {{'c': {c}}}")),
        ];
        let list = prop::sample::select(vec!["b", "a.b.d", "a", "d", "c", "a['b']?.d"]);
        (item, list).prop_map(|(item, list)| format!("{{{{ [{item} for m in {list}] | json }}}}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        /// What has a value here has the same in Tera, of the same kind; what has none fails in Tera, or is
        /// something that is not done here.
        #[test]
        fn plain_expressions_are_evaluated_as_tera_does(source in expression()) {
            let Some((tera, Some(plain))) = both(&source) else { return Ok(()) };
            let tera = tera.map(|value| (value.kind(), value));
            prop_assert_eq!(tera, Ok((plain.kind(), plain)), "{}", source);
        }

        #[test]
        fn plain_texts_are_rendered_as_tera_does(source in text()) {
            let Some((tera, Some(plain))) = both_texts(&source) else { return Ok(()) };
            prop_assert_eq!(tera, Ok(plain), "{}", source);
        }

        #[test]
        fn lists_of_maps_are_written_as_tera_does(source in list()) {
            let Some((tera, Some(plain))) = both_texts(&source) else { return Ok(()) };
            let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).map_err(|error| error.to_string());
            prop_assert_eq!(tera.and_then(|text| json(&text)), json(&plain), "{}", source);
        }

        /// Any text at all: what is taken for plain is what Tera takes it for.
        #[test]
        fn any_text_is_read_as_tera_does(source in "[ab.?'\\[\\]()01=!<|in tofrde]{1,12}") {
            let Some((tera, Some(plain))) = both(&source) else { return Ok(()) };
            prop_assert_eq!(tera, Ok(plain), "{}", source);
        }
    }
}
