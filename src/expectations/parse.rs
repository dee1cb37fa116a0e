//! Reading what a person has edited: whatever is wrong is named by column and field.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt;

use super::{ColumnExpectations, DatasetExpectations, Expectations, FORMAT};

/// Why expectations cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectationsError {
    /// The text is no JSON.
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Character of the line, from 1.
        column: usize,
        /// What the parser said.
        problem: String,
    },
    /// A field is unknown, of the wrong kind, or makes no sense.
    Field {
        /// The column whose expectation it is; `None` outside columns.
        column: Option<String>,
        /// The field.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An entry of `columns` has no name.
    Nameless {
        /// Which entry, from 1.
        entry: usize,
    },
    /// Two entries have one name.
    RepeatedColumn {
        /// The name.
        name: String,
    },
}

impl fmt::Display for ExpectationsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { line, column, problem } => write!(f, "line {line}, character {column}: {problem}"),
            Self::Field { column: Some(column), field, problem } => {
                write!(f, "column {column:?}, field {field:?}: {problem}")
            }
            Self::Field { column: None, field, problem } => write!(f, "field {field:?}: {problem}"),
            Self::Nameless { entry } => write!(f, "entry {entry} of \"columns\" has no name"),
            Self::RepeatedColumn { name } => write!(f, "column {name:?} is there twice"),
        }
    }
}

impl std::error::Error for ExpectationsError {}

impl Expectations {
    /// Reads a file of expectations.
    ///
    /// # Errors
    /// The text is no JSON, a field is unknown or makes no sense, or a column is named twice.
    ///
    /// ```
    /// use tidemark::expectations::Expectations;
    ///
    /// let text = r#"{"format": "tidemark-expectations/1", "columns": [{"name": "age", "range": {"low": "18"}}]}"#;
    /// let error = Expectations::from_json(text).unwrap_err();
    /// assert_eq!(error.to_string(), r#"column "age", field "range": invalid type: string "18", expected f64"#);
    /// ```
    pub fn from_json(text: &str) -> Result<Self, ExpectationsError> {
        let value = serde_json::from_str(text).map_err(|error| ExpectationsError::Syntax {
            line: error.line(),
            column: error.column(),
            problem: plain(&error),
        })?;
        Self::from_value(value)
    }

    /// The same from JSON that was parsed, or from another format that was turned into it.
    ///
    /// # Errors
    /// As [`Expectations::from_json`], but for the syntax.
    pub fn from_value(value: Value) -> Result<Self, ExpectationsError> {
        let Value::Object(file) = &value else {
            return Err(bad(None, "format", "the file is no object with fields"));
        };
        match file.get("format").and_then(Value::as_str) {
            Some(FORMAT) => {}
            Some(other) => return Err(bad(None, "format", format!("expected {FORMAT:?}, found {other:?}"))),
            None => return Err(bad(None, "format", format!("expected {FORMAT:?}, found nothing"))),
        }
        let around = without(file, &["columns", "dataset"]);
        each_field::<Self>(&around, &json!({ "format": FORMAT }), None)?;
        if let Some(Value::Object(dataset)) = file.get("dataset") {
            each_field::<DatasetExpectations>(dataset, &json!({}), None)?;
        }
        if let Some(Value::Array(columns)) = file.get("columns") {
            for (place, column) in columns.iter().enumerate() {
                let name = column
                    .get("name")
                    .and_then(Value::as_str)
                    .ok_or(ExpectationsError::Nameless { entry: place + 1 })?;
                if let Value::Object(fields) = column {
                    each_field::<ColumnExpectations>(fields, &json!({ "name": name }), Some(name))?;
                }
            }
        }
        // What is left are fields of the wrong shape.
        let read: Self =
            serde_json::from_value(value).map_err(|error| bad(None, "columns or dataset", plain(&error)))?;
        read.check_sense()?;
        Ok(read)
    }

    fn check_sense(&self) -> Result<(), ExpectationsError> {
        if self.false_alarms.is_some_and(|share| !(share > 0.0 && share < 1.0)) {
            return Err(bad(None, "false_alarms", "expected a number between 0 and 1"));
        }
        for (field, between) in self.dataset.fields() {
            in_order(None, field, between.at_least, between.at_most)?;
        }
        let mut names = BTreeSet::new();
        for column in &self.columns {
            if !names.insert(&column.name) {
                return Err(ExpectationsError::RepeatedColumn { name: column.name.clone() });
            }
            column.check_sense()?;
        }
        Ok(())
    }
}

impl ColumnExpectations {
    fn check_sense(&self) -> Result<(), ExpectationsError> {
        let name = Some(self.name.as_str());
        for (field, between) in self.bounds() {
            in_order(name, field, between.at_least, between.at_most)?;
        }
        if let Some(mean) = &self.mean {
            in_order(name, "mean", mean.at_least, mean.at_most)?;
            if mean.reference_std.is_some_and(|std| std < 0.0) || mean.reference_values == Some(0) {
                return Err(bad(name, "mean", "reference_std cannot be negative, nor reference_values 0"));
            }
        }
        for quantile in &self.quantiles {
            in_order(name, "quantiles", quantile.at_least, quantile.at_most)?;
            share(name, "quantiles", quantile.at)?;
        }
        if let Some(range) = &self.range {
            in_order(name, "range", Some(range.low), Some(range.high))?;
            share(name, "range", range.outside_share_at_most)?;
        }
        if let Some(categories) = &self.categories {
            share(name, "categories", categories.others_share_at_most)?;
        }
        for (field, between) in [("missing_share", self.missing_share), ("most_common_share", self.most_common_share)] {
            for bound in between.into_iter().flat_map(|between| [between.at_least, between.at_most]).flatten() {
                share(name, field, bound)?;
            }
        }
        Ok(())
    }
}

fn in_order(
    column: Option<&str>,
    field: &str,
    at_least: Option<f64>,
    at_most: Option<f64>,
) -> Result<(), ExpectationsError> {
    match at_least.zip(at_most) {
        Some((low, high)) if low > high => Err(bad(column, field, format!("{low} is more than {high}"))),
        _ => Ok(()),
    }
}

fn share(column: Option<&str>, field: &str, value: f64) -> Result<(), ExpectationsError> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(bad(column, field, format!("expected a share from 0 to 1, found {value}")))
    }
}

/// Reads every field by itself, so that the one that is wrong can be named.
fn each_field<T: DeserializeOwned>(
    fields: &Map<String, Value>,
    required: &Value,
    column: Option<&str>,
) -> Result<(), ExpectationsError> {
    for (field, value) in fields {
        let mut alone = required.clone();
        alone[field] = value.clone();
        serde_json::from_value::<T>(alone).map_err(|error| bad(column, field, plain(&error)))?;
    }
    Ok(())
}

fn without(fields: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let kept = fields.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The parser's words without the position that it adds.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

fn bad(column: Option<&str>, field: &str, problem: impl Into<String>) -> ExpectationsError {
    ExpectationsError::Field { column: column.map(str::to_owned), field: field.to_owned(), problem: problem.into() }
}
