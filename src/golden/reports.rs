//! Whole reports on tables that are written out, by the settings that stand beside them.

use serde_json::{Value, json};

use super::numbers::number_or_missing;
use super::{GoldenError, Question};
use crate::data::{Column, Dataset, Values};
use crate::expectations::{Expectations, InferOptions, Style};
use crate::judge::Settings;
use crate::report::{Source, compare};
use crate::schema::Schema;
use crate::stattest::{Current, Reference};

/// The report, and what expectations learnt in either style find in the current table.
pub(super) fn answer(case: &Value) -> Result<Value, GoldenError> {
    let side =
        |key| table(&case[key]).ok_or(GoldenError::Malformed { key, expected: "a list of columns of one length" });
    let (reference, current) = (side("reference")?, side("current")?);
    let schema: Schema = part(case, "schema")?;
    let settings: Settings = part(case, "settings")?;
    let source = |label, data| Source { label, data, sha256: None };
    let (reference, current) = (source("reference", &reference), source("current", &current));
    let checks = [Style::Calibrated, Style::Evidently].map(|style| {
        let options = InferOptions { style, ..InferOptions::default() };
        Expectations::infer(Reference(reference.clone()), &schema, &options).check(current.data)
    });
    let report = compare(Reference(reference), Current(current), &schema, &settings);
    Ok(json!({ "report": report, "checks": checks }))
}

fn part<T: serde::de::DeserializeOwned>(case: &Value, key: &'static str) -> Result<T, GoldenError> {
    let malformed = |_| GoldenError::Malformed { key, expected: "what reports hold under this key" };
    serde_json::from_value(case[key].clone()).map_err(malformed)
}

/// A table as golden files write it: a list of columns, each `{name, kind, values}`, where `kind` is `whole_numbers`,
/// `fractions`, `booleans` or `strings`. `None` if it is none, or its columns differ in length.
pub fn table(columns: &Value) -> Option<Dataset> {
    let columns = columns.as_array()?.iter().map(column).collect::<Option<Vec<_>>>()?;
    Dataset::new(columns).ok()
}

fn column(column: &Value) -> Option<Column> {
    let (name, values) = (column["name"].as_str()?, column["values"].as_array()?);
    let numbers = || values.iter().map(number_or_missing).collect::<Option<Vec<f64>>>();
    Some(match column["kind"].as_str()? {
        "whole_numbers" => Column::numbers(name, numbers()?),
        "fractions" => Column::fractions(name, numbers()?),
        "booleans" => {
            let values = values.iter().map(Value::as_bool).collect::<Option<_>>()?;
            Column { name: name.to_owned(), values: Values::Booleans(values) }
        }
        "strings" => Column::strings(name, values.iter().map(Value::as_str)),
        _ => return None,
    })
}

/// The other way: what [`super::answer`] takes.
pub(super) fn question(question: &Question<'_>) -> Value {
    let table = |data: &Dataset| data.columns().iter().map(written).collect::<Vec<_>>();
    json!({
        "format": super::Format::Reports.name(),
        "reference": table(question.reference),
        "current": table(question.current),
        "schema": question.schema,
        "settings": question.settings,
    })
}

fn written(column: &Column) -> Value {
    let (kind, values): (_, Vec<Value>) = match &column.values {
        Values::Numbers(numbers) => {
            let kind = if numbers.is_integer() { "whole_numbers" } else { "fractions" };
            (kind, numbers.as_slice().iter().map(|value| super::numbers::written(*value)).collect())
        }
        Values::Booleans(values) => ("booleans", values.iter().map(|value| json!(value)).collect()),
        Values::Strings(strings) => ("strings", strings.iter().map(|value| json!(value)).collect()),
    };
    json!({ "name": column.name, "kind": kind, "values": values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::SchemaOverrides;

    #[test]
    fn a_report_asked_for_in_writing_is_the_report() {
        let columns = |shift: f64| {
            let numbers = (0..40).map(|i| if i == 7 { f64::NAN } else { f64::from(i * i % 17) + shift }).collect();
            let names = (0..40).map(|i| (i % 9 != 0).then_some(["a", "b", "c"][i % 3]));
            let flags =
                Column { name: "flag".to_owned(), values: Values::Booleans((0..40).map(|i| i % 3 == 0).collect()) };
            let whole = Column::numbers("whole", (0..40).map(f64::from).collect());
            Dataset::new(vec![Column::fractions("x", numbers), Column::strings("name", names), flags, whole]).unwrap()
        };
        let (reference, current) = (columns(0.0), columns(f64::INFINITY));
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
        let settings = Settings::default();
        let asked = Question { reference: &reference, current: &current, schema: &schema, settings: &settings };
        let answer: Value = serde_json::from_str(&super::super::answer(&asked.to_json()).unwrap()).unwrap();
        let report = compare(
            Reference(Source { label: "reference", data: &reference, sha256: None }),
            Current(Source { label: "current", data: &current, sha256: None }),
            &schema,
            &settings,
        );
        assert_eq!(answer["report"].to_string(), json!(report).to_string());
        assert_eq!(answer["checks"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn a_malformed_table_is_refused() {
        let ask = |reference: Value| {
            super::super::answer(&json!({"format": "golden-reports-inline/1", "reference": reference}).to_string())
        };
        for reference in [
            json!(null),
            json!([{"name": "x", "kind": "odd", "values": []}]),
            json!([{"name": "x", "kind": "fractions", "values": ["y"]}]),
        ] {
            assert_eq!(
                ask(reference).unwrap_err().to_string(),
                "`reference` should be a list of columns of one length"
            );
        }
    }
}
