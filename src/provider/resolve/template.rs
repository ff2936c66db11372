//! Scalars with expressions in them: what kind of scalar it is, and how a tree of them becomes one text
//! program that renders to JSON, so that a request costs one render and nothing is parsed again.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::expression::{PAIR, percent_encoded};
use crate::yaml::{Kind, Node};

/// What a scalar is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// No expression in it.
    Plain,
    /// One expression and nothing else: the bytes of the bare expression. Keeps its type.
    Whole(Range<usize>),
    /// Text with expressions in it. Makes a text.
    Mixed,
}

/// A run of a scalar.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands.
    Literal(Range<usize>),
    /// The inside of `{{ … }}`.
    Expression(Range<usize>),
}

/// What kind of scalar a text is.
pub(super) fn shape(text: &str) -> Shape {
    if !has_tags(text) {
        return Shape::Plain;
    }
    let start = text.len() - text.trim_start().len();
    let end = text.trim_end().len();
    match expression_at(text, start) {
        Some((inner, after)) if after == end => Shape::Whole(inner),
        _ => Shape::Mixed,
    }
}

/// The runs of a text that holds expressions but neither statements nor comments; `None` for those.
pub(super) fn pieces(text: &str) -> Option<Vec<Piece>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = text[from..].find("{{").map(|at| from + at) {
        let (inner, after) = expression_at(text, open)?;
        found.push(Piece::Literal(from..open));
        found.push(Piece::Expression(inner));
        from = after;
    }
    found.push(Piece::Literal(from..text.len()));
    let literal = |piece: &Piece| match piece {
        Piece::Literal(at) => text[at.clone()].contains("{%") || text[at.clone()].contains("{#"),
        Piece::Expression(_) => false,
    };
    (!found.iter().any(literal)).then_some(found)
}

fn has_tags(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| text.contains(open))
}

/// The inside of the `{{ … }}` that begins at `at`, and the byte behind it. Braces in quotes do not close.
fn expression_at(text: &str, at: usize) -> Option<(Range<usize>, usize)> {
    let rest = text.get(at..)?.strip_prefix("{{")?;
    let mut quote = None;
    let bytes = rest.as_bytes();
    for (offset, &byte) in bytes.iter().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if matches!(byte, b'"' | b'\'' | b'`') => quote = Some(byte),
            None if byte == b'}' && bytes.get(offset + 1) == Some(&b'}') => {
                // `{{-` and `-}}` eat the white space around; there is none to eat around a value.
                let inner = &rest[..offset];
                let head = usize::from(inner.starts_with('-'));
                let tail = usize::from(inner.len() > head && inner.ends_with('-'));
                let start = at + 2;
                return Some((start + head..start + offset - tail, start + offset + 2));
            }
            None => {}
        }
    }
    None
}

/// The name of an entry, and whether it is left out where its value comes to nothing.
pub(super) fn optional(name: &str) -> (&str, bool) {
    name.strip_suffix('?').map_or((name, false), |name| (name, true))
}

/// Writes a tree as one text program that renders to JSON. Expressions go through the `json` filter; a
/// text around expressions is captured whole first, so that its quotes and breaks are escaped as one.
pub(super) fn json_program(node: &Node, out: &mut String) {
    let mut captures = 0;
    write_json(node, out, &mut captures);
}

fn write_json(node: &Node, out: &mut String, captures: &mut usize) {
    match &node.value {
        Kind::Text(text) => write_text(text, "json", out, captures),
        Kind::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(at, ",", out);
                write_json(item, out, captures);
            }
            out.push(']');
        }
        Kind::Map(entries) => {
            // A line break between the braces of two maps: `{{` would open a tag.
            out.push_str("{\n");
            let always = entries.iter().filter(|(key, _)| !optional(&key.name).1);
            for (at, (key, value)) in always.enumerate() {
                separate(at, ",", out);
                out.push_str(&format!("{}:", quoted(&key.name)));
                write_json(value, out, captures);
            }
            for (key, value) in entries {
                let (name, true) = optional(&key.name) else { continue };
                let Kind::Text(text) = &value.value else { continue };
                let start = format!(",{}:", quoted(name));
                write_optional(text, &start, "json", out, captures);
            }
            out.push('}');
        }
        _ => out.push_str(&node.to_json().to_string()),
    }
}

/// Writes the names and values of a form or a query as one text program. What may be left out stands last,
/// each with its `&` before it: where nothing else is there, one stands at the beginning.
pub(super) fn pairs_program(entries: &BTreeMap<String, Node>) -> String {
    let (mut out, mut captures, mut written) = (String::new(), 0, 0);
    for (name, node) in entries.iter().filter(|(name, _)| !optional(name).1) {
        let name = percent_encoded(name);
        let values = match &node.value {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for value in values {
            separate(written, "&", &mut out);
            write_pair(&name, value, &mut out, &mut captures);
            written += 1;
        }
    }
    for (name, node) in entries {
        let (name, true) = optional(name) else { continue };
        let Kind::Text(text) = &node.value else { continue };
        let filter = format!("{PAIR}(name='{}')", percent_encoded(name));
        write_optional(text, "&", &filter, &mut out, &mut captures);
    }
    out
}

fn write_pair(name: &str, value: &Node, out: &mut String, captures: &mut usize) {
    match &value.value {
        Kind::Text(text) if shape(text) == Shape::Plain => {
            out.push_str(&format!("{name}={}", percent_encoded(text)));
        }
        Kind::Text(text) => write_text(text, &format!("{PAIR}(name='{name}')"), out, captures),
        _ => {
            let text = value.to_json().to_string();
            out.push_str(&format!("{name}={}", percent_encoded(&text)));
        }
    }
}

/// A scalar through a filter.
fn write_text(text: &str, filter: &str, out: &mut String, captures: &mut usize) {
    match shape(text) {
        Shape::Plain => out.push_str(&quoted(text)),
        Shape::Whole(inner) => {
            out.push_str("{{ (");
            out.push_str(&text[inner]);
            out.push_str(&format!(") | {filter} }}}}"));
        }
        Shape::Mixed => {
            let name = capture(text, out, captures);
            out.push_str(&format!("{{{{ {name} | {filter} }}}}"));
        }
    }
}

/// The same with what stands before it, unless it comes to nothing.
fn write_optional(text: &str, before: &str, filter: &str, out: &mut String, captures: &mut usize) {
    let value = match shape(text) {
        Shape::Plain => return,
        Shape::Whole(inner) => format!("({})", &text[inner]),
        Shape::Mixed => capture(text, out, captures),
    };
    out.push_str(&format!("{{% if {value} %}}{before}{{{{ {value} | {filter} }}}}{{% endif %}}"));
}

fn capture(text: &str, out: &mut String, captures: &mut usize) -> String {
    *captures += 1;
    let name = format!("__text{captures}");
    out.push_str(&format!("{{% set {name} %}}{text}{{% endset %}}"));
    name
}

fn separate(at: usize, with: &str, out: &mut String) {
    if at > 0 {
        out.push_str(with);
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{Context, Kind as Program_, Program};

    #[test]
    fn scalars_are_told_apart() {
        let whole = |text: &str| match shape(text) {
            Shape::Whole(at) => text[at].trim().to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(whole("{{ a }}"), "a");
        assert_eq!(whole(" {{- a | f(x=\"}}\") -}} "), "a | f(x=\"}}\")");
        assert_eq!(whole("{{ a }}{{ b }}"), "Mixed");
        assert_eq!(whole("x {{ a }}"), "Mixed");
        assert_eq!(whole("{% if a %}b{% endif %}"), "Mixed");
        assert_eq!(whole("a } b"), "Plain");
        assert_eq!(whole("{{ open"), "Mixed");
    }

    #[test]
    fn pieces_cover_the_text() {
        let text = "/a/{{ id }}/b";
        assert_eq!(
            pieces(text),
            Some(vec![Piece::Literal(0..3), Piece::Expression(5..9), Piece::Literal(11..13)])
        );
        assert_eq!(pieces("/a{% if x %}"), None);
        assert_eq!(pieces("/a{{ x"), None);
    }

    fn text(value: &str) -> Node {
        Node { value: Kind::Text(value.to_owned()), span: 0..0 }
    }

    fn map(entries: Vec<(&str, Node)>) -> Node {
        let key = |name: &str| crate::yaml::Key { name: name.to_owned(), span: 0..0 };
        let entries = entries.into_iter().map(|(name, node)| (key(name), node)).collect();
        Node { value: Kind::Map(entries), span: 0..0 }
    }

    fn render(node: &Node, context: serde_json::Value) -> serde_json::Value {
        let mut source = String::new();
        json_program(node, &mut source);
        let mut program = Program::new();
        program.add("body", &source, Program_::Text, &["a", "list"]).unwrap();
        let mut out = String::new();
        program.render("body", &Context::from_serialize(&context).unwrap(), &mut out).unwrap();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    #[test]
    fn a_tree_renders_to_json_with_types_kept() {
        let node = map(vec![
            ("plain", text("say \"hi\"\n")),
            ("whole", text("{{ list }}")),
            ("mixed", text("to {{ a }}: \"x\"")),
            ("in", map(vec![("in", map(vec![("n", Node { value: Kind::Int(7), span: 0..0 })]))])),
            ("none", Node { value: Kind::Null, span: 0..0 }),
            ("many", Node { value: Kind::List(vec![text("{{ a }}"), text("b")]), span: 0..0 }),
        ]);
        let nasty = "quote \" back \\ line\nbreak \u{1} {{ no }} {% no %} é 😀";
        let got = render(&node, serde_json::json!({"a": nasty, "list": [1, "2"]}));
        assert_eq!(
            got,
            serde_json::json!({
                "plain": "say \"hi\"\n",
                "whole": [1, "2"],
                "mixed": format!("to {nasty}: \"x\""),
                "in": {"in": {"n": 7}},
                "none": null,
                "many": [nasty, "b"],
            })
        );
    }

    fn pairs(entries: &[(&str, Node)], context: serde_json::Value) -> Vec<(String, String)> {
        let entries = entries.iter().map(|(name, node)| ((*name).to_owned(), node.clone())).collect();
        let mut program = Program::new();
        program.add("form", &pairs_program(&entries), Program_::Text, &["a", "list"]).unwrap();
        let mut out = String::new();
        program.render("form", &Context::from_serialize(&context).unwrap(), &mut out).unwrap();
        url::form_urlencoded::parse(out.trim_start_matches('&').as_bytes()).into_owned().collect()
    }

    #[test]
    fn what_comes_to_nothing_is_left_out_where_its_name_says_so() {
        let node = map(vec![("maybe?", text("{{ a }}")), ("also?", text("<{{ a }}>")), ("there", text("x"))]);
        let got = render(&node, serde_json::json!({"a": "v", "list": []}));
        assert_eq!(got, serde_json::json!({"there": "x", "maybe": "v", "also": "<v>"}));
        let node = map(vec![("maybe?", text("{{ a }}")), ("there", text("x"))]);
        for nothing in [serde_json::Value::Null, "".into(), 0.into(), false.into()] {
            let got = render(&node, serde_json::json!({"a": nothing, "list": []}));
            assert_eq!(got, serde_json::json!({"there": "x"}));
        }
        let form = [("a?", text("{{ a }}")), ("b?", text("{{ list }}"))];
        assert!(pairs(&form, serde_json::json!({"a": null, "list": []})).is_empty());
        let got = pairs(&form, serde_json::json!({"a": null, "list": [1]}));
        assert_eq!(got, [("b".to_owned(), "1".to_owned())]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_survives_a_form(nasty in ".+", name in "[^{?\u{1}\u{2}]+") {
            let form = [(name.as_str(), text("{{ a }}")), ("\u{1}", text("<{{ a }}>")), ("\u{2}?", text("{{ a }}"))];
            let got: BTreeMap<String, String> =
                pairs(&form, serde_json::json!({"a": nasty, "list": []})).into_iter().collect();
            proptest::prop_assert_eq!(got.get(&name), Some(&nasty));
            proptest::prop_assert_eq!(got.get("\u{1}"), Some(&format!("<{nasty}>")));
            proptest::prop_assert_eq!(got.get("\u{2}"), Some(&nasty));
        }

        #[test]
        fn any_text_survives_the_body(nasty in ".*", key in "[^{?]*") {
            let node = map(vec![(&key, text("{{ a }}")), ("\u{1}mixed", text("<{{ a }}>"))]);
            let got = render(&node, serde_json::json!({"a": nasty, "list": []}));
            proptest::prop_assert_eq!(got.get(&key).and_then(|v| v.as_str()), Some(nasty.as_str()));
            let mixed = format!("<{nasty}>");
            proptest::prop_assert_eq!(got["\u{1}mixed"].as_str(), Some(mixed.as_str()));
        }
    }
}
