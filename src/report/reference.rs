//! A JSON Schema as a page of reference: one table for each object, in the order in which a reader meets them. It
//! is made from the schema that checks files, so that it cannot say anything else.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The reference as Markdown. Headings begin at the third level, to stand under one of a page.
pub fn markdown(schema: &Value) -> String {
    let mut reference = Reference { schema, told: Vec::new(), out: String::new() };
    let mut waiting = vec![("The file".to_owned(), schema)];
    while !waiting.is_empty() {
        let (title, object) = waiting.remove(0);
        let below = reference.section(&title, object);
        // What belongs to a section follows it.
        waiting.splice(0..0, below);
    }
    reference.out
}

struct Reference<'a> {
    schema: &'a Value,
    /// Definitions that have a section already, or will have, with its title.
    told: Vec<(String, String)>,
    out: String,
}

impl<'a> Reference<'a> {
    /// Writes the table of an object; answers the objects below it.
    fn section(&mut self, title: &str, object: &'a Value) -> Vec<(String, &'a Value)> {
        let mut below = Vec::new();
        let Some(Value::Object(properties)) = object.get("properties") else { return below };
        let required: Vec<&str> =
            object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let description = object["description"].as_str().map(flowed).unwrap_or_default();
        let _ = write!(self.out, "### {title}\n\n{description}\n\n| key | | meaning |\n|---|---|---|\n");
        let mut words = String::new();
        for (key, value) in properties {
            let must = if required.contains(&key.as_str()) { "required" } else { "" };
            let mut meaning = value["description"].as_str().map(flowed).unwrap_or_default();
            if let Some(example) = value["examples"].as_array().and_then(|all| all.first()) {
                let _ = write!(meaning, " Such as `{}`.", shown(example));
            }
            let (objects, elsewhere) = self.objects(key, title, value);
            if let Some(title) = elsewhere {
                let _ = write!(meaning, " As {title}.");
            }
            let _ = writeln!(self.out, "| `{key}` | {must} | {} |", meaning.replace('|', "\\|"));
            self.words(key, value, &mut words);
            below.extend(objects);
        }
        let _ = write!(self.out, "\n{words}");
        below
    }

    /// What a key may say, where that is a choice of words.
    fn words(&self, key: &str, value: &'a Value, out: &mut String) {
        let value = self.resolved(value).1;
        let Some(choices) = value["oneOf"].as_array() else { return };
        let words: Vec<_> = choices
            .iter()
            .filter_map(|one| Some((one["const"].as_str()?, one["description"].as_str()?)))
            .collect();
        if words.is_empty() {
            return;
        }
        let _ = writeln!(out, "`{key}` is one of:\n");
        for (word, meaning) in words {
            let _ = writeln!(out, "- `{word}`: {}", flowed(meaning));
        }
        out.push('\n');
    }

    /// The objects that a key holds and that have no section yet, and the section of one that has.
    fn objects(
        &mut self,
        key: &str,
        parent: &str,
        value: &'a Value,
    ) -> (Vec<(String, &'a Value)>, Option<String>) {
        let branches = value["anyOf"].as_array().map_or(vec![value], |branches| branches.iter().collect());
        let path = parent.trim_matches('`');
        let title = if path == "The file" { format!("`{key}`") } else { format!("`{path}.{key}`") };
        let (mut found, mut elsewhere) = (Vec::new(), None);
        for branch in branches {
            let inner = if branch["type"] == "array" { &branch["items"] } else { branch };
            let (name, object) = self.resolved(inner);
            if object.get("properties").is_none_or(|all| all.as_object().is_none_or(Map::is_empty)) {
                continue;
            }
            if let Some(name) = name {
                if let Some((_, known)) = self.told.iter().find(|(told, _)| *told == name) {
                    elsewhere = Some(known.clone()).filter(|known| *known != title);
                    continue;
                }
                self.told.push((name, title.clone()));
            }
            found.push((title.clone(), object));
        }
        (found, elsewhere)
    }

    /// What stands behind a reference, with the name it has there.
    fn resolved(&self, value: &'a Value) -> (Option<String>, &'a Value) {
        let Some(pointer) = value["$ref"].as_str().and_then(|text| text.strip_prefix('#')) else {
            return (None, value);
        };
        (Some(pointer.to_owned()), self.schema.pointer(pointer).unwrap_or(value))
    }
}

fn shown(example: &Value) -> String {
    example.as_str().map_or_else(|| example.to_string(), str::to_owned)
}

fn flowed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_key_every_word_and_every_object_is_told_once() {
        let schema = json!({
            "description": "A thing.",
            "properties": {
                "name": {"type": "string", "description": "Its\nname.", "examples": ["a"]},
                "inner": {"$ref": "#/definitions/Inner", "description": "What is in it."},
                "more": {"type": "array", "items": {"$ref": "#/definitions/Inner"}, "description": "Others."},
            },
            "required": ["name"],
            "definitions": {"Inner": {"description": "An inner thing.", "properties": {
                "mode": {"oneOf": [{"const": "x", "description": "This | way."}], "description": "How."}
            }}},
        });
        let expected = "### The file\n\nA thing.\n\n| key | | meaning |\n|---|---|---|\n\
            | `name` | required | Its name. Such as `a`. |\n| `inner` |  | What is in it. |\n| `more` |  | Others. As `inner`. |\n\n\
            ### `inner`\n\nAn inner thing.\n\n| key | | meaning |\n|---|---|---|\n| `mode` |  | How. |\n\n\
            `mode` is one of:\n\n- `x`: This | way.\n\n";
        assert_eq!(markdown(&schema), expected);
    }
}
