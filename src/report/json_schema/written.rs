//! A schema as text that a person reads from top to bottom: what a thing is comes before what is in it.

use serde_json::{Map, Value};

/// Keywords in the order in which they are written; others come after them.
const ORDER: [&str; 12] = [
    "$schema",
    "title",
    "description",
    "$ref",
    "const",
    "type",
    "format",
    "minimum",
    "required",
    "additionalProperties",
    "properties",
    "items",
];

/// What is no longer than this stands on one line.
const WIDTH: usize = 120;

/// JSON whose members have an order.
enum Ordered {
    Scalar(String),
    List(Vec<Ordered>),
    Object(Vec<(String, Ordered)>),
}

/// The schema, indented, with a newline at its end.
pub(super) fn written(schema: &Value) -> String {
    let mut text = String::new();
    of_schema(schema).write(0, &mut text);
    text.push('\n');
    text
}

fn of_schema(schema: &Value) -> Ordered {
    let Value::Object(keywords) = schema else { return of_value(schema) };
    let mut keywords: Vec<(&String, &Value)> = keywords.iter().collect();
    keywords.sort_by_key(|(keyword, _)| ORDER.iter().position(|known| known == keyword).unwrap_or(ORDER.len()));
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let members = keywords.into_iter().map(|(keyword, value)| {
        let value = match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => of_named(named, required),
            ("oneOf" | "anyOf", Value::Array(schemas)) => Ordered::List(schemas.iter().map(of_schema).collect()),
            ("items" | "additionalProperties", schema) => of_schema(schema),
            (_, value) => of_value(value),
        };
        (keyword.clone(), value)
    });
    Ordered::Object(members.collect())
}

/// Those that are always there first, in the order in which they are listed, which is that of the report.
fn of_named(schemas: &Map<String, Value>, required: &[Value]) -> Ordered {
    let mut schemas: Vec<(&String, &Value)> = schemas.iter().collect();
    schemas.sort_by_key(|(name, _)| required.iter().position(|known| known == *name).unwrap_or(required.len()));
    Ordered::Object(schemas.into_iter().map(|(name, schema)| (name.clone(), of_schema(schema))).collect())
}

fn of_value(value: &Value) -> Ordered {
    match value {
        Value::Array(values) => Ordered::List(values.iter().map(of_value).collect()),
        Value::Object(members) => {
            Ordered::Object(members.iter().map(|(name, value)| (name.clone(), of_value(value))).collect())
        }
        scalar => Ordered::Scalar(scalar.to_string()),
    }
}

fn quoted(name: &str) -> String {
    Value::from(name).to_string()
}

impl Ordered {
    fn on_one_line(&self) -> String {
        match self {
            Self::Scalar(text) => text.clone(),
            Self::List(values) => {
                let values: Vec<String> = values.iter().map(Self::on_one_line).collect();
                format!("[{}]", values.join(", "))
            }
            Self::Object(members) => {
                let member = |(name, value): &(String, Self)| format!("{}: {}", quoted(name), value.on_one_line());
                let members: Vec<String> = members.iter().map(member).collect();
                format!("{{ {} }}", members.join(", "))
            }
        }
    }

    fn write(&self, depth: usize, text: &mut String) {
        let line = self.on_one_line();
        let begun = text.len() - text.rfind('\n').map_or(0, |end| end + 1);
        let is_short = begun + line.chars().count() < WIDTH;
        let (open, close, members): (_, _, Vec<(String, &Self)>) = match self {
            Self::List(values) if !is_short => ('[', ']', values.iter().map(|value| (String::new(), value)).collect()),
            Self::Object(members) if !is_short => {
                ('{', '}', members.iter().map(|(name, value)| (quoted(name) + ": ", value)).collect())
            }
            _ => return text.push_str(&line),
        };
        text.push(open);
        for (place, (name, value)) in members.into_iter().enumerate() {
            text.push_str(if place == 0 { "\n" } else { ",\n" });
            text.push_str(&"  ".repeat(depth + 1));
            text.push_str(&name);
            value.write(depth + 1, text);
        }
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
        text.push(close);
    }
}
