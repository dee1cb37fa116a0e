//! The body of a prediction request: an object with exactly the model's features, each a finite number.

use axum::http::StatusCode;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

use super::{FieldError, Problem};

/// The values in the order of `features`.
///
/// # Errors
/// 400 for what is no JSON object, 422 with every offending field named: missing, unknown, twice, not a number, too
/// large to be one.
pub(super) fn parse(body: &[u8], features: &[&str]) -> Result<Vec<f64>, Problem> {
    let malformed = |error: serde_json::Error| {
        Problem::new(StatusCode::BAD_REQUEST, format!("the body is not a JSON object: {error}"))
    };
    let fields: Fields<'_> = serde_json::from_slice(body).map_err(malformed)?;
    let mut row: Vec<Option<f64>> = vec![None; features.len()];
    let mut errors = Vec::new();
    for (name, value) in &fields.0 {
        let Some(index) = features.iter().position(|feature| feature == name) else {
            errors.push(FieldError::new(name, "the model has no such feature"));
            continue;
        };
        match number(value.get()) {
            Ok(_) if row[index].is_some() => errors.push(FieldError::new(name, "given twice")),
            Ok(value) => row[index] = Some(value),
            Err(detail) => {
                // So that it is not called missing as well.
                row[index] = Some(f64::NAN);
                errors.push(FieldError::new(name, detail));
            }
        }
    }
    let missing = features.iter().zip(&row).filter(|(_, value)| value.is_none());
    errors.extend(missing.map(|(name, _)| FieldError::new(name, "missing")));
    if errors.is_empty() { Ok(row.into_iter().flatten().collect()) } else { Err(Problem::fields(errors)) }
}

fn number(text: &str) -> Result<f64, String> {
    let kind = match text.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a truth value",
        Some(b'n') => "null",
        _ => {
            let value: f64 = text.parse().map_err(|_not_a_number| "expected a number".to_owned())?;
            return if value.is_finite() { Ok(value) } else { Err("the number is too large".to_owned()) };
        }
    };
    Err(format!("expected a number, found {kind}"))
}

/// Names and unread values, in the order of the body, repeated names included.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with the model's features")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(body: &str) -> serde_json::Value {
        let problem = parse(body.as_bytes(), &["a", "b"]).unwrap_err();
        serde_json::to_value(problem).unwrap()
    }

    #[test]
    fn values_are_put_in_the_models_order() {
        assert_eq!(parse(br#"{"b": -2, "a": 1.5e3}"#, &["a", "b"]), Ok(vec![1500.0, -2.0]));
    }

    #[test]
    fn every_offending_field_is_named_once() {
        let problem = errors(r#"{"a": "1", "c/d": 1}"#);
        assert_eq!(problem["status"], 422);
        assert_eq!(
            problem["errors"],
            serde_json::json!([
                {"pointer": "/a", "detail": "expected a number, found a string"},
                {"pointer": "/c~1d", "detail": "the model has no such feature"},
                {"pointer": "/b", "detail": "missing"},
            ])
        );
    }

    #[test]
    fn what_is_no_finite_number_is_refused() {
        for (value, detail) in [
            ("1e999", "the number is too large"),
            ("-1e999", "the number is too large"),
            ("null", "expected a number, found null"),
            ("true", "expected a number, found a truth value"),
            ("[1]", "expected a number, found an array"),
            ("{}", "expected a number, found an object"),
        ] {
            let problem = errors(&format!(r#"{{"a": {value}, "b": 0}}"#));
            assert_eq!(problem["errors"][0]["detail"], detail, "{value}");
        }
        assert_eq!(errors(r#"{"a": 1, "a": 2, "b": 0}"#)["errors"][0]["detail"], "given twice");
    }

    #[test]
    fn what_is_no_json_object_is_malformed() {
        for body in ["", "{", "[]", "1", r#"{"a": NaN}"#, r#"{"a": 1} x"#] {
            assert_eq!(errors(body)["status"], 400, "{body:?}");
        }
    }
}
