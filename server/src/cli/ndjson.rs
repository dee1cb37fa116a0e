//! Tables as newline-delimited JSON: an object per line.

use serde_json::{Map, Value};
use std::collections::HashMap;
use tidemark::data::{Column, Dataset, Numbers, Values};

/// Reads a table. Columns come in the order in which their names first do; a line without one has the value missing.
///
/// A column of numbers and nulls is one of numbers, one of truth values alone is one of truth values; in any other, what is
/// no string stands as JSON writes it.
///
/// # Errors
/// A line is no object, or holds a list or an object; by its number, from 1.
pub(super) fn read(bytes: &[u8]) -> Result<Dataset, String> {
    let mut columns: Vec<(String, Vec<Value>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let lines = bytes.split(|byte| *byte == b'\n').zip(1..);
    let mut n_rows = 0;
    for (line, at) in lines.filter(|(line, _)| !line.trim_ascii().is_empty()) {
        let row: Map<String, Value> = serde_json::from_slice(line).map_err(|error| format!("line {at}: {error}"))?;
        for (name, value) in row {
            if value.is_array() || value.is_object() {
                return Err(format!("line {at}: {name:?} is a list or an object, where a single value is expected"));
            }
            let place = *places.entry(name).or_insert_with_key(|name| {
                columns.push((name.clone(), Vec::new()));
                columns.len() - 1
            });
            columns[place].1.resize(n_rows, Value::Null);
            columns[place].1.push(value);
        }
        n_rows += 1;
    }
    columns.iter_mut().for_each(|(_, values)| values.resize(n_rows, Value::Null));
    Dataset::new(columns.into_iter().map(|(name, values)| column(name, &values)).collect())
        .map_err(|error| error.to_string())
}

fn column(name: String, values: &[Value]) -> Column {
    if values.iter().all(|value| value.is_number() || value.is_null()) {
        let is_integer = values.iter().all(|value| value.is_i64() || value.is_u64());
        let numbers = values.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect();
        return Column { name, values: Values::Numbers(Numbers::new(numbers, is_integer)) };
    }
    if let Some(truths) = values.iter().map(Value::as_bool).collect() {
        return Column { name, values: Values::Booleans(truths) };
    }
    let texts: Vec<Option<String>> = values
        .iter()
        .map(|value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        })
        .collect();
    Column::strings(name, texts.iter().map(Option::as_deref))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_take_their_kind_from_their_values() {
        let text = b"{\"n\": 1, \"x\": 1.5}\n\n{\"flag\": true, \"n\": 2, \"name\": \"a\"}\n{\"n\": 3, \"name\": 7}";
        let data = read(text).unwrap();
        let names: Vec<&str> = data.columns().iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["n", "x", "flag", "name"]);
        assert_eq!(data.columns()[0].values, Values::Numbers(Numbers::new(vec![1.0, 2.0, 3.0], true)));
        let Values::Numbers(x) = &data.columns()[1].values else { panic!("numbers") };
        assert!(x.as_slice()[0] == 1.5 && x.as_slice()[1..].iter().all(|x| x.is_nan()));
        // One truth value and two that are missing.
        assert_eq!(data.columns()[2], Column::strings("flag", [None, Some("true"), None]));
        assert_eq!(data.columns()[3], Column::strings("name", [None, Some("a"), Some("7")]));
    }

    #[test]
    fn what_is_no_row_is_named_by_its_line() {
        assert!(read(b"{\"a\": 1}\n[1]").unwrap_err().starts_with("line 2: "));
        assert_eq!(
            read(b"{\"a\": {\"b\": 1}}").unwrap_err(),
            "line 1: \"a\" is a list or an object, where a single value is expected"
        );
    }
}
