//! A tree held against a schema: every unknown, doubled, missing or mistyped key is reported in one
//! pass, and what is wrong is cut out of the tree so that the rest can be read on.
//!
//! Not a general validator: it knows what schemars makes of our types, and its errors are written for
//! the people who write manifests.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::tree::{Kind, Node};
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Source, Span, did_you_mean, listing};

/// Reports into `problems` and cuts what it reported.
pub(super) fn check(tree: &mut Node, schema: &Value, source: &Arc<Source>, problems: &mut Diagnostics) {
    let mut checker = Checker { root: schema, source, found: Vec::new() };
    let start = tree.span.start..tree.span.start;
    checker.node(tree, schema, "", &start);
    checker.found.sort_by_key(|one| one.labels.first().map_or(0, |label| label.span.start));
    problems.extend(checker.found);
}

struct Checker<'a> {
    root: &'a Value,
    source: &'a Arc<Source>,
    found: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    /// Whether the node can stay.
    fn node(&mut self, node: &mut Node, schema: &'a Value, path: &str, owner: &Span) -> bool {
        let schema = self.resolve(schema);
        let Value::Object(rules) = schema else { return true };
        if matches!(node.value, Kind::Null) && !path.is_empty() {
            self.error(format!("`{path}` has no value"), owner.clone(), "give it a value, or remove the key");
            return false;
        }
        if let Some(Value::Array(branches)) = rules.get("anyOf") {
            return self.union(node, branches, rules, path, owner);
        }
        if let Some(words) = self.words(rules) {
            return self.word(node, &words, path);
        }
        if !self.kind(node, rules, path) {
            return false;
        }
        match &mut node.value {
            Kind::Map(_) => self.map(node, rules, path, owner),
            Kind::List(items) => {
                if items.is_empty() && rules.contains_key("minItems") {
                    self.error(format!("`{path}` is an empty list"), node.span.clone(), "name at least one");
                    return false;
                }
                if let Some(item_schema) = rules.get("items") {
                    let mut kept = Vec::with_capacity(items.len());
                    for (at, mut item) in std::mem::take(items).into_iter().enumerate() {
                        let span = item.span.clone();
                        if self.node(&mut item, item_schema, &format!("{path}[{at}]"), &span) {
                            kept.push(item);
                        }
                    }
                    *items = kept;
                }
            }
            Kind::Int(value) => return self.range(*value, rules, path, &node.span),
            _ => {}
        }
        true
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        // Bounded: a schema of ours nests its references a few deep.
        for _ in 0..8 {
            let target = schema.get("$ref").or_else(|| match schema.get("allOf") {
                Some(Value::Array(all)) => all.first().and_then(|only| only.get("$ref")),
                _ => None,
            });
            let Some(pointer) = target.and_then(Value::as_str).and_then(|text| text.strip_prefix('#')) else {
                break;
            };
            let Some(next) = self.root.pointer(pointer) else { break };
            schema = next;
        }
        schema
    }

    /// A value that may have one of several kinds: the branch of its own kind decides.
    fn union(
        &mut self,
        node: &mut Node,
        branches: &'a [Value],
        rules: &'a Map<String, Value>,
        path: &str,
        owner: &Span,
    ) -> bool {
        let branches: Vec<&'a Value> = branches.iter().map(|branch| self.resolve(branch)).collect();
        match branches.iter().find(|branch| branch.as_object().is_some_and(|rules| fits(&node.value, rules)))
        {
            Some(branch) => {
                let sound = self.node(node, branch, path, owner);
                if !sound && branch.get("enum").is_some() {
                    self.tell_group(&branches);
                }
                sound
            }
            None => {
                let wanted: Vec<&str> =
                    branches.iter().filter_map(|one| noun(one.get("type")?.as_str()?)).collect();
                self.wrong_kind(node, path, &(wanted.join(" or ") + &example(rules)));
                false
            }
        }
    }

    /// Where a word was none, that a group of keys can stand there as well.
    fn tell_group(&mut self, branches: &[&'a Value]) {
        let keys = branches.iter().find_map(|branch| branch.get("properties")?.as_object());
        let example = |(key, rules): (&String, &Value)| {
            let first = rules.get("examples")?.get(0)?.as_str()?;
            Some(format!("{key}: \"{first}\""))
        };
        let needed = |key: &str| {
            branches
                .iter()
                .any(|one| one["required"].as_array().is_some_and(|all| all.iter().any(|name| name == key)))
        };
        let examples: Vec<String> =
            keys.into_iter().flatten().filter(|(key, _)| needed(key)).filter_map(example).collect();
        if let Some(last) = self.found.iter_mut().last().filter(|_| !examples.is_empty()) {
            last.help.push(format!("or a group of keys, as in `{{ {} }}`", examples.join(", ")));
        }
    }

    /// The fixed words a schema allows, if it is of that sort.
    fn words(&self, rules: &'a Map<String, Value>) -> Option<Vec<&'a str>> {
        if let Some(Value::Array(words)) = rules.get("enum") {
            return Some(words.iter().filter_map(Value::as_str).collect());
        }
        let Some(Value::Array(branches)) = rules.get("oneOf") else { return None };
        let mut words = Vec::new();
        for branch in branches {
            match (branch.get("const"), branch.get("enum")) {
                (Some(word), _) => words.extend(word.as_str()),
                (_, Some(Value::Array(several))) => words.extend(several.iter().filter_map(Value::as_str)),
                _ => return None,
            }
        }
        Some(words)
    }

    fn word(&mut self, node: &Node, words: &[&str], path: &str) -> bool {
        let Kind::Text(text) = &node.value else {
            self.wrong_kind(node, path, &format!("one of {}", listing(words.iter().copied())));
            return false;
        };
        if words.contains(&text.as_str()) {
            return true;
        }
        let help = match did_you_mean(text, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it can be {}", listing(words.iter().copied())),
        };
        self.error(format!("`{path}` cannot be `{text}`"), node.span.clone(), &help);
        false
    }

    fn kind(&mut self, node: &Node, rules: &Map<String, Value>, path: &str) -> bool {
        if fits(&node.value, rules) {
            return true;
        }
        let mut wanted = match rules.get("type") {
            Some(Value::String(one)) => noun(one).unwrap_or("something else").to_owned(),
            Some(Value::Array(many)) => {
                many.iter().filter_map(|one| noun(one.as_str()?)).collect::<Vec<_>>().join(" or ")
            }
            _ => "something else".to_owned(),
        };
        wanted.push_str(&example(rules));
        self.wrong_kind(node, path, &wanted);
        false
    }

    fn wrong_kind(&mut self, node: &Node, path: &str, wanted: &str) {
        let path = if path.is_empty() { "the file" } else { &format!("`{path}`") };
        let problem = Diagnostic::error(format!("{path} must be {wanted}, not {}", node.value.noun()));
        self.found.push(problem.of(Rule::WrongType).at(self.source, node.span.clone(), ""));
    }

    fn range(&mut self, value: i64, rules: &Map<String, Value>, path: &str, span: &Span) -> bool {
        let bound = |key: &str| rules.get(key).and_then(Value::as_f64);
        #[expect(clippy::cast_precision_loss, reason = "bounds in our schemas are far below 2^53")]
        let number = value as f64;
        let low = bound("minimum").filter(|low| number < *low);
        let high = bound("maximum").filter(|high| number > *high);
        let Some(limit) =
            low.map(|low| format!("at least {low}")).or(high.map(|high| format!("at most {high}")))
        else {
            return true;
        };
        self.error(format!("`{path}` must be {limit}"), span.clone(), "");
        false
    }

    fn map(&mut self, node: &mut Node, rules: &'a Map<String, Value>, path: &str, owner: &Span) {
        let Kind::Map(entries) = &mut node.value else { return };
        self.missing(entries, rules, path, owner);
        let properties = rules.get("properties").and_then(Value::as_object);
        let mut named: Vec<String> = entries.iter().map(|(key, _)| key.name.clone()).collect();
        let mut kept: Vec<(super::Key, Node)> = Vec::with_capacity(entries.len());
        for (key, mut value) in std::mem::take(entries) {
            let inner = join(path, &key.name);
            if let Some((first, _)) = kept.iter().find(|(other, _)| other.name == key.name) {
                self.twice(&key, first, &inner);
                continue;
            }
            // What was meant is read all the same, so that nothing is called missing that is only misspelled.
            let key = self.meant(key, rules, &inner, &mut named);
            let schema = properties.and_then(|known| known.get(&key.name));
            let keep = match (schema, rules.get("additionalProperties")) {
                (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => {
                    self.node(&mut value, schema, &inner, &key.span)
                }
                (None, Some(Value::Bool(false))) => {
                    self.unknown(&key, rules, &inner);
                    false
                }
                (None, _) => true,
            };
            // A key that was cut still stands for its name, so that its double is called a double.
            kept.push((key, if keep { value } else { Node { value: Kind::Null, span: 0..0 } }));
        }
        kept.retain(|(_, value)| !(matches!(value.value, Kind::Null) && value.span == (0..0)));
        *entries = kept;
    }

    /// Keys that must be there and are not. A slip of the pen is told once, where it stands.
    fn missing(
        &mut self,
        entries: &[(super::Key, Node)],
        rules: &'a Map<String, Value>,
        path: &str,
        owner: &Span,
    ) {
        let is_known = |key: &str| known(rules).any(|name| name == key);
        let slips: Vec<&str> = entries
            .iter()
            .filter(|(key, _)| !is_known(&key.name))
            .filter_map(|(key, _)| did_you_mean(&key.name, known(rules)))
            .collect();
        let required = rules.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if slips.contains(&name) || entries.iter().any(|(key, _)| key.name == name) {
                continue;
            }
            let schema = rules.get("properties").and_then(|all| all.get(name)).map(|one| self.resolve(one));
            let help = schema
                .and_then(Value::as_object)
                .and_then(first_example)
                .map(|example| format!("for example `{name}: {example}`"));
            let text = format!("`{}` is missing", join(path, name));
            self.problem(Rule::MissingKey, text, owner.clone(), &help.unwrap_or_default());
        }
    }

    fn twice(&mut self, again: &super::Key, first: &super::Key, path: &str) {
        let problem = Diagnostic::error(format!("`{path}` stands twice")).of(Rule::DuplicateKey);
        let problem = problem.at(self.source, again.span.clone(), "again here");
        self.found.push(problem.at(self.source, first.span.clone(), "first here"));
    }

    fn unknown(&mut self, key: &super::Key, rules: &Map<String, Value>, path: &str) {
        let help = match did_you_mean(&key.name, known(rules)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known keys here: {}", listing(known(rules))),
        };
        self.problem(Rule::UnknownKey, format!("unknown key `{path}`"), key.span.clone(), &help);
    }

    /// A key, or the one that it is a slip of: told, and read as what was meant where that does not stand there too.
    fn meant(
        &mut self,
        key: super::Key,
        rules: &Map<String, Value>,
        path: &str,
        named: &mut Vec<String>,
    ) -> super::Key {
        let closed = rules.get("additionalProperties") == Some(&Value::Bool(false));
        if !closed || known(rules).any(|name| name == key.name) {
            return key;
        }
        let free = |name: &&str| !named.iter().any(|other| other == name);
        let Some(near) = did_you_mean(&key.name, known(rules)).filter(free) else { return key };
        let help = format!("did you mean `{near}`?");
        self.problem(Rule::UnknownKey, format!("unknown key `{path}`"), key.span.clone(), &help);
        named.push(near.to_owned());
        super::Key { name: near.to_owned(), span: key.span }
    }

    fn error(&mut self, title: String, span: Span, help: &str) {
        self.problem(Rule::WrongValue, title, span, help);
    }

    fn problem(&mut self, rule: Rule, title: String, span: Span, help: &str) {
        let problem = Diagnostic::error(title).of(rule).at(self.source, span, "");
        self.found.push(if help.is_empty() { problem } else { problem.help(help) });
    }
}

/// What the schema shows for an example, in mid sentence.
fn example(rules: &Map<String, Value>) -> String {
    first_example(rules).map_or_else(String::new, |text| format!(" such as `{text}`"))
}

fn first_example(rules: &Map<String, Value>) -> Option<String> {
    let example = rules.get("examples")?.get(0)?;
    Some(example.as_str().map_or_else(|| example.to_string(), str::to_owned))
}

/// The keys that a schema names.
fn known(rules: &Map<String, Value>) -> impl Iterator<Item = &str> + Clone {
    let properties = rules.get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(|all| all.keys().map(String::as_str))
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn fits(value: &Kind, rules: &Map<String, Value>) -> bool {
    let one = |wanted: &str| match value {
        Kind::Null => wanted == "null",
        Kind::Bool(_) => wanted == "boolean",
        Kind::Int(_) => wanted == "integer" || wanted == "number",
        Kind::Float(_) => wanted == "number",
        Kind::Text(_) => wanted == "string",
        Kind::List(_) => wanted == "array",
        Kind::Map(_) => wanted == "object",
    };
    match rules.get("type") {
        Some(Value::String(wanted)) => one(wanted),
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).any(one),
        _ => true,
    }
}

fn noun(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "array" => "a list",
        "object" => "a group of keys",
        _ => return None,
    })
}
