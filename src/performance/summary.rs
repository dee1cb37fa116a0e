//! What lists, rules and metrics take of a performance: its figures by name, and how many labels they rest on.

use serde::{Deserialize, Serialize};

use super::{BinaryPerformance, Figure, MulticlassPerformance, RegressionPerformance};

/// How a model did on a window, as far as the window's labels are known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Rows of the window.
    pub n_rows: u64,
    /// Those whose label has come; the figures are of them.
    pub n_labelled: u64,
    /// The figures, in the order in which they are shown.
    pub figures: Vec<NamedFigure>,
}

/// A figure of merit under its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedFigure {
    /// One of [`METRICS`].
    pub name: String,
    /// Its value and interval, or why it has none.
    pub figure: Figure,
}

/// The names that figures have: of two classes, of several, of numbers.
pub const METRICS: [&str; 20] = [
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "specificity",
    "f1",
    "roc_auc",
    "average_precision",
    "brier",
    "log_loss",
    "f1_macro",
    "precision_macro",
    "specificity_macro",
    "mean_error",
    "mae",
    "rmse",
    "mape",
    "msle",
    "rmsle",
    "r2",
];

impl Summary {
    /// Of a model of two classes, on `n_rows` rows of which some are labelled.
    pub fn of_binary(n_rows: u64, found: &BinaryPerformance) -> Self {
        Self::new(n_rows, found.n_rows, &found.figures())
    }

    /// Of a model of several classes.
    pub fn of_multiclass(n_rows: u64, found: &MulticlassPerformance) -> Self {
        Self::new(n_rows, found.n_rows, &[("accuracy", found.accuracy), ("log_loss", found.log_loss)]).with(&[
            ("balanced_accuracy", found.balanced_accuracy),
            ("f1_macro", found.f1_macro),
            ("precision_macro", found.precision_macro()),
            ("specificity_macro", found.specificity_macro()),
            ("roc_auc", found.roc_auc),
        ])
    }

    /// Of a model that answers with numbers.
    pub fn of_regression(n_rows: u64, found: &RegressionPerformance) -> Self {
        let figures: Vec<_> = found.figures().into_iter().filter(|(name, _)| *name != "mse").collect();
        Self::new(n_rows, found.n_rows, &figures)
    }

    /// The figure of this name.
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        self.figures.iter().find(|named| named.name == name).map(|named| &named.figure)
    }

    /// The share of rows whose label has come, 0 to 1; 0 without rows.
    pub fn share_labelled(&self) -> f64 {
        super::ratio(self.n_labelled, self.n_rows).unwrap_or(0.0)
    }

    fn new(n_rows: u64, n_labelled: u64, figures: &[(&str, Figure)]) -> Self {
        let named = |&(name, figure): &(&str, Figure)| NamedFigure { name: name.to_owned(), figure };
        Self { n_rows, n_labelled, figures: figures.iter().map(named).collect() }
    }

    /// Adds values that have no interval.
    fn with(mut self, values: &[(&str, Option<f64>)]) -> Self {
        let n = self.n_labelled;
        self.figures.extend(values.iter().filter_map(|&(name, value)| {
            Some(NamedFigure { name: name.to_owned(), figure: Figure::new(value?, None, n) })
        }));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_known_name() {
        let truths: Vec<bool> = (0..40).map(|nth| nth % 4 == 0).collect();
        let scores: Vec<f64> = (0..40).map(|nth| f64::from(nth) / 40.0).collect();
        let binary = Summary::of_binary(100, &BinaryPerformance::of(&truths, &truths, &scores));
        let classes: Vec<u32> = (0..40).map(|nth| nth % 3).collect();
        let thirds = vec![1.0 / 3.0; 120];
        let several = Summary::of_multiclass(50, &MulticlassPerformance::of(&classes, &classes, &thirds, 3));
        let numbers = Summary::of_regression(40, &RegressionPerformance::of(&scores, &scores));
        let named: Vec<&str> = [&binary, &several, &numbers]
            .into_iter()
            .flat_map(|summary| summary.figures.iter().map(|named| named.name.as_str()))
            .collect();
        assert!(named.iter().all(|name| METRICS.contains(name)), "{named:?}");
        assert!(METRICS.iter().all(|metric| named.contains(metric)), "{named:?}");
        assert_eq!(binary.share_labelled(), 0.4);
        assert_eq!(several.figure("accuracy").and_then(Figure::value), Some(1.0));
        assert_eq!(numbers.figure("recall"), None);
    }
}
