//! The JSON Schema of a type, in draft-07: the newest draft that the YAML language servers of editors
//! in use understand.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The schema of `T` as the reader checks it.
pub fn schema_of<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut value = generator.into_root_schema_for::<T>().to_value();
    without_null(&mut value);
    value
}

/// The schema of `T` as it is published: with its id and a title.
pub fn document<T: JsonSchema>(id: &str, title: &str) -> Value {
    let Value::Object(schema) = schema_of::<T>() else { return Value::Bool(true) };
    let mut document = Map::new();
    document.insert("$schema".to_owned(), schema.get("$schema").cloned().unwrap_or_default());
    document.insert("$id".to_owned(), Value::from(id));
    document.insert("title".to_owned(), Value::from(title));
    document.extend(schema.into_iter().filter(|(key, _)| key != "$schema" && key != "title"));
    Value::Object(document)
}

/// An optional key may be absent; written, it has a value. schemars says the same as "or null".
fn without_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|one| one != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(branches)) = object.get_mut("anyOf") {
                branches.retain(|branch| branch.get("type") != Some(&Value::from("null")));
                if let [Value::Object(only)] = branches.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    object.extend(only);
                }
            }
            if object.get("default") == Some(&Value::Null) {
                object.remove("default");
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}
