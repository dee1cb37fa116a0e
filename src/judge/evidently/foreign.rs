//! Reports that Evidently itself wrote: what it said of each column, read from its JSON of version 0.4 or 0.7.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

use super::is_drifted;
use crate::stattest::{Method, Score};

/// What Evidently said of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// The column.
    pub column: String,
    /// The method as Evidently writes it.
    pub method_name: String,
    /// The method, where Tidemark has it.
    pub method: Option<Method>,
    /// The score; `None` where Evidently had none.
    pub score: Option<f64>,
    /// What the score was held against.
    pub threshold: Option<f64>,
    /// Whether it called the column drifted. Version 0.7 does not write that down: it follows from score, threshold and the
    /// method's direction.
    pub drifted: Option<bool>,
}

/// Why something is no report of Evidently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoReport {
    /// It is no JSON.
    Json(String),
    /// It is JSON without drift of columns.
    NoColumns,
}

impl fmt::Display for NoReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(reason) => write!(f, "no JSON: {reason}"),
            Self::NoColumns => f.write_str(
                "no report of Evidently that says something of columns: expected ValueDrift metrics (0.7) or a DataDriftTable or \
                 ColumnDriftMetric (0.4)",
            ),
        }
    }
}

impl std::error::Error for NoReport {}

/// What Evidently shows methods as, where that is not what it calls them by.
const SHOWN: [(&str, Method); 17] = [
    ("Anderson-Darling", Method::AndersonDarling),
    ("chi-square p_value", Method::ChiSquare),
    ("Cramer-von Mises", Method::CramerVonMises),
    ("Energy-distance", Method::Energy),
    ("Epps-Singleton", Method::EppsSingleton),
    ("Fisher's Exact test", Method::FisherExact),
    ("Hellinger distance", Method::Hellinger),
    ("Jensen-Shannon distance", Method::JensenShannon),
    ("Kullback-Leibler divergence", Method::KlDiv),
    ("K-S p_value", Method::Ks),
    ("Mann-Whitney U-rank test", Method::MannWhitney),
    ("PSI", Method::Psi),
    ("Percentile text content drift", Method::PercTextContentDrift),
    ("Absolute text content drift", Method::AbsTextContentDrift),
    ("Total-Variation-Distance", Method::TotalVariation),
    ("Wasserstein distance (normed)", Method::Wasserstein),
    ("Z-test p_value", Method::Z),
];

fn method(name: &str) -> Option<Method> {
    let shown = || SHOWN.iter().find(|(shown, _)| *shown == name).map(|(_, method)| *method);
    Method::from_name(name).or_else(shown)
}

/// Reads what Evidently said of each column, in the order in which it said it.
///
/// # Errors
/// The text is no JSON, or says nothing of columns.
///
/// # Source
/// `Report.run(...).json()` of Evidently 0.7.23, and `Report.json()` of its 0.4 interface (`evidently.legacy`).
pub fn read(text: &str) -> Result<Vec<Said>, NoReport> {
    let report: Value = serde_json::from_str(text).map_err(|error| NoReport::Json(error.to_string()))?;
    let mut said = Vec::new();
    for metric in report["metrics"].as_array().into_iter().flatten() {
        if metric["config"]["type"].as_str().is_some_and(|kind| kind.ends_with(":ValueDrift")) {
            let config = &metric["config"];
            said.extend(of_column(&config["column"], &config["method"], &config["threshold"], &metric["value"], None));
        }
        let of_table = |column: &Value| {
            let drifted = column["drift_detected"].as_bool();
            of_column(
                &column["column_name"],
                &column["stattest_name"],
                &column["stattest_threshold"],
                &column["drift_score"],
                drifted,
            )
        };
        match metric["metric"].as_str() {
            Some("DataDriftTable") => {
                let columns = metric["result"]["drift_by_columns"].as_object();
                said.extend(columns.into_iter().flatten().filter_map(|(_, column)| of_table(column)));
            }
            Some("ColumnDriftMetric") => said.extend(of_table(&metric["result"])),
            _ => {}
        }
    }
    if said.is_empty() { Err(NoReport::NoColumns) } else { Ok(said) }
}

/// A bare number as the score of a method.
const fn as_score(method: Method, value: f64) -> Score {
    match method {
        Method::Wasserstein
        | Method::JensenShannon
        | Method::Psi
        | Method::KlDiv
        | Method::Hellinger
        | Method::Energy
        | Method::PercTextContentDrift
        | Method::AbsTextContentDrift => Score::Distance(value),
        _ => Score::PValue(value),
    }
}

fn of_column(column: &Value, name: &Value, threshold: &Value, score: &Value, drifted: Option<bool>) -> Option<Said> {
    let method_name = name.as_str().unwrap_or_default().to_owned();
    let (method, score, threshold) = (method(&method_name), score.as_f64(), threshold.as_f64());
    let decided = || Some(is_drifted(method?, as_score(method?, score?), threshold?));
    Some(Said {
        column: column.as_str()?.to_owned(),
        drifted: drifted.or_else(decided),
        method_name,
        method,
        score,
        threshold,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_read() {
        let new = r#"{"metrics": [
            {"metric_name": "DriftedColumnsCount(drift_share=0.5)", "config": {"type": "evidently:metric_v2:DriftedColumnsCount"}, "value": {"count": 1.0}},
            {"config": {"type": "evidently:metric_v2:ValueDrift", "column": "a", "method": "Wasserstein distance (normed)", "threshold": 0.1}, "value": 0.3},
            {"config": {"type": "evidently:metric_v2:ValueDrift", "column": "b", "method": "K-S p_value", "threshold": 0.05}, "value": 0.3},
            {"config": {"type": "evidently:metric_v2:ValueDrift", "column": "c", "method": "mine", "threshold": 0.05}, "value": 0.3}]}"#;
        let old = r#"{"version": "0.4.40", "metrics": [{"metric": "DataDriftTable", "result": {"drift_by_columns": {
            "a": {"column_name": "a", "stattest_name": "Wasserstein distance (normed)", "stattest_threshold": 0.1, "drift_score": 0.3, "drift_detected": true},
            "b": {"column_name": "b", "stattest_name": "K-S p_value", "stattest_threshold": 0.05, "drift_score": 0.3, "drift_detected": false}}}}]}"#;
        let (new, old) = (read(new).unwrap(), read(old).unwrap());
        assert_eq!(new[..2], old[..]);
        assert_eq!((new[0].method, new[0].drifted), (Some(Method::Wasserstein), Some(true)));
        assert_eq!((new[1].method, new[1].drifted), (Some(Method::Ks), Some(false)));
        assert_eq!((new[2].method, new[2].drifted), (None, None));
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(matches!(read("<html>"), Err(NoReport::Json(_))));
        for text in ["{}", "[]", r#"{"metrics": [{"metric": "DatasetMissingValuesMetric", "result": {}}]}"#] {
            assert_eq!(read(text), Err(NoReport::NoColumns));
        }
    }
}
