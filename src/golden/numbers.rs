//! Reading and writing the numbers of golden files.

use serde_json::{Value, json};

use super::GoldenError;
use crate::stattest::NotTested;

/// A number, or one of the strings that stand for what is not finite.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) if text == "NaN" => Some(f64::NAN),
        Value::String(text) if text == "Infinity" => Some(f64::INFINITY),
        Value::String(text) if text == "-Infinity" => Some(f64::NEG_INFINITY),
        value => value.as_f64(),
    }
}

/// The same of a column's value, which may be missing.
pub(crate) fn number_or_missing(value: &Value) -> Option<f64> {
    if value.is_null() { Some(f64::NAN) } else { number(value) }
}

/// The other way.
pub(super) fn written(value: f64) -> Value {
    if value.is_finite() {
        json!(value)
    } else if value.is_nan() {
        json!("NaN")
    } else {
        json!(if value > 0.0 { "Infinity" } else { "-Infinity" })
    }
}

/// The numbers under a key.
pub(super) fn numbers(case: &Value, key: &'static str) -> Result<Vec<f64>, GoldenError> {
    let list = case[key].as_array().and_then(|list| list.iter().map(number).collect());
    list.ok_or(GoldenError::Malformed { key, expected: "a list of numbers" })
}

/// What stands in the place of an answer when there is none.
pub(super) fn not_tested(reason: &NotTested) -> Value {
    json!({ "not_tested": reason })
}
