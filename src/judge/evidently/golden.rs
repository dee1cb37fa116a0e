//! The golden files' cases, run.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Options, judge};
use crate::data::Column;
use crate::golden::numbers::number_or_missing;
use crate::profile::ColumnProfile;
use crate::schema::ColumnType;
use crate::stattest::{Current, Method, Reference, Tested};

#[derive(Deserialize)]
struct Case {
    column_type: String,
    reference: Vec<Value>,
    current: Vec<Value>,
    methods: Vec<String>,
}

pub(super) fn run(case: &str) -> Result<String, serde_json::Error> {
    let case: Case = serde_json::from_str(case)?;
    let column_type = if case.column_type == "num" { ColumnType::Numerical } else { ColumnType::Categorical };
    let (reference, current) = (column(&case.reference), column(&case.current));
    let (reference, current) = (ColumnProfile::of(&reference), ColumnProfile::of(&current));
    let outcome = |method: Option<Method>| {
        let options = Options { method, ..Options::default() };
        Tested::from(judge("", column_type, Reference(&reference), Current(&current), &options))
    };
    let mut results = vec![json!({"method": null, "outcome": outcome(None)})];
    for name in &case.methods {
        let outcome = Method::from_name(name).map(|method| outcome(Some(method)));
        results.push(json!({"method": name, "outcome": outcome}));
    }
    serde_json::to_string(&results)
}

/// A column of numbers if every value present is one (as the goldens write infinities, too), else of strings.
fn column(values: &[Value]) -> Column {
    if let Some(numbers) = values.iter().map(number_or_missing).collect::<Option<Vec<_>>>() {
        // As in pandas: whole numbers are written without a point.
        let is_integer = values.iter().all(|value| value.is_i64() || value.is_u64());
        return if is_integer { Column::numbers("", numbers) } else { Column::fractions("", numbers) };
    }
    let texts: Vec<Option<String>> = values
        .iter()
        .map(|value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        })
        .collect();
    Column::strings("", texts.iter().map(Option::as_deref))
}
