//! The JSON Schema of a report, `docs/report.schema.json`: made from the report's own types and what their comments say.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::path::Path;

use self::written::written;
use super::{DriftReport, JSON_SCHEMA, SCHEMA_VERSION};
use crate::data::datetime::Timestamp;
use crate::expectations::MAX_ROWS_NAMED;
use crate::judge::evidently::MAX_CATEGORICAL_INTEGERS_0_4;
use crate::judge::nannyml::{CHI2_ALPHA, MIN_ESTIMATED};
use crate::multivariate::correlation_change::MAX_LISTED;
use crate::quality::MAX_TWINS;
use crate::schema::ColumnRole;

mod written;

/// After a change of a type or of its comment: `TIDEMARK_BLESS=1 cargo test -p tidemark --lib json_schema`.
#[test]
fn the_committed_file_is_current() {
    let current = written(&schema());
    if std::env::var_os("TIDEMARK_BLESS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
        std::fs::write(path, &current).unwrap();
    } else {
        let advice =
            "docs/report.schema.json is old; TIDEMARK_BLESS=1 cargo test -p tidemark --lib json_schema renews it";
        assert!(JSON_SCHEMA == current, "{advice}");
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A moment in UTC by RFC 3339, to the microsecond: `2024-03-01T12:30:45.5Z`.",
            "type": "string",
            "format": "date-time",
        })
    }
}

/// What a reader has to know before the first property.
const ABOUT: &str = "A drift report of Tidemark, as `tidemark report --format json` prints it and `GET \
                     /api/v1/reports/{report}.json` answers. Numbers are finite. A property that is not required is left out \
                     where it has nothing to say, and never null. This is what the version of Tidemark that it came with \
                     writes: a later one may add properties, here too; `schema_version` grows when one goes or changes its \
                     meaning.";

/// What properties without a comment of their own are: those that serde adds, or that a variant holds without a name.
const UNCOMMENTED: [(&str, &str); 7] = [
    ("kind", "Which of these it is."),
    ("by", "Which of these it is."),
    ("reason", "Which of these it is."),
    ("method", "Which of these it is."),
    ("value", "The number."),
    ("tested", "What was found."),
    ("not_tested", "Why there was no test."),
];

/// The numbers that comments name by a constant.
fn constants() -> [(&'static str, String); 6] {
    [
        ("[`super::CHI2_ALPHA`]", CHI2_ALPHA.to_string()),
        ("[`MAX_CATEGORICAL_INTEGERS_0_4`]", MAX_CATEGORICAL_INTEGERS_0_4.to_string()),
        ("[`MAX_LISTED`]", MAX_LISTED.to_string()),
        ("[`MAX_ROWS_NAMED`]", MAX_ROWS_NAMED.to_string()),
        ("[`MAX_TWINS`]", MAX_TWINS.to_string()),
        ("[`MIN_ESTIMATED`]", MIN_ESTIMATED.to_string()),
    ]
}

/// The schema, draft 2020-12.
fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<DriftReport>().to_value();
    tidy(&mut schema);
    // What is ignored is in no report.
    let roles = schema["$defs"]["ColumnRole"]["oneOf"].as_array_mut().expect("a choice of roles");
    roles.retain(|role| role["const"] != json!(ColumnRole::Ignored));
    schema["title"] = json!("Drift report");
    schema["description"] = json!(ABOUT);
    schema["properties"]["schema_version"]["const"] = json!(SCHEMA_VERSION);
    schema
}

/// Tells a schema, and all schemas within, what the derive cannot know: that objects are closed, that what may be left out is
/// never null, and that its readers see no Rust.
fn tidy(schema: &mut Value) {
    let Some(keywords) = schema.as_object_mut() else { return };
    // A report leaves no value to a default, and JSON knows nothing of how wide a number is.
    keywords.remove("default");
    if keywords.get("format").is_some_and(|format| format != "date-time") {
        keywords.remove("format");
    }
    if keywords.contains_key("const") {
        keywords.remove("type");
    }
    if let Some(Value::String(description)) = keywords.get_mut("description") {
        *description = described(description, "absent");
    }
    if keywords.contains_key("properties") {
        keywords.insert("additionalProperties".to_owned(), json!(false));
        let required = keywords.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let properties = keywords["properties"].as_object_mut().expect("properties have names");
        for (name, property) in properties {
            tidy_property(name, required.contains(&json!(name)), property);
        }
    }
    for (keyword, value) in keywords.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => named.values_mut().for_each(tidy),
            ("oneOf" | "anyOf", Value::Array(schemas)) => schemas.iter_mut().for_each(tidy),
            ("items" | "additionalProperties", schema) => tidy(schema),
            _ => {}
        }
    }
}

fn tidy_property(name: &str, is_required: bool, property: &mut Value) {
    let keywords = property.as_object_mut().expect("a property has a schema");
    let description = match keywords.get("description").and_then(Value::as_str) {
        Some(comment) => described(comment, if is_required { "null" } else { "absent" }),
        None => {
            let known = UNCOMMENTED.iter().find(|(uncommented, _)| *uncommented == name);
            known.unwrap_or_else(|| panic!("nothing is said of {name}")).1.to_owned()
        }
    };
    keywords.insert("description".to_owned(), json!(description));
    if !is_required {
        without_null(keywords);
    }
}

fn without_null(keywords: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = keywords.get_mut("type") {
        types.retain(|name| name != "null");
        let [one] = types.as_slice() else { panic!("a choice of {types:?}") };
        keywords["type"] = one.clone();
    }
    if let Some(Value::Array(mut schemas)) = keywords.remove("anyOf") {
        schemas.retain(|schema| *schema != json!({ "type": "null" }));
        let [Value::Object(only)] = schemas.as_mut_slice() else { panic!("a choice of {schemas:?}") };
        keywords.append(only);
    }
}

/// The first paragraph of a comment as a reader of JSON reads it: `None` is `none`, constants are numbers, and what points to
/// other parts of the library is left out.
fn described(comment: &str, none: &str) -> String {
    let paragraph = comment.split("\n\n").next().unwrap_or_default();
    let mut text = paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    for (constant, number) in constants() {
        text = text.replace(constant, &number);
    }
    while let Some(start) = text.find(" ([`") {
        let end = text[start..]
            .find("`])")
            .map(|at| start + at + 3)
            .or_else(|| text[start..].find("))").map(|at| start + at + 2));
        text.replace_range(start..end.expect("a link has an end"), "");
    }
    let capital = format!("{}{}", none[..1].to_uppercase(), &none[1..]);
    let text = text.replace(". `None`", &format!(". {capital}")).replace("`None`", none);
    let text = text.replace("[`", "`").replace("`]", "`");
    assert!(!text.contains("::") && !text.contains("`]("), "a reader of JSON does not understand {text:?}");
    text
}
