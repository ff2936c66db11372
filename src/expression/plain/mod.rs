//! The everyday part of the language without Tera: members, comparisons, `and`, `or`, `not`, `in` and `if`. Values
//! are looked at where they are and nothing is set up for a run, which is what Tera spends its time on with small
//! expressions. What is not certainly plain is Tera's, when it is compiled; and so is a run that would fail, so that
//! every error is Tera's own. A property test holds the two together.

mod parse;

use std::borrow::Cow;
use std::cmp::Ordering;

use tera::value::Key;
use tera::{Context, Value};

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
    Not(Box<Expr>),
    Both(Box<Expr>, Operator, Box<Expr>),
    If {
        when: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
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

impl Expr {
    /// The plain expression of a source that Tera has accepted, if it is one.
    pub fn parse(source: &str) -> Option<Self> {
        parse::expression(source)
    }

    /// Its value; nothing where Tera would fail, or do what is not done here.
    pub fn eval<'a>(&'a self, context: &'a Context) -> Option<Cow<'a, Value>> {
        match self {
            Self::Const(value) => Some(Cow::Borrowed(value)),
            Self::Variable(name) => Some(or_undefined(context.get(name))),
            Self::Member { of, key, optional } => {
                inner(of.eval(context)?, *optional, |of| of.as_map().map(|map| map.get(key)))
            }
            Self::Item { of, at, optional } => {
                inner(of.eval(context)?, *optional, |of| of.as_array().map(|items| items.get(*at)))
            }
            Self::Not(of) => truth(!of.eval(context)?.is_truthy()),
            Self::Both(left, operator, right) => {
                let left = left.eval(context)?;
                match operator {
                    // As in Tera, the value that decides, not whether it is true.
                    Operator::Or if left.is_truthy() => Some(left),
                    Operator::And if !left.is_truthy() => Some(left),
                    Operator::Or | Operator::And => right.eval(context),
                    _ => truth(operator.compare(&left, &*right.eval(context)?)?),
                }
            }
            Self::If { when, then, otherwise } => {
                let branch = if when.eval(context)?.is_truthy() { then } else { otherwise };
                branch.eval(context)
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

    use super::super::{Kind, Program};
    use super::*;

    const KNOWN: [&str; 4] = ["a", "b", "c", "d"];

    fn context() -> Context {
        Context::from_serialize(&json!({
            "a": {"b": {"c": 7, "d": [{"a": "x"}, "y"]}, "a": "text", "c": null, "d": ""},
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
        let tera = program.eval_by_tera("x", &context()).map_err(|error| error.to_string());
        Some((tera, plain.eval(&context()).map(Cow::into_owned)))
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
        ] {
            let (tera, plain) = both(source).unwrap();
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
            "[1, a]",
            "{'a': 1}",
            "'a\\n'",
            "a[b]",
            "b[0:1]",
            "b[-1]",
            "range(end=3)",
            "(a)['b']",
            "[x for x in b]",
            "[...b]",
            "99999999999999999999",
        ] {
            assert!(Expr::parse(source).is_none(), "{source}");
        }
    }

    #[test]
    fn what_fails_or_looks_into_no_map_or_list_is_left_to_tera() {
        for source in ["a.x.y", "d.a", "d[0]", "a.a < 7", "'x' in 7", "a[0]", "b['x']", "a.a['x']"] {
            assert_eq!(both(source).unwrap().1, None, "{source}");
        }
    }

    fn source() -> impl Strategy<Value = String> {
        let name = prop::sample::select(vec!["a", "b", "c", "d"]);
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
        let path = (name, prop::collection::vec(member, 0..4))
            .prop_map(|(name, rest)| name.to_owned() + &rest.concat());
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
        ]);
        let leaf = prop_oneof![3 => path, 1 => constant.prop_map(str::to_owned)];
        let operator =
            prop::sample::select(vec!["and", "or", "in", "not in", "==", "!=", "<", "<=", ">", ">="]);
        leaf.prop_recursive(4, 24, 3, move |inner| {
            prop_oneof![
                (inner.clone(), operator.clone(), inner.clone())
                    .prop_map(|(a, is, b)| format!("{a} {is} {b}")),
                inner.clone().prop_map(|a| format!("({a})")),
                inner.clone().prop_map(|a| format!("not {a}")),
                (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("{a} if {b} else {c}")),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// What has a value here has the same in Tera, of the same kind; what has none fails in Tera, or is
        /// something that is not done here.
        #[test]
        fn plain_expressions_are_evaluated_as_tera_does(source in source()) {
            let Some((tera, plain)) = both(&source) else { return Ok(()) };
            if let Some(plain) = plain {
                let tera = tera.map(|value| (value.kind(), value));
                prop_assert_eq!(tera, Ok((plain.kind(), plain)), "{}", source);
            }
        }

        /// Any text at all: what is taken for plain is what Tera takes it for.
        #[test]
        fn any_text_is_read_as_tera_does(source in "[ab.?'\\[\\]()01=!<in tofrde]{1,12}") {
            let Some((tera, Some(plain))) = both(&source) else { return Ok(()) };
            prop_assert_eq!(tera, Ok(plain), "{}", source);
        }
    }
}
