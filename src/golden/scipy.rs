//! `golden-scipy/1`: numerical pairs of samples, categorical ones, and tables of two by two.

use serde_json::{Value, json};

use super::GoldenError;
use crate::stattest::Alternative;

mod categorical;
mod numerical;
mod table;

/// One answer per question, in their order.
pub(super) fn answer(case: &Value) -> Result<Value, GoldenError> {
    let questions = case["results"].as_array().ok_or(GoldenError::Malformed { key: "results", expected: "a list" })?;
    let mut answers = Vec::with_capacity(questions.len());
    if case["table"].is_array() {
        let table = table::Table::read(&case["table"])?;
        for question in questions {
            answers.push(table.answer(&Question(question))?);
        }
    } else if questions.iter().any(|question| question["test"] == "counts") {
        let pair = categorical::Pair::read(case)?;
        for question in questions {
            answers.push(pair.answer(&Question(question))?);
        }
    } else {
        let pair = numerical::Pair::read(case)?;
        for question in questions {
            answers.push(pair.answer(&Question(question))?);
        }
    }
    Ok(json!(answers))
}

/// A test with its parameters.
struct Question<'a>(&'a Value);

impl Question<'_> {
    fn test(&self) -> &str {
        self.0["test"].as_str().unwrap_or_default()
    }

    fn parameter(&self, key: &str) -> &Value {
        &self.0["params"][key]
    }

    fn word(&self, key: &'static str) -> Result<&str, GoldenError> {
        self.parameter(key).as_str().ok_or(GoldenError::Malformed { key, expected: "a name" })
    }

    fn flag(&self, key: &'static str) -> Result<bool, GoldenError> {
        self.parameter(key).as_bool().ok_or(GoldenError::Malformed { key, expected: "true or false" })
    }

    fn alternative(&self) -> Result<Alternative, GoldenError> {
        let name = self.word("alternative")?;
        Alternative::from_name(name).ok_or_else(|| self.unknown("alternative", name))
    }

    fn unknown(&self, key: &str, name: &str) -> GoldenError {
        GoldenError::Unknown(format!("{key} {name}"))
    }

    fn unknown_test(&self) -> GoldenError {
        GoldenError::Unknown(self.test().to_owned())
    }
}
