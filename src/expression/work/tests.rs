//! Counters change nothing about what comes out, and nothing takes more than a run may.

use proptest::prelude::*;
use serde_json::json;

use super::super::{Context, EvalError, Kind, MAX_RENDERED_BYTES, Program};
use super::*;

const KNOWN: [&str; 3] = ["a", "b", "m"];

fn context(a: &str) -> Context {
    Context::from_serialize(
        &json!({"a": a, "b": ["x", "yy", "x"], "m": {"k": "Text é", "l": [1, 2, 3], "n": {"k": "deep"}}}),
    )
    .unwrap()
}

fn program(source: &str) -> Program {
    let mut program = Program::new();
    program.add("x", source, Kind::Text, &KNOWN).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
    program
}

/// What comes out with counters where there are any, and without. Tera names what is undefined only where nothing
/// stands behind it, so the words of errors are not held together.
fn both(source: &str) -> Option<(Option<String>, Option<String>)> {
    let mut program = Program::new();
    program.add("x", source, Kind::Text, &KNOWN).ok()?;
    let context = context("some text");
    let mut out = Vec::new();
    let counted = program.render_by_tera("x", &context, MAX_RENDERED_BYTES, &mut out);
    let counted = counted.map(|()| String::from_utf8(out).unwrap());
    program.tera.add_raw_template("x", source).unwrap();
    begin(u64::MAX);
    let plain = program.tera.render("x", &context);
    Some((counted.ok(), plain.ok()))
}

#[test]
fn sources_without_loops_are_left_as_they_are() {
    for source in ["{% if a == 'x' %}y{% else %}{{ a | upper }}{% endif %}", "{{ a ~ m.k }}", "plain"] {
        assert!(meter(source, Kind::Text).unwrap().is_none(), "{source}");
    }
    assert!(meter("city == 'x' and age | int > 3", Kind::Value).unwrap().is_none());
    assert!(meter(&"{{ a }}".repeat(MOST), Kind::Text).unwrap().is_none());
    assert!(meter(&"{{ a }}".repeat(MOST + 1), Kind::Text).unwrap().is_some());
}

const MOST: usize = 40;

#[test]
fn counters_stand_behind_what_is_used_and_around_what_is_gone_through() {
    let counted = |source| meter(source, Kind::Text).unwrap().unwrap().text;
    assert_eq!(
        counted("{% for k, v in m.n %}{{ v }}{% endfor %}"),
        "{% for k, v in (m.n | __weigh) | __turns(by=40) %}{{ v | __weigh }}{% endfor %}"
    );
    assert_eq!(
        counted("{% set x = [i[0] | upper for i in b if i is not defined] %}"),
        "{% set x = [i[0] | __weigh | upper for i in (b | __weigh) | __turns(by=45) if i | __weigh is not defined] %}"
    );
    assert_eq!(
        counted("{{ m['k'][1:] ~ replace(x=loop.index) }}"),
        "{{ m['k'] | __weigh[1:] | __weigh ~ replace(x=loop.index | __weigh) }}"
    );
    assert_eq!(counted("{% set x | upper %}{% endset %}"), "{% set x | __weigh | upper %}{% endset %}");
}

#[test]
fn errors_point_into_the_source_as_given() {
    let source = "{% for i in b %}{{ i }}{{ m.k | int }}{% endfor %}";
    let failed = program(source).render("x", &context("a"), &mut String::new()).unwrap_err();
    let EvalError::Failed { span, .. } = failed else { panic!() };
    assert_eq!(&source[span], "int");
    let source = "{% set l = a | split(pat='') %}{% for i in l %}{% for j in l %}{% for k in l %}{% endfor %}{% endfor %}{% endfor %}";
    let failed = program(source).render("x", &context(&"a".repeat(1000)), &mut String::new()).unwrap_err();
    let EvalError::Failed { span, message } = failed else { panic!() };
    assert!(message.contains("too much work"), "{message}");
    assert_eq!((&source[span.clone()], span.start > source.find("{% for").unwrap()), ("l", true));
}

#[test]
fn fault_59_no_source_takes_more_work_than_a_run_may() {
    let long = "é&\"<".repeat(6_000);
    let long: String = long.chars().enumerate().map(|(at, c)| if at % 7 == 0 { ' ' } else { c }).collect();
    let sources = [
        "{% for i in a %}{% for j in a %}{% endfor %}{% endfor %}",
        "{% for i in a %}{% for j in 'abcdefghijklmnopqrstuvwxyz' %}{% for k in 'abcdefghijklmnopqrstuvwxyz' %}{% endfor %}{% endfor %}{% endfor %}",
        "{% set r = range(end=5000) %}{% for i in r %}{% for j in r %}{% endfor %}{% endfor %}",
        "{% for i in range(end=2000) %}{% if a[1:] == '' %}{% endif %}{% endfor %}",
        "{% for i in range(end=2000) %}{% if a | reverse == '' %}{% endif %}{% endfor %}",
        "{% for i in range(end=2000) %}{% if 'never there' in a %}{% endif %}{% endfor %}",
        "{% for i in range(end=2000) %}{% if a == a ~ 'x' %}{% endif %}{% endfor %}",
        "{{ [i for i in a if [j for j in a if j == i] | length > 0] | length }}",
        "{{ [i for i in a if a is containing(pat='never there')] | length }}",
        "{% for i in a | split(pat='') %}{% set_global a = a ~ i %}{% endfor %}",
        "{% for i in range(end=40) %}{% set_global a = a ~ a %}{% endfor %}",
        "{% for i in range(end=40) %}{% set_global b = [...b, ...b] %}{% endfor %}",
        "{% for i in range(end=9000) %}{% set_global b = [b] %}{% endfor %}",
        "{% for i in range(end=60) %}{% set_global b = [b, b] %}{% endfor %}{% if b == [b] %}{% endif %}",
        "{% for i in range(end=30) %}{% set_global b = [b, b] %}{% endfor %}{% if (b ~ 'x') == 'y' %}{% endif %}",
        "{% set x %}{% for i in a %}{{ a }}{% endfor %}{% endset %}",
        "{% filter upper %}{% for i in a %}{{ a }}{% endfor %}{% endfilter %}",
        "{% for i in range(end=1000) %}{% if a | split(pat='') | sort | length == 7 %}{% endif %}{% endfor %}",
    ];
    let repeated = [
        format!("{{% if {} %}}{{% endif %}}", ["a ~ a"; 60].join(" ~ ") + " == 'x'"),
        format!("{{{{ a{} }}}}", " | json".repeat(60)),
        format!("{{% set x0 = a %}}{}", (0..400).map(doubled).collect::<String>()),
        "{% if a[1:] == '' %}{% endif %}".repeat(500),
        "{% if a | title == '' %}{% endif %}".repeat(400),
        format!("{{% if a{} == '' %}}{{% endif %}}", "[0:70000]".repeat(100)),
    ];
    for source in sources.iter().map(|source| (*source).to_owned()).chain(repeated) {
        let mut out = String::new();
        let result = program(&source).render("x", &context(&long), &mut out);
        assert!(result.is_err(), "{source} makes {} bytes", out.len());
    }
}

fn doubled(at: usize) -> String {
    format!("{{% set x{} = x{at} ~ x{at} %}}", at + 1)
}

#[test]
fn what_calls_itself_or_brings_in_other_texts_is_not_offered() {
    for (source, tag) in [
        ("x{% component c() %}{% endcomponent c %}", "component"),
        ("{% block b %}{% endblock %}", "block"),
        ("{% extends 'x' %}", "extends"),
        ("{%- include 'x' -%}", "include"),
    ] {
        let problems = Program::new().add("x", source, Kind::Text, &KNOWN).unwrap_err();
        assert!(problems[0].message.contains(tag), "{problems:?}");
        assert!(source[problems[0].span.clone()].starts_with("{%"), "{source}");
    }
}

#[test]
fn ordinary_loops_have_room() {
    let cart = "{% for one in a | split(pat=';') %}{{ loop.index }}. {{ one | trim }}{% if not loop.last %}, {% endif %}{% endfor %}";
    let cell = "2 x Tea, 350 g; ".repeat(400);
    let mut out = String::new();
    program(cart).render("x", &context(&cell), &mut out).unwrap();
    assert!(out.starts_with("1. 2 x Tea, 350 g, 2. "), "{out}");
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a",
        "m.k",
        "m['k']",
        "m.n.k",
        "m?.none?.x",
        "b[1]",
        "b[0:2]",
        "'t'",
        "3",
        "i",
        "loop.index",
        "a[1:3]",
        "m.l",
        "(a)",
        "-1",
        "[a, 'x']",
        "range(end=3)",
        "none",
        "b[m.l[0]]",
        "{'k': a}.k",
        "a[::-1]",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        let operator =
            prop::sample::select(vec!["and", "or", "~", "==", "!=", "in", "not in", "<", "+", "*"]);
        let filter = prop::sample::select(vec![
            "upper",
            "length",
            "str",
            "reverse",
            "json",
            "split(pat='t')",
            "join(sep=a)",
            "first",
            "sort",
            "default(value=a)",
            "unique",
            "int(base=10)",
            "replace(from='t', to=m.k)",
        ]);
        let test = prop::sample::select(vec!["defined", "not string", "containing(pat=a)", "not none"]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, is, b)| format!("{a} {is} {b}")),
            (inner.clone(), filter.clone()).prop_map(|(a, filter)| format!("{a} | {filter}")),
            (inner.clone(), filter).prop_map(|(a, filter)| format!("({a}) | {filter}[0:1]")),
            (inner.clone(), test).prop_map(|(a, test)| format!("{a} is {test}")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} if {b} else {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a} for i in {b} if i]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a} for j, i in {b}]")),
            inner.clone().prop_map(|a| format!("not {a}")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("[...{a}, {b}]")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        expression().prop_map(|a| format!("{{{{ {a} }}}}")),
        expression().prop_map(|a| format!("{{{{- {a} -}}}}")),
        Just(" text ".to_owned()),
    ];
    one.prop_recursive(3, 12, 3, |inner| {
        let tag = prop_oneof![
            expression().prop_map(|a| (format!("{{% for i in {a} %}}"), "{% endfor %}")),
            expression().prop_map(|a| (format!("{{% for i in {a} -%}}"), "{%- else %}none{% endfor %}")),
            expression().prop_map(|a| (format!("{{% for j, i in {a} %}}"), "{% endfor %}")),
            expression().prop_map(|a| (format!("{{% if {a} %}}"), "{% elif a %}y{% else %}n{% endif %}")),
            expression().prop_map(|a| (format!("{{% set i = {a} %}}{{{{ i }}}}"), "")),
            Just(("{% set i | upper %}".to_owned(), "{% endset %}{{ i }}")),
            Just(("{% filter replace(from='x', to=a) | upper %}".to_owned(), "{% endfilter %}")),
        ];
        (tag, prop::collection::vec(inner, 1..3))
            .prop_map(|((open, close), inner)| format!("{open}{}{close}", inner.concat()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn counters_change_nothing(source in text()) {
        let source = format!("{{% set i = a %}}{source}");
        if let Some((counted, plain)) = both(&source) {
            prop_assert_eq!(counted, plain, "{}", source);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn fault_59_whatever_a_source_does_it_ends(source in text(), again in text()) {
        let mut program = Program::new();
        let source = format!("{{% set i = a %}}{{% for j in a %}}{{% for k in a %}}{source}{{% endfor %}}{again}{{% endfor %}}");
        if program.add("x", &source, Kind::Text, &KNOWN).is_ok() {
            let mut out = String::new();
            let _ = program.render("x", &context(&"é x".repeat(2_000)), &mut out);
            prop_assert!(out.len() <= MAX_RENDERED_BYTES);
        }
    }

}

proptest! {
    #[test]
    fn no_text_breaks_the_counters(source in "[a-c{}%#'\"|~=:.,?()\\[\\] \\-\\\\é]{0,60}") {
        let _ = meter(&source, Kind::Text);
        let _ = meter(&source, Kind::Value);
    }
}
