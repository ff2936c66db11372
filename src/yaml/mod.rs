//! YAML with places: a file becomes a tree in which every key and value knows its bytes, the tree is
//! held against the JSON Schema of a type (all errors at once), and what is sound becomes that type.
//! The schema comes from the type itself, so an editor and this reader can never disagree.

mod absent;
mod complaints;
mod de;
mod schema;
mod several;
mod shape;
mod spanned;
mod text_or;
mod tree;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Source};

pub use absent::all;
pub use schema::document;
use schema::schema_of;
pub use several::Several;
pub use spanned::Spanned;
pub use text_or::TextOr;
pub use tree::{Key, Kind, Node};

/// Reads `source` as a `T`. Every structural error is in the diagnostics; what they concern is left
/// out of the value, which is `None` only when nothing sensible remains.
///
/// For a `T` whose fields are all optional to serde (required ones marked so for the schema alone), the
/// value is there even beside errors, so that later steps can find theirs in the same pass.
pub fn read<T: DeserializeOwned + JsonSchema>(source: &Arc<Source>) -> (Option<T>, Diagnostics) {
    let mut problems = Diagnostics::new();
    let mut tree = match tree::parse(source) {
        Ok(tree) => tree,
        Err(problem) => {
            problems.push(problem);
            return (None, problems);
        }
    };
    shape::check(&mut tree, &schema_of::<T>(), source, &mut problems);
    problems.of(Rule::WrongValue);
    match T::deserialize(de::NodeDeserializer::new(&tree)) {
        Ok(value) => (Some(value), problems),
        Err(error) => {
            // The shape check names what is wrong in people's words; this speaks only where it could not.
            if !problems.has_errors() {
                problems
                    .push(Diagnostic::error(error.message).at(source, error.span, "").of(Rule::WrongValue));
            }
            (None, problems)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    /// A test document.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Doc {
        /// Its version.
        #[schemars(required)]
        version: Option<Spanned<u32>>,
        /// Its name.
        #[serde(default)]
        name: Option<Spanned<String>>,
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        vars: Option<BTreeMap<String, Node>>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(default)]
        unknown: Option<Spanned<Policy>>,
        #[serde(default)]
        lists: Option<Vec<Spanned<String>>>,
        #[serde(default)]
        #[schemars(length(min = 1))]
        days: Option<Vec<String>>,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Policy {
        /// Keep it.
        Hold,
        /// Send it again.
        Resend,
    }

    fn titles(problems: &Diagnostics) -> Vec<String> {
        problems.iter().map(|one| format!("{}|{}", one.place().unwrap_or_default(), one.title)).collect()
    }

    #[test]
    fn a_sound_document_keeps_its_places() {
        let source = Source::new(
            "a.yaml",
            "version: 1\nname: 'x y'\ninner:\n  unknown: resend\n  lists: [a, b]\n  days: [mon]\nvars: {n: 1, s: t}\n",
        );
        let (doc, problems) = read::<Doc>(&source);
        assert!(problems.is_empty(), "{}", problems.render(false));
        let doc = doc.unwrap();
        assert_eq!(doc.version.unwrap().value, 1);
        let name = doc.name.unwrap();
        assert_eq!(name.value, "x y");
        assert_eq!(&source.text[name.span], "'x y'");
        let inner = doc.inner.unwrap();
        assert_eq!(inner.unknown.unwrap().value, Policy::Resend);
        assert_eq!(inner.days.unwrap(), ["mon"]);
        let lists = inner.lists.unwrap();
        assert_eq!(&source.text[lists[1].span.clone()], "b");
        assert!(matches!(doc.vars.unwrap()["n"].value, Kind::Int(1)));
    }

    #[test]
    fn every_error_is_reported_at_once_with_its_place() {
        let text = "nmae: x\nname: [1]\nname: y\ninner:\n  unknown: hodl\n  lists: a\n  colour: red\n  lists: 4\n  days: []\nvars: 3\n";
        let source = Source::new("a.yaml", text);
        let (doc, problems) = read::<Doc>(&source);
        assert_eq!(
            titles(&problems),
            [
                "a.yaml:1:1|`version` is missing",
                "a.yaml:1:1|unknown key `nmae`",
                "a.yaml:2:7|`name` must be text, not a list",
                "a.yaml:3:1|`name` stands twice",
                "a.yaml:5:12|`inner.unknown` cannot be `hodl`",
                "a.yaml:6:10|`inner.lists` must be a list, not text",
                "a.yaml:7:3|unknown key `inner.colour`",
                "a.yaml:8:3|`inner.lists` stands twice",
                "a.yaml:9:9|`inner.days` is an empty list",
                "a.yaml:10:7|`vars` must be a group of keys, not a whole number",
            ]
        );
        assert!(doc.is_some());
        assert!(problems.render(false).contains("did you mean `hold`?"));
    }

    #[test]
    fn an_empty_value_is_an_error_not_an_absence() {
        let (_, problems) = read::<Doc>(&Source::new("a.yaml", "version: 1\nname:\n"));
        assert_eq!(titles(&problems), ["a.yaml:2:1|`name` has no value"]);
    }

    #[test]
    fn broken_yaml_names_its_line() {
        let (doc, problems) = read::<Doc>(&Source::new("a.yaml", "version: 1\nname: a: b\n"));
        assert!(doc.is_none());
        assert!(titles(&problems)[0].starts_with("a.yaml:2:8|"), "{:?}", titles(&problems));
    }

    #[test]
    fn fault_60_a_bomb_is_refused_within_its_budget() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let uses = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{uses}]\n"));
        }
        let (doc, problems) = read::<Doc>(&Source::new("bomb.yaml", text));
        assert!(doc.is_none());
        assert_eq!(problems.errors(), 1);
    }
}
