//! The JSON Schema of scenario files, walked from the declarations that the reader uses.

use crate::catalogue::Catalogue;
use crate::declare::{Presence, Table};
use crate::sections::DOCUMENT;
use serde_json::{Map, Value as Json, json};
use toml::de::DeValue;

/// The JSON Schema (draft 2020-12) of scenario files that name these algorithms and invariants, for editors: every key
/// has its description and, where it may be left out, its default.
pub fn schema(catalogue: &Catalogue) -> Json {
    let mut schema = of_table(&DOCUMENT, catalogue);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Interregnum scenario");
    schema
}

/// The schema of a table.
pub(crate) fn of_table(table: &'static Table, catalogue: &Catalogue) -> Json {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in (table.keys)() {
        let mut property = key.schema(catalogue);
        property["description"] = json!(key.doc());
        match key.presence() {
            Presence::Required => required.push(json!(key.name())),
            Presence::Optional => {}
            Presence::Default(text) => property["default"] = default(text),
        }
        properties.insert(key.name().to_owned(), property);
    }
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        schema["required"] = Json::Array(required);
    }
    schema
}

/// A default, which is declared as a TOML value, as JSON.
fn default(text: &str) -> Json {
    DeValue::parse(text).map_or(Json::Null, |value| to_json(value.get_ref()))
}

fn to_json(value: &DeValue<'_>) -> Json {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(number) => json!(i64::from_str_radix(number.as_str(), number.radix()).ok()),
        DeValue::Float(number) => json!(number.as_str().parse::<f64>().ok()),
        DeValue::Boolean(flag) => json!(flag),
        DeValue::Datetime(date) => json!(date.to_string()),
        DeValue::Array(items) => items.iter().map(|item| to_json(item.get_ref())).collect(),
        DeValue::Table(table) => {
            table.iter().map(|(key, item)| (key.get_ref().to_string(), to_json(item.get_ref()))).collect()
        }
    }
}
