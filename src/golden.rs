//! The golden files' cases, answered: JSON in, JSON out.
//!
//! The same entry serves a native test and a browser's wasm, and shows that both give the same bytes. It computes; what the
//! peers found stands in the files beside the questions, and the tests compare. Nothing else calls this, so that no program
//! carries it that does not ask for it.

use serde_json::{Value, json};
use std::fmt;

use crate::data::Dataset;
use crate::judge::{Settings, evidently};
use crate::schema::Schema;

pub use reports::table;

mod metrics;
pub(crate) mod numbers;
mod reports;
mod scipy;
mod streams;
mod tails;

/// A golden format that can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `golden-columns/1`: Evidently's methods on single columns.
    Columns,
    /// `golden-reports-inline/1`: whole reports, and expectations, on tables that are written out; see [`Question`].
    Reports,
    /// `golden-scipy/1`: scipy's and numpy's tests, distances, moments and bins.
    Scipy,
    /// `golden-tails/1`: tails of distributions and special functions.
    Tails,
    /// `golden-metrics/1`: scikit-learn's figures of merit.
    Metrics,
    /// `golden-streams/1`: River's detectors on streams.
    Streams,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 6] = [Self::Columns, Self::Reports, Self::Scipy, Self::Tails, Self::Metrics, Self::Streams];

    /// The name under the key `format` of a golden file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Columns => "golden-columns/1",
            Self::Reports => "golden-reports-inline/1",
            Self::Scipy => "golden-scipy/1",
            Self::Tails => "golden-tails/1",
            Self::Metrics => "golden-metrics/1",
            Self::Streams => "golden-streams/1",
        }
    }

    /// The format of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// A report that a test asks for in writing, so that wasm can be asked for the same.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What is compared with.
    pub reference: &'a Dataset,
    /// What is compared.
    pub current: &'a Dataset,
    /// The types and roles of the columns.
    pub schema: &'a Schema,
    /// How to compare.
    pub settings: &'a Settings,
}

impl Question<'_> {
    /// The text that [`answer`] takes: `{"report": …, "checks": […]}` comes back, `checks` being what expectations find in
    /// `current` that were learnt from `reference` in each style.
    pub fn to_json(&self) -> String {
        reports::question(self).to_string()
    }
}

/// Why a case has no answer.
#[derive(Debug)]
pub enum GoldenError {
    /// The text is not JSON.
    NotJson(serde_json::Error),
    /// The key `format` names none of [`Format::ALL`].
    UnknownFormat(String),
    /// A key is missing, or holds something else than it should.
    Malformed {
        /// The key.
        key: &'static str,
        /// What should be there.
        expected: &'static str,
    },
    /// A test, parameter or function that is not known.
    Unknown(String),
}

impl fmt::Display for GoldenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(error) => write!(f, "not JSON: {error}"),
            Self::UnknownFormat(name) => write!(f, "unknown golden format `{name}`"),
            Self::Malformed { key, expected } => write!(f, "`{key}` should be {expected}"),
            Self::Unknown(name) => write!(f, "unknown: {name}"),
        }
    }
}

impl std::error::Error for GoldenError {}

/// Answers one case of a golden file: an object as it stands there under `cases`, with the file's `format` added to it.
///
/// What the peers found (`results`) is read for its questions only. Numbers that are not finite are written as the strings
/// "NaN", "Infinity" and "-Infinity", as the files do.
///
/// ```
/// let case = r#"{"format": "golden-tails/1", "function": "norm.sf", "args": [0]}"#;
/// assert_eq!(tidemark::golden::answer(case).unwrap(), r#"{"value":0.5}"#);
/// ```
///
/// # Errors
/// The text is no such case, or asks for something unknown: nothing is left out silently.
pub fn answer(case_json: &str) -> Result<String, GoldenError> {
    let case: Value = serde_json::from_str(case_json).map_err(GoldenError::NotJson)?;
    let name = case["format"].as_str().unwrap_or_default();
    let format = Format::from_name(name).ok_or_else(|| GoldenError::UnknownFormat(name.to_owned()))?;
    match format {
        Format::Columns => columns(case),
        Format::Reports => Ok(reports::answer(&case)?.to_string()),
        Format::Scipy => Ok(scipy::answer(&case)?.to_string()),
        Format::Tails => Ok(tails::answer(&case)?.to_string()),
        Format::Metrics => Ok(metrics::answer(&case)?.to_string()),
        Format::Streams => Ok(streams::answer(&case)?.to_string()),
    }
}

/// Evidently's judge, by the methods named among the case's results.
fn columns(mut case: Value) -> Result<String, GoldenError> {
    let results = case["results"].as_array().ok_or(GoldenError::Malformed { key: "results", expected: "a list" })?;
    let methods: Vec<Value> = results.iter().map(|result| result["method"].clone()).collect();
    case["methods"] = json!(methods);
    evidently::golden_case(&case.to_string()).map_err(GoldenError::NotJson)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(case: &str) -> String {
        answer(case).unwrap_err().to_string()
    }

    #[test]
    fn nothing_unknown_passes() {
        assert!(error("{").starts_with("not JSON"));
        assert_eq!(error(r#"{"format": "golden-x/1"}"#), "unknown golden format `golden-x/1`");
        let case = r#"{"format": "golden-tails/1", "function": "norm.mode", "args": [0]}"#;
        assert_eq!(error(case), "unknown: norm.mode");
        let case = r#"{"format": "golden-scipy/1", "x": [1], "y": [2], "results": [{"test": "runs"}]}"#;
        assert_eq!(error(case), "unknown: runs");
        let case = r#"{"format": "golden-scipy/1", "x": [1], "y": [2],
            "results": [{"test": "ks_2samp", "params": {"alternative": "more", "method": "auto"}}]}"#;
        assert_eq!(error(case), "unknown: alternative more");
    }

    #[test]
    fn columns_are_judged_by_the_methods_among_their_results() {
        let case = r#"{"format": "golden-columns/1", "column_type": "num", "reference": [1, 2], "current": [3, 4],
            "results": [{"method": "ks", "score": 0.5}]}"#;
        let found: Value = serde_json::from_str(&answer(case).unwrap()).unwrap();
        assert_eq!(found[1]["method"], "ks");
    }
}
